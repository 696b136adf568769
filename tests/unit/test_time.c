/* Timestamps: what is read, what is refused and where, and what is written. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"

static struct hi_time good(const char *text)
{
	struct hi_time t;
	struct hi_error e = { 0 };
	int st = hi_time_parse(hi_slice_of(text), &t, &e);

	ck_assert_msg(st == HI_OK, "%s: %s, column %u", text, e.text, e.column);
	return t;
}

static const char *written(int64_t t_us, unsigned digits)
{
	static char text[HI_TIME_TEXT_MAX + 1];

	text[hi_time_format(t_us, digits, text)] = '\0';
	return text;
}

/* What a timestamp is when it is written again. */
static void reads_as(const char *text, const char *want)
{
	struct hi_time t = good(text);

	ck_assert_str_eq(want, written(t.t_us, t.digits));
}

START_TEST(reads_and_writes)
{
	ck_assert_int_eq(0, good("1970-01-01T00:00:00Z").t_us);
	ck_assert_int_eq(INT64_C(1766903400000000), good("2025-12-28T06:30:00Z").t_us);
	ck_assert_int_eq(-1, good("1969-12-31T23:59:59.999999Z").t_us);
	reads_as("2025-12-28 06:30:00", "2025-12-28T06:30:00Z");
	reads_as("2025-12-28t06:30:00z", "2025-12-28T06:30:00Z");
	reads_as("2025-12-28T06:30:00+01:00", "2025-12-28T05:30:00Z");
	reads_as("2025-12-28T06:30:00-05:30", "2025-12-28T12:00:00Z");
	reads_as("2025-12-28T06:30:00-00:00", "2025-12-28T06:30:00Z");
	reads_as("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z");
	reads_as("2000-02-29T00:00:00Z", "2000-02-29T00:00:00Z");
	ck_assert(good("2025-12-28 06:30:00").zoneless);
	ck_assert(good("2025-12-28 06:30:00.5").zoneless);
	ck_assert(!good("2025-12-28 06:30:00Z").zoneless);
	ck_assert(!good("2025-12-28 06:30:00.5+00:00").zoneless);
}
END_TEST

START_TEST(fractions_are_cut)
{
	static const char *const want[] = { "100",    "120",	"123",	  "123400", "123450",
					    "123456", "123456", "123456", "123456" };
	static const char all[] = "123456789";

	for (int n = 1; n <= 9; n++) {
		char text[64], out[64];
		snprintf(text, sizeof text, "2025-12-28T06:30:00.%.*sZ", n, all);
		snprintf(out, sizeof out, "2025-12-28T06:30:00.%sZ", want[n - 1]);
		reads_as(text, out);
	}
	reads_as("2025-12-28T06:30:00.000Z", "2025-12-28T06:30:00Z");
	reads_as("2025-12-28T06:30:00.9999999Z", "2025-12-28T06:30:00.999999Z");
	reads_as("2025-12-28T06:30:00.000000999+01:00", "2025-12-28T05:30:00Z");
	reads_as("1969-12-31T23:59:59.25Z", "1969-12-31T23:59:59.250Z");
}
END_TEST

START_TEST(second_60_is_the_next)
{
	reads_as("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z");
	reads_as("2025-12-28T06:30:60.5Z", "2025-12-28T06:31:00.500Z");
	reads_as("2017-01-01T00:59:60+01:00", "2017-01-01T00:00:00Z");
}
END_TEST

START_TEST(years_1800_to_9999_after_the_zone)
{
	ck_assert_int_eq(HI_TIME_MIN, good("1800-01-01T00:00:00Z").t_us);
	ck_assert_int_eq(HI_TIME_MIN, good("1799-12-31T23:00:00-01:00").t_us);
	ck_assert_int_eq(HI_TIME_END - 1, good("9999-12-31T23:59:59.999999Z").t_us);
	ck_assert_int_eq(HI_TIME_END - HI_US_S, good("9999-12-31T23:59:59Z").t_us);
	/* Every day of them goes there and back. */
	int64_t day = HI_TIME_MIN;
	int months = 0, wrong = 0; /* Check's assertions are too slow for each */
	struct hi_civil before = { 0 };
	for (; day < HI_TIME_END; day += HI_US_DAY) {
		struct hi_civil c;
		hi_civil_of(day, true, &c);
		bool next = c.day == before.day + 1 && c.month == before.month;
		wrong += !next && c.day != 1;
		months += c.day == 1;
		char text[HI_TIME_TEXT_MAX];
		struct hi_slice s = { text, hi_time_format(day, 0, text) };
		struct hi_time t;
		wrong += hi_time_parse(s, &t, NULL) != HI_OK || t.t_us != day;
		before = c;
	}
	ck_assert_int_eq(0, wrong);
	ck_assert_int_eq(8200 * 12, months);
	ck_assert_int_eq((8200 * 365 + 8200 / 4 - 82 + 20), (day - HI_TIME_MIN) / HI_US_DAY);
}
END_TEST

struct refusal {
	const char *text;
	unsigned column;
	const char *reason;
};

static const struct refusal refusals[] = {
	{ "", 1, "empty" },
	{ "2", 2, "cut short" },
	{ "2025-12-28", 11, "cut short" },
	{ "2025-12-28T06:30", 17, "cut short" },
	{ "2025-12-28T06:30:0", 19, "cut short" },
	{ "x025-12-28T06:30:00Z", 1, "not a digit" },
	{ "202 -12-28T06:30:00Z", 4, "not a digit" },
	{ "+025-12-28T06:30:00Z", 1, "not a digit" },
	{ "2025/12-28T06:30:00Z", 5, "not a '-'" },
	{ "2025-1x-28T06:30:00Z", 7, "not a digit" },
	{ "2025-12.28T06:30:00Z", 8, "not a '-'" },
	{ "2025-12-:8T06:30:00Z", 9, "not a digit" },
	{ "2025-12-2/T06:30:00Z", 10, "not a digit" },
	{ "2025-12-28_06:30:00Z", 11, "not a T or a space" },
	{ "2025-12-28T 6:30:00Z", 12, "not a digit" },
	{ "2025-12-28T06.30:00Z", 14, "not a ':'" },
	{ "2025-12-28T06:30-00Z", 17, "not a ':'" },
	{ "2025-12-28T06:30:0\xb0Z", 19, "not a digit" },
	{ "\xb2\x30\x32\x35-12-28T06:30:00Z", 1, "not a digit" },
	{ "1798-12-31T23:59:59Z", 1, "year outside 1800 to 9999" },
	{ "0000-01-01T00:00:00Z", 1, "year outside 1800 to 9999" },
	{ "1799-12-31T23:59:59Z", 1, "year outside 1800 to 9999" },
	{ "1800-01-01T00:30:00+01:00", 1, "year outside 1800 to 9999" },
	{ "9999-12-31T23:59:60Z", 1, "year outside 1800 to 9999" },
	{ "9999-12-31T23:00:00-01:00", 1, "year outside 1800 to 9999" },
	{ "2025-00-28T06:30:00Z", 6, "no such month" },
	{ "2025-13-28T06:30:00Z", 6, "no such month" },
	{ "2025-12-00T06:30:00Z", 9, "no such day" },
	{ "2025-12-32T06:30:00Z", 9, "no such day" },
	{ "2025-04-31T06:30:00Z", 9, "no such day" },
	{ "2025-02-29T06:30:00Z", 9, "no such day" },
	{ "1900-02-29T06:30:00Z", 9, "no such day" },
	{ "2025-12-28T24:00:00Z", 12, "no such hour" },
	{ "2025-12-28T06:60:00Z", 15, "no such minute" },
	{ "2025-12-28T06:30:61Z", 18, "no such second" },
	{ "2025-12-28T06:30:00.Z", 21, "no digit after the point" },
	{ "2025-12-28T06:30:00.", 21, "no digit after the point" },
	{ "2025-12-28T06:30:00.1234567890Z", 30, "more than 9 fraction digits" },
	{ "2025-12-28T06:30:00,5Z", 20, "neither fraction nor zone" },
	{ "2025-12-28T06:30:00 Z", 20, "neither fraction nor zone" },
	{ "2025-12-28T06:30:00.5x", 22, "neither fraction nor zone" },
	{ "2025-12-28T06:30:00ZZ", 21, "text after the zone" },
	{ "2025-12-28T06:30:00Z ", 21, "text after the zone" },
	{ "2025-12-28T06:30:00+01:00x", 26, "text after the zone" },
	{ "2025-12-28T06:30:00+", 21, "the zone is cut short" },
	{ "2025-12-28T06:30:00+01", 23, "the zone is cut short" },
	{ "2025-12-28T06:30:00+0100", 23, "the zone is not +hh:mm" },
	{ "2025-12-28T06:30:00+1:00", 22, "the zone is not +hh:mm" },
	{ "2025-12-28T06:30:00+24:00", 20, "no such zone" },
	{ "2025-12-28T06:30:00-00:60", 20, "no such zone" },
};

START_TEST(refuses_with_reason_and_column)
{
	const struct refusal *r = &refusals[_i];
	struct hi_error e = { 0 };
	struct hi_time t = { .t_us = 42 };
	char want[80];

	snprintf(want, sizeof want, "timestamp: %s", r->reason);
	ck_assert_int_eq(HI_REFUSED, hi_time_parse(hi_slice_of(r->text), &t, &e));
	ck_assert_str_eq(want, e.text);
	ck_assert_msg(e.column == r->column, "%s: column %u, not %u", r->text, e.column, r->column);
	ck_assert_int_eq(42, t.t_us);
	ck_assert_int_eq(HI_REFUSED, hi_time_parse(hi_slice_of(r->text), &t, NULL));
}
END_TEST

/* Every byte at every place of a good timestamp: only what belongs there is taken. */
START_TEST(no_other_byte_is_taken)
{
	static const char text[] = "2025-12-28T06:30:00.5Z";
	int taken = 0;

	for (size_t i = 0; i < sizeof text - 1; i++) {
		for (int c = 0; c < 256; c++) {
			char other[sizeof text];
			struct hi_time t;
			memcpy(other, text, sizeof text);
			other[i] = (char)c;
			struct hi_slice s = { other, sizeof text - 1 };
			if (hi_time_parse(s, &t, NULL) != HI_OK)
				continue;
			bool digit = c >= '0' && c <= '9';
			bool belongs = text[i] >= '0' && text[i] <= '9'
					       ? digit
					       : c == text[i] || (i == 10 && strchr("Tt ", c)) ||
							 (i == 21 && (digit || c == 'z'));
			ck_assert_msg(belongs && c, "byte %d at %zu", c, i);
			taken++;
		}
	}
	ck_assert_int_gt(taken, 60);
}
END_TEST

START_TEST(digits_needed)
{
	ck_assert_uint_eq(0, hi_time_digits(0));
	ck_assert_uint_eq(0, hi_time_digits(-HI_US_S));
	ck_assert_uint_eq(3, hi_time_digits(HI_US_MS));
	ck_assert_uint_eq(6, hi_time_digits(-1));
	ck_assert_str_eq("1969-12-31T23:59:59.999Z", written(-1, 3));
	ck_assert_str_eq("1969-12-31T23:59:59Z", written(-1, 0));
	ck_assert_str_eq("2025-12-28T06:30:00.000Z", written(INT64_C(1766903400000000), 3));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("time");
	TCase *c = tcase_create("time");

	tcase_add_test(c, reads_and_writes);
	tcase_add_test(c, fractions_are_cut);
	tcase_add_test(c, second_60_is_the_next);
	tcase_add_test(c, years_1800_to_9999_after_the_zone);
	tcase_add_loop_test(c, refuses_with_reason_and_column, 0,
			    (int)(sizeof refusals / sizeof *refusals));
	tcase_add_test(c, no_other_byte_is_taken);
	tcase_add_test(c, digits_needed);
	tcase_set_timeout(c, 60);
	suite_add_tcase(s, c);
	SRunner *sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
