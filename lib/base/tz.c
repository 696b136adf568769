/*
 * The process's zone over the system's tzdata: TZ and localtime_r's tm_gmtoff
 * are all that is asked of libc, since mktime's choice in a repeated or missing
 * hour differs between libraries. UTC and fixed offsets never ask libc.
 *
 * State of the process, set at its start: not for use by several threads while
 * hi_tz_set runs; the caches below are a thread's own.
 */
#include "base/tz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"

enum { NAME_MAX_LEN = 63, DAY = 86400, HOUR = 3600 };

static char zone_name[NAME_MAX_LEN + 1] = "UTC";
static char missing_text[128];
static bool zone_fixed = true;
static int64_t fixed_offset; /* seconds east */
static unsigned zone_serial; /* hi_tz_set makes caches of an older serial void */

/* The offset known for one hour of UTC, and for one hour of local time. */
static _Thread_local struct {
	unsigned serial;
	int64_t hour, offset;
} by_hour;
static _Thread_local struct {
	unsigned serial;
	int64_t hour, offset;
} by_local_hour;

const char *hi_tz_name(void)
{
	return zone_name;
}

const char *hi_tz_missing_text(void)
{
	return missing_text;
}

/* Seconds east of UTC at t, as libc has it. */
static int64_t ask_offset(int64_t t)
{
	time_t tt = (time_t)t;
	struct tm tm;

	if (zone_fixed)
		return fixed_offset;
	return localtime_r(&tt, &tm) ? tm.tm_gmtoff : 0;
}

int64_t hi_tz_offset(int64_t t_us)
{
	if (zone_fixed)
		return fixed_offset * HI_US_S;

	int64_t t = hi_floor_div(t_us, HI_US_S), hour = hi_floor_div(t, HOUR);
	if (by_hour.serial == zone_serial && by_hour.hour == hour)
		return by_hour.offset * HI_US_S;

	int64_t first = ask_offset(hour * HOUR), last = ask_offset(hour * HOUR + HOUR - 1);
	if (first != last)
		return ask_offset(t) * HI_US_S; /* the clocks change within this hour */
	by_hour.serial = zone_serial;
	by_hour.hour = hour;
	by_hour.offset = first;
	return first * HI_US_S;
}

/*
 * No zone changes twice within two days, so the offsets a day before and a day
 * after are all that can hold at this local time. One holds where it is in force
 * at the second that it leads to. The greater offset leads to the earlier second.
 */
static bool ask_utc_of(int64_t local, int64_t *offset)
{
	int64_t a = ask_offset(local - DAY), b = ask_offset(local + DAY);
	int64_t early = a > b ? a : b, late = a > b ? b : a;

	if (ask_offset(local - early) == early)
		*offset = early;
	else if (ask_offset(local - late) == late)
		*offset = late;
	else
		return false;
	return true;
}

bool hi_tz_utc_of(int64_t local, int64_t *utc)
{
	if (zone_fixed) {
		*utc = local - fixed_offset;
		return true;
	}

	int64_t hour = hi_floor_div(local, HOUR), offset, first, last;
	if (by_local_hour.serial == zone_serial && by_local_hour.hour == hour) {
		*utc = local - by_local_hour.offset;
		return true;
	}
	if (!ask_utc_of(local, &offset))
		return false;
	*utc = local - offset;
	if (ask_utc_of(hour * HOUR, &first) && ask_utc_of(hour * HOUR + HOUR - 1, &last) &&
	    first == offset && last == offset) { /* the hour is of one piece */
		by_local_hour.serial = zone_serial;
		by_local_hour.hour = hour;
		by_local_hour.offset = offset;
	}
	return true;
}

/* The first second at which the clocks show local, or have passed it. */
static int64_t first_second(int64_t local)
{
	int64_t utc;

	if (hi_tz_utc_of(local, &utc))
		return utc;
	/* The clocks skip it: they have passed it as they change, in (lo, hi]. */
	int64_t a = ask_offset(local - DAY), b = ask_offset(local + DAY);
	int64_t lo = local - (a > b ? a : b), hi = local - (a > b ? b : a);
	int64_t before = ask_offset(lo);
	while (hi - lo > 1) {
		int64_t mid = lo + (hi - lo) / 2;
		if (ask_offset(mid) == before)
			lo = mid;
		else
			hi = mid;
	}
	return hi;
}

int64_t hi_local_start(int64_t local_us)
{
	int64_t local = hi_floor_div(local_us, HI_US_S);

	return first_second(local) * HI_US_S + (local_us - local * HI_US_S);
}

void hi_day_bounds(int64_t t_us, int64_t *since_us, int64_t *until_us)
{
	int64_t local = hi_floor_div(t_us + hi_tz_offset(t_us), HI_US_DAY) * DAY;

	*since_us = first_second(local) * HI_US_S;
	*until_us = first_second(local + DAY) * HI_US_S;
}

/* "+hh:mm" or "-hh:mm". */
static bool fixed_of(const char *s, int64_t *seconds)
{
	static const char layout[] = "+00:00";

	if (strlen(s) != 6 || (s[0] != '+' && s[0] != '-'))
		return false;
	for (int i = 1; i < 6; i++)
		if (layout[i] == ':' ? s[i] != ':' : s[i] < '0' || s[i] > '9')
			return false;
	int h = (s[1] - '0') * 10 + s[2] - '0', m = (s[4] - '0') * 10 + s[5] - '0';
	*seconds = (s[0] == '-' ? -1 : 1) * (h * HOUR + m * 60);
	return h <= 23 && m <= 59;
}

/*
 * Whether the system has a zone of that name. libc takes any name and reads an
 * unknown one as UTC, so this looks for the file itself. "right/" counts leap
 * seconds, which event time does not.
 */
static bool zone_exists(const char *name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_+-/";
	char path[512], magic[4];
	const char *dir = getenv("TZDIR");

	if (strspn(name, letters) != strlen(name) || name[0] == '/' ||
	    strncmp(name, "right/", 6) == 0)
		return false; /* no dots at all, therefore no ".." */
	int n = snprintf(path, sizeof path, "%s/%s", dir && *dir ? dir : "/usr/share/zoneinfo",
			 name);
	if (n < 0 || (size_t)n >= sizeof path)
		return false;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool is_zone = read(fd, magic, 4) == 4 && memcmp(magic, "TZif", 4) == 0;
	close(fd);
	return is_zone;
}

int hi_tz_set(const char *name, struct hi_error *e)
{
	int64_t seconds = 0;
	bool utc = strcmp(name, "UTC") == 0 || strcmp(name, "Z") == 0;
	bool fixed = utc || fixed_of(name, &seconds);

	if (!fixed && (!*name || strlen(name) > NAME_MAX_LEN || !zone_exists(name)))
		return hi_error_fmt(e, HI_USAGE, "no such time zone", "%s", name);
	if (!fixed) {
		if (setenv("TZ", name, 1) != 0)
			return hi_error_set(e, HI_NOMEM, "no memory for the time zone");
		tzset();
	}
	zone_fixed = fixed;
	fixed_offset = seconds;
	zone_serial++;
	snprintf(zone_name, sizeof zone_name, "%s", utc ? "UTC" : name);
	snprintf(missing_text, sizeof missing_text, "timestamp: this hour does not exist in %s",
		 zone_name);
	return HI_OK;
}
