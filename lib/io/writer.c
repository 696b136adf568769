#include "io/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	CAP_DEFAULT = 64 << 10,
	/* A passed range shorter than this is cheaper copied than written by itself. */
	PASS_COPY_MAX = 16 << 10,
	WAIT_MS = 1000,
};

int hi_writer_init(struct hi_writer *w, int fd, const char *name, size_t cap, struct hi_error *e)
{
	*w = (struct hi_writer){ .fd = fd, .name = name, .cap = cap ? cap : CAP_DEFAULT };
	w->buf = malloc(w->cap);
	return w->buf ? HI_OK : hi_error_set(e, HI_NOMEM, "no memory for an output buffer");
}

/*
 * True where the failed write may be tried again. A terminal or pipe that another
 * process has made non-blocking must hold us back, not fail.
 */
static bool may_retry(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLOUT };

	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return poll(&wait, 1, -1) >= 0 || errno == EINTR;
	return errno == EINTR;
}

void hi_writer_on_wait(struct hi_writer *w, void (*waits)(void *arg), void *arg)
{
	struct stat st;
	if (fstat(w->fd, &st) != 0 || !(S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
		return;
	int cap = fcntl(w->fd, F_GETPIPE_SZ);
	w->pipe_cap = cap > 0 ? (size_t)cap : 0;
	w->waits = waits;
	w->waits_arg = arg;
}

/*
 * How much may be written. Somebody who is to be told of waiting must not wait in
 * write(): what poll calls ready takes PIPE_BUF bytes at once, and perhaps no more; a
 * pipe that is empty takes all that it has room for, which a fast reader is glad of.
 */
static size_t await(const struct hi_writer *w)
{
	struct pollfd wait = { .fd = w->fd, .events = POLLOUT };
	int n;
	if (!w->waits)
		return SIZE_MAX;
	while ((n = poll(&wait, 1, WAIT_MS)) == 0 || (n < 0 && errno == EINTR))
		w->waits(w->waits_arg);
	int held;
	bool empty = w->pipe_cap > 0 && ioctl(w->fd, FIONREAD, &held) == 0 && held == 0;
	return empty ? w->pipe_cap : PIPE_BUF;
}

/* Writes a, then b; latches the first error and drops what follows it. */
static void write_two(struct hi_writer *w, const char *a, size_t a_len, const char *b, size_t b_len)
{
	while (a_len + b_len > 0 && !w->sys) {
		const size_t most = await(w), a_now = a_len < most ? a_len : most;
		const size_t b_now = b_len < most - a_now ? b_len : most - a_now;
		struct iovec v[2] = {
			{ .iov_base = (void *)(uintptr_t)a, .iov_len = a_now },
			{ .iov_base = (void *)(uintptr_t)b, .iov_len = b_now },
		};
		int first = a_len == 0;
		ssize_t n = writev(w->fd, v + first, 2 - first);
		if (n < 0) {
			if (!may_retry(w->fd))
				w->sys = errno;
			continue;
		}
		size_t done = (size_t)n, from_a = done < a_len ? done : a_len;
		w->bytes += done;
		a += from_a;
		a_len -= from_a;
		b += done - from_a;
		b_len -= done - from_a;
	}
}

void hi_writer_flush(struct hi_writer *w)
{
	write_two(w, w->buf, w->len, w->pass, w->pass_len);
	w->len = 0;
	w->pass = NULL;
	w->pass_len = 0;
}

void hi_writer_settle(struct hi_writer *w)
{
	if (!w->pass)
		return;
	if (w->pass_len > PASS_COPY_MAX || w->pass_len > w->cap - w->len) {
		hi_writer_flush(w);
		return;
	}
	memcpy(w->buf + w->len, w->pass, w->pass_len);
	w->len += w->pass_len;
	w->pass = NULL;
	w->pass_len = 0;
}

void hi_writer_pass_slow(struct hi_writer *w, const char *p, size_t n)
{
	hi_writer_settle(w);
	w->pass = p;
	w->pass_len = n;
}

void hi_writer_put(struct hi_writer *w, const void *p, size_t n)
{
	hi_writer_settle(w);
	if (n > w->cap - w->len) {
		write_two(w, w->buf, w->len, n >= w->cap ? p : NULL, n >= w->cap ? n : 0);
		w->len = 0;
		if (n >= w->cap)
			return;
	}
	memcpy(w->buf + w->len, p, n);
	w->len += n;
}

void hi_writer_slice(struct hi_writer *w, struct hi_slice s)
{
	if (s.len > 0)
		hi_writer_put(w, s.ptr, s.len);
}

void hi_writer_buf(struct hi_writer *w, struct hi_buf *b)
{
	if (b->failed)
		hi_writer_fail(w, ENOMEM);
	hi_writer_slice(w, hi_buf_view(b));
	hi_buf_reset(b);
}

void hi_writer_puts(struct hi_writer *w, const char *s)
{
	hi_writer_put(w, s, strlen(s));
}

int hi_writer_close(struct hi_writer *w, struct hi_error *e)
{
	hi_writer_flush(w);
	/* NFS and quotas tell of some failures only here. */
	if (close(w->fd) != 0 && !w->sys && errno != EINTR)
		w->sys = errno;
	free(w->buf);
	w->buf = NULL;
	if (!w->sys)
		return HI_OK;
	errno = w->sys;
	return hi_error_sys(e, "cannot write", w->name);
}
