/*
 * hi-detect: says when a patient's vital signs leave limits, and when they are back.
 * In:      readings, patient records and marks of hi-record(5); every line passes.
 * Out:     alert records, ACTIVE and CLEARED, behind the reading that decided them.
 * Keeps:   a clock a patient, and each alarm's episode while it lasts: hi-detect(1);
 *          a preamble gives it back.
 * Source:  rules of hi-rules(5); IEC 60601-1-8 for its words. Not a medical device.
 * Departs: no conformity is claimed; acknowledging and silencing are people's acts.
 */
#include <stddef.h>
#include <unistd.h>

#include "rule/detect.h"
#include "tool/message.h"
#include "tool/run.h"
#include "tool/table.h"

struct options {
	const char *rules;
	bool check_rules;
	bool each;
	bool only_new;
	bool any;
	int64_t lateness_us;
	int64_t forget_us;
};

static const struct hi_option option_table[] = {
	{ "rules", 'r', HI_OPT_STRING, offsetof(struct options, rules), "FILE",
	  "judge by the rules of FILE, or by those named seed (default)" },
	{ "check-rules", 0, HI_OPT_FLAG, offsetof(struct options, check_rules), NULL,
	  "print the rules in canonical form and end" },
	{ "only-new", 'n', HI_OPT_FLAG, offsetof(struct options, only_new), NULL,
	  "write alerts, rejects and marks only, do not pass records on" },
	{ "any", 0, HI_OPT_FLAG, offsetof(struct options, any), NULL,
	  "exit with status 1 if there was no alert" },
	{ "each", 0, HI_OPT_FLAG, offsetof(struct options, each), NULL,
	  "one alert a reading out of limits, no episodes and no delays" },
	{ "lateness", 0, HI_OPT_DURATION, offsetof(struct options, lateness_us), "DURATION",
	  "judge readings up to so much older than the patient's newest [0s]" },
	{ "forget", 0, HI_OPT_DURATION, offsetof(struct options, forget_us), "DURATION",
	  "forget patients who were silent for so long; 0s: nobody [24h]" },
	{ 0 },
};

static const struct hi_program program = {
	.name = "hi-detect",
	.summary = "raise and clear alarms on vital signs that leave their limits",
	.usage = "[OPTION]... [INPUT]...",
	.examples = "hi-gen | hi-detect --only-new\n"
		    "hi-detect --rules ward.rules vitals.ndjson > with-alerts.ndjson\n",
	.groups = HI_GROUP_SELECT | HI_GROUP_OUTPUT | HI_GROUP_TZ | HI_GROUP_STRICT |
		  HI_GROUP_STREAM | HI_GROUP_PROGRESS,
	.options = option_table,
};

struct state {
	struct options opt;
	struct hi_rules rules;
	struct hi_detect *detect; /* or, with --each: */
	struct hi_each *each;
};

static void emit(void *run)
{
	hi_emit(run);
}

static int open_rules(struct hi_run *run, struct hi_error *e)
{
	struct state *s = run->state;
	const struct hi_detect_setup setup = {
		.rules = &s->rules,
		.lateness_us = s->opt.lateness_us,
		.forget_us = s->opt.forget_us,
		.line = &run->line,
		.emit = emit,
		.arg = run,
	};

	if (s->opt.each)
		return hi_each_new(&s->each, &setup, e);
	return hi_detect_new(&s->detect, &setup, e);
}

/* A mark: what its time decides comes before it. */
static int mark_detect(struct hi_detect *d, const struct hi_mark *m, struct hi_error *e)
{
	switch (m->kind) {
	case HI_MARK_BEGIN:
		return hi_detect_preamble_begin(d, m, e);
	case HI_MARK_END:
		return hi_detect_preamble_end(d, e);
	default:
		return m->timed ? hi_detect_tick(d, m->t_us, e) : HI_OK;
	}
}

static int mark_each(struct hi_each *d, const struct hi_mark *m, struct hi_error *e)
{
	if (m->kind == HI_MARK_BEGIN)
		return hi_each_preamble_begin(d, m, e);
	if (m->kind == HI_MARK_END)
		hi_each_preamble_end(d);
	else if (m->timed)
		hi_each_tick(d, m->t_us);
	return HI_OK;
}

/* What is no reading or within a preamble, and all there is with --each. */
static int other_record(struct hi_run *run, const struct hi_rec *rec, struct hi_error *e)
{
	struct state *s = run->state;
	int status = HI_OK;

	if (run->mark)
		status = s->each ? mark_each(s->each, run->mark, e)
				 : mark_detect(s->detect, run->mark, e);
	else if (run->preamble && s->detect)
		status = hi_detect_preamble_record(s->detect, rec, e);
	if (status < 0)
		return status;
	if (!s->opt.only_new || rec->type == HI_T_MARK || run->preamble)
		hi_pass(run, rec);
	if (rec->type == HI_T_READING && s->each)
		return hi_each_record(s->each, rec, e);
	if (rec->type == HI_T_PATIENT && s->detect && !run->preamble)
		return hi_detect_patient(s->detect, rec, e);
	return HI_OK;
}

static int record(struct hi_run *run, const struct hi_rec *rec, struct hi_error *e)
{
	struct state *s = run->state;
	int status;

	if (rec->type != HI_T_READING || run->preamble)
		return other_record(run, rec, e);
	status = hi_detect_before(s->detect, rec, e);
	if (status >= 0 && !s->opt.only_new)
		hi_pass(run, rec);
	return status == HI_DETECT_JUDGE ? hi_detect_after(s->detect, rec, e) : status;
}

static int close_rules(struct hi_run *run, struct hi_error *e)
{
	struct state *s = run->state;
	uint64_t alerts = 0;

	(void)e;
	if (s->each) {
		alerts = hi_each_count(s->each);
	} else {
		const struct hi_detect_counts *n = hi_detect_counted(s->detect);
		alerts = n->begun;
		if (n->late)
			hi_note("%llu reading%s came late and %s not judged (--lateness; hi-cat "
				"gives a store's in order)",
				(unsigned long long)n->late, n->late == 1 ? "" : "s",
				n->late == 1 ? "was" : "were");
	}
	if (s->opt.any && alerts == 0 && run->status == 0)
		run->status = 1;
	hi_each_free(s->each);
	hi_detect_free(s->detect);
	return HI_OK;
}

static void wrong_line(void *arg, const struct hi_error *e)
{
	(void)arg;
	hi_complain_error(e);
}

/* A metric outside the catalogue is legal, but a rule on a slip would be silent for ever. */
static void note_rules(const struct state *s)
{
	size_t stale = 0;

	for (size_t i = 0; i < s->rules.n; i++) {
		const struct hi_rule *r = &s->rules.v[i];
		const char *meant = hi_metric_meant(hi_slice_of(r->metric_name));

		stale += r->type == HI_RULE_STALE;
		if (r->any)
			continue;
		if (meant || (!r->metric && s->opt.check_rules))
			hi_note("%s:%u:%u: metric not in the catalogue: %s%s%s", s->opt.rules,
				(unsigned)r->line, (unsigned)r->metric_column, r->metric_name,
				meant ? "; nearest: " : "", meant ? meant : "");
	}
	if (s->rules.n == 0)
		hi_note("%s: no rules", s->opt.rules);
	if (stale > 0 && s->opt.each)
		hi_note("%s: stale rules are left out by --each", s->opt.rules);
}

/* -1 to go on, or an exit status. */
static int read_rules(struct state *s)
{
	struct hi_error e = { 0 };
	int status = hi_rules_read(&s->rules, s->opt.rules, wrong_line, NULL, &e);

	if (status == HI_REFUSED)
		return 2;
	if (status != HI_OK) {
		hi_complain_error(&e);
		return hi_exit_status((enum hi_status)status);
	}
	note_rules(s);
	return -1;
}

/* The table is a rule file itself: its titles are a comment. */
static int print_rules(const struct hi_rules *rules)
{
	static const char *const titles[] = { "# NAME", "PRIORITY", "METRIC", "LIMIT" };
	struct hi_table *table = hi_table_new(titles, 4);
	struct hi_writer out;
	struct hi_error e = { 0 };
	struct hi_buf b;

	if (!table || hi_writer_init(&out, STDOUT_FILENO, "stdout", 0, &e) != HI_OK) {
		hi_complain("no memory for a table");
		return 4;
	}
	hi_buf_init(&b, 1024);
	for (size_t i = 0; i < rules->n; i++) {
		const struct hi_rule *r = &rules->v[i];

		hi_table_cell(table, hi_slice_of(r->name));
		hi_table_cell(table, hi_slice_of(hi_priorities[r->priority].name));
		hi_table_cell(table, hi_slice_of(r->metric_name));
		hi_buf_reset(&b);
		hi_rule_condition(r, &b);
		hi_table_cell(table, hi_buf_view(&b));
		hi_table_row(table, &out);
	}
	hi_table_flush(table, &out);
	hi_table_free(table);
	hi_buf_release(&b);
	if (hi_writer_close(&out, &e) == HI_OK)
		return 0;
	hi_complain_error(&e);
	return 4;
}

static int run_tool(struct state *s, const struct hi_common *common, int n, char **operands)
{
	const struct hi_tool tool = {
		.program = &program,
		.role = HI_FILTER,
		.takes = 1U << HI_T_READING | 1U << HI_T_PATIENT | HI_TAKES_SCORES,
		.open = open_rules,
		.record = s->opt.each ? other_record : record,
		.close = close_rules,
	};

	return hi_run(&tool, common, s, n, operands);
}

int main(int argc, char **argv)
{
	struct state s = { .opt = { .rules = "seed", .forget_us = HI_US_DAY } };
	struct hi_common common;
	int first, status;

	status = hi_options_parse(&program, &s.opt, &common, argc, argv, &first);
	if (status >= 0)
		return status;
	if (s.opt.each && s.opt.lateness_us) {
		hi_complain("--each judges late readings too: it does not go with --lateness");
		return 2;
	}
	status = read_rules(&s);
	if (status < 0 && s.opt.check_rules)
		status = print_rules(&s.rules);
	else if (status < 0)
		status = run_tool(&s, &common, argc - first, argv + first);
	hi_rules_release(&s.rules);
	return status;
}
