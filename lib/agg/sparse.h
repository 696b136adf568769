/* Inside of agg/: counts of values anywhere, by hash. */
#ifndef HI_AGG_SPARSE_H
#define HI_AGG_SPARSE_H

#include <stddef.h>
#include <stdint.h>

#include "base/num.h"

enum { HI_SPARSE_DOUBLE = 255 };

struct hi_sparse_slot {
	int64_t mant;  /* of the decimal without zeros at its end; or the double's bits */
	uint64_t n;    /* 0: an empty slot */
	uint8_t scale; /* HI_SPARSE_DOUBLE: no decimal */
};

struct hi_sparse {
	struct hi_sparse_slot *slots; /* open addressing, cap a power of two */
	size_t cap, used;
};

/* Fills mant and scale: equal values give equal keys. A decimal above mant_max is a double. */
void hi_sparse_key(struct hi_sparse_slot *key, const struct hi_num *x, int64_t mant_max);

/*
 * The count of key; made (0, to be set by the caller) where there is none. *t is
 * made at first use. NULL: no memory.
 */
uint64_t *hi_sparse_at(struct hi_sparse **t, const struct hi_sparse_slot *key);

/* Takes out slot i; a later one may move into its place. */
void hi_sparse_remove(struct hi_sparse *t, size_t i);

double hi_sparse_value(const struct hi_sparse_slot *s);

void hi_sparse_free(struct hi_sparse *t);

#endif
