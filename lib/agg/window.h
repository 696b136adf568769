/*
 * Windows of event time: days, shifts and hours by the clocks of the process's
 * zone (hi_tz_set), so that a day at a change of the clocks has 23 or 25 hours.
 *
 * Above an hour a window begins when the zone's clocks first show its beginning:
 * the night shift of the night in question is 7 or 9 hours long. Up to an hour
 * windows keep their length, and the repeated hour of autumn is two of them.
 */
#ifndef HI_AGG_WINDOW_H
#define HI_AGG_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct hi_every {
	int64_t every_us;  /* length; divides a day, or is a multiple of one */
	int64_t offset_us; /* beginnings are moved by this: 6 h for shifts from 06:00; |offset| <
			      every */
};

struct hi_window {
	int64_t from_us, to_us; /* from included, to not */
};

/* HI_OK, or HI_USAGE with a text that says what is allowed. */
int hi_every_check(const struct hi_every *every, struct hi_error *e);

/*
 * The window that holds t_us. Windows of several days are counted from
 * 1970-01-01 (a Thursday: weeks from Monday are --every 7d --offset 4d). Windows
 * of one hi_every never overlap and leave nothing out.
 */
struct hi_window hi_window_of(const struct hi_every *every, int64_t t_us);

#endif
