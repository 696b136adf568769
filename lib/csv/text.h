/* Cells of a CSV file to write: RFC 4180 section 2, and times that R, pandas and DuckDB read right.
 */
#ifndef HI_CSV_TEXT_H
#define HI_CSV_TEXT_H

#include <stdint.h>

#include "base/buf.h"

/*
 * Appends s as one cell: quoted where a separator, a quote, a line end or an outer
 * space is in it. spreadsheet: what a spreadsheet would take for a formula gets an
 * apostrophe before it (OWASP, "CSV Injection").
 */
void hi_csv_put_text(struct hi_buf *b, struct hi_slice s, bool spreadsheet);

/* Appends "2025-12-28 05:00:00.000", UTC; six digits only where the time has them. */
void hi_csv_put_time(struct hi_buf *b, int64_t t_us);

#endif
