/* What kafka_source.c, kafka_batch.c, kafka_look.c, kafka_offsets.c and kafka_lost.c share. */
#ifndef HI_BRIDGE_KAFKA_SOURCE_PRIVATE_H
#define HI_BRIDGE_KAFKA_SOURCE_PRIVATE_H

#include <librdkafka/rdkafka.h>

#include "bridge/kafka_conf.h"
#include "bridge/kafka_log.h"
#include "bridge/kafka_source.h"

enum { HI_KAFKA_BATCH = 1000 };

struct hi_kafka_topic {
	const char *name;
	rd_kafka_topic_t *handle;
	struct hi_kafka_partition **v; /* by number; NULL: none of ours */
	int32_t n;
	int32_t stored_n; /* one more than the highest of ours that the store knows */
	bool absent;	  /* it was missing when it was last looked for */
	/* All that is new in it begins at its beginning: the store or this run knows it. */
	bool known;
	char other[64]; /* the cluster of the store's positions, where it is not this one; or "" */
};

enum hi_kafka_trouble {
	HI_KAFKA_NO_TROUBLE,
	HI_KAFKA_OUTSIDE,  /* the broker has no such offset; what it has is to be asked */
	HI_KAFKA_REPLACED, /* another message stands before the position */
};

struct hi_kafka_partition {
	struct hi_kafka_topic *topic;
	int32_t number;
	char *key;
	struct hi_offset_position at; /* behind what was given */
	bool moved;		      /* `at` is not in k->positions yet */
	int64_t read;		      /* behind what was read */
	size_t last;	       /* of the batch: its last message, as given is looking at it */
	bool placed;	       /* `at` is known */
	bool check;	       /* the message before `at` is still to be compared */
	bool asked;	       /* hi_kafka_ask is to ask for it, and */
	int64_t answer;	       /* was told this */
	int64_t first, end;    /* what the broker has; for a trouble */
	int64_t eof;	       /* its end was met there, and nothing came since; -1: not */
	int64_t until;	       /* of until_end */
	int64_t short_us;      /* it ended before the position, seen first then; 0: not */
	uint64_t given, bytes; /* messages of this run, their keys and values */
	int64_t known_end;     /* where it ended when it was asked for; 0: not known */
	int64_t committed;     /* what the group was told last; -1: nothing */
	enum hi_kafka_trouble trouble;
};

struct hi_kafka_source {
	struct hi_kafka_source_options o;
	struct hi_kafka_source_calls calls;
	const struct hi_positions *stored;
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue;
	struct hi_kafka_log *log;
	char *cluster; /* its id; NULL: not known yet */
	struct hi_kafka_topic *topics;
	struct hi_kafka_partition **v; /* all that are ours */
	size_t n, cap;
	size_t troubles; /* partitions that have one, and topics of another cluster */
	bool begun;	 /* all partitions have a place, and are read */
	bool changed;	 /* what is read is to be set anew */
	bool may_be_done;
	struct hi_error failed; /* what the next read returns, where not HI_OK */
	int64_t opened_us;
	/* Whether the broker answers. Times by the monotonic clock, 0: none. */
	int64_t look_us; /* when it is asked next */
	int look_ms;	 /* how long its answer is waited for */
	int64_t heard_us, away_us;
	int64_t short_due_us; /* when a partition that ended before its position is looked at */
	int64_t bad_us;	      /* when it last gave an error in the place of messages */
	bool away_told;
	rd_kafka_resp_err_t last_error;	  /* of a connection */
	rd_kafka_resp_err_t commit_error; /* the last answer of the group */
	struct hi_positions positions;
	/* The batch. */
	size_t given_bytes; /* since hi_kafka_wake */
	size_t busy_bytes;  /* given since it last had to wait for more */
	rd_kafka_message_t *raw[HI_KAFKA_BATCH];
	struct hi_message message[HI_KAFKA_BATCH];
	struct hi_kafka_partition *of[HI_KAFKA_BATCH];
	size_t batch_n;
	struct hi_message_header *headers;
	size_t headers_n, headers_cap;
};

/* --- kafka_batch.c ----------------------------------------------------------- */

/*
 * Takes what the client has, at most `most` messages and events: messages that are to be
 * given are added to the batch. How many came, or negative.
 */
int hi_kafka_poll(struct hi_kafka_source *k, size_t most, int wait_ms, struct hi_error *e);

void hi_kafka_drop_batch(struct hi_kafka_source *k);

/* --- kafka_look.c ------------------------------------------------------------ */

/*
 * Asks for cluster, topics, partitions and leaders, and gives each partition that is new
 * its place. HI_OK; HI_REFUSED: something is not there, hi_kafka_away; or negative.
 */
int hi_kafka_look(struct hi_kafka_source *k, struct hi_error *e);

/*
 * Something is not there; text and detail say what. HI_REFUSED while it may be waited for
 * (it is told after a second), HI_PEER when wait_us are over.
 */
int hi_kafka_away(struct hi_kafka_source *k, const char *text, const char *detail,
		  struct hi_error *e);

/* As that for an error of librdkafka; one that waiting does not heal is HI_PEER at once. */
int hi_kafka_away_error(struct hi_kafka_source *k, rd_kafka_resp_err_t code, const char *text,
			const char *where, struct hi_error *e);

/* --- kafka_offsets.c ----------------------------------------------------------- */

/* For hi_kafka_ask in the place of a time. */
enum { HI_KAFKA_END = -1, HI_KAFKA_FIRST = -2 };

/* A partition's name, "TOPIC/NUMBER". */
enum { HI_KAFKA_NAME_MAX = 272 };
void hi_kafka_name(const struct hi_kafka_partition *p, char out[HI_KAFKA_NAME_MAX]);

/*
 * The offset of that time in ms (or of the above) for each partition that is `asked`, into
 * its `answer`; HI_KAFKA_END where there is none so late. `asked` stays where it failed;
 * where: the partition that failed, "" if not one alone.
 */
rd_kafka_resp_err_t hi_kafka_ask(struct hi_kafka_source *k, int64_t what_ms,
				 char where[HI_KAFKA_NAME_MAX]);

/* The same: HI_OK, or as hi_kafka_away. */
int hi_kafka_ask_or_wait(struct hi_kafka_source *k, int64_t what_ms, struct hi_error *e);

/* What the broker answered to offsets of the group: an error is told once. */
void hi_kafka_committed(struct hi_kafka_source *k, rd_kafka_resp_err_t code);

/*
 * Has the client look at once whether its queue has room. One that found it full looks
 * again a second later, however soon it was emptied, and fetches nothing meanwhile.
 */
void hi_kafka_wake(struct hi_kafka_source *k);

/* --- kafka_lost.c -------------------------------------------------------------- */

/*
 * A message as the broker gave it. True: it is to be given; false: it was given before,
 * was only there to be compared, or belongs to a partition that has a trouble now.
 */
bool hi_kafka_take(struct hi_kafka_source *k, struct hi_kafka_partition *p,
		   const struct hi_message *m);

/* The partition's end was met there. */
void hi_kafka_take_end(struct hi_kafka_source *k, struct hi_kafka_partition *p, int64_t offset);

void hi_kafka_set_trouble(struct hi_kafka_source *k, struct hi_kafka_partition *p,
			  enum hi_kafka_trouble trouble);

/* Every message before a position is to be compared again: the broker was away. */
void hi_kafka_check_all(struct hi_kafka_source *k);

/* A partition that has ended before its position for some seconds has a trouble. */
void hi_kafka_check_short(struct hi_kafka_source *k, int64_t now_us);

/*
 * The first trouble there is. HI_OK: none is left, or its cause cannot be asked for now;
 * HI_REFUSED: as hi_kafka_source_read; or negative.
 */
int hi_kafka_resolve(struct hi_kafka_source *k, struct hi_kafka_lost *lost, struct hi_error *e);

#endif
