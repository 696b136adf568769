#include "tool/cursor_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "io/atomic.h"
#include "io/writer.h"
#include "vital/record.h"

enum { PIECE = 64 << 10 };

/* At most what goes into a mark, and one byte more by which it is seen to be longer. */
static int read_all(int fd, const char *path, struct hi_buf *b, struct hi_error *e)
{
	for (;;) {
		char *room = hi_buf_room(b, PIECE);
		if (!room)
			return hi_error_fmt(e, HI_CONTRACT, "no positions in this file", "%s",
					    path);
		ssize_t n = read(fd, room, PIECE);
		if (n == 0)
			return HI_OK;
		if (n < 0 && errno != EINTR)
			return hi_error_sys(e, "cannot read", path);
		b->len += n > 0 ? (size_t)n : 0;
	}
}

int hi_cursor_file_read(struct hi_positions *p, const char *path, struct hi_error *e)
{
	struct hi_buf b;
	hi_positions_reset(p);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return errno == ENOENT ? HI_END : hi_error_sys(e, "cannot open", path);
	hi_buf_init(&b, HI_LINE_MAX + 2 * PIECE);
	int s = read_all(fd, path, &b, e);
	close(fd);
	if (s == HI_OK) {
		b.len -= b.len && b.ptr[b.len - 1] == '\n';
		s = hi_positions_read(p, hi_buf_view(&b), e);
	}
	hi_buf_release(&b);
	return s == HI_CONTRACT ? hi_error_fmt(e, s, "no positions in this file", "%s", path) : s;
}

int hi_cursor_file_write(const struct hi_positions *p, const char *path, struct hi_error *e)
{
	struct hi_atomic file;
	struct hi_writer w;
	struct hi_buf b;
	int s = hi_atomic_begin(&file, path, e);
	if (s)
		return s;
	hi_buf_init(&b, HI_LINE_MAX);
	hi_positions_write(p, &b);
	hi_buf_putc(&b, '\n');
	s = hi_writer_init(&w, file.fd, path, b.len + 1, e);
	if (s == HI_OK) {
		hi_writer_buf(&w, &b);
		s = hi_writer_close(&w, e);
		file.fd = -1;
	}
	s = s ? s : hi_atomic_commit(&file, e);
	if (s)
		hi_atomic_abort(&file);
	hi_buf_release(&b);
	return s;
}
