/*
 * What stale rules remember of a patient: when each of them was last content, and
 * the timers of those whose silence may become an alarm.
 *
 * Timers lie in a heap. A reading, which puts its deadline off, does not touch it: a
 * timer that comes up too soon is put back with the deadline that it now has, once in
 * the rule's duration and not once a reading.
 */
#ifndef HI_RULE_SILENCE_H
#define HI_RULE_SILENCE_H

#include "rule/rule.h"

struct hi_detect_patient; /* detect_private.h */

/* Not a time: nothing was heard yet, or what was is forgotten. */
#define HI_SILENCE_NONE INT64_MIN

/* One rule of one patient. */
struct hi_silence {
	int64_t from_us; /* since when nothing was heard, or HI_SILENCE_NONE */
	uint32_t timer;	 /* its place in the heap, from 1; 0: none */
	bool active;	 /* the alarm is raised */
};

/* What the patient's record says: of one who is not admitted nothing is expected. */
enum hi_patient_status { HI_ADMITTED, HI_STANDBY, HI_DISCHARGED };

struct hi_silence_head {
	struct hi_detect_patient *patient;
	/* The patient's record: */
	double version; /* below all where there was none */
	int64_t at_us;	/* its time; HI_SILENCE_NONE: none */
	enum hi_patient_status status;
	uint32_t next; /* of those given back */
};

struct hi_silence_timer {
	int64_t due_us;
	size_t slot;
};

struct hi_silences {
	const struct hi_rules *rules;
	uint16_t *rule; /* the stale ones, in order of the file */
	size_t rule_n;
	struct hi_silence_head *head; /* from 1, so that 0 is none */
	struct hi_silence *slot;      /* rule_n a head */
	uint32_t n, cap, spare;
	struct hi_silence_timer *heap; /* the first one is due first */
	uint32_t heap_n, heap_cap;
};

/* Borrows rules until release. HI_OK or HI_NOMEM. */
int hi_silences_init(struct hi_silences *s, const struct hi_rules *rules, struct hi_error *e);
void hi_silences_release(struct hi_silences *s);

/* Forgets all patients, not the rules. */
void hi_silences_reset(struct hi_silences *s);

/* A head whose rules have heard nothing: its index, or 0 (no memory). Pointers end here. */
uint32_t hi_silences_take(struct hi_silences *s, struct hi_detect_patient *patient);
/* No record of the patient is known. */
void hi_silence_admit(struct hi_silence_head *head);

void hi_silences_give(struct hi_silences *s, uint32_t head);

/* The k-th stale rule's of that head. */
static inline struct hi_silence *hi_silence_of(const struct hi_silences *s, uint32_t head, size_t k)
{
	return &s->slot[head * s->rule_n + k];
}

static inline const struct hi_rule *hi_silence_rule(const struct hi_silences *s, size_t k)
{
	return &s->rules->v[s->rule[k]];
}

/* Sets its timer for due_us where it has none or a later one. False: no memory. */
bool hi_silence_arm(struct hi_silences *s, struct hi_silence *one, int64_t due_us);
void hi_silence_disarm(struct hi_silences *s, struct hi_silence *one);

/* Takes the first timer that was set for a time before before_us out of the heap; NULL: none. */
struct hi_silence *hi_silences_next(struct hi_silences *s, int64_t before_us);

/* The head of one, and in *k which rule it is. */
struct hi_silence_head *hi_silence_head(const struct hi_silences *s, const struct hi_silence *one,
					size_t *k);

#endif
