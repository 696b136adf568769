/* Inside of agg/: texts (patients, wards, metrics) as numbers from 0, in order of appearance. */
#ifndef HI_AGG_NAMES_H
#define HI_AGG_NAMES_H

#include "agg/groups.h"
#include "state/patients.h"

enum { HI_NAMES_MAX = 1 << 26, HI_NAME_KEPT = 64 };

struct hi_names {
	struct hi_patients *table;
	/* The last one asked for: neighbours are often of one patient. */
	uint64_t last_hash;
	uint32_t last;
	uint8_t last_len;
	char last_text[HI_NAME_KEPT];
};

/* HI_OK or HI_NOMEM. */
int hi_names_init(struct hi_names *t);
void hi_names_release(struct hi_names *t);

/* The number of text, a new one where it is new; HI_NO_NAME: no memory. */
uint32_t hi_names_get_new(struct hi_names *t, struct hi_slice text, uint64_t hash);

static inline uint32_t hi_names_get(struct hi_names *t, struct hi_slice text, uint64_t hash)
{
	if (hash == t->last_hash && text.len == t->last_len &&
	    memcmp(text.ptr, t->last_text, text.len) == 0)
		return t->last;
	return hi_names_get_new(t, text, hash);
}

/* The text of number i; ptr NULL for HI_NO_NAME. */
struct hi_slice hi_names_text(const struct hi_names *t, uint32_t i);

#endif
