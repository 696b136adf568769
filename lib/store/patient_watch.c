/* Patient records that change while a source runs. */
#include <stdlib.h>

#include "store/db.h"
#include "store/preamble_private.h"

enum { LINES_MAX = 256 << 20 };

struct hi_patient_watch {
	struct hi_store *store;
	sqlite3_stmt *data_version, *last_commit, *changed;
	int64_t version;  /* PRAGMA data_version at the last look, */
	int64_t commit_n; /* and the last commit that it saw */
	struct hi_buf lines;
};

static const char changed_sql[] =
	"SELECT line FROM main.patients AS p WHERE commit_n>?1 AND " HI_PATIENT_IS_NEWEST
	" ORDER BY commit_n,writer,seq";

static int one_int(struct hi_patient_watch *w, sqlite3_stmt *st, int64_t *v, struct hi_error *e)
{
	int s = HI_OK;
	if (sqlite3_step(st) == SQLITE_ROW)
		*v = sqlite3_column_int64(st, 0);
	else
		s = hi_db_error(w->store->db, "the database failed", e);
	sqlite3_reset(st);
	return s;
}

static int open_watch(struct hi_patient_watch *w, struct hi_error *e)
{
	sqlite3 *db = w->store->db;
	int s = hi_db_prepare(db, "PRAGMA data_version", &w->data_version, e);
	s = s ? s
	      : hi_db_prepare(db, "SELECT value-1 FROM main.meta WHERE key='next_commit'",
			      &w->last_commit, e);
	s = s ? s : hi_db_prepare(db, changed_sql, &w->changed, e);
	/* In this order, so that a commit between the two is seen, if twice. */
	s = s ? s : one_int(w, w->data_version, &w->version, e);
	return s ? s : one_int(w, w->last_commit, &w->commit_n, e);
}

int hi_patient_watch_open(struct hi_patient_watch **out, struct hi_store *s, struct hi_error *e)
{
	struct hi_patient_watch *w = calloc(1, sizeof(*w));
	*out = w;
	if (!w)
		return hi_error_set(e, HI_NOMEM, "no memory for patient records");
	w->store = s;
	hi_buf_init(&w->lines, LINES_MAX);
	int status = hi_store_blame(s, open_watch(w, e), e);
	if (status) {
		hi_patient_watch_close(w);
		*out = NULL;
	}
	return status;
}

void hi_patient_watch_close(struct hi_patient_watch *w)
{
	if (!w)
		return;
	sqlite3_finalize(w->data_version);
	sqlite3_finalize(w->last_commit);
	sqlite3_finalize(w->changed);
	hi_buf_release(&w->lines);
	free(w);
}

static int read_lines(struct hi_patient_watch *w, struct hi_error *e)
{
	int step;
	sqlite3_bind_int64(w->changed, 1, w->commit_n);
	while ((step = sqlite3_step(w->changed)) == SQLITE_ROW) {
		hi_buf_slice(&w->lines, hi_db_slice(w->changed, 0));
		hi_buf_putc(&w->lines, '\n');
	}
	int s = step == SQLITE_DONE ? HI_OK : hi_db_error(w->store->db, "the database failed", e);
	sqlite3_reset(w->changed);
	if (s == HI_OK && w->lines.failed)
		s = hi_error_set(e, HI_NOMEM, "no memory for patient records");
	return s;
}

/* They are copied, so that no transaction is open while whoever takes them waits. */
static int read_changed(struct hi_patient_watch *w, struct hi_error *e)
{
	sqlite3 *db = w->store->db;
	int64_t commit_n = w->commit_n;
	int s = hi_db_exec(db, "BEGIN", e);
	if (s)
		return s;
	s = one_int(w, w->last_commit, &commit_n, e);
	if (s == HI_OK && commit_n > w->commit_n)
		s = read_lines(w, e);
	if (s == HI_OK)
		s = hi_db_exec(db, "COMMIT", e);
	else
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	if (s == HI_OK)
		w->commit_n = commit_n;
	return s;
}

int hi_patient_watch_next(struct hi_patient_watch *w, int (*line)(void *arg, struct hi_slice line),
			  void *arg, struct hi_error *e)
{
	int64_t version = 0;
	int s = one_int(w, w->data_version, &version, e);
	if (s == HI_OK && version == w->version)
		return HI_OK;
	hi_buf_reset(&w->lines);
	s = hi_store_blame(w->store, s ? s : read_changed(w, e), e);
	if (s)
		return s;
	w->version = version;
	for (size_t at = 0; at < w->lines.len && s == HI_OK;) {
		const char *p = w->lines.ptr + at;
		size_t n = (size_t)((const char *)memchr(p, '\n', w->lines.len - at) - p);
		s = line(arg, (struct hi_slice){ p, n });
		at += n + 1;
	}
	return s;
}
