#include "io/atomic.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int no_memory(struct hi_error *e)
{
	return hi_error_set(e, HI_NOMEM, "out of memory");
}

static void forget(struct hi_atomic *a)
{
	if (a->fd >= 0)
		close(a->fd);
	free(a->temporary);
	free(a->path);
	*a = (struct hi_atomic){ .fd = -1 };
}

/* What is no file (/dev/null, a pipe) cannot be replaced: it is written as it is. */
static int begin_direct(struct hi_atomic *a, const char *path, struct hi_error *e)
{
	a->path = strdup(path);
	if (!a->path)
		return no_memory(e);
	a->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (a->fd < 0) {
		hi_error_sys(e, "cannot open", path);
		forget(a);
		return HI_IO;
	}
	return HI_OK;
}

int hi_atomic_begin(struct hi_atomic *a, const char *path, struct hi_error *e)
{
	struct stat st;

	*a = (struct hi_atomic){ .fd = -1 };
	bool exists = stat(path, &st) == 0;
	if (exists && !S_ISREG(st.st_mode))
		return begin_direct(a, path, e);

	/* Through a symbolic link, so that the link stays one (and /dev/stdout too). */
	a->path = exists ? realpath(path, NULL) : strdup(path);
	if (!a->path && errno != ENOMEM)
		return hi_error_sys(e, "cannot follow", path);
	if (!a->path || asprintf(&a->temporary, "%s.XXXXXX", a->path) < 0) {
		a->temporary = NULL;
		forget(a);
		return no_memory(e);
	}
	a->fd = mkostemp(a->temporary, O_CLOEXEC);
	if (a->fd < 0) {
		hi_error_sys(e, "cannot make a file beside", path);
		forget(a);
		return HI_IO;
	}
	return HI_OK;
}

static int close_fd(struct hi_atomic *a, struct hi_error *e)
{
	int fd = a->fd;

	a->fd = -1;
	if (fd >= 0 && close(fd) < 0)
		return hi_error_sys(e, "cannot close", a->path);
	return HI_OK;
}

static int sync_content(struct hi_atomic *a, struct hi_error *e)
{
	if (a->fd < 0)
		a->fd = open(a->temporary, O_WRONLY | O_CLOEXEC);
	if (a->fd < 0)
		return hi_error_sys(e, "cannot open again to sync", a->temporary);
	if (fsync(a->fd) < 0)
		return hi_error_sys(e, "cannot sync", a->temporary);
	return close_fd(a, e);
}

/* path becomes what is in the temporary file, unless status says that this has failed. */
static int put_in_place(struct hi_atomic *a, int status, struct hi_error *e)
{
	if (status == HI_OK && rename(a->temporary, a->path) < 0)
		status = hi_error_sys(e, "cannot rename to", a->path);
	if (status != HI_OK)
		hi_atomic_abort(a);
	return status;
}

int hi_atomic_commit(struct hi_atomic *a, struct hi_error *e)
{
	if (!a->temporary)
		return hi_atomic_replace(a, e);
	int s = put_in_place(a, sync_content(a, e), e);
	if (s != HI_OK)
		return s;
	s = hi_sync_folder(a->path, e);
	forget(a);
	return s;
}

int hi_atomic_replace(struct hi_atomic *a, struct hi_error *e)
{
	int s = close_fd(a, e);
	if (a->temporary)
		s = put_in_place(a, s, e);
	forget(a);
	return s;
}

void hi_atomic_abort(struct hi_atomic *a)
{
	if (a->temporary)
		unlink(a->temporary);
	forget(a);
}

/* "a/b" lies in "a", "/b" in "/", "b" in ".". NULL: no memory. */
static char *folder_of(const char *path)
{
	struct stat st;
	const char *slash = strrchr(path, '/');

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return strdup(path);
	if (!slash)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

int hi_sync_folder(const char *path, struct hi_error *e)
{
	char *folder = folder_of(path);
	int s = HI_OK;

	if (!folder)
		return no_memory(e);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		s = hi_error_sys(e, "cannot open folder", folder);
	else if (fsync(fd) < 0 && errno != EINVAL) /* some file systems have no such thing */
		s = hi_error_sys(e, "cannot sync folder", folder);
	if (fd >= 0)
		close(fd);
	free(folder);
	return s;
}
