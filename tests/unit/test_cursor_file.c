/* The file of --cursor: what is written reads back, what is no such file is refused. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tool/cursor_file.h"

static struct hi_error e;
static struct hi_positions p, back;
static char folder[] = "/tmp/hi-cursor.XXXXXX", path[64];

static void setup(void)
{
	hi_positions_init(&p);
	hi_positions_init(&back);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/up.pos", folder);
}

static void teardown(void)
{
	unlink(path);
	ck_assert_int_eq(rmdir(folder), 0);
	hi_positions_release(&p);
	hi_positions_release(&back);
}

static void put(const char *text)
{
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

START_TEST(what_is_written_reads_back)
{
	char text[64];
	ck_assert_int_eq(hi_cursor_file_read(&back, path, &e), HI_END);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(hi_positions_set_int(&p, "gen:7", 12 + i, &e), HI_OK);
		ck_assert_int_eq(hi_cursor_file_write(&p, path, &e), HI_OK);
		ck_assert_int_eq(hi_cursor_file_read(&back, path, &e), HI_OK);
		ck_assert(hi_positions_equal(&p, &back));
	}
	FILE *f = fopen(path, "r");
	ck_assert_ptr_nonnull(fgets(text, sizeof(text), f));
	fclose(f);
	ck_assert_str_eq(text, "{\"gen:7\":14}\n");
}
END_TEST

START_TEST(what_is_no_cursor)
{
	static const char *const bad[] = { "", "\n", "{\"gen:7\":1.5}", "{\"gen:7\":1", "7" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put(bad[i]);
		ck_assert_int_eq(hi_cursor_file_read(&back, path, &e), HI_CONTRACT);
	}
	FILE *f = fopen(path, "w");
	for (int i = 0; i < 300000; i++)
		fputs("              ", f);
	fclose(f);
	ck_assert_int_eq(hi_cursor_file_read(&back, path, &e), HI_CONTRACT);
	put("{}");
	ck_assert_int_eq(hi_cursor_file_read(&back, path, &e), HI_OK);
	ck_assert_uint_eq(back.n, 0);
}
END_TEST

START_TEST(what_cannot_be_written)
{
	ck_assert_int_eq(hi_cursor_file_write(&p, "/dev/full", &e), HI_IO);
	ck_assert_int_eq(hi_cursor_file_write(&p, "/nowhere/up.pos", &e), HI_IO);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cursor file");
	TCase *t = tcase_create("cursor file");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_is_written_reads_back);
	tcase_add_test(t, what_is_no_cursor);
	tcase_add_test(t, what_cannot_be_written);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
