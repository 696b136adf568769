/* The store's pieces: names, rows, order, snapshots, locks. tests/tool/store.sh has the promises.
 */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/time.h"
#include "store/inside.h"
#include "store/row.h"
#include "store/store.h"
#include "vital/reader.h"

static char folder[64];
static struct hi_reader *reader;

static void setup(void)
{
	snprintf(folder, sizeof(folder), "%s", "/tmp/hi-store.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(hi_reader_new(&reader, NULL, NULL, NULL), HI_OK);
}

static void teardown(void)
{
	char command[256];
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	ck_assert_int_eq(system(command), 0);
	hi_reader_free(reader);
}

static void parse(const char *line, struct hi_rec *rec)
{
	ck_assert_int_eq(hi_reader_line_parse(reader, hi_slice_of(line), rec, NULL), HI_OK);
}

START_TEST(test_paths)
{
	static const struct {
		int64_t t_us;
		const char *path;
	} cases[] = {
		{ INT64_C(1766903400000000), "readings/2025-12-28/06.000417.csv" },
		{ -1, "readings/1969-12-31/23.000417.csv" },
		{ 0, "readings/1970-01-01/00.000417.csv" },
		{ HI_TIME_MIN, "readings/1800-01-01/00.000417.csv" },
		{ HI_TIME_END - 1, "readings/9999-12-31/23.000417.csv" },
	};
	char path[HI_LAYOUT_PATH_MAX];
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		hi_layout_path(HI_SEGMENT_READING, hi_layout_hour(cases[i].t_us), 417, path);
		ck_assert_str_eq(path, cases[i].path);
	}
	hi_layout_path(HI_SEGMENT_REJECT, 0, 12, path);
	ck_assert_str_eq(path, "rejects/000012.ndjson");
	hi_layout_path(HI_SEGMENT_OTHER, 0, 123456789, path);
	ck_assert_str_eq(path, "other/123456789.ndjson");
}
END_TEST

START_TEST(test_numbers)
{
	uint64_t n = 0;
	ck_assert(hi_layout_number(HI_SEGMENT_READING, "06.000417.csv", &n) && n == 417);
	ck_assert(hi_layout_number(HI_SEGMENT_READING, "23.1234567.csv", &n) && n == 1234567);
	ck_assert(hi_layout_number(HI_SEGMENT_OTHER, "000003.ndjson", &n) && n == 3);
	ck_assert(!hi_layout_number(HI_SEGMENT_READING, "06.417.csv", &n));
	ck_assert(!hi_layout_number(HI_SEGMENT_READING, "06.000417.csv.bak", &n));
	ck_assert(!hi_layout_number(HI_SEGMENT_READING, "000417.csv", &n));
	ck_assert(!hi_layout_number(HI_SEGMENT_READING, "06.9999999999999999999.csv", &n));
	ck_assert(!hi_layout_number(HI_SEGMENT_OTHER, "notes.txt", &n));
}
END_TEST

START_TEST(test_operands)
{
	static const struct {
		const char *operand, *folder;
		bool hour;
	} cases[] = {
		{ "ward/@2025-12-28T05", "ward/", true },
		{ "ward@2025-12-28T05", "ward", true },
		{ "ward", "ward", false },
		{ "a@b/ward/", "a@b/ward/", false },
		{ "ward@2025-12-28T25", "ward@2025-12-28T25", false },
		{ "@2025-12-28T05", "@2025-12-28T05", false },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *path;
		int64_t hour_us = 0;
		ck_assert_int_eq(hi_layout_operand(cases[i].operand, &path, &hour_us),
				 cases[i].hour);
		ck_assert_str_eq(path, cases[i].folder);
		if (cases[i].hour)
			ck_assert_int_eq(hour_us, INT64_C(1766898000000000));
		free(path);
	}
}
END_TEST

/* A line, its row, and the line that comes back (NULL: the same). */
static const struct {
	const char *line, *row, *back;
} rows[] = {
	{ "{\"patient_id\":\"P\",\"metric_name\":\"heart_rate\",\"value\":72.50,\"unit\":\"bpm\","
	  "\"timestamp\":\"2025-12-28T06:30:00Z\"}",
	  "1,P,heart_rate,2025-12-28T06:30:00Z,72.50,bpm,\n", NULL },
	{ "{\"patient_id\":\"a, \\\"b\\\"\",\"metric_name\":\"m\",\"value\":\"x, \\\"y\\\"\","
	  "\"unit\":\"k,g\",\"timestamp\":\"2025-12-28T06:30:00.250Z\"}",
	  "1,\"a, \"\"b\"\"\",m,2025-12-28T06:30:00.250Z,\"\"\"x, \\\"\"y\\\"\"\"\"\",\"k,g\",\n",
	  NULL },
	{ "{\"patient_id\":\" P\",\"metric_name\":\"heart_rate\",\"value\":null,\"unit\":\"bpm\","
	  "\"timestamp\":\"2025-12-28T06:30:00.000001Z\",\"absent\":\"off\"}",
	  "1,\" P\",heart_rate,2025-12-28T06:30:00.000001Z,,bpm,\"{\"\"absent\"\":\"\"off\"\"}\"\n",
	  NULL },
	{ "{\"patient_id\":\"P\",\"metric_name\":\"temperature\",\"value\":98.6,\"unit\":\"F\","
	  "\"timestamp\":\"2025-12-28 06:30:00\",\"w\":1}",
	  "1,P,temperature,2025-12-28T06:30:00Z,37,C,\"{\"\"w\"\":1,\"\"written\"\":"
	  "{\"\"value\"\":98.6,\"\"unit\"\":\"\"F\"\"}}\"\n",
	  "{\"patient_id\":\"P\",\"metric_name\":\"temperature\",\"value\":37,\"unit\":\"C\","
	  "\"timestamp\":\"2025-12-28T06:30:00Z\",\"w\":1,\"written\":{\"value\":98.6,\"unit\":"
	  "\"F\"}}" },
	{ "{\"patient_id\":\"P\",\"metric_name\":\"heart_rate\",\"value\":60,\"unit\":\"/min\","
	  "\"timestamp\":\"2025-12-28T06:30:00Z\"}",
	  "1,P,heart_rate,2025-12-28T06:30:00Z,60,bpm,\"{\"\"written\"\":{\"\"value\"\":60,"
	  "\"\"unit\"\":\"\"/min\"\"}}\"\n",
	  "{\"patient_id\":\"P\",\"metric_name\":\"heart_rate\",\"value\":60,\"unit\":\"bpm\","
	  "\"timestamp\":\"2025-12-28T06:30:00Z\",\"written\":{\"value\":60,\"unit\":\"/min\"}}" },
};

START_TEST(test_row)
{
	struct hi_row_writer w = { 0 };
	struct hi_buf b, scratch, code, line;
	struct hi_rec rec, back;
	struct hi_row row;
	char time[HI_TIME_TEXT_MAX];
	hi_buf_init(&w.extra, 1 << 20);
	hi_buf_init(&b, 1 << 20);
	hi_buf_init(&scratch, 1 << 20);
	hi_buf_init(&code, 1 << 20);
	hi_buf_init(&line, 1 << 20);
	parse(rows[_i].line, &rec);
	ck_assert_int_eq(hi_row_write(&w, &rec, &b), HI_OK);
	ck_assert_msg(hi_slice_is(hi_buf_view(&b), rows[_i].row), "%.*s", (int)b.len, b.ptr);
	ck_assert(hi_row_read_head((struct hi_slice){ b.ptr, b.len - 1 }, &row, &scratch));
	ck_assert_int_eq((int)row.seq, 1);
	ck_assert(hi_slice_eq(row.patient_id, rec.patient_id));
	ck_assert(hi_slice_eq(row.metric_name, rec.metric_name));
	ck_assert_int_eq((int)row.timestamp.len, (int)hi_time_format(rec.t_us, rec.t_digits, time));
	ck_assert_int_eq(memcmp(row.timestamp.ptr, time, row.timestamp.len), 0);
	ck_assert(hi_row_read((struct hi_slice){ b.ptr, b.len - 1 }, &row, &scratch));
	ck_assert_int_eq((int)row.seq, 1);
	ck_assert(hi_row_record(&row, false, rec.t_us, &code, &back));
	hi_rec_line(&back, &line);
	const char *want = rows[_i].back ? rows[_i].back : rows[_i].line;
	ck_assert_msg(hi_slice_is(hi_buf_view(&line), want), "%.*s", (int)line.len, line.ptr);
	hi_buf_release(&w.extra);
	hi_buf_release(&b);
	hi_buf_release(&scratch);
	hi_buf_release(&code);
	hi_buf_release(&line);
}
END_TEST

START_TEST(test_row_refused)
{
	static const char *const bad[] = {
		"",
		"1",
		"1,P,m,2025-12-28T06:30:00Z,1,u",
		"1,P,m,2025-12-28T06:30:00Z,1,u,,",
		"x,P,m,2025-12-28T06:30:00Z,1,u,",
		"1,\"P,m,2025-12-28T06:30:00Z,1,u,",
		"1,\"P\"x,m,2025-12-28T06:30:00Z,1,u,",
		"99999999999999999999999,P,m,2025-12-28T06:30:00Z,1,u,",
	};
	struct hi_buf scratch;
	struct hi_row row;
	hi_buf_init(&scratch, 1 << 16);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!hi_row_read(hi_slice_of(bad[i]), &row, &scratch), "%s", bad[i]);
	/* What is behind the timestamp is not looked at; all the rest is refused alike. */
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(hi_row_read_head(hi_slice_of(bad[i]), &row, &scratch) ==
				      (i == 2 || i == 3),
			      "%s", bad[i]);
	hi_buf_release(&scratch);
}
END_TEST

/* seq is written by carrying its digits: the same as counting. */
START_TEST(test_seq)
{
	struct hi_row_writer w = { 0 };
	char want[32];
	for (uint64_t i = 1; i <= 120000; i++) {
		ck_assert_int_eq((int)hi_row_count(&w), (int)i);
		int n = snprintf(want, sizeof(want), "%d", (int)i);
		ck_assert_int_eq(w.digits_n, n);
		ck_assert_int_eq(memcmp(w.digits + sizeof(w.digits) - (size_t)n, want, (size_t)n),
				 0);
	}
}
END_TEST

static void put(struct hi_store_writer *w, const char *patient, int value, const char *time,
		const char *more)
{
	char line[512];
	struct hi_rec rec;
	struct hi_error e = { HI_OK };
	snprintf(
		line, sizeof(line),
		"{\"patient_id\":\"%s\",\"metric_name\":\"m\",\"value\":%d,\"timestamp\":\"%s\"%s}",
		patient, value, time, more);
	parse(line, &rec);
	ck_assert_msg(hi_store_put(w, &rec, &e) == HI_OK, "%s %s", e.text, e.detail);
}

/* "P1 Q2 ": patients and values of what the cursor gives, to its end. */
static void read_all(struct hi_cursor *c, char *out, size_t cap)
{
	struct hi_rec rec;
	struct hi_error e = { HI_OK };
	size_t n = 0;
	int s;
	out[0] = '\0';
	while ((s = hi_cursor_next(c, &rec, &e)) == HI_OK)
		n += (size_t)snprintf(out + n, cap - n, "%.*s%.*s ", (int)rec.patient_id.len,
				      rec.patient_id.ptr, (int)rec.value_text.len,
				      rec.value_text.ptr);
	ck_assert_msg(s == HI_END, "%s %s", e.text, e.detail);
}

static void check_store(const struct hi_select *given, const char *want)
{
	struct hi_select sel = given ? *given : (struct hi_select){ 0 };
	struct hi_store *s;
	struct hi_cursor *c;
	struct hi_error e = { HI_OK };
	char got[512];
	if (sel.until_us == 0) {
		sel.since_us = HI_TIME_MIN;
		sel.until_us = HI_TIME_END;
	}
	sel.types = sel.types ? sel.types : 1u << HI_T_READING;
	ck_assert_msg(hi_store_open(&s, folder, &e) == HI_OK, "%s %s", e.text, e.detail);
	ck_assert_msg(hi_cursor_open(&c, s, &sel, &e) == HI_OK, "%s %s", e.text, e.detail);
	read_all(c, got, sizeof(got));
	ck_assert_str_eq(got, want);
	hi_cursor_close(c);
	hi_store_close(s);
}

static struct hi_store_writer *open_writer(bool want_created)
{
	struct hi_store_writer *w;
	struct hi_error e = { HI_OK };
	bool created;
	ck_assert_msg(hi_store_writer_open(&w, folder, &created, &e) == HI_OK, "%s %s", e.text,
		      e.detail);
	ck_assert_int_eq(created, want_created);
	return w;
}

START_TEST(test_order)
{
	static const char t1[] = "2025-12-28T06:00:00Z", t2[] = "2025-12-28T05:59:59.999Z";
	struct hi_store_writer *w = open_writer(true);
	put(w, "Q", 10, t1, "");
	put(w, "P", 9, t1, "");
	put(w, "P", 10, t1, "");
	put(w, "P", 9, t1, "");
	put(w, "P", 9, t1, ",\"a\":1");
	put(w, "Z", 1, t2, "");
	put(w, "P", 5, t1, ",\"tool\":\"x\"");
	put(w, "P", 4, t1, ",\"tool\":\"x\"");
	ck_assert_int_eq(hi_store_commit(w, NULL), HI_OK);
	ck_assert_int_eq(hi_store_writer_close(w, NULL), HI_OK);
	check_store(NULL, "Z1 P10 P9 P9 Q10 ");
	check_store(&(struct hi_select){ .scores = true }, "Z1 P10 P4 P9 P9 Q10 ");
	check_store(&(struct hi_select){ .raw = true, .scores = true },
		    "Q10 P9 P10 P9 P9 Z1 P5 P4 ");
	check_store(&(struct hi_select){ .last_n = 1 }, "Z1 P9 Q10 ");
	const char *q = "Q";
	check_store(&(struct hi_select){ .patients = &q, .patients_n = 1 }, "Q10 ");
	check_store(&(struct hi_select){ .last_us = 1000 }, "Z1 P10 P9 P9 Q10 ");
	check_store(&(struct hi_select){ .last_us = 999 }, "P10 P9 P9 Q10 ");
}
END_TEST

START_TEST(test_only_what_is_committed)
{
	struct hi_store_writer *w = open_writer(true);
	put(w, "P", 1, "2025-12-28T06:00:00Z", "");
	check_store(NULL, "");
	ck_assert_int_eq(hi_store_commit(w, NULL), HI_OK);
	put(w, "P", 2, "2025-12-28T06:00:01Z", "");
	check_store(NULL, "P1 ");
	ck_assert_int_eq((int)hi_store_pending(w).records, 1);
	/* A second writer leaves the first one's segment alone, a third clears up after it. */
	struct hi_store_writer *other = open_writer(false);
	ck_assert_int_eq(hi_store_writer_close(other, NULL), HI_OK);
	ck_assert_int_eq(hi_store_commit(w, NULL), HI_OK);
	put(w, "P", 3, "2025-12-28T06:00:02Z", "");
	ck_assert_int_eq(hi_store_writer_close(w, NULL), HI_OK);
	w = open_writer(false);
	put(w, "P", 4, "2025-12-28T06:00:03Z", "");
	ck_assert_int_eq(hi_store_commit(w, NULL), HI_OK);
	ck_assert_int_eq(hi_store_writer_close(w, NULL), HI_OK);
	check_store(NULL, "P1 P2 P4 ");
}
END_TEST

START_TEST(test_follow)
{
	struct hi_select sel = { .since_us = HI_TIME_MIN,
				 .until_us = HI_TIME_END,
				 .types = 1u << HI_T_READING };
	struct hi_store_writer *w = open_writer(true);
	struct hi_store *s;
	struct hi_cursor *c;
	char got[512];
	put(w, "P", 1, "2025-12-28T06:00:00Z", "");
	ck_assert_int_eq(hi_store_commit(w, NULL), HI_OK);
	ck_assert_int_eq(hi_store_open(&s, folder, NULL), HI_OK);
	ck_assert_int_eq(hi_cursor_open(&c, s, &sel, NULL), HI_OK);
	put(w, "P", 2, "2025-12-28T06:00:01Z", "");
	ck_assert_int_eq(hi_store_commit(w, NULL), HI_OK);
	read_all(c, got, sizeof(got));
	ck_assert_str_eq(got, "P1 ");
	ck_assert_int_eq(hi_cursor_follow(c, 1000, NULL), HI_OK);
	read_all(c, got, sizeof(got));
	ck_assert_str_eq(got, "P2 ");
	put(w, "P", 3, "2025-12-28T05:00:00Z", "");
	ck_assert_int_eq(hi_cursor_follow(c, 0, NULL), HI_END);
	ck_assert_int_eq(hi_store_commit(w, NULL), HI_OK);
	ck_assert_int_eq(hi_cursor_follow(c, 1000, NULL), HI_OK);
	read_all(c, got, sizeof(got));
	ck_assert_str_eq(got, "P3 ");
	hi_cursor_close(c);
	hi_store_close(s);
	ck_assert_int_eq(hi_store_writer_close(w, NULL), HI_OK);
}
END_TEST

/* Raw order over segments of several hours, which are merged by seq. */
START_TEST(test_arrival_over_hours)
{
	struct hi_store_writer *w = open_writer(true);
	char want[512], time[32];
	size_t n = 0;
	for (int i = 0; i < 60; i++) {
		snprintf(time, sizeof(time), "2025-12-28T%02d:00:%02dZ", i * 7 % 5, i);
		put(w, "P", i, time, "");
		n += (size_t)snprintf(want + n, sizeof(want) - n, "P%d ", i);
		if (i % 13 == 0)
			ck_assert_int_eq(hi_store_commit(w, NULL), HI_OK);
	}
	ck_assert_int_eq(hi_store_commit(w, NULL), HI_OK);
	ck_assert_int_eq(hi_store_writer_close(w, NULL), HI_OK);
	check_store(&(struct hi_select){ .raw = true }, want);
}
END_TEST

START_TEST(test_locks)
{
	char path[80];
	snprintf(path, sizeof(path), "%s/lock", folder);
	int a = open(path, O_RDWR | O_CREAT, 0600), b = open(path, O_RDWR);
	ck_assert_int_ge(a, 0);
	ck_assert_int_eq(hi_store_lock(a, 16, 16, NULL), HI_OK);
	ck_assert_int_eq(hi_store_lock(b, 31, 1, NULL), HI_END);
	ck_assert_int_eq(hi_store_lock(b, 32, 1, NULL), HI_OK);
	hi_store_unlock(a, 31, 1);
	ck_assert_int_eq(hi_store_lock(b, 31, 1, NULL), HI_OK);
	ck_assert_int_eq(hi_store_lock(b, 30, 1, NULL), HI_END);
	close(a);
	ck_assert_int_eq(hi_store_lock(b, 30, 1, NULL), HI_OK);
	close(b);
	ck_assert_int_eq(hi_store_lock(b, 30, 1, NULL), HI_IO);
}
END_TEST

START_TEST(test_failure_is_final)
{
	struct hi_store_writer *w = open_writer(true);
	struct hi_error e = { HI_OK };
	struct hi_rec rec;
	char command[256];
	put(w, "P", 1, "2025-12-28T06:00:00Z", "");
	/* The next hour's folder cannot be made. */
	snprintf(command, sizeof(command), "rm -r '%s/readings'; touch '%s/readings'", folder,
		 folder);
	ck_assert_int_eq(system(command), 0);
	parse("{\"patient_id\":\"P\",\"metric_name\":\"m\",\"value\":2,"
	      "\"timestamp\":\"2025-12-29T06:00:00Z\"}",
	      &rec);
	ck_assert_int_eq(hi_store_put(w, &rec, &e), HI_IO);
	ck_assert_ptr_nonnull(strstr(e.detail, folder));
	ck_assert_int_eq(hi_store_commit(w, &e), HI_IO);
	ck_assert_int_eq(hi_store_put(w, &rec, &e), HI_IO);
	hi_store_writer_close(w, NULL);
	check_store(NULL, "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store");
	TCase *plain = tcase_create("names and rows");
	TCase *folders = tcase_create("folders");
	tcase_add_checked_fixture(plain, setup, teardown);
	tcase_add_checked_fixture(folders, setup, teardown);
	tcase_add_test(plain, test_paths);
	tcase_add_test(plain, test_numbers);
	tcase_add_test(plain, test_operands);
	tcase_add_loop_test(plain, test_row, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(plain, test_row_refused);
	tcase_add_test(plain, test_seq);
	tcase_add_test(folders, test_order);
	tcase_add_test(folders, test_only_what_is_committed);
	tcase_add_test(folders, test_follow);
	tcase_add_test(folders, test_arrival_over_hours);
	tcase_add_test(folders, test_locks);
	tcase_add_test(folders, test_failure_is_final);
	suite_add_tcase(suite, plain);
	suite_add_tcase(suite, folders);
	SRunner *sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? 1 : 0;
}
