/*
 * The vital signs of an invented patient as a function of the seed, the patient
 * and the time: no state, no order, no floating point. So any moment of any
 * patient is found without those before it, a million patients need no memory,
 * and the same seed gives the same values with every compiler and on every CPU.
 */
#ifndef HI_GEN_VITALS_H
#define HI_GEN_VITALS_H

#include <stdint.h>

/* The six vitals of a set, in the order in which a set is written. */
enum hi_gen_vital {
	HI_GEN_HR,
	HI_GEN_SBP,
	HI_GEN_DBP,
	HI_GEN_SPO2,
	HI_GEN_TEMP,
	HI_GEN_RR,
	HI_GEN_VITALS
};

/* Their metric names, by enum hi_gen_vital. */
extern const char *const hi_gen_names[HI_GEN_VITALS];

/* 64 well mixed bits of x: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). */
static inline uint64_t hi_gen_mix(uint64_t x)
{
	x += UINT64_C(0x9E3779B97F4A7C15);
	x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
	return x ^ x >> 31;
}

/* What every draw of a patient starts from; patients count from 0. */
static inline uint64_t hi_gen_key(uint64_t seed, uint64_t patient)
{
	return hi_gen_mix(hi_gen_mix(seed) ^ patient);
}

/* The time of day, the same for all: -1024 at 05:00 UTC to 1024 at 17:00. */
int32_t hi_gen_daylight(int64_t t_us);

/*
 * The set at t_us (event time) of the patient with that key: beats, mmHg, mmHg,
 * %, tenths of a degree C, breaths; always plausible. daylight is
 * hi_gen_daylight(t_us), which a caller keeps for a whole round of patients.
 */
void hi_gen_vitals(uint64_t key, int64_t t_us, int32_t daylight, int32_t out[HI_GEN_VITALS]);

/*
 * The replaced system's draws, all in tenths: each value for itself, uniform in
 * the metric's normal range; 2 % abnormal: SpO2 85-92, temperature 38.5-40,
 * others the upper bound times 1.2 to 1.5.
 */
void hi_gen_plain(uint64_t key, int64_t t_us, int32_t out[HI_GEN_VITALS]);

#endif
