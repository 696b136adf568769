/*
 * Where a reader of a store in order of arrival stands: "MAX;W:SEQ,W:SEQ".
 *
 * Rows are numbered within their writer (seq), and several writers write at a time:
 * one number cannot say what was read. Every writer up to MAX was read to its end,
 * but for those listed, in rising order, of which more may come: of these the rows
 * up to SEQ. "0;" is the beginning. As a position it is at most HI_POSITION_MAX
 * bytes, enough for six writers at the same time.
 */
#ifndef HI_STORE_VECTOR_H
#define HI_STORE_VECTOR_H

#include "mark/positions.h"

enum { HI_VECTOR_WRITERS = HI_POSITION_MAX / 4 }; /* ",W:S": more do not go into the text */

struct hi_vector {
	uint64_t max;
	struct hi_vector_writer {
		uint64_t writer, seq;
	} v[HI_VECTOR_WRITERS];
	size_t n;
};

/* Reads a position as JSON, as hi_positions_find gives it; NULL is the beginning. False: not one.
 */
bool hi_vector_read(struct hi_vector *v, const char *json);

/* to[key] becomes v. As hi_positions_set; HI_IO where more writers are listed than the text holds.
 */
int hi_vector_set(struct hi_positions *to, const char *key, const struct hi_vector *v,
		  struct hi_error *e);

/* The last row of that writer that was read: UINT64_MAX: all there will ever be; 0: none. */
uint64_t hi_vector_seq(const struct hi_vector *v, uint64_t writer);

/* Lists a writer above all that are listed. False: there is no room. */
bool hi_vector_add(struct hi_vector *v, uint64_t writer, uint64_t seq);

/*
 * Where a reader stands that goes from start to end, writer by writer in rising
 * order, each by seq, and has come to the row seq of writer. False: no room.
 */
bool hi_vector_between(struct hi_vector *v, const struct hi_vector *start,
		       const struct hi_vector *end, uint64_t writer, uint64_t seq);

/* Appends a condition in SQL: the row's writer and seq, named by these columns, lie behind v. */
void hi_vector_where(const struct hi_vector *v, const char *writer, const char *seq,
		     struct hi_buf *sql);

#endif
