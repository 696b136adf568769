/*
 * Messages, any bytes, to lines, with any options. The first byte says which options, the
 * second how many messages there are between flushes; behind them messages, each ended
 * by 0x1e, and what stands before a 0x1f in one is its key. A message that is 0x1d alone
 * has no value.
 *
 * Each comes out once and in order: as a reject where the strict parser refuses it, where
 * it is a mark or a reject, and nowhere else; otherwise as one line that the strict
 * parser takes, with every member that it had and those of the options. Without options
 * a message of one line is that line. How messages are put together changes nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "bridge/message.h"
#include "lines.h"
#include "vital/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

enum { MESSAGES_MAX = 512, END = 0x1e, KEY_END = 0x1f, NO_VALUE = 0x1d };

/* What the messages are, and what has come out of them so far. */
struct trial {
	struct hi_message_options options;
	struct hi_message m[MESSAGES_MAX];
	size_t n, base, next;
	struct hi_buf out;
	struct hi_parser in_parser, out_parser;
};

#define MUST(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "fuzz_message: %s:%d: %s\n", __FILE__, __LINE__,           \
				#condition);                                                       \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* The message without the line end that is cut off. */
static struct hi_slice text_of(const struct hi_message *m)
{
	struct hi_slice s = m->value;
	if (s.len > 0 && s.ptr[s.len - 1] == '\n')
		s.len -= s.len > 1 && s.ptr[s.len - 2] == '\r' ? 2 : 1;
	return s;
}

static bool one_line(struct hi_slice s)
{
	return !memchr(s.ptr, '\n', s.len) && !memchr(s.ptr, '\r', s.len);
}

/* The members of a line as the slicer has them: hi_parse_line takes a reading's own out. */
static void slice(struct hi_parser *ps, struct hi_slice line)
{
	MUST(hi_json_slice(&ps->json, line, NULL) == HI_OK);
}

static bool starts_as(const struct hi_member *m, const char *name)
{
	char key[6 * 128];
	size_t n = m->key.len;
	if (n > sizeof(key))
		return false;
	n = hi_json_unescape(m->key, key);
	return n == strlen(name) && memcmp(key, name, n) == 0;
}

static bool is_ours(const struct hi_message_options *o, const struct hi_member *m)
{
	static const char *const meta[] = { "kafka_topic", "kafka_partition", "kafka_offset",
					    "kafka_timestamp" };
	for (size_t i = 0; o->meta && i < sizeof meta / sizeof *meta; i++)
		if (starts_as(m, meta[i]))
			return true;
	return (o->keys && (starts_as(m, "kafka_key") || starts_as(m, "kafka_key_base64"))) ||
	       (o->headers && starts_as(m, "kafka_headers"));
}

static size_t count(const struct hi_json *j, const char *name)
{
	size_t n = 0;
	for (size_t i = 0; i < j->n; i++)
		n += starts_as(&j->m[i], name);
	return n;
}

/* A time that has got a zone says the moment that it said in the process's zone. */
static void check_zoned(const struct hi_member *a, const struct hi_member *b)
{
	char x[64], y[64];
	struct hi_slice r = { a->value.ptr + 1, a->value.len - 2 };
	struct hi_slice s = { b->value.ptr + 1, b->value.len - 2 };
	struct hi_time t, u;
	MUST(r.len <= sizeof x && s.len <= sizeof y);
	r = (struct hi_slice){ x, hi_json_unescape(r, x) };
	s = (struct hi_slice){ y, hi_json_unescape(s, y) };
	MUST(hi_time_parse(r, &t, NULL) == HI_OK && t.zoneless);
	MUST(hi_time_parse(s, &u, NULL) == HI_OK && !u.zoneless && t.t_us == u.t_us);
}

/* White space outside strings, which several lines lose, is the one difference there may be. */
static bool same_but_space(struct hi_slice a, struct hi_slice b, bool spaced)
{
	if (!spaced)
		return hi_slice_eq(a, b);
	bool string = false;
	size_t k = 0;
	for (size_t i = 0; i < a.len; i++) {
		char c = a.ptr[i];
		if (!string && (c == ' ' || c == '\t' || c == '\n' || c == '\r'))
			continue;
		if (k == b.len || b.ptr[k++] != c)
			return false;
		if (string && c == '\\' && (k == b.len || b.ptr[k++] != a.ptr[++i]))
			return false;
		if (c == '"')
			string = !string;
	}
	return k == b.len;
}

/* Every member of the message that no option stands for is in the line, in its order. */
static void check_members(struct trial *t, struct hi_slice text, struct hi_slice line)
{
	const struct hi_json *a = &t->in_parser.json, *b = &t->out_parser.json;
	size_t k = 0;
	slice(&t->in_parser, text);
	slice(&t->out_parser, line);
	for (size_t i = 0; i < a->n; i++) {
		if (is_ours(&t->options, &a->m[i]))
			continue;
		MUST(k < b->n && hi_slice_eq(a->m[i].key, b->m[k].key));
		if (!same_but_space(a->m[i].value, b->m[k].value, !one_line(text))) {
			MUST(t->options.zone && a->m[i].kind == HI_JSON_STRING);
			check_zoned(&a->m[i], &b->m[k]);
		}
		k++;
	}
	for (; k < b->n; k++)
		MUST(is_ours(&t->options, &b->m[k]));
}

static void check_added(struct trial *t, const struct hi_message *m, struct hi_slice line)
{
	const struct hi_json *j = &t->out_parser.json;
	char number[32];
	slice(&t->out_parser, line);
	if (t->options.meta) {
		snprintf(number, sizeof number, "%lld", (long long)m->offset);
		MUST(count(j, "kafka_topic") == 1 && count(j, "kafka_partition") == 1);
		MUST(count(j, "kafka_offset") == 1 && count(j, "kafka_timestamp") == 1);
		MUST(hi_slice_is(hi_json_find(j, "kafka_offset")->value, number));
	}
	if (t->options.keys) {
		bool plain = m->key.ptr && hi_utf8_valid(m->key, NULL);
		MUST(count(j, "kafka_key") == plain);
		MUST(count(j, "kafka_key_base64") == (m->key.ptr && !plain));
	}
	if (t->options.keys && m->key.ptr && hi_utf8_valid(m->key, NULL)) {
		struct hi_buf scratch;
		hi_buf_init(&scratch, 1 << 20);
		struct hi_slice key = hi_member_text(hi_json_find(j, "kafka_key"), &scratch);
		MUST(hi_slice_eq(key, m->key));
		hi_buf_release(&scratch);
	}
	if (t->options.headers)
		MUST(count(j, "kafka_headers") == (m->headers_n > 0));
}

static int take_line(void *arg, size_t i, struct hi_slice line, const struct hi_rec *rec,
		     struct hi_error *e)
{
	struct trial *t = arg;
	const struct hi_message *m = &t->m[t->base + i];
	struct hi_rec in, out;
	MUST(t->base + i == t->next++ && m->value.ptr);
	struct hi_slice text = text_of(m);
	MUST(hi_parse_line(&t->in_parser, text, &in, e) == HI_OK);
	MUST(in.type != HI_T_MARK && in.type != HI_T_REJECT);
	MUST(line.ptr[line.len] == '\n' && one_line(line) && line.len <= HI_LINE_MAX);
	MUST(hi_parse_line(&t->out_parser, line, &out, e) == HI_OK && out.type == in.type);
	MUST(rec->type == in.type && rec->has == in.has && rec->t_us == in.t_us);
	MUST(hi_slice_eq(in.patient_id, out.patient_id) && in.t_us == out.t_us);
	if (t->options.zone && (in.has & HI_HAS_ZONELESS))
		MUST(!(out.has & HI_HAS_ZONELESS));
	const struct hi_message_options *o = &t->options;
	if (!o->keys && !o->headers && !o->meta && !o->zone)
		MUST(same_but_space(text, line, !one_line(text)));
	check_members(t, text, line);
	check_added(t, m, line);
	hi_buf_put(&t->out, line.ptr, line.len + 1);
	return HI_OK;
}

static int take_reject(void *arg, size_t i, struct hi_error *e, struct hi_slice text)
{
	struct trial *t = arg;
	const struct hi_message *m = &t->m[t->base + i];
	struct hi_rec in;
	struct hi_error why;
	MUST(t->base + i == t->next++);
	MUST(e->status == HI_REFUSED && e->text && !e->source && e->line == 0);
	if (m->value.ptr) {
		MUST(hi_slice_eq(text, text_of(m)));
		MUST(e->column <= text.len + 2);
		int s = hi_parse_line(&t->in_parser, text_of(m), &in, &why);
		MUST(s == HI_REFUSED || in.type == HI_T_MARK || in.type == HI_T_REJECT);
		if (s == HI_REFUSED)
			MUST(strcmp(why.text, e->text) == 0 && why.column == e->column);
	} else {
		MUST(text.len == 0);
	}
	hi_buf_printf(&t->out, "!%s@%u ", e->text, e->column);
	hi_buf_slice(&t->out, text);
	return HI_OK;
}

static const struct hi_message_header headers[] = {
	{ { "trace", 5 }, { "\"7\"", 3 } },
	{ { "src", 3 }, { "\xff", 1 } },
	{ { "trace", 5 }, { NULL, 0 } },
};

static void split(struct trial *t, const char *p, size_t len)
{
	t->n = 0;
	for (const char *end = p + len; p < end && t->n < MESSAGES_MAX;) {
		const char *stop = memchr(p, END, (size_t)(end - p));
		stop = stop ? stop : end;
		struct hi_slice value = { p, (size_t)(stop - p) }, key = { NULL, 0 };
		const char *key_end = memchr(p, KEY_END, value.len);
		if (key_end) {
			key = (struct hi_slice){ p, (size_t)(key_end - p) };
			value = (struct hi_slice){ key_end + 1, (size_t)(stop - key_end) - 1 };
		}
		if (value.len == 1 && value.ptr[0] == NO_VALUE)
			value = (struct hi_slice){ NULL, 0 };
		t->m[t->n] = (struct hi_message){
			.topic = HI_LIT("t"),
			.partition = 1,
			.offset = (int64_t)t->n * 1000003,
			.t_us = INT64_C(1766903400000000),
			.key = key,
			.value = value,
			.headers = headers,
			.headers_n = t->n % 4,
		};
		t->n++;
		p = stop + 1;
	}
}

/* All messages, with a flush each per; what came out is in t->out. */
static void run(struct trial *t, size_t per)
{
	const struct hi_message_calls calls = { take_line, take_reject, t };
	struct hi_message_lines *l;
	struct hi_error e;
	MUST(hi_message_lines_new(&l, &t->options, &calls, &e) == HI_OK);
	t->base = t->next = 0;
	for (size_t i = 0; i < t->n; i++) {
		MUST(hi_message_lines_add(l, &t->m[i], &e) == HI_OK);
		if (hi_message_lines_n(l) < per && i + 1 < t->n)
			continue;
		MUST(hi_message_lines_flush(l, &e) == HI_OK);
		t->base = i + 1;
	}
	MUST(t->next == t->n && !t->out.failed);
	hi_message_lines_free(l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct trial t, alone;
	if (size < 2)
		return 0;
	hi_tz_set(data[0] & 16 ? "Europe/Berlin" : data[0] & 32 ? "-03:30" : "UTC", NULL);
	t.options =
		(struct hi_message_options){ data[0] & 1, data[0] & 2, data[0] & 4, data[0] & 8 };
	hi_parser_init(&t.in_parser);
	hi_parser_init(&t.out_parser);
	hi_buf_init(&t.out, 64 << 20);
	split(&t, (const char *)data + 2, size - 2);
	alone = t;
	run(&t, data[1] ? data[1] : MESSAGES_MAX);
	hi_parser_init(&alone.in_parser);
	hi_parser_init(&alone.out_parser);
	run(&alone, 1);
	MUST(hi_slice_eq(hi_buf_view(&t.out), hi_buf_view(&alone.out)));
	hi_parser_release(&t.in_parser);
	hi_parser_release(&t.out_parser);
	hi_parser_release(&alone.in_parser);
	hi_parser_release(&alone.out_parser);
	hi_buf_release(&t.out);
	hi_buf_release(&alone.out);
	return 0;
}

/* Some text at a random place: what lines of records alone would hardly have. */
static size_t insert(uint64_t s, uint8_t *data, size_t size, size_t max_size)
{
	static const char *const texts[] = {
		"\"kafka_offset\":1,",
		"\"kafka\\u005ftopic\":[1, 2],",
		",\"kafka_key\":null",
		",\"kafka_key_base64\":\"\"",
		"\"kafka_timestamp\" : \"2020-01-01T00:00:00Z\" ,",
		",\"kafka_headers\":{\"a\":{}}",
		"\"type\":\"mark\",",
		"\"t\\u0079pe\":\"reject\",",
		"\"type\":\"void\",\"void_id\":\"v\",\"since\":\"2025-03-30 02:30:00\",",
		"\"type\":\"some\",\"at\":\"2025-12-28 06:30:00\",",
		"\n",
		"\r\n",
		"\r",
		"\x1e",
		"P\x1f",
		"\x1e\x1d\x1e",
		"2025-10-26 02:30:60",
		"1850-01-01 00:00:00.1234567",
	};
	const char *p = texts[s % (sizeof texts / sizeof *texts)];
	size_t n = strlen(p), at = 2 + (size_t)(s >> 32) % (size - 1);
	/* Where an object begins or has a comma it has a meaning more often. */
	for (size_t k = at; (s >> 8 & 3) && k < size; k++)
		if (data[k] == '{' || data[k] == ',') {
			at = k + 1;
			break;
		}
	if (size + n > max_size || at > size)
		return size;
	memmove(data + at + n, data + at, size - at);
	memcpy(data + at, p, n);
	return size + n;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	uint64_t s = ((uint64_t)seed + 1) * UINT64_C(0x9E3779B97F4A7C15);
	char *text = (char *)data + 2;
	if (max_size < 64)
		return LLVMFuzzerMutate(data, size, max_size);
	if (size < 3 || seed % 16 == 0) {
		data[0] = (uint8_t)(s >> 24);
		data[1] = (uint8_t)(s >> 40);
		size = 2 + lines_make(s, text, max_size - 2);
		for (size_t i = 2; i < size; i++)
			if (data[i] == '\n' && (s >> i % 61 & 7) != 0)
				data[i] = END;
		return size;
	}
	if (seed % 16 < 5)
		return insert(s, data, size, max_size);
	if (seed % 16 < 10)
		return 2 + lines_spoil(s, text, size - 2, max_size - 2);
	if (seed % 16 < 12)
		return 2 + lines_repeat(s, text, size - 2, max_size - 2);
	return LLVMFuzzerMutate(data, size, max_size);
}
