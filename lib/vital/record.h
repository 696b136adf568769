/*
 * A record as a view into the line that it was read from: hi-record(5).
 *
 * All slices live until the next hi_reader_next (or store read) of where the
 * record came from; an ASan build poisons them then. Presence is in `has`,
 * never in a special value.
 */
#ifndef HI_VITAL_RECORD_H
#define HI_VITAL_RECORD_H

#include "base/buf.h"
#include "base/num.h"
#include "vital/metric.h"
#include "json/json.h"

enum hi_type {
	HI_T_READING,
	HI_T_ALERT,
	HI_T_ACT,
	HI_T_PATIENT,
	HI_T_STAT,
	HI_T_VOID,
	HI_T_REJECT,
	HI_T_MARK,
	HI_T_OTHER,
	HI_TYPES
};

/* "reading", "alert", ...; indexed by enum hi_type ("other" for the rest). */
extern const char *const hi_type_names[HI_TYPES];

enum {
	HI_HAS_VALUE = 1, /* value holds a number */
	HI_HAS_CODE = 2,  /* code holds a coded value ("A"); a number 0-4 of a coded metric too */
	HI_HAS_UNIT = 4,  /* unit was written */
	HI_HAS_TIME = 8,  /* t_us holds the record's timestamp */
	HI_HAS_PATIENT = 16,	/* patient_id */
	HI_HAS_METRIC = 32,	/* metric_name */
	HI_HAS_TOOL = 64,	/* the key "tool": a reading with it is a score */
	HI_HAS_CONVERTED = 128, /* value is canonical and differs from what was written */
	HI_HAS_ZONELESS = 256,	/* the timestamp had no zone and was read in --tz */
	HI_HAS_EXTRA_JSON = 512 /* extra_json holds the other keys, members is empty */
};

enum {
	HI_PATIENT_ID_MAX = 64,
	HI_CODE_MAX = 64,
	HI_LINE_MAX = 1 << 20, /* without its LF */
};

struct hi_rec {
	enum hi_type type;
	unsigned has;
	struct hi_slice line;	    /* as read, without LF; ptr NULL: made from a store's row */
	bool line_lf;		    /* an LF follows at line.ptr[line.len] */
	struct hi_slice patient_id; /* escapes resolved; 1..64 bytes, no control characters */
	uint64_t patient_hash;	    /* hi_hash_slice(patient_id) */
	struct hi_slice metric_name;
	const struct hi_metric *metric; /* NULL: not in the catalogue */
	struct hi_slice unit;		/* as written, escapes resolved */
	struct hi_slice value_text;	/* as written, raw JSON: 72.50, "A", null */
	struct hi_num value;		/* in the canonical unit */
	struct hi_slice code;		/* of a string value */
	struct hi_slice
		time_text; /* the timestamp as written, between its quotes; ptr NULL: a row */
	int64_t t_us;
	uint8_t t_digits; /* 0, 3 or 6 */
	/*
	 * A reading: every key but type, patient_id, metric_name, value, unit and
	 * timestamp, in order. Any other type: every key.
	 */
	const struct hi_member *members;
	size_t members_n;
	struct hi_slice extra_json; /* from a store: the same as an object's text; len 0: none */
};

/* True for a reading that a tool made (a score). */
static inline bool hi_rec_is_score(const struct hi_rec *r)
{
	return r->type == HI_T_READING && (r->has & HI_HAS_TOOL);
}

/* The member of that key, or NULL. Not for records with HI_HAS_EXTRA_JSON. */
const struct hi_member *hi_rec_member(const struct hi_rec *r, const char *key);

/*
 * The text of a string member, escapes resolved by way of scratch; an empty
 * slice with ptr NULL where there is no such member.
 */
struct hi_slice hi_rec_text(const struct hi_rec *r, const char *key, struct hi_buf *scratch);

/* A number member; false where there is none or it is no number. */
bool hi_rec_number(const struct hi_rec *r, const char *key, struct hi_num *out);

/* A time member (RFC 3339); false where there is none or it is none. */
bool hi_rec_time(const struct hi_rec *r, const char *key, int64_t *t_us);

/* Appends the other keys as one compact JSON object ("" where there are none). */
void hi_rec_extra(const struct hi_rec *r, struct hi_buf *b);

/*
 * Appends the record as a line without LF: as read where it was read; made from
 * the fields of a store's row otherwise (fixed key order, canonical time).
 */
void hi_rec_line(const struct hi_rec *r, struct hi_buf *b);

/* The value's text in the canonical unit: as written, or the converted number. JSON. */
void hi_rec_value(const struct hi_rec *r, struct hi_buf *b);

/* The canonical unit: the catalogue's, or what was written. */
struct hi_slice hi_rec_unit(const struct hi_rec *r);

#endif
