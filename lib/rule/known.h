/*
 * The episodes that a preamble's alert records know: which alarms are ACTIVE, and
 * which were over when.
 */
#ifndef HI_RULE_KNOWN_H
#define HI_RULE_KNOWN_H

#include "rule/episode.h"
#include "state/patients.h"

/* What alert records say of one episode. */
struct hi_known {
	struct hi_episode_record record;
	int64_t ended_us; /* CLEARED only */
	uint32_t next;	  /* of the same patient, 0: none */
	uint16_t rule;
	bool cleared;
	bool taken; /* by an episode */
};

struct hi_knowns {
	const struct hi_rules *rules;
	struct hi_patients *patients; /* uint32_t: the first of each */
	struct hi_known *v;	      /* from 1 */
	uint32_t n, cap;
	struct hi_buf scratch;
};

/* Borrows rules until release. HI_OK or HI_NOMEM; release in both cases. */
int hi_knowns_init(struct hi_knowns *k, const struct hi_rules *rules, struct hi_error *e);
void hi_knowns_release(struct hi_knowns *k);

/*
 * Takes an alert record; one that is not of these rules, of --each or of a rule that
 * judged another metric under the same name is nothing. HI_OK or HI_NOMEM.
 */
int hi_knowns_take(struct hi_knowns *k, const struct hi_rec *rec, struct hi_error *e);

/* The first of a patient's, an index that next goes on from; 0: none. */
uint32_t hi_knowns_first(const struct hi_knowns *k, struct hi_slice patient_id);

/*
 * The alarm of that rule that is ACTIVE, by a patient's first; NULL: none. There is one
 * at most, but for those that a run without marks has left behind: then the last.
 */
struct hi_known *hi_knowns_active(const struct hi_knowns *k, uint32_t first, uint16_t rule);

/* True where an alarm of that rule and onset is CLEARED. */
bool hi_knowns_cleared(const struct hi_knowns *k, uint32_t first, uint16_t rule, int64_t onset_us);

#endif
