#include "agg/wide.h"

enum { QUOTIENT_BITS = 56 }; /* 53, one to round by, and two for what follows it */

/*
 * Schoolbook division with as many bits as rounding needs; a last bit set says
 * that something is left, so that converting the quotient rounds as the whole
 * number would.
 */
double hi_wide_ratio(__int128 num, __int128 den)
{
	unsigned __int128 n = (unsigned __int128)(num < 0 ? -num : num);
	unsigned __int128 d = (unsigned __int128)den, q = n / d, r = n % d;
	int exponent = 0;

	if (n == 0)
		return 0;
	while (q >> QUOTIENT_BITS == 0) {
		r <<= 1;
		q = q << 1 | (r >= d);
		if (r >= d)
			r -= d;
		exponent--;
	}
	while (q >> 63 != 0) {
		r |= q & 1;
		q >>= 1;
		exponent++;
	}
	double v = ldexp((double)((uint64_t)q | (r != 0)), exponent);
	return num < 0 ? -v : v;
}
