/*
 * The fast reader beside the strict one: the same records, rejects and line numbers
 * however the bytes are cut into reads, wherever the input ends.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scan.h"
#include "vital/reader.h"

static struct hi_reader *reader(const char *scan)
{
	struct hi_reader *r;

	setenv("HI_SCAN", scan, 1);
	ck_assert_int_eq(hi_reader_new(&r, NULL, NULL, NULL), HI_OK);
	return r;
}

static bool same_num(const struct hi_num *x, const struct hi_num *y)
{
	return x->v == y->v && x->mant == y->mant && x->scale == y->scale && x->exact == y->exact;
}

static bool same_members(const struct hi_rec *a, const struct hi_rec *b)
{
	if (a->members_n != b->members_n)
		return false;
	for (size_t i = 0; i < a->members_n; i++)
		if (!hi_slice_eq(a->members[i].key, b->members[i].key) ||
		    !hi_slice_eq(a->members[i].value, b->members[i].value) ||
		    a->members[i].kind != b->members[i].kind)
			return false;
	return true;
}

static bool same_record(const struct hi_rec *a, const struct hi_rec *b)
{
	return a->type == b->type && a->has == b->has && a->line_lf == b->line_lf &&
	       hi_slice_eq(a->line, b->line) && hi_slice_eq(a->patient_id, b->patient_id) &&
	       a->patient_hash == b->patient_hash && hi_slice_eq(a->metric_name, b->metric_name) &&
	       a->metric == b->metric && hi_slice_eq(a->unit, b->unit) &&
	       hi_slice_eq(a->value_text, b->value_text) && hi_slice_eq(a->code, b->code) &&
	       hi_slice_eq(a->time_text, b->time_text) && a->t_us == b->t_us &&
	       a->t_digits == b->t_digits && same_members(a, b) &&
	       (!(a->has & HI_HAS_VALUE) || same_num(&a->value, &b->value));
}

/* Reads text both ways; what differs ends the test. Returns the records and rejects in it. */
static size_t compare(struct hi_slice text, size_t chunk_max, uint64_t seed)
{
	struct hi_reader *fast = reader("fast"), *ref = reader("ref");
	struct hi_input *in_fast, *in_ref;
	struct hi_rec a, b;
	struct hi_error x, y;
	size_t n = 0, bytes = 0;
	int s;

	ck_assert_int_eq(hi_input_memory(&in_fast, text, chunk_max, seed, NULL), HI_OK);
	ck_assert_int_eq(hi_input_memory(&in_ref, text, 0, 0, NULL), HI_OK);
	hi_reader_open(fast, in_fast);
	hi_reader_open(ref, in_ref);
	while ((s = hi_reader_next(fast, &a, &x)) != HI_END) {
		ck_assert_int_eq(hi_reader_next(ref, &b, &y), s);
		ck_assert_uint_eq(hi_reader_line(fast), ++n);
		ck_assert_uint_eq(hi_reader_line(ref), n);
		if (s == HI_OK && !same_record(&a, &b))
			ck_abort_msg("line %zu in pieces of %zu", n, chunk_max);
		if (s == HI_REFUSED) {
			ck_assert_str_eq(x.text, y.text);
			ck_assert_uint_eq(x.line, y.line);
			ck_assert_uint_eq(x.column, y.column);
			ck_assert(hi_slice_eq(a.line, b.line));
		}
		bytes += a.line.len + a.line_lf;
	}
	ck_assert_int_eq(hi_reader_next(ref, &b, &y), HI_END);
	ck_assert(bytes <= text.len);
	hi_input_close(in_fast);
	hi_input_close(in_ref);
	hi_reader_free(fast);
	hi_reader_free(ref);
	return n;
}

/* The same where it stands, without an input: as by the strict reader from a copy. */
static void compare_text(struct hi_slice text)
{
	struct hi_reader *fast = reader("fast"), *ref = reader("ref");
	char *exact = calloc(1, text.len + HI_SCAN_SLACK);
	struct hi_input *in;
	struct hi_rec a, b;
	struct hi_error x, y;
	int s;

	memcpy(exact, text.ptr, text.len);
	ck_assert_int_eq(hi_input_memory(&in, text, 0, 0, NULL), HI_OK);
	/* Twice: what was learned stays. */
	for (int i = 0; i < 2; i++) {
		hi_reader_open_text(fast, (struct hi_slice){ exact, text.len });
		while (hi_reader_next(fast, &a, &x) != HI_END)
			ck_assert(a.line.ptr >= exact &&
				  a.line.ptr + a.line.len < exact + text.len);
	}
	hi_reader_open(ref, in);
	hi_reader_open_text(fast, (struct hi_slice){ exact, text.len });
	while ((s = hi_reader_next(fast, &a, &x)) != HI_END) {
		ck_assert_int_eq(hi_reader_next(ref, &b, &y), s);
		ck_assert(s == HI_REFUSED || same_record(&a, &b));
		ck_assert(hi_slice_eq(a.line, b.line));
		if (s == HI_REFUSED) {
			ck_assert_str_eq(x.text, y.text);
			ck_assert_uint_eq(x.column, y.column);
			ck_assert_ptr_null(x.source);
		}
	}
	ck_assert_int_eq(hi_reader_next(ref, &b, &y), HI_END);
	hi_input_close(in);
	hi_reader_free(fast);
	hi_reader_free(ref);
	free(exact);
}

#define TIME "\"timestamp\":\"2025-12-28T06:30:0"

/* Shapes, each with one variable digit; then lines that no template may take. */
static const char *const shapes[] = {
	"{\"patient_id\":\"P-00%d\",\"metric_name\":\"heart_rate\",\"value\":7%d.50,\"unit\":"
	"\"bpm\"," TIME "%dZ\"}\n",
	"{\"patient_id\": \"P-00%d\", \"metric_name\": \"spo2\", \"value\": 9%d, \"unit\": \"%%\", "
	"\"timestamp\": \"2025-12-28 06:30:0%d\"}\n",
	"{" TIME
	"%d.250Z\",\"patient_id\":\"P-%d\",\"metric_name\":\"own_metric\",\"value\":-1%d}\r\n",
	"{\"patient_id\":\"a-patient-id-of-more-than-thirty-one-bytes-%d\",\"device_id\":\"gw%d\","
	"\"metric_name\":\"temperature\",\"value\":98.%d,\"unit\":\"F\",\"seq\":12," TIME "0Z\"}\n",
};
static const char *const odd[] = {
	"{\"patient_id\":\"\\u0050-001\",\"metric_name\":\"heart_rate\",\"value\":72,\"unit\":"
	"\"bpm\"," TIME "0Z\"}\n",
	"{\"patient_id\":\"P-001\",\"metric_name\":\"heart_rate\",\"value\":7e1,\"unit\":"
	"\"bpm\"," TIME "0Z\"}\n",
	"{\"patient_id\":\"P-001\",\"metric_name\":\"heart_rate\",\"value\":07,\"unit\":"
	"\"bpm\"," TIME "0Z\"}\n",
	"{\"patient_id\":\"P-001\",\"metric_name\":\"heart_rate\",\"value\":72,\"unit\":"
	"\"kPa\"," TIME "0Z\"}\n",
	"{\"patient_id\":\"\",\"metric_name\":\"heart_rate\",\"value\":72,\"unit\":\"bpm\"," TIME
	"0Z\"}\n",
	"{\"patient_id\":\"P-001\",\"metric_name\":\"heart_rate\",\"value\":null,\"unit\":"
	"\"bpm\"," TIME "0Z\"}\n",
	"\n",
	"not a record\n",
	"{\"type\":\"alert\",\"alert_id\":\"x\",\"status\":\"ACTIVE\",\"patient_id\":\"P\"," TIME
	"0Z\"}\n",
};
enum { SHAPES = sizeof shapes / sizeof *shapes, ODD = sizeof odd / sizeof *odd };

/* Lines of every shape in turn, each seventh an odd one. Returns the length of the text. */
static size_t mixed(char *text, size_t cap, size_t lines)
{
	size_t n = 0;

	for (size_t i = 0; i < lines; i++) {
		int d = (int)(i % 10);
		if (i % 7 == 6)
			n += (size_t)snprintf(text + n, cap - n, "%s", odd[i / 7 % ODD]);
		else
			n += (size_t)snprintf(text + n, cap - n, shapes[i % SHAPES], d, d,
					      d); /* NOLINT */
	}
	ck_assert_uint_lt(n, cap);
	return n;
}

/* An input that ends at any byte: what is left of the last line is a line of its own. */
START_TEST(cut_at_every_byte)
{
	char text[16384];
	size_t len = mixed(text, sizeof text, 7 * ODD);

	for (size_t n = 0; n <= len; n++) {
		char *exact = malloc(n + 1); /* so that a sanitizer sees a byte too far */
		memcpy(exact, text, n);
		compare((struct hi_slice){ exact, n }, 0, 0);
		free(exact);
	}
	ck_assert_uint_eq(compare((struct hi_slice){ text, len }, 0, 0), 7 * ODD);
}
END_TEST

/* However the bytes come. */
START_TEST(in_pieces)
{
	static char text[1 << 20];
	size_t len = mixed(text, sizeof text, 7000); /* three blocks of the reader */

	ck_assert_uint_gt(len, 3 * (256 << 10));
	for (uint64_t seed = 0; seed < 8; seed++)
		ck_assert_uint_eq(compare((struct hi_slice){ text, 20000 }, 1 + (size_t)seed, seed),
				  compare((struct hi_slice){ text, 20000 }, 0, 0));
	for (uint64_t seed = 0; seed < 8; seed++)
		ck_assert_uint_eq(compare((struct hi_slice){ text, len }, 100 << 2 * seed, seed),
				  7000);
}
END_TEST

/* Every line in turn lies across the end of the first block. */
START_TEST(block_ends)
{
	static char text[600 << 10];
	const size_t block = 256 << 10;

	for (size_t shift = 0; shift < 700; shift += 3) {
		size_t n = (size_t)snprintf(text, sizeof text, "{\"type\":\"%0*d\"}\n",
					    (int)shift + 1, 0);
		while (n < block + 1000)
			n += mixed(text + n, sizeof text - n, SHAPES);
		compare((struct hi_slice){ text, n }, 0, 0);
	}
}
END_TEST

/* A line of len bytes between two good ones, ended by LF or by the input's end. */
static void long_line(size_t len, bool lf)
{
	char *text = malloc(len + 1024);
	size_t n = mixed(text, 1024, 1), begin = n;
	const char *open = "{\"patient_id\":\"P-001\",\"metric_name\":\"heart_rate\",\"value\":7";
	const char *close = ",\"unit\":\"bpm\"," TIME "0Z\"}";

	memset(text + n, '0', len);
	memcpy(text + n, open, strlen(open));
	text[n + strlen(open)] = '.';
	memcpy(text + n + len - strlen(close), close, strlen(close));
	n += len;
	if (lf) {
		text[n++] = '\n';
		n += mixed(text + n, 1024 - begin, 1);
	}
	ck_assert_uint_eq(compare((struct hi_slice){ text, n }, 0, 0), lf ? 3 : 2);
	compare((struct hi_slice){ text, n }, 70000, len);
	free(text);
}

START_TEST(long_lines)
{
	static const size_t lens[] = { 4095,
				       4096,
				       4097,
				       (256 << 10) - 1,
				       256 << 10,
				       HI_LINE_MAX - 1,
				       HI_LINE_MAX,
				       HI_LINE_MAX + 1,
				       2 << 20,
				       3 * HI_LINE_MAX,
				       HI_LINE_MAX + 2,
				       300000 };

	for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
		long_line(lens[i], true);
		long_line(lens[i], false);
	}
}
END_TEST

/* The text of a reject of a long line: its first 4 KiB, not cut within a character. */
START_TEST(long_text)
{
	struct hi_reader *r = reader("fast");
	struct hi_input *in;
	struct hi_rec rec;
	struct hi_error e;
	size_t len = 2 * HI_LINE_MAX;
	char *text = malloc(len + 1);

	/* Two bytes a character from an odd offset on: 4096 is within one. */
	text[0] = 'x';
	for (size_t i = 1; i < len; i++)
		text[i] = i % 2 ? '\xc3' : '\xa9';
	text[len] = '\n';
	ck_assert_int_eq(hi_input_memory(&in, (struct hi_slice){ text, len + 1 }, 0, 0, NULL),
			 HI_OK);
	hi_reader_open(r, in);
	ck_assert_int_eq(hi_reader_next(r, &rec, &e), HI_REFUSED);
	ck_assert_uint_eq(rec.line.len, 4095);
	ck_assert(hi_utf8_valid(rec.line, NULL));
	ck_assert_uint_eq(e.column, HI_LINE_MAX + 1);
	ck_assert_str_eq(e.source, "memory");
	ck_assert_int_eq(hi_reader_next(r, &rec, &e), HI_END);
	hi_input_close(in);
	hi_reader_free(r);
	free(text);
}
END_TEST

/* A second input begins anew, with what was learned. */
START_TEST(two_inputs)
{
	struct hi_reader *r = reader("fast");
	char text[4096];
	size_t len = mixed(text, sizeof text, 6);
	struct hi_rec rec;
	struct hi_error e;

	for (int i = 0; i < 2; i++) {
		struct hi_input *in;
		ck_assert_int_eq(
			hi_input_memory(&in, (struct hi_slice){ text, len - 1 }, 0, 0, NULL),
			HI_OK);
		hi_reader_open(r, in);
		for (uint64_t line = 1; line <= 6; line++) {
			ck_assert_int_eq(hi_reader_next(r, &rec, &e), HI_OK);
			ck_assert_uint_eq(hi_reader_line(r), line);
		}
		ck_assert(!rec.line_lf);
		ck_assert_int_eq(hi_reader_next(r, &rec, &e), HI_END);
		hi_input_close(in);
	}
	hi_reader_free(r);
}
END_TEST

START_TEST(text_in_place)
{
	char text[16384];
	size_t len = mixed(text, sizeof text, 7 * ODD);

	compare_text((struct hi_slice){ text, len });
	compare_text((struct hi_slice){ text, 0 });
	compare_text((struct hi_slice){ "\n", 1 });

	size_t long_len = HI_LINE_MAX + 100;
	char *longer = calloc(1, long_len + len + HI_SCAN_SLACK);
	memset(longer, ' ', long_len);
	longer[long_len - 1] = '\n';
	memcpy(longer + long_len, text, len);
	struct hi_reader *r = reader("fast");
	hi_reader_open_text(r, (struct hi_slice){ longer, long_len + len });
	struct hi_rec rec;
	struct hi_error e;
	ck_assert_int_eq(hi_reader_next(r, &rec, &e), HI_REFUSED);
	ck_assert_str_eq(e.text, "line longer than 1 MiB");
	ck_assert_uint_eq(rec.line.len, 4096);
	ck_assert_int_eq(hi_reader_next(r, &rec, &e), HI_OK);
	hi_reader_free(r);
	free(longer);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("reader");
	tcase_set_timeout(t, 120);
	tcase_add_test(t, cut_at_every_byte);
	tcase_add_test(t, in_pieces);
	tcase_add_test(t, block_ends);
	tcase_add_test(t, long_lines);
	tcase_add_test(t, long_text);
	tcase_add_test(t, two_inputs);
	tcase_add_test(t, text_in_place);
	Suite *s = suite_create("reader");
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
