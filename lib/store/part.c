#include "store/part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/time.h"
#include "store/db.h"
#include "store/vector.h"

enum { SQL_MAX = 16 << 10 };

void hi_parts_release(struct hi_parts *p)
{
	free(p->v);
	*p = (struct hi_parts){ 0 };
}

static struct hi_part *add(struct hi_parts *p, struct hi_error *e)
{
	if (p->n == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 64;
		struct hi_part *v = realloc(p->v, cap * sizeof(*v));
		if (!v) {
			hi_error_set(e, HI_NOMEM, "no memory for a list of segments");
			return NULL;
		}
		p->v = v;
		p->cap = cap;
	}
	return &p->v[p->n++];
}

static void bind_patients(sqlite3_stmt *st, const struct hi_select *sel)
{
	if (sel->patients_n == 0)
		return;
	struct hi_slice least = hi_slice_of(sel->patients[0]), greatest = least;
	for (size_t i = 1; i < sel->patients_n; i++) {
		struct hi_slice p = hi_slice_of(sel->patients[i]);
		if (hi_slice_cmp(p, least) < 0)
			least = p;
		if (hi_slice_cmp(p, greatest) > 0)
			greatest = p;
	}
	hi_db_bind_slice(st, 5, least);
	hi_db_bind_slice(st, 6, greatest);
}

int hi_parts_take(struct hi_parts *p, enum hi_segment_kind kind, sqlite3_stmt *st,
		  struct hi_error *e)
{
	struct hi_part *part = add(p, e);
	if (!part)
		return HI_NOMEM;
	*part = (struct hi_part){
		.kind = kind,
		.number = (uint64_t)sqlite3_column_int64(st, 0),
		.hour_us = sqlite3_column_int64(st, 1) * HI_US_S,
		.writer = (uint64_t)sqlite3_column_int64(st, 2),
		.first_seq = (uint64_t)sqlite3_column_int64(st, 3),
		.to = (uint64_t)sqlite3_column_int64(st, 4),
		.crc_to = (uint32_t)sqlite3_column_int64(st, 5),
		.open = sqlite3_column_int(st, 6),
		.last_seq = (uint64_t)sqlite3_column_int64(st, 7),
		.clock_us = sqlite3_column_count(st) > 8 ? sqlite3_column_int64(st, 8) : 0,
	};
	return HI_OK;
}

static int prepare(sqlite3 *db, const struct hi_select *sel, sqlite3_stmt **st, struct hi_error *e)
{
	struct hi_buf sql;
	hi_buf_init(&sql, SQL_MAX);
	hi_buf_puts(&sql, "SELECT number,hour,writer,first_seq,length,crc32c,state='open',last_seq"
			  " FROM segments WHERE kind=?1 AND state<>'dead' AND commit_n>?2"
			  " AND coalesce(last_us>=?3,1) AND coalesce(first_us<?4,1)"
			  " AND coalesce(last_patient>=?5,1) AND coalesce(first_patient<=?6,1)");
	if (sel->after) {
		hi_buf_puts(&sql, " AND ");
		hi_vector_where(sel->after, "writer", "last_seq", &sql);
	}
	hi_buf_printf(&sql, " ORDER BY %s",
		      sel->raw ? "writer,first_seq,number" : "hour,writer,number");
	hi_buf_putc(&sql, '\0');
	int s = sql.failed ? hi_error_set(e, HI_NOMEM, "no memory for a list of segments")
			   : hi_db_prepare(db, sql.ptr, st, e);
	hi_buf_release(&sql);
	return s;
}

int hi_parts_load(struct hi_parts *p, struct hi_store *s, enum hi_segment_kind kind,
		  const struct hi_select *sel, uint64_t commit_n, struct hi_error *e)
{
	static const char *const names[HI_SEGMENT_KINDS] = { "reading", "reject", "other" };
	sqlite3_stmt *st = NULL;
	int status = prepare(s->db, sel, &st, e);
	if (status)
		return status;
	sqlite3_bind_text(st, 1, names[kind], -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 2, (int64_t)commit_n);
	sqlite3_bind_int64(st, 3, sel->since_us);
	sqlite3_bind_int64(st, 4, sel->until_us);
	bind_patients(st, sel);
	int step = SQLITE_DONE;
	while (status == HI_OK && (step = sqlite3_step(st)) == SQLITE_ROW)
		status = hi_parts_take(p, kind, st, e);
	if (status == HI_OK && step != SQLITE_DONE)
		status = hi_db_error(s->db, "the database failed", e);
	sqlite3_finalize(st);
	return status;
}

static struct hi_part *find(struct hi_parts *p, uint64_t number)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].number == number)
			return &p->v[i];
	return NULL;
}

int hi_parts_continue(struct hi_parts *p, struct hi_parts *seen, struct hi_error *e)
{
	for (size_t i = 0; i < p->n; i++) {
		struct hi_part *part = &p->v[i], *old = find(seen, part->number);
		if (old) {
			part->from = old->to;
			part->crc_from = old->crc_to;
		} else if (part->open && !(old = add(seen, e))) {
			return HI_NOMEM;
		}
		if (old && part->open)
			*old = *part;
		else if (old)
			*old = seen->v[--seen->n];
	}
	return HI_OK;
}

int hi_part_corrupt(const struct hi_part *p, const char *text, struct hi_error *e)
{
	char path[HI_LAYOUT_PATH_MAX];
	hi_layout_path(p->kind, p->hour_us, p->number, path);
	return hi_error_fmt(e, HI_CORRUPT, text, "%s", path);
}

static int read_at(int fd, const struct hi_part *p, const char *path, uint64_t at, size_t n,
		   struct hi_buf *to, struct hi_error *e)
{
	char *room = hi_buf_room(to, n);
	if (!room)
		return hi_error_set(e, HI_NOMEM, "no memory for an hour's rows");
	for (size_t got = 0; got < n;) {
		ssize_t r = pread(fd, room + got, n - got, (off_t)(at + got));
		if (r == 0)
			return hi_part_corrupt(p, "shorter than what was committed", e);
		if (r < 0 && errno != EINTR)
			return hi_error_sys(e, "cannot read", path);
		got += r > 0 ? (size_t)r : 0;
	}
	to->len += n;
	return HI_OK;
}

/* The descriptor is opened for each piece, so that any number of parts may be read in turn. */
int hi_part_read_again(struct hi_store *s, const struct hi_part *p, uint64_t at, size_t n,
		       struct hi_buf *to, struct hi_error *e)
{
	char path[HI_LAYOUT_PATH_MAX];
	hi_layout_path(p->kind, p->hour_us, p->number, path);
	int fd = openat(s->fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return hi_part_corrupt(p, "a committed file is missing", e);
	if (fd < 0)
		return hi_error_sys(e, "cannot open file", path);
	int status = read_at(fd, p, path, at, n, to, e);
	close(fd);
	return status;
}

int hi_part_read_some(struct hi_store *s, const struct hi_part *p, uint64_t *at, uint32_t *crc,
		      size_t n, struct hi_buf *to, struct hi_error *e)
{
	if (n > p->to - *at)
		n = (size_t)(p->to - *at);
	int status = hi_part_read_again(s, p, *at, n, to, e);
	if (status)
		return status;
	*at += n;
	*crc = hi_crc32c(*crc, to->ptr + to->len - n, n);
	if (*at == p->to && *crc != p->crc_to)
		return hi_part_corrupt(p, "not what was committed (checksum)", e);
	return HI_OK;
}

int hi_part_read(struct hi_store *s, const struct hi_part *p, struct hi_buf *to, struct hi_error *e)
{
	uint64_t at = p->from;
	uint32_t crc = p->crc_from;
	return hi_part_read_some(s, p, &at, &crc, (size_t)(p->to - p->from), to, e);
}
