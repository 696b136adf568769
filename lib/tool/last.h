/*
 * --last over files and pipes, whose end has to be seen first: keeps the lines
 * that may still be among the last, and gives them in order of arrival at the end
 * of input. A store answers --last by itself.
 *
 * Memory: the lines kept. For a duration, those not older than it, counted from
 * the newest reading so far; for a number, that many a patient and metric. Records
 * that are not readings are kept by their time for a duration, and all of them for
 * a number.
 */
#ifndef HI_TOOL_LAST_H
#define HI_TOOL_LAST_H

#include "base/status.h"
#include "vital/record.h"

struct hi_last; /* opaque */

/* Either n or span_us is above 0. NULL: no memory. */
struct hi_last *hi_last_new(int64_t n, int64_t span_us);
void hi_last_free(struct hi_last *l);

/* Copies the record's line if it may be among the last. HI_OK or HI_NOMEM. */
int hi_last_put(struct hi_last *l, const struct hi_rec *rec, struct hi_error *e);

/* The next of them as a line without LF, or false at the end. Called after the last put. */
bool hi_last_next(struct hi_last *l, struct hi_slice *line);

#endif
