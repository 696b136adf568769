/*
 * What a resumed stream begins with, so that filters have their memory back:
 * hi-record(5), "Marks". Of the pipelines whose positions share a key with the
 * source's, and in this order:
 *
 *   mark        "resume":"begin", since: the stream's clock at the last commit, window
 *   alert       those still ACTIVE, and those that ended since their patient's start
 *   patient     the latest record of each; not of those discharged more than 24 h ago of
 *               whom nothing was heard since
 *   reading     of each patient heard of in the last 24 h of the stream's clock, in order
 *               of arrival, all from the one on that moved the patient's clock
 *               (state/clock.h, lateness 0) to its start or beyond: whatever their times
 *   reading     of each metric that is not among those the newest before the start, of
 *               the 24 h before the patient's clock
 *   mark        "resume":"end", the source's positions
 *
 * A patient's start is the patient's clock at the end less window or, where that is
 * earlier, the onset of an alarm that is ACTIVE (not one of --each) less window.
 *
 * It is the clock when a reading came that decides, not the reading's own time: so what
 * follows is the very end of what came, and gives clocks and alarms as they were. By
 * their own times a far one that was wrong would stand before those that it was far
 * ahead of and make them late. Where a reading moves the clock because it confirms some
 * that were far ahead, those stand before it.
 *
 * The newest readings of other metrics, older by far, come last and not first: they are
 * late there, so that they move no clock and begin no alarm, and are known for what they
 * are by being more than window behind their patient's clock.
 */
#ifndef HI_STORE_PREAMBLE_H
#define HI_STORE_PREAMBLE_H

#include "store/store.h"

struct hi_preamble {
	const struct hi_positions *positions; /* of the source; NULL: all of the store */
	int64_t window_us;
	/* Takes each line, without its LF; HI_OK or negative, which ends the preamble. */
	int (*line)(void *arg, struct hi_slice line);
	void *arg;
};

/* Memory: a patient's clock, id and latest readings for each patient heard of. */
int hi_preamble_write(struct hi_store *s, const struct hi_preamble *p, struct hi_error *e);

struct hi_patient_watch; /* opaque: patient records that change while a source runs */

/* From now on: what is in the store at the open is not given. s is borrowed until the close. */
int hi_patient_watch_open(struct hi_patient_watch **out, struct hi_store *s, struct hi_error *e);

/* Calls line with each record that is new or changed since the last call; cheap where none is. */
int hi_patient_watch_next(struct hi_patient_watch *w, int (*line)(void *arg, struct hi_slice line),
			  void *arg, struct hi_error *e);
void hi_patient_watch_close(struct hi_patient_watch *w);

#endif
