/* What a broker is asked about offsets, and told of them. */
#include <stdio.h>

#include "base/time.h"
#include "bridge/kafka_source_private.h"

void hi_kafka_name(const struct hi_kafka_partition *p, char out[HI_KAFKA_NAME_MAX])
{
	snprintf(out, HI_KAFKA_NAME_MAX, "%s/%d", p->topic->name, (int)p->number);
}

static struct hi_kafka_partition *find(struct hi_kafka_source *k,
				       const rd_kafka_topic_partition_t *one)
{
	for (size_t i = 0; i < k->o.topics_n; i++) {
		struct hi_kafka_topic *t = &k->topics[i];
		if (strcmp(t->name, one->topic) == 0 && one->partition < t->n)
			return t->v[one->partition];
	}
	return NULL;
}

static rd_kafka_resp_err_t take_answers(struct hi_kafka_source *k,
					const rd_kafka_topic_partition_list_t *list,
					char where[HI_KAFKA_NAME_MAX])
{
	for (int i = 0; i < list->cnt; i++) {
		struct hi_kafka_partition *p = find(k, &list->elems[i]);
		if (p && list->elems[i].err) {
			hi_kafka_name(p, where);
			return list->elems[i].err;
		}
		if (p) {
			p->answer = list->elems[i].offset;
			p->asked = false;
		}
	}
	return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/*
 * By times, for these two are times to a broker as well: one request a broker, where
 * rd_kafka_query_watermark_offsets is two a partition.
 */
rd_kafka_resp_err_t hi_kafka_ask(struct hi_kafka_source *k, int64_t what_ms,
				 char where[HI_KAFKA_NAME_MAX])
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)k->n);
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
	*where = '\0';
	for (size_t i = 0; i < k->n; i++) {
		struct hi_kafka_partition *p = k->v[i];
		if (p->asked)
			rd_kafka_topic_partition_list_add(list, p->topic->name, p->number)->offset =
				what_ms;
	}
	if (list->cnt > 0)
		code = rd_kafka_offsets_for_times(k->rk, list, k->look_ms);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		code = take_answers(k, list, where);
	rd_kafka_topic_partition_list_destroy(list);
	return code;
}

int hi_kafka_ask_or_wait(struct hi_kafka_source *k, int64_t what_ms, struct hi_error *e)
{
	char where[HI_KAFKA_NAME_MAX];
	rd_kafka_resp_err_t code = hi_kafka_ask(k, what_ms, where);
	return code ? hi_kafka_away_error(k, code, "the broker does not say what offsets it has",
					  *where ? where : k->o.brokers, e)
		    : HI_OK;
}

/*
 * Threads of librdkafka look at everything there is to do where one of it comes: a question
 * to each leader is such a thing, and its answer is not waited for. Since 2.2.0 there is
 * fetch.queue.backoff.ms; measured with 2.0.2, packed messages and a queue of 4 MiB:
 * 0.05 million messages a second before, 1.2 after.
 */
void hi_kafka_wake(struct hi_kafka_source *k)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)k->n);
	for (size_t i = 0; i < k->n; i++)
		rd_kafka_topic_partition_list_add(list, k->v[i]->topic->name, k->v[i]->number)
			->offset = HI_KAFKA_END;
	rd_kafka_offsets_for_times(k->rk, list, 0);
	rd_kafka_topic_partition_list_destroy(list);
	k->given_bytes = 0;
}

/* What was read is what was given, and its end was met there. */
static bool seems_at_end(const struct hi_kafka_source *k)
{
	bool all = k->begun && !k->changed && k->troubles == 0 && k->away_us == 0 &&
		   k->batch_n == 0 && k->failed.status == HI_OK;
	for (size_t i = 0; i < k->n && all; i++)
		all = k->v[i]->eof >= 0 && !k->v[i]->check;
	return all;
}

bool hi_kafka_source_at_end(struct hi_kafka_source *k)
{
	char where[HI_KAFKA_NAME_MAX];
	if (!seems_at_end(k))
		return false;
	for (size_t i = 0; i < k->n; i++)
		k->v[i]->asked = true;
	bool all = hi_kafka_ask(k, HI_KAFKA_END, where) == RD_KAFKA_RESP_ERR_NO_ERROR;
	for (size_t i = 0; i < k->n; i++) {
		k->v[i]->asked = false;
		all = all && k->v[i]->answer <= k->v[i]->eof;
	}
	return all;
}

static void add_commit(rd_kafka_topic_partition_list_t *list, struct hi_kafka_partition *p,
		       const char *position)
{
	struct hi_offset_position durable;
	if (!position || !hi_offset_position_read(&durable, position) ||
	    durable.offset == p->committed)
		return;
	rd_kafka_topic_partition_list_add(list, p->topic->name, p->number)->offset = durable.offset;
	p->committed = durable.offset;
}

void hi_kafka_committed(struct hi_kafka_source *k, rd_kafka_resp_err_t code)
{
	struct hi_error e;
	if (code && code != RD_KAFKA_RESP_ERR__NO_OFFSET && code != k->commit_error) {
		hi_kafka_error(&e, code, "", k->o.group);
		k->calls.note(k->calls.arg, "the broker does not take the offsets of the group",
			      e.detail);
	}
	k->commit_error = code;
}

/* Its answer comes to a queue of its own, where it is waited for. */
static void commit_and_wait(struct hi_kafka_source *k, const rd_kafka_topic_partition_list_t *list,
			    int wait_ms)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_new(k->rk);
	rd_kafka_event_t *answer = NULL;
	if (rd_kafka_commit_queue(k->rk, list, queue, NULL, NULL) == 0)
		answer = rd_kafka_queue_poll(queue, wait_ms);
	if (answer)
		hi_kafka_committed(k, rd_kafka_event_error(answer));
	rd_kafka_event_destroy(answer);
	rd_kafka_queue_destroy(queue);
}

/* What was not taken is told once, and sent again with what comes next. */
static void commit(struct hi_kafka_source *k, const rd_kafka_topic_partition_list_t *list,
		   int wait_ms)
{
	if (wait_ms > 0)
		commit_and_wait(k, list, wait_ms);
	else
		rd_kafka_commit(k->rk, list, true);
}

void hi_kafka_source_commit(struct hi_kafka_source *k, const struct hi_positions *durable,
			    int wait_ms)
{
	if (!k->o.group || k->away_us)
		return;
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)k->n);
	for (size_t i = 0; i < k->n; i++)
		add_commit(list, k->v[i], hi_positions_find(durable, k->v[i]->key));
	if (list->cnt > 0)
		commit(k, list, wait_ms);
	rd_kafka_topic_partition_list_destroy(list);
}
