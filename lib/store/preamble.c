#include "store/preamble.h"

#include "store/db.h"
#include "store/preamble_private.h"

enum { MARK_MAX = 64 << 20 };

/* Where lines go, counted. */
struct sink {
	const struct hi_preamble *p;
	uint64_t n;
	bool refused; /* the caller's function has ended the preamble */
};

static int put(void *arg, struct hi_slice line)
{
	struct sink *k = arg;
	int s = k->p->line(k->p->arg, line);
	k->refused |= s != HI_OK;
	k->n++;
	return s;
}

static int put_mark(struct sink *k, const struct hi_mark *m, struct hi_error *e)
{
	struct hi_buf b;
	hi_buf_init(&b, MARK_MAX);
	hi_mark_write(m, &b);
	int s = b.failed ? hi_error_set(e, HI_NOMEM, "no memory for a mark")
			 : put(k, hi_buf_view(&b));
	hi_buf_release(&b);
	return s;
}

static int put_begin(struct sink *k, const struct hi_preamble_snapshot *n, struct hi_error *e)
{
	struct hi_mark m;
	hi_mark_init(&m);
	m.kind = HI_MARK_BEGIN;
	m.timed = n->timed;
	m.t_us = n->since_us;
	m.window_us = k->p->window_us;
	return put_mark(k, &m, e);
}

/* n: the lines since the first mark. */
static int put_end(struct sink *k, const struct hi_preamble_snapshot *n, struct hi_error *e)
{
	struct hi_mark m;
	hi_mark_init(&m);
	m.kind = HI_MARK_END;
	m.counted = true;
	m.n = k->n - 1;
	m.positions = n->positions; /* borrowed */
	return put_mark(k, &m, e);
}

/* One that is on, or that ended since its patient's start. */
static bool wants_alert(struct hi_preamble_rows *r, sqlite3_stmt *st)
{
	int64_t start_us;
	return sqlite3_column_int(st, 3) ||
	       (r && hi_preamble_rows_start(r, hi_db_slice(st, 1), &start_us) &&
		sqlite3_column_int64(st, 2) >= start_us);
}

/* Not who was discharged long ago, unless readings still come. */
static bool wants_patient(struct hi_preamble_rows *r, sqlite3_stmt *st)
{
	int64_t start_us;
	return !sqlite3_column_int(st, 2) ||
	       (r && hi_preamble_rows_start(r, hi_db_slice(st, 1), &start_us));
}

static int put_kept(struct sink *k, struct hi_store *s, const char *sql,
		    bool (*wants)(struct hi_preamble_rows *r, sqlite3_stmt *st),
		    struct hi_preamble_rows *r, struct hi_error *e)
{
	sqlite3_stmt *st = NULL;
	int step = SQLITE_DONE;
	int status = hi_db_prepare(s->db, sql, &st, e);
	while (status == HI_OK && (step = sqlite3_step(st)) == SQLITE_ROW)
		if (wants(r, st))
			status = put(k, hi_db_slice(st, 0));
	if (status == HI_OK && step != SQLITE_DONE)
		status = hi_db_error(s->db, "the database failed", e);
	sqlite3_finalize(st);
	return status;
}

static const char alerts_sql[] = "SELECT line,patient_id,at_us,active FROM temp.preamble_alerts"
				 " ORDER BY onset_us,writer,seq";
static const char patients_sql[] = "SELECT line,patient_id,gone FROM temp.preamble_patients"
				   " ORDER BY rowid";

/* Nothing is put before the first pass over the rows has found them whole. */
static int write(struct sink *k, struct hi_store *s, struct hi_preamble_snapshot *n,
		 struct hi_error *e)
{
	struct hi_preamble_rows *r = NULL;
	int status = n->timed ? hi_preamble_rows_new(&r, s, n, e) : HI_OK;
	status = status ? status : put_begin(k, n, e);
	status = status ? status : put_kept(k, s, alerts_sql, wants_alert, r, e);
	status = status ? status : put_kept(k, s, patients_sql, wants_patient, r, e);
	if (status == HI_OK && r)
		status = hi_preamble_rows_write(r, put, k, e);
	hi_preamble_rows_free(r);
	return status ? status : put_end(k, n, e);
}

int hi_preamble_write(struct hi_store *s, const struct hi_preamble *p, struct hi_error *e)
{
	struct sink k = { .p = p };
	struct hi_preamble_snapshot n = { 0 };
	int status = hi_store_need_marks(s, e);
	status = status ? status : hi_preamble_snapshot_take(&n, s, p, e);
	status = status ? status : write(&k, s, &n, e);
	hi_preamble_snapshot_release(&n, s);
	return k.refused ? status : hi_store_blame(s, status, e);
}
