/* A selection made ready for many rows or records: names in tables. */
#ifndef HI_STORE_FILTER_H
#define HI_STORE_FILTER_H

#include "state/patients.h"
#include "store/store.h"

struct hi_filter {
	int64_t since_us, until_us;
	bool scores;
	const struct hi_vector *after;		/* borrowed; NULL: all */
	struct hi_patients *patients, *metrics; /* NULL: all */
};

/* The selection's names are copied. HI_OK or HI_NOMEM; release in both cases. */
int hi_filter_init(struct hi_filter *f, const struct hi_select *sel, struct hi_error *e);
void hi_filter_release(struct hi_filter *f);

bool hi_filter_patient(const struct hi_filter *f, struct hi_slice id);
bool hi_filter_metric(const struct hi_filter *f, struct hi_slice name);

static inline bool hi_filter_time(const struct hi_filter *f, int64_t t_us)
{
	return t_us >= f->since_us && t_us < f->until_us;
}

/* A record as a line; what it does not have does not leave it out. */
bool hi_filter_record(const struct hi_filter *f, const struct hi_rec *rec);

#endif
