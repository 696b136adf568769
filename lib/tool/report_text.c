#include "tool/report_text.h"

#include "base/time.h"
#include "report/chart.h"
#include "report/html.h"
#include "report/words.h"
#include "tool/table.h"

/* A table's next cell from b, which is emptied. */
static void cell(struct hi_table *t, struct hi_buf *b)
{
	hi_table_cell(t, hi_buf_view(b));
	if (b->failed)
		hi_table_fail(t);
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

enum { COLUMNS_MAX = 8, ENDED_MAX = 20, TITLE_MAX = 512 };

static void text_patient(struct hi_table *t, const struct hi_summary *s,
			 const struct hi_summary_patient *p, unsigned columns, struct hi_buf *b)
{
	hi_plain_text(b, p->id);
	cell(t, b);
	for (const struct hi_alarm *a = p->episodes; a && !a->ended; a = a->next) {
		hi_buf_printf(b, "%s%s ", b->len ? " " : "", hi_alarm_mark(a->priority));
		hi_plain_text(b, hi_words_view(&s->rules[a->rule].type));
	}
	cell(t, b);
	for (unsigned i = 0; i < columns; i++) {
		text_value(b, s, p, s->metric_order[i]);
		cell(t, b);
	}
	if (p->readings)
		hi_words_time(b, p->last_us);
	cell(t, b);
}

/* A column's title as hi_table_new takes it: set to the right, ended by NUL. */
static bool title_of(char out[TITLE_MAX], const struct hi_summary_metric *m, struct hi_buf *b)
{
	size_t n;

	hi_buf_puts(b, ">");
	if (m->metric)
		hi_buf_puts(b, m->metric->short_name);
	else
		hi_plain_text(b, hi_words_view(&m->name));
	if (b->failed)
		return false;
	n = b->len < TITLE_MAX - 1 ? b->len : TITLE_MAX - 1;
	memcpy(out, b->ptr, n);
	out[n] = '\0';
	hi_buf_reset(b);
	return true;
}

static int text_board(struct hi_writer *w, const struct hi_summary *s, struct hi_buf *b)
{
	const char *titles[COLUMNS_MAX + 3] = { "PATIENT", "ALARM" };
	char name[COLUMNS_MAX][TITLE_MAX];
	unsigned n = s->metrics_n < COLUMNS_MAX ? s->metrics_n : COLUMNS_MAX;
	struct hi_table *t;

	for (unsigned i = 0; i < n; i++) {
		if (!title_of(name[i], &s->metrics[s->metric_order[i]], b))
			return HI_NOMEM;
		titles[i + 2] = name[i];
	}
	titles[n + 2] = "NEWEST";
	t = hi_table_new(titles, n + 3);
	if (!t)
		return HI_NOMEM;
	for (size_t i = 0; i < s->patients_n; i++) {
		text_patient(t, s, s->order[i], n, b);
		hi_table_row(t, w);
	}
	hi_table_flush(t, w);
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

static int text_alarms(struct hi_writer *w, const struct hi_summary *s, struct hi_buf *b)
{
	static const char *const titles[] = { "",      "ALARM", "PATIENT",   "LIMIT",
					      "ONSET", "END",	">DURATION", ">WORST" };
	size_t n = s->active_n + ENDED_MAX;
	struct hi_table *t = hi_table_new(titles, sizeof(titles) / sizeof(titles[0]));

	if (!t)
		return HI_NOMEM;
	n = n < s->episodes_n ? n : s->episodes_n;
	for (size_t i = 0; i < n; i++) {
		text_alarm(t, s, s->episodes[i], b);
		hi_table_row(t, w);
	}
	hi_table_flush(t, w);
	hi_table_free(t);
	if (n < s->episodes_n) {
		hi_buf_puts(b, "and ");
		hi_words_count(b, s->episodes_n - n);
		hi_buf_puts(b, " episodes that ended before\n");
		hi_writer_buf(w, b);
	}
	return HI_OK;
}

static void text_head(const struct hi_summary *s, const char *title, uint64_t own_rejects,
		      struct hi_buf *b)
{
	hi_plain_text(b, hi_slice_of(title));
	hi_buf_puts(b, "  (research and engineering tool, not a medical device)\n");
	if (s->has_time) {
		hi_words_time(b, s->first_us);
		hi_buf_puts(b, " to ");
		hi_words_time(b, s->last_us);
		hi_buf_printf(b, " %s; ", hi_tz_name());
	}
	hi_words_counted(b, s->patients_n, "patient");
	hi_buf_puts(b, ", ");
	hi_words_counted(b, s->readings + s->scores, "reading");
	hi_buf_puts(b, ", ");
	if (s->rules_n == 0) /* perhaps nobody looked: that is not "0 active" */
		hi_buf_puts(b, "no alert in the input");
	else
		hi_words_counted(b, s->active_n, "active alarm");
	hi_buf_puts(b, ", ");
	hi_words_counted(b, s->types[HI_T_REJECT] + own_rejects, "rejected line");
	hi_buf_puts(b, "\n\n");
}

int hi_report_text(struct hi_writer *w, const struct hi_summary *s, const char *title,
		   uint64_t own_rejects, struct hi_error *e)
{
	struct hi_buf b;
	int rc;

	hi_buf_init(&b, 1 << 20);
	text_head(s, title, own_rejects, &b);
	hi_writer_buf(w, &b);
	rc = s->patients_n ? text_board(w, s, &b) : HI_OK;
	if (rc == HI_OK && s->episodes_n) {
		hi_writer_puts(w, "\n");
		rc = text_alarms(w, s, &b);
	}
	hi_buf_release(&b);
	return rc == HI_OK ? HI_OK : hi_error_set(e, rc, "report: out of memory");
}
