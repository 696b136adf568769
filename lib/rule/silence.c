#include "rule/silence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int hi_silences_init(struct hi_silences *s, const struct hi_rules *rules, struct hi_error *e)
{
	*s = (struct hi_silences){ .rules = rules, .n = 1 };
	s->rule = calloc(rules->n + 1, sizeof *s->rule);
	if (!s->rule)
		return hi_error_set(e, HI_NOMEM, "no memory for rules");
	for (size_t i = 0; i < rules->n; i++)
		if (rules->v[i].type == HI_RULE_STALE)
			s->rule[s->rule_n++] = (uint16_t)i;
	return HI_OK;
}

void hi_silences_release(struct hi_silences *s)
{
	free(s->rule);
	free(s->head);
	free(s->slot);
	free(s->heap);
	*s = (struct hi_silences){ .n = 1 };
}

void hi_silences_reset(struct hi_silences *s)
{
	s->n = 1;
	s->spare = 0;
	s->heap_n = 0;
}

static bool grow(struct hi_silences *s)
{
	uint32_t cap = s->cap ? s->cap + s->cap / 2 : 64;
	struct hi_silence_head *head =
		cap > s->cap ? realloc(s->head, (size_t)cap * sizeof *head) : NULL;
	struct hi_silence *slot;

	if (!head)
		return false;
	s->head = head;
	slot = realloc(s->slot, (size_t)cap * s->rule_n * sizeof *slot);
	if (!slot)
		return false;
	s->slot = slot;
	s->cap = cap;
	return true;
}

void hi_silence_admit(struct hi_silence_head *head)
{
	head->version = -INFINITY;
	head->at_us = HI_SILENCE_NONE;
	head->status = HI_ADMITTED;
}

uint32_t hi_silences_take(struct hi_silences *s, struct hi_detect_patient *patient)
{
	uint32_t i = s->spare;

	if (i)
		s->spare = s->head[i].next;
	else if (s->n < s->cap || grow(s))
		i = s->n++;
	else
		return 0;
	s->head[i] = (struct hi_silence_head){ .patient = patient };
	hi_silence_admit(&s->head[i]);
	for (size_t k = 0; k < s->rule_n; k++)
		*hi_silence_of(s, i, k) = (struct hi_silence){ .from_us = HI_SILENCE_NONE };
	return i;
}

void hi_silences_give(struct hi_silences *s, uint32_t head)
{
	for (size_t k = 0; k < s->rule_n; k++)
		hi_silence_disarm(s, hi_silence_of(s, head, k));
	s->head[head].next = s->spare;
	s->spare = head;
}

static void put(struct hi_silences *s, uint32_t at, struct hi_silence_timer t)
{
	s->heap[at] = t;
	s->slot[t.slot].timer = at + 1;
}

/* Puts t where it belongs between place at and the top. */
static void rise(struct hi_silences *s, uint32_t at, struct hi_silence_timer t)
{
	while (at > 0 && s->heap[(at - 1) / 2].due_us > t.due_us) {
		put(s, at, s->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	put(s, at, t);
}

/* Puts t where it belongs between place at and the bottom. */
static void sink(struct hi_silences *s, uint32_t at, struct hi_silence_timer t)
{
	for (size_t child; (child = 2 * (size_t)at + 1) < s->heap_n; at = (uint32_t)child) {
		if (child + 1 < s->heap_n && s->heap[child + 1].due_us < s->heap[child].due_us)
			child++;
		if (s->heap[child].due_us >= t.due_us)
			break;
		put(s, at, s->heap[child]);
	}
	put(s, at, t);
}

bool hi_silence_arm(struct hi_silences *s, struct hi_silence *one, int64_t due_us)
{
	struct hi_silence_timer t = { due_us, (size_t)(one - s->slot) };

	if (one->timer) {
		if (due_us < s->heap[one->timer - 1].due_us)
			rise(s, one->timer - 1, t);
		return true;
	}
	if (s->heap_n == s->heap_cap) {
		uint32_t cap = s->heap_cap ? s->heap_cap + s->heap_cap / 2 : 64;
		struct hi_silence_timer *heap =
			cap > s->heap_cap ? realloc(s->heap, (size_t)cap * sizeof *heap) : NULL;
		if (!heap)
			return false;
		s->heap = heap;
		s->heap_cap = cap;
	}
	rise(s, s->heap_n++, t);
	return true;
}

void hi_silence_disarm(struct hi_silences *s, struct hi_silence *one)
{
	struct hi_silence_timer last;
	uint32_t at = one->timer;

	if (!at)
		return;
	one->timer = 0;
	last = s->heap[--s->heap_n];
	if (--at == s->heap_n)
		return;
	if (at > 0 && s->heap[(at - 1) / 2].due_us > last.due_us)
		rise(s, at, last);
	else
		sink(s, at, last);
}

struct hi_silence *hi_silences_next(struct hi_silences *s, int64_t before_us)
{
	struct hi_silence *one;

	if (s->heap_n == 0 || s->heap[0].due_us >= before_us)
		return NULL;
	one = &s->slot[s->heap[0].slot];
	hi_silence_disarm(s, one);
	return one;
}

struct hi_silence_head *hi_silence_head(const struct hi_silences *s, const struct hi_silence *one,
					size_t *k)
{
	size_t slot = (size_t)(one - s->slot);

	*k = slot % s->rule_n;
	return &s->head[slot / s->rule_n];
}
