/*
 * Marks that were written and that a store does not have yet: how long the oldest of
 * them has been on its way. A store commits a mark's positions as they are, all at once:
 * what it has of them is one of these, and those before it are in it too.
 *
 * Memory: 64 KiB at most; of more marks than that every second one is forgotten, and
 * the age is then told a little too high.
 */
#ifndef HI_TOOL_UNSTORED_H
#define HI_TOOL_UNSTORED_H

#include "mark/positions.h"

enum { HI_UNSTORED_MAX = 4096 };

struct hi_unstored {
	struct hi_unstored_mark {
		uint64_t hash; /* of its positions */
		int64_t t_us;  /* when it was written */
	} * v;
	size_t n, cap;
	uint64_t last; /* the positions of the last mark */
};

/* opening: where the stream begins, which is nothing on its way. No allocation. */
void hi_unstored_begin(struct hi_unstored *u, const struct hi_positions *opening);
void hi_unstored_release(struct hi_unstored *u);

/*
 * A mark was written at t_us, by any clock that does not go back. Where memory ends it
 * is not counted.
 */
void hi_unstored_add(struct hi_unstored *u, const struct hi_positions *now, int64_t t_us);

/* The store has these positions. */
void hi_unstored_settle(struct hi_unstored *u, const struct hi_positions *durable);

/* How old the oldest one is by then; 0: there is none. */
int64_t hi_unstored_age_us(const struct hi_unstored *u, int64_t now_us);

#endif
