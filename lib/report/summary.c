#include "report/summary.h"

#include <stdlib.h>

#include "agg/agg.h"
#include "base/time.h"
#include "report/words.h"

/* Monitored time ends where nothing comes for longer than this (clinical.md: gaps above 1 h). */
#define STEP_MAX_US HI_US_H

void hi_words_set(struct hi_words *w, struct hi_slice s)
{
	size_t n = s.len;

	if (n > HI_SUMMARY_TEXT_MAX) {
		n = HI_SUMMARY_TEXT_MAX;
		while (n > 0 && ((unsigned char)s.ptr[n] & 0xc0) == 0x80)
			n--;
	}
	w->len = (uint8_t)n;
	if (n > 0)
		memcpy(w->s, s.ptr, n);
}

/* A string member of rec into w; empty where there is none. */
void hi_summary_text(struct hi_summary *s, const struct hi_rec *rec, const char *key,
		     struct hi_words *w)
{
	hi_buf_reset(&s->scratch);
	hi_words_set(w, hi_rec_text(rec, key, &s->scratch));
}

bool hi_summary_true(const struct hi_rec *rec, const char *key)
{
	const struct hi_member *m = hi_rec_member(rec, key);

	return m && m->kind == HI_JSON_TRUE;
}

bool hi_summary_count(const struct hi_rec *rec, const char *key, uint64_t *n)
{
	struct hi_num v;

	if (!hi_rec_number(rec, key, &v) || !v.exact || v.scale || v.mant < 0)
		return false;
	*n = (uint64_t)v.mant;
	return true;
}

int hi_summary_init(struct hi_summary *s, struct hi_error *e)
{
	memset(s, 0, sizeof(*s));
	s->bucket_max = HI_SERIES_MAX;
	hi_buf_init(&s->scratch, HI_LINE_MAX);
	s->table = hi_patients_new(sizeof(struct hi_summary_patient), HI_SUMMARY_PATIENTS_MAX);
	s->alerts = hi_patients_new(sizeof(struct hi_alarm), HI_SUMMARY_EPISODES_MAX);
	s->rules = calloc(HI_SUMMARY_RULES_MAX, sizeof(*s->rules));
	s->rejects = calloc(HI_SUMMARY_REJECTS_MAX, sizeof(*s->rejects));
	if (s->table && s->alerts && s->rules && s->rejects && hi_summary_stats_open(s, e) == HI_OK)
		return HI_OK;
	hi_summary_release(s);
	return hi_error_set(e, HI_NOMEM, "report: out of memory");
}

static void patient_release(struct hi_summary_patient *p)
{
	for (unsigned i = 0; i < p->series_n; i++) {
		hi_series_release(&p->series[i]->series);
		free(p->series[i]);
	}
	free(p->series);
	free(p->name); /* the first of four */
}

void hi_summary_release(struct hi_summary *s)
{
	struct hi_slice id;

	for (size_t i = 0; s->table && i < hi_patients_count(s->table); i++)
		patient_release(hi_patients_at(s->table, i, &id));
	if (s->table)
		hi_patients_free(s->table);
	if (s->alerts)
		hi_patients_free(s->alerts);
	free(s->rules);
	free(s->rejects);
	free(s->stats);
	free(s->days);
	hi_agg_free(s->agg);
	free(s->order);
	free(s->episodes);
	hi_buf_release(&s->scratch);
	memset(s, 0, sizeof(*s));
}

void hi_summary_time(struct hi_summary *s, int64_t t_us)
{
	if (!s->has_time || t_us < s->first_us)
		s->first_us = t_us;
	if (!s->has_time || t_us > s->last_us)
		s->last_us = t_us;
	s->has_time = true;
}

/* NULL with *rc = HI_OK: the table is full, or the record has no patient; counted. */
struct hi_summary_patient *hi_summary_patient_get(struct hi_summary *s, const struct hi_rec *rec,
						  int *rc)
{
	struct hi_summary_patient *p;

	*rc = HI_OK;
	if (!(rec->has & HI_HAS_PATIENT))
		return NULL;
	p = hi_patients_get(s->table, rec->patient_id, rec->patient_hash);
	if (p && p->id.ptr == NULL) {
		hi_patients_at(s->table, hi_patients_count(s->table) - 1, &p->id);
		p->worst = HI_ALARMS;
	} else if (!p && hi_patients_count(s->table) >= HI_SUMMARY_PATIENTS_MAX) {
		s->patients_left++;
	} else if (!p) {
		*rc = HI_NOMEM;
	}
	return p;
}

/* The metric's index, made where it is new; METRICS_MAX: there is no more room. */
static unsigned metric_index(struct hi_summary *s, const struct hi_rec *rec)
{
	struct hi_summary_metric *m;

	for (unsigned i = 0; i < s->metrics_n; i++) {
		m = &s->metrics[i];
		if (rec->metric
			    ? m->metric == rec->metric
			    : !m->metric && hi_slice_eq(hi_words_view(&m->name), rec->metric_name))
			return i;
	}
	if (s->metrics_n == HI_SUMMARY_METRICS_MAX)
		return HI_SUMMARY_METRICS_MAX;
	m = &s->metrics[s->metrics_n];
	m->metric = rec->metric;
	hi_words_set(&m->name, rec->metric_name);
	if (!rec->metric)
		hi_words_set(&m->unit, hi_rec_unit(rec));
	return s->metrics_n++;
}

static struct hi_series *series_find(const struct hi_summary_patient *p, unsigned metric)
{
	for (unsigned i = 0; i < p->series_n; i++)
		if (p->series[i]->metric == metric)
			return &p->series[i]->series;
	return NULL;
}

const struct hi_series *hi_summary_series(const struct hi_summary_patient *p, unsigned metric)
{
	return series_find(p, metric);
}

static struct hi_series *series_new(struct hi_summary *s, struct hi_summary_patient *p,
				    unsigned metric)
{
	struct hi_patient_series *made;

	if ((p->series_n & (p->series_n - 1)) == 0) { /* room for a power of two */
		size_t cap = p->series_n ? (size_t)p->series_n * 2 : 1;
		struct hi_patient_series **grown = realloc(p->series, cap * sizeof(*grown));

		if (!grown)
			return NULL;
		p->series = grown;
	}
	made = malloc(sizeof(*made));
	if (!made)
		return NULL;
	made->metric = metric;
	hi_series_init(&made->series);
	p->series[p->series_n++] = made;
	s->metrics[metric].patients_n++;
	return &made->series;
}

/* All series at half their detail. Happens five times at most: 512 to 16 buckets. */
static void coarsen(struct hi_summary *s)
{
	s->bucket_max /= 2;
	s->buckets = 0;
	for (size_t i = 0; i < hi_patients_count(s->table); i++) {
		struct hi_slice id;
		struct hi_summary_patient *p = hi_patients_at(s->table, i, &id);

		for (unsigned k = 0; k < p->series_n; k++) {
			hi_series_shrink(&p->series[k]->series, s->bucket_max);
			s->buckets += p->series[k]->series.cap;
		}
	}
}

/* True where no bucket more may be had: no new series, and none may grow. */
static bool full(struct hi_summary *s)
{
	while (s->buckets >= HI_SUMMARY_BUCKETS_MAX && s->bucket_max > HI_SERIES_MIN)
		coarsen(s);
	return s->buckets >= HI_SUMMARY_BUCKETS_MAX;
}

int hi_summary_side(const struct hi_metric *m, double v)
{
	if (!m || !m->normal.known || hi_range_has(&m->normal, v))
		return 0;
	return v > m->normal.high ? 1 : v < m->normal.low ? -1 : v >= m->normal.high ? 1 : -1;
}

/* What people see of the value: the catalogue's decimals, else the most that were written. */
static void note_shape(struct hi_series *series, const struct hi_rec *rec, double v)
{
	unsigned decimals = rec->metric ? rec->metric->decimals : rec->value.scale;

	if (decimals > HI_WORDS_DECIMALS_MAX || (!rec->metric && !rec->value.exact))
		decimals = HI_WORDS_DECIMALS_MAX;
	if (decimals > series->decimals)
		series->decimals = (uint8_t)decimals;
	if ((rec->has & HI_HAS_CODE) && rec->code.len == 1 && series->last == v)
		series->code = (uint8_t)rec->code.ptr[0];
	if (hi_summary_side(rec->metric, v) != 0)
		series->outside++;
}

/* A coded value is charted as its place in the code's letters; other text has no chart. */
static enum hi_sample sample_of(const struct hi_rec *rec, double *v)
{
	const char *at;

	if (rec->metric && rec->metric->codes) {
		if (!(rec->has & HI_HAS_CODE) || rec->code.len != 1)
			return HI_SAMPLE_ABSENT;
		at = strchr(rec->metric->codes, rec->code.ptr[0]);
		*v = at && *at ? (double)(at - rec->metric->codes) : 0;
		return at && *at ? HI_SAMPLE_VALUE : HI_SAMPLE_ABSENT;
	}
	if (!(rec->has & HI_HAS_VALUE))
		return HI_SAMPLE_ABSENT;
	*v = rec->value.v;
	return hi_metric_plausible(rec->metric, *v) ? HI_SAMPLE_VALUE : HI_SAMPLE_BAD;
}

static int add_sample(struct hi_summary *s, struct hi_summary_patient *p, const struct hi_rec *rec)
{
	unsigned metric = metric_index(s, rec);
	struct hi_series *series = series_find(p, metric);
	bool stuck = (!series || series->n == series->cap) && full(s);
	double v = 0;
	enum hi_sample kind = sample_of(rec, &v);
	uint32_t cap;
	int rc;

	if (metric == HI_SUMMARY_METRICS_MAX || (!series && stuck)) {
		s->metrics_left++;
		return HI_OK;
	}
	if (!series)
		series = series_new(s, p, metric);
	if (!series)
		return HI_NOMEM;
	cap = series->cap;
	rc = hi_series_add(series, rec->t_us, v, kind, stuck ? cap : s->bucket_max);
	if (rc != HI_OK)
		return rc;
	s->buckets = s->buckets + series->cap - cap;
	s->implausible += kind == HI_SAMPLE_BAD;
	if (kind == HI_SAMPLE_VALUE)
		note_shape(series, rec, v);
	return hi_summary_stats_add(s, rec);
}

static int add_reading(struct hi_summary *s, const struct hi_rec *rec)
{
	struct hi_summary_patient *p;
	int rc;

	if (hi_rec_is_score(rec))
		s->scores++;
	else
		s->readings++;
	s->zoneless += (rec->has & HI_HAS_ZONELESS) != 0;
	hi_summary_time(s, rec->t_us);
	p = hi_summary_patient_get(s, rec, &rc);
	if (!p)
		return rc;
	if (p->readings && rec->t_us > p->last_us && rec->t_us - p->last_us <= STEP_MAX_US)
		p->monitored_us += rec->t_us - p->last_us;
	if (!p->readings || rec->t_us < p->first_us)
		p->first_us = rec->t_us;
	if (!p->readings || rec->t_us > p->last_us)
		p->last_us = rec->t_us;
	p->readings++;
	return add_sample(s, p, rec);
}

/* The highest version stands; without versions the last to arrive. */
static int add_patient(struct hi_summary *s, const struct hi_rec *rec)
{
	static const char *const keys[] = { "name", "ward", "bed", "status" };
	struct hi_num version = { .v = 0 };
	struct hi_summary_patient *p;
	int rc;

	p = hi_summary_patient_get(s, rec, &rc);
	if (!p)
		return rc;
	hi_rec_number(rec, "version", &version);
	if (p->name && version.v < (double)p->version)
		return HI_OK;
	if (!p->name) {
		p->name = calloc(4, sizeof(*p->name));
		if (!p->name)
			return HI_NOMEM;
		p->ward = p->name + 1;
		p->bed = p->name + 2;
		p->status = p->name + 3;
	}
	p->version = version.exact && version.scale == 0 ? version.mant : 0;
	for (size_t i = 0; i < 4; i++) {
		hi_buf_reset(&s->scratch);
		hi_words_set(p->name + i, hi_rec_text(rec, keys[i], &s->scratch));
	}
	return HI_OK;
}

int hi_summary_add(struct hi_summary *s, const struct hi_rec *rec, struct hi_error *e)
{
	int rc = HI_OK;

	s->types[rec->type]++;
	if (rec->type == HI_T_READING)
		rc = add_reading(s, rec);
	else if (rec->type == HI_T_ALERT)
		rc = hi_summary_alert(s, rec);
	else if (rec->type == HI_T_PATIENT)
		rc = add_patient(s, rec);
	else if (rec->type == HI_T_STAT)
		rc = hi_summary_stat(s, rec);
	else if (rec->type == HI_T_REJECT)
		rc = hi_summary_reject(s, rec);
	return rc == HI_OK ? HI_OK : hi_error_set(e, rc, "report: out of memory");
}

bool hi_summary_burden(const struct hi_summary *s, double *per_bed_day)
{
	if (s->monitored_us <= 0)
		return false;
	*per_bed_day = (double)s->episodes_n * (double)HI_US_DAY / (double)s->monitored_us;
	return true;
}
