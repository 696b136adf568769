/* Durations: "200ms", "4h", "1.5h", "1h30m". */
#include "base/num.h"
#include "base/time.h"

struct unit {
	const char *name;
	int64_t us;
};

/* From the greatest down; ms before m, so that the longer name is tried first. */
static const struct unit units[] = {
	{ "w", 7 * HI_US_DAY }, { "d", HI_US_DAY }, { "h", HI_US_H },
	{ "ms", HI_US_MS },	{ "m", HI_US_MIN }, { "s", HI_US_S },
};
enum { UNITS = sizeof units / sizeof *units };

/* Longer than all of event time: a bound that sums of durations cannot overflow. */
#define LONGEST (10000 * 366 * HI_US_DAY)

static const struct unit *unit_at(const char *p, const char *end)
{
	for (int i = 0; i < UNITS; i++) {
		size_t n = strlen(units[i].name);
		if ((size_t)(end - p) >= n && memcmp(p, units[i].name, n) == 0)
			return &units[i];
	}
	return NULL;
}

/* Digits with at most six after a point, in millionths; p moves past them. */
static bool millionths(const char **p, const char *end, int64_t *out)
{
	const char *q = *p;
	int64_t v = 0;
	int decimals = -1; /* of the fraction; -1: before the point */

	for (; q < end && ((*q >= '0' && *q <= '9') || (*q == '.' && decimals < 0)); q++) {
		if (*q == '.') {
			if (q == *p)
				return false;
			decimals = 0;
			continue;
		}
		if (decimals >= 0 && ++decimals > 6)
			return false;
		v = v * 10 + (*q - '0');
		if (v > LONGEST)
			return false;
	}
	if (q == *p || decimals == 0)
		return false;
	for (int i = decimals < 0 ? 0 : decimals; i < 6; i++)
		if ((v *= 10) > LONGEST)
			return false;
	*p = q;
	*out = v;
	return true;
}

int hi_duration_parse(struct hi_slice s, int64_t *us)
{
	const char *p = s.ptr, *end = p + s.len;
	int64_t sum = 0, smallest = INT64_MAX;

	if (s.len == 0)
		return HI_REFUSED;
	while (p < end) {
		int64_t n;
		if (!millionths(&p, end, &n))
			return HI_REFUSED;
		const struct unit *u = unit_at(p, end);
		/* Units go down: "1h30m", never "30m1h" or "1h1h". */
		if (!u || u->us >= smallest)
			return HI_REFUSED;
		p += strlen(u->name);
		smallest = u->us;
		/* us divides by 1000 always; the rest of the millionth is below a microsecond. */
		if (n / 1000 > LONGEST / (u->us / 1000))
			return HI_REFUSED;
		sum += n / 1000 * (u->us / 1000) + n % 1000 * (u->us / 1000) / 1000;
		if (sum > LONGEST)
			return HI_REFUSED;
	}
	*us = sum;
	return HI_OK;
}

/* The greatest unit that divides us; below a millisecond, a fraction of one. */
size_t hi_duration_format(int64_t us, char out[HI_TIME_TEXT_MAX])
{
	const struct unit *u = NULL;
	size_t n = 0;

	if (us < 0) {
		out[n++] = '-';
		us = -us;
	}
	for (int i = 0; i < UNITS; i++)
		if (us % units[i].us == 0 && us != 0 && (!u || units[i].us > u->us))
			u = &units[i];
	if (us == 0)
		u = &units[UNITS - 1];
	if (u)
		n += hi_num_format_u64((uint64_t)(us / u->us), out + n);
	else
		n += hi_num_format((double)us / (double)HI_US_MS, out + n);
	const char *name = u ? u->name : "ms";
	memcpy(out + n, name, strlen(name));
	return n + strlen(name);
}
