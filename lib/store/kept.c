#include "store/kept.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "store/db.h"
#include "store/vector.h"

enum { COLUMNS_MAX = 7, NAMES_MAX = 64 << 20, SQL_MAX = 16 << 10 };

#define PATIENTS "(SELECT value FROM json_each(?4))"
#define METRIC_IS "metric_name IN(SELECT value FROM json_each(?5))"

enum column_kind {
	END,
	MAY,  /* text, or NULL where the record has no such key */
	KEY,  /* text, or '' : a part of the identity */
	TIME, /* microseconds */
	TIME_KEY
};

struct column {
	enum column_kind kind;
	const char *name; /* in the table */
	const char *key;  /* in the record */
};

/*
 * at: the keys that say when, the first that is there; rank: the order within
 * one time, so that a profile stands before the readings it is for and an alert
 * behind the reading that set it off (readings have rank 2). when: the column that
 * a selection of times looks at; NULL: none, because a record of the type holds
 * until it is replaced. An episode is selected by its onset, whole.
 */
static const struct kept {
	const char *table;
	struct column column[COLUMNS_MAX];
	const char *at[2];
	int rank;
	const char *when;
	const char *patient_is, *metric_is; /* SQL; a NULL metric_is: not selected by metric */
} kept[HI_TYPES] = {
	[HI_T_PATIENT] = { .table = "patients",
			   .column = { { KEY, "patient_id", "patient_id" },
				       { KEY, "version", "version" },
				       { MAY, "ward", "ward" } },
			   .at = { "at", "timestamp" },
			   .rank = 0,
			   .patient_is = "patient_id IN" PATIENTS },
	[HI_T_VOID] = { .table = "voids",
			.column = { { KEY, "void_id", "void_id" },
				    { MAY, "patient_id", "patient_id" },
				    { MAY, "metric_name", "metric_name" },
				    { TIME, "since_us", "since" },
				    { TIME, "until_us", "until" } },
			.at = { "at", "timestamp" },
			.rank = 1,
			.patient_is = "(patient_id IS NULL OR patient_id IN" PATIENTS ")",
			.metric_is = "(metric_name IS NULL OR " METRIC_IS ")" },
	[HI_T_ALERT] = { .table = "alerts",
			 .column = { { KEY, "alert_id", "alert_id" },
				     { KEY, "status", "status" },
				     { MAY, "patient_id", "patient_id" },
				     { MAY, "metric_name", "metric_name" },
				     { MAY, "alert_type", "alert_type" },
				     { TIME, "onset_us", "timestamp" } },
			 .at = { "ended", "timestamp" },
			 .when = "onset_us",
			 .rank = 3,
			 .patient_is = "patient_id IN" PATIENTS,
			 .metric_is = METRIC_IS },
	[HI_T_ACT] = { .table = "acts",
		       .column = { { KEY, "act_id", "act_id" },
				   { MAY, "alert_id", "alert_id" },
				   { MAY, "act", "act" } },
		       .at = { "at", "timestamp" },
		       .when = "at_us",
		       .rank = 4,
		       .patient_is = "alert_id IN(SELECT alert_id FROM main.alerts"
				     " WHERE patient_id IN" PATIENTS ")" },
	[HI_T_STAT] = { .table = "stats",
			.column = { { TIME_KEY, "from_us", "from" },
				    { KEY, "every", "every" },
				    { KEY, "tz", "tz" },
				    { KEY, "metric_name", "metric_name" },
				    { KEY, "patient_id", "patient_id" },
				    { KEY, "ward", "ward" } },
			.at = { "from", NULL },
			.when = "at_us",
			.rank = 5,
			.patient_is = "(patient_id='' OR patient_id IN" PATIENTS ")",
			.metric_is = METRIC_IS },
};

/* A pending record: this, then its line. */
struct head {
	uint64_t seq;
	size_t line_len;
	enum hi_type type;
};

bool hi_kept_is(enum hi_type type)
{
	return kept[type].table != NULL;
}

int hi_kept_init(struct hi_kept *k, struct hi_error *e)
{
	*k = (struct hi_kept){ 0 };
	hi_buf_init(&k->pending, HI_KEPT_PENDING_MAX);
	return hi_reader_new(&k->reader, NULL, NULL, e);
}

void hi_kept_release(struct hi_kept *k)
{
	for (int t = 0; t < HI_TYPES; t++)
		sqlite3_finalize(k->insert[t]);
	hi_buf_release(&k->pending);
	hi_reader_free(k->reader);
}

int hi_kept_put(struct hi_kept *k, const struct hi_rec *rec, uint64_t seq, struct hi_error *e)
{
	struct hi_buf *b = &k->pending;
	size_t before = b->len;
	if (before + sizeof(struct head) + HI_LINE_MAX > b->max)
		return hi_error_set(e, HI_USAGE,
				    "more than 127 MiB of alerts and the like between two marks; "
				    "the source must write marks more often");
	struct head h = { .seq = seq, .type = rec->type };
	hi_buf_put(b, &h, sizeof(h));
	hi_rec_line(rec, b);
	if (b->failed) {
		b->len = before;
		return hi_error_set(e, HI_NOMEM, "no memory for records");
	}
	h.line_len = b->len - before - sizeof(h);
	memcpy(b->ptr + before, &h, sizeof(h));
	return HI_OK;
}

static int prepare_insert(struct hi_kept *k, sqlite3 *db, enum hi_type t, struct hi_error *e)
{
	struct hi_buf sql;
	hi_buf_init(&sql, 4096);
	hi_buf_printf(&sql, "INSERT INTO %s(", kept[t].table);
	for (const struct column *c = kept[t].column; c->kind != END; c++)
		hi_buf_printf(&sql, "%s,", c->name);
	hi_buf_puts(&sql, "at_us,writer,seq,commit_n,line) VALUES(");
	for (const struct column *c = kept[t].column; c->kind != END; c++)
		hi_buf_puts(&sql, "?,");
	hi_buf_puts(&sql, "?,?,?,?,?) ON CONFLICT DO UPDATE SET ");
	for (const struct column *c = kept[t].column; c->kind != END; c++)
		hi_buf_printf(&sql, "%s=excluded.%s,", c->name, c->name);
	hi_buf_puts(&sql, "at_us=excluded.at_us,writer=excluded.writer,seq=excluded.seq,"
			  "commit_n=excluded.commit_n,line=excluded.line"
			  " WHERE line<>excluded.line");
	hi_buf_putc(&sql, '\0');
	int s = sql.failed ? hi_error_set(e, HI_NOMEM, "no memory for a statement")
			   : hi_db_prepare(db, hi_buf_view(&sql).ptr, &k->insert[t], e);
	hi_buf_release(&sql);
	return s;
}

/* SQLite copies the text: one with escapes lies in scratch, which the next column uses again. */
static void bind_text(sqlite3_stmt *st, int at, const struct hi_rec *rec, const struct column *c,
		      struct hi_buf *scratch)
{
	const struct hi_member *m = hi_rec_member(rec, c->key);
	if (!m || m->kind == HI_JSON_NULL) {
		if (c->kind == KEY)
			sqlite3_bind_text(st, at, "", 0, SQLITE_STATIC);
		else
			sqlite3_bind_null(st, at);
		return;
	}
	hi_buf_reset(scratch);
	struct hi_slice s = hi_member_text(m, scratch);
	sqlite3_bind_text(st, at, s.ptr, (int)s.len, SQLITE_TRANSIENT);
}

static void bind_time(sqlite3_stmt *st, int at, const struct hi_rec *rec, const char *key,
		      bool may_be_null)
{
	int64_t t_us;
	if (key && hi_rec_time(rec, key, &t_us))
		sqlite3_bind_int64(st, at, t_us);
	else if (may_be_null)
		sqlite3_bind_null(st, at);
	else
		sqlite3_bind_int64(st, at, HI_TIME_MIN);
}

static int insert_one(struct hi_kept *k, sqlite3 *db, const struct head *h, uint64_t writer,
		      uint64_t commit_n, const struct hi_rec *rec, struct hi_buf *scratch,
		      struct hi_error *e)
{
	const struct kept *d = &kept[h->type];
	int64_t ignored;
	int at = 1;
	int s = k->insert[h->type] ? HI_OK : prepare_insert(k, db, h->type, e);
	if (s)
		return s;
	sqlite3_stmt *st = k->insert[h->type];
	for (const struct column *c = d->column; c->kind != END; c++, at++) {
		if (c->kind == TIME || c->kind == TIME_KEY)
			bind_time(st, at, rec, c->key, c->kind == TIME);
		else
			bind_text(st, at, rec, c, scratch);
	}
	bool first = hi_rec_time(rec, d->at[0], &ignored);
	bind_time(st, at++, rec, d->at[first ? 0 : 1], true);
	sqlite3_bind_int64(st, at++, (int64_t)writer);
	sqlite3_bind_int64(st, at++, (int64_t)h->seq);
	sqlite3_bind_int64(st, at++, (int64_t)commit_n);
	hi_db_bind_slice(st, at, rec->line);
	return hi_db_run(db, st, e);
}

int hi_kept_insert(struct hi_kept *k, sqlite3 *db, uint64_t writer, uint64_t commit_n,
		   struct hi_error *e)
{
	struct hi_buf scratch;
	struct head h;
	struct hi_rec rec;
	int s = HI_OK;
	hi_buf_init(&scratch, HI_LINE_MAX);
	for (size_t at = 0; at < k->pending.len && s == HI_OK; at += sizeof(h) + h.line_len) {
		memcpy(&h, k->pending.ptr + at, sizeof(h));
		struct hi_slice line = { k->pending.ptr + at + sizeof(h), h.line_len };
		s = hi_reader_line_parse(k->reader, line, &rec, e);
		if (s == HI_OK)
			s = insert_one(k, db, &h, writer, commit_n, &rec, &scratch, e);
	}
	hi_buf_release(&scratch);
	return s;
}

void hi_kept_forget(struct hi_kept *k)
{
	hi_buf_reset(&k->pending);
}

/* The array ["...",...] that json_each takes: one parameter for any number of names. */
static void put_array(struct hi_buf *b, const char *const *v, size_t n)
{
	hi_buf_putc(b, '[');
	for (size_t i = 0; i < n; i++) {
		if (i)
			hi_buf_putc(b, ',');
		hi_json_quote(b, hi_slice_of(v[i]));
	}
	hi_buf_putc(b, ']');
}

static void put_pick(struct hi_buf *sql, const struct kept *d, enum hi_type t,
		     const struct hi_select *sel)
{
	hi_buf_printf(sql,
		      "INSERT INTO temp.gathered SELECT at_us,%d,%d,writer,seq,line FROM main.%s"
		      " WHERE commit_n>?1",
		      d->rank, (int)t, d->table);
	if (d->when)
		hi_buf_printf(sql, " AND coalesce(%s,?2)>=?2 AND coalesce(%s,?2)<?3", d->when,
			      d->when);
	if (sel->patients_n)
		hi_buf_printf(sql, " AND %s", d->patient_is);
	if (sel->metrics_n && d->metric_is)
		hi_buf_printf(sql, " AND %s", d->metric_is);
	if (sel->after) {
		hi_buf_puts(sql, " AND ");
		hi_vector_where(sel->after, "writer", "seq", sql);
	}
	hi_buf_putc(sql, '\0');
}

static int pick_type(sqlite3 *db, const struct hi_select *sel, enum hi_type t, uint64_t commit_n,
		     const struct hi_buf *patients, const struct hi_buf *metrics,
		     struct hi_error *e)
{
	const struct kept *d = &kept[t];
	struct hi_buf sql;
	sqlite3_stmt *st = NULL;
	hi_buf_init(&sql, SQL_MAX);
	put_pick(&sql, d, t, sel);
	int s = sql.failed ? hi_error_set(e, HI_NOMEM, "no memory for reading")
			   : hi_db_prepare(db, sql.ptr, &st, e);
	hi_buf_release(&sql);
	if (s)
		return s;
	sqlite3_bind_int64(st, 1, (int64_t)commit_n);
	sqlite3_bind_int64(st, 2, sel->since_us);
	sqlite3_bind_int64(st, 3, sel->until_us);
	hi_db_bind_slice(st, 4, hi_buf_view(patients));
	hi_db_bind_slice(st, 5, hi_buf_view(metrics));
	s = hi_db_run(db, st, e);
	sqlite3_finalize(st);
	return s;
}

static int pick_types(sqlite3 *db, const struct hi_select *sel, uint64_t commit_n,
		      struct hi_error *e)
{
	struct hi_buf patients, metrics;
	int s = HI_OK;
	hi_buf_init(&patients, NAMES_MAX);
	hi_buf_init(&metrics, NAMES_MAX);
	put_array(&patients, sel->patients, sel->patients_n);
	put_array(&metrics, sel->metrics, sel->metrics_n);
	if (patients.failed || metrics.failed)
		s = hi_error_set(e, HI_NOMEM, "too many patients are selected");
	for (int t = 0; t < HI_TYPES && s == HI_OK; t++)
		if (kept[t].table && (sel->types & 1u << t))
			s = pick_type(db, sel, (enum hi_type)t, commit_n, &patients, &metrics, e);
	hi_buf_release(&patients);
	hi_buf_release(&metrics);
	return s;
}

int hi_kept_pick(sqlite3 *db, const struct hi_select *sel, uint64_t commit_n, struct hi_error *e)
{
	static const char gathered[] =
		"DROP TABLE IF EXISTS temp.gathered; DROP TABLE IF EXISTS temp.picked;"
		"CREATE TEMP TABLE gathered(at_us, rank, type, writer, seq, line)";
	char sql[256];
	int s = hi_db_exec(db, gathered, e);
	s = s ? s : pick_types(db, sel, commit_n, e);
	snprintf(sql, sizeof(sql),
		 "CREATE TEMP TABLE picked AS SELECT * FROM temp.gathered ORDER BY %s;"
		 "DROP TABLE temp.gathered",
		 sel->raw ? "writer,seq" : "at_us,rank,writer,seq");
	return s ? s : hi_db_exec(db, sql, e);
}

int hi_kept_picked(sqlite3 *db, sqlite3_stmt **out, struct hi_error *e)
{
	return hi_db_prepare(db,
			     "SELECT coalesce(at_us,-9223372036854775808),rank,type,writer,seq,line"
			     " FROM temp.picked ORDER BY rowid",
			     out, e);
}
