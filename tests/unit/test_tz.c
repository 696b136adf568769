/* Zones: local time to UTC over every kind of change, calendar days, names. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"

static void zone(const char *name)
{
	struct hi_error e = { 0 };

	ck_assert_msg(hi_tz_set(name, &e) == HI_OK, "%s: %s", name, e.text);
}

static const char *utc_of(const char *local)
{
	static char out[HI_TIME_TEXT_MAX + 1];
	struct hi_time t;
	struct hi_error e = { 0 };

	if (hi_time_parse(hi_slice_of(local), &t, &e) != HI_OK)
		return e.text;
	ck_assert(t.zoneless);
	out[hi_time_format(t.t_us, t.digits, out)] = '\0';
	return out;
}

struct local {
	const char *zone, *local, *utc;
};

#define MISSING(z) "timestamp: this hour does not exist in " z

static const struct local locals[] = {
	{ "UTC", "2025-03-30 02:30:00", "2025-03-30T02:30:00Z" },
	{ "+05:30", "2025-03-30 02:30:00", "2025-03-29T21:00:00Z" },
	{ "-05:30", "2025-03-30 02:30:00.25", "2025-03-30T08:00:00.250Z" },
	{ "Europe/Berlin", "2025-01-01 00:00:00", "2024-12-31T23:00:00Z" },
	{ "Europe/Berlin", "2025-07-01 00:00:00", "2025-06-30T22:00:00Z" },
	{ "Europe/Berlin", "2025-03-30 01:59:59", "2025-03-30T00:59:59Z" },
	{ "Europe/Berlin", "2025-03-30 01:59:60", "2025-03-30T01:00:00Z" },
	{ "Europe/Berlin", "2025-03-30 02:00:00", MISSING("Europe/Berlin") },
	{ "Europe/Berlin", "2025-03-30 02:59:59.999999", MISSING("Europe/Berlin") },
	{ "Europe/Berlin", "2025-03-30 03:00:00", "2025-03-30T01:00:00Z" },
	{ "Europe/Berlin", "2025-10-26 01:59:59", "2025-10-25T23:59:59Z" },
	{ "Europe/Berlin", "2025-10-26 02:00:00", "2025-10-26T00:00:00Z" },
	{ "Europe/Berlin", "2025-10-26 02:59:59", "2025-10-26T00:59:59Z" },
	{ "Europe/Berlin", "2025-10-26 02:59:60", "2025-10-26T01:00:00Z" },
	{ "Europe/Berlin", "2025-10-26 03:00:00", "2025-10-26T02:00:00Z" },
	{ "America/New_York", "2025-03-09 01:59:59", "2025-03-09T06:59:59Z" },
	{ "America/New_York", "2025-03-09 02:30:00", MISSING("America/New_York") },
	{ "America/New_York", "2025-03-09 03:00:00", "2025-03-09T07:00:00Z" },
	{ "America/New_York", "2025-11-02 01:30:00", "2025-11-02T05:30:00Z" },
	{ "America/New_York", "2025-11-02 02:00:00", "2025-11-02T07:00:00Z" },
	/* half an hour; a whole day; offsets with seconds; a rule read from TZ's text */
	{ "Australia/Lord_Howe", "2025-10-05 02:15:00", MISSING("Australia/Lord_Howe") },
	{ "Australia/Lord_Howe", "2025-10-05 02:30:00", "2025-10-04T15:30:00Z" },
	{ "Pacific/Apia", "2011-12-29 23:59:59", "2011-12-30T09:59:59Z" },
	{ "Pacific/Apia", "2011-12-30 12:00:00", MISSING("Pacific/Apia") },
	{ "Pacific/Apia", "2011-12-31 00:00:00", "2011-12-30T10:00:00Z" },
	{ "Europe/Berlin", "1893-04-01 00:06:31", MISSING("Europe/Berlin") },
	{ "Europe/Berlin", "1893-04-01 00:06:32", "1893-03-31T23:06:32Z" },
	{ "Europe/Berlin", "1850-01-01 00:53:28", "1850-01-01T00:00:00Z" },
	{ "Europe/Berlin", "9000-07-01 12:00:00", "9000-07-01T10:00:00Z" },
	{ "Europe/Berlin", "1800-01-01 00:30:00", "timestamp: year outside 1800 to 9999" },
	{ "America/New_York", "9999-12-31 22:00:00", "timestamp: year outside 1800 to 9999" },
};

START_TEST(local_times)
{
	const struct local *l = &locals[_i];

	zone(l->zone);
	ck_assert_str_eq(l->utc, utc_of(l->local));
	ck_assert_str_eq(l->utc, utc_of(l->local)); /* and from the cache */
}
END_TEST

static const char *const cities[] = { "Europe/Berlin",	 "America/New_York",
				      "Asia/Kathmandu",	 "Australia/Lord_Howe",
				      "Pacific/Apia",	 "Africa/Casablanca",
				      "Atlantic/Azores", "America/Sao_Paulo" };
enum { CITIES = sizeof cities / sizeof *cities };

/* Every quarter of an hour of some years: to local fields, and back to the first second with them.
 */
START_TEST(there_and_back)
{
	int64_t from = INT64_C(1293840000) * HI_US_S, step = 15 * HI_US_MIN; /* 2011 */
	int repeated = 0, wrong = 0; /* Check's assertions are too slow for each */

	zone(cities[_i]);
	for (int64_t t = from; t < from + 9 * 366 * HI_US_DAY; t += step) {
		struct hi_civil c, again;
		struct hi_time back;
		char text[64];
		hi_civil_of(t, false, &c);
		int n = snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d", c.year,
				 c.month, c.day, c.hour, c.minute, c.second);
		struct hi_slice s = { text, (size_t)n };
		wrong += hi_time_parse(s, &back, NULL) != HI_OK;
		hi_civil_of(back.t_us, false, &again);
		wrong += again.day != c.day || again.hour != c.hour || again.minute != c.minute;
		wrong += back.t_us > t || t - back.t_us > HI_US_H;
		repeated += back.t_us != t;
	}
	ck_assert_int_eq(0, wrong);
	ck_assert_int_eq(strcmp(cities[_i], "Asia/Kathmandu") != 0, repeated > 0);
}
END_TEST

/* Days follow each other without a gap, each holds its own instants. */
START_TEST(days)
{
	int64_t from = INT64_C(1293840000) * HI_US_S, since, until, end;
	int odd = 0;

	zone(cities[_i]);
	hi_day_bounds(from, &since, &end);
	for (int day = 0; day < 9 * 365; day++) {
		hi_day_bounds(end, &since, &until);
		ck_assert_int_eq(end, since);
		ck_assert_int_gt(until, since);
		int64_t first, last, ignored;
		hi_day_bounds(until - 1, &first, &last);
		ck_assert(first == since && last == until);
		hi_day_bounds(since + (until - since) / 2, &first, &ignored);
		ck_assert_int_eq(since, first);
		odd += until - since != HI_US_DAY;
		end = until;
	}
	ck_assert_int_eq(strcmp(cities[_i], "Asia/Kathmandu") != 0, odd > 0);
}
END_TEST

START_TEST(a_day_without_midnight)
{
	/* Brazil put its clocks forward at 00:00: 2017-10-15 began at 01:00. */
	int64_t since, until;
	struct hi_time t;

	zone("America/Sao_Paulo");
	ck_assert_int_eq(HI_OK, hi_time_parse(HI_LIT("2017-10-15T12:00:00-02:00"), &t, NULL));
	hi_day_bounds(t.t_us, &since, &until);
	ck_assert_int_eq(23 * HI_US_H, until - since);
	ck_assert_int_eq(HI_OK, hi_time_parse(HI_LIT("2017-10-15T03:00:00Z"), &t, NULL));
	ck_assert_int_eq(t.t_us, since);
	ck_assert_str_eq(MISSING("America/Sao_Paulo"), utc_of("2017-10-15 00:00:00"));
}
END_TEST

/* New York went to standard time at 12:03:58 local mean time, 12:00: what is known of one part
 * of that hour does not hold for the other. */
START_TEST(an_hour_of_two_pieces)
{
	zone("America/New_York");
	for (int i = 0; i < 2; i++) {
		ck_assert_str_eq("1883-11-18T16:57:02Z", utc_of("1883-11-18 12:01:00"));
		ck_assert_str_eq("1883-11-18T17:30:00Z", utc_of("1883-11-18 12:30:00"));
	}
}
END_TEST

START_TEST(names)
{
	static const char *const wrong[] = { "",
					     "Mars/Phobos",
					     "../UTC",
					     "/etc/localtime",
					     "Europe",
					     "Europe/../UTC",
					     "utc1",
					     "+1:00",
					     "+01:60",
					     "+24:00",
					     "+01:00x",
					     "tzdata.zi",
					     "right/UTC",
					     "Europe/Berlin;",
					     "CET-1",
					     "zone.tab",
					     "Europe/Berlin\n" };
	struct hi_error e = { 0 };

	ck_assert_str_eq("UTC", hi_tz_name());
	zone("Europe/Berlin");
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		ck_assert_msg(hi_tz_set(wrong[i], &e) == HI_USAGE, "%s", wrong[i]);
		ck_assert_str_eq("no such time zone", e.text);
		ck_assert_str_eq("Europe/Berlin", hi_tz_name()); /* as it was */
	}
	ck_assert_str_eq("2025-06-30T22:00:00Z", utc_of("2025-07-01 00:00:00"));
	zone("Z");
	ck_assert_str_eq("UTC", hi_tz_name());
	ck_assert_str_eq("2025-07-01T00:00:00Z", utc_of("2025-07-01 00:00:00"));
	zone("-03:30");
	ck_assert_str_eq("-03:30", hi_tz_name());
	ck_assert_int_eq(-(3 * HI_US_H + 30 * HI_US_MIN), hi_tz_offset(0));
	zone("America/New_York");
	ck_assert_str_eq("2025-07-01T04:00:00Z", utc_of("2025-07-01 00:00:00"));
}
END_TEST

START_TEST(tzdir_is_honoured)
{
	char dir[] = "/tmp/hi-tz.XXXXXX", path[64], cmd[160];

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/Ward", dir);
	snprintf(cmd, sizeof cmd, "cp /usr/share/zoneinfo/Europe/Berlin %s", path);
	ck_assert_int_eq(0, system(cmd));
	ck_assert_int_eq(0, setenv("TZDIR", dir, 1));
	ck_assert_int_eq(HI_USAGE, hi_tz_set("Europe/Berlin", NULL));
	zone("Ward");
	ck_assert_str_eq("2025-06-30T22:00:00Z", utc_of("2025-07-01 00:00:00"));
	ck_assert_int_eq(0, unlink(path));
	ck_assert_int_eq(0, rmdir(dir));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tz");
	TCase *c = tcase_create("tz");

	tcase_add_loop_test(c, local_times, 0, (int)(sizeof locals / sizeof *locals));
	tcase_add_loop_test(c, there_and_back, 0, CITIES);
	tcase_add_loop_test(c, days, 0, CITIES);
	tcase_add_test(c, a_day_without_midnight);
	tcase_add_test(c, an_hour_of_two_pieces);
	tcase_add_test(c, names);
	tcase_add_test(c, tzdir_is_honoured);
	tcase_set_timeout(c, 60);
	suite_add_tcase(s, c);
	SRunner *sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
