#include "rule/kind.h"

/*
 * hi-rules(5) reserves the words without a reader: a file that uses one is told
 * so, and not that it has made a slip.
 */
const struct hi_rule_word hi_rule_kinds[] = {
	{ ">", hi_threshold_read },
	{ ">=", hi_threshold_read },
	{ "<", hi_threshold_read },
	{ "<=", hi_threshold_read },
	{ "stale", hi_stale_read },
	{ "rise", NULL },
	{ "fall", NULL },
	{ "implausible", NULL },
	{ "off", NULL },
	{ NULL, NULL },
};

const struct hi_rule_word hi_rule_clauses[] = {
	{ "for", hi_threshold_for }, { "clear", hi_threshold_clear },
	{ "latch", NULL },	     { "plausible", NULL },
	{ "inhibits", NULL },	     { NULL, NULL },
};

void hi_rule_condition(const struct hi_rule *r, struct hi_buf *b)
{
	if (r->type == HI_RULE_STALE)
		hi_stale_condition(r, b);
	else
		hi_threshold_condition(r, b);
}
