/*
 * The metric table: everything that the toolkit knows of a vital sign stands in
 * one row of metric.c, with its source. Parser, generator, checks, report,
 * converters and the manual's table all read it; a new metric is one row.
 */
#ifndef HI_VITAL_METRIC_H
#define HI_VITAL_METRIC_H

#include "base/num.h"
#include "base/slice.h"

enum { HI_UNIT_MAX = 16, HI_METRIC_NAME_MAX = 48 };

/* canonical = (written * mul + add) / div, in integers so that the result is correctly rounded. */
struct hi_unit_alias {
	const char *name;
	int64_t mul, add, div; /* add in units of the written value's 10^0 */
};

struct hi_range {
	bool known;
	bool low_open; /* low itself is outside */
	bool high_open;
	double low, high;
};

struct hi_metric {
	const char *name;		     /* "heart_rate" */
	const char *short_name;		     /* "hr": for options and rules only */
	const char *label;		     /* "Heart rate": for people */
	const char *unit;		     /* canonical; "" where it has none */
	const char *unit_label;		     /* for people: "°C" */
	const struct hi_unit_alias *aliases; /* ends with a NULL name */
	const char *codes; /* coded metric: its letters ("ACVPU"); NULL: numeric */
	/* NULL: none; several stand with one space between, the first is the one to write. */
	const char *loinc, *ucum, *mdc, *mdc_unit;
	struct hi_range plausible;
	struct hi_range normal; /* the replaced system's */
	struct hi_range chart;	/* the axis of a chart */
	uint8_t decimals;	/* as monitors show it */
	const char *source;
};

extern const struct hi_metric hi_metrics[];
extern const size_t hi_metrics_n;

/* By full name; NULL: not in the catalogue (which is legal). */
const struct hi_metric *hi_metric_find(struct hi_slice name);

/* By full or short name, as options and rules write it; otherwise NULL. */
const struct hi_metric *hi_metric_find_option(struct hi_slice name);

/*
 * The name in the catalogue that looks like what was meant by one that is not, or
 * NULL. Other names are legal, and select, judge or hold nothing where they are slips.
 */
const char *hi_metric_meant(struct hi_slice name);

static inline size_t hi_metric_index(const struct hi_metric *m)
{
	return (size_t)(m - hi_metrics);
}

bool hi_range_has(const struct hi_range *r, double v); /* an unknown range has every v */

static inline bool hi_metric_plausible(const struct hi_metric *m, double v)
{
	return !m || hi_range_has(&m->plausible, v);
}

/*
 * in, written in unit, to m's canonical unit: *out. HI_OK, or HI_REFUSED where
 * the unit is not one of m's (or the result is no longer finite). An absent unit
 * (len 0) is the canonical one. *changed: the unit was not the canonical text.
 * Correctly rounded wherever the decimal fits (|num|, den <= 2^53 of
 * hi_num_ratio); a number of more digits is converted in doubles.
 */
int hi_unit_convert(const struct hi_metric *m, struct hi_slice unit, const struct hi_num *in,
		    struct hi_num *out, bool *changed);

#endif
