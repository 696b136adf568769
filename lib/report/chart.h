/*
 * One metric of one patient as inline SVG, and as the table behind it.
 *
 * Classes only, no colours: the page's style sheet gives them, for light, dark
 * and print. A chart draws at most one line step a column of pixels, so its size
 * does not grow with the input.
 */
#ifndef HI_REPORT_CHART_H
#define HI_REPORT_CHART_H

#include "report/summary.h"

struct hi_chart {
	const struct hi_series *series;
	const struct hi_summary_metric *metric;
	const struct hi_rule_seen *rules; /* that episodes refer to */
	const struct hi_alarm
		*episodes; /* the patient's list; others than the metric's are skipped */
	struct hi_slice patient_id;
	int64_t from_us, to_us; /* the time axis; from < to */
	unsigned number;	/* makes ids unique in the page */
	unsigned column;	/* width of a column in tenths of a pixel, from 10 */
};

/* The metric's name for people: its label, or the name that was written (escaped). */
void hi_chart_label(struct hi_buf *b, const struct hi_summary_metric *m);
void hi_chart_unit(struct hi_buf *b, const struct hi_summary_metric *m);

/* The newest value as people see it ("37.2", a code's letter, an en dash for none). */
void hi_chart_value(struct hi_buf *b, const struct hi_series *s, const struct hi_metric *m);

/* <svg role="img"> with title and desc. */
void hi_chart_draw(struct hi_buf *b, const struct hi_chart *c);

/* A line of a hundred pixels without text, for a board that has the number beside it. */
void hi_chart_spark(struct hi_buf *b, const struct hi_chart *c);

/* <table> of at most rows rows. */
void hi_chart_table(struct hi_buf *b, const struct hi_chart *c, unsigned rows);

/* One sentence: what the chart shows, for a screen reader. */
void hi_chart_words(struct hi_buf *b, const struct hi_chart *c);

#endif
