/*
 * Who was silent for long is forgotten: for whoever comes back everything begins
 * anew, but for alarms that are ACTIVE. When the memory is given back is another
 * matter, and is not seen: the question whether a patient is forgotten is asked with
 * each reading, and answered by clocks alone.
 */
#include "rule/detect_private.h"

static int64_t since_zero(int64_t t_us)
{
	return t_us - HI_CLOCK_ZERO;
}

/* The newest time of the patient, also one that only the stream's clock has confirmed. */
static int64_t newest(const struct hi_detect_patient *p, int64_t stream_us)
{
	bool confirmed = p->clock.ahead > p->clock.now && p->clock.ahead <= since_zero(stream_us);

	return confirmed ? p->clock.ahead : p->clock.now;
}

bool hi_forget_is_due(const struct hi_detect *d, const struct hi_detect_patient *p,
		      int64_t stream_us)
{
	int64_t until = newest(p, stream_us) + d->forget_us;

	if (p->heard > until)
		until = p->heard + d->forget_us;
	return since_zero(stream_us) > until;
}

void hi_forget_heard(const struct hi_detect *d, struct hi_detect_patient *p)
{
	int64_t stream_us = d->stream.now_us;

	if (since_zero(stream_us) > newest(p, stream_us) + d->forget_us)
		p->heard = since_zero(stream_us);
}

/* The patient's record is to be kept: standby has no end, a discharge is soon forgotten. */
static bool is_off(const struct hi_detect *d, const struct hi_silence_head *head)
{
	if (head->status != HI_DISCHARGED || head->at_us == HI_SILENCE_NONE)
		return head->status == HI_STANDBY;
	return d->stream.now_us <= head->at_us + d->forget_us;
}

/* All but alarms that are ACTIVE. */
static void forget_episodes(struct hi_detect *d, struct hi_detect_patient *p)
{
	uint32_t *link = &p->episode;

	while (*link) {
		uint32_t i = *link;
		struct hi_episode *ep = &d->episodes.v[i];

		if (ep->phase != HI_PENDING) {
			link = &ep->next;
			continue;
		}
		*link = ep->next;
		hi_episodes_give(&d->episodes, i);
	}
}

static void forget_silence(struct hi_detect *d, struct hi_detect_patient *p)
{
	struct hi_silence_head *head = &d->silences.head[p->silence];
	bool keep = is_off(d, head);

	if (!keep)
		hi_silence_admit(head);
	for (size_t k = 0; k < d->silences.rule_n; k++) {
		struct hi_silence *one = hi_silence_of(&d->silences, p->silence, k);

		keep |= one->active;
		if (one->active)
			continue;
		hi_silence_disarm(&d->silences, one);
		one->from_us = HI_SILENCE_NONE;
	}
	if (keep)
		return;
	hi_silences_give(&d->silences, p->silence);
	p->silence = 0;
}

void hi_forget(struct hi_detect *d, struct hi_detect_patient *p)
{
	forget_episodes(d, p);
	if (p->silence)
		forget_silence(d, p);
	p->clock = (struct hi_patient_clock){ 0 };
	p->heard = 0;
}

/* Something is to be kept of p even where p is forgotten. */
static bool has_alarm(const struct hi_detect *d, const struct hi_detect_patient *p)
{
	for (uint32_t i = p->episode; i; i = d->episodes.v[i].next)
		if (d->episodes.v[i].phase != HI_PENDING)
			return true;
	for (size_t k = 0; p->silence && k < d->silences.rule_n; k++)
		if (hi_silence_of(&d->silences, p->silence, k)->active)
			return true;
	return false;
}

static bool keep_patient(void *arg, const void *state)
{
	const struct hi_detect *d = arg;
	const struct hi_detect_patient *p = state;

	return !hi_forget_is_due(d, p, d->stream.now_us) || has_alarm(d, p) ||
	       (p->silence && is_off(d, &d->silences.head[p->silence]));
}

static void patient_moved(void *arg, void *from, void *to)
{
	struct hi_detect *d = arg;
	struct hi_detect_patient *p = from;

	if (!to) {
		hi_forget(d, p);
		return;
	}
	for (uint32_t i = p->episode; i; i = d->episodes.v[i].next)
		d->episodes.v[i].patient = to;
	if (p->silence)
		d->silences.head[p->silence].patient = to;
}

/* Where few are to be forgotten, a new table is not worth its making. */
static bool is_worth_it(const struct hi_detect *d)
{
	size_t n = hi_patients_count(d->patients), kept = 0;
	struct hi_slice id;

	for (size_t i = 0; i < n; i++)
		kept += keep_patient((void *)d, hi_patients_at(d->patients, i, &id));
	return n - kept > n / 4 || (n == HI_DETECT_PATIENTS_MAX && kept < n);
}

void hi_forget_sweep(struct hi_detect *d)
{
	size_t n;

	if (is_worth_it(d))
		hi_patients_sweep(&d->patients, keep_patient, patient_moved, d);
	d->last_len = 0;
	n = hi_patients_count(d->patients);
	d->sweep_at = 2 * n > HI_SWEEP_MIN ? 2 * n : HI_SWEEP_MIN;
}
