/*
 * A buffer that grows and is born with a maximum.
 *
 * Appending past the maximum, or where memory ends, latches `failed` and leaves
 * the content as it was: write as much as you like and look once.
 */
#ifndef HI_BASE_BUF_H
#define HI_BASE_BUF_H

#include <stdarg.h>

#include "base/slice.h"

struct hi_buf {
	char *ptr; /* NULL until first used */
	size_t len;
	size_t cap;
	size_t max;
	bool failed;
};

/* No allocation. max: bytes the buffer may ever hold. */
void hi_buf_init(struct hi_buf *b, size_t max);

/* Empties it and clears `failed`; keeps the memory. */
void hi_buf_reset(struct hi_buf *b);

/* Frees the memory; the buffer may be used again, as after init. */
void hi_buf_release(struct hi_buf *b);

/* Room for n bytes more at ptr + len; NULL (and failed) when there is none. */
char *hi_buf_room(struct hi_buf *b, size_t n);

void hi_buf_put(struct hi_buf *b, const void *ptr, size_t n);
void hi_buf_puts(struct hi_buf *b, const char *s);
void hi_buf_putc(struct hi_buf *b, char c);
void hi_buf_slice(struct hi_buf *b, struct hi_slice s);
void hi_buf_printf(struct hi_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static inline struct hi_slice hi_buf_view(const struct hi_buf *b)
{
	return (struct hi_slice){ b->ptr ? b->ptr : "", b->len };
}

#endif
