#include "rule/detect.h"

#include <stdlib.h>
#include <string.h>

#include "rule/detect_private.h"

/* Longer than all of event time, and short of an overflow. */
#define NEVER (INT64_MAX / 4)

/* Of two hours: hi_detect_before's short way does not ask whom to forget. */
static int check_forget(const struct hi_detect *d, struct hi_error *e)
{
	if (d->forget_us < 2 * HI_US_H)
		return hi_error_set(e, HI_USAGE, "--forget is shorter than two hours");
	for (size_t i = 0; i < d->set.rules->n; i++) {
		const struct hi_rule *r = &d->set.rules->v[i];
		if (r->type == HI_RULE_STALE && r->stale_us + d->set.lateness_us > d->forget_us)
			return hi_error_fmt(
				e, HI_USAGE,
				"--forget is shorter than a stale rule's time and --lateness", "%s",
				r->name);
	}
	return HI_OK;
}

int hi_detect_new(struct hi_detect **out, const struct hi_detect_setup *setup, struct hi_error *e)
{
	struct hi_detect *d = calloc(1, sizeof *d);
	int s;

	*out = NULL;
	if (!d)
		return hi_error_set(e, HI_NOMEM, "no memory for rules");
	d->set = *setup;
	d->forget_us = setup->forget_us ? setup->forget_us : NEVER;
	d->sweep_at = HI_SWEEP_MIN;
	hi_episodes_init(&d->episodes);
	hi_stream_clock_init(&d->stream);
	d->patients = hi_patients_new(sizeof(struct hi_detect_patient), HI_DETECT_PATIENTS_MAX);
	s = d->patients ? check_forget(d, e) : hi_error_set(e, HI_NOMEM, "no memory for rules");
	s = s ? s : hi_watches_init(&d->watches, setup->rules, e);
	s = s ? s : hi_silences_init(&d->silences, setup->rules, e);
	if (s == HI_OK)
		*out = d;
	else
		hi_detect_free(d);
	return s;
}

void hi_detect_free(struct hi_detect *d)
{
	if (!d)
		return;
	hi_restore_free(d->restore);
	hi_watches_release(&d->watches);
	hi_episodes_release(&d->episodes);
	hi_silences_release(&d->silences);
	hi_patients_free(d->patients);
	free(d->due);
	free(d);
}

const struct hi_detect_counts *hi_detect_counted(const struct hi_detect *d)
{
	return &d->counts;
}

size_t hi_detect_patients(const struct hi_detect *d)
{
	return hi_patients_count(d->patients);
}

static bool is_last(const struct hi_detect *d, const struct hi_rec *rec)
{
	return rec->patient_hash == d->last_hash && rec->patient_id.len == d->last_len &&
	       memcmp(rec->patient_id.ptr, d->last_id, d->last_len) == 0;
}

/* For a new patient p, or one who has no room (NULL). */
static __attribute__((noinline)) struct hi_detect_patient *
make_room(struct hi_detect *d, struct hi_detect_patient *p, const struct hi_rec *rec)
{
	if (d->restore || (p && hi_patients_count(d->patients) <= d->sweep_at))
		return p;
	hi_forget_sweep(d);
	return hi_patients_get(d->patients, rec->patient_id, rec->patient_hash);
}

struct hi_detect_patient *hi_detect_find(struct hi_detect *d, const struct hi_rec *rec)
{
	struct hi_detect_patient *p =
		hi_patients_get(d->patients, rec->patient_id, rec->patient_hash);

	if (!p || p->clock.now == 0)
		p = make_room(d, p, rec);
	if (!p)
		return NULL;
	d->last = p;
	d->last_hash = rec->patient_hash;
	d->last_len = rec->patient_id.len;
	memcpy(d->last_id, rec->patient_id.ptr, rec->patient_id.len);
	return p;
}

void hi_detect_write(struct hi_detect *d, const struct hi_alert *a)
{
	if (d->restore)
		return;
	hi_alert_write(a, d->set.line);
	d->set.emit(d->set.arg);
	if (a->cleared)
		d->counts.ended++;
	else
		d->counts.begun++;
}

static struct hi_slice unit_of(const struct hi_rule *r, const struct hi_episode *ep)
{
	if (r->metric)
		return hi_slice_of(r->metric->unit);
	return (struct hi_slice){ ep->unit, ep->unit_len };
}

static void write_episode(struct hi_detect *d, const struct hi_episode *ep, bool cleared)
{
	const struct hi_rule *r = &d->watches.rules->v[ep->rule];
	struct hi_alert a = {
		.rule = r,
		.patient_id = hi_patients_id(d->patients, ep->patient),
		.unit = unit_of(r, ep),
		.onset_us = ep->onset_us,
		.observed = &ep->observed,
		.cleared = cleared,
		/* An onset far ahead is over before it began: then it lasted no time. */
		.ended_us = ep->back_us > ep->onset_us ? ep->back_us : ep->onset_us,
		.worst = &ep->worst,
	};

	hi_detect_write(d, &a);
}

int hi_detect_turn(struct hi_detect *d, enum hi_turn turn, uint32_t *link, struct hi_error *e)
{
	uint32_t i = *link;
	struct hi_episode *ep = &d->episodes.v[i];
	int64_t deadline;

	if (turn == HI_TURN_BEGUN || turn == HI_TURN_ENDED)
		write_episode(d, ep, turn == HI_TURN_ENDED);
	if (turn == HI_TURN_BROKEN || turn == HI_TURN_ENDED) {
		*link = ep->next;
		hi_episodes_give(&d->episodes, i);
		return HI_OK;
	}
	if (!hi_episodes_delay(&d->episodes, i,
			       hi_episode_deadline(ep, &d->watches.rules->v[ep->rule], &deadline)))
		return hi_error_set(e, HI_NOMEM, "no memory for another alarm");
	return HI_OK;
}

/* The reading's patient is not just one more of the ordinary ones: see hi_detect_before. */
static __attribute__((noinline)) int before_slow(struct hi_detect *d, struct hi_detect_patient *p,
						 const struct hi_rec *rec, struct hi_error *e)
{
	const struct hi_watch *watch = NULL;
	const int64_t before_us = d->stream.now_us;
	bool late;
	int s = HI_OK;

	if (hi_forget_is_due(d, p, before_us))
		hi_forget(d, p);
	hi_stream_clock_reading(&d->stream, rec->patient_id, rec->t_us);
	late = !hi_patient_clock_move(&p->clock, rec->t_us - HI_CLOCK_ZERO, d->set.lateness_us);
	d->counts.late += late;
	hi_forget_heard(d, p);
	if (!late && (rec->has & HI_HAS_VALUE))
		watch = hi_watches_of(&d->watches, rec);
	if (d->silences.rule_n > 0) {
		s = hi_listen_head(d, p, e);
		s = s ? s : hi_listen_stream(d, before_us, e);
		s = s || late ? s : hi_listen_own(d, p, e);
	}
	if (s == HI_OK && p->episode && !late)
		s = hi_due_delays(d, p, rec, watch, e);
	s = s ? s : hi_due_fire(d, e);
	d->watch = watch && (p->episode || hi_watch_minds(watch, rec->value.v)) ? watch : NULL;
	return s ? s : d->watch || d->silences.rule_n > 0 ? HI_DETECT_JUDGE : HI_OK;
}

/*
 * The short way is for a patient without an episode and without stale rules, whose
 * time goes on by an hour at most and is within an hour of the stream's clock, so
 * that there is nothing to forget: nearly all readings.
 */
int hi_detect_before(struct hi_detect *d, const struct hi_rec *rec, struct hi_error *e)
{
	struct hi_detect_patient *p = is_last(d, rec) ? d->last : hi_detect_find(d, rec);
	const struct hi_watch *watch;
	int64_t t = rec->t_us - HI_CLOCK_ZERO;

	if (!p)
		return hi_error_set(e, HI_NOMEM, "no memory for another patient");
	if (p->clock.ahead | p->episode | p->silence | d->stream.ahead_len ||
	    (uint64_t)(t - p->clock.now) > (uint64_t)HI_US_H ||
	    (uint64_t)(rec->t_us - d->stream.now_us + HI_US_H) > 2 * (uint64_t)HI_US_H)
		return before_slow(d, p, rec, e);
	p->clock.now = t;
	if (rec->t_us > d->stream.now_us)
		d->stream.now_us = rec->t_us;
	watch = hi_watches_of(&d->watches, rec);
	if (!watch || !(rec->has & HI_HAS_VALUE) || !hi_watch_minds(watch, rec->value.v))
		return HI_OK;
	d->watch = watch;
	return HI_DETECT_JUDGE;
}

static int judge_rule(struct hi_detect *d, struct hi_detect_patient *p, uint16_t rule,
		      const struct hi_rec *rec, struct hi_error *e)
{
	const struct hi_rule *r = &d->watches.rules->v[rule];
	int64_t clock_us = hi_detect_now(p);
	uint32_t *link = &p->episode, none = 0;
	struct hi_episode *ep;
	enum hi_turn turn;

	while (*link && d->episodes.v[*link].rule != rule)
		link = &d->episodes.v[*link].next;
	if (d->restore && *link && d->episodes.v[*link].phase == HI_RECOVERING &&
	    hi_restore_is_over(d, &d->episodes.v[*link], rec)) {
		hi_detect_turn(d, HI_TURN_BROKEN, link, e);
		link = &none;
	}
	if (*link) {
		ep = &d->episodes.v[*link];
		turn = hi_episode_reading(ep, r, rec, clock_us);
	} else if (hi_limit_holds(&r->limit, rec->value.v)) {
		uint32_t i = hi_episodes_take(&d->episodes);
		if (!i)
			return hi_error_set(e, HI_NOMEM, "no memory for another alarm");
		ep = &d->episodes.v[i];
		ep->patient = p;
		ep->next = p->episode;
		p->episode = i;
		link = &p->episode;
		turn = hi_episode_begin(ep, rule, r, rec, clock_us);
	} else {
		return HI_OK;
	}
	if (d->restore && turn == HI_TURN_NONE && ep->phase == HI_PENDING)
		hi_restore_begun(d, ep);
	return hi_detect_turn(d, turn, link, e);
}

/* Thresholds and stale rules in the order of the file. */
int hi_detect_judge(struct hi_detect *d, const struct hi_rec *rec, struct hi_error *e)
{
	const struct hi_watch *watch = d->watch;
	const struct hi_silences *quiet = &d->silences;
	size_t i = 0, n = watch ? watch->rule_n : 0, k = 0;
	int s = HI_OK;

	while (s == HI_OK && (i < n || k < quiet->rule_n)) {
		if (k == quiet->rule_n || (i < n && watch->rule[i] < quiet->rule[k]))
			s = judge_rule(d, d->last, watch->rule[i++], rec, e);
		else
			s = hi_listen(d, d->last, k++, rec, e);
	}
	return s;
}

int hi_detect_after(struct hi_detect *d, const struct hi_rec *rec, struct hi_error *e)
{
	return hi_detect_judge(d, rec, e);
}
