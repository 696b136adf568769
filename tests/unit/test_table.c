/* Tables for a terminal: widths, sides, hostile text, and bounded memory. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tool/table.h"
#include "tool/text_width.h"

static const char *const titles[] = { "metric", ">value", "text" };

static struct hi_writer w;
static FILE *file;
static struct hi_table *table;

static void start(void)
{
	file = tmpfile();
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(HI_OK, hi_writer_init(&w, dup(fileno(file)), "table", 0, NULL));
	table = hi_table_new(titles, 3);
	ck_assert_ptr_nonnull(table);
}

static void row(const char *a, const char *b, const char *c)
{
	hi_table_cell(table, hi_slice_of(a));
	hi_table_cell(table, hi_slice_of(b));
	hi_table_cell(table, hi_slice_of(c));
	hi_table_row(table, &w);
}

/* All that was written; the caller frees it. */
static char *finish(void)
{
	hi_table_flush(table, &w);
	hi_table_free(table);
	ck_assert_int_eq(HI_OK, hi_writer_close(&w, NULL));
	long n = (fseek(file, 0, SEEK_END), ftell(file));
	char *text = malloc((size_t)n + 1);
	rewind(file);
	text[fread(text, 1, (size_t)n, file)] = '\0';
	fclose(file);
	return text;
}

START_TEST(columns)
{
	start();
	row("heart_rate", "72", "fine");
	row("spo2", "101.25", "");
	row("temp", "9", "a longer text");
	char *text = finish();
	ck_assert_str_eq("metric       value  text\n"
			 "heart_rate      72  fine\n"
			 "spo2        101.25\n"
			 "temp             9  a longer text\n",
			 text);
	free(text);
}
END_TEST

START_TEST(no_rows)
{
	start();
	char *text = finish();
	ck_assert_str_eq("metric  value  text\n", text);
	free(text);
}
END_TEST

/* A metric outside the catalogue may name itself anything. */
START_TEST(titles_are_cleaned_too)
{
	static const char *const wild[] = { "a\033[2J", ">\xe2\x80\xae" };

	start();
	hi_table_free(table);
	table = hi_table_new(wild, 2);
	char *text = finish();
	ck_assert_str_eq("a\xef\xbf\xbd[2J  \xef\xbf\xbd\n", text);
	free(text);
}
END_TEST

START_TEST(a_short_row_is_filled)
{
	start();
	hi_table_cell(table, HI_LIT("hr"));
	hi_table_row(table, &w);
	row("rr", "1", "x");
	char *text = finish();
	ck_assert_str_eq("metric  value  text\nhr\nrr          1  x\n", text);
	free(text);
}
END_TEST

START_TEST(letters_are_counted_in_columns)
{
	start();
	row("M\xc3\xbcller", "1", "x");		   /* two bytes, one column */
	row("\xe4\xb8\xad\xe6\x96\x87", "2", "x"); /* wide: two columns each */
	row("Mu\xcc\x88ller", "3", "x");	   /* a mark that combines */
	row("\xf0\x9f\x98\x80!", "4", "x");
	char *text = finish();
	ck_assert_str_eq("metric  value  text\n"
			 "M\xc3\xbcller      1  x\n"
			 "\xe4\xb8\xad\xe6\x96\x87        2  x\n"
			 "Mu\xcc\x88ller      3  x\n"
			 "\xf0\x9f\x98\x80!         4  x\n",
			 text);
	free(text);
}
END_TEST

#define BAD "\xef\xbf\xbd"

static const struct {
	struct hi_slice text;
	const char *want;
} hostile[] = {
	{ { "\033[2Jx", 5 }, BAD "[2Jx" },
	{ { "a\nb\tc\r", 6 }, "a" BAD "b" BAD "c" BAD },
	{ { "a\0b", 3 }, "a" BAD "b" },
	{ { "\x7f", 1 }, BAD },
	{ { "\xc2\x9b"
	    "31m",
	    5 },
	  BAD "31m" }, /* C1 CSI */
	{ { "\xe2\x80\xae"
	    "abc",
	    6 },
	  BAD "abc" },					/* right to left override */
	{ { "\xe2\x81\xa6", 3 }, BAD },			/* isolate */
	{ { "\xe2\x80\xa8", 3 }, BAD },			/* line separator */
	{ { "\xef\xbb\xbf", 3 }, BAD },			/* byte order mark */
	{ { "\xf3\xa0\x81\x81", 4 }, BAD },		/* tag letter */
	{ { "\xff\xfe", 2 }, BAD BAD },			/* never in UTF-8 */
	{ { "\xc3", 1 }, BAD },				/* cut */
	{ { "\xe2\x82", 2 }, BAD BAD },			/* cut */
	{ { "\xc3(", 2 }, BAD "(" },			/* no second byte */
	{ { "\xc0\xaf", 2 }, BAD BAD },			/* overlong */
	{ { "\xe0\x80\xaf", 3 }, BAD BAD BAD },		/* overlong */
	{ { "\xed\xa0\x80", 3 }, BAD BAD BAD },		/* surrogate */
	{ { "\xf4\x90\x80\x80", 4 }, BAD BAD BAD BAD }, /* above U+10FFFF */
	{ { "\xe2\x82\xac", 3 }, "\xe2\x82\xac" },	/* the euro is harmless */
	{ { "\xf4\x8f\xbf\xbf", 4 }, "\xf4\x8f\xbf\xbf" },
};

START_TEST(hostile_text)
{
	struct hi_buf b;

	hi_buf_init(&b, 100);
	hi_text_clean(&b, hostile[_i].text);
	hi_buf_putc(&b, '\0');
	ck_assert_str_eq(hostile[_i].want, b.ptr);
	hi_buf_release(&b);
}
END_TEST

/* Whatever the bytes, what comes out has no control character and cleaning it again changes
 * nothing. */
START_TEST(any_bytes)
{
	uint64_t x = 88172645463325252;
	int wrong = 0;

	for (int i = 0; i < 20000; i++) {
		char raw[16];
		struct hi_buf a, b;
		for (int j = 0; j < 16; j += 8) {
			x ^= x << 13, x ^= x >> 7, x ^= x << 17;
			memcpy(raw + j, &x, 8);
		}
		hi_buf_init(&a, 200);
		hi_buf_init(&b, 200);
		hi_text_clean(&a, (struct hi_slice){ raw, sizeof raw });
		hi_text_clean(&b, hi_buf_view(&a));
		wrong += !hi_slice_eq(hi_buf_view(&a), hi_buf_view(&b));
		for (size_t j = 0; j < a.len; j++)
			wrong += (unsigned char)a.ptr[j] < ' ' || a.ptr[j] == 0x7f;
		hi_buf_release(&a);
		hi_buf_release(&b);
	}
	ck_assert_int_eq(0, wrong);
}
END_TEST

/* A cell that there is no memory for is not left out in silence. */
START_TEST(a_cell_too_large)
{
	size_t len = 65 << 20;
	char *text = malloc(len);

	start();
	memset(text, 'x', len);
	hi_table_cell(table, (struct hi_slice){ text, len });
	hi_table_row(table, &w);
	hi_table_flush(table, &w);
	hi_table_free(table);
	struct hi_error e;
	ck_assert_int_eq(hi_writer_close(&w, &e), HI_IO);
	ck_assert_int_eq(e.sys, ENOMEM);
	fclose(file);
	free(text);
}
END_TEST

START_TEST(many_rows_stream)
{
	start();
	for (int i = 0; i < 3999; i++)
		row("hr", "1", "x");
	ck_assert_uint_eq(0, w.bytes + w.len);
	row("hr", "1", "x");
	uint64_t held = w.bytes + w.len + w.pass_len;
	ck_assert_uint_gt(held, 4000 * 15);
	row("a name longer than all before", "1", "x"); /* widths stay */
	row("hr", "1", "x");
	ck_assert_uint_gt(w.bytes + w.len, held);
	char *text = finish();
	static const char tail[] = "hr          1  x\n"
				   "a name longer than all before      1  x\n"
				   "hr          1  x\n";
	ck_assert_str_eq(tail, text + strlen(text) - (sizeof tail - 1));
	free(text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("table");
	TCase *c = tcase_create("table");

	tcase_add_test(c, columns);
	tcase_add_test(c, no_rows);
	tcase_add_test(c, titles_are_cleaned_too);
	tcase_add_test(c, a_short_row_is_filled);
	tcase_add_test(c, letters_are_counted_in_columns);
	tcase_add_loop_test(c, hostile_text, 0, (int)(sizeof hostile / sizeof *hostile));
	tcase_add_test(c, any_bytes);
	tcase_add_test(c, a_cell_too_large);
	tcase_add_test(c, many_rows_stream);
	suite_add_tcase(s, c);
	SRunner *sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
