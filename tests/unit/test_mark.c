/* Marks and positions: read, written, rewritten, and what a tool asks of them. */
#include <check.h>
#include <stdlib.h>

#include "mark/check.h"
#include "mark/line.h"
#include "vital/reader.h"

static struct hi_reader *reader;
static struct hi_mark mark;
static struct hi_mark_check checker;
static struct hi_error e;

static void setup(void)
{
	ck_assert_int_eq(hi_reader_new(&reader, NULL, NULL, &e), HI_OK);
	hi_mark_init(&mark);
	checker = (struct hi_mark_check){ 0 };
	hi_mark_check_begin(&checker, false);
}

static void teardown(void)
{
	hi_reader_free(reader);
	hi_mark_release(&mark);
	hi_mark_check_release(&checker);
}

static int read_rec(const char *line, struct hi_rec *rec)
{
	ck_assert_int_eq(hi_reader_line_parse(reader, hi_slice_of(line), rec, &e), HI_OK);
	ck_assert_int_eq(rec->type, HI_T_MARK);
	return hi_mark_read(&mark, rec, &e);
}

static int read_line(const char *line)
{
	struct hi_rec rec;
	return read_rec(line, &rec);
}

/* Reads the mark and asks the checker. */
static int take(const char *line)
{
	int s = read_line(line);
	return s ? s : hi_mark_check_mark(&checker, &mark, &e);
}

static int lines(int n)
{
	int s = HI_OK;
	while (n-- > 0 && s == HI_OK)
		s = hi_mark_check_line(&checker, &e);
	return s;
}

#define MARK(run, seq, n)                                                                          \
	"{\"type\":\"mark\",\"run\":\"" run "\",\"seq\":" #seq ",\"n\":" #n                        \
	",\"positions\":{\"gen:7\":12}}"
#define BEGIN "{\"type\":\"mark\",\"resume\":\"begin\",\"window\":\"1h\"}"
#define END(n) "{\"type\":\"mark\",\"resume\":\"end\",\"n\":" #n ",\"positions\":{\"gen:7\":12}}"

START_TEST(a_mark_reads_back)
{
	struct hi_mark m;
	struct hi_buf b;
	hi_mark_init(&m);
	hi_buf_init(&b, 4096);
	strcpy(m.run, "9f2c");
	m.seq = 7;
	m.counted = m.timed = true;
	m.n = 1200;
	m.t_us = 1766903400000000;
	ck_assert_int_eq(hi_positions_set_text(&m.positions, "kafka:x/y/0", HI_LIT("12:\"a\\"), &e),
			 HI_OK);
	ck_assert_int_eq(hi_positions_set_int(&m.positions, "gen:7", -3, &e), HI_OK);
	hi_mark_write(&m, &b);
	hi_buf_putc(&b, '\0');
	ck_assert_int_eq(read_line(b.ptr), HI_OK);
	ck_assert_int_eq(mark.kind, HI_MARK_PLAIN);
	ck_assert_str_eq(mark.run, "9f2c");
	ck_assert_uint_eq(mark.seq, 7);
	ck_assert_uint_eq(mark.n, 1200);
	ck_assert(mark.timed && mark.t_us == 1766903400000000);
	ck_assert(hi_positions_equal(&mark.positions, &m.positions));
	ck_assert_str_eq(hi_positions_find(&mark.positions, "gen:7"), "-3");
	ck_assert_str_eq(hi_positions_find(&mark.positions, "kafka:x/y/0"), "\"12:\\\"a\\\\\"");
	ck_assert_ptr_null(hi_positions_find(&mark.positions, "gen:8"));
	hi_mark_release(&m);
	hi_buf_release(&b);
}
END_TEST

static void write_kind(enum hi_mark_kind kind, struct hi_buf *b)
{
	struct hi_mark m;
	hi_mark_init(&m);
	m.kind = kind;
	strcpy(m.run, kind == HI_MARK_PLAIN ? "a1" : "");
	m.seq = kind == HI_MARK_PLAIN ? 2 : 0;
	m.counted = kind != HI_MARK_BEGIN;
	m.n = 9;
	m.timed = kind != HI_MARK_END;
	m.t_us = 1766903400000000;
	m.window_us = kind == HI_MARK_BEGIN ? INT64_C(3600000000) : 0;
	if (kind != HI_MARK_BEGIN)
		hi_positions_set_text(&m.positions, "csv:/a", HI_LIT("12:0a0b0c0d"), &e);
	hi_mark_write(&m, b);
	hi_mark_release(&m);
}

/* A digit, a letter or a sign that is another one: no mark is believed, but for its n. */
START_TEST(an_altered_mark_is_refused)
{
	struct hi_buf b;
	struct hi_rec rec;
	hi_buf_init(&b, 4096);
	write_kind((enum hi_mark_kind)_i, &b);
	struct hi_slice line = hi_buf_view(&b);
	const char *n = memmem(line.ptr, line.len, "\"n\":", 4);
	ck_assert_int_eq(hi_reader_line_parse(reader, line, &rec, &e), HI_OK);
	ck_assert_int_eq(hi_mark_read(&mark, &rec, &e), HI_OK);
	for (size_t i = 0; i < line.len; i++) {
		char was = b.ptr[i];
		b.ptr[i] = was == '1' ? '2' : '1';
		bool is = hi_reader_line_parse(reader, line, &rec, &e) == HI_OK &&
			  rec.type == HI_T_MARK && hi_mark_read(&mark, &rec, &e) == HI_OK;
		/* Its n is what the count of lines is held against. */
		bool is_n = n && b.ptr + i == n + 4;
		ck_assert_msg(!is || is_n, "byte %zu altered: %.*s", i, (int)line.len, line.ptr);
		b.ptr[i] = was;
	}
	hi_buf_release(&b);
}
END_TEST

START_TEST(what_is_no_mark)
{
	static const char *const bad[] = {
		"{\"type\":\"mark\"}",
		"{\"type\":\"mark\",\"run\":\"a\",\"seq\":1,\"n\":1}",
		"{\"type\":\"mark\",\"run\":\"a\",\"seq\":1,\"positions\":{}}",
		"{\"type\":\"mark\",\"run\":\"a\",\"n\":1,\"positions\":{}}",
		"{\"type\":\"mark\",\"run\":\"\",\"seq\":1,\"n\":1,\"positions\":{}}",
		"{\"type\":\"mark\",\"run\":\"a\",\"seq\":1.5,\"n\":1,\"positions\":{}}",
		"{\"type\":\"mark\",\"run\":\"a\",\"seq\":-1,\"n\":1,\"positions\":{}}",
		"{\"type\":\"mark\",\"run\":\"a\",\"seq\":1,\"n\":1,\"n\":1,\"positions\":{}}",
		"{\"type\":\"mark\",\"run\":\"a\",\"seq\":1,\"n\":1,\"positions\":[]}",
		"{\"type\":\"mark\",\"run\":\"a\",\"seq\":1,\"n\":1,\"positions\":{\"k\":1.5}}",
		"{\"type\":\"mark\",\"run\":\"a\",\"seq\":1,\"n\":1,\"positions\":{\"k\":true}}",
		"{\"type\":\"mark\",\"run\":\"a\",\"seq\":1,\"n\":1,\"positions\":{\"\":1}}",
		"{\"type\":\"mark\",\"run\":\"a\",\"seq\":1,\"n\":1,\"positions\":{\"k\":1,"
		"\"\\u006b\":1}}",
		"{\"type\":\"mark\",\"run\":\"a\",\"seq\":1,\"n\":1,\"time\":7,\"positions\":{}}",
		"{\"type\":\"mark\",\"run\":\"a\",\"seq\":1,\"n\":1,\"positions\":{},\"x\":1}",
		"{\"type\":\"mark\",\"resume\":\"begin\"}",
		"{\"type\":\"mark\",\"resume\":\"begin\",\"window\":\"soon\"}",
		"{\"type\":\"mark\",\"resume\":\"middle\",\"window\":\"1h\"}",
		"{\"type\":\"mark\",\"resume\":\"end\"}",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(read_line(bad[i]) == HI_CONTRACT, "%s", bad[i]);
}
END_TEST

START_TEST(escapes_in_positions_are_resolved)
{
	ck_assert_int_eq(
		read_line("{\"type\":\"mark\",\"run\":\"a\",\"seq\":0,\"n\":0,\"positions\":"
			  "{\"\\u006b\":\"\\u0061\\/\\\"\"}}"),
		HI_OK);
	ck_assert_str_eq(hi_positions_find(&mark.positions, "k"), "\"a/\\\"\"");
}
END_TEST

START_TEST(rewriting_changes_n_alone)
{
	struct hi_rec rec;
	struct hi_buf b;
	hi_buf_init(&b, 4096);
	ck_assert_int_eq(read_rec("{ \"type\":\"mark\", \"n\" : 12 ,\"run\":\"a\",\"seq\":3,"
				  "\"positions\":{ }}",
				  &rec),
			 HI_OK);
	hi_mark_rewrite(&rec, 7, &b);
	ck_assert(hi_slice_is(hi_buf_view(&b),
			      "{ \"type\":\"mark\", \"n\" : 7 ,\"run\":\"a\",\"seq\":3,"
			      "\"positions\":{ }}"));
	hi_buf_reset(&b);
	ck_assert_int_eq(read_rec(BEGIN, &rec), HI_OK);
	hi_mark_rewrite(&rec, 7, &b);
	ck_assert(hi_slice_is(hi_buf_view(&b), BEGIN));
	hi_buf_release(&b);
}
END_TEST

START_TEST(a_whole_stream)
{
	ck_assert_int_eq(take(MARK("a", 0, 0)), HI_OK);
	ck_assert_int_eq(lines(3), HI_OK);
	ck_assert_int_eq(take(MARK("a", 1, 3)), HI_OK);
	ck_assert_int_eq(take(MARK("a", 2, 0)), HI_OK);
	ck_assert_int_eq(hi_mark_check_end(&checker, &e), HI_OK);
}
END_TEST

START_TEST(a_resumed_stream)
{
	ck_assert_int_eq(take(BEGIN), HI_OK);
	ck_assert_int_eq(checker.state, HI_PREAMBLE);
	ck_assert_int_eq(lines(2), HI_OK);
	ck_assert_int_eq(take(END(2)), HI_OK);
	ck_assert_int_eq(take(MARK("b", 0, 0)), HI_OK);
	ck_assert_int_eq(take(MARK("b", 1, 0)), HI_OK);
	/* Kept one behind the other. */
	ck_assert_int_eq(take(MARK("c", 0, 0)), HI_OK);
	ck_assert_int_eq(take(BEGIN), HI_OK);
}
END_TEST

/* Each: marks with lines between them, the last of which is refused. */
START_TEST(what_is_refused)
{
	static const struct {
		const char *name, *step[6];
		int lines[6]; /* before each step */
	} t[] = {
		{ "opening lost", { MARK("a", 1, 2) }, { 2 } },
		{ "lines before it", { MARK("a", 0, 0) }, { 1 } },
		{ "opening with n", { MARK("a", 0, 1) }, { 0 } },
		{ "opening twice", { MARK("a", 0, 0), MARK("a", 0, 0) }, { 0 } },
		{ "another run in between", { MARK("a", 0, 0), MARK("b", 0, 0) }, { 0, 1 } },
		{ "line lost", { MARK("a", 0, 0), MARK("a", 1, 3) }, { 0, 2 } },
		{ "line doubled", { MARK("a", 0, 0), MARK("a", 1, 3) }, { 0, 4 } },
		{ "mark lost", { MARK("a", 0, 0), MARK("a", 2, 1) }, { 0, 2 } },
		{ "mark doubled", { MARK("a", 0, 0), MARK("a", 1, 1), MARK("a", 1, 1) }, { 0, 1 } },
		{ "marks swapped", { MARK("a", 0, 0), MARK("a", 2, 1) }, { 0, 1 } },
		{ "other run", { MARK("a", 0, 0), MARK("b", 1, 1) }, { 0, 1 } },
		{ "begin lost", { END(2) }, { 2 } },
		{ "end lost", { BEGIN, MARK("a", 0, 0) }, { 0, 2 } },
		{ "begin twice", { BEGIN, BEGIN }, { 0, 0 } },
		{ "preamble's line lost", { BEGIN, END(2) }, { 0, 1 } },
		{ "opening lost behind it", { BEGIN, END(0), MARK("a", 1, 0) }, { 0 } },
		{ "begin behind lines", { BEGIN }, { 1 } },
		{ "begin in the middle", { MARK("a", 0, 0), BEGIN }, { 0, 1 } },
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		hi_mark_check_begin(&checker, false);
		int s = HI_OK;
		for (int k = 0; t[i].step[k]; k++) {
			ck_assert_msg(s == HI_OK, "%s: too early", t[i].name);
			s = lines(t[i].lines[k]);
			s = s ? s : take(t[i].step[k]);
		}
		ck_assert_msg(s == HI_CONTRACT, "%s: %d", t[i].name, s);
	}
}
END_TEST

START_TEST(behind_the_preamble)
{
	ck_assert_int_eq(take(BEGIN), HI_OK);
	ck_assert_int_eq(take(END(0)), HI_OK);
	ck_assert_int_eq(lines(1), HI_CONTRACT);
	hi_mark_check_begin(&checker, false);
	ck_assert_int_eq(take(BEGIN), HI_OK);
	ck_assert_int_eq(take(END(0)), HI_OK);
	ck_assert_int_eq(take("{\"type\":\"mark\",\"run\":\"a\",\"seq\":0,\"n\":0,"
			      "\"positions\":{\"gen:7\":13}}"),
			 HI_CONTRACT);
}
END_TEST

START_TEST(where_an_input_may_end)
{
	ck_assert_int_eq(hi_mark_check_end(&checker, &e), HI_OK);
	lines(1);
	ck_assert_int_eq(hi_mark_check_end(&checker, &e), HI_OK);
	hi_mark_check_begin(&checker, false);
	take(BEGIN);
	ck_assert_int_eq(hi_mark_check_end(&checker, &e), HI_CONTRACT);
	take(END(0));
	ck_assert_int_eq(hi_mark_check_end(&checker, &e), HI_CONTRACT);
	take(MARK("a", 0, 0));
	ck_assert_int_eq(hi_mark_check_end(&checker, &e), HI_OK);
	lines(1);
	ck_assert_int_eq(hi_mark_check_end(&checker, &e), HI_CONTRACT);
}
END_TEST

START_TEST(uncounted)
{
	hi_mark_check_begin(&checker, true);
	lines(1); /* a filter that prints a title */
	ck_assert_int_eq(take(MARK("a", 0, 0)), HI_OK);
	lines(5);
	ck_assert_int_eq(take(MARK("a", 1, 3)), HI_OK);
	ck_assert_int_eq(take(MARK("a", 3, 0)), HI_CONTRACT);
}
END_TEST

START_TEST(torn_marks)
{
	for (int whole = 0; whole < 2; whole++) {
		ck_assert(hi_mark_is_torn(HI_LIT("{\"type\":\"mark\",\"ru"), whole));
		ck_assert(hi_mark_is_torn(HI_LIT("{\"type\":\"mar"), whole) == !whole);
		ck_assert(hi_mark_is_torn(HI_LIT("{"), whole) == !whole);
		ck_assert(!hi_mark_is_torn(HI_LIT("{\"type\":\"alert\",\"x"), whole));
	}
}
END_TEST

START_TEST(a_line_position_reads_back)
{
	struct hi_positions p;
	struct hi_line_position at = hi_line_position(12, HI_LIT("123456789")), back;
	hi_positions_init(&p);
	ck_assert_uint_eq(at.crc, 0xE3069283);
	ck_assert_int_eq(hi_line_position_set(&p, "file:/a", at, &e), HI_OK);
	ck_assert_str_eq(hi_positions_find(&p, "file:/a"), "\"13:e3069283\"");
	ck_assert(hi_line_position_read(&back, hi_positions_find(&p, "file:/a")));
	ck_assert(hi_line_position_equal(at, back));
	ck_assert(hi_line_position_read(&back, NULL));
	ck_assert_uint_eq(back.line, 0);
	ck_assert_int_eq(hi_line_position_set(&p, "file:/a", back, &e), HI_OK);
	ck_assert_str_eq(hi_positions_find(&p, "file:/a"), "\"1:00000000\"");
	ck_assert(hi_line_position_read(&back, "\"1:00000000\""));
	hi_positions_release(&p);
}
END_TEST

START_TEST(what_is_no_line_position)
{
	static const char *const bad[] = {
		"12",
		"\"\"",
		"\"12\"",
		"\"12:\"",
		"\":e3069283\"",
		"\"12:E3069283\"",
		"\"12:e306928\"",
		"\"12:e30692831\"",
		"\"012:e3069283\"",
		"\" 12:e3069283\"",
		"\"-1:e3069283\"",
		"\"12:e3069283",
		"\"1:e3069283\"",
		"\"0:00000000\"",
		"\"99999999999999999999:e3069283\"",
	};
	struct hi_line_position p;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!hi_line_position_read(&p, bad[i]), "%s", bad[i]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mark");
	TCase *t = tcase_create("mark");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_mark_reads_back);
	tcase_add_loop_test(t, an_altered_mark_is_refused, HI_MARK_PLAIN, HI_MARK_END + 1);
	tcase_add_test(t, what_is_no_mark);
	tcase_add_test(t, escapes_in_positions_are_resolved);
	tcase_add_test(t, rewriting_changes_n_alone);
	tcase_add_test(t, a_whole_stream);
	tcase_add_test(t, a_resumed_stream);
	tcase_add_test(t, what_is_refused);
	tcase_add_test(t, behind_the_preamble);
	tcase_add_test(t, where_an_input_may_end);
	tcase_add_test(t, uncounted);
	tcase_add_test(t, torn_marks);
	tcase_add_test(t, a_line_position_reads_back);
	tcase_add_test(t, what_is_no_line_position);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
