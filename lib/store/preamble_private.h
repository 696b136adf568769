/* What the files of the preamble share: one snapshot, and what is heard of each patient in it. */
#ifndef HI_STORE_PREAMBLE_PRIVATE_H
#define HI_STORE_PREAMBLE_PRIVATE_H

#include "base/time.h"
#include "store/part.h"
#include "store/preamble.h"

/* How far back the stream's clock is followed for patients to be heard of. */
#define HI_PREAMBLE_HEARD_US (24 * HI_US_H)

/* SQL: of p, a row of patients, no other version is newer. One without a number is the oldest. */
#define HI_PATIENT_IS_NEWEST                                                                       \
	"NOT EXISTS(SELECT 1 FROM main.patients AS q WHERE q.patient_id=p.patient_id"              \
	" AND (CAST(q.version AS NUMERIC),q.writer,q.seq)"                                         \
	">(CAST(p.version AS NUMERIC),p.writer,p.seq))"

/* The rows of a writer up to seq came before the recent ones, those up to older do not matter. */
struct hi_preamble_cut {
	uint64_t writer, seq, older;
};

/* An alarm that is on and has a value, of which the farthest one is remembered. */
struct hi_preamble_alarm {
	char patient_id[HI_PATIENT_ID_MAX];
	size_t patient_len;
	int64_t onset_us;
	int64_t clock_us; /* the stream's when it came, or shortly before */
	uint64_t writer, seq;
};

/*
 * Taken in one transaction, which is over before a file is read. Alerts and patient
 * records wait in the connection's temporary tables: preamble_alerts(patient_id,
 * onset_us, at_us, writer, seq, active, line); preamble_patients(patient_id, gone,
 * line), by arrival.
 */
struct hi_preamble_snapshot {
	int64_t window_us;	       /* no longer than there are times */
	struct hi_positions positions; /* the source's, as the store has them */
	bool timed;		       /* since_us is there: */
	int64_t since_us;	       /* the stream's clock at the last commit */
	int64_t from_us;	       /* and when the recent rows began */
	struct hi_parts
		recent; /* of the last HI_PREAMBLE_HEARD_US and the window, behind the cuts */
	struct hi_parts older; /* all others, where an alarm is on that came before the recent */
	struct hi_preamble_cut *cut; /* by writer; of writers without one all rows are recent */
	size_t cuts_n, cuts_cap;
	struct hi_preamble_alarm *alarm; /* in order of arrival */
	size_t alarms_n, alarms_cap;
};

/* n is zeroed before and released in both cases. HI_OK or negative. */
int hi_preamble_snapshot_take(struct hi_preamble_snapshot *n, struct hi_store *s,
			      const struct hi_preamble *p, struct hi_error *e);
void hi_preamble_snapshot_release(struct hi_preamble_snapshot *n, struct hi_store *s);

/* The writer's cut, or NULL. */
struct hi_preamble_cut *hi_preamble_cut_of(const struct hi_preamble_snapshot *n, uint64_t writer);

struct hi_preamble_rows; /* opaque: the patients, and which of their rows matter */

/* Reads all recent rows. The snapshot is borrowed until the free. HI_OK or negative. */
int hi_preamble_rows_new(struct hi_preamble_rows **out, struct hi_store *s,
			 struct hi_preamble_snapshot *n, struct hi_error *e);
void hi_preamble_rows_free(struct hi_preamble_rows *r);

/* From when on the patient's rows matter; false: nothing was heard of the patient. */
bool hi_preamble_rows_start(struct hi_preamble_rows *r, struct hi_slice patient_id, int64_t *t_us);

/* Reads again and gives the lines of the rows that matter. HI_OK or negative, line's too. */
int hi_preamble_rows_write(struct hi_preamble_rows *r, int (*line)(void *arg, struct hi_slice line),
			   void *arg, struct hi_error *e);

#endif
