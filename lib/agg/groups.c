#include "agg/groups.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS_FIRST = 4 };

static size_t mix(uint64_t a)
{
	a *= UINT64_C(0x9E3779B97F4A7C15);
	return (size_t)(a ^ a >> 32);
}

static struct hi_span **span_slot(struct hi_span **slots, size_t cap, int64_t from_us)
{
	size_t i = mix((uint64_t)from_us) & (cap - 1);

	while (slots[i] && slots[i]->window.from_us != from_us)
		i = (i + 1) & (cap - 1);
	return &slots[i];
}

static bool spans_resize(struct hi_spans *t, size_t cap)
{
	struct hi_span **slots = calloc(cap, sizeof(*slots));

	if (!slots)
		return false;
	for (size_t i = 0; i < t->cap; i++)
		if (t->slots[i])
			*span_slot(slots, cap, t->slots[i]->window.from_us) = t->slots[i];
	free(t->slots);
	t->slots = slots;
	t->cap = cap;
	return true;
}

struct hi_span *hi_span_find(const struct hi_spans *t, int64_t from_us)
{
	return t->cap ? *span_slot(t->slots, t->cap, from_us) : NULL;
}

struct hi_span *hi_span_get(struct hi_spans *t, struct hi_window w)
{
	struct hi_span *s = hi_span_find(t, w.from_us);

	if (s)
		return s;
	if ((t->used + 1) * 3 > t->cap * 2 && !spans_resize(t, t->cap ? t->cap * 2 : SLOTS_FIRST))
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->window = w;
	t->used++;
	*span_slot(t->slots, t->cap, w.from_us) = s;
	return s;
}

static struct hi_group **group_slot(struct hi_group **slots, size_t cap, uint32_t patient,
				    uint32_t ward)
{
	size_t i = mix((uint64_t)ward << 32 | patient) & (cap - 1);

	while (slots[i] && (slots[i]->patient != patient || slots[i]->ward != ward))
		i = (i + 1) & (cap - 1);
	return &slots[i];
}

static bool span_resize(struct hi_span *s, size_t cap)
{
	struct hi_group **slots = calloc(cap, sizeof(*slots));

	if (!slots)
		return false;
	for (size_t i = 0; i < s->cap; i++) {
		struct hi_group *g = s->slots[i];
		if (g)
			*group_slot(slots, cap, g->patient, g->ward) = g;
	}
	free(s->slots);
	s->slots = slots;
	s->cap = cap;
	return true;
}

struct hi_group *hi_group_get(struct hi_span *s, uint32_t patient, uint32_t ward)
{
	struct hi_group *g = s->cap ? *group_slot(s->slots, s->cap, patient, ward) : NULL;

	if (g)
		return g;
	if ((s->used + 1) * 3 > s->cap * 2 && !span_resize(s, s->cap ? s->cap * 2 : SLOTS_FIRST))
		return NULL;
	g = calloc(1, sizeof(*g));
	if (!g)
		return NULL;
	g->patient = patient;
	g->ward = ward;
	s->used++;
	*group_slot(s->slots, s->cap, patient, ward) = g;
	return g;
}

/* Room for one metric more by halves; the catalogue's fit at once. */
static bool group_resize(struct hi_group *g, uint32_t metric)
{
	uint32_t n = metric < hi_metrics_n ? (uint32_t)hi_metrics_n : metric + metric / 2 + 1;
	struct hi_cell **cells = realloc(g->cells, n * sizeof(*cells));

	if (!cells)
		return false;
	memset(cells + g->cells_n, 0, (n - g->cells_n) * sizeof(*cells));
	g->cells = cells;
	g->cells_n = n;
	return true;
}

struct hi_cell *hi_cell_get(struct hi_group *g, uint32_t metric, const struct hi_metric *m)
{
	if (metric >= g->cells_n && !group_resize(g, metric))
		return NULL;
	if (!g->cells[metric]) {
		struct hi_cell *c = calloc(1, sizeof(*c));
		if (!c)
			return NULL;
		hi_values_init(&c->values, m);
		g->cells[metric] = c;
	}
	return g->cells[metric];
}

int hi_cell_see_new(struct hi_cell *c, uint32_t patient)
{
	uint32_t word = patient / 64;

	if (word >= c->seen_words) {
		uint32_t n = word + word / 2 + 1;
		uint64_t *seen = realloc(c->seen, n * sizeof(*seen));
		if (!seen)
			return HI_NOMEM;
		memset(seen + c->seen_words, 0, (n - c->seen_words) * sizeof(*seen));
		c->seen = seen;
		c->seen_words = n;
	}
	c->seen[word] |= UINT64_C(1) << patient % 64;
	c->patients_n++;
	return HI_OK;
}

static int by_time(const void *a, const void *b)
{
	int64_t x = (*(struct hi_span *const *)a)->window.from_us;
	int64_t y = (*(struct hi_span *const *)b)->window.from_us;
	return (x > y) - (x < y);
}

struct hi_span **hi_spans_take(struct hi_spans *t, int64_t to_us, size_t *n)
{
	struct hi_span **out = malloc((t->used + 1) * sizeof(*out));
	struct hi_span **slots = t->cap ? calloc(t->cap, sizeof(*slots)) : NULL;

	*n = 0;
	if (!out || (t->cap && !slots)) {
		free(out);
		free(slots);
		return NULL;
	}
	for (size_t i = 0; i < t->cap; i++) {
		struct hi_span *s = t->slots[i];
		if (s && s->window.to_us <= to_us)
			out[(*n)++] = s;
		else if (s)
			*span_slot(slots, t->cap, s->window.from_us) = s;
	}
	free(t->slots);
	t->slots = slots;
	t->used -= *n;
	qsort(out, *n, sizeof(*out), by_time);
	return out;
}

static void group_free(struct hi_group *g)
{
	for (uint32_t i = 0; i < g->cells_n; i++) {
		if (!g->cells[i])
			continue;
		hi_values_release(&g->cells[i]->values);
		free(g->cells[i]->seen);
		free(g->cells[i]);
	}
	free(g->cells);
	free(g);
}

void hi_span_free(struct hi_span *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->cap; i++)
		if (s->slots[i])
			group_free(s->slots[i]);
	free(s->slots);
	free(s);
}

void hi_spans_release(struct hi_spans *t)
{
	for (size_t i = 0; i < t->cap; i++)
		hi_span_free(t->slots[i]);
	free(t->slots);
	*t = (struct hi_spans){ 0 };
}
