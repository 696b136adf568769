#include "report/words.h"

#include <math.h>

#include "base/time.h"

void hi_words_count(struct hi_buf *b, uint64_t n)
{
	char digits[HI_NUM_TEXT_MAX];
	size_t len = hi_num_format_u64(n, digits);

	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			hi_buf_putc(b, ',');
		hi_buf_putc(b, digits[i]);
	}
}

void hi_words_counted(struct hi_buf *b, uint64_t n, const char *one)
{
	hi_words_count(b, n);
	hi_buf_putc(b, ' ');
	hi_buf_puts(b, one);
	if (n != 1)
		hi_buf_putc(b, 's');
}

void hi_words_value(struct hi_buf *b, double v, unsigned decimals)
{
	double scale = pow(10, decimals);

	if (fabs(v) >= 1e9) {
		hi_buf_printf(b, "%.3g", v);
		return;
	}
	/*
	 * At the most decimals there are, which a laboratory's own metric may need more
	 * of, what is not 0 is not told as 0. Smaller by far is an axis's rounding.
	 */
	if (decimals >= HI_WORDS_DECIMALS_MAX && fabs(v) * scale < 0.5 && fabs(v) * scale > 1e-9) {
		hi_buf_printf(b, "%.2g", v);
		return;
	}
	if (fabs(v) * scale < 0.5)
		v = 0; /* no "-0.0" */
	hi_buf_printf(b, "%.*f", (int)decimals, v);
}

void hi_words_range(struct hi_buf *b, const struct hi_range *r, unsigned decimals)
{
	if (!r->known)
		return;
	/* A temperature's 36.5 needs its decimal, a pulse's 60 does not. */
	if (r->low == floor(r->low) && r->high == floor(r->high))
		decimals = 0;
	hi_words_value(b, r->low, decimals);
	hi_buf_puts(b, "\u2013");
	hi_words_value(b, r->high, decimals);
}

void hi_words_time(struct hi_buf *b, int64_t t_us)
{
	struct hi_civil c;

	hi_civil_of(t_us, false, &c);
	hi_buf_printf(b, "%04d-%02d-%02d %02d:%02d", c.year, c.month, c.day, c.hour, c.minute);
	if (c.second)
		hi_buf_printf(b, ":%02d", c.second);
}

void hi_words_time_near(struct hi_buf *b, int64_t t_us, int64_t near_us)
{
	struct hi_civil c, near;

	hi_civil_of(t_us, false, &c);
	hi_civil_of(near_us, false, &near);
	if (c.year != near.year || c.month != near.month || c.day != near.day) {
		hi_words_time(b, t_us);
		return;
	}
	hi_buf_printf(b, "%02d:%02d", c.hour, c.minute);
	if (c.second)
		hi_buf_printf(b, ":%02d", c.second);
}

void hi_words_duration(struct hi_buf *b, int64_t us)
{
	static const struct {
		const char *name;
		int64_t us;
	} units[] = {
		{ "d", HI_US_DAY }, { "h", HI_US_H },	{ "min", HI_US_MIN },
		{ "s", HI_US_S },   { "ms", HI_US_MS },
	};
	size_t i = 0;

	if (us < 0)
		us = 0;
	while (i + 1 < sizeof(units) / sizeof(units[0]) && us < units[i].us)
		i++;
	hi_buf_printf(b, "%lld %s", (long long)(us / units[i].us), units[i].name);
	us %= units[i].us;
	if (i < 3 && us >= units[i + 1].us)
		hi_buf_printf(b, " %lld %s", (long long)(us / units[i + 1].us), units[i + 1].name);
}

void hi_words_bytes(struct hi_buf *b, uint64_t n)
{
	if (n < 1000)
		hi_buf_printf(b, "%llu B", (unsigned long long)n);
	else if (n < 1000000)
		hi_buf_printf(b, "%llu kB", (unsigned long long)(n + 500) / 1000);
	else
		hi_buf_printf(b, "%.1f MB", (double)n / 1e6);
}
