/*
 * Alarm rules: hi-rules(5). One rule a line, so that a ward can read, compare
 * and review it.
 *
 *     NAME PRIORITY METRIC OP VALUE [for D] [clear OP VALUE [for D]]
 *     NAME PRIORITY METRIC|any stale D
 *
 * Research and engineering, not a medical device: the vocabulary is that of IEC
 * 60601-1-8, no conformity is claimed.
 */
#ifndef HI_RULE_RULE_H
#define HI_RULE_RULE_H

#include "base/buf.h"
#include "base/num.h"
#include "base/status.h"
#include "base/time.h"
#include "vital/metric.h"

/* IEC 60601-1-8, clause 6.1.2: urgency of the response; technical: of the equipment. */
enum hi_priority {
	HI_PRIORITY_HIGH,
	HI_PRIORITY_MEDIUM,
	HI_PRIORITY_LOW,
	HI_PRIORITY_TECHNICAL,
	HI_PRIORITIES
};

struct hi_priority_look {
	const char *name;   /* as rules and alerts write it */
	const char *mark;   /* as monitors print it: beside a colour, never the colour alone */
	const char *colour; /* for people: "red" */
};

extern const struct hi_priority_look hi_priorities[HI_PRIORITIES];

enum hi_op { HI_OP_ABOVE, HI_OP_AT_LEAST, HI_OP_BELOW, HI_OP_AT_MOST, HI_OPS };

extern const char *const hi_op_text[HI_OPS];  /* ">" ">=" "<" "<=" */
extern const char *const hi_op_words[HI_OPS]; /* "above", "at or above", ... */

/* Half of the values: those that are OP v. */
struct hi_limit {
	enum hi_op op;
	double v;
	char text[HI_NUM_TEXT_MAX]; /* of v as the rule's author wrote it, ended by NUL */
};

static inline bool hi_limit_holds(const struct hi_limit *l, double v)
{
	switch (l->op) {
	case HI_OP_ABOVE:
		return v > l->v;
	case HI_OP_AT_LEAST:
		return v >= l->v;
	case HI_OP_BELOW:
		return v < l->v;
	default:
		return v <= l->v;
	}
}

enum { HI_RULE_NAME_MAX = 32, HI_RULES_MAX = 1000, HI_RULES_BYTES_MAX = 1 << 20 };

/* Beyond a day a patient is forgotten, and a preamble does not reach: --forget. */
#define HI_STALE_MAX HI_US_DAY

enum hi_rule_type { HI_RULE_THRESHOLD, HI_RULE_STALE };

struct hi_rule {
	enum hi_rule_type type;
	char name[HI_RULE_NAME_MAX + 1];
	enum hi_priority priority;
	char metric_name[HI_METRIC_NAME_MAX + 1]; /* full name; "any" where any is true */
	const struct hi_metric *metric;		  /* NULL: not in the catalogue */
	bool any;				  /* STALE: no reading of any metric */
	int64_t stale_us;			  /* STALE: no reading for so long */
	struct hi_limit limit;			  /* out of limits: what this holds for */
	int64_t for_us;				  /* alarm-condition delay; 0: none */
	bool clears;				  /* a recovery limit was given */
	struct hi_limit clear; /* back in limits; else: what limit does not hold for */
	int64_t clear_for_us;
	uint32_t line;		/* in its file, from 1 */
	uint32_t metric_column; /* in bytes from 1 */
};

struct hi_rules {
	struct hi_rule *v; /* in the order of the file */
	size_t n, cap;
};

/* The rules compiled in as "seed": lib/rule/seed.rules, ended by NUL. */
extern const char hi_rules_seed[];

/*
 * Reads a rule file's text. name stands in messages and must outlive the error.
 * Every wrong line is told to wrong(arg, e) (NULL: none; all but the first are
 * then lost), with line and column, what was expected, and the nearest right
 * word. rules is empty or released before; what is right is in it either way.
 * HI_OK; HI_REFUSED (e: the first wrong line); HI_NOMEM.
 */
int hi_rules_parse(struct hi_rules *rules, struct hi_slice text, const char *name,
		   void (*wrong)(void *arg, const struct hi_error *e), void *arg,
		   struct hi_error *e);

/*
 * The same for a file, of at most HI_RULES_BYTES_MAX bytes; path "seed" is the
 * compiled one. Also HI_IO, and HI_USAGE where the file is longer.
 */
int hi_rules_read(struct hi_rules *rules, const char *path,
		  void (*wrong)(void *arg, const struct hi_error *e), void *arg,
		  struct hi_error *e);

void hi_rules_release(struct hi_rules *rules);

/* Appends all that follows METRIC, in canonical form: "< 92 for 10s clear >= 94 for 30s",
 * "stale 5m". */
void hi_rule_condition(const struct hi_rule *r, struct hi_buf *b);

#endif
