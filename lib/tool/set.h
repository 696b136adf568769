/* --set KEY=V: records with a key put in, or changed. */
#ifndef HI_TOOL_SET_H
#define HI_TOOL_SET_H

#include "vital/reader.h"

struct hi_set {
	const char *const *set; /* "KEY=V", borrowed */
	size_t n;
	struct hi_json json;
	struct hi_buf before, after;
	struct hi_reader *reader;
};

/* Checks each as hi-csv does. HI_OK, HI_USAGE or HI_NOMEM; release in every case. */
int hi_set_init(struct hi_set *s, const char *const *set, size_t n, struct hi_error *e);
void hi_set_release(struct hi_set *s);

/*
 * out is rec with the keys at the end, as strings; it lives until the next call.
 * HI_OK, HI_REFUSED where that is no record (e says why), or negative.
 */
int hi_set_apply(struct hi_set *s, const struct hi_rec *rec, struct hi_rec *out,
		 struct hi_error *e);

#endif
