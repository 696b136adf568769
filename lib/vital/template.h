/*
 * The learned template: the shape of a line that was read before.
 *
 * A template is the constant text between a line's values. Matching compares
 * each constant with wide loads and takes the value that follows it. It states
 * nothing of its own: a line that does not match, or holds anything that is not
 * plain (escapes, bytes beyond ASCII, a wrong unit, a bad time), is left to
 * hi_parse_line, and whatever matches has the record that hi_parse_line gives.
 */
#ifndef HI_VITAL_TEMPLATE_H
#define HI_VITAL_TEMPLATE_H

#include "base/scan.h"
#include "vital/record.h"

enum {
	HI_TEMPLATE_VALUES_MAX = 12,
	HI_TEMPLATE_CONSTANT_MAX = 64,
	HI_TEMPLATE_NAMES = 64,
};

/* Text between two values, padded with zeros; bits as hi_scan_same16 wants them, a block each. */
struct hi_constant {
	unsigned char text[HI_TEMPLATE_CONSTANT_MAX];
	unsigned bits[HI_TEMPLATE_CONSTANT_MAX / 16];
	size_t len;
};

/* The first four are never empty; the last two are a reading's other keys. */
enum hi_part {
	HI_PART_PATIENT,
	HI_PART_METRIC,
	HI_PART_VALUE,
	HI_PART_TIME,
	HI_PART_UNIT,
	HI_PART_STRING,
	HI_PART_NUMBER
};

struct hi_template {
	size_t n; /* values; constants are one more; 0: nothing learned */
	enum hi_part part[HI_TEMPLATE_VALUES_MAX];
	struct hi_constant constant[HI_TEMPLATE_VALUES_MAX + 1];
	size_t key_at[HI_TEMPLATE_VALUES_MAX]; /* where, in the constant before, its key begins */
	size_t key_len[HI_TEMPLATE_VALUES_MAX];
	bool has_tool;
	bool usual; /* the parts are those of usual[] in template.c */
};

/*
 * A text that may come again: with its closing quote at [len], the rest zero, so
 * that one comparison finds both the text and its end. bits count len + 1 bytes.
 */
enum { HI_EXPECTED_MAX = 31 };

struct hi_expected {
	unsigned char text[HI_EXPECTED_MAX + 1];
	unsigned bits[2];
	size_t len;
};

/* What a metric's name is, so that the catalogue is not asked a line. */
struct hi_name {
	struct hi_expected name;
	struct hi_expected unit; /* canonical */
	const struct hi_metric *metric;
	bool numeric;		/* in the catalogue, and its unit may be compared */
	unsigned char follower; /* the name that came after this one last time */
};

/* What templates of one reader remember together. */
struct hi_memory {
	struct hi_name names[HI_TEMPLATE_NAMES];
	size_t last_name;
	struct hi_expected patient;
	uint64_t patient_hash;
	struct hi_expected time;
	int64_t time_us;
	uint8_t time_digits;
	bool time_zoneless;
	struct hi_member members[HI_TEMPLATE_VALUES_MAX];
};

void hi_memory_init(struct hi_memory *mem);

/*
 * Learns the shape of rec, a reading that hi_parse_line has made from its line,
 * which an LF follows. False where the shape cannot be a template.
 */
bool hi_template_learn(struct hi_template *t, const struct hi_rec *rec);

/*
 * The line at p, up to and with its LF, if it has t's shape: fills rec and
 * returns the byte behind the LF; otherwise NULL, and rec is undefined. The
 * HI_SCAN_SLACK bytes from end on must be readable and zero: they match nothing,
 * so that a line cut by end is no match.
 */
const char *hi_template_match(const struct hi_template *t, struct hi_memory *mem, const char *p,
			      const char *end, struct hi_rec *rec);

#endif
