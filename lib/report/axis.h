/* Where the marks of an axis stand: round numbers, and round times in the process's zone. */
#ifndef HI_REPORT_AXIS_H
#define HI_REPORT_AXIS_H

#include <stddef.h>
#include <stdint.h>

enum { HI_AXIS_TICKS_MAX = 12, HI_AXIS_LABEL_MAX = 16 };

struct hi_axis {
	double low, high, step; /* low and high are multiples of step; low < high */
	unsigned decimals;	/* that the step needs */
};

/*
 * The roundest axis that holds [low, high] with at most ticks marks (2 to
 * HI_AXIS_TICKS_MAX), both ends counted. Steps are 1, 2 or 5 times a power of
 * ten. low = high gives an axis around it.
 */
void hi_axis_values(struct hi_axis *a, double low, double high, unsigned ticks);

struct hi_tick {
	int64_t t_us;
	char label[HI_AXIS_LABEL_MAX]; /* "05:00", "3 Jan", "Jan 2031": ASCII */
};

/*
 * Marks within [from_us, to_us] at round times, at most n (2 to
 * HI_AXIS_TICKS_MAX); returns how many. A mark at midnight carries the date.
 */
size_t hi_axis_times(int64_t from_us, int64_t to_us, unsigned n, struct hi_tick *out);

#endif
