/*
 * hi-report: what the records say of each patient, as one page or for a terminal.
 * In:      every record of hi-record(5); readings, alerts, patients, stats, rejects.
 * Out:     one HTML file without script or request; with --text plain text.
 * Keeps:   512 buckets at most a patient and metric, episodes, rows: hi-report(1).
 * Source:  HTML Living Standard, SVG 2, CSP 3; WCAG 2.2 AA is what tests hold it to.
 * Departs: research and engineering, not a medical device.
 */
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "report/page.h"
#include "report/words.h"
#include "tool/message.h"
#include "tool/report_text.h"
#include "tool/run.h"

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
		  HI_GROUP_STREAM | HI_GROUP_PROGRESS,
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
		.out = run->out,
	};
	uint64_t size;
	struct hi_buf b;
	int rc = hi_page_write(&page, e);

	size = run->out->bytes + run->out->len;
	hi_buf_init(&b, 256);
	hi_words_counted(&b, s->summary.patients_n, "patient");
	hi_buf_puts(&b, ", ");
	hi_words_counted(&b, page.charts, "chart");
	hi_buf_puts(&b, ", ");
	hi_words_bytes(&b, size);
	hi_writer_flush(run->out);
	if (rc == HI_OK && !b.failed && !hi_writer_failed(run->out))
		hi_note("%.*s", (int)b.len, b.ptr);
	hi_buf_release(&b);
	return rc;
}

static int close_report(struct hi_run *run, struct hi_error *e)
{
	struct state *s = run->state;
	int rc = hi_summary_finish(&s->summary, e);

	if (rc == HI_OK)
		rc = s->opt.text
			     ? hi_report_text(run->out, &s->summary, s->opt.title, run->rejects, e)
			     : write_page(run, e);
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
	if (s.opt.title[strspn(s.opt.title, " ")] == '\0') {
		hi_complain("--title must not be empty");
		return hi_exit_status(HI_USAGE);
	}
	if (!s.opt.text && !common.output && isatty(STDOUT_FILENO)) {
		hi_note("a terminal gets the text; the page goes into a pipe or -o FILE");
		s.opt.text = true;
	}
	s.inputs_n = first < argc ? (size_t)(argc - first) : 1;
	s.inputs = first < argc ? (const char *const *)(argv + first) : standard_input;
	return hi_run(&tool, &common, &s, argc - first, argv + first);
}
