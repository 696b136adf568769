/*
 * The strict slicer against jansson: both take the same objects and see the same
 * values. Where jansson is narrower it is not asked: it refuses numbers beyond a
 * double, a NUL in a key, and stops at 2,048 levels where the slicer stops at 512.
 * It loses a NUL byte that follows a number: nothing with a NUL byte is legal, so
 * there it is not asked. Of keys that stand twice it keeps the last.
 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "lines.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

enum { DEPTH_MAX = 8 }; /* how deep values are compared */

static void fail(const char *what, struct hi_slice text)
{
	fprintf(stderr, "fuzz_json: %s\n%.*s\n", what, (int)text.len, text.ptr);
	abort();
}

static void compare_value(const struct hi_member *m, const json_t *want, int depth);

/* A string written again must read as the same bytes, here and there. */
static void compare_quoted(struct hi_slice text)
{
	struct hi_buf b;
	char *copy = malloc(text.len * 6 + 2);

	hi_buf_init(&b, text.len * 6 + 2);
	hi_json_quote(&b, text);
	struct hi_slice quoted = hi_buf_view(&b);
	json_t *back = json_loadb(quoted.ptr, quoted.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	if (b.failed || !json_is_string(back) || json_string_length(back) != text.len ||
	    memcmp(json_string_value(back), text.ptr, text.len) != 0)
		fail("quoted string reads otherwise", text);
	size_t n = hi_json_unescape((struct hi_slice){ quoted.ptr + 1, quoted.len - 2 }, copy);
	if (n != text.len || memcmp(copy, text.ptr, n) != 0)
		fail("quoted string unescapes otherwise", text);
	json_decref(back);
	free(copy);
	hi_buf_release(&b);
}

static void compare_string(const struct hi_member *m, const json_t *want)
{
	struct hi_buf scratch;

	hi_buf_init(&scratch, m->value.len);
	struct hi_slice text = hi_member_text(m, &scratch);
	if (text.len != json_string_length(want) ||
	    memcmp(text.ptr, json_string_value(want), text.len) != 0)
		fail("string differs", m->value);
	if (!hi_utf8_valid(text, NULL))
		fail("string is not UTF-8", m->value);
	compare_quoted(text);
	hi_buf_release(&scratch);
}

static void compare_number(const struct hi_member *m, double want)
{
	struct hi_num n;

	if (!hi_num_parse(m->value, &n) || n.v != want || (n.v == 0 && signbit(n.v)))
		fail("number differs", m->value);
	char text[HI_NUM_TEXT_MAX + 1];
	text[hi_num_format(n.v, text)] = '\0';
	if (strtod(text, NULL) != want)
		fail("number reads back otherwise", m->value);
}

static void compare_array(struct hi_slice text, const json_t *want, int depth)
{
	struct hi_json j;

	hi_json_init(&j);
	if (hi_json_slice_array(&j, text, NULL) != HI_OK || j.n != json_array_size(want))
		fail("array differs", text);
	for (size_t i = 0; i < j.n; i++)
		compare_value(&j.m[i], json_array_get(want, i), depth);
	hi_json_release(&j);
}

/* The last member of each name, as jansson keeps them. */
static void compare_object(const struct hi_json *j, struct hi_slice text, const json_t *want,
			   int depth)
{
	size_t distinct = 0;

	for (size_t i = 0; i < j->n; i++) {
		char *key = malloc(j->m[i].key.len + 1);
		size_t n = hi_json_unescape(j->m[i].key, key);
		bool last = true;
		key[n] = '\0';
		for (size_t k = i + 1; k < j->n && last; k++)
			last = !hi_slice_eq(j->m[k].key, j->m[i].key) &&
			       !hi_member_is(&j->m[k], key);
		if (!json_object_getn(want, key, n))
			fail("a key is missing", text);
		/* Names too long for hi_member_is are compared as written: skip what may be twice.
		 */
		if (last && j->m[i].key.len <= 128)
			compare_value(&j->m[i], json_object_getn(want, key, n), depth);
		distinct += last;
		free(key);
	}
	if (distinct < json_object_size(want))
		fail("keys differ", text);
}

static void compare_value(const struct hi_member *m, const json_t *want, int depth)
{
	static const int kinds[] = {
		[HI_JSON_NULL] = JSON_NULL,	[HI_JSON_FALSE] = JSON_FALSE,
		[HI_JSON_TRUE] = JSON_TRUE,	[HI_JSON_NUMBER] = JSON_REAL,
		[HI_JSON_STRING] = JSON_STRING, [HI_JSON_ARRAY] = JSON_ARRAY,
		[HI_JSON_OBJECT] = JSON_OBJECT,
	};
	struct hi_json j;

	if (kinds[m->kind] != (int)json_typeof(want))
		fail("kind differs", m->value);
	if (m->kind == HI_JSON_STRING)
		compare_string(m, want);
	if (m->kind == HI_JSON_NUMBER)
		compare_number(m, json_real_value(want));
	if (depth == DEPTH_MAX)
		return;
	if (m->kind == HI_JSON_ARRAY)
		compare_array(m->value, want, depth + 1);
	if (m->kind == HI_JSON_OBJECT) {
		hi_json_init(&j);
		if (hi_json_slice(&j, m->value, NULL) != HI_OK)
			fail("object within does not slice", m->value);
		compare_object(&j, m->value, want, depth + 1);
		hi_json_release(&j);
	}
}

static bool not_asked(const json_error_t *e)
{
	enum json_error_code code = json_error_code(e);

	return code == json_error_numeric_overflow || code == json_error_null_byte_in_key ||
	       code == json_error_stack_overflow;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hi_slice text = { (const char *)data, size };
	struct hi_json j;
	struct hi_error e;
	json_error_t why;

	hi_json_init(&j);
	int s = hi_json_slice(&j, text, &e);
	if (s == HI_REFUSED && (e.column < 1 || e.column > size + 1))
		fail("column outside of the text", text);
	if (size > 0 && memchr(data, 0, size)) {
		if (s == HI_OK)
			fail("NUL byte taken", text);
		hi_json_release(&j);
		return 0;
	}
	json_t *want = json_loadb((const char *)data, size,
				  JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &why);
	if (want ? json_is_object(want) : !not_asked(&why)) {
		bool deep = s != HI_OK && strstr(e.text, "nested too deeply");
		if ((s == HI_OK) != (want != NULL) && !deep) {
			fprintf(stderr, "%s | %s\n", s == HI_OK ? "taken" : e.text,
				want ? "taken" : why.text);
			fail("one takes it, the other does not", text);
		}
		if (s == HI_OK)
			compare_object(&j, text, want, 0);
	} else if (want && s == HI_OK) {
		fail("taken though no object", text);
	}
	json_decref(want);
	hi_json_release(&j);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	char *text = (char *)data;
	uint64_t s = (uint64_t)seed * UINT64_C(0x9E3779B97F4A7C15) + 1;

	if (size == 0 || seed % 32 == 0) {
		/* One line is one text here. */
		size_t n = lines_make(s, text, max_size);
		char *lf = memchr(text, '\n', n);
		return lf ? (size_t)(lf - text) : n;
	}
	return seed % 2 ? lines_spoil(s, text, size, max_size)
			: LLVMFuzzerMutate(data, size, max_size);
}
