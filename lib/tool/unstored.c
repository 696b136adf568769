#include "tool/unstored.h"

#include <stdlib.h>

#include "base/hash.h"

static uint64_t hash_of(const struct hi_positions *p)
{
	uint64_t h = p->n;
	for (size_t i = 0; i < p->n; i++) {
		h = hi_hash16(h, hi_hash_slice(hi_slice_of(p->v[i].key)), 0);
		h = hi_hash16(h, hi_hash_slice(hi_slice_of(p->v[i].value)), 1);
	}
	return h;
}

void hi_unstored_begin(struct hi_unstored *u, const struct hi_positions *opening)
{
	*u = (struct hi_unstored){ .last = hash_of(opening) };
}

void hi_unstored_release(struct hi_unstored *u)
{
	free(u->v);
	*u = (struct hi_unstored){ NULL, 0, 0, 0 };
}

/* The oldest stays, and so does the newest. */
static void thin_out(struct hi_unstored *u)
{
	size_t n = 0;
	for (size_t i = 0; i < u->n; i++)
		if (i % 2 == 0 || i + 1 == u->n)
			u->v[n++] = u->v[i];
	u->n = n;
}

void hi_unstored_add(struct hi_unstored *u, const struct hi_positions *now, int64_t t_us)
{
	const uint64_t hash = hash_of(now);
	if (hash == u->last)
		return; /* nothing came since */
	if (u->n == HI_UNSTORED_MAX)
		thin_out(u);
	if (u->n == u->cap) {
		size_t cap = u->cap ? 2 * u->cap : 64;
		void *v = realloc(u->v, cap * sizeof(u->v[0]));
		if (!v)
			return;
		u->v = v;
		u->cap = cap;
	}
	u->v[u->n++] = (struct hi_unstored_mark){ hash, t_us };
	u->last = hash;
}

void hi_unstored_settle(struct hi_unstored *u, const struct hi_positions *durable)
{
	const uint64_t hash = hash_of(durable);
	size_t i = u->n;
	/* From the newest: most often the store has nearly all. */
	while (i > 0 && u->v[i - 1].hash != hash)
		i--;
	if (i == 0)
		return;
	memmove(u->v, u->v + i, (u->n - i) * sizeof(u->v[0]));
	u->n -= i;
}

int64_t hi_unstored_age_us(const struct hi_unstored *u, int64_t now_us)
{
	return u->n > 0 && now_us > u->v[0].t_us ? now_us - u->v[0].t_us : 0;
}
