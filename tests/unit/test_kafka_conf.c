/* Settings of librdkafka from a file, what it logs as states, its errors as ours. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/time.h"
#include "bridge/kafka_conf.h"
#include "bridge/kafka_log.h"

static struct hi_error e;
static rd_kafka_conf_t *conf;
static struct hi_kafka_log *rk_log;
static struct hi_buf told;

static void setup(void)
{
	conf = rd_kafka_conf_new();
	hi_buf_init(&told, 64 << 10);
	ck_assert_int_eq(hi_kafka_log_new(&rk_log, &e), HI_OK);
}

static void teardown(void)
{
	hi_buf_release(&told);
	hi_kafka_log_free(rk_log);
	rd_kafka_conf_destroy(conf);
}

static const char *value_of(const char *name)
{
	static char text[256];
	size_t size = sizeof(text);
	ck_assert_int_eq(rd_kafka_conf_get(conf, name, text, &size), RD_KAFKA_CONF_OK);
	return text;
}

static int take(const char *text, bool *secret)
{
	return hi_kafka_conf_text(conf, hi_slice_of(text), "k.conf", secret, &e);
}

START_TEST(names_and_values)
{
	bool secret;
	ck_assert_int_eq(take("# TLS\n"
			      "\n"
			      "  client.id = gw3 \t\r\n"
			      "sasl.password=a=b # c\n"
			      "\t# sasl.username=x\n"
			      "fetch.wait.max.ms=7",
			      &secret),
			 HI_OK);
	ck_assert(secret);
	ck_assert_str_eq(value_of("client.id"), "gw3");
	ck_assert_str_eq(value_of("sasl.password"), "a=b # c");
	ck_assert_str_eq(value_of("fetch.wait.max.ms"), "7");
	ck_assert_int_eq(take("client.id=gw4\n", &secret), HI_OK);
	ck_assert(!secret);
	ck_assert_int_eq(take("", &secret), HI_OK);
}
END_TEST

/* Where it is wrong is told exactly; what may be a secret is told nowhere. */
START_TEST(what_is_wrong_and_where)
{
	static const struct {
		const char *text;
		uint64_t line;
		uint32_t column;
		const char *what, *detail;
	} bad[] = {
		{ "hunter2\n", 1, 1, "not NAME=VALUE", "" },
		{ "\n  =hunter2", 2, 3, "not NAME=VALUE", "" },
		{ "#\nhunter2=\n", 2, 1, "no setting of librdkafka has this name", "" },
		{ " sasl.pasword = hunter2", 1, 2, "no setting of librdkafka has this name",
		  "did you mean sasl.password?" },
		{ "security.protocol=hunter2", 1, 1, "librdkafka does not take the value of this",
		  "security.protocol" },
		{ "client.id=a\n\tacks = 1", 2, 2, "this setting is not the file's to make",
		  "acks: no line may be lost" },
		{ "enable.auto.commit=hunter2", 1, 1, "this setting is not the file's to make",
		  "enable.auto.commit: exactly once goes by marks" },
	};
	bool secret;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(take(bad[i].text, &secret), HI_USAGE);
		ck_assert_str_eq(e.source, "k.conf");
		ck_assert_uint_eq(e.line, bad[i].line);
		ck_assert_uint_eq(e.column, bad[i].column);
		ck_assert_str_eq(e.text, bad[i].what);
		ck_assert_str_eq(e.detail, bad[i].detail);
		ck_assert_ptr_null(strstr(e.detail, "hunter2"));
	}
	struct hi_slice zero = { "client.id=a\0b", 13 };
	ck_assert_int_eq(hi_kafka_conf_text(conf, zero, "k.conf", &secret, &e), HI_USAGE);
	ck_assert_uint_eq(e.column, 12);
}
END_TEST

START_TEST(a_line_has_a_bound)
{
	bool secret;
	struct hi_buf b;
	hi_buf_init(&b, 8192);
	hi_buf_puts(&b, "client.id=");
	while (b.len < 4095)
		hi_buf_putc(&b, 'x');
	ck_assert_int_eq(hi_kafka_conf_text(conf, hi_buf_view(&b), "k.conf", &secret, &e), HI_OK);
	hi_buf_putc(&b, 'x');
	ck_assert_int_eq(hi_kafka_conf_text(conf, hi_buf_view(&b), "k.conf", &secret, &e),
			 HI_USAGE);
	hi_buf_release(&b);
}
END_TEST

START_TEST(a_file)
{
	char path[] = "/tmp/hi-kafka-conf.XXXXXX";
	bool open = true;
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "sasl.password=p\n", 16), 16);
	ck_assert_int_eq(hi_kafka_conf_file(conf, path, &open, &e), HI_OK);
	ck_assert(!open);
	ck_assert_str_eq(value_of("sasl.password"), "p");
	fchmod(fd, 0644);
	ck_assert_int_eq(hi_kafka_conf_file(conf, path, &open, &e), HI_OK);
	ck_assert(open);
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	ck_assert_int_eq(hi_kafka_conf_file(conf, path, &open, &e), HI_OK);
	ck_assert(!open); /* it has no secret */
	ck_assert_int_eq(ftruncate(fd, 1 << 20), 0);
	ck_assert_int_eq(hi_kafka_conf_file(conf, path, &open, &e), HI_USAGE);
	ck_assert_str_eq(e.text, "a settings file has at most 60 KiB");
	close(fd);
	unlink(path);
	ck_assert_int_eq(hi_kafka_conf_file(conf, path, &open, &e), HI_IO);
	ck_assert_int_eq(hi_kafka_conf_file(conf, NULL, &open, &e), HI_OK);
	ck_assert(!open);
}
END_TEST

START_TEST(a_table_of_ours)
{
	static const struct hi_kafka_setting good[] = { { "acks", "all" },
							{ "linger.ms", "2" },
							{ NULL, NULL } };
	static const struct hi_kafka_setting wrong[] = { { "acks", "many" }, { NULL, NULL } };
	ck_assert_int_eq(hi_kafka_conf_set_all(conf, good, &e), HI_OK);
	ck_assert_str_eq(value_of("linger.ms"), "2");
	ck_assert_int_eq(hi_kafka_conf_set_all(conf, wrong, &e), HI_USAGE);
	ck_assert_str_eq(e.detail, "acks");
	ck_assert_int_eq(hi_kafka_conf_set(conf, "acks", "1", &e), HI_OK);
}
END_TEST

START_TEST(errors_say_what_to_do)
{
	ck_assert_int_eq(hi_kafka_error(&e, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, "not sent",
					"patient-vitals"),
			 HI_PEER);
	ck_assert_int_eq(e.status, HI_PEER);
	ck_assert_str_eq(e.text, "not sent");
	ck_assert_str_eq(e.detail, "patient-vitals: Broker: Message size too large; "
				   "the topic's max.message.bytes says how much it takes");
	hi_kafka_error(&e, RD_KAFKA_RESP_ERR__TIMED_OUT, "not sent", NULL);
	ck_assert_str_eq(e.detail, "Local: Timed out");
	/* Each code, with the longest name of a topic: cut, never overrun. */
	const struct rd_kafka_err_desc *all;
	size_t n;
	char topic[250];
	memset(topic, 't', sizeof(topic));
	topic[sizeof(topic) - 1] = '\0';
	rd_kafka_get_err_descs(&all, &n);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(hi_kafka_error(&e, all[i].code, "not sent", topic), HI_PEER);
}
END_TEST

static void keep(void *arg, const char *text)
{
	ck_assert_ptr_eq(arg, &told);
	hi_buf_puts(&told, text);
	hi_buf_putc(&told, '\n');
}

static const char *serve(void)
{
	hi_buf_reset(&told);
	hi_kafka_log_serve(rk_log, keep, &told);
	hi_buf_putc(&told, '\0');
	return told.ptr;
}

#define REFUSED "h:9092/1: Connect to ipv4#10.0.0.1:9092 failed: Connection refused"

START_TEST(a_state_is_told_once)
{
	hi_kafka_log_put(rk_log, 3, "[thrd:h:9092/1]: " REFUSED " (after 0ms in state CONNECT)", 1);
	hi_kafka_log_put(rk_log, 3,
			 "[thrd:h:9092/1]: " REFUSED
			 " (after 9ms in state CONNECT, 30 identical error(s) suppressed)",
			 2);
	hi_kafka_log_put(rk_log, 3, "[thrd:app]: gw3#producer-1: " REFUSED " (after 9ms in", 3);
	hi_kafka_log_put(rk_log, 3, "[thrd:main]: 1/1 brokers are down", 3);
	hi_kafka_log_put(rk_log, 5, "[thrd:main]: a notice", 3);
	ck_assert_str_eq(serve(), REFUSED "\n1/1 brokers are down\n");
	hi_kafka_log_put(rk_log, 3, REFUSED, HI_US_MIN);
	ck_assert_str_eq(serve(), "");
	hi_kafka_log_put(rk_log, 3, REFUSED, 10 * HI_US_MIN + 1);
	ck_assert_str_eq(serve(), REFUSED "\n");
	hi_kafka_log_well(rk_log);
	hi_kafka_log_put(rk_log, 3, REFUSED, 10 * HI_US_MIN + 2);
	ck_assert_str_eq(serve(), REFUSED "\n");
}
END_TEST

START_TEST(no_flood)
{
	char text[64];
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "h%d:9092/%d: away", i, i);
		hi_kafka_log_put(rk_log, 3, text, 1 + i);
	}
	const char *out = serve();
	ck_assert_str_eq(strrchr(out, 'h'), "h9:9092/9: away\n");
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "h%d:9092/%d: away", i, i);
		hi_kafka_log_put(rk_log, 3, text, HI_US_S + i);
	}
	ck_assert_str_eq(serve(), "");
	hi_kafka_log_put(rk_log, 3, "h1:9092/1: another", 2 * HI_US_MIN);
	ck_assert_str_eq(serve(), "h1:9092/1: another\n");
}
END_TEST

START_TEST(one_line_whatever_is_in_it)
{
	char text[4096];
	hi_kafka_log_put(rk_log, 3, "h:1/1: a\nhi-store: all is well\x1b[2J\n", 1);
	ck_assert_str_eq(serve(), "h:1/1: a hi-store: all is well [2J\n");
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	hi_kafka_log_put(rk_log, 3, text, 1);
	ck_assert_uint_eq(strlen(serve()), 256);
}
END_TEST

/* A client of a port where nobody listens: what it logs arrives as one state. */
START_TEST(what_a_client_logs)
{
	char why[256];
	hi_kafka_log_attach(rk_log, conf, &told);
	ck_assert_ptr_eq(hi_kafka_log_arg(rk_log), &told);
	ck_assert_int_eq(hi_kafka_conf_set(conf, "bootstrap.servers", "127.0.0.1:1", &e), HI_OK);
	ck_assert_int_eq(hi_kafka_conf_set(conf, "reconnect.backoff.ms", "10", &e), HI_OK);
	ck_assert_int_eq(hi_kafka_conf_set(conf, "reconnect.backoff.max.ms", "20", &e), HI_OK);
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_dup(conf), why, sizeof(why));
	ck_assert_msg(rk != NULL, "%s", why);
	const struct rd_kafka_metadata *md;
	ck_assert_int_ne(rd_kafka_metadata(rk, 0, NULL, &md, 500), RD_KAFKA_RESP_ERR_NO_ERROR);
	const char *out = serve();
	const char *first = strstr(out, "127.0.0.1:1/bootstrap: Connect to ipv4#127.0.0.1:1 "
					"failed: Connection refused");
	ck_assert_msg(first != NULL, "%s", out);
	ck_assert_msg(!strstr(strchr(first, '\n'), "refused"), "%s", out);
	rd_kafka_destroy(rk);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("kafka_conf");
	TCase *t = tcase_create("kafka_conf");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, names_and_values);
	tcase_add_test(t, what_is_wrong_and_where);
	tcase_add_test(t, a_line_has_a_bound);
	tcase_add_test(t, a_file);
	tcase_add_test(t, a_table_of_ours);
	tcase_add_test(t, errors_say_what_to_do);
	tcase_add_test(t, a_state_is_told_once);
	tcase_add_test(t, no_flood);
	tcase_add_test(t, one_line_whatever_is_in_it);
	tcase_add_test(t, what_a_client_logs);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
