/*
 * How long something took, as a histogram: counts below bounds that grow by about
 * 2 to 2.5, from 0.5 ms to 60 s. No allocation; adding costs a few nanoseconds.
 */
#ifndef HI_BASE_LATENCY_H
#define HI_BASE_LATENCY_H

#include <stdint.h>

enum { HI_LATENCY_BOUNDS = 16 };

/* In microseconds, rising; bucket i counts what is at most its bound and above the one before. */
extern const int64_t hi_latency_bounds_us[HI_LATENCY_BOUNDS];

struct hi_latency {
	uint64_t count[HI_LATENCY_BOUNDS + 1]; /* the last: above all bounds */
	uint64_t n;
	double sum_s; /* years of waiting, for millions of messages, are more than 64 bits of us */
};

/* Below 0, where two clocks differ, is 0. */
void hi_latency_add(struct hi_latency *l, int64_t us);

#endif
