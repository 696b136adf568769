#include "base/num.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Powers of ten that a double holds exactly. */
static const double pow10_exact[] = {
	1e0,  1e1,  1e2,  1e3,	1e4,  1e5,  1e6,  1e7,	1e8,  1e9,  1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
};

enum {
	MANT_DIGITS_MAX = 18, /* always fit in an int64_t */
	/*
	 * A decimal decides its double by 768 significant digits and whether
	 * anything but zeros follows them (the longest midpoint between two doubles
	 * has 767), so a longer one is cut there and a 1 stands for the rest.
	 */
	DIGITS_MAX = 800
};

static const uint64_t double_exact_max = UINT64_C(1) << 53;

/* The text of a number in its parts: [int_from, int_from + int_n) . [frac_from, + frac_n) e exp10
 */
struct parts {
	const char *int_from, *frac_from;
	size_t int_n, frac_n;
	int64_t exp10; /* as written; held within +-2^40, far outside of what a line's length can
			  undo */
	bool negative;
};

static bool is_digit(char c)
{
	return (unsigned char)(c - '0') <= 9;
}

/* Every digit from the first that is not zero, cut as DIGITS_MAX says, for strtod. */
struct digits {
	char text[DIGITS_MAX + 32];
	size_t n;
	int64_t dropped; /* digits of the integer scale that are not in text */
	bool rest;	 /* one of them was not zero */
};

static void digits_add(struct digits *d, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (d->n == 0 && p[i] == '0')
			continue;
		if (d->n < DIGITS_MAX) {
			d->text[d->n++] = p[i];
		} else {
			d->dropped++;
			d->rest |= p[i] != '0';
		}
	}
}

/*
 * Any number, correctly rounded, by strtod over a copy of bounded length. The copy
 * is an integer with an exponent, so that the locale's decimal point has no say.
 */
static bool slow_value(const struct parts *t, double *v)
{
	struct digits d = { .n = 0 };

	digits_add(&d, t->int_from, t->int_n);
	digits_add(&d, t->frac_from, t->frac_n);
	*v = 0;
	if (d.n == 0)
		return true;

	int64_t exp10 = t->exp10 - (int64_t)t->frac_n + d.dropped;
	if (d.rest) {
		d.text[d.n++] = '1';
		exp10--;
	}
	if (exp10 > 99999)
		return false;
	if (exp10 < -99999)
		return true;
	snprintf(d.text + d.n, sizeof d.text - d.n, "e%d", (int)exp10);
	double abs = strtod(d.text, NULL);
	if (isinf(abs))
		return false;
	if (abs != 0)
		*v = t->negative ? -abs : abs;
	return true;
}

/* All digits as one integer; false: more than mant holds. */
static bool whole_mant(const struct parts *t, int64_t *mant)
{
	const char *p[] = { t->int_from, t->frac_from };
	size_t n[] = { t->int_n, t->frac_n };
	size_t used = 0;
	int64_t m = 0;

	for (int part = 0; part < 2; part++) {
		for (size_t i = 0; i < n[part]; i++) {
			used += m != 0 || p[part][i] != '0';
			if (used > MANT_DIGITS_MAX)
				return false;
			m = m * 10 + (p[part][i] - '0');
		}
	}
	*mant = m;
	return true;
}

/* The exact decimal of a number that the quick path does not take, where it fits. */
static void slow_decimal(const struct parts *t, struct hi_num *out)
{
	int64_t scale = (int64_t)t->frac_n - t->exp10;
	int64_t mant;

	if (scale > HI_NUM_SCALE_MAX || !whole_mant(t, &mant))
		return;
	if (mant == 0 && scale < 0)
		scale = 0;
	for (; scale < 0; scale++) {
		if (mant >= INT64_C(100000000000000000))
			return;
		mant *= 10;
	}
	out->mant = t->negative ? -mant : mant;
	out->scale = (uint8_t)scale;
	out->exact = true;
}

static const char *scan_digits(const char *p, const char *end, uint64_t *m)
{
	uint64_t sum = *m;

	for (; p < end && is_digit(*p); p++)
		sum = sum * 10 + (uint64_t)(*p - '0'); /* wraps for many digits: then not used */
	*m = sum;
	return p;
}

/* At e or E: *exp10, and the end of the exponent; at itself where there is none. */
static const char *scan_exponent(const char *p, const char *end, int64_t *exp10)
{
	const char *s = p + 1;
	bool negative = s < end && *s == '-';

	if (s < end && (*s == '-' || *s == '+'))
		s++;
	if (s >= end || !is_digit(*s))
		return p;

	int64_t x = 0;
	for (; s < end && is_digit(*s); s++)
		if (x < INT64_C(1) << 36)
			x = x * 10 + (*s - '0');
	*exp10 = negative ? -x : x;
	return s;
}

/*
 * The quick path is Clinger's: an integer below 2^53 divided by a power of ten up
 * to 10^22 is one correctly rounded operation on two exact operands. (W. Clinger,
 * How to read floating point numbers accurately, PLDI 1990.)
 */
size_t hi_num_scan(const char *p, const char *end, struct hi_num *out)
{
	struct parts t = { .negative = p < end && *p == '-' };
	uint64_t m = 0;
	const char *s = p + t.negative;

	t.int_from = s;
	if (s < end && *s == '0')
		s++;
	else
		s = scan_digits(s, end, &m);
	t.int_n = (size_t)(s - t.int_from);
	if (t.int_n == 0)
		return 0;
	t.frac_from = s;
	if (end - s >= 2 && *s == '.' && is_digit(s[1])) {
		t.frac_from = s + 1;
		s = scan_digits(s + 1, end, &m);
		t.frac_n = (size_t)(s - t.frac_from);
	}
	const char *mantissa_end = s;
	if (s < end && (*s == 'e' || *s == 'E'))
		s = scan_exponent(s, end, &t.exp10);

	if (s == mantissa_end && t.int_n + t.frac_n <= MANT_DIGITS_MAX && m <= double_exact_max &&
	    t.frac_n <= HI_NUM_SCALE_MAX) {
		double v = (double)m / pow10_exact[t.frac_n];
		out->mant = t.negative ? -(int64_t)m : (int64_t)m;
		out->v = t.negative && m ? -v : v;
		out->scale = (uint8_t)t.frac_n;
		out->exact = true;
		return (size_t)(s - p);
	}

	*out = (struct hi_num){ .v = 0 };
	if (!slow_value(&t, &out->v))
		return 0;
	slow_decimal(&t, out);
	return (size_t)(s - p);
}

bool hi_num_parse(struct hi_slice s, struct hi_num *out)
{
	return s.len && hi_num_scan(s.ptr, s.ptr + s.len, out) == s.len;
}

struct hi_num hi_num_decimal(int64_t mant, uint8_t scale)
{
	return (struct hi_num){
		.v = (double)mant / pow10_exact[scale],
		.mant = mant,
		.scale = scale,
		.exact = true,
	};
}

struct hi_num hi_num_ratio(int64_t num, int64_t den)
{
	struct hi_num r = { .v = 0 };
	char text[HI_NUM_TEXT_MAX];
	size_t n = hi_num_format((double)num / (double)den, text);

	hi_num_scan(text, text + n, &r);
	return r;
}

size_t hi_num_format_u64(uint64_t n, char out[HI_NUM_TEXT_MAX])
{
	char back[20];
	size_t len = 0;

	do {
		back[len++] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	for (size_t i = 0; i < len; i++)
		out[i] = back[len - 1 - i];
	return len;
}

/* digits, n of them, with the decimal point behind the first `point` (which may be <= 0). */
static size_t write_plain(const char *digits, size_t n, int point, char *out)
{
	char *p = out;

	if (point <= 0) {
		*p++ = '0';
		*p++ = '.';
		for (; point < 0; point++)
			*p++ = '0';
		memcpy(p, digits, n);
		return (size_t)(p + n - out);
	}
	for (size_t i = 0; i < n || i < (size_t)point; i++) {
		if (i == (size_t)point)
			*p++ = '.';
		*p++ = i < n ? digits[i] : '0';
	}
	return (size_t)(p - out);
}

static size_t write_exponent(const char *digits, size_t n, int exp10, char *out)
{
	char *p = out;

	*p++ = digits[0];
	if (n > 1) {
		*p++ = '.';
		memcpy(p, digits + 1, n - 1);
		p += n - 1;
	}
	*p++ = 'e';
	*p++ = exp10 < 0 ? '-' : '+';
	char power[HI_NUM_TEXT_MAX];
	size_t power_len = hi_num_format_u64((uint64_t)abs(exp10), power);
	memcpy(p, power, power_len);
	return (size_t)(p - out) + power_len;
}

size_t hi_num_format_decimal(int64_t mant, uint8_t scale, char out[HI_NUM_TEXT_MAX])
{
	char digits[HI_NUM_TEXT_MAX];
	bool negative = mant < 0;
	size_t n = hi_num_format_u64(negative ? 0 - (uint64_t)mant : (uint64_t)mant, digits);

	out[0] = '-';
	return negative + write_plain(digits, n, (int)n - (int)scale, out + negative);
}

/*
 * Decimals of a few digits, which vital signs are. One of at most 15 digits is the
 * only such decimal of its double, so the first scale that fits is the shortest.
 */
static size_t format_quick(double v, char *out)
{
	double abs = fabs(v);

	for (uint8_t scale = 0; scale <= 6; scale++) {
		double shifted = abs * pow10_exact[scale];
		if (shifted >= 1e15)
			return 0;
		int64_t mant = (int64_t)(shifted + 0.5);
		if ((double)mant / pow10_exact[scale] == abs)
			return hi_num_format_decimal(v < 0 ? -mant : mant, scale, out);
	}
	return 0;
}

static bool reads_back(uint64_t digits, int exp10, double v)
{
	char text[48];

	snprintf(text, sizeof text, "%llue%d", (unsigned long long)digits, exp10);
	return strtod(text, NULL) == v;
}

/*
 * abs as *digits * 10^*exp10 with the fewest digits. printf gives the nearest
 * decimal of each length; above a power of two the interval that reads back is
 * wider than below, so there the next one up may do where the nearest does not.
 */
static void shortest(double abs, uint64_t *digits, int *exp10)
{
	/* A normal double's decimal of up to 15 digits is found at 15, with zeros behind. */
	for (int n = abs < 0x1p-1022 ? 1 : 15; n <= 17; n++) {
		char text[48];
		uint64_t d = 0;
		const char *p = text;

		snprintf(text, sizeof text, "%.*e", n - 1, abs);
		for (; *p != 'e'; p++)
			if (is_digit(*p)) /* the decimal point is the locale's */
				d = d * 10 + (uint64_t)(*p - '0');
		*exp10 = atoi(p + 1) - (n - 1);
		*digits = d;
		if (reads_back(d, *exp10, abs))
			return;
		*digits = d + 1;
		if (reads_back(d + 1, *exp10, abs))
			return;
	}
}

/* The form of the text is ECMAScript's, which RFC 8785 section 3.2.2.3 takes for JSON. */
size_t hi_num_format(double v, char out[HI_NUM_TEXT_MAX])
{
	size_t n = format_quick(v, out);
	if (n)
		return n;

	uint64_t d;
	int exp10;
	shortest(fabs(v), &d, &exp10);
	while (d % 10 == 0) {
		d /= 10;
		exp10++;
	}

	char digits[HI_NUM_TEXT_MAX];
	bool negative = v < 0;
	size_t len = hi_num_format_u64(d, digits);
	int point = (int)len + exp10;

	out[0] = '-';
	if (point > 21 || point <= -6)
		return negative + write_exponent(digits, len, point - 1, out + negative);
	return negative + write_plain(digits, len, point, out + negative);
}
