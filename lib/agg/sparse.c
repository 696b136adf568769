#include "agg/sparse.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS_FIRST = 8 };

void hi_sparse_key(struct hi_sparse_slot *key, const struct hi_num *x, int64_t mant_max)
{
	key->n = 0;
	if (x->exact && x->mant <= mant_max && x->mant >= -mant_max) {
		key->mant = x->mant;
		key->scale = x->scale;
		for (; key->scale > 0 && key->mant % 10 == 0; key->scale--)
			key->mant /= 10;
	} else {
		memcpy(&key->mant, &x->v, sizeof(key->mant));
		key->scale = HI_SPARSE_DOUBLE;
	}
}

double hi_sparse_value(const struct hi_sparse_slot *s)
{
	double v;

	if (s->scale != HI_SPARSE_DOUBLE)
		return hi_num_decimal(s->mant, s->scale).v;
	memcpy(&v, &s->mant, sizeof(v));
	return v;
}

static size_t home_of(const struct hi_sparse *t, const struct hi_sparse_slot *key)
{
	uint64_t h =
		((uint64_t)key->mant ^ (uint64_t)key->scale << 56) * UINT64_C(0x9E3779B97F4A7C15);
	return (size_t)(h ^ h >> 32) & (t->cap - 1);
}

static struct hi_sparse_slot *slot_of(struct hi_sparse *t, const struct hi_sparse_slot *key)
{
	size_t i = home_of(t, key);

	while (t->slots[i].n != 0 &&
	       (t->slots[i].mant != key->mant || t->slots[i].scale != key->scale))
		i = (i + 1) & (t->cap - 1);
	return &t->slots[i];
}

static bool resize(struct hi_sparse *t, size_t cap)
{
	struct hi_sparse old = *t;
	struct hi_sparse_slot *slots = calloc(cap, sizeof(*slots));

	if (!slots)
		return false;
	t->slots = slots;
	t->cap = cap;
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].n != 0)
			*slot_of(t, &old.slots[i]) = old.slots[i];
	free(old.slots);
	return true;
}

uint64_t *hi_sparse_at(struct hi_sparse **tp, const struct hi_sparse_slot *key)
{
	struct hi_sparse *t = *tp;

	if (!t)
		*tp = t = calloc(1, sizeof(*t));
	if (!t || ((t->used + 1) * 3 > t->cap * 2 && !resize(t, t->cap ? t->cap * 2 : SLOTS_FIRST)))
		return NULL;

	struct hi_sparse_slot *s = slot_of(t, key);
	if (s->n == 0) {
		*s = *key;
		t->used++;
	}
	return &s->n;
}

/* Without tombstones: what follows and does not stand at its home moves up. */
void hi_sparse_remove(struct hi_sparse *t, size_t i)
{
	size_t mask = t->cap - 1, hole = i;

	t->used--;
	for (size_t j = (i + 1) & mask; t->slots[j].n != 0; j = (j + 1) & mask) {
		size_t home = home_of(t, &t->slots[j]);
		if (((j - home) & mask) >= ((j - hole) & mask)) {
			t->slots[hole] = t->slots[j];
			hole = j;
		}
	}
	t->slots[hole].n = 0;
}

void hi_sparse_free(struct hi_sparse *t)
{
	if (!t)
		return;
	free(t->slots);
	free(t);
}
