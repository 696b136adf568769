/*
 * What each column of one file is: its header judged by the known headers, by a
 * look at values, or by a mapping alone.
 */
#ifndef HI_CSV_PLAN_H
#define HI_CSV_PLAN_H

#include "csv/map.h"
#include "csv/rows.h"

struct hi_csv_column {
	char name[HI_CSV_NAME_MAX + 1]; /* the header, cut */
	struct hi_csv_target target;
	unsigned rank;
	const char *why; /* constant */
	char detail[64]; /* figures of the look at values; "" */
};

struct hi_csv_plan {
	struct hi_csv_column *column;
	size_t n;
	/* Index of the column of each single role; HI_CSV_NO_COLUMN: none. */
	size_t patient, time, name, value, text, unit;
	bool patient_file;	      /* the file's name is the patient */
	const char *patient_is;	      /* one patient; NULL: not given; borrowed */
	const struct hi_csv_map *map; /* NULL: none; borrowed */
	bool own_names;		      /* hi-csv wrote it: metrics have their own names, no others */
	bool decimal_comma;
	bool guessed; /* values were looked at */
	char separator;
};

#define HI_CSV_NO_COLUMN ((size_t)-1)

void hi_csv_plan_release(struct hi_csv_plan *p);

/*
 * Makes a plan of a header row: by map where it is not NULL (columns that it does
 * not name are ignored), else by the known headers. HI_OK, HI_NOMEM, or HI_USAGE:
 * the map names a column that is not there (line: the map's).
 */
int hi_csv_plan_make(struct hi_csv_plan *p, const struct hi_csv_row *header, char separator,
		     const struct hi_csv_map *map, struct hi_error *e);

/* What the values of the columns look like, from the first rows. */
struct hi_csv_look; /* opaque */
enum { HI_CSV_LOOK_ROWS = 200 };

struct hi_csv_look *hi_csv_look_new(size_t columns_n); /* NULL: no memory */
void hi_csv_look_free(struct hi_csv_look *l);
void hi_csv_look_row(struct hi_csv_look *l, const struct hi_csv_row *row, bool decimal_comma);

/*
 * Gives columns that are not known a meaning where their values leave one only
 * (temperatures, saturations, pairs of pressures, letters of consciousness,
 * times), and a temperature its unit. Overrides a header that is known only where
 * every value is a pair like 120/80.
 */
void hi_csv_plan_guess(struct hi_csv_plan *p, const struct hi_csv_look *l);

/*
 * Settles which columns are used where several claim a role; to be called last.
 * stamped, patient_given: time and patient come from elsewhere. HI_OK, or HI_USAGE
 * where there is no time, no patient or no vital sign.
 */
int hi_csv_plan_settle(struct hi_csv_plan *p, bool stamped, bool patient_given, struct hi_error *e);

/* Appends what column i was taken for and why: "HR: heart_rate bpm (a known header)". */
void hi_csv_plan_tell(const struct hi_csv_plan *p, size_t i, struct hi_buf *b);

/* Appends the names of the columns that nothing is known of or said of, "Age, Gender", as many as
 * fit in b. */
void hi_csv_plan_unused(const struct hi_csv_plan *p, struct hi_buf *b);

/* Appends the plan as a mapping that gives the same plan again. */
void hi_csv_plan_print(const struct hi_csv_plan *p, struct hi_buf *b);

#endif
