/*
 * librdkafka's mock cluster as a program of its own: brokers without a JVM, which move
 * leaders, go away and refuse on command.
 *
 *   mock_cluster N        N brokers, numbers 1 to N; prints their addresses
 *
 * Commands on standard input, each answered by "ok" or "error: TEXT"; its end ends all.
 *
 *   topic NAME PARTITIONS COPIES    makes a topic
 *   leader TOPIC PARTITION BROKER   another broker leads the partition; -1: none
 *   down BROKER | up BROKER         disconnects and refuses, or serves again; -1: all
 *   rtt BROKER MS                   answers so much later; -1: all
 *   errors REQUEST TIMES CODE...    the next requests of that kind get these codes, one each,
 *                                   TIMES over; -195 cuts the connection
 *   clear REQUEST                   no more of them
 *   refuse TOPIC CODE               what metadata say of the topic; 0: that it is there
 *
 * It keeps the newest 5 MB and 100,000 messages of a partition, and does not know that a
 * producer sends something for the second time.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>
/* Needs rdkafka.h before it. */
#include <librdkafka/rdkafka_mock.h>

enum { WORDS_MAX = 32, LINE_MAX_LEN = 1024, PUSHED_MAX = 100000 };

/* The kinds of requests that the mock cluster can refuse, by the protocol's numbers. */
static const struct {
	const char *name;
	int16_t key;
} requests[] = {
	{ "Produce", 0 },	   { "Fetch", 1 },	  { "ListOffsets", 2 },
	{ "Metadata", 3 },	   { "OffsetCommit", 8 }, { "OffsetFetch", 9 },
	{ "FindCoordinator", 10 }, { "ApiVersion", 18 },  { "InitProducerId", 22 },
};

static int16_t request_of(const char *name)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++)
		if (strcmp(requests[i].name, name) == 0)
			return requests[i].key;
	return -1;
}

static bool push_errors(rd_kafka_mock_cluster_t *cluster, int n, char **word)
{
	int16_t request = request_of(word[1]);
	int times = atoi(word[2]);
	rd_kafka_resp_err_t codes[WORDS_MAX];

	if (request < 0 || times < 1 || times > PUSHED_MAX)
		return false;
	for (int i = 3; i < n; i++)
		codes[i - 3] = (rd_kafka_resp_err_t)atoi(word[i]);
	for (int i = 0; i < times; i++)
		rd_kafka_mock_push_request_errors_array(cluster, request, (size_t)n - 3, codes);
	return true;
}

static bool is(char **word, int n, const char *name, int arguments)
{
	return strcmp(word[0], name) == 0 && n == arguments + 1;
}

/* NULL, or what is wrong. */
static const char *obey(rd_kafka_mock_cluster_t *cluster, int n, char **word)
{
	rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;

	if (is(word, n, "topic", 3)) {
		err = rd_kafka_mock_topic_create(cluster, word[1], atoi(word[2]), atoi(word[3]));
	} else if (is(word, n, "leader", 3)) {
		err = rd_kafka_mock_partition_set_leader(cluster, word[1], atoi(word[2]),
							 atoi(word[3]));
	} else if (is(word, n, "down", 1)) {
		err = rd_kafka_mock_broker_set_down(cluster, atoi(word[1]));
	} else if (is(word, n, "up", 1)) {
		err = rd_kafka_mock_broker_set_up(cluster, atoi(word[1]));
	} else if (is(word, n, "rtt", 2)) {
		err = rd_kafka_mock_broker_set_rtt(cluster, atoi(word[1]), atoi(word[2]));
	} else if (n >= 4 && strcmp(word[0], "errors") == 0) {
		if (!push_errors(cluster, n, word))
			return "no such request, or not so often";
	} else if (is(word, n, "clear", 1) && request_of(word[1]) >= 0) {
		rd_kafka_mock_clear_request_errors(cluster, request_of(word[1]));
	} else if (is(word, n, "refuse", 2)) {
		rd_kafka_mock_topic_set_error(cluster, word[1], (rd_kafka_resp_err_t)atoi(word[2]));
	} else {
		return "no such command, or not so many words";
	}
	return err ? rd_kafka_err2str(err) : NULL;
}

static void answer(rd_kafka_mock_cluster_t *cluster, char *line)
{
	char *word[WORDS_MAX], *rest = NULL;
	int n = 0;

	for (char *w = strtok_r(line, " \n", &rest); w && n < WORDS_MAX;
	     w = strtok_r(NULL, " \n", &rest))
		word[n++] = w;
	const char *wrong = n > 0 ? obey(cluster, n, word) : "no command";
	if (wrong)
		printf("error: %s\n", wrong);
	else
		puts("ok");
}

int main(int argc, char **argv)
{
	int brokers = argc == 2 ? atoi(argv[1]) : 0;
	char reason[512], line[LINE_MAX_LEN];

	if (brokers < 1) {
		fputs("usage: mock_cluster BROKERS\n", stderr);
		return 2;
	}
	/* The cluster belongs to a client, which itself does nothing. */
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_conf_set_log_cb(conf, NULL);
	rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof(reason));
	if (!client) {
		fprintf(stderr, "mock_cluster: %s\n", reason);
		return 4;
	}
	rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(client, brokers);
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts(rd_kafka_mock_cluster_bootstraps(cluster));
	while (fgets(line, sizeof(line), stdin))
		answer(cluster, line);
	rd_kafka_mock_cluster_destroy(cluster);
	rd_kafka_destroy(client);
	return 0;
}
