/*
 * One metric of one patient in bounded memory: a sorted list of buckets that
 * coarsens as it grows. Works in one pass, without knowing the range, for
 * readings in any order.
 *
 * A bucket covers [k * width, (k + 1) * width); only buckets with something in
 * them take memory. The width begins at one second and doubles when the list is
 * full, so hourly data keep every reading for weeks and data at 5 s for a day
 * become buckets of minutes that still know their minimum and maximum.
 */
#ifndef HI_REPORT_SERIES_H
#define HI_REPORT_SERIES_H

#include "base/status.h"
#include "vital/metric.h"

/* Buckets: those of a first reading; the least and the most that a bound can be. */
enum { HI_SERIES_FIRST = 4, HI_SERIES_MIN = 16, HI_SERIES_MAX = 512 };

struct hi_bucket {
	int64_t t_us;	      /* of its earliest reading */
	float min, max, mean; /* of the plausible values; canonical unit */
	uint32_t n;	      /* plausible values */
	uint32_t bad; /* implausible values; n = bad = 0: only nulls, the line breaks here */
};

struct hi_series {
	struct hi_bucket *b; /* by time */
	uint32_t n, cap;
	int64_t width_us;
	int64_t first_us, last_us; /* of readings with or without a value */
	int64_t value_us;	   /* time of `last` */
	double last;		   /* the newest value there is, implausible too; has_last */
	bool has_last, last_bad;
	uint8_t decimals; /* as people see it: the catalogue's, or the most that were written */
	uint8_t code;	  /* coded metric: the newest code's letter; 0: none */
	double min, max;  /* of the plausible values, where count > 0 */
	uint64_t count, bad, absent, outside; /* plausible; implausible; null; outside normal */
};

enum hi_sample { HI_SAMPLE_VALUE, HI_SAMPLE_BAD, HI_SAMPLE_ABSENT };

/* A zeroed series becomes an empty one. */
void hi_series_init(struct hi_series *s);
void hi_series_release(struct hi_series *s);

/*
 * Takes one reading. max: buckets at most from now on, HI_SERIES_FIRST to
 * HI_SERIES_MAX. HI_OK or HI_NOMEM. Of two readings of the same time the later
 * one to arrive is the newest.
 */
int hi_series_add(struct hi_series *s, int64_t t_us, double v, enum hi_sample kind, unsigned max);

/* Coarsens to at most max buckets and gives memory back. */
void hi_series_shrink(struct hi_series *s, unsigned max);

/*
 * The longest step between neighbours that is no gap: 2.5 times the median step,
 * and never less than min_us or two buckets. Steps longer than this are drawn as gaps.
 */
int64_t hi_series_gap(const struct hi_series *s, int64_t min_us);

#endif
