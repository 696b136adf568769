/* What monitors read: names, labels with anything in them, histograms; and a writer that is held.
 */
#include <check.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/prometheus.h"
#include "base/time.h"
#include "io/writer.h"

static void expect(struct hi_buf *b, const char *want)
{
	ck_assert(!b->failed);
	ck_assert_msg(hi_slice_is(hi_buf_view(b), want), "got:\n%.*s\nnot:\n%s", (int)b->len,
		      b->ptr, want);
	hi_buf_release(b);
}

START_TEST(lines)
{
	const struct hi_prom_label v[] = { { "topic", HI_LIT("a\"b\\c\nd\xc3\xa9") },
					   { "partition", HI_LIT("0") } };
	struct hi_buf b;

	hi_buf_init(&b, 4096);
	hi_prom_family(&b, "hi_x_total", "counter", "What \"x\" is,\nand \\.");
	hi_prom_count(&b, "hi_x_total", (struct hi_prom_labels){ v, 2 }, UINT64_MAX);
	hi_prom_count(&b, "hi_x_total", (struct hi_prom_labels){ v + 1, 1 }, 0);
	hi_prom_value(&b, "hi_y", (struct hi_prom_labels){ NULL, 0 }, 0.25);
	expect(&b, "# HELP hi_x_total What \"x\" is,\\nand \\\\.\n"
		   "# TYPE hi_x_total counter\n"
		   "hi_x_total{topic=\"a\\\"b\\\\c\\nd\xc3\xa9\",partition=\"0\"} "
		   "18446744073709551615\n"
		   "hi_x_total{partition=\"0\"} 0\n"
		   "hi_y 0.25\n");
}
END_TEST

/* The bound itself is within; what is above all of them counts in +Inf alone. */
START_TEST(buckets)
{
	struct hi_latency l = { .n = 0 };

	for (size_t i = 0; i < HI_LATENCY_BOUNDS; i++) {
		if (i > 0)
			ck_assert_int_gt(hi_latency_bounds_us[i], hi_latency_bounds_us[i - 1]);
		hi_latency_add(&l, hi_latency_bounds_us[i]);
		ck_assert_uint_eq(l.count[i], 1);
		hi_latency_add(&l, hi_latency_bounds_us[i] + 1);
		ck_assert_uint_eq(l.count[i + 1], 1);
		l.count[i] = l.count[i + 1] = 0;
	}
	hi_latency_add(&l, -5);
	hi_latency_add(&l, 0);
	ck_assert_uint_eq(l.count[0], 2);
	hi_latency_add(&l, INT64_MAX);
	ck_assert_uint_eq(l.count[HI_LATENCY_BOUNDS], 1);
	ck_assert_uint_eq(l.n, 2 * HI_LATENCY_BOUNDS + 3);
	/* A million messages of 1970: more microseconds than 64 bits hold. */
	for (int i = 0; i < 1000000; i++)
		hi_latency_add(&l, 50 * 365 * HI_US_DAY);
	ck_assert(isfinite(l.sum_s) && l.sum_s > 1.5e15);
}
END_TEST

START_TEST(histogram)
{
	const struct hi_prom_label tool = { "tool", HI_LIT("t") };
	struct hi_latency l = { .n = 0 };
	struct hi_buf b;

	hi_latency_add(&l, 400);
	hi_latency_add(&l, 2 * HI_US_MS);
	hi_latency_add(&l, 2100);
	hi_latency_add(&l, 70 * HI_US_S);
	hi_buf_init(&b, 4096);
	hi_prom_histogram(&b, "hi_l_seconds", (struct hi_prom_labels){ &tool, 1 }, &l);
	expect(&b, "hi_l_seconds_bucket{tool=\"t\",le=\"0.0005\"} 1\n"
		   "hi_l_seconds_bucket{tool=\"t\",le=\"0.001\"} 1\n"
		   "hi_l_seconds_bucket{tool=\"t\",le=\"0.0025\"} 3\n"
		   "hi_l_seconds_bucket{tool=\"t\",le=\"0.005\"} 3\n"
		   "hi_l_seconds_bucket{tool=\"t\",le=\"0.01\"} 3\n"
		   "hi_l_seconds_bucket{tool=\"t\",le=\"0.025\"} 3\n"
		   "hi_l_seconds_bucket{tool=\"t\",le=\"0.05\"} 3\n"
		   "hi_l_seconds_bucket{tool=\"t\",le=\"0.1\"} 3\n"
		   "hi_l_seconds_bucket{tool=\"t\",le=\"0.25\"} 3\n"
		   "hi_l_seconds_bucket{tool=\"t\",le=\"0.5\"} 3\n"
		   "hi_l_seconds_bucket{tool=\"t\",le=\"1\"} 3\n"
		   "hi_l_seconds_bucket{tool=\"t\",le=\"2.5\"} 3\n"
		   "hi_l_seconds_bucket{tool=\"t\",le=\"5\"} 3\n"
		   "hi_l_seconds_bucket{tool=\"t\",le=\"10\"} 3\n"
		   "hi_l_seconds_bucket{tool=\"t\",le=\"30\"} 3\n"
		   "hi_l_seconds_bucket{tool=\"t\",le=\"60\"} 3\n"
		   "hi_l_seconds_bucket{tool=\"t\",le=\"+Inf\"} 4\n"
		   "hi_l_seconds_sum{tool=\"t\"} 70.0045\n"
		   "hi_l_seconds_count{tool=\"t\"} 4\n");
}
END_TEST

struct held {
	int fd;
	unsigned calls;
	size_t taken;
};

/* The second time that it is told, somebody reads again. */
static void take(void *arg)
{
	struct held *h = arg;
	static char bytes[1 << 16];

	if (++h->calls < 2)
		return;
	ssize_t n = read(h->fd, bytes, sizeof bytes);
	ck_assert_int_gt(n, 0);
	h->taken += (size_t)n;
}

/* More than a pipe holds, by pieces and at once: each byte once, in order, and it is told. */
START_TEST(a_held_output)
{
	int fd[2];
	struct hi_writer w;
	struct held h = { .calls = 0 };
	size_t n = 100000;
	char *text = malloc(n), *back = malloc(n);

	ck_assert_int_eq(pipe(fd), 0);
	h.fd = fd[0];
	for (size_t i = 0; i < n; i++)
		text[i] = (char)(i * 31 >> 3);
	ck_assert_int_eq(hi_writer_init(&w, fd[1], "pipe", 1000, NULL), HI_OK);
	hi_writer_on_wait(&w, take, &h);
	hi_writer_put(&w, text, 999);
	hi_writer_put(&w, text + 999, n - 999);
	hi_writer_flush(&w);
	ck_assert_uint_ge(h.calls, 2);
	ck_assert_uint_eq(w.bytes, n);
	ck_assert_int_eq(hi_writer_close(&w, NULL), HI_OK);
	size_t rest = n - h.taken;
	ck_assert_int_eq(read(fd[0], back, n), (ssize_t)rest);
	ck_assert_mem_eq(back, text + h.taken, rest);
	ck_assert_int_eq(read(fd[0], back, n), 0);
	close(fd[0]);
	free(text);
	free(back);
}
END_TEST

/* A file never waits, and is written as ever. */
START_TEST(a_file_is_not_held)
{
	struct hi_writer w;
	struct held h = { .calls = 0 };
	int fd = open("/dev/null", O_WRONLY);

	ck_assert_int_eq(hi_writer_init(&w, fd, "null", 0, NULL), HI_OK);
	hi_writer_on_wait(&w, take, &h);
	ck_assert_ptr_null(w.waits);
	ck_assert_int_eq(hi_writer_close(&w, NULL), HI_OK);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("prometheus");
	tcase_add_test(t, lines);
	tcase_add_test(t, buckets);
	tcase_add_test(t, histogram);
	tcase_add_test(t, a_held_output);
	tcase_add_test(t, a_file_is_not_held);
	tcase_set_timeout(t, 60);
	Suite *s = suite_create("prometheus");
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
