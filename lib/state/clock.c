#include "state/clock.h"

#include <string.h>

bool hi_patient_clock_move(struct hi_patient_clock *c, int64_t t, int64_t lateness_us)
{
	if (t <= c->now) {
		c->ahead = 0; /* time goes on where it was: that jump was wrong */
		return t >= c->now - lateness_us;
	}
	if (c->ahead && t > c->ahead && t - c->now > HI_US_H)
		c->now = c->ahead; /* a later one is ahead too: it was right */
	if (c->now == 0 || t - c->now <= HI_US_H) {
		c->now = t;
		c->ahead = 0;
	} else {
		c->ahead = t;
	}
	return true;
}

void hi_stream_clock_init(struct hi_stream_clock *c)
{
	*c = (struct hi_stream_clock){ .now_us = HI_TIME_MIN };
}

static bool is_ahead_of(const struct hi_stream_clock *c, int64_t t_us)
{
	return t_us > c->now_us && c->now_us != HI_TIME_MIN && t_us - c->now_us > HI_US_H;
}

static void keep_ahead(struct hi_stream_clock *c, struct hi_slice patient_id, int64_t t_us)
{
	if (patient_id.len == 0 || patient_id.len > sizeof(c->ahead_id))
		return;
	c->ahead_us = t_us;
	c->ahead_len = (uint8_t)patient_id.len;
	memcpy(c->ahead_id, patient_id.ptr, patient_id.len);
}

/* The nearer of the two times ahead is believed; the farther may now be an ordinary next one. */
static void confirm(struct hi_stream_clock *c, struct hi_slice patient_id, int64_t t_us)
{
	const int64_t before_us = c->ahead_us;
	const bool nearer = t_us < before_us;

	c->now_us = nearer ? t_us : before_us;
	if (is_ahead_of(c, nearer ? before_us : t_us)) {
		if (!nearer)
			keep_ahead(c, patient_id, t_us);
		return;
	}
	c->now_us = nearer ? before_us : t_us;
	c->ahead_len = 0;
}

void hi_stream_clock_reading(struct hi_stream_clock *c, struct hi_slice patient_id, int64_t t_us)
{
	const struct hi_slice waiting = { c->ahead_id, c->ahead_len };

	if (!is_ahead_of(c, t_us)) {
		/* Time goes on where it was: a jump that nobody confirmed was wrong. */
		c->ahead_len = 0;
		c->now_us = t_us > c->now_us ? t_us : c->now_us;
	} else if (c->ahead_len > 0 && !hi_slice_eq(patient_id, waiting)) {
		confirm(c, patient_id, t_us);
	} else if (c->ahead_len == 0 || t_us < c->ahead_us) {
		keep_ahead(c, patient_id, t_us);
	}
}

void hi_stream_clock_tick(struct hi_stream_clock *c, int64_t t_us)
{
	if (t_us <= c->now_us)
		return;
	c->now_us = t_us;
	if (c->ahead_len > 0 && !is_ahead_of(c, c->ahead_us)) {
		c->now_us = c->ahead_us > c->now_us ? c->ahead_us : c->now_us;
		c->ahead_len = 0;
	}
}
