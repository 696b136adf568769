#include "report/page.h"

#include "base/time.h"
#include "report/html.h"
#include "report/words.h"

/*
 * The page's size is planned: this many line steps and table rows in all, shared
 * by the charts there are, within what one chart can use.
 */
enum {
	STEPS = 360000,
	STEPS_LEAST = 60,
	ROWS = 48000,
	ROWS_LEAST = 8,
	ROWS_MOST = 48,
	CHART_WIDTH = 275, /* pixels */
	OPEN_MAX = 60,	   /* patients: with more, their parts are folded */
	FLUSH = 1 << 20,   /* bytes held at most between two rows */
	BUF_MAX = 64 << 20 /* a row and what is held before it, by far */
};

void hi_page_plan(struct hi_page *p)
{
	const struct hi_summary *s = p->summary;
	uint64_t charts = 1, steps, rows;

	for (size_t i = 0; i < s->patients_n && i < HI_PAGE_PARTS_MAX; i++)
		charts += s->order[i]->series_n;
	steps = STEPS / charts;
	steps = steps < STEPS_LEAST ? STEPS_LEAST : steps > CHART_WIDTH ? CHART_WIDTH : steps;
	rows = ROWS / charts;
	rows = rows < ROWS_LEAST ? ROWS_LEAST : rows > ROWS_MOST ? ROWS_MOST : rows;
	p->column = (unsigned)(CHART_WIDTH * 10 / steps);
	p->rows = (unsigned)rows;
	p->open = s->patients_n <= OPEN_MAX;
	p->charts = 0;
}

void hi_page_mark(struct hi_buf *b, unsigned priority)
{
	hi_buf_printf(b,
		      "<span class=\"mk e%u\"><span aria-hidden=\"true\">%s</span>"
		      "<span class=\"hid\">%s priority </span></span>",
		      priority, hi_alarm_mark(priority), hi_alarm_name(priority));
}

void hi_page_patient_link(struct hi_buf *b, const struct hi_summary_patient *patient)
{
	if (patient->number >= HI_PAGE_PARTS_MAX) {
		hi_html_name(b, patient->id);
		return;
	}
	hi_buf_printf(b, "<a href=\"#p%zu\">", patient->number + 1);
	hi_html_name(b, patient->id);
	hi_buf_puts(b, "</a>");
}

static void put_range(struct hi_page *p)
{
	const struct hi_summary *s = p->summary;

	hi_buf_puts(&p->b, "<p class=\"when\">");
	if (s->has_time) {
		hi_buf_puts(&p->b, "<b>");
		hi_html_time(&p->b, s->first_us);
		if (s->last_us > s->first_us) {
			hi_buf_puts(&p->b, "</b> to <b>");
			hi_html_time(&p->b, s->last_us);
		}
		hi_buf_puts(&p->b, "</b> ");
		hi_html_str(&p->b, hi_tz_name());
		if (s->last_us > s->first_us) {
			hi_buf_puts(&p->b, ", ");
			hi_words_duration(&p->b, s->last_us - s->first_us);
		}
	} else {
		hi_buf_puts(&p->b, "No record with a time");
	}
	hi_buf_puts(&p->b, "</p>");
}

static void put_head(struct hi_page *p)
{
	struct hi_buf *b = &p->b;

	hi_buf_puts(b, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		       "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		       "style-src 'unsafe-inline'\">"
		       "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
		       "<meta name=\"referrer\" content=\"no-referrer\">"
		       "<title>");
	hi_html_text(b, p->title);
	hi_buf_puts(b, "</title>\n<style>");
	hi_buf_puts(b, hi_page_style);
	hi_buf_puts(b, "</style></head>\n<body><a class=\"skip\" href=\"#board\">Skip to the ward "
		       "board</a>\n<header><div class=\"top\"><div><p class=\"kick\">health-insight"
		       "</p><h1>");
	hi_html_text(b, p->title);
	hi_buf_puts(b, "</h1>");
	put_range(p);
	hi_buf_puts(b, "</div><p class=\"warn\">Research and engineering tool, not a medical device"
		       "</p></div><nav aria-label=\"Parts of this report\">"
		       "<a href=\"#board\">Ward board</a><a href=\"#alarms\">Alarms</a>"
		       "<a href=\"#patients\">Patients</a><a href=\"#statistics\">Statistics</a>"
		       "<a href=\"#input\">Input</a></nav></header>\n<main>");
}

static void kpi(struct hi_buf *b, const char *name, uint64_t n, const char *more)
{
	hi_buf_printf(b, "<li><span>%s</span><b>", name);
	hi_words_count(b, n);
	if (*more)
		hi_buf_printf(b, " <small>%s</small>", more);
	hi_buf_puts(b, "</b></li>");
}

static void kpi_active(struct hi_page *p)
{
	const struct hi_summary *s = p->summary;

	hi_buf_puts(&p->b, "<li><span>Active alarms</span><b>");
	hi_words_count(&p->b, s->active_n);
	for (unsigned i = 0; i < HI_ALARMS; i++) {
		if (s->active[i] == 0)
			continue;
		hi_buf_putc(&p->b, ' ');
		hi_page_mark(&p->b, i);
		hi_buf_puts(&p->b, "<small>\u2009");
		hi_words_count(&p->b, s->active[i]);
		hi_buf_puts(&p->b, "</small>");
	}
	hi_buf_puts(&p->b, "</b></li>");
}

static void put_kpis(struct hi_page *p)
{
	const struct hi_summary *s = p->summary;
	double burden;

	hi_buf_puts(&p->b, "<ul class=\"kpi\" aria-label=\"Key figures\">");
	kpi(&p->b, "Patients", s->patients_n, "");
	kpi_active(p);
	kpi(&p->b, "Alarm episodes", s->episodes_n, "");
	hi_buf_puts(&p->b, "<li><span>Alarms per bed and day</span><b>");
	if (hi_summary_burden(s, &burden))
		hi_words_value(&p->b, burden, burden < 10 ? 1 : 0);
	else
		hi_buf_puts(&p->b, "\u2013");
	hi_buf_puts(&p->b, "</b></li>");
	kpi(&p->b, "Readings", s->readings + s->scores, "");
	kpi(&p->b, "Rejected lines", s->types[HI_T_REJECT] + p->own_rejects, "");
	hi_buf_puts(&p->b, "</ul>\n");
}

static void hand_over(struct hi_page *p)
{
	hi_writer_slice(p->out, hi_buf_view(&p->b));
	p->b.len = 0; /* a latched failure stays */
}

void hi_page_flush(struct hi_page *p)
{
	if (p->out && p->b.len >= FLUSH)
		hand_over(p);
}

static void put_patients(struct hi_page *p)
{
	const struct hi_summary *s = p->summary;

	hi_buf_puts(&p->b, "<section class=\"card\" aria-labelledby=\"patients\">"
			   "<h2 id=\"patients\">Patients</h2>");
	if (s->patients_n == 0)
		hi_buf_puts(&p->b, "<p class=\"note\">None in the input.</p>");
	else
		hi_buf_puts(
			&p->b,
			"<p class=\"note\">In the order of the board. Shaded: the normal range. "
			"Bars above a plot: alarm episodes with their priority's mark. A broken "
			"line: nothing was measured. A cross at the upper edge: implausible "
			"values, "
			"not drawn at their height.</p>");
	if (s->patients_n > HI_PAGE_PARTS_MAX) {
		hi_buf_puts(&p->b, "<p class=\"note\"><strong>The first ");
		hi_words_counted(&p->b, HI_PAGE_PARTS_MAX, "patient");
		hi_buf_puts(&p->b, " of the board are shown here.</strong> Select others with "
				   "--patient.</p>");
	}
	hi_buf_puts(&p->b, "</section>\n");
	for (size_t i = 0; i < s->patients_n && i < HI_PAGE_PARTS_MAX; i++) {
		hi_page_patient(p, s->order[i]);
		hi_page_flush(p);
	}
}

static void put_foot(struct hi_page *p)
{
	hi_buf_puts(&p->b, "</main>\n<footer><p>Made by hi-report ");
	hi_html_str(&p->b, p->version);
	hi_buf_puts(&p->b,
		    " of health-insight from records alone: the same input gives the same page. "
		    "Size about ");
	hi_words_bytes(&p->b, p->out->bytes + p->out->len + p->b.len);
	hi_buf_puts(&p->b,
		    ".</p><p>Research and engineering tool, <strong>not a medical device</strong>: "
		    "nothing here may be used to decide on a person's care.</p></footer>"
		    "</body></html>\n");
}

int hi_page_write(struct hi_page *p, struct hi_error *e)
{
	bool failed;

	hi_buf_init(&p->b, BUF_MAX);
	hi_page_plan(p);
	put_head(p);
	put_kpis(p);
	hi_page_board(p);
	hi_page_alarms(p);
	put_patients(p);
	hi_page_stats(p);
	hi_page_input(p);
	put_foot(p);
	hand_over(p);
	failed = p->b.failed;
	hi_buf_release(&p->b);
	return failed ? hi_error_set(e, HI_NOMEM, "report: out of memory") : HI_OK;
}
