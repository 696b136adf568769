/*
 * The patient model.
 *
 * Noise is hashed at the points of a lattice in time and interpolated between
 * them, at three scales: a minute, half an hour, five hours. Every draw is a hash
 * of (key, what for, lattice point), so there is nothing to remember. Amounts are
 * thousandths of a unit until they are rounded to what a monitor shows.
 *
 * It is not fitted to patients, it only has to look like them. It was held beside
 * the 10,000 stays of the PhysioNet/CinC Challenge 2019, set B (heart rate 83,
 * spread between stays 15 and within one 9; systolic 126, 19, 15; diastolic 66,
 * 11, 9; SpO2 97.1, 2.0, 2.3; temperature 36.8, 0.5, 0.5; breaths 18.6, 3.1, 3.5)
 * and made calmer, as a ward is. Baselines lie about the normal ranges of the
 * metric table.
 */
#include "gen/vitals.h"
#include "base/time.h"

const char *const hi_gen_names[HI_GEN_VITALS] = {
	"heart_rate", "bp_systolic", "bp_diastolic", "spo2", "temperature", "respiratory_rate",
};

/* What a hash is for; keeps the draws of one key apart. */
enum purpose {
	FOR_BASELINE = 1,
	FOR_HABIT,
	FOR_MINUTES,
	FOR_HALF_HOURS,
	FOR_HOURS,
	FOR_READING,
	FOR_BOUT,
	FOR_ILLNESS
};

static inline uint64_t draw(uint64_t key, enum purpose purpose, uint64_t n)
{
	return hi_gen_mix(key ^ (n << 8 | (unsigned)purpose));
}

/* The i-th of five lots of 12 bits: 0..4095, and the same about 0. */
static inline int32_t lot(uint64_t h, unsigned i)
{
	return (int32_t)(h >> 12 * i & 0xfff);
}

static inline int32_t swing(uint64_t h, unsigned i)
{
	return lot(h, i) - 2048;
}

/* x of 2048ths of the amplitude. */
static inline int32_t of(int32_t x, int32_t amplitude)
{
	return x * amplitude / 2048;
}

/* The sum of two dice of 32 sides about 0, -31..31, as a share of the amplitude. */
static inline int32_t jitter(uint64_t h, unsigned i, int32_t amplitude)
{
	uint32_t dice = (uint32_t)(h >> 10 * i);
	return ((int32_t)(dice & 31) + (int32_t)(dice >> 5 & 31) - 31) * amplitude / 31;
}

/* Beyond the limit only half of it counts: several happenings at once do not add up for ever. */
static inline int32_t ease(int32_t v, int32_t limit)
{
	return limit + (v - limit) / 2;
}

static inline int32_t clamp(int32_t v, int32_t low, int32_t high)
{
	return v < low ? low : v > high ? high : v;
}

/*
 * A cosine by hours. Body temperature is highest at 4 to 6 p.m. and lowest about
 * 6 a.m. (Mackowiak et al., JAMA 1992;268:1578); the others follow it here.
 */
int32_t hi_gen_daylight(int64_t t_us)
{
	static const int32_t cosine[14] = { 1024, 989,	887,  724,  512,  265,	 0,
					    -265, -512, -724, -887, -989, -1024, -1024 };
	const int32_t top_s = 17 * 3600;
	int32_t s = (int32_t)((t_us - HI_TIME_MIN) / HI_US_S % 86400); /* from midnight UTC */
	int32_t off_s = s > top_s ? s - top_s : top_s - s;
	if (off_s > 12 * 3600)
		off_s = 24 * 3600 - off_s;
	int32_t h = off_s / 3600, past_s = off_s % 3600;
	return (cosine[h] * (3600 - past_s) + cosine[h + 1] * past_s) / 3600;
}

/* 3x^2 - 2x^3, with 4096 for 1: a way from 0 to 1 without corners. */
static inline int32_t smooth(uint32_t x)
{
	return (int32_t)((uint64_t)x * x * (3 * 4096 - 2 * x) >> 24);
}

/* Five channels of smooth noise, -2048..2047. */
struct noise {
	int32_t v[5];
};

/* Cells last 2^shift ms of a clock that is never negative. */
static inline struct noise noise(uint64_t key, enum purpose purpose, uint64_t clock_ms,
				 unsigned shift)
{
	const uint64_t cell = clock_ms >> shift;
	const uint64_t x = clock_ms >> (shift - 12) & 0xfff;
	const int32_t s = smooth((uint32_t)x);
	const uint64_t a = draw(key, purpose, cell), b = draw(key, purpose, cell + 1);
	struct noise n;
	for (unsigned i = 0; i < 5; i++)
		n.v[i] = (lot(a, i) * (4096 - s) + lot(b, i) * s) / 4096 - 2048;
	return n;
}

/* What a happening adds at its height. */
struct change {
	int32_t hr, sbp, spo2, temp, rr;
};

/* Shares of 4096 happenings; times in 4096ths of a window, hold up to twice as long. */
struct happening {
	int32_t share, rise, hold, fall;
	struct change least, most;
};

/* Of minutes, in windows of 2^22 ms (70 min): 59 is a minute. */
static const struct happening bouts[] = {
	/* a desaturation */
	{ 1850, 30, 130, 40, { 4000, 0, -7000, 0, 1000 }, { 14000, 5000, -13000, 0, 6000 } },
	/* a run of tachycardia */
	{ 1350, 8, 160, 30, { 34000, -4000, 0, 0, 1000 }, { 62000, -16000, -1500, 0, 4000 } },
	/* pain, or getting up */
	{ 896, 90, 250, 190, { 8000, 12000, 0, 0, 2000 }, { 22000, 34000, 0, 0, 6000 } },
};

/* Of hours, in windows of 2^24 ms (4 h 40 min): 15 is a minute. */
static const struct happening illnesses[] = {
	/* fever; heart and breath follow the temperature in hi_gen_vitals */
	{ 2500, 750, 750, 900, { 0, -8000, -1000, 1700, 0 }, { 6000, 0, 0, 3100, 2000 } },
	/* getting worse: breath and heart rise, saturation and pressure fall */
	{ 1596,
	  1200,
	  750,
	  900,
	  { 14000, -14000, -3000, 200, 5000 },
	  { 30000, -36000, -7000, 1200, 11000 } },
};

/* 0..4096 at x of a rise, a hold and a fall that begin at 0. */
static int32_t height_at(int32_t x, int32_t rise, int32_t hold, int32_t fall)
{
	if (x < 0 || x >= rise + hold + fall)
		return 0;
	if (x < rise)
		return x * 4096 / rise;
	x -= rise + hold;
	return x < 0 ? 4096 : 4096 - x * 4096 / fall;
}

static int32_t at_height(int32_t least, int32_t most, int32_t size, int32_t height)
{
	return (least + (most - least) * size / 4096) * height / 4096;
}

/*
 * Adds to c what happens at x of a window with the hash h. All of it lies inside
 * the window, so no window need know its neighbours.
 */
static void happen(struct change *c, const struct happening *kinds, uint64_t h, int32_t x)
{
	const struct happening *k = kinds;
	for (int32_t share = lot(h, 1); share >= k->share; k++)
		share -= k->share;
	const int32_t size = lot(h, 2), hold = k->hold + k->hold * lot(h, 3) / 4096;
	const int32_t begin = (4096 - k->rise - hold - k->fall) * lot(h, 4) / 4096;
	const int32_t height = smooth((uint32_t)height_at(x - begin, k->rise, hold, k->fall));
	if (height == 0)
		return;
	c->hr += at_height(k->least.hr, k->most.hr, size, height);
	c->sbp += at_height(k->least.sbp, k->most.sbp, size, height);
	c->spo2 += at_height(k->least.spo2, k->most.spo2, size, height);
	c->temp += at_height(k->least.temp, k->most.temp, size, height);
	c->rr += at_height(k->least.rr, k->most.rr, size, height);
}

/* Of 4096 windows, how many hold a bout and an illness; and what being ill does always. */
struct health {
	int32_t bout, illness;
	struct change always;
};

/* Two of three are stable, one of four unwell, one of twelve ill. */
static const struct health *health_of(int32_t share)
{
	static const struct health stable = { 160, 80, { 0, 0, 0, 0, 0 } };
	static const struct health unwell = { 900, 500, { 4000, 0, -500, 100, 1000 } };
	static const struct health ill = { 2700, 1800, { 9000, -4000, -1500, 200, 2500 } };
	return share < 2730 ? &stable : share < 3755 ? &unwell : &ill;
}

void hi_gen_vitals(uint64_t key, int64_t t_us, int32_t daylight, int32_t out[HI_GEN_VITALS])
{
	const uint64_t base = draw(key, FOR_BASELINE, 0), habit = draw(key, FOR_HABIT, 0);
	const struct health *health = health_of(lot(habit, 0));
	/* The lattices of two patients are not in step. */
	const uint64_t clock_ms = (uint64_t)(t_us - HI_TIME_MIN) / 1000 + (key >> 36);
	const struct noise m = noise(key, FOR_MINUTES, clock_ms, 16);
	const struct noise n = noise(key, FOR_HALF_HOURS, clock_ms, 21);
	const struct noise o = noise(key, FOR_HOURS, clock_ms, 24);
	const uint64_t r = draw(key, FOR_READING, (uint64_t)(t_us - HI_TIME_MIN));
	const uint64_t bout = draw(key, FOR_BOUT, clock_ms >> 22);
	const uint64_t illness = draw(key, FOR_ILLNESS, clock_ms >> 24);
	/* In 2048ths; day and night differ by 0.6 to 1.4 of the usual. */
	const int32_t day = daylight * (2458 + lot(habit, 1) * 4 / 5) / 2048;
	struct change c = health->always;

	if (lot(bout, 0) < health->bout)
		happen(&c, bouts, bout, (int32_t)(clock_ms >> 10 & 0xfff));
	if (lot(illness, 0) < health->illness)
		happen(&c, illnesses, illness, (int32_t)(clock_ms >> 12 & 0xfff));

	/* Half a degree between night and day is usual (Mackowiak 1992). */
	const int32_t warmer = of(day, 250) + of(n.v[3], 150) + of(o.v[3], 250) + c.temp;
	const int32_t temp = 36800 + of(swing(habit, 2), 350) + warmer;
	/* Breath rises by some two a degree, the heart by eight (Liebermeister's rule). */
	const int32_t faster =
		of(m.v[4], 1500) + of(n.v[4], 1800) + of(day, 300) + 2 * warmer + c.rr;
	const int32_t rr = 15000 + of(swing(base, 0), 3000) + faster;
	int32_t hr = 76000 + of(swing(base, 1), 17000) + of(m.v[0], 3500) + of(n.v[0], 5000) +
		     of(o.v[0], 7000) + of(day, 2500) + 8 * warmer + (faster - 2 * warmer) / 2 +
		     c.hr;
	int32_t sbp = 120000 + of(swing(base, 2), 22000) + of(m.v[1], 3500) + of(n.v[1], 8000) +
		      of(o.v[1], 9000) + of(day, 7000) + c.sbp;
	hr = hr > 140000 ? ease(hr, 140000) : hr;
	sbp = sbp < 95000 ? ease(sbp, 95000) : sbp;
	/* Diastolic follows systolic at two fifths, with a way of its own. */
	const int32_t dbp = 29000 + sbp * 2 / 5 + of(swing(habit, 3), 5000) + of(m.v[2], 2000) +
			    of(n.v[2], 3000) + of(o.v[2], 4000);
	const int32_t spo2 = 97300 + of(swing(base, 3), 1500) + of(m.v[3], 900) + of(o.v[4], 900) +
			     of(day, 250) + c.spo2;

	out[HI_GEN_HR] = clamp((hr + jitter(r, 0, 2500) + 500) / 1000, 30, 220);
	out[HI_GEN_SBP] = clamp((sbp + jitter(r, 1, 3000) + 500) / 1000, 55, 240);
	out[HI_GEN_DBP] = clamp((dbp + jitter(r, 2, 2500) + 500) / 1000, 30, out[HI_GEN_SBP] - 12);
	out[HI_GEN_SPO2] = clamp((spo2 + jitter(r, 3, 700) + 500) / 1000, 60, 100);
	out[HI_GEN_TEMP] = clamp((temp + jitter(r, 4, 70) + 50) / 100, 330, 420);
	out[HI_GEN_RR] = clamp((rr + jitter(r, 5, 1200) + 500) / 1000, 5, 60);
}
