/* --pace Nx: event time at the wall clock's pace, or N times as fast. */
#ifndef HI_TOOL_PACE_H
#define HI_TOOL_PACE_H

#include "tool/run.h"

/* "60x", "0.5x", from 1e-6 to 1e6; the x may be left out. HI_OK or HI_USAGE. */
int hi_pace_parse(const char *text, double *pace, struct hi_error *e);

/*
 * When what is after_us of event time behind the first is due, on the monotonic
 * clock, where the first was written at begun_us.
 */
int64_t hi_pace_due(int64_t begun_us, int64_t after_us, double pace);

/* The event time that has gone since then, in whole milliseconds. */
int64_t hi_pace_gone(int64_t begun_us, double pace);

/* Sleeps to a point of the monotonic clock, or until a signal asks for the end. */
void hi_pace_sleep(struct hi_run *run, int64_t at_us);

#endif
