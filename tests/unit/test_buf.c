/* Bounded buffers and what an error carries. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/status.h"

START_TEST(appends_and_views)
{
	struct hi_buf b;

	hi_buf_init(&b, 1000);
	ck_assert_uint_eq(hi_buf_view(&b).len, 0);
	ck_assert_ptr_nonnull(hi_buf_view(&b).ptr);
	hi_buf_puts(&b, "heart");
	hi_buf_putc(&b, '_');
	hi_buf_slice(&b, HI_LIT("rate"));
	hi_buf_printf(&b, " %d/%s", 72, "min");
	hi_buf_put(&b, NULL, 0);
	ck_assert(hi_slice_is(hi_buf_view(&b), "heart_rate 72/min"));
	hi_buf_reset(&b);
	ck_assert_uint_eq(b.len, 0);
	ck_assert_uint_gt(b.cap, 0);
	hi_buf_release(&b);
	ck_assert_ptr_null(b.ptr);
	ck_assert_uint_eq(b.max, 1000);
}
END_TEST

/* Every size up to the maximum fits, one more does not and leaves the content as it was. */
START_TEST(maximum_is_exact)
{
	for (size_t max = 0; max < 1100; max += max < 10 ? 1 : 37) {
		struct hi_buf b;

		hi_buf_init(&b, max);
		for (size_t i = 0; i < max; i++)
			hi_buf_putc(&b, 'x');
		ck_assert(!b.failed);
		ck_assert_uint_eq(b.len, max);
		ck_assert_uint_le(b.cap, max);
		hi_buf_putc(&b, 'y');
		ck_assert(b.failed);
		ck_assert_uint_eq(b.len, max);
		hi_buf_release(&b);
	}
}
END_TEST

/* What would fit after a failure is dropped too: no line with a hole in it. */
START_TEST(failure_latches)
{
	struct hi_buf b;

	hi_buf_init(&b, 8);
	hi_buf_puts(&b, "12345");
	hi_buf_puts(&b, "67890");
	ck_assert(b.failed);
	hi_buf_puts(&b, "1");
	hi_buf_printf(&b, "%d", 2);
	ck_assert_ptr_null(hi_buf_room(&b, 1));
	ck_assert(hi_slice_is(hi_buf_view(&b), "12345"));
	hi_buf_reset(&b);
	hi_buf_puts(&b, "12345678");
	ck_assert(!b.failed);
	hi_buf_release(&b);
}
END_TEST

START_TEST(huge_requests_do_not_wrap)
{
	struct hi_buf b;

	hi_buf_init(&b, 100);
	hi_buf_puts(&b, "a");
	ck_assert_ptr_null(hi_buf_room(&b, SIZE_MAX));
	ck_assert(b.failed);
	hi_buf_release(&b);
}
END_TEST

START_TEST(error_is_filled_whole)
{
	struct hi_error e;

	memset(&e, 0x55, sizeof e);
	ck_assert_int_eq(hi_error_set(&e, HI_REFUSED, "value: not a number"), HI_REFUSED);
	ck_assert_str_eq(e.text, "value: not a number");
	ck_assert_ptr_null(e.source);
	ck_assert_uint_eq(e.line, 0);
	ck_assert_uint_eq(e.column, 0);
	ck_assert_int_eq(e.sys, 0);
	ck_assert_str_eq(e.detail, "");

	errno = ENOENT;
	ck_assert_int_eq(hi_error_sys(&e, "cannot open", "/x"), HI_IO);
	ck_assert_int_eq(e.sys, ENOENT);
	ck_assert_str_eq(e.detail, "/x");
	errno = EACCES;
	ck_assert_int_eq(hi_error_sys(&e, "cannot read", NULL), HI_IO);
	ck_assert_str_eq(e.detail, "");

	ck_assert_int_eq(hi_error_set(NULL, HI_NOMEM, ""), HI_NOMEM);
	ck_assert_int_eq(hi_error_sys(NULL, "", NULL), HI_IO);
	ck_assert_int_eq(hi_error_fmt(NULL, HI_USAGE, "", "%d", 1), HI_USAGE);
}
END_TEST

START_TEST(error_detail_is_cut)
{
	struct hi_error e;
	char path[400];

	memset(path, 'p', sizeof path - 1);
	path[sizeof path - 1] = 0;
	ck_assert_int_eq(hi_error_fmt(&e, HI_USAGE, "no such option", "<%s>", path), HI_USAGE);
	ck_assert_uint_eq(strlen(e.detail), sizeof e.detail - 1);
	ck_assert_int_eq(e.detail[0], '<');
	hi_error_sys(&e, "cannot open", path);
	ck_assert_uint_eq(strlen(e.detail), sizeof e.detail - 1);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("buf");
	tcase_add_test(t, appends_and_views);
	tcase_add_test(t, maximum_is_exact);
	tcase_add_test(t, failure_latches);
	tcase_add_test(t, huge_requests_do_not_wrap);
	tcase_add_test(t, error_is_filled_whole);
	tcase_add_test(t, error_detail_is_cut);
	Suite *s = suite_create("buf");
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
