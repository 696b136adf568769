#include "report/plot.h"

#include <math.h>

#include "report/svg.h"

enum { DOTS_MAX = 72 }; /* columns: with more, single readings are not dotted */

int hi_plot_x(const struct hi_plot *p, int64_t t_us)
{
	double part = (double)(t_us - p->from_us) / (double)(p->to_us - p->from_us);

	part = part < 0 ? 0 : part > 1 ? 1 : part;
	return p->left + (int)lround(part * (p->right - p->left));
}

int hi_plot_y(const struct hi_plot *p, double v)
{
	double part = (v - p->low) / (p->high - p->low);

	part = part < 0 ? 0 : part > 1 ? 1 : part;
	return p->bottom - (int)lround(part * (p->bottom - p->top));
}

static void join(struct hi_column *into, const struct hi_bucket *bucket)
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

size_t hi_plot_columns(const struct hi_series *s, const struct hi_plot *p, unsigned wide,
		       struct hi_column out[HI_SERIES_MAX])
{
	int64_t per_column = (p->to_us - p->from_us) / ((p->right - p->left) / (int)wide) + 1;
	int64_t gap_us = hi_series_gap(s, 2 * per_column);
	bool broken = true;
	size_t n = 0;
	int last = -1;

	for (uint32_t i = 0; i < s->n; i++) {
		const struct hi_bucket *bucket = &s->b[i];
		int x = hi_plot_x(p, bucket->t_us), at = (x - p->left) / (int)wide;

		if (i > 0 && bucket->t_us - s->b[i - 1].t_us > gap_us)
			broken = true;
		if (bucket->n == 0 && bucket->bad == 0) {
			broken = true;
			continue;
		}
		if (n == 0 || at != last) {
			out[n++] = (struct hi_column){ .x = x, .after_gap = broken };
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
	hi_svg_point(b, 'l', x - *pen_x, y - *pen_y);
	*pen_x = x;
	*pen_y = y;
}

/* n columns, an unbroken run with values: the area between their highest and lowest. */
static void draw_band(struct hi_buf *b, const struct hi_plot *p, const struct hi_column *c,
		      size_t n)
{
	int x = c[0].x, y = hi_plot_y(p, c[0].max);

	hi_svg_point(b, 'M', x, y);
	for (size_t i = 1; i < n; i++)
		line_to(b, &x, &y, c[i].x, hi_plot_y(p, c[i].max));
	for (size_t i = n; i-- > 0;)
		line_to(b, &x, &y, c[i].x, hi_plot_y(p, c[i].min));
	hi_buf_putc(b, 'Z');
}

static void draw_line(struct hi_buf *b, const struct hi_plot *p, const struct hi_column *c,
		      size_t n)
{
	int x = c[0].x, y = hi_plot_y(p, c[0].mean);

	hi_svg_point(b, 'M', x, y);
	if (n == 1) {
		hi_buf_puts(b, "h0"); /* a dot, by its round ends */
		return;
	}
	for (size_t i = 1; i < n; i++)
		line_to(b, &x, &y, c[i].x, hi_plot_y(p, c[i].mean));
}

/* Calls draw for every unbroken run of columns with values. */
static void each_run(struct hi_buf *b, const struct hi_plot *p, const struct hi_column *c, size_t n,
		     void (*draw)(struct hi_buf *, const struct hi_plot *, const struct hi_column *,
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

static void draw_dot(struct hi_buf *b, const struct hi_plot *p, const struct hi_column *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		hi_svg_point(b, 'M', c[i].x, hi_plot_y(p, c[i].mean));
		hi_buf_puts(b, "h0");
	}
}

void hi_plot_line(struct hi_buf *b, const struct hi_plot *p, const struct hi_column *c, size_t n)
{
	hi_buf_puts(b, "<path class=\"ln\" d=\"");
	each_run(b, p, c, n, draw_line);
	hi_buf_puts(b, "\"/>");
}

void hi_plot_series(struct hi_buf *b, const struct hi_plot *p, const struct hi_column *c, size_t n)
{
	bool spread = false;

	for (size_t i = 0; i < n; i++)
		spread = spread || (c[i].n > 0 && c[i].max > c[i].min);
	if (spread) {
		hi_buf_puts(b, "<path class=\"env\" d=\"");
		each_run(b, p, c, n, draw_band);
		hi_buf_puts(b, "\"/>");
	}
	hi_plot_line(b, p, c, n);
	if (!spread && n <= DOTS_MAX) {
		hi_buf_puts(b, "<path class=\"dot\" d=\"");
		each_run(b, p, c, n, draw_dot);
		hi_buf_puts(b, "\"/>");
	}
}

void hi_plot_bad(struct hi_buf *b, const struct hi_plot *p, const struct hi_column *c, size_t n)
{
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (c[i].bad == 0)
			continue;
		hi_buf_puts(b, any ? "" : "<path class=\"bad\" d=\"");
		any = true;
		hi_svg_point(b, 'M', c[i].x - 25, p->top + 20);
		hi_buf_puts(b, "l5 5m0-5l-5 5");
	}
	if (any)
		hi_buf_puts(b, "\"/>");
}
