/* The record loop where a tool, or memory, fails it. Each test is a process of its own. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tool/message.h"
#include "tool/run.h"

static const struct hi_program program = { .name = "test" };

/* A file of that text as the operand; it is gone once it is open. */
static char *operand(const char *text)
{
	static char path[] = "/tmp/hi-test-run.XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (long)strlen(text));
	close(fd);
	return path;
}

static int run(const struct hi_tool *tool, void *state, const char *text)
{
	struct hi_common common = { 0 };
	char *path = operand(text);

	hi_message_start("test", false);
	int status = hi_run(tool, &common, state, 1, &path);
	unlink(path);
	return status;
}

static int refuse_rejects(struct hi_run *r, const struct hi_rec *rec, struct hi_error *e)
{
	int *n = r->state;

	if (rec->type != HI_T_REJECT)
		return HI_OK;
	++*n;
	return hi_error_set(e, HI_IO, "the disk is gone");
}

/* A store that fails on a reject has failed, not only met a bad line. */
START_TEST(sink_fails_on_reject)
{
	struct hi_tool tool = { .program = &program, .role = HI_SINK, .record = refuse_rejects };
	int n = 0;

	ck_assert_int_eq(run(&tool, &n, "bad\nbad\n"), 4);
	ck_assert_int_eq(n, 1); /* and it ended there */
}
END_TEST

static int take(struct hi_run *r, const struct hi_rec *rec, struct hi_error *e)
{
	int *n = r->state;

	(void)e;
	*n += rec->type == HI_T_REJECT;
	return HI_OK;
}

START_TEST(sink_takes_rejects)
{
	struct hi_tool tool = { .program = &program, .role = HI_SINK, .record = take };
	int n = 0;

	ck_assert_int_eq(run(&tool, &n, "bad\n\"\xff\n"), 3);
	ck_assert_int_eq(n, 2);
}
END_TEST

static int overflow(struct hi_run *r, const struct hi_rec *rec, struct hi_error *e)
{
	(void)rec;
	(void)e;
	hi_buf_puts(&r->line, "{\"half\":");
	r->line.failed = true; /* as where memory ends */
	hi_emit(r);
	return HI_OK;
}

START_TEST(line_without_memory)
{
	struct hi_tool tool = { .program = &program, .role = HI_FILTER, .record = overflow };

	ck_assert_int_eq(run(&tool, NULL, "{\"type\":\"x\"}\n"), 4);
}
END_TEST

START_TEST(failed_buffer_is_a_failed_write)
{
	struct hi_writer w;
	struct hi_error e;
	struct hi_buf b;

	hi_buf_init(&b, 4);
	hi_buf_puts(&b, "four");
	ck_assert_int_eq(hi_writer_init(&w, dup(STDOUT_FILENO), "out", 0, &e), HI_OK);
	hi_writer_buf(&w, &b);
	ck_assert(!hi_writer_failed(&w));
	ck_assert_uint_eq(b.len, 0);
	hi_buf_puts(&b, "fiver");
	hi_writer_buf(&w, &b);
	ck_assert(hi_writer_failed(&w));
	ck_assert(!b.failed);
	ck_assert_int_eq(hi_writer_close(&w, &e), HI_IO);
	ck_assert_int_eq(e.sys, ENOMEM);
	hi_buf_release(&b);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("run");
	tcase_add_test(t, sink_fails_on_reject);
	tcase_add_test(t, sink_takes_rejects);
	tcase_add_test(t, line_without_memory);
	tcase_add_test(t, failed_buffer_is_a_failed_write);
	Suite *s = suite_create("run");
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
