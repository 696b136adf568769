#include "bridge/kafka_source.h"

#include <stdlib.h>

#include "base/time.h"
#include "bridge/kafka_source_private.h"

/* How long begin sleeps between two looks; how long one waits for an answer, at first. */
enum { PAUSE_MS = 100, LOOK_MS = 250, TOPIC_NAME_MAX = 249 };

/* So much was given, and nothing came for so long: a queue that was full has more to come. */
enum { BUSY_BYTES = 1 << 18, BUSY_WAIT_MS = 10 };

/* The group is there because the client asks for one: it is joined by nobody. */
static const struct hi_kafka_setting settings[] = {
	{ "client.id", "hi-kafka-bridge" },
	{ "group.id", "hi-kafka-bridge" },
	{ "enable.auto.commit", "false" },
	{ "enable.auto.offset.store", "false" },
	{ "auto.offset.reset", "error" },
	{ "enable.partition.eof", "true" },
	{ "isolation.level", "read_committed" },
	{ "allow.auto.create.topics", "false" },
	{ "check.crcs", "true" },
	/* A pipe may stand still for long: no reason to be thrown out. */
	{ "max.poll.interval.ms", "86400000" },
	/* A broker answers one request of a connection after the other: others wait as long. */
	{ "fetch.wait.max.ms", "100" },
	/* hi_kafka_wake sees to it that a small queue is no slow one. */
	{ "queued.max.messages.kbytes", "1024" },
	/*
	 * A fetch comes whole, whatever room there is, and unpacked: a MiB of lz4 is 50,000
	 * messages, each with some 400 bytes of librdkafka's beside it. A message that is
	 * larger comes all the same; the last line is there for the one before it, which
	 * librdkafka raises to it.
	 */
	{ "fetch.message.max.bytes", "262144" },
	{ "fetch.max.bytes", "262144" },
	{ "message.max.bytes", "262144" },
	/* A message that is not there yet. */
	{ "fetch.error.backoff.ms", "5" },
	{ "reconnect.backoff.ms", "50" },
	{ "reconnect.backoff.max.ms", "1000" },
	{ NULL, NULL },
};

static bool is_topic_name(const char *name)
{
	size_t n =
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
	return n > 0 && n <= TOPIC_NAME_MAX && name[n] == '\0' && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0;
}

static int check_topics(const struct hi_kafka_source_options *o, struct hi_error *e)
{
	for (size_t i = 0; i < o->topics_n; i++) {
		if (!is_topic_name(o->topics[i]))
			return hi_error_fmt(e, HI_USAGE,
					    "no topic has such a name (letters, digits, . _ and -)",
					    "%s", o->topics[i]);
		for (size_t j = 0; j < i; j++)
			if (strcmp(o->topics[i], o->topics[j]) == 0)
				return hi_error_fmt(e, HI_USAGE, "the same topic twice", "%s",
						    o->topics[i]);
	}
	return HI_OK;
}

/* Called by librdkafka from within a read: what ends the run is kept for the next one. */
static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	struct hi_kafka_source *k = hi_kafka_log_arg(opaque);
	(void)rk;
	(void)reason;
	k->last_error = (rd_kafka_resp_err_t)code;
	k->look_us = 0;
	if (code == RD_KAFKA_RESP_ERR__FATAL ||
	    (code == RD_KAFKA_RESP_ERR__AUTHENTICATION && !k->begun))
		hi_kafka_error(&k->failed, (rd_kafka_resp_err_t)code,
			       "the broker does not let this client in", k->o.brokers);
}

static void on_commit(rd_kafka_t *rk, rd_kafka_resp_err_t code,
		      rd_kafka_topic_partition_list_t *list, void *opaque)
{
	(void)rk;
	(void)list;
	hi_kafka_committed(hi_kafka_log_arg(opaque), code);
}

static int configure(struct hi_kafka_source *k, rd_kafka_conf_t *conf, struct hi_error *e)
{
	bool open_to_others;
	int s = hi_kafka_conf_set_all(conf, settings, e);
	/* Messages of one broker wait while another is asked for its ends. */
	if (s == HI_OK && k->o.ticks)
		s = hi_kafka_conf_set(conf, "fetch.wait.max.ms", "20", e);
	s = s ? s : hi_kafka_conf_file(conf, k->o.config, &open_to_others, e);
	if (s == HI_OK && open_to_others)
		k->calls.note(k->calls.arg, "has a secret, and everybody may read it", k->o.config);
	s = s ? s : hi_kafka_conf_set(conf, "bootstrap.servers", k->o.brokers, e);
	if (s == HI_OK && k->o.group)
		s = hi_kafka_conf_set(conf, "group.id", k->o.group, e);
	return s;
}

static int make_client(struct hi_kafka_source *k, struct hi_error *e)
{
	char why[256];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	int s = configure(k, conf, e);
	if (s == HI_OK) {
		hi_kafka_log_attach(k->log, conf, k);
		rd_kafka_conf_set_error_cb(conf, on_error);
		rd_kafka_conf_set_offset_commit_cb(conf, on_commit);
		k->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
		if (!k->rk)
			s = hi_error_fmt(e, HI_USAGE, "librdkafka does not take these settings",
					 "%s", why);
	}
	if (s) {
		rd_kafka_conf_destroy(conf);
		return s;
	}
	rd_kafka_poll_set_consumer(k->rk);
	k->queue = rd_kafka_queue_get_consumer(k->rk);
	return HI_OK;
}

static int open_topics(struct hi_kafka_source *k, struct hi_error *e)
{
	k->topics = calloc(k->o.topics_n + 1, sizeof(*k->topics));
	if (!k->topics)
		return hi_error_set(e, HI_NOMEM, "no memory for topics");
	for (size_t i = 0; i < k->o.topics_n; i++) {
		k->topics[i].name = k->o.topics[i];
		k->topics[i].handle = rd_kafka_topic_new(k->rk, k->o.topics[i], NULL);
		if (!k->topics[i].handle)
			return hi_kafka_error(e, rd_kafka_last_error(), "the topic cannot be read",
					      k->o.topics[i]);
	}
	return HI_OK;
}

int hi_kafka_source_open(struct hi_kafka_source **out,
			 const struct hi_kafka_source_options *options,
			 const struct hi_kafka_source_calls *calls,
			 const struct hi_positions *stored, struct hi_error *e)
{
	*out = NULL;
	int s = check_topics(options, e);
	if (s)
		return s;
	struct hi_kafka_source *k = calloc(1, sizeof(*k));
	if (!k)
		return hi_error_set(e, HI_NOMEM, "no memory for a source");
	k->o = *options;
	k->calls = *calls;
	k->stored = stored;
	k->look_ms = LOOK_MS;
	k->opened_us = hi_monotonic_us();
	hi_positions_init(&k->positions);
	s = hi_kafka_log_new(&k->log, e);
	s = s ? s : make_client(k, e);
	s = s ? s : open_topics(k, e);
	if (s)
		hi_kafka_source_free(k);
	else
		*out = k;
	return s;
}

void hi_kafka_source_free(struct hi_kafka_source *k)
{
	if (!k)
		return;
	hi_kafka_drop_batch(k);
	for (size_t i = 0; i < k->o.topics_n && k->topics; i++) {
		if (k->topics[i].handle)
			rd_kafka_topic_destroy(k->topics[i].handle);
		free(k->topics[i].v);
	}
	free(k->topics);
	for (size_t i = 0; i < k->n; i++) {
		free(k->v[i]->key);
		free(k->v[i]);
	}
	free(k->v);
	if (k->cluster)
		rd_kafka_mem_free(k->rk, k->cluster);
	if (k->queue)
		rd_kafka_queue_destroy(k->queue);
	/* There is no group to leave. */
	if (k->rk)
		rd_kafka_destroy_flags(k->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
	hi_kafka_log_free(k->log);
	hi_positions_release(&k->positions);
	free(k->headers);
	free(k);
}

/* --- begin and read ------------------------------------------------------------------ */

/* Of the coordinator of a group that nobody joins nothing has to be known. */
static void told(void *arg, const char *text)
{
	struct hi_kafka_source *k = arg;
	if (strncmp(text, "GroupCoordinator", 16) != 0)
		k->calls.note(k->calls.arg, text, "");
}

int hi_kafka_source_begin(struct hi_kafka_source *k, struct hi_error *e)
{
	int s = HI_REFUSED;
	while (s == HI_REFUSED) {
		if (k->calls.stop(k->calls.arg))
			return HI_END;
		s = hi_kafka_look(k, e);
		hi_kafka_log_serve(k->log, told, k);
		if (s == HI_REFUSED) {
			int n = hi_kafka_poll(k, 1, PAUSE_MS, e);
			s = n < 0 ? n : s;
		}
		if (s >= 0 && k->failed.status) {
			*e = k->failed;
			s = k->failed.status;
		}
	}
	k->begun = k->may_be_done = s == HI_OK;
	k->stored = NULL;
	return s;
}

/* Everything is read from its position on, or one before where that is to be compared. */
static int assign(struct hi_kafka_source *k, struct hi_error *e)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)k->n);
	for (size_t i = 0; i < k->n; i++) {
		struct hi_kafka_partition *p = k->v[i];
		p->read = p->at.offset;
		p->eof = -1;
		p->short_us = 0;
		if (!p->trouble)
			rd_kafka_topic_partition_list_add(list, p->topic->name, p->number)->offset =
				p->at.offset - p->check;
	}
	rd_kafka_resp_err_t code = rd_kafka_assign(k->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	k->changed = false;
	return code ? hi_kafka_error(e, code, "no message can be read", k->o.brokers) : HI_OK;
}

static bool is_done(const struct hi_kafka_source *k)
{
	for (size_t i = 0; i < k->n; i++) {
		const struct hi_kafka_partition *p = k->v[i];
		if (p->check || p->trouble || (p->at.offset < p->until && p->eof < p->until))
			return false;
	}
	return true;
}

/* What is due before messages are read. */
static int attend(struct hi_kafka_source *k, struct hi_kafka_lost *lost, struct hi_error *e)
{
	const int64_t now_us = hi_monotonic_us();
	int s = k->failed.status;
	hi_kafka_log_serve(k->log, told, k);
	if (s) {
		*e = k->failed;
		return s;
	}
	if (now_us >= k->look_us)
		s = hi_kafka_look(k, e);
	hi_kafka_check_short(k, now_us);
	if (s >= 0 && k->troubles) {
		s = hi_kafka_resolve(k, lost, e);
		if (s)
			return s;
	}
	if (s >= 0 && k->changed)
		s = assign(k, e);
	return s < 0 ? s : HI_OK;
}

/*
 * Waits for a message. Much came, and then nothing: librdkafka's thread may have missed
 * hi_kafka_wake, as it does now and then, and sleeps for a second.
 */
static int wait_for_one(struct hi_kafka_source *k, int wait_ms, struct hi_error *e)
{
	if (k->busy_bytes < BUSY_BYTES || wait_ms <= BUSY_WAIT_MS)
		return hi_kafka_poll(k, 1, wait_ms, e);
	int n = hi_kafka_poll(k, 1, BUSY_WAIT_MS, e);
	if (n != 0)
		return n;
	k->busy_bytes = 0;
	hi_kafka_wake(k);
	return hi_kafka_poll(k, 1, wait_ms - BUSY_WAIT_MS, e);
}

int hi_kafka_source_read(struct hi_kafka_source *k, size_t most, int wait_ms,
			 struct hi_kafka_lost *lost, struct hi_error *e)
{
	hi_kafka_drop_batch(k);
	int s = attend(k, lost, e);
	if (s)
		return s;
	if (k->o.until_end && k->may_be_done && is_done(k))
		return HI_END;
	most = most < HI_KAFKA_BATCH ? most : HI_KAFKA_BATCH;
	int n = hi_kafka_poll(k, most, 0, e);
	if (n == 0 && wait_ms > 0)
		n = wait_for_one(k, wait_ms, e);
	return n < 0 ? n : HI_OK;
}

int hi_kafka_source_positions(struct hi_kafka_source *k, const struct hi_positions **out,
			      struct hi_error *e)
{
	int s = HI_OK;
	for (size_t i = 0; i < k->n && s == HI_OK; i++) {
		struct hi_kafka_partition *p = k->v[i];
		if (p->moved)
			s = hi_offset_position_set(&k->positions, p->key, p->at, e);
		p->moved = false;
	}
	*out = &k->positions;
	return s;
}
