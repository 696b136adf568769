#include "store/heard.h"

#include <stdlib.h>

#include "base/hash.h"

enum { PATIENTS_MAX = 16 * 1000 * 1000, METRICS_MAX = 1000 * 1000, AT_BITS = 40, LEN_BITS = 24 };

static int no_memory(struct hi_error *e)
{
	return hi_error_set(e, HI_NOMEM, "no memory for what is heard of patients");
}

int hi_heard_init(struct hi_heard *h, bool cut, struct hi_error *e)
{
	*h = (struct hi_heard){ .cut = cut, .latest_n = 1 };
	h->patients = hi_patients_new(sizeof(struct hi_heard_patient), PATIENTS_MAX);
	h->metrics = hi_patients_new(sizeof(uint32_t), METRICS_MAX);
	return h->patients && h->metrics ? HI_OK : no_memory(e);
}

void hi_heard_release(struct hi_heard *h)
{
	hi_patients_free(h->patients);
	hi_patients_free(h->metrics);
	free(h->latest);
}

struct hi_heard_row hi_heard_row(const struct hi_arrival_row *row)
{
	return (struct hi_heard_row){
		.t = row->t_us - HI_CLOCK_ZERO,
		.seq = row->seq,
		.part = row->part,
		.at = row->at & ((UINT64_C(1) << AT_BITS) - 1),
		.len = row->len & ((UINT64_C(1) << LEN_BITS) - 1),
	};
}

/* Makes p, whose id this is, the last one. */
static struct hi_heard_patient *keep_last(struct hi_heard *h, struct hi_heard_patient *p,
					  struct hi_slice id)
{
	if (p && id.len <= sizeof(h->last_id)) {
		h->last = p;
		h->last_len = id.len;
		memcpy(h->last_id, id.ptr, id.len);
	}
	return p;
}

static bool is_last(const struct hi_heard *h, struct hi_slice id)
{
	return h->last && hi_slice_eq(id, (struct hi_slice){ h->last_id, h->last_len });
}

struct hi_heard_patient *hi_heard_find(struct hi_heard *h, struct hi_slice id)
{
	if (is_last(h, id))
		return h->last;
	return keep_last(h, hi_patients_find(h->patients, id, hi_hash_slice(id)), id);
}

static struct hi_heard_patient *get_patient(struct hi_heard *h, struct hi_slice id)
{
	if (is_last(h, id))
		return h->last;
	return keep_last(h, hi_patients_get(h->patients, id, hi_hash_slice(id)), id);
}

static bool is_metric(const struct hi_heard *h, uint32_t metric, struct hi_slice name)
{
	struct hi_slice id;
	hi_patients_at(h->metrics, metric, &id);
	return hi_slice_eq(id, name);
}

/* The number of a metric, given in order of first appearance. False: no memory. */
static bool number_of(struct hi_heard *h, struct hi_slice name, uint32_t *metric)
{
	size_t n = hi_patients_count(h->metrics);
	uint32_t *state = hi_patients_get(h->metrics, name, hi_hash_slice(name));
	if (state && hi_patients_count(h->metrics) > n)
		*state = (uint32_t)n;
	if (state)
		*metric = *state;
	return state;
}

struct hi_heard_latest *hi_heard_latest(const struct hi_heard *h, const struct hi_heard_patient *p,
					struct hi_slice metric_name)
{
	for (uint32_t i = p->latest; i; i = h->latest[i].next)
		if (is_metric(h, h->latest[i].metric, metric_name))
			return &h->latest[i];
	return NULL;
}

/* A new one at the end of p's list; NULL: no memory. */
static struct hi_heard_latest *add_latest(struct hi_heard *h, struct hi_heard_patient *p,
					  struct hi_slice metric_name)
{
	uint32_t metric, *link = &p->latest;
	if (h->latest_n >= h->latest_cap) {
		uint32_t cap = h->latest_cap ? h->latest_cap + h->latest_cap / 2 : 64;
		struct hi_heard_latest *v =
			cap > h->latest_cap ? realloc(h->latest, cap * sizeof(*v)) : NULL;
		if (!v)
			return NULL;
		h->latest = v;
		h->latest_cap = cap;
	}
	if (!number_of(h, metric_name, &metric))
		return NULL;
	while (*link)
		link = &h->latest[*link].next;
	*link = h->latest_n;
	h->latest[h->latest_n] = (struct hi_heard_latest){ .metric = metric };
	return &h->latest[h->latest_n++];
}

static struct hi_heard_latest *get_latest(struct hi_heard *h, struct hi_heard_patient *p,
					  struct hi_slice metric_name)
{
	struct hi_heard_latest *l = h->next ? &h->latest[h->next] : NULL;
	if (!l || !is_metric(h, l->metric, metric_name))
		l = hi_heard_latest(h, p, metric_name);
	return l ? l : add_latest(h, p, metric_name);
}

/* What waits at time t (0: none) has come true; whatever else waits was wrong. */
static void settle(struct hi_heard *h, const struct hi_heard_patient *p, int64_t t)
{
	for (uint32_t i = p->latest; i; i = h->latest[i].next) {
		struct hi_heard_latest *l = &h->latest[i];
		if (l->ahead.t && l->ahead.t == t && t >= l->row.t)
			l->row = l->ahead;
		l->ahead.t = 0;
	}
}

/*
 * Where earlier rows are not read a patient's first one is believed only until the
 * second: had it been ahead of a clock that we do not know, no later reading would
 * ever put the clock right.
 */
static void move_clock(struct hi_heard *h, struct hi_heard_patient *p, int64_t t)
{
	if (h->cut && p->single && p->clock.now - t > HI_US_H) {
		p->clock.now = 0;
		p->mistaken = true;
	}
	p->single = p->clock.now == 0;
	if (p->single)
		p->first = t;
	int64_t ahead = p->clock.ahead, now = p->clock.now;
	hi_patient_clock_move(&p->clock, t, 0);
	if (ahead && (p->clock.now != now || !p->clock.ahead))
		settle(h, p, p->clock.now >= ahead ? ahead : 0);
}

int hi_heard_note(struct hi_heard *h, const struct hi_arrival_row *row, struct hi_error *e)
{
	struct hi_heard_patient *before = h->last, *p = get_patient(h, row->patient_id);
	if (!p)
		return no_memory(e);
	if (p != before || !h->next)
		h->next = p->latest;
	struct hi_heard_latest *l = get_latest(h, p, row->metric_name);
	if (!l)
		return no_memory(e);
	h->next = l->next;
	struct hi_heard_row seen = hi_heard_row(row);
	move_clock(h, p, seen.t);
	if (!p->clock.ahead) {
		p->calm_writer = row->writer;
		p->calm_seq = row->seq;
	}
	if (seen.t > p->clock.now)
		l->ahead = seen;
	else if (seen.t >= l->row.t)
		l->row = seen;
	return HI_OK;
}
