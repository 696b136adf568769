/* What only the passing of time decides: noted first, and then done in order. */
#include <stdlib.h>
#include <string.h>

#include "rule/detect_private.h"

int hi_due_add(struct hi_detect *d, int64_t t_us, struct hi_detect_patient *p, uint16_t rule,
	       struct hi_error *e)
{
	if (d->due_n == d->due_cap) {
		size_t cap = d->due_cap ? d->due_cap * 2 : 16;
		struct hi_due *due = realloc(d->due, cap * sizeof *due);
		if (!due)
			return hi_error_set(e, HI_NOMEM, "no memory for another alarm");
		d->due = due;
		d->due_cap = cap;
	}
	d->due[d->due_n++] = (struct hi_due){ t_us, p, hi_patients_id(d->patients, p), rule };
	return HI_OK;
}

/* Due: the clock less the lateness has passed it, or this very reading of the rule's metric has. */
int hi_due_delays(struct hi_detect *d, struct hi_detect_patient *p, const struct hi_rec *rec,
		  const struct hi_watch *watch, struct hi_error *e)
{
	int64_t now_us = hi_detect_now(p) - d->set.lateness_us, deadline_us;
	int s = HI_OK;

	for (uint32_t i = p->episode; i && s == HI_OK; i = d->episodes.v[i].next) {
		const struct hi_episode *ep = &d->episodes.v[i];
		bool own = watch == &d->watches.v[d->watches.of_rule[ep->rule]];

		if (!ep->delay)
			continue;
		hi_episode_deadline(ep, &d->watches.rules->v[ep->rule], &deadline_us);
		if (deadline_us < now_us || (own && deadline_us < rec->t_us))
			s = hi_due_add(d, deadline_us, p, ep->rule, e);
	}
	return s;
}

static int compare(const void *a, const void *b)
{
	const struct hi_due *x = a, *y = b;
	size_t n = x->patient_id.len < y->patient_id.len ? x->patient_id.len : y->patient_id.len;
	int c;

	if (x->t_us != y->t_us)
		return x->t_us < y->t_us ? -1 : 1;
	if (x->rule != y->rule)
		return x->rule < y->rule ? -1 : 1;
	c = memcmp(x->patient_id.ptr, y->patient_id.ptr, n);
	return c ? c : (x->patient_id.len > n) - (y->patient_id.len > n);
}

static int end_delay(struct hi_detect *d, const struct hi_due *due, struct hi_error *e)
{
	uint32_t *link = &due->patient->episode;

	while (d->episodes.v[*link].rule != due->rule)
		link = &d->episodes.v[*link].next;
	return hi_detect_turn(d, hi_episode_timer(&d->episodes.v[*link]), link, e);
}

int hi_due_fire(struct hi_detect *d, struct hi_error *e)
{
	int s = HI_OK;

	if (d->due_n > 1)
		qsort(d->due, d->due_n, sizeof *d->due, compare);
	for (size_t i = 0; i < d->due_n && s == HI_OK; i++) {
		if (d->watches.rules->v[d->due[i].rule].type == HI_RULE_STALE)
			hi_listen_fire(d, &d->due[i]);
		else
			s = end_delay(d, &d->due[i], e);
	}
	d->due_n = 0;
	return s;
}

/* Notes the delays that were over before t_us, and not an hour before the stream's clock. */
static int note_delays(struct hi_detect *d, int64_t t_us, struct hi_error *e)
{
	int64_t before_us = t_us - d->set.lateness_us;
	int64_t stream_us = d->stream.now_us, deadline_us;
	int64_t history_us = stream_us - d->set.lateness_us - HI_US_H;
	int s = HI_OK;

	for (uint32_t i = 0; i < d->episodes.delayed_n && s == HI_OK; i++) {
		const struct hi_episode *ep = &d->episodes.v[d->episodes.delayed[i]];

		hi_episode_deadline(ep, &d->watches.rules->v[ep->rule], &deadline_us);
		if (deadline_us < before_us && deadline_us >= history_us &&
		    !hi_forget_is_due(d, ep->patient, stream_us))
			s = hi_due_add(d, deadline_us, ep->patient, ep->rule, e);
	}
	return s;
}

int hi_detect_tick(struct hi_detect *d, int64_t t_us, struct hi_error *e)
{
	int64_t before_us = d->stream.now_us;
	int s = note_delays(d, t_us, e);

	hi_stream_clock_tick(&d->stream, t_us);
	s = s ? s : hi_listen_stream(d, before_us, e);
	return s ? s : hi_due_fire(d, e);
}
