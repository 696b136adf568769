#include "agg/agg.h"

#include <stdlib.h>

#include "agg/agg_private.h"
#include "base/hash.h"
#include "base/time.h"

enum { WARD_MAX = 4096 };

/* A greater jump ahead is one patient's wrong clock until another's reading confirms it. */
#define JUMP_MAX HI_US_H

static const char no_memory[] = "no memory for statistics";

int hi_agg_new(struct hi_agg **out, const struct hi_agg_options *options, struct hi_error *e)
{
	int status = hi_every_check(&options->every, e);

	*out = NULL;
	if (status != HI_OK)
		return status;
	struct hi_agg *g = calloc(1, sizeof(*g));
	if (!g)
		return hi_error_set(e, HI_NOMEM, no_memory);
	g->o = *options;
	g->oldest_us = g->due_us = INT64_MAX;
	g->newest_us = g->clock_us = INT64_MIN;
	g->ahead_patient = HI_NO_NAME;
	hi_buf_init(&g->scratch, WARD_MAX);
	hi_json_init(&g->extra);
	if (hi_names_init(&g->patients) || hi_names_init(&g->wards) || hi_names_init(&g->metrics)) {
		hi_agg_free(g);
		return hi_error_set(e, HI_NOMEM, no_memory);
	}
	*out = g;
	return HI_OK;
}

void hi_agg_free(struct hi_agg *g)
{
	if (!g)
		return;
	hi_spans_release(&g->spans);
	hi_names_release(&g->patients);
	hi_names_release(&g->wards);
	hi_names_release(&g->metrics);
	hi_buf_release(&g->scratch);
	hi_json_release(&g->extra);
	free(g);
}

uint64_t hi_agg_late(const struct hi_agg *g)
{
	return g->late;
}

void hi_agg_range(struct hi_agg *g, int64_t oldest_us, int64_t newest_us)
{
	g->oldest_us = oldest_us < g->oldest_us ? oldest_us : g->oldest_us;
	g->newest_us = newest_us > g->newest_us ? newest_us : g->newest_us;
}

uint32_t hi_agg_metric(struct hi_agg *g, const struct hi_metric *m, struct hi_slice name)
{
	if (m)
		return (uint32_t)hi_metric_index(m);
	uint32_t i = hi_names_get(&g->metrics, name, hi_hash_slice(name));
	return i == HI_NO_NAME ? i : i + (uint32_t)hi_metrics_n;
}

struct hi_slice hi_agg_metric_name(const struct hi_agg *g, uint32_t metric)
{
	if (metric < hi_metrics_n)
		return hi_slice_of(hi_metrics[metric].name);
	return hi_names_text(&g->metrics, metric - (uint32_t)hi_metrics_n);
}

void hi_agg_forget(struct hi_agg *g)
{
	g->span = NULL;
	g->group = NULL;
	memset(g->cache, 0, sizeof(g->cache));
}

static bool holds(const struct hi_span *s, int64_t t_us)
{
	return s && t_us >= s->window.from_us && t_us < s->window.to_us;
}

/*
 * The window of t_us, made where it is new. Readings by patient or in no order
 * come back to the same windows, and finding a window in a zone is dear, so a few
 * are kept by time. HI_REFUSED: it is out.
 */
static int find_span(struct hi_agg *g, int64_t t_us)
{
	int64_t step = g->o.every.every_us;
	struct hi_span **kept = &g->cache[(uint64_t)(t_us / step) % HI_AGG_CACHE];
	struct hi_span *s = *kept;

	if (!holds(s, t_us)) {
		struct hi_window w = hi_window_of(&g->o.every, t_us);
		if (g->o.lateness_given && w.to_us <= g->clock_us - g->o.lateness_us)
			return HI_REFUSED;
		s = hi_span_get(&g->spans, w);
		if (!s)
			return HI_NOMEM;
		*kept = s;
		if (g->o.lateness_given && w.to_us + g->o.lateness_us < g->due_us)
			g->due_us = w.to_us + g->o.lateness_us;
	}
	g->span = s;
	g->group = NULL;
	return HI_OK;
}

/* The ward of a reading: its own key. */
static struct hi_slice ward_of(struct hi_agg *g, const struct hi_rec *rec)
{
	static const struct hi_slice none = { NULL, 0 };

	hi_buf_reset(&g->scratch);
	if (!(rec->has & HI_HAS_EXTRA_JSON))
		return hi_rec_text(rec, "ward", &g->scratch);
	if (rec->extra_json.len == 0 || hi_json_slice(&g->extra, rec->extra_json, NULL))
		return none;
	const struct hi_member *m = hi_json_find(&g->extra, "ward");
	return m && m->kind == HI_JSON_STRING ? hi_member_text(m, &g->scratch) : none;
}

static int find_group(struct hi_agg *g, const struct hi_rec *rec, uint32_t patient)
{
	uint32_t by_patient = g->o.by_patient ? patient : HI_NO_NAME, ward = HI_NO_NAME;
	struct hi_slice name = { NULL, 0 };

	if (g->o.by_ward)
		name = ward_of(g, rec);
	if (name.ptr) {
		ward = hi_names_get(&g->wards, name, hi_hash_slice(name));
		if (ward == HI_NO_NAME)
			return HI_NOMEM;
	}
	if (!g->group || g->group->patient != by_patient || g->group->ward != ward)
		g->group = hi_group_get(g->span, by_patient, ward);
	return g->group ? HI_OK : HI_NOMEM;
}

static int count(struct hi_agg *g, const struct hi_rec *rec, uint32_t patient)
{
	int status = holds(g->span, rec->t_us) ? HI_OK : find_span(g, rec->t_us);

	status = status ? status : find_group(g, rec, patient);
	if (status)
		return status;
	uint32_t metric = hi_agg_metric(g, rec->metric, rec->metric_name);
	if (metric == HI_NO_NAME)
		return HI_NOMEM;
	struct hi_cell *c = metric < g->group->cells_n ? g->group->cells[metric] : NULL;
	if (!c)
		c = hi_cell_get(g->group, metric, rec->metric);
	if (!c || hi_values_add(&c->values, &rec->value))
		return HI_NOMEM;
	if (!g->o.by_patient)
		return hi_cell_see(c, patient);
	c->patients_n = 1;
	return HI_OK;
}

/*
 * Moves the clock to the newest event time. One patient's far jump ahead waits
 * until another patient is as far: then the earlier of the two is the clock.
 */
static void move_clock(struct hi_agg *g, int64_t t_us, uint32_t patient)
{
	bool first = g->clock_us == INT64_MIN;

	if (t_us <= g->clock_us)
		return;
	if (first || t_us - g->clock_us <= JUMP_MAX) {
		g->clock_us = t_us;
		return;
	}
	if (g->ahead_patient == HI_NO_NAME || g->ahead_us <= g->clock_us + JUMP_MAX) {
		g->ahead_us = t_us;
		g->ahead_patient = patient;
	} else if (g->ahead_patient != patient) {
		int64_t later = t_us > g->ahead_us ? t_us : g->ahead_us;
		g->clock_us = t_us < g->ahead_us ? t_us : g->ahead_us;
		g->ahead_patient = t_us > g->ahead_us ? patient : g->ahead_patient;
		g->ahead_us = later;
	} else if (t_us < g->ahead_us) {
		g->ahead_us = t_us; /* of one patient the least is the likelier */
	}
}

/* Rows that the clock makes due, before the reading that moves it is counted. */
static int keep_time(struct hi_agg *g, const struct hi_rec *rec, uint32_t patient,
		     struct hi_error *e)
{
	move_clock(g, rec->t_us, patient);
	return g->clock_us < g->due_us ? HI_OK : hi_agg_emit(g, g->clock_us - g->o.lateness_us, e);
}

int hi_agg_add(struct hi_agg *g, const struct hi_rec *rec, struct hi_error *e)
{
	int status = HI_OK;

	if (rec->type != HI_T_READING)
		return HI_OK;
	hi_agg_range(g, rec->t_us, rec->t_us);
	uint32_t patient = hi_names_get(&g->patients, rec->patient_id, rec->patient_hash);
	if (patient == HI_NO_NAME)
		return hi_error_set(e, HI_NOMEM, no_memory);
	if (g->o.lateness_given)
		status = keep_time(g, rec, patient, e);
	if (status || !(rec->has & HI_HAS_VALUE) || ((rec->has & HI_HAS_TOOL) && !g->o.derived))
		return status;
	status = count(g, rec, patient);
	g->late += status == HI_REFUSED;
	return status == HI_NOMEM ? hi_error_set(e, HI_NOMEM, no_memory) : status;
}

int hi_agg_finish(struct hi_agg *g, struct hi_error *e)
{
	return hi_agg_emit(g, INT64_MAX, e);
}
