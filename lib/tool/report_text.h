/* The ward board and the alarms of a summary as text: hi-report --text. */
#ifndef HI_TOOL_REPORT_TEXT_H
#define HI_TOOL_REPORT_TEXT_H

#include "io/writer.h"
#include "report/summary.h"

/*
 * Writes a head line, the board (8 metrics at most) and the episodes: all that
 * are active, 20 that ended. s is finished. Nothing in it can drive a terminal.
 * own_rejects: lines that the caller itself could not read. HI_OK or HI_NOMEM;
 * errors of w stay latched in it.
 */
int hi_report_text(struct hi_writer *w, const struct hi_summary *s, const char *title,
		   uint64_t own_rejects, struct hi_error *e);

#endif
