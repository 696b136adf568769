#include "io/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum { PACKED_CAP = 128 * 1024 };

enum kind { PLAIN, GZIP, ZSTD, MEMORY };

struct hi_input {
	enum kind kind;
	int fd; /* -1 for memory */
	bool file;
	bool begun; /* something was read: its first bytes have been looked at */
	const char *name;

	/* Compressed: what was read and is not yet unpacked is packed[from..len). */
	unsigned char *packed;
	size_t from, len;
	bool packed_end; /* the descriptor has no more */
	bool within;	 /* a member or frame has begun and not ended, or none was seen yet */
	bool more;	 /* the last call filled its buffer: there may be more without reading */
	z_stream z;
	ZSTD_DCtx *zstd;

	/* An error that came after good bytes, which went out first. */
	struct hi_error late;

	/* Memory. */
	struct hi_slice left;
	size_t chunk_max;
	uint64_t random;
};

static bool ends_in(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n > m && strcmp(s + n - m, end) == 0;
}

static int start_unpacker(struct hi_input *in, struct hi_error *e)
{
	in->packed = malloc(PACKED_CAP);
	in->within = true;
	if (in->kind == ZSTD)
		in->zstd = ZSTD_createDCtx();
	/* 16: gzip only; 15: any window that gzip has. */
	if (!in->packed || (in->kind == GZIP ? inflateInit2(&in->z, 16 + 15) != Z_OK : !in->zstd))
		return hi_error_set(e, HI_NOMEM, "out of memory");
	return HI_OK;
}

int hi_input_fd(struct hi_input **out, int fd, const char *name, struct hi_error *e)
{
	struct hi_input *in = calloc(1, sizeof *in);
	struct stat st;

	*out = NULL;
	if (!in)
		return hi_error_set(e, HI_NOMEM, "out of memory");
	in->fd = fd;
	in->name = name;
	in->file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	in->kind = ends_in(name, ".gz") ? GZIP : ends_in(name, ".zst") ? ZSTD : PLAIN;
	if (in->kind != PLAIN && start_unpacker(in, e) != HI_OK) {
		in->fd = 0; /* it stays the caller's */
		hi_input_close(in);
		return HI_NOMEM;
	}
	*out = in;
	return HI_OK;
}

int hi_input_open(struct hi_input **out, const char *path, struct hi_error *e)
{
	*out = NULL;
	if (strcmp(path, "-") == 0)
		return hi_input_fd(out, 0, "stdin", e);

	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return hi_error_sys(e, "cannot open", path);
	int s = hi_input_fd(out, fd, path, e);
	if (s != HI_OK)
		close(fd);
	return s;
}

int hi_input_memory(struct hi_input **out, struct hi_slice text, size_t chunk_max, uint64_t seed,
		    struct hi_error *e)
{
	struct hi_input *in = calloc(1, sizeof *in);

	*out = in;
	if (!in)
		return hi_error_set(e, HI_NOMEM, "out of memory");
	in->kind = MEMORY;
	in->fd = -1;
	in->file = true;
	in->name = "memory";
	in->left = text;
	in->chunk_max = chunk_max;
	in->random = seed;
	return HI_OK;
}

const char *hi_input_name(const struct hi_input *in)
{
	return in->name;
}

/* read(2); waits where somebody has made the descriptor non-blocking. */
static long read_fd(struct hi_input *in, void *p, size_t cap, struct hi_error *e)
{
	for (;;) {
		ssize_t n = read(in->fd, p, cap);
		if (n >= 0)
			return n;
		struct pollfd wait = { .fd = in->fd, .events = POLLIN };
		if (errno != EAGAIN || poll(&wait, 1, -1) < 0)
			return hi_error_sys(e, "cannot read", NULL);
	}
}

static long read_memory(struct hi_input *in, void *p, size_t cap)
{
	size_t n = cap;

	if (in->chunk_max) {
		in->random = in->random * UINT64_C(6364136223846793005) + 1442695040888963407;
		n = (in->random >> 33) % in->chunk_max + 1;
	}
	if (n > cap)
		n = cap;
	if (n > in->left.len)
		n = in->left.len;
	if (n)
		memcpy(p, in->left.ptr, n);
	in->left.ptr += n;
	in->left.len -= n;
	return (long)n;
}

/* HI_OK: [from..len) is not empty, or packed_end. */
static int fill(struct hi_input *in, struct hi_error *e)
{
	if (in->from < in->len || in->packed_end)
		return HI_OK;
	long n = read_fd(in, in->packed, PACKED_CAP, e);
	if (n < 0)
		return (int)n;
	in->from = 0;
	in->len = (size_t)n;
	in->packed_end = n == 0;
	return HI_OK;
}

/* One step: unpacks into p, *got bytes. HI_OK, HI_NOMEM or HI_CORRUPT. */
static int step_gzip(struct hi_input *in, void *p, size_t cap, size_t *got, struct hi_error *e)
{
	if (!in->within && in->from < in->len) {
		inflateReset(&in->z);
		in->within = true;
	}
	in->z.next_in = in->packed + in->from;
	in->z.avail_in = (uInt)(in->len - in->from);
	in->z.next_out = p;
	in->z.avail_out = cap < 1 << 30 ? (uInt)cap : 1 << 30;

	uInt room = in->z.avail_out;
	int z = inflate(&in->z, Z_NO_FLUSH);
	in->from = in->len - in->z.avail_in;
	*got = room - in->z.avail_out;
	in->more = in->z.avail_out == 0;
	if (z == Z_STREAM_END)
		in->within = in->more = false;
	else if (z == Z_MEM_ERROR)
		return hi_error_set(e, HI_NOMEM, "out of memory");
	else if (z != Z_OK && z != Z_BUF_ERROR) /* the latter: needs more input */
		return hi_error_set(e, HI_CORRUPT, "damaged gzip file");
	return HI_OK;
}

static int step_zstd(struct hi_input *in, void *p, size_t cap, size_t *got, struct hi_error *e)
{
	ZSTD_inBuffer from = { in->packed + in->from, in->len - in->from, 0 };
	ZSTD_outBuffer to = { p, cap, 0 };
	size_t r = ZSTD_decompressStream(in->zstd, &to, &from);

	in->from += from.pos;
	*got = to.pos;
	in->more = to.pos == cap;
	if (ZSTD_isError(r)) {
		if (ZSTD_getErrorCode(r) == ZSTD_error_memory_allocation)
			return hi_error_set(e, HI_NOMEM, "out of memory");
		if (ZSTD_getErrorCode(r) == ZSTD_error_frameParameter_windowTooLarge)
			return hi_error_set(e, HI_CORRUPT, "zstd window above 128 MiB");
		return hi_error_set(e, HI_CORRUPT, "damaged zstd file");
	}
	if (from.pos || to.pos)
		in->within = r != 0;
	if (r == 0)
		in->more = false;
	return HI_OK;
}

/*
 * Unpacks until there are bytes. An error that comes with bytes, or a signal
 * after some, waits for the next call: what is good goes out first.
 */
static long read_packed(struct hi_input *in, void *p, size_t cap, struct hi_error *e)
{
	for (;;) {
		size_t got = 0;
		int s = in->more ? HI_OK : fill(in, e);
		if (s != HI_OK)
			return s;
		if (!in->more && in->from == in->len) { /* then packed_end */
			if (!in->within)
				return 0;
			return hi_error_set(e, HI_CORRUPT, "compressed file is cut short");
		}
		s = in->kind == GZIP ? step_gzip(in, p, cap, &got, &in->late)
				     : step_zstd(in, p, cap, &got, &in->late);
		if (got)
			return (long)got;
		if (s != HI_OK) {
			if (e)
				*e = in->late;
			return s;
		}
	}
}

/* By its first bytes: RFC 1952 section 2.3.1, RFC 8878 section 3.1.1. No line begins so. */
static enum kind kind_of(const void *p, size_t n)
{
	if (n >= 2 && memcmp(p, "\x1f\x8b", 2) == 0)
		return GZIP;
	return n >= 4 && memcmp(p, "\x28\xb5\x2f\xfd", 4) == 0 ? ZSTD : PLAIN;
}

/* The first read of what its name does not call compressed: a pipe has no name. */
static long read_first(struct hi_input *in, void *p, size_t cap, struct hi_error *e)
{
	long n = read_fd(in, p, cap < PACKED_CAP ? cap : PACKED_CAP, e);
	if (n < 0)
		return n;
	in->begun = true;
	in->kind = kind_of(p, (size_t)n);
	if (in->kind == PLAIN)
		return n;
	int s = start_unpacker(in, e);
	if (s != HI_OK)
		return s;
	memcpy(in->packed, p, (size_t)n);
	in->len = (size_t)n;
	return read_packed(in, p, cap, e);
}

long hi_input_read(struct hi_input *in, void *p, size_t cap, struct hi_error *e)
{
	if (in->late.status != HI_OK) {
		if (e)
			*e = in->late;
		return in->late.status;
	}
	if (cap == 0)
		return 0;
	if (in->kind == MEMORY)
		return read_memory(in, p, cap);
	if (in->kind != PLAIN)
		return read_packed(in, p, cap, e);
	return in->begun ? read_fd(in, p, cap, e) : read_first(in, p, cap, e);
}

long hi_input_read_on(struct hi_input *in, void *p, size_t cap, struct hi_error *e)
{
	struct hi_error last;
	long n;

	do
		n = hi_input_read(in, p, cap, &last);
	while (n == HI_IO && last.sys == EINTR);
	if (n < 0 && e)
		*e = last;
	return n;
}

bool hi_input_ready(const struct hi_input *in, int timeout_ms)
{
	struct pollfd wait = { .fd = in->fd, .events = POLLIN };

	if (in->file || in->more || in->from < in->len || in->late.status != HI_OK)
		return true;
	return poll(&wait, 1, timeout_ms) > 0;
}

int hi_input_poll_fd(const struct hi_input *in)
{
	return in->fd;
}

void hi_input_close(struct hi_input *in)
{
	if (!in)
		return;
	if (in->kind == GZIP)
		inflateEnd(&in->z);
	ZSTD_freeDCtx(in->zstd);
	free(in->packed);
	if (in->fd > 0)
		close(in->fd);
	free(in);
}
