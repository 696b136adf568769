/* The generator: begins anywhere, keeps to its ranges, and its faults are what they say. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "gen/gen.h"
#include "vital/metric.h"

enum { OUT_CAP = 4 << 20 };

static char whole[OUT_CAP], parts[OUT_CAP];

static struct hi_gen_config config(uint64_t patients_n, const char *faults)
{
	struct hi_gen_config c = {
		.seed = 3,
		.patients_n = patients_n,
		.start_us = INT64_C(1766901600000000),
		.every_least_us = 5 * HI_US_S,
		.every_most_us = 5 * HI_US_S,
		.duration_us = -1,
		.count = HI_GEN_NO_COUNT,
	};
	if (faults)
		ck_assert_int_eq(HI_OK, hi_gen_faults_parse(hi_slice_of(faults), &c.faults, NULL));
	return c;
}

static void start(struct hi_gen *g, const struct hi_gen_config *c)
{
	struct hi_error e;
	ck_assert_int_eq(HI_OK, hi_gen_init(g, c, &e));
}

static size_t fill_all(struct hi_gen *g, char *out)
{
	size_t len = 0;
	while (g->n < g->limit)
		len += hi_gen_fill(g, g->limit, out + len, OUT_CAP - len);
	return len;
}

static size_t count(const char *p, size_t len, const char *what)
{
	size_t n = 0;
	for (const char *end = p + len; (p = memmem(p, (size_t)(end - p), what, strlen(what))); p++)
		n++;
	return n;
}

/* Any cut of the run into pieces, each begun by hi_gen_seek alone, gives the same bytes. */
static void check_seek(const char *faults, uint64_t readings_n)
{
	struct hi_gen_config c = config(7, faults);
	struct hi_gen g;
	c.count = readings_n;
	c.every_most_us = 9 * HI_US_S;
	start(&g, &c);
	size_t whole_len = fill_all(&g, whole), len = 0;
	uint64_t limit = g.limit, n = 0;
	for (uint64_t step = 1; n < limit; step = step * 7 % 101) {
		struct hi_gen piece;
		start(&piece, &c);
		hi_gen_seek(&piece, n);
		len += hi_gen_fill(&piece, n + step, parts + len, OUT_CAP - len);
		n = piece.n;
	}
	ck_assert_uint_eq(whole_len, len);
	ck_assert_mem_eq(whole, parts, len);
}

START_TEST(begins_anywhere)
{
	check_seek(NULL, 4001);
	check_seek("missing=0.1,late=0.3,duplicate=0.1,artefact=0.1,garbage=0.2", 4001);
	check_seek("late=1", 43);
}
END_TEST

/* Whatever is asked for is never more than was allowed, and a mark's distance is reached. */
static void check_within(const char *faults, uint64_t lines)
{
	struct hi_gen_config c = config(7, faults);
	struct hi_gen g;
	c.count = 2000;
	start(&g, &c);
	while (g.n < g.limit) {
		uint64_t first = g.n, before = g.lines, within = hi_gen_within(&g, lines);
		hi_gen_fill(&g, g.n + within, whole, OUT_CAP);
		ck_assert(within >= 1);
		ck_assert_uint_eq(first + within < g.limit ? first + within : g.limit, g.n);
		if (within > 1)
			ck_assert_uint_le(g.lines - before, lines);
	}
}

START_TEST(so_many_lines_at_most)
{
	static const char *const faults[] = {
		NULL, "missing=0.5", "garbage=1", "duplicate=1", "late=1", "late=0.5,duplicate=0.5"
	};
	struct hi_gen_config c = config(7, NULL);
	struct hi_gen g;
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		for (uint64_t lines = 0; lines < 1000; lines += 1 + lines / 3)
			check_within(faults[i], lines);
	start(&g, &c);
	ck_assert_uint_eq(10000, hi_gen_within(&g, 10000)); /* exact where nothing is at fault */
}
END_TEST

START_TEST(late_readings_all_come)
{
	struct hi_gen_config c = config(3, "late=0.5");
	struct hi_gen g;
	c.count = 1000;
	start(&g, &c);
	size_t len = fill_all(&g, whole);
	ck_assert_uint_eq(1000, count(whole, len, "\n"));
	ck_assert_uint_eq(1000, g.lines);
	c.faults = (struct hi_gen_faults){ { 0 } };
	start(&g, &c);
	ck_assert_uint_eq(len, fill_all(&g, parts));
	ck_assert_int_ne(0, memcmp(whole, parts, len));
}
END_TEST

START_TEST(faults_come_at_their_rates)
{
	struct hi_gen_config c = config(50, "missing=0.05,duplicate=0.1,artefact=0.2");
	struct hi_gen g;
	c.count = 20000;
	start(&g, &c);
	size_t len = fill_all(&g, whole);
	/* four standard deviations of a binomial */
	ck_assert_int_le(labs((long)g.lines - 21000), 4 * 55);
	size_t zero = count(whole, len, "\"value\":0"), high = count(whole, len, "\"value\":500");
	ck_assert_int_le(labs((long)(zero + high) - 4000), 4 * 57);
	ck_assert_int_le(labs((long)zero - (long)high), 4 * 64);
}
END_TEST

START_TEST(faults_are_read)
{
	static const char *const bad[] = { "",
					   "missing",
					   "missing=",
					   "missing=1.1",
					   "missing=-0.1",
					   "missing=x",
					   "lost=0.1",
					   "late=0.1,",
					   "late=0.1 ",
					   "late=0.6,missing=0.6",
					   "late=0.0000000001",
					   "late=1e999",
					   ",late=0.1",
					   "late==0.1" };
	struct hi_gen_faults f;
	struct hi_error e;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(hi_gen_faults_parse(hi_slice_of(bad[i]), &f, &e) == HI_USAGE, "%s",
			      bad[i]);
	ck_assert_int_eq(HI_OK, hi_gen_faults_parse(HI_LIT("late=0.5,missing=0.5"), &f, &e));
	ck_assert_uint_eq(UINT64_C(1) << 32, f.upto[HI_GEN_GARBAGE]);
	ck_assert_int_eq(HI_OK, hi_gen_faults_parse(HI_LIT("garbage=0"), &f, &e));
	ck_assert(!hi_gen_faults_any(&f));
}
END_TEST

/* Every broken line differs from a good one and ends where it says. */
START_TEST(spoiled_lines_end_with_lf)
{
	static const char good[] = "{\"patient_id\":\"P-001\",\"metric_name\":\"spo2\","
				   "\"value\":97,\"unit\":\"%\","
				   "\"timestamp\":\"2025-12-28T06:00:00Z\"}\n";
	char line[sizeof(good)];
	for (uint64_t i = 0; i < 10000; i++) {
		memcpy(line, good, sizeof(good));
		char *end = hi_gen_spoil(line, line + sizeof(good) - 1, hi_gen_mix(i));
		ck_assert(end > line && end <= line + sizeof(good) - 1);
		ck_assert_ptr_eq(end - 1, memchr(line, '\n', (size_t)(end - line)));
		ck_assert(end != line + sizeof(good) - 1 || memcmp(line, good, sizeof(good) - 1));
	}
}
END_TEST

START_TEST(values_are_plausible)
{
	int32_t v[HI_GEN_VITALS];
	for (uint64_t i = 0; i < 200000; i++) {
		int64_t t_us = (int64_t)(hi_gen_mix(i) % (uint64_t)(HI_TIME_END - HI_TIME_MIN)) +
			       HI_TIME_MIN;
		hi_gen_vitals(hi_gen_key(i % 9, i), t_us, hi_gen_daylight(t_us), v);
		for (unsigned m = 0; m < HI_GEN_VITALS; m++) {
			const struct hi_metric *metric =
				hi_metric_find(hi_slice_of(hi_gen_names[m]));
			ck_assert(
				hi_metric_plausible(metric, m == HI_GEN_TEMP ? v[m] / 10.0 : v[m]));
		}
		ck_assert_int_lt(v[HI_GEN_DBP], v[HI_GEN_SBP]);
	}
}
END_TEST

/* The replaced system's ranges are the metric table's, and 2 % lie outside. */
START_TEST(plain_draws)
{
	enum { N = 100000 };
	long inside[HI_GEN_VITALS] = { 0 };
	int32_t v[HI_GEN_VITALS];
	for (uint64_t i = 0; i < N; i++) {
		hi_gen_plain(hi_gen_key(1, i % 20), (int64_t)i * HI_US_S, v);
		for (unsigned m = 0; m < HI_GEN_VITALS; m++) {
			const struct hi_range *r =
				&hi_metric_find(hi_slice_of(hi_gen_names[m]))->normal;
			inside[m] += hi_range_has(r, v[m] / 10.0);
			if (m != HI_GEN_SPO2 && !hi_range_has(r, v[m] / 10.0))
				ck_assert(m == HI_GEN_TEMP
						  ? v[m] >= 385 && v[m] <= 400
						  : v[m] >= r->high * 12 && v[m] <= r->high * 15);
		}
		ck_assert(v[HI_GEN_SPO2] >= 850 &&
			  (v[HI_GEN_SPO2] <= 920 || v[HI_GEN_SPO2] >= 950));
	}
	/* 4 standard deviations of 45 */
	for (unsigned m = 0; m < HI_GEN_VITALS; m++)
		ck_assert_msg(labs(inside[m] - N * 98 / 100) < 180, "%s: %ld", hi_gen_names[m],
			      inside[m]);
}
END_TEST

START_TEST(set_times)
{
	struct hi_gen_config c = config(1, NULL);
	struct hi_gen g;
	c.every_least_us = 2 * HI_US_S;
	c.every_most_us = 5 * HI_US_S;
	c.duration_us = HI_US_H;
	start(&g, &c);
	uint64_t sets = g.end / HI_GEN_VITALS;
	bool seen[6] = { false };
	for (uint64_t i = 0; i < sets; i++) {
		int64_t step_us = hi_gen_set_time(&g, i + 1) - hi_gen_set_time(&g, i);
		ck_assert(step_us % HI_US_S == 0);
		ck_assert(step_us >= 2 * HI_US_S && step_us <= 5 * HI_US_S);
		seen[step_us / HI_US_S] = true;
	}
	ck_assert(seen[2] && seen[3] && seen[4] && seen[5]);
	ck_assert(hi_gen_set_time(&g, sets - 1) < c.start_us + HI_US_H);
	ck_assert(hi_gen_set_time(&g, sets) >= c.start_us + HI_US_H);
}
END_TEST

START_TEST(what_cannot_be)
{
	struct hi_gen_config c = config(0, NULL);
	struct hi_gen g;
	struct hi_error e;
	ck_assert_int_eq(HI_USAGE, hi_gen_init(&g, &c, &e));
	c = config(HI_GEN_PATIENTS_MAX + 1, NULL);
	ck_assert_int_eq(HI_USAGE, hi_gen_init(&g, &c, &e));
	c = config(1, NULL);
	c.start_us = HI_TIME_END - HI_US_S;
	ck_assert_int_eq(HI_USAGE, hi_gen_init(&g, &c, &e));
	c.start_us = HI_TIME_END - HI_US_DAY;
	ck_assert_int_eq(HI_OK, hi_gen_init(&g, &c, &e));
	c.duration_us = HI_US_DAY;
	ck_assert_int_eq(HI_USAGE, hi_gen_init(&g, &c, &e));
	c.duration_us = -1;
	c.count = 1000000000000;
	ck_assert_int_eq(HI_USAGE, hi_gen_init(&g, &c, &e));
	c = config(1, NULL);
	c.count = 0;
	start(&g, &c);
	ck_assert_uint_eq(0, g.limit);
}
END_TEST

START_TEST(day_and_night)
{
	const int64_t midnight_us = INT64_C(1766880000000000);
	ck_assert_int_eq(1024, hi_gen_daylight(midnight_us + 17 * HI_US_H));
	ck_assert_int_eq(-1024, hi_gen_daylight(midnight_us + 5 * HI_US_H));
	ck_assert_int_eq(0, hi_gen_daylight(midnight_us + 11 * HI_US_H));
	ck_assert_int_eq(0, hi_gen_daylight(midnight_us + 23 * HI_US_H));
	for (int64_t s = 0; s < 86400; s += 60) {
		int32_t a = hi_gen_daylight(midnight_us + s * HI_US_S);
		int32_t b = hi_gen_daylight(midnight_us + (s + 60) * HI_US_S);
		ck_assert_int_le(abs(b - a), 6);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("gen");
	TCase *c = tcase_create("gen");
	tcase_add_test(c, begins_anywhere);
	tcase_add_test(c, so_many_lines_at_most);
	tcase_add_test(c, late_readings_all_come);
	tcase_add_test(c, faults_come_at_their_rates);
	tcase_add_test(c, faults_are_read);
	tcase_add_test(c, spoiled_lines_end_with_lf);
	tcase_add_test(c, values_are_plausible);
	tcase_add_test(c, plain_draws);
	tcase_add_test(c, set_times);
	tcase_add_test(c, what_cannot_be);
	tcase_add_test(c, day_and_night);
	suite_add_tcase(s, c);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
