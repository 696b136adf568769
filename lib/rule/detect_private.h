/* What the files of hi_detect share. */
#ifndef HI_RULE_DETECT_PRIVATE_H
#define HI_RULE_DETECT_PRIVATE_H

#include "rule/alert.h"
#include "rule/detect.h"
#include "rule/episode.h"
#include "rule/silence.h"
#include "rule/watch.h"
#include "state/clock.h"
#include "state/patients.h"

enum { HI_SWEEP_MIN = 1024 };

struct hi_detect_patient {
	struct hi_patient_clock clock;
	/*
	 * Where the patient's readings come from another time: the stream's clock, as
	 * clock.now counts, when the last one came. See hi_forget_is_due.
	 */
	int64_t heard;
	uint32_t episode; /* the first of the patient's, 0: none */
	uint32_t silence; /* a head of hi_silences; 0: there are no stale rules */
};

/* Something that its time has come for. */
struct hi_due {
	int64_t t_us;
	struct hi_detect_patient *patient;
	struct hi_slice patient_id;
	uint16_t rule;
};

struct hi_detect {
	struct hi_detect_setup set;
	struct hi_watches watches;
	struct hi_patients *patients;
	struct hi_episodes episodes;
	struct hi_silences silences;
	struct hi_stream_clock stream;
	int64_t forget_us; /* set's, or longer than all of time */
	size_t sweep_at;   /* as many patients are looked through for those to forget */
	struct hi_due *due;
	size_t due_n, due_cap;
	struct hi_restore *restore; /* in a preamble; NULL: not */
	struct hi_detect_counts counts;
	const struct hi_watch *watch; /* from before to after: whose rules judge the reading */
	/* The last reading's patient: vitals of one patient come in a row. last_len 0: none yet. */
	struct hi_detect_patient *last;
	uint64_t last_hash;
	size_t last_len;
	char last_id[HI_PATIENT_ID_MAX];
};

/* detect.c */

static inline int64_t hi_detect_now(const struct hi_detect_patient *p)
{
	return p->clock.now + HI_CLOCK_ZERO;
}

/* Makes rec's patient the last one, and one where there is none; NULL: no memory. */
struct hi_detect_patient *hi_detect_find(struct hi_detect *d, const struct hi_rec *rec);

/* A reading that is not late: the rules of d->watch judge its value. */
int hi_detect_judge(struct hi_detect *d, const struct hi_rec *rec, struct hi_error *e);

/* Does what a turn of the episode at *link (an index of its patient's list) asks for. */
int hi_detect_turn(struct hi_detect *d, enum hi_turn turn, uint32_t *link, struct hi_error *e);

/* The alert is written, but in a preamble. */
void hi_detect_write(struct hi_detect *d, const struct hi_alert *a);

/* due.c */

int hi_due_add(struct hi_detect *d, int64_t t_us, struct hi_detect_patient *p, uint16_t rule,
	       struct hi_error *e);

/* Notes which delays of p are over, now that rec, of watch (NULL: that nobody minds), has come. */
int hi_due_delays(struct hi_detect *d, struct hi_detect_patient *p, const struct hi_rec *rec,
		  const struct hi_watch *watch, struct hi_error *e);

/* All that was noted happens, in order. */
int hi_due_fire(struct hi_detect *d, struct hi_error *e);

/* listen.c */

/* Makes p's head, where there are stale rules. */
int hi_listen_head(struct hi_detect *d, struct hi_detect_patient *p, struct hi_error *e);

/* Notes whose silence is an alarm now that the stream's clock has moved on from before_us. */
int hi_listen_stream(struct hi_detect *d, int64_t before_us, struct hi_error *e);

/* The same for p, whose own clock has moved. */
int hi_listen_own(struct hi_detect *d, struct hi_detect_patient *p, struct hi_error *e);

/* Forgets the silences of p whose deadlines p's clock has passed. */
void hi_listen_forget(struct hi_detect *d, const struct hi_detect_patient *p);

/* rec is of p, who has a head: the k-th stale rule has heard it, where it is of its metric. */
int hi_listen(struct hi_detect *d, struct hi_detect_patient *p, size_t k, const struct hi_rec *rec,
	      struct hi_error *e);

/* The silence of an alarm that is due at t_us is one: the alert. */
void hi_listen_fire(struct hi_detect *d, const struct hi_due *due);

/* Sets the timer of one, a rule's of head, if it is to have one. */
int hi_listen_arm(struct hi_detect *d, const struct hi_silence_head *head, struct hi_silence *one,
		  const struct hi_rule *r, struct hi_error *e);

/* forget.c */

/* Nothing came of p for forget_us when the stream's clock was at stream_us. */
bool hi_forget_is_due(const struct hi_detect *d, const struct hi_detect_patient *p,
		      int64_t stream_us);

/* Forgets all of p that is not to be kept. */
void hi_forget(struct hi_detect *d, struct hi_detect_patient *p);

/* p's clock has taken a reading, or the patient's record has come. */
void hi_forget_heard(const struct hi_detect *d, struct hi_detect_patient *p);

/*
 * Gives the memory back of who is forgotten: pointers to patients end. For patients
 * who come and go it is called when they are twice as many as after the last time.
 */
void hi_forget_sweep(struct hi_detect *d);

/* restore.c */

/* A reading has begun ep, or moved its onset: it is ACTIVE where a record says so. */
void hi_restore_begun(const struct hi_detect *d, struct hi_episode *ep);

/* ep, which is RECOVERING, was over before rec came. */
bool hi_restore_is_over(const struct hi_detect *d, const struct hi_episode *ep,
			const struct hi_rec *rec);
void hi_restore_free(struct hi_restore *r);

#endif
