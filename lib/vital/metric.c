/*
 * The catalogue of vital signs, and units.
 *
 * Where the numbers come from, unless a row's source says otherwise:
 *   codes       LOINC and UCUM as the FHIR R4 vital-signs profile binds them;
 *               MDC codes of ISO/IEEE 11073-10101.
 *   plausible   what a living adult and a working sensor can give, wide enough
 *               for intensive care; the limits are the design's (clinical.md).
 *   normal      the replaced system's ranges: its generator and its risk score
 *               are built on them. They are not a clinical recommendation.
 *   chart       our choice of axis: every NEWS2 band (Royal College of Physicians,
 *               2017) and every limit of the seed rules lies on it.
 */
#include <math.h>

#include "base/nearest.h"
#include "base/status.h"
#include "vital/metric.h"

/* clang-format off */
#define SAME(unit) { unit, 1, 0, 1 }
#define END { NULL, 0, 0, 0 }

static const struct hi_unit_alias beats[] = { SAME("/min"), SAME("{beats}/min"), END };
static const struct hi_unit_alias breaths[] = { SAME("/min"), SAME("{breaths}/min"), END };

/* 1 atm is 101.325 kPa and 760 mmHg, so mmHg = kPa * 760000 / 101325, here in lowest terms. */
static const struct hi_unit_alias pressure[] = {
	SAME("mm[Hg]"),
	{ "kPa", 30400, 0, 4053 },
	END
};

/* The unit 1 is a fraction. */
static const struct hi_unit_alias percent[] = { { "1", 100, 0, 1 }, END };

/* (F - 32) * 5 / 9 */
static const struct hi_unit_alias degrees[] = {
	SAME("Cel"), SAME("\u00b0C"), SAME("degC"),
	{ "F", 5, -160, 9 }, { "[degF]", 5, -160, 9 }, { "\u00b0F", 5, -160, 9 },
	END
};

static const struct hi_unit_alias flow[] = { SAME("l/min"), END };
static const struct hi_unit_alias none[] = { END };

#define UNKNOWN { false, false, false, 0, 0 }
#define CLOSED(a, b) { true, false, false, a, b }   /* a <= v <= b */
#define OPEN(a, b) { true, true, true, a, b }       /* a < v < b */
#define LOW_OPEN(a, b) { true, true, false, a, b }  /* a < v <= b */

#define FHIR "FHIR R4 vital-signs profile; ISO/IEEE 11073-10101"

const struct hi_metric hi_metrics[] = {
	{ .name = "heart_rate",
	  .short_name = "hr",
	  .label = "Heart rate",
	  .unit = "bpm",
	  .unit_label = "bpm",
	  .aliases = beats,
	  .loinc = "8867-4",
	  .ucum = "/min",
	  .mdc = "147842 149530" /* by ECG; by pulse oximeter */,
	  .mdc_unit = "264864",
	  .plausible = OPEN(0, 300),
	  .normal = CLOSED(60, 100),
	  .chart = CLOSED(30, 180),
	  .decimals = 0,
	  .source = FHIR },
	{ .name = "bp_systolic",
	  .short_name = "sbp",
	  .label = "Systolic pressure",
	  .unit = "mmHg",
	  .unit_label = "mmHg",
	  .aliases = pressure,
	  .loinc = "8480-6",
	  .ucum = "mm[Hg]",
	  .mdc = "150021 150033 150037" /* cuff; invasive */,
	  .mdc_unit = "266016",
	  .plausible = OPEN(0, 400),
	  .normal = CLOSED(110, 130),
	  .chart = CLOSED(60, 240),
	  .decimals = 0,
	  .source = FHIR "; LOINC panel 85354-9" },
	{ .name = "bp_diastolic",
	  .short_name = "dbp",
	  .label = "Diastolic pressure",
	  .unit = "mmHg",
	  .unit_label = "mmHg",
	  .aliases = pressure,
	  .loinc = "8462-4",
	  .ucum = "mm[Hg]",
	  .mdc = "150022 150034 150038",
	  .mdc_unit = "266016",
	  .plausible = OPEN(0, 300),
	  .normal = CLOSED(70, 85),
	  .chart = CLOSED(30, 140),
	  .decimals = 0,
	  .source = FHIR "; LOINC panel 85354-9" },
	{ .name = "bp_mean",
	  .short_name = "map",
	  .label = "Mean pressure",
	  .unit = "mmHg",
	  .unit_label = "mmHg",
	  .aliases = pressure,
	  .loinc = "8478-0",
	  .ucum = "mm[Hg]",
	  .mdc = "150023 150035 150039",
	  .mdc_unit = "266016",
	  .plausible = OPEN(0, 300),
	  .normal = UNKNOWN,
	  .chart = CLOSED(30, 160),
	  .decimals = 0,
	  .source = FHIR },
	{ .name = "spo2",
	  .short_name = "spo2",
	  .label = "SpO2",
	  .unit = "%",
	  .unit_label = "%",
	  .aliases = percent,
	  .loinc = "2708-6 59408-5" /* the profile asks for both */,
	  .ucum = "%",
	  .mdc = "150456",
	  .mdc_unit = "262688",
	  .plausible = LOW_OPEN(0, 100),
	  .normal = CLOSED(95, 100),
	  .chart = CLOSED(80, 100),
	  .decimals = 0,
	  .source = FHIR },
	{ .name = "temperature",
	  .short_name = "temp",
	  .label = "Temperature",
	  .unit = "C",
	  .unit_label = "\u00b0C",
	  .aliases = degrees,
	  .loinc = "8310-5",
	  .ucum = "Cel",
	  .mdc = "150364 150344",
	  .mdc_unit = "268192",
	  .plausible = OPEN(10, 50),
	  .normal = CLOSED(36.5, 37.5),
	  .chart = CLOSED(34, 41),
	  .decimals = 1,
	  .source = FHIR },
	{ .name = "respiratory_rate",
	  .short_name = "rr",
	  .label = "Respiratory rate",
	  .unit = "bpm",
	  .unit_label = "/min",
	  .aliases = breaths,
	  .loinc = "9279-1",
	  .ucum = "/min",
	  .mdc = "151562",
	  .mdc_unit = "264928",
	  .plausible = OPEN(0, 70),
	  .normal = CLOSED(12, 18),
	  .chart = CLOSED(4, 40),
	  .decimals = 0,
	  .source = FHIR },
	{ .name = "supplemental_oxygen",
	  .short_name = "o2",
	  .label = "Oxygen given",
	  .unit = "L/min",
	  .unit_label = "L/min",
	  .aliases = flow,
	  .ucum = "L/min",
	  .plausible = CLOSED(0, 80),
	  .normal = UNKNOWN,
	  .chart = CLOSED(0, 16),
	  .decimals = 1,
	  .source = "NEWS2, RCP 2017: air or oxygen; 0 is air" },
	{ .name = "consciousness",
	  .short_name = "acvpu",
	  .label = "Consciousness",
	  .unit = "ACVPU",
	  .unit_label = "",
	  .aliases = none,
	  .codes = "ACVPU",
	  .loinc = "67775-7",
	  .plausible = UNKNOWN,
	  .normal = UNKNOWN,
	  .chart = CLOSED(0, 4),
	  .decimals = 0,
	  .source = "NEWS2, RCP 2017: alert, confusion, voice, pain, unresponsive" },
	{ .name = "spo2_scale",
	  .short_name = "scale",
	  .label = "SpO2 scale",
	  .unit = "",
	  .unit_label = "",
	  .aliases = none,
	  .plausible = UNKNOWN,
	  .normal = UNKNOWN,
	  .chart = CLOSED(1, 2),
	  .decimals = 0,
	  .source = "NEWS2, RCP 2017: scale 2 for hypercapnic failure" },
};
/* clang-format on */

enum { METRICS_N = sizeof(hi_metrics) / sizeof(hi_metrics[0]), SLOTS = 64 };
_Static_assert(METRICS_N * 2 <= SLOTS, "a lookup table with room");

const size_t hi_metrics_n = METRICS_N;

/* Row + 1 by length, first and last byte, open addressing; built at first use. */
static uint8_t slots[SLOTS];
static uint8_t name_len[METRICS_N];
static bool slots_built;

static size_t slot_of(const char *name, size_t len)
{
	return (len * 5 + (unsigned char)name[0] + (unsigned char)name[len - 1] * 3u) % SLOTS;
}

static void slots_build(void)
{
	for (size_t i = 0; i < METRICS_N; i++) {
		size_t len = strlen(hi_metrics[i].name), s = slot_of(hi_metrics[i].name, len);
		while (slots[s] && slots[s] != i + 1)
			s = (s + 1) % SLOTS;
		slots[s] = (uint8_t)(i + 1);
		name_len[i] = (uint8_t)len;
	}
	slots_built = true;
}

const struct hi_metric *hi_metric_find(struct hi_slice name)
{
	if (name.len == 0)
		return NULL;
	if (!slots_built)
		slots_build();
	for (size_t s = slot_of(name.ptr, name.len); slots[s]; s = (s + 1) % SLOTS) {
		const struct hi_metric *m = &hi_metrics[slots[s] - 1];
		if (name_len[slots[s] - 1] == name.len && !memcmp(m->name, name.ptr, name.len))
			return m;
	}
	return NULL;
}

const struct hi_metric *hi_metric_find_option(struct hi_slice name)
{
	for (size_t i = 0; i < METRICS_N; i++)
		if (hi_slice_is(name, hi_metrics[i].short_name))
			return &hi_metrics[i];
	return hi_metric_find(name);
}

const char *hi_metric_meant(struct hi_slice name)
{
	size_t fewest = hi_nearest_slip(name.len) + 1;
	const char *found = NULL;

	if (hi_metric_find_option(name))
		return NULL;
	for (size_t i = 0; i < METRICS_N; i++) {
		size_t n = hi_nearest_distance(name, hi_slice_of(hi_metrics[i].name));
		if (n < fewest) {
			fewest = n;
			found = hi_metrics[i].name;
		}
	}
	return found;
}

bool hi_range_has(const struct hi_range *r, double v)
{
	if (!r->known)
		return true;
	if (r->low_open ? v <= r->low : v < r->low)
		return false;
	return r->high_open ? v < r->high : v <= r->high;
}

static int64_t gcd(int64_t a, int64_t b)
{
	while (b) {
		int64_t rest = a % b;
		a = b;
		b = rest;
	}
	return a < 0 ? -a : a;
}

/* The exact way: false where the decimal has too many digits for two integers below 2^53. */
static bool convert_exact(const struct hi_unit_alias *a, const struct hi_num *in,
			  struct hi_num *out)
{
	const int64_t max = INT64_C(1) << 53;
	int64_t ten = 1, num, add, den;

	if (!in->exact)
		return false;
	for (unsigned i = 0; i < in->scale; i++)
		ten *= 10;
	if (__builtin_mul_overflow(in->mant, a->mul, &num) ||
	    __builtin_mul_overflow(a->add, ten, &add) || __builtin_add_overflow(num, add, &num) ||
	    __builtin_mul_overflow(a->div, ten, &den))
		return false;
	int64_t g = gcd(num, den);
	num /= g;
	den /= g;
	if (num > max || num < -max || den > max)
		return false;
	*out = hi_num_ratio(num, den);
	return true;
}

/* More digits than any monitor writes: three roundings instead of one. */
static bool convert_double(const struct hi_unit_alias *a, const struct hi_num *in,
			   struct hi_num *out)
{
	double v = (in->v * (double)a->mul + (double)a->add) / (double)a->div;
	*out = (struct hi_num){ .v = v };
	return isfinite(v);
}

static int convert(const struct hi_unit_alias *a, const struct hi_num *in, struct hi_num *out)
{
	if (a->mul == a->div && a->add == 0) {
		*out = *in;
		return HI_OK;
	}
	return convert_exact(a, in, out) || convert_double(a, in, out) ? HI_OK : HI_REFUSED;
}

int hi_unit_convert(const struct hi_metric *m, struct hi_slice unit, const struct hi_num *in,
		    struct hi_num *out, bool *changed)
{
	*changed = false;
	if (unit.len == 0 || hi_slice_is(unit, m->unit)) {
		*out = *in;
		return HI_OK;
	}
	for (const struct hi_unit_alias *a = m->aliases; a->name; a++) {
		if (hi_slice_is(unit, a->name)) {
			*changed = true;
			return convert(a, in, out);
		}
	}
	return HI_REFUSED;
}
