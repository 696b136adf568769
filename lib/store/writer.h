/* A store's writer: what writer.c (putting, committing) and make.c (opening, closing) share. */
#ifndef HI_STORE_WRITER_H
#define HI_STORE_WRITER_H

#include "store/inside.h"
#include "store/kept.h"
#include "store/row.h"
#include "store/segment.h"

enum { HI_WRITER_NUMBERS = 16 }; /* segment numbers taken at first; doubled each time */

struct hi_store_writer {
	struct hi_store *store;
	int lock_fd;
	uint64_t number;
	uint64_t next_segment, end_segment; /* numbers taken, not used yet */
	uint64_t numbers_n;		    /* to take the next time */
	struct hi_segments set;
	struct hi_segment *hour; /* the last one written to */
	struct hi_row_writer rows;
	struct hi_kept kept;
	struct hi_store_pending pending;
	uint64_t pending_len;
	int64_t newest_us;
	sqlite3_stmt *upsert, *close;
	bool failed;
};

#endif
