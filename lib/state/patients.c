#include "state/patients.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 64 * 1024, ID_LEN_MAX = UINT16_MAX, SLOTS_MIN = 64 };

/* The low half of the hash, the better mixed one, finds the slot and spares nearly every look at
 * another id. */
struct slot {
	uint32_t hash;
	uint32_t n; /* number of the patient, from 1; 0: free */
};

struct hi_patients {
	struct slot *slot;
	size_t slot_n; /* a power of two */
	size_t n, max_n;
	size_t stride;	/* of a state, a multiple of 16 */
	unsigned shift; /* patients a chunk: 1 << shift */
	char **chunk;	/* states of 1 << shift patients, then as many pointers to ids */
	size_t chunk_cap;
	char *arena; /* where the next id goes; its first 8 bytes link the block before */
	size_t arena_len, arena_cap;
	size_t bytes;
};

struct hi_patients *hi_patients_new(size_t state_size, size_t max_n)
{
	struct hi_patients *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	t->max_n = max_n < UINT32_MAX ? max_n : UINT32_MAX - 1;
	t->stride = (state_size + 15) / 16 * 16;
	while ((t->stride + sizeof(char *)) << (t->shift + 1) <= CHUNK_BYTES)
		t->shift++;
	t->slot_n = SLOTS_MIN;
	t->slot = calloc(t->slot_n, sizeof *t->slot);
	if (!t->slot) {
		free(t);
		return NULL;
	}
	t->bytes = sizeof *t + t->slot_n * sizeof *t->slot;
	return t;
}

static size_t chunk_count(const struct hi_patients *t)
{
	return (t->n + ((size_t)1 << t->shift) - 1) >> t->shift;
}

void hi_patients_free(struct hi_patients *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < chunk_count(t); i++)
		free(t->chunk[i]);
	while (t->arena) {
		char *before;
		memcpy(&before, t->arena, sizeof before);
		free(t->arena);
		t->arena = before;
	}
	free(t->chunk);
	free(t->slot);
	free(t);
}

static char *state_at(const struct hi_patients *t, size_t i)
{
	return t->chunk[i >> t->shift] + (i & (((size_t)1 << t->shift) - 1)) * t->stride;
}

/* The place of the pointer to the i-th id, which is its length in two bytes and its bytes. */
static char **id_at(const struct hi_patients *t, size_t i)
{
	size_t per_chunk = (size_t)1 << t->shift;
	char **ids = (char **)(void *)(t->chunk[i >> t->shift] + per_chunk * t->stride);

	return &ids[i & (per_chunk - 1)];
}

static struct hi_slice id_of(const struct hi_patients *t, size_t i)
{
	const char *p = *id_at(t, i);
	uint16_t len;

	memcpy(&len, p, sizeof len);
	return (struct hi_slice){ p + sizeof len, len };
}

/* The slot of id, or the free one where it would stand. */
static struct slot *probe(const struct hi_patients *t, struct hi_slice id, uint32_t hash)
{
	size_t mask = t->slot_n - 1;

	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		struct slot *s = &t->slot[i];
		if (s->n == 0 || (s->hash == hash && hi_slice_eq(id_of(t, s->n - 1), id)))
			return s;
	}
}

static bool grow_slots(struct hi_patients *t)
{
	size_t n = t->slot_n * 2;
	struct slot *slot = calloc(n, sizeof *slot);

	if (!slot)
		return false;
	for (size_t i = 0; i < t->slot_n; i++) {
		if (t->slot[i].n == 0)
			continue;
		size_t to = t->slot[i].hash & (n - 1);
		while (slot[to].n)
			to = (to + 1) & (n - 1);
		slot[to] = t->slot[i];
	}
	free(t->slot);
	t->slot = slot;
	t->bytes += (n - t->slot_n) * sizeof *slot;
	t->slot_n = n;
	return true;
}

/* Room for patient number t->n. */
static bool grow_chunks(struct hi_patients *t)
{
	size_t i = t->n >> t->shift;

	if (t->n & (((size_t)1 << t->shift) - 1))
		return true;
	if (i == t->chunk_cap) {
		size_t cap = i ? i * 2 : 16;
		char **chunk = realloc(t->chunk, cap * sizeof *chunk);
		if (!chunk)
			return false;
		t->bytes += (cap - t->chunk_cap) * sizeof *chunk;
		t->chunk = chunk;
		t->chunk_cap = cap;
	}
	t->chunk[i] = calloc((size_t)1 << t->shift, t->stride + sizeof(char *));
	if (!t->chunk[i])
		return false;
	t->bytes += (t->stride + sizeof(char *)) << t->shift;
	return true;
}

static char *keep_id(struct hi_patients *t, struct hi_slice id)
{
	uint16_t len = (uint16_t)id.len;
	size_t need = sizeof len + id.len;

	if (need > t->arena_cap - t->arena_len) {
		size_t cap =
			need + sizeof(char *) > CHUNK_BYTES ? need + sizeof(char *) : CHUNK_BYTES;
		char *arena = malloc(cap);
		if (!arena)
			return NULL;
		memcpy(arena, &t->arena, sizeof t->arena);
		t->arena = arena;
		t->arena_len = sizeof t->arena;
		t->arena_cap = cap;
		t->bytes += cap;
	}
	char *p = t->arena + t->arena_len;
	memcpy(p, &len, sizeof len);
	memcpy(p + sizeof len, id.ptr, id.len);
	t->arena_len += need;
	return p;
}

static void *add(struct hi_patients *t, struct hi_slice id, uint32_t hash)
{
	if (t->n >= t->max_n || id.len > ID_LEN_MAX)
		return NULL;
	if ((t->n + 1) * 3 > t->slot_n * 2 && !grow_slots(t))
		return NULL;
	char *kept = keep_id(t, id);
	if (!kept || !grow_chunks(t))
		return NULL;
	*id_at(t, t->n) = kept;
	*probe(t, id, hash) = (struct slot){ .hash = hash, .n = (uint32_t)t->n + 1 };
	return state_at(t, t->n++);
}

void *hi_patients_get(struct hi_patients *t, struct hi_slice id, uint64_t hash)
{
	const struct slot *s = probe(t, id, (uint32_t)hash);

	return s->n ? state_at(t, s->n - 1) : add(t, id, (uint32_t)hash);
}

void *hi_patients_find(const struct hi_patients *t, struct hi_slice id, uint64_t hash)
{
	const struct slot *s = probe(t, id, (uint32_t)hash);

	return s->n ? state_at(t, s->n - 1) : NULL;
}

size_t hi_patients_count(const struct hi_patients *t)
{
	return t->n;
}

void *hi_patients_at(const struct hi_patients *t, size_t i, struct hi_slice *id)
{
	*id = id_of(t, i);
	return state_at(t, i);
}

size_t hi_patients_bytes(const struct hi_patients *t)
{
	return t->bytes;
}
