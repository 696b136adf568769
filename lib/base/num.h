/*
 * Numbers: JSON's decimal text to a double and to an exact decimal, and back.
 *
 * Vital signs are decimals of few digits. Keeping the decimal beside the double
 * lets statistics add integers, so that any order gives the same result.
 */
#ifndef HI_BASE_NUM_H
#define HI_BASE_NUM_H

#include <stdint.h>

#include "base/slice.h"

enum { HI_NUM_SCALE_MAX = 15 };

struct hi_num {
	double v;      /* the nearest double to the decimal; always finite */
	int64_t mant;  /* if exact: the value is mant / 10^scale */
	uint8_t scale; /* 0..HI_NUM_SCALE_MAX, as written ("95.10": mant 9510, scale 2) */
	bool exact;    /* false: more digits than mant or scale holds; mant and scale are 0 */
};

/*
 * Reads one number by RFC 8259 section 6 at p, not reading at or beyond end.
 * Returns the length of its text, or 0 where there is no number ("01" is the
 * number 0: the caller sees what follows). Numbers too large for a double
 * (1e999) return 0 too; ones too small are 0. -0 is 0 with mant 0.
 */
size_t hi_num_scan(const char *p, const char *end, struct hi_num *out);

/* The whole of s is one such number. */
bool hi_num_parse(struct hi_slice s, struct hi_num *out);

/* Builds one from mant / 10^scale; v is correctly rounded. |mant| <= 2^53, scale <= 15. */
struct hi_num hi_num_decimal(int64_t mant, uint8_t scale);

/*
 * The number num / den of two integers, |num| and den <= 2^53, correctly
 * rounded; its decimal is that of its shortest text, if that fits.
 */
struct hi_num hi_num_ratio(int64_t num, int64_t den);

enum { HI_NUM_TEXT_MAX = 32 };

/*
 * The shortest text that reads back as v, as JSON ("37", "36.6", "1e+22"), into
 * out (not NUL-ended); returns its length. v is finite. Never "-0".
 */
size_t hi_num_format(double v, char out[HI_NUM_TEXT_MAX]);

/* mant / 10^scale with exactly scale decimals ("95.10"); returns the length. */
size_t hi_num_format_decimal(int64_t mant, uint8_t scale, char out[HI_NUM_TEXT_MAX]);

/* n in decimal digits; returns the length. */
size_t hi_num_format_u64(uint64_t n, char out[HI_NUM_TEXT_MAX]);

#endif
