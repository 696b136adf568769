/*
 * Text into HTML and SVG. Everything that a record holds goes through
 * hi_html_text: ids and names may contain anything that a JSON string may.
 * Shared by hi-report and hi-serve.
 */
#ifndef HI_REPORT_HTML_H
#define HI_REPORT_HTML_H

#include <stdint.h>

#include "base/buf.h"

/*
 * Appends s so that it is only text, as an element's content or within double
 * quotes: & < > " ' as entities. What would not be seen or would rearrange the
 * text around it (C0 and C1 controls, bidirectional controls, zero-width space
 * and joiner, line separators, tags) is shown as its number, "‹U+202E›"; bytes
 * that are not UTF-8 as U+FFFD. Source: HTML Living Standard 13.1.3, Unicode TR 36.
 */
void hi_html_text(struct hi_buf *b, struct hi_slice s);
void hi_html_str(struct hi_buf *b, const char *s);

/* The same within <bdi>: a right-to-left name does not turn its neighbours. */
void hi_html_name(struct hi_buf *b, struct hi_slice s);

/* <time datetime="...Z">2025-01-01 05:00</time> in the process's zone. */
void hi_html_time(struct hi_buf *b, int64_t t_us);

/*
 * The same harmless text without entities, for a terminal: what hi_html_text
 * shows as a number is shown so here too.
 */
void hi_plain_text(struct hi_buf *b, struct hi_slice s);

#endif
