#include "bridge/undelivered.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "io/atomic.h"
#include "io/writer.h"

struct held {
	uint64_t number;
	size_t begin, len; /* in text */
};

struct hi_undelivered {
	const char *path;
	int fd;
	bool cut; /* the file's last line has no LF */
	struct hi_buf text;
	struct held *v;
	size_t n, cap;
};

static bool is_standard_input(const struct stat *file)
{
	struct stat in;
	return fstat(STDIN_FILENO, &in) == 0 && in.st_dev == file->st_dev &&
	       in.st_ino == file->st_ino;
}

static int check(struct hi_undelivered *u, struct hi_error *e)
{
	struct stat st;
	char last = '\n';
	if (fstat(u->fd, &st) != 0)
		return hi_error_sys(e, "cannot look at", u->path);
	if (!S_ISREG(st.st_mode))
		return hi_error_fmt(e, HI_USAGE, "undelivered lines need a file, and this is none",
				    "%s", u->path);
	if (is_standard_input(&st))
		return hi_error_fmt(e, HI_USAGE,
				    "undelivered lines cannot go where the input comes from", "%s",
				    u->path);
	/* Kept until the descriptor is closed, also by a kill. */
	if (flock(u->fd, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK
			       ? hi_error_fmt(e, HI_IO, "another run writes to this file", "%s",
					      u->path)
			       : hi_error_sys(e, "cannot lock", u->path);
	if (st.st_size > 0 && pread(u->fd, &last, 1, st.st_size - 1) != 1)
		return hi_error_sys(e, "cannot read", u->path);
	u->cut = last != '\n';
	return hi_sync_folder(u->path, e);
}

int hi_undelivered_open(struct hi_undelivered **out, const char *path, struct hi_error *e)
{
	struct hi_undelivered *u = calloc(1, sizeof(*u));
	*out = NULL;
	if (!u)
		return hi_error_set(e, HI_NOMEM, "no memory for undelivered lines");
	u->path = path;
	hi_buf_init(&u->text, 2 * (size_t)HI_UNDELIVERED_HELD_MAX);
	u->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	int s = u->fd < 0 ? hi_error_sys(e, "cannot open", path) : check(u, e);
	if (s)
		hi_undelivered_close(u);
	else
		*out = u;
	return s;
}

static bool make_room(struct hi_undelivered *u)
{
	if (u->n < u->cap)
		return true;
	size_t cap = u->cap ? u->cap * 2 : 64;
	struct held *v = realloc(u->v, cap * sizeof(*v));
	if (!v)
		return false;
	u->v = v;
	u->cap = cap;
	return true;
}

int hi_undelivered_put(struct hi_undelivered *u, uint64_t number, struct hi_slice line,
		       struct hi_error *e)
{
	if (u->n && u->text.len + line.len + 1 > HI_UNDELIVERED_HELD_MAX) {
		int s = hi_undelivered_commit(u, e);
		if (s)
			return s;
	}
	char *room = make_room(u) ? hi_buf_room(&u->text, line.len + 1) : NULL;
	if (!room)
		return hi_error_set(e, HI_NOMEM, "no memory for undelivered lines");
	memcpy(room, line.ptr, line.len);
	room[line.len] = '\n';
	u->v[u->n++] = (struct held){ number, u->text.len, line.len + 1 };
	u->text.len += line.len + 1;
	return HI_OK;
}

uint64_t hi_undelivered_held(const struct hi_undelivered *u)
{
	return u->n;
}

static int in_order(const void *a, const void *b)
{
	uint64_t x = ((const struct held *)a)->number, y = ((const struct held *)b)->number;
	return (x > y) - (x < y);
}

static int write_all(struct hi_undelivered *u, struct hi_error *e)
{
	struct hi_writer w;
	int fd = fcntl(u->fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return hi_error_sys(e, "cannot write", u->path);
	int s = hi_writer_init(&w, fd, u->path, 0, e);
	if (s) {
		close(fd);
		return s;
	}
	if (u->cut)
		hi_writer_put(&w, "\n", 1);
	for (size_t i = 0; i < u->n; i++)
		hi_writer_put(&w, u->text.ptr + u->v[i].begin, u->v[i].len);
	return hi_writer_close(&w, e);
}

int hi_undelivered_commit(struct hi_undelivered *u, struct hi_error *e)
{
	struct stat st;
	if (u->n == 0)
		return HI_OK;
	if (fstat(u->fd, &st) != 0)
		return hi_error_sys(e, "cannot look at", u->path);
	qsort(u->v, u->n, sizeof(*u->v), in_order);
	int s = write_all(u, e);
	if (s == HI_OK && fsync(u->fd) != 0)
		s = hi_error_sys(e, "cannot sync", u->path);
	if (s) {
		/* Half of them would be sent twice when the whole comes again. */
		if (ftruncate(u->fd, st.st_size) != 0)
			u->cut = true;
		return s;
	}
	u->cut = false;
	hi_undelivered_drop(u);
	return HI_OK;
}

void hi_undelivered_drop(struct hi_undelivered *u)
{
	u->n = 0;
	hi_buf_reset(&u->text);
}

void hi_undelivered_close(struct hi_undelivered *u)
{
	if (!u)
		return;
	if (u->fd >= 0)
		close(u->fd);
	hi_buf_release(&u->text);
	free(u->v);
	free(u);
}
