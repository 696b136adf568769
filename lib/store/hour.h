/*
 * The rows of one hour in event order: (time, patient, metric, value, unit, extra),
 * texts bytewise; rows equal in all of these once; of scores with equal patient,
 * metric and time the one that arrived last.
 *
 * Memory: the text of the rows that are selected, 24 bytes a row, as much again
 * where they are not in order already, and one segment.
 */
#ifndef HI_STORE_HOUR_H
#define HI_STORE_HOUR_H

#include "store/filter.h"
#include "store/part.h"
#include "store/row.h"

struct hi_hour_row {
	int64_t t_us;
	uint32_t patient, metric; /* the rank of each among the hour's */
	uint64_t at;		  /* of its text; the top bit: a score */
};

struct hi_hour {
	struct hi_buf text;	 /* rows as they stand in the segments, in order of arrival */
	struct hi_hour_row *row; /* sorted and unique */
	size_t n, cap;
	struct hi_buf quoted; /* the columns of the row last given, where they were quoted */
	struct hi_buf code;
	struct hi_json json;
};

void hi_hour_init(struct hi_hour *h);
void hi_hour_release(struct hi_hour *h);

/* Replaces what h holds by the parts (one hour's, in order of arrival). HI_OK or negative. */
int hi_hour_load(struct hi_hour *h, struct hi_store *s, const struct hi_part *parts, size_t n,
		 const struct hi_filter *f, struct hi_error *e);

/* The text of row i < n, as it stands in its segment. */
struct hi_slice hi_hour_text(const struct hi_hour *h, size_t i);

/* Row i < n as a record, which lives until the next call. HI_OK or HI_CORRUPT. */
int hi_hour_record(struct hi_hour *h, size_t i, struct hi_rec *rec, struct hi_error *e);

#endif
