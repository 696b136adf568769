/*
 * hi-cat: reads stores and files, and passes on what is selected.
 *
 * In:      stores, hi-store(5); files of records, hi-record(5)
 * Out:     records; from a store readings in event order; with --mark marks
 * Keeps:   one hour's rows of a store; with --last its answer
 * Source:  -
 * Departs: from cat(1): a store's readings come sorted, and each once
 */
#include <sys/stat.h>

#include "base/time.h"
#include "io/signal.h"
#include "store/store.h"
#include "tool/hours.h"
#include "tool/message.h"
#include "tool/options.h"
#include "tool/pace.h"
#include "tool/run.h"
#include "tool/set.h"
#include "tool/show.h"
#include "tool/source.h"
#include "tool/source_input.h"

enum { ALL_TYPES = (1 << HI_TYPES) - 1 };

struct options {
	bool derived, raw, follow, hours;
	const char *pace, *cursor;
	struct hi_strings set;
};

static const struct hi_option option_table[] = {
	{ "derived", 0, HI_OPT_FLAG, offsetof(struct options, derived), NULL,
	  "scores too, not only what sensors gave" },
	{ "raw", 0, HI_OPT_FLAG, offsetof(struct options, raw), NULL,
	  "every row as committed, in order of arrival, duplicates too" },
	{ "follow", 'f', HI_OPT_FLAG, offsetof(struct options, follow), NULL,
	  "go on with what is committed later, until a signal" },
	{ "cursor", 0, HI_OPT_STRING, offsetof(struct options, cursor), "FILE",
	  "go on behind the positions in FILE, with marks; hi-store replaces it" },
	{ "pace", 0, HI_OPT_STRING, offsetof(struct options, pace), "Nx",
	  "as fast as it happened (1x), or N times as fast" },
	{ "set", 0, HI_OPT_STRINGS, offsetof(struct options, set), "KEY=V",
	  "put this key into every record" },
	{ "hours", 0, HI_OPT_FLAG, offsetof(struct options, hours), NULL,
	  "print the store's hours, an operand a line" },
	{ 0 },
};

static const struct hi_program program = {
	.name = "hi-cat",
	.summary = "Reads stores and files, and passes on what is selected.",
	.usage = "[OPTION]... [STORE|FILE]...",
	.examples = "hi-cat --last 20 --patient P-001 ward/\n"
		    "hi-cat --day yesterday --type reading,alert ward/ | hi-report > y.html\n"
		    "hi-cat --follow --metric spo2 ward/\n"
		    "hi-cat --follow --cursor up.pos gw/ | hi-store --cursor up.pos ward/\n"
		    "hi-cat --resume ward/ day.ndjson | hi-detect | hi-store ward/\n",
	.groups = HI_GROUP_SELECT | HI_GROUP_TYPE | HI_GROUP_OUTPUT | HI_GROUP_FORMAT |
		  HI_GROUP_TZ | HI_GROUP_STRICT | HI_GROUP_STREAM | HI_GROUP_PROGRESS |
		  HI_GROUP_SOURCE | HI_GROUP_TICK,
	.options = option_table,
};

struct state {
	struct options options;
	unsigned types; /* that were asked for */
	double pace;	/* event time to wall time; 0: as fast as it goes */
	bool paced;	/* the first time was met: */
	int64_t first_us, begun_us;
	struct hi_show show;
	struct hi_set set;
	const char *store; /* of --hours */
	bool marked;	   /* it is a resumable source */
};

/* Waits until rec is due; what came before it is shown first. */
static void wait_for(struct state *st, struct hi_run *run, const struct hi_rec *rec)
{
	if (!(rec->has & HI_HAS_TIME))
		return;
	if (!st->paced) {
		st->paced = true;
		st->first_us = rec->t_us;
		st->begun_us = hi_monotonic_us();
	}
	int64_t due_us = hi_pace_due(st->begun_us, rec->t_us - st->first_us, st->pace);
	if (due_us <= hi_monotonic_us())
		return;
	hi_show_pause(&st->show, run);
	hi_writer_flush(run->out);
	hi_pace_sleep(run, due_us);
}

static int open_output(struct hi_run *run, struct hi_error *e)
{
	struct state *st = run->state;
	int s = hi_set_init(&st->set, st->options.set.v, st->options.set.n, e);
	return s ? s : hi_show_open(&st->show, run, e);
}

static int record(struct hi_run *run, const struct hi_rec *rec, struct hi_error *e)
{
	struct state *st = run->state;
	struct hi_rec changed;
	if (!(st->types & 1u << rec->type))
		return HI_OK;
	if (st->pace > 0)
		wait_for(st, run, rec);
	if (st->pace > 0 && hi_signal_stop)
		return HI_OK;
	if (st->set.n > 0 && rec->type != HI_T_MARK) {
		int s = hi_set_apply(&st->set, rec, &changed, e);
		if (s)
			return s == HI_REFUSED ? hi_run_reject(run, e, rec->line) : s;
		rec = &changed;
	}
	return hi_show_record(&st->show, run, rec, e);
}

static int pause_output(struct hi_run *run, struct hi_error *e)
{
	struct state *st = run->state;
	(void)e;
	hi_show_pause(&st->show, run);
	return HI_OK;
}

static int close_output(struct hi_run *run, struct hi_error *e)
{
	struct state *st = run->state;
	hi_set_release(&st->set);
	return hi_show_close(&st->show, run, e);
}

static int read_marked(struct hi_run *run, int n, char **operands, struct hi_error *e)
{
	const struct state *st = run->state;
	return hi_source_inputs(run, st->options.cursor, n, operands, e);
}

static int print_hours(struct hi_run *run, struct hi_error *e)
{
	const struct state *st = run->state;
	return hi_hours_print(run, st->store, e);
}

/* The bits of --type; 0 after a complaint. */
static unsigned types_of(const struct hi_strings *names)
{
	unsigned types = 0;
	for (size_t i = 0; i < names->n; i++) {
		int t = 0;
		while (t < HI_TYPES && strcmp(names->v[i], hi_type_names[t]) != 0)
			t++;
		if (strcmp(names->v[i], "all") == 0) {
			types |= ALL_TYPES;
		} else if (t == HI_TYPES || t == HI_T_MARK) {
			hi_complain("--type %s: there are reading, alert, act, patient, stat, "
				    "void, reject, other, all",
				    names->v[i]);
			return 0;
		} else {
			types |= 1u << t;
		}
	}
	return types;
}

/* A folder that is no store is meant to be one: reading it says so. */
static bool is_store(const char *operand)
{
	struct stat st;
	return hi_store_is(operand) || (stat(operand, &st) == 0 && S_ISDIR(st.st_mode));
}

/* What has no place beside marks, or NULL. */
static const char *check_marked(const struct options *o, const struct hi_common *c)
{
	if (o->hours)
		return "--hours reads no records: no marks go with it";
	if (o->cursor && c->resume)
		return "--cursor and --resume do not go together: each says where to go on";
	if (c->last_n || c->last_us)
		return "--last and marks do not go together: its answer comes at the end";
	if (o->pace)
		return "--pace and marks do not go together: a mark would wait with it";
	if (c->format_given && c->format != HI_FORMAT_NDJSON)
		return "marks have a place in --format ndjson only";
	return NULL;
}

/* What goes together: -1, or the exit status after a complaint. */
static int check(struct state *st, const struct hi_common *common, int n, char **operands)
{
	const struct options *o = &st->options;
	int stores = 0;
	const char *why = NULL;
	struct hi_error e = { .status = HI_OK };
	for (int i = 0; i < n; i++)
		stores += is_store(operands[i]);
	if (o->hours && (n != 1 || stores != 1))
		why = "--hours takes one store";
	else if (o->follow && (n != 1 || stores != 1))
		why = "--follow takes one store";
	else if (o->cursor && (n != 1 || stores != 1))
		why = "--cursor takes one store";
	else if (st->marked)
		why = check_marked(o, common);
	else if (common->tick || common->window_us)
		why = "--window and --tick go with --mark, --resume or --cursor";
	else if (o->raw && stores < (n ? n : 1))
		why = "--raw is for stores: a file is given as it is";
	else if (o->raw && common->last_n)
		why = "--raw and --last N do not go together";
	if (why)
		hi_complain("%s", why);
	else if (o->pace && hi_pace_parse(o->pace, &st->pace, &e))
		hi_complain_error(&e);
	return why || e.status ? hi_exit_status(HI_USAGE) : -1;
}

int main(int argc, char **argv)
{
	struct state st = { .types = ALL_TYPES };
	struct hi_common common;
	int first;
	int exit_status = hi_options_parse(&program, &st.options, &common, argc, argv, &first);
	st.marked = common.mark_us || common.mark_lines || common.resume || st.options.cursor;
	if (exit_status < 0)
		exit_status = check(&st, &common, argc - first, argv + first);
	if (exit_status < 0 && common.types.n > 0 && !(st.types = types_of(&common.types)))
		exit_status = hi_exit_status(HI_USAGE);
	if (exit_status >= 0)
		return exit_status;
	st.store = argv[first];
	if (st.options.hours)
		return hi_run_source(&program, &common, &st, print_hours);
	if (common.resume && first == argc)
		return hi_run_source(&program, &common, &st, hi_source_preamble);
	if (st.marked) { /* for a terminal, too */
		common.format_given = true;
		common.format = HI_FORMAT_NDJSON;
	}
	unsigned takes = common.types.n > 0 ? st.types : 1u << HI_T_READING;
	if (st.options.derived || takes == ALL_TYPES)
		takes |= HI_TAKES_SCORES;
	struct hi_tool tool = {
		.program = &program,
		/* A line of JSON has no place in a table or CSV: there a reject is a row. */
		.role = hi_show_format(&common) == HI_FORMAT_NDJSON ? HI_FILTER : HI_SINK,
		.takes = takes,
		.raw = st.options.raw,
		.follow = st.options.follow,
		.open = open_output,
		.inputs = st.marked ? read_marked : NULL,
		.record = record,
		.pause = pause_output,
		.close = close_output,
	};
	return hi_run(&tool, &common, &st, argc - first, argv + first);
}
