/*
 * A broker's message as a line of ours. Foreign data: what it says is a record or
 * becomes a reject, and it can never be a mark or a reject itself.
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

/* What is added to a record, and changed in it. */
struct hi_message_options {
	bool keys;    /* "kafka_key", or "kafka_key_base64" where it is no UTF-8 */
	bool headers; /* "kafka_headers":{NAME:VALUE,…} */
	bool meta;    /* "kafka_topic" "kafka_partition" "kafka_offset" "kafka_timestamp" */
	bool zone;    /* times without a zone get that of hi_tz_set (--tz) */
};

struct hi_message_lines; /* opaque: messages on their way to lines */

/*
 * options are copied. line(arg, i, line) gets the i-th message since the last flush as
 * a line without LF; reject(arg, i, e, text) gets what is none: e has text and, where it
 * is known, column, text is what the message said. Each returns HI_OK, or what ends the
 * flush. HI_OK or HI_NOMEM.
 */
struct hi_message_calls {
	int (*line)(void *arg, size_t i, struct hi_slice line, const struct hi_rec *rec,
		    struct hi_error *e);
	int (*reject)(void *arg, size_t i, struct hi_error *e, struct hi_slice text);
	void *arg;
};
int hi_message_lines_new(struct hi_message_lines **out, const struct hi_message_options *options,
			 const struct hi_message_calls *calls, struct hi_error *e);
void hi_message_lines_free(struct hi_message_lines *l);

/*
 * Adds a message; its bytes are copied where they are needed, except those of key,
 * headers and topic, which must live until the flush. HI_OK or HI_NOMEM.
 */
int hi_message_lines_add(struct hi_message_lines *l, const struct hi_message *m,
			 struct hi_error *e);

/* How many were added since the last flush, and their bytes. */
size_t hi_message_lines_n(const struct hi_message_lines *l);
size_t hi_message_lines_bytes(const struct hi_message_lines *l);

/* Gives each that was added to line or reject, in order. HI_OK, or what a call returned. */
int hi_message_lines_flush(struct hi_message_lines *l, struct hi_error *e);

/*
 * The checksum in a position: over the message's own time, key and value, so that
 * another message at its place is not taken for it.
 */
uint32_t hi_message_crc(const struct hi_message *m);

#endif
