/* Statistics, and what the report was made from: types, rejects, range. */
#include "base/time.h"
#include "report/html.h"
#include "report/page.h"
#include "report/words.h"

enum { STATS_LISTED_MAX = 1000 };

static void put_stat_number(struct hi_buf *b, const struct hi_day_row *row, unsigned which,
			    const char *label)
{
	unsigned decimals = row->metric ? row->metric->decimals : 2;

	if (which == HI_STAT_AVG || which == HI_STAT_SD)
		decimals = row->metric ? row->metric->decimals + 1 : 2;
	hi_buf_printf(b, "<td class=\"r\" data-l=\"%s\">", label);
	if (row->has & 1u << which)
		hi_words_value(b, row->v[which], decimals);
	else
		hi_buf_puts(b, "\u2013");
	hi_buf_puts(b, "</td>");
}

static void put_stat_count(struct hi_buf *b, const char *label, bool there, uint64_t n)
{
	hi_buf_printf(b, "<td class=\"r\" data-l=\"%s\">", label);
	if (there)
		hi_words_count(b, n);
	else
		hi_buf_puts(b, "\u2013");
	hi_buf_puts(b, "</td>");
}

static const char *const stat_titles[HI_STAT_NUMBERS] = { "Mean",   "SD",   "Lowest", "5 %",
							  "Median", "95 %", "Highest" };

static void put_stat(struct hi_buf *b, const struct hi_day_row *row, bool who)
{
	struct hi_civil c;

	hi_buf_puts(b, "<tr><th scope=\"row\">");
	if (row->metric)
		hi_html_str(b, row->metric->label);
	else
		hi_html_text(b, hi_words_view(&row->metric_name));
	hi_buf_puts(b, "</th><td data-l=\"From\">");
	hi_civil_of(row->from_us, false, &c);
	if (row->to_us - row->from_us >= 23 * HI_US_H && !c.hour && !c.minute && !c.second)
		hi_buf_printf(b, "%04d-%02d-%02d", c.year, c.month, c.day);
	else
		hi_html_time(b, row->from_us);
	if (!hi_slice_is(hi_words_view(&row->every), "1d")) {
		hi_buf_puts(b, ", ");
		hi_html_text(b, hi_words_view(&row->every));
	}
	hi_buf_puts(b, row->incomplete ? "<span class=\"sub\">not all of it</span>" : "");
	hi_buf_puts(b, "</td>");
	if (who) {
		hi_buf_printf(b, "<td data-l=\"Of\">%s", row->kind == 'w' ? "ward " : "");
		hi_html_name(b, hi_words_view(&row->who));
		hi_buf_puts(b, row->kind == ' ' ? "all</td>" : "</td>");
	}
	put_stat_count(b, "Readings", row->has_count, row->count);
	put_stat_count(b, "Patients", row->has_patients, row->patients);
	for (unsigned i = 0; i < HI_STAT_NUMBERS; i++)
		put_stat_number(b, row, i, stat_titles[i]);
	put_stat_count(b, "Implausible", row->has_implausible, row->implausible);
	hi_buf_puts(b, "</tr>\n");
}

static void put_stat_table(struct hi_page *p)
{
	const struct hi_summary *s = p->summary;
	unsigned n = s->stats_n < STATS_LISTED_MAX ? s->stats_n : STATS_LISTED_MAX;
	bool who = false;

	for (unsigned i = 0; i < n; i++)
		who = who || s->stats[i].kind != ' ';
	hi_buf_puts(&p->b, "<table class=\"stack\"><thead><tr><th scope=\"col\">Metric</th>"
			   "<th scope=\"col\">From</th>");
	hi_buf_puts(&p->b, who ? "<th scope=\"col\">Of</th>" : "");
	hi_buf_puts(&p->b, "<th scope=\"col\" class=\"r\">Readings</th>"
			   "<th scope=\"col\" class=\"r\">Patients</th>");
	for (unsigned i = 0; i < HI_STAT_NUMBERS; i++)
		hi_buf_printf(&p->b, "<th scope=\"col\" class=\"r\">%s</th>", stat_titles[i]);
	hi_buf_puts(&p->b, "<th scope=\"col\" class=\"r\">Implausible</th></tr></thead><tbody>\n");
	for (unsigned i = 0; i < n; i++)
		put_stat(&p->b, &s->stats[i], who);
	hi_buf_puts(&p->b, "</tbody></table>");
	if (s->stats_n > n || s->stats_left) {
		hi_buf_puts(&p->b, "<p class=\"note\">The first ");
		hi_words_counted(&p->b, n, "row");
		hi_buf_puts(&p->b, " of ");
		hi_words_count(&p->b, s->stats_n + s->stats_left);
		hi_buf_puts(&p->b, ".</p>");
	}
}

void hi_page_stats(struct hi_page *p)
{
	const struct hi_summary *s = p->summary;

	hi_buf_puts(&p->b, "<section class=\"card new\" aria-labelledby=\"statistics\">"
			   "<h2 id=\"statistics\">Daily statistics</h2>");
	if (s->stats_n)
		put_stat_table(p);
	if (s->stats_n == 0)
		hi_buf_puts(&p->b,
			    s->stats_many
				    ? "<p class=\"note\">None: the input spans too many days to "
				      "compute them here; hi-agg does.</p>"
				    : "<p class=\"note\">None.</p>");
	else
		hi_buf_printf(
			&p->b,
			"<p class=\"note\">%s. Implausible values are counted in, and counted "
			"apart.</p>",
			s->stats_computed ? "Computed from the readings of the input, by day"
					  : "The stat records of the input");
	hi_buf_puts(&p->b, "</section>\n");
}

static void put_rejects(struct hi_page *p)
{
	const struct hi_summary *s = p->summary;
	struct hi_buf *b = &p->b;

	hi_buf_puts(b, "<h3>Rejected lines</h3>");
	if (s->types[HI_T_REJECT] + p->own_rejects == 0) {
		hi_buf_puts(b, "<p class=\"note\">None.</p>");
		return;
	}
	if (s->rejects_n) {
		hi_buf_puts(b,
			    "<table class=\"stack\"><thead><tr><th scope=\"col\">Reason</th>"
			    "<th scope=\"col\" class=\"r\">Lines</th><th scope=\"col\">Rejected by"
			    "</th><th scope=\"col\">First at</th></tr></thead><tbody>\n");
		for (unsigned i = 0; i < s->rejects_n; i++) {
			const struct hi_reject_kind *k = &s->rejects[i];

			hi_buf_puts(b, "<tr><th scope=\"row\">");
			hi_html_text(b, hi_words_view(&k->reason));
			hi_buf_puts(b, "</th><td class=\"r\" data-l=\"Lines\">");
			hi_words_count(b, k->n);
			hi_buf_puts(b, "</td><td data-l=\"Rejected by\">");
			hi_html_text(b, hi_words_view(&k->tool));
			hi_buf_puts(b, "</td><td data-l=\"First at\">");
			hi_html_text(b, hi_words_view(&k->source));
			if (k->line > 0)
				hi_buf_printf(b, ":%llu", (unsigned long long)k->line);
			hi_buf_puts(b, "</td></tr>\n");
		}
		hi_buf_puts(b, "</tbody></table>");
	}
	if (s->rejects_left || p->own_rejects) {
		hi_buf_puts(b, "<p class=\"note\">");
		if (s->rejects_left) {
			hi_words_counted(b, s->rejects_left, "line");
			hi_buf_puts(b, " for other reasons. ");
		}
		if (p->own_rejects) {
			hi_words_counted(b, p->own_rejects, "line");
			hi_buf_puts(b, " could not be read by hi-report itself: see its messages.");
		}
		hi_buf_puts(b, "</p>");
	}
}

/* The limits that the input's alerts name: what was judged, as far as it can be seen. */
static void put_rules(struct hi_page *p)
{
	const struct hi_summary *s = p->summary;

	hi_buf_puts(&p->b, "</dd><dt>Rules</dt><dd>");
	if (s->rules_n == 0)
		hi_buf_puts(&p->b, "none seen: no alert in the input");
	for (unsigned i = 0; i < s->rules_n; i++) {
		hi_buf_puts(&p->b, i ? "; " : "");
		hi_html_text(&p->b, hi_words_view(&s->rules[i].type));
		hi_buf_printf(&p->b, " %s ", hi_alarm_mark(s->rules[i].priority));
		hi_page_limit(&p->b, &s->rules[i]);
	}
	if (s->rules_n)
		hi_buf_puts(&p->b, " (those that alerts name)");
}

static void put_facts(struct hi_page *p)
{
	const struct hi_summary *s = p->summary;
	struct hi_buf *b = &p->b;

	hi_buf_puts(b, "<dl class=\"facts\"><dt>Read from</dt><dd>");
	for (size_t i = 0; i < p->inputs_n; i++) {
		hi_buf_puts(b, i ? ", " : "");
		hi_html_str(b, p->inputs[i]);
	}
	hi_buf_puts(b, "</dd><dt>Records</dt><dd>");
	for (int i = 0, more = 0; i < HI_TYPES; i++) {
		if (s->types[i] == 0)
			continue;
		hi_buf_puts(b, more++ ? ", " : "");
		hi_words_counted(b, s->types[i], hi_type_names[i]);
		if (i == HI_T_READING && s->scores) {
			hi_buf_puts(b, " (of these ");
			hi_words_counted(b, s->scores, "score");
			hi_buf_putc(b, ')');
		}
	}
	put_rules(p);
	hi_buf_puts(b, "</dd><dt>Implausible values</dt><dd>");
	hi_words_count(b, s->implausible);
	hi_buf_puts(b, "</dd><dt>Monitored time</dt><dd>");
	hi_words_duration(b, s->monitored_us);
	hi_buf_puts(b, " in all (steps above 1 h do not count)</dd><dt>Times in</dt><dd>");
	hi_html_str(b, hi_tz_name());
	if (s->zoneless) {
		hi_buf_puts(b, "; ");
		hi_words_counted(b, s->zoneless, "reading");
		hi_buf_puts(b, " had no zone and were read so");
	}
	hi_buf_puts(b, "</dd><dt>Version</dt><dd>");
	hi_html_str(b, p->version);
	hi_buf_puts(b, "</dd></dl>");
	if (s->metrics_left) {
		hi_buf_puts(b, "<p class=\"note\"><strong>");
		hi_words_counted(b, s->metrics_left, "reading");
		hi_buf_puts(b, " of more metrics than a report holds left out.</strong></p>");
	}
}

void hi_page_input(struct hi_page *p)
{
	hi_buf_puts(&p->b, "<section class=\"card\" aria-labelledby=\"input\">"
			   "<h2 id=\"input\">Input</h2>");
	put_facts(p);
	put_rejects(p);
	hi_buf_puts(&p->b, "</section>\n");
}
