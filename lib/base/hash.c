#include "base/hash.h"

#include <sys/random.h>
#include <time.h>
#include <unistd.h>
#include <uuid/uuid.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

uint64_t hi_hash_seed;

/* Before main, so that no hash is taken with another seed than the next one. */
__attribute__((constructor)) void hi_hash_start(void)
{
	if (hi_hash_seed)
		return;
	if (getrandom(&hi_hash_seed, sizeof hi_hash_seed, GRND_NONBLOCK) !=
	    (ssize_t)sizeof hi_hash_seed)
		hi_hash_seed =
			(uint64_t)time(NULL) * UINT64_C(0x9E3779B97F4A7C15) ^ (uint64_t)getpid();
	hi_hash_seed |= 1;
}

/* n <= 8 bytes as a word, the rest zero. */
static uint64_t load_part(const char *p, size_t n)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	/* Two overlapping loads: a memcpy of unknown length is a call. */
	if (n >= 4) {
		uint32_t low, high;
		memcpy(&low, p, 4);
		memcpy(&high, p + n - 4, 4);
		return low | (uint64_t)high << 8 * (n - 4);
	}
#endif
	uint64_t v = 0;
	memcpy(&v, p, n);
	return v;
}

uint64_t hi_hash(const void *ptr, size_t len)
{
	const char *p = ptr;
	size_t n = len;
	uint64_t x = 0;

	if (len > 16) {
		x = (uint64_t)len * UINT64_C(0xA0761D6478BD642F) ^ hi_hash_seed;
		for (; n > 16; p += 16, n -= 16) {
			x = (x ^ hi_load64(p)) * UINT64_C(0x9E3779B97F4A7C15);
			x ^= x >> 32;
			x = (x ^ hi_load64(p + 8)) * UINT64_C(0xD6E8FEB86659FD93);
			x ^= x >> 32;
		}
	}
	if (n <= 8)
		return hi_hash16(x ^ (n ? load_part(p, n) : 0), 0, len);
	return hi_hash16(x ^ hi_load64(p), load_part(p + 8, n - 8), len);
}

/* Slicing by 8 (Kounavis and Berry, 2005): eight table look-ups take eight bytes. */
static uint32_t crc_table[8][256];

static void crc_table_fill(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;
		for (int bit = 0; bit < 8; bit++)
			c = c >> 1 ^ (UINT32_C(0x82F63B78) & (0 - (c & 1)));
		crc_table[0][i] = c;
	}
	for (uint32_t i = 0; i < 256; i++)
		for (int t = 1; t < 8; t++) {
			uint32_t c = crc_table[t - 1][i];
			crc_table[t][i] = c >> 8 ^ crc_table[0][c & 0xff];
		}
}

static uint32_t load32_le(const unsigned char *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint32_t hi_crc32c_portable(uint32_t crc, const void *ptr, size_t len)
{
	const unsigned char *p = ptr;
	uint32_t c = ~crc;

	for (; len >= 8; p += 8, len -= 8) {
		uint32_t low = c ^ load32_le(p);
		uint32_t high = load32_le(p + 4);
		c = crc_table[7][low & 0xff] ^ crc_table[6][low >> 8 & 0xff] ^
		    crc_table[5][low >> 16 & 0xff] ^ crc_table[4][low >> 24] ^
		    crc_table[3][high & 0xff] ^ crc_table[2][high >> 8 & 0xff] ^
		    crc_table[1][high >> 16 & 0xff] ^ crc_table[0][high >> 24];
	}
	for (; len; p++, len--)
		c = c >> 8 ^ crc_table[0][(c ^ *p) & 0xff];
	return ~c;
}

#if defined(__x86_64__)
/* The processor's own instruction: the same loop, eight bytes a step. */
__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t crc, const void *ptr,
							       size_t len)
{
	const unsigned char *p = ptr;
	uint64_t c = (uint32_t)~crc;

	for (; len >= 8; p += 8, len -= 8)
		c = _mm_crc32_u64(c, hi_load64(p));
	for (; len; p++, len--)
		c = _mm_crc32_u8((uint32_t)c, *p);
	return ~(uint32_t)c;
}
#endif

static uint32_t (*crc32c)(uint32_t, const void *, size_t) = hi_crc32c_portable;

__attribute__((constructor)) static void crc_start(void)
{
	crc_table_fill();
#if defined(__x86_64__)
	__builtin_cpu_init();
	if (__builtin_cpu_supports("sse4.2"))
		crc32c = crc32c_sse42;
#endif
}

uint32_t hi_crc32c(uint32_t crc, const void *p, size_t len)
{
	return crc32c(crc, p, len);
}

/* 931a3013-7b90-4f7e-be19-6e872d6185dd, drawn once at random; every alert_id there is depends on
 * it: never to be changed. */
static const uuid_t uuid_namespace = {
	0x93, 0x1a, 0x30, 0x13, 0x7b, 0x90, 0x4f, 0x7e,
	0xbe, 0x19, 0x6e, 0x87, 0x2d, 0x61, 0x85, 0xdd,
};

void hi_uuid5(struct hi_slice name, char out[HI_UUID_TEXT])
{
	uuid_t id;
	char text[HI_UUID_TEXT + 1];

	uuid_generate_sha1(id, uuid_namespace, name.ptr, name.len);
	uuid_unparse_lower(id, text);
	memcpy(out, text, HI_UUID_TEXT);
}
