/*
 * A series as lines of an SVG drawing: at most one step a column of pixels, which
 * keeps the lowest, mean and highest value of what lies in it.
 */
#ifndef HI_REPORT_PLOT_H
#define HI_REPORT_PLOT_H

#include "base/buf.h"
#include "report/series.h"

/* A rectangle of the drawing, in tenths of a pixel, and what its sides mean. */
struct hi_plot {
	int left, right, top, bottom;
	int64_t from_us, to_us; /* from < to */
	double low, high;	/* low < high */
};

/* Where a time or a value lies; outside of the plot: its edge. */
int hi_plot_x(const struct hi_plot *p, int64_t t_us);
int hi_plot_y(const struct hi_plot *p, double v);

/* What stands in one column of pixels. */
struct hi_column {
	int x;
	float min, max, mean;
	uint32_t n, bad;
	bool after_gap; /* the line is broken before it */
};

/* The series in columns at least `wide` tenths wide; returns how many. */
size_t hi_plot_columns(const struct hi_series *s, const struct hi_plot *p, unsigned wide,
		       struct hi_column out[HI_SERIES_MAX]);

/* <path class="ln">: the means, broken at gaps; a value alone is a dot. */
void hi_plot_line(struct hi_buf *b, const struct hi_plot *p, const struct hi_column *c, size_t n);

/* The line, with class "env" for lowest to highest, or "dot" a value where there are few. */
void hi_plot_series(struct hi_buf *b, const struct hi_plot *p, const struct hi_column *c, size_t n);

/* <path class="bad">: a cross at the upper edge for each column with implausible values. */
void hi_plot_bad(struct hi_buf *b, const struct hi_plot *p, const struct hi_column *c, size_t n);

#endif
