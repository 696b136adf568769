/* The loop over a store operand: the same records, without text in between. */
#include "base/time.h"
#include "io/signal.h"
#include "store/store.h"
#include "tool/message.h"
#include "tool/run_private.h"

struct hi_select hi_run_selection(const struct hi_run *run)
{
	const struct hi_common *c = run->common;
	unsigned takes = run->p->tool->takes;
	return (struct hi_select){
		.since_us = c->since.given ? c->since.t_us : HI_TIME_MIN,
		.until_us = c->until.given ? c->until.t_us : HI_TIME_END,
		.last_n = c->last_n,
		.last_us = c->last_us,
		.patients = c->patients.v,
		.patients_n = c->patients.n,
		.metrics = c->metrics.v,
		.metrics_n = c->metrics.n,
		.types = takes & ((1u << HI_TYPES) - 1),
		.scores = takes & HI_TAKES_SCORES,
		.raw = run->p->tool->raw,
	};
}

/* What a person asks next when nothing came: what is there? */
static void say_range(struct hi_store *store, const char *path)
{
	int64_t first_us, last_us;
	char a[HI_TIME_TEXT_MAX], b[HI_TIME_TEXT_MAX];
	if (hi_store_range(store, &first_us, &last_us, NULL)) {
		hi_note("%s: no readings in this store", path);
		return;
	}
	size_t a_len = hi_time_format(first_us, 0, a), b_len = hi_time_format(last_us, 0, b);
	hi_note("%s: nothing selected; its readings are from %.*s to %.*s", path, (int)a_len, a,
		(int)b_len, b);
}

static int read_rows(struct hi_run *run, struct hi_cursor *c, uint64_t *n, struct hi_error *e)
{
	struct hi_rec rec;
	for (;;) {
		int s = hi_cursor_next(c, &rec, e);
		if (s)
			return s == HI_END ? HI_OK : s;
		++*n;
		run->records++;
		s = run->p->tool->record(run, &rec, e);
		hi_writer_settle(run->out);
		if (s || hi_writer_failed(run->out))
			return s;
		if (hi_signal_stop) {
			run->p->ended = true;
			if (!run->p->tool->follow)
				hi_run_cut(run, true);
			return HI_OK;
		}
		if (hi_signal_counters || (*n & 0xffff) == 0)
			hi_run_tell(run, false);
	}
}

/* How soon a signal is seen. */
enum { FOLLOW_MS = 100 };

/* What was read goes out before each wait, so that a commit is seen at once. */
static int follow(struct hi_run *run, struct hi_cursor *c, uint64_t *n, struct hi_error *e)
{
	const struct hi_tool *t = run->p->tool;
	int s = HI_OK;
	while (s == HI_OK && !hi_signal_stop && !hi_writer_failed(run->out)) {
		s = t->pause ? t->pause(run, e) : HI_OK;
		hi_writer_flush(run->out);
		s = s ? s : hi_cursor_follow(c, FOLLOW_MS, e);
		if (s == HI_OK)
			s = read_rows(run, c, n, e);
		else if (s == HI_END)
			s = HI_OK;
		hi_run_tell(run, false);
	}
	run->p->ended |= s == HI_OK;
	return s;
}

int hi_run_store(struct hi_run *run, const char *path, struct hi_error *e)
{
	struct hi_select sel = hi_run_selection(run);
	struct hi_store *store = NULL;
	struct hi_cursor *cursor = NULL;
	uint64_t n = 0;
	int64_t oldest_us, newest_us;

	run->p->source = path;
	int s = hi_store_open(&store, path, e);
	if (s == HI_OK && hi_store_range(store, &oldest_us, &newest_us, NULL) == HI_OK)
		hi_run_range(run, oldest_us, newest_us);
	s = s ? s : hi_cursor_open(&cursor, store, &sel, e);
	s = s ? s : read_rows(run, cursor, &n, e);
	if (s == HI_OK && run->p->tool->follow)
		s = follow(run, cursor, &n, e);
	if (s == HI_OK && n == 0 && !run->p->ended)
		say_range(store, path);
	hi_cursor_close(cursor);
	hi_store_close(store);
	return s;
}
