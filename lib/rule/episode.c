#include "rule/episode.h"

#include <stdlib.h>
#include <string.h>

void hi_episodes_init(struct hi_episodes *p)
{
	*p = (struct hi_episodes){ .n = 1 };
}

void hi_episodes_release(struct hi_episodes *p)
{
	free(p->v);
	free(p->delayed);
	hi_episodes_init(p);
}

uint32_t hi_episodes_take(struct hi_episodes *p)
{
	uint32_t i = p->spare;

	if (i) {
		p->spare = p->v[i].next;
		p->v[i].delay = 0;
		return i;
	}
	if (p->n >= p->cap) {
		uint32_t cap = p->cap ? p->cap + p->cap / 2 : 64;
		struct hi_episode *v = cap > p->cap ? realloc(p->v, (size_t)cap * sizeof *v) : NULL;
		if (!v)
			return 0;
		p->v = v;
		p->cap = cap;
	}
	p->v[p->n].delay = 0;
	return p->n++;
}

static bool put_delayed(struct hi_episodes *p, uint32_t i)
{
	if (p->delayed_n == p->delayed_cap) {
		uint32_t cap = p->delayed_cap ? p->delayed_cap + p->delayed_cap / 2 : 64;
		uint32_t *v = realloc(p->delayed, (size_t)cap * sizeof *v);
		if (!v)
			return false;
		p->delayed = v;
		p->delayed_cap = cap;
	}
	p->delayed[p->delayed_n++] = i;
	p->v[i].delay = p->delayed_n;
	return true;
}

/* The last one takes its place. */
static void take_delayed(struct hi_episodes *p, uint32_t i)
{
	uint32_t at = p->v[i].delay, last = p->delayed[--p->delayed_n];

	p->delayed[at - 1] = last;
	p->v[last].delay = at;
	p->v[i].delay = 0;
}

bool hi_episodes_delay(struct hi_episodes *p, uint32_t i, bool runs)
{
	if (runs == (p->v[i].delay != 0))
		return true;
	if (runs)
		return put_delayed(p, i);
	take_delayed(p, i);
	return true;
}

void hi_episodes_give(struct hi_episodes *p, uint32_t i)
{
	hi_episodes_delay(p, i, false);
	p->v[i].next = p->spare;
	p->spare = i;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static enum hi_turn begun_if_due(struct hi_episode *ep, const struct hi_rule *r, int64_t t_us)
{
	if (later(t_us, ep->last_out_us) - ep->onset_us < r->for_us)
		return HI_TURN_NONE;
	ep->phase = HI_ACTIVE;
	return HI_TURN_BEGUN;
}

static enum hi_turn ended_if_due(struct hi_episode *ep, const struct hi_rule *r, int64_t t_us)
{
	ep->phase = HI_RECOVERING;
	return t_us - ep->back_us < r->clear_for_us ? HI_TURN_NONE : HI_TURN_ENDED;
}

static void set_onset(struct hi_episode *ep, const struct hi_rec *rec, int64_t clock_us)
{
	ep->onset_us = rec->t_us;
	ep->last_out_us = earlier(rec->t_us, clock_us);
	ep->worst_v = rec->value.v;
	hi_value_text_keep(&ep->observed, rec);
	ep->worst = ep->observed;
}

enum hi_turn hi_episode_begin(struct hi_episode *ep, uint16_t rule, const struct hi_rule *r,
			      const struct hi_rec *rec, int64_t clock_us)
{
	set_onset(ep, rec, clock_us);
	ep->back_us = 0;
	ep->rule = rule;
	ep->phase = HI_PENDING;
	ep->unit_len = 0;
	if (!rec->metric && rec->unit.len <= sizeof ep->unit) {
		ep->unit_len = (uint8_t)rec->unit.len;
		if (rec->unit.len)
			memcpy(ep->unit, rec->unit.ptr, rec->unit.len);
	}
	return begun_if_due(ep, r, rec->t_us);
}

static bool upward(const struct hi_rule *r)
{
	return r->limit.op == HI_OP_ABOVE || r->limit.op == HI_OP_AT_LEAST;
}

static enum hi_turn out_of_limits(struct hi_episode *ep, const struct hi_rule *r,
				  const struct hi_rec *rec, int64_t clock_us)
{
	int64_t t = rec->t_us;
	double v = rec->value.v;

	/* An onset ahead of the clock was not believed: now it begins. */
	if (ep->phase == HI_PENDING && t < ep->onset_us && ep->onset_us > clock_us)
		set_onset(ep, rec, clock_us);
	ep->last_out_us = later(ep->last_out_us, earlier(t, clock_us));
	if (upward(r) ? v > ep->worst_v : v < ep->worst_v) {
		ep->worst_v = v;
		hi_value_text_keep(&ep->worst, rec);
	}
	if (ep->phase == HI_RECOVERING && t >= ep->back_us)
		ep->phase = HI_ACTIVE;
	if (ep->phase != HI_PENDING)
		return HI_TURN_NONE;
	if (t < ep->onset_us) {
		ep->onset_us = t;
		hi_value_text_keep(&ep->observed, rec);
	}
	return begun_if_due(ep, r, t);
}

/* clear: the value has reached the recovery limit; otherwise it lies between the two limits. */
static enum hi_turn within_limits(struct hi_episode *ep, const struct hi_rule *r, int64_t t,
				  bool clear)
{
	if (t <= ep->last_out_us || t == ep->onset_us)
		return HI_TURN_NONE;
	if (ep->phase == HI_PENDING)
		return HI_TURN_BROKEN;
	if (clear) {
		if (ep->phase == HI_ACTIVE || t < ep->back_us)
			ep->back_us = t;
		return ended_if_due(ep, r, t);
	}
	if (ep->phase == HI_RECOVERING && t >= ep->back_us)
		ep->phase = HI_ACTIVE;
	return HI_TURN_NONE;
}

enum hi_turn hi_episode_reading(struct hi_episode *ep, const struct hi_rule *r,
				const struct hi_rec *rec, int64_t clock_us)
{
	double v = rec->value.v;

	if (hi_limit_holds(&r->limit, v))
		return out_of_limits(ep, r, rec, clock_us);
	return within_limits(ep, r, rec->t_us, !r->clears || hi_limit_holds(&r->clear, v));
}

bool hi_episode_deadline(const struct hi_episode *ep, const struct hi_rule *r, int64_t *t_us)
{
	if (ep->phase == HI_ACTIVE)
		return false;
	*t_us = ep->phase == HI_PENDING ? ep->onset_us + r->for_us : ep->back_us + r->clear_for_us;
	return true;
}

enum hi_turn hi_episode_timer(struct hi_episode *ep)
{
	if (ep->phase == HI_RECOVERING)
		return HI_TURN_ENDED;
	ep->phase = HI_ACTIVE;
	return HI_TURN_BEGUN;
}

static void take_record(struct hi_episode *ep, const struct hi_episode_record *known)
{
	ep->onset_us = known->onset_us;
	ep->observed = known->observed;
	ep->unit_len = known->unit_len;
	memcpy(ep->unit, known->unit, sizeof ep->unit);
}

void hi_episode_known(struct hi_episode *ep, uint16_t rule, const struct hi_episode_record *known,
		      int64_t clock_us)
{
	ep->last_out_us = earlier(known->onset_us, clock_us);
	ep->back_us = 0;
	ep->worst_v = known->observed_v;
	ep->worst = known->observed;
	ep->rule = rule;
	ep->phase = HI_ACTIVE;
	take_record(ep, known);
}

void hi_episode_adopt(struct hi_episode *ep, const struct hi_rule *r,
		      const struct hi_episode_record *known)
{
	double v = known->observed_v;

	if (upward(r) ? v > ep->worst_v : v < ep->worst_v) {
		ep->worst_v = v;
		ep->worst = known->observed;
	}
	if (ep->phase == HI_PENDING)
		ep->phase = HI_ACTIVE;
	take_record(ep, known);
}
