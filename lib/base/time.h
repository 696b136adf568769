/*
 * Event time: microseconds since 1970-01-01T00:00:00Z, proleptic Gregorian, no
 * leap seconds, years 1800 to 9999. Source: RFC 3339, with a space allowed for
 * the T and the zone left out (the replaced system writes it so).
 */
#ifndef HI_BASE_TIME_H
#define HI_BASE_TIME_H

#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"

#define HI_US_MS INT64_C(1000)
#define HI_US_S INT64_C(1000000)
#define HI_US_MIN (60 * HI_US_S)
#define HI_US_H (3600 * HI_US_S)
#define HI_US_DAY (86400 * HI_US_S)

/* The range of event time, both included and excluded as years say: [1800, 10000). */
#define HI_TIME_MIN INT64_C(-5364662400000000)
#define HI_TIME_END INT64_C(253402300800000000)

/*
 * Sets the process's zone, in which zone-less times are read and calendar days
 * are reckoned: an IANA name ("Europe/Berlin"), "UTC", or "+01:00". UTC until
 * called. HI_USAGE where there is no such zone. Source: the system's tzdata.
 */
int hi_tz_set(const char *name, struct hi_error *e);

/* The name given to hi_tz_set, "UTC" at first. */
const char *hi_tz_name(void);

struct hi_time {
	int64_t t_us;
	uint8_t digits; /* 0, 3 or 6: fraction digits needed to write it again */
	bool zoneless;	/* was read in the process's zone */
};

/*
 * Reads a whole timestamp. Fraction: 1 to 9 digits, kept to 6 (cut, not
 * rounded). Second 60 is the next second. Zone: Z, z, +hh:mm or none. The
 * repeated hour of autumn is its first, the missing hour of spring is refused.
 * Returns HI_OK or HI_REFUSED with text "timestamp: ..." and column = offset of
 * the offending byte from 1 in s (e may be NULL).
 */
int hi_time_parse(struct hi_slice s, struct hi_time *out, struct hi_error *e);

enum { HI_TIME_TEXT_MAX = 32 };

/* "2025-12-28T06:30:00Z" with 0, 3 or 6 fraction digits; returns the length (no NUL). */
size_t hi_time_format(int64_t t_us, unsigned digits, char out[HI_TIME_TEXT_MAX]);

/* The digits needed for t_us: 0, 3 or 6. */
unsigned hi_time_digits(int64_t t_us);

/* Calendar day in the process's zone: its start and its end (start of the next). */
void hi_day_bounds(int64_t t_us, int64_t *since_us, int64_t *until_us);

/* Offset of the process's zone from UTC at t_us, in microseconds east. */
int64_t hi_tz_offset(int64_t t_us);

/*
 * The first moment at which the clocks of the process's zone show local_us (a
 * civil time reckoned as if it were UTC) or, where they skip it, the moment at
 * which they do.
 */
int64_t hi_local_start(int64_t local_us);

/* Civil fields in the process's zone (or UTC where utc). */
struct hi_civil {
	int year;
	int month, day, hour, minute, second; /* 1..12, 1..31, ... */
	int us;
};
void hi_civil_of(int64_t t_us, bool utc, struct hi_civil *out);

/*
 * A duration: a number and a unit, ms s m h d w ("200ms", "4h", "1.5h"), or
 * several ("1h30m"). HI_OK with *us > 0 or = 0, or HI_REFUSED.
 */
int hi_duration_parse(struct hi_slice s, int64_t *us);

/* The shortest such text: "90s" is written "90s", 3600 s "1h". Returns the length (no NUL). */
size_t hi_duration_format(int64_t us, char out[HI_TIME_TEXT_MAX]);

/*
 * A TIME of the command line: RFC 3339, also without its seconds, its minutes or
 * its zone (2025-12-28T06), a date, HH:MM (today), now, today, yesterday, or a duration back from
 * now ("4h" = "-4h"). now_us is the clock.
 */
int hi_time_option(struct hi_slice s, int64_t now_us, int64_t *t_us);

/* A DAY of the command line in the process's zone: date, today, yesterday. */
int hi_day_option(struct hi_slice s, int64_t now_us, int64_t *since_us, int64_t *until_us);

/* The wall clock, for options and live sources only: event time never asks it. */
int64_t hi_clock_us(void);

/* A clock that only goes forward, from some point on: for waiting and for measuring. */
int64_t hi_monotonic_us(void);

#endif
