/* A store as a resumable source: its rows in order of arrival, behind a vector position. */
#include <stdio.h>

#include "base/time.h"
#include "io/signal.h"
#include "store/store.h"
#include "store/vector.h"
#include "tool/run_private.h"
#include "tool/source_private.h"

/* How soon a signal is seen. */
enum { FOLLOW_MS = 100 };

struct feed {
	struct hi_run *run;
	struct hi_source *source;
	struct hi_store *store;
	struct hi_cursor *cursor;
	char key[sizeof("store:") + HI_STORE_ID_LEN];
	struct hi_positions at;
	int64_t tick_us; /* the clock before the store was read to its end; HI_TIME_MIN: it was not
			  */
};

static int mark(struct feed *f, struct hi_error *e)
{
	struct hi_vector v;
	int s = hi_cursor_vector(f->cursor, &v, e);
	s = s ? s : hi_vector_set(&f->at, f->key, &v, e);
	return s ? s : hi_source_mark(f->source, &f->at, f->tick_us, e);
}

static bool must_end(const struct feed *f)
{
	return hi_signal_stop || hi_writer_failed(f->run->out);
}

static int give(struct feed *f, const struct hi_rec *rec, struct hi_error *e)
{
	struct hi_run *run = f->run;
	run->records++;
	int s = run->p->tool->record(run, rec, e);
	hi_writer_settle(run->out);
	if (s == HI_OK && hi_source_due(f->source))
		s = mark(f, e);
	hi_run_tell(run, false);
	return s;
}

/* The store cannot be read any further: what was given stays given. */
static int fail(struct feed *f, int status)
{
	struct hi_error later;
	mark(f, &later);
	return status;
}

/* To the end of the snapshot: HI_END; HI_OK after a signal; HI_REFUSED: --strict ends it. */
static int give_rows(struct feed *f, struct hi_error *e)
{
	struct hi_rec rec;
	f->tick_us = HI_TIME_MIN;
	while (!must_end(f)) {
		int s = hi_cursor_next(f->cursor, &rec, e);
		if (s)
			return s == HI_END ? s : fail(f, s);
		s = give(f, &rec, e);
		if (s)
			return s;
	}
	return HI_OK;
}

/* The clock is read first: all that was committed before it has been given then. */
static int read_on(struct feed *f, struct hi_error *e)
{
	const int64_t clock_us = hi_clock_us();
	int s = hi_cursor_follow(f->cursor, hi_source_wait_ms(f->source, FOLLOW_MS), e);
	if (s < 0)
		return fail(f, s);
	if (s == HI_OK)
		s = give_rows(f, e);
	if (s != HI_END)
		return s;
	f->tick_us = clock_us;
	s = hi_source_due(f->source) ? mark(f, e) : HI_OK;
	hi_writer_flush(f->run->out);
	hi_run_tell(f->run, false);
	return s;
}

static int run_feed(struct feed *f, struct hi_error *e)
{
	const int64_t clock_us = hi_clock_us();
	int s = give_rows(f, e);
	if (s == HI_END)
		f->tick_us = clock_us;
	s = s == HI_END ? HI_OK : s;
	hi_writer_flush(f->run->out);
	while (s == HI_OK && f->run->p->tool->follow && !must_end(f))
		s = read_on(f, e);
	if (hi_signal_stop && !f->run->p->tool->follow)
		hi_run_cut(f->run, false);
	if (s < 0)
		return s;
	int m = mark(f, e);
	return m ? m : s;
}

static int open_feed(struct feed *f, const char *path, bool known, struct hi_error *e)
{
	struct hi_select sel = hi_run_selection(f->run);
	struct hi_vector start;
	char id[HI_STORE_ID_LEN + 1];
	int s = hi_store_open(&f->store, path, e);
	s = s ? s : hi_store_id(f->store, id, e);
	if (s)
		return s;
	snprintf(f->key, sizeof(f->key), "store:%s", id);
	const char *stored = hi_source_position(f->source, f->key);
	if (!stored && known)
		return hi_error_fmt(e, HI_USAGE, "the file of --cursor is another store's", "%s",
				    path);
	if (!hi_vector_read(&start, stored))
		return hi_error_fmt(e, HI_CONTRACT, "the stored position is none of a store's",
				    "%s", f->key);
	sel.raw = true;
	sel.after = &start;
	s = hi_cursor_open(&f->cursor, f->store, &sel, e);
	if (s)
		return s;
	return stored ? hi_positions_set(&f->at, hi_slice_of(f->key), hi_slice_of(stored), e)
		      : hi_vector_set(&f->at, f->key, &start, e);
}

int hi_source_store(struct hi_run *run, struct hi_source *source, const char *path, bool known,
		    struct hi_error *e)
{
	struct feed f = { .run = run, .source = source, .tick_us = HI_TIME_MIN };
	run->p->source = path;
	hi_positions_init(&f.at);
	int s = open_feed(&f, path, known, e);
	s = s ? s : hi_source_begin(source, &f.at, e);
	s = s ? s : run_feed(&f, e);
	hi_cursor_close(f.cursor);
	hi_store_close(f.store);
	hi_positions_release(&f.at);
	return s;
}
