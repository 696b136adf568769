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
	hi_episodes_init(p);
}

uint32_t hi_episodes_take(struct hi_episodes *p)
{
	uint32_t i = p->spare;

	if (i) {
		p->spare = p->v[i].next;
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
	return p->n++;
}

void hi_episodes_give(struct hi_episodes *p, uint32_t i)
{
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

enum hi_turn hi_episode_begin(struct hi_episode *ep, uint16_t rule, const struct hi_rule *r,
			      const struct hi_rec *rec, int64_t clock_us)
{
	ep->onset_us = rec->t_us;
	ep->last_out_us = earlier(rec->t_us, clock_us);
	ep->back_us = 0;
	ep->worst_v = rec->value.v;
	ep->rule = rule;
	ep->phase = HI_PENDING;
	hi_value_text_keep(&ep->observed, rec);
	ep->worst = ep->observed;
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
