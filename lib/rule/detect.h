/*
 * Readings to alerts: a state machine a patient and rule, in event time.
 *
 * A patient's clock and the stream's are those of state/clock.h. Thresholds go by
 * the patient's clock, and by ticks: any interleaving of patients gives the same
 * alerts of thresholds, as long as nobody is silent for so long that he is
 * forgotten. Stale rules go by both clocks, for who is silent has none that moves.
 *
 * All that is remembered is a function of the last readings, the alerts and the
 * patient records, so that a preamble (store/preamble.h) gives it back.
 *
 * Memory: 32 bytes of state a patient beside the table (state/patients.h); sizeof
 * (struct hi_episode), 120 bytes, while a rule's limit is exceeded; and where there
 * are stale rules 32 bytes a patient and 32 for each of them.
 */
#ifndef HI_RULE_DETECT_H
#define HI_RULE_DETECT_H

#include "mark/mark.h"
#include "rule/rule.h"
#include "vital/record.h"

struct hi_detect; /* opaque */

enum { HI_DETECT_PATIENTS_MAX = 16 * 1000 * 1000 };

struct hi_detect_counts {
	uint64_t begun, ended; /* alert records ACTIVE and CLEARED */
	uint64_t late;	       /* readings not judged because they came late */
};

struct hi_detect_setup {
	const struct hi_rules *rules; /* borrowed until free */
	/* Readings older than their patient's clock by more than that are not judged. */
	int64_t lateness_us;
	/*
	 * A patient of whom nothing came for so long by the stream's clock is forgotten,
	 * but for alarms that are ACTIVE. Two hours at least, and no less than any stale
	 * rule's time and the lateness; 0: nobody is.
	 */
	int64_t forget_us;
	/* Each alert is put into line, and emit(arg) is called to take it from there. */
	struct hi_buf *line;
	void (*emit)(void *arg);
	void *arg;
};

/* HI_OK, HI_NOMEM or HI_USAGE (forget_us). */
int hi_detect_new(struct hi_detect **out, const struct hi_detect_setup *setup, struct hi_error *e);
void hi_detect_free(struct hi_detect *d);

/* hi_detect_before: hi_detect_after has something to do. */
enum { HI_DETECT_JUDGE = 1 };

/*
 * To be called with every reading, in order, before it is passed on: moves the
 * clocks and writes what that decides: in order of deadlines, of one deadline in
 * order of rules, of one rule in bytewise order of patients. HI_OK, HI_DETECT_JUDGE
 * or HI_NOMEM.
 */
int hi_detect_before(struct hi_detect *d, const struct hi_rec *rec, struct hi_error *e);

/* With the same reading after it is passed on: writes what it decides itself. HI_OK or HI_NOMEM. */
int hi_detect_after(struct hi_detect *d, const struct hi_rec *rec, struct hi_error *e);

/* A patient record, after it is passed on: its status and time are for stale rules. HI_OK or
 * HI_NOMEM. */
int hi_detect_patient(struct hi_detect *d, const struct hi_rec *rec, struct hi_error *e);

/*
 * The time of a mark, before it is passed on: writes what is due before t_us, in the
 * same order. Deadlines that lay more than an hour behind the stream's clock already
 * are of patients whose readings come from another time, and wait for those. HI_OK
 * or HI_NOMEM.
 */
int hi_detect_tick(struct hi_detect *d, int64_t t_us, struct hi_error *e);

/*
 * A preamble: what was known is forgotten, nothing is written until the end, and
 * then d is what it was where the preamble's store had its last commit. HI_USAGE:
 * the rules need a longer window (e names --window); HI_NOMEM.
 */
int hi_detect_preamble_begin(struct hi_detect *d, const struct hi_mark *begin, struct hi_error *e);

/* A line of it, of any type. HI_OK or HI_NOMEM. */
int hi_detect_preamble_record(struct hi_detect *d, const struct hi_rec *rec, struct hi_error *e);

/*
 * Its end. An alarm that a record says is ACTIVE is; one that no record knows, of a
 * rule that is new, is raised at the next reading. HI_OK or HI_NOMEM.
 */
int hi_detect_preamble_end(struct hi_detect *d, struct hi_error *e);

const struct hi_detect_counts *hi_detect_counted(const struct hi_detect *d);

/* Patients that are remembered now. */
size_t hi_detect_patients(const struct hi_detect *d);

/*
 * One alert a reading out of limits, as the replaced system does: no delays, no
 * episodes, late and implausible readings too; stale rules are left out.
 */
struct hi_each; /* opaque */

/* Of setup, lateness_us is not asked for. HI_OK or HI_NOMEM. */
int hi_each_new(struct hi_each **out, const struct hi_detect_setup *setup, struct hi_error *e);
void hi_each_free(struct hi_each *d);

/*
 * A reading, after it is passed on. The ordinal in an alert's id counts the
 * readings of one patient and rule that follow one another with the same time and
 * value, from 0; a patient without an alert for forget_us begins anew. HI_OK or
 * HI_NOMEM.
 */
int hi_each_record(struct hi_each *d, const struct hi_rec *rec, struct hi_error *e);

/* The time of a mark. */
void hi_each_tick(struct hi_each *d, int64_t t_us);

/*
 * A preamble begins: what was known is forgotten, and readings are counted and not
 * written until the end. HI_OK or HI_NOMEM.
 */
int hi_each_preamble_begin(struct hi_each *d, const struct hi_mark *begin, struct hi_error *e);
void hi_each_preamble_end(struct hi_each *d);

uint64_t hi_each_count(const struct hi_each *d);
size_t hi_each_patients(const struct hi_each *d);

#endif
