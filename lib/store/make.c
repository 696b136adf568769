/* Opening a writer: a store is made where there is none, and what a crash left is cleared. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/db.h"
#include "store/writer.h"

enum { EXTRA_MAX = 4 << 20 }; /* a line's other keys, and what was written */

/* What a folder holds. */
enum { DATABASE = 1, JOURNAL = 2, OTHERS = 4 };

static int contents(int fd, unsigned *found, struct hi_error *e)
{
	int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = again >= 0 ? fdopendir(again) : NULL;
	struct dirent *f;
	*found = 0;
	if (!d) {
		int s = hi_error_sys(e, "cannot open the folder", "");
		if (again >= 0)
			close(again);
		return s;
	}
	while (errno = 0, (f = readdir(d))) {
		if (strcmp(f->d_name, "store.db") == 0)
			*found |= DATABASE;
		else if (strcmp(f->d_name, "store.db-journal") == 0)
			*found |= JOURNAL;
		else if (strcmp(f->d_name, ".") != 0 && strcmp(f->d_name, "..") != 0)
			*found |= OTHERS;
	}
	int s = errno ? hi_error_sys(e, "cannot read the folder", "") : HI_OK;
	closedir(d);
	return s;
}

/*
 * True where a crash cut the making of a store short. Its database has no byte yet; or
 * its first pages were on their way, in any order, and SQLite will take them back by the
 * journal, which is there before them. Another program's database has its header.
 */
static int is_begun(int fd, unsigned found, bool *begun, struct hi_error *e)
{
	static const char magic[] = "SQLite format 3"; /* with its NUL */
	char head[sizeof(magic)] = "";
	struct stat st;
	*begun = found == JOURNAL;
	if (!(found & DATABASE))
		return HI_OK;
	int db = openat(fd, "store.db", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (db < 0 && (errno == ELOOP || errno == ENXIO))
		return HI_OK;
	bool read = db >= 0 && fstat(db, &st) == 0;
	if (read && S_ISREG(st.st_mode)) {
		read = pread(db, head, sizeof(head), 0) >= 0;
		*begun = st.st_size == 0 ||
			 (found == (DATABASE | JOURNAL) && memcmp(head, magic, sizeof(magic)) != 0);
	}
	int s = read ? HI_OK : hi_error_sys(e, "cannot read the database", "store.db");
	if (db >= 0)
		close(db);
	return s;
}

/* An empty folder, or one that was to become a store. */
static int may_become(int fd, bool *may, struct hi_error *e)
{
	unsigned found;
	int s = contents(fd, &found, e);
	*may = s == HI_OK && found == 0;
	return s || *may ? s : is_begun(fd, found, may, e);
}

bool hi_store_absent(const char *path)
{
	struct hi_error e;
	bool absent;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT;
	absent = !hi_db_is(fd, "store.db") && may_become(fd, &absent, &e) == HI_OK && absent;
	close(fd);
	return absent;
}

/* *created: it will be made. Another writer may have made it between the looks. */
static int check_folder(const struct hi_store *s, bool *created, struct hi_error *e)
{
	if (hi_db_is(s->fd, "store.db"))
		return HI_OK;
	int status = may_become(s->fd, created, e);
	if (status)
		return hi_store_blame(s, status, e);
	if (*created || hi_db_is(s->fd, "store.db"))
		return HI_OK;
	return hi_error_fmt(e, HI_USAGE, "a folder that is not empty and no store", "%s", s->path);
}

static int sync_parent(const struct hi_store *s, struct hi_error *e)
{
	int fd = openat(s->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return hi_error_sys(e, "cannot open the folder above", s->path);
	int status =
		fsync(fd) || fsync(s->fd) ? hi_error_sys(e, "cannot sync folder", s->path) : HI_OK;
	close(fd);
	return status;
}

static int open_files(struct hi_store_writer *w, struct hi_error *e)
{
	struct hi_store *s = w->store;
	char *db = NULL;
	if (asprintf(&db, "%s/store.db", s->path) < 0)
		return hi_error_set(e, HI_NOMEM, "no memory for a store");
	int status = hi_db_open(&s->db, db, true, e);
	free(db);
	if (status)
		return status;
	w->lock_fd = openat(s->fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (w->lock_fd < 0)
		return hi_error_sys(e, "cannot open file", "lock");
	for (int k = 0; k < HI_SEGMENT_KINDS; k++)
		if (mkdirat(s->fd, hi_segment_folders[k], 0700) && errno != EEXIST)
			return hi_error_sys(e, "cannot make folder", hi_segment_folders[k]);
	return sync_parent(s, e);
}

/*
 * The number is locked before the transaction that takes it ends: who sees it in
 * the catalogue, and asks then, never finds a writer at work to be gone.
 */
static int take_number(struct hi_store_writer *w, uint64_t *number, struct hi_error *e)
{
	sqlite3 *db = w->store->db;
	sqlite3_stmt *st = NULL;
	int s = hi_db_take(db, "next_writer", 1, number, e);
	s = s ? s : hi_store_lock(w->lock_fd, HI_LOCK_WRITERS + *number, 1, e);
	if (s == HI_END)
		s = hi_error_set(e, HI_IO, "another holds a number that is ours");
	s = s ? s : hi_db_prepare(db, "INSERT INTO writers(number) VALUES(?1)", &st, e);
	if (s)
		return s;
	sqlite3_bind_int64(st, 1, (int64_t)*number);
	s = hi_db_run(db, st, e);
	sqlite3_finalize(st);
	return s;
}

int hi_writer_register(struct hi_store_writer *w, struct hi_error *e)
{
	sqlite3 *db = w->store->db;
	uint64_t number = 0;
	int s = hi_db_exec(db, "BEGIN IMMEDIATE", e);
	if (s)
		return s;
	s = take_number(w, &number, e);
	s = s ? s : hi_db_exec(db, "COMMIT", e);
	if (s)
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	w->number = number;
	w->used = false;
	return s;
}

static int prepare(struct hi_store_writer *w, struct hi_error *e)
{
	sqlite3 *db = w->store->db;
	int s = hi_db_prepare(
		db,
		"INSERT INTO segments(number,kind,hour,state,path,writer,length,rows,crc32c,"
		"first_us,last_us,first_patient,last_patient,first_seq,last_seq,commit_n,"
		"clock_us)"
		" VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17)"
		" ON CONFLICT(number) DO UPDATE SET state=excluded.state,length=excluded.length,"
		"rows=excluded.rows,crc32c=excluded.crc32c,first_us=excluded.first_us,"
		"last_us=excluded.last_us,first_patient=excluded.first_patient,"
		"last_patient=excluded.last_patient,last_seq=excluded.last_seq,"
		"commit_n=excluded.commit_n,clock_us=excluded.clock_us",
		&w->upsert, e);
	s = s ? s
	      : hi_db_prepare(db, "UPDATE segments SET state='closed' WHERE number=?1", &w->close,
			      e);
	s = s ? s : hi_writer_register(w, e);
	return s ? s : hi_kept_init(&w->kept, e);
}

static int open_writer(struct hi_store_writer *w, const char *path, bool *created,
		       struct hi_error *e)
{
	char *folder;
	int64_t hour_us;
	bool hour = hi_layout_operand(path, &folder, &hour_us);
	free(folder);
	if (hour)
		return hi_error_fmt(e, HI_USAGE, "an hour of a store cannot be written to", "%s",
				    path);
	if (mkdir(path, 0700) && errno != EEXIST)
		return hi_error_sys(e, "cannot make the store", path);
	int s = hi_store_open_folder(&w->store, path, e);
	if (s)
		return s;
	s = check_folder(w->store, created, e);
	if (s)
		return s;
	hi_segments_init(&w->set, w->store->fd);
	s = open_files(w, e);
	s = s ? s : prepare(w, e);
	/* After the commit that takes the writer's number: hi_store_recover says why. */
	s = s ? s : hi_store_recover(w->store, e);
	return hi_store_blame(w->store, s, e);
}

int hi_store_writer_open(struct hi_store_writer **out, const char *path, bool *created,
			 struct hi_error *e)
{
	struct hi_store_writer *w = calloc(1, sizeof(*w));
	*created = false;
	*out = w;
	if (!w)
		return hi_error_set(e, HI_NOMEM, "no memory for a store's writer");
	w->lock_fd = -1;
	w->numbers_n = HI_WRITER_NUMBERS;
	w->newest_us = HI_TIME_MIN;
	hi_positions_init(&w->marks.said);
	hi_positions_init(&w->marks.stored);
	hi_buf_init(&w->rows.extra, EXTRA_MAX);
	int s = open_writer(w, path, created, e);
	if (s) {
		w->failed = true;
		hi_store_writer_close(w, NULL);
		*out = NULL;
	}
	return s;
}

static int of_this_writer(struct hi_store_writer *w, const char *sql, struct hi_error *e)
{
	sqlite3_stmt *st = NULL;
	int s = hi_db_prepare(w->store->db, sql, &st, e);
	if (s)
		return s;
	sqlite3_bind_int64(st, 1, (int64_t)w->number);
	s = hi_db_run(w->store->db, st, e);
	sqlite3_finalize(st);
	return s;
}

int hi_writer_retire(struct hi_store_writer *w, struct hi_error *e)
{
	sqlite3 *db = w->store->db;
	int s = hi_db_exec(db, "BEGIN IMMEDIATE", e);
	if (s)
		return s;
	s = of_this_writer(w, "UPDATE segments SET state='closed' WHERE writer=?1 AND state='open'",
			   e);
	s = s ? s : of_this_writer(w, "UPDATE writers SET done=1 WHERE number=?1", e);
	s = s ? s : hi_db_exec(db, "COMMIT", e);
	if (s)
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return s;
}

/*
 * Rows without a commit stay behind committed lengths: the next writer cuts them
 * off. What follows the last mark of a marked stream is cut off here: it is not
 * the trace of a failure.
 */
static int end(struct hi_store_writer *w, struct hi_error *e)
{
	int s = w->marks.on ? hi_writer_forget(w, e) : HI_OK;
	if (s || w->pending.records > 0)
		return s;
	return hi_writer_retire(w, e);
}

int hi_store_writer_close(struct hi_store_writer *w, struct hi_error *e)
{
	int s = HI_OK;
	if (!w)
		return HI_OK;
	if (!w->failed)
		s = hi_store_blame(w->store, end(w, e), e);
	hi_marks_release(&w->marks);
	hi_segments_release(&w->set);
	hi_kept_release(&w->kept);
	hi_buf_release(&w->rows.extra);
	sqlite3_finalize(w->upsert);
	sqlite3_finalize(w->close);
	hi_store_close(w->store);
	if (w->lock_fd >= 0)
		close(w->lock_fd);
	free(w);
	return s;
}
