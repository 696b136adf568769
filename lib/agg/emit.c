/* Rows out: each window's cells in a fixed order. */
#include <stdlib.h>

#include "agg/agg_private.h"

struct item {
	uint32_t metric;
	struct hi_slice name, patient, ward;
	const struct hi_cell *cell;
};

/* None before any text. */
static int cmp_text(struct hi_slice a, struct hi_slice b)
{
	if (!a.ptr || !b.ptr)
		return (a.ptr != NULL) - (b.ptr != NULL);
	return hi_slice_cmp(a, b);
}

static int by_row(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	bool known_x = x->metric < hi_metrics_n, known_y = y->metric < hi_metrics_n;
	int c;

	if (known_x || known_y)
		c = (x->metric > y->metric) - (x->metric < y->metric);
	else
		c = hi_slice_cmp(x->name, y->name);
	c = c ? c : cmp_text(x->patient, y->patient);
	return c ? c : cmp_text(x->ward, y->ward);
}

static size_t cells_of(const struct hi_span *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->cap; i++)
		for (uint32_t m = 0; s->slots[i] && m < s->slots[i]->cells_n; m++)
			n += s->slots[i]->cells[m] != NULL;
	return n;
}

/* Malloced; *n items in the order of their rows. NULL: no memory. */
static struct item *items_of(const struct hi_agg *g, const struct hi_span *s, size_t *n)
{
	struct item *out = malloc((cells_of(s) + 1) * sizeof(*out));

	*n = 0;
	if (!out)
		return NULL;
	for (size_t i = 0; i < s->cap; i++) {
		const struct hi_group *group = s->slots[i];
		if (!group)
			continue;
		struct item item = { .patient = hi_names_text(&g->patients, group->patient),
				     .ward = hi_names_text(&g->wards, group->ward) };
		for (uint32_t m = 0; m < group->cells_n; m++) {
			if (!group->cells[m])
				continue;
			item.metric = m;
			item.name = hi_agg_metric_name(g, m);
			item.cell = group->cells[m];
			out[(*n)++] = item;
		}
	}
	qsort(out, *n, sizeof(*out), by_row);
	return out;
}

static int emit_span(struct hi_agg *g, const struct hi_span *s, struct hi_error *e)
{
	size_t n;
	struct item *items = items_of(g, s, &n);
	int status = items ? HI_OK : hi_error_set(e, HI_NOMEM, "no memory for rows");

	for (size_t i = 0; i < n && status == HI_OK; i++) {
		struct hi_stat_row row = {
			.window = s->window,
			.every_us = g->o.every.every_us,
			.metric_name = items[i].name,
			.patient_id = items[i].patient,
			.ward = items[i].ward,
			.patient_count = items[i].cell->patients_n,
			.complete = g->oldest_us <= s->window.from_us &&
				    g->newest_us >= s->window.to_us,
		};
		status = hi_stats_of(&items[i].cell->values, &row.all, &row.plausible);
		if (status)
			hi_error_set(e, status, "no memory for rows");
		else
			status = g->o.row(g->o.arg, &row, e);
	}
	free(items);
	return status;
}

int hi_agg_emit(struct hi_agg *g, int64_t to_us, struct hi_error *e)
{
	size_t n;
	struct hi_span **spans = hi_spans_take(&g->spans, to_us, &n);
	int status = spans ? HI_OK : hi_error_set(e, HI_NOMEM, "no memory for rows");

	hi_agg_forget(g);
	for (size_t i = 0; i < n; i++) {
		if (status == HI_OK)
			status = emit_span(g, spans[i], e);
		hi_span_free(spans[i]);
	}
	free(spans);
	g->due_us = INT64_MAX;
	for (size_t i = 0; i < g->spans.cap; i++) {
		const struct hi_span *s = g->spans.slots[i];
		if (s && s->window.to_us + g->o.lateness_us < g->due_us)
			g->due_us = s->window.to_us + g->o.lateness_us;
	}
	return status;
}
