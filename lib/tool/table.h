/*
 * A readable table for a terminal: columns as wide as their content (UTF-8
 * counted in columns), numbers to the right, control characters shown as U+FFFD,
 * so that record data cannot drive a terminal.
 */
#ifndef HI_TOOL_TABLE_H
#define HI_TOOL_TABLE_H

#include "base/slice.h"
#include "io/writer.h"

struct hi_table; /* opaque */

/* titles: n column names, a leading '>' for a column set to the right. Rows kept: at most 4,000, then widths are fixed and rows stream. */
struct hi_table *hi_table_new(const char *const *titles, size_t n);
void hi_table_cell(struct hi_table *t, struct hi_slice text); /* cells row by row; copies */
/* Writes what is there; a call at the end is needed. */
void hi_table_flush(struct hi_table *t, struct hi_writer *w);
void hi_table_free(struct hi_table *t);

#endif
