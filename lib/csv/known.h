/*
 * What the words of other people's files mean: column headers, units, codes and
 * the ways of writing "nothing". Tables only; a new header is one row of known.c.
 */
#ifndef HI_CSV_KNOWN_H
#define HI_CSV_KNOWN_H

#include <stdint.h>

#include "vital/metric.h"

enum { HI_CSV_NAME_MAX = 127, HI_CSV_METHOD_MAX = 16 };

/* What a column is for. */
enum hi_csv_role {
	HI_CSV_IGNORE,
	HI_CSV_PATIENT,
	HI_CSV_TIME,	/* RFC 3339 and its kin (cell.h) */
	HI_CSV_ELAPSED, /* a number of unit_us since since_us */
	HI_CSV_CLOCK,	/* H:MM or H:MM:SS since since_us */
	HI_CSV_METRIC,	/* a wide file: values of one metric */
	HI_CSV_PAIR,	/* "120/80": bp_systolic and bp_diastolic */
	HI_CSV_NAME,	/* a narrow file: which metric the row is of, a name or a code */
	HI_CSV_VALUE,	/* a narrow file: the value */
	HI_CSV_UNIT,	/* a narrow file: its unit */
	HI_CSV_TEXT,	/* a narrow file: the code of a coded metric, where there is no value */
	HI_CSV_KEY,	/* passed on as the key `name` */
	HI_CSV_TYPE	/* a record's type: only readings may come from CSV */
};

/* What a column, or a code in a name column, stands for. */
struct hi_csv_target {
	enum hi_csv_role role;
	const struct hi_metric *known;	    /* METRIC: NULL where not in the catalogue */
	char name[HI_METRIC_NAME_MAX + 1];  /* METRIC: metric_name; KEY: the key */
	char unit[HI_UNIT_MAX + 1];	    /* METRIC, PAIR: as records write it; "": none */
	char method[HI_CSV_METHOD_MAX + 1]; /* METRIC, PAIR: "" where nothing is said */
	int64_t unit_us, since_us;	    /* ELAPSED, CLOCK */
};

/* Makes t a METRIC of that name (a full or a short one), with its canonical unit. */
void hi_csv_target_metric(struct hi_csv_target *t, struct hi_slice name);

/*
 * The meaning of a header, whatever its case and punctuation ("O2Sat", "o2 sat",
 * "Temp (F)", "temp_f"). False: not known. *rank: of several columns with the
 * same single role (patient, time, value) the one with the lowest is used.
 */
bool hi_csv_known_header(struct hi_slice header, struct hi_csv_target *t, unsigned *rank);

/*
 * A unit as files write it ("Deg. F", "mmhg", "insp/min") as a record of m may
 * write it; m NULL: as it is. HI_OK with out NUL-ended, or HI_REFUSED: not one of m's.
 */
int hi_csv_known_unit(const struct hi_metric *m, struct hi_slice written,
		      char out[HI_UNIT_MAX + 1]);

/* True for the words that say "no value": nothing, NaN, NA, N/A, null, none, -, ... */
bool hi_csv_is_missing(struct hi_slice cell);

/*
 * The letter of a coded metric that a cell stands for ("Alert", "a", "V"); 0: none.
 * Only words that mean one letter of m->codes.
 */
char hi_csv_known_code(const struct hi_metric *m, struct hi_slice cell);

#endif
