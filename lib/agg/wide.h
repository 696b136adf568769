/*
 * Arithmetic wider than a double: quotients of 128-bit integers, correctly
 * rounded, and sums of doubles that carry twice the digits.
 */
#ifndef HI_AGG_WIDE_H
#define HI_AGG_WIDE_H

#include <math.h>
#include <stdint.h>

/* num / den to the nearest double, ties to even. 0 < den < 2^126, |num| < 2^126. */
double hi_wide_ratio(__int128 num, __int128 den);

/* An unevaluated sum hi + lo, |lo| at most half a unit of hi's last place. */
struct hi_dd {
	double hi, lo;
};

/* Exact sum of two doubles (Knuth, TAOCP 2, 4.2.2, theorem B). */
static inline struct hi_dd hi_dd_sum(double a, double b)
{
	double s = a + b, t = s - a;
	return (struct hi_dd){ s, (a - (s - t)) + (b - t) };
}

/* Exact product of two doubles. */
static inline struct hi_dd hi_dd_product(double a, double b)
{
	double p = a * b;
	return (struct hi_dd){ p, fma(a, b, -p) };
}

/* a + b to about 2^-104. */
static inline struct hi_dd hi_dd_add(struct hi_dd a, struct hi_dd b)
{
	struct hi_dd s = hi_dd_sum(a.hi, b.hi);
	return hi_dd_sum(s.hi, s.lo + (a.lo + b.lo));
}

static inline struct hi_dd hi_dd_neg(struct hi_dd a)
{
	return (struct hi_dd){ -a.hi, -a.lo };
}

static inline struct hi_dd hi_dd_square(struct hi_dd a)
{
	struct hi_dd p = hi_dd_product(a.hi, a.hi);
	return hi_dd_sum(p.hi, p.lo + 2 * a.hi * a.lo);
}

/* a / b to about 2^-104. */
static inline struct hi_dd hi_dd_over(struct hi_dd a, double b)
{
	double q = a.hi / b;
	struct hi_dd p = hi_dd_product(q, b);
	return hi_dd_sum(q, ((a.hi - p.hi) - p.lo + a.lo) / b);
}

/* x to 106 bits. */
static inline struct hi_dd hi_dd_of(unsigned __int128 x)
{
	double hi = (double)x;
	/* The difference is below 2^74 either way; modulo 2^128 its sign is kept. */
	return (struct hi_dd){ hi, (double)(__int128)(x - (unsigned __int128)hi) };
}

#endif
