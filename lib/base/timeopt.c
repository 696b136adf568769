/* Times as people type them on a command line. */
#include "base/time.h"

/* s with rest put in at its byte at, read in the process's zone unless it has one. */
static int completed(struct hi_slice s, size_t at, const char *rest, int64_t *t_us)
{
	char text[40];
	struct hi_time t;
	size_t n = strlen(rest);

	if (at > s.len || s.len + n > sizeof text)
		return HI_REFUSED;
	memcpy(text, s.ptr, at);
	memcpy(text + at, rest, n);
	memcpy(text + at + n, s.ptr + at, s.len - at);
	int st = hi_time_parse((struct hi_slice){ text, s.len + n }, &t, NULL);
	if (st == HI_OK)
		*t_us = t.t_us;
	return st;
}

/* now's calendar day with its hours and minutes replaced by "HH:MM". */
static int today_at(struct hi_slice s, int64_t now_us, int64_t *t_us)
{
	struct hi_civil c;
	char text[32] = "0000-00-00T";
	int fields[3], at[] = { 4, 7, 10 };

	hi_civil_of(now_us, false, &c);
	fields[0] = c.year, fields[1] = c.month, fields[2] = c.day;
	for (int f = 0; f < 3; f++)
		for (int i = at[f] - 1, v = fields[f]; v > 0; v /= 10)
			text[i--] = (char)('0' + v % 10);
	memcpy(text + 11, s.ptr, 5);
	return completed((struct hi_slice){ text, 16 }, 16, ":00", t_us);
}

int hi_day_option(struct hi_slice s, int64_t now_us, int64_t *since_us, int64_t *until_us)
{
	int64_t t_us = now_us, before;

	if (hi_slice_is(s, "yesterday")) {
		hi_day_bounds(now_us, &before, &t_us);
		t_us = before - 1;
	} else if (!hi_slice_is(s, "today")) {
		/* Noon, because a zone may skip midnight; none has ever skipped a noon alone. */
		if (s.len != 10 || completed(s, 10, "T12:00:00", &t_us) != HI_OK)
			return HI_REFUSED;
	}
	hi_day_bounds(t_us, since_us, until_us);
	return HI_OK;
}

int hi_time_option(struct hi_slice s, int64_t now_us, int64_t *t_us)
{
	int64_t back, until;

	if (hi_slice_is(s, "now")) {
		*t_us = now_us;
		return HI_OK;
	}
	if (hi_day_option(s, now_us, t_us, &until) == HI_OK)
		return HI_OK;
	if (s.len == 5 && s.ptr[2] == ':')
		return today_at(s, now_us, t_us);
	struct hi_slice duration = s;
	if (s.len > 1 && s.ptr[0] == '-')
		duration = (struct hi_slice){ s.ptr + 1, s.len - 1 };
	if (hi_duration_parse(duration, &back) == HI_OK) {
		*t_us = now_us - back;
		return HI_OK;
	}
	/* People leave the seconds out, with a zone behind or none; an hour is as in STORE@HOUR. */
	enum { HOUR_LEN = sizeof("2025-12-28T06") - 1, MINUTE_LEN = HOUR_LEN + 3 };
	if (s.len == HOUR_LEN)
		return completed(s, HOUR_LEN, ":00:00", t_us);
	bool seconds = s.len <= HOUR_LEN || s.ptr[HOUR_LEN] != ':' ||
		       (s.len > MINUTE_LEN && s.ptr[MINUTE_LEN] == ':');
	return completed(s, MINUTE_LEN < s.len ? MINUTE_LEN : s.len, seconds ? "" : ":00", t_us);
}
