#include <stdlib.h>

#include "base/status.h"
#include "csv/stats.h"

enum { FIRST_CAP = 256 };

void hi_csv_stats_release(struct hi_csv_stats *s)
{
	free(s->count);
	s->count = NULL;
	s->count_n = s->count_cap = 0;
}

static size_t slot_of(const struct hi_csv_count *count, size_t cap, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	bits *= UINT64_C(0x9E3779B97F4A7C15);
	size_t i = (size_t)(bits >> 32) & (cap - 1);
	while (count[i].n > 0 && count[i].v != v)
		i = (i + 1) & (cap - 1);
	return i;
}

static bool grow(struct hi_csv_stats *s)
{
	size_t cap = s->count_cap ? 2 * s->count_cap : FIRST_CAP;
	struct hi_csv_count *count = NULL;

	if (s->count_n < HI_CSV_DISTINCT_MAX)
		count = calloc(cap, sizeof(*count));
	if (!count) {
		hi_csv_stats_release(s);
		s->over = true;
		return false;
	}
	for (size_t i = 0; i < s->count_cap; i++)
		if (s->count[i].n > 0)
			count[slot_of(count, cap, s->count[i].v)] = s->count[i];
	free(s->count);
	s->count = count;
	s->count_cap = cap;
	return true;
}

void hi_csv_stats_add(struct hi_csv_stats *s, double v)
{
	size_t i;

	v += 0.0; /* -0 is 0 */
	if (s->n == 0 || v < s->min)
		s->min = v;
	if (s->n == 0 || v > s->max)
		s->max = v;
	s->n++;
	if (s->over || (s->count_cap == 0 && !grow(s)))
		return;
	i = slot_of(s->count, s->count_cap, v);
	if (s->count[i].n == 0 && 2 * (s->count_n + 1) > s->count_cap) {
		if (!grow(s))
			return;
		i = slot_of(s->count, s->count_cap, v);
	}
	s->count_n += s->count[i].n == 0;
	s->count[i].v = v;
	s->count[i].n++;
}

static int by_value(const void *a, const void *b)
{
	double x = ((const struct hi_csv_count *)a)->v, y = ((const struct hi_csv_count *)b)->v;

	return (x > y) - (x < y);
}

/* Puts the counted values in order; the table is no hash any more. */
static void sort(struct hi_csv_stats *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->count_cap; i++)
		if (s->count[i].n > 0)
			s->count[n++] = s->count[i];
	s->count_n = n;
	if (n > 0)
		qsort(s->count, n, sizeof(*s->count), by_value);
}

/* The lower of the two middle ones, and their mean, as everybody reckons it. */
static double median(const struct hi_csv_stats *s)
{
	uint64_t values = s->n - s->coded, before = 0;
	uint64_t low = (values - 1) / 2, high = values / 2;
	double v_low = 0;

	for (size_t i = 0; i < s->count_n; i++) {
		uint64_t after = before + s->count[i].n;
		if (low >= before && low < after)
			v_low = s->count[i].v;
		if (high < after)
			return v_low + (s->count[i].v - v_low) / 2;
		before = after;
	}
	return v_low;
}

static uint64_t count_if(const struct hi_csv_stats *s,
			 bool (*test)(const struct hi_csv_stats *s, double v))
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->count_n; i++)
		if (test(s, s->count[i].v))
			n += s->count[i].n;
	return n;
}

static bool at_most_one(const struct hi_csv_stats *s, double v)
{
	(void)s;
	return v <= 1;
}

static bool is_zero(const struct hi_csv_stats *s, double v)
{
	(void)s;
	return v == 0;
}

static bool implausible(const struct hi_csv_stats *s, double v)
{
	struct hi_num in = { .v = v }, out;
	bool changed;

	if (!s->target.known ||
	    hi_unit_convert(s->target.known, hi_slice_of(s->unit), &in, &out, &changed) != HI_OK)
		return false;
	return !hi_metric_plausible(s->target.known, out.v);
}

static bool is_metric(const struct hi_csv_stats *s, const char *name)
{
	return s->target.known && strcmp(s->target.known->name, name) == 0;
}

static bool canonical(const struct hi_csv_stats *s)
{
	return s->unit[0] == '\0' ||
	       (s->target.known && strcmp(s->unit, s->target.known->unit) == 0);
}

/* Thresholds are our choice: far outside what a ward of any kind could have as its middle. */
static void warn(const struct hi_csv_stats *s, double mid, struct hi_buf *b)
{
	double all = (double)(s->n - s->coded);
	double ones = 100 * (double)count_if(s, at_most_one) / all;
	double zeros = 100 * (double)count_if(s, is_zero) / all;
	uint64_t bad = count_if(s, implausible);
	double bad_pct = 100 * (double)bad / all;

	if (is_metric(s, "spo2") && canonical(s) && ones >= 50 && zeros < ones)
		hi_buf_printf(b, "; %.0f %% of values \u2264 1: a fraction?", ones);
	else if (is_metric(s, "temperature") && canonical(s) && mid > 80 && mid < 115)
		hi_buf_puts(b, "; degrees Fahrenheit?");
	else if (is_metric(s, "bp_systolic") && canonical(s) && mid > 8 && mid < 30)
		hi_buf_puts(b, "; kPa?");
	else if (zeros >= 5 && !hi_metric_plausible(s->target.known, 0))
		hi_buf_printf(b, "; %.0f %% of values are 0: a sensor that is off?", zeros);
	else if (bad_pct >= 1)
		hi_buf_printf(b, "; %.0f %% of values are not plausible", bad_pct);
	else if (bad > 0)
		hi_buf_printf(b, "; %llu value%s not plausible", (unsigned long long)bad,
			      bad == 1 ? " is" : "s are");
}

static void put_number(struct hi_buf *b, const char *before, double v)
{
	char text[HI_NUM_TEXT_MAX];

	hi_buf_puts(b, before);
	hi_buf_put(b, text, hi_num_format(v, text));
}

void hi_csv_stats_tell(struct hi_csv_stats *s, struct hi_buf *b)
{
	double mid;

	hi_buf_printf(b, "%s: %s%s%s: n %llu", s->name, s->target.name, s->unit[0] ? " " : "",
		      s->unit, (unsigned long long)s->n);
	if (s->n == s->coded) /* letters, or nothing */
		return;
	put_number(b, ", min ", s->min);
	if (s->over) {
		hi_buf_puts(b, ", median not counted (more than 65,536 different values)");
		put_number(b, ", max ", s->max);
		return;
	}
	sort(s);
	mid = median(s);
	/* The mean of two decimals: more digits than these are the double's, not the data's. */
	hi_buf_printf(b, ", median %.12g", mid);
	put_number(b, ", max ", s->max);
	warn(s, mid, b);
}
