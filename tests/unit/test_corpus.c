/*
 * The hostile corpus: testdata/corpus/NAME.ndjson and, line by line, what each
 * means in NAME.want. Both scans must say so, however the bytes come in.
 *
 *   test_corpus              checks every file, and lines too large to be kept
 *   test_corpus --print FILE writes what FILE means, to be read by a person
 *                            before it becomes a .want
 *
 * Runs in the project's root.
 */
#include <check.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "vital/reader.h"

static void put_quoted(struct hi_buf *b, const char *name, struct hi_slice s)
{
	hi_buf_printf(b, " %s=", name);
	if (s.len <= 100)
		hi_json_quote(b, s);
	else
		hi_buf_printf(b, "(%zu bytes)", s.len);
}

static void put_reading(struct hi_buf *b, const struct hi_rec *r)
{
	char text[HI_NUM_TEXT_MAX];

	put_quoted(b, "metric", r->metric_name);
	if (!r->metric)
		hi_buf_puts(b, " uncatalogued");
	if (r->has & HI_HAS_VALUE) {
		hi_buf_puts(b, " value=");
		hi_buf_put(b, text, hi_num_format(r->value.v, text));
		if (r->value.exact)
			hi_buf_printf(b, " decimal=%" PRId64 "/%u", r->value.mant, r->value.scale);
	} else if (r->has & HI_HAS_CODE) {
		put_quoted(b, "code", r->code);
	} else {
		hi_buf_puts(b, " null");
	}
	if (r->has & HI_HAS_UNIT)
		put_quoted(b, "unit", r->unit);
	if (r->has & HI_HAS_CONVERTED)
		hi_buf_puts(b, " converted");
	if (r->has & HI_HAS_TOOL)
		hi_buf_puts(b, " score");
}

static void put_record(struct hi_buf *b, const struct hi_rec *r)
{
	static struct hi_buf extra = { .max = 4 << 20 };
	char time[HI_TIME_TEXT_MAX];

	hi_buf_puts(b, hi_type_names[r->type]);
	if (r->has & HI_HAS_PATIENT)
		put_quoted(b, "patient", r->patient_id);
	if (r->type == HI_T_READING)
		put_reading(b, r);
	if (r->has & HI_HAS_TIME) {
		hi_buf_puts(b, " time=");
		hi_buf_put(b, time, hi_time_format(r->t_us, r->t_digits, time));
	}
	if (r->has & HI_HAS_ZONELESS)
		hi_buf_puts(b, " zoneless");
	hi_buf_reset(&extra);
	if (r->type == HI_T_READING)
		hi_rec_extra(r, &extra);
	if (extra.len > 100)
		hi_buf_printf(b, " extra=(%zu bytes)", extra.len);
	else if (extra.len > 0) {
		hi_buf_puts(b, " extra=");
		hi_buf_slice(b, hi_buf_view(&extra));
	}
	if (!r->line_lf)
		hi_buf_puts(b, " (no LF)");
}

/* One line a record: its number, and what it means. numbers: false leaves them out. */
static void report(struct hi_buf *out, struct hi_slice text, const char *scan, size_t chunk_max,
		   bool numbers)
{
	struct hi_input *in;
	struct hi_reader *reader;
	struct hi_rec r;
	struct hi_error e;
	int s;

	setenv("HI_SCAN", scan, 1);
	if (hi_reader_new(&reader, NULL, NULL, &e) || hi_input_memory(&in, text, chunk_max, 1, &e))
		abort();
	hi_reader_open(reader, in);
	while ((s = hi_reader_next(reader, &r, &e)) != HI_END) {
		if (numbers)
			hi_buf_printf(out, "%" PRIu64 " ", hi_reader_line(reader));
		if (s == HI_OK)
			put_record(out, &r);
		else if (s == HI_REFUSED && e.line == hi_reader_line(reader))
			hi_buf_printf(out, "refused at %u: %s", e.column, e.text);
		else
			abort();
		hi_buf_putc(out, '\n');
	}
	hi_reader_free(reader);
	hi_input_close(in);
	if (out->failed)
		abort();
}

static struct hi_slice read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	long n;

	if (!f || fseek(f, 0, SEEK_END) || (n = ftell(f)) < 0) {
		perror(path);
		exit(1);
	}
	char *p = malloc((size_t)n + 1);
	rewind(f);
	if (fread(p, 1, (size_t)n, f) != (size_t)n)
		exit(1);
	fclose(f);
	p[n] = '\0';
	return (struct hi_slice){ p, (size_t)n };
}

/* The two texts are equal; otherwise the first line that is not. */
static void same_text(const char *what, struct hi_slice got, struct hi_slice want)
{
	size_t line = 0;

	for (size_t i = 0; i < got.len && i < want.len && got.ptr[i] == want.ptr[i]; i++)
		if (got.ptr[i] == '\n')
			line = i + 1;
	ck_assert_msg(hi_slice_eq(got, want), "%s:\ngot  %.*s\nwant %.*s", what,
		      (int)strcspn(got.ptr + line, "\n"), got.ptr + line,
		      (int)strcspn(want.ptr + line, "\n"), want.ptr + line);
}

static struct hi_slice ended(struct hi_buf *b)
{
	hi_buf_putc(b, '\0');
	return (struct hi_slice){ b->ptr, b->len - 1 };
}

static glob_t files;

/* The first letter says how every line of a file ends up; odd ones may do either. */
static void check_name(const char *path, struct hi_slice want)
{
	const char *name = strrchr(path, '/') + 1;

	for (const char *p = want.ptr; p < want.ptr + want.len; p = strchr(p, '\n') + 1) {
		bool refused = strncmp(strchr(p, ' '), " refused ", 9) == 0;
		ck_assert_msg(name[0] == 'o' || refused == (name[0] == 'b'), "%s: %.*s", name,
			      (int)strcspn(p, "\n"), p);
	}
}

START_TEST(as_wanted)
{
	const char *path = files.gl_pathv[_i];
	const size_t chunks[] = { 0, 1, 7, 1000 };
	char want_path[256];
	struct hi_slice text = read_file(path);

	snprintf(want_path, sizeof want_path, "%.*s.want", (int)(strlen(path) - 7), path);
	struct hi_slice want = read_file(want_path);
	check_name(path, want);
	for (int ref = 0; ref < 2; ref++) {
		for (size_t c = 0; c < 4; c++) {
			struct hi_buf got;
			char what[300];
			hi_buf_init(&got, 1 << 22);
			snprintf(what, sizeof what, "%s, scan %s, pieces of %zu", path,
				 ref ? "ref" : "fast", chunks[c]);
			report(&got, text, ref ? "ref" : "fast", chunks[c], true);
			same_text(what, ended(&got), want);
			hi_buf_release(&got);
		}
	}
	free((void *)(uintptr_t)text.ptr);
	free((void *)(uintptr_t)want.ptr);
}
END_TEST

/*
 * Every line four times, behind all that earlier files have taught: the second
 * finds the template of the first, which must change nothing.
 */
START_TEST(as_wanted_when_learned)
{
	struct hi_buf text, fast, ref;

	hi_buf_init(&text, 1 << 24);
	hi_buf_init(&fast, 1 << 24);
	hi_buf_init(&ref, 1 << 24);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct hi_slice all = read_file(files.gl_pathv[i]);
		const char *p = all.ptr, *end = all.ptr + all.len;
		while (p < end) {
			const char *lf = memchr(p, '\n', (size_t)(end - p));
			size_t n = (size_t)((lf ? lf : end) - p);
			for (int k = 0; k < 4; k++) {
				hi_buf_put(&text, p, n);
				hi_buf_putc(&text, '\n');
			}
			p += n + 1;
		}
		free((void *)(uintptr_t)all.ptr);
	}
	ck_assert(!text.failed);
	report(&fast, hi_buf_view(&text), "fast", 100000, false);
	report(&ref, hi_buf_view(&text), "ref", 0, false);
	same_text("learned", ended(&fast), ended(&ref));

	/* And the four are alike. */
	const char *first = ref.ptr;
	while (*first) {
		size_t n = strcspn(first, "\n") + 1;
		for (size_t k = 1; k < 4; k++)
			ck_assert_msg(memcmp(first, first + k * n, n) == 0, "%.*s", (int)n, first);
		first += 4 * n;
	}
	hi_buf_release(&text);
	hi_buf_release(&fast);
	hi_buf_release(&ref);
}
END_TEST

static const char good[] =
	"{\"patient_id\":\"P-001\",\"metric_name\":\"heart_rate\",\"value\":72.5,"
	"\"timestamp\":\"2025-12-28T06:30:00Z\"}\n";
static const char good_means[] = "reading patient=\"P-001\" metric=\"heart_rate\" value=72.5 "
				 "decimal=725/1 time=2025-12-28T06:30:00Z\n";
static const char too_long[] = "refused at 1048577: line longer than 1 MiB\n";

/* What text means, by both scans and in several pieces, is want. */
static void means(const char *what, const struct hi_buf *text, const char *want)
{
	ck_assert(!text->failed);
	for (int ref = 0; ref < 2; ref++) {
		for (size_t chunk = 0; chunk <= 1 << 20; chunk = chunk * 32 + (64 << 10)) {
			struct hi_buf got;
			hi_buf_init(&got, 1 << 20);
			report(&got, hi_buf_view(text), ref ? "ref" : "fast", chunk, false);
			same_text(what, ended(&got), hi_slice_of(want));
			hi_buf_release(&got);
		}
	}
}

static void fill(struct hi_buf *b, char c, size_t n)
{
	char *room = hi_buf_room(b, n);
	ck_assert_ptr_nonnull(room);
	memset(room, c, n);
	b->len += n;
}

/* A good line whose extra key makes it n bytes long without its LF. */
static void put_long(struct hi_buf *b, size_t n)
{
	const char head[] = ",\"note\":\"", tail[] = "\"}\n";
	size_t fixed = sizeof good - 3 + sizeof head - 1 + sizeof tail - 2;

	hi_buf_put(b, good, sizeof good - 3);
	hi_buf_puts(b, head);
	fill(b, 'x', n - fixed);
	hi_buf_puts(b, tail);
}

/* Exactly 1 MiB is taken, a byte more is not, and the next line is read as ever. */
START_TEST(line_length_limit)
{
	struct hi_buf b, want;

	hi_buf_init(&b, 8 << 20);
	hi_buf_init(&want, 1 << 16);
	for (size_t n = HI_LINE_MAX - 1; n <= HI_LINE_MAX + 2; n++) {
		hi_buf_puts(&b, good);
		put_long(&b, n);
		hi_buf_puts(&b, good);
		hi_buf_puts(&want, good_means);
		if (n <= HI_LINE_MAX)
			hi_buf_printf(&want, "%.*s extra=(%zu bytes)\n", (int)sizeof good_means - 2,
				      good_means, n - (sizeof good - 3) + 1 - 1);
		else
			hi_buf_puts(&want, too_long);
		hi_buf_puts(&want, good_means);
	}
	means("1 MiB", &b, ended(&want).ptr);
	hi_buf_release(&b);
	hi_buf_release(&want);
}
END_TEST

/* Lines and pieces far above the limit, with LF and without, of any bytes. */
START_TEST(sixteen_megabytes)
{
	const char bytes[] = { 'x', '{', '[', '"', ' ', '\0', '\xff', '7' };
	struct hi_buf b, want;

	hi_buf_init(&b, 20 << 20);
	hi_buf_init(&want, 1 << 16);
	for (size_t i = 0; i < sizeof bytes; i++) {
		hi_buf_reset(&b);
		hi_buf_reset(&want);
		hi_buf_puts(&b, good);
		fill(&b, bytes[i], i == 0 ? 16 << 20 : 2 << 20);
		hi_buf_putc(&b, '\n');
		hi_buf_puts(&b, good);
		fill(&b, bytes[i], 2 << 20);
		hi_buf_puts(&want, good_means);
		hi_buf_puts(&want, too_long);
		hi_buf_puts(&want, good_means);
		hi_buf_puts(&want, too_long);
		means("16 MiB", &b, ended(&want).ptr);
	}
	hi_buf_release(&b);
	hi_buf_release(&want);
}
END_TEST

START_TEST(hundred_thousand_levels)
{
	struct hi_buf b, want;
	const char *const open[] = { "[", "{\"a\":", "[{\"a\":" };

	hi_buf_init(&b, 4 << 20);
	hi_buf_init(&want, 1 << 16);
	for (size_t i = 0; i < 3; i++) {
		hi_buf_put(&b, good, sizeof good - 3);
		hi_buf_puts(&b, ",\"a\":");
		for (int k = 0; k < 100000; k++)
			hi_buf_puts(&b, open[i]);
		hi_buf_puts(&b, "\n");
		hi_buf_puts(&b, good);
		hi_buf_printf(&want, "refused at %zu: not taken: nested too deeply\n%s",
			      sizeof good - 2 + 5 + (i == 2 ? 255u : 511u) * strlen(open[i]) +
				      (i == 2 ? 1 : 0),
			      good_means);
	}
	means("100,000 levels", &b, ended(&want).ptr);
	hi_buf_release(&b);
	hi_buf_release(&want);
}
END_TEST

static void put_long_number(struct hi_buf *b, size_t zeros)
{
	const char *at = strstr(good, "72.5");

	hi_buf_put(b, good, (size_t)(at - good));
	hi_buf_puts(b, "72.5");
	fill(b, '0', zeros);
	hi_buf_puts(b, at + 4);
}

/* A number of any length up to the line's, in a shape that has been learned. */
START_TEST(long_numbers)
{
	const size_t zeros[] = { 300, 4000, 300000, 1048400, 1048600, 1200000 };
	struct hi_buf b, want;

	hi_buf_init(&b, 16 << 20);
	hi_buf_init(&want, 1 << 16);
	for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++) {
		hi_buf_puts(&b, good);
		put_long_number(&b, zeros[i]);
		hi_buf_puts(&want, good_means);
		if (zeros[i] + sizeof good - 2 > HI_LINE_MAX)
			hi_buf_puts(&want, too_long);
		else
			hi_buf_puts(&want, "reading patient=\"P-001\" metric=\"heart_rate\" "
					   "value=72.5 time=2025-12-28T06:30:00Z\n");
	}
	means("long numbers", &b, ended(&want).ptr);
	hi_buf_release(&b);
	hi_buf_release(&want);
}
END_TEST

/*
 * Where an earlier line has made the block large, a whole line above 1 MiB can lie
 * in it behind a short one, and would fit a template. Lines of the same shape move
 * it through all places that it can have there.
 */
START_TEST(long_number_within_a_large_block)
{
	struct hi_buf b, want;

	hi_buf_init(&b, 16 << 20);
	hi_buf_init(&want, 16 << 20);
	for (size_t lines = 0; lines < 16000; lines += 1000) {
		hi_buf_reset(&b);
		hi_buf_reset(&want);
		put_long(&b, HI_LINE_MAX);
		hi_buf_printf(&want, "%.*s extra=(%zu bytes)\n", (int)sizeof good_means - 2,
			      good_means, HI_LINE_MAX - (sizeof good - 3));
		for (size_t k = 0; k < lines; k++) {
			hi_buf_puts(&b, good);
			hi_buf_puts(&want, good_means);
		}
		put_long_number(&b, HI_LINE_MAX);
		hi_buf_puts(&want, too_long);
		struct hi_buf got;
		hi_buf_init(&got, 16 << 20);
		report(&got, hi_buf_view(&b), "fast", 0, false);
		same_text("long number in a large block", ended(&got), ended(&want));
		hi_buf_release(&got);
	}
	hi_buf_release(&b);
	hi_buf_release(&want);
}
END_TEST

static int print(const char *path)
{
	struct hi_buf b;

	hi_buf_init(&b, 1 << 22);
	report(&b, read_file(path), "ref", 0, true);
	fwrite(b.ptr, 1, b.len, stdout);
	return fflush(stdout) != 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--print") == 0)
		return print(argv[2]);
	if (glob("testdata/corpus/*.ndjson", 0, NULL, &files) != 0) {
		fputs("test_corpus: no testdata/corpus here: run in the project's root\n", stderr);
		return 1;
	}
	TCase *t = tcase_create("corpus");
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, as_wanted, 0, (int)files.gl_pathc);
	tcase_add_test(t, as_wanted_when_learned);
	tcase_add_test(t, line_length_limit);
	tcase_add_test(t, sixteen_megabytes);
	tcase_add_test(t, hundred_thousand_levels);
	tcase_add_test(t, long_numbers);
	tcase_add_test(t, long_number_within_a_large_block);
	Suite *s = suite_create("corpus");
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	globfree(&files);
	return failed != 0;
}
