/* The strict slicer, strings, and objects to write. */
#include <check.h>
#include <stdlib.h>

#include "json/json.h"

static struct hi_json j;
static struct hi_error e;

static int slice(const char *text)
{
	return hi_json_slice(&j, hi_slice_of(text), &e);
}

START_TEST(members_keep_their_spelling)
{
	hi_json_init(&j);
	ck_assert_int_eq(
		slice(" {\"a\":95.10 , \"b\\u0063\" : \"x\\\"y\",\"d\":[1,{\"e\":[]}],\"f\":{}}\r"),
		HI_OK);
	ck_assert_uint_eq(j.n, 4);
	ck_assert(hi_slice_is(j.m[0].value, "95.10"));
	ck_assert(hi_slice_is(j.m[1].key, "b\\u0063"));
	ck_assert(hi_member_is(&j.m[1], "bc"));
	ck_assert(hi_slice_is(j.m[2].value, "[1,{\"e\":[]}]"));
	ck_assert_int_eq(j.m[3].kind, HI_JSON_OBJECT);
	ck_assert(hi_json_find(&j, "f") == &j.m[3]);
	ck_assert(!hi_json_find(&j, "b"));
	hi_json_release(&j);
}
END_TEST

static const struct {
	const char *text;
	unsigned column;
} bad[] = {
	{ "", 1 },
	{ "   ", 4 },
	{ "[]", 1 },
	{ "{", 2 },
	{ "{}x", 3 },
	{ "{\"a\"}", 5 },
	{ "{\"a\":}", 6 },
	{ "{\"a\":1,}", 8 },
	{ "{\"a\":1 \"b\":2}", 8 },
	{ "{\"a\":01}", 6 },
	{ "{\"a\":1.}", 6 },
	{ "{\"a\":.5}", 6 },
	{ "{\"a\":1e}", 6 },
	{ "{\"a\":+1}", 6 },
	{ "{\"a\":NaN}", 6 },
	{ "{\"a\":tru}", 6 },
	{ "{\"a\":\"\\x\"}", 7 },
	{ "{\"a\":\"\\u12g4\"}", 7 },
	{ "{\"a\":\"\\ud800\"}", 7 },
	{ "{\"a\":\"\\ud800\\u0041\"}", 7 },
	{ "{\"a\":\"\\udc00\"}", 7 },
	{ "{\"a\":\"\t\"}", 7 },
	{ "{\"a\":\"\xff\"}", 7 },
	{ "{\"a\":\"\xc0\x80\"}", 7 },
	{ "{\"a\":\"\xed\xa0\x80\"}", 7 },
	{ "{\"a\":\"\xf4\x90\x80\x80\"}", 7 },
	{ "{\"a\":\"", 6 },
	{ "{\"a\":[1,]}", 9 },
	{ "{\"a\":[1}", 8 },
	{ "{\"a\":{\"b\"}}", 10 },
	{ "\xef\xbb\xbf{}", 1 },
	{ "{'a':1}", 2 },
};

START_TEST(refusals_name_the_column)
{
	hi_json_init(&j);
	ck_assert_msg(slice(bad[_i].text) == HI_REFUSED, "taken: %s", bad[_i].text);
	ck_assert_msg(e.column == bad[_i].column, "%s: column %u, want %u (%s)", bad[_i].text,
		      e.column, bad[_i].column, e.text);
	ck_assert_uint_eq(j.n, 0);
	hi_json_release(&j);
}
END_TEST

static int slice_nested(size_t depth, char open, char close)
{
	struct hi_buf b;
	hi_buf_init(&b, 1 << 20);
	hi_buf_puts(&b, "{\"a\":");
	for (size_t i = 0; i < depth; i++) {
		hi_buf_putc(&b, open);
		if (open == '{')
			hi_buf_puts(&b, "\"k\":");
	}
	if (open == '{')
		hi_buf_putc(&b, '1');
	for (size_t i = 0; i < depth; i++)
		hi_buf_putc(&b, close);
	hi_buf_putc(&b, '}');
	int s = hi_json_slice(&j, hi_buf_view(&b), &e);
	hi_buf_release(&b);
	return s;
}

START_TEST(depth_is_bounded)
{
	hi_json_init(&j);
	ck_assert_int_eq(slice_nested(HI_JSON_DEPTH_MAX - 1, '[', ']'), HI_OK);
	ck_assert_int_eq(slice_nested(HI_JSON_DEPTH_MAX, '[', ']'), HI_REFUSED);
	ck_assert_int_eq(slice_nested(HI_JSON_DEPTH_MAX - 1, '{', '}'), HI_OK);
	ck_assert_int_eq(slice_nested(HI_JSON_DEPTH_MAX, '{', '}'), HI_REFUSED);
	ck_assert_int_eq(slice_nested(100000, '[', ']'), HI_REFUSED);
	hi_json_release(&j);
}
END_TEST

START_TEST(strings_there_and_back)
{
	char out[64];
	struct hi_buf b;
	size_t n = hi_json_unescape(HI_LIT("\\u00e9\\ud83d\\ude00\\n\\/\\u0000z"), out);
	ck_assert_uint_eq(n, 10);
	ck_assert(memcmp(out, "\xc3\xa9\xf0\x9f\x98\x80\n/\0z", n) == 0);
	hi_buf_init(&b, 1024);
	hi_json_quote(&b, (struct hi_slice){ "a\"\\\n\x01\x7f\xc3\xa9", 8 });
	ck_assert(hi_slice_is(hi_buf_view(&b), "\"a\\\"\\\\\\n\\u0001\\u007f\xc3\xa9\""));
	hi_buf_release(&b);
}
END_TEST

START_TEST(objects)
{
	struct hi_buf b;
	struct hi_object o;
	hi_buf_init(&b, 1024);
	hi_object_begin(&o, &b);
	hi_object_str(&o, "a", HI_LIT("x\"y"));
	hi_object_num(&o, "b", 36.6);
	hi_object_int(&o, "c", -7);
	hi_object_bool(&o, "d", true);
	hi_object_time(&o, "e", 0);
	hi_object_raw(&o, "f", HI_LIT("[1]"));
	hi_object_end(&o);
	ck_assert(hi_slice_is(hi_buf_view(&b), "{\"a\":\"x\\\"y\",\"b\":36.6,\"c\":-7,\"d\":true,"
					       "\"e\":\"1970-01-01T00:00:00Z\",\"f\":[1]}"));
	hi_buf_release(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("json");
	TCase *t = tcase_create("json");
	suite_add_tcase(s, t);
	tcase_add_test(t, members_keep_their_spelling);
	tcase_add_loop_test(t, refusals_name_the_column, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(t, depth_is_bounded);
	tcase_add_test(t, strings_there_and_back);
	tcase_add_test(t, objects);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
