#include "tool/text_width.h"

#include <stdint.h>

/*
 * One character at p, before end: its code, and its length. -1 and length 1 for
 * a byte that begins no valid one. Source: Unicode 15, table 3-7.
 */
static int32_t decode(const unsigned char *p, const unsigned char *end, size_t *len)
{
	size_t n = *p < 0x80   ? 1
		   : *p < 0xc2 ? 0
		   : *p < 0xe0 ? 2
		   : *p < 0xf0 ? 3
		   : *p < 0xf5 ? 4
			       : 0;
	static const unsigned char mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	static const int32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };

	*len = 1;
	if (n == 0 || (size_t)(end - p) < n)
		return -1;
	int32_t c = *p & mask[n];
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return -1;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return -1;
	*len = n;
	return c;
}

struct range {
	int32_t first, last;
};

static bool in(const struct range *r, size_t n, int32_t c)
{
	for (size_t i = 0; i < n; i++)
		if (c >= r[i].first && c <= r[i].last)
			return true;
	return false;
}
#define IN(table, c) in(table, sizeof(table) / sizeof *(table), c)

/* What could drive a terminal or show another order than is written. */
static const struct range harmful[] = {
	{ -1, 0x1f },	    { 0x7f, 0x9f },	{ 0x061c, 0x061c },
	{ 0x200e, 0x200f }, { 0x2028, 0x202e }, { 0x2066, 0x2069 },
	{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xe0000, 0xe007f },
};

/* Marks that combine, of the scripts that names are likely to be in, and joiners. */
static const struct range combining[] = {
	{ 0x0300, 0x036f }, { 0x0483, 0x0489 }, { 0x0591, 0x05bd }, { 0x0610, 0x061a },
	{ 0x064b, 0x065f }, { 0x0900, 0x0902 }, { 0x093c, 0x093c }, { 0x0941, 0x0948 },
	{ 0x0e31, 0x0e31 }, { 0x0e34, 0x0e3a }, { 0x0e47, 0x0e4e }, { 0x1ab0, 0x1aff },
	{ 0x1dc0, 0x1dff }, { 0x200b, 0x200d }, { 0x20d0, 0x20ff }, { 0xfe00, 0xfe0f },
	{ 0xfe20, 0xfe2f },
};

/* Wide by UAX #11 in the main. */
static const struct range wide[] = {
	{ 0x1100, 0x115f },   { 0x2e80, 0x303e },   { 0x3041, 0xa4cf },	  { 0xa960, 0xa97c },
	{ 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },	  { 0xff00, 0xff60 },
	{ 0xffe0, 0xffe6 },   { 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff }, { 0x1f900, 0x1f9ff },
	{ 0x20000, 0x3fffd },
};

void hi_text_clean(struct hi_buf *b, struct hi_slice text)
{
	const unsigned char *p = (const unsigned char *)text.ptr, *end = p + text.len;
	size_t len;

	for (; p < end; p += len) {
		int32_t c = decode(p, end, &len);
		if (IN(harmful, c))
			hi_buf_puts(b, "\xef\xbf\xbd");
		else
			hi_buf_put(b, p, len);
	}
}

size_t hi_text_width(struct hi_slice text)
{
	const unsigned char *p = (const unsigned char *)text.ptr, *end = p + text.len;
	size_t len, width = 0;

	for (; p < end; p += len) {
		int32_t c = decode(p, end, &len);
		width += c < 0x300 ? 1 : IN(combining, c) ? 0 : IN(wide, c) ? 2 : 1;
	}
	return width;
}
