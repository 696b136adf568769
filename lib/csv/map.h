/*
 * The mapping: a text file, one rule a line, that says what a CSV file's columns
 * are. hi-csv(1) is where users read it.
 *
 *   COLUMN = METRIC [UNIT] [method WORD]     values of a metric (a wide file)
 *   COLUMN = bp [UNIT] [method WORD]         "120/80", two readings
 *   COLUMN = patient|time|metric|value|text|unit    what the column holds
 *   COLUMN = type                        a record's type: a row of any but reading is refused
 *   COLUMN = key NAME                        passed on as the key NAME
 *   COLUMN = ignore
 *   COLUMN UNIT since TIME                   elapsed time; UNIT us ms s min h d, or h:mm
 *   COLUMN CODE = METRIC [UNIT] [method WORD]    the code of a metric (a narrow file)
 *   COLUMN CODE = unit UNIT                  how a unit column writes a unit
 *   COLUMN CODE = ignore                     rows where COLUMN holds CODE are left out
 *   COLUMN missing WORD...                   words that mean "no value" in a column
 *   missing WORD...                          and in every column of values
 *   patient file | patient is ID             the file's name, or one patient, is the patient
 *   separator tab|CHARACTER
 *   decimal comma|point
 */
#ifndef HI_CSV_MAP_H
#define HI_CSV_MAP_H

#include "base/buf.h"
#include "base/status.h"
#include "csv/known.h"

enum { HI_CSV_CODE_MAX = 64, HI_CSV_RULES_MAX = 65536, HI_CSV_MAP_BYTES_MAX = 4 << 20 };

enum hi_csv_rule_kind {
	HI_CSV_COLUMN, /* column is target */
	HI_CSV_CODE,   /* word in column is target (METRIC, UNIT with target.unit, IGNORE) */
	HI_CSV_MISSING /* word in column ("": in every one) is no value */
};

struct hi_csv_rule {
	enum hi_csv_rule_kind kind;
	uint32_t line;
	char column[HI_CSV_NAME_MAX + 1];
	char word[HI_CSV_CODE_MAX + 1];
	struct hi_csv_target target;
};

struct hi_csv_map {
	struct hi_csv_rule *rule;
	size_t n, cap;
	bool patient_file;
	char patient[64 + 1]; /* "": not given */
	char separator;	      /* 0: not given */
	char decimal;	      /* ',' '.' or 0: not given */
};

void hi_csv_map_init(struct hi_csv_map *m);
void hi_csv_map_release(struct hi_csv_map *m);

/*
 * Reads a whole mapping. HI_OK, HI_NOMEM, or HI_USAGE at its first wrong line
 * with text (what was expected), line, column and the word in detail; source is
 * the caller's to set.
 */
int hi_csv_map_parse(struct hi_csv_map *m, struct hi_slice text, struct hi_error *e);

/* The same from a file (source: path, borrowed); HI_IO where it cannot be read. */
int hi_csv_map_read(struct hi_csv_map *m, const char *path, struct hi_error *e);

/*
 * For a rule whose metric is not in the catalogue: the word that looks like what was
 * meant, a metric or what a column holds (time, patient, ...), or NULL.
 */
const char *hi_csv_rule_meant(const struct hi_csv_rule *r);

/* True where a record may get the key beside those that a reading has of its own. */
bool hi_csv_key_allowed(struct hi_slice key);

/* The separator that "tab" or one character names (no quote, no line end). False: none. */
bool hi_csv_separator(struct hi_slice word, char *out);

/* Appends s as one word of a mapping, quoted where needed. */
void hi_csv_map_word(struct hi_buf *b, struct hi_slice s);

/* Appends "METRIC UNIT method WORD", "patient", "key ward", ...: a target as a rule writes it. */
void hi_csv_map_target(struct hi_buf *b, const struct hi_csv_target *t);

#endif
