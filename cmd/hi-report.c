/*
 * hi-report: what the records say of each patient, as one page or for a terminal.
 * In:      every record of hi-record(5); readings, alerts, patients, stats, rejects.
 * Out:     one HTML file without script or request; with --text plain text.
 * Keeps:   512 buckets at most a patient and metric, episodes, rows: hi-report(1).
 * Source:  HTML Living Standard, SVG 2, CSP 3; WCAG 2.2 AA is what tests hold it to.
 * Departs: research and engineering, not a medical device.
 */
#include <stddef.h>

#include "base/time.h"
#include "report/html.h"
#include "report/page.h"
#include "report/words.h"
#include "tool/message.h"
#include "tool/run.h"
#include "tool/table.h"

struct options {
	bool text;
	const char *title;
};

static const struct hi_option option_table[] = {
	{ "text", 't', HI_OPT_FLAG, offsetof(struct options, text), NULL,
	  "the board and the alarms as plain text" },
	{ "title", 0, HI_OPT_STRING, offsetof(struct options, title), "TEXT",
	  "the report's heading (default: Ward report)" },
	{ 0 },
};

static const struct hi_program program = {
	.name = "hi-report",
	.summary = "one page of what records say: ward board, alarms, charts, statistics",
	.usage = "[OPTION]... [INPUT]...",
	.examples = "hi-gen | hi-detect | hi-report -o report.html\n"
		    "hi-report --last 24h -o report.html ward/\n"
		    "hi-report --text ward/\n",
	.groups = HI_GROUP_SELECT | HI_GROUP_OUTPUT | HI_GROUP_TZ | HI_GROUP_STRICT |
		  HI_GROUP_PROGRESS,
	.options = option_table,
};

struct state {
	struct options opt;
	struct hi_summary summary;
	const char *const *inputs;
	size_t inputs_n;
};

static int open_report(struct hi_run *run, struct hi_error *e)
{
	struct state *s = run->state;

	return hi_summary_init(&s->summary, e);
}

static int record(struct hi_run *run, const struct hi_rec *rec, struct hi_error *e)
{
	struct state *s = run->state;

	return hi_summary_add(&s->summary, rec, e);
}

static int write_page(struct hi_run *run, struct hi_error *e)
{
	struct state *s = run->state;
	struct hi_page page = {
		.summary = &s->summary,
		.title = hi_slice_of(s->opt.title),
		.version = hi_version,
		.inputs = s->inputs,
		.inputs_n = s->inputs_n,
		.own_rejects = run->rejects,
	};
	uint64_t size;
	struct hi_buf b;
	int rc = hi_page_write(&page, run->out, e);

	size = run->out->bytes + run->out->len;
	hi_buf_init(&b, 256);
	hi_words_counted(&b, s->summary.patients_n, "patient");
	hi_buf_puts(&b, ", ");
	hi_words_counted(&b, page.charts, "chart");
	hi_buf_puts(&b, ", ");
	hi_words_bytes(&b, size);
	if (rc == HI_OK && !b.failed)
		hi_note("%.*s", (int)b.len, b.ptr);
	hi_buf_release(&b);
	return rc;
}

/* A table's next cell from b, which is emptied. */
static void cell(struct hi_table *t, struct hi_buf *b)
{
	hi_table_cell(t, hi_buf_view(b));
	hi_buf_reset(b);
}

/* "124 high", "88 low ***": the sign is a word, as no colour is at hand. */
static void text_value(struct hi_buf *b, const struct hi_summary *s,
		       const struct hi_summary_patient *p, unsigned metric)
{
	const struct hi_series *series = hi_summary_series(p, metric);
	const struct hi_metric *m = s->metrics[metric].metric;
	int side;

	if (!series || !series->has_last) {
		hi_buf_puts(b, "-");
		return;
	}
	side = series->last_bad ? 0 : hi_summary_side(m, series->last);
	hi_chart_value(b, series, m);
	hi_buf_puts(b, series->last_bad ? " implausible"
		       : side > 0	? " H"
		       : side < 0	? " L"
					: "  ");
}

enum { TEXT_COLUMNS_MAX = 8, TEXT_TITLES = TEXT_COLUMNS_MAX + 3 };

static int text_board(struct hi_run *run, const struct hi_summary *s, struct hi_buf *b)
{
	const char *titles[TEXT_TITLES] = { "PATIENT", "ALARM" };
	char name[TEXT_COLUMNS_MAX][HI_SUMMARY_TEXT_MAX + 2];
	unsigned n = s->metrics_n < TEXT_COLUMNS_MAX ? s->metrics_n : TEXT_COLUMNS_MAX;
	struct hi_table *t;

	for (unsigned i = 0; i < n; i++) {
		const struct hi_summary_metric *m = &s->metrics[s->metric_order[i]];
		struct hi_slice v =
			m->metric ? hi_slice_of(m->metric->short_name) : hi_words_view(&m->name);

		name[i][0] = '>';
		memcpy(name[i] + 1, v.ptr, v.len);
		name[i][v.len + 1] = '\0';
		titles[i + 2] = name[i];
	}
	titles[n + 2] = "NEWEST";
	t = hi_table_new(titles, n + 3);
	if (!t)
		return HI_NOMEM;
	for (size_t i = 0; i < s->patients_n; i++) {
		const struct hi_summary_patient *p = s->order[i];

		hi_plain_text(b, p->id);
		cell(t, b);
		for (const struct hi_alarm *a = p->episodes; a && !a->ended; a = a->next) {
			hi_buf_printf(b, "%s%s ", b->len ? " " : "", hi_alarm_mark(a->priority));
			hi_plain_text(b, hi_words_view(&s->rules[a->rule].type));
		}
		cell(t, b);
		for (unsigned k = 0; k < n; k++) {
			text_value(b, s, p, s->metric_order[k]);
			cell(t, b);
		}
		if (p->readings)
			hi_words_time(b, p->last_us);
		cell(t, b);
		hi_table_row(t, run->out);
	}
	hi_table_flush(t, run->out);
	hi_table_free(t);
	return HI_OK;
}

static void text_alarm(struct hi_table *t, const struct hi_summary *s, const struct hi_alarm *a,
		       struct hi_buf *b)
{
	const struct hi_rule_seen *rule = &s->rules[a->rule];

	hi_table_cell(t, hi_slice_of(hi_alarm_mark(a->priority)));
	hi_plain_text(b, hi_words_view(&rule->type));
	cell(t, b);
	hi_plain_text(b, a->patient->id);
	cell(t, b);
	hi_plain_text(b, hi_words_view(&rule->metric));
	hi_buf_putc(b, ' ');
	hi_plain_text(b, hi_words_view(&rule->limit));
	cell(t, b);
	hi_words_time(b, a->onset_us);
	cell(t, b);
	if (a->ended)
		hi_words_time(b, a->end_us);
	else
		hi_buf_puts(b, "active");
	cell(t, b);
	hi_words_duration(b, (a->ended ? a->end_us : s->last_us) - a->onset_us);
	cell(t, b);
	if (a->has_worst || a->has_observed) {
		char text[HI_NUM_TEXT_MAX];

		hi_buf_put(b, text, hi_num_format(a->has_worst ? a->worst.v : a->observed.v, text));
	}
	cell(t, b);
}

enum { TEXT_ENDED_MAX = 20 };

static int text_alarms(struct hi_run *run, const struct hi_summary *s, struct hi_buf *b)
{
	static const char *const titles[] = { "",      "ALARM", "PATIENT",   "LIMIT",
					      "ONSET", "END",	">DURATION", ">WORST" };
	size_t n = s->active_n + TEXT_ENDED_MAX;
	struct hi_table *t = hi_table_new(titles, sizeof(titles) / sizeof(titles[0]));

	if (!t)
		return HI_NOMEM;
	n = n < s->episodes_n ? n : s->episodes_n;
	for (size_t i = 0; i < n; i++) {
		text_alarm(t, s, s->episodes[i], b);
		hi_table_row(t, run->out);
	}
	hi_table_flush(t, run->out);
	hi_table_free(t);
	if (n < s->episodes_n) {
		hi_buf_puts(b, "and ");
		hi_words_count(b, s->episodes_n - n);
		hi_buf_puts(b, " episodes that ended before\n");
		hi_writer_slice(run->out, hi_buf_view(b));
	}
	return HI_OK;
}

static int write_text(struct hi_run *run, struct hi_error *e)
{
	const struct state *state = run->state;
	const struct hi_summary *s = &state->summary;
	struct hi_buf b;
	int rc;

	hi_buf_init(&b, 1 << 16);
	hi_plain_text(&b, hi_slice_of(state->opt.title));
	hi_buf_puts(&b, "  (research and engineering tool, not a medical device)\n");
	if (s->has_time) {
		hi_words_time(&b, s->first_us);
		hi_buf_puts(&b, " to ");
		hi_words_time(&b, s->last_us);
		hi_buf_printf(&b, " %s; ", hi_tz_name());
	}
	hi_words_counted(&b, s->patients_n, "patient");
	hi_buf_puts(&b, ", ");
	hi_words_counted(&b, s->readings + s->scores, "reading");
	hi_buf_puts(&b, ", ");
	hi_words_counted(&b, s->active_n, "active alarm");
	hi_buf_puts(&b, ", ");
	hi_words_counted(&b, s->types[HI_T_REJECT] + run->rejects, "rejected line");
	hi_buf_puts(&b, "\n\n");
	hi_writer_slice(run->out, hi_buf_view(&b));
	hi_buf_reset(&b);
	rc = s->patients_n ? text_board(run, s, &b) : HI_OK;
	if (rc == HI_OK && s->episodes_n) {
		hi_writer_puts(run->out, "\n");
		rc = text_alarms(run, s, &b);
	}
	hi_buf_release(&b);
	return rc == HI_OK ? HI_OK : hi_error_set(e, rc, "report: out of memory");
}

static int close_report(struct hi_run *run, struct hi_error *e)
{
	struct state *s = run->state;
	int rc = hi_summary_finish(&s->summary, e);

	if (rc == HI_OK)
		rc = s->opt.text ? write_text(run, e) : write_page(run, e);
	hi_summary_release(&s->summary);
	return rc;
}

static const struct hi_tool tool = {
	.program = &program,
	.role = HI_REDUCER,
	.takes = ((1U << HI_TYPES) - 1) | HI_TAKES_SCORES,
	.open = open_report,
	.record = record,
	.close = close_report,
};

int main(int argc, char **argv)
{
	static const char *const standard_input[] = { "standard input" };
	static struct state s = { .opt = { .title = "Ward report" } };
	struct hi_common common;
	int first, status;

	status = hi_options_parse(&program, &s.opt, &common, argc, argv, &first);
	if (status >= 0)
		return status;
	s.inputs_n = first < argc ? (size_t)(argc - first) : 1;
	s.inputs = first < argc ? (const char *const *)(argv + first) : standard_input;
	return hi_run(&tool, &common, &s, argc - first, argv + first);
}
