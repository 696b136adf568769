/*
 * Topics of a broker as a resumable source of messages: every partition from its stored
 * position on, each message once, however often broker, network or leader go away.
 *
 *   hi_kafka_source_open       options to a client; nothing is asked of a broker yet
 *   hi_kafka_source_begin      waits for cluster and topics; finds where each partition begins
 *   hi_kafka_source_read       a batch of messages, or something that was lost
 *   hi_kafka_source_given      the batch was written: the positions are behind it
 *   hi_kafka_source_positions  what a mark says
 *
 * The message before a stored position is read back and compared with it, at the start
 * and whenever the broker was away: hi_offset_position. Positions are ours alone, the
 * broker's group is told for lag monitors only. One thread; librdkafka has its own.
 *
 * Memory: 1 MiB of messages read ahead, what one fetch brings beside them, a batch, and
 * some 250 bytes a partition.
 */
#ifndef HI_BRIDGE_KAFKA_SOURCE_H
#define HI_BRIDGE_KAFKA_SOURCE_H

#include "bridge/message.h"
#include "bridge/position.h"

struct hi_kafka_source; /* opaque */

enum hi_kafka_from { HI_KAFKA_EARLIEST, HI_KAFKA_LATEST, HI_KAFKA_TIME };

struct hi_kafka_source_options {
	const char *brokers; /* "kafka1:9092,kafka2" */
	const char *config;  /* settings of librdkafka, hi_kafka_conf_file; NULL: none */
	const char *const *topics;
	size_t topics_n;
	struct hi_partition_ranges partitions; /* those alone; none: all, also ones added later */
	enum hi_kafka_from from;	       /* a topic of which nothing is stored */
	int64_t from_us;   /* HI_KAFKA_TIME: its first message of then or later */
	bool until_end;	   /* to the end that each partition has at the beginning */
	bool skip_lost;	   /* what is gone is told and passed by, not the end */
	bool headers;	   /* messages are wanted with theirs */
	bool ticks;	   /* hi_kafka_source_at_end will be asked: its answer is to come soon */
	const char *group; /* of --monitor-group; NULL: none */
	int64_t wait_us;   /* how long broker, topic or leader may be away */
};

struct hi_kafka_source_calls {
	/* What a person may like to know; text is a constant, detail a name, or "". */
	void (*note)(void *arg, const char *text, const char *detail);
	/* Asked some ten times a second while it waits: true ends the wait. */
	bool (*stop)(void *arg);
	void *arg;
};

/*
 * options' and calls' texts are borrowed until the free. stored: what begins elsewhere
 * than at its topic's beginning, borrowed until hi_kafka_source_begin has returned.
 * HI_OK; HI_USAGE (a name that no topic can have, one twice, a wrong setting); HI_IO,
 * HI_NOMEM.
 */
int hi_kafka_source_open(struct hi_kafka_source **out,
			 const struct hi_kafka_source_options *options,
			 const struct hi_kafka_source_calls *calls,
			 const struct hi_positions *stored, struct hi_error *e);
void hi_kafka_source_free(struct hi_kafka_source *k);

/*
 * Waits for the cluster, the topics and a leader of each partition, at most wait_us
 * each. HI_OK; HI_END: stop said so; HI_PEER: they did not come, or the store's
 * positions are of another cluster; HI_CONTRACT: a stored position is none;
 * HI_USAGE: more partitions than a mark can name; HI_NOMEM.
 */
int hi_kafka_source_begin(struct hi_kafka_source *k, struct hi_error *e);

/* What is gone from a partition, so that it cannot be given any more. */
struct hi_kafka_lost {
	const char *topic;
	int32_t partition;     /* -1: of the topic as a whole */
	int64_t first, behind; /* offsets [first, behind); equal where their number is not known */
};

/*
 * The next messages, at most `most` (and 1,000), which live until the next read or the
 * free; none where none came within wait_ms (0: only what is there already). What the
 * caller was told before counts as given only by hi_kafka_source_given.
 *
 * HI_OK; HI_END: with until_end, there is no more; HI_REFUSED: with skip_lost, *lost is
 * gone: e says how, no message was read, the next read goes on behind it; HI_PEER:
 * without skip_lost the same, or broker, topic or leader are away for longer than
 * wait_us; HI_NOMEM. A wait that is longer than wait_ms may be one for a broker that is
 * away; it ends within a second when stop says so.
 */
int hi_kafka_source_read(struct hi_kafka_source *k, size_t most, int wait_ms,
			 struct hi_kafka_lost *lost, struct hi_error *e);

/* The messages of the last read. */
const struct hi_message *hi_kafka_source_messages(const struct hi_kafka_source *k, size_t *n);

/* All messages of the last read were given: the positions are behind them. */
void hi_kafka_source_given(struct hi_kafka_source *k);

/*
 * Where each partition stands: one key each, of all of them. The same pointer each time;
 * it lives as long as k. HI_OK, HI_NOMEM, or HI_USAGE: more partitions than a mark can name.
 */
int hi_kafka_source_positions(struct hi_kafka_source *k, const struct hi_positions **out,
			      struct hi_error *e);

/*
 * Asks the broker: true where every partition was given to the end that it has now. All
 * messages that had arrived there before the call were given then. False too where the
 * broker does not answer at once.
 */
bool hi_kafka_source_at_end(struct hi_kafka_source *k);

/*
 * Appends what monitors are told of each partition, by base/prometheus.h: messages and
 * bytes given, the offset of the next one, and how many are behind it. ask: the broker
 * is asked for the ends, for at most a second; otherwise they are those that came with
 * the last messages, which are old where none were read for long.
 */
void hi_kafka_source_metrics(struct hi_kafka_source *k, const char *tool, bool ask,
			     struct hi_buf *text);

/*
 * Tells the group of --monitor-group what is durable; keys of others are passed by.
 * Without a group nothing. At most wait_ms (0: its answer is not waited for).
 */
void hi_kafka_source_commit(struct hi_kafka_source *k, const struct hi_positions *durable,
			    int wait_ms);

#endif
