/* What agg.c (readings in), emit.c (rows out) and merge.c share. */
#ifndef HI_AGG_AGG_PRIVATE_H
#define HI_AGG_AGG_PRIVATE_H

#include "agg/agg.h"
#include "agg/groups.h"
#include "agg/names.h"

enum { HI_AGG_CACHE = 64 };

struct hi_agg {
	struct hi_agg_options o;
	struct hi_names patients, wards;
	struct hi_names metrics; /* those outside of the catalogue, numbered after it */
	struct hi_spans spans;

	/* Where the last readings went. */
	struct hi_span *span;
	struct hi_group *group;		     /* of span */
	struct hi_span *cache[HI_AGG_CACHE]; /* by time */

	int64_t oldest_us, newest_us; /* of all readings */

	/* With lateness. */
	int64_t clock_us;	/* windows that ended lateness before it are out */
	int64_t due_us;		/* the clock at which the next one is */
	int64_t ahead_us;	/* a jump of the clock that waits to be confirmed */
	uint32_t ahead_patient; /* who jumped; HI_NO_NAME: nobody */
	uint64_t late;

	struct hi_buf scratch; /* a ward's name without escapes */
	struct hi_json extra;  /* the other keys of a store's row */
};

/* The number of a metric, and its name. */
uint32_t hi_agg_metric(struct hi_agg *g, const struct hi_metric *m, struct hi_slice name);
struct hi_slice hi_agg_metric_name(const struct hi_agg *g, uint32_t metric);

/* Forgets where the last readings went: spans are about to be freed. */
void hi_agg_forget(struct hi_agg *g);

/* The rows of every window that ends at or before to_us. */
int hi_agg_emit(struct hi_agg *g, int64_t to_us, struct hi_error *e);

#endif
