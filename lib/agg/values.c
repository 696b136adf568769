#include "agg/values.h"

#include <stdlib.h>
#include <string.h>

#include "agg/hist.h"
#include "agg/sparse.h"

enum {
	DENSE_FIRST = 4,
	DENSE_FREE = 32,     /* slots that dense may have in any case */
	DENSE_PER_VALUE = 16 /* beyond that: slots a value, so that an outlier costs nothing */
};

/* Integers up to here are doubles. A decimal beyond it is counted as its double. */
#define MANT_MAX (INT64_C(1) << 53)

const int64_t hi_pow10[HI_NUM_SCALE_MAX + 1] = {
	1,
	10,
	100,
	1000,
	10000,
	100000,
	1000000,
	10000000,
	100000000,
	1000000000,
	10000000000,
	100000000000,
	1000000000000,
	10000000000000,
	100000000000000,
	1000000000000000,
};

void hi_values_init(struct hi_values *a, const struct hi_metric *metric)
{
	memset(a, 0, sizeof(*a));
	a->metric = metric;
}

static void release_counts(struct hi_values *a)
{
	free(a->dense);
	hi_sparse_free(a->sparse);
	a->dense = NULL;
	a->sparse = NULL;
	a->dense_n = 0;
	a->distinct = 0;
}

void hi_values_release(struct hi_values *a)
{
	release_counts(a);
	hi_hist_free(a->hist);
	a->hist = NULL;
}

static unsigned class_of(const struct hi_metric *m, double v)
{
	if (hi_metric_plausible(m, v))
		return HI_HIST_PLAUSIBLE;
	return v <= m->plausible.low ? HI_HIST_BELOW : HI_HIST_ABOVE;
}

static int hist_add(struct hi_values *a, double v, uint64_t n)
{
	return hi_hist_add(a->hist, v, class_of(a->metric, v), n);
}

/* Every count into a histogram. */
static int to_hist(struct hi_values *a)
{
	int status = hi_hist_new(&a->hist);

	for (uint32_t i = 0; i < a->dense_n && status == HI_OK; i++)
		if (a->dense[i] != 0)
			status = hist_add(a, hi_num_decimal(a->base + i, a->scale).v, a->dense[i]);
	for (size_t i = 0; a->sparse && i < a->sparse->cap && status == HI_OK; i++) {
		const struct hi_sparse_slot *s = &a->sparse->slots[i];
		if (s->n != 0)
			status = hist_add(a, hi_sparse_value(s), s->n);
	}
	release_counts(a);
	return status;
}

/* The slot of m / 10^scale in dense, or NULL. */
static uint64_t *dense_at(const struct hi_values *a, int64_t mant, uint8_t scale)
{
	int64_t m;

	if (scale > a->scale || __builtin_mul_overflow(mant, hi_pow10[a->scale - scale], &m))
		return NULL;
	uint64_t i = (uint64_t)m - (uint64_t)a->base;
	return i < a->dense_n ? &a->dense[i] : NULL;
}

/* Moves what sparse holds of dense's new range. */
static void sweep(struct hi_values *a)
{
	for (size_t i = 0; a->sparse && i < a->sparse->cap; i++) {
		struct hi_sparse_slot *s = &a->sparse->slots[i];
		uint64_t *d = s->n && s->scale != HI_SPARSE_DOUBLE ? dense_at(a, s->mant, s->scale)
								   : NULL;
		if (!d)
			continue;
		*d += s->n;
		hi_sparse_remove(a->sparse, i--);
	}
}

/* Moves dense to [lo, lo + n) at scale, of which it is a part now. */
static int dense_move(struct hi_values *a, int64_t lo, uint32_t n, uint8_t scale)
{
	uint64_t *d = calloc(n, sizeof(*d));

	if (!d)
		return HI_NOMEM;
	int64_t step = hi_pow10[scale - a->scale];
	for (uint32_t i = 0; i < a->dense_n; i++)
		if (a->dense[i] != 0)
			d[(a->base + i) * step - lo] = a->dense[i];
	free(a->dense);
	a->dense = d;
	a->dense_n = n;
	a->base = lo;
	a->scale = scale;
	sweep(a);
	return HI_OK;
}

static bool in_range(int64_t mant)
{
	return mant <= MANT_MAX && mant >= -MANT_MAX;
}

/*
 * Makes dense hold mant / 10^scale, where the slots are worth it. The length is a
 * power of two, so that moving costs little in all; what that gives beyond the
 * need lies on the side that grew.
 */
static int dense_grow(struct hi_values *a, int64_t mant, uint8_t scale, bool *grown)
{
	uint8_t to = scale > a->scale || a->dense_n == 0 ? scale : a->scale;
	int64_t step = hi_pow10[to - (a->dense_n ? a->scale : to)], m;

	*grown = false;
	if (step > HI_VALUES_MAX || __builtin_mul_overflow(mant, hi_pow10[to - scale], &m) ||
	    !in_range(m) || !in_range(a->base * step))
		return HI_OK;

	int64_t lo = a->dense_n ? a->base * step : m;
	int64_t hi = a->dense_n ? (a->base + a->dense_n - 1) * step : m;
	bool down = m < lo;
	lo = m < lo ? m : lo;
	hi = m > hi ? m : hi;
	int64_t span = hi - lo + 1, n = DENSE_FIRST;
	if (span > HI_VALUES_MAX ||
	    (span > DENSE_FREE && span > DENSE_PER_VALUE * (int64_t)(a->distinct + 1)))
		return HI_OK;
	while (n < span)
		n *= 2;
	lo = down ? hi - n + 1 : lo;
	if (!in_range(lo) || !in_range(lo + n - 1))
		return HI_OK;
	if (a->dense_n == 0)
		a->scale = to;
	*grown = true;
	return dense_move(a, lo, (uint32_t)n, to);
}

static void count_new(struct hi_values *a, uint64_t *slot, uint64_t n)
{
	a->distinct += *slot == 0;
	*slot += n;
}

/* As hi_values_add_n for a decimal that has its place in dense, or gets one there. */
static int add_dense(struct hi_values *a, const struct hi_num *x, uint64_t n, bool *done)
{
	uint64_t *d = dense_at(a, x->mant, x->scale);
	int status = HI_OK;

	*done = d != NULL;
	if (!d)
		status = dense_grow(a, x->mant, x->scale, done);
	if (status == HI_OK && *done)
		count_new(a, d ? d : dense_at(a, x->mant, x->scale), n);
	return status;
}

int hi_values_add_n(struct hi_values *a, const struct hi_num *x, uint64_t n)
{
	struct hi_sparse_slot key;
	bool done = false;
	int status = HI_OK;

	if (a->hist)
		return hist_add(a, x->v, n);
	hi_sparse_key(&key, x, MANT_MAX);
	if (key.scale != HI_SPARSE_DOUBLE) {
		/* As written first: "72.0" among "72.5" needs no zeros taken off. */
		status = add_dense(a, x, n, &done);
		if (status == HI_OK && !done && key.scale != x->scale) {
			struct hi_num plain = { x->v, key.mant, key.scale, true };
			status = add_dense(a, &plain, n, &done);
		}
	}
	if (status == HI_OK && !done) {
		uint64_t *slot = hi_sparse_at(&a->sparse, &key);
		if (!slot)
			return HI_NOMEM;
		count_new(a, slot, n);
	}
	if (status == HI_OK && a->distinct > HI_VALUES_MAX)
		status = to_hist(a);
	return status;
}

/* All counts of b, as values, into a. */
static int merge_counts(struct hi_values *a, const struct hi_values *b)
{
	int status = HI_OK;

	for (uint32_t i = 0; i < b->dense_n && status == HI_OK; i++) {
		if (b->dense[i] == 0)
			continue;
		struct hi_num x = hi_num_decimal(b->base + i, b->scale);
		status = hi_values_add_n(a, &x, b->dense[i]);
	}
	for (size_t i = 0; b->sparse && i < b->sparse->cap && status == HI_OK; i++) {
		const struct hi_sparse_slot *s = &b->sparse->slots[i];
		if (s->n == 0)
			continue;
		struct hi_num x = { .v = hi_sparse_value(s) };
		if (s->scale != HI_SPARSE_DOUBLE)
			x = hi_num_decimal(s->mant, s->scale);
		status = hi_values_add_n(a, &x, s->n);
	}
	return status;
}

int hi_values_merge(struct hi_values *a, const struct hi_values *b)
{
	if (!b->hist)
		return merge_counts(a, b);
	int status = a->hist ? HI_OK : to_hist(a);
	return status == HI_OK ? hi_hist_merge(a->hist, b->hist) : status;
}
