/* A chart in words: names, values, one sentence, the table behind it. */
#include <math.h>

#include "base/time.h"
#include "report/chart.h"
#include "report/html.h"
#include "report/words.h"

void hi_chart_label(struct hi_buf *b, const struct hi_summary_metric *m)
{
	if (m->metric)
		hi_html_str(b, m->metric->label);
	else
		hi_html_text(b, hi_words_view(&m->name));
}

void hi_chart_unit(struct hi_buf *b, const struct hi_summary_metric *m)
{
	if (m->metric)
		hi_html_str(b, m->metric->unit_label);
	else
		hi_html_text(b, hi_words_view(&m->unit));
}

void hi_chart_value(struct hi_buf *b, const struct hi_series *s, const struct hi_metric *m)
{
	if (!s->has_last)
		hi_buf_puts(b, "\u2013");
	else if (m && m->codes && s->code)
		hi_buf_putc(b, (char)s->code);
	else
		hi_words_value(b, s->last, s->decimals);
}

static unsigned episodes_of(const struct hi_chart *c, unsigned *active)
{
	struct hi_slice name = hi_words_view(&c->metric->name);
	unsigned n = 0;

	*active = 0;
	for (const struct hi_alarm *ep = c->episodes; ep; ep = ep->next) {
		if (!hi_slice_eq(hi_words_view(&c->rules[ep->rule].metric), name))
			continue;
		n++;
		*active += !ep->ended;
	}
	return n;
}

static void put_outside(struct hi_buf *b, const struct hi_chart *c)
{
	const struct hi_metric *m = c->metric->metric;

	if (!m || !m->normal.known)
		return;
	hi_buf_puts(b, "; ");
	hi_words_count(b, c->series->outside);
	hi_buf_puts(b, " outside the normal range ");
	hi_words_range(b, &m->normal, m->decimals);
}

void hi_chart_words(struct hi_buf *b, const struct hi_chart *c)
{
	const struct hi_series *s = c->series;
	bool coded = c->metric->metric && c->metric->metric->codes;
	unsigned active, n = episodes_of(c, &active);

	hi_words_counted(b, s->count + s->bad, "reading");
	if (s->count && !coded) {
		hi_buf_puts(b, ", ");
		hi_words_value(b, s->min, s->decimals);
		hi_buf_puts(b, " to ");
		hi_words_value(b, s->max, s->decimals);
		hi_buf_putc(b, ' ');
		hi_chart_unit(b, c->metric);
	}
	put_outside(b, c);
	if (s->bad) {
		hi_buf_puts(b, "; ");
		hi_words_count(b, s->bad);
		hi_buf_puts(b, " implausible");
	}
	if (s->has_last) {
		hi_buf_puts(b, "; last ");
		hi_chart_value(b, s, c->metric->metric);
		hi_buf_puts(b, " at ");
		hi_words_time(b, s->value_us);
	}
	if (n > 0) {
		hi_buf_puts(b, "; ");
		hi_words_counted(b, n, "alarm episode");
		if (active)
			hi_buf_printf(b, ", %u still active", active);
	}
	hi_buf_putc(b, '.');
}

static void put_cell(struct hi_buf *b, const struct hi_chart *c, double v)
{
	const struct hi_metric *m = c->metric->metric;

	hi_buf_puts(b, "<td>");
	if (m && m->codes) /* the mean of letters is none of them */
		hi_buf_puts(b, v == floor(v) ? (char[]){ m->codes[(size_t)v], '\0' } : "\u2013");
	else
		hi_words_value(b, v, c->series->decimals);
	if (m && hi_summary_side(m, v) != 0)
		hi_buf_puts(b, hi_summary_side(m, v) > 0 ? " \u25B2 high" : " \u25BC low");
	hi_buf_puts(b, "</td>");
}

/* Buckets [from, to) as one row; spread: with columns for mean, lowest and highest. */
static void put_row(struct hi_buf *b, const struct hi_chart *c, uint32_t from, uint32_t to,
		    bool spread)
{
	const struct hi_bucket *first = &c->series->b[from];
	double sum = 0, min = first->min, max = first->max;
	uint64_t n = 0, bad = 0;

	for (const struct hi_bucket *k = first; k < c->series->b + to; k++) {
		if (k->n > 0 && (n == 0 || k->min < min))
			min = k->min;
		if (k->n > 0 && (n == 0 || k->max > max))
			max = k->max;
		sum += (double)k->mean * k->n;
		n += k->n;
		bad += k->bad;
	}
	hi_buf_puts(b, "<tr><th scope=\"row\">");
	hi_words_time(b, first->t_us);
	hi_buf_puts(b, "</th>");
	if (n == 0)
		hi_buf_puts(b, spread ? "<td colspan=\"3\">" : "<td>");
	if (n == 0)
		hi_buf_puts(b, bad ? "implausible</td>" : "no value</td>");
	else
		put_cell(b, c, sum / (double)n);
	if (n > 0 && spread) {
		put_cell(b, c, min);
		put_cell(b, c, max);
	}
	if (spread) {
		hi_buf_puts(b, "<td>");
		hi_words_count(b, n + bad);
		hi_buf_puts(b, "</td>");
	}
	hi_buf_puts(b, "</tr>");
}

void hi_chart_table(struct hi_buf *b, const struct hi_chart *c, unsigned rows)
{
	const struct hi_series *s = c->series;
	uint32_t step = (s->n + rows - 1) / rows;
	bool spread = step > 1;

	for (uint32_t i = 0; i < s->n; i++)
		spread = spread || s->b[i].n + s->b[i].bad > 1;
	if (c->metric->metric && c->metric->metric->codes && step <= 1)
		spread = false;
	hi_buf_puts(b, "<table><caption>");
	hi_chart_label(b, c->metric);
	hi_buf_puts(b, " of ");
	hi_html_name(b, c->patient_id);
	hi_buf_puts(b, "</caption><thead><tr><th scope=\"col\">");
	hi_buf_puts(b, spread ? "From</th><th scope=\"col\">Mean</th><th scope=\"col\">Lowest</th>"
				"<th scope=\"col\">Highest</th><th scope=\"col\">Readings"
			      : "Time</th><th scope=\"col\">Value");
	hi_buf_puts(b, "</th></tr></thead><tbody>");
	for (uint32_t i = 0; i < s->n; i += step)
		put_row(b, c, i, i + step < s->n ? i + step : s->n, spread);
	hi_buf_puts(b, "</tbody></table>");
}
