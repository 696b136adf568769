/* Hashes: a fast one for tables, CRC-32C for what is stored, UUID version 5 for ids. */
#ifndef HI_BASE_HASH_H
#define HI_BASE_HASH_H

#include <stdint.h>
#include <string.h>

#include "base/slice.h"

static inline uint64_t hi_load64(const void *p)
{
	uint64_t v;
	memcpy(&v, p, 8);
	return v;
}

/*
 * A table hash of at most 16 bytes given as two little words, the rest zero,
 * and the length. Not for anything that is written down: it depends on byte
 * order and on the process (hi_hash_seed, from getrandom at first use, so that
 * chosen ids cannot make a table slow).
 */
extern uint64_t hi_hash_seed;
void hi_hash_start(void);

static inline uint64_t hi_hash16(uint64_t a, uint64_t b, size_t len)
{
	uint64_t h = (a ^ hi_hash_seed) * UINT64_C(0x9E3779B97F4A7C15);
	h ^= h >> 32;
	h = (h ^ b ^ ((uint64_t)len << 56)) * UINT64_C(0xD6E8FEB86659FD93);
	return h ^ h >> 32;
}

/* The same function for any bytes; equal to hi_hash16 for len <= 16. */
uint64_t hi_hash(const void *p, size_t len);

static inline uint64_t hi_hash_slice(struct hi_slice s)
{
	return hi_hash(s.ptr, s.len);
}

/* CRC-32C (Castagnoli), RFC 3720 appendix B.4. crc is 0 at the start, then the last result. */
uint32_t hi_crc32c(uint32_t crc, const void *p, size_t len);

/* The same without the processor's instruction: the reference, used where there is none. */
uint32_t hi_crc32c_portable(uint32_t crc, const void *p, size_t len);

enum { HI_UUID_TEXT = 36 };

/*
 * UUID version 5 (RFC 9562, section 5.5) of name in the toolkit's fixed
 * namespace, as text (no NUL), lower case.
 */
void hi_uuid5(struct hi_slice name, char out[HI_UUID_TEXT]);

#endif
