/*
 * The distribution of one group's values, by counting.
 *
 * Vital signs are decimals of few digits: a day of heart rates holds some
 * hundred different values. So a count a value gives exact statistics, in bounded
 * memory, and the same ones in whatever order the values come: what is computed
 * (stats.h) depends on the values alone.
 *
 * Above HI_VALUES_MAX different values the counts become a histogram (hist.h):
 * percentiles within 0.1 %, still independent of order.
 */
#ifndef HI_AGG_VALUES_H
#define HI_AGG_VALUES_H

#include "base/num.h"
#include "base/status.h"
#include "vital/metric.h"

enum { HI_VALUES_MAX = 65536 };

struct hi_sparse; /* counts of values that do not lie close together */
struct hi_hist;

/* Small, so that groups by patient and hour are cheap; private to agg/. */
struct hi_values {
	const struct hi_metric *metric; /* for the plausible range; NULL: none */
	/* dense[i] counts the decimal (base + i) / 10^scale. */
	uint64_t *dense;
	int64_t base;
	uint32_t dense_n;
	uint32_t distinct; /* different values in dense and sparse */
	uint8_t scale;
	struct hi_sparse *sparse; /* NULL until needed */
	struct hi_hist *hist;	  /* not NULL: holds everything, the others are empty */
};

/* No allocation. metric is borrowed. */
void hi_values_init(struct hi_values *a, const struct hi_metric *metric);
void hi_values_release(struct hi_values *a);

/* n times the value x, the general way. HI_OK or HI_NOMEM. */
int hi_values_add_n(struct hi_values *a, const struct hi_num *x, uint64_t n);

/* Powers of ten 10^0 .. 10^15. */
extern const int64_t hi_pow10[HI_NUM_SCALE_MAX + 1];

/* The value x. HI_OK or HI_NOMEM. */
static inline int hi_values_add(struct hi_values *a, const struct hi_num *x)
{
	int64_t m;

	if (x->exact && x->scale <= a->scale &&
	    !__builtin_mul_overflow(x->mant, hi_pow10[a->scale - x->scale], &m)) {
		uint64_t i = (uint64_t)m - (uint64_t)a->base;
		if (i < a->dense_n && a->dense[i] != 0) {
			a->dense[i]++;
			return HI_OK;
		}
	}
	return hi_values_add_n(a, x, 1);
}

/* Adds all of b to a; b stays as it is. Commutative and associative. HI_OK or HI_NOMEM. */
int hi_values_merge(struct hi_values *a, const struct hi_values *b);

#endif
