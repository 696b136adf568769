/*
 * The strict slicer: RFC 8259 over one line, in place, without copying.
 *
 * It is the reference of what a line means; the fast reader (vital/reader.h) has
 * to agree with it on every input. A library is not used because libraries lose
 * what must be kept: the text of numbers, the order and the spelling of keys.
 */
#ifndef HI_JSON_JSON_H
#define HI_JSON_JSON_H

#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"

enum hi_json_kind {
	HI_JSON_NULL,
	HI_JSON_FALSE,
	HI_JSON_TRUE,
	HI_JSON_NUMBER,
	HI_JSON_STRING,
	HI_JSON_ARRAY,
	HI_JSON_OBJECT
};

/* One member of the top-level object; the slices point into the line. */
struct hi_member {
	struct hi_slice key;   /* between its quotes, as written */
	struct hi_slice value; /* as written; a string with its quotes */
	uint8_t kind;	       /* enum hi_json_kind */
	bool key_escaped;      /* key holds a backslash */
	bool value_escaped;    /* value is a string that holds a backslash */
};

enum { HI_JSON_DEPTH_MAX = 512 };

struct hi_json {
	struct hi_member *m; /* grows with the widest line seen; bounded by the line's length */
	size_t n, cap;
};

void hi_json_init(struct hi_json *j);
void hi_json_release(struct hi_json *j);

/*
 * Reads text as one object with optional white space around it. HI_OK with
 * j->m[0..n) in order; HI_REFUSED with text and column (bytes from 1): not an
 * object, not RFC 8259, not UTF-8 (RFC 3629), a lone surrogate escape, deeper
 * than HI_JSON_DEPTH_MAX; HI_NOMEM. Members live as long as text and until the
 * next call. Duplicate keys are the caller's to judge.
 */
int hi_json_slice(struct hi_json *j, struct hi_slice text, struct hi_error *e);

/* The elements of one array, as members with empty keys; otherwise as hi_json_slice. */
int hi_json_slice_array(struct hi_json *j, struct hi_slice text, struct hi_error *e);

/*
 * The text of a string as written between its quotes (valid by hi_json_slice)
 * without escapes, into out, which needs no more room than raw.len. Returns the
 * length. \u0000 becomes a NUL byte.
 */
size_t hi_json_unescape(struct hi_slice raw, char *out);

/* True where the member's key is name, escapes taken into account. */
bool hi_member_is(const struct hi_member *m, const char *name);

/* The same with a name of any bytes, at most 128. */
bool hi_member_named(const struct hi_member *m, struct hi_slice name);

/* The first member of that name, or NULL. */
const struct hi_member *hi_json_find(const struct hi_json *j, const char *name);

/*
 * The text of a string member: a slice of the line, or, where it holds escapes,
 * of scratch (appended there; scratch must not grow while the slice is used
 * unless its max was reserved). A member of another kind: its text as written.
 */
struct hi_slice hi_member_text(const struct hi_member *m, struct hi_buf *scratch);

/* Appends s as a JSON string with quotes; escapes only what must be (", \, below 0x20, 0x7f). s is
 * UTF-8. */
void hi_json_quote(struct hi_buf *b, struct hi_slice s);

/* Appends s, any bytes, as a JSON string of base64 (RFC 4648 section 4), with quotes. */
void hi_json_base64(struct hi_buf *b, struct hi_slice s);

/* True where s is valid UTF-8 (RFC 3629). *bad: offset of the first bad byte (may be NULL). */
bool hi_utf8_valid(struct hi_slice s, size_t *bad);

/* Writing one object; begin and end write the braces, end adds no LF. */
struct hi_object {
	struct hi_buf *b;
	bool more;
};
void hi_object_begin(struct hi_object *o, struct hi_buf *b);
void hi_object_str(struct hi_object *o, const char *key, struct hi_slice value);
void hi_object_base64(struct hi_object *o, const char *key, struct hi_slice bytes);
void hi_object_num(struct hi_object *o, const char *key, double value);
void hi_object_int(struct hi_object *o, const char *key, int64_t value);
void hi_object_bool(struct hi_object *o, const char *key, bool value);
void hi_object_time(struct hi_object *o, const char *key, int64_t t_us);
/* json: a value as it is to stand there. */
void hi_object_raw(struct hi_object *o, const char *key, struct hi_slice json);
void hi_object_end(struct hi_object *o);

#endif
