/*
 * Readings to CSV, with columns that never change: a program that reads it needs
 * no look at the header. Times are "2025-12-28 05:00:00.000" in UTC, values
 * canonical, numbers only in numeric columns; LF ends a row, quotes as RFC 4180.
 *
 *   narrow  patient_id,timestamp,metric_name,value,text,unit,plausible,ward,device_id,method
 *   wide    patient_id,timestamp, then a column a metric of the catalogue, then
 *           those of extra metrics. Consecutive readings of one patient and time
 *           share a row; a second value of a metric begins another.
 *
 * Memory: one row.
 */
#ifndef HI_CSV_EXPORT_H
#define HI_CSV_EXPORT_H

#include "vital/record.h"

struct hi_csv_export; /* opaque */

struct hi_csv_export_counts {
	uint64_t readings;
	uint64_t no_column;	  /* wide: of metrics without a column */
	uint64_t other[HI_TYPES]; /* records that are no readings */
};

/*
 * extra: metrics; those outside the catalogue get columns behind the catalogue's
 * (wide). Borrowed. spreadsheet: a text that a spreadsheet would take for a formula gets
 * a ' in front. HI_OK or HI_NOMEM.
 */
int hi_csv_export_new(struct hi_csv_export **out, bool wide, bool spreadsheet,
		      const char *const *extra, size_t extra_n, struct hi_error *e);
void hi_csv_export_free(struct hi_csv_export *x);

/* Appends the header row. */
void hi_csv_export_header(const struct hi_csv_export *x, struct hi_buf *b);

/* Appends the rows that rec completes. HI_OK or HI_NOMEM. */
int hi_csv_export_record(struct hi_csv_export *x, const struct hi_rec *rec, struct hi_buf *b,
			 struct hi_error *e);

/* Appends the row that is still open. */
int hi_csv_export_end(struct hi_csv_export *x, struct hi_buf *b, struct hi_error *e);

const struct hi_csv_export_counts *hi_csv_export_counts(const struct hi_csv_export *x);

#endif
