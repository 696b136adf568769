#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

enum { CAP_MIN = 256 };

void hi_buf_init(struct hi_buf *b, size_t max)
{
	*b = (struct hi_buf){ .max = max };
}

void hi_buf_reset(struct hi_buf *b)
{
	b->len = 0;
	b->failed = false;
}

void hi_buf_release(struct hi_buf *b)
{
	free(b->ptr);
	hi_buf_init(b, b->max);
}

static bool grow(struct hi_buf *b, size_t need)
{
	size_t cap = b->cap < CAP_MIN ? CAP_MIN : b->cap;

	while (cap < need && cap <= b->max / 2)
		cap *= 2;
	if (cap < need || cap > b->max)
		cap = b->max;

	char *ptr = realloc(b->ptr, cap);
	if (!ptr)
		return false;
	b->ptr = ptr;
	b->cap = cap;
	return true;
}

/* Once failed a buffer takes nothing more: a later, shorter piece would stand after a hole. */
char *hi_buf_room(struct hi_buf *b, size_t n)
{
	if (b->failed)
		return NULL;
	if (n > b->cap - b->len || !b->ptr) {
		if (n > b->max - b->len || b->max == 0 || !grow(b, b->len + n)) {
			b->failed = true;
			return NULL;
		}
	}
	return b->ptr + b->len;
}

void hi_buf_put(struct hi_buf *b, const void *ptr, size_t n)
{
	char *room = n ? hi_buf_room(b, n) : NULL;

	if (room) {
		memcpy(room, ptr, n);
		b->len += n;
	}
}

void hi_buf_puts(struct hi_buf *b, const char *s)
{
	hi_buf_put(b, s, strlen(s));
}

void hi_buf_putc(struct hi_buf *b, char c)
{
	hi_buf_put(b, &c, 1);
}

void hi_buf_slice(struct hi_buf *b, struct hi_slice s)
{
	hi_buf_put(b, s.ptr, s.len);
}

void hi_buf_printf(struct hi_buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0) {
		b->failed = true;
		return;
	}

	/* vsnprintf ends with a NUL, which needs its place though it is not content. */
	char *room = hi_buf_room(b, (size_t)n + 1);
	if (!room)
		return;
	va_start(ap, fmt);
	vsnprintf(room, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}
