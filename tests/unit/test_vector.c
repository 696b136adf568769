/* Vector positions: their one text, and where a reader between two of them stands. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/vector.h"

static struct hi_error e;
static struct hi_positions positions;

static void setup(void)
{
	hi_positions_init(&positions);
}

static void teardown(void)
{
	hi_positions_release(&positions);
}

static struct hi_vector of(const char *text)
{
	struct hi_vector v;
	char json[256];
	snprintf(json, sizeof(json), "\"%s\"", text);
	ck_assert_msg(hi_vector_read(&v, json), "%s", text);
	return v;
}

/* Between quotes. */
static void is(const struct hi_vector *v, const char *want)
{
	char json[256];
	snprintf(json, sizeof(json), "\"%s\"", want);
	ck_assert_int_eq(hi_vector_set(&positions, "store:1", v, &e), HI_OK);
	ck_assert_str_eq(hi_positions_find(&positions, "store:1"), json);
}

START_TEST(one_text_each)
{
	static const char *const good[] = { "0;", "7;", "7;7:0", "7;1:5,3:0,7:12",
					    "999999999999999999;1:999999999999999999" };
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct hi_vector v = of(good[i]);
		is(&v, good[i]);
	}
	struct hi_vector begin;
	ck_assert(hi_vector_read(&begin, NULL));
	is(&begin, "0;");
}
END_TEST

START_TEST(what_is_no_vector)
{
	static const char *const bad[] = {
		"7",
		"\"\"",
		"\"7\"",
		"\";\"",
		"\"7;\"x",
		"\"7;8:1\"",
		"\"7;1:\"",
		"\"7;:1\"",
		"\"7;1\"",
		"\"7;1:1,\"",
		"\"07;\"",
		"\"7;1:01\"",
		"\"7;2:1,1:1\"",
		"\"7;2:1,2:2\"",
		"\"7; 1:1\"",
		"\"7;1:1 \"",
		"\"-7;\"",
		"\"7;0:1\"",
		"\"7;1:-1\"",
		"\"7;1:1",
		"\"7;1:1;\"",
		"\"1000000000000000000;\"",
	};
	struct hi_vector v;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!hi_vector_read(&v, bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(too_many_writers_are_refused)
{
	struct hi_vector v = { .max = 1000000 };
	size_t n = 0;
	for (; hi_vector_set(&positions, "k", &v, &e) == HI_OK; n++)
		ck_assert(hi_vector_add(&v, 100000 + n, UINT64_C(1000000000)));
	ck_assert_uint_ge(n - 1, 6);
	ck_assert_int_eq(e.status, HI_IO);
	while (hi_vector_add(&v, 100000 + n, 1))
		n++;
	ck_assert_uint_eq(v.n, HI_VECTOR_WRITERS);
}
END_TEST

START_TEST(what_was_read_of_a_writer)
{
	struct hi_vector v = of("7;3:20,5:0");
	ck_assert_uint_eq(hi_vector_seq(&v, 1), UINT64_MAX);
	ck_assert_uint_eq(hi_vector_seq(&v, 3), 20);
	ck_assert_uint_eq(hi_vector_seq(&v, 5), 0);
	ck_assert_uint_eq(hi_vector_seq(&v, 7), UINT64_MAX);
	ck_assert_uint_eq(hi_vector_seq(&v, 8), 0);
}
END_TEST

START_TEST(between_two)
{
	static const struct {
		const char *start, *end;
		uint64_t writer, seq;
		const char *want;
	} t[] = {
		{ "0;", "1;", 1, 1, "1;1:1" },
		{ "0;", "3;3:9", 1, 4, "1;1:4" },
		{ "0;", "3;1:5,3:9", 2, 4, "2;1:5,2:4" },
		{ "0;", "3;1:0,3:9", 3, 9, "3;1:0,3:9" },
		/* 2 has ended, 4 goes on, 6 and 7 are new. */
		{ "5;2:10,4:20", "7;4:30,7:5", 2, 11, "5;2:11,4:20" },
		{ "5;2:10,4:20", "7;4:30,7:5", 4, 25, "5;4:25" },
		{ "5;2:10,4:20", "7;4:30,7:5", 6, 1, "6;4:30,6:1" },
		{ "5;2:10,4:20", "7;4:30,7:5", 7, 2, "7;4:30,7:2" },
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct hi_vector v, start = of(t[i].start), end = of(t[i].end);
		ck_assert(hi_vector_between(&v, &start, &end, t[i].writer, t[i].seq));
		is(&v, t[i].want);
	}
}
END_TEST

enum { WRITERS = 6, ROWS = 4 };

/*
 * A reader that is cut anywhere, and goes on from its position in a store that has
 * grown meanwhile, gives each row once: tried with all cuts of random stores.
 */
struct world {
	uint64_t rows[WRITERS + 1]; /* committed, by writer */
	bool ended[WRITERS + 1];
	uint64_t writers; /* begun */
	int given[WRITERS + 1][ROWS * 8];
};

static void grow(struct world *w)
{
	if (w->writers < WRITERS && rand() % 2)
		w->writers++;
	for (uint64_t i = 1; i <= w->writers; i++) {
		if (!w->ended[i] && w->rows[i] < ROWS * 7)
			w->rows[i] += (uint64_t)rand() % ROWS;
		w->ended[i] |= rand() % 4 == 0;
	}
}

static struct hi_vector end_of(const struct world *w)
{
	struct hi_vector end = { .max = w->writers };
	for (uint64_t i = 1; i <= w->writers; i++)
		if (!w->ended[i])
			ck_assert(hi_vector_add(&end, i, w->rows[i]));
	return end;
}

/* Reads what lies behind *at, at most n rows, by way of the text; moves *at. */
static void read_some(struct world *w, struct hi_vector *at, int n)
{
	struct hi_vector start = *at, end = end_of(w);
	for (uint64_t i = 1; i <= w->writers; i++) {
		uint64_t from = hi_vector_seq(&start, i);
		for (uint64_t seq = from; from != UINT64_MAX && seq++ < w->rows[i];) {
			if (n-- == 0)
				return;
			w->given[i][seq]++;
			ck_assert(hi_vector_between(at, &start, &end, i, seq));
		}
	}
	*at = end;
}

START_TEST(cut_anywhere)
{
	for (unsigned seed = 0; seed < 2000; seed++) {
		struct world w = { 0 };
		struct hi_vector at = { 0 };
		srand(seed);
		for (int round = 0; round < 12; round++) {
			grow(&w);
			read_some(&w, &at, rand() % 12);
			ck_assert_int_eq(hi_vector_set(&positions, "k", &at, &e), HI_OK);
			ck_assert(hi_vector_read(&at, hi_positions_find(&positions, "k")));
		}
		read_some(&w, &at, 100000);
		for (uint64_t i = 1; i <= w.writers; i++)
			for (uint64_t seq = 1; seq <= w.rows[i]; seq++)
				ck_assert_msg(w.given[i][seq] == 1,
					      "seed %u: %" PRIu64 ":%" PRIu64 " came %d times",
					      seed, i, seq, w.given[i][seq]);
	}
}
END_TEST

START_TEST(as_a_condition)
{
	struct hi_vector v = of("7;3:20,5:0");
	struct hi_buf b;
	hi_buf_init(&b, 1024);
	hi_vector_where(&v, "writer", "last_seq", &b);
	hi_buf_putc(&b, '\0');
	ck_assert_str_eq(b.ptr, "(writer>7 OR writer=3 AND last_seq>20"
				" OR writer=5 AND last_seq>0)");
	hi_buf_release(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vector");
	TCase *t = tcase_create("vector");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, one_text_each);
	tcase_add_test(t, what_is_no_vector);
	tcase_add_test(t, too_many_writers_are_refused);
	tcase_add_test(t, what_was_read_of_a_writer);
	tcase_add_test(t, between_two);
	tcase_add_test(t, cut_anywhere);
	tcase_add_test(t, as_a_condition);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
