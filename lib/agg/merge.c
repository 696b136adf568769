/* One aggregate into another: parts of the input counted apart give the same rows. */
#include "agg/agg_private.h"
#include "base/hash.h"

static uint32_t same_name(struct hi_names *to, const struct hi_names *from, uint32_t i, bool *ok)
{
	struct hi_slice text = hi_names_text(from, i);

	if (!text.ptr)
		return HI_NO_NAME;
	uint32_t n = hi_names_get(to, text, hi_hash_slice(text));
	*ok = *ok && n != HI_NO_NAME;
	return n;
}

static int merge_seen(struct hi_agg *g, struct hi_cell *c, const struct hi_agg *src,
		      const struct hi_cell *from)
{
	bool ok = true;
	int status = HI_OK;

	if (g->o.by_patient)
		c->patients_n = 1;
	for (uint32_t word = 0; word < from->seen_words && status == HI_OK; word++) {
		for (uint64_t bits = from->seen[word]; bits && status == HI_OK; bits &= bits - 1) {
			uint32_t i = word * 64 + (uint32_t)__builtin_ctzll(bits);
			uint32_t patient = same_name(&g->patients, &src->patients, i, &ok);
			status = ok ? hi_cell_see(c, patient) : HI_NOMEM;
		}
	}
	return status;
}

static int merge_group(struct hi_agg *g, struct hi_group *group, const struct hi_agg *src,
		       const struct hi_group *from)
{
	int status = HI_OK;

	for (uint32_t m = 0; m < from->cells_n && status == HI_OK; m++) {
		const struct hi_cell *cell = from->cells[m];
		if (!cell)
			continue;
		const struct hi_metric *metric = cell->values.metric;
		uint32_t number = hi_agg_metric(g, metric, hi_agg_metric_name(src, m));
		struct hi_cell *c =
			number == HI_NO_NAME ? NULL : hi_cell_get(group, number, metric);
		status = c ? hi_values_merge(&c->values, &cell->values) : HI_NOMEM;
		status = status ? status : merge_seen(g, c, src, cell);
	}
	return status;
}

static int merge_span(struct hi_agg *g, const struct hi_agg *src, const struct hi_span *from)
{
	struct hi_span *s = hi_span_get(&g->spans, from->window);
	int status = s ? HI_OK : HI_NOMEM;

	for (size_t i = 0; i < from->cap && status == HI_OK; i++) {
		const struct hi_group *group = from->slots[i];
		bool ok = true;
		if (!group)
			continue;
		uint32_t patient = same_name(&g->patients, &src->patients, group->patient, &ok);
		uint32_t ward = same_name(&g->wards, &src->wards, group->ward, &ok);
		struct hi_group *to = ok ? hi_group_get(s, patient, ward) : NULL;
		status = to ? merge_group(g, to, src, group) : HI_NOMEM;
	}
	return status;
}

int hi_agg_merge(struct hi_agg *g, const struct hi_agg *src, struct hi_error *e)
{
	int status = HI_OK;

	for (size_t i = 0; i < src->spans.cap && status == HI_OK; i++)
		if (src->spans.slots[i])
			status = merge_span(g, src, src->spans.slots[i]);
	hi_agg_range(g, src->oldest_us, src->newest_us);
	return status ? hi_error_set(e, status, "no memory for statistics") : HI_OK;
}
