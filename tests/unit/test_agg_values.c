/* Counts, histograms and statistics: against plain sums, in any order, in parts. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "agg/hist.h"
#include "agg/stats.h"
#include "agg/wide.h"

static uint64_t dice_state;

/* splitmix64 */
static uint64_t dice(void)
{
	uint64_t z = dice_state += UINT64_C(0x9E3779B97F4A7C15);
	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

static struct hi_num num(const char *text)
{
	struct hi_num x;
	ck_assert_msg(hi_num_parse(hi_slice_of(text), &x), "%s", text);
	return x;
}

START_TEST(ratios_are_rounded_once)
{
	const __int128 big = (__int128)1 << 100;

	ck_assert_double_eq(hi_wide_ratio(1, 3), 1.0 / 3);
	ck_assert_double_eq(hi_wide_ratio(-7, 10), -0.7);
	ck_assert_double_eq(hi_wide_ratio(0, 5), 0);
	ck_assert_double_eq(hi_wide_ratio(big, 1), 0x1p100);
	ck_assert_double_eq(hi_wide_ratio(1, big), 0x1p-100);
	/* 2^53 + 1 lies between two doubles: to even; a little more: up. */
	ck_assert_double_eq(hi_wide_ratio(((__int128)1 << 53) + 1, 1), 0x1p53);
	ck_assert_double_eq(hi_wide_ratio(((((__int128)1 << 53) + 1) << 60) + 1, (__int128)1 << 60),
			    0x1p53 + 2);
	dice_state = 1;
	for (int i = 0; i < 100000; i++) {
		int64_t a = (int64_t)(dice() >> 11),
			b = (int64_t)(dice() >> (11 + dice() % 50)) + 1;
		ck_assert_double_eq(hi_wide_ratio(a, b), (double)a / (double)b);
	}
}
END_TEST

static void stats_of(const char *const *texts, size_t n, const char *metric, struct hi_stats *all,
		     struct hi_stats *plausible)
{
	struct hi_values a;

	hi_values_init(&a, metric ? hi_metric_find(hi_slice_of(metric)) : NULL);
	for (size_t i = 0; i < n; i++) {
		struct hi_num x = num(texts[i]);
		ck_assert_int_eq(hi_values_add(&a, &x), HI_OK);
	}
	ck_assert_int_eq(hi_stats_of(&a, all, plausible), HI_OK);
	hi_values_release(&a);
}

#define STATS(all, plausible, metric, ...)                                                         \
	do {                                                                                       \
		static const char *const texts_[] = { __VA_ARGS__ };                               \
		stats_of(texts_, sizeof(texts_) / sizeof(*texts_), metric, all, plausible);        \
	} while (0)

START_TEST(statistics_by_hand)
{
	struct hi_stats s, p;

	STATS(&s, &p, "heart_rate", "72");
	ck_assert_uint_eq(s.count, 1);
	ck_assert(!s.has_sd && !s.approx);
	ck_assert_double_eq(s.p05, 72);
	ck_assert_double_eq(s.p95, 72);

	/* Exact in decimals: 36.55, not 36.550000000000004. */
	STATS(&s, &p, "temperature", "36.5", "36.6");
	ck_assert_double_eq(s.avg, 36.55);
	ck_assert_double_eq(s.p50, 36.55);
	ck_assert_double_eq(s.p05, 36.505);
	ck_assert_double_eq(s.p95, 36.595);
	ck_assert_double_eq_tol(s.sd, 0.1 / sqrt(2), 1e-16);

	STATS(&s, &p, "temperature", "36.6", "36.6", "36.60");
	ck_assert_double_eq(s.avg, 36.6);
	ck_assert_double_eq(s.sd, 0);

	/* numpy.percentile([1..5], [5, 50, 95]) = 1.2, 3, 4.8; std(ddof=1) = 1.5811388300841898 */
	STATS(&s, &p, NULL, "5", "3", "1", "2", "4");
	ck_assert_double_eq(s.p05, 1.2);
	ck_assert_double_eq(s.p50, 3);
	ck_assert_double_eq(s.p95, 4.8);
	ck_assert_double_eq_tol(s.sd, 1.5811388300841898, 1e-15);
}
END_TEST

START_TEST(implausible_values_are_told_apart)
{
	struct hi_stats s, p;

	STATS(&s, &p, "respiratory_rate", "12", "18", "7000400", "0", "16.5");
	ck_assert_uint_eq(s.count, 5);
	ck_assert_double_eq(s.max, 7000400);
	ck_assert_double_eq(s.min, 0);
	ck_assert_uint_eq(p.count, 3);
	ck_assert_double_eq(p.avg, 15.5);
	ck_assert_double_eq(p.min, 12);
	ck_assert_double_eq(p.max, 18);

	STATS(&s, &p, "heart_rate", "0", "300");
	ck_assert_uint_eq(s.count, 2);
	ck_assert_uint_eq(p.count, 0);

	STATS(&s, &p, "lactate", "-1e300", "7");
	ck_assert_uint_eq(p.count, 2);
}
END_TEST

START_TEST(hostile_values)
{
	struct hi_stats s, p;

	STATS(&s, &p, NULL, "1.7e308", "-1.7e308", "1.7e308", "-1.7e308");
	ck_assert_double_eq(s.avg, 0);
	ck_assert_double_eq(s.p50, 0);
	ck_assert(!s.has_sd || isfinite(s.sd));
	STATS(&s, &p, NULL, "5e-324", "5e-324", "1e-320");
	ck_assert(s.avg > 0 && s.avg < 1e-320);
	STATS(&s, &p, NULL, "123456789.123456789", "123456789.123456788");
	ck_assert_double_eq_tol(s.avg, 123456789.123456788, 1e-7);
	STATS(&s, &p, NULL, "999999999999999999", "-999999999999999999", "0.000000000000001");
	ck_assert_double_eq_tol(s.p50, 1e-15, 1e-30);
	STATS(&s, &p, NULL, "-0", "0", "0.0", "-0.000");
	ck_assert_double_eq(s.avg, 0);
	ck_assert(!signbit(s.min) && !signbit(s.max));
	STATS(&s, &p, NULL, "9007199254740992", "9007199254740993", "9007199254740991");
	ck_assert_uint_eq(s.count, 3);
	/* Doubles far from 0, 128 apart: the mean itself is rounded by 43. */
	STATS(&s, &p, NULL, "1e18", "1e18", "1000000000000000128");
	ck_assert_double_eq_tol(s.sd, 73.90083445627209, 1e-9);
}
END_TEST

/* Naive statistics of doubles to compare with. */
static int by_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double naive_percentile(const double *v, size_t n, double p)
{
	double h = (double)(n - 1) * p;
	size_t i = (size_t)h;
	return i + 1 < n ? v[i] + (h - (double)i) * (v[i + 1] - v[i]) : v[n - 1];
}

struct sample {
	struct hi_num *x;
	double *v;
	size_t n;
};

static struct sample sample_new(size_t n, int64_t range, int scale_max)
{
	struct sample s = { calloc(n, sizeof(*s.x)), calloc(n, sizeof(*s.v)), n };

	for (size_t i = 0; i < n; i++) {
		uint8_t scale = (uint8_t)(dice() % (unsigned)(scale_max + 1));
		int64_t mant = (int64_t)(dice() % (uint64_t)range) - range / 4;
		s.x[i] = hi_num_decimal(mant, scale);
		s.v[i] = s.x[i].v;
	}
	return s;
}

static void sample_free(struct sample *s)
{
	free(s->x);
	free(s->v);
}

static void shuffle(struct sample *s)
{
	for (size_t i = s->n; i > 1; i--) {
		size_t j = (size_t)(dice() % i);
		struct hi_num x = s->x[i - 1];
		s->x[i - 1] = s->x[j];
		s->x[j] = x;
	}
}

static struct hi_stats sample_stats(const struct sample *s)
{
	struct hi_values a;
	struct hi_stats all, plausible;

	hi_values_init(&a, NULL);
	for (size_t i = 0; i < s->n; i++)
		ck_assert_int_eq(hi_values_add(&a, &s->x[i]), HI_OK);
	ck_assert_int_eq(hi_stats_of(&a, &all, &plausible), HI_OK);
	hi_values_release(&a);
	return all;
}

static void check_naive(struct sample *s, const struct hi_stats *a, double relative)
{
	double sum = 0, squares = 0, n = (double)s->n;

	qsort(s->v, s->n, sizeof(*s->v), by_double);
	for (size_t i = 0; i < s->n; i++)
		sum += s->v[i];
	for (size_t i = 0; i < s->n; i++)
		squares += (s->v[i] - sum / n) * (s->v[i] - sum / n);
	double most = fmax(fabs(s->v[0]), fabs(s->v[s->n - 1]));
	ck_assert_uint_eq(a->count, s->n);
	ck_assert_double_eq(a->min, s->v[0]);
	ck_assert_double_eq(a->max, s->v[s->n - 1]);
	ck_assert_double_eq_tol(a->avg, sum / n, 1e-11 * most);
	if (s->n > 1)
		ck_assert_double_eq_tol(a->sd, sqrt(squares / (n - 1)), 1e-11 * most);
	static const double at_p[] = { 0.05, 0.5, 0.95 };
	double got[] = { a->p05, a->p50, a->p95 };
	for (int i = 0; i < 3; i++) {
		double want = naive_percentile(s->v, s->n, at_p[i]);
		ck_assert_double_eq_tol(got[i], want, relative * fabs(want) + 1e-11 * most);
	}
}

static bool same_stats(const struct hi_stats *a, const struct hi_stats *b)
{
	return a->count == b->count && a->approx == b->approx && a->has_sd == b->has_sd &&
	       a->avg == b->avg && a->min == b->min && a->max == b->max &&
	       (!a->has_sd || a->sd == b->sd) && a->p05 == b->p05 && a->p50 == b->p50 &&
	       a->p95 == b->p95;
}

/* Any order gives the same, and what plain sums give. */
START_TEST(counts_against_plain_sums)
{
	static const int64_t ranges[] = { 2, 50, 400, 5000, 70000, 1000000, INT64_C(1) << 40 };

	dice_state = (uint64_t)_i + 7;
	for (size_t r = 0; r < sizeof(ranges) / sizeof(*ranges); r++) {
		struct sample s = sample_new(1 + (size_t)(dice() % 3000), ranges[r], _i % 4);
		struct hi_stats first = sample_stats(&s);
		ck_assert(!first.approx);
		check_naive(&s, &first, 0);
		for (int k = 0; k < 3; k++) {
			shuffle(&s);
			struct hi_stats again = sample_stats(&s);
			ck_assert(same_stats(&first, &again));
		}
		sample_free(&s);
	}
}
END_TEST

/* Just up to the limit exact, one more approximate, however they come. */
START_TEST(limit_of_counting)
{
	for (int64_t n = HI_VALUES_MAX; n <= HI_VALUES_MAX + 1; n++) {
		struct sample s = { calloc((size_t)n * 2, sizeof(*s.x)),
				    calloc((size_t)n * 2, sizeof(*s.v)), (size_t)n * 2 };
		for (int64_t i = 0; i < 2 * n; i++) {
			/* The second time with a zero more: the same value. */
			s.x[i] = hi_num_decimal((i % n * 3 + 1) * (i < n ? 1 : 10), i < n ? 2 : 3);
			s.v[i] = s.x[i].v;
		}
		struct hi_stats first = sample_stats(&s);
		ck_assert_int_eq(first.approx, n > HI_VALUES_MAX);
		shuffle(&s);
		struct hi_stats again = sample_stats(&s);
		ck_assert(same_stats(&first, &again));
		check_naive(&s, &first, first.approx ? 1.0 / 1024 : 0);
		sample_free(&s);
	}
}
END_TEST

START_TEST(histograms)
{
	dice_state = 11 + (uint64_t)_i;
	struct sample s = sample_new(200000, INT64_C(1) << (20 + 10 * _i), 3);
	struct hi_stats first = sample_stats(&s);

	ck_assert(first.approx);
	check_naive(&s, &first, 1.0 / 1024);
	shuffle(&s);
	struct hi_stats again = sample_stats(&s);
	ck_assert(same_stats(&first, &again));
	sample_free(&s);
}
END_TEST

/* Over all of a double's range bins join; still bounded, still the same in any order. */
START_TEST(histogram_of_every_magnitude)
{
	struct sample s = { calloc(300000, sizeof(*s.x)), calloc(300000, sizeof(*s.v)), 300000 };
	struct hi_hist *h;

	dice_state = 5;
	for (size_t i = 0; i < s.n; i++) {
		int e = (int)(dice() % 400) - 200;
		s.v[i] = ldexp((double)(dice() >> 11) + 1, e) * (dice() & 1 ? 1 : -1);
		s.x[i] = (struct hi_num){ .v = s.v[i] };
	}
	struct hi_stats first = sample_stats(&s);
	shuffle(&s);
	struct hi_stats again = sample_stats(&s);
	ck_assert(same_stats(&first, &again));
	check_naive(&s, &first, 1.0 / 64);
	ck_assert_int_eq(hi_hist_new(&h), HI_OK);
	for (size_t i = 0; i < s.n; i++)
		ck_assert_int_eq(hi_hist_add(h, s.v[i], HI_HIST_PLAUSIBLE, 1), HI_OK);
	ck_assert_uint_le(h->used, HI_HIST_MAX);
	ck_assert_uint_lt(h->bits, HI_HIST_BITS);
	hi_hist_free(h);
	sample_free(&s);
}
END_TEST

/* Histograms and counts merge into the same histogram. */
START_TEST(merging_across_the_limit)
{
	struct sample s = sample_new(150000, INT64_C(1) << 30, 3);
	struct hi_stats whole = sample_stats(&s), all, plausible;

	for (size_t cut = 20000; cut < s.n; cut += 60000) {
		struct hi_values a, b;
		hi_values_init(&a, NULL);
		hi_values_init(&b, NULL);
		for (size_t i = 0; i < s.n; i++)
			ck_assert_int_eq(hi_values_add(i < cut ? &a : &b, &s.x[i]), HI_OK);
		ck_assert_int_eq(hi_values_merge(&a, &b), HI_OK);
		ck_assert_int_eq(hi_stats_of(&a, &all, &plausible), HI_OK);
		ck_assert(same_stats(&whole, &all));
		hi_values_release(&a);
		hi_values_release(&b);
	}
	sample_free(&s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("agg values");
	TCase *c = tcase_create("agg values");

	tcase_set_timeout(c, 120);
	tcase_add_test(c, ratios_are_rounded_once);
	tcase_add_test(c, statistics_by_hand);
	tcase_add_test(c, implausible_values_are_told_apart);
	tcase_add_test(c, hostile_values);
	tcase_add_loop_test(c, counts_against_plain_sums, 0, 12);
	tcase_add_test(c, limit_of_counting);
	tcase_add_loop_test(c, histograms, 0, 3);
	tcase_add_test(c, histogram_of_every_magnitude);
	tcase_add_test(c, merging_across_the_limit);
	suite_add_tcase(suite, c);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
