/* What the database says of a pipeline, in one transaction. */
#include <stdlib.h>

#include "store/db.h"
#include "store/preamble_private.h"

enum { KEYS_MAX = 64 << 20 };

static const char tables_drop[] = "DROP TABLE IF EXISTS temp.preamble_writers;"
				  "DROP TABLE IF EXISTS temp.preamble_alerts;"
				  "DROP TABLE IF EXISTS temp.preamble_patients";

/* cut: the last row that is not recent any more. */
static const char tables_make[] =
	"CREATE TEMP TABLE preamble_writers(number INTEGER PRIMARY KEY, cut);"
	"CREATE TEMP TABLE preamble_alerts(patient_id, onset_us, at_us, writer, seq, commit_n,"
	" active, line);"
	"CREATE INDEX temp.preamble_alerts_patient ON preamble_alerts(patient_id) WHERE active;"
	"CREATE TEMP TABLE preamble_patients(patient_id, gone, line)";

static const char writers_sql[] =
	"INSERT INTO temp.preamble_writers(number) SELECT number FROM main.writers"
	" WHERE EXISTS(SELECT 1 FROM json_each(keys)"
	"  WHERE value IN(SELECT value FROM json_each(?1)))";

static const char since_sql[] = "SELECT max(clock_us) FROM main.writers"
				" WHERE number IN(SELECT number FROM temp.preamble_writers)";

/*
 * A segment keeps the clock of its last commit, so all its rows and all that came
 * before them are as old as that: recent rows are an end of the order of arrival.
 */
static const char cuts_sql[] =
	"UPDATE temp.preamble_writers SET cut=c.seq FROM"
	" (SELECT writer, max(last_seq) AS seq FROM main.segments"
	"  WHERE kind='reading' AND state<>'dead' AND clock_us<?1 GROUP BY writer) AS c"
	" WHERE c.writer=number";

#define PARTS                                                                                      \
	"SELECT number,hour,writer,first_seq,length,crc32c,state='open',last_seq,clock_us"         \
	" FROM main.segments WHERE kind='reading' AND state<>'dead'"                               \
	" AND writer IN(SELECT number FROM temp.preamble_writers) AND "
#define PARTS_ORDER " ORDER BY writer,first_seq,number"

static const char recent_sql[] = PARTS "clock_us>=?1" PARTS_ORDER;
static const char older_sql[] = PARTS "clock_us<?1" PARTS_ORDER;

/* The alert of one reading ("each") is a moment, over as it begins, and never on. */
#define IS_EACH "json_type(a.line,'$.each') IS 'true'"
#define ALERTS(active)                                                                             \
	"INSERT INTO temp.preamble_alerts"                                                         \
	" SELECT a.patient_id,a.onset_us,a.at_us,a.writer,a.seq,a.commit_n," active ",a.line"
#define ENDED "(a.status<>'ACTIVE' OR " IS_EACH ")"

/* The index of the identity alone says which are not CLEARED. */
static const char active_sql[] =
	ALERTS("1") " FROM main.alerts AS a WHERE a.rowid IN(SELECT o.rowid FROM main.alerts AS o"
		    "  WHERE o.status='ACTIVE' AND NOT EXISTS(SELECT 1 FROM main.alerts AS c"
		    "   WHERE c.alert_id=o.alert_id AND c.status='CLEARED'))"
		    " AND a.writer IN(SELECT number FROM temp.preamble_writers) AND NOT " IS_EACH;

/*
 * Those that ended: as far as they came with recent rows, because patients' clocks,
 * by which they are chosen, are not read yet; and before that with those of an alarm
 * that is on.
 */
static const char ended_sql[] =
	ALERTS("0") " FROM temp.preamble_writers AS w JOIN main.alerts AS a"
		    " ON a.writer=w.number AND a.seq>coalesce(w.cut,0) WHERE " ENDED;
static const char ended_older_sql[] =
	ALERTS("0") " FROM main.alerts AS a JOIN temp.preamble_writers AS w ON a.writer=w.number"
		    " WHERE a.patient_id IN(SELECT patient_id FROM temp.preamble_alerts"
		    "  WHERE active) AND a.seq<=w.cut AND " ENDED
		    " AND EXISTS(SELECT 1 FROM temp.preamble_alerts AS o WHERE o.active"
		    "  AND o.patient_id=a.patient_id AND a.at_us>=o.onset_us-?1)";

/*
 * One without a value, such as that of silence, has no farthest one to look for. Its
 * stream's clock is that of the commit before.
 */
static const char alarms_sql[] =
	"SELECT a.patient_id,a.onset_us,a.writer,a.seq,"
	" coalesce((SELECT s.clock_us FROM main.segments AS s WHERE s.commit_n<a.commit_n"
	"  AND s.kind='reading' AND s.writer IN(SELECT number FROM temp.preamble_writers)"
	"  ORDER BY s.commit_n DESC LIMIT 1),?1)"
	" FROM temp.preamble_alerts AS a"
	" WHERE a.active AND json_type(a.line,'$.observed_value') IN('integer','real')"
	" ORDER BY a.writer,a.seq";

static const char patients_sql[] =
	"INSERT INTO temp.preamble_patients SELECT patient_id,"
	" coalesce(json_extract(line,'$.status')='discharged' AND at_us<=?1, 0), line"
	" FROM main.patients AS p WHERE " HI_PATIENT_IS_NEWEST " ORDER BY writer,seq";

void hi_preamble_snapshot_release(struct hi_preamble_snapshot *n, struct hi_store *s)
{
	hi_positions_release(&n->positions);
	hi_parts_release(&n->recent);
	hi_parts_release(&n->older);
	free(n->cut);
	free(n->alarm);
	sqlite3_exec(s->db, tables_drop, NULL, NULL, NULL);
}

static int no_row(struct hi_preamble_snapshot *n, sqlite3_stmt *st, struct hi_error *e)
{
	(void)n, (void)st, (void)e;
	return HI_OK;
}

/* Runs sql, with a time where it asks for one; row is called for each row that it gives. */
static int run(struct hi_store *s, const char *sql, const int64_t bind[1],
	       int (*row)(struct hi_preamble_snapshot *n, sqlite3_stmt *st, struct hi_error *e),
	       struct hi_preamble_snapshot *n, struct hi_error *e)
{
	sqlite3_stmt *st = NULL;
	int step = SQLITE_DONE;
	int status = hi_db_prepare(s->db, sql, &st, e);
	if (status == HI_OK && bind)
		sqlite3_bind_int64(st, 1, bind[0]);
	while (status == HI_OK && (step = sqlite3_step(st)) == SQLITE_ROW)
		status = row ? row(n, st, e) : HI_OK;
	if (status == HI_OK && step != SQLITE_DONE)
		status = hi_db_error(s->db, "the database failed", e);
	sqlite3_finalize(st);
	return status;
}

/* Positions of the store that the source asks for, as the end of the preamble says them. */
static int take_positions(struct hi_preamble_snapshot *n, struct hi_store *s,
			  const struct hi_positions *asked, struct hi_error *e)
{
	struct hi_positions all;
	if (!asked)
		return hi_store_positions(s, &n->positions, e);
	hi_positions_init(&all);
	int status = hi_store_positions(s, &all, e);
	for (size_t i = 0; i < asked->n && status == HI_OK; i++) {
		const char *key = asked->v[i].key, *value = hi_positions_find(&all, key);
		if (value)
			status = hi_positions_set(&n->positions, hi_slice_of(key),
						  hi_slice_of(value), e);
	}
	hi_positions_release(&all);
	return status;
}

static int take_writers(struct hi_preamble_snapshot *n, struct hi_store *s, struct hi_error *e)
{
	struct hi_buf keys;
	sqlite3_stmt *st = NULL;
	int status = hi_db_prepare(s->db, writers_sql, &st, e);
	if (status)
		return status;
	hi_buf_init(&keys, KEYS_MAX);
	hi_buf_putc(&keys, '[');
	for (size_t i = 0; i < n->positions.n; i++) {
		if (i)
			hi_buf_putc(&keys, ',');
		hi_json_quote(&keys, hi_slice_of(n->positions.v[i].key));
	}
	hi_buf_putc(&keys, ']');
	hi_db_bind_slice(st, 1, hi_buf_view(&keys));
	status = keys.failed ? hi_error_set(e, HI_NOMEM, "no memory for positions")
			     : hi_db_run(s->db, st, e);
	sqlite3_finalize(st);
	hi_buf_release(&keys);
	return status;
}

static int since_row(struct hi_preamble_snapshot *n, sqlite3_stmt *st, struct hi_error *e)
{
	(void)e;
	n->timed = sqlite3_column_type(st, 0) != SQLITE_NULL;
	n->since_us = n->timed ? sqlite3_column_int64(st, 0) : HI_TIME_MIN;
	return HI_OK;
}

/* Room for one more of v[0..n). False: no memory. */
static bool grow(void **v, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return true;
	size_t more = *cap ? *cap * 2 : 16;
	void *p = realloc(*v, more * size);
	if (!p)
		return false;
	*v = p;
	*cap = more;
	return true;
}

static int cut_row(struct hi_preamble_snapshot *n, sqlite3_stmt *st, struct hi_error *e)
{
	if (!grow((void **)&n->cut, n->cuts_n, &n->cuts_cap, sizeof(*n->cut)))
		return hi_error_set(e, HI_NOMEM, "no memory for a list of writers");
	n->cut[n->cuts_n++] = (struct hi_preamble_cut){
		.writer = (uint64_t)sqlite3_column_int64(st, 0),
		.seq = (uint64_t)sqlite3_column_int64(st, 1),
	};
	return HI_OK;
}

static int alarm_row(struct hi_preamble_snapshot *n, sqlite3_stmt *st, struct hi_error *e)
{
	struct hi_slice id = hi_db_slice(st, 0);
	if (id.len > HI_PATIENT_ID_MAX || sqlite3_column_type(st, 1) == SQLITE_NULL)
		return HI_OK;
	if (!grow((void **)&n->alarm, n->alarms_n, &n->alarms_cap, sizeof(*n->alarm)))
		return hi_error_set(e, HI_NOMEM, "no memory for a list of alarms");
	struct hi_preamble_alarm *a = &n->alarm[n->alarms_n++];
	*a = (struct hi_preamble_alarm){
		.patient_len = id.len,
		.onset_us = sqlite3_column_int64(st, 1),
		.writer = (uint64_t)sqlite3_column_int64(st, 2),
		.seq = (uint64_t)sqlite3_column_int64(st, 3),
		.clock_us = sqlite3_column_int64(st, 4),
	};
	memcpy(a->patient_id, id.ptr, id.len);
	return HI_OK;
}

static int recent_row(struct hi_preamble_snapshot *n, sqlite3_stmt *st, struct hi_error *e)
{
	int status = hi_parts_take(&n->recent, HI_SEGMENT_READING, st, e);
	if (status)
		return status;
	struct hi_part *p = &n->recent.v[n->recent.n - 1];
	const struct hi_preamble_cut *cut = hi_preamble_cut_of(n, p->writer);
	p->behind = cut ? cut->seq : 0;
	return HI_OK;
}

static int older_row(struct hi_preamble_snapshot *n, sqlite3_stmt *st, struct hi_error *e)
{
	return hi_parts_take(&n->older, HI_SEGMENT_READING, st, e);
}

static int take_rows(struct hi_preamble_snapshot *n, struct hi_store *s, struct hi_error *e)
{
	n->from_us = n->since_us - HI_PREAMBLE_HEARD_US - n->window_us;
	const int64_t from[1] = { n->from_us };
	const int64_t window[1] = { n->window_us }, least[1] = { HI_TIME_MIN };
	int status = run(s, cuts_sql, from, no_row, n, e);
	status = status ? status
			: run(s,
			      "SELECT number,cut FROM temp.preamble_writers WHERE cut NOT NULL"
			      " ORDER BY number",
			      NULL, cut_row, n, e);
	status = status ? status : run(s, recent_sql, from, recent_row, n, e);
	status = status ? status : run(s, active_sql, NULL, no_row, n, e);
	status = status ? status : run(s, ended_sql, NULL, no_row, n, e);
	status = status ? status : run(s, ended_older_sql, window, no_row, n, e);
	status = status ? status : run(s, alarms_sql, least, alarm_row, n, e);
	if (status == HI_OK && n->cuts_n && n->alarms_n)
		status = run(s, older_sql, from, older_row, n, e);
	return status;
}

static int take(struct hi_preamble_snapshot *n, struct hi_store *s, const struct hi_preamble *p,
		struct hi_error *e)
{
	const int64_t most_us = HI_TIME_END - HI_TIME_MIN;
	n->window_us = p->window_us < most_us ? p->window_us : most_us;
	int status = take_positions(n, s, p->positions, e);
	status = status ? status : take_writers(n, s, e);
	status = status ? status : run(s, since_sql, NULL, since_row, n, e);
	if (status == HI_OK && n->timed)
		status = take_rows(n, s, e);
	const int64_t gone[1] = { n->since_us - HI_PREAMBLE_HEARD_US };
	return status ? status : run(s, patients_sql, gone, no_row, n, e);
}

int hi_preamble_snapshot_take(struct hi_preamble_snapshot *n, struct hi_store *s,
			      const struct hi_preamble *p, struct hi_error *e)
{
	int status = hi_db_exec(s->db, tables_drop, e);
	status = status ? status : hi_db_exec(s->db, tables_make, e);
	status = status ? status : hi_db_exec(s->db, "BEGIN", e);
	if (status)
		return status;
	status = take(n, s, p, e);
	if (status == HI_OK)
		return hi_db_exec(s->db, "COMMIT", e);
	sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return status;
}

struct hi_preamble_cut *hi_preamble_cut_of(const struct hi_preamble_snapshot *n, uint64_t writer)
{
	size_t from = 0, to = n->cuts_n;
	while (from < to) {
		size_t mid = (from + to) / 2;
		if (n->cut[mid].writer < writer)
			from = mid + 1;
		else
			to = mid;
	}
	return from < n->cuts_n && n->cut[from].writer == writer ? &n->cut[from] : NULL;
}
