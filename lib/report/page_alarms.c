/* The alarms of all patients: by rule, over time, one by one. */
#include "base/time.h"
#include "report/axis.h"
#include "report/html.h"
#include "report/page.h"
#include "report/words.h"

enum {
	LISTED_MAX = 300, /* ended episodes in the list; all are counted by rule */
	LANES_MAX = 40,
	LANE_WIDTH = 1000
};

static void put_metric_name(struct hi_buf *b, struct hi_slice name)
{
	const struct hi_metric *m = hi_metric_find(name);

	if (m)
		hi_html_str(b, m->label);
	else
		hi_html_text(b, name);
}

void hi_page_limit(struct hi_buf *b, const struct hi_rule_seen *rule)
{
	put_metric_name(b, hi_words_view(&rule->metric));
	hi_buf_putc(b, ' ');
	hi_html_text(b, hi_words_view(&rule->limit));
}

static void put_number(struct hi_buf *b, const char *label, bool there, const struct hi_num *n,
		       const char *unit)
{
	char text[HI_NUM_TEXT_MAX];

	hi_buf_printf(b, "<td class=\"r\" data-l=\"%s\">", label);
	if (there) {
		hi_buf_put(b, text, hi_num_format(n->v, text));
		hi_buf_putc(b, ' ');
		hi_html_str(b, unit);
	} else {
		hi_buf_puts(b, "\u2013");
	}
	hi_buf_puts(b, "</td>");
}

static void put_end(struct hi_page *p, const struct hi_alarm *ep)
{
	hi_buf_puts(&p->b, "</td><td data-l=\"End\">");
	if (ep->ended) {
		hi_html_time(&p->b, ep->end_us);
		hi_buf_puts(&p->b, ep->latched ? " (latched)" : "");
	} else {
		hi_buf_puts(&p->b, "<strong>active</strong>");
	}
	hi_buf_puts(&p->b, "</td><td class=\"r\" data-l=\"Duration\">");
	if (!ep->ended)
		hi_buf_puts(&p->b, "\u2265 ");
	hi_words_duration(&p->b, (ep->ended ? ep->end_us : p->summary->last_us) - ep->onset_us);
	hi_buf_puts(&p->b, "</td>");
}

static void put_episode(struct hi_page *p, const struct hi_alarm *ep, bool with_patient)
{
	const struct hi_rule_seen *rule = &p->summary->rules[ep->rule];
	struct hi_buf *b = &p->b;

	hi_buf_puts(b, "<tr><td class=\"m\">");
	hi_page_mark(b, ep->priority);
	hi_buf_puts(b, "</td><th scope=\"row\">");
	hi_html_text(b, hi_words_view(&rule->type));
	hi_buf_puts(b, "</th>");
	if (with_patient) {
		hi_buf_puts(b, "<td data-l=\"Patient\">");
		hi_page_patient_link(b, ep->patient);
		hi_buf_puts(b, "</td>");
	}
	hi_buf_puts(b, "<td data-l=\"Limit\">");
	hi_page_limit(b, rule);
	hi_buf_puts(b, "</td><td data-l=\"Onset\">");
	hi_html_time(b, ep->onset_us);
	put_end(p, ep);
	put_number(b, "At onset", ep->has_observed, &ep->observed, ep->unit);
	put_number(b, "Worst", ep->has_worst, &ep->worst, ep->unit);
	hi_buf_puts(b, "</tr>\n");
}

size_t hi_page_episodes(struct hi_page *p, const struct hi_alarm *const *list, size_t n,
			bool with_patient)
{
	hi_buf_puts(&p->b, "<table class=\"stack\"><thead><tr><th scope=\"col\">Priority</th>"
			   "<th scope=\"col\">Alarm</th>");
	if (with_patient)
		hi_buf_puts(&p->b, "<th scope=\"col\">Patient</th>");
	hi_buf_puts(&p->b, "<th scope=\"col\">Limit</th><th scope=\"col\">Onset</th>"
			   "<th scope=\"col\">End</th><th scope=\"col\" class=\"r\">Duration</th>"
			   "<th scope=\"col\" class=\"r\">At onset</th>"
			   "<th scope=\"col\" class=\"r\">Worst</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < n; i++) {
		put_episode(p, list[i], with_patient);
		hi_page_flush(p);
	}
	hi_buf_puts(&p->b, "</tbody></table>");
	return n;
}

static void put_rule(struct hi_page *p, const struct hi_rule_seen *r)
{
	struct hi_buf *b = &p->b;
	uint64_t ended = r->episodes - r->active;

	hi_buf_puts(b, "<tr><td class=\"m\">");
	hi_page_mark(b, r->priority);
	hi_buf_puts(b, "</td><th scope=\"row\">");
	hi_html_text(b, hi_words_view(&r->type));
	hi_buf_puts(b, "</th><td data-l=\"Limit\">");
	hi_page_limit(b, r);
	hi_buf_puts(b, "</td><td class=\"r\" data-l=\"Episodes\">");
	hi_words_count(b, r->episodes);
	hi_buf_puts(b, "</td><td class=\"r\" data-l=\"Active\">");
	hi_words_count(b, r->active);
	hi_buf_puts(b, "</td><td class=\"r\" data-l=\"Mean duration\">");
	if (ended)
		hi_words_duration(b, r->total_us / (int64_t)ended);
	else
		hi_buf_puts(b, "\u2013");
	if (p->summary->each) {
		hi_buf_puts(b, "</td><td class=\"r\" data-l=\"Single alerts\">");
		hi_words_count(b, r->each);
	}
	hi_buf_puts(b, "</td></tr>\n");
}

static void put_rules(struct hi_page *p)
{
	const struct hi_summary *s = p->summary;

	hi_buf_puts(
		&p->b,
		"<h3>By rule</h3><table class=\"stack\"><thead><tr><th scope=\"col\">Priority</th>"
		"<th scope=\"col\">Alarm</th><th scope=\"col\">Limit</th>"
		"<th scope=\"col\" class=\"r\">Episodes</th><th scope=\"col\" class=\"r\">Active"
		"</th><th scope=\"col\" class=\"r\">Mean duration</th>");
	if (s->each)
		hi_buf_puts(&p->b, "<th scope=\"col\" class=\"r\">Single alerts</th>");
	hi_buf_puts(&p->b, "</tr></thead><tbody>\n");
	for (unsigned priority = 0; priority < HI_ALARMS; priority++)
		for (unsigned i = 0; i < s->rules_n; i++)
			if (s->rules[i].priority == priority)
				put_rule(p, &s->rules[i]);
	hi_buf_puts(&p->b, "</tbody></table>");
	if (s->each)
		hi_buf_puts(&p->b,
			    "<p class=\"note\">Single alerts, one a reading as the replaced system "
			    "made them (hi-detect --each), are counted and are no episodes.</p>");
}

/* Per mille of the report's range. */
static int place(const struct hi_summary *s, int64_t t_us)
{
	double range = (double)(s->last_us - s->first_us);

	return range > 0 ? (int)((double)(t_us - s->first_us) / range * (double)LANE_WIDTH) : 0;
}

static void put_axis(struct hi_page *p)
{
	struct hi_tick tick[HI_AXIS_TICKS_MAX];
	size_t n = hi_axis_times(p->summary->first_us, p->summary->last_us, 6, tick);

	hi_buf_puts(&p->b, "<span class=\"axis\">");
	for (size_t i = 0; i < n; i++) {
		int at = place(p->summary, tick[i].t_us);

		if (at < 40 || at > 960)
			continue;
		hi_buf_printf(&p->b, "<span style=\"left:%d.%d%%\">%s</span>", at / 10, at % 10,
			      tick[i].label);
	}
	hi_buf_puts(&p->b, "</span>");
}

/* The higher the priority the taller the bar, so that colour is not alone. */
static void put_bar(struct hi_page *p, const struct hi_alarm *ep)
{
	static const int tall[HI_ALARMS] = { 16, 12, 8, 5, 5 };
	int from = place(p->summary, ep->onset_us);
	int to = ep->ended ? place(p->summary, ep->end_us) : LANE_WIDTH;
	int high = tall[ep->priority];

	if (to < from + 3)
		to = from + 3;
	hi_buf_printf(&p->b,
		      "<rect class=\"e%u\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"><title>",
		      ep->priority, from, 16 - high, to - from, high);
	hi_html_text(&p->b, hi_words_view(&p->summary->rules[ep->rule].type));
	hi_buf_putc(&p->b, ' ');
	hi_words_time(&p->b, ep->onset_us);
	hi_buf_puts(&p->b, "</title></rect>");
}

static void put_lane(struct hi_page *p, const struct hi_summary_patient *patient)
{
	int64_t total_us = 0;
	int from = place(p->summary, patient->first_us);

	hi_buf_puts(&p->b, "<tr><th scope=\"row\">");
	hi_page_patient_link(&p->b, patient);
	hi_buf_puts(&p->b, "</th><td class=\"lane\"><svg viewBox=\"0 0 1000 16\" "
			   "preserveAspectRatio=\"none\" aria-hidden=\"true\">");
	if (patient->readings)
		hi_buf_printf(&p->b, "<rect class=\"mon\" x=\"%d\" width=\"%d\" height=\"16\"/>",
			      from, place(p->summary, patient->last_us) - from);
	for (unsigned priority = HI_ALARMS; priority-- > 0;) /* what is urgent lies on top */
		for (const struct hi_alarm *ep = patient->episodes; ep; ep = ep->next)
			if (ep->priority == priority)
				put_bar(p, ep);
	for (const struct hi_alarm *ep = patient->episodes; ep; ep = ep->next)
		total_us += (ep->ended ? ep->end_us : p->summary->last_us) - ep->onset_us;
	hi_buf_puts(&p->b, "</svg></td><td class=\"r\" data-l=\"Episodes\">");
	hi_words_count(&p->b, patient->episodes_n);
	hi_buf_puts(&p->b, "</td><td class=\"r\" data-l=\"In alarm\">");
	hi_words_duration(&p->b, total_us);
	hi_buf_puts(&p->b, "</td></tr>\n");
}

/* Who had alarms, and when: a lane a patient. */
static void put_lanes(struct hi_page *p)
{
	const struct hi_summary *s = p->summary;
	size_t shown = 0, with = 0;

	hi_buf_puts(&p->b, "<h3>Over time</h3><table class=\"stack\"><thead><tr>"
			   "<th scope=\"col\">Patient</th><th scope=\"col\" class=\"lane\">");
	put_axis(p);
	hi_buf_puts(&p->b, "<span class=\"hid\">Episodes over time</span></th>"
			   "<th scope=\"col\" class=\"r\">Episodes</th>"
			   "<th scope=\"col\" class=\"r\">In alarm</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < s->patients_n; i++) {
		if (s->order[i]->episodes_n == 0)
			continue;
		with++;
		if (shown < LANES_MAX) {
			put_lane(p, s->order[i]);
			shown++;
		}
	}
	hi_buf_puts(&p->b, "</tbody></table><p class=\"note\">Grey: the patient was monitored. The "
			   "taller a bar the higher its priority. Time in alarm adds up "
			   "overlapping episodes.");
	if (with > shown) {
		hi_buf_puts(&p->b, " The first of ");
		hi_words_counted(&p->b, with, "patient");
		hi_buf_puts(&p->b, " with alarms are shown.");
	}
	hi_buf_puts(&p->b, "</p>");
}

static void put_lists(struct hi_page *p)
{
	const struct hi_summary *s = p->summary;
	const struct hi_alarm *const *list = (const struct hi_alarm *const *)s->episodes;
	size_t ended = s->episodes_n - s->active_n;
	size_t shown = ended < LISTED_MAX ? ended : LISTED_MAX;

	hi_buf_puts(&p->b, "<h3>Active</h3>");
	if (s->active_n)
		hi_page_episodes(p, list, s->active_n, true);
	else
		hi_buf_puts(&p->b, "<p class=\"note\">No alarm is active.</p>");
	if (ended == 0)
		return;
	hi_buf_printf(&p->b, "<details%s><summary><h3 style=\"display:inline-block\">Ended (",
		      ended <= 30 ? " open" : "");
	hi_words_count(&p->b, ended);
	hi_buf_puts(&p->b, ")</h3></summary>");
	hi_page_episodes(p, list + s->active_n, shown, true);
	if (shown < ended) {
		hi_buf_puts(&p->b, "<p class=\"note\">The newest ");
		hi_words_count(&p->b, shown);
		hi_buf_puts(&p->b, " are listed; all are counted by rule above.</p>");
	}
	hi_buf_puts(&p->b, "</details>");
}

void hi_page_alarms(struct hi_page *p)
{
	const struct hi_summary *s = p->summary;

	hi_buf_puts(&p->b, "<section class=\"card new\" aria-labelledby=\"alarms\">"
			   "<h2 id=\"alarms\">Alarms</h2>");
	if (s->rules_n == 0) {
		hi_buf_puts(&p->b, "<p class=\"note\">No alert in the input. hi-detect makes them: "
				   "<code>\u2026 | hi-detect | hi-report</code>.</p></section>\n");
		return;
	}
	put_rules(p);
	if (s->episodes_n) {
		put_lanes(p);
		put_lists(p);
	}
	if (s->episodes_left || s->rules_left || s->alerts_odd)
		hi_buf_printf(
			&p->b,
			"<p class=\"note\"><strong>Left out: %llu alerts beyond what a report "
			"holds, %llu of rules beyond it, %llu without id, patient or time."
			"</strong></p>",
			(unsigned long long)s->episodes_left, (unsigned long long)s->rules_left,
			(unsigned long long)s->alerts_odd);
	hi_buf_puts(&p->b, "</section>\n");
}
