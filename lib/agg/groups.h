/*
 * Inside of agg/: windows, the groups in each, and a cell a metric in each group.
 * Patients, wards and metrics are numbers here (agg.c has their names).
 */
#ifndef HI_AGG_GROUPS_H
#define HI_AGG_GROUPS_H

#include "agg/values.h"
#include "agg/window.h"

#define HI_NO_NAME UINT32_MAX

/* One row to be: the values of a group's metric, and the patients they are of. */
struct hi_cell {
	struct hi_values values;
	uint64_t *seen; /* a bit a patient */
	uint32_t seen_words;
	uint32_t patients_n;
};

struct hi_group {
	uint32_t patient, ward; /* HI_NO_NAME: not told apart by it */
	uint32_t cells_n;
	struct hi_cell **cells; /* by metric; NULL: nothing of it yet */
};

struct hi_span {
	struct hi_window window;
	struct hi_group **slots; /* open addressing, cap a power of two */
	size_t cap, used;
};

struct hi_spans {
	struct hi_span **slots; /* open addressing by window.from_us, cap a power of two */
	size_t cap, used;
};

/* Each finds it or makes it empty; NULL: no memory. */
struct hi_span *hi_span_get(struct hi_spans *t, struct hi_window w);
struct hi_group *hi_group_get(struct hi_span *s, uint32_t patient, uint32_t ward);
struct hi_cell *hi_cell_get(struct hi_group *g, uint32_t metric, const struct hi_metric *m);

/* The span, or NULL. */
struct hi_span *hi_span_find(const struct hi_spans *t, int64_t from_us);

/* Counts patient, who is new to the cell. HI_OK or HI_NOMEM. */
int hi_cell_see_new(struct hi_cell *c, uint32_t patient);

/* Counts patient unless it has been. HI_OK or HI_NOMEM. */
static inline int hi_cell_see(struct hi_cell *c, uint32_t patient)
{
	if (patient / 64 < c->seen_words && c->seen[patient / 64] >> patient % 64 & 1)
		return HI_OK;
	return hi_cell_see_new(c, patient);
}

/*
 * Takes out every span that ends at or before to_us; they are the caller's:
 * malloced array in order of time, *n of them. NULL: no memory.
 */
struct hi_span **hi_spans_take(struct hi_spans *t, int64_t to_us, size_t *n);

void hi_span_free(struct hi_span *s);
void hi_spans_release(struct hi_spans *t);

#endif
