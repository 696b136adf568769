/*
 * A broker's message as a line of ours. Foreign data: what it says is a record or
 * becomes a reject, and it can never be a mark or a reject itself.
 *
 * Messages are collected, and read together: records of machines repeat their shape,
 * which vital/reader.h makes fast.
 */
#ifndef HI_BRIDGE_MESSAGE_H
#define HI_BRIDGE_MESSAGE_H

#include "base/buf.h"
#include "base/status.h"
#include "vital/record.h"

struct hi_message_header {
	struct hi_slice name, value; /* value.ptr NULL: none */
};

/* As the broker gave it: all slices are borrowed, any bytes. */
struct hi_message {
	struct hi_slice topic;
	int32_t partition;
	int64_t offset;
	int64_t t_us;	       /* the message's own time; HI_TIME_MIN: none */
	struct hi_slice key;   /* ptr NULL: none */
	struct hi_slice value; /* ptr NULL: none, a tombstone */
	const struct hi_message_header *headers;
	size_t headers_n;
};

/*
 * What is added to a record, at its end, and changed in it; every other byte stays.
 * Where the message has one of the keys that an option stands for, at its top level,
 * it loses it: nobody can give himself a place.
 */
struct hi_message_options {
	bool keys; /* "kafka_key", or "kafka_key_base64" where it is no UTF-8 */
	/*
	 * "kafka_headers":{NAME:VALUE,...} in the order of their names; VALUE is a string,
	 * null, {"base64":"..."} where it is no UTF-8, or, where a name comes several times,
	 * an array of these in their order. What of a name is no UTF-8 becomes '?'.
	 */
	bool headers;
	bool meta; /* "kafka_topic" "kafka_partition" "kafka_offset" "kafka_timestamp" */
	bool zone; /* times without a zone get that of hi_tz_set (--tz) */
};

struct hi_message_lines; /* opaque: messages on their way to lines */

/*
 * line(arg, i, line, rec, e) gets the i-th message since the last flush, from 0, as a
 * line; an LF stands behind it, at line.ptr[line.len]. rec is the message's own record,
 * before anything was added. line and rec live until line returns.
 *
 * reject(arg, i, e, text) gets what is none: e has text and, where it is known, column
 * (in text), and neither source nor line; text is what the message said without the
 * LF or CRLF at its end, of one above 1 MiB how it begins (hi_reject_cut).
 *
 * Each returns HI_OK, or what ends the flush (then e is filled).
 */
struct hi_message_calls {
	int (*line)(void *arg, size_t i, struct hi_slice line, const struct hi_rec *rec,
		    struct hi_error *e);
	int (*reject)(void *arg, size_t i, struct hi_error *e, struct hi_slice text);
	void *arg;
};

/* Both are copied. HI_OK or HI_NOMEM. */
int hi_message_lines_new(struct hi_message_lines **out, const struct hi_message_options *options,
			 const struct hi_message_calls *calls, struct hi_error *e);
void hi_message_lines_free(struct hi_message_lines *l);

/*
 * Adds a message. Its value is copied; with keys, headers or meta what these point to
 * must live until the flush. HI_OK, or HI_NOMEM with the message not added: flush at
 * 64 MiB at the latest.
 */
int hi_message_lines_add(struct hi_message_lines *l, const struct hi_message *m,
			 struct hi_error *e);

/* How many were added since the last flush, and their bytes. */
size_t hi_message_lines_n(const struct hi_message_lines *l);
size_t hi_message_lines_bytes(const struct hi_message_lines *l);

/*
 * Gives each that was added to line or reject, in order, and forgets them. HI_OK, what
 * a call returned, or HI_NOMEM.
 */
int hi_message_lines_flush(struct hi_message_lines *l, struct hi_error *e);

/*
 * The checksum in a position: CRC-32C over the message's own time, key and value, so
 * that another message at its place is not taken for it. The same on every machine.
 */
uint32_t hi_message_crc(const struct hi_message *m);

#endif
