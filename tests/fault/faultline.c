/*
 * Faults that a tracer cannot make, by LD_PRELOAD. HI_FAULTLINE=KIND:N:
 *
 *   alloc    the Nth allocation after the start of main() fails, SQLite's and libc's too
 *   allocs   the Nth and every later one
 *   short    the Nth read or write moves half of its bytes
 *   shorts   every one moves at most N bytes
 *   eintr    every Nth read or write is interrupted: EINTR
 *   budget   files take N bytes, then ENOSPC; the write that crosses it is short
 *
 * The first time that a fault happens, the file that HI_FAULTLINE_LOG names is made: a
 * sweep goes on until a run does not make it. One thread only.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t to, size_t n);
ssize_t __read_chk(int fd, void *b, size_t n, size_t b_len);
ssize_t __pread_chk(int fd, void *b, size_t n, off_t at, size_t b_len);
ssize_t __pread64_chk(int fd, void *b, size_t n, off64_t at, size_t b_len);

static enum { OFF, ALLOC, ALLOCS, SHORT, SHORTS, EINTRS, BUDGET } kind;
static long limit, count, used;
static const char *log_path;

static void happened(void)
{
	if (log_path)
		syscall(SYS_close,
			syscall(SYS_openat, AT_FDCWD, log_path, O_WRONLY | O_CREAT, 0600));
	log_path = NULL;
}

/* Run after the constructors of all other libraries: theirs is not the tool's memory. */
__attribute__((constructor)) static void start(void)
{
	static const char *const kinds[] = { "",	"alloc:", "allocs:", "short:",
					     "shorts:", "eintr:", "budget:" };
	const char *given = getenv("HI_FAULTLINE");

	log_path = getenv("HI_FAULTLINE_LOG");
	for (int k = ALLOC; given && k <= BUDGET; k++) {
		size_t len = strlen(kinds[k]);
		if (strncmp(given, kinds[k], len) == 0) {
			limit = atol(given + len);
			kind = (__typeof__(kind))k;
		}
	}
}

/* --- memory */

static bool fails(void)
{
	if ((kind != ALLOC && kind != ALLOCS) || ++count < limit ||
	    (kind == ALLOC && count != limit))
		return false;
	happened();
	errno = ENOMEM;
	return true;
}

void *malloc(size_t n)
{
	return fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	return fails() ? NULL : __libc_realloc(p, n);
}

void *reallocarray(void *p, size_t n, size_t size)
{
	if (size && n > (size_t)-1 / size) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(p, n * size);
}

void *aligned_alloc(size_t to, size_t n)
{
	return fails() ? NULL : __libc_memalign(to, n);
}

int posix_memalign(void **out, size_t to, size_t n)
{
	void *p = fails() ? NULL : __libc_memalign(to, n);
	if (!p)
		return ENOMEM;
	*out = p;
	return 0;
}

/* --- reading and writing */

static bool interrupted(void)
{
	if (kind != EINTRS || ++count % limit != 0)
		return false;
	happened();
	errno = EINTR;
	return true;
}

static bool is_file(int fd)
{
	struct stat st;
	return syscall(SYS_newfstatat, fd, "", &st, AT_EMPTY_PATH) == 0 && S_ISREG(st.st_mode);
}

/* How many of n bytes the call moves. */
static size_t moved(size_t n)
{
	size_t less = n;
	if (kind == SHORT && n > 1 && ++count == limit)
		less = n / 2;
	else if (kind == SHORTS && n > (size_t)limit)
		less = (size_t)limit;
	if (less < n)
		happened();
	return less;
}

/* The same for a write; 0: there is no room left. */
static size_t room(int fd, size_t n)
{
	if (kind != BUDGET || n == 0 || !is_file(fd))
		return moved(n);
	size_t left = used < limit ? (size_t)(limit - used) : 0;
	if (left < n)
		happened();
	return left < n ? left : n;
}

static ssize_t written(ssize_t done)
{
	used += done > 0 ? done : 0;
	return done;
}

static ssize_t full(void)
{
	errno = ENOSPC;
	return -1;
}

ssize_t read(int fd, void *b, size_t n)
{
	return interrupted() ? -1 : syscall(SYS_read, fd, b, moved(n));
}

ssize_t pread64(int fd, void *b, size_t n, off64_t at)
{
	return interrupted() ? -1 : syscall(SYS_pread64, fd, b, moved(n), at);
}

ssize_t pread(int fd, void *b, size_t n, off_t at)
{
	return pread64(fd, b, n, at);
}

ssize_t __read_chk(int fd, void *b, size_t n, size_t b_len)
{
	(void)b_len;
	return read(fd, b, n);
}

ssize_t __pread_chk(int fd, void *b, size_t n, off_t at, size_t b_len)
{
	(void)b_len;
	return pread64(fd, b, n, at);
}

ssize_t __pread64_chk(int fd, void *b, size_t n, off64_t at, size_t b_len)
{
	(void)b_len;
	return pread64(fd, b, n, at);
}

ssize_t write(int fd, const void *b, size_t n)
{
	size_t some = room(fd, n);
	if (interrupted())
		return -1;
	return n && !some ? full() : written(syscall(SYS_write, fd, b, some));
}

ssize_t pwrite64(int fd, const void *b, size_t n, off64_t at)
{
	size_t some = room(fd, n);
	if (interrupted())
		return -1;
	return n && !some ? full() : written(syscall(SYS_pwrite64, fd, b, some, at));
}

ssize_t pwrite(int fd, const void *b, size_t n, off_t at)
{
	return pwrite64(fd, b, n, at);
}

/* A short one may end within a piece, which is where a caller that goes on may err. */
ssize_t writev(int fd, const struct iovec *v, int v_n)
{
	enum { PIECES_MAX = 16 };
	struct iovec some[PIECES_MAX];
	size_t n = 0, left;
	int some_n = 0;

	if (interrupted())
		return -1;
	for (int i = 0; i < v_n; i++)
		n += v[i].iov_len;
	left = room(fd, n);
	if (n && !left)
		return full();
	for (; some_n < v_n && some_n < PIECES_MAX && left; some_n++) {
		some[some_n] = v[some_n];
		if (some[some_n].iov_len > left)
			some[some_n].iov_len = left;
		left -= some[some_n].iov_len;
	}
	return written(syscall(SYS_writev, fd, some, some_n));
}
