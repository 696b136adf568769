/*
 * Readings in order of arrival, every row as committed: by writer, then by seq.
 *
 * A writer's segments are open side by side where it fills several hours at once;
 * they are merged. Memory: HI_ARRIVAL_BLOCK bytes for each segment whose rows lie
 * between those of others.
 */
#ifndef HI_STORE_ARRIVAL_H
#define HI_STORE_ARRIVAL_H

#include "store/filter.h"
#include "store/part.h"
#include "store/row.h"

enum { HI_ARRIVAL_BLOCK = 64 << 10 };

struct hi_arrival; /* opaque */

/*
 * parts are in order of (writer, first_seq); parts and f are borrowed until the free.
 * f NULL: hi_arrival_row is to be called, not hi_arrival_next.
 */
int hi_arrival_new(struct hi_arrival **out, struct hi_store *s, const struct hi_part *parts,
		   size_t n, const struct hi_filter *f, struct hi_error *e);
void hi_arrival_free(struct hi_arrival *a);

/*
 * The next row that the filter lets through: HI_OK, HI_END or negative. rec lives
 * until the next call; *writer and *seq say when it came.
 */
int hi_arrival_next(struct hi_arrival *a, struct hi_rec *rec, uint64_t *writer, uint64_t *seq,
		    struct hi_error *e);

/* What most is decided by, and where the rest stands. The slices live until the next call. */
struct hi_arrival_row {
	struct hi_slice patient_id, metric_name;
	int64_t t_us;
	uint64_t writer, seq;
	const struct hi_part *part;
	uint64_t at; /* the row's offset in its segment, */
	size_t len;  /* and its length without LF */
};

/* The next row, scores too: HI_OK, HI_END or negative. */
int hi_arrival_row(struct hi_arrival *a, struct hi_arrival_row *row, struct hi_error *e);

/* The row that hi_arrival_row has given last, as a record. HI_OK or negative. */
int hi_arrival_record(struct hi_arrival *a, struct hi_rec *rec, struct hi_error *e);

/* A row that was given some time before. HI_OK or negative. */
int hi_arrival_again(struct hi_arrival *a, const struct hi_part *part, uint64_t at, size_t len,
		     struct hi_rec *rec, struct hi_error *e);

#endif
