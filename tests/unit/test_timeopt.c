/* Durations, and times as people type them. */
#include <check.h>
#include <stdlib.h>

#include "base/time.h"

static const struct {
	const char *text;
	int64_t us; /* -1: refused */
} durations[] = {
	{ "200ms", 200 * HI_US_MS },
	{ "10s", 10 * HI_US_S },
	{ "5m", 5 * HI_US_MIN },
	{ "4h", 4 * HI_US_H },
	{ "30d", 30 * HI_US_DAY },
	{ "2w", 14 * HI_US_DAY },
	{ "0s", 0 },
	{ "1.5h", 90 * HI_US_MIN },
	{ "0.25s", 250 * HI_US_MS },
	{ "0.001ms", 1 },
	{ "1h30m", 90 * HI_US_MIN },
	{ "1w2d3h4m5s6ms", 9 * HI_US_DAY + 3 * HI_US_H + 4 * HI_US_MIN + 5 * HI_US_S + 6000 },
	{ "1m1ms", HI_US_MIN + HI_US_MS },
	{ "", -1 },
	{ "5", -1 },
	{ "s", -1 },
	{ "-5s", -1 },
	{ "5 s", -1 },
	{ "5x", -1 },
	{ "5sx", -1 },
	{ "5S", -1 },
	{ "1.h", -1 },
	{ ".5h", -1 },
	{ "1.2.3h", -1 },
	{ "1.1234567s", -1 },
	{ "30m1h", -1 },
	{ "1h1h", -1 },
	{ "1e3s", -1 },
	{ "99999999999999999999s", -1 },
	{ "9999999w", -1 },
	{ "300000000000s", 300000000000 * HI_US_S },
};

START_TEST(durations_read)
{
	int64_t us = 77;
	int st = hi_duration_parse(hi_slice_of(durations[_i].text), &us);

	ck_assert_int_eq(durations[_i].us < 0 ? HI_REFUSED : HI_OK, st);
	ck_assert_int_eq(durations[_i].us < 0 ? 77 : durations[_i].us, us);
}
END_TEST

static void writes(int64_t us, const char *want)
{
	char out[HI_TIME_TEXT_MAX + 1];
	int64_t back;

	out[hi_duration_format(us, out)] = '\0';
	ck_assert_str_eq(want, out);
	if (us >= 0) {
		ck_assert_int_eq(HI_OK, hi_duration_parse(hi_slice_of(out), &back));
		ck_assert_int_eq(us, back);
	}
}

START_TEST(durations_written)
{
	writes(0, "0s");
	writes(90 * HI_US_S, "90s");
	writes(HI_US_H, "1h");
	writes(36 * HI_US_H, "36h");
	writes(24 * HI_US_H, "1d");
	writes(7 * HI_US_DAY, "1w");
	writes(90 * HI_US_MIN, "90m");
	writes(1500 * HI_US_MS, "1500ms");
	writes(1, "0.001ms");
	writes(1234567, "1234.567ms");
	writes(-10 * HI_US_S, "-10s");
}
END_TEST

/* 2025-12-28T06:30:00Z, a Sunday, 07:30 in Berlin. */
static const int64_t now_us = INT64_C(1766903400000000);

static const struct {
	const char *text, *utc; /* NULL: refused */
} times[] = {
	{ "now", "2025-12-28T06:30:00Z" },
	{ "today", "2025-12-27T23:00:00Z" },
	{ "yesterday", "2025-12-26T23:00:00Z" },
	{ "2025-07-01", "2025-06-30T22:00:00Z" },
	{ "06:15", "2025-12-28T05:15:00Z" },
	{ "23:59", "2025-12-28T22:59:00Z" },
	{ "4h", "2025-12-28T02:30:00Z" },
	{ "-4h", "2025-12-28T02:30:00Z" },
	{ "1h30m", "2025-12-28T05:00:00Z" },
	{ "2025-12-28T06:30:00Z", "2025-12-28T06:30:00Z" },
	{ "2025-12-28T06:30:00.125+05:30", "2025-12-28T01:00:00.125Z" },
	{ "2025-12-28 06:30:00", "2025-12-28T05:30:00Z" },
	{ "2025-12-28 06:30", "2025-12-28T05:30:00Z" },
	{ "2025-12-28T06:30Z", "2025-12-28T06:30:00Z" },
	{ "2025-12-28 06:30+05:30", "2025-12-28T01:00:00Z" },
	{ "2025-12-28T06", "2025-12-28T05:00:00Z" },
	{ "2025-12-28T06Z", NULL },
	{ "2025-12-28T06:", NULL },
	{ "2025-12-28T06:3", NULL },
	{ "", NULL },
	{ "tomorrow", NULL },
	{ "24:00", NULL },
	{ "6:15", NULL },
	{ "06:1x", NULL },
	{ "2025-02-29", NULL },
	{ "2025-1-1", NULL },
	{ "--4h", NULL },
	{ "+4h", NULL },
	{ "-", NULL },
	{ "2025-03-30 02:30", NULL },
	{ "2025-12-28T06:30:00.123456789+01:00 and more text than fits", NULL },
};

START_TEST(time_options)
{
	int64_t t = 77;
	char out[HI_TIME_TEXT_MAX + 1];

	ck_assert_int_eq(HI_OK, hi_tz_set("Europe/Berlin", NULL));
	int st = hi_time_option(hi_slice_of(times[_i].text), now_us, &t);
	ck_assert_msg(st == (times[_i].utc ? HI_OK : HI_REFUSED), "%s", times[_i].text);
	if (!times[_i].utc)
		return;
	out[hi_time_format(t, hi_time_digits(t), out)] = '\0';
	ck_assert_str_eq(times[_i].utc, out);
}
END_TEST

START_TEST(day_options)
{
	int64_t since, until, start;

	ck_assert_int_eq(HI_OK, hi_tz_set("Europe/Berlin", NULL));
	ck_assert_int_eq(HI_OK, hi_day_option(HI_LIT("2025-03-30"), now_us, &since, &until));
	ck_assert_int_eq(23 * HI_US_H, until - since);
	ck_assert_int_eq(HI_OK, hi_day_option(HI_LIT("2025-10-26"), now_us, &since, &until));
	ck_assert_int_eq(25 * HI_US_H, until - since);
	ck_assert_int_eq(HI_OK, hi_day_option(HI_LIT("today"), now_us, &start, &until));
	ck_assert_int_eq(HI_OK, hi_day_option(HI_LIT("yesterday"), now_us, &since, &until));
	ck_assert_int_eq(start, until);
	ck_assert_int_eq(HI_REFUSED, hi_day_option(HI_LIT("now"), now_us, &since, &until));
	ck_assert_int_eq(HI_REFUSED, hi_day_option(HI_LIT("2025-13-01"), now_us, &since, &until));
	ck_assert_int_eq(HI_REFUSED, hi_day_option(HI_LIT("2025-12-28T"), now_us, &since, &until));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("timeopt");
	TCase *c = tcase_create("timeopt");

	tcase_add_loop_test(c, durations_read, 0, (int)(sizeof durations / sizeof *durations));
	tcase_add_test(c, durations_written);
	tcase_add_loop_test(c, time_options, 0, (int)(sizeof times / sizeof *times));
	tcase_add_test(c, day_options);
	suite_add_tcase(s, c);
	SRunner *sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
