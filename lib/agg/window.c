#include "agg/window.h"

#include "base/time.h"

int hi_every_check(const struct hi_every *every, struct hi_error *e)
{
	int64_t d = every->every_us;

	if (d <= 0 || (d < HI_US_DAY ? HI_US_DAY % d : d % HI_US_DAY) != 0)
		return hi_error_set(e, HI_USAGE,
				    "--every: not a duration that divides a day, nor whole days");
	if (every->offset_us <= -d || every->offset_us >= d)
		return hi_error_set(e, HI_USAGE, "--offset: not shorter than --every");
	return HI_OK;
}

static int64_t floor_to(int64_t t, int64_t step)
{
	int64_t r = t % step;
	return t - (r < 0 ? r + step : r);
}

/* The first moment in (lo, hi] with the offset of hi; that of lo is another one. */
static int64_t change_between(int64_t lo, int64_t hi)
{
	int64_t offset = hi_tz_offset(hi);

	while (hi - lo > 1) {
		int64_t mid = lo + (hi - lo) / 2;
		if (hi_tz_offset(mid) == offset)
			hi = mid;
		else
			lo = mid;
	}
	return hi;
}

/* Whether a change of the clocks between a and b moves the beginnings of windows. */
static bool moves(int64_t a, int64_t b, int64_t step)
{
	return (hi_tz_offset(a) - hi_tz_offset(b)) % step != 0;
}

/*
 * Local beginnings at the offset of t. Where the clocks change by less than a
 * window (half an hour on Lord Howe Island), the change ends one window and begins
 * another.
 */
static struct hi_window window_short(const struct hi_every *every, int64_t t)
{
	int64_t offset = hi_tz_offset(t) - every->offset_us, step = every->every_us;
	struct hi_window w;

	w.from_us = floor_to(t + offset, step) - offset;
	w.to_us = w.from_us + step;
	if (moves(w.from_us, t, step))
		w.from_us = change_between(w.from_us, t);
	if (moves(t, w.to_us - 1, step))
		w.to_us = change_between(t, w.to_us - 1);
	return w;
}

/*
 * By local beginnings, each at the first moment that the clocks show it. In the
 * second showing of a repeated hour the local time is behind a beginning that has
 * been already: then it is the window after.
 */
static struct hi_window window_long(const struct hi_every *every, int64_t t)
{
	int64_t step = every->every_us;
	int64_t local = floor_to(t + hi_tz_offset(t) - every->offset_us, step) + every->offset_us;
	struct hi_window w = { hi_local_start(local), hi_local_start(local + step) };

	for (; t >= w.to_us; local += step)
		w = (struct hi_window){ w.to_us, hi_local_start(local + 2 * step) };
	return w;
}

struct hi_window hi_window_of(const struct hi_every *every, int64_t t_us)
{
	return every->every_us <= HI_US_H ? window_short(every, t_us) : window_long(every, t_us);
}
