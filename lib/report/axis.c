#include "report/axis.h"

#include <math.h>
#include <stdio.h>

#include "base/time.h"

void hi_axis_values(struct hi_axis *a, double low, double high, unsigned ticks)
{
	double power, part;

	if (!(high > low)) {
		double pad = fmax(fabs(low) * 0.05, 1e-6);

		low -= pad;
		high += pad;
	}
	power = pow(10, floor(log10((high - low) / (ticks - 1))));
	for (;; power *= 10) {
		static const double steps[] = { 1, 2, 5 };

		for (size_t i = 0; i < 3; i++) {
			a->step = steps[i] * power;
			a->low = floor(low / a->step + 1e-9) * a->step;
			a->high = ceil(high / a->step - 1e-9) * a->step;
			if (a->high > a->low && (a->high - a->low) / a->step < ticks - 0.5)
				goto found;
		}
	}
found:
	part = -floor(log10(a->step) + 1e-9);
	a->decimals = part > 0 ? (unsigned)part : 0;
}

#define YEAR_US (365 * HI_US_DAY)

static const int64_t steps_us[] = {
	HI_US_S,	2 * HI_US_S,	5 * HI_US_S,	10 * HI_US_S,	15 * HI_US_S,
	30 * HI_US_S,	HI_US_MIN,	2 * HI_US_MIN,	5 * HI_US_MIN,	10 * HI_US_MIN,
	15 * HI_US_MIN, 30 * HI_US_MIN, HI_US_H,	2 * HI_US_H,	3 * HI_US_H,
	6 * HI_US_H,	12 * HI_US_H,	HI_US_DAY,	2 * HI_US_DAY,	4 * HI_US_DAY,
	7 * HI_US_DAY,	14 * HI_US_DAY, 28 * HI_US_DAY, 61 * HI_US_DAY, 183 * HI_US_DAY,
	YEAR_US,	2 * YEAR_US,	5 * YEAR_US,	10 * YEAR_US,	50 * YEAR_US,
	200 * YEAR_US,	1000 * YEAR_US, 5000 * YEAR_US,
};

static void label(struct hi_tick *tick, int64_t step_us)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	struct hi_civil c;

	hi_civil_of(tick->t_us, false, &c);
	if (step_us >= 61 * HI_US_DAY)
		snprintf(tick->label, sizeof(tick->label), "%s %d", months[(c.month - 1) % 12],
			 c.year % 10000);
	else if (step_us >= HI_US_DAY || (c.hour == 0 && c.minute == 0 && c.second == 0))
		snprintf(tick->label, sizeof(tick->label), "%d %s", c.day % 100,
			 months[(c.month - 1) % 12]);
	else if (step_us >= HI_US_MIN)
		snprintf(tick->label, sizeof(tick->label), "%02d:%02d", c.hour % 100,
			 c.minute % 100);
	else
		snprintf(tick->label, sizeof(tick->label), "%02d:%02d:%02d", c.hour % 100,
			 c.minute % 100, c.second % 100);
}

size_t hi_axis_times(int64_t from_us, int64_t to_us, unsigned n, struct hi_tick *out)
{
	int64_t offset = hi_tz_offset(from_us), step = 0, t;
	size_t got = 0;

	for (size_t i = 0; i < sizeof(steps_us) / sizeof(steps_us[0]); i++) {
		step = steps_us[i];
		if ((to_us - from_us) / step < n)
			break;
	}
	t = (from_us + offset) / step * step - offset;
	while (t < from_us)
		t += step;
	for (; t <= to_us && got < n; t += step) {
		out[got].t_us = t;
		label(&out[got++], step);
	}
	return got;
}
