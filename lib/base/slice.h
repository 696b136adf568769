/* A run of bytes that somebody else owns. Not ended by NUL. */
#ifndef HI_BASE_SLICE_H
#define HI_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct hi_slice {
	const char *ptr;
	size_t len;
};

#define HI_LIT(s) ((struct hi_slice){ (s), sizeof(s) - 1 })

static inline struct hi_slice hi_slice_of(const char *s)
{
	return (struct hi_slice){ s, strlen(s) };
}

static inline bool hi_slice_eq(struct hi_slice a, struct hi_slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool hi_slice_is(struct hi_slice a, const char *s)
{
	return hi_slice_eq(a, hi_slice_of(s));
}

/* Bytewise order, a shorter prefix first: <0, 0, >0. */
static inline int hi_slice_cmp(struct hi_slice a, struct hi_slice b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n ? memcmp(a.ptr, b.ptr, n) : 0;
	return c ? c : (a.len > b.len) - (a.len < b.len);
}

#endif
