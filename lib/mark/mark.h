/*
 * Marks: exactly once through a pipe. hi-record(5), "Marks".
 *
 *   {"type":"mark","run":"9f2c…","seq":7,"n":1200,"time":…,"positions":{…},"crc32c":"…"}
 *   {"type":"mark","resume":"begin","since":…,"window":"1h","crc32c":"…"}
 *   {"type":"mark","resume":"end","n":1000,"positions":{…},"crc32c":"…"}
 *   {"type":"mark","refused":true}
 *
 * n counts the lines since the mark before on this pipe: each tool checks it and
 * writes that of its own output. crc32c is over run, seq, time, window and positions, which
 * no filter changes, so that a mark that was altered on its way is not believed;
 * a mark without it is taken as it is.
 */
#ifndef HI_MARK_MARK_H
#define HI_MARK_MARK_H

#include "mark/positions.h"
#include "vital/record.h"

enum hi_mark_kind {
	HI_MARK_PLAIN, /* seq 0: the opening mark */
	HI_MARK_BEGIN, /* of a preamble */
	HI_MARK_END    /* of a preamble */
};

enum { HI_MARK_RUN_MAX = 64 };

struct hi_mark {
	enum hi_mark_kind kind;
	char run[HI_MARK_RUN_MAX + 1]; /* PLAIN: who wrote it, another one each start */
	uint64_t seq;
	bool counted; /* n is there: always but in a BEGIN, where it would be 0 */
	uint64_t n;
	bool timed;	   /* t_us is there: */
	int64_t t_us;	   /* PLAIN: the source's clock, of --tick; BEGIN: since */
	int64_t window_us; /* BEGIN */
	struct hi_positions positions;
};

void hi_mark_init(struct hi_mark *m);
void hi_mark_release(struct hi_mark *m);

/*
 * m (initialised, used again) becomes what rec, a record of type mark, says. HI_OK;
 * HI_CONTRACT: not a whole mark, or not the one that was written; HI_NOMEM.
 */
int hi_mark_read(struct hi_mark *m, const struct hi_rec *rec, struct hi_error *e);

/* Appends the mark as a line without LF, with its crc32c. */
void hi_mark_write(const struct hi_mark *m, struct hi_buf *b);

/* Appends rec, a mark, with n in the place of its own: every other byte as it was. */
void hi_mark_rewrite(const struct hi_rec *rec, uint64_t n, struct hi_buf *b);

/*
 * Appends the last line of a stream that a filter has refused. It is no mark to
 * anybody (hi_mark_read: HI_CONTRACT): who has not seen a mark yet would take what
 * has passed for a stream without marks, and a sink would keep it.
 */
void hi_mark_write_refused(struct hi_buf *b);

/*
 * True where a line that is no record begins as a mark of ours does: one that was
 * cut. whole false: its line end is missing, and so a few bytes are enough.
 */
bool hi_mark_is_torn(struct hi_slice line, bool whole);

#endif
