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

/*
 * titles: n column names (at most 64, borrowed), a leading '>' for a column set
 * to the right. NULL: no memory.
 */
struct hi_table *hi_table_new(const char *const *titles, size_t n);

/* The next cell, row by row; copied. */
void hi_table_cell(struct hi_table *t, struct hi_slice text);

/* What a cell is made of is not whole for want of memory: the output fails at its next flush. */
void hi_table_fail(struct hi_table *t);

/*
 * Ends a row: cells not given are empty. Keeps memory bounded: 4,000 rows are
 * held, then they are written, widths are fixed and rows stream.
 */
void hi_table_row(struct hi_table *t, struct hi_writer *w);

/* Writes what is there (titles too, before the first rows); a call at the end is needed. */
void hi_table_flush(struct hi_table *t, struct hi_writer *w);

void hi_table_free(struct hi_table *t);

#endif
