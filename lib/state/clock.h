/*
 * Clocks in event time: a patient's, and the stream's.
 *
 * Both go by what readings say, never by the wall clock, and neither believes a
 * single time more than an hour ahead: a patient's clock takes it when a later
 * reading of the patient is ahead too, the stream's when another patient's reading
 * or a tick (the time in a mark) is.
 */
#ifndef HI_STATE_CLOCK_H
#define HI_STATE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/time.h"

/* Times in here count from just before the first event time there is: 0 is none yet. */
#define HI_CLOCK_ZERO (HI_TIME_MIN - 1)

struct hi_patient_clock {
	int64_t now;   /* since HI_CLOCK_ZERO; 0: no reading yet */
	int64_t ahead; /* the same: a time far ahead that waits for a later one; 0: none */
};

/* Takes a reading's time t (since HI_CLOCK_ZERO). False: older than now less lateness_us. */
bool hi_patient_clock_move(struct hi_patient_clock *c, int64_t t, int64_t lateness_us);

struct hi_stream_clock {
	int64_t now_us;	  /* HI_TIME_MIN: no reading yet */
	int64_t ahead_us; /* a time far ahead, while ahead_len > 0: */
	uint8_t ahead_len;
	char ahead_id[64]; /* the patient that it came from */
};

void hi_stream_clock_init(struct hi_stream_clock *c);

/* Takes a reading of that patient. */
void hi_stream_clock_reading(struct hi_stream_clock *c, struct hi_slice patient_id, int64_t t_us);

/* Takes the time of a mark: it is believed, and never goes back. */
void hi_stream_clock_tick(struct hi_stream_clock *c, int64_t t_us);

#endif
