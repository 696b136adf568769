/*
 * Lines into topics of a Kafka broker: idempotent, acknowledged by all replicas in sync,
 * in order for each key. Whether a line was taken is decided by its delivery report
 * alone. Source of the settings: librdkafka's INTRODUCTION.md, "Idempotent Producer".
 *
 * One thread: whatever the sink calls back comes from inside a call to it.
 */
#ifndef HI_BRIDGE_KAFKA_SINK_H
#define HI_BRIDGE_KAFKA_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"

struct hi_kafka_sink; /* opaque */

enum { HI_KAFKA_TOPICS_MAX = 2 };

/* All borrowed for as long as the sink lives. */
struct hi_kafka_sink_options {
	const char *brokers;	 /* HOST[:PORT],… */
	const char *config;	 /* hi_kafka_conf_file; NULL: none */
	const char *compression; /* none, gzip, snappy, lz4, zstd */
	const char *topics[HI_KAFKA_TOPICS_MAX];
	size_t topics_n;
	const char *undelivered; /* hi_undelivered_open; NULL: a refused line ends the sink */
	int64_t wait_us;	 /* how long broker or topics may be away */
	/* A state of the broker or of the sink, for a person; no data in it. May be NULL. */
	void (*told)(void *arg, const char *text);
	/* Called several times a second while lines are on their way. May be NULL. */
	void (*turned)(void *arg);
	void *arg;
};

/*
 * Waits until the broker knows all topics, for wait_us at most; none is made. HI_OK;
 * HI_USAGE (options, settings); HI_PEER: broker or topic is not there, or not for us, or
 * a signal ended the waiting; HI_IO, HI_NOMEM.
 */
int hi_kafka_sink_open(struct hi_kafka_sink **out, const struct hi_kafka_sink_options *options,
		       struct hi_error *e);

/*
 * Sends line (without LF) to topics[topic]; key ptr NULL: to any partition. Both are
 * copied. Waits where as much is on its way as there is room for. HI_OK: it is on its
 * way; or negative: the sink has failed (HI_PEER: the broker has acknowledged nothing
 * for wait_us, or refuses lines), only close is left.
 */
int hi_kafka_sink_put(struct hi_kafka_sink *k, size_t topic, struct hi_slice key,
		      struct hi_slice line, struct hi_error *e);

/* Takes the reports that are there: call it several times a second. As put. */
int hi_kafka_sink_poll(struct hi_kafka_sink *k, struct hi_error *e);

/*
 * Waits until each line is acknowledged, or refused and durable in undelivered. As put.
 * After the first SIGINT or SIGTERM no wait is longer than 5 s.
 */
int hi_kafka_sink_flush(struct hi_kafka_sink *k, struct hi_error *e);

struct hi_kafka_sink_counts {
	uint64_t sent;	  /* lines that were put */
	uint64_t acked;	  /* of those: in the topic */
	uint64_t refused; /* by the broker, each for itself: too large, not valid */
	uint64_t failed;  /* not acknowledged before the end: in the topic, or not */
	uint64_t bytes;	  /* of lines acknowledged */
};
struct hi_kafka_sink_counts hi_kafka_sink_counts(const struct hi_kafka_sink *k);

/*
 * Ends it: a sink that has not failed is flushed first. keep: what was not acknowledged
 * goes to undelivered; false: it comes again from where it came from. *counts (may be
 * NULL) is what was at the end. HI_OK only if each line was acknowledged, HI_PEER if not
 * (the flush's reason, or how many), HI_IO where undelivered could not be written. Frees
 * k, which may be NULL.
 */
int hi_kafka_sink_close(struct hi_kafka_sink *k, bool keep, struct hi_kafka_sink_counts *counts,
			struct hi_error *e);

#endif
