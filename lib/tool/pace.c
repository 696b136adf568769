#include "tool/pace.h"

#include <time.h>

#include "base/num.h"
#include "base/time.h"
#include "io/signal.h"

#define LOOK_US (HI_US_S / 2)
/* What no run lives to see; beyond it the sum would leave its type. */
#define NEVER_US (INT64_MAX / 2)

int hi_pace_parse(const char *text, double *pace, struct hi_error *e)
{
	struct hi_slice s = hi_slice_of(text);
	struct hi_num n;

	if (s.len > 0 && text[s.len - 1] == 'x')
		s.len--;
	if (!hi_num_parse(s, &n) || n.v < 1e-6 || n.v > 1e6)
		return hi_error_fmt(e, HI_USAGE, "--pace: not as 1x or 60x", "%s", text);
	*pace = n.v;
	return HI_OK;
}

int64_t hi_pace_due(int64_t begun_us, int64_t after_us, double pace)
{
	double due_us = (double)after_us / pace;
	return due_us < (double)NEVER_US ? begun_us + (int64_t)due_us : NEVER_US;
}

int64_t hi_pace_gone(int64_t begun_us, double pace)
{
	double gone_us = (double)(hi_monotonic_us() - begun_us) * pace;
	return gone_us < (double)NEVER_US ? (int64_t)gone_us / HI_US_MS * HI_US_MS : NEVER_US;
}

/* A signal between the look and the sleep would be slept over: hence by half seconds. */
void hi_pace_sleep(struct hi_run *run, int64_t at_us)
{
	for (;;) {
		int64_t now_us = hi_monotonic_us();
		if (hi_signal_stop || now_us >= at_us)
			return;
		if (at_us - now_us > LOOK_US)
			now_us += LOOK_US;
		else
			now_us = at_us;
		struct timespec t = { .tv_sec = now_us / HI_US_S,
				      .tv_nsec = now_us % HI_US_S * 1000 };
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
		hi_run_tell(run, false);
	}
}
