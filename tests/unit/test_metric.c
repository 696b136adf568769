/* The metric table is whole and consistent; units convert with one rounding. */
#include <check.h>
#include <stdlib.h>

#include "base/status.h"
#include "vital/metric.h"

static const struct hi_metric *metric(const char *name)
{
	const struct hi_metric *m = hi_metric_find(hi_slice_of(name));
	ck_assert_msg(m != NULL, "no metric %s", name);
	return m;
}

static struct hi_num converted(const char *name, const char *text, const char *unit,
			       bool want_changed)
{
	struct hi_num in, out;
	bool changed;
	ck_assert(hi_num_parse(hi_slice_of(text), &in));
	ck_assert_int_eq(HI_OK,
			 hi_unit_convert(metric(name), hi_slice_of(unit), &in, &out, &changed));
	ck_assert_int_eq(want_changed, changed);
	return out;
}

START_TEST(finds_by_name)
{
	static const char *const strangers[] = {
		"",   "h",	 "heart_ratf", "heart_rate2", "xeart_rate",   "Heart_rate",
		"hr", "lactate", "risk",       "spo2_scal",   "bp_systolicc", "\xff\xff"
	};
	for (size_t i = 0; i < hi_metrics_n; i++) {
		const struct hi_metric *m = &hi_metrics[i];
		ck_assert_ptr_eq(m, hi_metric_find(hi_slice_of(m->name)));
		ck_assert_ptr_eq(m, hi_metric_find_option(hi_slice_of(m->name)));
		ck_assert_ptr_eq(m, hi_metric_find_option(hi_slice_of(m->short_name)));
		ck_assert_uint_eq(i, hi_metric_index(m));
	}
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++)
		ck_assert_ptr_null(hi_metric_find(hi_slice_of(strangers[i])));
	ck_assert_ptr_null(hi_metric_find_option(hi_slice_of("")));
	ck_assert_ptr_null(hi_metric_find_option(hi_slice_of("sp")));
}
END_TEST

START_TEST(rows_are_whole)
{
	for (size_t i = 0; i < hi_metrics_n; i++) {
		const struct hi_metric *m = &hi_metrics[i];
		ck_assert(m->name && m->short_name && m->label && m->unit && m->unit_label);
		ck_assert(m->aliases && m->source);
		ck_assert_uint_le(strlen(m->name), HI_METRIC_NAME_MAX);
		ck_assert_uint_le(strlen(m->unit), HI_UNIT_MAX);
		ck_assert(m->chart.known && m->chart.low < m->chart.high);
		if (m->normal.known) {
			ck_assert(hi_range_has(&m->chart, m->normal.low));
			ck_assert(hi_range_has(&m->chart, m->normal.high));
			ck_assert(hi_metric_plausible(m, m->normal.low));
			ck_assert(hi_metric_plausible(m, m->normal.high));
		}
		for (const struct hi_unit_alias *a = m->aliases; a->name; a++) {
			ck_assert_uint_le(strlen(a->name), HI_UNIT_MAX);
			ck_assert(a->mul > 0 && a->div > 0);
			ck_assert_str_ne(a->name, m->unit);
		}
		for (size_t j = 0; j < i; j++) {
			ck_assert_str_ne(m->name, hi_metrics[j].name);
			ck_assert_str_ne(m->short_name, hi_metrics[j].short_name);
		}
	}
}
END_TEST

START_TEST(plausible_ends)
{
	static const struct {
		const char *name;
		double v;
		bool want;
	} t[] = {
		{ "heart_rate", 0, false },
		{ "heart_rate", 0.1, true },
		{ "heart_rate", 299.9, true },
		{ "heart_rate", 300, false },
		{ "spo2", 0, false },
		{ "spo2", 100, true },
		{ "spo2", 100.1, false },
		{ "temperature", 10, false },
		{ "temperature", 49.9, true },
		{ "temperature", 50, false },
		{ "respiratory_rate", 70, false },
		{ "respiratory_rate", 7000400, false },
		{ "bp_systolic", 399, true },
		{ "bp_systolic", 400, false },
		{ "bp_diastolic", 300, false },
		{ "supplemental_oxygen", 0, true },
		{ "supplemental_oxygen", -1, false },
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		ck_assert_msg(hi_metric_plausible(metric(t[i].name), t[i].v) == t[i].want, "%s %g",
			      t[i].name, t[i].v);
	ck_assert(hi_metric_plausible(NULL, 1e300));
}
END_TEST

/* v is the double nearest to the exact result, as strtod of its digits says. */
START_TEST(units_convert)
{
	static const struct {
		const char *name, *text, *unit, *want;
	} t[] = {
		{ "temperature", "98.6", "F", "37" },
		{ "temperature", "98.60", "[degF]", "37" },
		{ "temperature", "100", "\u00b0F", "37.77777777777777777777778" },
		{ "temperature", "-40", "F", "-40" },
		{ "temperature", "32", "F", "0" },
		{ "bp_systolic", "16", "kPa", "120.0098692326671601283" },
		{ "bp_systolic", "101.325", "kPa", "760" },
		{ "bp_diastolic", "10.1325", "kPa", "76" },
		{ "bp_mean", "1", "kPa", "7.500616827041697508" },
		{ "spo2", "0.97", "1", "97" },
		{ "spo2", "0.975", "1", "97.5" },
		{ "spo2", "1", "1", "100" },
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct hi_num n = converted(t[i].name, t[i].text, t[i].unit, true);
		ck_assert_msg(n.v == strtod(t[i].want, NULL), "%s %s: %.17g", t[i].text, t[i].unit,
			      n.v);
	}
}
END_TEST

START_TEST(exact_results_stay_decimals)
{
	struct hi_num n = converted("temperature", "98.6", "F", true);
	ck_assert(n.exact && n.mant == 37 && n.scale == 0);
	n = converted("spo2", "0.975", "1", true);
	ck_assert(n.exact && n.mant == 975 && n.scale == 1);
}
END_TEST

/* Another name of the same unit leaves the number as it was written. */
START_TEST(same_units_keep_the_number)
{
	static const struct {
		const char *name, *unit;
		bool changed;
	} t[] = {
		{ "temperature", "", false },
		{ "temperature", "C", false },
		{ "temperature", "Cel", true },
		{ "temperature", "\u00b0C", true },
		{ "temperature", "degC", true },
		{ "heart_rate", "{beats}/min", true },
		{ "heart_rate", "/min", true },
		{ "respiratory_rate", "{breaths}/min", true },
		{ "spo2", "%", false },
		{ "bp_mean", "mm[Hg]", true },
		{ "supplemental_oxygen", "l/min", true },
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct hi_num n = converted(t[i].name, "36.60", t[i].unit, t[i].changed);
		ck_assert(n.v == 36.6 && n.exact && n.mant == 3660 && n.scale == 2);
	}
}
END_TEST

START_TEST(other_units_are_refused)
{
	static const struct {
		const char *name, *unit;
	} t[] = { { "heart_rate", "Hz" },     { "heart_rate", "{breaths}/min" },
		  { "temperature", "K" },     { "temperature", "f" },
		  { "bp_systolic", "mmhg" },  { "spo2", "fraction" },
		  { "consciousness", "GCS" }, { "spo2_scale", "1" } };
	struct hi_num in, out;
	bool changed;
	ck_assert(hi_num_parse(HI_LIT("1"), &in));
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		ck_assert_int_eq(HI_REFUSED,
				 hi_unit_convert(metric(t[i].name), hi_slice_of(t[i].unit), &in,
						 &out, &changed));
}
END_TEST

/* Numbers past the exact way still convert, and never to infinity. */
START_TEST(long_numbers)
{
	struct hi_num in, out;
	bool changed;
	out = converted("temperature", "98.6000000000000014210854715202", "F", true);
	ck_assert_double_eq_tol(out.v, 37, 1e-12);
	out = converted("bp_mean", "13.33333333333333", "kPa", true);
	ck_assert_double_eq_tol(out.v, 100.008224360555942, 1e-12);
	ck_assert(hi_num_parse(HI_LIT("1e308"), &in));
	ck_assert_int_eq(HI_REFUSED,
			 hi_unit_convert(metric("bp_mean"), HI_LIT("kPa"), &in, &out, &changed));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("metric");
	TCase *c = tcase_create("metric");
	tcase_add_test(c, finds_by_name);
	tcase_add_test(c, rows_are_whole);
	tcase_add_test(c, plausible_ends);
	tcase_add_test(c, units_convert);
	tcase_add_test(c, exact_results_stay_decimals);
	tcase_add_test(c, same_units_keep_the_number);
	tcase_add_test(c, other_units_are_refused);
	tcase_add_test(c, long_numbers);
	suite_add_tcase(s, c);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
