/*
 * The records that live in store.db: alerts, acts, patients, statistics, voids.
 * Each type is one row of a table in kept.c: the whole line is kept, beside it
 * the columns by which it is found. A later record of the same identity
 * (hi-record(5)) takes the earlier one's place.
 */
#ifndef HI_STORE_KEPT_H
#define HI_STORE_KEPT_H

#include <sqlite3.h>

#include "base/buf.h"
#include "store/store.h"
#include "vital/reader.h"

enum { HI_KEPT_PENDING_MAX = 128 << 20 };

/* Records put since the last commit, and the statements that insert them. */
struct hi_kept {
	struct hi_buf pending;
	struct hi_reader *reader; /* the lines are read again at the commit */
	sqlite3_stmt *insert[HI_TYPES];
};

/* True for the types that go here. */
bool hi_kept_is(enum hi_type type);

int hi_kept_init(struct hi_kept *k, struct hi_error *e);
void hi_kept_release(struct hi_kept *k);

/*
 * Notes a record for the next commit. HI_OK, HI_NOMEM, or HI_USAGE where they are
 * more than HI_KEPT_PENDING_MAX bytes.
 */
int hi_kept_put(struct hi_kept *k, const struct hi_rec *rec, uint64_t seq, struct hi_error *e);

/*
 * Inserts what was noted, within the caller's transaction; hi_kept_forget forgets
 * it. A record that is there already, byte for byte, changes nothing.
 */
int hi_kept_insert(struct hi_kept *k, sqlite3 *db, uint64_t writer, uint64_t commit_n,
		   struct hi_error *e);
void hi_kept_forget(struct hi_kept *k);

/*
 * Fills temp.picked(at_us, rank, type, writer, seq, line) of a reading connection
 * with the records that sel wants and that commits after commit_n wrote, in event
 * order (raw: of arrival). It is a copy, on SQLite's temporary disk where large,
 * so that no transaction is open while it is read.
 */
int hi_kept_pick(sqlite3 *db, const struct hi_select *sel, uint64_t commit_n, struct hi_error *e);

/* A statement that reads picked in order: at_us, rank, type, writer, seq, line. */
int hi_kept_picked(sqlite3 *db, sqlite3_stmt **out, struct hi_error *e);

#endif
