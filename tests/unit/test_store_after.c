/*
 * Reading on from a vector position: several writers that commit, close and die,
 * and a reader that is cut anywhere and goes on where it was marked last. Each row
 * that was committed comes once, and in its writer's order.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/time.h"
#include "store/store.h"
#include "store/vector.h"
#include "store/writer.h"
#include "vital/reader.h"

enum { WRITERS = 5, IDS_MAX = 4000 };

static char folder[64];
static struct hi_reader *reader;
static struct hi_positions positions;

/* What each record is numbered by. */
static struct {
	bool committed;
	int given;
	uint64_t writer;
} row[IDS_MAX];
static int rows_n;

static struct {
	struct hi_store_writer *w;
	int first; /* of what is not committed yet */
} writer[WRITERS];

static void setup(void)
{
	snprintf(folder, sizeof(folder), "%s/hi-after.XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(hi_reader_new(&reader, NULL, NULL, NULL), HI_OK);
	hi_positions_init(&positions);
	memset(row, 0, sizeof(row));
	memset(writer, 0, sizeof(writer));
	rows_n = 0;
}

static void teardown(void)
{
	char command[256];
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	ck_assert_int_eq(system(command), 0);
	hi_reader_free(reader);
	hi_positions_release(&positions);
}

static struct hi_store_writer *open_writer(void)
{
	struct hi_store_writer *w;
	struct hi_error e = { HI_OK };
	bool created;
	ck_assert_msg(hi_store_writer_open(&w, folder, &created, &e) == HI_OK, "%s %s", e.text,
		      e.detail);
	return w;
}

/* One in five is an alert; readings fall into three hours. */
static void put(struct hi_store_writer *w)
{
	char line[256];
	struct hi_rec rec;
	const int id = rows_n++;
	ck_assert_int_lt(id, IDS_MAX);
	row[id].writer = w->number;
	if (rand() % 5 == 0)
		snprintf(line, sizeof(line),
			 "{\"type\":\"alert\",\"alert_id\":\"%d\",\"status\":\"ACTIVE\",\"patient_"
			 "id\":\"P\",\"metric_name\":\"heart_rate\","
			 "\"timestamp\":\"2025-12-28T06:00:00Z\"}",
			 id);
	else
		snprintf(line, sizeof(line),
			 "{\"patient_id\":\"P\",\"metric_name\":\"heart_rate\",\"value\":%d,"
			 "\"unit\":\"bpm\","
			 "\"timestamp\":\"2025-12-28T%02d:00:00Z\"}",
			 id, 5 + rand() % 3);
	ck_assert_int_eq(hi_reader_line_parse(reader, hi_slice_of(line), &rec, NULL), HI_OK);
	ck_assert_int_eq(hi_store_put(w, &rec, NULL), HI_OK);
}

static void commit(int i)
{
	struct hi_store_writer *w = writer[i].w;
	ck_assert_int_eq(hi_store_commit(w, NULL), HI_OK);
	for (int id = writer[i].first; id < rows_n; id++)
		row[id].committed |= row[id].writer == w->number;
	writer[i].first = rows_n;
}

/* A dead one leaves everything as it is, but for its locks. */
static void close_writer(int i, bool dies)
{
	struct hi_store_writer *w = writer[i].w;
	if (dies)
		w->failed = true;
	else
		commit(i);
	ck_assert_int_eq(hi_store_writer_close(w, NULL), HI_OK);
	writer[i].w = NULL;
}

static void write_some(int i)
{
	if (!writer[i].w && rand() % 2) {
		writer[i].w = open_writer();
		writer[i].first = rows_n;
	}
	if (!writer[i].w)
		return;
	for (int n = rand() % 6; n > 0; n--)
		put(writer[i].w);
	switch (rand() % 8) {
	case 0:
		close_writer(i, false);
		break;
	case 1:
		close_writer(i, true);
		break;
	case 2:
	case 3:
	case 4:
		commit(i);
		break;
	}
}

static int id_of(const struct hi_rec *rec)
{
	struct hi_buf b;
	char text[32] = "";
	if (rec->type == HI_T_READING)
		return (int)rec->value.v;
	hi_buf_init(&b, 64);
	struct hi_slice s = hi_rec_text(rec, "alert_id", &b);
	memcpy(text, s.ptr, s.len);
	hi_buf_release(&b);
	return atoi(text);
}

/* Gives at most n rows, and remembers where it stood after one of them at random. */
static void read_some(struct hi_cursor *c, int n, unsigned seed)
{
	struct hi_error e = { HI_OK };
	struct hi_vector v;
	struct hi_rec rec;
	int given[64], given_n = 0, marked = 0, last = -1;
	ck_assert_int_lt(n, 64);
	for (; given_n < n; given_n++) {
		int s = hi_cursor_next(c, &rec, &e);
		if (s == HI_END)
			break;
		ck_assert_msg(s == HI_OK, "%s %s", e.text, e.detail);
		int id = given[given_n] = id_of(&rec);
		ck_assert_msg(row[id].committed, "seed %u: %d was not committed", seed, id);
		ck_assert(last < 0 || row[last].writer < row[id].writer ||
			  (row[last].writer == row[id].writer && last < id));
		last = id;
		if (rand() % 3)
			continue;
		ck_assert_int_eq(hi_cursor_vector(c, &v, &e), HI_OK);
		ck_assert_int_eq(hi_vector_set(&positions, "k", &v, &e), HI_OK);
		marked = given_n + 1;
	}
	if (given_n < n && rand() % 2) {
		ck_assert_int_eq(hi_cursor_vector(c, &v, &e), HI_OK);
		ck_assert_int_eq(hi_vector_set(&positions, "k", &v, &e), HI_OK);
		marked = given_n;
	}
	/* Only what a mark followed has been given. */
	for (int i = 0; i < marked; i++)
		ck_assert_msg(row[given[i]].given++ == 0, "seed %u: %d came twice", seed, given[i]);
}

static struct hi_cursor *open_cursor(struct hi_store **s)
{
	struct hi_error e = { HI_OK };
	struct hi_vector v;
	struct hi_cursor *c;
	struct hi_select sel = {
		.since_us = HI_TIME_MIN,
		.until_us = HI_TIME_END,
		.types = 1u << HI_T_READING | 1u << HI_T_ALERT,
		.raw = true,
		.after = &v,
	};
	ck_assert(hi_vector_read(&v, hi_positions_find(&positions, "k")));
	ck_assert_int_eq(hi_store_open(s, folder, &e), HI_OK);
	ck_assert_msg(hi_cursor_open(&c, *s, &sel, &e) == HI_OK, "%s %s", e.text, e.detail);
	return c;
}

/* Reads to the end and marks it: the cursor may follow then. */
static void read_all(struct hi_cursor *c, unsigned seed)
{
	struct hi_error e = { HI_OK };
	struct hi_vector v;
	struct hi_rec rec;
	int s;
	while ((s = hi_cursor_next(c, &rec, &e)) == HI_OK) {
		int id = id_of(&rec);
		ck_assert_msg(row[id].committed, "seed %u: %d was not committed", seed, id);
		ck_assert_msg(row[id].given++ == 0, "seed %u: %d came twice", seed, id);
	}
	ck_assert_msg(s == HI_END, "%s %s", e.text, e.detail);
	ck_assert_int_eq(hi_cursor_vector(c, &v, &e), HI_OK);
	ck_assert_int_eq(hi_vector_set(&positions, "k", &v, &e), HI_OK);
}

static void read_store(unsigned seed)
{
	struct hi_store *s;
	struct hi_cursor *c = open_cursor(&s);
	if (rand() % 2) {
		read_some(c, rand() % 40, seed);
	} else {
		read_all(c, seed);
		for (int n = rand() % 4; n > 0; n--) {
			for (int i = 0; i < WRITERS; i++)
				write_some(i);
			if (hi_cursor_follow(c, 0, NULL) == HI_OK)
				read_all(c, seed);
		}
	}
	hi_cursor_close(c);
	hi_store_close(s);
}

START_TEST(each_row_once)
{
	unsigned seed = (unsigned)_i;
	srand(seed);
	writer[0].w = open_writer();
	for (int round = 0; round < 25; round++) {
		for (int i = 0; i < WRITERS; i++)
			write_some(i);
		read_store(seed);
	}
	for (int i = 0; i < WRITERS; i++)
		if (writer[i].w)
			close_writer(i, rand() % 2);
	struct hi_store *s;
	struct hi_cursor *c = open_cursor(&s);
	read_all(c, seed);
	hi_cursor_close(c);
	hi_store_close(s);
	int committed = 0;
	for (int id = 0; id < rows_n; id++) {
		ck_assert_msg(row[id].given == row[id].committed, "seed %u: %d of writer %d: %d",
			      seed, id, (int)row[id].writer, row[id].given);
		committed += row[id].committed;
	}
	ck_assert_int_gt(committed, 50);
}
END_TEST

START_TEST(what_has_no_position)
{
	struct hi_error e = { HI_OK };
	struct hi_vector v = { 0 };
	struct hi_store *s;
	struct hi_cursor *c;
	struct hi_select sel = {
		.since_us = HI_TIME_MIN, .until_us = HI_TIME_END, .raw = true, .after = &v
	};
	writer[0].w = open_writer();
	put(writer[0].w);
	close_writer(0, false);
	ck_assert_int_eq(hi_store_open(&s, folder, &e), HI_OK);
	sel.types = 1u << HI_T_REJECT;
	ck_assert_int_eq(hi_cursor_open(&c, s, &sel, &e), HI_USAGE);
	sel.types = 1u << HI_T_READING | 1u << HI_T_OTHER;
	ck_assert_int_eq(hi_cursor_open(&c, s, &sel, &e), HI_USAGE);
	sel.types = 1u << HI_T_READING;
	v.max = 2;
	ck_assert_int_eq(hi_cursor_open(&c, s, &sel, &e), HI_CONTRACT);
	v.max = 1;
	ck_assert_int_eq(hi_cursor_open(&c, s, &sel, &e), HI_OK);
	hi_cursor_close(c);
	hi_store_close(s);
}
END_TEST

START_TEST(many_writers_at_once)
{
	enum { MANY = 40 };
	struct hi_store_writer *w[MANY];
	struct hi_error e = { HI_OK };
	struct hi_vector v = { 0 };
	struct hi_store *s;
	struct hi_cursor *c;
	struct hi_select sel = { .since_us = HI_TIME_MIN,
				 .until_us = HI_TIME_END,
				 .types = 1,
				 .raw = true,
				 .after = &v };
	for (int i = 0; i < MANY; i++)
		w[i] = open_writer();
	ck_assert_int_eq(hi_store_open(&s, folder, &e), HI_OK);
	ck_assert_int_eq(hi_cursor_open(&c, s, &sel, &e), HI_IO);
	for (int i = 8; i < MANY; i++)
		ck_assert_int_eq(hi_store_writer_close(w[i], NULL), HI_OK);
	ck_assert_int_eq(hi_cursor_open(&c, s, &sel, &e), HI_OK);
	struct hi_rec rec;
	ck_assert_int_eq(hi_cursor_next(c, &rec, &e), HI_END);
	ck_assert_int_eq(hi_cursor_vector(c, &v, &e), HI_OK);
	ck_assert_int_eq(hi_vector_set(&positions, "k", &v, &e), HI_OK);
	ck_assert_str_eq(hi_positions_find(&positions, "k"),
			 "\"40;1:0,2:0,3:0,4:0,5:0,6:0,7:0,8:0\"");
	for (int i = 0; i < 8; i++)
		ck_assert_int_eq(hi_store_writer_close(w[i], NULL), HI_OK);
	hi_cursor_close(c);
	hi_store_close(s);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("store after");
	TCase *t = tcase_create("store after");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, each_row_once, 0, 25);
	tcase_add_test(t, what_has_no_position);
	tcase_add_test(t, many_writers_at_once);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
