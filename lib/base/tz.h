/*
 * Inside of lib/base: what time.c and tz.c share, and from local time to UTC in the
 * process's zone. time.h has what others need.
 */
#ifndef HI_BASE_TZ_H
#define HI_BASE_TZ_H

#include <stdbool.h>
#include <stdint.h>

/* Division that rounds down, for times before 1970. b is above 0. */
static inline int64_t hi_floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/*
 * local: seconds of a civil time reckoned as if it were UTC. *utc: the first
 * second at which the zone's clocks show it; false: they never do (spring).
 */
bool hi_tz_utc_of(int64_t local, int64_t *utc);

/* "timestamp: this hour does not exist in Europe/Berlin"; changed by hi_tz_set alone. */
const char *hi_tz_missing_text(void);

#endif
