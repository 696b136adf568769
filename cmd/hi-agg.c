/*
 * hi-agg: statistics of readings by day, shift or hour.
 * In: reading (hi-record(5)); anything else is read over.
 * Out: stat, one a window x metric, and patient and ward where asked.
 * Keeps: counts of values and a bit a patient for each row to be, until the end
 *   or --lateness after the window.
 * Source: percentiles after Hyndman and Fan 1996, type 7; sd of the sample.
 * Departs: from the replaced system's daily batch in nothing but more columns.
 */
#include <stdio.h>
#include <unistd.h>

#include "agg/row.h"
#include "base/time.h"
#include "store/store.h"
#include "tool/message.h"
#include "tool/run.h"
#include "tool/table.h"

enum { EXIT_USAGE = 2, EXIT_LATE = 3 };

struct options {
	int64_t every_us, offset_us;
	struct hi_strings by;
	bool derived;
	int64_t lateness_us; /* negative: not given */
};

#define OPT(field) offsetof(struct options, field)

static const struct hi_option option_table[] = {
	{ "every", 0, HI_OPT_DURATION, OPT(every_us), "DURATION",
	  "length of a window: 1h, 8h, 7d [1d]" },
	{ "offset", 0, HI_OPT_DURATION, OPT(offset_us), "DURATION",
	  "windows begin so much later: 6h for shifts from 06:00" },
	{ "by", 0, HI_OPT_LIST, OPT(by), "KEY,...", "rows by patient, by ward, or by both" },
	{ "derived", 0, HI_OPT_FLAG, OPT(derived), NULL, "scores too, not only what was measured" },
	{ "lateness", 0, HI_OPT_DURATION, OPT(lateness_us), "DURATION",
	  "write a window when the clock is so far past its end" },
	{ 0 },
};

static const struct hi_program program = {
	.name = "hi-agg",
	.summary = "Statistics of readings by day, shift or hour.",
	.usage = "[OPTION]... [INPUT]...",
	.examples = "hi-gen | hi-agg\n"
		    "hi-agg --every 8h --offset 6h --by ward --tz Europe/Berlin ward/\n",
	.groups = HI_GROUP_SELECT | HI_GROUP_OUTPUT | HI_GROUP_FORMAT | HI_GROUP_TZ |
		  HI_GROUP_STRICT | HI_GROUP_STREAM | HI_GROUP_PROGRESS,
	.options = option_table,
};

struct state {
	struct hi_agg_options agg_options;
	struct hi_agg *agg;
	enum hi_format format;
	struct hi_table *table;
	struct hi_run *run;
};

static struct hi_table *new_table(const struct hi_agg_options *o)
{
	static const char *const rest[] = { ">n",   ">patients",    ">avg",    ">min",
					    ">max", ">sd",	    ">p05",    ">p50",
					    ">p95", ">implausible", "complete" };
	const char *titles[4 + sizeof(rest) / sizeof(*rest)] = { "from", "metric" };
	size_t n = 2;

	if (o->by_patient)
		titles[n++] = "patient";
	if (o->by_ward)
		titles[n++] = "ward";
	memcpy(titles + n, rest, sizeof(rest));
	return hi_table_new(titles, n + sizeof(rest) / sizeof(*rest));
}

static void cell_number(struct state *s, bool given, double v)
{
	char text[HI_NUM_TEXT_MAX];
	int n = given ? snprintf(text, sizeof(text), "%.6g", v) : 0;

	hi_table_cell(s->table, (struct hi_slice){ text, (size_t)n });
}

/* The beginning as the zone's clocks show it, without what is always zero. */
static void cell_from(struct state *s, int64_t from_us)
{
	struct hi_civil c;
	char text[64];

	hi_civil_of(from_us, false, &c);
	int n = snprintf(text, sizeof(text), "%04d-%02d-%02d", c.year, c.month, c.day);
	if (c.hour || c.minute || c.second || s->agg_options.every.every_us < HI_US_DAY)
		n += snprintf(text + n, sizeof(text) - (size_t)n, " %02d:%02d", c.hour, c.minute);
	hi_table_cell(s->table, (struct hi_slice){ text, (size_t)n });
}

static void table_row(struct state *s, const struct hi_stat_row *row)
{
	const struct hi_stats *a = &row->all;
	bool any = a->count > 0;

	cell_from(s, row->window.from_us);
	hi_table_cell(s->table, row->metric_name);
	if (s->agg_options.by_patient)
		hi_table_cell(s->table, row->patient_id);
	if (s->agg_options.by_ward)
		hi_table_cell(s->table, row->ward);
	cell_number(s, true, (double)a->count);
	cell_number(s, true, (double)row->patient_count);
	cell_number(s, any, a->avg);
	cell_number(s, any, a->min);
	cell_number(s, any, a->max);
	cell_number(s, a->has_sd, a->sd);
	cell_number(s, any, a->p05);
	cell_number(s, any, a->p50);
	cell_number(s, any, a->p95);
	cell_number(s, true, (double)(a->count - row->plausible.count));
	hi_table_cell(s->table, row->complete ? HI_LIT("yes") : HI_LIT("no"));
	hi_table_row(s->table, s->run->out);
}

static int emit_row(void *arg, const struct hi_stat_row *row, struct hi_error *e)
{
	struct state *s = arg;
	struct hi_buf *line = &s->run->line;

	(void)e;
	if (s->format == HI_FORMAT_TABLE) {
		table_row(s, row);
	} else if (s->format == HI_FORMAT_CSV) {
		hi_stat_csv(line, row);
		line->len--;
		hi_emit(s->run);
	} else {
		hi_stat_json(line, row);
		hi_emit(s->run);
	}
	return HI_OK;
}

static int open_agg(struct hi_run *run, struct hi_error *e)
{
	struct state *s = run->state;
	const struct hi_common *c = run->common;

	s->run = run;
	s->format = c->format;
	if (!c->format_given && !c->output && isatty(STDOUT_FILENO))
		s->format = HI_FORMAT_TABLE;
	if (s->format == HI_FORMAT_TABLE) {
		s->table = new_table(&s->agg_options);
		if (!s->table)
			return hi_error_set(e, HI_NOMEM, "no memory for a table");
	} else if (s->format == HI_FORMAT_CSV) {
		hi_stat_csv_header(&run->line);
		run->line.len--;
		hi_emit(run);
	}
	s->agg_options.row = emit_row;
	s->agg_options.arg = s;
	return hi_agg_new(&s->agg, &s->agg_options, e);
}

static int record(struct hi_run *run, const struct hi_rec *rec, struct hi_error *e)
{
	int status = hi_agg_add(((struct state *)run->state)->agg, rec, e);

	return status == HI_REFUSED ? HI_OK : status;
}

static int close_agg(struct hi_run *run, struct hi_error *e)
{
	struct state *s = run->state;
	uint64_t late = hi_agg_late(s->agg);

	hi_agg_range(s->agg, run->oldest_us, run->newest_us);
	int status = hi_agg_finish(s->agg, e);
	if (s->table)
		hi_table_flush(s->table, run->out);
	if (late > 0) {
		hi_complain("%llu readings came after their window was written (--lateness)",
			    (unsigned long long)late);
		run->status = run->status > EXIT_LATE ? run->status : EXIT_LATE;
	}
	hi_table_free(s->table);
	hi_agg_free(s->agg);
	return status;
}

/* Returns -1 to go on, or the exit status. */
static int take_options(const struct options *o, struct hi_agg_options *out)
{
	struct hi_error e = { .status = HI_OK };

	*out = (struct hi_agg_options){
		.every = { o->every_us, o->offset_us },
		.derived = o->derived,
		.lateness_given = o->lateness_us >= 0,
		.lateness_us = o->lateness_us,
	};
	for (size_t i = 0; i < o->by.n; i++) {
		struct hi_slice key = hi_slice_of(o->by.v[i]);
		out->by_patient |= hi_slice_is(key, "patient");
		out->by_ward |= hi_slice_is(key, "ward");
		if (!hi_slice_is(key, "patient") && !hi_slice_is(key, "ward")) {
			hi_complain("--by %s: patient or ward", o->by.v[i]);
			return EXIT_USAGE;
		}
	}
	if (hi_every_check(&out->every, &e)) {
		hi_complain_error(&e);
		return EXIT_USAGE;
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct options o = { .every_us = HI_US_DAY, .lateness_us = -1 };
	struct state state = { .run = NULL };
	struct hi_common common;
	int first;

	int status = hi_options_parse(&program, &o, &common, argc, argv, &first);
	if (status < 0)
		status = take_options(&o, &state.agg_options);
	if (status >= 0)
		return status;

	const struct hi_tool tool = {
		.program = &program,
		.role = HI_REDUCER,
		.takes = 1u << HI_T_READING | (o.derived ? HI_TAKES_SCORES : 0u),
		.open = open_agg,
		.record = record,
		.close = close_agg,
	};
	return hi_run(&tool, &common, &state, argc - first, argv + first);
}
