/*
 * What a resumed stream begins with, so that filters have their memory back:
 * hi-record(5), "Marks". Of the pipelines whose positions share a key with the
 * source's, and in this order:
 *
 *   mark        "resume":"begin", since: the stream's clock at the last commit, window
 *   alert       those still ACTIVE, and all since since - window
 *   patient     the latest record of each; not of those discharged for 24 h
 *   reading     of each patient heard of in the last 24 h of the stream's clock: the
 *               latest of each metric before what follows, then, in order of arrival,
 *               all since the patient's clock - window, or, where an alarm is ACTIVE,
 *               since its onset - window
 *   mark        "resume":"end", the source's positions
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
