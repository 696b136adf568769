/* A resumable source: when marks are due, what they count, and what is refused. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/time.h"
#include "mark/check.h"
#include "store/store.h"
#include "tool/message.h"
#include "tool/source.h"
#include "vital/reader.h"

enum { TEXT_MAX = 64 << 10, MARKS_MAX = 16 };

static const struct hi_program program = { .name = "test" };
static struct hi_common common;
static struct hi_source *source;
static struct hi_positions at;
static char text[TEXT_MAX];

/* What the output held: marks in order, and other lines. */
static struct hi_mark marks[MARKS_MAX];
static int marks_n, lines_n;

static void read_line(struct hi_reader *r, struct hi_mark_check *check, char *line)
{
	struct hi_rec rec;
	struct hi_error e;
	ck_assert_int_eq(HI_OK, hi_reader_line_parse(r, hi_slice_of(line), &rec, &e));
	if (rec.type != HI_T_MARK) {
		lines_n++;
		ck_assert_int_eq(HI_OK, hi_mark_check_line(check, &e));
		return;
	}
	struct hi_mark *m = &marks[marks_n++];
	ck_assert_int_lt(marks_n, MARKS_MAX);
	hi_mark_release(m);
	hi_mark_init(m);
	ck_assert_int_eq(HI_OK, hi_mark_read(m, &rec, &e));
	ck_assert_int_eq(HI_OK, hi_mark_check_mark(check, m, &e));
}

/* Every line of the output, as the next tool of a pipe sees it. */
static void read_output(const char *path)
{
	struct hi_mark_check check = { 0 };
	struct hi_reader *r;
	struct hi_error e;
	FILE *f = fopen(path, "r");

	ck_assert_ptr_nonnull(f);
	size_t len = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[len] = '\0';
	ck_assert_int_eq(HI_OK, hi_reader_new(&r, NULL, NULL, &e));
	hi_mark_check_begin(&check, false);
	marks_n = lines_n = 0;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		read_line(r, &check, line);
	ck_assert_int_eq(HI_OK, hi_mark_check_end(&check, &e));
	hi_mark_check_release(&check);
	hi_reader_free(r);
}

/* Runs body with common's options; its exit status. The output is read where that is 0. */
static int run(int (*body)(struct hi_run *run, struct hi_error *e))
{
	char path[] = "/tmp/hi-test-source.XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	close(fd);
	common.output = path;
	source = NULL;
	hi_message_start("test", true);
	hi_positions_init(&at);
	int status = hi_run_source(&program, &common, NULL, body);
	if (status == 0)
		read_output(path);
	hi_source_free(source);
	hi_positions_release(&at);
	unlink(path);
	return status;
}

static void put_lines(struct hi_run *r, int n)
{
	while (n-- > 0) {
		hi_buf_puts(&r->line, "{\"type\":\"x\"}");
		hi_emit(r);
	}
}

static int start(struct hi_run *r, int64_t position, struct hi_error *e)
{
	int s = hi_source_open(&source, r, NULL, e);
	s = s ? s : hi_positions_set_int(&at, "k:1", position, e);
	return s ? s : hi_source_begin(source, &at, e);
}

static int mark_at(int64_t position, int64_t tick_us, struct hi_error *e)
{
	int s = hi_positions_set_int(&at, "k:1", position, e);
	return s ? s : hi_source_mark(source, &at, tick_us, e);
}

static int unmarked(struct hi_run *r, struct hi_error *e)
{
	ck_assert_int_eq(HI_OK, start(r, 0, e));
	ck_assert(!hi_source_marks(source) && !hi_source_ticks(source));
	ck_assert_ptr_null(hi_source_position(source, "k:1"));
	put_lines(r, 3);
	ck_assert(!hi_source_due(source));
	ck_assert_uint_eq(UINT64_MAX, hi_source_room(source));
	ck_assert_int_eq(1234, hi_source_wait_ms(source, 1234));
	return mark_at(3, HI_TIME_MIN, e);
}

START_TEST(nothing_where_nothing_was_asked)
{
	common = (struct hi_common){ 0 };
	ck_assert_int_eq(0, run(unmarked));
	ck_assert_int_eq(3, lines_n);
	ck_assert_int_eq(0, marks_n);
}
END_TEST

static int by_lines(struct hi_run *r, struct hi_error *e)
{
	ck_assert_int_eq(HI_OK, start(r, 7, e));
	ck_assert(hi_source_marks(source) && !hi_source_ticks(source));
	ck_assert_uint_eq(3, hi_source_room(source));
	put_lines(r, 2);
	ck_assert_uint_eq(1, hi_source_room(source));
	put_lines(r, 1);
	ck_assert_uint_eq(0, hi_source_room(source));
	ck_assert(hi_source_due(source));
	ck_assert_int_eq(HI_OK, mark_at(10, HI_TIME_MIN, e));
	ck_assert_uint_eq(3, hi_source_room(source));
	put_lines(r, 5); /* too many are no error, and are counted */
	ck_assert_uint_eq(0, hi_source_room(source));
	ck_assert(hi_source_due(source));
	ck_assert_int_eq(HI_OK, mark_at(15, HI_TIME_MIN, e));
	ck_assert_uint_eq(8 + 3, r->lines_out);
	return mark_at(15, HI_TIME_MIN, e);
}

START_TEST(marks_by_lines)
{
	static const uint64_t n[] = { 0, 3, 5, 0 };
	static const char *const positions[] = { "7", "10", "15", "15" };
	common = (struct hi_common){ .mark_lines = 3 };
	ck_assert_int_eq(0, run(by_lines));
	ck_assert_int_eq(8, lines_n);
	ck_assert_int_eq(4, marks_n);
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(HI_MARK_PLAIN, marks[i].kind);
		ck_assert_uint_eq((uint64_t)i, marks[i].seq);
		ck_assert_uint_eq(n[i], marks[i].n);
		ck_assert(!marks[i].timed);
		ck_assert_str_eq(positions[i], hi_positions_find(&marks[i].positions, "k:1"));
	}
}
END_TEST

static int in_an_hour(struct hi_run *r, struct hi_error *e)
{
	ck_assert_int_eq(HI_OK, start(r, 0, e));
	ck_assert(!hi_source_due(source));
	ck_assert_int_eq(5, hi_source_wait_ms(source, 5));
	put_lines(r, 100);
	ck_assert(!hi_source_due(source));
	int ms = hi_source_wait_ms(source, 10000000);
	ck_assert(ms > 0 && ms <= 3600000);
	return mark_at(100, HI_TIME_MIN, e);
}

/* Only that something is due by now is asked: how late it may be, a busy machine decides. */
static int soon(struct hi_run *r, struct hi_error *e)
{
	ck_assert_int_eq(HI_OK, start(r, 0, e));
	ck_assert_int_le(hi_source_wait_ms(source, 100000), 1000);
	put_lines(r, 1);
	ck_assert_int_le(hi_source_wait_ms(source, 100000), 1);
	usleep(50000);
	ck_assert(hi_source_due(source));
	ck_assert_int_eq(0, hi_source_wait_ms(source, 100000));
	ck_assert_uint_eq(UINT64_MAX, hi_source_room(source));
	return mark_at(1, HI_TIME_MIN, e);
}

START_TEST(marks_by_time)
{
	common = (struct hi_common){ .mark_us = HI_US_H };
	ck_assert_int_eq(0, run(in_an_hour));
	common = (struct hi_common){ .mark_us = HI_US_MS };
	ck_assert_int_eq(0, run(soon));
	ck_assert_int_eq(2, marks_n);
	ck_assert_uint_eq(1, marks[1].n);
}
END_TEST

static int idle(struct hi_run *r, struct hi_error *e)
{
	ck_assert_int_eq(HI_OK, start(r, 0, e));
	put_lines(r, common.mark_lines > 0 ? 2 : 0);
	ck_assert_int_le(hi_source_wait_ms(source, 100000), 1000);
	usleep(1100000);
	ck_assert(hi_source_due(source));
	return mark_at(2, HI_TIME_MIN, e);
}

/* What was written does not wait for the lines that --mark N still lacks. */
START_TEST(once_a_second_where_nothing_comes)
{
	common = (struct hi_common){ .mark_lines = 1000 };
	ck_assert_int_eq(0, run(idle));
	ck_assert_uint_eq(2, marks[1].n);
	common = (struct hi_common){ .mark_us = 10 * HI_US_MS };
	ck_assert_int_eq(0, run(idle));
	ck_assert_uint_eq(0, marks[1].n);
}
END_TEST

static int ticking(struct hi_run *r, struct hi_error *e)
{
	ck_assert_int_eq(HI_OK, start(r, 0, e));
	ck_assert_int_eq(common.tick, hi_source_ticks(source));
	ck_assert_int_eq(HI_OK, mark_at(0, HI_TIME_MIN, e));
	return mark_at(1, INT64_C(1766901600200000), e);
}

START_TEST(the_time_with_tick_only)
{
	common = (struct hi_common){ .mark_lines = 1000, .tick = true };
	ck_assert_int_eq(0, run(ticking));
	ck_assert_int_eq(3, marks_n);
	ck_assert(!marks[0].timed && !marks[1].timed && marks[2].timed);
	ck_assert_int_eq(INT64_C(1766901600200000), marks[2].t_us);
	common.tick = false;
	ck_assert_int_eq(0, run(ticking));
	ck_assert(!marks[2].timed);
}
END_TEST

static int with_cursor(struct hi_run *r, struct hi_error *e)
{
	struct hi_positions stored;
	hi_positions_init(&stored);
	ck_assert_int_eq(HI_OK, hi_positions_set_int(&stored, "k:1", 55, e));
	ck_assert_int_eq(HI_OK, hi_source_open(&source, r, &stored, e));
	hi_positions_release(&stored);
	ck_assert(hi_source_marks(source));
	ck_assert_str_eq("55", hi_source_position(source, "k:1"));
	ck_assert_ptr_null(hi_source_position(source, "k:2"));
	ck_assert_int_eq(HI_OK, hi_positions_set_int(&at, "k:1", 55, e));
	return hi_source_begin(source, &at, e);
}

START_TEST(positions_of_the_caller)
{
	common = (struct hi_common){ .tick = true };
	ck_assert_int_eq(0, run(with_cursor));
	ck_assert_int_eq(1, marks_n);
}
END_TEST

START_TEST(each_run_has_its_name)
{
	char first[HI_MARK_RUN_MAX + 1];
	common = (struct hi_common){ .mark_lines = 1 };
	ck_assert_int_eq(0, run(ticking));
	strcpy(first, marks[0].run);
	ck_assert_uint_eq(16, strspn(first, "0123456789abcdef"));
	ck_assert_uint_eq(16, strlen(first));
	ck_assert_str_eq(first, marks[2].run);
	ck_assert_int_eq(0, run(ticking));
	ck_assert_str_ne(first, marks[0].run);
}
END_TEST

static int resumed(struct hi_run *r, struct hi_error *e)
{
	ck_assert_int_eq(HI_OK, start(r, 0, e));
	ck_assert_ptr_null(hi_source_position(source, "k:1"));
	put_lines(r, 2);
	return mark_at(2, HI_TIME_MIN, e);
}

START_TEST(a_store_that_is_not_there_yet)
{
	common = (struct hi_common){ .resume = "/tmp/hi-test-no-such-store" };
	ck_assert_int_eq(0, run(resumed));
	ck_assert_int_eq(2, lines_n);
	ck_assert_int_eq(4, marks_n);
	ck_assert_int_eq(HI_MARK_BEGIN, marks[0].kind);
	ck_assert(!marks[0].timed);
	ck_assert_int_eq(HI_US_H, marks[0].window_us);
	ck_assert_int_eq(HI_MARK_END, marks[1].kind);
	ck_assert(hi_positions_equal(&marks[1].positions, &marks[2].positions));
	ck_assert_uint_eq(0, marks[2].n);
	ck_assert_uint_eq(2, marks[3].n);
	common.window_us = HI_US_MIN;
	ck_assert_int_eq(0, run(resumed));
	ck_assert_int_eq(HI_US_MIN, marks[0].window_us);
}
END_TEST

static char folder[64];

/* The end of the pipe: the store has these positions from now on. */
static void commit(int64_t from, int64_t to)
{
	struct hi_store_writer *w;
	struct hi_mark m = { .kind = HI_MARK_PLAIN };
	struct hi_error e = { HI_OK };
	bool created;
	hi_positions_init(&m.positions);
	hi_positions_set_int(&m.positions, "k:1", from, &e);
	hi_positions_set_int(&m.positions, "k:other", from, &e);
	ck_assert_int_eq(HI_OK, hi_store_writer_open(&w, folder, &created, &e));
	ck_assert_msg(hi_store_begin(w, &m.positions, false, &e) == HI_OK, "%s", e.text);
	hi_positions_set_int(&m.positions, "k:1", to, &e);
	hi_positions_set_int(&m.positions, "k:other", to, &e);
	ck_assert_msg(hi_store_mark(w, &m, &e) == HI_OK, "%s", e.text);
	ck_assert_int_eq(HI_OK, hi_store_writer_close(w, NULL));
	hi_positions_release(&m.positions);
}

/* What the store has is what it has now, of the keys that were asked for. */
static int durable(struct hi_run *r, struct hi_error *e)
{
	struct hi_positions out;
	hi_positions_init(&out);
	ck_assert_int_eq(HI_OK, start(r, 0, e));
	ck_assert_uint_eq(0, hi_source_stored(source)->n);
	ck_assert_int_eq(HI_OK, mark_at(5, HI_TIME_MIN, e));
	ck_assert_int_eq(HI_END, hi_source_durable(source, &at, &out, e));
	commit(0, 3);
	ck_assert_int_eq(HI_OK, hi_source_durable(source, &at, &out, e));
	ck_assert_uint_eq(1, out.n);
	ck_assert_str_eq("3", hi_positions_find(&out, "k:1"));
	commit(3, 5);
	ck_assert_int_eq(HI_OK, hi_source_durable(source, &at, &out, e));
	ck_assert(hi_positions_equal(&at, &out));
	hi_positions_release(&out);
	return HI_OK;
}

static int stored(struct hi_run *r, struct hi_error *e)
{
	ck_assert_int_eq(HI_OK, start(r, 5, e));
	ck_assert_uint_eq(2, hi_source_stored(source)->n);
	ck_assert_str_eq("5", hi_positions_find(hi_source_stored(source), "k:other"));
	return HI_OK;
}

START_TEST(what_the_store_has)
{
	char command[128];
	snprintf(folder, sizeof(folder), "/tmp/hi-test-source.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	common = (struct hi_common){ .resume = folder };
	ck_assert_int_eq(0, run(durable));
	ck_assert_int_eq(0, run(stored));
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	ck_assert_int_eq(0, system(command));
}
END_TEST

static int unresumed(struct hi_run *r, struct hi_error *e)
{
	struct hi_positions out;
	hi_positions_init(&out);
	ck_assert_int_eq(HI_OK, start(r, 0, e));
	ck_assert_int_eq(HI_END, hi_source_durable(source, &at, &out, e));
	return mark_at(0, HI_TIME_MIN, e);
}

START_TEST(no_store_has_nothing)
{
	common = (struct hi_common){ .mark_lines = 1 };
	ck_assert_int_eq(0, run(unresumed));
}
END_TEST

static int refused(struct hi_run *r, struct hi_error *e)
{
	int s = start(r, 0, e);
	ck_assert_ptr_null(source);
	return s;
}

START_TEST(what_does_not_go_together)
{
	common = (struct hi_common){ .tick = true };
	ck_assert_int_eq(2, run(refused));
	common = (struct hi_common){ .mark_lines = 3, .window_us = HI_US_H };
	ck_assert_int_eq(2, run(refused));
	common = (struct hi_common){ .resume = "/tmp/hi-test-no-such-store/@2025-12-28T06" };
	ck_assert_int_eq(2, run(refused));
	common = (struct hi_common){ .resume = "/dev/null" };
	ck_assert_int_eq(4, run(refused));
}
END_TEST

/* No reader takes a line above 1 MiB. */
static int many(struct hi_run *r, struct hi_error *e)
{
	char key[HI_POSITION_KEY_MAX + 1];
	ck_assert_int_eq(HI_OK, hi_source_open(&source, r, NULL, e));
	for (int i = 0; i < 1100; i++) {
		snprintf(key, sizeof(key), "%01000d", i);
		ck_assert_int_eq(HI_OK, hi_positions_set_int(&at, key, i, e));
	}
	return hi_source_begin(source, &at, e);
}

START_TEST(more_positions_than_a_line_holds)
{
	common = (struct hi_common){ .mark_lines = 3 };
	ck_assert_int_eq(2, run(many));
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("source");
	tcase_add_test(t, nothing_where_nothing_was_asked);
	tcase_add_test(t, marks_by_lines);
	tcase_add_test(t, marks_by_time);
	tcase_add_test(t, once_a_second_where_nothing_comes);
	tcase_add_test(t, the_time_with_tick_only);
	tcase_add_test(t, positions_of_the_caller);
	tcase_add_test(t, each_run_has_its_name);
	tcase_add_test(t, a_store_that_is_not_there_yet);
	tcase_add_test(t, what_the_store_has);
	tcase_add_test(t, no_store_has_nothing);
	tcase_add_test(t, what_does_not_go_together);
	tcase_add_test(t, more_positions_than_a_line_holds);
	Suite *s = suite_create("source");
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
