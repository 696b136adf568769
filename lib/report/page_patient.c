/* One patient's part: who, which alarms, a chart a metric with the table behind it. */
#include "base/time.h"
#include "report/html.h"
#include "report/page.h"
#include "report/words.h"

enum { LISTED_MAX = 12 }; /* episodes in a patient's part */

static void put_who(struct hi_buf *b, const struct hi_summary_patient *p)
{
	hi_buf_puts(b, "<span class=\"who\">");
	if (p->name && p->name->len) {
		hi_html_name(b, hi_words_view(p->name));
		hi_buf_puts(b, " \u00B7 ");
	}
	if (p->ward && p->ward->len) {
		hi_buf_puts(b, "ward ");
		hi_html_name(b, hi_words_view(p->ward));
		hi_buf_puts(b, " \u00B7 ");
	}
	if (p->bed && p->bed->len) {
		hi_buf_puts(b, "bed ");
		hi_html_name(b, hi_words_view(p->bed));
		hi_buf_puts(b, " \u00B7 ");
	}
	hi_words_counted(b, p->readings, "reading");
	if (p->readings) {
		hi_buf_puts(b, ", ");
		hi_html_time(b, p->first_us);
		hi_buf_puts(b, " to ");
		hi_html_time(b, p->last_us);
	}
	if (p->episodes_n) {
		hi_buf_puts(b, " \u00B7 ");
		hi_words_counted(b, p->episodes_n, "alarm episode");
	}
	hi_buf_puts(b, "</span>");
}

static void put_active(struct hi_page *p, const struct hi_summary_patient *patient)
{
	for (const struct hi_alarm *ep = patient->episodes; ep && !ep->ended; ep = ep->next) {
		hi_buf_puts(&p->b, "<span>");
		hi_page_mark(&p->b, ep->priority);
		hi_buf_putc(&p->b, ' ');
		hi_html_text(&p->b, hi_words_view(&p->summary->rules[ep->rule].type));
		hi_buf_puts(&p->b, "</span>");
	}
}

static void put_chart(struct hi_page *p, const struct hi_summary_patient *patient,
		      const struct hi_patient_series *ps)
{
	const struct hi_summary_metric *m = &p->summary->metrics[ps->metric];
	struct hi_chart chart = {
		.series = &ps->series,
		.metric = m,
		.rules = p->summary->rules,
		.episodes = patient->episodes,
		.patient_id = patient->id,
		.from_us = patient->first_us,
		.to_us = patient->last_us,
		.number = ++p->charts,
		.column = p->column,
	};

	if (chart.from_us == chart.to_us) { /* one moment: in the middle of an hour */
		chart.from_us -= HI_US_H / 2;
		chart.to_us += HI_US_H / 2;
	}
	hi_buf_puts(&p->b, "<figure><figcaption>");
	hi_chart_label(&p->b, m);
	hi_buf_puts(&p->b, "<span>");
	if (m->metric && m->metric->normal.known) {
		hi_buf_puts(&p->b, "normal ");
		hi_words_range(&p->b, &m->metric->normal, m->metric->decimals);
		hi_buf_putc(&p->b, ' ');
	}
	hi_chart_unit(&p->b, m);
	hi_buf_puts(&p->b, "</span></figcaption>");
	hi_chart_draw(&p->b, &chart);
	hi_buf_puts(&p->b, "<details class=\"data\"><summary>Table<span class=\"hid\">: ");
	hi_chart_label(&p->b, m);
	hi_buf_puts(&p->b, "</span></summary>");
	hi_chart_table(&p->b, &chart, p->rows);
	hi_buf_puts(&p->b, "</details></figure>\n");
}

static void put_episodes(struct hi_page *p, const struct hi_summary_patient *patient)
{
	const struct hi_alarm *list[LISTED_MAX];
	size_t n = 0;

	for (const struct hi_alarm *ep = patient->episodes; ep && n < LISTED_MAX; ep = ep->next)
		list[n++] = ep;
	if (n == 0)
		return;
	hi_buf_puts(&p->b, "<div class=\"eps\">");
	hi_page_episodes(p, list, n, false);
	if (patient->episodes_n > n)
		hi_buf_printf(&p->b, "<p class=\"note\">and %u more</p>",
			      patient->episodes_n - (unsigned)n);
	hi_buf_puts(&p->b, "</div>");
}

void hi_page_patient(struct hi_page *p, const struct hi_summary_patient *patient)
{
	struct hi_buf *b = &p->b;

	hi_buf_printf(b, "<details class=\"card pt\"%s><summary><h3>", p->open ? " open" : "");
	hi_html_name(b, patient->id);
	hi_buf_puts(b, "</h3>");
	put_who(b, patient);
	put_active(p, patient);
	/* The target stands within the part, so that following a link unfolds it. */
	hi_buf_printf(b, "</summary><div class=\"grid2\" id=\"p%zu\">\n", patient->number + 1);
	for (unsigned i = 0; i < patient->series_n; i++)
		put_chart(p, patient, patient->series[i]);
	if (patient->series_n == 0)
		hi_buf_puts(b, "<p class=\"note\">No readings.</p>");
	hi_buf_puts(b, "</div>");
	put_episodes(p, patient);
	hi_buf_puts(b, "</details>\n");
}
