/* Alert and reject records into a summary. */
#include "base/hash.h"
#include "report/summary.h"

const char *hi_alarm_name(unsigned priority)
{
	return priority < HI_PRIORITIES ? hi_priorities[priority].name : "no";
}

const char *hi_alarm_mark(unsigned priority)
{
	return priority < HI_PRIORITIES ? hi_priorities[priority].mark : "?";
}

static unsigned alarm_of(struct hi_slice name)
{
	unsigned i = 0;

	while (i < HI_PRIORITIES && !hi_slice_is(name, hi_priorities[i].name))
		i++;
	return i;
}

static bool words_eq(const struct hi_words *a, const struct hi_words *b)
{
	return hi_slice_eq(hi_words_view(a), hi_words_view(b));
}

/* A rule as alerts show it: type, metric, limit and priority. The last one takes what is over. */
static uint32_t rule_index(struct hi_summary *s, const struct hi_rec *rec)
{
	struct hi_rule_seen one = { .episodes = 0 };
	uint32_t i;

	hi_summary_text(s, rec, "alert_type", &one.type);
	hi_summary_text(s, rec, "metric_name", &one.metric);
	hi_summary_text(s, rec, "limit", &one.limit);
	hi_buf_reset(&s->scratch);
	one.priority = alarm_of(hi_rec_text(rec, "priority", &s->scratch));
	for (i = 0; i < s->rules_n; i++) {
		const struct hi_rule_seen *r = &s->rules[i];

		if (r->priority == one.priority && words_eq(&r->type, &one.type) &&
		    words_eq(&r->metric, &one.metric) && words_eq(&r->limit, &one.limit))
			return i;
	}
	if (s->rules_n == HI_SUMMARY_RULES_MAX) {
		s->rules_left++;
		return HI_SUMMARY_RULES_MAX - 1;
	}
	s->rules[s->rules_n++] = one;
	return i;
}

/* What both lines of an episode carry, and what only its end knows. */
static void fill_episode(struct hi_summary *s, struct hi_alarm *ep, const struct hi_rec *rec,
			 bool cleared)
{
	struct hi_slice unit;
	int64_t end_us;

	ep->priority = s->rules[ep->rule].priority;
	if (hi_rec_number(rec, "observed_value", &ep->observed))
		ep->has_observed = true;
	if (hi_rec_number(rec, "worst_value", &ep->worst))
		ep->has_worst = true;
	ep->latched = ep->latched || hi_summary_true(rec, "latched");
	hi_buf_reset(&s->scratch);
	unit = hi_rec_text(rec, "unit", &s->scratch);
	if (unit.len > 0 && unit.len <= HI_UNIT_MAX) {
		memcpy(ep->unit, unit.ptr, unit.len);
		ep->unit[unit.len] = '\0';
	}
	if (cleared && hi_rec_time(rec, "ended", &end_us)) {
		ep->ended = true;
		ep->end_us = end_us < ep->onset_us ? ep->onset_us : end_us;
		hi_summary_time(s, ep->end_us);
	}
}

static int add_episode(struct hi_summary *s, const struct hi_rec *rec, struct hi_slice id,
		       bool cleared)
{
	struct hi_alarm *ep;
	int rc;

	ep = hi_patients_get(s->alerts, id, hi_hash_slice(id));
	if (!ep) {
		bool full = hi_patients_count(s->alerts) >= HI_SUMMARY_EPISODES_MAX;

		s->episodes_left += full;
		return full ? HI_OK : HI_NOMEM;
	}
	if (!ep->patient) {
		ep->patient = hi_summary_patient_get(s, rec, &rc);
		if (!ep->patient)
			return rc;
		ep->onset_us = rec->t_us;
		ep->rule = rule_index(s, rec);
	}
	fill_episode(s, ep, rec, cleared);
	return HI_OK;
}

int hi_summary_alert(struct hi_summary *s, const struct hi_rec *rec)
{
	struct hi_summary_patient *p;
	struct hi_words id;
	bool cleared;
	int rc;

	hi_summary_text(s, rec, "status", &id);
	cleared = hi_slice_is(hi_words_view(&id), "CLEARED");
	hi_summary_text(s, rec, "alert_id", &id);
	if (!(rec->has & HI_HAS_TIME) || !(rec->has & HI_HAS_PATIENT) || id.len == 0) {
		s->alerts_odd++;
		return HI_OK;
	}
	hi_summary_time(s, rec->t_us);
	if (!hi_summary_true(rec, "each"))
		return add_episode(s, rec, hi_words_view(&id), cleared);
	s->each++;
	s->rules[rule_index(s, rec)].each++;
	p = hi_summary_patient_get(s, rec, &rc);
	if (p)
		p->each++;
	return rc;
}

int hi_summary_reject(struct hi_summary *s, const struct hi_rec *rec)
{
	struct hi_reject_kind one = { .n = 1 };

	hi_summary_text(s, rec, "tool", &one.tool);
	hi_summary_text(s, rec, "source", &one.source);
	hi_summary_text(s, rec, "reason", &one.reason);
	hi_summary_count(rec, "line", &one.line);
	for (unsigned i = 0; i < s->rejects_n; i++) {
		struct hi_reject_kind *k = &s->rejects[i];

		if (words_eq(&k->reason, &one.reason) && words_eq(&k->tool, &one.tool) &&
		    words_eq(&k->source, &one.source)) {
			k->n++;
			return HI_OK;
		}
	}
	if (s->rejects_n == HI_SUMMARY_REJECTS_MAX)
		s->rejects_left++;
	else
		s->rejects[s->rejects_n++] = one;
	return HI_OK;
}
