/*
 * --last over files and pipes, whose end has to be seen first: keeps the lines
 * that may still be among the last, and gives them in order of arrival at the end
 * of input. A store answers --last by itself.
 *
 * Memory: the lines kept, and at most as many again before they are given up. For
 * a duration, those not older than it, counted from the newest reading so far; for
 * a number, that many a patient and metric. Records that are not readings are kept
 * by their time for a duration (all that have none), and all of them for a number.
 */
#ifndef HI_TOOL_TAIL_H
#define HI_TOOL_TAIL_H

#include "base/status.h"
#include "vital/record.h"

struct hi_tail; /* opaque */

/* Either n or span_us is above 0. NULL: no memory. */
struct hi_tail *hi_tail_new(int64_t n, int64_t span_us);
void hi_tail_free(struct hi_tail *l);

/* Copies the record's line if it may be among the last. HI_OK or HI_NOMEM. */
int hi_tail_put(struct hi_tail *l, const struct hi_rec *rec, struct hi_error *e);

/* The next of them as a line without LF, or false at the end. Called after the last put. */
bool hi_tail_next(struct hi_tail *l, struct hi_slice *line);

#endif
