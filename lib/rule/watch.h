/*
 * Which thresholds look at a metric, and the values that none of them minds: most
 * readings lie there, and cost one comparison however many rules there are.
 */
#ifndef HI_RULE_WATCH_H
#define HI_RULE_WATCH_H

#include "rule/rule.h"
#include "vital/record.h"

struct hi_watch {
	double low, high;     /* a value in low..high, both included, meets no rule's limit */
	const uint16_t *rule; /* indices into rules->v, in order */
	uint16_t rule_n;
};

struct hi_watches {
	const struct hi_rules *rules;
	struct hi_watch *v; /* one a metric of the catalogue, then one a metric that is not in it */
	size_t n;
	uint16_t *order;   /* rules by watch */
	uint16_t *of_rule; /* the watch of each rule */
};

/* Borrows rules until release. HI_OK or HI_NOMEM. */
int hi_watches_init(struct hi_watches *w, const struct hi_rules *rules, struct hi_error *e);
void hi_watches_release(struct hi_watches *w);

const struct hi_watch *hi_watches_other(const struct hi_watches *w, struct hi_slice metric_name);

/* The watch of rec's metric, or NULL where no rule could look at it. */
static inline const struct hi_watch *hi_watches_of(const struct hi_watches *w,
						   const struct hi_rec *rec)
{
	if (rec->metric)
		return &w->v[hi_metric_index(rec->metric)];
	return w->n > hi_metrics_n ? hi_watches_other(w, rec->metric_name) : NULL;
}

static inline bool hi_watch_minds(const struct hi_watch *w, double v)
{
	return v < w->low || v > w->high;
}

#endif
