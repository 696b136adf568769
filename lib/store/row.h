/*
 * A reading as a row of CSV (RFC 4180) and back: hi-store(5).
 *
 *   seq,patient_id,metric_name,timestamp,value,unit,extra
 *
 *   seq        the row's number within its writer
 *   timestamp  UTC, RFC 3339 with Z, 0, 3 or 6 fraction digits as needed
 *   value      a number as it was written, or converted to the canonical unit;
 *              a code in JSON quotes; empty for null
 *   unit       canonical; as written for metrics outside the catalogue
 *   extra      the record's other keys as a compact JSON object; empty: none.
 *              Where value or unit are not what was written, with the key
 *              "written": {"value":98.6,"unit":"F"}
 *
 * Rows are lines: no column can hold a line break, because ids hold no control
 * characters and JSON escapes them.
 */
#ifndef HI_STORE_ROW_H
#define HI_STORE_ROW_H

#include "base/buf.h"
#include "base/time.h"
#include "vital/record.h"

#define HI_ROW_HEADER "seq,patient_id,metric_name,timestamp,value,unit,extra\n"

/* Writes rows. Start from zeroes. */
struct hi_row_writer {
	uint64_t seq;	 /* of the last row */
	char digits[20]; /* its text, set to the right, so that the next one is a carry away */
	uint8_t digits_n;
	uint8_t time_len;
	char time[HI_TIME_TEXT_MAX]; /* the text of time_us */
	int64_t time_us;
	struct hi_buf extra; /* scratch; the caller inits and releases it */
};

/* Counts one record that is no row, too: seq is the order of arrival of all. */
uint64_t hi_row_count(struct hi_row_writer *w);

/* Appends the row of a reading to b, with its LF. HI_OK, or HI_NOMEM with b as it was. */
int hi_row_write(struct hi_row_writer *w, const struct hi_rec *rec, struct hi_buf *b);

/* A row's columns. */
struct hi_row {
	uint64_t seq;
	struct hi_slice patient_id, metric_name, timestamp, value, unit, extra;
};

/*
 * Reads one row (without LF). The slices point into line, or, where a column was
 * quoted with quotes in it, into scratch, whose max is 0 or at least the row's length. false: not a
 * row.
 */
bool hi_row_read(struct hi_slice line, struct hi_row *row, struct hi_buf *scratch);

/* The same of the columns up to timestamp; the others stay as they are. */
bool hi_row_read_head(struct hi_slice line, struct hi_row *row, struct hi_buf *scratch);

/* True where the row has the key "tool" in extra: a score. */
bool hi_row_is_score(const struct hi_row *row, struct hi_json *json);

/*
 * The row as a record. t_us and t_digits are the caller's, who has read the
 * timestamp; scratch takes a code's text. false: not what hi_row_write writes.
 */
bool hi_row_record(const struct hi_row *row, bool score, int64_t t_us, struct hi_buf *scratch,
		   struct hi_rec *rec);

#endif
