/* Rows to readings, by a plan: the lines that hi-csv writes. */
#ifndef HI_CSV_CONVERT_H
#define HI_CSV_CONVERT_H

#include "csv/plan.h"
#include "csv/stats.h"

struct hi_csv_options {
	/* "KEY=V", checked by hi_csv_set_check: in every reading; patient_id too. */
	const char *const *set;
	size_t set_n;
	bool stamp;		     /* timestamp = now_us() */
	int64_t max_ahead_us;	     /* -1: no limit */
	int64_t since_us, until_us;  /* readings outside [since, until) are left out */
	const char *const *patients; /* those of these patients only; n 0: all */
	size_t patients_n;
	const char *const *metrics;
	size_t metrics_n;
	int64_t (*now_us)(void); /* the clock, for stamp and max_ahead_us only */
	/*
	 * A bad row or cell: e has text, line, column, source; text is the row. What out
	 * holds stands before it in the stream. HI_OK, or what ends the conversion.
	 */
	int (*reject)(void *arg, const struct hi_error *e, struct hi_slice text);
	void *arg;
};

struct hi_csv_counts {
	uint64_t rows, readings;
	uint64_t left_out;	     /* rows that the mapping leaves out */
	uint64_t no_code;	     /* rows whose code the mapping does not name */
	uint64_t zoneless_line;	     /* first line with a time without a zone; 0: none */
	const char *zoneless_source; /* and its file, while that is read */
};

/* HI_OK, or HI_USAGE where set is not "KEY=V" with a key and a value that a record may have. */
int hi_csv_set_check(const char *set, struct hi_error *e);

struct hi_csv_convert; /* opaque */

/* o is borrowed. HI_OK or HI_NOMEM. */
int hi_csv_convert_new(struct hi_csv_convert **out, const struct hi_csv_options *o,
		       struct hi_error *e);
void hi_csv_convert_free(struct hi_csv_convert *c);

/*
 * Begins a file of that plan (borrowed): source names it in rejects (borrowed),
 * path gives the patient where the plan takes that from the file's name ("-" has
 * none: HI_USAGE). *wanted of hi_csv_rows_want lives as long as the file.
 */
int hi_csv_convert_begin(struct hi_csv_convert *c, const struct hi_csv_plan *p, const char *path,
			 const char *source, const bool **wanted, struct hi_error *e);

/*
 * Appends the row's readings to out, each a line ended by LF, columns in the
 * order of the metric table. HI_OK, HI_NOMEM, or what reject returned.
 */
int hi_csv_convert_row(struct hi_csv_convert *c, const struct hi_csv_row *row, struct hi_buf *out,
		       struct hi_error *e);

const struct hi_csv_counts *hi_csv_convert_counts(const struct hi_csv_convert *c);

/* The statistics of column i over all files, in order of first appearance; NULL: no more. */
struct hi_csv_stats *hi_csv_convert_stats(struct hi_csv_convert *c, size_t i);

/* "../data/p000123.csv.gz" gives "p000123". */
struct hi_slice hi_csv_patient_of_path(const char *path);

#endif
