/* CSV files to readings: header, plan, rows, one file after the other. */
#ifndef HI_CSV_IMPORT_H
#define HI_CSV_IMPORT_H

#include "csv/convert.h"

struct hi_csv_import_options {
	const struct hi_csv_map *map; /* NULL: known headers */
	char separator;		      /* 0: of the map, or detected */
	bool lines, guess;
	bool plan_only;		    /* ends each file after its plan */
	bool patient_given;	    /* --set patient_id */
	const char *const *columns; /* the header of files without one; n 0: the first row is it */
	size_t columns_n;
	struct hi_csv_options convert;
	/* All with convert.arg. As in csv/rows.h; a new plan; readings to be written, each a line.
	 */
	bool (*before_read)(void *arg, bool waits);
	void (*planned)(void *arg, const struct hi_csv_plan *p, const char *source);
	void (*write)(void *arg, struct hi_slice lines);
};

struct hi_csv_import; /* opaque */

/* o is borrowed. HI_OK or HI_NOMEM. */
int hi_csv_import_new(struct hi_csv_import **out, const struct hi_csv_import_options *o,
		      struct hi_error *e);
void hi_csv_import_free(struct hi_csv_import *im);

/*
 * One file ("-": standard input) to its end. A file with the header of the one
 * before has its plan. HI_OK; HI_END: the reject call wants no more; or negative:
 * HI_USAGE where the header gives no plan, HI_CONTRACT where the line that
 * hi_csv_import_from named is another one.
 */
int hi_csv_import_file(struct hi_csv_import *im, const char *path, struct hi_error *e);

/* The same over an input that is open and stays the caller's. */
int hi_csv_import_input(struct hi_csv_import *im, struct hi_input *in, const char *path,
			struct hi_error *e);

/* The next file is read from there on: its header, and then the rows behind that line. */
void hi_csv_import_from(struct hi_csv_import *im, struct hi_line_position from);

/*
 * Where the file stands that is being read, or was read last, for hi_csv_import_from of
 * a later run: all that came of what is before it was written, and nothing else, and
 * what comes of the rest is the same in any run with the same options. False: for
 * now at no such place, as within a row. May be called by before_read and write.
 */
bool hi_csv_import_position(struct hi_csv_import *im, struct hi_line_position *p);

/* The file was read to its end, and its last line has no line end. */
bool hi_csv_import_unended(const struct hi_csv_import *im);

struct hi_csv_convert *hi_csv_import_convert(struct hi_csv_import *im);

#endif
