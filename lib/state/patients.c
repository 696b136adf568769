#include "state/patients.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

enum {
	CHUNK_BYTES = 64 * 1024,
	ID_LEN_MAX = UINT16_MAX,
	SLOTS_MIN = 64,
	ID_ROOM_MIN = 16, /* bytes behind a state for its id */
	ID_FAR = 255
};

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
	/*
	 * A patient is a state and, right behind it, the id: its length in a byte and
	 * its bytes, or, where it is too long for the room, ID_FAR and a pointer into
	 * the arena. Where the patients are many each look at one is a cache miss, and
	 * state and id in one place are one, not three (readings in
	 * random order: a quarter less time).
	 */
	size_t state_size, stride; /* stride: a multiple of 16 */
	unsigned shift;		   /* patients a chunk: 1 << shift */
	char **chunk;
	size_t chunk_cap;
	char *arena; /* where the next long id goes; its first 8 bytes link the block before */
	size_t arena_len, arena_cap;
	size_t bytes;
};

struct hi_patients *hi_patients_new(size_t state_size, size_t max_n)
{
	struct hi_patients *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	t->max_n = max_n < UINT32_MAX ? max_n : UINT32_MAX - 1;
	t->state_size = state_size;
	t->stride = (state_size + ID_ROOM_MIN + 15) / 16 * 16;
	while (t->stride << (t->shift + 1) <= CHUNK_BYTES)
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

void hi_patients_free(struct hi_patients *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->chunk_cap; i++)
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

/* Of the patient whose state is at p. */
static struct hi_slice id_of(const struct hi_patients *t, const char *p)
{
	const char *at = p + t->state_size, *far;
	uint16_t len = (unsigned char)*at++;

	if (len == ID_FAR) {
		memcpy(&far, at, sizeof far);
		memcpy(&len, far, sizeof len);
		at = far + sizeof len;
	}
	return (struct hi_slice){ at, len };
}

/* The slot of id, or the free one where it would stand. */
static struct slot *probe(const struct hi_patients *t, struct hi_slice id, uint32_t hash)
{
	size_t mask = t->slot_n - 1;

	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		struct slot *s = &t->slot[i];
		if (s->n == 0 ||
		    (s->hash == hash && hi_slice_eq(id_of(t, state_at(t, s->n - 1)), id)))
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

	if (i < t->chunk_cap && t->chunk[i])
		return true;
	if (i == t->chunk_cap) {
		size_t cap = i ? i * 2 : 16;
		char **chunk = realloc(t->chunk, cap * sizeof *chunk);
		if (!chunk)
			return false;
		memset(chunk + i, 0, (cap - i) * sizeof *chunk);
		t->bytes += (cap - i) * sizeof *chunk;
		t->chunk = chunk;
		t->chunk_cap = cap;
	}
	t->chunk[i] = calloc((size_t)1 << t->shift, t->stride);
	if (!t->chunk[i])
		return false;
	t->bytes += t->stride << t->shift;
	return true;
}

static char *keep_far(struct hi_patients *t, struct hi_slice id)
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

/* Writes the id behind the state at p; false: no memory. */
static bool keep_id(struct hi_patients *t, char *p, struct hi_slice id)
{
	char *at = p + t->state_size;

	if (id.len < ID_FAR && id.len + 1 <= t->stride - t->state_size) {
		*at = (char)id.len;
		if (id.len)
			memcpy(at + 1, id.ptr, id.len);
		return true;
	}
	char *far = keep_far(t, id);
	*at = (char)ID_FAR;
	memcpy(at + 1, &far, sizeof far);
	return far;
}

static void *add(struct hi_patients *t, struct hi_slice id, uint32_t hash)
{
	if (t->n >= t->max_n || id.len > ID_LEN_MAX)
		return NULL;
	if ((t->n + 1) * 3 > t->slot_n * 2 && !grow_slots(t))
		return NULL;
	if (!grow_chunks(t) || !keep_id(t, state_at(t, t->n), id))
		return NULL;
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

struct hi_slice hi_patients_id(const struct hi_patients *t, const void *state)
{
	return id_of(t, state);
}

/* A new table with those of t that are kept. NULL: no memory. */
static struct hi_patients *copy_kept(const struct hi_patients *t,
				     bool (*keep)(void *arg, const void *state), void *arg)
{
	struct hi_patients *to = hi_patients_new(t->state_size, t->max_n);

	for (size_t i = 0; to && i < t->n; i++) {
		const char *p = state_at(t, i);
		struct hi_slice id = id_of(t, p);
		void *state;

		if (!keep(arg, p))
			continue;
		state = add(to, id, (uint32_t)hi_hash_slice(id));
		if (!state) {
			hi_patients_free(to);
			return NULL;
		}
		memcpy(state, p, t->state_size);
	}
	return to;
}

bool hi_patients_sweep(struct hi_patients **t, bool (*keep)(void *arg, const void *state),
		       void (*moved)(void *arg, void *from, void *to), void *arg)
{
	struct hi_patients *from = *t, *to = copy_kept(from, keep, arg);
	size_t kept = 0;

	if (!to)
		return false;
	for (size_t i = 0; i < from->n; i++) {
		char *p = state_at(from, i);
		moved(arg, p, keep(arg, p) ? state_at(to, kept++) : NULL);
	}
	hi_patients_free(from);
	*t = to;
	return true;
}

size_t hi_patients_count(const struct hi_patients *t)
{
	return t->n;
}

void *hi_patients_at(const struct hi_patients *t, size_t i, struct hi_slice *id)
{
	char *p = state_at(t, i);

	*id = id_of(t, p);
	return p;
}

size_t hi_patients_bytes(const struct hi_patients *t)
{
	return t->bytes;
}
