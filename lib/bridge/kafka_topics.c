#include "bridge/kafka_topics.h"

#include <stdlib.h>
#include <string.h>

enum { LOOK_MS = 500, DESCRIBE_MS = 1000, ERROR_MAX = 256, TOPICS_MAX = 8 };

rd_kafka_resp_err_t hi_kafka_topic_look(rd_kafka_t *rk, rd_kafka_topic_t *topic)
{
	const struct rd_kafka_metadata *md;
	rd_kafka_resp_err_t code = rd_kafka_metadata(rk, 0, topic, &md, LOOK_MS);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return code;
	code = md->topic_cnt == 1 ? md->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR && md->topics[0].partition_cnt == 0)
		code = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
	rd_kafka_metadata_destroy(md);
	return code;
}

bool hi_kafka_topic_is_away(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
	       code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
	       code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ||
	       code == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION ||
	       code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
}

bool hi_kafka_may_pass(rd_kafka_resp_err_t code)
{
	return code != RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION &&
	       code != RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
}

static int64_t max_of(const rd_kafka_ConfigResource_t *topic)
{
	size_t n = 0;
	const rd_kafka_ConfigEntry_t **v = rd_kafka_ConfigResource_configs(topic, &n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(rd_kafka_ConfigEntry_name(v[i]), "max.message.bytes") == 0)
			return atoll(rd_kafka_ConfigEntry_value(v[i]));
	return 0;
}

static int64_t smallest(const rd_kafka_DescribeConfigs_result_t *result)
{
	size_t n = 0;
	int64_t least = 0;
	const rd_kafka_ConfigResource_t **v = rd_kafka_DescribeConfigs_result_resources(result, &n);
	for (size_t i = 0; i < n; i++) {
		int64_t bytes = max_of(v[i]);
		if (bytes > 0 && (least == 0 || bytes < least))
			least = bytes;
	}
	return least;
}

int64_t hi_kafka_topics_message_max(rd_kafka_t *rk, const char *const *topics, size_t n)
{
	char why[ERROR_MAX];
	rd_kafka_ConfigResource_t *v[TOPICS_MAX];
	int64_t bytes = 0;
	n = n < TOPICS_MAX ? n : TOPICS_MAX;
	for (size_t i = 0; i < n; i++)
		v[i] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topics[i]);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	rd_kafka_AdminOptions_t *o =
		rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
	rd_kafka_AdminOptions_set_request_timeout(o, DESCRIBE_MS, why, sizeof(why));
	rd_kafka_DescribeConfigs(rk, v, n, o, queue);
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, DESCRIBE_MS);
	const rd_kafka_DescribeConfigs_result_t *result =
		event ? rd_kafka_event_DescribeConfigs_result(event) : NULL;
	if (result)
		bytes = smallest(result);
	if (event)
		rd_kafka_event_destroy(event);
	rd_kafka_AdminOptions_destroy(o);
	rd_kafka_queue_destroy(queue);
	rd_kafka_ConfigResource_destroy_array(v, n);
	return bytes;
}
