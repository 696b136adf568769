#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"

enum { BUSY_MS = 60000 };

bool hi_db_is(int dir_fd, const char *path)
{
	/* https://www.sqlite.org/fileformat2.html, section 1.3: the header. */
	enum { HEADER = 100, APPLICATION_ID_AT = 68 };
	unsigned char h[HEADER];
	int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t got = 1;
	size_t len = 0;
	while (len < HEADER && (got > 0 || (got < 0 && errno == EINTR))) {
		got = read(fd, h + len, HEADER - len);
		len += got > 0 ? (size_t)got : 0;
	}
	bool is = len == HEADER && memcmp(h, "SQLite format 3", 16) == 0;
	close(fd);
	uint32_t id = 0;
	for (int i = 0; i < 4; i++)
		id = id << 8 | h[APPLICATION_ID_AT + i];
	return is && id == HI_DB_APPLICATION_ID;
}

int hi_db_error(sqlite3 *db, const char *text, struct hi_error *e)
{
	int code = db ? sqlite3_errcode(db) : SQLITE_NOMEM;
	enum hi_status s = HI_IO;
	if (code == SQLITE_NOMEM)
		s = HI_NOMEM;
	else if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		s = HI_CORRUPT;
	hi_error_fmt(e, s, text, "store.db: %s", db ? sqlite3_errmsg(db) : "no memory");
	if (e && code == SQLITE_FULL)
		e->sys = ENOSPC;
	return s;
}

int hi_db_exec(sqlite3 *db, const char *sql, struct hi_error *e)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return HI_OK;
	return hi_db_error(db, "the database failed", e);
}

int hi_db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out, struct hi_error *e)
{
	if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL) == SQLITE_OK)
		return HI_OK;
	return hi_db_error(db, "the database failed", e);
}

int hi_db_run(sqlite3 *db, sqlite3_stmt *st, struct hi_error *e)
{
	int s = sqlite3_step(st) == SQLITE_DONE ? HI_OK : hi_db_error(db, "the database failed", e);
	sqlite3_reset(st);
	return s;
}

int hi_db_one_int(sqlite3 *db, const char *sql, int64_t *v, struct hi_error *e)
{
	sqlite3_stmt *st = NULL;
	int s = hi_db_prepare(db, sql, &st, e);
	if (s == HI_OK && sqlite3_step(st) == SQLITE_ROW)
		*v = sqlite3_column_int64(st, 0);
	else if (s == HI_OK)
		s = hi_db_error(db, "the database failed", e);
	sqlite3_finalize(st);
	return s;
}

static int check_application(sqlite3 *db, struct hi_error *e)
{
	int64_t id = 0;
	int s = hi_db_one_int(db, "PRAGMA application_id", &id, e);
	if (s == HI_OK && id != HI_DB_APPLICATION_ID)
		return hi_error_set(e, HI_USAGE, "not a store");
	return s;
}

static int check_format(sqlite3 *db, struct hi_error *e)
{
	int64_t format = 0;
	int s = hi_db_one_int(db, "SELECT value FROM meta WHERE key='format'", &format, e);
	if (s == HI_OK && format > HI_STORE_FORMAT)
		return hi_error_fmt(e, HI_USAGE, "the store's format is newer than this program",
				    "format %" PRId64, format);
	return s;
}

/*
 * A database in WAL mode is read by a file beside it, which who may not write in the
 * folder cannot make. Where no writer has left a log, the file alone is the whole
 * database, and SQLite reads it as one that does not change ("immutable").
 * https://www.sqlite.org/wal.html, "Read-Only Databases".
 */
static bool is_at_rest(const char *path)
{
	char wal[PATH_MAX];
	struct stat st;
	int n = snprintf(wal, sizeof(wal), "%s-wal", path);
	return n > 0 && (size_t)n < sizeof(wal) &&
	       (stat(wal, &st) ? errno == ENOENT : st.st_size == 0);
}

static int open_at_rest(sqlite3 **out, const char *path, struct hi_error *e)
{
	enum { FLAGS = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI };
	struct hi_buf uri;
	hi_buf_init(&uri, 3 * PATH_MAX + 64);
	hi_buf_puts(&uri, "file:");
	for (const char *p = path; *p; p++) {
		if (strchr("%?#", *p))
			hi_buf_printf(&uri, "%%%02X", (unsigned)*p);
		else
			hi_buf_putc(&uri, *p);
	}
	hi_buf_puts(&uri, "?immutable=1");
	hi_buf_putc(&uri, '\0');
	int s = HI_OK;
	if (uri.failed)
		s = hi_error_set(e, HI_NOMEM, "no memory for a path");
	else if (sqlite3_open_v2(hi_buf_view(&uri).ptr, out, FLAGS, NULL) != SQLITE_OK)
		s = hi_db_error(*out, "cannot open the database", e);
	hi_buf_release(&uri);
	return s;
}

static bool lacks_right(sqlite3 *db)
{
	int code = db ? sqlite3_errcode(db) : SQLITE_OK;
	return code == SQLITE_READONLY || code == SQLITE_CANTOPEN;
}

/* What is asked of any database before it is used. */
static int check(sqlite3 *db, struct hi_error *e)
{
	int s = check_application(db, e);
	return s ? s : check_format(db, e);
}

/*
 * Of several that make a store at once one changes the mode. SQLite asks for the
 * lock with a read lock in hand and therefore does not wait for the others' to go:
 * that is done here.
 */
static int begin_wal(sqlite3 *db, struct hi_error *e)
{
	enum { TRY_MS = 5 };
	const struct timespec pause = { .tv_nsec = TRY_MS * 1000000L };
	int code = sqlite3_exec(db, "PRAGMA journal_mode=WAL", NULL, NULL, NULL);
	for (int ms = 0; code == SQLITE_BUSY && ms < BUSY_MS; ms += TRY_MS) {
		nanosleep(&pause, NULL);
		code = sqlite3_exec(db, "PRAGMA journal_mode=WAL", NULL, NULL, NULL);
	}
	if (code != SQLITE_OK)
		return hi_db_error(db, "the database failed", e);
	return hi_db_exec(db, "PRAGMA synchronous=FULL", e);
}

int hi_db_open(sqlite3 **out, const char *path, bool write, struct hi_error *e)
{
	/* Made here, not by SQLite, so that nobody else may read it for a moment. */
	int fd = write ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	if (write && fd < 0)
		return hi_error_sys(e, "cannot make the database", path);
	if (fd >= 0)
		close(fd);
	/* A reader, too, may have to roll back what a crash left; without the right it only reads.
	 */
	enum { FLAGS = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX };
	sqlite3 *db = NULL;
	int s = HI_OK;
	if (sqlite3_open_v2(path, &db, FLAGS, NULL) != SQLITE_OK)
		s = hi_db_error(db, "cannot open the database", e);
	if (s == HI_OK)
		sqlite3_busy_timeout(db, BUSY_MS);
	if (s == HI_OK && write)
		s = hi_schema_make(db, e);
	s = s ? s : check(db, e);
	if (s && !write && lacks_right(db) && is_at_rest(path)) {
		sqlite3_close(db);
		db = NULL;
		s = open_at_rest(&db, path, e);
		s = s ? s : check(db, e);
	}
	if (s == HI_OK && write)
		s = begin_wal(db, e);
	if (s == HI_OK && write)
		s = hi_schema_upgrade(db, e);
	if (s) {
		sqlite3_close(db);
		db = NULL;
	}
	*out = db;
	return s;
}

int hi_db_take(sqlite3 *db, const char *counter, uint64_t n, uint64_t *first, struct hi_error *e)
{
	sqlite3_stmt *st = NULL;
	int s = hi_db_prepare(db, "UPDATE meta SET value=value+?2 WHERE key=?1 RETURNING value-?2",
			      &st, e);
	if (s)
		return s;
	sqlite3_bind_text(st, 1, counter, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 2, (int64_t)n);
	if (sqlite3_step(st) != SQLITE_ROW)
		s = hi_db_error(db, "the database failed", e);
	else
		*first = (uint64_t)sqlite3_column_int64(st, 0);
	/* The statement commits when it ends: only then are the numbers ours. */
	if (s == HI_OK && sqlite3_step(st) != SQLITE_DONE)
		s = hi_db_error(db, "the database failed", e);
	sqlite3_finalize(st);
	return s;
}

void hi_db_bind_slice(sqlite3_stmt *st, int at, struct hi_slice s)
{
	if (s.ptr)
		sqlite3_bind_text(st, at, s.ptr, (int)s.len, SQLITE_STATIC);
	else
		sqlite3_bind_null(st, at);
}

struct hi_slice hi_db_slice(sqlite3_stmt *st, int column)
{
	const char *p = (const char *)sqlite3_column_text(st, column);
	return (struct hi_slice){ p ? p : "", (size_t)sqlite3_column_bytes(st, column) };
}
