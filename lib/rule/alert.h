/* The alert record: hi-record(5). An alarm is an episode, a line at each of its ends. */
#ifndef HI_RULE_ALERT_H
#define HI_RULE_ALERT_H

#include "rule/rule.h"
#include "vital/record.h"

enum { HI_VALUE_TEXT_MAX = 24 };

/* A value's JSON text kept beyond its record: as written if it fits, else its shortest form. */
struct hi_value_text {
	char text[HI_VALUE_TEXT_MAX];
	uint8_t len;
};

/* The canonical value of rec, which has HI_HAS_VALUE. */
void hi_value_text_keep(struct hi_value_text *t, const struct hi_rec *rec);

/* All slices are borrowed for the call. */
struct hi_alert {
	const struct hi_rule *rule;
	struct hi_slice patient_id;
	struct hi_slice unit; /* canonical; len 0: none */
	int64_t onset_us;
	const struct hi_value_text *observed; /* the value at onset; NULL: of a stale rule */
	bool cleared;
	/* CLEARED only: */
	int64_t ended_us;
	const struct hi_value_text *worst; /* the farthest value out; NULL: of a stale rule */
	const char *off;  /* what the patient is: "standby", "discharged"; NULL: was heard again */
	bool each;	  /* the alert of one reading, not of an episode */
	uint32_t ordinal; /* each only: see hi_each_record */
};

/*
 * Appends the record without LF. alert_id: UUID version 5 over patient_id, rule
 * name and timestamp as it stands in the record, LF between them; with each also
 * the value's text and the ordinal.
 */
void hi_alert_write(const struct hi_alert *a, struct hi_buf *b);

#endif
