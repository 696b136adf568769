/*
 * Stale rules: who was heard when, and whose silence is an alarm.
 *
 * The deadline is a rule's time after the reading that it heard last. The patient's
 * own clock finds every silence, when the patient is heard again. The stream's finds
 * it while it lasts, but only where the deadline was still to come when the reading
 * arrived: readings from another time, of a file or of research data, are behind the
 * stream's clock for ever.
 */
#include "rule/detect_private.h"

static int64_t deadline(const struct hi_silence *one, const struct hi_rule *r)
{
	return one->from_us + r->stale_us;
}

/* A time more than an hour ahead of the stream's clock is not believed. */
static bool is_believed(const struct hi_detect *d, int64_t t_us)
{
	return t_us != HI_SILENCE_NONE && t_us <= d->stream.now_us + HI_US_H;
}

/* A silence that was an alarm before the patient's record was written is none any more. */
static bool is_forgiven(const struct hi_detect *d, const struct hi_silence_head *head,
			int64_t deadline_us)
{
	return is_believed(d, head->at_us) && deadline_us < head->at_us;
}

static bool may_alarm(const struct hi_silence_head *head, const struct hi_silence *one)
{
	return !one->active && one->from_us != HI_SILENCE_NONE && head->status == HI_ADMITTED;
}

int hi_listen_head(struct hi_detect *d, struct hi_detect_patient *p, struct hi_error *e)
{
	if (d->silences.rule_n == 0 || p->silence)
		return HI_OK;
	p->silence = hi_silences_take(&d->silences, p);
	return p->silence ? HI_OK : hi_error_set(e, HI_NOMEM, "no memory for another patient");
}

static int note(struct hi_detect *d, struct hi_detect_patient *p, struct hi_silence *one,
		uint16_t rule, struct hi_error *e)
{
	const struct hi_rule *r = &d->watches.rules->v[rule];

	hi_silence_disarm(&d->silences, one);
	one->active = true;
	return hi_due_add(d, deadline(one, r), p, rule, e);
}

int hi_listen_arm(struct hi_detect *d, const struct hi_silence_head *head, struct hi_silence *one,
		  const struct hi_rule *r, struct hi_error *e)
{
	bool armed =
		may_alarm(head, one) && deadline(one, r) >= d->stream.now_us - d->set.lateness_us;

	if (!armed)
		hi_silence_disarm(&d->silences, one);
	else if (!hi_silence_arm(&d->silences, one, deadline(one, r)))
		return hi_error_set(e, HI_NOMEM, "no memory for another alarm");
	return HI_OK;
}

int hi_listen_stream(struct hi_detect *d, int64_t before_us, struct hi_error *e)
{
	struct hi_silences *q = &d->silences;
	int64_t now_us = d->stream.now_us - d->set.lateness_us;
	struct hi_silence *one;
	int s = HI_OK;

	while (s == HI_OK && (one = hi_silences_next(q, now_us)) != NULL) {
		size_t k;
		const struct hi_silence_head *head = hi_silence_head(q, one, &k);
		const struct hi_rule *r = hi_silence_rule(q, k);

		if (!may_alarm(head, one) || hi_forget_is_due(d, head->patient, before_us))
			continue;
		if (deadline(one, r) >= now_us) /* there were readings since it was set */
			s = hi_listen_arm(d, head, one, r, e);
		else if (!is_forgiven(d, head, deadline(one, r)))
			s = note(d, head->patient, one, q->rule[k], e);
	}
	return s;
}

/* The patient's own clock has passed the deadline. */
static bool is_over(const struct hi_detect *d, const struct hi_detect_patient *p,
		    const struct hi_silence *one, const struct hi_rule *r)
{
	return !one->active && one->from_us != HI_SILENCE_NONE &&
	       deadline(one, r) < hi_detect_now(p) - d->set.lateness_us;
}

static void forget(struct hi_detect *d, struct hi_silence *one)
{
	one->from_us = HI_SILENCE_NONE;
	hi_silence_disarm(&d->silences, one);
}

void hi_listen_forget(struct hi_detect *d, const struct hi_detect_patient *p)
{
	for (size_t k = 0; p->silence && k < d->silences.rule_n; k++) {
		struct hi_silence *one = hi_silence_of(&d->silences, p->silence, k);
		if (is_over(d, p, one, hi_silence_rule(&d->silences, k)))
			forget(d, one);
	}
}

/* A silence that is no alarm, of a patient of whom nothing was expected, is forgotten with it. */
int hi_listen_own(struct hi_detect *d, struct hi_detect_patient *p, struct hi_error *e)
{
	struct hi_silences *q = &d->silences;
	int s = HI_OK;

	for (size_t k = 0; p->silence && k < q->rule_n && s == HI_OK; k++) {
		const struct hi_silence_head *head = &q->head[p->silence];
		struct hi_silence *one = hi_silence_of(q, p->silence, k);
		const struct hi_rule *r = hi_silence_rule(q, k);

		if (!is_over(d, p, one, r))
			continue;
		if (may_alarm(head, one) && !is_forgiven(d, head, deadline(one, r)))
			s = note(d, p, one, q->rule[k], e);
		else
			forget(d, one);
	}
	return s;
}

void hi_listen_fire(struct hi_detect *d, const struct hi_due *due)
{
	const struct hi_alert a = {
		.rule = &d->watches.rules->v[due->rule],
		.patient_id = due->patient_id,
		.onset_us = due->t_us,
	};

	hi_detect_write(d, &a);
}

static const char *const status_names[] = { NULL, "standby", "discharged" };

static void end_alarm(struct hi_detect *d, const struct hi_silence_head *head,
		      struct hi_silence *one, const struct hi_rule *r, int64_t ended_us)
{
	const struct hi_alert a = {
		.rule = r,
		.patient_id = hi_patients_id(d->patients, head->patient),
		.onset_us = deadline(one, r),
		.cleared = true,
		/* What came after the deadline may be older: it lay on its way. */
		.ended_us = ended_us > deadline(one, r) ? ended_us : deadline(one, r),
		.off = status_names[head->status],
	};

	one->active = false;
	hi_detect_write(d, &a);
}

static bool is_of(const struct hi_rule *r, const struct hi_rec *rec)
{
	if (r->any || r->metric)
		return r->any || r->metric == rec->metric;
	return !rec->metric && hi_slice_is(rec->metric_name, r->metric_name);
}

/*
 * When rec was heard: its own time, also where that is a little late. One ahead of all clocks
 * by more than the rule's time is heard at the moment that they show, so that a
 * single wrong time does not make an alarm of silence impossible.
 */
static int64_t heard_at(const struct hi_detect *d, const struct hi_detect_patient *p,
			const struct hi_rule *r, int64_t t_us)
{
	int64_t now_us = hi_detect_now(p);

	now_us = d->stream.now_us > now_us ? d->stream.now_us : now_us;
	return t_us - now_us <= r->stale_us ? t_us : now_us;
}

int hi_listen(struct hi_detect *d, struct hi_detect_patient *p, size_t k, const struct hi_rec *rec,
	      struct hi_error *e)
{
	const struct hi_rule *r = hi_silence_rule(&d->silences, k);
	struct hi_silence *one;
	int64_t t_us;

	/* One that comes later than the rule's time has not broken the silence. */
	if (!is_of(r, rec) || rec->t_us + r->stale_us < hi_detect_now(p) - d->set.lateness_us)
		return HI_OK;
	one = hi_silence_of(&d->silences, p->silence, k);
	t_us = heard_at(d, p, r, rec->t_us);
	/* A time ahead of the patient's clock gives way to what comes in time. */
	if (one->from_us != HI_SILENCE_NONE && t_us <= one->from_us &&
	    (one->from_us <= hi_detect_now(p) || t_us < hi_detect_now(p)))
		return HI_OK;
	if (one->active)
		end_alarm(d, &d->silences.head[p->silence], one, r, t_us);
	one->from_us = t_us;
	return hi_listen_arm(d, &d->silences.head[p->silence], one, r, e);
}

static enum hi_patient_status status_of(const struct hi_rec *rec)
{
	enum hi_patient_status status = HI_ADMITTED;
	struct hi_buf scratch;
	struct hi_slice text;

	hi_buf_init(&scratch, HI_LINE_MAX);
	text = hi_rec_text(rec, "status", &scratch);
	for (int i = HI_STANDBY; i <= HI_DISCHARGED; i++)
		if (hi_slice_is(text, status_names[i]))
			status = (enum hi_patient_status)i;
	hi_buf_release(&scratch);
	return status;
}

/* As a store orders them: a record without a number is the oldest. */
static double version_of(const struct hi_rec *rec)
{
	const struct hi_member *m = hi_rec_member(rec, "version");
	struct hi_slice text = m ? m->value : HI_LIT("");
	struct hi_num num;

	if (m && m->kind == HI_JSON_STRING)
		text = (struct hi_slice){ text.ptr + 1, text.len - 2 };
	return hi_num_parse(text, &num) ? num.v : 0;
}

/* What the patient's new record says about each alarm. */
static int take_status(struct hi_detect *d, const struct hi_silence_head *head, uint32_t at,
		       struct hi_error *e)
{
	int64_t now_us = is_believed(d, head->at_us) ? head->at_us : d->stream.now_us;
	int s = HI_OK;

	for (size_t k = 0; k < d->silences.rule_n && s == HI_OK; k++) {
		struct hi_silence *one = hi_silence_of(&d->silences, at, k);
		const struct hi_rule *r = hi_silence_rule(&d->silences, k);

		if (head->status != HI_ADMITTED && one->active) {
			end_alarm(d, head, one, r, now_us);
			one->from_us = HI_SILENCE_NONE;
		}
		s = hi_listen_arm(d, head, one, r, e);
	}
	return s;
}

int hi_detect_patient(struct hi_detect *d, const struct hi_rec *rec, struct hi_error *e)
{
	struct hi_detect_patient *p;
	struct hi_silence_head *head;
	int64_t at_us;
	int s;

	if (d->silences.rule_n == 0 || !(rec->has & HI_HAS_PATIENT))
		return HI_OK;
	p = hi_detect_find(d, rec);
	if (!p)
		return hi_error_set(e, HI_NOMEM, "no memory for another patient");
	if (hi_forget_is_due(d, p, d->stream.now_us))
		hi_forget(d, p);
	s = hi_listen_head(d, p, e);
	if (s)
		return s;
	head = &d->silences.head[p->silence];
	if (version_of(rec) < head->version)
		return HI_OK;
	head->version = version_of(rec);
	head->status = status_of(rec);
	head->at_us = hi_rec_time(rec, "at", &at_us) ? at_us : HI_SILENCE_NONE;
	if (!d->restore)
		hi_forget_heard(d, p);
	return take_status(d, head, p->silence, e);
}
