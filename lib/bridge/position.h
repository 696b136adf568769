/*
 * Where a partition of a broker's topic stands: "OFFSET:CRC", the offset behind the last
 * message that was read, and hi_message_crc of that message as 8 hex digits, so that
 * another message at its place is noticed. "OFFSET" alone where no message was before
 * it. hi-record(5).
 *
 * The key is "kafka:CLUSTER/TOPIC/PARTITION".
 */
#ifndef HI_BRIDGE_POSITION_H
#define HI_BRIDGE_POSITION_H

#include "mark/positions.h"

struct hi_offset_position {
	int64_t offset; /* of the next message; not below 0 */
	bool has_crc;	/* crc is that of the message at offset - 1 */
	uint32_t crc;
};

/* Reads a position as JSON, as hi_positions_find gives it. False: not one. */
bool hi_offset_position_read(struct hi_offset_position *p, const char *json);

/* to[key] becomes p. As hi_positions_set. */
int hi_offset_position_set(struct hi_positions *to, const char *key, struct hi_offset_position p,
			   struct hi_error *e);

/*
 * What a key names; the slices point into it. False: it is none of a broker's. topic and
 * cluster have no '/': that is so in Kafka, and asked of a cluster before a key is made.
 */
struct hi_offset_key {
	struct hi_slice cluster, topic;
	int32_t partition;
};
bool hi_offset_key_read(struct hi_offset_key *k, const char *key);

/* Partitions as an option names them: "0-7,9". */
struct hi_partition_range {
	int32_t first, last; /* both included */
};
enum { HI_PARTITION_RANGES_MAX = 256 };
struct hi_partition_ranges {
	struct hi_partition_range v[HI_PARTITION_RANGES_MAX];
	size_t n; /* 0: all */
};

/* HI_OK; HI_USAGE: not so, a range is upside down, or there are too many. */
int hi_partition_ranges_parse(struct hi_partition_ranges *r, const char *text, struct hi_error *e);

/* True where it is among them, or they are all. */
bool hi_partition_ranges_have(const struct hi_partition_ranges *r, int32_t partition);

#endif
