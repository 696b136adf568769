#include "rule/detect.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "rule/episode.h"
#include "rule/watch.h"
#include "state/patients.h"

/* Clocks count from just before the first event time there is, so that 0 is a patient's first
 * reading. */
#define CLOCK_ZERO (HI_TIME_MIN - 1)

struct patient {
	int64_t clock_us; /* since CLOCK_ZERO; 0: no reading yet */
	int64_t ahead_us; /* the same: a time far ahead that waits for a later one; 0: none */
	uint32_t episode; /* the first of the patient's, 0: none */
};

struct hi_detect {
	struct hi_watches watches;
	struct hi_patients *patients;
	struct hi_episodes episodes;
	int64_t lateness_us;
	struct hi_buf *line;
	void (*emit)(void *arg);
	void *arg;
	struct hi_detect_counts counts;
	/* The last reading's patient: vitals of one patient come in a row. last_len 0: none yet. */
	struct patient *last;
	uint64_t last_hash;
	size_t last_len;
	char last_id[HI_PATIENT_ID_MAX];
};

int hi_detect_new(struct hi_detect **out, const struct hi_rules *rules, int64_t lateness_us,
		  struct hi_buf *line, void (*emit)(void *arg), void *arg, struct hi_error *e)
{
	struct hi_detect *d = calloc(1, sizeof *d);

	*out = NULL;
	if (!d)
		return hi_error_set(e, HI_NOMEM, "no memory for rules");
	hi_episodes_init(&d->episodes);
	d->lateness_us = lateness_us;
	d->line = line;
	d->emit = emit;
	d->arg = arg;
	d->patients = hi_patients_new(sizeof(struct patient), HI_DETECT_PATIENTS_MAX);
	if (!d->patients || hi_watches_init(&d->watches, rules, e) != HI_OK) {
		hi_detect_free(d);
		return hi_error_set(e, HI_NOMEM, "no memory for rules");
	}
	*out = d;
	return HI_OK;
}

void hi_detect_free(struct hi_detect *d)
{
	if (!d)
		return;
	hi_watches_release(&d->watches);
	hi_episodes_release(&d->episodes);
	hi_patients_free(d->patients);
	free(d);
}

const struct hi_detect_counts *hi_detect_counted(const struct hi_detect *d)
{
	return &d->counts;
}

static bool is_last(const struct hi_detect *d, const struct hi_rec *rec)
{
	return rec->patient_hash == d->last_hash && rec->patient_id.len == d->last_len &&
	       memcmp(rec->patient_id.ptr, d->last_id, d->last_len) == 0;
}

/* Makes rec's patient the last one; NULL: no memory. */
static struct patient *find_patient(struct hi_detect *d, const struct hi_rec *rec)
{
	struct patient *p = hi_patients_get(d->patients, rec->patient_id, rec->patient_hash);

	if (!p)
		return NULL;
	d->last = p;
	d->last_hash = rec->patient_hash;
	d->last_len = rec->patient_id.len;
	memcpy(d->last_id, rec->patient_id.ptr, rec->patient_id.len);
	return p;
}

/* A time that is not just the ordinary next one. False: too late to be judged. */
static bool move_clock(const struct hi_detect *d, struct patient *p, int64_t t)
{
	if (t <= p->clock_us) {
		p->ahead_us = 0; /* time goes on where it was: that jump was wrong */
		return t >= p->clock_us - d->lateness_us;
	}
	if (p->ahead_us && t > p->ahead_us && t - p->clock_us > HI_US_H)
		p->clock_us = p->ahead_us; /* a later one is ahead too: it was right */
	if (p->clock_us == 0 || t - p->clock_us <= HI_US_H) {
		p->clock_us = t;
		p->ahead_us = 0;
	} else {
		p->ahead_us = t;
	}
	return true;
}

static struct hi_slice unit_of(const struct hi_rule *r, const struct hi_episode *ep)
{
	if (r->metric)
		return hi_slice_of(r->metric->unit);
	return (struct hi_slice){ ep->unit, ep->unit_len };
}

static void write_alert(struct hi_detect *d, const struct hi_episode *ep, bool ended,
			struct hi_slice patient_id)
{
	const struct hi_rule *r = &d->watches.rules->v[ep->rule];
	struct hi_alert a = {
		.rule = r,
		.patient_id = patient_id,
		.unit = unit_of(r, ep),
		.onset_us = ep->onset_us,
		.observed = &ep->observed,
		.worst = ended ? &ep->worst : NULL,
		/* An onset far ahead is over before it began: then it lasted no time. */
		.ended_us = ep->back_us > ep->onset_us ? ep->back_us : ep->onset_us,
	};

	hi_alert_write(&a, d->line);
	d->emit(d->arg);
	if (ended)
		d->counts.ended++;
	else
		d->counts.begun++;
}

/* Does what a turn of the episode at *link (an index of its patient's list) asks for. */
static void take_turn(struct hi_detect *d, enum hi_turn turn, uint32_t *link,
		      struct hi_slice patient_id)
{
	uint32_t i = *link;

	if (turn == HI_TURN_BEGUN || turn == HI_TURN_ENDED)
		write_alert(d, &d->episodes.v[i], turn == HI_TURN_ENDED, patient_id);
	if (turn == HI_TURN_BROKEN || turn == HI_TURN_ENDED) {
		*link = d->episodes.v[i].next;
		hi_episodes_give(&d->episodes, i);
	}
}

/*
 * The patient's timer that is due first, of those of one deadline that of the
 * first rule; NULL: none. Due: the clock less the lateness has passed it, or this
 * very reading of the rule's metric has.
 */
static uint32_t *first_due(struct hi_detect *d, struct patient *p, const struct hi_rec *rec,
			   const struct hi_watch *watch)
{
	int64_t now = p->clock_us + CLOCK_ZERO - d->lateness_us;
	const struct hi_rule *rules = d->watches.rules->v;
	uint32_t *first = NULL;
	int64_t first_us = 0;

	for (uint32_t *link = &p->episode; *link; link = &d->episodes.v[*link].next) {
		const struct hi_episode *ep = &d->episodes.v[*link];
		bool own = watch == &d->watches.v[d->watches.of_rule[ep->rule]];
		int64_t deadline;

		if (!hi_episode_deadline(ep, &rules[ep->rule], &deadline))
			continue;
		if (deadline >= now && !(own && deadline < rec->t_us))
			continue;
		if (!first || deadline < first_us ||
		    (deadline == first_us && ep->rule < d->episodes.v[*first].rule)) {
			first = link;
			first_us = deadline;
		}
	}
	return first;
}

static void run_timers(struct hi_detect *d, struct patient *p, const struct hi_rec *rec,
		       const struct hi_watch *watch)
{
	uint32_t *due;

	while ((due = first_due(d, p, rec, watch)) != NULL)
		take_turn(d, hi_episode_timer(&d->episodes.v[*due]), due, rec->patient_id);
}

/* The patient has an episode, or the time is not the ordinary next one. */
static __attribute__((noinline)) int before_slow(struct hi_detect *d, struct patient *p,
						 const struct hi_rec *rec)
{
	const struct hi_watch *watch = hi_watches_of(&d->watches, rec);

	if (!move_clock(d, p, rec->t_us - CLOCK_ZERO)) {
		d->counts.late++;
		return HI_OK;
	}
	if (!(rec->has & HI_HAS_VALUE))
		watch = NULL;
	if (p->episode)
		run_timers(d, p, rec, watch);
	return watch && (p->episode || hi_watch_minds(watch, rec->value.v)) ? HI_DETECT_JUDGE
									    : HI_OK;
}

/*
 * The short way is for a patient without an episode whose time goes on by an hour
 * at most: nearly all readings.
 */
int hi_detect_before(struct hi_detect *d, const struct hi_rec *rec, struct hi_error *e)
{
	struct patient *p = is_last(d, rec) ? d->last : find_patient(d, rec);
	const struct hi_watch *watch;
	int64_t t = rec->t_us - CLOCK_ZERO;

	if (!p)
		return hi_error_set(e, HI_NOMEM, "no memory for another patient");
	if (p->episode || p->ahead_us || (uint64_t)(t - p->clock_us) > (uint64_t)HI_US_H)
		return before_slow(d, p, rec);
	p->clock_us = t;
	watch = hi_watches_of(&d->watches, rec);
	if (!watch || !(rec->has & HI_HAS_VALUE) || !hi_watch_minds(watch, rec->value.v))
		return HI_OK;
	return HI_DETECT_JUDGE;
}

static int judge_rule(struct hi_detect *d, struct patient *p, uint16_t rule,
		      const struct hi_rec *rec, struct hi_error *e)
{
	const struct hi_rule *r = &d->watches.rules->v[rule];
	int64_t clock_us = p->clock_us + CLOCK_ZERO;
	uint32_t *link = &p->episode;
	enum hi_turn turn;

	while (*link && d->episodes.v[*link].rule != rule)
		link = &d->episodes.v[*link].next;
	if (*link) {
		turn = hi_episode_reading(&d->episodes.v[*link], r, rec, clock_us);
	} else if (hi_limit_holds(&r->limit, rec->value.v)) {
		uint32_t i = hi_episodes_take(&d->episodes);
		if (!i)
			return hi_error_set(e, HI_NOMEM, "no memory for another alarm");
		d->episodes.v[i].next = p->episode;
		p->episode = i;
		link = &p->episode;
		turn = hi_episode_begin(&d->episodes.v[i], rule, r, rec, clock_us);
	} else {
		return HI_OK;
	}
	take_turn(d, turn, link, rec->patient_id);
	return HI_OK;
}

int hi_detect_after(struct hi_detect *d, const struct hi_rec *rec, struct hi_error *e)
{
	const struct hi_watch *watch = hi_watches_of(&d->watches, rec);
	int status = HI_OK;

	for (uint16_t i = 0; watch && i < watch->rule_n && status == HI_OK; i++)
		status = judge_rule(d, d->last, watch->rule[i], rec, e);
	return status;
}
