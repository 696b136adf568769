/* What the files of lib/store share of an open store. */
#ifndef HI_STORE_INSIDE_H
#define HI_STORE_INSIDE_H

#include <sqlite3.h>

#include "store/layout.h"
#include "store/store.h"

struct hi_store {
	char *path; /* the folder */
	int fd;	    /* of the folder */
	sqlite3 *db;
	bool one_hour; /* the operand named an hour */
	int64_t hour_us;
};

/* Opens the folder alone: path and fd. HI_OK, HI_IO or HI_NOMEM. */
int hi_store_open_folder(struct hi_store **out, const char *operand, struct hi_error *e);

/*
 * Puts the store's path before what e says of a file in it, and returns status:
 * the functions below the store know relative paths only.
 */
int hi_store_blame(const struct hi_store *s, int status, struct hi_error *e);

/*
 * For who reads writers, clocks or the id: HI_USAGE where the store was made by an
 * earlier version and has none yet. HI_OK, HI_IO, HI_CORRUPT, HI_NOMEM.
 */
int hi_store_need_marks(struct hi_store *s, struct hi_error *e);

/*
 * To be called after a commit of the caller's own. A writer killed in its commit may
 * have left a transaction in the database's log that no open connection sees (the
 * log's index does not have it), but that SQLite finds there and takes for committed
 * once the last connection was killed too. What was cut off by the catalogue as it
 * was seen before would then be missing. A commit overwrites such a transaction.
 *
 * Under the lock of each: cuts off what stands behind committed lengths, removes
 * segments that no catalogue knows, and checks those that their writer left open.
 * HI_OK; HI_CORRUPT, with nothing changed any further.
 */
int hi_store_recover(struct hi_store *s, struct hi_error *e);

/*
 * The writer of number N holds this byte + N of the lock file, far above all numbers
 * of segments, from before the catalogue shows it until it is closed, or dead.
 */
#define HI_LOCK_WRITERS (UINT64_C(1) << 62)

/* Locks bytes first..first+n-1 of the lock file. HI_OK; HI_END: another holds one; HI_IO. */
int hi_store_lock(int lock_fd, uint64_t first, uint64_t n, struct hi_error *e);
void hi_store_unlock(int lock_fd, uint64_t first, uint64_t n);

/* *held: a writer other than lock_fd's holds this byte. HI_OK or HI_IO. */
int hi_store_held(int lock_fd, uint64_t at, bool *held, struct hi_error *e);

#endif
