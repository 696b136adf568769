#include "rule/watch.h"

#include <math.h>
#include <stdlib.h>

/* The rule that a watch outside the catalogue has its name from. */
static const struct hi_rule *first_rule(const struct hi_watches *w, size_t i)
{
	return &w->rules->v[w->v[i].rule[0]];
}

const struct hi_watch *hi_watches_other(const struct hi_watches *w, struct hi_slice metric_name)
{
	for (size_t i = hi_metrics_n; i < w->n; i++)
		if (hi_slice_is(metric_name, first_rule(w, i)->metric_name))
			return &w->v[i];
	return NULL;
}

/* The watch of rule i: the catalogue's, that of an earlier rule, or the next new one. */
static size_t place(struct hi_watches *w, size_t i)
{
	const struct hi_rule *r = &w->rules->v[i];

	if (r->metric)
		return hi_metric_index(r->metric);
	for (size_t j = 0; j < i; j++)
		if (!w->rules->v[j].metric && w->rules->v[j].type == HI_RULE_THRESHOLD &&
		    hi_slice_is(hi_slice_of(r->metric_name), w->rules->v[j].metric_name))
			return w->of_rule[j];
	return w->n++;
}

static void narrow(struct hi_watch *w, const struct hi_limit *l)
{
	switch (l->op) {
	case HI_OP_ABOVE:
		w->high = fmin(w->high, l->v);
		break;
	case HI_OP_AT_LEAST:
		w->high = fmin(w->high, nextafter(l->v, -INFINITY));
		break;
	case HI_OP_BELOW:
		w->low = fmax(w->low, l->v);
		break;
	default:
		w->low = fmax(w->low, nextafter(l->v, INFINITY));
	}
}

int hi_watches_init(struct hi_watches *w, const struct hi_rules *rules, struct hi_error *e)
{
	uint16_t *order;

	*w = (struct hi_watches){ .rules = rules, .n = hi_metrics_n };
	w->v = calloc(hi_metrics_n + rules->n, sizeof *w->v);
	w->order = order = calloc(rules->n + 1, sizeof *order);
	w->of_rule = calloc(rules->n + 1, sizeof *w->of_rule);
	if (!w->v || !order || !w->of_rule) {
		hi_watches_release(w);
		return hi_error_set(e, HI_NOMEM, "no memory for rules");
	}
	for (size_t i = 0; i < rules->n; i++)
		if (rules->v[i].type == HI_RULE_THRESHOLD)
			w->of_rule[i] = (uint16_t)place(w, i);
	for (size_t i = 0; i < w->n; i++) {
		struct hi_watch *watch = &w->v[i];

		*watch = (struct hi_watch){ -INFINITY, INFINITY, order, 0 };
		for (size_t j = 0; j < rules->n; j++) {
			if (rules->v[j].type != HI_RULE_THRESHOLD || w->of_rule[j] != i)
				continue;
			narrow(watch, &rules->v[j].limit);
			*order++ = (uint16_t)j;
			watch->rule_n++;
		}
	}
	return HI_OK;
}

void hi_watches_release(struct hi_watches *w)
{
	free(w->v);
	free(w->order);
	free(w->of_rule);
	*w = (struct hi_watches){ 0 };
}
