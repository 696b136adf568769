/*
 * The file of --undelivered: lines that a broker has not taken, byte for byte and in the
 * order in which they were read, so that the file can be read in the place of what they
 * came from. Lines are held in memory and go into the file at a commit: all of them, and
 * durably, or none.
 */
#ifndef HI_BRIDGE_UNDELIVERED_H
#define HI_BRIDGE_UNDELIVERED_H

#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"

struct hi_undelivered; /* opaque */

/* More than this is not held: hi_undelivered_put commits. */
enum { HI_UNDELIVERED_HELD_MAX = 48 << 20 };

/*
 * Opens path to append to it, or makes it, mode 0600: what an earlier run has put there
 * stays. Where its last line is cut, lines begin behind an LF. HI_OK; HI_IO, also where
 * another run writes to it now; HI_USAGE: it is no file, or the one that standard input
 * reads; HI_NOMEM. path is kept by reference.
 */
int hi_undelivered_open(struct hi_undelivered **out, const char *path, struct hi_error *e);

/*
 * Takes a line without its LF (copied). number: its place in the order; lines may come
 * in any. HI_OK, HI_NOMEM, or as a commit.
 */
int hi_undelivered_put(struct hi_undelivered *u, uint64_t number, struct hi_slice line,
		       struct hi_error *e);

/* How many lines are held. */
uint64_t hi_undelivered_held(const struct hi_undelivered *u);

/*
 * What is held goes into the file, and fsync. HI_OK, or HI_IO: the file is as it was
 * before, and what was held is still held.
 */
int hi_undelivered_commit(struct hi_undelivered *u, struct hi_error *e);

/* What is held is forgotten: it comes again from where it came from. */
void hi_undelivered_drop(struct hi_undelivered *u);

/* Closes the file, without a commit; NULL is allowed. */
void hi_undelivered_close(struct hi_undelivered *u);

#endif
