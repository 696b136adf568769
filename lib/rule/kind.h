/*
 * What a rule's line may hold: a table of kinds (the word after METRIC says
 * which) and a table of clauses (what may follow). A new one is a file and a row.
 */
#ifndef HI_RULE_KIND_H
#define HI_RULE_KIND_H

#include "rule/rule.h"
#include "rule/words.h"

struct hi_rule_word {
	const char *word;
	/*
	 * Reads on from the current word, which is the row's, and leaves w at the
	 * last word that belongs to it. HI_OK, or HI_REFUSED by hi_words_refuse.
	 * NULL: a word of the rule language that this version does not know yet.
	 */
	int (*read)(struct hi_words *w, struct hi_rule *r, struct hi_error *e);
};

extern const struct hi_rule_word hi_rule_kinds[];   /* ends with a NULL word */
extern const struct hi_rule_word hi_rule_clauses[]; /* ends with a NULL word */

/* threshold.c */
int hi_threshold_read(struct hi_words *w, struct hi_rule *r, struct hi_error *e);
int hi_threshold_for(struct hi_words *w, struct hi_rule *r, struct hi_error *e);
int hi_threshold_clear(struct hi_words *w, struct hi_rule *r, struct hi_error *e);
void hi_threshold_condition(const struct hi_rule *r, struct hi_buf *b);

/* stale.c */
int hi_stale_read(struct hi_words *w, struct hi_rule *r, struct hi_error *e);
void hi_stale_condition(const struct hi_rule *r, struct hi_buf *b);

#endif
