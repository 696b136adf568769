#include "store/progress.h"

#include "store/db.h"

static int too_many(struct hi_error *e)
{
	return hi_error_set(e, HI_IO, "too many writers at the same time for a position");
}

static int read_max(struct hi_progress *p, sqlite3 *db, struct hi_error *e)
{
	sqlite3_stmt *st = NULL;
	int s = hi_db_prepare(db, "SELECT value-1 FROM meta WHERE key='next_writer'", &st, e);
	if (s == HI_OK && sqlite3_step(st) == SQLITE_ROW)
		p->end.max = (uint64_t)sqlite3_column_int64(st, 0);
	else if (s == HI_OK)
		s = hi_db_error(db, "the database failed", e);
	sqlite3_finalize(st);
	if (s == HI_OK && p->end.max < p->start.max)
		return hi_error_set(
			e, HI_CONTRACT,
			"the position lies behind the end of the store: an older copy?");
	return s;
}

/* Those that start has whole stay whole. */
int hi_progress_writers(struct hi_progress *p, struct hi_store *store, struct hi_error *e)
{
	sqlite3 *db = store->db;
	sqlite3_stmt *st = NULL;
	int step = SQLITE_DONE;
	p->end = (struct hi_vector){ 0 };
	p->writer = p->seq = 0;
	p->finished = false;
	int s = read_max(p, db, e);
	s = s ? s
	      : hi_db_prepare(db, "SELECT number FROM writers WHERE done=0 ORDER BY number", &st,
			      e);
	while (s == HI_OK && (step = sqlite3_step(st)) == SQLITE_ROW) {
		uint64_t writer = (uint64_t)sqlite3_column_int64(st, 0);
		uint64_t seq = hi_vector_seq(&p->start, writer);
		if (seq != UINT64_MAX && !hi_vector_add(&p->end, writer, seq))
			s = too_many(e);
	}
	if (s == HI_OK && step != SQLITE_DONE)
		s = hi_db_error(db, "the database failed", e);
	sqlite3_finalize(st);
	return s;
}

static void raise(struct hi_vector *v, uint64_t writer, uint64_t seq)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->v[i].writer == writer && v->v[i].seq < seq)
			v->v[i].seq = seq;
}

int hi_progress_rows(struct hi_progress *p, struct hi_store *store, const struct hi_parts *readings,
		     bool kept, struct hi_error *e)
{
	sqlite3_stmt *st = NULL;
	int step = SQLITE_DONE;
	for (size_t i = 0; i < readings->n; i++)
		raise(&p->end, readings->v[i].writer, readings->v[i].last_seq);
	if (!kept || p->end.n == 0)
		return HI_OK;
	int s = hi_db_prepare(store->db, "SELECT writer,max(seq) FROM temp.picked GROUP BY writer",
			      &st, e);
	while (s == HI_OK && (step = sqlite3_step(st)) == SQLITE_ROW)
		raise(&p->end, (uint64_t)sqlite3_column_int64(st, 0),
		      (uint64_t)sqlite3_column_int64(st, 1));
	if (s == HI_OK && step != SQLITE_DONE)
		s = hi_db_error(store->db, "the database failed", e);
	sqlite3_finalize(st);
	return s;
}

void hi_progress_next(struct hi_progress *p)
{
	p->start = p->end;
}

int hi_progress_vector(const struct hi_progress *p, struct hi_vector *v, struct hi_error *e)
{
	if (p->finished)
		*v = p->end;
	else if (p->writer == 0)
		*v = p->start;
	else if (!hi_vector_between(v, &p->start, &p->end, p->writer, p->seq))
		return too_many(e);
	return HI_OK;
}
