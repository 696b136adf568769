/*
 * Inside of lib/base: from local time to UTC in the process's zone. time.h has
 * what others need.
 */
#ifndef HI_BASE_TZ_H
#define HI_BASE_TZ_H

#include <stdbool.h>
#include <stdint.h>

/*
 * local: seconds of a civil time reckoned as if it were UTC. *utc: the first
 * second at which the zone's clocks show it; false: they never do (spring).
 */
bool hi_tz_utc_of(int64_t local, int64_t *utc);

/* "timestamp: this hour does not exist in Europe/Berlin"; changed by hi_tz_set alone. */
const char *hi_tz_missing_text(void);

#endif
