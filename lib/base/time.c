#include "base/time.h"

#include <time.h>

#include "base/hash.h"
#include "base/tz.h"

static const uint8_t days_in[2][13] = {
	{ 0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 },
	{ 0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 },
};

/* Days of the year before the first of a month, in a common year. */
static const uint16_t days_before[13] = {
	0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334
};

static bool leap_year(unsigned y)
{
	return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
}

/* Days since 1970-01-01 of a date that exists, year 1 or later. */
static int64_t days_of(unsigned y, unsigned m, unsigned d)
{
	unsigned past = y - 1;
	unsigned n = past * 365 + past / 4 - past / 100 + past / 400; /* since 0001-01-01 */
	n += days_before[m] + (m > 2 && leap_year(y) ? 1u : 0u) + d - 1;
	return (int64_t)n - 719162;
}

static int refuse(struct hi_error *e, const char *text, size_t column)
{
	hi_error_set(e, HI_REFUSED, text);
	if (e)
		e->column = (uint32_t)column;
	return HI_REFUSED;
}

static unsigned digit(char c)
{
	return (unsigned)(unsigned char)c - '0'; /* above 9: not a digit */
}

static unsigned two(const char *p)
{
	return digit(p[0]) * 10 + digit(p[1]);
}

enum { FIXED_LEN = 19 }; /* 2025-12-28T06:30:00 */

/*
 * Whether p[0..FIXED_LEN) has digits and separators where they belong: eight
 * bytes at a time, x is what each differs by from the layout. A digit may differ
 * by 0 to 9 and a separator not at all: adding 0x76, or 0x7f, sets the top bit of
 * every other byte. No byte carries into its neighbour unless x has a top bit
 * already. Byte order does not matter. Measured: 6 ns a timestamp less than
 * nineteen comparisons.
 */
static bool eight(const char *p, const char *layout, const char *slack)
{
	uint64_t x = hi_load64(p) ^ hi_load64(layout);

	return (((x + hi_load64(slack)) | x) & UINT64_C(0x8080808080808080)) == 0;
}

static bool fixed_layout(const char *p)
{
	return eight(p, "0000-00-", "\x76\x76\x76\x76\x7f\x76\x76\x7f") &&
	       eight(p + 11, "00:00:00", "\x76\x76\x7f\x76\x76\x7f\x76\x76") && digit(p[8]) <= 9 &&
	       digit(p[9]) <= 9 && (p[10] == 'T' || p[10] == ' ' || p[10] == 't');
}

/* Says where s first departs from the layout; it does. */
static int explain_layout(struct hi_slice s, struct hi_error *e)
{
	static const char layout[] = "0000-00-00T00:00:00";

	for (size_t i = 0; i < FIXED_LEN; i++) {
		if (i == s.len)
			return refuse(e, i ? "timestamp: cut short" : "timestamp: empty", i + 1);
		char c = s.ptr[i];
		if (layout[i] == '0' && digit(c) > 9)
			return refuse(e, "timestamp: not a digit", i + 1);
		if (layout[i] == '-' && c != '-')
			return refuse(e, "timestamp: not a '-'", i + 1);
		if (layout[i] == ':' && c != ':')
			return refuse(e, "timestamp: not a ':'", i + 1);
		if (layout[i] == 'T' && c != 'T' && c != ' ' && c != 't')
			return refuse(e, "timestamp: not a T or a space", i + 1);
	}
	return refuse(e, "timestamp: cut short", s.len + 1);
}

/* The first 19 bytes, whose layout is right, as seconds reckoned as if UTC, and whether one more.
 */
static int fixed_seconds(const char *p, int64_t *seconds, bool *leap, struct hi_error *e)
{
	unsigned y = two(p) * 100 + two(p + 2), mo = two(p + 5), d = two(p + 8);
	unsigned h = two(p + 11), mi = two(p + 14), sec = two(p + 17);

	if (y < 1799) /* 1799-12-31 in a zone may be 1800; year 10000 cannot be written */
		return refuse(e, "timestamp: year outside 1800 to 9999", 1);
	if (mo - 1 > 11)
		return refuse(e, "timestamp: no such month", 6);
	if (d - 1 >= days_in[leap_year(y)][mo])
		return refuse(e, "timestamp: no such day", 9);
	if (h > 23)
		return refuse(e, "timestamp: no such hour", 12);
	if (mi > 59)
		return refuse(e, "timestamp: no such minute", 15);
	if (sec > 60)
		return refuse(e, "timestamp: no such second", 18);
	*leap = sec == 60; /* 01:59:60 is there although the clocks show no 02:00:00 */
	*seconds = days_of(y, mo, d) * 86400 + (int64_t)(h * 3600 + mi * 60 + sec - *leap);
	return HI_OK;
}

/*
 * The fraction after the point at s.ptr[*at]: *at moves past it. Cut to
 * microseconds, because rounding could move a reading into the next second.
 */
static int fraction(struct hi_slice s, size_t *at, int64_t *us, struct hi_error *e)
{
	size_t i = *at + 1, n = 0;
	int64_t v = 0;

	for (; i < s.len && digit(s.ptr[i]) <= 9; i++, n++) {
		if (n == 9)
			return refuse(e, "timestamp: more than 9 fraction digits", i + 1);
		if (n < 6)
			v = v * 10 + digit(s.ptr[i]);
	}
	if (n == 0)
		return refuse(e, "timestamp: no digit after the point", i + 1);
	for (; n < 6; n++)
		v *= 10;
	*us = v;
	*at = i;
	return HI_OK;
}

/* The zone +hh:mm at s.ptr[*at]: *at moves past it, *seconds = east of UTC. */
static int numeric_zone(struct hi_slice s, size_t *at, int64_t *seconds, struct hi_error *e)
{
	static const char layout[] = "+00:00";
	const char *p = s.ptr + *at;

	for (size_t i = 1; i < 6; i++) {
		if (*at + i == s.len)
			return refuse(e, "timestamp: the zone is cut short", *at + i + 1);
		if (layout[i] == ':' ? p[i] != ':' : digit(p[i]) > 9)
			return refuse(e, "timestamp: the zone is not +hh:mm", *at + i + 1);
	}
	unsigned h = two(p + 1), m = two(p + 4);
	if (h > 23 || m > 59)
		return refuse(e, "timestamp: no such zone", *at + 1);
	*seconds = (int64_t)(h * 3600 + m * 60);
	if (*p == '-')
		*seconds = -*seconds;
	*at += 6;
	return HI_OK;
}

/* From local seconds and what follows them to UTC. */
static int apply_zone(struct hi_slice s, size_t at, int64_t *seconds, bool *zoneless,
		      struct hi_error *e)
{
	int64_t east = 0;
	int st = HI_OK;

	*zoneless = at == s.len;
	if (*zoneless) {
		if (!hi_tz_utc_of(*seconds, seconds))
			return refuse(e, hi_tz_missing_text(), 12);
		return HI_OK;
	}
	if (s.ptr[at] == 'Z' || s.ptr[at] == 'z')
		at++;
	else if (s.ptr[at] == '+' || s.ptr[at] == '-')
		st = numeric_zone(s, &at, &east, e);
	else
		return refuse(e, "timestamp: neither fraction nor zone", at + 1);
	if (st == HI_OK && at < s.len)
		return refuse(e, "timestamp: text after the zone", at + 1);
	*seconds -= east;
	return st;
}

int hi_time_parse(struct hi_slice s, struct hi_time *out, struct hi_error *e)
{
	int64_t seconds, us = 0;
	size_t at = FIXED_LEN;

	if (s.len < FIXED_LEN || !fixed_layout(s.ptr))
		return explain_layout(s, e);
	bool leap = false;
	int st = fixed_seconds(s.ptr, &seconds, &leap, e);
	if (st == HI_OK && s.len > at && s.ptr[at] == '.')
		st = fraction(s, &at, &us, e);
	bool zoneless = false;
	if (st == HI_OK && !(s.len == at + 1 && s.ptr[at] == 'Z')) /* Z: nearly always */
		st = apply_zone(s, at, &seconds, &zoneless, e);
	if (st != HI_OK)
		return st;
	int64_t t = (seconds + leap) * HI_US_S + us;
	if (t < HI_TIME_MIN || t >= HI_TIME_END)
		return refuse(e, "timestamp: year outside 1800 to 9999", 1);
	*out = (struct hi_time){ t, us ? (uint8_t)hi_time_digits(t) : 0, zoneless };
	return HI_OK;
}

/*
 * The date of a day number. Years begin in March here, so that the leap day is
 * the last of the year. Source: H. Hinnant, chrono-Compatible Low-Level Date
 * Algorithms, civil_from_days; without its negative eras, since 1799 is after 0.
 */
static void date_of(int64_t days, struct hi_civil *out)
{
	unsigned z = (unsigned)(days + 719468); /* since 0000-03-01 */
	unsigned era = z / 146097, doe = z % 146097;
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned mp = (5 * doy + 2) / 153;

	out->day = (int)(doy - (153 * mp + 2) / 5 + 1);
	out->month = (int)(mp < 10 ? mp + 3 : mp - 9);
	out->year = (int)(yoe + era * 400) + (out->month <= 2);
}

void hi_civil_of(int64_t t_us, bool utc, struct hi_civil *out)
{
	if (!utc)
		t_us += hi_tz_offset(t_us);
	int64_t days = hi_floor_div(t_us, HI_US_DAY);
	int64_t rest = t_us - days * HI_US_DAY;
	unsigned s = (unsigned)(rest / HI_US_S);

	date_of(days, out);
	out->hour = (int)(s / 3600);
	out->minute = (int)(s / 60 % 60);
	out->second = (int)(s % 60);
	out->us = (int)(rest % HI_US_S);
}

unsigned hi_time_digits(int64_t t_us)
{
	return t_us % HI_US_S == 0 ? 0 : t_us % HI_US_MS == 0 ? 3 : 6;
}

static char *put2(char *p, int v, char after)
{
	p[0] = (char)('0' + v / 10 % 10);
	p[1] = (char)('0' + v % 10);
	p[2] = after;
	return p + 3;
}

static char *put3(char *p, int v)
{
	p[0] = (char)('0' + v / 100 % 10);
	put2(p + 1, v % 100, 'Z');
	return p + 3;
}

size_t hi_time_format(int64_t t_us, unsigned digits, char out[HI_TIME_TEXT_MAX])
{
	struct hi_civil c;

	hi_civil_of(t_us, true, &c);
	put2(out, c.year / 100, '0');
	char *p = put2(out + 2, c.year % 100, '-');
	p = put2(p, c.month, '-');
	p = put2(p, c.day, 'T');
	p = put2(p, c.hour, ':');
	p = put2(p, c.minute, ':');
	p = put2(p, c.second, digits ? '.' : 'Z');
	if (digits > 0)
		p = put3(p, c.us / 1000);
	if (digits > 3)
		p = put3(p, c.us % 1000);
	if (digits > 0)
		p++; /* the Z that put3 left there */
	return (size_t)(p - out);
}

static int64_t clock_us(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * HI_US_S + ts.tv_nsec / 1000;
}

int64_t hi_clock_us(void)
{
	return clock_us(CLOCK_REALTIME);
}

int64_t hi_monotonic_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}
