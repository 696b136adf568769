#include "base/nearest.h"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t hi_nearest_distance(struct hi_slice a, struct hi_slice b)
{
	/* Three rows of the table are enough: a swap looks two rows back. */
	size_t rows[3][HI_NEAREST_LEN_MAX + 1];

	if (a.len > HI_NEAREST_LEN_MAX || b.len > HI_NEAREST_LEN_MAX)
		return HI_NEAREST_LEN_MAX;
	for (size_t j = 0; j <= b.len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		const size_t *before = rows[(i + 1) % 3], *above = rows[(i - 1) % 3];
		size_t *row = rows[i % 3];

		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			char x = lower(a.ptr[i - 1]), y = lower(b.ptr[j - 1]);

			row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == lower(b.ptr[j - 2]) && y == lower(a.ptr[i - 2]))
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return rows[a.len % 3][b.len];
}

size_t hi_nearest_slip(size_t len)
{
	return len < 6 ? 1 : len / 3;
}

const char *hi_nearest_of(struct hi_slice word, const char *const *names)
{
	const char *found = NULL;
	size_t fewest = hi_nearest_slip(word.len) + 1;

	for (; *names; names++) {
		size_t n = hi_nearest_distance(word, hi_slice_of(*names));

		if (n < fewest) {
			fewest = n;
			found = *names;
		}
	}
	return found;
}
