/* What a producer asks about its topics before it begins. */
#ifndef HI_BRIDGE_KAFKA_TOPICS_H
#define HI_BRIDGE_KAFKA_TOPICS_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Asks for the topic, and waits for an answer half a second. NO_ERROR: it is there and
 * has partitions with leaders; else what is missing.
 */
rd_kafka_resp_err_t hi_kafka_topic_look(rd_kafka_t *rk, rd_kafka_topic_t *topic);

/* Of what hi_kafka_topic_look returns: the broker answers, and the topic is not there (yet). */
bool hi_kafka_topic_is_away(rd_kafka_resp_err_t code);

/* Another answer may come without anybody changing names or rights. */
bool hi_kafka_may_pass(rd_kafka_resp_err_t code);

/*
 * The smallest max.message.bytes of the topics; 0 where the broker does not say, as to
 * those who may write only. Waits a second at most.
 */
int64_t hi_kafka_topics_message_max(rd_kafka_t *rk, const char *const *topics, size_t n);

#endif
