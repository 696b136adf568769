#include "report/chart.h"

#include <math.h>
#include <stdlib.h>

#include "base/time.h"
#include "report/axis.h"
#include "report/html.h"
#include "report/words.h"

/* Lengths are tenths of a pixel: integers, so that paths are short and the same everywhere. */
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
	EPISODES_DRAWN_MAX = 100,
	DOTS_MAX = 72 /* columns: with more, single readings are not dotted */
};

/* A rectangle of the drawing and what its sides mean. */
struct plot {
	int left, right, top, bottom;
	int64_t from_us, to_us;
	double low, high;
};

/* What stands in one column of pixels. */
struct column {
	int x;
	float min, max, mean;
	uint32_t n, bad;
	bool after_gap;
};

static int x_of(const struct plot *p, int64_t t_us)
{
	double part = (double)(t_us - p->from_us) / (double)(p->to_us - p->from_us);

	part = part < 0 ? 0 : part > 1 ? 1 : part;
	return p->left + (int)lround(part * (p->right - p->left));
}

static int y_of(const struct plot *p, double v)
{
	double part = (v - p->low) / (p->high - p->low);

	part = part < 0 ? 0 : part > 1 ? 1 : part;
	return p->bottom - (int)lround(part * (p->bottom - p->top));
}

/* Tenths as SVG writes them: 125 is "12.5", 120 is "12", -3 is "-.3". */
static void put_length(struct hi_buf *b, int tenths)
{
	if (tenths < 0)
		hi_buf_putc(b, '-');
	tenths = abs(tenths);
	if (tenths >= 10 || tenths == 0)
		hi_buf_printf(b, "%d", tenths / 10);
	if (tenths % 10)
		hi_buf_printf(b, ".%d", tenths % 10);
}

static void put_point(struct hi_buf *b, char verb, int x, int y)
{
	hi_buf_putc(b, verb);
	put_length(b, x);
	if (y >= 0)
		hi_buf_putc(b, ' ');
	put_length(b, y);
}

static void put_attribute(struct hi_buf *b, const char *name, int tenths)
{
	hi_buf_printf(b, " %s=\"", name);
	put_length(b, tenths);
	hi_buf_putc(b, '"');
}

static void put_rect(struct hi_buf *b, const char *class_name, int x, int y, int right, int bottom)
{
	hi_buf_printf(b, "<rect class=\"%s\"", class_name);
	put_attribute(b, "x", x);
	put_attribute(b, "y", y);
	put_attribute(b, "width", right - x);
	put_attribute(b, "height", bottom - y);
	hi_buf_puts(b, "/>");
}

static void put_text(struct hi_buf *b, const char *class_name, int x, int y)
{
	hi_buf_printf(b, "<text class=\"%s\"", class_name);
	put_attribute(b, "x", x);
	put_attribute(b, "y", y);
	hi_buf_putc(b, '>');
}

static void join(struct column *into, const struct hi_bucket *bucket)
{
	uint64_t n = (uint64_t)into->n + bucket->n;

	into->bad += bucket->bad;
	if (bucket->n == 0)
		return;
	into->min = into->n ? fminf(into->min, bucket->min) : bucket->min;
	into->max = into->n ? fmaxf(into->max, bucket->max) : bucket->max;
	into->mean = (float)(((double)into->mean * into->n + (double)bucket->mean * bucket->n) /
			     (double)n);
	into->n = (uint32_t)n;
}

/* The series in columns of at least `wide` tenths; returns how many. */
static size_t columns_of(const struct hi_series *s, const struct plot *p, unsigned wide,
			 struct column *out)
{
	int64_t per_column = (p->to_us - p->from_us) / ((p->right - p->left) / (int)wide) + 1;
	int64_t gap_us = hi_series_gap(s, 2 * per_column);
	bool broken = true;
	size_t n = 0;
	int last = -1;

	for (uint32_t i = 0; i < s->n; i++) {
		const struct hi_bucket *bucket = &s->b[i];
		int x = x_of(p, bucket->t_us), at = (x - p->left) / (int)wide;

		if (i > 0 && bucket->t_us - s->b[i - 1].t_us > gap_us)
			broken = true;
		if (bucket->n == 0 && bucket->bad == 0) {
			broken = true;
			continue;
		}
		if (n == 0 || at != last) {
			out[n++] = (struct column){ .x = x, .after_gap = broken };
			broken = false;
			last = at;
		}
		join(&out[n - 1], bucket);
	}
	return n;
}

/* A line from where the pen is to (x, y), relative, which is shorter. */
static void line_to(struct hi_buf *b, int *pen_x, int *pen_y, int x, int y)
{
	put_point(b, 'l', x - *pen_x, y - *pen_y);
	*pen_x = x;
	*pen_y = y;
}

/* n columns, an unbroken run with values: the area between their highest and lowest. */
static void draw_band(struct hi_buf *b, const struct plot *p, const struct column *c, size_t n)
{
	int x = c[0].x, y = y_of(p, c[0].max);

	put_point(b, 'M', x, y);
	for (size_t i = 1; i < n; i++)
		line_to(b, &x, &y, c[i].x, y_of(p, c[i].max));
	for (size_t i = n; i-- > 0;)
		line_to(b, &x, &y, c[i].x, y_of(p, c[i].min));
	hi_buf_putc(b, 'Z');
}

static void draw_line(struct hi_buf *b, const struct plot *p, const struct column *c, size_t n)
{
	int x = c[0].x, y = y_of(p, c[0].mean);

	put_point(b, 'M', x, y);
	if (n == 1) {
		hi_buf_puts(b, "h0"); /* a dot, by its round ends */
		return;
	}
	for (size_t i = 1; i < n; i++)
		line_to(b, &x, &y, c[i].x, y_of(p, c[i].mean));
}

/* Calls draw for every unbroken run of columns with values. */
static void each_run(struct hi_buf *b, const struct plot *p, const struct column *c, size_t n,
		     void (*draw)(struct hi_buf *, const struct plot *, const struct column *,
				  size_t))
{
	size_t from = 0;

	while (from < n) {
		size_t to = from;

		while (to < n && c[to].n > 0 && (to == from || !c[to].after_gap))
			to++;
		if (to > from)
			draw(b, p, c + from, to - from);
		from = to > from ? to : from + 1;
	}
}

static void draw_dot(struct hi_buf *b, const struct plot *p, const struct column *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		put_point(b, 'M', c[i].x, y_of(p, c[i].mean));
		hi_buf_puts(b, "h0");
	}
}

static void draw_series(struct hi_buf *b, const struct plot *p, const struct column *c, size_t n)
{
	bool spread = false;

	for (size_t i = 0; i < n; i++)
		spread = spread || (c[i].n > 0 && c[i].max > c[i].min);
	if (spread) {
		hi_buf_puts(b, "<path class=\"env\" d=\"");
		each_run(b, p, c, n, draw_band);
		hi_buf_puts(b, "\"/>");
	}
	hi_buf_puts(b, "<path class=\"ln\" d=\"");
	each_run(b, p, c, n, draw_line);
	hi_buf_puts(b, "\"/>");
	if (!spread && n <= DOTS_MAX) {
		hi_buf_puts(b, "<path class=\"dot\" d=\"");
		each_run(b, p, c, n, draw_dot);
		hi_buf_puts(b, "\"/>");
	}
}

/* A cross at the plot's upper edge for each column with implausible values: not at a height. */
static void draw_bad(struct hi_buf *b, const struct plot *p, const struct column *c, size_t n)
{
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (c[i].bad == 0)
			continue;
		hi_buf_puts(b, any ? "" : "<path class=\"bad\" d=\"");
		any = true;
		put_point(b, 'M', c[i].x - 25, p->top + 20);
		hi_buf_puts(b, "l5 5m0-5l-5 5");
	}
	if (any)
		hi_buf_puts(b, "\"/>");
}

static void draw_normal(struct hi_buf *b, const struct plot *p, const struct hi_metric *m)
{
	if (m && m->normal.known)
		put_rect(b, "nrm", p->left, y_of(p, m->normal.high), p->right,
			 y_of(p, m->normal.low));
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

static void draw_mark(struct hi_buf *b, const struct plot *p, struct marks *m, unsigned priority,
		      int x)
{
	int to = x + 50 * (int)strlen(hi_alarm_mark(priority)) + 20;

	for (unsigned i = 0; i < m->n; i++)
		if (x < m->to[i] && to > m->from[i])
			return;
	m->from[m->n] = x;
	m->to[m->n++] = to;
	put_text(b, "em", x, p->top - STRIP - 10);
	hi_buf_printf(b, "%s</text>", hi_alarm_mark(priority));
}

static void draw_episode(struct hi_buf *b, const struct plot *p, const struct hi_chart *c,
			 const struct hi_alarm *ep, struct marks *m)
{
	int x = x_of(p, ep->onset_us), right = ep->ended ? x_of(p, ep->end_us) : p->right;

	if (right < x + 20)
		right = x + 20;
	hi_buf_printf(b, "<g class=\"e%u\"><title>", ep->priority);
	hi_html_text(b, hi_words_view(&c->rules[ep->rule].type));
	hi_buf_putc(b, ' ');
	hi_words_time(b, ep->onset_us);
	hi_buf_puts(b, ep->ended ? "</title>" : ", still active</title>");
	put_rect(b, "es", x, p->top, right, p->bottom);
	put_rect(b, "eb", x, p->top - STRIP, right, p->top);
	draw_mark(b, p, m, ep->priority, x);
	hi_buf_puts(b, "</g>");
}

/* Bars above the plot with the priority's mark, a shade below each; what is urgent on top. */
static void draw_episodes(struct hi_buf *b, const struct plot *p, const struct hi_chart *c)
{
	struct marks m = { .n = 0 };

	for (unsigned priority = HI_ALARMS; priority-- > 0;)
		for (const struct hi_alarm *ep = c->episodes; ep; ep = ep->next)
			if (ep->priority == priority && within(c, ep) &&
			    m.drawn++ < EPISODES_DRAWN_MAX)
				draw_episode(b, p, c, ep, &m);
}

static void draw_value_axis(struct hi_buf *b, const struct plot *p, const struct hi_axis *a,
			    const char *codes)
{
	hi_buf_puts(b, "<path class=\"grid\" d=\"");
	for (double v = a->low; v < a->high + a->step / 2; v += a->step) {
		put_point(b, 'M', p->left, y_of(p, v));
		hi_buf_putc(b, 'H');
		put_length(b, p->right);
	}
	hi_buf_puts(b, "\"/>");
	for (double v = a->low; v < a->high + a->step / 2; v += a->step) {
		size_t code = (size_t)lround(fmax(v, 0));

		put_text(b, "yl", p->left - 50, y_of(p, v) + 35);
		if (!codes)
			hi_words_value(b, v, a->decimals);
		else if (v >= 0 && code < strlen(codes))
			hi_buf_putc(b, codes[code]);
		hi_buf_puts(b, "</text>");
	}
}

static void draw_time_axis(struct hi_buf *b, const struct plot *p)
{
	struct hi_tick tick[HI_AXIS_TICKS_MAX];
	size_t n = hi_axis_times(p->from_us, p->to_us, 5, tick);

	hi_buf_puts(b, "<path class=\"tick\" d=\"");
	for (size_t i = 0; i < n; i++) {
		put_point(b, 'M', x_of(p, tick[i].t_us), p->bottom);
		hi_buf_puts(b, "v4");
	}
	hi_buf_puts(b, "\"/>");
	for (size_t i = 0; i < n; i++) {
		put_text(b, "xl", x_of(p, tick[i].t_us), p->bottom + 150);
		hi_buf_puts(b, tick[i].label);
		hi_buf_puts(b, "</text>");
	}
}

static const char *side_word(int side)
{
	return side > 0 ? "\u25B2 high" : "\u25BC low";
}

/* The newest number, at its height, right of the plot. */
static void draw_last(struct hi_buf *b, const struct plot *p, const struct hi_chart *c)
{
	const struct hi_series *s = c->series;
	int side = s->last_bad ? 0 : hi_summary_side(c->metric->metric, s->last);
	int y, text_y;

	if (!s->has_last)
		return;
	y = y_of(p, s->last);
	if (!s->last_bad) {
		hi_buf_puts(b, "<circle class=\"end\"");
		put_attribute(b, "cx", x_of(p, s->value_us));
		put_attribute(b, "cy", y);
		hi_buf_puts(b, " r=\"3.5\"/>");
	}
	text_y = y + 50;
	text_y = text_y < p->top + 90 ? p->top + 90 : text_y;
	text_y = text_y > p->bottom - 70 ? p->bottom - 70 : text_y;
	put_text(b, side || s->last_bad ? "now off" : "now", p->right + 90, text_y);
	hi_chart_value(b, s, c->metric->metric);
	hi_buf_puts(b, "</text>");
	if (side || s->last_bad) {
		put_text(b, "side", p->right + 90, text_y + 110);
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
	struct column column[HI_SERIES_MAX];
	struct hi_axis axis;
	struct plot p = { LEFT, RIGHT, TOP, BOTTOM, c->from_us, c->to_us, 0, 1 };
	size_t n;

	value_axis(&axis, c);
	p.low = axis.low;
	p.high = axis.high;
	n = columns_of(c->series, &p, c->column, column);
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
	draw_series(b, &p, column, n);
	draw_bad(b, &p, column, n);
	draw_last(b, &p, c);
	hi_buf_puts(b, "</svg>");
}

void hi_chart_spark(struct hi_buf *b, const struct hi_chart *c)
{
	struct column column[HI_SERIES_MAX];
	struct hi_axis axis;
	struct plot p = { 20, SPARK_WIDTH - 30, 30, SPARK_HEIGHT - 30, c->from_us, c->to_us, 0, 1 };
	size_t n;

	value_axis(&axis, c);
	p.low = axis.low;
	p.high = axis.high;
	n = columns_of(c->series, &p, c->column, column);
	hi_buf_printf(b,
		      "<svg class=\"spark\" viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" "
		      "aria-hidden=\"true\">",
		      SPARK_WIDTH / 10, SPARK_HEIGHT / 10);
	draw_normal(b, &p, c->metric->metric);
	hi_buf_puts(b, "<path class=\"ln\" d=\"");
	each_run(b, &p, column, n, draw_line);
	hi_buf_puts(b, "\"/>");
	if (c->series->has_last && !c->series->last_bad) {
		hi_buf_puts(b, "<path class=\"tip\" d=\"");
		put_point(b, 'M', x_of(&p, c->series->value_us), y_of(&p, c->series->last));
		hi_buf_puts(b, "h0\"/>");
	}
	hi_buf_puts(b, "</svg>");
}
