/*
 * Topics of a broker as a resumable source, against librdkafka's mock cluster: where
 * partitions begin, what stands before a position, what is gone, brokers that go away.
 */
#include <check.h>
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "bridge/kafka_source.h"

enum { NAME_MAX_LEN = 128, GIVEN_MAX = 4096, FETCH = 1 };
#define LONG_US (20 * HI_US_S)

static rd_kafka_t *producer;
static rd_kafka_mock_cluster_t *cluster;
static struct hi_kafka_source_options options;
static const char *topics[2] = { "vitals", "other" };
static struct hi_kafka_source *source;
static struct hi_positions stored;
static struct hi_error e;
static char cluster_id[NAME_MAX_LEN];

/* What was given, in order. */
static struct given {
	int32_t partition;
	int64_t offset;
	uint32_t crc;
} given[GIVEN_MAX];
static int given_n;
static char notes[4096];
static struct hi_kafka_lost lost;
static bool stopped;

static void on_note(void *arg, const char *text, const char *detail)
{
	size_t n = strlen(notes);
	(void)arg;
	snprintf(notes + n, sizeof(notes) - n, "%s: %s\n", text, detail);
}

static bool on_wait(void *arg)
{
	(void)arg;
	return stopped;
}

static void make_topic(const char *name, int partitions)
{
	ck_assert_int_eq(0, rd_kafka_mock_topic_create(cluster, name, partitions, 1));
}

static void setup(void)
{
	char why[256];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	ck_assert_int_eq(RD_KAFKA_CONF_OK,
			 rd_kafka_conf_set(conf, "test.mock.num.brokers", "2", why, sizeof(why)));
	rd_kafka_conf_set(conf, "linger.ms", "0", why, sizeof(why));
	rd_kafka_conf_set(conf, "log_level", "0", why, sizeof(why));
	rd_kafka_conf_set(conf, "topic.metadata.refresh.fast.interval.ms", "20", why, sizeof(why));
	rd_kafka_conf_set(conf, "reconnect.backoff.max.ms", "200", why, sizeof(why));
	rd_kafka_conf_set(conf, "retry.backoff.ms", "20", why, sizeof(why));
	producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	ck_assert_msg(producer != NULL, "%s", why);
	cluster = rd_kafka_handle_mock_cluster(producer);
	char *id = rd_kafka_clusterid(producer, 5000);
	ck_assert_ptr_nonnull(id);
	snprintf(cluster_id, sizeof(cluster_id), "%s", id);
	rd_kafka_mem_free(producer, id);
	options = (struct hi_kafka_source_options){
		.brokers = rd_kafka_mock_cluster_bootstraps(cluster),
		.topics = topics,
		.topics_n = 1,
		.wait_us = LONG_US,
	};
	hi_positions_init(&stored);
	given_n = 0;
	notes[0] = '\0';
	stopped = false;
}

static void teardown(void)
{
	hi_kafka_source_free(source);
	source = NULL;
	hi_positions_release(&stored);
	rd_kafka_destroy(producer);
}

/* Value N of a partition is "P-N". */
static void produce_sized(const char *topic, int32_t partition, int first, int n, size_t len)
{
	char *value = calloc(1, len + 32);
	for (int i = first; i < first + n; i++) {
		int text = snprintf(value, 32, "%" PRId32 "-%d", partition, i);
		ck_assert_int_eq(0, rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(topic),
						      RD_KAFKA_V_PARTITION(partition),
						      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
						      RD_KAFKA_V_TIMESTAMP(1766901600000 + i),
						      RD_KAFKA_V_VALUE(value, (size_t)text + len),
						      RD_KAFKA_V_END));
	}
	ck_assert_int_eq(0, rd_kafka_flush(producer, 10000));
	free(value);
}

static void produce(int32_t partition, int first, int n)
{
	produce_sized("vitals", partition, first, n, 0);
}

/* hi_message_crc of the message that produce makes. */
static uint32_t crc_of(int32_t partition, int i)
{
	char value[32];
	int n = snprintf(value, sizeof(value), "%" PRId32 "-%d", partition, i);
	const struct hi_message m = { .t_us = (1766901600000 + i) * HI_US_MS,
				      .value = { value, (size_t)n } };
	return hi_message_crc(&m);
}

static const char *key_of(const char *topic, int32_t partition)
{
	static char key[2 * NAME_MAX_LEN];
	snprintf(key, sizeof(key), "kafka:%s/%s/%" PRId32, cluster_id, topic, partition);
	return key;
}

static void store(int32_t partition, int64_t offset, uint32_t crc)
{
	const struct hi_offset_position p = { offset, offset > 0, crc };
	ck_assert_int_eq(HI_OK,
			 hi_offset_position_set(&stored, key_of("vitals", partition), p, &e));
}

static int begin(void)
{
	static const struct hi_kafka_source_calls calls = { on_note, on_wait, NULL };
	int s = hi_kafka_source_open(&source, &options, &calls, &stored, &e);
	return s ? s : hi_kafka_source_begin(source, &e);
}

static int read_once(int wait_ms)
{
	size_t n;
	int s = hi_kafka_source_read(source, 1000, wait_ms, &lost, &e);
	if (s)
		return s;
	const struct hi_message *m = hi_kafka_source_messages(source, &n);
	for (size_t i = 0; i < n; i++, given_n++) {
		ck_assert_int_lt(given_n, GIVEN_MAX);
		given[given_n] =
			(struct given){ m[i].partition, m[i].offset, hi_message_crc(&m[i]) };
	}
	hi_kafka_source_given(source);
	return HI_OK;
}

/* Reads until n messages have been given, or something else than HI_OK. */
static int read_until(int n)
{
	const int64_t until_us = hi_monotonic_us() + LONG_US;
	int s = HI_OK;
	while (s == HI_OK && given_n < n) {
		s = read_once(100);
		ck_assert_msg(hi_monotonic_us() < until_us, "%d of %d; %s", given_n, n, notes);
	}
	return s;
}

static int read_on(void)
{
	return read_until(GIVEN_MAX);
}

/* Each partition's messages are these, in order. */
static void is_given(int32_t partition, int first, int n)
{
	int next = first;
	for (int i = 0; i < given_n; i++) {
		if (given[i].partition != partition)
			continue;
		ck_assert_int_eq(next, given[i].offset);
		ck_assert_uint_eq(crc_of(partition, next), given[i].crc);
		next++;
	}
	ck_assert_int_eq(first + n, next);
}

/*
 * The same by offsets: where leaders move, the producer of these tests may send something
 * for the second time, and the mock cluster takes it.
 */
static void is_given_in_order(int32_t partition, int least)
{
	int64_t next = 0;
	for (int i = 0; i < given_n; i++) {
		if (given[i].partition != partition)
			continue;
		ck_assert_int_eq(next, given[i].offset);
		next++;
	}
	ck_assert_int_ge(next, least);
}

static void stands(int32_t partition, int64_t offset, uint32_t crc)
{
	const struct hi_positions *at;
	struct hi_offset_position p;
	ck_assert_int_eq(HI_OK, hi_kafka_source_positions(source, &at, &e));
	const char *json = hi_positions_find(at, key_of("vitals", partition));
	ck_assert_msg(json != NULL, "%d has no position", (int)partition);
	ck_assert(hi_offset_position_read(&p, json));
	ck_assert_int_eq(offset, p.offset);
	ck_assert_int_eq(crc != 0, p.has_crc);
	ck_assert_uint_eq(crc, p.crc);
}

static size_t positions_n(void)
{
	const struct hi_positions *at;
	ck_assert_int_eq(HI_OK, hi_kafka_source_positions(source, &at, &e));
	return at->n;
}

static void is_told(const char *text)
{
	ck_assert_msg(strstr(notes, text) != NULL, "not told: %s; but: %s", text, notes);
}

/* --- where it begins ---------------------------------------------------------------- */

START_TEST(all_partitions_from_the_beginning)
{
	make_topic("vitals", 3);
	produce(0, 0, 10);
	produce(2, 0, 1500);
	options.until_end = true;
	ck_assert_int_eq(HI_OK, begin());
	ck_assert_uint_eq(3, positions_n());
	stands(0, 0, 0);
	stands(2, 0, 0);
	ck_assert_int_eq(HI_END, read_on());
	is_given(0, 0, 10);
	is_given(1, 0, 0);
	is_given(2, 0, 1500);
	stands(0, 10, crc_of(0, 9));
	stands(1, 0, 0);
	stands(2, 1500, crc_of(2, 1499));
}
END_TEST

START_TEST(latest_is_what_comes_from_now_on)
{
	make_topic("vitals", 2);
	produce(0, 0, 10);
	options.from = HI_KAFKA_LATEST;
	ck_assert_int_eq(HI_OK, begin());
	stands(0, 10, 0);
	produce(0, 10, 5);
	produce(1, 0, 5);
	ck_assert_int_eq(HI_OK, read_until(10));
	is_given(0, 10, 5);
	is_given(1, 0, 5);
}
END_TEST

START_TEST(nothing_there_is_an_end)
{
	make_topic("vitals", 4);
	options.until_end = true;
	ck_assert_int_eq(HI_OK, begin());
	ck_assert_int_eq(HI_END, read_on());
	ck_assert_int_eq(0, given_n);
}
END_TEST

START_TEST(only_some_partitions)
{
	make_topic("vitals", 6);
	for (int32_t p = 0; p < 6; p++)
		produce(p, 0, 3);
	options.until_end = true;
	ck_assert_int_eq(HI_OK, hi_partition_ranges_parse(&options.partitions, "1-2,5", &e));
	ck_assert_int_eq(HI_OK, begin());
	ck_assert_int_eq(HI_END, read_on());
	ck_assert_uint_eq(3, positions_n());
	ck_assert_int_eq(9, given_n);
	is_given(1, 0, 3);
	is_given(5, 0, 3);
}
END_TEST

START_TEST(two_topics)
{
	make_topic("vitals", 1);
	make_topic("other", 1);
	produce(0, 0, 3);
	produce_sized("other", 0, 0, 3, 0);
	options.topics_n = 2;
	options.until_end = true;
	ck_assert_int_eq(HI_OK, begin());
	ck_assert_int_eq(HI_END, read_on());
	ck_assert_uint_eq(2, positions_n());
	ck_assert_int_eq(6, given_n);
}
END_TEST

START_TEST(bad_names_are_refused)
{
	static const char *const bad[] = { "", "a b", "a/b", "..", "\xc3\xa4" };
	const char *name;
	options.topics = &name;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		name = bad[i];
		ck_assert_int_eq(HI_USAGE, begin());
		ck_assert_ptr_null(source);
	}
	topics[1] = "vitals";
	options.topics = topics;
	options.topics_n = 2;
	ck_assert_int_eq(HI_USAGE, begin());
	topics[1] = "other";
}
END_TEST

/* --- resumed ---------------------------------------------------------------------------- */

START_TEST(it_goes_on_behind_its_position)
{
	make_topic("vitals", 2);
	produce(0, 0, 100);
	produce(1, 0, 100);
	store(0, 40, crc_of(0, 39));
	store(1, 100, crc_of(1, 99));
	options.until_end = true;
	options.from = HI_KAFKA_LATEST; /* is for what is not stored */
	ck_assert_int_eq(HI_OK, begin());
	stands(0, 40, crc_of(0, 39));
	ck_assert_int_eq(HI_END, read_on());
	is_given(0, 40, 60);
	is_given(1, 100, 0);
	stands(1, 100, crc_of(1, 99));
	ck_assert_ptr_null(strstr(notes, "compared"));
}
END_TEST

START_TEST(a_position_without_a_message_before_it)
{
	make_topic("vitals", 1);
	produce(0, 0, 10);
	struct hi_offset_position p = { .offset = 4 };
	hi_offset_position_set(&stored, key_of("vitals", 0), p, &e);
	options.until_end = true;
	ck_assert_int_eq(HI_OK, begin());
	ck_assert_int_eq(HI_END, read_on());
	is_given(0, 4, 6);
}
END_TEST

START_TEST(a_partition_that_is_new_to_the_store_begins_at_its_beginning)
{
	make_topic("vitals", 2);
	produce(0, 0, 10);
	produce(1, 0, 10);
	store(0, 10, crc_of(0, 9));
	options.until_end = true;
	options.from = HI_KAFKA_LATEST;
	ck_assert_int_eq(HI_OK, begin());
	ck_assert_int_eq(HI_END, read_on());
	is_given(1, 0, 10);
}
END_TEST

START_TEST(what_is_no_position_is_status_6)
{
	make_topic("vitals", 1);
	hi_positions_set(&stored, hi_slice_of(key_of("vitals", 0)), HI_LIT("17"), &e);
	ck_assert_int_eq(HI_CONTRACT, begin());
}
END_TEST

START_TEST(another_message_before_the_position)
{
	make_topic("vitals", 2);
	produce(0, 0, 20);
	produce(1, 0, 20);
	store(0, 5, crc_of(0, 4));
	store(1, 5, crc_of(1, 4) ^ 1);
	ck_assert_int_eq(HI_OK, begin());
	ck_assert_int_eq(HI_PEER, read_on());
	ck_assert_ptr_nonnull(strstr(e.text, "made anew"));
	ck_assert_ptr_nonnull(strstr(e.detail, "vitals/1"));
	is_given(1, 0, 0);
	stands(1, 5, crc_of(1, 4) ^ 1);
}
END_TEST

START_TEST(a_topic_made_anew_is_begun_again_where_that_was_said)
{
	make_topic("vitals", 1);
	produce(0, 0, 20);
	store(0, 5, 1);
	options.skip_lost = options.until_end = true;
	ck_assert_int_eq(HI_OK, begin());
	stands(0, 5, 1);
	ck_assert_int_eq(HI_REFUSED, read_on());
	ck_assert_int_eq(0, lost.partition);
	ck_assert_int_eq(5, lost.first);
	ck_assert_int_eq(0, given_n);
	stands(0, 0, 0);
	ck_assert_int_eq(HI_END, read_on());
	is_given(0, 0, 20);
}
END_TEST

START_TEST(a_position_far_above_the_end)
{
	make_topic("vitals", 1);
	produce(0, 0, 5);
	store(0, 1000, 7);
	ck_assert_int_eq(HI_OK, begin());
	ck_assert_int_eq(HI_PEER, read_on());
	ck_assert_ptr_nonnull(strstr(e.text, "above the end"));
}
END_TEST

START_TEST(a_position_one_above_the_end)
{
	make_topic("vitals", 1);
	produce(0, 0, 5);
	store(0, 6, crc_of(0, 5));
	options.until_end = true;
	ck_assert_int_eq(HI_OK, begin());
	ck_assert_int_eq(HI_PEER, read_on());
	ck_assert_ptr_nonnull(strstr(e.text, "above the end"));
}
END_TEST

/* The mock cluster keeps 5 MiB a partition: older messages go, as by retention. */
static void produce_until_some_are_gone(void)
{
	make_topic("vitals", 2);
	produce_sized("vitals", 0, 0, 20, 700 << 10);
}

static int64_t first_there(void)
{
	int64_t low, high;
	ck_assert_int_eq(
		0, rd_kafka_query_watermark_offsets(producer, "vitals", 0, &low, &high, 5000));
	ck_assert_int_eq(20, high);
	ck_assert_int_gt(low, 1);
	return low;
}

START_TEST(messages_that_are_gone)
{
	produce_until_some_are_gone();
	const int64_t low = first_there();
	store(0, 1, crc_of(0, 0));
	ck_assert_int_eq(HI_OK, begin());
	ck_assert_int_eq(HI_PEER, read_on());
	ck_assert_ptr_nonnull(strstr(e.text, "gone"));
	char want[64];
	snprintf(want, sizeof(want), "vitals/0: offsets 1 to %" PRId64, low - 1);
	ck_assert_str_eq(want, e.detail);
	stands(0, 1, crc_of(0, 0));
}
END_TEST

START_TEST(messages_that_are_gone_are_passed_by_where_that_was_said)
{
	produce_until_some_are_gone();
	const int64_t low = first_there();
	store(0, 1, crc_of(0, 0));
	options.skip_lost = options.until_end = true;
	ck_assert_int_eq(HI_OK, begin());
	stands(0, 1, crc_of(0, 0));
	ck_assert_int_eq(HI_REFUSED, read_on());
	ck_assert_int_eq(1, lost.first);
	ck_assert_int_eq(low, lost.behind);
	stands(0, low, 0);
	ck_assert_int_eq(HI_END, read_on());
	ck_assert_int_eq(20 - low, given_n);
	ck_assert_int_eq(low, given[0].offset);
}
END_TEST

START_TEST(only_the_message_before_the_position_is_gone)
{
	produce_until_some_are_gone();
	const int64_t low = first_there();
	store(0, low, 1);
	options.until_end = true;
	ck_assert_int_eq(HI_OK, begin());
	ck_assert_int_eq(HI_END, read_on());
	ck_assert_int_eq(20 - low, given_n);
	is_told("not compared");
}
END_TEST

START_TEST(a_new_partition_whose_first_messages_are_gone)
{
	produce_until_some_are_gone();
	hi_positions_set_text(&stored, key_of("vitals", 1), HI_LIT("0"), &e);
	ck_assert_int_eq(HI_OK, begin());
	stands(0, 0, 0);
	ck_assert_int_eq(HI_PEER, read_on());
	ck_assert_ptr_nonnull(strstr(e.text, "gone"));
}
END_TEST

START_TEST(a_topic_with_fewer_partitions_than_before)
{
	make_topic("vitals", 2);
	produce(0, 0, 5);
	store(0, 3, crc_of(0, 2));
	store(2, 3, 1);
	options.wait_us = 0;
	ck_assert_int_eq(HI_PEER, begin());
	ck_assert_str_eq("the topic has fewer partitions than before", e.text);
	hi_kafka_source_free(source);
	options.skip_lost = options.until_end = true;
	ck_assert_int_eq(HI_OK, begin());
	ck_assert_int_eq(HI_END, read_on());
	is_given(0, 3, 2);
}
END_TEST

START_TEST(positions_of_another_cluster)
{
	make_topic("vitals", 1);
	produce(0, 0, 5);
	hi_positions_set_text(&stored, "kafka:elsewhere/vitals/0", HI_LIT("3:12345678"), &e);
	ck_assert_int_eq(HI_PEER, begin());
	ck_assert_ptr_nonnull(strstr(e.text, "another cluster"));
	ck_assert_ptr_nonnull(strstr(e.detail, "elsewhere"));
}
END_TEST

START_TEST(another_cluster_is_begun_where_that_was_said)
{
	make_topic("vitals", 1);
	produce(0, 0, 5);
	hi_positions_set_text(&stored, "kafka:elsewhere/vitals/0", HI_LIT("3:12345678"), &e);
	hi_positions_set_text(&stored, "kafka:elsewhere/other/0", HI_LIT("3:12345678"), &e);
	options.skip_lost = options.until_end = true;
	options.from = HI_KAFKA_LATEST;
	ck_assert_int_eq(HI_OK, begin());
	ck_assert_int_eq(HI_REFUSED, read_on());
	ck_assert_int_eq(-1, lost.partition);
	ck_assert_str_eq("vitals", lost.topic);
	ck_assert_int_eq(HI_END, read_on());
	is_given(0, 0, 5);
	ck_assert_uint_eq(1, positions_n());
}
END_TEST

START_TEST(positions_of_two_clusters)
{
	make_topic("vitals", 1);
	produce(0, 0, 5);
	hi_positions_set_text(&stored, "kafka:elsewhere/vitals/0", HI_LIT("3:12345678"), &e);
	store(0, 3, crc_of(0, 2));
	options.until_end = true;
	ck_assert_int_eq(HI_OK, begin());
	ck_assert_int_eq(HI_END, read_on());
	is_given(0, 3, 2);
}
END_TEST

/* --- trouble ------------------------------------------------------------------------------ */

START_TEST(no_broker)
{
	options.brokers = "127.0.0.1:1";
	options.wait_us = 1500 * HI_US_MS;
	ck_assert_int_eq(HI_PEER, begin());
	ck_assert_ptr_nonnull(strstr(e.text, "no broker answers"));
	is_told("waiting for it, 1500ms at most");
}
END_TEST

START_TEST(a_wait_ends_when_it_is_asked_to)
{
	options.brokers = "127.0.0.1:1";
	stopped = true;
	ck_assert_int_eq(HI_END, begin());
}
END_TEST

START_TEST(a_topic_that_is_not_there)
{
	rd_kafka_mock_topic_set_error(cluster, "vitals", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
	options.wait_us = 1500 * HI_US_MS;
	ck_assert_int_eq(HI_PEER, begin());
	ck_assert_ptr_nonnull(strstr(e.text, "no such topic"));
	ck_assert_str_eq("vitals", e.detail);
}
END_TEST

START_TEST(a_topic_that_may_not_be_read)
{
	make_topic("vitals", 1);
	rd_kafka_mock_topic_set_error(cluster, "vitals",
				      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
	ck_assert_int_eq(HI_PEER, begin());
	ck_assert_ptr_nonnull(strstr(e.detail, "authoriz"));
}
END_TEST

START_TEST(a_partition_that_the_topic_has_not)
{
	make_topic("vitals", 2);
	options.wait_us = 0;
	ck_assert_int_eq(HI_OK, hi_partition_ranges_parse(&options.partitions, "1-3", &e));
	ck_assert_int_eq(HI_PEER, begin());
	ck_assert_str_eq("vitals/2", e.detail);
}
END_TEST

START_TEST(a_partition_without_a_leader)
{
	make_topic("vitals", 2);
	rd_kafka_mock_partition_set_leader(cluster, "vitals", 1, -1);
	options.wait_us = 1500 * HI_US_MS;
	ck_assert_int_eq(HI_PEER, begin());
	ck_assert_ptr_nonnull(strstr(e.text, "no leader"));
	ck_assert_str_eq("vitals/1", e.detail);
}
END_TEST

START_TEST(the_leader_moves)
{
	make_topic("vitals", 2);
	ck_assert_int_eq(HI_OK, begin());
	for (int i = 0; i < 6; i++) {
		produce(0, 50 * i, 50);
		produce(1, 50 * i, 50);
		rd_kafka_mock_partition_set_leader(cluster, "vitals", 0, 1 + i % 2);
		rd_kafka_mock_partition_set_leader(cluster, "vitals", 1, 2 - i % 2);
		ck_assert_int_eq(HI_OK, read_until(100 * (i + 1)));
	}
	is_given_in_order(0, 250);
	is_given_in_order(1, 250);
}
END_TEST

START_TEST(brokers_go_and_come)
{
	make_topic("vitals", 2);
	produce(0, 0, 50);
	produce(1, 0, 50);
	ck_assert_int_eq(HI_OK, begin());
	ck_assert_int_eq(HI_OK, read_until(100));
	for (int i = 1; i < 3; i++) {
		const int64_t until_us = hi_monotonic_us() + 1500 * HI_US_MS;
		rd_kafka_mock_broker_set_down(cluster, -1);
		while (hi_monotonic_us() < until_us)
			ck_assert_int_eq(HI_OK, read_once(100));
		ck_assert_int_ge(given_n, 100 * i);
		rd_kafka_mock_broker_set_up(cluster, -1);
		produce(0, 50 * i, 50);
		produce(1, 50 * i, 50);
		ck_assert_int_eq(HI_OK, read_until(100 * (i + 1)));
	}
	is_given_in_order(0, 100);
	is_given_in_order(1, 100);
	is_told("no broker answers");
	is_told("all is there now");
}
END_TEST

START_TEST(brokers_stay_away)
{
	make_topic("vitals", 1);
	produce(0, 0, 10);
	options.wait_us = 2 * HI_US_S;
	ck_assert_int_eq(HI_OK, begin());
	ck_assert_int_eq(HI_OK, read_until(10));
	rd_kafka_mock_broker_set_down(cluster, -1);
	ck_assert_int_eq(HI_PEER, read_on());
	is_given(0, 0, 10);
	stands(0, 10, crc_of(0, 9));
}
END_TEST

START_TEST(fetches_fail)
{
	static const rd_kafka_resp_err_t errors[] = {
		RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
		RD_KAFKA_RESP_ERR_UNKNOWN,
		RD_KAFKA_RESP_ERR__TRANSPORT,
		RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
		RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,
	};
	make_topic("vitals", 1);
	ck_assert_int_eq(HI_OK, begin());
	for (int i = 0; i < 5; i++) {
		rd_kafka_mock_push_request_errors(cluster, FETCH, 1, errors[i]);
		produce(0, 20 * i, 20);
		ck_assert_int_eq(HI_OK, read_until(20 * (i + 1)));
	}
	is_given(0, 0, 100);
}
END_TEST

/* --- the end that there is now ---------------------------------------------------------------- */

START_TEST(at_the_end)
{
	const int64_t until_us = hi_monotonic_us() + LONG_US;
	make_topic("vitals", 2);
	produce(0, 0, 10);
	ck_assert_int_eq(HI_OK, begin());
	ck_assert(!hi_kafka_source_at_end(source));
	ck_assert_int_eq(HI_OK, read_until(10));
	while (!hi_kafka_source_at_end(source)) {
		ck_assert_int_eq(HI_OK, read_once(10));
		ck_assert_int_lt(hi_monotonic_us(), until_us);
	}
	/* The client does not know of these yet; the broker does. */
	produce(1, 0, 1);
	ck_assert(!hi_kafka_source_at_end(source));
	ck_assert_int_eq(HI_OK, read_until(11));
	rd_kafka_mock_broker_set_down(cluster, -1);
	ck_assert_int_eq(HI_OK, read_once(10));
	ck_assert(!hi_kafka_source_at_end(source));
}
END_TEST

/* What the broker has of a group, asked by another client. */
static int64_t committed(const char *group, int32_t partition)
{
	char why[256];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_conf_set(conf, "bootstrap.servers", options.brokers, why, sizeof(why));
	rd_kafka_conf_set(conf, "group.id", group, why, sizeof(why));
	rd_kafka_conf_set(conf, "log_level", "0", why, sizeof(why));
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
	ck_assert_msg(rk != NULL, "%s", why);
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_list_add(list, "vitals", partition);
	ck_assert_int_eq(0, rd_kafka_committed(rk, list, 10000));
	const int64_t offset = list->elems[0].offset;
	rd_kafka_topic_partition_list_destroy(list);
	rd_kafka_destroy(rk);
	return offset;
}

START_TEST(the_group_is_told_what_is_durable)
{
	const struct hi_positions *at;
	struct hi_positions durable;
	make_topic("vitals", 2);
	produce(0, 0, 10);
	options.group = "monitor";
	ck_assert_int_eq(HI_OK, begin());
	ck_assert_int_eq(HI_OK, read_until(10));
	ck_assert_int_eq(HI_OK, hi_kafka_source_positions(source, &at, &e));
	hi_positions_init(&durable);
	hi_positions_set_text(&durable, key_of("vitals", 0), HI_LIT("7:12345678"), &e);
	hi_positions_set_text(&durable, "kafka:elsewhere/vitals/1", HI_LIT("9:12345678"), &e);
	hi_positions_set_text(&durable, "gen:7", HI_LIT("9"), &e);
	hi_kafka_source_commit(source, &durable, 10000);
	ck_assert_int_eq(7, committed("monitor", 0));
	ck_assert_int_lt(committed("monitor", 1), 0);
	hi_kafka_source_commit(source, at, 10000);
	ck_assert_int_eq(10, committed("monitor", 0));
	hi_positions_release(&durable);
	ck_assert_ptr_null(strstr(notes, "group"));
}
END_TEST

enum { OFFSET_COMMIT = 8 };

START_TEST(a_group_that_is_refused_is_told_once)
{
	make_topic("vitals", 1);
	produce(0, 0, 10);
	options.group = "monitor";
	ck_assert_int_eq(HI_OK, begin());
	ck_assert_int_eq(HI_OK, read_until(10));
	rd_kafka_mock_push_request_errors(cluster, OFFSET_COMMIT, 3,
					  RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
					  RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
					  RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
	store(0, 7, 1);
	hi_kafka_source_commit(source, &stored, 10000);
	is_told("the broker does not take the offsets of the group: monitor");
	notes[0] = '\0';
	store(0, 8, 1);
	hi_kafka_source_commit(source, &stored, 10000);
	ck_assert_str_eq("", notes);
	ck_assert_int_eq(HI_OK, read_once(10));
}
END_TEST

static Suite *kafka_source_suite(void)
{
	Suite *suite = suite_create("kafka_source");
	const struct {
		const char *name;
		const TTest *tests[16];
	} cases[] = {
		{ "begin",
		  { all_partitions_from_the_beginning, latest_is_what_comes_from_now_on,
		    nothing_there_is_an_end, only_some_partitions, two_topics,
		    bad_names_are_refused } },
		{ "resumed",
		  { it_goes_on_behind_its_position, a_position_without_a_message_before_it,
		    a_partition_that_is_new_to_the_store_begins_at_its_beginning,
		    what_is_no_position_is_status_6, another_message_before_the_position,
		    a_topic_made_anew_is_begun_again_where_that_was_said,
		    a_position_far_above_the_end, a_position_one_above_the_end } },
		{ "gone",
		  { messages_that_are_gone,
		    messages_that_are_gone_are_passed_by_where_that_was_said,
		    only_the_message_before_the_position_is_gone,
		    a_new_partition_whose_first_messages_are_gone,
		    a_topic_with_fewer_partitions_than_before, positions_of_another_cluster,
		    another_cluster_is_begun_where_that_was_said, positions_of_two_clusters } },
		{ "trouble",
		  { no_broker, a_wait_ends_when_it_is_asked_to, a_topic_that_is_not_there,
		    a_topic_that_may_not_be_read, a_partition_that_the_topic_has_not,
		    a_partition_without_a_leader, the_leader_moves, brokers_go_and_come,
		    brokers_stay_away, fetches_fail, at_the_end, the_group_is_told_what_is_durable,
		    a_group_that_is_refused_is_told_once } },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		TCase *t = tcase_create(cases[i].name);
		tcase_add_checked_fixture(t, setup, teardown);
		tcase_set_timeout(t, 60);
		for (size_t k = 0; k < 16 && cases[i].tests[k]; k++)
			tcase_add_test(t, cases[i].tests[k]);
		suite_add_tcase(suite, t);
	}
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(kafka_source_suite());
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
