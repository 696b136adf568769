/*
 * Exactly once, the store's side: a commit of a marked stream replaces positions
 * only where they are what this writer left, in the one transaction that makes
 * its records durable. So of two writers that began at one position the first to
 * commit goes on and the other is refused, whatever they have locked or believe.
 */
#include "store/db.h"
#include "store/writer.h"

void hi_marks_release(struct hi_writer_marks *mk)
{
	hi_positions_release(&mk->said);
	hi_positions_release(&mk->stored);
	sqlite3_finalize(mk->get);
	sqlite3_finalize(mk->set);
	sqlite3_finalize(mk->row);
}

static int prepare(struct hi_store_writer *w, struct hi_error *e)
{
	struct hi_writer_marks *mk = &w->marks;
	sqlite3 *db = w->store->db;
	if (mk->get)
		return HI_OK;
	int s = hi_db_prepare(db,
			      "INSERT INTO positions(key,value) VALUES(?1,?2)"
			      " ON CONFLICT(key) DO UPDATE SET value=excluded.value",
			      &mk->set, e);
	s = s ? s
	      : hi_db_prepare(db,
			      "UPDATE writers SET keys=coalesce(?2,keys),clock_us=?3"
			      " WHERE number=?1",
			      &mk->row, e);
	return s ? s : hi_db_prepare(db, "SELECT value FROM positions WHERE key=?1", &mk->get, e);
}

/* *value: the store's position of that key until the statement is reset; NULL: none. */
static int look_up(struct hi_store_writer *w, const char *key, const char **value,
		   struct hi_error *e)
{
	sqlite3_stmt *st = w->marks.get;
	sqlite3_reset(st);
	sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC);
	int step = sqlite3_step(st);
	*value = step == SQLITE_ROW ? (const char *)sqlite3_column_text(st, 0) : NULL;
	if (step != SQLITE_DONE && !*value)
		return hi_db_error(w->store->db, "the database failed", e);
	return HI_OK;
}

static bool is(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static int keep(struct hi_positions *p, const char *key, const char *value, struct hi_error *e)
{
	return hi_positions_set(p, hi_slice_of(key), hi_slice_of(value), e);
}

static int begin_key(struct hi_store_writer *w, const struct hi_position *p, bool rewind,
		     struct hi_error *e)
{
	struct hi_writer_marks *mk = &w->marks;
	const char *value;
	int s = look_up(w, p->key, &value, e);
	if (s || !value)
		return s;
	bool same = is(value, p->value);
	if (!same && !rewind)
		s = hi_error_fmt(e, HI_CONTRACT,
				 "the stream does not begin where the store stands; start the line "
				 "again, its source with --resume, or hi-store with --rewind",
				 "%s", p->key);
	mk->rewind |= !same;
	return s ? s : keep(&mk->stored, p->key, value, e);
}

static void put_keys(const struct hi_positions *p, struct hi_buf *b)
{
	hi_buf_putc(b, '[');
	for (size_t i = 0; i < p->n; i++) {
		if (i)
			hi_buf_putc(b, ',');
		hi_json_quote(b, hi_slice_of(p->v[i].key));
	}
	hi_buf_putc(b, ']');
}

/* Each key may double by its escapes. */
enum { KEYS_MAX = HI_POSITIONS_MAX * (2 * HI_POSITION_KEY_MAX + 3) + 2 };

/*
 * The clock goes on where the source's earlier writers left it: the first reading
 * after a restart may be a late one, or one far ahead, and is judged as in one run.
 */
static int start_clock(struct hi_store_writer *w, struct hi_error *e)
{
	struct hi_buf keys;
	sqlite3_stmt *st = NULL;
	int s = hi_db_prepare(w->store->db,
			      "SELECT max(clock_us) FROM writers WHERE EXISTS(SELECT 1"
			      " FROM json_each(keys) WHERE value IN(SELECT value FROM"
			      " json_each(?1)))",
			      &st, e);
	if (s)
		return s;
	hi_stream_clock_init(&w->marks.clock);
	hi_buf_init(&keys, KEYS_MAX);
	put_keys(&w->marks.said, &keys);
	hi_db_bind_slice(st, 1, hi_buf_view(&keys));
	if (keys.failed)
		s = hi_error_set(e, HI_NOMEM, "no memory for positions");
	else if (sqlite3_step(st) != SQLITE_ROW)
		s = hi_db_error(w->store->db, "the database failed", e);
	else if (sqlite3_column_type(st, 0) != SQLITE_NULL)
		hi_stream_clock_tick(&w->marks.clock, sqlite3_column_int64(st, 0));
	sqlite3_finalize(st);
	hi_buf_release(&keys);
	return s;
}

static int begin(struct hi_store_writer *w, const struct hi_positions *opening, bool rewind,
		 struct hi_error *e)
{
	struct hi_writer_marks *mk = &w->marks;
	mk->rewind = false;
	mk->keys_n = 0;
	hi_positions_reset(&mk->stored);
	int s = hi_positions_copy(&mk->said, opening, e);
	s = s ? s : prepare(w, e);
	for (size_t i = 0; i < opening->n && s == HI_OK; i++)
		s = begin_key(w, &opening->v[i], rewind, e);
	sqlite3_reset(mk->get);
	s = s ? s : start_clock(w, e);
	mk->on = s == HI_OK;
	return s;
}

/* One number is one stream, so that what a reader takes of a source is its alone. */
static int renumber(struct hi_store_writer *w, struct hi_error *e)
{
	if (!w->used)
		return HI_OK;
	int s = hi_writer_retire(w, e);
	return s ? s : hi_writer_register(w, e);
}

/* Ends whatever was being written. */
static int leave(struct hi_store_writer *w, struct hi_error *e)
{
	int s = w->marks.on ? HI_OK : hi_writer_commit(w, true, NULL, e);
	s = s ? s : hi_writer_forget(w, e);
	w->marks.on = false;
	return s ? s : renumber(w, e);
}

/*
 * The order of arrival is by writers' numbers. Who began at a position that another
 * writer has committed meanwhile comes after it, though its program started first: of
 * the same pipeline started several times at once the one that goes on may be any.
 */
static int be_newest(struct hi_store_writer *w, struct hi_error *e)
{
	int64_t next;
	int s = hi_db_one_int(w->store->db, "SELECT value FROM meta WHERE key='next_writer'", &next,
			      e);
	if (s || (uint64_t)next == w->number + 1)
		return s;
	s = hi_writer_retire(w, e);
	return s ? s : hi_writer_register(w, e);
}

int hi_store_begin(struct hi_store_writer *w, const struct hi_positions *opening, bool rewind,
		   struct hi_error *e)
{
	if (w->failed)
		return hi_writer_refuse(w, e);
	int s = leave(w, e);
	s = s ? s : be_newest(w, e);
	return hi_writer_done(w, s ? s : begin(w, opening, rewind, e), e);
}

int hi_store_unmark(struct hi_store_writer *w, struct hi_error *e)
{
	if (w->failed)
		return hi_writer_refuse(w, e);
	return w->marks.on ? hi_writer_done(w, leave(w, e), e) : HI_OK;
}

/*
 * A position that the store does not have is news even where nothing came yet: a source
 * that began at the latest message would begin at a later one after a restart.
 */
static bool has_moved(const struct hi_writer_marks *mk, const struct hi_positions *now)
{
	for (size_t i = 0; i < now->n; i++)
		if (!is(hi_positions_find(&mk->said, now->v[i].key), now->v[i].value) ||
		    !hi_positions_find(&mk->stored, now->v[i].key))
			return true;
	return false;
}

int hi_store_mark(struct hi_store_writer *w, const struct hi_mark *m, struct hi_error *e)
{
	if (w->failed)
		return hi_writer_refuse(w, e);
	if (!w->marks.on)
		return hi_error_set(e, HI_USAGE, "a mark before the opening mark");
	if (m->timed)
		hi_stream_clock_tick(&w->marks.clock, m->t_us);
	if (w->pending.records == 0 && !w->marks.rewind && !has_moved(&w->marks, &m->positions))
		return HI_OK;
	return hi_writer_done(w, hi_writer_commit(w, w->set.n >= HI_SEGMENTS_MAX, m, e), e);
}

/*
 * A key that is new to the stream may be one that the store knows, if it stands
 * where the mark says and nothing was put that could have come from it: the stream
 * takes it over.
 */
static bool may_take_over(const struct hi_store_writer *w, const struct hi_position *p,
			  const char *value)
{
	return w->pending.records == 0 && is(value, p->value) &&
	       !hi_positions_find(&w->marks.said, p->key);
}

static int compare_key(struct hi_store_writer *w, const struct hi_position *p, struct hi_error *e)
{
	const char *value;
	int s = look_up(w, p->key, &value, e);
	if (s || is(value, hi_positions_find(&w->marks.stored, p->key)) ||
	    may_take_over(w, p, value))
		return s;
	return hi_error_fmt(e, HI_CONTRACT,
			    "another pipeline has written from this source since; "
			    "nothing is kept after the last mark, start the line again",
			    "%s", p->key);
}

int hi_marks_compare(struct hi_store_writer *w, const struct hi_mark *m, struct hi_error *e)
{
	const struct hi_writer_marks *mk = &w->marks;
	int s = HI_OK;
	for (size_t i = 0; i < m->positions.n && s == HI_OK; i++)
		s = compare_key(w, &m->positions.v[i], e);
	for (size_t i = 0; mk->rewind && i < mk->said.n && s == HI_OK; i++)
		s = compare_key(w, &mk->said.v[i], e);
	sqlite3_reset(mk->get);
	return s;
}

static int set_key(struct hi_store_writer *w, const struct hi_position *p, struct hi_error *e)
{
	struct hi_writer_marks *mk = &w->marks;
	if (is(hi_positions_find(&mk->stored, p->key), p->value))
		return HI_OK;
	sqlite3_bind_text(mk->set, 1, p->key, -1, SQLITE_STATIC);
	sqlite3_bind_text(mk->set, 2, p->value, -1, SQLITE_STATIC);
	int s = hi_db_run(w->store->db, mk->set, e);
	return s ? s : keep(&mk->stored, p->key, p->value, e);
}

static int set_row(struct hi_store_writer *w, struct hi_error *e)
{
	struct hi_writer_marks *mk = &w->marks;
	struct hi_buf keys;
	int s = HI_OK;
	hi_buf_init(&keys, KEYS_MAX);
	sqlite3_clear_bindings(mk->row);
	sqlite3_bind_int64(mk->row, 1, (int64_t)w->number);
	if (mk->keys_n != mk->said.n) {
		put_keys(&mk->said, &keys);
		hi_db_bind_slice(mk->row, 2, hi_buf_view(&keys));
	}
	if (mk->clock.now_us > HI_TIME_MIN)
		sqlite3_bind_int64(mk->row, 3, mk->clock.now_us);
	s = keys.failed ? hi_error_set(e, HI_NOMEM, "no memory for positions")
			: hi_db_run(w->store->db, mk->row, e);
	hi_buf_release(&keys);
	mk->keys_n = mk->said.n;
	return s;
}

/* What is remembered of it is right even before COMMIT: a commit that fails is the writer's end. */
int hi_marks_set(struct hi_store_writer *w, const struct hi_mark *m, struct hi_error *e)
{
	struct hi_writer_marks *mk = &w->marks;
	int s = HI_OK;
	for (size_t i = 0; i < m->positions.n && s == HI_OK; i++)
		s = keep(&mk->said, m->positions.v[i].key, m->positions.v[i].value, e);
	/* Rewound keys that the mark does not name stand where the opening said. */
	const struct hi_positions *to = mk->rewind ? &mk->said : &m->positions;
	for (size_t i = 0; i < to->n && s == HI_OK; i++)
		s = set_key(w, &to->v[i], e);
	mk->rewind = false;
	return s ? s : set_row(w, e);
}
