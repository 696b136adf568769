/*
 * Messages to lines: what is no record is told with its place, what is one stays as it
 * is but for what an option adds, and how messages are put together makes no difference.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "bridge/message.h"
#include "vital/reader.h"

/* What came out: "i line\n", or "i !reason@column text\n"; i counts from base. */
static struct hi_buf out;
static size_t line_calls, stop_after, base;

static int take_line(void *arg, size_t i, struct hi_slice line, const struct hi_rec *rec,
		     struct hi_error *e)
{
	ck_assert_ptr_eq(arg, &out);
	ck_assert_int_eq(line.ptr[line.len], '\n');
	ck_assert(rec->line.len > 0 && rec->type != HI_T_MARK && rec->type != HI_T_REJECT);
	hi_buf_printf(&out, "%zu ", base + i);
	hi_buf_put(&out, line.ptr, line.len + 1);
	return ++line_calls == stop_after ? hi_error_set(e, HI_IO, "full") : HI_OK;
}

static int take_reject(void *arg, size_t i, struct hi_error *e, struct hi_slice text)
{
	ck_assert_ptr_eq(arg, &out);
	ck_assert_ptr_null(e->source);
	ck_assert_uint_eq(e->line, 0);
	hi_buf_printf(&out, "%zu !%s@%u ", base + i, e->text, e->column);
	hi_buf_slice(&out, text);
	hi_buf_putc(&out, '\n');
	return HI_OK;
}

static struct hi_message_lines *open_lines(struct hi_message_options o)
{
	static const struct hi_message_calls calls = { take_line, take_reject, &out };
	struct hi_message_lines *l;

	hi_buf_release(&out);
	hi_buf_init(&out, 64 << 20);
	line_calls = stop_after = base = 0;
	ck_assert_int_eq(hi_message_lines_new(&l, &o, &calls, NULL), HI_OK);
	return l;
}

static void add(struct hi_message_lines *l, const struct hi_message *m)
{
	struct hi_error e;

	ck_assert_int_eq(hi_message_lines_add(l, m, &e), HI_OK);
}

/* A message of that text, with a place of its own. */
static struct hi_message message(struct hi_slice value)
{
	return (struct hi_message){
		.topic = HI_LIT("vitals"),
		.partition = 3,
		.offset = 9007199254740993,
		.t_us = INT64_C(1766903400123456),
		.value = value,
	};
}

static void flush(struct hi_message_lines *l)
{
	struct hi_error e;

	ck_assert_int_eq(hi_message_lines_flush(l, &e), HI_OK);
	ck_assert_uint_eq(hi_message_lines_n(l), 0);
	ck_assert_uint_eq(hi_message_lines_bytes(l), 0);
}

static void expect(const char *text)
{
	ck_assert_msg(hi_slice_is(hi_buf_view(&out), text), "got:\n%.*s\nnot:\n%s", (int)out.len,
		      out.ptr, text);
}

/* One message alone. */
static void check_message(struct hi_message_options o, const struct hi_message *m, const char *want)
{
	struct hi_message_lines *l = open_lines(o);

	add(l, m);
	flush(l);
	hi_message_lines_free(l);
	expect(want);
}

static void check_text(struct hi_message_options o, const char *text, const char *want)
{
	struct hi_message m = message(hi_slice_of(text));

	check_message(o, &m, want);
}

static const struct hi_message_options none, meta = { .meta = true }, keys = { .keys = true },
					     headers = { .headers = true }, zone = { .zone = true };

#define READING(more)                                                                              \
	"{\"patient_id\":\"P-1\",\"metric_name\":\"heart_rate\",\"value\":72.50,\"unit\":\"bpm\"," \
	"\"timestamp\":\"2025-12-28T06:30:00Z\"" more "}"
#define META                                                                                       \
	",\"kafka_topic\":\"vitals\",\"kafka_partition\":3,\"kafka_offset\":9007199254740993,"     \
	"\"kafka_timestamp\":\"2025-12-28T06:30:00.123Z\""

START_TEST(one_line_stays_as_it_is)
{
	static const char odd[] =
		" {\t\"timestamp\" : \"2025-12-28 06:30:00\" ,\"value\":7.250e1, "
		"\"metric_name\":\"he\\u0061rt_rate\",\"patient_id\":\"\\u0050\xc3\xa9\\\"\","
		"\"kafka_offset\":7,\"x\":{\"a\":[1,2, 3]},\"x\":1 } \t";
	char want[1024];

	check_text(none, READING(""), "0 " READING("") "\n");
	check_text(none, READING("") "\n", "0 " READING("") "\n");
	check_text(none, READING("") "\r\n", "0 " READING("") "\n");
	snprintf(want, sizeof want, "0 %s\n", odd);
	check_text(none, odd, want);
	check_text(none, "{\"type\":\"some\",\"x\":[ ]}", "0 {\"type\":\"some\",\"x\":[ ]}\n");
}
END_TEST

START_TEST(several_lines_become_one)
{
	check_text(none,
		   "{\r\n  \"patient_id\": \"P \\\\\\\" 1\",\n\t\"metric_name\": \"heart_rate\",\n"
		   "  \"value\": 72.50,\r  \"timestamp\": \"2025-12-28 06:30:00\", \"x\": [ 1, "
		   "\"{ a : \\n }\" ]\n}\n",
		   "0 {\"patient_id\":\"P \\\\\\\" 1\",\"metric_name\":\"heart_rate\","
		   "\"value\":72.50,\"timestamp\":\"2025-12-28 06:30:00\","
		   "\"x\":[1,\"{ a : \\n }\"]}\n");
	/* One LF or CRLF is cut, a second is a line end within. */
	check_text(none, READING("") "\n\n", "0 " READING("") "\n");
	check_text(none, READING("") "\r", "0 " READING("") "\n");
	check_text(none, READING("") "\n{}",
		   "0 !not JSON: something follows the end@111 " READING("") "\n{}\n");
	check_text(none, "{\n\"patient_id\":7}",
		   "0 !metric_name: missing@1 {\n\"patient_id\":7}\n");
	check_text(none, "{\n\"type\":\"mark\"}",
		   "0 !a message may not be a mark@0 {\n\"type\":\"mark\"}\n");
}
END_TEST

START_TEST(what_is_no_record_is_a_reject)
{
	struct hi_message tombstone = message((struct hi_slice){ NULL, 0 });

	check_message(none, &tombstone, "0 !a message without a value@0 \n");
	check_text(none, "", "0 !blank line@1 \n");
	check_text(none, "\n", "0 !blank line@1 \n");
	check_text(none, "\r\n", "0 !blank line@1 \n");
	check_text(none, "\n\n", "0 !blank line@2 \n\n");
	check_text(none, "P-1,72", "0 !not a JSON object@1 P-1,72\n");
	check_text(none, "{\"patient_id\":\"P-1\"}",
		   "0 !metric_name: missing@1 {\"patient_id\":\"P-1\"}\n");
	check_text(none, "[" READING("") "]", "0 !not a JSON object@1 [" READING("") "]\n");
}
END_TEST

START_TEST(control_cannot_be_forged)
{
	static const char *const marks[] = {
		"{\"type\":\"mark\",\"run\":\"0123456789abcdef\",\"seq\":0,\"n\":0,\"positions\":{}"
		"}",
		"{\"type\":\"mark\",\"resume\":\"begin\"}",
		"{\"type\":\"m\\u0061rk\"}",
		" { \"x\" : 1, \"t\\u0079pe\" : \"mark\" }",
	};
	struct hi_message_options all = { true, true, true, true };
	char want[512];

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		snprintf(want, sizeof want, "0 !a message may not be a mark@0 %s\n", marks[i]);
		check_text(none, marks[i], want);
		check_text(all, marks[i], want);
	}
	check_text(none, "{\"type\":\"reject\",\"source\":\"x\",\"line\":1,\"text\":\"\"}",
		   "0 !a message may not be a reject@0 "
		   "{\"type\":\"reject\",\"source\":\"x\",\"line\":1,\"text\":\"\"}\n");
	/* Line ends cannot smuggle a second line in, in whatever form. */
	check_text(none, READING("") "\n{\"type\":\"mark\"}",
		   "0 !not JSON: something follows the end@111 " READING(
			   "") "\n{\"type\":\"mark\"}\n");
	check_text(none, READING(",\"x\":\"\n{\\\"type\\\":\\\"mark\\\"}\""),
		   "0 !not JSON: control character in a string@115 " READING(
			   ",\"x\":\"\n{\\\"type\\\":\\\"mark\\\"}\"") "\n");
}
END_TEST

START_TEST(too_long_is_cut)
{
	size_t len = HI_LINE_MAX + 1;
	char *text = malloc(len + 2);
	struct hi_message_lines *l = open_lines(none);
	struct hi_message m = message((struct hi_slice){ text, len });

	/* The longest there may be, with its line end. */
	memset(text, ' ', len + 2);
	memcpy(text, READING(""), sizeof READING("") - 1);
	m.value.len = HI_LINE_MAX;
	add(l, &m);
	text[HI_LINE_MAX] = '\n';
	m.value.len = HI_LINE_MAX + 1;
	add(l, &m);
	flush(l);
	ck_assert_uint_eq(out.len, 2 * (2 + HI_LINE_MAX + 1));
	ck_assert_uint_eq(line_calls, 2);
	hi_buf_reset(&out);
	text[HI_LINE_MAX] = ' ';
	memset(text + 4000, 'x', 95);
	memcpy(text + 4095, "\xc3\xa9", 2); /* the cut is not within it */
	add(l, &m);
	ck_assert_uint_lt(hi_message_lines_bytes(l), 5000);
	flush(l);
	ck_assert_msg(memcmp(out.ptr, "0 !message longer than 1 MiB@1048577 {", 38) == 0, "%.60s",
		      out.ptr);
	ck_assert_uint_eq(out.len, 37 + 4095 + 1);
	hi_message_lines_free(l);
	free(text);
}
END_TEST

START_TEST(a_place_is_added)
{
	struct hi_message m = message(hi_slice_of(READING("")));

	check_message(meta, &m, "0 " READING(META) "\n");
	check_text(meta, "{\"type\":\"some\" } ", "0 {\"type\":\"some\"" META " } \n");
	check_text(meta, "{\n\"type\":\"some\"\n}", "0 {\"type\":\"some\"" META "}\n");
	check_text(meta, READING("\t \t"), "0 " READING(META "\t \t") "\n");
	m.t_us = HI_TIME_MIN;
	m.offset = 0;
	m.topic = HI_LIT("a.b");
	check_message(meta, &m,
		      "0 " READING(",\"kafka_topic\":\"a.b\",\"kafka_partition\":3,"
				   "\"kafka_offset\":0") "\n");
	m.t_us = HI_TIME_END;
	check_message(meta, &m,
		      "0 " READING(",\"kafka_topic\":\"a.b\",\"kafka_partition\":3,"
				   "\"kafka_offset\":0") "\n");
}
END_TEST

/* At the beginning, amid, at the end, alone; spelt with escapes, twice, of any kind. */
START_TEST(a_place_cannot_be_forged)
{
	check_text(meta, "{\"kafka_offset\":1, \"type\" : \"some\"}",
		   "0 {\"type\" : \"some\"" META "}\n");
	check_text(meta, "{ \"type\":\"some\", \"kafka_t\\u006fpic\" : [1,{\"a\":2}] , \"b\": 1 }",
		   "0 { \"type\":\"some\" , \"b\": 1" META " }\n");
	check_text(meta, "{\"type\":\"some\",\"kafka_offset\":1,\"kafka_offset\":\"2\"}",
		   "0 {\"type\":\"some\"" META "}\n");
	check_text(meta, "{\"kafka_topic\":1,\"kafka_partition\":1,\"type\":\"some\",\"x\":1}",
		   "0 {\"type\":\"some\",\"x\":1" META "}\n");
	check_text(meta, READING(",\"kafka_timestamp\":\"2020-01-01T00:00:00Z\",\"w\":\"W7\""),
		   "0 " READING(",\"w\":\"W7\"" META) "\n");
	check_text(meta, "{\"\\u006bafka_offset\":1,\"type\":\"some\"}",
		   "0 {\"type\":\"some\"" META "}\n");
	/* Of what is asked for only, and at the top level. */
	check_text(meta, "{\"type\":\"some\",\"kafka_key\":1,\"a\":{\"kafka_offset\":1}}",
		   "0 {\"type\":\"some\",\"kafka_key\":1,\"a\":{\"kafka_offset\":1}" META "}\n");
	check_text(keys, "{\"type\":\"some\",\"kafka_key\":1,\"kafka_key_base64\":\"\"}",
		   "0 {\"type\":\"some\"}\n");
	check_text(headers, "{\"kafka_headers\":{},\"type\":\"some\",\"kafka_offset\":1}",
		   "0 {\"type\":\"some\",\"kafka_offset\":1}\n");
}
END_TEST

START_TEST(a_key_is_added)
{
	struct hi_message m = message(hi_slice_of("{\"type\":\"some\"}"));

	check_message(keys, &m, "0 {\"type\":\"some\"}\n");
	m.key = HI_LIT("");
	check_message(keys, &m, "0 {\"type\":\"some\",\"kafka_key\":\"\"}\n");
	m.key = HI_LIT("P-\"\\\n\x7f\xc3\xa9\0");
	check_message(
		keys, &m,
		"0 {\"type\":\"some\",\"kafka_key\":\"P-\\\"\\\\\\n\\u007f\xc3\xa9\\u0000\"}\n");
	m.key = HI_LIT("\xff\x00\x01");
	check_message(keys, &m, "0 {\"type\":\"some\",\"kafka_key_base64\":\"/wAB\"}\n");
}
END_TEST

START_TEST(headers_are_added)
{
	static const struct hi_message_header h[] = {
		{ { "b", 1 }, { "1", 1 } },	      { { "a\"", 2 }, { "x\n", 2 } },
		{ { "b", 1 }, { NULL, 0 } },	      { { "", 0 }, { "", 0 } },
		{ { "\xff\xc3\xa9", 3 }, { "", 0 } }, { { "b", 1 }, { "\xfe", 1 } },
	};
	struct hi_message m = message(hi_slice_of("{\"type\":\"some\"}"));

	check_message(headers, &m, "0 {\"type\":\"some\"}\n");
	m.headers = h;
	m.headers_n = 1;
	check_message(headers, &m, "0 {\"type\":\"some\",\"kafka_headers\":{\"b\":\"1\"}}\n");
	m.headers_n = sizeof h / sizeof *h;
	check_message(headers, &m,
		      "0 {\"type\":\"some\",\"kafka_headers\":{\"\":\"\",\"a\\\"\":\"x\\n\","
		      "\"b\":[\"1\",null,{\"base64\":\"/g==\"}],\"?\xc3\xa9\":\"\"}}\n");
}
END_TEST

START_TEST(added_to_above_the_longest_line)
{
	char *text = malloc(HI_LINE_MAX);
	size_t n = 500000;
	struct hi_message_header *h = calloc(n, sizeof *h);
	struct hi_message m = message((struct hi_slice){ text, HI_LINE_MAX });
	struct hi_message_lines *l = open_lines((struct hi_message_options){ true, true, true, 0 });

	memset(text, ' ', HI_LINE_MAX);
	memcpy(text, READING(""), sizeof READING("") - 1);
	add(l, &m);
	m.value = hi_slice_of(READING(""));
	for (size_t i = 0; i < n; i++)
		h[i].name = HI_LIT("");
	m.headers = h;
	m.headers_n = n;
	add(l, &m);
	m.headers_n = 100000; /* each may become three bytes: that goes */
	add(l, &m);
	m.headers_n = 0;
	m.key = (struct hi_slice){ text, HI_LINE_MAX };
	add(l, &m);
	memset(text, 1, HI_LINE_MAX);
	m.key.len = HI_LINE_MAX / 6;
	add(l, &m);
	m.key.len = 1;
	add(l, &m);
	flush(l);
	ck_assert_uint_eq(line_calls, 2);
	const char *at = out.ptr;
	for (int i = 0; i < 6; i++) {
		char want[64];
		snprintf(want, sizeof want,
			 i == 2 || i == 5 ? "%d {" : "%d !longer than 1 MiB with what is", i);
		ck_assert_msg(strncmp(at, want, strlen(want)) == 0, "%.80s", at);
		at = (const char *)memchr(at, '\n', out.len) + 1;
	}
	hi_message_lines_free(l);
	free(h);
	free(text);
}
END_TEST

#define AT(time)                                                                                   \
	"{\"patient_id\":\"P-1\",\"metric_name\":\"spo2\",\"timestamp\":\"" time "\",\"value\":"   \
	"97}"

START_TEST(the_zone_is_written)
{
	hi_tz_set("Europe/Berlin", NULL);
	check_text(zone, AT("2025-12-28 06:30:00"), "0 " AT("2025-12-28 06:30:00+01:00") "\n");
	check_text(zone, AT("2025-07-28T06:30:00.5"), "0 " AT("2025-07-28T06:30:00.5+02:00") "\n");
	check_text(zone, AT("2025-07-28 06:30:00.123456789"),
		   "0 " AT("2025-07-28 06:30:00.123456789+02:00") "\n");
	check_text(zone, AT("2025-12-28T06:30:00Z"), "0 " AT("2025-12-28T06:30:00Z") "\n");
	check_text(zone, AT("2025-12-28t06:30:00-05:00"),
		   "0 " AT("2025-12-28t06:30:00-05:00") "\n");
	check_text(none, AT("2025-12-28 06:30:00"), "0 " AT("2025-12-28 06:30:00") "\n");
	/* Autumn: the repeated hour is its first. Spring: the missing one is none. */
	check_text(zone, AT("2025-10-26 02:30:00"), "0 " AT("2025-10-26 02:30:00+02:00") "\n");
	check_text(zone, AT("2025-10-26 03:00:00"), "0 " AT("2025-10-26 03:00:00+01:00") "\n");
	check_text(zone, AT("2025-03-30 02:30:00"),
		   "0 !timestamp: this hour does not exist in Europe/Berlin@66 " AT(
			   "2025-03-30 02:30:00") "\n");
	/* Second 60 belongs to the hour before the change. */
	check_text(zone, AT("2025-03-30 01:59:60"), "0 " AT("2025-03-30 01:59:60+01:00") "\n");
	/* Berlin's clocks were 53 min 28 s ahead until 1893: no zone of RFC 3339. */
	check_text(zone, AT("1890-06-01 12:00:00.25"), "0 " AT("1890-06-01T11:06:32.250Z") "\n");
	check_text(zone, AT("2025-12-28\\u002006:30:00"), "0 " AT("2025-12-28T05:30:00Z") "\n");
	hi_tz_set("America/St_Johns", NULL);
	check_text(zone, AT("2025-12-28 06:30:00"), "0 " AT("2025-12-28 06:30:00-03:30") "\n");
	hi_tz_set("UTC", NULL);
	check_text(zone, AT("2025-12-28 06:30:00"), "0 " AT("2025-12-28 06:30:00Z") "\n");
}
END_TEST

START_TEST(the_zone_of_other_types)
{
	hi_tz_set("+05:30", NULL);
	check_text(
		zone,
		"{\"type\":\"void\",\"void_id\":\"v\", \"since\":\"2025-12-28 06:30:00\" ,"
		"\"until\": \"2025-12-28T07:30:00Z\",\"at\":\"yesterday\",\"note\":"
		"\"2025-12-28 06:30:00\",\"\\u0061t\":\"2025-12-28 06:3\\u0030:00\"}",
		"0 {\"type\":\"void\",\"void_id\":\"v\", \"since\":\"2025-12-28 06:30:00+05:30\" ,"
		"\"until\": \"2025-12-28T07:30:00Z\",\"at\":\"yesterday\",\"note\":"
		"\"2025-12-28 06:30:00\",\"\\u0061t\":\"2025-12-28T01:00:00Z\"}\n");
	/* With all options at once, where a place had been given. */
	struct hi_message m = message(HI_LIT(
		"{\"kafka_key\":1,\"timestamp\":\"2025-12-28 06:30:00\",\"patient_id\":\"P\","
		"\"metric_name\":\"spo2\",\"value\":9,\"kafka_offset\":1}"));
	m.key = HI_LIT("P");
	check_message((struct hi_message_options){ true, true, true, true }, &m,
		      "0 {\"timestamp\":\"2025-12-28 06:30:00+05:30\",\"patient_id\":\"P\","
		      "\"metric_name\":\"spo2\",\"value\":9" META ",\"kafka_key\":\"P\"}\n");
	hi_tz_set("UTC", NULL);
}
END_TEST

/* Good ones and bad ones: the order stays, and where flushes come changes nothing. */
START_TEST(however_they_are_put_together)
{
	static const char *const texts[] = {
		READING(""),
		READING(",\"ward\":\"W7\",\"seq\":12"),
		"",
		READING("") "\r\n",
		"{\n" READING("") "}",
		"{\r\"type\":\"some\" }",
		"{\"type\":\"mark\"}",
		READING(",\"kafka_offset\":1"),
		AT("2025-12-28 06:30:00"),
		"\xff\xfe",
		"{\"type\":\"alert\",\"alert_id\":\"x\"}",
	};
	enum { N = sizeof texts / sizeof *texts, ALL = 40 * N };
	static struct hi_message m[ALL];
	char *want = NULL;

	for (size_t i = 0; i < ALL; i++)
		m[i] = message(i % 17 ? hi_slice_of(texts[i * 7 % N])
				      : (struct hi_slice){ NULL, 0 });
	for (int options = 0; options < 4; options++)
		for (size_t per = 1; per <= ALL; per = per < 5 ? per + 1 : 2 * per) {
			struct hi_message_lines *l = open_lines((struct hi_message_options){
				.meta = options & 1, .zone = options & 2 });
			for (size_t i = 0; i < ALL; i++) {
				add(l, &m[i]);
				ck_assert_uint_eq(hi_message_lines_n(l), i % per + 1);
				if (i % per + 1 < per && i + 1 < ALL)
					continue;
				flush(l);
				base = i + 1;
			}
			hi_message_lines_free(l);
			hi_buf_putc(&out, '\0');
			if (per == 1) {
				free(want);
				want = strdup(out.ptr);
			}
			ck_assert_str_eq(out.ptr, want);
		}
	free(want);
}
END_TEST

START_TEST(a_call_ends_the_flush)
{
	struct hi_message_lines *l = open_lines(none);
	struct hi_message m = message(hi_slice_of(READING("")));
	struct hi_error e;

	for (int i = 0; i < 3; i++)
		add(l, &m);
	stop_after = 2;
	ck_assert_int_eq(hi_message_lines_flush(l, &e), HI_IO);
	ck_assert_str_eq(e.text, "full");
	ck_assert_uint_eq(line_calls, 2);
	ck_assert_uint_eq(hi_message_lines_n(l), 0);
	/* What was left is forgotten, and it goes on. */
	hi_buf_reset(&out);
	add(l, &m);
	flush(l);
	expect("0 " READING("") "\n");
	flush(l);
	hi_message_lines_free(l);
}
END_TEST

/* At the bound a message is not taken, and what was taken before comes out. */
START_TEST(the_bound_of_what_is_kept)
{
	struct hi_message_lines *l = open_lines(none);
	char *text = calloc(1, HI_LINE_MAX);
	struct hi_message m = message((struct hi_slice){ text, HI_LINE_MAX });
	struct hi_message one = message(hi_slice_of(READING("")));
	struct hi_error e;

	add(l, &one);
	memset(text, ' ', HI_LINE_MAX);
	memcpy(text, READING(""), sizeof READING("") - 1);
	while (hi_message_lines_bytes(l) < 64 << 20)
		add(l, &m);
	size_t n = hi_message_lines_n(l);
	while (hi_message_lines_add(l, &m, &e) == HI_OK)
		ck_assert_uint_lt(n++, 100);
	ck_assert_int_eq(e.status, HI_NOMEM);
	ck_assert_uint_eq(hi_message_lines_n(l), n);
	add(l, &one);
	hi_buf_release(&out);
	hi_buf_init(&out, 128 << 20);
	flush(l);
	ck_assert_uint_eq(line_calls, n + 1);
	hi_message_lines_free(l);
	free(text);
}
END_TEST

START_TEST(the_checksum)
{
	struct hi_message a = message(HI_LIT("v")), b;
	uint32_t first = hi_message_crc(&a);

	/* Written into stores: never another one. */
	ck_assert_uint_eq(first, 2671525157U);
	b = a;
	b.topic = HI_LIT("other");
	b.partition++;
	b.offset++;
	b.headers_n = 0;
	ck_assert_uint_eq(hi_message_crc(&b), first);
	b = a;
	b.t_us++;
	ck_assert_uint_ne(hi_message_crc(&b), first);
	b = a;
	b.key = HI_LIT("");
	ck_assert_uint_ne(hi_message_crc(&b), first);
	b = a;
	b.value = HI_LIT("w");
	ck_assert_uint_ne(hi_message_crc(&b), first);
	/* Where one ends and the other begins, and that there is none. */
	a.key = HI_LIT("ab");
	a.value = HI_LIT("c");
	b.key = HI_LIT("a");
	b.value = HI_LIT("bc");
	ck_assert_uint_ne(hi_message_crc(&a), hi_message_crc(&b));
	a.key = b.key = HI_LIT("a");
	a.value = HI_LIT("");
	b.value = (struct hi_slice){ NULL, 0 };
	ck_assert_uint_ne(hi_message_crc(&a), hi_message_crc(&b));
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("message");
	Suite *s = suite_create("message");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, one_line_stays_as_it_is);
	tcase_add_test(t, several_lines_become_one);
	tcase_add_test(t, what_is_no_record_is_a_reject);
	tcase_add_test(t, control_cannot_be_forged);
	tcase_add_test(t, too_long_is_cut);
	tcase_add_test(t, a_place_is_added);
	tcase_add_test(t, a_place_cannot_be_forged);
	tcase_add_test(t, a_key_is_added);
	tcase_add_test(t, headers_are_added);
	tcase_add_test(t, added_to_above_the_longest_line);
	tcase_add_test(t, the_zone_is_written);
	tcase_add_test(t, the_zone_of_other_types);
	tcase_add_test(t, however_they_are_put_together);
	tcase_add_test(t, a_call_ends_the_flush);
	tcase_add_test(t, the_bound_of_what_is_kept);
	tcase_add_test(t, the_checksum);
	suite_add_tcase(s, t);
	SRunner *sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
