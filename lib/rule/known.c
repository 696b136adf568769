#include "rule/known.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "rule/detect.h"

int hi_knowns_init(struct hi_knowns *k, const struct hi_rules *rules, struct hi_error *e)
{
	*k = (struct hi_knowns){ .rules = rules, .n = 1 };
	hi_buf_init(&k->scratch, HI_LINE_MAX);
	k->patients = hi_patients_new(sizeof(uint32_t), HI_DETECT_PATIENTS_MAX);
	return k->patients ? HI_OK : hi_error_set(e, HI_NOMEM, "no memory for a preamble");
}

void hi_knowns_release(struct hi_knowns *k)
{
	hi_patients_free(k->patients);
	free(k->v);
	hi_buf_release(&k->scratch);
}

uint32_t hi_knowns_first(const struct hi_knowns *k, struct hi_slice patient_id)
{
	const uint32_t *first =
		hi_patients_find(k->patients, patient_id, hi_hash_slice(patient_id));

	return first ? *first : 0;
}

/* The value of an alert as it was written, or in its shortest form. */
static bool read_observed(const struct hi_rec *rec, struct hi_episode_record *to)
{
	const struct hi_member *m = hi_rec_member(rec, "observed_value");
	char text[HI_NUM_TEXT_MAX];
	struct hi_slice value;
	struct hi_num num;

	if (!m || m->kind != HI_JSON_NUMBER || !hi_num_parse(m->value, &num))
		return false;
	value = m->value;
	if (value.len > sizeof to->observed.text)
		value = (struct hi_slice){ text, hi_num_format(num.v, text) };
	memcpy(to->observed.text, value.ptr, value.len);
	to->observed.len = (uint8_t)value.len;
	to->observed_v = num.v;
	return true;
}

/* The rule whose alert rec is; -1: none of these. */
static int rule_of(struct hi_knowns *k, const struct hi_rec *rec)
{
	const struct hi_member *each = hi_rec_member(rec, "each");
	struct hi_slice name;

	if (!(rec->has & HI_HAS_PATIENT) || !(rec->has & HI_HAS_TIME) ||
	    (each && each->kind == HI_JSON_TRUE))
		return -1;
	hi_buf_reset(&k->scratch);
	name = hi_rec_text(rec, "alert_type", &k->scratch);
	for (size_t i = 0; i < k->rules->n; i++) {
		const struct hi_rule *r = &k->rules->v[i];
		if (hi_slice_is(name, r->name))
			return hi_slice_is(rec->metric_name, r->metric_name) ? (int)i : -1;
	}
	return -1;
}

/* The episode of that rule and onset, which is made where there is none; NULL: no memory. */
static struct hi_known *get(struct hi_knowns *k, const struct hi_rec *rec, int rule)
{
	uint32_t *first = hi_patients_get(k->patients, rec->patient_id, rec->patient_hash);

	if (!first)
		return NULL;
	for (uint32_t i = *first; i; i = k->v[i].next)
		if (k->v[i].rule == rule && k->v[i].record.onset_us == rec->t_us)
			return &k->v[i];
	if (k->n >= k->cap) {
		uint32_t cap = k->cap ? k->cap + k->cap / 2 : 64;
		struct hi_known *v = realloc(k->v, (size_t)cap * sizeof *v);
		if (!v)
			return NULL;
		k->v = v;
		k->cap = cap;
	}
	k->v[k->n] = (struct hi_known){ .record.onset_us = rec->t_us,
					.rule = (uint16_t)rule,
					.next = *first };
	*first = k->n;
	return &k->v[k->n++];
}

int hi_knowns_take(struct hi_knowns *k, const struct hi_rec *rec, struct hi_error *e)
{
	int rule = rule_of(k, rec);
	struct hi_episode_record record = { .onset_us = rec->t_us };
	struct hi_known *one;
	struct hi_slice unit;

	if (rule < 0)
		return HI_OK;
	/* An alarm of silence has no value; a threshold's without one is of a rule before it. */
	if (k->rules->v[rule].type == HI_RULE_THRESHOLD && !read_observed(rec, &record))
		return HI_OK;
	one = get(k, rec, rule);
	if (!one)
		return hi_error_set(e, HI_NOMEM, "no memory for a preamble");
	hi_buf_reset(&k->scratch);
	if (hi_slice_is(hi_rec_text(rec, "status", &k->scratch), "CLEARED") &&
	    hi_rec_time(rec, "ended", &one->ended_us))
		one->cleared = true;
	hi_buf_reset(&k->scratch);
	unit = hi_rec_text(rec, "unit", &k->scratch);
	if (unit.len > 0 && unit.len <= sizeof record.unit) {
		record.unit_len = (uint8_t)unit.len;
		memcpy(record.unit, unit.ptr, unit.len);
	}
	one->record = record;
	return HI_OK;
}

struct hi_known *hi_knowns_active(const struct hi_knowns *k, uint32_t first, uint16_t rule)
{
	struct hi_known *last = NULL;

	for (uint32_t i = first; i; i = k->v[i].next) {
		struct hi_known *one = &k->v[i];
		if (one->rule == rule && !one->cleared &&
		    (!last || one->record.onset_us > last->record.onset_us))
			last = one;
	}
	return last;
}

bool hi_knowns_cleared(const struct hi_knowns *k, uint32_t first, uint16_t rule, int64_t onset_us)
{
	for (uint32_t i = first; i; i = k->v[i].next)
		if (k->v[i].rule == rule && k->v[i].cleared && k->v[i].record.onset_us == onset_us)
			return true;
	return false;
}
