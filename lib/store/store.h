/*
 * A store as a folder: hi-store(5). Readers and writers.
 *
 * Facts are text files, mutable state is one SQLite database, its transaction is
 * the one commit there is.
 */
#ifndef HI_STORE_STORE_H
#define HI_STORE_STORE_H

#include "base/status.h"
#include "mark/mark.h"
#include "vital/record.h"

struct hi_store; /* opaque: an open store, for reading or writing */

/* True where path is a folder that holds a store, or names an hour of one ("ward/@2025-12-28T05").
 */
bool hi_store_is(const char *path);

/* True where there is no store yet and hi_store_writer_open would make one. */
bool hi_store_absent(const char *path);

/*
 * Opens for reading. path may carry an hour after '@'. A newer format is refused
 * (HI_USAGE); HI_IO, HI_CORRUPT.
 */
int hi_store_open(struct hi_store **out, const char *path, struct hi_error *e);
void hi_store_close(struct hi_store *s);

struct hi_vector; /* store/vector.h */

/* What to read. */
struct hi_select {
	int64_t since_us, until_us;  /* HI_TIME_MIN, HI_TIME_END: all. since included, until not */
	int64_t last_n;		     /* newest n per patient x metric; 0: all */
	int64_t last_us;	     /* back from the newest reading there is; 0: all */
	const char *const *patients; /* none: all */
	size_t patients_n;
	const char *const *metrics; /* full names; none: all */
	size_t metrics_n;
	unsigned types; /* bits 1 << enum hi_type */
	bool scores;	/* readings with "tool" too */
	bool raw;	/* every row as committed, in order of arrival, duplicates too */
	/* raw, and neither rejects nor unknown types: only what lies behind it. NULL: all. */
	const struct hi_vector *after;
};

struct hi_cursor; /* opaque */

/*
 * Reads in the total order (time, patient, metric, value, extra), duplicates
 * once, all types merged by time; only what was committed when it was opened.
 * Memory: one hour's rows. s and sel's names are borrowed until the close. HI_OK
 * or negative.
 */
int hi_cursor_open(struct hi_cursor **out, struct hi_store *s, const struct hi_select *sel,
		   struct hi_error *e);

/* HI_OK, HI_END, or negative. rec is as hi_rec says for rows of a store; it lives until the next
 * call. */
int hi_cursor_next(struct hi_cursor *c, struct hi_rec *rec, struct hi_error *e);
void hi_cursor_close(struct hi_cursor *c);

/*
 * After HI_END: waits at most timeout_ms for a commit that came since. HI_OK: go
 * on with hi_cursor_next, which then gives what those commits wrote, each batch
 * in the cursor's order; HI_END: nothing came. --last does not apply any more.
 */
int hi_cursor_follow(struct hi_cursor *c, int timeout_ms, struct hi_error *e);

/*
 * Where a cursor with sel.after stands: a cursor that is opened there, now or after
 * any crash, gives what this one has not given yet. HI_OK; HI_IO: too many writers
 * at the same time.
 */
int hi_cursor_vector(const struct hi_cursor *c, struct hi_vector *v, struct hi_error *e);

/* Calls each with the start of every hour within sel's times that has readings, in order. */
int hi_store_hours(struct hi_store *s, const struct hi_select *sel,
		   void (*each)(void *arg, int64_t hour_us), void *arg, struct hi_error *e);

/* First and last event time of readings in the store; HI_END where there are none. */
int hi_store_range(struct hi_store *s, int64_t *first_us, int64_t *last_us, struct hi_error *e);

struct hi_store_writer; /* opaque */

/*
 * Opens a store for writing, makes it where path does not exist (its parent must)
 * or is an empty folder: *created. What a crash left is cleared away first. Any
 * number of writers may work side by side. HI_OK; HI_USAGE: a folder of something
 * else, a newer format; HI_CORRUPT; HI_IO; HI_NOMEM.
 */
int hi_store_writer_open(struct hi_store_writer **out, const char *path, bool *created,
			 struct hi_error *e);

/*
 * Takes a record of any type but mark (HI_USAGE). Nothing of it is promised until
 * a commit, which may happen here where bounds are reached. Any error is final:
 * every later call fails, and what was not committed never was.
 */
int hi_store_put(struct hi_store_writer *w, const struct hi_rec *rec, struct hi_error *e);

/* What was put since the last commit. */
struct hi_store_pending {
	uint64_t records, alerts;
};
struct hi_store_pending hi_store_pending(const struct hi_store_writer *w);

/*
 * Makes durable what was put: data, fsync of each file and of the folders of new
 * ones, then one transaction. HI_OK: it is on the disk, and readers see all of it.
 */
int hi_store_commit(struct hi_store_writer *w, struct hi_error *e);

/*
 * A marked stream: commits carry positions, and nothing else commits until
 * hi_store_unmark. opening: where the stream begins; each key of it that the store
 * knows must stand there (HI_CONTRACT, e says which key), and is where the next
 * commit must find it; a key that it does not know it must not know then, either.
 * rewind: the store's positions are replaced by the opening's at the first commit.
 * What was put before is committed, or, after another marked stream, forgotten.
 */
int hi_store_begin(struct hi_store_writer *w, const struct hi_positions *opening, bool rewind,
		   struct hi_error *e);

/*
 * Commits what was put since the mark before, and m's positions, in one
 * transaction. HI_CONTRACT: another pipeline has moved one of the keys since; then
 * nothing is committed. Where nothing was put and no position moved it only
 * notes m's time.
 *
 * A key that is not in m stays where it stands, and where it comes back it must
 * stand there. A key that no mark had so far must be new to the store; or it is
 * taken over, where it stands in the store as m says and nothing was put since the
 * mark before.
 */
int hi_store_mark(struct hi_store_writer *w, const struct hi_mark *m, struct hi_error *e);

/* The marked stream is over. What was put after its last mark is forgotten; other records may
 * follow. */
int hi_store_unmark(struct hi_store_writer *w, struct hi_error *e);

/*
 * Adds the position of that key to out, where the store has one. A store may have any
 * number of keys: who knows its own asks for each. HI_OK, HI_NOMEM, HI_IO, HI_CORRUPT.
 */
int hi_store_position(struct hi_store *s, const char *key, struct hi_positions *out,
		      struct hi_error *e);

/* All positions of the store. The same, or HI_USAGE: they are more than HI_POSITIONS_MAX. */
int hi_store_positions(struct hi_store *s, struct hi_positions *out, struct hi_error *e);

enum { HI_STORE_ID_LEN = 32 };

/*
 * The store's id, hex digits given when it was made. HI_USAGE: it was made by an
 * earlier version, and nobody has written to it since.
 */
int hi_store_id(struct hi_store *s, char id[HI_STORE_ID_LEN + 1], struct hi_error *e);

/* Closes without a commit; the segments are closed where nothing has failed. NULL is nothing. */
int hi_store_writer_close(struct hi_store_writer *w, struct hi_error *e);

#endif
