/*
 * Headers as found in: PhysioNet/CinC Challenge 2012 and 2019, MIMIC-III (chart
 * events, waveform numerics), the replaced system, spreadsheets of wards. Keys
 * are in lower case with letters and digits only.
 */
#include <ctype.h>
#include <strings.h>

#include "base/status.h"
#include "csv/known.h"

struct header {
	const char *key;
	enum hi_csv_role role;
	const char *name; /* metric or key */
	unsigned rank;	  /* METRIC: 0 */
	const char *method;
};

/* clang-format off */
static const struct header headers[] = {
	{ "patientid", HI_CSV_PATIENT, "", 0, "" },
	{ "patient", HI_CSV_PATIENT, "", 1, "" },
	{ "recordid", HI_CSV_PATIENT, "", 2, "" },
	{ "icustayid", HI_CSV_PATIENT, "", 3, "" },
	{ "stayid", HI_CSV_PATIENT, "", 4, "" },
	{ "patientunitstayid", HI_CSV_PATIENT, "", 5, "" },
	{ "subjectid", HI_CSV_PATIENT, "", 6, "" },
	{ "pid", HI_CSV_PATIENT, "", 7, "" },
	{ "mrn", HI_CSV_PATIENT, "", 8, "" },

	{ "timestamp", HI_CSV_TIME, "", 0, "" },
	{ "datetime", HI_CSV_TIME, "", 1, "" },
	{ "charttime", HI_CSV_TIME, "", 2, "" },
	{ "measuredat", HI_CSV_TIME, "", 3, "" },
	{ "recordedat", HI_CSV_TIME, "", 4, "" },
	{ "effectivedatetime", HI_CSV_TIME, "", 5, "" },
	{ "time", HI_CSV_TIME, "", 6, "" },
	{ "ts", HI_CSV_TIME, "", 7, "" },

	{ "metricname", HI_CSV_NAME, "", 0, "" },
	{ "metric", HI_CSV_NAME, "", 1, "" },
	{ "vitalsign", HI_CSV_NAME, "", 2, "" },
	{ "vital", HI_CSV_NAME, "", 3, "" },
	{ "parameter", HI_CSV_NAME, "", 4, "" },
	{ "signal", HI_CSV_NAME, "", 5, "" },
	{ "variable", HI_CSV_NAME, "", 6, "" },
	{ "valuenum", HI_CSV_VALUE, "", 0, "" },
	{ "numericvalue", HI_CSV_VALUE, "", 1, "" },
	{ "value", HI_CSV_VALUE, "", 2, "" },
	{ "result", HI_CSV_VALUE, "", 3, "" },
	{ "text", HI_CSV_TEXT, "", 0, "" },
	{ "unit", HI_CSV_UNIT, "", 0, "" },
	{ "units", HI_CSV_UNIT, "", 1, "" },
	{ "valueuom", HI_CSV_UNIT, "", 2, "" },
	{ "uom", HI_CSV_UNIT, "", 3, "" },

	{ "ward", HI_CSV_KEY, "ward", 0, "" },
	{ "bed", HI_CSV_KEY, "bed", 0, "" },
	{ "deviceid", HI_CSV_KEY, "device_id", 0, "" },
	{ "device", HI_CSV_KEY, "device_id", 1, "" },
	{ "method", HI_CSV_KEY, "method", 0, "" },
	{ "type", HI_CSV_TYPE, "", 0, "" },

	{ "hr", HI_CSV_METRIC, "heart_rate", 0, "" },
	{ "heartrate", HI_CSV_METRIC, "heart_rate", 0, "" },
	{ "pulse", HI_CSV_METRIC, "heart_rate", 0, "pulse" },
	{ "pulserate", HI_CSV_METRIC, "heart_rate", 0, "pulse" },

	{ "sbp", HI_CSV_METRIC, "bp_systolic", 0, "" },
	{ "bpsystolic", HI_CSV_METRIC, "bp_systolic", 0, "" },
	{ "systolic", HI_CSV_METRIC, "bp_systolic", 0, "" },
	{ "systolicbp", HI_CSV_METRIC, "bp_systolic", 0, "" },
	{ "sysbp", HI_CSV_METRIC, "bp_systolic", 0, "" },
	{ "sysabp", HI_CSV_METRIC, "bp_systolic", 0, "invasive" },
	{ "abpsys", HI_CSV_METRIC, "bp_systolic", 0, "invasive" },
	{ "nisysabp", HI_CSV_METRIC, "bp_systolic", 0, "noninvasive" },
	{ "nbpsys", HI_CSV_METRIC, "bp_systolic", 0, "noninvasive" },
	{ "nibpsys", HI_CSV_METRIC, "bp_systolic", 0, "noninvasive" },

	{ "dbp", HI_CSV_METRIC, "bp_diastolic", 0, "" },
	{ "bpdiastolic", HI_CSV_METRIC, "bp_diastolic", 0, "" },
	{ "diastolic", HI_CSV_METRIC, "bp_diastolic", 0, "" },
	{ "diastolicbp", HI_CSV_METRIC, "bp_diastolic", 0, "" },
	{ "diasbp", HI_CSV_METRIC, "bp_diastolic", 0, "" },
	{ "diasabp", HI_CSV_METRIC, "bp_diastolic", 0, "invasive" },
	{ "abpdias", HI_CSV_METRIC, "bp_diastolic", 0, "invasive" },
	{ "nidiasabp", HI_CSV_METRIC, "bp_diastolic", 0, "noninvasive" },
	{ "nbpdias", HI_CSV_METRIC, "bp_diastolic", 0, "noninvasive" },
	{ "nibpdias", HI_CSV_METRIC, "bp_diastolic", 0, "noninvasive" },

	{ "map", HI_CSV_METRIC, "bp_mean", 0, "" },
	{ "bpmean", HI_CSV_METRIC, "bp_mean", 0, "" },
	{ "meanbp", HI_CSV_METRIC, "bp_mean", 0, "" },
	{ "mbp", HI_CSV_METRIC, "bp_mean", 0, "" },
	{ "abpmean", HI_CSV_METRIC, "bp_mean", 0, "invasive" },
	{ "nimap", HI_CSV_METRIC, "bp_mean", 0, "noninvasive" },
	{ "nbpmean", HI_CSV_METRIC, "bp_mean", 0, "noninvasive" },
	{ "nibpmean", HI_CSV_METRIC, "bp_mean", 0, "noninvasive" },

	{ "bp", HI_CSV_PAIR, "bp", 0, "" },
	{ "bloodpressure", HI_CSV_PAIR, "bp", 0, "" },
	{ "nibp", HI_CSV_PAIR, "bp", 0, "noninvasive" },
	{ "nbp", HI_CSV_PAIR, "bp", 0, "noninvasive" },
	{ "abp", HI_CSV_PAIR, "bp", 0, "invasive" },

	{ "spo2", HI_CSV_METRIC, "spo2", 0, "" },
	{ "o2sat", HI_CSV_METRIC, "spo2", 0, "" },
	{ "o2saturation", HI_CSV_METRIC, "spo2", 0, "" },
	{ "oxygensaturation", HI_CSV_METRIC, "spo2", 0, "" },
	{ "sats", HI_CSV_METRIC, "spo2", 0, "" },
	{ "sao2", HI_CSV_METRIC, "spo2", 0, "arterial" },

	{ "temp", HI_CSV_METRIC, "temperature", 0, "" },
	{ "temperature", HI_CSV_METRIC, "temperature", 0, "" },
	{ "bodytemp", HI_CSV_METRIC, "temperature", 0, "" },
	{ "bodytemperature", HI_CSV_METRIC, "temperature", 0, "" },

	{ "rr", HI_CSV_METRIC, "respiratory_rate", 0, "" },
	{ "resp", HI_CSV_METRIC, "respiratory_rate", 0, "" },
	{ "resprate", HI_CSV_METRIC, "respiratory_rate", 0, "" },
	{ "respiration", HI_CSV_METRIC, "respiratory_rate", 0, "" },
	{ "respirationrate", HI_CSV_METRIC, "respiratory_rate", 0, "" },
	{ "respiratoryrate", HI_CSV_METRIC, "respiratory_rate", 0, "" },
	{ "breathingrate", HI_CSV_METRIC, "respiratory_rate", 0, "" },

	{ "o2flow", HI_CSV_METRIC, "supplemental_oxygen", 0, "" },
	{ "oxygenflow", HI_CSV_METRIC, "supplemental_oxygen", 0, "" },
	{ "supplementaloxygen", HI_CSV_METRIC, "supplemental_oxygen", 0, "" },
	{ "avpu", HI_CSV_METRIC, "consciousness", 0, "" },
	{ "acvpu", HI_CSV_METRIC, "consciousness", 0, "" },
	{ "consciousness", HI_CSV_METRIC, "consciousness", 0, "" },
	{ "spo2scale", HI_CSV_METRIC, "spo2_scale", 0, "" },
};

/* Left: lower case, without blanks, '.', '_', '?' (a degree sign lost on the way) and the sign itself. */
static const struct {
	const char *key, *unit;
} units[] = {
	{ "bpm", "bpm" }, { "beats/min", "bpm" }, { "breaths/min", "bpm" }, { "insp/min", "bpm" },
	{ "resp/min", "bpm" }, { "1/min", "bpm" }, { "min-1", "bpm" }, { "rpm", "bpm" },
	{ "mmhg", "mmHg" }, { "kpa", "kPa" },
	{ "%", "%" }, { "pct", "%" }, { "percent", "%" }, { "fraction", "1" },
	{ "c", "C" }, { "cel", "C" }, { "degc", "C" }, { "celsius", "C" },
	{ "f", "F" }, { "degf", "F" }, { "[degf]", "F" }, { "fahrenheit", "F" },
	{ "l/min", "L/min" }, { "lpm", "L/min" },
};

static const char *const missing_words[] = {
	"nan", "na", "n/a", "#n/a", "null", "none", "nil", "-", "--", ".", "?",
};

/* ACVPU as people write it out; Royal College of Physicians, NEWS2, 2017. */
static const struct {
	const char *word;
	char code;
} code_words[] = {
	{ "alert", 'A' }, { "confusion", 'C' }, { "confused", 'C' }, { "new confusion", 'C' },
	{ "voice", 'V' }, { "verbal", 'V' }, { "pain", 'P' }, { "unresponsive", 'U' },
};
/* clang-format on */

enum { COUNT_KEY_MAX = 32 };
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool same_word(struct hi_slice s, const char *word)
{
	return s.len == strlen(word) && strncasecmp(s.ptr, word, s.len) == 0;
}

static void copy_text(char *to, size_t cap, const char *from, size_t len)
{
	if (len >= cap)
		len = cap - 1;
	memcpy(to, from, len);
	to[len] = '\0';
}

void hi_csv_target_metric(struct hi_csv_target *t, struct hi_slice name)
{
	*t = (struct hi_csv_target){ .role = HI_CSV_METRIC };
	t->known = hi_metric_find_option(name);
	if (t->known)
		name = hi_slice_of(t->known->name);
	copy_text(t->name, sizeof(t->name), name.ptr, name.len);
	if (t->known)
		copy_text(t->unit, sizeof(t->unit), t->known->unit, strlen(t->known->unit));
}

/* Letters and digits in lower case; false where there are none or too many. */
static bool header_key(struct hi_slice header, char key[COUNT_KEY_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < header.len; i++) {
		unsigned char c = (unsigned char)header.ptr[i];
		if (!isalnum(c))
			continue;
		if (n == COUNT_KEY_MAX - 1)
			return false;
		key[n++] = (char)tolower(c);
	}
	key[n] = '\0';
	return n > 0;
}

static bool find_header(struct hi_slice header, struct hi_csv_target *t, unsigned *rank)
{
	char key[COUNT_KEY_MAX];

	if (!header_key(header, key))
		return false;
	for (size_t i = 0; i < COUNT(headers); i++) {
		const struct header *h = &headers[i];
		if (strcmp(h->key, key) != 0)
			continue;
		*t = (struct hi_csv_target){ .role = h->role };
		if (h->role == HI_CSV_METRIC)
			hi_csv_target_metric(t, hi_slice_of(h->name));
		else
			copy_text(t->name, sizeof(t->name), h->name, strlen(h->name));
		if (h->role == HI_CSV_PAIR)
			copy_text(t->unit, sizeof(t->unit), "mmHg", 4);
		copy_text(t->method, sizeof(t->method), h->method, strlen(h->method));
		*rank = h->rank;
		return true;
	}
	return false;
}

/* "Temp (F)", "Temp [F]", "temp_f": the name, and the unit after it. */
static bool split_unit(struct hi_slice header, struct hi_slice *name, struct hi_slice *unit)
{
	size_t i = header.len;
	char last = header.len ? header.ptr[header.len - 1] : '\0';

	if (last == ')' || last == ']') {
		char open = last == ')' ? '(' : '[';
		while (i > 0 && header.ptr[i - 1] != open)
			i--;
		*unit = (struct hi_slice){ header.ptr + i, header.len - 1 - i };
	} else {
		while (i > 0 && header.ptr[i - 1] != '_' && header.ptr[i - 1] != ' ')
			i--;
		*unit = (struct hi_slice){ header.ptr + i, header.len - i };
	}
	if (i == 0)
		return false;
	*name = (struct hi_slice){ header.ptr, i - 1 };
	return unit->len > 0;
}

bool hi_csv_known_header(struct hi_slice header, struct hi_csv_target *t, unsigned *rank)
{
	struct hi_slice name, unit;
	const struct hi_metric *m;
	char text[HI_UNIT_MAX + 1];

	if (find_header(header, t, rank))
		return true;
	if (!split_unit(header, &name, &unit) || !find_header(name, t, rank))
		return false;
	if (t->role != HI_CSV_METRIC && t->role != HI_CSV_PAIR)
		return false;
	m = t->role == HI_CSV_PAIR ? hi_metric_find(HI_LIT("bp_systolic")) : t->known;
	if (hi_csv_known_unit(m, unit, text) != HI_OK)
		return false;
	copy_text(t->unit, sizeof(t->unit), text, strlen(text));
	return true;
}

static bool unit_fits(const struct hi_metric *m, struct hi_slice unit)
{
	struct hi_num one = hi_num_decimal(1, 0), out;
	bool changed;

	return hi_unit_convert(m, unit, &one, &out, &changed) == HI_OK;
}

static bool unit_noise(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '.' || c == '_' || c == '?' || c == 0xC2 || c == 0xB0;
}

int hi_csv_known_unit(const struct hi_metric *m, struct hi_slice written, char out[HI_UNIT_MAX + 1])
{
	char key[HI_UNIT_MAX + 1];
	size_t n = 0;

	if (written.len > HI_UNIT_MAX)
		return HI_REFUSED;
	copy_text(out, HI_UNIT_MAX + 1, written.ptr, written.len);
	if (!m || written.len == 0 || unit_fits(m, written))
		return HI_OK;
	for (size_t i = 0; i < written.len; i++) {
		unsigned char c = (unsigned char)written.ptr[i];
		if (!unit_noise(c))
			key[n++] = (char)tolower(c);
	}
	key[n] = '\0';
	for (size_t i = 0; i < COUNT(units); i++) {
		if (strcmp(units[i].key, key) != 0 || !unit_fits(m, hi_slice_of(units[i].unit)))
			continue;
		copy_text(out, HI_UNIT_MAX + 1, units[i].unit, strlen(units[i].unit));
		return HI_OK;
	}
	return HI_REFUSED;
}

bool hi_csv_is_missing(struct hi_slice cell)
{
	if (cell.len == 0)
		return true;
	for (size_t i = 0; i < COUNT(missing_words); i++)
		if (same_word(cell, missing_words[i]))
			return true;
	return false;
}

char hi_csv_known_code(const struct hi_metric *m, struct hi_slice cell)
{
	char code = '\0';

	if (cell.len == 1)
		code = (char)toupper((unsigned char)cell.ptr[0]);
	for (size_t i = 0; i < COUNT(code_words); i++)
		if (same_word(cell, code_words[i].word))
			code = code_words[i].code;
	return code != '\0' && strchr(m->codes, code) ? code : '\0';
}
