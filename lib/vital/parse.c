#include "vital/parse.h"

#include "base/hash.h"
#include "base/time.h"

enum key { K_TYPE, K_PATIENT, K_METRIC, K_VALUE, K_UNIT, K_TIME, K_TOOL, KEYS };

static const char *const key_names[KEYS] = {
	"type", "patient_id", "metric_name", "value", "unit", "timestamp", "tool",
};

/* An escape is six bytes for one at most, so that no longer text can be legal. */
enum { ESCAPE_MAX = 6 };

const char *const hi_type_names[HI_TYPES] = {
	"reading", "alert", "act", "patient", "stat", "void", "reject", "mark", "other",
};

/* Without these a record of its type has no identity, and nothing could be done with it. */
static const char *const required[HI_TYPES][4] = {
	[HI_T_ALERT] = { "alert_id", "status", "patient_id", "timestamp" },
	[HI_T_ACT] = { "act_id", "alert_id", "act" },
	[HI_T_PATIENT] = { "patient_id" },
	[HI_T_STAT] = { "from", "every", "metric_name" },
	[HI_T_VOID] = { "void_id" },
};

struct work {
	struct hi_parser *ps;
	struct hi_rec *rec;
	struct hi_error *e;
	const struct hi_member *key[KEYS];
};

void hi_parser_init(struct hi_parser *ps)
{
	hi_json_init(&ps->json);
	ps->scratch_len = 0;
}

void hi_parser_release(struct hi_parser *ps)
{
	hi_json_release(&ps->json);
}

static int refuse(struct work *w, const char *at, const char *why)
{
	hi_error_set(w->e, HI_REFUSED, why);
	if (w->e)
		w->e->column = at ? (uint32_t)(at - w->rec->line.ptr) + 1 : 1;
	return HI_REFUSED;
}

/* C0, DEL and C1 (U+0080 to U+009F): an id with them could drive a terminal. */
static bool has_control(struct hi_slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		if (c < 0x20 || c == 0x7f)
			return true;
		if (c == 0xc2 && i + 1 < s.len && (unsigned char)s.ptr[i + 1] < 0xa0)
			return true;
	}
	return false;
}

/* The texts of one field's refusals: constants, because messages hold no data. */
struct field {
	const char *not_string, *empty, *too_long, *control;
	size_t max;
	bool may_be_empty;
};

static const struct field field_patient = {
	"patient_id: not a string",	 "patient_id: empty", "patient_id: longer than 64 bytes",
	"patient_id: control character", HI_PATIENT_ID_MAX,   false,
};
static const struct field field_metric = {
	"metric_name: not a string",	  "metric_name: empty", "metric_name: longer than 48 bytes",
	"metric_name: control character", HI_METRIC_NAME_MAX,	false,
};
static const struct field field_unit = {
	"unit: not a string",	   "unit: empty", "unit: longer than 16 bytes",
	"unit: control character", HI_UNIT_MAX,	  true,
};
static const struct field field_code = {
	"value: not a string",	    "value: empty string", "value: longer than 64 bytes",
	"value: control character", HI_CODE_MAX,	   false,
};

/* The checked text of a string member into *out. */
static int text_of(struct work *w, const struct hi_member *m, const struct field *f,
		   struct hi_slice *out)
{
	const char *at = m->value.ptr;
	if (m->kind != HI_JSON_STRING)
		return refuse(w, at, f->not_string);
	struct hi_slice raw = { at + 1, m->value.len - 2 };
	if (m->value_escaped) {
		if (raw.len > f->max * ESCAPE_MAX)
			return refuse(w, at, f->too_long);
		/* Resolved apart: only a legal, short text goes to the record's scratch. */
		char text[HI_PATIENT_ID_MAX * ESCAPE_MAX];
		size_t n = hi_json_unescape(raw, text);
		if (n > f->max)
			return refuse(w, at, f->too_long);
		raw.ptr = memcpy(w->ps->scratch + w->ps->scratch_len, text, n);
		raw.len = n;
		w->ps->scratch_len += n;
	}
	if (raw.len == 0 && !f->may_be_empty)
		return refuse(w, at, f->empty);
	if (raw.len > f->max)
		return refuse(w, at, f->too_long);
	if (has_control(raw))
		return refuse(w, at, f->control);
	*out = raw;
	return HI_OK;
}

static int find_keys(struct work *w)
{
	struct hi_json *j = &w->ps->json;
	for (size_t i = 0; i < j->n; i++) {
		for (int k = 0; k < KEYS; k++) {
			if (!hi_member_is(&j->m[i], key_names[k]))
				continue;
			if (w->key[k])
				return refuse(w, j->m[i].key.ptr - 1, "a key stands twice");
			w->key[k] = &j->m[i];
			break;
		}
	}
	return HI_OK;
}

static int find_type(struct work *w)
{
	const struct hi_member *m = w->key[K_TYPE];
	w->rec->type = HI_T_READING;
	if (!m)
		return HI_OK;
	if (m->kind != HI_JSON_STRING)
		return refuse(w, m->value.ptr, "type: not a string");
	char text[64];
	struct hi_slice name = { m->value.ptr + 1, m->value.len - 2 };
	if (m->value_escaped && name.len <= sizeof(text))
		name = (struct hi_slice){ text, hi_json_unescape(name, text) };
	w->rec->type = HI_T_OTHER;
	for (int t = 0; t < HI_T_OTHER; t++)
		if (hi_slice_is(name, hi_type_names[t]))
			w->rec->type = (enum hi_type)t;
	return HI_OK;
}

static int take_patient(struct work *w)
{
	struct hi_rec *r = w->rec;
	int s = text_of(w, w->key[K_PATIENT], &field_patient, &r->patient_id);
	if (s)
		return s;
	r->patient_hash = hi_hash_slice(r->patient_id);
	r->has |= HI_HAS_PATIENT;
	return HI_OK;
}

static int take_metric(struct work *w)
{
	struct hi_rec *r = w->rec;
	int s = text_of(w, w->key[K_METRIC], &field_metric, &r->metric_name);
	if (s)
		return s;
	r->metric = hi_metric_find(r->metric_name);
	r->has |= HI_HAS_METRIC;
	return HI_OK;
}

static int take_time(struct work *w)
{
	const struct hi_member *m = w->key[K_TIME];
	char text[64];
	struct hi_time t;
	if (m->kind != HI_JSON_STRING)
		return refuse(w, m->value.ptr, "timestamp: not a string");
	struct hi_slice raw = { m->value.ptr + 1, m->value.len - 2 };
	w->rec->time_text = raw;
	if (m->value_escaped) {
		if (raw.len > sizeof(text))
			return refuse(w, m->value.ptr, "timestamp: not a time");
		raw = (struct hi_slice){ text, hi_json_unescape(raw, text) };
	}
	int s = hi_time_parse(raw, &t, w->e);
	if (s) {
		/* Where escapes stand, an offset in the text is none in the line. */
		uint32_t base = (uint32_t)(m->value.ptr - w->rec->line.ptr) + 1;
		if (w->e)
			w->e->column = m->value_escaped ? base : base + w->e->column;
		return s;
	}
	w->rec->t_us = t.t_us;
	w->rec->t_digits = t.digits;
	w->rec->has |= HI_HAS_TIME | (t.zoneless ? HI_HAS_ZONELESS : 0u);
	return HI_OK;
}

static int take_unit(struct work *w)
{
	if (!w->key[K_UNIT])
		return HI_OK;
	w->rec->has |= HI_HAS_UNIT;
	return text_of(w, w->key[K_UNIT], &field_unit, &w->rec->unit);
}

/* A letter of a coded metric: "A", or its number. */
static int take_code(struct work *w, const struct hi_member *m)
{
	struct hi_rec *r = w->rec;
	const char *codes = r->metric->codes;
	struct hi_num n;
	if (m->kind == HI_JSON_NUMBER) {
		if (!hi_num_parse(m->value, &n) || !(n.v >= 0 && n.v < (double)strlen(codes)) ||
		    n.v != (double)(int)n.v)
			return refuse(w, m->value.ptr, "value: not a code of this metric");
		r->code = (struct hi_slice){ codes + (int)n.v, 1 };
		r->has |= HI_HAS_CODE | HI_HAS_CONVERTED;
		return HI_OK;
	}
	int s = text_of(w, m, &field_code, &r->code);
	if (s)
		return s;
	if (r->code.len != 1 || !strchr(codes, r->code.ptr[0]))
		return refuse(w, m->value.ptr, "value: not a code of this metric");
	r->has |= HI_HAS_CODE;
	return HI_OK;
}

static int take_number(struct work *w, const struct hi_member *m)
{
	struct hi_rec *r = w->rec;
	struct hi_num written;
	bool changed = false;
	if (!hi_num_parse(m->value, &written))
		return refuse(w, m->value.ptr, "value: not a finite number");
	r->value = written;
	r->has |= HI_HAS_VALUE;
	if (r->metric && hi_unit_convert(r->metric, r->unit, &written, &r->value, &changed))
		return refuse(w, w->key[K_UNIT]->value.ptr, "unit: not one of this metric");
	if (changed)
		r->has |= HI_HAS_CONVERTED;
	return HI_OK;
}

/* Null and codes have no number to convert, but a wrong unit is wrong all the same. */
static int check_unit(struct work *w)
{
	struct hi_num zero = { 0 }, out;
	bool changed;
	if (w->rec->metric && hi_unit_convert(w->rec->metric, w->rec->unit, &zero, &out, &changed))
		return refuse(w, w->key[K_UNIT]->value.ptr, "unit: not one of this metric");
	return HI_OK;
}

static int take_value(struct work *w)
{
	const struct hi_member *m = w->key[K_VALUE];
	struct hi_rec *r = w->rec;
	int s;

	r->value_text = m->value;
	if (m->kind == HI_JSON_NULL)
		return check_unit(w);
	if (r->metric && r->metric->codes) {
		s = take_code(w, m);
		return s ? s : check_unit(w);
	}
	if (m->kind == HI_JSON_NUMBER)
		return take_number(w, m);
	if (m->kind != HI_JSON_STRING || r->metric)
		return refuse(w, m->value.ptr, "value: not a number");
	s = text_of(w, m, &field_code, &r->code);
	r->has |= s ? 0u : HI_HAS_CODE;
	return s;
}

/* A reading's members become its other keys, in order. */
static void keep_other_keys(struct work *w)
{
	struct hi_json *j = &w->ps->json;
	const struct hi_member *tool = w->key[K_TOOL];
	size_t n = 0;
	for (size_t i = 0; i < j->n; i++) {
		bool standard = false;
		for (int k = 0; k < KEYS; k++)
			standard |= w->key[k] == &j->m[i] && &j->m[i] != tool;
		if (!standard)
			j->m[n++] = j->m[i];
	}
	j->n = n;
}

static int take_reading(struct work *w)
{
	static const struct {
		enum key key;
		const char *missing;
	} must[] = {
		{ K_PATIENT, "patient_id: missing" },
		{ K_METRIC, "metric_name: missing" },
		{ K_VALUE, "value: missing" },
		{ K_TIME, "timestamp: missing" },
	};
	for (size_t i = 0; i < sizeof(must) / sizeof(must[0]); i++)
		if (!w->key[must[i].key])
			return refuse(w, NULL, must[i].missing);
	int s = take_patient(w);
	s = s ? s : take_metric(w);
	s = s ? s : take_unit(w);
	s = s ? s : take_value(w);
	s = s ? s : take_time(w);
	if (s)
		return s;
	if (w->key[K_TOOL])
		w->rec->has |= HI_HAS_TOOL;
	keep_other_keys(w);
	return HI_OK;
}

/* Any other type: what it must have, and the shared keys where they make sense. */
static int take_other(struct work *w)
{
	enum hi_type t = w->rec->type;
	for (int i = 0; i < 4 && required[t][i]; i++)
		if (!hi_json_find(&w->ps->json, required[t][i]))
			return refuse(w, NULL, "a key that names the record is missing");
	/* What is only passed on or kept (rejects, marks, types unknown) is not judged. */
	bool strict = t == HI_T_ALERT || t == HI_T_PATIENT;
	int s = w->key[K_PATIENT] ? take_patient(w) : HI_OK;
	if (s && strict)
		return s;
	s = w->key[K_METRIC] ? take_metric(w) : HI_OK;
	if (s && strict)
		return s;
	s = w->key[K_UNIT] ? take_unit(w) : HI_OK;
	if (s && strict)
		return s;
	s = w->key[K_TIME] ? take_time(w) : HI_OK;
	if (s && strict)
		return s;
	w->rec->has |= w->key[K_TOOL] ? HI_HAS_TOOL : 0u;
	return HI_OK;
}

int hi_parse_line(struct hi_parser *ps, struct hi_slice line, struct hi_rec *rec,
		  struct hi_error *e)
{
	struct work w = { .ps = ps, .rec = rec, .e = e };
	*rec = (struct hi_rec){ .line = line };
	ps->scratch_len = 0;
	int s = hi_json_slice(&ps->json, line, e);
	s = s ? s : find_keys(&w);
	s = s ? s : find_type(&w);
	s = s ? s : (rec->type == HI_T_READING ? take_reading(&w) : take_other(&w));
	rec->members = ps->json.m;
	rec->members_n = s ? 0 : ps->json.n;
	return s;
}
