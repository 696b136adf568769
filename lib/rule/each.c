/* One alert a reading: the replaced system's way, for comparison with it. */
#include <stdlib.h>

#include "rule/alert.h"
#include "rule/detect.h"
#include "rule/watch.h"
#include "state/clock.h"
#include "state/patients.h"

enum { SWEEP_MIN = 1024 };

/* The last alert of one patient by one rule. */
struct last {
	int64_t t_us;
	double v;
	uint32_t ordinal;
	bool known;
};

/* One patient. */
struct lasts {
	int64_t heard_us; /* the stream's clock at the last alert */
	struct last of_rule[];
};

struct hi_each {
	struct hi_detect_setup set;
	struct hi_watches watches;
	struct hi_patients *patients; /* struct lasts */
	struct hi_stream_clock stream;
	size_t sweep_at;
	bool preamble;
	uint64_t n;
};

static struct hi_patients *new_patients(const struct hi_detect_setup *setup)
{
	return hi_patients_new(sizeof(struct lasts) + setup->rules->n * sizeof(struct last),
			       HI_DETECT_PATIENTS_MAX);
}

int hi_each_new(struct hi_each **out, const struct hi_detect_setup *setup, struct hi_error *e)
{
	struct hi_each *d = calloc(1, sizeof *d);

	*out = NULL;
	if (!d)
		return hi_error_set(e, HI_NOMEM, "no memory for rules");
	d->set = *setup;
	d->sweep_at = SWEEP_MIN;
	hi_stream_clock_init(&d->stream);
	d->patients = new_patients(setup);
	if (!d->patients || hi_watches_init(&d->watches, setup->rules, e) != HI_OK) {
		hi_each_free(d);
		return hi_error_set(e, HI_NOMEM, "no memory for rules");
	}
	*out = d;
	return HI_OK;
}

void hi_each_free(struct hi_each *d)
{
	if (!d)
		return;
	hi_watches_release(&d->watches);
	hi_patients_free(d->patients);
	free(d);
}

uint64_t hi_each_count(const struct hi_each *d)
{
	return d->n;
}

size_t hi_each_patients(const struct hi_each *d)
{
	return hi_patients_count(d->patients);
}

static bool is_remembered(void *arg, const void *state)
{
	const struct hi_each *d = arg;
	const struct lasts *p = state;

	return d->set.forget_us == 0 || d->stream.now_us - p->heard_us <= d->set.forget_us;
}

static void moved(void *arg, void *from, void *to)
{
	(void)arg;
	(void)from;
	(void)to;
}

static void sweep(struct hi_each *d)
{
	size_t n = hi_patients_count(d->patients), kept = 0;
	struct hi_slice id;

	for (size_t i = 0; i < n; i++)
		kept += is_remembered(d, hi_patients_at(d->patients, i, &id));
	if (n - kept > n / 4)
		hi_patients_sweep(&d->patients, is_remembered, moved, d);
	n = hi_patients_count(d->patients);
	d->sweep_at = 2 * n > SWEEP_MIN ? 2 * n : SWEEP_MIN;
}

static struct lasts *find(struct hi_each *d, const struct hi_rec *rec)
{
	struct lasts *p;

	if (hi_patients_count(d->patients) >= d->sweep_at)
		sweep(d);
	p = hi_patients_get(d->patients, rec->patient_id, rec->patient_hash);
	if (!p)
		return NULL;
	if (!is_remembered(d, p))
		for (size_t i = 0; i < d->set.rules->n; i++)
			p->of_rule[i].known = false;
	p->heard_us = d->stream.now_us;
	return p;
}

static uint32_t count(struct last *last, const struct hi_rec *rec)
{
	bool again = last->known && last->t_us == rec->t_us && last->v == rec->value.v;

	*last = (struct last){ rec->t_us, rec->value.v, again ? last->ordinal + 1 : 0, true };
	return last->ordinal;
}

static void write_alert(struct hi_each *d, size_t rule, uint32_t ordinal, const struct hi_rec *rec)
{
	struct hi_value_text observed;
	struct hi_alert a = {
		.rule = &d->watches.rules->v[rule],
		.patient_id = rec->patient_id,
		.unit = hi_rec_unit(rec),
		.onset_us = rec->t_us,
		.observed = &observed,
		.each = true,
		.ordinal = ordinal,
	};

	hi_value_text_keep(&observed, rec);
	hi_alert_write(&a, d->set.line);
	d->set.emit(d->set.arg);
	d->n++;
}

int hi_each_record(struct hi_each *d, const struct hi_rec *rec, struct hi_error *e)
{
	const struct hi_watch *watch = hi_watches_of(&d->watches, rec);
	double v = rec->value.v;
	struct lasts *p;

	if (!d->preamble)
		hi_stream_clock_reading(&d->stream, rec->patient_id, rec->t_us);
	if (!watch || !(rec->has & HI_HAS_VALUE) || !hi_watch_minds(watch, v))
		return HI_OK;
	p = find(d, rec);
	if (!p)
		return hi_error_set(e, HI_NOMEM, "no memory for another patient");
	for (uint16_t i = 0; i < watch->rule_n; i++) {
		size_t rule = watch->rule[i];
		if (!hi_limit_holds(&d->watches.rules->v[rule].limit, v))
			continue;
		uint32_t ordinal = count(&p->of_rule[rule], rec);
		if (!d->preamble)
			write_alert(d, rule, ordinal, rec);
	}
	return HI_OK;
}

void hi_each_tick(struct hi_each *d, int64_t t_us)
{
	hi_stream_clock_tick(&d->stream, t_us);
}

int hi_each_preamble_begin(struct hi_each *d, const struct hi_mark *begin, struct hi_error *e)
{
	struct hi_patients *patients = new_patients(&d->set);

	if (!patients)
		return hi_error_set(e, HI_NOMEM, "no memory for a preamble");
	hi_patients_free(d->patients);
	d->patients = patients;
	hi_stream_clock_init(&d->stream);
	if (begin->timed)
		d->stream.now_us = begin->t_us;
	d->preamble = true;
	return HI_OK;
}

void hi_each_preamble_end(struct hi_each *d)
{
	d->preamble = false;
}
