/*
 * A log-linear histogram: each power of two in 512 bins, so that a bin's middle
 * is within 1/1024 (0.1 %) of everything in it. Which bins there are depends on
 * the values alone, never on their order: when more than HI_HIST_MAX are needed
 * (values over more than 128 powers of two), neighbours join in all of it at once,
 * and the error doubles.
 *
 * A bin is the leading bits of the double; what follows them is summed as an
 * integer, and its square, so that mean and deviation lose nothing. (The form of
 * the bins: G. Tene, HdrHistogram; joining them evenly: Epicoco et al., UDDSketch,
 * 2020.)
 */
#ifndef HI_AGG_HIST_H
#define HI_AGG_HIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { HI_HIST_MAX = 65536, HI_HIST_BITS = 9 };

/* Below, within or above the plausible range. */
enum { HI_HIST_BELOW, HI_HIST_PLAUSIBLE, HI_HIST_ABOVE, HI_HIST_CLASSES };

struct hi_hist_bin {
	uint64_t key;		       /* bin and class; sorts as the values do */
	uint64_t n;		       /* 0: an empty slot */
	unsigned __int128 rest, rest2; /* sums of what follows the leading bits, and squared */
};

struct hi_hist {
	struct hi_hist_bin *slots; /* open addressing */
	size_t cap, used;
	unsigned bits; /* leading bits of the mantissa that make a bin */
	/* Of each class; set where a value of it was added. */
	double min[HI_HIST_CLASSES], max[HI_HIST_CLASSES];
};

/* HI_OK or HI_NOMEM. */
int hi_hist_new(struct hi_hist **out);
void hi_hist_free(struct hi_hist *h);

/* n times v, finite. HI_OK or HI_NOMEM. */
int hi_hist_add(struct hi_hist *h, double v, unsigned class, uint64_t n);

/* Adds all of b to a. HI_OK or HI_NOMEM. */
int hi_hist_merge(struct hi_hist *a, const struct hi_hist *b);

/* The bins in ascending order, malloced: h->used of them. NULL: no memory. */
struct hi_hist_bin *hi_hist_sorted(const struct hi_hist *h);

/*
 * What a bin stands for. |value| = *low + rest * *unit for each value in it, which
 * is negative where *sign < 0; low + half is the middle.
 */
void hi_hist_bin_range(const struct hi_hist *h, uint64_t key, double *sign, double *low,
		       double *unit, double *half);

static inline unsigned hi_hist_class(uint64_t key)
{
	return key & 3;
}

#endif
