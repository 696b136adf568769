/*
 * hi-gen: readings of invented patients, to try everything else with.
 *
 * In:      nothing
 * Out:     reading, hi-record(5); with --fault broken lines too; with --mark marks
 * Keeps:   nothing of a patient: every reading is computed from its number
 * Source:  the replaced system's generator (--plain); the model is lib/gen/vitals.c
 * Departs: from that generator: Z in its times, no spaces in its JSON
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/time.h"
#include "gen/gen.h"
#include "io/signal.h"
#include "tool/message.h"
#include "tool/options.h"
#include "tool/pace.h"
#include "tool/run.h"
#include "tool/source.h"

/* 2025-12-28T06:00:00Z, the day of the replaced system's examples. */
#define START_US INT64_C(1766901600000000)

enum { BLOCK_SIZE = 128 << 10 };

struct options {
	int64_t patients_n, count, seed, duration_us;
	const char *interval, *pace, *fault;
	struct hi_time_given start;
	bool live, plain;
};

static const struct hi_option option_table[] = {
	{ "patients", 'p', HI_OPT_INT, offsetof(struct options, patients_n), "N",
	  "patients P-001 to P-N (20)" },
	{ "interval", 'i', HI_OPT_STRING, offsetof(struct options, interval), "D",
	  "from one set to the next, or 2s-5s for between the two (5s)" },
	{ "start", 0, HI_OPT_TIME, offsetof(struct options, start), "TIME",
	  "time of the first set (2025-12-28T06:00:00Z)" },
	{ "duration", 'd', HI_OPT_DURATION, offsetof(struct options, duration_us), "D",
	  "sets before start + D (1h; without end with --live or --count)" },
	{ "count", 'n', HI_OPT_INT, offsetof(struct options, count), "N",
	  "readings at most, those that a fault takes away included" },
	{ "seed", 's', HI_OPT_INT, offsetof(struct options, seed), "N",
	  "another number, other patients (7)" },
	{ "live", 0, HI_OPT_FLAG, offsetof(struct options, live), NULL,
	  "from now on, at the pace of the wall clock, without end" },
	{ "pace", 0, HI_OPT_STRING, offsetof(struct options, pace), "Nx",
	  "write each set when it is due, N times as fast as the wall clock" },
	{ "plain", 0, HI_OPT_FLAG, offsetof(struct options, plain), NULL,
	  "the replaced system's draws, each value for itself, 2 % abnormal" },
	{ "fault", 0, HI_OPT_STRING, offsetof(struct options, fault), "LIST",
	  "missing=0.01,late=0.02,duplicate=R,artefact=R,garbage=R" },
	{ 0 },
};

static const struct hi_program program = {
	.name = "hi-gen",
	.summary = "Readings of invented patients, the same for the same seed.",
	.usage = "[OPTION]...",
	.examples = "hi-gen | hi-detect --only-new\n"
		    "hi-gen --live --patients 8 --interval 1s\n"
		    "hi-gen --patients 1000 --count 5000000 > big.ndjson\n"
		    "hi-gen --fault missing=0.01,late=0.02,garbage=0.001\n"
		    "hi-gen --resume ward | hi-detect | hi-store ward\n",
	.groups =
		HI_GROUP_OUTPUT | HI_GROUP_TZ | HI_GROUP_PROGRESS | HI_GROUP_SOURCE | HI_GROUP_TICK,
	.options = option_table,
};

struct state {
	struct hi_gen gen;
	double pace;	  /* event time to wall time; 0: as fast as it goes */
	int64_t begun_us; /* monotonic clock at from_us of event time */
	int64_t from_us;
	struct hi_source *source;
	char key[32]; /* "gen:7" */
	struct hi_positions at;
	int64_t tick_us; /* of the last mark */
	char block[BLOCK_SIZE];
};

/* The number of the reading from which the stored position goes on. */
static int go_on(struct state *s, struct hi_error *e)
{
	struct hi_gen *g = &s->gen;
	const char *stored = hi_source_position(s->source, s->key);
	char *end;

	if (!stored)
		return HI_OK;
	errno = 0;
	uint64_t n = strtoull(stored, &end, 10);
	if (*stored < '0' || *stored > '9' || *end || errno)
		return hi_error_fmt(e, HI_CONTRACT, "the stored position is no reading's number",
				    "%s", s->key);
	if (n > g->limit)
		return hi_error_fmt(e, HI_CONTRACT,
				    "the stored position is behind the end: another --count or "
				    "--duration?",
				    "%s at %s, the end is %" PRIu64, s->key, stored, g->limit);
	hi_gen_seek(g, n);
	s->from_us = hi_gen_set_time(g, n / hi_gen_set_size(g));
	return HI_OK;
}

/*
 * The source's clock: the time of the last whole set; at a pace, that of the pace,
 * though never beyond the set that is next.
 */
static int64_t tick(struct state *s)
{
	const struct hi_gen *g = &s->gen;
	const uint64_t size = hi_gen_set_size(g), set = g->n / size;
	int64_t now_us = set > 0 ? hi_gen_set_time(g, set - 1) : HI_TIME_MIN;

	if (s->pace > 0 && g->n % size == 0) {
		const int64_t gone_us = hi_pace_gone(s->begun_us, s->pace);
		const int64_t most_us = hi_gen_set_time(g, set) - s->from_us;
		const int64_t clock_us = s->from_us + (gone_us < most_us ? gone_us : most_us);
		if (now_us < clock_us)
			now_us = clock_us;
	}
	if (s->tick_us < now_us)
		s->tick_us = now_us;
	return s->tick_us;
}

static int mark(struct state *s, struct hi_error *e)
{
	int status = hi_positions_set_int(&s->at, s->key, (int64_t)s->gen.n, e);
	return status ? status : hi_source_mark(s->source, &s->at, tick(s), e);
}

/* Waits until the set of the next reading is due. *stop: the number after its last reading. */
static int await_set(struct hi_run *run, struct state *s, uint64_t *stop, struct hi_error *e)
{
	const uint64_t size = hi_gen_set_size(&s->gen), set = s->gen.n / size;
	const int64_t after_us = hi_gen_set_time(&s->gen, set) - s->from_us;
	const int64_t due_us = hi_pace_due(s->begun_us, after_us, s->pace);
	int status = HI_OK;

	*stop = (set + 1) * size;
	hi_writer_flush(run->out);
	for (int64_t now_us; status == HI_OK && !hi_signal_stop;) {
		now_us = hi_monotonic_us();
		if (now_us >= due_us)
			break;
		now_us += hi_source_wait_ms(s->source, INT_MAX) * HI_US_MS;
		hi_pace_sleep(run, now_us < due_us ? now_us : due_us);
		if (hi_source_due(s->source))
			status = mark(s, e);
	}
	return status;
}

/* As far as a mark of --mark N may be due. */
static uint64_t before_mark(const struct state *s, uint64_t stop)
{
	const uint64_t room = hi_source_room(s->source);
	const uint64_t most = room == UINT64_MAX ? room : hi_gen_within(&s->gen, room);

	return stop - s->gen.n < most ? stop : s->gen.n + most;
}

static int write_lines(struct hi_run *run, struct hi_error *e)
{
	struct state *s = run->state;
	struct hi_gen *g = &s->gen;
	const uint64_t first = g->n < g->end ? g->n : g->end;
	uint64_t stop = s->pace > 0 ? 0 : g->limit;
	int status = HI_OK;

	s->begun_us = hi_monotonic_us();
	while (g->n < g->limit && !hi_signal_stop && !hi_writer_failed(run->out) && !status) {
		const uint64_t lines = g->lines;
		if (g->n >= stop) {
			status = await_set(run, s, &stop, e);
			continue;
		}
		size_t len = hi_gen_fill(g, before_mark(s, stop), s->block, sizeof(s->block));
		hi_writer_pass(run->out, s->block, len);
		hi_writer_settle(run->out);
		run->records = (g->n < g->end ? g->n : g->end) - first;
		run->lines_out += g->lines - lines;
		if (hi_source_due(s->source))
			status = mark(s, e);
		hi_run_tell(run, false);
	}
	return status ? status : mark(s, e);
}

static int generate(struct hi_run *run, struct hi_error *e)
{
	struct state *s = run->state;

	hi_positions_init(&s->at);
	int status = hi_source_open(&s->source, run, NULL, e);
	status = status ? status : go_on(s, e);
	status = status ? status : hi_positions_set_int(&s->at, s->key, (int64_t)s->gen.n, e);
	status = status ? status : hi_source_begin(s->source, &s->at, e);
	status = status ? status : write_lines(run, e);
	hi_source_free(s->source);
	hi_positions_release(&s->at);
	return status;
}

/* "5s", or "2s-5s". */
static int interval_parse(const char *text, struct hi_gen_config *c, struct hi_error *e)
{
	const char *dash = strchr(text, '-');
	struct hi_slice least = { text, dash ? (size_t)(dash - text) : strlen(text) };

	c->every_least_us = c->every_most_us = 0;
	if (hi_duration_parse(least, &c->every_least_us) != HI_OK ||
	    hi_duration_parse(dash ? hi_slice_of(dash + 1) : least, &c->every_most_us) != HI_OK ||
	    c->every_least_us <= 0 || c->every_most_us < c->every_least_us)
		return hi_error_fmt(e, HI_USAGE, "--interval: not as 5s or 2s-5s", "%s", text);
	return HI_OK;
}

static int configure(const struct options *o, const struct hi_common *common, struct state *s,
		     struct hi_error *e)
{
	const bool endless = o->live || o->count >= 0;
	struct hi_gen_config c = {
		.seed = (uint64_t)o->seed,
		.patients_n = o->patients_n > 0 ? (uint64_t)o->patients_n : 0,
		.start_us = o->start.given ? o->start.t_us : START_US,
		.duration_us = o->duration_us >= 0 || endless ? o->duration_us : HI_US_H,
		.count = o->count >= 0 ? (uint64_t)o->count : HI_GEN_NO_COUNT,
		.plain = o->plain,
	};
	int status = interval_parse(o->interval, &c, e);

	if (o->live && !o->start.given && common->resume)
		return hi_error_set(e, HI_USAGE,
				    "--live with --resume needs --start TIME: each start would "
				    "give the readings other times");
	if (o->live && !o->start.given)
		c.start_us = hi_clock_us() / HI_US_S * HI_US_S;
	snprintf(s->key, sizeof(s->key), "gen:%" PRId64, o->seed);
	s->from_us = c.start_us;
	s->tick_us = HI_TIME_MIN;
	s->pace = o->live ? 1 : 0;
	if (status == HI_OK && o->pace)
		status = hi_pace_parse(o->pace, &s->pace, e);
	if (status == HI_OK && o->fault)
		status = hi_gen_faults_parse(hi_slice_of(o->fault), &c.faults, e);
	return status == HI_OK ? hi_gen_init(&s->gen, &c, e) : status;
}

int main(int argc, char **argv)
{
	struct options options = {
		.patients_n = 20,
		.count = -1,
		.seed = 7, /* whose first hour holds every kind of episode */
		.duration_us = -1,
		.interval = "5s",
	};
	static struct state state;
	struct hi_common common = { 0 };
	struct hi_error e = { 0 };
	int first, status = hi_options_parse(&program, &options, &common, argc, argv, &first);

	if (status >= 0)
		return status;
	if (first < argc) {
		hi_complain("reads no input: '%s'", argv[first]);
		return hi_exit_status(HI_USAGE);
	}
	status = configure(&options, &common, &state, &e);
	if (status != HI_OK) {
		hi_complain_error(&e);
		return hi_exit_status(e.status);
	}
	return hi_run_source(&program, &common, &state, generate);
}
