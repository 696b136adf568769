/* The nearest right word for a wrong one: for messages about what a person typed. */
#ifndef HI_BASE_NEAREST_H
#define HI_BASE_NEAREST_H

#include "base/slice.h"

enum { HI_NEAREST_LEN_MAX = 48 };

/*
 * Edits between a and b, ASCII case aside: insertions, deletions, changes and
 * swaps of neighbours (optimal string alignment). Either longer than
 * HI_NEAREST_LEN_MAX bytes: that number.
 */
size_t hi_nearest_distance(struct hi_slice a, struct hi_slice b);

/* Edits that still look like a slip in a word of len bytes: a third of it, at least 1. */
size_t hi_nearest_slip(size_t len);

/* The first of names (ended by NULL) with the fewest edits, if they look like a slip; or NULL. */
const char *hi_nearest_of(struct hi_slice word, const char *const *names);

#endif
