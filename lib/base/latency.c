#include "base/latency.h"

#include "base/time.h"

const int64_t hi_latency_bounds_us[HI_LATENCY_BOUNDS] = {
	500,	       HI_US_MS,	2500,		5 * HI_US_MS,	10 * HI_US_MS,
	25 * HI_US_MS, 50 * HI_US_MS,	100 * HI_US_MS, 250 * HI_US_MS, 500 * HI_US_MS,
	HI_US_S,       2500 * HI_US_MS, 5 * HI_US_S,	10 * HI_US_S,	30 * HI_US_S,
	60 * HI_US_S,
};

void hi_latency_add(struct hi_latency *l, int64_t us)
{
	unsigned i = 0;
	us = us < 0 ? 0 : us;
	while (i < HI_LATENCY_BOUNDS && us > hi_latency_bounds_us[i])
		i++;
	l->count[i]++;
	l->n++;
	l->sum_s += (double)us / (double)HI_US_S;
}
