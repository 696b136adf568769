#include "agg/hist.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	MANTISSA_BITS = 52,
	/* 2 signs x 2^11 exponents x 2^4 is HI_HIST_MAX: it never has to be coarser. */
	BITS_MIN = 4,
	SLOTS_FIRST = 1024
};

#define SIGN (UINT64_C(1) << 63)
#define ZERO_BIN (UINT64_C(1) << 32) /* bins of negative values lie below it */

int hi_hist_new(struct hi_hist **out)
{
	struct hi_hist *h = calloc(1, sizeof(*h));

	*out = h;
	if (!h)
		return HI_NOMEM;
	h->bits = HI_HIST_BITS;
	h->cap = SLOTS_FIRST;
	h->slots = calloc(h->cap, sizeof(*h->slots));
	for (int c = 0; c < HI_HIST_CLASSES; c++) {
		h->min[c] = INFINITY;
		h->max[c] = -INFINITY;
	}
	if (h->slots)
		return HI_OK;
	free(h);
	*out = NULL;
	return HI_NOMEM;
}

void hi_hist_free(struct hi_hist *h)
{
	if (!h)
		return;
	free(h->slots);
	free(h);
}

static uint64_t key_make(bool negative, uint64_t bin, unsigned class)
{
	return (negative ? ZERO_BIN - 1 - bin : ZERO_BIN + bin) << 2 | class;
}

static bool key_split(uint64_t key, uint64_t *bin)
{
	uint64_t k = key >> 2;

	*bin = k < ZERO_BIN ? ZERO_BIN - 1 - k : k - ZERO_BIN;
	return k < ZERO_BIN;
}

static struct hi_hist_bin *slot_of(struct hi_hist_bin *slots, size_t cap, uint64_t key)
{
	size_t i = (size_t)(key * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (cap - 1);

	while (slots[i].n != 0 && slots[i].key != key)
		i = (i + 1) & (cap - 1);
	return &slots[i];
}

/* Adds a bin's sums; there is room. */
static void put(struct hi_hist *h, const struct hi_hist_bin *b)
{
	struct hi_hist_bin *s = slot_of(h->slots, h->cap, b->key);

	h->used += s->n == 0;
	s->key = b->key;
	s->n += b->n;
	s->rest += b->rest;
	s->rest2 += b->rest2;
}

/* The same bin where each power of two has 2^(bits - 1) bins instead of 2^bits. */
static void coarsen(struct hi_hist_bin *b, unsigned bits)
{
	uint64_t bin;
	bool negative = key_split(b->key, &bin);

	if (bin & 1) {
		unsigned __int128 step = (unsigned __int128)1 << (MANTISSA_BITS - bits);
		b->rest2 += 2 * step * b->rest + step * step * b->n;
		b->rest += step * b->n;
	}
	b->key = key_make(negative, bin >> 1, hi_hist_class(b->key));
}

/* Builds the table again with cap slots and so many bits. h is as it was at HI_NOMEM. */
static int rebuild(struct hi_hist *h, size_t cap, unsigned bits)
{
	struct hi_hist old = *h;
	struct hi_hist_bin *slots = calloc(cap, sizeof(*slots));

	if (!slots)
		return HI_NOMEM;
	h->slots = slots;
	h->cap = cap;
	h->bits = bits;
	h->used = 0;
	for (size_t i = 0; i < old.cap; i++) {
		struct hi_hist_bin b = old.slots[i];
		if (b.n == 0)
			continue;
		for (unsigned k = old.bits; k > bits; k--)
			coarsen(&b, k);
		put(h, &b);
	}
	free(old.slots);
	return HI_OK;
}

/* Adds a bin and keeps the table in its bounds. */
static int add_bin(struct hi_hist *h, const struct hi_hist_bin *b)
{
	int status = HI_OK;

	put(h, b);
	while (status == HI_OK && h->used > HI_HIST_MAX && h->bits > BITS_MIN)
		status = rebuild(h, h->cap, h->bits - 1);
	if (status == HI_OK && h->used * 3 > h->cap * 2)
		status = rebuild(h, h->cap * 2, h->bits);
	return status;
}

int hi_hist_add(struct hi_hist *h, double v, unsigned class, uint64_t n)
{
	unsigned shift = MANTISSA_BITS - h->bits;
	struct hi_hist_bin b = { .n = n };
	uint64_t u;

	v += 0.0; /* no negative zero */
	h->min[class] = v < h->min[class] ? v : h->min[class];
	h->max[class] = v > h->max[class] ? v : h->max[class];
	memcpy(&u, &v, sizeof(u));
	uint64_t rest = u & ((UINT64_C(1) << shift) - 1);
	b.key = key_make(u & SIGN, (u & ~SIGN) >> shift, class);
	b.rest = (unsigned __int128)rest * n;
	b.rest2 = (unsigned __int128)rest * rest * n;
	return add_bin(h, &b);
}

int hi_hist_merge(struct hi_hist *a, const struct hi_hist *b)
{
	int status = a->bits > b->bits ? rebuild(a, a->cap, b->bits) : HI_OK;

	for (size_t i = 0; i < b->cap && status == HI_OK; i++) {
		struct hi_hist_bin bin = b->slots[i];
		if (bin.n == 0)
			continue;
		for (unsigned k = b->bits; k > a->bits; k--)
			coarsen(&bin, k);
		status = add_bin(a, &bin);
	}
	for (int c = 0; c < HI_HIST_CLASSES; c++) {
		a->min[c] = b->min[c] < a->min[c] ? b->min[c] : a->min[c];
		a->max[c] = b->max[c] > a->max[c] ? b->max[c] : a->max[c];
	}
	return status;
}

static int by_key(const void *a, const void *b)
{
	uint64_t x = ((const struct hi_hist_bin *)a)->key, y = ((const struct hi_hist_bin *)b)->key;
	return (x > y) - (x < y);
}

struct hi_hist_bin *hi_hist_sorted(const struct hi_hist *h)
{
	struct hi_hist_bin *out = malloc((h->used + 1) * sizeof(*out));
	size_t n = 0;

	if (!out)
		return NULL;
	for (size_t i = 0; i < h->cap; i++)
		if (h->slots[i].n != 0)
			out[n++] = h->slots[i];
	qsort(out, n, sizeof(*out), by_key);
	return out;
}

static double double_of(uint64_t bits)
{
	double v;
	memcpy(&v, &bits, sizeof(v));
	return v;
}

void hi_hist_bin_range(const struct hi_hist *h, uint64_t key, double *sign, double *low,
		       double *unit, double *half)
{
	unsigned shift = MANTISSA_BITS - h->bits;
	uint64_t bin;

	*sign = key_split(key, &bin) ? -1 : 1;
	bin <<= shift;
	*low = double_of(bin);
	*unit = double_of(bin + 1) - *low;
	*half = *unit * (double)(UINT64_C(1) << (shift - 1));
}
