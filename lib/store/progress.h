/*
 * How far a reader in order of arrival has come: the vector position behind any row
 * that it gave out, and behind a whole snapshot.
 *
 * A writer that may write again is listed with the last row that the snapshot has
 * of it. That it may not is said by its row in writers: it closed, or the next
 * writer found it dead (recover.c), in a transaction of its own. A dead writer's lock
 * alone would not do: its last transaction may lie in SQLite's log and be seen by
 * nobody until the log is recovered.
 */
#ifndef HI_STORE_PROGRESS_H
#define HI_STORE_PROGRESS_H

#include "store/part.h"
#include "store/vector.h"

struct hi_progress {
	struct hi_vector start, end; /* of the snapshot that is read */
	uint64_t writer, seq;	     /* of the row given last; writer 0: none yet */
	bool finished;
};

/* Within the snapshot's transaction: which writers may write again. As hi_db_error;
 * HI_CONTRACT where start is not of this store, or the store is an older copy. */
int hi_progress_writers(struct hi_progress *p, struct hi_store *s, struct hi_error *e);

/* Behind it: the last row of each. kept: temp.picked has been filled. */
int hi_progress_rows(struct hi_progress *p, struct hi_store *s, const struct hi_parts *readings,
		     bool kept, struct hi_error *e);

/* The next snapshot begins where this one ended. */
void hi_progress_next(struct hi_progress *p);

/* Where the reader stands. HI_OK, or HI_IO where too many writers write at the same time. */
int hi_progress_vector(const struct hi_progress *p, struct hi_vector *v, struct hi_error *e);

#endif
