/* Statistics of a distribution. */
#ifndef HI_AGG_STATS_H
#define HI_AGG_STATS_H

#include "agg/values.h"

/* count 0: nothing else is set. */
struct hi_stats {
	uint64_t count;
	bool approx; /* percentiles within 0.1 % (values.h), the rest as always */
	bool has_sd; /* sd is set: count > 1 and sd is within a double's range */
	double avg, min, max;
	double sd; /* of the sample: n - 1 */
	/*
	 * Percentiles by linear interpolation between closest ranks at (n - 1) p
	 * (Hyndman and Fan 1996, type 7; R's and numpy's default, quantile_cont of
	 * DuckDB).
	 */
	double p05, p50, p95;
};

/*
 * Of all values, and of those that are plausible for the metric. Where every
 * value is a decimal (as vital signs are), each result is the correctly rounded
 * quotient of integers; sd is within two units of the last place. HI_OK or
 * HI_NOMEM.
 */
int hi_stats_of(const struct hi_values *a, struct hi_stats *all, struct hi_stats *plausible);

#endif
