#include "bridge/kafka_sink.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "bridge/kafka_conf.h"
#include "bridge/kafka_log.h"
#include "bridge/kafka_topics.h"
#include "bridge/undelivered.h"
#include "io/signal.h"

enum {
	TURN_MS = 100,
	POLL_EACH = 256,
	BATCH_BYTES = 1000000,
	ERROR_MAX = 256,
	MISSING_MS_MAX = 3600000
};

/* How long nothing comes back until it is said, and the wait after a signal. */
#define TELL_US HI_US_S
#define STOP_US (5 * HI_US_S)
#define PURGE_US (5 * HI_US_S)

struct hi_kafka_sink {
	struct hi_kafka_sink_options options;
	rd_kafka_t *rk;
	rd_kafka_topic_t *topics[HI_KAFKA_TOPICS_MAX];
	struct hi_kafka_log *log;
	struct hi_undelivered *undelivered; /* NULL: none */
	struct hi_kafka_sink_counts counts;
	int64_t progress_us; /* when the broker was last heard of */
	int64_t stop_us;     /* when the signal was first seen; 0: none */
	bool waiting;	     /* said so */
	int failed;	     /* HI_OK, or what it failed with: */
	struct hi_error error;
	int lost; /* HI_OK, or a line could not be held: */
	struct hi_error lost_error;
};

/* What the promise rests on. The file of --config may add to it, and change none of ours. */
static const struct hi_kafka_setting settings[] = {
	{ "client.id", "hi-kafka-bridge" },
	{ "enable.idempotence", "true" },
	{ "acks", "all" },
	{ "max.in.flight.requests.per.connection", "5" },
	{ "partitioner", "murmur2_random" },
	/* None: how long the broker may be away is ours to count (look), also for an hour. */
	{ "message.timeout.ms", "0" },
	{ "allow.auto.create.topics", "false" },
	/* Sent so soon that nobody waits, and so late that a batch is worth its request. */
	{ "linger.ms", "2" },
	{ "batch.num.messages", "10000" },
	/* A line has 1 MiB, and its key and the frame come to it. */
	{ "message.max.bytes", "1200000" },
	{ "queue.buffering.max.messages", "20000" },
	{ "queue.buffering.max.kbytes", "32768" },
	/* One that has fallen silent is left for the partition's next leader, in time. */
	{ "socket.timeout.ms", "10000" },
	{ "request.timeout.ms", "9000" },
	{ "socket.connection.setup.timeout.ms", "10000" },
	/* A broker that comes back is found within a second. */
	{ "reconnect.backoff.ms", "50" },
	{ "reconnect.backoff.max.ms", "1000" },
	{ NULL, NULL },
};

static uint64_t done(const struct hi_kafka_sink *k)
{
	return k->counts.acked + k->counts.refused + k->counts.failed;
}

static void tell(void *arg, const char *text)
{
	const struct hi_kafka_sink *k = arg;
	if (k->options.told)
		k->options.told(k->options.arg, text);
}

/* The first failure is the one that is told. */
static int fail(struct hi_kafka_sink *k, const struct hi_error *e)
{
	if (!k->failed) {
		k->failed = e->status;
		k->error = *e;
	}
	return k->failed;
}

static int fail_code(struct hi_kafka_sink *k, rd_kafka_resp_err_t code, const char *topic)
{
	struct hi_error e;
	if (code == RD_KAFKA_RESP_ERR__FATAL) {
		char why[ERROR_MAX];
		code = rd_kafka_fatal_error(k->rk, why, sizeof(why));
	}
	hi_kafka_error(&e, code, "the broker does not take lines any more", topic);
	return fail(k, &e);
}

static int failure(const struct hi_kafka_sink *k, struct hi_error *e)
{
	if (k->failed && e)
		*e = k->error;
	return k->failed;
}

/* Refused for what they are: any other line may be taken. */
static bool is_of_the_line(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
	       code == RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE ||
	       code == RD_KAFKA_RESP_ERR_INVALID_RECORD ||
	       code == RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP;
}

static void hold(struct hi_kafka_sink *k, uint64_t number, struct hi_slice line)
{
	if (!k->undelivered || k->lost)
		return;
	k->lost = hi_undelivered_put(k->undelivered, number, line, &k->lost_error);
	if (k->lost)
		fail(k, &k->lost_error);
}

/* The first is told at once, and why; the others are the same or are counted at the end. */
static void say_refused(struct hi_kafka_sink *k, const struct hi_error *why)
{
	char text[2 * ERROR_MAX];
	if (k->counts.refused > 1)
		return;
	snprintf(text, sizeof(text), "%s: %s; it goes to %s", why->text, why->detail,
		 k->options.undelivered);
	tell(k, text);
}

static void refuse(struct hi_kafka_sink *k, rd_kafka_resp_err_t code, const char *topic,
		   uint64_t number, struct hi_slice line)
{
	struct hi_error e;
	k->counts.refused++;
	hold(k, number, line);
	hi_kafka_error(&e, code, "the broker refuses a line", topic);
	if (k->undelivered)
		say_refused(k, &e);
	else
		fail(k, &e);
}

/* What the broker says about one line: the only place where a line counts as taken. */
static void report(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	struct hi_kafka_sink *k = hi_kafka_log_arg(opaque);
	const struct hi_slice line = { m->payload, m->len };
	(void)rk;
	if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
		k->counts.acked++;
		k->counts.bytes += m->len;
	} else if (is_of_the_line(m->err)) {
		refuse(k, m->err, rd_kafka_topic_name(m->rkt), (uintptr_t)m->_private, line);
	} else {
		k->counts.failed++;
		hold(k, (uintptr_t)m->_private, line);
		fail_code(k, m->err, rd_kafka_topic_name(m->rkt));
	}
}

static int64_t longest_wait(struct hi_kafka_sink *k, int64_t now_us)
{
	if (!hi_signal_stop)
		return k->options.wait_us;
	if (k->stop_us == 0)
		k->stop_us = now_us;
	int64_t stop_us = k->stop_us + STOP_US - k->progress_us;
	return stop_us < k->options.wait_us ? stop_us : k->options.wait_us;
}

static int give_up(struct hi_kafka_sink *k)
{
	struct hi_error e;
	char why[ERROR_MAX], wait[HI_TIME_TEXT_MAX + 1];
	rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(k->rk, why, sizeof(why));
	if (fatal)
		return fail_code(k, fatal, NULL);
	wait[hi_duration_format(k->options.wait_us, wait)] = '\0';
	hi_error_fmt(&e, HI_PEER, "the broker has acknowledged nothing any more",
		     "%s: %llu lines%s%s", k->options.brokers,
		     (unsigned long long)(k->counts.sent - done(k)), hi_signal_stop ? "" : " for ",
		     hi_signal_stop ? "" : wait);
	return fail(k, &e);
}

static void say_waiting(struct hi_kafka_sink *k)
{
	char text[ERROR_MAX], wait[HI_TIME_TEXT_MAX + 1];
	wait[hi_duration_format(k->options.wait_us, wait)] = '\0';
	snprintf(text, sizeof(text), "%s: nothing is acknowledged; waiting for it, %s at most",
		 k->options.brokers, wait);
	k->waiting = true;
	tell(k, text);
}

static void say_well(struct hi_kafka_sink *k)
{
	char text[ERROR_MAX];
	k->waiting = false;
	hi_kafka_log_well(k->log);
	snprintf(text, sizeof(text), "%s: acknowledges again", k->options.brokers);
	tell(k, text);
}

static int look(struct hi_kafka_sink *k, bool progress)
{
	int64_t now_us = hi_monotonic_us();
	if (k->options.turned)
		k->options.turned(k->options.arg);
	if (progress || k->counts.sent == done(k)) {
		k->progress_us = now_us;
		if (k->waiting)
			say_well(k);
		return HI_OK;
	}
	int64_t quiet_us = now_us - k->progress_us;
	if (quiet_us >= longest_wait(k, now_us))
		return give_up(k);
	if (quiet_us >= TELL_US && !k->waiting)
		say_waiting(k);
	return HI_OK;
}

/* Takes what has come, and waits for it at most ms. */
static int turn(struct hi_kafka_sink *k, int ms, struct hi_error *e)
{
	uint64_t before = done(k);
	if (!k->failed) {
		rd_kafka_poll(k->rk, ms);
		hi_kafka_log_serve(k->log, tell, k);
	}
	if (!k->failed)
		look(k, done(k) != before);
	return failure(k, e);
}

int hi_kafka_sink_poll(struct hi_kafka_sink *k, struct hi_error *e)
{
	return turn(k, 0, e);
}

/* Each line's place in the order goes with it. */
static rd_kafka_resp_err_t produce(struct hi_kafka_sink *k, size_t topic, struct hi_slice key,
				   struct hi_slice line)
{
	void *number = (void *)(uintptr_t)k->counts.sent;
	int r = rd_kafka_produce(k->topics[topic], RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY,
				 (void *)(uintptr_t)line.ptr, line.len, key.ptr, key.len, number);
	return r == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_last_error();
}

/* It never was on its way; what is said of it is what is said of those that were. */
static int put_back(struct hi_kafka_sink *k, struct hi_slice line, struct hi_error *e)
{
	k->counts.failed++;
	hold(k, k->counts.sent, line);
	return failure(k, e);
}

int hi_kafka_sink_put(struct hi_kafka_sink *k, size_t topic, struct hi_slice key,
		      struct hi_slice line, struct hi_error *e)
{
	if (k->counts.sent == done(k))
		k->progress_us = hi_monotonic_us();
	k->counts.sent++;
	int s = k->counts.sent % POLL_EACH == 0 ? turn(k, 0, e) : failure(k, e);
	while (s == HI_OK) {
		rd_kafka_resp_err_t code = produce(k, topic, key, line);
		if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
			return HI_OK;
		s = code == RD_KAFKA_RESP_ERR__QUEUE_FULL
			    ? turn(k, TURN_MS, e)
			    : fail_code(k, code, rd_kafka_topic_name(k->topics[topic]));
	}
	return put_back(k, line, e);
}

int hi_kafka_sink_flush(struct hi_kafka_sink *k, struct hi_error *e)
{
	int s = turn(k, 0, e);
	while (s == HI_OK && k->counts.sent != done(k)) {
		uint64_t before = done(k);
		rd_kafka_flush(k->rk, TURN_MS);
		hi_kafka_log_serve(k->log, tell, k);
		if (!k->failed)
			look(k, done(k) != before);
		s = failure(k, e);
	}
	if (s == HI_OK && k->undelivered)
		s = hi_undelivered_commit(k->undelivered, e);
	return s;
}

struct hi_kafka_sink_counts hi_kafka_sink_counts(const struct hi_kafka_sink *k)
{
	return k->counts;
}

/* What is on its way comes back, as reports of failures. */
static void give_back(struct hi_kafka_sink *k)
{
	int64_t until_us = hi_monotonic_us() + PURGE_US;
	rd_kafka_purge(k->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	while (k->counts.sent != done(k) && hi_monotonic_us() < until_us)
		rd_kafka_poll(k->rk, TURN_MS);
	k->counts.failed += k->counts.sent - done(k);
}

/* HI_OK only where each line was acknowledged. */
static int judge(const struct hi_kafka_sink *k, struct hi_error *e)
{
	const struct hi_kafka_sink_counts *c = &k->counts;
	if (c->acked == c->sent)
		return HI_OK;
	return hi_error_fmt(e, HI_PEER, "lines were not delivered", "%llu of %llu%s%s",
			    (unsigned long long)(c->sent - c->acked), (unsigned long long)c->sent,
			    k->undelivered ? "; see " : "",
			    k->undelivered ? k->options.undelivered : "");
}

static void drop_client(struct hi_kafka_sink *k)
{
	for (size_t i = 0; i < HI_KAFKA_TOPICS_MAX; i++)
		if (k->topics[i])
			rd_kafka_topic_destroy(k->topics[i]);
	memset(k->topics, 0, sizeof(k->topics));
	if (k->rk)
		rd_kafka_destroy(k->rk);
	k->rk = NULL;
}

static void release(struct hi_kafka_sink *k)
{
	drop_client(k);
	hi_kafka_log_free(k->log);
	hi_undelivered_close(k->undelivered);
	free(k);
}

int hi_kafka_sink_close(struct hi_kafka_sink *k, bool keep, struct hi_kafka_sink_counts *counts,
			struct hi_error *e)
{
	struct hi_error later;
	if (!k)
		return HI_OK;
	bool failed = k->failed;
	int s = failed ? HI_OK : hi_kafka_sink_flush(k, e);
	if (k->failed)
		give_back(k);
	if (k->undelivered && !keep)
		hi_undelivered_drop(k->undelivered);
	int w = k->undelivered ? hi_undelivered_commit(k->undelivered, s ? &later : e) : HI_OK;
	if (s == HI_OK && w == HI_OK && keep && k->lost) {
		*e = k->lost_error;
		s = k->lost;
	}
	s = s ? s : w ? w : judge(k, e);
	if (counts)
		*counts = k->counts;
	release(k);
	return s;
}

static int set_options(struct hi_kafka_sink *k, rd_kafka_conf_t *conf, int64_t batch_bytes,
		       struct hi_error *e)
{
	const struct hi_kafka_sink_options *o = &k->options;
	char batch[32], missing[32];
	bool open_to_others = false;
	int64_t wait_ms = o->wait_us / HI_US_MS;
	snprintf(batch, sizeof(batch), "%lld", (long long)batch_bytes);
	/* How long a topic may be missing that was there. */
	snprintf(missing, sizeof(missing), "%lld",
		 (long long)(wait_ms < MISSING_MS_MAX ? wait_ms : MISSING_MS_MAX));
	int s = hi_kafka_conf_set_all(conf, settings, e);
	s = s ? s : hi_kafka_conf_file(conf, o->config, &open_to_others, e);
	s = s ? s : hi_kafka_conf_set(conf, "bootstrap.servers", o->brokers, e);
	s = s ? s : hi_kafka_conf_set(conf, "compression.codec", o->compression, e);
	s = s ? s : hi_kafka_conf_set(conf, "batch.size", batch, e);
	s = s ? s : hi_kafka_conf_set(conf, "topic.metadata.propagation.max.ms", missing, e);
	if (s == HI_OK && open_to_others)
		tell(k, "the file of --config has a secret, and everybody may read it");
	return s;
}

static int new_client(struct hi_kafka_sink *k, int64_t batch_bytes, struct hi_error *e)
{
	char why[ERROR_MAX];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	int s = set_options(k, conf, batch_bytes, e);
	if (s) {
		rd_kafka_conf_destroy(conf);
		return s;
	}
	hi_kafka_log_attach(k->log, conf, k);
	rd_kafka_conf_set_dr_msg_cb(conf, report);
	k->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	if (!k->rk) {
		rd_kafka_conf_destroy(conf);
		return hi_error_fmt(e, HI_USAGE, "librdkafka does not begin with these settings",
				    "%s", why);
	}
	for (size_t i = 0; i < k->options.topics_n; i++) {
		k->topics[i] = rd_kafka_topic_new(k->rk, k->options.topics[i], NULL);
		if (!k->topics[i])
			return hi_error_fmt(e, HI_USAGE, "no name of a topic", "%s",
					    k->options.topics[i]);
	}
	return HI_OK;
}

/*
 * A batch is one message to the broker: one that is larger than the topic takes would
 * have all lines in it refused, though each of them were small enough.
 */
static int fit_batches(struct hi_kafka_sink *k, struct hi_error *e)
{
	int64_t bytes = hi_kafka_topics_message_max(k->rk, k->options.topics, k->options.topics_n);
	if (bytes == 0 || bytes >= BATCH_BYTES)
		return HI_OK;
	drop_client(k);
	return new_client(k, bytes, e);
}

static int no_topic(struct hi_kafka_sink *k, const char *topic, rd_kafka_resp_err_t code,
		    struct hi_error *e)
{
	if (hi_signal_stop)
		return hi_error_fmt(e, HI_PEER, "ended by a signal before the broker answered",
				    "%s", k->options.brokers);
	if (hi_kafka_topic_is_away(code))
		return hi_kafka_error(e, code, "no such topic", topic);
	return hi_kafka_error(e, code, "the broker does not answer", k->options.brokers);
}

static void say_missing(struct hi_kafka_sink *k, const char *topic, rd_kafka_resp_err_t code)
{
	char text[ERROR_MAX], wait[HI_TIME_TEXT_MAX + 1];
	wait[hi_duration_format(k->options.wait_us, wait)] = '\0';
	snprintf(text, sizeof(text), "%s: %s; waiting for it, %s at most",
		 hi_kafka_topic_is_away(code) ? topic : k->options.brokers, rd_kafka_err2str(code),
		 wait);
	tell(k, text);
}

static int wait_for_topic(struct hi_kafka_sink *k, rd_kafka_topic_t *t, struct hi_error *e)
{
	const char *name = rd_kafka_topic_name(t);
	int64_t until_us = k->progress_us + k->options.wait_us;
	rd_kafka_resp_err_t code, said = RD_KAFKA_RESP_ERR_NO_ERROR;
	while ((code = hi_kafka_topic_look(k->rk, t)) != RD_KAFKA_RESP_ERR_NO_ERROR) {
		hi_kafka_log_serve(k->log, tell, k);
		if (code != said && hi_kafka_may_pass(code))
			say_missing(k, name, code);
		if (!hi_kafka_may_pass(code) || hi_signal_stop || hi_monotonic_us() >= until_us)
			return no_topic(k, name, code, e);
		said = code;
		rd_kafka_poll(k->rk, TURN_MS);
	}
	return HI_OK;
}

static int open_sink(struct hi_kafka_sink *k, struct hi_error *e)
{
	int s = hi_kafka_log_new(&k->log, e);
	if (s == HI_OK && k->options.undelivered)
		s = hi_undelivered_open(&k->undelivered, k->options.undelivered, e);
	s = s ? s : new_client(k, BATCH_BYTES, e);
	k->progress_us = hi_monotonic_us();
	for (size_t i = 0; i < k->options.topics_n && s == HI_OK; i++)
		s = wait_for_topic(k, k->topics[i], e);
	s = s ? s : fit_batches(k, e);
	hi_kafka_log_well(k->log);
	return s;
}

int hi_kafka_sink_open(struct hi_kafka_sink **out, const struct hi_kafka_sink_options *options,
		       struct hi_error *e)
{
	struct hi_kafka_sink *k = calloc(1, sizeof(*k));
	*out = NULL;
	if (!k)
		return hi_error_set(e, HI_NOMEM, "no memory for the broker's sink");
	k->options = *options;
	int s = open_sink(k, e);
	if (s)
		release(k);
	else
		*out = k;
	return s;
}
