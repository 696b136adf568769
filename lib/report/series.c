#include "report/series.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"

void hi_series_init(struct hi_series *s)
{
	memset(s, 0, sizeof(*s));
	s->width_us = HI_US_S;
}

void hi_series_release(struct hi_series *s)
{
	free(s->b);
	hi_series_init(s);
}

static int64_t slot_of(const struct hi_series *s, int64_t t_us)
{
	int64_t q = t_us / s->width_us;

	return q - (t_us % s->width_us < 0);
}

/* A value beyond a float's range is drawn at its edge; charts need no more. */
static float narrow(double v)
{
	return v > FLT_MAX ? FLT_MAX : v < -FLT_MAX ? -FLT_MAX : (float)v;
}

/* into += from, which follows it in time. */
static void merge(struct hi_bucket *into, const struct hi_bucket *from)
{
	if (into->n == 0) {
		into->min = from->min;
		into->max = from->max;
		into->mean = from->mean;
	} else if (from->n > 0) {
		double part = (double)from->n / ((double)into->n + (double)from->n);

		into->min = fminf(into->min, from->min);
		into->max = fmaxf(into->max, from->max);
		into->mean = narrow(into->mean * (1 - part) + from->mean * part);
	}
	into->n += from->n;
	into->bad += from->bad;
	if (from->t_us < into->t_us)
		into->t_us = from->t_us;
}

static void double_width(struct hi_series *s)
{
	uint32_t n = 0;

	s->width_us *= 2;
	for (uint32_t i = 0; i < s->n; i++) {
		if (n > 0 && slot_of(s, s->b[n - 1].t_us) == slot_of(s, s->b[i].t_us))
			merge(&s->b[n - 1], &s->b[i]);
		else
			s->b[n++] = s->b[i];
	}
	s->n = n;
}

void hi_series_shrink(struct hi_series *s, unsigned max)
{
	struct hi_bucket *b;

	while (s->n > max)
		double_width(s);
	if (s->cap <= max)
		return;
	b = realloc(s->b, max * sizeof(*b));
	if (b) {
		s->b = b;
		s->cap = max;
	}
}

/* Room for one bucket more: grows to max, then coarsens by at least a quarter. */
static int make_room(struct hi_series *s, unsigned max)
{
	uint32_t cap = s->cap ? s->cap * 2 : HI_SERIES_FIRST;
	struct hi_bucket *b;

	if (s->n < s->cap && s->n < max)
		return HI_OK;
	if (s->n >= max) {
		while (s->n > max - max / 4)
			double_width(s);
		return HI_OK;
	}
	if (cap > max)
		cap = max;
	b = realloc(s->b, cap * sizeof(*b));
	if (!b)
		return HI_NOMEM;
	s->b = b;
	s->cap = cap;
	return HI_OK;
}

/* The first bucket whose slot is not below `slot`; mostly the last or none. */
static uint32_t find(const struct hi_series *s, int64_t slot)
{
	uint32_t low = 0, high = s->n;

	if (s->n == 0 || slot_of(s, s->b[s->n - 1].t_us) < slot)
		return s->n;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (slot_of(s, s->b[mid].t_us) < slot)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int put_bucket(struct hi_series *s, const struct hi_bucket *one, unsigned max)
{
	uint32_t i = find(s, slot_of(s, one->t_us));
	int rc;

	if (i == s->n || slot_of(s, s->b[i].t_us) != slot_of(s, one->t_us)) {
		rc = make_room(s, max);
		if (rc != HI_OK)
			return rc;
		i = find(s, slot_of(s, one->t_us)); /* the width may have changed */
	}
	if (i < s->n && slot_of(s, s->b[i].t_us) == slot_of(s, one->t_us)) {
		merge(&s->b[i], one);
		return HI_OK;
	}
	memmove(s->b + i + 1, s->b + i, (s->n - i) * sizeof(*s->b));
	s->b[i] = *one;
	s->n++;
	return HI_OK;
}

static void count_value(struct hi_series *s, double v)
{
	s->min = s->count ? fmin(s->min, v) : v;
	s->max = s->count ? fmax(s->max, v) : v;
	s->count++;
}

int hi_series_add(struct hi_series *s, int64_t t_us, double v, enum hi_sample kind, unsigned max)
{
	struct hi_bucket one = { .t_us = t_us };
	bool first = s->n == 0;
	int rc;

	if (kind == HI_SAMPLE_VALUE) {
		one.n = 1;
		one.min = one.max = one.mean = narrow(v);
	} else if (kind == HI_SAMPLE_BAD) {
		one.bad = 1;
	}
	rc = put_bucket(s, &one, max);
	if (rc != HI_OK)
		return rc;
	s->first_us = first || t_us < s->first_us ? t_us : s->first_us;
	s->last_us = first || t_us > s->last_us ? t_us : s->last_us;
	if (kind == HI_SAMPLE_ABSENT) {
		s->absent++;
		return HI_OK;
	}
	if (kind == HI_SAMPLE_VALUE)
		count_value(s, v);
	else
		s->bad++;
	if (!s->has_last || t_us >= s->value_us) {
		s->has_last = true;
		s->last = v;
		s->last_bad = kind == HI_SAMPLE_BAD;
		s->value_us = t_us;
	}
	return HI_OK;
}

static int compare_steps(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int64_t hi_series_gap(const struct hi_series *s, int64_t min_us)
{
	int64_t step[HI_SERIES_MAX], gap;
	uint32_t n = 0;

	for (uint32_t i = 1; i < s->n && n < HI_SERIES_MAX; i++)
		step[n++] = s->b[i].t_us - s->b[i - 1].t_us;
	if (min_us < 2 * s->width_us)
		min_us = 2 * s->width_us;
	if (n == 0)
		return min_us;
	qsort(step, n, sizeof(step[0]), compare_steps);
	gap = step[n / 2] / 2 * 5;
	return gap > min_us ? gap : min_us;
}
