/*
 * What both directions ask of librdkafka: its settings, from options and from a file,
 * and its errors as ours. What it logs: kafka_log.h.
 */
#ifndef HI_BRIDGE_KAFKA_CONF_H
#define HI_BRIDGE_KAFKA_CONF_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

#include "base/slice.h"
#include "base/status.h"

/*
 * Sets what FILE (--config) says: a line NAME=VALUE each, names as librdkafka has them
 * (sasl.password, ssl.ca.location). White space around both is no part of them; a line
 * that is empty or begins with # says nothing. Secrets come only from here. A name over
 * which an option or the promise of exactly-once decides (acks, enable.auto.commit, …)
 * is refused. path NULL: nothing; it is kept by reference in e->source. HI_OK; HI_USAGE
 * with file, line, column and what is wrong: the names of settings that there are, never
 * a value and never what may be one; HI_IO, HI_NOMEM. *open_to_others (may be NULL): it
 * has a secret, and others than its owner and its group may read it.
 */
int hi_kafka_conf_file(rd_kafka_conf_t *conf, const char *path, bool *open_to_others,
		       struct hi_error *e);

/* The same over a text in memory; source is its name in messages. */
int hi_kafka_conf_text(rd_kafka_conf_t *conf, struct hi_slice text, const char *source,
		       bool *secret, struct hi_error *e);

/*
 * Sets a name that is ours. HI_OK, or HI_USAGE with the name as detail: a value that a
 * person typed as an option goes into no message twice.
 */
int hi_kafka_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value,
		      struct hi_error *e);

/* The same for a table of them, ended by a NULL name. */
struct hi_kafka_setting {
	const char *name, *value;
};
int hi_kafka_conf_set_all(rd_kafka_conf_t *conf, const struct hi_kafka_setting *settings,
			  struct hi_error *e);

/*
 * Fills e: HI_PEER, text (a constant: what could not be done), and as detail where (a
 * broker or topic, NULL: nowhere in particular; never data), librdkafka's constant text
 * for code and, where that is known, what to do about it. Returns HI_PEER.
 */
int hi_kafka_error(struct hi_error *e, rd_kafka_resp_err_t code, const char *text,
		   const char *where);

#endif
