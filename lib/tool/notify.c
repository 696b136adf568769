#include "tool/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/time.h"

static struct {
	bool looked, ready_due;
	int fd; /* -1: nobody to tell */
	struct sockaddr_un to;
	socklen_t to_len;
	int64_t every_us, next_us;
} manager;

/* Other families (vsock:) are for virtual machines' own managers. */
static bool read_address(const char *name)
{
	size_t len = strlen(name);
	if ((*name != '/' && *name != '@') || len < 2 || len >= sizeof(manager.to.sun_path))
		return false;
	manager.to.sun_family = AF_UNIX;
	memcpy(manager.to.sun_path, name, len);
	if (*name == '@')
		manager.to.sun_path[0] = 0;
	/* An abstract name is as long as it is said to be; a path ends with its NUL. */
	manager.to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (*name == '/'));
	return true;
}

static int64_t read_interval(void)
{
	const char *text = getenv("WATCHDOG_USEC");
	int64_t quarter_us = text ? strtoll(text, NULL, 10) / 4 : 0;
	return quarter_us > 0 && quarter_us < HI_US_S ? quarter_us : HI_US_S;
}

static bool is_there(void)
{
	if (!manager.looked) {
		const char *name = getenv("NOTIFY_SOCKET");
		manager.looked = true;
		manager.fd = name && read_address(name)
				     ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)
				     : -1;
		manager.every_us = read_interval();
	}
	return manager.fd >= 0;
}

/* False where it may go through later: the queue is full. */
static bool tell(const char *state)
{
	ssize_t n;
	do {
		n = sendto(manager.fd, state, strlen(state), MSG_NOSIGNAL,
			   (const struct sockaddr *)&manager.to, manager.to_len);
	} while (n < 0 && errno == EINTR);
	return n >= 0 || errno != EAGAIN;
}

void hi_notify_ready(void)
{
	if (is_there())
		manager.ready_due = !tell("READY=1");
}

void hi_notify_progress(void)
{
	char state[128], now[HI_TIME_TEXT_MAX];
	if (!is_there())
		return;
	int64_t now_us = hi_monotonic_us();
	if (now_us < manager.next_us)
		return;
	int64_t wall_us = hi_clock_us();
	size_t len = hi_time_format(wall_us - wall_us % HI_US_S, 0, now);
	snprintf(state, sizeof(state), "%sWATCHDOG=1\nSTATUS=durable as of %.*s",
		 manager.ready_due ? "READY=1\n" : "", (int)len, now);
	if (!tell(state))
		return;
	manager.ready_due = false;
	manager.next_us = now_us + manager.every_us;
}
