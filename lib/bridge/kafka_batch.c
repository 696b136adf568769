/* What comes from the client: messages, which become a batch, and events. */
#include <stdlib.h>

#include "base/time.h"
#include "bridge/kafka_source_private.h"

/* Once for what the queue holds; hi_kafka_source_read sees to what that misses. */
enum { WAKE_BYTES = 1 << 20 };

void hi_kafka_drop_batch(struct hi_kafka_source *k)
{
	for (size_t i = 0; i < k->batch_n; i++)
		rd_kafka_message_destroy(k->raw[i]);
	k->batch_n = k->headers_n = 0;
}

static struct hi_kafka_partition *partition_of(struct hi_kafka_source *k,
					       const rd_kafka_message_t *raw)
{
	const char *topic = raw->rkt ? rd_kafka_topic_name(raw->rkt) : "";
	for (size_t i = 0; i < k->o.topics_n; i++) {
		struct hi_kafka_topic *t = &k->topics[i];
		if (strcmp(t->name, topic) == 0)
			return raw->partition >= 0 && raw->partition < t->n ? t->v[raw->partition]
									    : NULL;
	}
	return NULL;
}

/* Something that is no message. What ends the run is kept: messages before it are given first. */
static void take_event(struct hi_kafka_source *k, const rd_kafka_message_t *raw)
{
	char name[HI_KAFKA_NAME_MAX] = "";
	struct hi_error e;
	struct hi_kafka_partition *p = partition_of(k, raw);
	if (p)
		hi_kafka_name(p, name);
	switch (raw->err) {
	case RD_KAFKA_RESP_ERR__PARTITION_EOF:
		if (p)
			hi_kafka_take_end(k, p, raw->offset);
		return;
	case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
	case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
		if (p)
			hi_kafka_set_trouble(k, p, HI_KAFKA_OUTSIDE);
		return;
	case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_GROUP_COORDINATOR_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_NOT_COORDINATOR_FOR_GROUP:
		return; /* a monitor's group, no more */
	default:
		break;
	}
	if (hi_kafka_away_error(k, raw->err, "the broker does not give messages",
				*name ? name : k->o.brokers, &e) == HI_PEER)
		k->failed = e;
	k->look_us = 0;
	k->bad_us = hi_monotonic_us();
}

static struct hi_slice slice(const void *p, size_t len)
{
	return (struct hi_slice){ p, p ? len : 0 };
}

static int take_headers(struct hi_kafka_source *k, const rd_kafka_message_t *raw,
			struct hi_message *m)
{
	rd_kafka_headers_t *headers;
	const char *name;
	const void *value;
	size_t len;
	if (!k->o.headers || rd_kafka_message_headers(raw, &headers) != 0)
		return HI_OK;
	for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &len) == 0; i++) {
		if (k->headers_n == k->headers_cap) {
			size_t cap = k->headers_cap ? 2 * k->headers_cap : 64;
			void *v = realloc(k->headers, cap * sizeof(*k->headers));
			if (!v)
				return HI_NOMEM;
			k->headers = v;
			k->headers_cap = cap;
		}
		k->headers[k->headers_n++] =
			(struct hi_message_header){ hi_slice_of(name), slice(value, len) };
		m->headers_n++;
	}
	return HI_OK;
}

static struct hi_message message_of(const struct hi_kafka_partition *p,
				    const rd_kafka_message_t *raw)
{
	rd_kafka_timestamp_type_t type;
	const int64_t t_ms = rd_kafka_message_timestamp(raw, &type);
	return (struct hi_message){
		.topic = hi_slice_of(p->topic->name),
		.partition = p->number,
		.offset = raw->offset,
		.t_us = type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE || t_ms < 0 ? HI_TIME_MIN
									     : t_ms * HI_US_MS,
		.key = slice(raw->key, raw->key_len),
		.value = slice(raw->payload, raw->len),
	};
}

/* True: it is one of the batch now. */
static bool take(struct hi_kafka_source *k, rd_kafka_message_t *raw, struct hi_error *e)
{
	if (raw->err) {
		take_event(k, raw);
		return false;
	}
	struct hi_kafka_partition *p = partition_of(k, raw);
	if (!p)
		return false;
	struct hi_message m = message_of(p, raw);
	if (!hi_kafka_take(k, p, &m))
		return false;
	if (take_headers(k, raw, &m))
		hi_error_set(e, HI_NOMEM, "no memory for headers");
	k->message[k->batch_n] = m;
	k->of[k->batch_n] = p;
	k->raw[k->batch_n++] = raw;
	return true;
}

/* Headers have moved where there were more of them: only now is known where each begins. */
static void settle_headers(struct hi_kafka_source *k)
{
	const struct hi_message_header *h = k->headers;
	for (size_t i = 0; i < k->batch_n && k->headers_n; i++) {
		k->message[i].headers = h;
		h += k->message[i].headers_n;
	}
}

int hi_kafka_poll(struct hi_kafka_source *k, size_t most, int wait_ms, struct hi_error *e)
{
	rd_kafka_message_t *raw[HI_KAFKA_BATCH];
	struct hi_error bad = { .status = HI_OK };
	ssize_t n = rd_kafka_consume_batch_queue(k->queue, wait_ms, raw, most);
	if (n < 0)
		return hi_kafka_error(e, rd_kafka_last_error(), "no message can be read",
				      k->o.brokers);
	for (ssize_t i = 0; i < n; i++)
		if (!take(k, raw[i], &bad))
			rd_kafka_message_destroy(raw[i]);
	settle_headers(k);
	if (n > 0)
		k->heard_us = hi_monotonic_us();
	if (bad.status) {
		*e = bad;
		return bad.status;
	}
	return (int)n;
}

const struct hi_message *hi_kafka_source_messages(const struct hi_kafka_source *k, size_t *n)
{
	*n = k->batch_n;
	return k->message;
}

void hi_kafka_source_given(struct hi_kafka_source *k)
{
	for (size_t i = 0; i < k->batch_n; i++) {
		const size_t bytes = k->raw[i]->len + k->raw[i]->key_len;
		k->of[i]->last = i;
		k->of[i]->given++;
		k->of[i]->bytes += bytes;
		k->given_bytes += bytes;
		k->busy_bytes += bytes;
	}
	for (size_t i = 0; i < k->batch_n; i++) {
		struct hi_kafka_partition *p = k->of[i];
		if (p->last != i)
			continue;
		p->at = (struct hi_offset_position){ k->message[i].offset + 1, true,
						     hi_message_crc(&k->message[i]) };
		p->moved = true;
	}
	k->may_be_done |= k->batch_n > 0;
	hi_kafka_drop_batch(k);
	if (k->given_bytes >= WAKE_BYTES)
		hi_kafka_wake(k);
}
