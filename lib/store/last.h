/* The newest n readings of each patient x metric: hours are read backwards until enough is there.
 */
#ifndef HI_STORE_LAST_H
#define HI_STORE_LAST_H

#include "store/hour.h"

struct hi_last; /* opaque */

/*
 * Reads at once, with hour as its work space; parts are in order of hours. It
 * holds the text of all rows of the answer.
 */
int hi_last_new(struct hi_last **out, struct hi_store *s, struct hi_hour *hour,
		const struct hi_parts *parts, const struct hi_select *sel,
		const struct hi_filter *f, struct hi_error *e);
void hi_last_free(struct hi_last *l);

/* The rows in event order: HI_OK, HI_END or negative; rec lives until the next call. */
int hi_last_next(struct hi_last *l, struct hi_rec *rec, struct hi_error *e);

#endif
