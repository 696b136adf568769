/* Files that are there whole or not at all, and the signals. */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/atomic.h"
#include "io/signal.h"

static char folder[] = "/tmp/hi-atomic-XXXXXX";

static const char *in_folder(const char *name)
{
	static char path[4][256];
	static int next;
	char *p = path[next++ % 4];

	snprintf(p, sizeof path[0], "%s/%s", folder, name);
	return p;
}

static void content_is(const char *path, const char *want)
{
	char b[100] = "";
	int fd = open(path, O_RDONLY);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_ge(read(fd, b, sizeof b - 1), 0);
	close(fd);
	ck_assert_str_eq(b, want);
}

static int files(void)
{
	DIR *d = opendir(folder);
	int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static void put(int fd, const char *s)
{
	ck_assert_int_eq(write(fd, s, strlen(s)), (long)strlen(s));
}

START_TEST(new_and_replaced)
{
	struct hi_atomic a;
	struct hi_error e;
	struct stat st;
	const char *path = in_folder("out");

	ck_assert_int_eq(hi_atomic_begin(&a, path, &e), HI_OK);
	put(a.fd, "one");
	ck_assert_int_eq(access(path, F_OK), -1);
	ck_assert_int_eq(hi_atomic_commit(&a, &e), HI_OK);
	content_is(path, "one");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);

	/* Now with a writer that closed the descriptor itself. */
	ck_assert_int_eq(hi_atomic_begin(&a, path, &e), HI_OK);
	put(a.fd, "two");
	close(a.fd);
	a.fd = -1;
	content_is(path, "one");
	ck_assert_int_eq(hi_atomic_commit(&a, &e), HI_OK);
	content_is(path, "two");
	hi_atomic_abort(&a);
	content_is(path, "two");
	ck_assert_int_eq(files(), 1);
	unlink(path);
}
END_TEST

/* Without a sync: as whole, and nothing beside it. */
START_TEST(replaced_unsynced)
{
	struct hi_atomic a;
	struct hi_error e;
	const char *path = in_folder("counters");

	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(hi_atomic_begin(&a, path, &e), HI_OK);
		put(a.fd, i ? "two" : "one");
		if (i)
			content_is(path, "one");
		ck_assert_int_eq(hi_atomic_replace(&a, &e), HI_OK);
		content_is(path, i ? "two" : "one");
		ck_assert_int_eq(files(), 1);
		hi_atomic_abort(&a);
		content_is(path, i ? "two" : "one");
	}
	unlink(path);
	ck_assert_int_eq(hi_atomic_begin(&a, path, &e), HI_OK);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(hi_atomic_replace(&a, &e), HI_IO);
	ck_assert_str_eq(e.text, "cannot rename to");
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(files(), 0);
	ck_assert_int_eq(hi_atomic_begin(&a, "/dev/null", &e), HI_OK);
	put(a.fd, "x");
	ck_assert_int_eq(hi_atomic_replace(&a, &e), HI_OK);
	ck_assert_int_eq(files(), 0);
}
END_TEST

START_TEST(aborted)
{
	struct hi_atomic a;
	struct hi_error e;

	ck_assert_int_eq(hi_atomic_begin(&a, in_folder("out"), &e), HI_OK);
	put(a.fd, "half");
	ck_assert_int_eq(files(), 1);
	hi_atomic_abort(&a);
	ck_assert_int_eq(files(), 0);
	hi_atomic_abort(&a);
}
END_TEST

/* A link stays a link, what it leads to is replaced. */
START_TEST(through_a_link)
{
	struct hi_atomic a;
	struct hi_error e;
	struct stat st;

	ck_assert_int_eq(hi_atomic_begin(&a, in_folder("target"), &e), HI_OK);
	ck_assert_int_eq(hi_atomic_commit(&a, &e), HI_OK);
	ck_assert_int_eq(symlink("target", in_folder("link")), 0);
	ck_assert_int_eq(hi_atomic_begin(&a, in_folder("link"), &e), HI_OK);
	put(a.fd, "new");
	ck_assert_int_eq(hi_atomic_commit(&a, &e), HI_OK);
	ck_assert_int_eq(lstat(in_folder("link"), &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	content_is(in_folder("target"), "new");
	unlink(in_folder("link"));
	unlink(in_folder("target"));
	ck_assert_int_eq(files(), 0);
}
END_TEST

/* A device is written and never replaced, nor removed by an abort. */
START_TEST(devices)
{
	struct hi_atomic a;
	struct hi_error e;
	struct stat st;

	ck_assert_int_eq(hi_atomic_begin(&a, "/dev/null", &e), HI_OK);
	put(a.fd, "gone");
	ck_assert_int_eq(hi_atomic_commit(&a, &e), HI_OK);
	ck_assert_int_eq(hi_atomic_begin(&a, "/dev/full", &e), HI_OK);
	ck_assert_int_eq(write(a.fd, "x", 1), -1);
	ck_assert_int_eq(errno, ENOSPC);
	hi_atomic_abort(&a);
	ck_assert(stat("/dev/null", &st) == 0 && S_ISCHR(st.st_mode));
	ck_assert(stat("/dev/full", &st) == 0 && S_ISCHR(st.st_mode));
}
END_TEST

START_TEST(errors)
{
	struct hi_atomic a;
	struct hi_error e;

	ck_assert_int_eq(hi_atomic_begin(&a, in_folder("none/out"), &e), HI_IO);
	ck_assert_int_eq(e.sys, ENOENT);
	ck_assert_int_eq(hi_atomic_begin(&a, folder, &e), HI_IO);
	ck_assert_int_eq(e.sys, EISDIR);
	hi_atomic_abort(&a);

	/* The name has become a folder meanwhile: the rename fails, nothing is left behind. */
	ck_assert_int_eq(hi_atomic_begin(&a, in_folder("out"), &e), HI_OK);
	ck_assert_int_eq(mkdir(in_folder("out"), 0700), 0);
	ck_assert_int_eq(hi_atomic_commit(&a, &e), HI_IO);
	ck_assert_int_eq(e.sys, EISDIR);
	rmdir(in_folder("out"));
	ck_assert_int_eq(files(), 0);

	/* Somebody has removed the temporary file. */
	ck_assert_int_eq(hi_atomic_begin(&a, in_folder("out"), &e), HI_OK);
	unlink(a.temporary);
	ck_assert_int_eq(hi_atomic_commit(&a, &e), HI_IO);
	ck_assert_int_eq(e.sys, ENOENT);
}
END_TEST

START_TEST(folders)
{
	struct hi_error e;

	ck_assert_int_eq(hi_sync_folder(folder, &e), HI_OK);
	ck_assert_int_eq(hi_sync_folder(in_folder("not-yet"), &e), HI_OK);
	ck_assert_int_eq(hi_sync_folder("/", &e), HI_OK);
	ck_assert_int_eq(hi_sync_folder("/etc", &e), HI_OK);
	ck_assert_int_eq(hi_sync_folder("Makefile", &e), HI_OK);
	ck_assert_int_eq(hi_sync_folder("/nonexistent/x", &e), HI_IO);
	ck_assert_int_eq(e.sys, ENOENT);
}
END_TEST

/* Runs in a child: its status tells how it ended. */
static int child_ends(void (*body)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		body();
		_exit(9);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static void one_stop(void)
{
	hi_signal_start();
	raise(SIGTERM);
	raise(SIGUSR1);
	_exit(hi_signal_stop == SIGTERM && hi_signal_counters == 1 ? 0 : 1);
}

static void two_stops(void)
{
	hi_signal_start();
	raise(SIGINT);
	raise(SIGTERM);
}

static void ignored_before(void)
{
	signal(SIGINT, SIG_IGN);
	hi_signal_start();
	raise(SIGINT);
	if (hi_signal_stop != 0)
		_exit(1);
	raise(SIGTERM); /* stays ignored behind the other one */
	raise(SIGINT);
	_exit(hi_signal_stop == SIGTERM ? 0 : 1);
}

static void broken_pipe(void)
{
	int fd[2];

	hi_signal_start();
	if (pipe(fd) == 0) {
		close(fd[0]);
		if (write(fd[1], "x", 1) < 0)
			_exit(1);
	}
}

START_TEST(signals)
{
	int status = child_ends(one_stop);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	status = child_ends(two_stops);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	status = child_ends(ignored_before);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	status = child_ends(broken_pipe);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
}
END_TEST

int main(void)
{
	if (!mkdtemp(folder))
		return 1;
	TCase *t = tcase_create("atomic");
	tcase_add_test(t, new_and_replaced);
	tcase_add_test(t, replaced_unsynced);
	tcase_add_test(t, aborted);
	tcase_add_test(t, through_a_link);
	tcase_add_test(t, devices);
	tcase_add_test(t, errors);
	tcase_add_test(t, folders);
	tcase_add_test(t, signals);
	Suite *s = suite_create("atomic");
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	rmdir(folder);
	return failed != 0;
}
