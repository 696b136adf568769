/* The ward board: a row a patient, what is urgent first, to be read at a glance. */
#include "base/time.h"
#include "report/html.h"
#include "report/page.h"
#include "report/words.h"

enum {
	COLUMNS_MAX = 8,   /* metrics on the board; the rest stand in the patients' parts */
	ALARMS_MAX = 3,	   /* named in a row; the rest are counted */
	SPARKS_MAX = 250,  /* patients: with more, the board has numbers only */
	SPARK_COLUMN = 20, /* tenths of a pixel */
};
#define OLD_US HI_US_H /* a value this much older than the patient's newest says its age */

/* What the number is besides a number: implausible, out of its range, out of date. */
static void put_flags(struct hi_buf *b, const struct hi_series *s, int side, int64_t age_us)
{
	if (s->last_bad)
		hi_buf_puts(b, "<span class=\"flag\">implausible</span>");
	else if (side)
		hi_buf_puts(b, side > 0 ? "<span class=\"flag\">\u25B2 high</span>"
					: "<span class=\"flag\">\u25BC low</span>");
	if (age_us < OLD_US)
		return;
	hi_buf_puts(b, "<span class=\"old\">");
	hi_words_duration(b, age_us);
	hi_buf_puts(b, " old</span>");
}

/* The most urgent active episode on this metric, or NULL. */
static const struct hi_alarm *alarm_on(const struct hi_page *p,
				       const struct hi_summary_patient *patient, unsigned metric)
{
	struct hi_slice name = hi_words_view(&p->summary->metrics[metric].name);

	for (const struct hi_alarm *ep = patient->episodes; ep && !ep->ended; ep = ep->next)
		if (hi_slice_eq(hi_words_view(&p->summary->rules[ep->rule].metric), name))
			return ep;
	return NULL;
}

static void put_spark(struct hi_page *p, const struct hi_summary_patient *patient,
		      const struct hi_series *series, unsigned metric)
{
	struct hi_chart chart = {
		.series = series,
		.metric = &p->summary->metrics[metric],
		.from_us = patient->first_us,
		.to_us = patient->last_us,
		.column = SPARK_COLUMN,
	};

	if (p->summary->patients_n <= SPARKS_MAX && series->count > 1 &&
	    chart.to_us > chart.from_us)
		hi_chart_spark(&p->b, &chart);
}

static void put_value(struct hi_page *p, const struct hi_summary_patient *patient, unsigned metric)
{
	const struct hi_summary_metric *m = &p->summary->metrics[metric];
	const struct hi_series *s = hi_summary_series(patient, metric);
	const struct hi_alarm *alarm = alarm_on(p, patient, metric);
	struct hi_buf *b = &p->b;
	int side;

	if (!s || !s->has_last) {
		hi_buf_puts(b, "<td class=\"none\"><span class=\"old\">\u2013</span></td>");
		return;
	}
	side = s->last_bad ? 0 : hi_summary_side(m->metric, s->last);
	hi_buf_printf(b, "<td class=\"%s\" data-l=\"",
		      s->last_bad ? "bad"
		      : side > 0  ? "up"
		      : side < 0  ? "dn"
				  : "in");
	hi_chart_label(b, m);
	hi_buf_puts(b, "\"><div class=\"cell\"><span><span class=\"num\">");
	hi_chart_value(b, s, m->metric);
	hi_buf_puts(b, "</span>");
	if (alarm) {
		hi_buf_putc(b, ' ');
		hi_page_mark(b, alarm->priority);
	}
	put_flags(b, s, side, patient->last_us - s->value_us);
	hi_buf_puts(b, "</span>");
	put_spark(p, patient, s, metric);
	hi_buf_puts(b, "</div></td>");
}

static void put_where(struct hi_buf *b, const struct hi_summary_patient *patient)
{
	const struct {
		const char *before;
		const struct hi_words *words;
	} parts[] = { { "", patient->name },
		      { "ward ", patient->ward },
		      { "bed ", patient->bed },
		      { "", patient->status } };
	bool more = false;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!parts[i].words || parts[i].words->len == 0)
			continue;
		if (i == 3 && hi_slice_is(hi_words_view(parts[i].words), "admitted"))
			continue;
		hi_buf_puts(b, more ? " \u00B7 " : "<span class=\"sub\">");
		hi_buf_puts(b, parts[i].before);
		hi_html_name(b, hi_words_view(parts[i].words));
		more = true;
	}
	if (more)
		hi_buf_puts(b, "</span>");
}

static void put_alarms(struct hi_page *p, const struct hi_summary_patient *patient)
{
	struct hi_buf *b = &p->b;
	unsigned n = 0;

	if (patient->active_n == 0) {
		hi_buf_puts(b, "<td class=\"none\"><span class=\"old\">none</span></td>");
		return;
	}
	hi_buf_puts(b, "<td class=\"w\"><ul class=\"al\">");
	for (const struct hi_alarm *ep = patient->episodes; ep && !ep->ended; ep = ep->next) {
		if (n++ == ALARMS_MAX) {
			hi_buf_printf(b, "<li>and %u more</li>", patient->active_n - ALARMS_MAX);
			break;
		}
		hi_buf_puts(b, "<li>");
		hi_page_mark(b, ep->priority);
		hi_buf_putc(b, ' ');
		hi_html_text(b, hi_words_view(&p->summary->rules[ep->rule].type));
		hi_buf_puts(b, " <span class=\"old\">since ");
		hi_words_time_near(b, ep->onset_us, patient->last_us);
		hi_buf_puts(b, "</span></li>");
	}
	hi_buf_puts(b, "</ul></td>");
}

static void put_newest(struct hi_page *p, const struct hi_summary_patient *patient)
{
	int64_t behind_us = p->summary->last_us - patient->last_us;

	hi_buf_puts(&p->b, "<td class=\"w nw\" data-l=\"Newest reading\">");
	if (patient->readings == 0) {
		hi_buf_puts(&p->b, "<span class=\"old\">no readings</span></td>");
		return;
	}
	hi_html_time(&p->b, patient->last_us);
	if (behind_us >= OLD_US) {
		hi_buf_puts(&p->b, "<span class=\"old\">");
		hi_words_duration(&p->b, behind_us);
		hi_buf_puts(&p->b, " earlier</span>");
	}
	hi_buf_puts(&p->b, "</td>");
}

static void put_title(struct hi_page *p, unsigned metric)
{
	const struct hi_summary_metric *m = &p->summary->metrics[metric];

	hi_buf_puts(&p->b, "<th scope=\"col\">");
	hi_chart_label(&p->b, m);
	hi_buf_puts(&p->b, "<span class=\"sub\">");
	if (m->metric)
		hi_words_range(&p->b, &m->metric->normal, m->metric->decimals);
	hi_buf_putc(&p->b, ' ');
	hi_chart_unit(&p->b, m);
	hi_buf_puts(&p->b, "</span></th>");
}

static void put_note(struct hi_page *p, unsigned columns)
{
	const struct hi_summary *s = p->summary;

	hi_buf_puts(
		&p->b,
		"<p class=\"note\">\u25B2 high and \u25BC low: outside the normal range that "
		"stands below the column's name (the ranges of the system that this toolkit "
		"replaces, not a recommendation). Alarm priorities: *** high, ** medium, * low, "
		"! technical.");
	if (s->metrics_n > columns)
		hi_buf_printf(&p->b, " %u metrics more stand in the patients' parts.",
			      s->metrics_n - columns);
	if (s->patients_left) {
		hi_buf_puts(&p->b, " <strong>More patients than this report holds: ");
		hi_words_counted(&p->b, s->patients_left, "record");
		hi_buf_puts(&p->b, " left out.</strong>");
	}
	hi_buf_puts(&p->b, "</p>");
}

static void put_empty(struct hi_buf *b)
{
	hi_buf_puts(
		b,
		"<div class=\"empty\"><p><strong>There is no patient in the input.</strong> A "
		"report "
		"is made from records, one JSON object a line, or from a store. To see one, "
		"make patients:</p><pre>hi-gen | hi-detect | hi-report -o report.html</pre>"
		"<p>or read a table of measurements:</p><pre>hi-csv measurements.csv | hi-detect "
		"| hi-report -o report.html</pre><p>Where a selection (--since, --patient and "
		"the like) was given, nothing lay within it.</p></div>");
}

void hi_page_board(struct hi_page *p)
{
	const struct hi_summary *s = p->summary;
	unsigned columns = s->metrics_n < COLUMNS_MAX ? s->metrics_n : COLUMNS_MAX;
	struct hi_buf *b = &p->b;

	hi_buf_puts(b, "<section class=\"card\" aria-labelledby=\"board\">"
		       "<h2 id=\"board\" tabindex=\"-1\">Ward board</h2>");
	if (s->patients_n == 0) {
		put_empty(b);
		hi_buf_puts(b, "</section>\n");
		return;
	}
	hi_buf_puts(b, "<table class=\"board stack\"><thead><tr><th scope=\"col\">Patient</th>"
		       "<th scope=\"col\">Active alarms</th>");
	for (unsigned i = 0; i < columns; i++)
		put_title(p, s->metric_order[i]);
	hi_buf_puts(b, "<th scope=\"col\">Newest reading</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < s->patients_n; i++) {
		const struct hi_summary_patient *patient = s->order[i];

		hi_buf_printf(b, patient->worst < HI_ALARMS ? "<tr class=\"a%u\">" : "<tr>",
			      patient->worst);
		hi_buf_puts(b, "<th scope=\"row\">");
		hi_page_patient_link(b, patient);
		put_where(b, patient);
		hi_buf_puts(b, "</th>");
		put_alarms(p, patient);
		for (unsigned k = 0; k < columns; k++)
			put_value(p, patient, s->metric_order[k]);
		put_newest(p, patient);
		hi_buf_puts(b, "</tr>\n");
		hi_page_flush(p);
	}
	hi_buf_puts(b, "</tbody></table>");
	put_note(p, columns);
	hi_buf_puts(b, "</section>\n");
}
