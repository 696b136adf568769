/* The replaced system's generator: seed.md's draws, without a patient behind them. */
#include <stdbool.h>

#include "base/time.h"
#include "gen/vitals.h"

struct draw {
	int32_t low, high, bad_low, bad_high; /* tenths, all included */
};

/* Normal ranges as in the metric table (test_gen holds the two together). */
static const struct draw draws[HI_GEN_VITALS] = {
	[HI_GEN_HR] = { 600, 1000, 1200, 1500 }, [HI_GEN_SBP] = { 1100, 1300, 1560, 1950 },
	[HI_GEN_DBP] = { 700, 850, 1020, 1275 }, [HI_GEN_SPO2] = { 950, 1000, 850, 920 },
	[HI_GEN_TEMP] = { 365, 375, 385, 400 },	 [HI_GEN_RR] = { 120, 180, 216, 270 },
};

/* 2 % of 2^16 */
enum { ABNORMAL = 1311 };

void hi_gen_plain(uint64_t key, int64_t t_us, int32_t out[HI_GEN_VITALS])
{
	uint64_t h = hi_gen_mix(key ^ (uint64_t)(t_us - HI_TIME_MIN));
	for (unsigned i = 0; i < HI_GEN_VITALS; i++) {
		const struct draw *d = &draws[i];
		h = hi_gen_mix(h);
		bool bad = (h & 0xffff) < ABNORMAL;
		int32_t low = bad ? d->bad_low : d->low, high = bad ? d->bad_high : d->high;
		out[i] = low + (int32_t)((h >> 32) * (uint64_t)(high - low + 1) >> 32);
	}
}
