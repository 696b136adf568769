/*
 * A table from patient id to a fixed-size state: open addressing over the hash
 * that the reader has computed, states in chunks that never move. Memory a
 * patient: 12 to 24 bytes of table, and the state with at least 16 bytes for the
 * id, in steps of 16; an id that has no room there is kept apart.
 */
#ifndef HI_STATE_PATIENTS_H
#define HI_STATE_PATIENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct hi_patients; /* opaque */

/* state_size: bytes of state a patient, zeroed when new. max_n: patients at most. NULL: no memory.
 */
struct hi_patients *hi_patients_new(size_t state_size, size_t max_n);
void hi_patients_free(struct hi_patients *t);

/* The state of id, made (zeroed) where there is none; NULL: no memory or max_n reached. */
void *hi_patients_get(struct hi_patients *t, struct hi_slice id, uint64_t hash);

/* The state of id, or NULL. */
void *hi_patients_find(const struct hi_patients *t, struct hi_slice id, uint64_t hash);

/* The id of the patient whose state is at state. */
struct hi_slice hi_patients_id(const struct hi_patients *t, const void *state);

/*
 * Gives the memory of some back: a new table takes the place of *t, with those in it,
 * in their order, for which keep says so. Pointers to states end here: moved is called
 * with each old state, and with its new one, or NULL where it was not kept. keep is
 * asked twice and must say the same again. Hashes must be hi_hash_slice's. False: no
 * memory, and *t is as it was.
 */
bool hi_patients_sweep(struct hi_patients **t, bool (*keep)(void *arg, const void *state),
		       void (*moved)(void *arg, void *from, void *to), void *arg);

/* Number of patients; the i-th in order of first appearance, its id in *id. */
size_t hi_patients_count(const struct hi_patients *t);
void *hi_patients_at(const struct hi_patients *t, size_t i, struct hi_slice *id);

/* Bytes held, for --metrics. */
size_t hi_patients_bytes(const struct hi_patients *t);

#endif
