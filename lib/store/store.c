#include "store/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/time.h"
#include "store/db.h"

bool hi_store_is(const char *operand)
{
	char *folder;
	int64_t hour_us;
	hi_layout_operand(operand, &folder, &hour_us);
	int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	bool is = fd >= 0 && hi_db_is(fd, "store.db");
	if (fd >= 0)
		close(fd);
	free(folder);
	return is;
}

int hi_store_open_folder(struct hi_store **out, const char *operand, struct hi_error *e)
{
	struct hi_store *s = calloc(1, sizeof(*s));
	*out = s;
	if (!s)
		return hi_error_set(e, HI_NOMEM, "no memory for a store");
	s->one_hour = hi_layout_operand(operand, &s->path, &s->hour_us);
	s->fd = s->path ? open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (s->fd >= 0)
		return HI_OK;
	int status = s->path ? hi_error_sys(e, "cannot open the store", s->path)
			     : hi_error_set(e, HI_NOMEM, "no memory for a store");
	hi_store_close(s);
	*out = NULL;
	return status;
}

int hi_store_blame(const struct hi_store *s, int status, struct hi_error *e)
{
	if (status >= 0 || !e || strncmp(e->detail, s->path, strlen(s->path)) == 0)
		return status;
	char relative[sizeof(e->detail)];
	snprintf(relative, sizeof(relative), "%s", e->detail);
	/* Cut where it is too long: the message is for a person. */
	size_t n = strlen(s->path);
	const char *slash = n && s->path[n - 1] != '/' && relative[0] ? "/" : "";
	int room = n < sizeof(e->detail) - 2 ? (int)(sizeof(e->detail) - 2 - n) : 0;
	snprintf(e->detail, sizeof(e->detail), "%s%s%.*s", s->path, slash, room, relative);
	return status;
}

int hi_store_open(struct hi_store **out, const char *operand, struct hi_error *e)
{
	struct hi_store *s;
	char *db = NULL;
	int status = hi_store_open_folder(out, operand, e);
	if (status)
		return status;
	s = *out;
	if (!hi_db_is(s->fd, "store.db"))
		status = hi_error_fmt(e, HI_IO, "not a store", "%s", s->path);
	else if (asprintf(&db, "%s/store.db", s->path) < 0)
		status = hi_error_set(e, HI_NOMEM, "no memory for a store");
	else
		status = hi_store_blame(s, hi_db_open(&s->db, db, false, e), e);
	free(db);
	if (status) {
		hi_store_close(s);
		*out = NULL;
	}
	return status;
}

void hi_store_close(struct hi_store *s)
{
	if (!s)
		return;
	sqlite3_close(s->db);
	if (s->fd >= 0)
		close(s->fd);
	free(s->path);
	free(s);
}

static int range(struct hi_store *s, int64_t *first_us, int64_t *last_us, struct hi_error *e)
{
	sqlite3_stmt *st = NULL;
	int status = hi_db_prepare(s->db,
				   "SELECT min(first_us), max(last_us) FROM segments"
				   " WHERE kind='reading' AND state<>'dead'"
				   " AND hour BETWEEN ?1 AND ?2",
				   &st, e);
	if (status)
		return status;
	sqlite3_bind_int64(st, 1, s->one_hour ? s->hour_us / HI_US_S : INT64_MIN);
	sqlite3_bind_int64(st, 2, s->one_hour ? s->hour_us / HI_US_S : INT64_MAX);
	if (sqlite3_step(st) != SQLITE_ROW) {
		status = hi_db_error(s->db, "the database failed", e);
	} else if (sqlite3_column_type(st, 0) == SQLITE_NULL) {
		status = HI_END;
	} else {
		*first_us = sqlite3_column_int64(st, 0);
		*last_us = sqlite3_column_int64(st, 1);
	}
	sqlite3_finalize(st);
	return status;
}

int hi_store_range(struct hi_store *s, int64_t *first_us, int64_t *last_us, struct hi_error *e)
{
	return hi_store_blame(s, range(s, first_us, last_us, e), e);
}

int hi_store_hours(struct hi_store *s, const struct hi_select *sel,
		   void (*each)(void *arg, int64_t hour_us), void *arg, struct hi_error *e)
{
	sqlite3_stmt *st = NULL;
	int step = SQLITE_ROW;
	int status = hi_db_prepare(s->db,
				   "SELECT DISTINCT hour FROM segments"
				   " WHERE kind='reading' AND state<>'dead' AND rows>0"
				   " AND last_us>=?1 AND first_us<?2 ORDER BY hour",
				   &st, e);
	if (status)
		return hi_store_blame(s, status, e);
	sqlite3_bind_int64(st, 1, sel->since_us);
	sqlite3_bind_int64(st, 2, sel->until_us);
	while ((step = sqlite3_step(st)) == SQLITE_ROW) {
		int64_t hour_us = sqlite3_column_int64(st, 0) * HI_US_S;
		if (!s->one_hour || hour_us == s->hour_us)
			each(arg, hour_us);
	}
	if (step != SQLITE_DONE)
		status = hi_db_error(s->db, "the database failed", e);
	sqlite3_finalize(st);
	return hi_store_blame(s, status, e);
}

/* Rows of key and value. What no mark may say no commit has written. */
static int add_positions(struct hi_store *s, sqlite3_stmt *st, struct hi_positions *out,
			 struct hi_error *e)
{
	int step = SQLITE_DONE, status = HI_OK;
	while (status == HI_OK && (step = sqlite3_step(st)) == SQLITE_ROW) {
		if (out->n == HI_POSITIONS_MAX)
			return hi_error_set(e, HI_USAGE, "more than 10,000 positions at once");
		status = hi_positions_set(out, hi_db_slice(st, 0), hi_db_slice(st, 1), e);
	}
	if (status == HI_CONTRACT)
		return hi_error_fmt(e, HI_CORRUPT, "no position", "store.db");
	if (status == HI_OK && step != SQLITE_DONE)
		status = hi_db_error(s->db, "the database failed", e);
	return status;
}

int hi_store_position(struct hi_store *s, const char *key, struct hi_positions *out,
		      struct hi_error *e)
{
	sqlite3_stmt *st = NULL;
	int status = hi_db_prepare(s->db, "SELECT key,value FROM positions WHERE key=?1", &st, e);
	if (status == HI_OK) {
		hi_db_bind_slice(st, 1, hi_slice_of(key));
		status = add_positions(s, st, out, e);
	}
	sqlite3_finalize(st);
	return hi_store_blame(s, status, e);
}

int hi_store_positions(struct hi_store *s, struct hi_positions *out, struct hi_error *e)
{
	sqlite3_stmt *st = NULL;
	hi_positions_reset(out);
	int status = hi_db_prepare(s->db, "SELECT key,value FROM positions ORDER BY key", &st, e);
	status = status ? status : add_positions(s, st, out, e);
	sqlite3_finalize(st);
	return hi_store_blame(s, status, e);
}

static int is_old(struct hi_error *e)
{
	return hi_error_set(e, HI_USAGE,
			    "a store of an earlier version; hi-store STORE </dev/null brings it "
			    "up to date");
}

static int read_id(struct hi_store *s, char id[HI_STORE_ID_LEN + 1], struct hi_error *e)
{
	sqlite3_stmt *st = NULL;
	int status = hi_db_prepare(s->db, "SELECT value FROM meta WHERE key='id'", &st, e);
	if (status)
		return status;
	int step = sqlite3_step(st);
	struct hi_slice found = step == SQLITE_ROW ? hi_db_slice(st, 0) : hi_slice_of("");
	if (step == SQLITE_DONE)
		status = is_old(e);
	else if (step != SQLITE_ROW)
		status = hi_db_error(s->db, "the database failed", e);
	else if (found.len != HI_STORE_ID_LEN)
		status = hi_error_fmt(e, HI_CORRUPT, "no id of a store", "store.db");
	else
		memcpy(id, found.ptr, HI_STORE_ID_LEN);
	id[HI_STORE_ID_LEN] = '\0';
	sqlite3_finalize(st);
	return status;
}

int hi_store_id(struct hi_store *s, char id[HI_STORE_ID_LEN + 1], struct hi_error *e)
{
	return hi_store_blame(s, read_id(s, id, e), e);
}

int hi_store_need_marks(struct hi_store *s, struct hi_error *e)
{
	bool whole;
	int status = hi_schema_is_whole(s->db, &whole, e);
	if (status == HI_OK && !whole)
		status = is_old(e);
	return hi_store_blame(s, status, e);
}
