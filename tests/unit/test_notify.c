/* The datagrams of sd_notify(3), as a manager's own socket gets them. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "tool/notify.h"

static char folder[] = "/tmp/hi-notify.XXXXXX", path[64], got[256];
static int manager = -1;

/* Each test runs in a process of its own (CK_FORK), for a run looks for its manager once. */
static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/notify", folder);
	unsetenv("WATCHDOG_USEC");
}

static void teardown(void)
{
	close(manager);
	unlink(path);
	ck_assert_int_eq(rmdir(folder), 0);
}

/* name as NOTIFY_SOCKET has it, and somebody who listens there. */
static void listen_at(const char *name)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	memcpy(at.sun_path, name, len);
	if (*name == '@')
		at.sun_path[0] = 0;
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_ge(manager, 0);
	socklen_t at_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	ck_assert_int_eq(bind(manager, (struct sockaddr *)&at, at_len), 0);
	setenv("NOTIFY_SOCKET", name, 1);
}

/* The next datagram; "" where there is none. */
static const char *next(void)
{
	ssize_t n = recv(manager, got, sizeof(got) - 1, 0);
	got[n > 0 ? n : 0] = 0;
	return got;
}

/* WATCHDOG=1 and a status with a time and nothing else. */
static void check_progress(const char *text)
{
	struct tm tm = { 0 };
	static const char head[] = "WATCHDOG=1\nSTATUS=durable as of ";
	ck_assert_int_eq(strncmp(text, head, strlen(head)), 0);
	const char *end = strptime(text + strlen(head), "%Y-%m-%dT%H:%M:%SZ", &tm);
	ck_assert_ptr_nonnull(end);
	ck_assert_str_eq(end, "");
	ck_assert_int_lt(labs((long)(timegm(&tm) - time(NULL))), 60);
}

START_TEST(a_path)
{
	listen_at(path);
	hi_notify_ready();
	ck_assert_str_eq(next(), "READY=1");
	hi_notify_progress();
	check_progress(next());
	ck_assert_str_eq(next(), "");
}
END_TEST

START_TEST(an_abstract_name)
{
	char name[64];
	snprintf(name, sizeof(name), "@hi/notify/%ld", (long)getpid());
	listen_at(name);
	hi_notify_ready();
	ck_assert_str_eq(next(), "READY=1");
	hi_notify_progress();
	check_progress(next());
}
END_TEST

START_TEST(often_is_told_seldom)
{
	setenv("WATCHDOG_USEC", "400000", 1);
	listen_at(path);
	int told = 0;
	struct timespec begun, now;
	clock_gettime(CLOCK_MONOTONIC, &begun);
	do {
		hi_notify_progress();
		told += *next() != 0;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - begun.tv_sec < 1 || told < 3);
	/* Each 100 ms at most, however long the machine took for this. */
	ck_assert_int_le(told, 11 + 10 * (int)(now.tv_sec - begun.tv_sec));
}
END_TEST

START_TEST(nobody_to_tell)
{
	static const char *const names[] = { NULL, "", "/", "@", "relative", "vsock:2:1234" };
	int which = _i;
	if (names[which])
		setenv("NOTIFY_SOCKET", names[which], 1);
	else
		unsetenv("NOTIFY_SOCKET");
	hi_notify_ready();
	hi_notify_progress();
	/* No descriptor was taken: the lowest that is free is the one that was. */
	int before = dup(0);
	ck_assert_int_ge(before, 0);
	close(before);
	hi_notify_progress();
	ck_assert_int_eq(dup(0), before);
}
END_TEST

START_TEST(nobody_listens)
{
	char longer[200];
	setenv("NOTIFY_SOCKET", path, 1);
	if (_i == 1) {
		memset(longer, 'x', sizeof(longer) - 1);
		longer[0] = '/';
		longer[sizeof(longer) - 1] = 0;
		setenv("NOTIFY_SOCKET", longer, 1);
	}
	hi_notify_ready();
	hi_notify_progress();
}
END_TEST

START_TEST(a_manager_who_does_not_read)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	listen_at(path);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	int other = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	int full = 0;
	while (sendto(other, "X=1", 3, 0, (struct sockaddr *)&at, sizeof(at)) == 3)
		full++;
	ck_assert_int_gt(full, 0);
	hi_notify_ready();
	hi_notify_progress();
	for (; full > 0; full--)
		ck_assert_str_eq(next(), "X=1");
	ck_assert_str_eq(next(), "");
	/* What did not go through goes now, not only in a second. */
	hi_notify_progress();
	ck_assert_int_eq(strncmp(next(), "READY=1\n", 8), 0);
	check_progress(got + 8);
	close(other);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("notify");
	TCase *t = tcase_create("notify");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_path);
	tcase_add_test(t, an_abstract_name);
	tcase_add_test(t, often_is_told_seldom);
	tcase_add_loop_test(t, nobody_to_tell, 0, 6);
	tcase_add_loop_test(t, nobody_listens, 0, 2);
	tcase_add_test(t, a_manager_who_does_not_read);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_set_fork_status(r, CK_FORK);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
