#include "vital/template.h"

#include "base/hash.h"
#include "base/time.h"

/* No shape with longer lines is learned: a match must not run beyond the block's slack. */
enum { LINE_MAX_LEARNED = 4096, STRING_MAX = 1024 };

/* memcmp(p, c->text, c->len) == 0. Reads c->len rounded up to 8. */
static inline bool same(const struct hi_constant *c, const char *p)
{
	uint64_t differs = 0;
	for (size_t i = 0; i < (c->len + 7) / 8; i++)
		differs |= (hi_scan_load64(p + 8 * i) ^ c->text[i]) & c->mask[i];
	return differs == 0;
}

static bool constant_set(struct hi_constant *c, const char *begin, const char *end)
{
	*c = (struct hi_constant){ .len = (size_t)(end - begin) };
	if (c->len > HI_TEMPLATE_CONSTANT_MAX)
		return false;
	memcpy(c->text, begin, c->len);
	memset(c->mask, 0xff, c->len);
	return true;
}

/*
 * The values of a reading by where they stand. The record no longer has members
 * for its standard keys, so their places are found again by their slices.
 */
struct place {
	const char *begin, *end; /* without quotes */
	enum hi_part part;
};

static bool place_add(struct place *v, size_t *n, struct hi_slice s, enum hi_part part)
{
	if (*n == HI_TEMPLATE_VALUES_MAX)
		return false;
	size_t i = (*n)++;
	for (; i > 0 && v[i - 1].begin > s.ptr; i--)
		v[i] = v[i - 1];
	v[i] = (struct place){ s.ptr, s.ptr + s.len, part };
	return true;
}

static bool in_line(const struct hi_rec *r, struct hi_slice s)
{
	return s.ptr >= r->line.ptr && s.ptr + s.len <= r->line.ptr + r->line.len;
}

static bool find_places(const struct hi_rec *r, struct place *v, size_t *n)
{
	*n = 0;
	if (!(r->has & HI_HAS_VALUE) || !in_line(r, r->patient_id) ||
	    !in_line(r, r->metric_name) || ((r->has & HI_HAS_UNIT) && !in_line(r, r->unit)))
		return false;
	bool fits = place_add(v, n, r->patient_id, HI_PART_PATIENT) &&
		    place_add(v, n, r->metric_name, HI_PART_METRIC) &&
		    place_add(v, n, r->value_text, HI_PART_VALUE) &&
		    place_add(v, n, r->time_text, HI_PART_TIME);
	if (r->has & HI_HAS_UNIT)
		fits = fits && place_add(v, n, r->unit, HI_PART_UNIT);
	for (size_t i = 0; i < r->members_n; i++) {
		const struct hi_member *m = &r->members[i];
		struct hi_slice text = m->value;
		if (m->key_escaped || m->value_escaped ||
		    (m->kind != HI_JSON_STRING && m->kind != HI_JSON_NUMBER))
			return false;
		if (m->kind == HI_JSON_STRING)
			text = (struct hi_slice){ text.ptr + 1, text.len - 2 };
		fits = fits && place_add(v, n, text,
					 m->kind == HI_JSON_STRING ? HI_PART_STRING :
								     HI_PART_NUMBER);
	}
	return fits;
}

/* Where the key of an extra value stands within the constant before it. */
static bool find_key(struct hi_template *t, size_t i, const struct hi_rec *r, const char *value,
		     const char *constant)
{
	for (size_t k = 0; k < r->members_n; k++) {
		const struct hi_member *m = &r->members[k];
		if (m->value.ptr != value && m->value.ptr + 1 != value)
			continue;
		if (m->key.ptr < constant)
			return false;
		t->key_at[i] = (size_t)(m->key.ptr - constant);
		t->key_len[i] = m->key.len;
		return true;
	}
	return false;
}

void hi_memory_init(struct hi_memory *mem)
{
	memset(mem, 0, sizeof(*mem));
	mem->time_len = SIZE_MAX;
}

bool hi_template_learn(struct hi_template *t, const struct hi_rec *r)
{
	struct place v[HI_TEMPLATE_VALUES_MAX];
	const char *at = r->line.ptr;
	unsigned char follower = t->follower;

	size_t n;
	*t = (struct hi_template){ .follower = follower };
	if (r->type != HI_T_READING || r->line.len > LINE_MAX_LEARNED || !find_places(r, v, &n))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (v[i].begin < at || !constant_set(&t->constant[i], at, v[i].begin))
			return false;
		t->part[i] = v[i].part;
		if (v[i].part >= HI_PART_STRING && !find_key(t, i, r, v[i].begin, at))
			return false;
		at = v[i].end;
	}
	/* The last constant ends with the LF. */
	if (!constant_set(&t->constant[n], at, r->line.ptr + r->line.len + 1))
		return false;
	t->has_tool = r->has & HI_HAS_TOOL;
	t->n = n;
	return true;
}

static inline const struct hi_name *name_of(struct hi_memory *mem, struct hi_slice s)
{
	uint64_t key[2];
	hi_scan_key16(s.ptr, s.len, key);
	uint64_t h = hi_hash16(key[0], key[1], s.len);
	struct hi_name *n = &mem->names[h % HI_TEMPLATE_NAMES];
	if (n->key[0] == key[0] && n->key[1] == key[1] && n->len == s.len)
		return n;

	const struct hi_metric *m = hi_metric_find(s);
	*n = (struct hi_name){ .key = { key[0], key[1] }, .len = s.len, .metric = m };
	n->unit_len = m ? strlen(m->unit) : 0;
	n->unit_fits = m && !m->codes && n->unit_len <= sizeof(n->unit);
	if (n->unit_fits)
		memcpy(n->unit, m->unit, n->unit_len);
	return n;
}

static bool take_time(struct hi_memory *mem, const char *p, size_t len, struct hi_rec *rec)
{
	uint64_t key[4];
	hi_scan_key16(p, len < 16 ? len : 16, key);
	hi_scan_key16(p + 16, len < 16 ? 0 : len - 16, key + 2);
	uint64_t differs = (key[0] ^ mem->time_key[0]) | (key[1] ^ mem->time_key[1]) |
			   (key[2] ^ mem->time_key[2]) | (key[3] ^ mem->time_key[3]);
	if (differs || len != mem->time_len) {
		struct hi_time t;
		if (hi_time_parse((struct hi_slice){ p, len }, &t, NULL))
			return false;
		memcpy(mem->time_key, key, sizeof(key));
		mem->time_len = len;
		mem->time_us = t.t_us;
		mem->time_digits = t.digits;
		mem->time_zoneless = t.zoneless;
	}
	rec->t_us = mem->time_us;
	rec->t_digits = mem->time_digits;
	rec->has |= HI_HAS_TIME | (mem->time_zoneless ? HI_HAS_ZONELESS : 0u);
	return true;
}

static void take_extra(const struct hi_template *t, size_t i, const char *constant, const char *p,
		       size_t len, struct hi_memory *mem, struct hi_rec *rec)
{
	bool string = t->part[i] == HI_PART_STRING;
	mem->members[rec->members_n++] = (struct hi_member){
		.key = { constant + t->key_at[i], t->key_len[i] },
		.value = { string ? p - 1 : p, string ? len + 2 : len },
		.kind = string ? HI_JSON_STRING : HI_JSON_NUMBER,
	};
}

/* The value in the metric's unit, once all parts are known. */
static bool settle_value(const struct hi_name *name, struct hi_rec *rec)
{
	uint64_t unit[2];
	bool changed = false;
	if (!name->metric)
		return true;
	if (name->metric->codes)
		return false;
	hi_scan_key16(rec->unit.len ? rec->unit.ptr : "0123456789abcdef", rec->unit.len, unit);
	if (rec->unit.len == 0 || (name->unit_fits && rec->unit.len == name->unit_len &&
				   unit[0] == name->unit[0] && unit[1] == name->unit[1]))
		return true;
	struct hi_num written = rec->value;
	if (hi_unit_convert(name->metric, rec->unit, &written, &rec->value, &changed))
		return false;
	rec->has |= changed ? HI_HAS_CONVERTED : 0u;
	return true;
}

const char *hi_template_match(const struct hi_template *t, struct hi_memory *mem, const char *p,
			      const char *end, struct hi_rec *rec)
{
	const char *line = p, *constant = p;
	struct hi_name other; /* of a metric whose name is longer than a key */
	const struct hi_name *name = &other;
	size_t len = 0;

	rec->type = HI_T_READING;
	rec->has = HI_HAS_VALUE | HI_HAS_PATIENT | HI_HAS_METRIC |
		   (t->has_tool ? HI_HAS_TOOL : 0u);
	rec->unit = (struct hi_slice){ NULL, 0 };
	rec->members_n = 0;
	for (size_t i = 0; i < t->n; i++) {
		if (!same(&t->constant[i], p))
			return NULL;
		constant = p;
		p += t->constant[i].len;
		switch (t->part[i]) {
		case HI_PART_PATIENT:
			len = hi_scan_plain(p, HI_PATIENT_ID_MAX);
			if (len - 1 >= HI_PATIENT_ID_MAX)
				return NULL;
			rec->patient_id = (struct hi_slice){ p, len };
			if (len <= 16) {
				uint64_t key[2];
				hi_scan_key16(p, len, key);
				rec->patient_hash = hi_hash16(key[0], key[1], len);
			} else {
				rec->patient_hash = hi_hash(p, len);
			}
			break;
		case HI_PART_METRIC:
			len = hi_scan_plain(p, HI_METRIC_NAME_MAX);
			if (len - 1 >= HI_METRIC_NAME_MAX)
				return NULL;
			rec->metric_name = (struct hi_slice){ p, len };
			if (len <= 16) {
				name = name_of(mem, rec->metric_name);
			} else {
				other = (struct hi_name){ .metric = hi_metric_find(rec->metric_name) };
				name = &other;
			}
			rec->metric = name->metric;
			break;
		case HI_PART_VALUE:
			len = hi_scan_number(p, &rec->value);
			if (len == 0)
				len = hi_num_scan(p, end, &rec->value);
			if (len == 0)
				return NULL;
			rec->value_text = (struct hi_slice){ p, len };
			break;
		case HI_PART_UNIT:
			len = hi_scan_plain(p, HI_UNIT_MAX);
			if (len > HI_UNIT_MAX)
				return NULL;
			rec->unit = (struct hi_slice){ p, len };
			rec->has |= HI_HAS_UNIT;
			break;
		case HI_PART_TIME:
			len = hi_scan_plain(p, 32);
			if (len > 32 || !take_time(mem, p, len, rec))
				return NULL;
			rec->time_text = (struct hi_slice){ p, len };
			break;
		case HI_PART_STRING:
			len = hi_scan_plain(p, STRING_MAX);
			if (len > STRING_MAX)
				return NULL;
			take_extra(t, i, constant, p, len, mem, rec);
			break;
		case HI_PART_NUMBER: {
			struct hi_num n;
			len = hi_num_scan(p, end, &n);
			if (len == 0)
				return NULL;
			take_extra(t, i, constant, p, len, mem, rec);
			break;
		}
		}
		p += len;
	}
	if (!same(&t->constant[t->n], p))
		return NULL;
	p += t->constant[t->n].len;
	if (!settle_value(name, rec))
		return NULL;
	rec->line = (struct hi_slice){ line, (size_t)(p - line) - 1 };
	rec->line_lf = true;
	rec->members = mem->members;
	rec->code = (struct hi_slice){ NULL, 0 };
	rec->extra_json = (struct hi_slice){ NULL, 0 };
	return p;
}
