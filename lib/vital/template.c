#include "vital/template.h"

#include "base/hash.h"
#include "base/time.h"

/* No shape with longer lines is learned: a match must not run beyond the block's slack. */
enum { LINE_MAX_LEARNED = 4096, STRING_MAX = 1024, NAME_PROBES = 8 };

/* memcmp(p, c->text, c->len) == 0. Reads HI_TEMPLATE_CONSTANT_MAX bytes. */
static inline bool same(const struct hi_constant *c, const char *p)
{
	if (!hi_scan_same16(p, c->text, c->bits[0]))
		return false;
	for (size_t k = 1; 16 * k < c->len; k++)
		if (!hi_scan_same16(p + 16 * k, c->text + 16 * k, c->bits[k]))
			return false;
	return true;
}

/* The bits of the k-th block of 16 bytes in a text of len. */
static unsigned block_bits(size_t len, size_t k)
{
	size_t n = len <= 16 * k ? 0 : len - 16 * k;
	return n >= 16 ? 0xffffu : (1u << n) - 1;
}

/* The order in which the replaced system, hi-gen and hi-csv write their keys. */
static const enum hi_part usual[] = { HI_PART_PATIENT, HI_PART_METRIC, HI_PART_VALUE, HI_PART_UNIT,
				      HI_PART_TIME };
enum { USUAL_N = sizeof(usual) / sizeof(usual[0]) };

static bool constant_set(struct hi_constant *c, const char *begin, const char *end)
{
	*c = (struct hi_constant){ .len = (size_t)(end - begin) };
	if (c->len > HI_TEMPLATE_CONSTANT_MAX)
		return false;
	memcpy(c->text, begin, c->len);
	for (size_t k = 0; k < HI_TEMPLATE_CONSTANT_MAX / 16; k++)
		c->bits[k] = block_bits(c->len, k);
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
	if (!(r->has & HI_HAS_VALUE) || !in_line(r, r->patient_id) || !in_line(r, r->metric_name) ||
	    ((r->has & HI_HAS_UNIT) && !in_line(r, r->unit)))
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
		fits = fits &&
		       place_add(v, n, text,
				 m->kind == HI_JSON_STRING ? HI_PART_STRING : HI_PART_NUMBER);
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

static void expect(struct hi_expected *x, const char *text, size_t len)
{
	memset(x, 0, sizeof(*x));
	memcpy(x->text, text, len);
	x->text[len] = '"';
	x->bits[0] = block_bits(len + 1, 0);
	x->bits[1] = block_bits(len + 1, 1);
	x->len = len;
}

static inline bool comes(const struct hi_expected *x, const char *p)
{
	return hi_scan_same16(p, x->text, x->bits[0]) &&
	       (x->bits[1] == 0 || hi_scan_same16(p + 16, x->text + 16, x->bits[1]));
}

void hi_memory_init(struct hi_memory *mem)
{
	memset(mem, 0, sizeof(*mem));
	/* Nothing legal is equal to the empty text. */
	expect(&mem->patient, "", 0);
	expect(&mem->time, "", 0);
	for (size_t i = 0; i < HI_TEMPLATE_NAMES; i++)
		expect(&mem->names[i].name, "", 0);
}

bool hi_template_learn(struct hi_template *t, const struct hi_rec *r)
{
	struct place v[HI_TEMPLATE_VALUES_MAX];
	const char *at = r->line.ptr;

	size_t n;
	*t = (struct hi_template){ .n = 0 };
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
	t->usual = n == USUAL_N && memcmp(t->part, usual, sizeof(usual)) == 0;
	t->n = n;
	return true;
}

/*
 * Each taker returns the value's length, or 0 where the strict path must judge
 * (no part but a string may be empty). The first line of each is the usual case:
 * the same text as last time, or the metric that followed this one last time.
 */
static inline size_t take_patient(struct hi_memory *mem, const char *p, struct hi_rec *rec)
{
	size_t len = mem->patient.len;
	if (!comes(&mem->patient, p)) {
		len = hi_scan_plain(p, HI_PATIENT_ID_MAX);
		if (len > HI_PATIENT_ID_MAX)
			return 0;
		mem->patient_hash = hi_hash(p, len);
		if (len <= HI_EXPECTED_MAX)
			expect(&mem->patient, p, len);
		else
			expect(&mem->patient, "", 0);
	}
	rec->patient_id = (struct hi_slice){ p, len };
	rec->patient_hash = mem->patient_hash;
	return len;
}

/*
 * The slot of a name: its own, a free one, or, where all NAME_PROBES are taken, the
 * first, whose name must go. (One slot a name alone made one run in five slow: six
 * names among 64 slots meet that often.)
 */
static struct hi_name *name_slot(struct hi_memory *mem, struct hi_slice s)
{
	size_t home = (size_t)hi_hash_slice(s);
	for (size_t k = 0; k < NAME_PROBES; k++) {
		struct hi_name *n = &mem->names[(home + k) % HI_TEMPLATE_NAMES];
		if (n->name.len == 0 ||
		    (s.len == n->name.len && memcmp(s.ptr, n->name.text, s.len) == 0))
			return n;
	}
	return &mem->names[home % HI_TEMPLATE_NAMES];
}

static const struct hi_name *find_name(struct hi_memory *mem, struct hi_slice s)
{
	struct hi_name *n = name_slot(mem, s);
	size_t i = (size_t)(n - mem->names);

	mem->names[mem->last_name].follower = (unsigned char)i;
	mem->last_name = i;
	if (s.len == n->name.len && memcmp(s.ptr, n->name.text, s.len) == 0)
		return n;
	const struct hi_metric *m = hi_metric_find(s);
	n->metric = m;
	n->numeric = m && !m->codes && strlen(m->unit) <= HI_UNIT_MAX;
	expect(&n->name, s.ptr, s.len);
	expect(&n->unit, m ? m->unit : "", n->numeric ? strlen(m->unit) : 0);
	return n;
}

static inline size_t take_metric(struct hi_memory *mem, const char *p, struct hi_rec *rec,
				 const struct hi_name **name)
{
	size_t i = mem->names[mem->last_name].follower;
	struct hi_slice s = { p, mem->names[i].name.len };
	if (comes(&mem->names[i].name, p)) {
		mem->last_name = i;
		*name = &mem->names[i];
	} else {
		s.len = hi_scan_plain(p, HI_EXPECTED_MAX);
		if (s.len - 1 >= HI_EXPECTED_MAX)
			return 0; /* none, or longer than any name that the catalogue has */
		*name = find_name(mem, s);
	}
	rec->metric_name = s;
	rec->metric = (*name)->metric;
	return s.len;
}

static inline size_t take_value(const char *p, const char *end, struct hi_rec *rec)
{
	size_t len = hi_scan_number(p, &rec->value);
	if (len == 0)
		len = hi_num_scan(p, end, &rec->value);
	rec->value_text = (struct hi_slice){ p, len };
	return len;
}

static inline size_t take_time(struct hi_memory *mem, const char *p, struct hi_rec *rec)
{
	size_t len = mem->time.len;
	if (!comes(&mem->time, p)) {
		struct hi_time t;
		len = hi_scan_plain(p, HI_EXPECTED_MAX);
		if (len > HI_EXPECTED_MAX || hi_time_parse((struct hi_slice){ p, len }, &t, NULL))
			return 0;
		expect(&mem->time, p, len);
		mem->time_us = t.t_us;
		mem->time_digits = t.digits;
		mem->time_zoneless = t.zoneless;
	}
	rec->time_text = (struct hi_slice){ p, len };
	rec->t_us = mem->time_us;
	rec->t_digits = mem->time_digits;
	rec->has |= HI_HAS_TIME | (mem->time_zoneless ? HI_HAS_ZONELESS : 0u);
	return len;
}

/* A value that is only kept; its length, or more than STRING_MAX. */
static size_t take_extra(const struct hi_template *t, size_t i, const char *constant, const char *p,
			 const char *end, struct hi_memory *mem, struct hi_rec *rec)
{
	bool string = t->part[i] == HI_PART_STRING;
	struct hi_num number;
	size_t len = string ? hi_scan_plain(p, STRING_MAX) : hi_num_scan(p, end, &number);
	if (!string && len == 0)
		return STRING_MAX + 1;
	mem->members[rec->members_n++] = (struct hi_member){
		.key = { constant + t->key_at[i], t->key_len[i] },
		.value = { string ? p - 1 : p, string ? len + 2 : len },
		.kind = string ? HI_JSON_STRING : HI_JSON_NUMBER,
	};
	return len;
}

/* The value in the metric's unit, once all parts are known. */
static bool settle_value(const struct hi_name *name, struct hi_rec *rec)
{
	bool changed = false;
	if (!name->metric || rec->unit.len == 0)
		return !name->metric || !name->metric->codes;
	if (name->metric->codes)
		return false;
	struct hi_num written = rec->value;
	if (hi_unit_convert(name->metric, rec->unit, &written, &rec->value, &changed))
		return false;
	rec->has |= changed ? HI_HAS_CONVERTED : 0u;
	return true;
}

/* One body for every shape; where part and n are constants the compiler unrolls it. */
static inline __attribute__((always_inline)) const char *match(const struct hi_template *t,
							       const enum hi_part *part, size_t n,
							       struct hi_memory *mem, const char *p,
							       const char *end, struct hi_rec *rec)
{
	const char *line = p, *constant;
	const struct hi_name *name = NULL;
	bool settled = false; /* the unit is the metric's own */

	rec->type = HI_T_READING;
	rec->has = HI_HAS_VALUE | HI_HAS_PATIENT | HI_HAS_METRIC | (t->has_tool ? HI_HAS_TOOL : 0u);
	rec->unit = (struct hi_slice){ NULL, 0 };
	rec->members_n = 0;
#pragma GCC unroll 8
	for (size_t i = 0; i < n; i++) {
		size_t len = 0;
		if (!same(&t->constant[i], p))
			return NULL;
		constant = p;
		p += t->constant[i].len;
		switch (part[i]) {
		case HI_PART_PATIENT:
			len = take_patient(mem, p, rec);
			break;
		case HI_PART_METRIC:
			len = take_metric(mem, p, rec, &name);
			break;
		case HI_PART_VALUE:
			len = take_value(p, end, rec);
			break;
		case HI_PART_UNIT:
			settled = name && name->numeric && comes(&name->unit, p);
			len = settled ? name->unit.len : hi_scan_plain(p, HI_UNIT_MAX);
			if (len > HI_UNIT_MAX)
				return NULL;
			rec->unit = (struct hi_slice){ p, len };
			rec->has |= HI_HAS_UNIT;
			break;
		case HI_PART_TIME:
			len = take_time(mem, p, rec);
			break;
		case HI_PART_STRING:
		case HI_PART_NUMBER:
			len = take_extra(t, i, constant, p, end, mem, rec);
			if (len > STRING_MAX)
				return NULL;
			break;
		}
		if (len == 0 && part[i] < HI_PART_UNIT)
			return NULL;
		p += len;
	}
	if (!same(&t->constant[n], p))
		return NULL;
	p += t->constant[n].len;
	if (p - line - 1 > HI_LINE_MAX) /* a value may have any length */
		return NULL;
	if (!settled && !settle_value(name, rec))
		return NULL;
	rec->line = (struct hi_slice){ line, (size_t)(p - line) - 1 };
	rec->line_lf = true;
	rec->members = mem->members;
	rec->code = (struct hi_slice){ NULL, 0 };
	rec->extra_json = (struct hi_slice){ NULL, 0 };
	return p;
}

const char *hi_template_match(const struct hi_template *t, struct hi_memory *mem, const char *p,
			      const char *end, struct hi_rec *rec)
{
	if (t->usual)
		return match(t, usual, USUAL_N, mem, p, end, rec);
	return t->n == 0 ? NULL : match(t, t->part, t->n, mem, p, end, rec);
}
