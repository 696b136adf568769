/*
 * Readings to alerts: one state machine a patient and rule, in event time.
 *
 * A patient's clock is the newest event time among the patient's readings, of
 * any metric; a time more than an hour ahead of it moves it only once a later
 * reading is ahead too, so that one wrong time does not make all that follows
 * late. Nothing depends on other patients, so any interleaving of patients gives
 * the same alerts.
 *
 * Memory: 32 bytes of state a patient beside the table (state/patients.h), and
 * sizeof (struct hi_episode), 112 bytes, while a rule's limit is exceeded.
 */
#ifndef HI_RULE_DETECT_H
#define HI_RULE_DETECT_H

#include "rule/rule.h"
#include "vital/record.h"

struct hi_detect; /* opaque */

enum { HI_DETECT_PATIENTS_MAX = 16 * 1000 * 1000 };

struct hi_detect_counts {
	uint64_t begun, ended; /* alert records ACTIVE and CLEARED */
	uint64_t late;	       /* readings not judged because they came late */
};

/*
 * rules is borrowed until free. lateness_us: readings older than their patient's
 * clock by more than that are not judged. Each alert is put into line, and
 * emit(arg) is called to take it from there. HI_OK or HI_NOMEM.
 */
int hi_detect_new(struct hi_detect **out, const struct hi_rules *rules, int64_t lateness_us,
		  struct hi_buf *line, void (*emit)(void *arg), void *arg, struct hi_error *e);
void hi_detect_free(struct hi_detect *d);

/* hi_detect_before: hi_detect_after has something to do. */
enum { HI_DETECT_JUDGE = 1 };

/*
 * To be called with every reading, in order, before it is passed on: moves its
 * patient's clock and writes what that decides, in order of deadlines. HI_OK,
 * HI_DETECT_JUDGE or HI_NOMEM.
 */
int hi_detect_before(struct hi_detect *d, const struct hi_rec *rec, struct hi_error *e);

/* With the same reading after it is passed on: writes what its value decides. HI_OK or HI_NOMEM. */
int hi_detect_after(struct hi_detect *d, const struct hi_rec *rec, struct hi_error *e);

const struct hi_detect_counts *hi_detect_counted(const struct hi_detect *d);

/*
 * One alert a reading out of limits, as the replaced system does: no delays, no
 * episodes, late and implausible readings too.
 */
struct hi_each; /* opaque */

int hi_each_new(struct hi_each **out, const struct hi_rules *rules, struct hi_buf *line,
		void (*emit)(void *arg), void *arg, struct hi_error *e);
void hi_each_free(struct hi_each *d);

/*
 * A reading, after it is passed on. The ordinal in an alert's id counts the
 * readings of one patient and rule that follow one another with the same time and
 * value, from 0. HI_OK or HI_NOMEM.
 */
int hi_each_record(struct hi_each *d, const struct hi_rec *rec, struct hi_error *e);

uint64_t hi_each_count(const struct hi_each *d);

#endif
