/* The order in which a report shows things: what is most urgent first, then by name. */
#include <stdlib.h>

#include "report/summary.h"

static int by_urgency(const void *a, const void *b)
{
	const struct hi_summary_patient *x = *(struct hi_summary_patient *const *)a;
	const struct hi_summary_patient *y = *(struct hi_summary_patient *const *)b;

	if (x->worst != y->worst)
		return x->worst < y->worst ? -1 : 1;
	for (unsigned i = 0; i < HI_ALARMS; i++)
		if (x->active[i] != y->active[i])
			return x->active[i] > y->active[i] ? -1 : 1;
	return hi_slice_cmp(x->id, y->id);
}

/* Active first by priority, then ended; the newest first in each. */
static int by_state(const void *a, const void *b)
{
	const struct hi_alarm *x = *(struct hi_alarm *const *)a;
	const struct hi_alarm *y = *(struct hi_alarm *const *)b;

	if (x->ended != y->ended)
		return x->ended ? 1 : -1;
	if (!x->ended && x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	if (x->onset_us != y->onset_us)
		return x->onset_us > y->onset_us ? -1 : 1;
	if (x->patient != y->patient)
		return hi_slice_cmp(x->patient->id, y->patient->id);
	return (x->rule > y->rule) - (x->rule < y->rule);
}

static bool metric_before(const struct hi_summary_metric *x, const struct hi_summary_metric *y)
{
	if (x->metric && y->metric)
		return x->metric < y->metric;
	if (x->metric || y->metric)
		return x->metric != NULL;
	return hi_slice_cmp(hi_words_view(&x->name), hi_words_view(&y->name)) < 0;
}

static void order_metrics(struct hi_summary *s)
{
	for (unsigned i = 0; i < s->metrics_n; i++) {
		unsigned k = i;

		for (; k > 0 && metric_before(&s->metrics[i], &s->metrics[s->metric_order[k - 1]]);
		     k--)
			s->metric_order[k] = s->metric_order[k - 1];
		s->metric_order[k] = i;
	}
}

/* The patient's series in the order of metrics; a dozen at most, so by insertion. */
static void order_series(const struct hi_summary *s, struct hi_summary_patient *p)
{
	unsigned n = 0;

	for (unsigned m = 0; m < s->metrics_n; m++) {
		for (unsigned i = n; i < p->series_n; i++) {
			struct hi_patient_series *found = p->series[i];

			if (found->metric != s->metric_order[m])
				continue;
			p->series[i] = p->series[n];
			p->series[n++] = found;
			break;
		}
	}
}

static void count_episode(struct hi_summary *s, struct hi_alarm *ep)
{
	struct hi_rule_seen *rule = &s->rules[ep->rule];
	struct hi_summary_patient *p = ep->patient;

	p->episodes_n++;
	rule->episodes++;
	if (ep->ended) {
		rule->total_us += ep->end_us - ep->onset_us;
		return;
	}
	rule->active++;
	p->active[ep->priority]++;
	p->active_n++;
	if (ep->priority < p->worst)
		p->worst = ep->priority;
	s->active[ep->priority]++;
	s->active_n++;
}

static int order_episodes(struct hi_summary *s)
{
	size_t n = hi_patients_count(s->alerts);

	s->episodes = malloc((n ? n : 1) * sizeof(struct hi_alarm *));
	if (!s->episodes)
		return HI_NOMEM;
	for (size_t i = 0; i < n; i++) {
		struct hi_slice id;
		struct hi_alarm *ep = hi_patients_at(s->alerts, i, &id);

		if (!ep->patient)
			continue;
		s->episodes[s->episodes_n++] = ep;
		count_episode(s, ep);
	}
	qsort(s->episodes, s->episodes_n, sizeof(struct hi_alarm *), by_state);
	/* From the back, so that each patient's list has the order of the whole. */
	for (size_t i = s->episodes_n; i-- > 0;) {
		s->episodes[i]->next = s->episodes[i]->patient->episodes;
		s->episodes[i]->patient->episodes = s->episodes[i];
	}
	return HI_OK;
}

int hi_summary_finish(struct hi_summary *s, struct hi_error *e)
{
	size_t n = hi_patients_count(s->table);

	s->order = malloc((n ? n : 1) * sizeof(struct hi_summary_patient *));
	if (!s->order || order_episodes(s) != HI_OK)
		return hi_error_set(e, HI_NOMEM, "report: out of memory");
	order_metrics(s);
	for (size_t i = 0; i < n; i++) {
		struct hi_slice id;

		s->order[i] = hi_patients_at(s->table, i, &id);
		order_series(s, s->order[i]);
		s->monitored_us += s->order[i]->monitored_us;
	}
	s->patients_n = n;
	qsort(s->order, n, sizeof(struct hi_summary_patient *), by_urgency);
	for (size_t i = 0; i < n; i++)
		s->order[i]->number = i;
	return hi_summary_stats_finish(s, e);
}
