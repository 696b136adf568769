#include "store/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"

const char *const hi_segment_folders[HI_SEGMENT_KINDS] = { "readings", "rejects", "other" };

int64_t hi_layout_hour(int64_t t_us)
{
	int64_t into = t_us % HI_US_H;
	return t_us - into - (into < 0 ? HI_US_H : 0);
}

void hi_layout_path(enum hi_segment_kind kind, int64_t hour_us, uint64_t number,
		    char out[HI_LAYOUT_PATH_MAX])
{
	char t[HI_TIME_TEXT_MAX];
	if (kind != HI_SEGMENT_READING) {
		snprintf(out, HI_LAYOUT_PATH_MAX, "%s/%06" PRIu64 ".ndjson",
			 hi_segment_folders[kind], number);
		return;
	}
	hi_time_format(hour_us, 0, t); /* 2025-12-28T06:00:00Z */
	snprintf(out, HI_LAYOUT_PATH_MAX, "%s/%.10s/%.2s.%06" PRIu64 ".csv",
		 hi_segment_folders[kind], t, t + 11, number);
}

static bool digits(const char **p, size_t at_least, uint64_t *out)
{
	size_t n = 0;
	uint64_t v = 0;
	for (; (*p)[n] >= '0' && (*p)[n] <= '9'; n++) {
		if (n == 18)
			return false;
		v = v * 10 + (uint64_t)((*p)[n] - '0');
	}
	*p += n;
	*out = v;
	return n >= at_least;
}

bool hi_layout_number(enum hi_segment_kind kind, const char *name, uint64_t *number)
{
	const char *p = name;
	uint64_t hour;
	if (kind == HI_SEGMENT_READING && (!digits(&p, 2, &hour) || *p++ != '.'))
		return false;
	if (!digits(&p, 6, number))
		return false;
	return strcmp(p, kind == HI_SEGMENT_READING ? ".csv" : ".ndjson") == 0;
}

bool hi_layout_operand(const char *operand, char **folder, int64_t *hour_us)
{
	enum { HOUR_LEN = sizeof("2025-12-28T05") - 1 };
	const char *at = strrchr(operand, '@');
	char text[HOUR_LEN + sizeof(":00:00Z")];
	struct hi_time t;

	*folder = strdup(operand);
	if (!*folder || !at || at == operand || strlen(at + 1) != HOUR_LEN)
		return false;
	snprintf(text, sizeof(text), "%s:00:00Z", at + 1);
	if (hi_time_parse(hi_slice_of(text), &t, NULL) != HI_OK)
		return false;
	*hour_us = t.t_us;
	(*folder)[at - operand] = '\0';
	return true;
}

int hi_layout_create(int store_fd, const char *relative, struct hi_error *e)
{
	enum { FLAGS = O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW };
	int fd = openat(store_fd, relative, FLAGS, 0600);
	if (fd < 0 && errno == ENOENT) {
		char folder[HI_LAYOUT_PATH_MAX];
		snprintf(folder, sizeof(folder), "%s", relative);
		*strrchr(folder, '/') = '\0';
		if (mkdirat(store_fd, folder, 0700) && errno != EEXIST) {
			hi_error_sys(e, "cannot make folder", folder);
			return -1;
		}
		fd = openat(store_fd, relative, FLAGS, 0600);
	}
	if (fd < 0)
		hi_error_sys(e, "cannot make file", relative);
	return fd;
}

static int sync_one(int store_fd, const char *folder, struct hi_error *e)
{
	int fd = openat(store_fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return hi_error_sys(e, "cannot open folder", folder);
	int s = fsync(fd) ? hi_error_sys(e, "cannot sync folder", folder) : HI_OK;
	close(fd);
	return s;
}

int hi_layout_sync_folders(int store_fd, const char *relative, struct hi_error *e)
{
	char folder[HI_LAYOUT_PATH_MAX];
	snprintf(folder, sizeof(folder), "%s", relative);
	*strrchr(folder, '/') = '\0';
	int s = sync_one(store_fd, folder, e);
	if (s)
		return s;
	char *slash = strrchr(folder, '/');
	if (slash)
		*slash = '\0';
	return sync_one(store_fd, slash ? folder : ".", e);
}
