#include "report/chart.h"

#include <math.h>

#include "base/time.h"
#include "report/axis.h"
#include "report/html.h"
#include "report/plot.h"
#include "report/svg.h"
#include "report/words.h"

/* Tenths of a pixel (svg.h). */
enum {
	WIDTH = 3600,
	HEIGHT = 1440,
	LEFT = 330,
	RIGHT = 3080,
	TOP = 180,
	BOTTOM = 1200,
	STRIP = 60, /* height of an episode's bar above the plot */
	SPARK_WIDTH = 720,
	SPARK_HEIGHT = 320,
	EPISODES_DRAWN_MAX = 100
};

static void draw_normal(struct hi_buf *b, const struct hi_plot *p, const struct hi_metric *m)
{
	if (m && m->normal.known)
		hi_svg_rect(b, "nrm", p->left, hi_plot_y(p, m->normal.high), p->right,
			    hi_plot_y(p, m->normal.low));
}

static bool same_metric(const struct hi_chart *c, const struct hi_alarm *ep)
{
	return hi_slice_eq(hi_words_view(&c->rules[ep->rule].metric),
			   hi_words_view(&c->metric->name));
}

static bool within(const struct hi_chart *c, const struct hi_alarm *ep)
{
	return same_metric(c, ep) && ep->onset_us <= c->to_us &&
	       (!ep->ended || ep->end_us >= c->from_us);
}

/* Where marks have been written above the plot, so that none covers another. */
struct marks {
	int from[EPISODES_DRAWN_MAX], to[EPISODES_DRAWN_MAX];
	unsigned n, drawn;
};

static void draw_mark(struct hi_buf *b, const struct hi_plot *p, struct marks *m, unsigned priority,
		      int x)
{
	int to = x + 50 * (int)strlen(hi_alarm_mark(priority)) + 20;

	for (unsigned i = 0; i < m->n; i++)
		if (x < m->to[i] && to > m->from[i])
			return;
	m->from[m->n] = x;
	m->to[m->n++] = to;
	hi_svg_text(b, "em", x, p->top - STRIP - 10);
	hi_buf_printf(b, "%s</text>", hi_alarm_mark(priority));
}

static void draw_episode(struct hi_buf *b, const struct hi_plot *p, const struct hi_chart *c,
			 const struct hi_alarm *ep, struct marks *m)
{
	int x = hi_plot_x(p, ep->onset_us), right = ep->ended ? hi_plot_x(p, ep->end_us) : p->right;

	if (right < x + 20)
		right = x + 20;
	hi_buf_printf(b, "<g class=\"e%u\"><title>", ep->priority);
	hi_html_text(b, hi_words_view(&c->rules[ep->rule].type));
	hi_buf_putc(b, ' ');
	hi_words_time(b, ep->onset_us);
	hi_buf_puts(b, ep->ended ? "</title>" : ", still active</title>");
	hi_svg_rect(b, "es", x, p->top, right, p->bottom);
	hi_svg_rect(b, "eb", x, p->top - STRIP, right, p->top);
	draw_mark(b, p, m, ep->priority, x);
	hi_buf_puts(b, "</g>");
}

/* Bars above the plot with the priority's mark, a shade below each; what is urgent on top. */
static void draw_episodes(struct hi_buf *b, const struct hi_plot *p, const struct hi_chart *c)
{
	struct marks m = { .n = 0 };

	for (unsigned priority = HI_ALARMS; priority-- > 0;)
		for (const struct hi_alarm *ep = c->episodes; ep; ep = ep->next)
			if (ep->priority == priority && within(c, ep) &&
			    m.drawn++ < EPISODES_DRAWN_MAX)
				draw_episode(b, p, c, ep, &m);
}

static void draw_value_axis(struct hi_buf *b, const struct hi_plot *p, const struct hi_axis *a,
			    const char *codes)
{
	hi_buf_puts(b, "<path class=\"grid\" d=\"");
	for (double v = a->low; v < a->high + a->step / 2; v += a->step) {
		hi_svg_point(b, 'M', p->left, hi_plot_y(p, v));
		hi_buf_putc(b, 'H');
		hi_svg_length(b, p->right);
	}
	hi_buf_puts(b, "\"/>");
	for (double v = a->low; v < a->high + a->step / 2; v += a->step) {
		size_t code = (size_t)lround(fmax(v, 0));

		hi_svg_text(b, "yl", p->left - 50, hi_plot_y(p, v) + 35);
		if (!codes)
			hi_words_value(b, v, a->decimals);
		else if (v >= 0 && code < strlen(codes))
			hi_buf_putc(b, codes[code]);
		hi_buf_puts(b, "</text>");
	}
}

static void draw_time_axis(struct hi_buf *b, const struct hi_plot *p)
{
	struct hi_tick tick[HI_AXIS_TICKS_MAX];
	size_t n = hi_axis_times(p->from_us, p->to_us, 5, tick);

	hi_buf_puts(b, "<path class=\"tick\" d=\"");
	for (size_t i = 0; i < n; i++) {
		hi_svg_point(b, 'M', hi_plot_x(p, tick[i].t_us), p->bottom);
		hi_buf_puts(b, "v4");
	}
	hi_buf_puts(b, "\"/>");
	for (size_t i = 0; i < n; i++) {
		hi_svg_text(b, "xl", hi_plot_x(p, tick[i].t_us), p->bottom + 150);
		hi_buf_puts(b, tick[i].label);
		hi_buf_puts(b, "</text>");
	}
}

static const char *side_word(int side)
{
	return side > 0 ? "\u25B2 high" : "\u25BC low";
}

/* The newest number, at its height, right of the plot. */
static void draw_last(struct hi_buf *b, const struct hi_plot *p, const struct hi_chart *c)
{
	const struct hi_series *s = c->series;
	int side = s->last_bad ? 0 : hi_summary_side(c->metric->metric, s->last);
	int y, text_y;

	if (!s->has_last)
		return;
	y = hi_plot_y(p, s->last);
	if (!s->last_bad) {
		hi_buf_puts(b, "<circle class=\"end\"");
		hi_svg_attribute(b, "cx", hi_plot_x(p, s->value_us));
		hi_svg_attribute(b, "cy", y);
		hi_buf_puts(b, " r=\"3.5\"/>");
	}
	text_y = y + 50;
	text_y = text_y < p->top + 90 ? p->top + 90 : text_y;
	text_y = text_y > p->bottom - 70 ? p->bottom - 70 : text_y;
	hi_svg_text(b, side || s->last_bad ? "now off" : "now", p->right + 90, text_y);
	hi_chart_value(b, s, c->metric->metric);
	hi_buf_puts(b, "</text>");
	if (side || s->last_bad) {
		hi_svg_text(b, "side", p->right + 90, text_y + 110);
		hi_buf_puts(b, s->last_bad ? "implausible" : side_word(side));
		hi_buf_puts(b, "</text>");
	}
}

/* The axis holds the values and the normal range, so that a steady patient looks steady. */
static void value_axis(struct hi_axis *a, const struct hi_chart *c)
{
	const struct hi_series *s = c->series;
	const struct hi_metric *m = c->metric->metric;
	bool ranged = m && (m->normal.known || (s->count == 0 && m->chart.known));
	const struct hi_range *r = ranged && m->normal.known ? &m->normal
				   : ranged		     ? &m->chart
							     : NULL;
	double low = s->count ? s->min : 0, high = s->count ? s->max : 1;

	if (m && m->codes) {
		*a = (struct hi_axis){ 0, (double)strlen(m->codes) - 1, 1, 0 };
		return;
	}
	if (r) {
		low = s->count ? fmin(low, r->low) : r->low;
		high = s->count ? fmax(high, r->high) : r->high;
	}
	hi_axis_values(a, fmax(low, -1e30), fmin(high, 1e30), 5);
}

void hi_chart_draw(struct hi_buf *b, const struct hi_chart *c)
{
	const struct hi_metric *m = c->metric->metric;
	struct hi_column column[HI_SERIES_MAX];
	struct hi_axis axis;
	struct hi_plot p = { LEFT, RIGHT, TOP, BOTTOM, c->from_us, c->to_us, 0, 1 };
	size_t n;

	value_axis(&axis, c);
	p.low = axis.low;
	p.high = axis.high;
	n = hi_plot_columns(c->series, &p, c->column, column);
	hi_buf_printf(b,
		      "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"t%u d%u\">"
		      "<title id=\"t%u\">",
		      WIDTH / 10, HEIGHT / 10, c->number, c->number, c->number);
	hi_chart_label(b, c->metric);
	hi_buf_puts(b, " of ");
	hi_html_text(b, c->patient_id);
	hi_buf_printf(b, "</title><desc id=\"d%u\">", c->number);
	hi_chart_words(b, c);
	hi_buf_puts(b, "</desc>");
	draw_normal(b, &p, m);
	draw_value_axis(b, &p, &axis, m ? m->codes : NULL);
	draw_time_axis(b, &p);
	draw_episodes(b, &p, c);
	hi_plot_series(b, &p, column, n);
	hi_plot_bad(b, &p, column, n);
	draw_last(b, &p, c);
	hi_buf_puts(b, "</svg>");
}

void hi_chart_spark(struct hi_buf *b, const struct hi_chart *c)
{
	struct hi_column column[HI_SERIES_MAX];
	struct hi_axis axis;
	struct hi_plot p = {
		20, SPARK_WIDTH - 30, 30, SPARK_HEIGHT - 30, c->from_us, c->to_us, 0, 1
	};
	size_t n;

	value_axis(&axis, c);
	p.low = axis.low;
	p.high = axis.high;
	n = hi_plot_columns(c->series, &p, c->column, column);
	hi_buf_printf(b,
		      "<svg class=\"spark\" viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" "
		      "aria-hidden=\"true\">",
		      SPARK_WIDTH / 10, SPARK_HEIGHT / 10);
	draw_normal(b, &p, c->metric->metric);
	hi_plot_line(b, &p, column, n);
	if (c->series->has_last && !c->series->last_bad) {
		hi_buf_puts(b, "<path class=\"tip\" d=\"");
		hi_svg_point(b, 'M', hi_plot_x(&p, c->series->value_us),
			     hi_plot_y(&p, c->series->last));
		hi_buf_puts(b, "h0\"/>");
	}
	hi_buf_puts(b, "</svg>");
}
