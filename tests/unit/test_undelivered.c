/* The file of --undelivered: whole lines in order, behind what was there, or nothing. */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge/undelivered.h"

static struct hi_error e;
static struct hi_undelivered *u;
static char folder[] = "/tmp/hi-undelivered.XXXXXX", path[64];

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/lost", folder);
}

static void teardown(void)
{
	unlink(path);
	ck_assert_int_eq(rmdir(folder), 0);
}

static void open_it(void)
{
	ck_assert_int_eq(hi_undelivered_open(&u, path, &e), HI_OK);
}

static void put(uint64_t number, const char *line)
{
	ck_assert_int_eq(hi_undelivered_put(u, number, hi_slice_of(line), &e), HI_OK);
}

static const char *content(void)
{
	static char text[256];
	FILE *f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	return text;
}

START_TEST(in_the_order_of_numbers)
{
	struct stat st;
	open_it();
	put(3, "c");
	put(1, "a");
	put(2, "");
	ck_assert_uint_eq(hi_undelivered_held(u), 3);
	ck_assert_str_eq(content(), "");
	ck_assert_int_eq(hi_undelivered_commit(u, &e), HI_OK);
	ck_assert_uint_eq(hi_undelivered_held(u), 0);
	ck_assert_str_eq(content(), "a\n\nc\n");
	put(9, "e");
	hi_undelivered_drop(u);
	put(8, "d");
	ck_assert_int_eq(hi_undelivered_commit(u, &e), HI_OK);
	ck_assert_int_eq(hi_undelivered_commit(u, &e), HI_OK);
	put(10, "never");
	hi_undelivered_close(u);
	ck_assert_str_eq(content(), "a\n\nc\nd\n");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
}
END_TEST

START_TEST(behind_what_is_there)
{
	FILE *f = fopen(path, "w");
	fputs("old\ncut", f);
	fclose(f);
	open_it();
	hi_undelivered_close(u);
	ck_assert_str_eq(content(), "old\ncut");
	open_it();
	put(1, "new");
	ck_assert_int_eq(hi_undelivered_commit(u, &e), HI_OK);
	put(2, "newer");
	ck_assert_int_eq(hi_undelivered_commit(u, &e), HI_OK);
	hi_undelivered_close(u);
	ck_assert_str_eq(content(), "old\ncut\nnew\nnewer\n");
}
END_TEST

START_TEST(one_run_at_a_time)
{
	struct hi_undelivered *other;
	open_it();
	ck_assert_int_eq(hi_undelivered_open(&other, path, &e), HI_IO);
	ck_assert_str_eq(e.text, "another run writes to this file");
	ck_assert_ptr_null(other);
	hi_undelivered_close(u);
	open_it();
	hi_undelivered_close(u);
}
END_TEST

START_TEST(what_is_no_file)
{
	ck_assert_int_eq(hi_undelivered_open(&u, "/dev/null", &e), HI_USAGE);
	ck_assert_int_eq(hi_undelivered_open(&u, "/nowhere/lost", &e), HI_IO);
	ck_assert_int_eq(hi_undelivered_open(&u, folder, &e), HI_IO);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(hi_undelivered_open(&u, path, &e), HI_USAGE);
	unlink(path);
	int fd = open(path, O_CREAT | O_RDONLY, 0600);
	ck_assert_int_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	ck_assert_int_eq(hi_undelivered_open(&u, path, &e), HI_USAGE);
	ck_assert_str_eq(e.text, "undelivered lines cannot go where the input comes from");
	close(STDIN_FILENO);
	close(fd);
}
END_TEST

/* A disk that takes a part: the file is as it was, and the lines can be written later. */
START_TEST(whole_or_not_at_all)
{
	const struct rlimit little = { 10, RLIM_INFINITY };
	const struct rlimit enough = { RLIM_INFINITY, RLIM_INFINITY };
	signal(SIGXFSZ, SIG_IGN);
	open_it();
	put(1, "first");
	ck_assert_int_eq(hi_undelivered_commit(u, &e), HI_OK);
	put(2, "second");
	put(3, "third");
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &little), 0);
	ck_assert_int_eq(hi_undelivered_commit(u, &e), HI_IO);
	ck_assert_str_eq(content(), "first\n");
	ck_assert_uint_eq(hi_undelivered_held(u), 2);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &enough), 0);
	ck_assert_int_eq(hi_undelivered_commit(u, &e), HI_OK);
	hi_undelivered_close(u);
	ck_assert_str_eq(content(), "first\nsecond\nthird\n");
}
END_TEST

START_TEST(what_is_held_has_a_bound)
{
	struct stat st;
	size_t len = 1 << 20;
	char *line = malloc(len);
	memset(line, 'x', len);
	open_it();
	for (uint64_t i = 0; i < 60; i++)
		ck_assert_int_eq(hi_undelivered_put(u, i, (struct hi_slice){ line, len }, &e),
				 HI_OK);
	ck_assert_uint_lt(hi_undelivered_held(u), 48);
	ck_assert_int_eq(hi_undelivered_commit(u, &e), HI_OK);
	hi_undelivered_close(u);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_size, 60 * ((off_t)len + 1));
	free(line);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("undelivered");
	TCase *t = tcase_create("undelivered");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, in_the_order_of_numbers);
	tcase_add_test(t, behind_what_is_there);
	tcase_add_test(t, one_run_at_a_time);
	tcase_add_test(t, what_is_no_file);
	tcase_add_test(t, whole_or_not_at_all);
	tcase_add_test(t, what_is_held_has_a_bound);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
