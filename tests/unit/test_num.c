/* Numbers: text to double and decimal and back, against strtod and printf. */
#include <check.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

static uint64_t state = 88172645463325252;

static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static double bits_to_double(uint64_t u)
{
	double d;
	memcpy(&d, &u, sizeof d);
	return d;
}

static uint64_t double_to_bits(double d)
{
	uint64_t u;
	memcpy(&u, &d, sizeof u);
	return u;
}

/* A copy that ends at the end of its allocation, so that ASan sees a byte too far. */
static size_t scan(const char *s, size_t n, struct hi_num *out)
{
	char *copy = malloc(n ? n : 1);
	memcpy(copy, s, n);
	memset(out, 0x77, sizeof *out);
	size_t len = hi_num_scan(copy, copy + n, out);
	free(copy);
	return len;
}

static void agrees_with_strtod(const char *text)
{
	struct hi_num n;
	double want = strtod(text, NULL);
	size_t len = scan(text, strlen(text), &n);

	if (isinf(want)) {
		ck_assert_msg(len == 0, "%s is too large but was taken", text);
		return;
	}
	ck_assert_msg(len == strlen(text), "%.60s: length %zu", text, len);
	ck_assert_msg(double_to_bits(n.v) == double_to_bits(want + 0.0), "%.60s: %.17g want %.17g",
		      text, n.v, want);
	if (n.exact) {
		char decimal[64], exact[HI_NUM_TEXT_MAX];
		size_t m = hi_num_format_decimal(n.mant, n.scale, exact);
		snprintf(decimal, sizeof decimal, "%.*s", (int)m, exact);
		ck_assert_msg(strtod(decimal, NULL) == want, "%s: decimal %s", text, decimal);
	} else {
		ck_assert_int_eq(n.mant, 0);
		ck_assert_uint_eq(n.scale, 0);
	}
}

struct row {
	const char *text;
	size_t len;
	double v;
	int64_t mant;
	int scale; /* -1: not exact */
};

static const struct row rows[] = {
	{ "72.5", 4, 72.5, 725, 1 },
	{ "95.10", 5, 95.1, 9510, 2 },
	{ "0", 1, 0, 0, 0 },
	{ "-0", 2, 0, 0, 0 },
	{ "-0.00", 5, 0, 0, 2 },
	{ "-36.6", 5, -36.6, -366, 1 },
	{ "01", 1, 0, 0, 0 },
	{ "-01", 2, 0, 0, 0 },
	{ "1.", 1, 1, 1, 0 },
	{ "1.e5", 1, 1, 1, 0 },
	{ "1.5.2", 3, 1.5, 15, 1 },
	{ "1e", 1, 1, 1, 0 },
	{ "1e+", 1, 1, 1, 0 },
	{ "1ex", 1, 1, 1, 0 },
	{ "1x", 1, 1, 1, 0 },
	{ "1e2", 3, 100, 100, 0 },
	{ "1E+2", 4, 100, 100, 0 },
	{ "1.50e1", 6, 15, 150, 1 },
	{ "1.5e-3", 6, 0.0015, 15, 4 },
	{ "1e-15", 5, 1e-15, 1, 15 },
	{ "1e-16", 5, 1e-16, 0, -1 },
	{ "0.000000000000001", 17, 1e-15, 1, 15 },
	{ "0.0000000000000001", 18, 1e-16, 0, -1 },
	{ "0e999999999999999999999", 23, 0, 0, 0 },
	{ "0e-9", 4, 0, 0, 9 },
	{ "-1e-400", 7, 0, 0, -1 },
	{ "1e-99999999999999999999", 23, 0, 0, -1 },
	{ "1e17", 4, 1e17, 100000000000000000, 0 },
	{ "1e18", 4, 1e18, 0, -1 },
	{ "9007199254740992", 16, 9007199254740992, 9007199254740992, 0 },
	{ "9007199254740993", 16, 9007199254740992, 9007199254740993, 0 },
	{ "999999999999999999", 18, 1e18, 999999999999999999, 0 },
	{ "1000000000000000000", 19, 1e18, 0, -1 },
	{ "18446744073709551617", 20, 18446744073709551617.0, 0, -1 },
	{ "1e308", 5, 1e308, 0, -1 },
	{ "1.7976931348623157e308", 22, DBL_MAX, 0, -1 },
	{ "1.7976931348623158079e308", 25, DBL_MAX, 0, -1 },
	{ "4.9e-324", 8, 4.9406564584124654e-324, 0, -1 },
};

START_TEST(table)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *w = &rows[i];
		struct hi_num n;

		ck_assert_msg(scan(w->text, strlen(w->text), &n) == w->len, "%s: length", w->text);
		ck_assert_msg(double_to_bits(n.v) == double_to_bits(w->v), "%s: %.17g", w->text,
			      n.v);
		ck_assert_msg(n.exact == (w->scale >= 0), "%s: exact %d", w->text, n.exact);
		ck_assert_msg(n.mant == w->mant, "%s: mant %" PRId64, w->text, n.mant);
		ck_assert_msg(n.scale == (w->scale < 0 ? 0 : w->scale), "%s: scale %d", w->text,
			      n.scale);
	}
}
END_TEST

START_TEST(not_numbers)
{
	const char *const bad[] = { "",
				    "-",
				    "+1",
				    ".5",
				    "e5",
				    "-.5",
				    "--1",
				    "NaN",
				    "nan",
				    "inf",
				    "-inf",
				    "Infinity",
				    "x10",
				    " 1",
				    "\t1",
				    "1e309",
				    "-1e309",
				    "1e999999999999999999999",
				    "1.7976931348623159e308",
				    "null" };
	struct hi_num n;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(scan(bad[i], strlen(bad[i]), &n) == 0, "%s was taken", bad[i]);
	ck_assert_uint_eq(scan("12", 1, &n), 1); /* the end is the end */
	ck_assert_double_eq(n.v, 1);
	ck_assert(!hi_num_parse(HI_LIT(""), &n));
	ck_assert(!hi_num_parse(HI_LIT("01"), &n));
	ck_assert(!hi_num_parse(HI_LIT("1 "), &n));
	ck_assert(hi_num_parse(HI_LIT("1.0"), &n));
}
END_TEST

START_TEST(random_decimals)
{
	for (int i = 0; i < 100000; i++) {
		char text[80];
		int whole = (int)(draw() % 12), frac = (int)(draw() % 20), n = 0;

		if (draw() % 4 == 0)
			text[n++] = '-';
		text[n++] = (char)('0' + (whole ? draw() % 9 + 1 : 0));
		for (int k = 1; k < whole; k++)
			text[n++] = (char)('0' + draw() % 10);
		if (frac)
			text[n++] = '.';
		for (int k = 0; k < frac; k++)
			text[n++] = (char)('0' + draw() % 10);
		if (draw() % 4 == 0)
			n += snprintf(text + n, 20, "e%d", (int)(draw() % 700) - 350);
		text[n] = 0;
		agrees_with_strtod(text);
	}
}
END_TEST

/* %.17g, and the middle between two doubles with all its digits, a bit above and a bit below. */
START_TEST(random_doubles_and_midpoints)
{
	for (int i = 0; i < 40000; i++) {
		double v = bits_to_double(draw());
		char text[1200];

		if (!isfinite(v))
			continue;
		snprintf(text, sizeof text, "%.17g", v);
		agrees_with_strtod(text);
		if (i % 40)
			continue;
		long double middle = ((long double)v + (long double)nextafter(v, INFINITY)) / 2;
		if (!isfinite((double)middle))
			continue;
		int n = snprintf(text, sizeof text, "%.780Le", middle);
		agrees_with_strtod(text);
		char *e = strchr(text, 'e');
		memmove(e + 1, e, strlen(e) + 1);
		*e = '1';
		ck_assert_int_lt(n, 1100);
		agrees_with_strtod(text);
	}
}
END_TEST

/* A megabyte of digits: the one that breaks the tie may be the last. */
START_TEST(very_long)
{
	size_t n = 1 << 20;
	char *text = malloc(n + 1);
	struct hi_num out;

	memset(text, '0', n);
	memcpy(text, "9007199254740993.", 17); /* the middle between ...992 and ...994 */
	ck_assert_uint_eq(scan(text, n, &out), n);
	ck_assert_double_eq(out.v, 9007199254740992);
	text[n - 1] = '1';
	ck_assert_uint_eq(scan(text, n, &out), n);
	ck_assert_double_eq(out.v, 9007199254740994);
	ck_assert(!out.exact);

	memset(text, '0', n);
	memcpy(text, "0.", 2);
	memcpy(text + n - 9, "1e1048566", 9); /* the 1 is decimal n - 10 = 1048566 */
	ck_assert_uint_eq(scan(text, n, &out), n);
	ck_assert_double_eq(out.v, 1);

	memset(text, '9', n);
	ck_assert_uint_eq(scan(text, n, &out), 0);
	memcpy(text + n - 9, "e-1048567", 9);
	ck_assert_uint_eq(scan(text, n, &out), n);
	ck_assert_double_eq(out.v, 1);
	free(text);
}
END_TEST

static size_t text_of(double v, char out[HI_NUM_TEXT_MAX + 1])
{
	size_t n = hi_num_format(v, out);
	ck_assert_uint_le(n, HI_NUM_TEXT_MAX);
	out[n] = 0;
	return n;
}

START_TEST(format_table)
{
	const struct {
		double v;
		const char *text;
	} want[] = {
		{ 37, "37" },
		{ 36.6, "36.6" },
		{ -0.0, "0" },
		{ 0, "0" },
		{ -72.25, "-72.25" },
		{ 0.1 + 0.2, "0.30000000000000004" },
		{ 1e21, "1e+21" },
		{ 1e22, "1e+22" },
		{ 1e20, "100000000000000000000" },
		{ 123456789012345680000.0, "123456789012345680000" },
		{ 1e-6, "0.000001" },
		{ 1.5e-6, "0.0000015" },
		{ 1e-7, "1e-7" },
		{ -1.25e-7, "-1.25e-7" },
		{ 5e-324, "5e-324" },
		{ DBL_MAX, "1.7976931348623157e+308" },
		{ DBL_MIN, "2.2250738585072014e-308" },
		{ 9007199254740993.0, "9007199254740992" },
		{ 0x1p-44, "5.684341886080802e-14" }, /* the interval is wider above */
		{ 4.35, "4.35" },
		{ 999999999999999.9, "999999999999999.9" },
		{ 1e15, "1000000000000000" },
	};

	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		char text[HI_NUM_TEXT_MAX + 1];
		text_of(want[i].v, text);
		ck_assert_str_eq(text, want[i].text);
	}
}
END_TEST

static size_t digits_in(const char *s)
{
	size_t n = 0, zeros = 0;
	bool seen = false;

	for (; *s && *s != 'e'; s++) {
		if (*s < '0' || *s > '9')
			continue;
		seen |= *s != '0';
		n += seen;
		zeros = *s == '0' ? zeros + 1 : 0;
	}
	return n - (zeros < n ? zeros : 0);
}

/* Reads back, and no text of fewer digits does. */
static void shortest_and_back(double v)
{
	char text[HI_NUM_TEXT_MAX + 1], shorter[64];
	struct hi_num n;
	size_t len = text_of(v, text);

	ck_assert_msg(hi_num_parse((struct hi_slice){ text, len }, &n) && n.v == v, "%.17g: %s", v,
		      text);
	ck_assert_msg(strtod(text, NULL) == v, "%.17g: %s", v, text);
	size_t digits = digits_in(text);
	if (v == 0 || digits < 2)
		return;
	snprintf(shorter, sizeof shorter, "%.*e", (int)digits - 2, v);
	ck_assert_msg(strtod(shorter, NULL) != v, "%s is shorter than %s", shorter, text);
}

START_TEST(format_random)
{
	for (int i = 0; i < 15000; i++) {
		double v = bits_to_double(draw());
		if (isfinite(v))
			shortest_and_back(v);
		shortest_and_back((double)(int64_t)(draw() >> 34) / 1000 * (i & 1 ? 1 : -1));
		shortest_and_back((double)(draw() % 4000) / 10);
		shortest_and_back((double)(draw() >> 11) / (double)(draw() % 997 + 1));
	}
	for (int e = -1074; e < 1024; e++) {
		shortest_and_back(ldexp(1, e));
		shortest_and_back(nextafter(ldexp(1, e), 0));
	}
}
END_TEST

START_TEST(decimals)
{
	char text[HI_NUM_TEXT_MAX + 1];
	const struct {
		int64_t mant;
		uint8_t scale;
		const char *text;
	} want[] = {
		{ 9510, 2, "95.10" },
		{ 0, 0, "0" },
		{ 0, 2, "0.00" },
		{ -5, 1, "-0.5" },
		{ -5, 3, "-0.005" },
		{ 1, 15, "0.000000000000001" },
		{ INT64_MIN, 0, "-9223372036854775808" },
		{ INT64_MAX, 15, "9223.372036854775807" },
	};

	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		text[hi_num_format_decimal(want[i].mant, want[i].scale, text)] = 0;
		ck_assert_str_eq(text, want[i].text);
	}
	for (int i = 0; i < 30000; i++) {
		int64_t mant = (int64_t)(draw() >> 11) * (i & 1 ? 1 : -1);
		uint8_t scale = (uint8_t)(draw() % (HI_NUM_SCALE_MAX + 1));
		struct hi_num n = hi_num_decimal(mant, scale), back;
		size_t len = hi_num_format_decimal(mant, scale, text);
		ck_assert(hi_num_parse((struct hi_slice){ text, len }, &back));
		ck_assert_double_eq(back.v, n.v);
		ck_assert_int_eq(back.mant, mant);
		ck_assert_uint_eq(back.scale, scale);
	}
	text[hi_num_format_u64(0, text)] = 0;
	ck_assert_str_eq(text, "0");
	text[hi_num_format_u64(UINT64_MAX, text)] = 0;
	ck_assert_str_eq(text, "18446744073709551615");
}
END_TEST

START_TEST(ratio)
{
	struct hi_num r = hi_num_ratio(725, 10);
	ck_assert_double_eq(r.v, 72.5);
	ck_assert(r.exact && r.mant == 725 && r.scale == 1);
	r = hi_num_ratio(-1, 3);
	ck_assert_double_eq(r.v, -1.0 / 3);
	ck_assert(!r.exact);
	r = hi_num_ratio(0, 7);
	ck_assert(r.exact && r.mant == 0 && r.v == 0);
	r = hi_num_ratio(5 * 986 - 1600, 90); /* 98.6 F = 37 C */
	ck_assert_double_eq(r.v, 37);
	ck_assert(r.exact && r.mant == 37 && r.scale == 0);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("num");
	tcase_set_timeout(t, 120);
	tcase_add_test(t, table);
	tcase_add_test(t, not_numbers);
	tcase_add_test(t, random_decimals);
	tcase_add_test(t, random_doubles_and_midpoints);
	tcase_add_test(t, very_long);
	tcase_add_test(t, format_table);
	tcase_add_test(t, format_random);
	tcase_add_test(t, decimals);
	tcase_add_test(t, ratio);
	Suite *s = suite_create("num");
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
