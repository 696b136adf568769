/* Inputs: plain, gzip, zstd, several members, cut and damaged ones, pipes. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "io/input.h"

enum { TEXT_LEN = 400000 };

static char folder[] = "/tmp/hi-input-XXXXXX";
static char path[256];
static char text[TEXT_LEN];

/* Lines that compress, but not to nothing. */
static void make_text(void)
{
	unsigned x = 1;

	for (size_t i = 0; i < sizeof text; i++) {
		x = x * 1664525 + 1013904223;
		text[i] = i % 40 == 39 ? '\n' : (char)('a' + (x >> 28));
	}
}

static void write_file(const char *name, const void *p, size_t n)
{
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *f = fopen(path, "wb");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(p, 1, n, f), n);
	ck_assert_int_eq(fclose(f), 0);
}

/* One member or frame of p; the caller frees it. */
static char *pack(bool gzip, const void *p, size_t n, size_t *packed_n)
{
	size_t cap = n + n / 2 + 1000;
	char *out = malloc(cap);

	if (gzip) {
		z_stream z = { .next_in = (Bytef *)(uintptr_t)p, .avail_in = (uInt)n };
		ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
		z.next_out = (Bytef *)out;
		z.avail_out = (uInt)cap;
		ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
		*packed_n = cap - z.avail_out;
		deflateEnd(&z);
	} else {
		ZSTD_CCtx *c = ZSTD_createCCtx();
		ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
		*packed_n = ZSTD_compress2(c, out, cap, p, n);
		ck_assert(!ZSTD_isError(*packed_n));
		ZSTD_freeCCtx(c);
	}
	return out;
}

static const char *name_of(bool gzip)
{
	return gzip ? "x.ndjson.gz" : "x.ndjson.zst";
}

/* Reads path to its end in pieces of cap; how it ended, and whether all of it was text. */
static long read_all(size_t cap, size_t *total, struct hi_error *e)
{
	struct hi_input *in;
	char *piece = malloc(cap);
	long n;

	*total = 0;
	ck_assert_int_eq(hi_input_open(&in, path, e), HI_OK);
	ck_assert_str_eq(hi_input_name(in), path);
	while ((n = hi_input_read(in, piece, cap, e)) > 0) {
		ck_assert_uint_le((size_t)n, cap);
		ck_assert_int_eq(memcmp(piece, text + *total % TEXT_LEN, (size_t)n), 0);
		*total += (size_t)n;
		ck_assert(hi_input_ready(in, 0));
	}
	/* The end stays the end. */
	ck_assert_int_eq(hi_input_read(in, piece, cap, e), n);
	hi_input_close(in);
	free(piece);
	return n;
}

START_TEST(plain)
{
	struct hi_error e;
	size_t total;

	write_file("x.ndjson", text, TEXT_LEN);
	ck_assert_int_eq(read_all(1000, &total, &e), 0);
	ck_assert_uint_eq(total, TEXT_LEN);
	write_file("empty", "", 0);
	ck_assert_int_eq(read_all(1000, &total, &e), 0);
	ck_assert_uint_eq(total, 0);
}
END_TEST

START_TEST(packed)
{
	bool gzip = _i;
	struct hi_error e;
	size_t total, n;
	char *p = pack(gzip, text, TEXT_LEN, &n);

	/* By its name, and by its first bytes, which are all that a pipe has. */
	const char *const names[] = { name_of(gzip), "x.ndjson" };
	const size_t caps[] = { 1000, 65536, 1 << 20 };
	for (size_t i = 0; i < 6; i++) {
		write_file(names[i / 3], p, n);
		ck_assert_int_eq(read_all(caps[i % 3], &total, &e), 0);
		ck_assert_uint_eq(total, TEXT_LEN);
	}
	free(p);
}
END_TEST

/* A file of members, an empty one among them, whose cuts lie anywhere in the buffers. */
START_TEST(members)
{
	bool gzip = _i;
	struct hi_error e;
	size_t total, empty_n, n = 0, from = 0;
	char *all = malloc(4 << 20);
	char *empty = pack(gzip, "", 0, &empty_n);

	while (from < TEXT_LEN) {
		size_t take = from * 7 % 9000 + 1, m;
		take = take < TEXT_LEN - from ? take : TEXT_LEN - from;
		char *p = pack(gzip, text + from, take, &m);
		memcpy(all + n, p, m);
		memcpy(all + n + m, empty, empty_n);
		n += m + empty_n;
		from += take;
		free(p);
	}
	write_file(name_of(gzip), all, n);
	ck_assert_int_eq(read_all(997, &total, &e), 0);
	ck_assert_uint_eq(total, TEXT_LEN);
	ck_assert_int_eq(read_all(1 << 20, &total, &e), 0);
	ck_assert_uint_eq(total, TEXT_LEN);

	memcpy(all + n, "garbage behind the last member", 30);
	write_file(name_of(gzip), all, n + 30);
	ck_assert_int_eq(read_all(1 << 20, &total, &e), HI_CORRUPT);
	ck_assert_uint_eq(total, TEXT_LEN);
	free(all);
	free(empty);
}
END_TEST

/* Cut anywhere, also before its first byte: every good byte, then HI_CORRUPT. */
START_TEST(cut)
{
	bool gzip = _i;
	struct hi_error e;
	size_t total, n;
	char *p = pack(gzip, text, 3000, &n);

	for (size_t len = 0; len < n; len++) {
		write_file(name_of(gzip), p, len);
		ck_assert_int_eq(read_all(512, &total, &e), HI_CORRUPT);
		ck_assert_str_eq(e.text, "compressed file is cut short");
		ck_assert_uint_le(total, 3000);
	}
	ck_assert_uint_gt(total, 0);
	free(p);
}
END_TEST

/* A bit is turned over anywhere: never more or other bytes than were packed, or an error. */
START_TEST(damaged)
{
	bool gzip = _i;
	size_t n, wrong = 0;
	char *p = pack(gzip, text, 3000, &n), out[4000];

	for (size_t i = 0; i < n; i++) {
		struct hi_input *in;
		struct hi_error e;
		size_t total = 0;
		long got;

		p[i] ^= 0x10;
		write_file(name_of(gzip), p, n);
		p[i] ^= 0x10;
		ck_assert_int_eq(hi_input_open(&in, path, &e), HI_OK);
		while ((got = hi_input_read(in, out, sizeof out, &e)) > 0)
			total += (size_t)got;
		hi_input_close(in);
		if (got == HI_CORRUPT)
			wrong++;
		else /* gzip's header holds a time and a system that nobody checks */
			ck_assert(got == 0 && total == 3000 && memcmp(out, text, 3000) == 0);
	}
	ck_assert_uint_ge(wrong, n - 10);
	free(p);
}
END_TEST

START_TEST(window_too_large)
{
	struct hi_input *in;
	struct hi_error e;
	char c;
	/* Magic, no single segment, window descriptor 2^(10 + 20) = 1 GiB, an empty last block. */
	const char frame[] = "\x28\xb5\x2f\xfd\x00\xa0\x01\x00\x00";

	write_file("x.zst", frame, sizeof frame - 1);
	ck_assert_int_eq(hi_input_open(&in, path, &e), HI_OK);
	ck_assert_int_eq(hi_input_read(in, &c, 1, &e), HI_CORRUPT);
	ck_assert_str_eq(e.text, "zstd window above 128 MiB");
	hi_input_close(in);
}
END_TEST

START_TEST(cannot_open)
{
	struct hi_input *in;
	struct hi_error e;
	char c;

	ck_assert_int_eq(hi_input_open(&in, "/nonexistent/x", &e), HI_IO);
	ck_assert_int_eq(e.sys, ENOENT);
	ck_assert_str_eq(e.detail, "/nonexistent/x");
	ck_assert_ptr_null(in);
	ck_assert_int_eq(hi_input_open(&in, folder, &e), HI_OK);
	ck_assert_int_eq(hi_input_read(in, &c, 1, &e), HI_IO);
	ck_assert_int_eq(e.sys, EISDIR);
	hi_input_close(in);
	hi_input_close(NULL);
}
END_TEST

static void on_alarm(int sig)
{
	(void)sig;
}

/* A live gzip pipe gives what has come, says when it would wait, and a signal wakes it. */
START_TEST(pipes)
{
	int fd[2];
	struct hi_input *in;
	struct hi_error e;
	char b[4000];
	size_t n;
	char *p = pack(true, text, 1000, &n);
	const struct itimerval soon = { .it_value.tv_usec = 20000 };
	const struct sigaction act = { .sa_handler = on_alarm };

	sigaction(SIGALRM, &act, NULL);
	ck_assert_int_eq(pipe(fd), 0);
	ck_assert_int_eq(hi_input_fd(&in, fd[0], "live.gz", &e), HI_OK);
	ck_assert_int_eq(hi_input_poll_fd(in), fd[0]);
	ck_assert(!hi_input_ready(in, 0));
	ck_assert_int_eq(write(fd[1], p, n), (long)n);
	ck_assert(hi_input_ready(in, 1000));
	ck_assert_int_eq(hi_input_read(in, b, sizeof b, &e), 1000);
	ck_assert(!hi_input_ready(in, 0));

	setitimer(ITIMER_REAL, &soon, NULL);
	ck_assert_int_eq(hi_input_read(in, b, sizeof b, &e), HI_IO);
	ck_assert_int_eq(e.sys, EINTR);

	/* Somebody else made the descriptor non-blocking: still a read that waits. */
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	setitimer(ITIMER_REAL, &soon, NULL);
	ck_assert_int_eq(hi_input_read(in, b, sizeof b, &e), HI_IO);
	ck_assert_int_eq(e.sys, EINTR);
	ck_assert_int_eq(write(fd[1], p, n), (long)n);
	close(fd[1]);
	ck_assert_int_eq(hi_input_read(in, b, sizeof b, &e), 1000);
	ck_assert(hi_input_ready(in, 0));
	ck_assert_int_eq(hi_input_read(in, b, sizeof b, &e), 0);
	hi_input_close(in);
	ck_assert_int_eq(fcntl(fd[0], F_GETFD), -1);
	free(p);
}
END_TEST

START_TEST(memory)
{
	struct hi_input *in;
	struct hi_error e;
	char b[100];
	bool short_seen = false;

	for (size_t chunk = 0; chunk < 20; chunk++) {
		size_t total = 0;
		long n;
		ck_assert_int_eq(
			hi_input_memory(&in, (struct hi_slice){ text, 3000 }, chunk, 5, &e), HI_OK);
		while ((n = hi_input_read(in, b, sizeof b, &e)) > 0) {
			ck_assert_int_eq(memcmp(b, text + total, (size_t)n), 0);
			ck_assert_uint_le((size_t)n, chunk ? chunk : sizeof b);
			short_seen |= chunk && (size_t)n < chunk;
			total += (size_t)n;
		}
		ck_assert_uint_eq(total, 3000);
		ck_assert(hi_input_ready(in, 0));
		hi_input_close(in);
	}
	ck_assert(short_seen);
}
END_TEST

static void clear(void)
{
	char command[300];

	snprintf(command, sizeof command, "rm -rf %s", folder);
	if (system(command) != 0)
		fputs("test_input: cannot remove its folder\n", stderr);
}

int main(void)
{
	make_text();
	if (!mkdtemp(folder))
		return 1;
	TCase *t = tcase_create("input");
	tcase_set_timeout(t, 60);
	tcase_add_test(t, plain);
	tcase_add_loop_test(t, packed, 0, 2);
	tcase_add_loop_test(t, members, 0, 2);
	tcase_add_loop_test(t, cut, 0, 2);
	tcase_add_loop_test(t, damaged, 0, 2);
	tcase_add_test(t, window_too_large);
	tcase_add_test(t, cannot_open);
	tcase_add_test(t, pipes);
	tcase_add_test(t, memory);
	Suite *s = suite_create("input");
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	clear();
	return failed != 0;
}
