/*
 * Wide loads for the fast reader. Each function says in words the plain loop
 * that it stands for, and how far beyond its input it may read.
 */
#ifndef HI_BASE_SCAN_H
#define HI_BASE_SCAN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON) && defined(__AARCH64EL__)
#include <arm_neon.h>
#endif

#include "base/hash.h"
#include "base/num.h"

/* Bytes that must be readable (of any value) behind every input of this file. */
enum { HI_SCAN_SLACK = 64 };

/*
 * for (n = 0; n < 16 && p[n] is plain; n++); plain: 0x20 to 0x7e, not '"', not
 * '\\'. Reads 16 bytes.
 */
static inline unsigned hi_scan_plain16(const char *p)
{
#if defined(__SSE2__)
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	/* Signed: bytes from 0x80 are below 0x20 too. */
	__m128i odd = _mm_or_si128(_mm_or_si128(_mm_cmplt_epi8(v, _mm_set1_epi8(0x20)),
						_mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f))),
				   _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
						_mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))));
	return (unsigned)__builtin_ctz((unsigned)_mm_movemask_epi8(odd) | 0x10000u);
#elif defined(__ARM_NEON) && defined(__AARCH64EL__)
	uint8x16_t v = vld1q_u8((const uint8_t *)p);
	uint8x16_t odd =
		vorrq_u8(vorrq_u8(vcltq_u8(v, vdupq_n_u8(0x20)), vcgeq_u8(v, vdupq_n_u8(0x7f))),
			 vorrq_u8(vceqq_u8(v, vdupq_n_u8('"')), vceqq_u8(v, vdupq_n_u8('\\'))));
	uint64_t m =
		vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(odd), 4)), 0);
	return m ? (unsigned)__builtin_ctzll(m) >> 2 : 16;
#else
	unsigned n = 0;
	while (n < 16 && (unsigned char)(p[n] - 0x20) < 0x5f && p[n] != '"' && p[n] != '\\')
		n++;
	return n;
#endif
}

/*
 * The offset of the first byte from p on that is not plain; gives up (returns a
 * number > max) once it is beyond max. Reads 16 bytes beyond max.
 */
static inline size_t hi_scan_plain(const char *p, size_t max)
{
	size_t n = 0;
	for (;;) {
		unsigned k = hi_scan_plain16(p + n);
		n += k;
		if (k < 16 || n > max)
			return n;
	}
}

/*
 * memcmp(p, text, n) == 0, where n <= 16 is given as its bits, (1 << n) - 1. Reads
 * 16 bytes of both.
 */
static inline bool hi_scan_same16(const char *p, const unsigned char *text, unsigned bits)
{
#if defined(__SSE2__)
	__m128i a = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i b = _mm_loadu_si128((const __m128i *)(const void *)text);
	return (bits & ~(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(a, b))) == 0;
#else
	return memcmp(p, text, (size_t)__builtin_popcount(bits)) == 0;
#endif
}

/*
 * An unsigned JSON number of at most seven bytes at p that no digit, '.', 'e' or
 * 'E' follows: its length, and *out as hi_num_scan gives it; 0 for any other,
 * which hi_num_scan then judges. Reads 8 bytes.
 *
 * Idea: flag the bytes that are no digits, close the gap of the one point, and
 * add up all digits with three multiplications. Needs little endian; elsewhere
 * it always returns 0.
 */
static inline size_t hi_scan_number(const char *p, struct hi_num *out)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	static const double power[8] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7 };
	const uint64_t high = UINT64_C(0x8080808080808080);
	uint64_t w = hi_load64(p) ^ UINT64_C(0x3030303030303030);
	uint64_t odd = ((w & ~high) + UINT64_C(0x7676767676767676)) | w;
	unsigned scale = 0, digits_n, len;

	odd &= high;
	if (odd == 0)
		return 0;
	digits_n = len = (unsigned)__builtin_ctzll(odd) >> 3;
	if (len == 0 || (len > 1 && (w & 0xff) == 0))
		return 0;
	if (p[len] == '.') {
		odd &= odd - 1;
		if (odd == 0)
			return 0;
		unsigned end = (unsigned)__builtin_ctzll(odd) >> 3;
		scale = end - len - 1;
		if (scale == 0)
			return 0;
		uint64_t whole = (UINT64_C(1) << 8 * len) - 1;
		w = (w & whole) | (w >> 8 & ~whole);
		digits_n = end - 1;
		len = end;
	}
	if (p[len] == '.' || (p[len] | 0x20) == 'e')
		return 0;
	w <<= 8 * (8 - digits_n);
	w = (w * (1 + (10 << 8))) >> 8 & UINT64_C(0x00ff00ff00ff00ff);
	w = (w * (1 + (100 << 16))) >> 16 & UINT64_C(0x0000ffff0000ffff);
	w = (w * (1 + (UINT64_C(10000) << 32))) >> 32;
	out->mant = (int64_t)w;
	out->scale = (uint8_t)scale;
	out->exact = true;
	out->v = (double)(int64_t)w / power[scale];
	return len;
#else
	(void)p;
	(void)out;
	return 0;
#endif
}

#endif
