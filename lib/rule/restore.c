/*
 * A preamble's lines make the memory that the run before it had. Its readings go
 * through the same state machines, without output; and since alert records come
 * first, each turn that only a tick had decided is known when a reading asks for it:
 * an episode whose onset a record has was raised, and one whose end a record has was
 * over before a reading that would have kept it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "rule/detect_private.h"
#include "rule/known.h"

struct hi_restore {
	int64_t window_us;
	struct hi_knowns knowns;
};

void hi_restore_free(struct hi_restore *r)
{
	if (!r)
		return;
	hi_knowns_release(&r->knowns);
	free(r);
}

/*
 * How far back a preamble has to reach for delays: a pending one began at most its
 * delay and the lateness before the patient's clock, and a reading that came late
 * lies as much before that.
 */
static int64_t window_needed(const struct hi_detect *d)
{
	int64_t most = 0;

	for (size_t i = 0; i < d->set.rules->n; i++) {
		const struct hi_rule *r = &d->set.rules->v[i];
		if (r->type == HI_RULE_THRESHOLD && r->for_us + r->clear_for_us > most)
			most = r->for_us + r->clear_for_us;
	}
	return most + 2 * d->set.lateness_us;
}

static int check_window(const struct hi_detect *d, int64_t window_us, struct hi_error *e)
{
	char need[HI_TIME_TEXT_MAX], is[HI_TIME_TEXT_MAX];
	int64_t need_us = window_needed(d);

	if (window_us >= need_us)
		return HI_OK;
	return hi_error_fmt(e, HI_USAGE, "the preamble is too short for the delays of the rules",
			    "it has --window %.*s, they need %.*s",
			    (int)hi_duration_format(window_us, is), is,
			    (int)hi_duration_format(need_us, need), need);
}

/* As new, but for what was set and counted. */
static int forget_all(struct hi_detect *d, struct hi_error *e)
{
	struct hi_patients *patients =
		hi_patients_new(sizeof(struct hi_detect_patient), HI_DETECT_PATIENTS_MAX);

	if (!patients)
		return hi_error_set(e, HI_NOMEM, "no memory for a preamble");
	hi_patients_free(d->patients);
	d->patients = patients;
	d->last_len = 0;
	hi_episodes_release(&d->episodes);
	hi_silences_reset(&d->silences);
	hi_stream_clock_init(&d->stream);
	return HI_OK;
}

int hi_detect_preamble_begin(struct hi_detect *d, const struct hi_mark *begin, struct hi_error *e)
{
	struct hi_restore *r;
	int s = check_window(d, begin->window_us, e);

	hi_restore_free(d->restore);
	d->restore = NULL;
	s = s ? s : forget_all(d, e);
	if (s)
		return s;
	d->restore = r = calloc(1, sizeof *r);
	if (!r)
		return hi_error_set(e, HI_NOMEM, "no memory for a preamble");
	r->window_us = begin->window_us;
	if (begin->timed)
		d->stream.now_us = begin->t_us;
	return hi_knowns_init(&r->knowns, d->set.rules, e);
}

void hi_restore_begun(const struct hi_detect *d, struct hi_episode *ep)
{
	const struct hi_knowns *k = &d->restore->knowns;
	uint32_t i = hi_knowns_first(k, hi_patients_id(d->patients, ep->patient));

	for (; i; i = k->v[i].next)
		if (k->v[i].rule == ep->rule && !k->v[i].cleared &&
		    k->v[i].record.onset_us == ep->onset_us)
			ep->phase = HI_ACTIVE;
}

/* A record says that it was over where it stands. */
static bool is_end(const struct hi_known *k, const struct hi_episode *ep)
{
	return k->cleared && k->ended_us == ep->back_us && k->record.onset_us <= ep->onset_us;
}

/* rec would have changed when ep was over. */
static bool denies_end(const struct hi_episode *ep, const struct hi_rule *rule,
		       const struct hi_rec *rec)
{
	double v = rec->value.v;
	bool out = hi_limit_holds(&rule->limit, v);
	bool back = !out && (!rule->clears || hi_limit_holds(&rule->clear, v));

	return back ? rec->t_us < ep->back_us : rec->t_us >= ep->back_us;
}

bool hi_restore_is_over(const struct hi_detect *d, const struct hi_episode *ep,
			const struct hi_rec *rec)
{
	const struct hi_knowns *k = &d->restore->knowns;
	const struct hi_rule *rule = &d->watches.rules->v[ep->rule];
	bool ended = false, begins = false;

	for (uint32_t i = hi_knowns_first(k, rec->patient_id); i; i = k->v[i].next) {
		if (k->v[i].rule != ep->rule)
			continue;
		ended |= is_end(&k->v[i], ep);
		begins |= k->v[i].record.onset_us == rec->t_us;
	}
	return ended && (denies_end(ep, rule, rec) ||
			 (begins && hi_limit_holds(&rule->limit, rec->value.v)));
}

/*
 * The stream's clock is known. Waiting for its confirmation may only be the last time
 * that came, or the last ones of one patient. old: behind those, it may be the newest
 * of its metric, which came long before.
 */
static void replay_stream(struct hi_stream_clock *c, const struct hi_rec *rec, bool old)
{
	const struct hi_slice waiting = { c->ahead_id, c->ahead_len };
	const bool same = hi_slice_eq(waiting, rec->patient_id);

	if (old && same)
		return;
	if (c->now_us == HI_TIME_MIN || rec->t_us <= c->now_us + HI_US_H) {
		c->ahead_len = 0;
		return;
	}
	if (!same)
		c->ahead_len = 0;
	hi_stream_clock_reading(c, rec->patient_id, rec->t_us);
}

/*
 * A reading that was the first after p was forgotten: of the last days by the stream's
 * clock, for what is older comes from another time, and went by that alone.
 */
static bool comes_back(const struct hi_detect *d, const struct hi_detect_patient *p, int64_t t_us)
{
	int64_t since_us = d->stream.now_us - HI_US_DAY - d->restore->window_us;

	return p->clock.now > 0 && t_us >= since_us && t_us <= d->stream.now_us &&
	       hi_forget_is_due(d, p, t_us);
}

static int replay(struct hi_detect *d, const struct hi_rec *rec, struct hi_error *e)
{
	struct hi_detect_patient *p = hi_detect_find(d, rec);
	int64_t t = rec->t_us - HI_CLOCK_ZERO;
	bool late;
	int s = HI_OK;

	if (!p)
		return hi_error_set(e, HI_NOMEM, "no memory for another patient");
	d->watch = NULL;
	if (comes_back(d, p, rec->t_us))
		hi_forget(d, p);
	if (hi_listen_head(d, p, e))
		return HI_NOMEM;
	replay_stream(&d->stream, rec, t < p->clock.now - d->restore->window_us);
	late = !hi_patient_clock_move(&p->clock, t, d->set.lateness_us);
	if (!late)
		hi_listen_forget(d, p);
	if (!late && (rec->has & HI_HAS_VALUE))
		d->watch = hi_watches_of(&d->watches, rec);
	if (!late && p->episode)
		s = hi_due_delays(d, p, rec, d->watch, e);
	s = s ? s : hi_due_fire(d, e);
	return s ? s : hi_detect_judge(d, rec, e);
}

int hi_detect_preamble_record(struct hi_detect *d, const struct hi_rec *rec, struct hi_error *e)
{
	if (!d->restore)
		return HI_OK;
	switch (rec->type) {
	case HI_T_ALERT:
		return hi_knowns_take(&d->restore->knowns, rec, e);
	case HI_T_PATIENT:
		return hi_detect_patient(d, rec, e);
	case HI_T_READING:
		return replay(d, rec, e);
	default:
		return HI_OK;
	}
}

/* Of what the readings began, records say what is an alarm. */
static int settle_episode(struct hi_detect *d, uint32_t *link, uint32_t first, struct hi_error *e)
{
	struct hi_episode *ep = &d->episodes.v[*link];
	const struct hi_rule *r = &d->watches.rules->v[ep->rule];
	struct hi_known *k = hi_knowns_active(&d->restore->knowns, first, ep->rule);

	if (k) {
		k->taken = true;
		hi_episode_adopt(ep, r, &k->record);
	} else if (ep->phase == HI_RECOVERING) {
		return hi_detect_turn(d, HI_TURN_BROKEN, link, e);
	} else {
		ep->phase = HI_PENDING;
	}
	return hi_detect_turn(d, HI_TURN_NONE, link, e);
}

static int settle_thresholds(struct hi_detect *d, struct hi_detect_patient *p, uint32_t first,
			     struct hi_error *e)
{
	const struct hi_knowns *r = &d->restore->knowns;
	uint32_t *link = &p->episode;
	int s = HI_OK;

	while (*link && s == HI_OK) {
		uint32_t i = *link;
		s = settle_episode(d, link, first, e);
		if (*link == i)
			link = &d->episodes.v[i].next;
	}
	for (uint32_t i = first; i && s == HI_OK; i = r->v[i].next) {
		const struct hi_known *k = &r->v[i];
		int64_t clock_us = p->clock.now ? hi_detect_now(p) : k->record.onset_us;
		uint32_t at;

		if (k->taken || d->set.rules->v[k->rule].type != HI_RULE_THRESHOLD ||
		    k != hi_knowns_active(r, first, k->rule))
			continue;
		at = hi_episodes_take(&d->episodes);
		if (!at)
			return hi_error_set(e, HI_NOMEM, "no memory for another alarm");
		hi_episode_known(&d->episodes.v[at], k->rule, &k->record, clock_us);
		d->episodes.v[at].patient = p;
		d->episodes.v[at].next = p->episode;
		p->episode = at;
	}
	return s;
}

static int settle_silences(struct hi_detect *d, struct hi_detect_patient *p, uint32_t first,
			   struct hi_error *e)
{
	const struct hi_knowns *known = &d->restore->knowns;
	struct hi_silences *q = &d->silences;
	int s = hi_listen_head(d, p, e);

	for (size_t k = 0; k < q->rule_n && s == HI_OK; k++) {
		const struct hi_rule *r = hi_silence_rule(q, k);
		const struct hi_known *active = hi_knowns_active(known, first, q->rule[k]);
		struct hi_silence *one = hi_silence_of(q, p->silence, k);

		one->active = active != NULL;
		if (active)
			one->from_us = active->record.onset_us - r->stale_us;
		else if (hi_knowns_cleared(known, first, q->rule[k], one->from_us + r->stale_us))
			one->from_us = HI_SILENCE_NONE;
		s = hi_listen_arm(d, &q->head[p->silence], one, r, e);
	}
	return s;
}

/* Who has an alarm that is ACTIVE is a patient, also where no reading is known. */
static int add_patients(struct hi_detect *d, struct hi_error *e)
{
	const struct hi_knowns *r = &d->restore->knowns;

	for (size_t i = 0; i < hi_patients_count(r->patients); i++) {
		struct hi_slice id;
		uint32_t at = *(uint32_t *)hi_patients_at(r->patients, i, &id);

		while (at && r->v[at].cleared)
			at = r->v[at].next;
		if (at && !hi_patients_get(d->patients, id, hi_hash_slice(id)))
			return hi_error_set(e, HI_NOMEM, "no memory for another patient");
	}
	return HI_OK;
}

int hi_detect_preamble_end(struct hi_detect *d, struct hi_error *e)
{
	size_t n;
	int s;

	if (!d->restore)
		return HI_OK;
	s = add_patients(d, e);
	n = hi_patients_count(d->patients);
	for (size_t i = 0; i < n && s == HI_OK; i++) {
		struct hi_slice id;
		struct hi_detect_patient *p = hi_patients_at(d->patients, i, &id);
		uint32_t first = hi_knowns_first(&d->restore->knowns, id);

		s = settle_thresholds(d, p, first, e);
		s = s ? s : settle_silences(d, p, first, e);
		hi_forget_heard(d, p);
	}
	d->sweep_at = 2 * n > HI_SWEEP_MIN ? 2 * n : HI_SWEEP_MIN;
	hi_restore_free(d->restore);
	d->restore = NULL;
	return s;
}
