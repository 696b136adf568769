#include "agg/stats.h"

#include <stdlib.h>

#include "agg/hist.h"
#include "agg/sparse.h"
#include "agg/wide.h"

/* One value and its count; of a histogram, one bin. In ascending order. */
struct point {
	double v; /* of a bin: its middle */
	uint64_t n;
	int64_t mant;  /* where all are decimals: v is mant / 10^scale */
	uint8_t scale; /* HI_SPARSE_DOUBLE: no decimal */
	uint8_t class; /* HI_HIST_... */
	double mean;   /* of a bin: of the values in it; otherwise v */
	double spread; /* of a bin: sum of their squared distances from it; otherwise 0 */
};

struct points {
	struct point *p;
	size_t n;
	bool decimal;  /* all mants are at this scale */
	uint8_t scale; /* and not all of them end in 0, unless it is 0 */
};

static int by_value(const void *a, const void *b)
{
	const struct point *x = a, *y = b;
	/* The double that stands for a long decimal may equal a short one. */
	return x->v != y->v ? (x->v > y->v) - (x->v < y->v) : (int)x->scale - (int)y->scale;
}

static uint8_t class_of(const struct hi_metric *m, double v)
{
	return hi_metric_plausible(m, v) ? HI_HIST_PLAUSIBLE : HI_HIST_BELOW;
}

static struct point point_of(double v, uint64_t n, const struct hi_metric *m)
{
	return (struct point){ .v = v, .n = n, .class = class_of(m, v), .mean = v };
}

/* Dense counts are in order already; with others among them, sort. */
static bool collect(const struct hi_values *a, struct points *out)
{
	out->p = malloc(((size_t)a->distinct + 1) * sizeof(*out->p));
	if (!out->p)
		return false;
	for (uint32_t i = 0; i < a->dense_n; i++) {
		if (a->dense[i] == 0)
			continue;
		double v = hi_num_decimal(a->base + i, a->scale).v;
		struct point *p = &out->p[out->n++];
		*p = point_of(v, a->dense[i], a->metric);
		p->mant = a->base + i;
		p->scale = a->scale;
	}
	if (!a->sparse)
		return true;
	for (size_t i = 0; i < a->sparse->cap; i++) {
		const struct hi_sparse_slot *s = &a->sparse->slots[i];
		if (s->n == 0)
			continue;
		struct point *p = &out->p[out->n++];
		*p = point_of(hi_sparse_value(s), s->n, a->metric);
		p->mant = s->mant;
		p->scale = s->scale;
	}
	qsort(out->p, out->n, sizeof(*out->p), by_value);
	return true;
}

/*
 * Brings all mants to one scale, where they are decimals and fit. The least such
 * scale, so that it follows from the values and not from how they were written.
 */
static void align(struct points *a)
{
	uint8_t scale = 0;

	a->decimal = true;
	for (size_t i = 0; i < a->n && a->decimal; i++) {
		a->decimal = a->p[i].scale != HI_SPARSE_DOUBLE;
		for (; a->decimal && a->p[i].scale > scale; a->p[i].scale--) {
			if (a->p[i].mant % 10 != 0) {
				scale = a->p[i].scale;
				break;
			}
			a->p[i].mant /= 10;
		}
	}
	for (size_t i = 0; i < a->n && a->decimal; i++)
		a->decimal = !__builtin_mul_overflow(a->p[i].mant, hi_pow10[scale - a->p[i].scale],
						     &a->p[i].mant);
	a->scale = scale;
}

/* The exact sums of decimals. */
static void decimal_moments(const struct points *a, struct hi_stats *s)
{
	int64_t first = a->p[0].mant;
	uint64_t n = s->count, span = (uint64_t)a->p[a->n - 1].mant - (uint64_t)first, check;
	__int128 sum = 0, d1 = 0, d2 = 0;

	for (size_t i = 0; i < a->n; i++)
		sum += (__int128)a->p[i].mant * a->p[i].n;
	s->avg = hi_wide_ratio(sum, (__int128)n * hi_pow10[a->scale]);
	if (n < 2 || __builtin_mul_overflow(span, n, &check) || check >> 62 != 0)
		return;
	/* n * d2 and d1 * d1 are at most (span * n)^2. */
	for (size_t i = 0; i < a->n; i++) {
		uint64_t d = (uint64_t)a->p[i].mant - (uint64_t)first;
		d1 += (__int128)d * a->p[i].n;
		d2 += (__int128)d * d * a->p[i].n;
	}
	double var = hi_wide_ratio((__int128)n * d2 - d1 * d1, (__int128)n * (n - 1));
	s->sd = sqrt(var) / (double)hi_pow10[a->scale];
	s->has_sd = true;
}

/* Sums in order of value, with twice a double's digits, scaled so that no square overflows. */
static void double_moments(const struct points *a, struct hi_stats *s)
{
	struct hi_dd sum = { 0, 0 }, squares = { 0, 0 }, off = { 0, 0 };
	double n = (double)s->count, most = fmax(fabs(s->min), fabs(s->max));
	int exponent;

	frexp(most, &exponent);
	for (size_t i = 0; i < a->n; i++)
		sum = hi_dd_add(sum,
				hi_dd_product(ldexp(a->p[i].mean, -exponent), (double)a->p[i].n));
	double mean = hi_dd_over(sum, n).hi;
	s->avg = ldexp(mean, exponent);
	s->avg = fmin(fmax(s->avg, s->min), s->max);
	if (s->count < 2)
		return;
	/* The mean is rounded: what that adds to the squares is taken off (Chan et al. 1983). */
	for (size_t i = 0; i < a->n; i++) {
		double d = ldexp(a->p[i].mean, -exponent) - mean, w = (double)a->p[i].n;
		struct hi_dd part = hi_dd_product(d * w, d);
		squares = hi_dd_add(squares, part);
		squares = hi_dd_add(squares, hi_dd_sum(ldexp(a->p[i].spread, -2 * exponent), 0));
		off = hi_dd_add(off, hi_dd_product(d, w));
	}
	double ss = squares.hi - off.hi * off.hi / n;
	s->sd = ldexp(sqrt(ss > 0 ? ss / (n - 1) : 0), exponent);
	s->has_sd = isfinite(s->sd);
}

/* Between the ranks at (n - 1) * percent / 100. */
static double percentile(const struct points *a, const struct hi_stats *s, unsigned percent)
{
	unsigned __int128 h = (unsigned __int128)(s->count - 1) * percent;
	uint64_t rank = (uint64_t)(h / 100), above = a->p[0].n;
	int64_t part = (int64_t)(h % 100);
	size_t i = 0;

	while (above <= rank)
		above += a->p[++i].n;
	const struct point *p = &a->p[i], *q = above > rank + 1 || part == 0 ? p : p + 1;
	if (p == q)
		return fmin(fmax(p->v, s->min), s->max);
	if (a->decimal)
		return hi_wide_ratio((__int128)p->mant * (100 - part) + (__int128)q->mant * part,
				     (__int128)100 * hi_pow10[a->scale]);
	/* Each at most the greater of the two, so nothing overflows. */
	double v = p->v * ((double)(100 - part) / 100) + q->v * ((double)part / 100);
	return fmin(fmax(v, s->min), s->max);
}

/* s->min and max are set where the points are bins. */
static void compute(const struct points *a, struct hi_stats *s)
{
	s->count = 0;
	for (size_t i = 0; i < a->n; i++)
		s->count += a->p[i].n;
	if (s->count == 0)
		return;
	if (!s->approx) {
		s->min = a->p[0].v;
		s->max = a->p[a->n - 1].v;
	}
	s->has_sd = false;
	struct hi_stats other = *s;
	if (a->decimal)
		decimal_moments(a, s);
	if (!a->decimal || (s->count > 1 && !s->has_sd)) {
		double_moments(a, &other);
		s->avg = a->decimal ? s->avg : other.avg;
		s->sd = other.sd;
		s->has_sd = other.has_sd;
	}
	s->p05 = percentile(a, s, 5);
	s->p50 = percentile(a, s, 50);
	s->p95 = percentile(a, s, 95);
}

/* The plausible range is one interval, so what lies in it is one run of the points. */
static struct points plausible_part(const struct points *a)
{
	struct points b = { a->p, 0, a->decimal, a->scale };

	while (b.p < a->p + a->n && b.p->class != HI_HIST_PLAUSIBLE)
		b.p++;
	while (b.p + b.n < a->p + a->n && b.p[b.n].class == HI_HIST_PLAUSIBLE)
		b.n++;
	return b;
}

/* The mean of a bin's values and their spread around it, from its integer sums. */
static struct point point_of_bin(const struct hi_hist *h, const struct hi_hist_bin *b)
{
	double sign, low, unit, half, n = (double)b->n;

	hi_hist_bin_range(h, b->key, &sign, &low, &unit, &half);
	struct hi_dd rest = hi_dd_of(b->rest);
	struct hi_dd square = hi_dd_over(hi_dd_square(rest), n);
	double spread = hi_dd_add(hi_dd_of(b->rest2), hi_dd_neg(square)).hi;
	return (struct point){
		.v = sign * (low + half),
		.n = b->n,
		.scale = HI_SPARSE_DOUBLE,
		.class = (uint8_t)hi_hist_class(b->key),
		.mean = sign * (low + unit * (rest.hi / n)),
		.spread = spread > 0 ? spread * unit * unit : 0,
	};
}

static int hist_stats(const struct hi_hist *h, struct hi_stats *all, struct hi_stats *plausible)
{
	struct hi_hist_bin *bins = hi_hist_sorted(h);
	struct points a = { malloc((h->used + 1) * sizeof(*a.p)), h->used, false, 0 };
	int status = bins && a.p ? HI_OK : HI_NOMEM;

	for (size_t i = 0; i < a.n && status == HI_OK; i++)
		a.p[i] = point_of_bin(h, &bins[i]);
	if (status == HI_OK) {
		struct points b = plausible_part(&a);
		all->approx = plausible->approx = true;
		plausible->min = h->min[HI_HIST_PLAUSIBLE];
		plausible->max = h->max[HI_HIST_PLAUSIBLE];
		all->min = fmin(fmin(h->min[0], h->min[1]), h->min[2]);
		all->max = fmax(fmax(h->max[0], h->max[1]), h->max[2]);
		compute(&a, all);
		compute(&b, plausible);
	}
	free(bins);
	free(a.p);
	return status;
}

int hi_stats_of(const struct hi_values *a, struct hi_stats *all, struct hi_stats *plausible)
{
	struct points points = { NULL, 0, false, 0 };

	*all = *plausible = (struct hi_stats){ 0 };
	if (a->hist)
		return hist_stats(a->hist, all, plausible);
	if (!collect(a, &points)) {
		free(points.p);
		return HI_NOMEM;
	}
	align(&points);
	compute(&points, all);
	struct points part = plausible_part(&points);
	if (part.n == points.n)
		*plausible = *all;
	else
		compute(&part, plausible);
	free(points.p);
	return HI_OK;
}
