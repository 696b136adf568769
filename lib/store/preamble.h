/*
 * What a resumed stream begins with, so that filters have their memory back:
 * hi-record(5), "Marks". Of the pipelines whose positions share a key with the
 * source's (patient records: whoever wrote them), and in this order:
 *
 *   mark        "resume":"begin", since: the stream's clock at the last commit, window
 *   alert       those still ACTIVE, and those that ended since their patient's start
 *               (CLEARED, or of --each), by onset, then arrival
 *   patient     the latest record of each; not of those discharged more than 24 h ago of
 *               whom nothing was heard since
 *   reading     of each patient heard of in the last 24 h of the stream's clock, in order
 *               of arrival, all from the one on that moved the patient's clock
 *               (state/clock.h, lateness 0) to its start or beyond: whatever their times;
 *               and behind the patient's last one, of each metric that is not among
 *               those the newest before the start, of the 24 h before the patient's clock
 *   mark        "resume":"end", the source's positions
 *
 * A patient's start is the patient's clock at the end less window or, where that is
 * earlier, the onset of an alarm that is ACTIVE (with a value, which an alarm of silence
 * has not; not one of --each) less window.
 *
 * It is the clock when a reading came that decides, not the reading's own time: so what
 * follows is the very end of what came, and gives clocks and alarms as they were. By
 * their own times a far one that was wrong would stand before those that it was far
 * ahead of and make them late. Where a time far ahead lay between start and the clock at
 * the end, whether it was confirmed later or not, the patient begins with it; before it
 * stand the readings that had set the clock.
 *
 * The newest readings of other metrics, older by far, come last and not first: they are
 * late there, so that they move no clock and begin no alarm, and are known for what they
 * are by being more than window behind their patient's clock. Only where the patient's
 * readings end with some far ahead, whose waiting a late one would end, do they stand
 * before those. One that was far ahead and was never confirmed is no newest one.
 *
 * An alarm that began before the start and has ended since is not in the readings as it
 * was: what they begin between its onset and its end (its record has both) is part of it.
 *
 * A store, or a source, without positions: since is not there, nor alerts and readings.
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

/*
 * Everything is as one moment had it, at which also the positions were read: commits
 * may go on. Nothing is given before all rows that are given have been read once.
 * HI_USAGE: a store of an earlier version; HI_CORRUPT, HI_IO, HI_NOMEM, or what line
 * has returned. Memory: store/heard.h.
 */
int hi_preamble_write(struct hi_store *s, const struct hi_preamble *p, struct hi_error *e);

struct hi_patient_watch; /* opaque: patient records that change while a source runs */

/*
 * From now on: what is in the store at the open is not given. A source opens it before
 * the preamble, so that nothing is missed between. s is borrowed until the close.
 */
int hi_patient_watch_open(struct hi_patient_watch **out, struct hi_store *s, struct hi_error *e);

/*
 * Calls line with each record that is new or changed since the last call and is its
 * patient's newest, in order of commits; cheap where none is. HI_OK, or negative, line's
 * too.
 */
int hi_patient_watch_next(struct hi_patient_watch *w, int (*line)(void *arg, struct hi_slice line),
			  void *arg, struct hi_error *e);
void hi_patient_watch_close(struct hi_patient_watch *w);

#endif
