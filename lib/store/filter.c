#include "store/filter.h"

#include "base/hash.h"

static int table_of(struct hi_patients **out, const char *const *names, size_t n,
		    struct hi_error *e)
{
	if (n == 0)
		return HI_OK;
	*out = hi_patients_new(1, n);
	for (size_t i = 0; *out && i < n; i++) {
		struct hi_slice name = hi_slice_of(names[i]);
		if (!hi_patients_get(*out, name, hi_hash_slice(name)))
			return hi_error_set(e, HI_NOMEM, "no memory for a selection");
	}
	return *out ? HI_OK : hi_error_set(e, HI_NOMEM, "no memory for a selection");
}

int hi_filter_init(struct hi_filter *f, const struct hi_select *sel, struct hi_error *e)
{
	*f = (struct hi_filter){
		.since_us = sel->since_us,
		.until_us = sel->until_us,
		.scores = sel->scores,
		.after = sel->after,
	};
	int s = table_of(&f->patients, sel->patients, sel->patients_n, e);
	return s ? s : table_of(&f->metrics, sel->metrics, sel->metrics_n, e);
}

void hi_filter_release(struct hi_filter *f)
{
	hi_patients_free(f->patients);
	hi_patients_free(f->metrics);
}

bool hi_filter_patient(const struct hi_filter *f, struct hi_slice id)
{
	return !f->patients || hi_patients_find(f->patients, id, hi_hash_slice(id));
}

bool hi_filter_metric(const struct hi_filter *f, struct hi_slice name)
{
	return !f->metrics || hi_patients_find(f->metrics, name, hi_hash_slice(name));
}

/* When it was: an act and a statistic have keys of their own for that, as in kept.c. */
static bool time_of(const struct hi_rec *rec, int64_t *t_us)
{
	*t_us = rec->t_us;
	if (rec->type == HI_T_ACT)
		return hi_rec_time(rec, "at", t_us);
	if (rec->type == HI_T_STAT)
		return hi_rec_time(rec, "from", t_us);
	return rec->type != HI_T_PATIENT && rec->type != HI_T_VOID && (rec->has & HI_HAS_TIME);
}

bool hi_filter_record(const struct hi_filter *f, const struct hi_rec *rec)
{
	int64_t t_us;
	if (time_of(rec, &t_us) && !hi_filter_time(f, t_us))
		return false;
	if ((rec->has & HI_HAS_PATIENT) && !hi_filter_patient(f, rec->patient_id))
		return false;
	return !(rec->has & HI_HAS_METRIC) || hi_filter_metric(f, rec->metric_name);
}
