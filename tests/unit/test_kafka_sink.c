/*
 * The sink against librdkafka's mock cluster: what is acknowledged is in the topic, once
 * and in order for each key; what is not is told, and kept.
 */
#include <check.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/time.h"
#include "bridge/kafka_sink.h"
#include "io/signal.h"

/* Requests by their number in Kafka's protocol. */
enum { PRODUCE = 0, METADATA = 3 };
enum { BROKERS = 3, PARTITIONS = 7, KEYS = 20 };

static struct hi_error e;
static rd_kafka_t *cluster_rk;
static rd_kafka_mock_cluster_t *cluster;
static struct hi_kafka_sink *sink;
static struct hi_kafka_sink_options options;
static struct hi_kafka_sink_counts counts;
static struct hi_buf told;
static char folder[] = "/tmp/hi-kafka-sink.XXXXXX", lost[64], conf[64];

static void keep(void *arg, const char *text)
{
	(void)arg;
	hi_buf_puts(&told, text);
	hi_buf_putc(&told, '\n');
}

static void setup(void)
{
	char why[256];
	rd_kafka_conf_t *c = rd_kafka_conf_new();
	rd_kafka_conf_set(c, "log_level", "4", why, sizeof(why));
	cluster_rk = rd_kafka_new(RD_KAFKA_PRODUCER, c, why, sizeof(why));
	ck_assert_msg(cluster_rk != NULL, "%s", why);
	cluster = rd_kafka_mock_cluster_new(cluster_rk, BROKERS);
	ck_assert_ptr_nonnull(cluster);
	ck_assert_int_eq(rd_kafka_mock_topic_create(cluster, "vitals", PARTITIONS, BROKERS), 0);
	ck_assert_int_eq(rd_kafka_mock_topic_create(cluster, "alerts", 1, BROKERS), 0);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(lost, sizeof(lost), "%s/lost", folder);
	snprintf(conf, sizeof(conf), "%s/conf", folder);
	hi_buf_init(&told, 1 << 20);
	options = (struct hi_kafka_sink_options){
		.brokers = rd_kafka_mock_cluster_bootstraps(cluster),
		.compression = "lz4",
		.topics = { "vitals", "alerts" },
		.topics_n = 2,
		.wait_us = 20 * HI_US_S,
		.told = keep,
	};
}

static void teardown(void)
{
	unlink(lost);
	unlink(conf);
	ck_assert_int_eq(rmdir(folder), 0);
	hi_buf_release(&told);
	rd_kafka_mock_cluster_destroy(cluster);
	rd_kafka_destroy(cluster_rk);
}

static void open_sink(void)
{
	int s = hi_kafka_sink_open(&sink, &options, &e);
	ck_assert_msg(s == HI_OK, "%s: %s", e.text, e.detail);
}

static int close_sink(void)
{
	return hi_kafka_sink_close(sink, true, &counts, &e);
}

/* Line i, of the key i % KEYS. */
static int put(int i)
{
	char key[16], line[64];
	snprintf(key, sizeof(key), "P-%03d", i % KEYS + 1);
	snprintf(line, sizeof(line), "{\"patient_id\":\"%s\",\"n\":%d}", key, i);
	return hi_kafka_sink_put(sink, 0, hi_slice_of(key), hi_slice_of(line), &e);
}

static void put_range(int from, int to)
{
	for (int i = from; i < to; i++) {
		int s = put(i);
		ck_assert_msg(s == HI_OK, "%d: %s: %s", i, e.text, e.detail);
	}
}

static rd_kafka_t *reader_of(const char *topic, int partitions)
{
	char why[256];
	rd_kafka_conf_t *c = rd_kafka_conf_new();
	rd_kafka_conf_set(c, "bootstrap.servers", options.brokers, why, sizeof(why));
	rd_kafka_conf_set(c, "group.id", "test", why, sizeof(why));
	rd_kafka_conf_set(c, "enable.partition.eof", "true", why, sizeof(why));
	rd_kafka_conf_set(c, "enable.auto.commit", "false", why, sizeof(why));
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, c, why, sizeof(why));
	ck_assert_msg(rk != NULL, "%s", why);
	rd_kafka_poll_set_consumer(rk);
	rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new(partitions);
	for (int p = 0; p < partitions; p++)
		rd_kafka_topic_partition_list_add(all, topic, p)->offset =
			RD_KAFKA_OFFSET_BEGINNING;
	ck_assert_int_eq(rd_kafka_assign(rk, all), 0);
	rd_kafka_topic_partition_list_destroy(all);
	return rk;
}

/* Calls take with each message of the topic, those of a partition in their order. */
static void read_topic(const char *topic, int partitions, void (*take)(const rd_kafka_message_t *m))
{
	rd_kafka_t *rk = reader_of(topic, partitions);
	for (int ends = 0; ends < partitions;) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(rk, 1000);
		if (m && m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
			ends++;
		else if (m && !m->err)
			take(m);
		if (m)
			rd_kafka_message_destroy(m);
	}
	rd_kafka_consumer_close(rk);
	rd_kafka_destroy(rk);
}

static int n_read, last_of[KEYS], twice, out_of_order;
static bool seen[1 << 20];

static void take_number(const rd_kafka_message_t *m)
{
	int i = -1, key = -1;
	char text[64];
	ck_assert_uint_lt(m->len, sizeof(text));
	memcpy(text, m->payload, m->len);
	text[m->len] = '\0';
	ck_assert_int_eq(sscanf(text, "{\"patient_id\":\"P-%d\",\"n\":%d}", &key, &i), 2);
	ck_assert_int_eq(i % KEYS + 1, key);
	ck_assert(m->key_len == 5 && memcmp(m->key, text + 15, 5) == 0);
	twice += seen[i];
	seen[i] = true;
	out_of_order += i < last_of[key - 1];
	last_of[key - 1] = i;
	n_read++;
}

/* The topic has the lines 0 to n, each once, in order for each key. */
static void check_topic(int n)
{
	n_read = twice = out_of_order = 0;
	memset(last_of, 0, sizeof(last_of));
	memset(seen, 0, sizeof(seen));
	read_topic("vitals", PARTITIONS, take_number);
	ck_assert_int_eq(twice, 0);
	ck_assert_int_eq(out_of_order, 0);
	ck_assert_int_eq(n_read, n);
}

static void check_closes_well(int n)
{
	int s = close_sink();
	ck_assert_msg(s == HI_OK, "%s: %s", e.text, e.detail);
	ck_assert_uint_eq(counts.sent, (uint64_t)n);
	ck_assert_uint_eq(counts.acked, (uint64_t)n);
	check_topic(n);
}

START_TEST(each_line_once_and_in_order)
{
	open_sink();
	put_range(0, 5000);
	ck_assert_int_eq(hi_kafka_sink_flush(sink, &e), HI_OK);
	counts = hi_kafka_sink_counts(sink);
	ck_assert_uint_eq(counts.acked, 5000);
	ck_assert_int_eq(hi_kafka_sink_flush(sink, &e), HI_OK);
	put_range(5000, 5010);
	check_closes_well(5010);
	ck_assert_uint_eq(told.len, 0);
	ck_assert_int_eq(hi_kafka_sink_close(NULL, true, NULL, &e), HI_OK);
}
END_TEST

static void set_rtt_ms(int ms)
{
	for (int b = 1; b <= BROKERS; b++)
		rd_kafka_mock_broker_set_rtt(cluster, b, ms);
}

/* More than the queue has room for: waits, and drops nothing. */
START_TEST(more_than_is_held)
{
	set_rtt_ms(30);
	open_sink();
	put_range(0, 60000);
	set_rtt_ms(0);
	check_closes_well(60000);
}
END_TEST

/* No flush returns before the broker has answered, however long that takes. */
START_TEST(no_flush_before_the_answers)
{
	open_sink();
	for (int round = 0; round < 5; round++) {
		set_rtt_ms(100 * round);
		put_range(round * 50, round * 50 + 50);
		ck_assert_int_eq(hi_kafka_sink_flush(sink, &e), HI_OK);
		counts = hi_kafka_sink_counts(sink);
		ck_assert_uint_eq(counts.acked, (uint64_t)round * 50 + 50);
		ck_assert_uint_eq(counts.refused + counts.failed, 0);
	}
	set_rtt_ms(0);
	check_closes_well(250);
}
END_TEST

START_TEST(errors_that_pass)
{
	open_sink();
	put_range(0, 100);
	ck_assert_int_eq(hi_kafka_sink_flush(sink, &e), HI_OK);
	rd_kafka_mock_push_request_errors(
		cluster, PRODUCE, 6, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
		RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
		RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
		RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS);
	put_range(100, 3000);
	check_closes_well(3000);
}
END_TEST

START_TEST(leaders_move)
{
	open_sink();
	for (int round = 0; round < 12; round++) {
		put_range(round * 200, round * 200 + 200);
		for (int p = 0; p < PARTITIONS; p++)
			rd_kafka_mock_partition_set_leader(cluster, "vitals", p,
							   (round + p) % BROKERS + 1);
	}
	check_closes_well(2400);
}
END_TEST

/* Not while a request is on its way: the mock cluster keeps what comes again twice. */
START_TEST(brokers_go_and_come_back)
{
	open_sink();
	put_range(0, 1000);
	ck_assert_int_eq(hi_kafka_sink_flush(sink, &e), HI_OK);
	for (int b = 1; b <= BROKERS; b++)
		rd_kafka_mock_broker_set_down(cluster, b);
	put_range(1000, 2000);
	for (int i = 0; i < 30; i++) {
		ck_assert_int_eq(hi_kafka_sink_poll(sink, &e), HI_OK);
		usleep(50000);
	}
	for (int b = 1; b <= BROKERS; b++)
		rd_kafka_mock_broker_set_up(cluster, b);
	put_range(2000, 3000);
	check_closes_well(3000);
	hi_buf_putc(&told, '\0');
	ck_assert_msg(strstr(told.ptr, ": nothing is acknowledged; waiting for it, 20s at most\n"),
		      "%s", told.ptr);
	ck_assert_ptr_nonnull(strstr(told.ptr, ": acknowledges again\n"));
	ck_assert_ptr_null(strstr(told.ptr, "P-0"));
}
END_TEST

/* What the file of undelivered lines has: consecutive lines from..to, whatever the partition. */
static void check_lost(int from, int to)
{
	char line[128], want[128];
	FILE *f = fopen(lost, "r");
	ck_assert_ptr_nonnull(f);
	for (int i = from; i < to; i++) {
		snprintf(want, sizeof(want), "{\"patient_id\":\"P-%03d\",\"n\":%d}\n", i % KEYS + 1,
			 i);
		ck_assert_ptr_nonnull(fgets(line, sizeof(line), f));
		ck_assert_str_eq(line, want);
	}
	ck_assert_ptr_null(fgets(line, sizeof(line), f));
	fclose(f);
}

static void all_brokers_away(void)
{
	options.wait_us = 1200 * HI_US_MS;
	open_sink();
	put_range(0, 100);
	ck_assert_int_eq(hi_kafka_sink_flush(sink, &e), HI_OK);
	for (int b = 1; b <= BROKERS; b++)
		rd_kafka_mock_broker_set_down(cluster, b);
	put_range(100, 700);
	ck_assert_int_eq(hi_kafka_sink_flush(sink, &e), HI_PEER);
	ck_assert_str_eq(e.text, "the broker has acknowledged nothing any more");
	ck_assert_ptr_nonnull(strstr(e.detail, ": 600 lines for 1"));
	ck_assert_int_eq(hi_kafka_sink_flush(sink, &e), HI_PEER);
}

START_TEST(brokers_stay_away)
{
	options.undelivered = lost;
	all_brokers_away();
	ck_assert_int_eq(put(700), HI_PEER);
	ck_assert_int_eq(close_sink(), HI_PEER);
	ck_assert_uint_eq(counts.sent, 701);
	ck_assert_uint_eq(counts.acked, 100);
	ck_assert_uint_eq(counts.failed, 601);
	check_lost(100, 701);
}
END_TEST

START_TEST(what_comes_again_is_not_kept)
{
	options.undelivered = lost;
	all_brokers_away();
	ck_assert_int_eq(hi_kafka_sink_close(sink, false, &counts, &e), HI_PEER);
	ck_assert_uint_eq(counts.failed, 600);
	check_lost(0, 0);
}
END_TEST

/* The queue is full and the broker away: the line for which there is no room is kept too. */
START_TEST(full_and_away)
{
	options.undelivered = lost;
	options.wait_us = 1200 * HI_US_MS;
	open_sink();
	for (int b = 1; b <= BROKERS; b++)
		rd_kafka_mock_broker_set_down(cluster, b);
	int n = 0;
	while (put(n) == HI_OK)
		n++;
	ck_assert_int_gt(n, 1000);
	ck_assert_int_eq(e.status, HI_PEER);
	ck_assert_int_eq(close_sink(), HI_PEER);
	check_lost(0, n + 1);
}
END_TEST

static void refuse_one_batch(rd_kafka_resp_err_t code)
{
	open_sink();
	put_range(0, 100);
	ck_assert_int_eq(hi_kafka_sink_flush(sink, &e), HI_OK);
	rd_kafka_mock_push_request_errors(cluster, PRODUCE, 1, code);
	ck_assert_int_eq(put(100), HI_OK);
}

START_TEST(refused_for_itself)
{
	options.undelivered = lost;
	refuse_one_batch(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
	ck_assert_int_eq(hi_kafka_sink_flush(sink, &e), HI_OK);
	check_lost(100, 101);
	counts = hi_kafka_sink_counts(sink);
	ck_assert_uint_eq(counts.acked, 100);
	ck_assert_uint_eq(counts.refused, 1);
	put_range(101, 300);
	ck_assert_int_eq(close_sink(), HI_PEER);
	ck_assert_str_eq(e.text, "lines were not delivered");
	ck_assert_uint_eq(counts.acked, 299);
	check_lost(100, 101);
}
END_TEST

START_TEST(refused_and_nowhere_to_put_it)
{
	refuse_one_batch(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
	ck_assert_int_eq(hi_kafka_sink_flush(sink, &e), HI_PEER);
	ck_assert_str_eq(e.text, "the broker refuses a line");
	ck_assert_ptr_nonnull(strstr(e.detail, "vitals: Broker: Message size too large"));
	ck_assert_int_eq(close_sink(), HI_PEER);
	ck_assert_uint_eq(counts.acked, 100);
}
END_TEST

START_TEST(rights_that_are_missing)
{
	options.undelivered = lost;
	refuse_one_batch(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
	ck_assert_int_eq(hi_kafka_sink_flush(sink, &e), HI_PEER);
	ck_assert_ptr_nonnull(strstr(e.detail, "kafka-acls.sh"));
	ck_assert_int_eq(close_sink(), HI_PEER);
	check_lost(100, 101);
}
END_TEST

/* The broker has it already: it was sent again for the answer was lost. */
START_TEST(there_already)
{
	refuse_one_batch(RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER);
	ck_assert_int_eq(hi_kafka_sink_flush(sink, &e), HI_OK);
	ck_assert_int_eq(close_sink(), HI_OK);
	ck_assert_uint_eq(counts.acked, 101);
}
END_TEST

/* The broker has lost what it had acknowledged: no line may be sent behind the gap. */
START_TEST(sequence_broken)
{
	options.undelivered = lost;
	refuse_one_batch(RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
	ck_assert_int_eq(hi_kafka_sink_flush(sink, &e), HI_PEER);
	ck_assert_ptr_nonnull(strstr(e.detail, "out of order sequence number"));
	ck_assert_int_eq(put(101), HI_PEER);
	ck_assert_int_eq(close_sink(), HI_PEER);
	ck_assert_uint_eq(counts.acked, 100);
	check_lost(100, 102);
}
END_TEST

START_TEST(no_room_for_what_was_lost)
{
	options.undelivered = "/dev/full";
	ck_assert_int_eq(hi_kafka_sink_open(&sink, &options, &e), HI_USAGE);
	ck_assert_ptr_null(sink);
}
END_TEST

START_TEST(no_broker)
{
	options.brokers = "127.0.0.1:1";
	options.wait_us = 300 * HI_US_MS;
	ck_assert_int_eq(hi_kafka_sink_open(&sink, &options, &e), HI_PEER);
	ck_assert_str_eq(e.text, "the broker does not answer");
	hi_buf_putc(&told, '\0');
	ck_assert_ptr_nonnull(strstr(told.ptr, "Connection refused\n"));
	ck_assert_ptr_nonnull(strstr(told.ptr, "; waiting for it, 300ms at most\n"));
}
END_TEST

START_TEST(no_topic)
{
	rd_kafka_mock_topic_set_error(cluster, "vitals", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
	options.wait_us = 300 * HI_US_MS;
	ck_assert_int_eq(hi_kafka_sink_open(&sink, &options, &e), HI_PEER);
	ck_assert_str_eq(e.text, "no such topic");
	options.wait_us = 3600 * HI_US_S;
	rd_kafka_mock_topic_set_error(cluster, "vitals", RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION);
	ck_assert_int_eq(hi_kafka_sink_open(&sink, &options, &e), HI_PEER);
}
END_TEST

static void *make_topic(void *arg)
{
	usleep(300000);
	rd_kafka_mock_topic_set_error(cluster, "vitals", RD_KAFKA_RESP_ERR_NO_ERROR);
	return arg;
}

START_TEST(a_topic_that_comes_later)
{
	pthread_t thread;
	rd_kafka_mock_topic_set_error(cluster, "vitals", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
	ck_assert_int_eq(pthread_create(&thread, NULL, make_topic, NULL), 0);
	open_sink();
	pthread_join(thread, NULL);
	put_range(0, 100);
	check_closes_well(100);
	hi_buf_putc(&told, '\0');
	ck_assert_str_eq(told.ptr, "vitals: Broker: Unknown topic or partition; waiting for it, "
				   "20s at most\n");
}
END_TEST

START_TEST(settings)
{
	FILE *f = fopen(conf, "w");
	fputs("linger.ms=0\nretries=3\n", f);
	fclose(f);
	options.config = conf;
	ck_assert_int_eq(hi_kafka_sink_open(&sink, &options, &e), HI_USAGE);
	ck_assert_uint_eq(e.line, 2);
	f = fopen(conf, "w");
	fputs("linger.ms=0\n", f);
	fclose(f);
	open_sink();
	put_range(0, 10);
	check_closes_well(10);
	options.compression = "rar";
	ck_assert_int_eq(hi_kafka_sink_open(&sink, &options, &e), HI_USAGE);
	ck_assert_str_eq(e.detail, "compression.codec");
}
END_TEST

/*
 * Partitions by murmur2 as Kafka's Java producer and kafka-python have it: hashes reckoned
 * by an implementation of MurmurHash2 that is neither's, compared with kafka-python 3.0.12;
 * those of "21" to "abc" stand in Kafka's own UtilsTest.testMurmur2.
 */
static const struct {
	const char *key;
	uint32_t murmur2;
	int partition; /* of 7 */
} known[] = {
	{ "P-001", 0xdfbfd285, 1 },
	{ "P-002", 0x6bc3e9ea, 4 },
	{ "P-003", 0x615fa2f3, 2 },
	{ "P-004", 0xfa4d1c27, 0 },
	{ "P-005", 0xf1dec0fa, 0 },
	{ "P-006", 0x3cc956f4, 0 },
	{ "P-007", 0x5348b4d0, 0 },
	{ "P-008", 0x63dc880b, 2 },
	{ "P-009", 0xc236c8a4, 4 },
	{ "P-010", 0xcb85dd96, 3 },
	{ "P-011", 0x6e64d00c, 6 },
	{ "P-012", 0x7bfc42d8, 1 },
	{ "P-017", 0x6dac6ebe, 5 },
	{ "P-020", 0xeaa5b7df, 5 },
	{ "a", 0xa2d0b27c, 5 },
	{ "ab", 0x12d8262a, 0 },
	{ "Zürich-7", 0x9fae5d5f, 6 },
	{ "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 0x48ddc20d, 1 },
	{ "21", 0xc5f2f8ec, 3 },
	{ "foobar", 0xd0e47bbe, 0 },
	{ "a-little-bit-long-string", 0xc53b1da0, 1 },
	{ "a-little-bit-longer-string", 0xa768c9c3, 0 },
	{ "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", 0xfc7d49cd, 3 },
	{ "abc", 0x1c94221b, 4 },
};
enum { KNOWN = sizeof(known) / sizeof(known[0]) };

static void take_key(const rd_kafka_message_t *m)
{
	size_t i = 0;
	while (i < KNOWN && !(m->key_len == strlen(known[i].key) &&
			      memcmp(m->key, known[i].key, m->key_len) == 0))
		i++;
	ck_assert_uint_lt(i, KNOWN);
	ck_assert_int_eq(m->partition, known[i].partition);
	n_read++;
}

START_TEST(the_partition_of_other_producers)
{
	open_sink();
	for (size_t i = 0; i < KNOWN; i++) {
		ck_assert_int_eq((int)((known[i].murmur2 & 0x7fffffff) % PARTITIONS),
				 known[i].partition);
		ck_assert_int_eq(
			hi_kafka_sink_put(sink, 0, hi_slice_of(known[i].key), HI_LIT("{}"), &e),
			HI_OK);
	}
	ck_assert_int_eq(close_sink(), HI_OK);
	read_topic("vitals", PARTITIONS, take_key);
	ck_assert_int_eq(n_read, KNOWN);
}
END_TEST

static void take_alert(const rd_kafka_message_t *m)
{
	ck_assert_ptr_null(m->key);
	ck_assert(m->len == 3 && memcmp(m->payload, "{ }", 3) == 0);
	n_read++;
}

START_TEST(another_topic_and_no_key)
{
	open_sink();
	ck_assert_int_eq(
		hi_kafka_sink_put(sink, 1, (struct hi_slice){ NULL, 0 }, HI_LIT("{ }"), &e), HI_OK);
	ck_assert_int_eq(close_sink(), HI_OK);
	read_topic("alerts", 1, take_alert);
	ck_assert_int_eq(n_read, 1);
}
END_TEST

/* The longest line, of what compresses and of what does not. */
START_TEST(the_longest_line)
{
	size_t len = 1 << 20;
	char *line = malloc(len);
	memset(line, 'x', len);
	open_sink();
	const struct hi_slice key = HI_LIT("P-001"), text = { line, len };
	ck_assert_int_eq(hi_kafka_sink_put(sink, 0, key, text, &e), HI_OK);
	ck_assert_int_eq(hi_kafka_sink_flush(sink, &e), HI_OK);
	uint32_t x = 1;
	for (size_t i = 0; i < len; i++)
		line[i] = (char)((x = x * 1664525 + 1013904223) >> 24);
	ck_assert_int_eq(hi_kafka_sink_put(sink, 0, key, text, &e), HI_OK);
	ck_assert_int_eq(close_sink(), HI_OK);
	ck_assert_uint_eq(counts.acked, 2);
	ck_assert_uint_eq(counts.bytes, 2 * len);
	free(line);
}
END_TEST

/* A signal while the broker is away: the sink does not wait as long as it else would. */
START_TEST(a_signal_ends_the_waiting)
{
	hi_signal_start();
	options.wait_us = 3600 * HI_US_S;
	options.brokers = "127.0.0.1:1";
	raise(SIGTERM);
	ck_assert_int_eq(hi_kafka_sink_open(&sink, &options, &e), HI_PEER);
	ck_assert_str_eq(e.text, "ended by a signal before the broker answered");
}
END_TEST

static void add_failures(TCase *t)
{
	tcase_add_test(t, errors_that_pass);
	tcase_add_test(t, leaders_move);
	tcase_add_test(t, brokers_go_and_come_back);
	tcase_add_test(t, brokers_stay_away);
	tcase_add_test(t, what_comes_again_is_not_kept);
	tcase_add_test(t, full_and_away);
	tcase_add_test(t, refused_for_itself);
	tcase_add_test(t, refused_and_nowhere_to_put_it);
	tcase_add_test(t, rights_that_are_missing);
	tcase_add_test(t, there_already);
	tcase_add_test(t, sequence_broken);
	tcase_add_test(t, no_room_for_what_was_lost);
	tcase_add_test(t, no_broker);
	tcase_add_test(t, no_topic);
	tcase_add_test(t, a_topic_that_comes_later);
	tcase_add_test(t, a_signal_ends_the_waiting);
}

int main(void)
{
	Suite *s = suite_create("kafka_sink");
	TCase *t = tcase_create("kafka_sink");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, each_line_once_and_in_order);
	tcase_add_test(t, more_than_is_held);
	tcase_add_test(t, no_flush_before_the_answers);
	tcase_add_test(t, settings);
	tcase_add_test(t, the_partition_of_other_producers);
	tcase_add_test(t, another_topic_and_no_key);
	tcase_add_test(t, the_longest_line);
	add_failures(t);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
