/*
 * What both directions ask of librdkafka: its settings, from options and from a file,
 * its messages, its errors as ours.
 */
#ifndef HI_BRIDGE_KAFKA_CONF_H
#define HI_BRIDGE_KAFKA_CONF_H

#include <librdkafka/rdkafka.h>

#include "base/status.h"

/*
 * Sets what FILE (--config) says: a line NAME=VALUE each, names as librdkafka has them
 * (sasl.password, ssl.ca.location), # begins a comment line. Secrets come only from here.
 * A name that decides over exactly-once (enable.auto.commit, acks, ...) is refused. path
 * NULL: nothing. HI_OK; HI_USAGE with file, line and what is wrong, never with a value;
 * HI_IO, HI_NOMEM. *open_to_others: it has a secret and others than its owner may read it.
 */
int hi_kafka_conf_file(rd_kafka_conf_t *conf, const char *path, bool *open_to_others,
		       struct hi_error *e);

/* Sets a name that is ours. HI_OK or HI_USAGE (librdkafka's reason as detail). */
int hi_kafka_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value,
		      struct hi_error *e);

/*
 * The text of an error as a constant, with what to do about it where that is known
 * (HI_PEER; detail: broker or topic, never data).
 */
int hi_kafka_error(struct hi_error *e, rd_kafka_resp_err_t code, const char *text,
		   const char *detail);

#endif
