/* Inside of lib/csv: what convert.c, convert_tables.c and convert_value.c share. */
#ifndef HI_CSV_CONVERT_PRIVATE_H
#define HI_CSV_CONVERT_PRIVATE_H

#include "base/time.h"
#include "csv/convert.h"
#include "csv/series.h"
#include "state/patients.h"
#include "vital/record.h"

enum { HI_CSV_NAMES_MAX = 4096, HI_CSV_TIME_CELL_MAX = 64 };

/* A column of a wide file: one series, or two of a pair. */
struct hi_csv_field {
	size_t column;
	size_t order;
	bool pair;
	struct hi_csv_series s[2];
};

/* A word that means "no value", of one column or of all. */
struct hi_csv_missing {
	size_t column;
	const char *word;
	bool numeric;
	double v;
};

/* Rows where a column holds a word are left out. */
struct hi_csv_leave {
	size_t column;
	const char *word;
};

struct hi_csv_convert {
	const struct hi_csv_options *o;
	struct hi_csv_counts counts;
	struct hi_csv_stats_list stats;

	const struct hi_csv_plan *plan;
	const char *source;
	struct hi_csv_field *field;
	size_t field_n;
	struct hi_csv_missing *missing;
	size_t missing_n;
	struct hi_csv_leave *leave;
	size_t leave_n;
	bool *wanted;
	size_t type;		   /* the column of a record's type */
	bool coded_names;	   /* names of metrics are codes of the mapping, and nothing else */
	struct hi_patients *names; /* name cell -> struct hi_csv_series */
	char file_patient[HI_PATIENT_ID_MAX + 1];

	bool set_method;
	const char *set_patient;
	struct hi_buf set; /* ,"ward":"W7" */

	/* Of the row being converted, kept while they do not change. */
	char patient[HI_PATIENT_ID_MAX];
	size_t patient_len;
	bool patient_selected;
	struct hi_buf head; /* {"patient_id":"P","metric_name": */
	char time_cell[HI_CSV_TIME_CELL_MAX];
	size_t time_cell_len; /* 0: none is kept */
	int64_t t_us;
	char time_text[HI_TIME_TEXT_MAX];
	size_t time_text_len;
	struct hi_buf tail; /* TIME","ward":"W7" */
	bool row_method;    /* the row has a method of its own */
};

/* convert_tables.c: the tables of c->plan; HI_OK or an error. Release also between files. */
int hi_csv_tables_make(struct hi_csv_convert *c, struct hi_error *e);
void hi_csv_tables_release(struct hi_csv_convert *c);

/* A series of that target; off where its metric is not selected. */
void hi_csv_convert_series(struct hi_csv_convert *c, struct hi_csv_series *s, const char *name,
			   const struct hi_csv_target *target);

/* True where s is in the list, or the list is empty. */
bool hi_csv_selected(const char *const *list, size_t n, struct hi_slice s);

/*
 * convert.c: refuses a cell of the row, naming its column. HI_REFUSED, or what
 * the reject call returned to end the conversion.
 */
int hi_csv_convert_refuse(struct hi_csv_convert *c, const struct hi_csv_row *row, size_t column,
			  const char *why);

/*
 * convert_value.c: the series of a narrow row's name cell; the readings of a wide
 * row; that of a narrow one. HI_OK, HI_REFUSED (a reject was made) or an end.
 */
int hi_csv_convert_find(struct hi_csv_convert *c, const struct hi_csv_row *row,
			struct hi_csv_series **out, struct hi_error *e);
int hi_csv_convert_wide(struct hi_csv_convert *c, const struct hi_csv_row *row, struct hi_buf *out,
			struct hi_error *e);
int hi_csv_convert_narrow(struct hi_csv_convert *c, const struct hi_csv_row *row,
			  struct hi_csv_series *s, struct hi_buf *out, struct hi_error *e);

#endif
