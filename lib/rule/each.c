/* One alert a reading: the replaced system's way, for comparison with it. */
#include <stdlib.h>

#include "rule/alert.h"
#include "rule/detect.h"
#include "rule/watch.h"
#include "state/patients.h"

/* The last alert of one patient by one rule. */
struct last {
	int64_t t_us;
	double v;
	uint32_t ordinal;
	bool known;
};

struct hi_each {
	struct hi_watches watches;
	struct hi_patients *patients; /* struct last a rule */
	struct hi_buf *line;
	void (*emit)(void *arg);
	void *arg;
	uint64_t n;
};

int hi_each_new(struct hi_each **out, const struct hi_rules *rules, struct hi_buf *line,
		void (*emit)(void *arg), void *arg, struct hi_error *e)
{
	struct hi_each *d = calloc(1, sizeof *d);

	*out = NULL;
	if (!d)
		return hi_error_set(e, HI_NOMEM, "no memory for rules");
	d->line = line;
	d->emit = emit;
	d->arg = arg;
	d->patients = hi_patients_new(rules->n * sizeof(struct last), HI_DETECT_PATIENTS_MAX);
	if (!d->patients || hi_watches_init(&d->watches, rules, e) != HI_OK) {
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

static uint32_t count(struct last *last, const struct hi_rec *rec)
{
	bool again = last->known && last->t_us == rec->t_us && last->v == rec->value.v;

	*last = (struct last){ rec->t_us, rec->value.v, again ? last->ordinal + 1 : 0, true };
	return last->ordinal;
}

static void write_alert(struct hi_each *d, size_t rule, struct last *last, const struct hi_rec *rec)
{
	struct hi_value_text observed;
	struct hi_alert a = {
		.rule = &d->watches.rules->v[rule],
		.patient_id = rec->patient_id,
		.unit = hi_rec_unit(rec),
		.onset_us = rec->t_us,
		.observed = &observed,
		.each = true,
		.ordinal = count(last, rec),
	};

	hi_value_text_keep(&observed, rec);
	hi_alert_write(&a, d->line);
	d->emit(d->arg);
	d->n++;
}

int hi_each_record(struct hi_each *d, const struct hi_rec *rec, struct hi_error *e)
{
	const struct hi_watch *watch = hi_watches_of(&d->watches, rec);
	double v = rec->value.v;
	struct last *last;

	if (!watch || !(rec->has & HI_HAS_VALUE) || !hi_watch_minds(watch, v))
		return HI_OK;
	last = hi_patients_get(d->patients, rec->patient_id, rec->patient_hash);
	if (!last)
		return hi_error_set(e, HI_NOMEM, "no memory for another patient");
	for (uint16_t i = 0; i < watch->rule_n; i++) {
		size_t rule = watch->rule[i];
		if (hi_limit_holds(&d->watches.rules->v[rule].limit, v))
			write_alert(d, rule, &last[rule], rec);
	}
	return HI_OK;
}
