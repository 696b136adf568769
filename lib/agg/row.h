/* The stat record as text: hi-record(5). */
#ifndef HI_AGG_ROW_H
#define HI_AGG_ROW_H

#include "agg/agg.h"
#include "base/buf.h"

/* Appends the record as one JSON object, keys in the order of hi-record(5), no LF. */
void hi_stat_json(struct hi_buf *b, const struct hi_stat_row *row);

/* Columns of the CSV form: the header line and one row, ended by LF. */
void hi_stat_csv_header(struct hi_buf *b);
void hi_stat_csv(struct hi_buf *b, const struct hi_stat_row *row);

#endif
