/*
 * What a tool asks of the marks on its input: that no line and no mark was lost,
 * doubled or put elsewhere since the tool before wrote them.
 *
 *   (unmarked) --opening--> MARKED --mark--> MARKED … --mark--> end
 *       |                     ^
 *       +--begin--> PREAMBLE --end--> OPENING (the opening mark must be next)
 *
 * A begin or another run's opening mark may also follow a mark directly: streams
 * that were kept one behind the other.
 */
#ifndef HI_MARK_CHECK_H
#define HI_MARK_CHECK_H

#include "mark/mark.h"

enum hi_mark_state { HI_UNMARKED, HI_PREAMBLE, HI_OPENING, HI_MARKED };

struct hi_mark_check {
	enum hi_mark_state state;
	bool uncounted; /* n is not compared: a foreign filter adds or drops lines */
	uint64_t lines; /* since the last mark, or the beginning */
	uint64_t seq;	/* of the last mark */
	char run[HI_MARK_RUN_MAX + 1];
	struct hi_positions end; /* those of the preamble's end, where they are not empty */
};

void hi_mark_check_begin(struct hi_mark_check *c, bool uncounted);
void hi_mark_check_release(struct hi_mark_check *c);

/* A line that is no mark, good or bad. HI_OK, or HI_CONTRACT where a mark must come next. */
static inline int hi_mark_check_line(struct hi_mark_check *c, struct hi_error *e)
{
	c->lines++;
	return c->state == HI_OPENING
		       ? hi_error_set(e, HI_CONTRACT, "the mark after the preamble is missing")
		       : HI_OK;
}

/* A mark. HI_OK, HI_CONTRACT (e says what is wrong) or HI_NOMEM. */
int hi_mark_check_mark(struct hi_mark_check *c, const struct hi_mark *m, struct hi_error *e);

/* The input is over: HI_OK where no mark is missing, else HI_CONTRACT. */
int hi_mark_check_end(const struct hi_mark_check *c, struct hi_error *e);

#endif
