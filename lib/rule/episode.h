/*
 * Episodes: what a threshold rule remembers of one patient, and only while the
 * patient is out of its limits.
 *
 *             out of limits            held for D
 *     (none) ---------------> PENDING ------------> ACTIVE <---------- RECOVERING
 *        ^                       |                     |     no longer      |
 *        |   within limits       |                     |      back          |
 *        +-----------------------+                     +----> back -------->|
 *        +------------------------------------------------ held for D ------+
 *
 * Values hold until the next one: a delay that no reading breaks is over at its
 * deadline, whether or not a reading comes just then. Readings may come in any
 * order of time; then
 *   - of readings of one moment, the one out of limits counts;
 *   - a reading within limits ends or breaks nothing that a later reading found
 *     out of limits;
 *   - onset and recovery move back to the earliest reading that shows them.
 */
#ifndef HI_RULE_EPISODE_H
#define HI_RULE_EPISODE_H

#include "rule/alert.h"

struct hi_detect_patient; /* detect_private.h */

enum hi_phase { HI_PENDING, HI_ACTIVE, HI_RECOVERING };

struct hi_episode {
	int64_t onset_us;    /* the first reading out of limits */
	int64_t last_out_us; /* the newest one */
	int64_t back_us;     /* RECOVERING: the first reading back in limits */
	double worst_v;
	struct hi_detect_patient *patient;
	uint32_t next;	/* of the same patient: an index of the pool, 0: none */
	uint32_t delay; /* its place in hi_episodes.delayed, from 1; 0: no delay runs */
	uint16_t rule;	/* index of its rule */
	uint8_t phase;	/* enum hi_phase */
	uint8_t unit_len;
	struct hi_value_text observed, worst;
	char unit[HI_UNIT_MAX]; /* of a metric that is not in the catalogue */
};

/* All episodes of all patients; indices from 1, so that 0 is none. */
struct hi_episodes {
	struct hi_episode *v;
	uint32_t n, cap;
	uint32_t spare;	   /* the first free one, linked by next */
	uint32_t *delayed; /* those whose delay runs, in no order: what a tick looks at */
	uint32_t delayed_n, delayed_cap;
};

void hi_episodes_init(struct hi_episodes *p);
void hi_episodes_release(struct hi_episodes *p);

/* A new one, of which only delay is set: its index, or 0 (no memory). Pointers into v end here. */
uint32_t hi_episodes_take(struct hi_episodes *p);
void hi_episodes_give(struct hi_episodes *p, uint32_t i);

/* Puts episode i among those whose delay runs, or takes it out. False: no memory. */
bool hi_episodes_delay(struct hi_episodes *p, uint32_t i, bool runs);

/* What a reading or a timer did. */
enum hi_turn {
	HI_TURN_NONE,
	HI_TURN_BEGUN,	/* ACTIVE now */
	HI_TURN_BROKEN, /* a pending one is over: to be given back */
	HI_TURN_ENDED	/* at back_us: to be given back once its alert is written */
};

/* Begins one with rec, which is out of r's limit: PENDING, or ACTIVE at once where there is no
 * delay. */
enum hi_turn hi_episode_begin(struct hi_episode *ep, uint16_t rule, const struct hi_rule *r,
			      const struct hi_rec *rec, int64_t clock_us);

/*
 * A further reading of its metric. clock_us: the patient's clock; a reading
 * further ahead does not count as the newest one out of limits, so that one wrong
 * time cannot keep an alarm for ever.
 */
enum hi_turn hi_episode_reading(struct hi_episode *ep, const struct hi_rule *r,
				const struct hi_rec *rec, int64_t clock_us);

/* What an alert record that is ACTIVE says. */
struct hi_episode_record {
	int64_t onset_us;
	struct hi_value_text observed;
	double observed_v;
	uint8_t unit_len;
	char unit[HI_UNIT_MAX];
};

/* Begins one with its record alone, where no reading of it is known. */
void hi_episode_known(struct hi_episode *ep, uint16_t rule, const struct hi_episode_record *known,
		      int64_t clock_us);

/* ep, which readings have begun, is ACTIVE since its record says so. */
void hi_episode_adopt(struct hi_episode *ep, const struct hi_rule *r,
		      const struct hi_episode_record *known);

/* When its delay is over if nothing comes before: false where no delay runs. */
bool hi_episode_deadline(const struct hi_episode *ep, const struct hi_rule *r, int64_t *t_us);

/* That moment has passed. */
enum hi_turn hi_episode_timer(struct hi_episode *ep);

#endif
