/*
 * The report as one HTML page, and its pieces, which hi-serve shows one by one.
 *
 * No script and nothing from elsewhere: the page works under the policy that it
 * carries itself, default-src 'none'; style-src 'unsafe-inline'. Every text of a
 * record goes through html.h; what a colour says, a sign or a word says too.
 */
#ifndef HI_REPORT_PAGE_H
#define HI_REPORT_PAGE_H

#include "io/writer.h"
#include "report/chart.h"
#include "report/summary.h"

enum { HI_PAGE_PARTS_MAX = 2000 }; /* patients with charts, the most urgent; the board has all */

struct hi_page {
	const struct hi_summary *summary; /* finished */
	struct hi_slice title;
	const char *version;
	const char *const *inputs; /* names of what was read */
	size_t inputs_n;
	uint64_t own_rejects;  /* lines that the caller itself could not read */
	struct hi_writer *out; /* where pieces go as they grow; NULL: they stay in b */
	/* private to page.c */
	struct hi_buf b;
	unsigned charts, column, rows;
	bool open; /* patients' parts are unfolded */
};

/* Fills in how much detail a chart gets, from the number of charts that there are. */
void hi_page_plan(struct hi_page *p);

/* Between two rows: hands what is there to out when it is much. */
void hi_page_flush(struct hi_page *p);

/* The whole page, to p->out, which is set. HI_OK, or HI_NOMEM; errors of out stay latched in it. */
int hi_page_write(struct hi_page *p, struct hi_error *e);

/* --- pieces; each appends a <section> to p->b --- */
void hi_page_board(struct hi_page *p);
void hi_page_alarms(struct hi_page *p);
void hi_page_patient(struct hi_page *p, const struct hi_summary_patient *patient);
void hi_page_stats(struct hi_page *p);
void hi_page_input(struct hi_page *p);

/* The priority's mark as a pill: "***", with its name for a screen reader. */
void hi_page_mark(struct hi_buf *b, unsigned priority);

/* A link to the patient's part of the page (where it has one), its id as the text. */
void hi_page_patient_link(struct hi_buf *b, const struct hi_summary_patient *patient);

/* "> 120" with the metric's name and unit, as a rule's limit is read. */
void hi_page_limit(struct hi_buf *b, const struct hi_rule_seen *rule);

/* A table of episodes; of one patient (then without its column) or all; at most max. Returns how
 * many. */
size_t hi_page_episodes(struct hi_page *p, const struct hi_alarm *const *list, size_t n,
			bool with_patient);

/* The style sheet, to stand within <style>. */
extern const char hi_page_style[];

#endif
