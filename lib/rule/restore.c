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

/* What alert records say of one episode. */
struct known {
	struct hi_episode_record record;
	int64_t ended_us; /* CLEARED only */
	uint32_t next;	  /* of the same patient, 0: none */
	uint16_t rule;
	bool cleared;
	bool taken; /* by an episode */
};

struct hi_restore {
	int64_t window_us;
	struct hi_patients *patients; /* uint32_t: the first known of each */
	struct known *known;	      /* from 1 */
	uint32_t n, cap;
	struct hi_buf scratch;
};

void hi_restore_free(struct hi_restore *r)
{
	if (!r)
		return;
	hi_patients_free(r->patients);
	free(r->known);
	hi_buf_release(&r->scratch);
	free(r);
}

static int new_restore(struct hi_restore **out, int64_t window_us, struct hi_error *e)
{
	struct hi_restore *r = *out = calloc(1, sizeof *r);

	if (!r || !(r->patients = hi_patients_new(sizeof(uint32_t), HI_DETECT_PATIENTS_MAX))) {
		hi_restore_free(r);
		*out = NULL;
		return hi_error_set(e, HI_NOMEM, "no memory for a preamble");
	}
	r->window_us = window_us;
	r->n = 1;
	hi_buf_init(&r->scratch, HI_LINE_MAX);
	return HI_OK;
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
	int s = check_window(d, begin->window_us, e);

	hi_restore_free(d->restore);
	d->restore = NULL;
	s = s ? s : forget_all(d, e);
	s = s ? s : new_restore(&d->restore, begin->window_us, e);
	if (s == HI_OK && begin->timed)
		d->stream.now_us = begin->t_us;
	return s;
}

static uint32_t first_known(const struct hi_restore *r, struct hi_slice id)
{
	const uint32_t *first = hi_patients_find(r->patients, id, hi_hash_slice(id));

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

/* The rule whose alert rec is; -1: none of ours, or one of --each. */
static int rule_of(const struct hi_detect *d, const struct hi_rec *rec)
{
	struct hi_buf *scratch = &d->restore->scratch;
	const struct hi_member *each = hi_rec_member(rec, "each");
	struct hi_slice name;

	if (!(rec->has & HI_HAS_PATIENT) || !(rec->has & HI_HAS_TIME) ||
	    (each && each->kind == HI_JSON_TRUE))
		return -1;
	hi_buf_reset(scratch);
	name = hi_rec_text(rec, "alert_type", scratch);
	for (size_t i = 0; i < d->set.rules->n; i++) {
		const struct hi_rule *r = &d->set.rules->v[i];
		if (hi_slice_is(name, r->name))
			return hi_slice_is(rec->metric_name, r->metric_name) ? (int)i : -1;
	}
	return -1;
}

/* The known episode of that rule and onset, which is made where there is none; NULL: no memory. */
static struct known *get_known(struct hi_restore *r, const struct hi_rec *rec, int rule)
{
	uint32_t *first = hi_patients_get(r->patients, rec->patient_id, rec->patient_hash);

	if (!first)
		return NULL;
	for (uint32_t i = *first; i; i = r->known[i].next)
		if (r->known[i].rule == rule && r->known[i].record.onset_us == rec->t_us)
			return &r->known[i];
	if (r->n >= r->cap) {
		uint32_t cap = r->cap ? r->cap + r->cap / 2 : 64;
		struct known *v = realloc(r->known, (size_t)cap * sizeof *v);
		if (!v)
			return NULL;
		r->known = v;
		r->cap = cap;
	}
	r->known[r->n] = (struct known){ .record.onset_us = rec->t_us,
					 .rule = (uint16_t)rule,
					 .next = *first };
	*first = r->n;
	return &r->known[r->n++];
}

static int take_alert(struct hi_detect *d, const struct hi_rec *rec, struct hi_error *e)
{
	struct hi_buf *scratch = &d->restore->scratch;
	int rule = rule_of(d, rec);
	struct known *k;
	struct hi_slice unit;

	if (rule < 0)
		return HI_OK;
	k = get_known(d->restore, rec, rule);
	if (!k)
		return hi_error_set(e, HI_NOMEM, "no memory for a preamble");
	hi_buf_reset(scratch);
	if (hi_slice_is(hi_rec_text(rec, "status", scratch), "CLEARED") &&
	    hi_rec_time(rec, "ended", &k->ended_us))
		k->cleared = true;
	if (d->set.rules->v[rule].type == HI_RULE_THRESHOLD && !read_observed(rec, &k->record))
		k->cleared = true; /* of another kind of rule, which had this name */
	hi_buf_reset(scratch);
	unit = hi_rec_text(rec, "unit", scratch);
	if (unit.len <= sizeof k->record.unit) {
		k->record.unit_len = (uint8_t)unit.len;
		if (unit.len)
			memcpy(k->record.unit, unit.ptr, unit.len);
	}
	return HI_OK;
}

void hi_restore_begun(const struct hi_detect *d, struct hi_episode *ep)
{
	const struct hi_restore *r = d->restore;
	uint32_t i = first_known(r, hi_patients_id(d->patients, ep->patient));

	for (; i; i = r->known[i].next) {
		const struct known *k = &r->known[i];
		if (k->rule == ep->rule && !k->cleared && k->record.onset_us == ep->onset_us)
			ep->phase = HI_ACTIVE;
	}
}

/* A record has rec as the onset of another episode. */
static bool is_onset(const struct known *k, const struct hi_rec *rec)
{
	return k->record.onset_us == rec->t_us;
}

/* A record says that it was over where it stands. */
static bool is_end(const struct known *k, const struct hi_episode *ep)
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
	const struct hi_restore *r = d->restore;
	const struct hi_rule *rule = &d->watches.rules->v[ep->rule];
	bool ended = false, begins = false;

	for (uint32_t i = first_known(r, rec->patient_id); i; i = r->known[i].next) {
		const struct known *k = &r->known[i];
		if (k->rule != ep->rule)
			continue;
		ended |= is_end(k, ep);
		begins |= is_onset(k, rec);
	}
	return ended && (denies_end(ep, rule, rec) ||
			 (begins && hi_limit_holds(&rule->limit, rec->value.v)));
}

/*
 * The stream's clock is known. Waiting for its confirmation may only be the last time
 * that came, or the last ones of one patient.
 */
static void replay_stream(struct hi_stream_clock *c, const struct hi_rec *rec)
{
	const struct hi_slice waiting = { c->ahead_id, c->ahead_len };

	if (c->now_us == HI_TIME_MIN || rec->t_us <= c->now_us + HI_US_H) {
		c->ahead_len = 0;
		return;
	}
	if (!hi_slice_eq(waiting, rec->patient_id))
		c->ahead_len = 0;
	hi_stream_clock_reading(c, rec->patient_id, rec->t_us);
}

/* A reading that was the first after p was forgotten. */
static bool comes_back(const struct hi_detect *d, const struct hi_detect_patient *p, int64_t t_us)
{
	return p->clock.now > 0 && t_us <= d->stream.now_us && hi_forget_is_due(d, p, t_us);
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
	/* The latest of its metric, from before the others: nothing to judge. */
	if (t < p->clock.now - d->restore->window_us)
		return hi_detect_judge(d, rec, e);
	if (comes_back(d, p, rec->t_us))
		hi_forget(d, p);
	s = hi_heard_head(d, p, e);
	replay_stream(&d->stream, rec);
	late = !hi_patient_clock_move(&p->clock, t, d->set.lateness_us);
	if (!late && (rec->has & HI_HAS_VALUE))
		d->watch = hi_watches_of(&d->watches, rec);
	if (s == HI_OK && !late && p->episode)
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
		return take_alert(d, rec, e);
	case HI_T_PATIENT:
		return hi_detect_patient(d, rec, e);
	case HI_T_READING:
		return replay(d, rec, e);
	default:
		return HI_OK;
	}
}

/*
 * The alarm of that rule that is ACTIVE by the records from i on; NULL: none. There is
 * one at most, but for those that a run without marks has left behind: then the last.
 */
static struct known *find_active(const struct hi_restore *r, uint32_t i, uint16_t rule)
{
	struct known *last = NULL;

	for (; i; i = r->known[i].next) {
		struct known *k = &r->known[i];
		if (k->rule == rule && !k->cleared &&
		    (!last || k->record.onset_us > last->record.onset_us))
			last = k;
	}
	return last;
}

/* Of what the readings began, records say what is an alarm. */
static int settle_episode(struct hi_detect *d, uint32_t *link, uint32_t first, struct hi_error *e)
{
	struct hi_episode *ep = &d->episodes.v[*link];
	const struct hi_rule *r = &d->watches.rules->v[ep->rule];
	struct known *k = find_active(d->restore, first, ep->rule);

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
	struct hi_restore *r = d->restore;
	uint32_t *link = &p->episode;
	int s = HI_OK;

	while (*link && s == HI_OK) {
		uint32_t i = *link;
		s = settle_episode(d, link, first, e);
		if (*link == i)
			link = &d->episodes.v[i].next;
	}
	for (uint32_t i = first; i && s == HI_OK; i = r->known[i].next) {
		struct known *k = &r->known[i];
		int64_t clock_us = p->clock.now ? hi_detect_now(p) : k->record.onset_us;
		uint32_t at;

		if (k->taken || d->set.rules->v[k->rule].type != HI_RULE_THRESHOLD ||
		    k != find_active(r, first, k->rule))
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

/* A silence that a record has CLEARED is none any more, until the patient is heard again. */
static bool was_cleared(const struct hi_restore *r, uint32_t first, uint16_t rule, int64_t onset_us)
{
	for (uint32_t i = first; i; i = r->known[i].next)
		if (r->known[i].rule == rule && r->known[i].cleared &&
		    r->known[i].record.onset_us == onset_us)
			return true;
	return false;
}

static int settle_silences(struct hi_detect *d, struct hi_detect_patient *p, uint32_t first,
			   struct hi_error *e)
{
	struct hi_silences *q = &d->silences;
	int s = hi_heard_head(d, p, e);

	for (size_t k = 0; k < q->rule_n && s == HI_OK; k++) {
		const struct hi_rule *r = hi_silence_rule(q, k);
		const struct known *active = find_active(d->restore, first, q->rule[k]);
		struct hi_silence *one = hi_silence_of(q, p->silence, k);

		one->active = active != NULL;
		if (active)
			one->from_us = active->record.onset_us - r->stale_us;
		else if (was_cleared(d->restore, first, q->rule[k], one->from_us + r->stale_us))
			one->from_us = HI_SILENCE_NONE;
		s = hi_heard_arm(d, &q->head[p->silence], one, r, e);
	}
	return s;
}

/* Who has an alarm that is ACTIVE is a patient, also where no reading is known. */
static int add_patients(struct hi_detect *d, struct hi_error *e)
{
	const struct hi_restore *r = d->restore;

	for (size_t i = 0; i < hi_patients_count(r->patients); i++) {
		struct hi_slice id;
		uint32_t at = *(uint32_t *)hi_patients_at(r->patients, i, &id);

		while (at && r->known[at].cleared)
			at = r->known[at].next;
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
		uint32_t first = first_known(d->restore, id);

		s = settle_thresholds(d, p, first, e);
		s = s ? s : settle_silences(d, p, first, e);
		hi_forget_heard(d, p);
	}
	d->sweep_at = 2 * n > HI_SWEEP_MIN ? 2 * n : HI_SWEEP_MIN;
	hi_restore_free(d->restore);
	d->restore = NULL;
	return s;
}
