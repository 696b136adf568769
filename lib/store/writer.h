/*
 * A store's writer: what writer.c (putting, committing), marks.c (positions) and
 * make.c (opening, closing) share.
 */
#ifndef HI_STORE_WRITER_H
#define HI_STORE_WRITER_H

#include "state/clock.h"
#include "store/inside.h"
#include "store/kept.h"
#include "store/row.h"
#include "store/segment.h"

enum { HI_WRITER_NUMBERS = 16 }; /* segment numbers taken at first; doubled each time */

/* A marked stream: marks.c. */
struct hi_writer_marks {
	bool on;
	bool rewind;		    /* until the first commit: the store stands elsewhere */
	struct hi_positions said;   /* what the opening and the marks said last of each key */
	struct hi_positions stored; /* what the store must hold of them; the others it must lack */
	size_t keys_n;		    /* of said, as the writer's row has them */
	struct hi_stream_clock clock;
	sqlite3_stmt *get, *set, *row;
};

struct hi_store_writer {
	struct hi_store *store;
	int lock_fd;
	uint64_t number;
	bool used;			    /* something was committed under it */
	uint64_t next_segment, end_segment; /* numbers taken, not used yet */
	uint64_t numbers_n;		    /* to take the next time */
	struct hi_segments set;
	struct hi_segment *hour; /* the last one written to */
	struct hi_row_writer rows;
	struct hi_kept kept;
	struct hi_store_pending pending;
	uint64_t pending_len; /* bytes of rows and records since they were last written out */
	int64_t newest_us;
	struct hi_writer_marks marks;
	sqlite3_stmt *upsert, *close;
	bool failed;
};

/* What a failed writer answers, and what makes one: every status passes through the second. */
int hi_writer_refuse(const struct hi_store_writer *w, struct hi_error *e);
int hi_writer_done(struct hi_store_writer *w, int status, struct hi_error *e);

/* Commits what was put, with m's positions (NULL: none). all: every segment is closed with it. */
int hi_writer_commit(struct hi_store_writer *w, bool all, const struct hi_mark *m,
		     struct hi_error *e);

/* What was put since the last commit was never there; no segment is open then. */
int hi_writer_forget(struct hi_store_writer *w, struct hi_error *e);

/* A number of its own, seen by others from now on. */
int hi_writer_register(struct hi_store_writer *w, struct hi_error *e);

/* Nothing more will come under this number, says the catalogue. */
int hi_writer_retire(struct hi_store_writer *w, struct hi_error *e);

/* Within the transaction of a commit: positions are compared, HI_CONTRACT, and set. */
int hi_marks_compare(struct hi_store_writer *w, const struct hi_mark *m, struct hi_error *e);
int hi_marks_set(struct hi_store_writer *w, const struct hi_mark *m, struct hi_error *e);
void hi_marks_release(struct hi_writer_marks *mk);

#endif
