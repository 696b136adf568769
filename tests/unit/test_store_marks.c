/* Marked streams: positions compared and set, what is forgotten, clocks, old stores. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"
#include "store/db.h"
#include "store/inside.h"
#include "store/store.h"
#include "vital/reader.h"

static char folder[64];
static struct hi_reader *reader;

static void setup(void)
{
	/* In memory where there is such a place: thousands of files are made durable here. */
	snprintf(folder, sizeof(folder), "%s/hi-marks.XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
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

static struct hi_store_writer *open_writer(void)
{
	struct hi_store_writer *w;
	struct hi_error e = { HI_OK };
	bool created;
	ck_assert_msg(hi_store_writer_open(&w, folder, &created, &e) == HI_OK, "%s %s", e.text,
		      e.detail);
	return w;
}

static void close_writer(struct hi_store_writer *w)
{
	ck_assert_int_eq(hi_store_writer_close(w, NULL), HI_OK);
}

static void put_line(struct hi_store_writer *w, const char *line)
{
	struct hi_rec rec;
	struct hi_error e = { HI_OK };
	ck_assert_int_eq(hi_reader_line_parse(reader, hi_slice_of(line), &rec, NULL), HI_OK);
	ck_assert_msg(hi_store_put(w, &rec, &e) == HI_OK, "%s %s", e.text, e.detail);
}

static void put(struct hi_store_writer *w, const char *patient, int value, const char *time)
{
	char line[256];
	snprintf(line, sizeof(line),
		 "{\"patient_id\":\"%s\",\"metric_name\":\"m\",\"value\":%d,\"timestamp\":\"%s\"}",
		 patient, value, time);
	put_line(w, line);
}

static void positions_of(const char *json, struct hi_positions *p)
{
	hi_positions_init(p);
	ck_assert_int_eq(hi_positions_read(p, hi_slice_of(json), NULL), HI_OK);
}

static int begin(struct hi_store_writer *w, const char *opening, bool rewind, struct hi_error *e)
{
	struct hi_positions p;
	positions_of(opening, &p);
	int s = hi_store_begin(w, &p, rewind, e);
	hi_positions_release(&p);
	return s;
}

static int mark_at(struct hi_store_writer *w, const char *positions, int64_t t_us,
		   struct hi_error *e)
{
	struct hi_mark m = { .kind = HI_MARK_PLAIN, .timed = t_us != 0, .t_us = t_us };
	positions_of(positions, &m.positions);
	int s = hi_store_mark(w, &m, e);
	hi_positions_release(&m.positions);
	return s;
}

static int mark(struct hi_store_writer *w, const char *positions, struct hi_error *e)
{
	return mark_at(w, positions, 0, e);
}

/* What sqlite3 says to sql: columns apart by '|', rows by a space. */
static void check_sql(const char *sql, const char *want)
{
	char path[128], got[512] = "";
	sqlite3 *db;
	sqlite3_stmt *st;
	size_t n = 0;
	snprintf(path, sizeof(path), "%s/store.db", folder);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK, "%s",
		      sqlite3_errmsg(db));
	while (sqlite3_step(st) == SQLITE_ROW) {
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s", n ? " " : "");
		for (int i = 0; i < sqlite3_column_count(st); i++) {
			const char *text = (const char *)sqlite3_column_text(st, i);
			n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%s", i ? "|" : "",
					      text ? text : "-");
		}
	}
	sqlite3_finalize(st);
	sqlite3_close(db);
	ck_assert_str_eq(got, want);
}

static void run_sql(const char *sql)
{
	char path[128];
	sqlite3 *db;
	snprintf(path, sizeof(path), "%s/store.db", folder);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s",
		      sqlite3_errmsg(db));
	sqlite3_close(db);
}

static void check_positions(const char *want)
{
	struct hi_store *s;
	struct hi_positions p;
	struct hi_buf b;
	struct hi_error e = { HI_OK };
	hi_positions_init(&p);
	hi_buf_init(&b, 4096);
	ck_assert_int_eq(hi_store_open(&s, folder, NULL), HI_OK);
	ck_assert_msg(hi_store_positions(s, &p, &e) == HI_OK, "%s %s", e.text, e.detail);
	hi_positions_write(&p, &b);
	ck_assert_msg(hi_slice_is(hi_buf_view(&b), want), "%.*s", (int)b.len, b.ptr);
	hi_positions_release(&p);
	hi_buf_release(&b);
	hi_store_close(s);
}

/* "P1 Q2 ": patients and values in order of arrival. */
static void check_rows(const char *want)
{
	struct hi_select sel = { .since_us = HI_TIME_MIN,
				 .until_us = HI_TIME_END,
				 .types = 1u << HI_T_READING,
				 .raw = true };
	struct hi_store *s;
	struct hi_cursor *c;
	struct hi_rec rec;
	struct hi_error e = { HI_OK };
	char got[512] = "";
	size_t n = 0;
	int status;
	ck_assert_int_eq(hi_store_open(&s, folder, NULL), HI_OK);
	ck_assert_int_eq(hi_cursor_open(&c, s, &sel, NULL), HI_OK);
	while ((status = hi_cursor_next(c, &rec, &e)) == HI_OK)
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%.*s%.*s ",
				      (int)rec.patient_id.len, rec.patient_id.ptr,
				      (int)rec.value_text.len, rec.value_text.ptr);
	ck_assert_msg(status == HI_END, "%s %s", e.text, e.detail);
	ck_assert_str_eq(got, want);
	hi_cursor_close(c);
	hi_store_close(s);
}

/* Every file of readings has its committed length, and each is known. */
static void check_files(void)
{
	char command[512];
	snprintf(command, sizeof(command),
		 "cd '%s' && [ \"$(find readings rejects other -type f -printf '%%p|%%s\\n' |"
		 " sort)\" = \"$(sqlite3 store.db 'SELECT path,length FROM segments' | sort)\" ]",
		 folder);
	ck_assert_int_eq(system(command), 0);
}

#define T0 "2025-12-28T06:00:00Z"
#define T1 "2025-12-28T06:00:01Z"
#define T0_US INT64_C(1766901600000000)

START_TEST(test_compare_and_set)
{
	struct hi_store_writer *w = open_writer();
	struct hi_error e = { HI_OK };
	ck_assert_int_eq(begin(w, "{\"gen:7\":0,\"a\":\"x\"}", false, &e), HI_OK);
	check_positions("{}");
	put(w, "P", 1, T0);
	ck_assert_int_eq(mark(w, "{\"gen:7\":100,\"a\":\"x\"}", &e), HI_OK);
	check_positions("{\"a\":\"x\",\"gen:7\":100}");
	check_rows("P1 ");
	put(w, "P", 2, T1);
	check_rows("P1 ");
	ck_assert_int_eq(mark(w, "{\"gen:7\":200,\"a\":\"y\"}", &e), HI_OK);
	close_writer(w);
	check_positions("{\"a\":\"y\",\"gen:7\":200}");
	check_rows("P1 P2 ");
	/* It goes on where it stands, and nowhere else. */
	w = open_writer();
	ck_assert_int_eq(begin(w, "{\"gen:7\":100}", false, &e), HI_CONTRACT);
	ck_assert_str_eq(e.detail, "gen:7");
	ck_assert_int_eq(begin(w, "{\"gen:7\":200}", false, &e), HI_IO);
	hi_store_writer_close(w, NULL);
	w = open_writer();
	ck_assert_int_eq(begin(w, "{\"gen:7\":\"200\"}", false, &e), HI_CONTRACT);
	hi_store_writer_close(w, NULL);
	w = open_writer();
	ck_assert_int_eq(begin(w, "{\"gen:7\":200}", false, &e), HI_OK);
	put(w, "P", 3, T1);
	ck_assert_int_eq(mark(w, "{\"gen:7\":300}", &e), HI_OK);
	close_writer(w);
	check_positions("{\"a\":\"y\",\"gen:7\":300}");
	check_rows("P1 P2 P3 ");
	check_files();
}
END_TEST

/* Two writers from one position: whoever commits first goes on, the other never does. */
static void check_zombie(const char *opening)
{
	struct hi_store_writer *a = open_writer(), *b = open_writer();
	struct hi_error e = { HI_OK };
	ck_assert_int_eq(begin(a, opening, false, &e), HI_OK);
	ck_assert_int_eq(begin(b, opening, false, &e), HI_OK);
	put(b, "B", 1, T0);
	put_line(b, "{\"type\":\"patient\",\"patient_id\":\"b\",\"version\":1}");
	put(a, "A", 1, T0);
	ck_assert_int_eq(mark(a, "{\"gen:7\":100}", &e), HI_OK);
	ck_assert_int_eq(mark(b, "{\"gen:7\":100}", &e), HI_CONTRACT);
	ck_assert_str_eq(e.detail, "gen:7");
	ck_assert_ptr_nonnull(strstr(e.text, "another pipeline"));
	ck_assert_int_lt(mark(b, "{\"gen:7\":100}", NULL), 0);
	put(a, "A", 2, T1);
	ck_assert_int_eq(mark(a, "{\"gen:7\":200}", &e), HI_OK);
	close_writer(a);
	hi_store_writer_close(b, NULL);
}

START_TEST(test_zombie)
{
	check_zombie("{\"gen:7\":0}");
	check_positions("{\"gen:7\":200}");
	check_rows("A1 A2 ");
	run_sql("UPDATE positions SET value='0'");
	check_zombie("{\"gen:7\":0}");
	check_rows("A1 A2 A1 A2 ");
	check_sql("SELECT count(*) FROM patients", "0");
	/* Recovery takes away what the refused ones have left. */
	close_writer(open_writer());
	check_files();
}
END_TEST

START_TEST(test_marks_that_cost_nothing)
{
	struct hi_store_writer *w = open_writer();
	ck_assert_int_eq(begin(w, "{\"k\":5}", false, NULL), HI_OK);
	check_positions("{}");
	/* Where a source began is news once: it may not begin there again of itself. */
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(mark(w, "{\"k\":5}", NULL), HI_OK);
	check_sql("SELECT value FROM meta WHERE key='next_commit'", "2");
	check_positions("{\"k\":5}");
	put(w, "P", 1, T0);
	ck_assert_int_eq(mark(w, "{\"k\":5}", NULL), HI_OK);
	check_sql("SELECT value FROM meta WHERE key='next_commit'", "3");
	ck_assert_int_eq(mark(w, "{\"k\":5}", NULL), HI_OK);
	check_sql("SELECT value FROM meta WHERE key='next_commit'", "3");
	/* Only a position moved: a stretch of what is no record. */
	ck_assert_int_eq(mark(w, "{\"k\":6}", NULL), HI_OK);
	check_sql("SELECT value FROM meta WHERE key='next_commit'", "4");
	check_positions("{\"k\":6}");
	close_writer(w);
}
END_TEST

START_TEST(test_only_marks_commit)
{
	struct hi_store_writer *w = open_writer();
	struct hi_error e = { HI_OK };
	put(w, "U", 1, T0);
	ck_assert_int_eq(mark(w, "{\"k\":1}", &e), HI_USAGE);
	ck_assert_int_eq(begin(w, "{\"k\":0}", false, &e), HI_OK);
	check_rows("U1 ");
	put(w, "P", 1, T0);
	ck_assert_int_eq(hi_store_commit(w, &e), HI_USAGE);
	check_rows("U1 ");
	close_writer(w);
	check_rows("U1 ");
	check_files();
}
END_TEST

/* More than memory may hold, and more hours than are open otherwise, between two marks. */
START_TEST(test_much_between_marks)
{
	enum { N = 9000, LONG = 100000 };
	struct hi_store_writer *w = open_writer();
	char *line = malloc(LONG + 256), time[32];
	ck_assert_ptr_nonnull(line);
	ck_assert_int_eq(begin(w, "{\"k\":0}", false, NULL), HI_OK);
	for (int i = 0; i < N; i++) {
		snprintf(time, sizeof(time), "%04d-%02d-%02dT%02d:00:00Z", 2025 + i / 8064,
			 1 + i / 672 % 12, 1 + i / 24 % 28, i % 24);
		put(w, "P", i, time);
	}
	check_sql("SELECT count(*) FROM segments", "0");
	int n = snprintf(line, 256,
			 "{\"patient_id\":\"Q\",\"metric_name\":\"m\",\"value\":1,"
			 "\"timestamp\":\"" T0 "\",\"x\":\"");
	memset(line + n, 'x', LONG);
	snprintf(line + n + LONG, 16, "\"}");
	for (int i = 0; i < 700; i++)
		put_line(w, line);
	check_sql("SELECT count(*) FROM segments", "0");
	ck_assert_int_eq(mark(w, "{\"k\":1}", NULL), HI_OK);
	check_sql("SELECT sum(rows), sum(state='open') FROM segments", "9700|0");
	put(w, "P", 1, T0);
	ck_assert_int_eq(mark(w, "{\"k\":2}", NULL), HI_OK);
	close_writer(w);
	check_files();
	free(line);
}
END_TEST

START_TEST(test_rewind)
{
	struct hi_store_writer *w = open_writer();
	struct hi_error e = { HI_OK };
	ck_assert_int_eq(begin(w, "{\"k\":0,\"l\":0}", false, &e), HI_OK);
	put(w, "P", 1, T0);
	ck_assert_int_eq(mark(w, "{\"k\":50,\"l\":50}", &e), HI_OK);
	close_writer(w);
	w = open_writer();
	ck_assert_int_eq(begin(w, "{\"k\":10,\"l\":10,\"m\":10}", true, &e), HI_OK);
	check_positions("{\"k\":50,\"l\":50}");
	/* Nothing came, nothing moved, and still the store's give way. */
	ck_assert_int_eq(mark(w, "{\"k\":10}", &e), HI_OK);
	check_positions("{\"k\":10,\"l\":10,\"m\":10}");
	put(w, "P", 2, T0);
	ck_assert_int_eq(mark(w, "{\"k\":20,\"l\":11,\"m\":10}", &e), HI_OK);
	close_writer(w);
	check_positions("{\"k\":20,\"l\":11,\"m\":10}");
	check_rows("P1 P2 ");
}
END_TEST

START_TEST(test_rewind_beside_another)
{
	struct hi_store_writer *w = open_writer(), *other = open_writer();
	struct hi_error e = { HI_OK };
	ck_assert_int_eq(begin(other, "{\"k\":0}", false, &e), HI_OK);
	ck_assert_int_eq(mark(other, "{\"k\":50}", &e), HI_OK);
	ck_assert_int_eq(begin(w, "{\"k\":10}", true, &e), HI_OK);
	put(w, "W", 1, T0);
	put(other, "O", 1, T0);
	ck_assert_int_eq(mark(other, "{\"k\":60}", &e), HI_OK);
	ck_assert_int_eq(mark(w, "{\"k\":20}", &e), HI_CONTRACT);
	hi_store_writer_close(w, NULL);
	close_writer(other);
	check_positions("{\"k\":60}");
	check_rows("O1 ");
}
END_TEST

/* Keys that come and go: partitions of a topic. */
START_TEST(test_keys_come_and_go)
{
	struct hi_store_writer *w = open_writer();
	struct hi_error e = { HI_OK };
	ck_assert_int_eq(begin(w, "{\"p/0\":0,\"p/1\":0}", false, &e), HI_OK);
	put(w, "P", 1, T0);
	ck_assert_int_eq(mark(w, "{\"p/0\":1,\"p/1\":1}", &e), HI_OK);
	put(w, "P", 2, T0);
	ck_assert_int_eq(mark(w, "{\"p/0\":2}", &e), HI_OK);
	put(w, "P", 3, T0);
	ck_assert_int_eq(mark(w, "{\"p/0\":3,\"p/1\":2,\"p/2\":7}", &e), HI_OK);
	check_positions("{\"p/0\":3,\"p/1\":2,\"p/2\":7}");
	check_sql("SELECT keys FROM writers", "[\"p/0\",\"p/1\",\"p/2\"]");
	/* One that the store has from elsewhere: taken over where it stands, before data. */
	run_sql("INSERT INTO positions VALUES('p/3','30'),('p/4','40')");
	ck_assert_int_eq(mark(w, "{\"p/0\":3,\"p/3\":30}", &e), HI_OK);
	put(w, "P", 4, T0);
	ck_assert_int_eq(mark(w, "{\"p/0\":3,\"p/3\":31}", &e), HI_OK);
	put(w, "P", 5, T0);
	ck_assert_int_eq(mark(w, "{\"p/0\":4,\"p/4\":40}", &e), HI_CONTRACT);
	ck_assert_str_eq(e.detail, "p/4");
	hi_store_writer_close(w, NULL);
	check_rows("P1 P2 P3 P4 ");
	/* One that went and was moved by another. */
	w = open_writer();
	ck_assert_int_eq(begin(w, "{\"p/0\":3,\"p/1\":2}", false, &e), HI_OK);
	put(w, "P", 6, T0);
	ck_assert_int_eq(mark(w, "{\"p/0\":4}", &e), HI_OK);
	run_sql("UPDATE positions SET value='3' WHERE key='p/1'");
	put(w, "P", 7, T0);
	ck_assert_int_eq(mark(w, "{\"p/0\":5,\"p/1\":2}", &e), HI_CONTRACT);
	ck_assert_str_eq(e.detail, "p/1");
	hi_store_writer_close(w, NULL);
	check_rows("P1 P2 P3 P4 P6 ");
}
END_TEST

/* A file a night for years: more keys than one source may have. */
START_TEST(test_many_keys)
{
	struct hi_store *s;
	struct hi_positions p;
	struct hi_error e = { HI_OK };
	close_writer(open_writer());
	run_sql("WITH RECURSIVE n(i) AS(SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<10001)"
		" INSERT INTO positions SELECT 'csv:'||i,i FROM n");
	hi_positions_init(&p);
	ck_assert_int_eq(hi_store_open(&s, folder, NULL), HI_OK);
	ck_assert_int_eq(hi_store_positions(s, &p, &e), HI_USAGE);
	hi_positions_reset(&p);
	ck_assert_int_eq(hi_store_position(s, "csv:9999", &p, &e), HI_OK);
	ck_assert_int_eq(hi_store_position(s, "csv:0", &p, &e), HI_OK);
	ck_assert_int_eq((int)p.n, 1);
	ck_assert_str_eq(hi_positions_find(&p, "csv:9999"), "9999");
	hi_positions_release(&p);
	hi_store_close(s);
	struct hi_store_writer *w = open_writer();
	ck_assert_int_eq(begin(w, "{\"csv:5\":5,\"csv:0\":0}", false, &e), HI_OK);
	put(w, "P", 1, T0);
	ck_assert_int_eq(mark(w, "{\"csv:5\":6,\"csv:0\":1}", &e), HI_OK);
	close_writer(w);
	check_sql("SELECT count(*) FROM positions", "10002");
}
END_TEST

/* What no commit may relieve has a bound, and the refusal says what to do. */
START_TEST(test_too_much_between_marks)
{
	enum { LONG = 1 << 20 };
	struct hi_store_writer *w = open_writer();
	struct hi_error e = { HI_OK };
	struct hi_rec rec;
	char *line = malloc(LONG);
	int status = HI_OK, n = 0;
	ck_assert_ptr_nonnull(line);
	ck_assert_int_eq(begin(w, "{\"k\":0}", false, NULL), HI_OK);
	int at = snprintf(line, LONG,
			  "{\"type\":\"patient\",\"patient_id\":\"P\","
			  "\"version\":1,\"x\":\"");
	memset(line + at, 'x', (size_t)(LONG - at - 3));
	memcpy(line + LONG - 3, "\"}", 3);
	for (; n < 200 && status == HI_OK; n++) {
		ck_assert_int_eq(hi_reader_line_parse(reader, hi_slice_of(line), &rec, NULL),
				 HI_OK);
		status = hi_store_put(w, &rec, &e);
	}
	ck_assert_int_eq(status, HI_USAGE);
	ck_assert_int_gt(n, 120);
	ck_assert_ptr_nonnull(strstr(e.text, "marks more often"));
	hi_store_writer_close(w, NULL);
	check_sql("SELECT count(*) FROM patients", "0");
	free(line);
}
END_TEST

START_TEST(test_too_many_hours_between_marks)
{
	enum { MAX = 65536 };
	struct hi_store_writer *w = open_writer();
	struct hi_error e = { HI_OK };
	struct hi_rec rec;
	ck_assert_int_eq(begin(w, "{\"k\":0}", false, NULL), HI_OK);
	ck_assert_int_eq(
		hi_reader_line_parse(reader,
				     hi_slice_of("{\"patient_id\":\"P\",\"metric_name\":\"m\","
						 "\"value\":1,\"timestamp\":\"" T0 "\"}"),
				     &rec, NULL),
		HI_OK);
	for (int i = 0; i < MAX; i++, rec.t_us += HI_US_H)
		ck_assert_int_eq(hi_store_put(w, &rec, &e), HI_OK);
	ck_assert_int_eq(hi_store_put(w, &rec, &e), HI_USAGE);
	ck_assert_ptr_nonnull(strstr(e.text, "marks more often"));
	hi_store_writer_close(w, NULL);
	close_writer(open_writer());
	check_files();
}
END_TEST

START_TEST(test_unmark)
{
	struct hi_store_writer *w = open_writer();
	ck_assert_int_eq(begin(w, "{\"k\":0}", false, NULL), HI_OK);
	put(w, "M", 1, T0);
	ck_assert_int_eq(mark(w, "{\"k\":1}", NULL), HI_OK);
	put(w, "M", 2, T1);
	put(w, "M", 3, "2025-12-29T06:00:00Z");
	put_line(w, "{\"type\":\"patient\",\"patient_id\":\"a\",\"version\":1}");
	put_line(w, "{\"type\":\"picture\"}");
	ck_assert_int_eq(hi_store_unmark(w, NULL), HI_OK);
	check_files();
	ck_assert_int_eq((int)hi_store_pending(w).records, 0);
	put(w, "U", 4, T1);
	ck_assert_int_eq(hi_store_commit(w, NULL), HI_OK);
	check_rows("M1 U4 ");
	/* A number is one stream's alone. */
	check_sql("SELECT number,keys,clock_us FROM writers", "1|[\"k\"]|1766901600000000 2|-|-");
	check_sql("SELECT writer,rows,state,clock_us FROM segments",
		  "1|1|closed|1766901600000000 2|1|open|-");
	check_sql("SELECT count(*) FROM patients", "0");
	ck_assert_int_eq(begin(w, "{\"k\":1}", false, NULL), HI_OK);
	put(w, "M", 5, T1);
	ck_assert_int_eq(mark(w, "{\"k\":2}", NULL), HI_OK);
	put(w, "M", 6, T1);
	close_writer(w);
	check_rows("M1 U4 M5 ");
	check_sql("SELECT DISTINCT state FROM segments", "closed");
	check_sql("SELECT number,keys FROM writers", "1|[\"k\"] 2|- 3|[\"k\"]");
	check_files();
}
END_TEST

/* Streams that were kept one behind the other. */
START_TEST(test_another_stream_follows)
{
	struct hi_store_writer *w = open_writer();
	ck_assert_int_eq(begin(w, "{\"k\":0}", false, NULL), HI_OK);
	put(w, "K", 1, T0);
	ck_assert_int_eq(mark(w, "{\"k\":1}", NULL), HI_OK);
	ck_assert_int_eq(begin(w, "{\"l\":0}", false, NULL), HI_OK);
	put(w, "L", 1, T0);
	ck_assert_int_eq(mark(w, "{\"l\":1}", NULL), HI_OK);
	ck_assert_int_eq(begin(w, "{\"k\":1}", false, NULL), HI_OK);
	put(w, "K", 2, T0);
	ck_assert_int_eq(mark(w, "{\"k\":2}", NULL), HI_OK);
	close_writer(w);
	check_rows("K1 L1 K2 ");
	check_positions("{\"k\":2,\"l\":1}");
	check_sql("SELECT keys FROM writers", "[\"k\"] [\"l\"] [\"k\"]");
}
END_TEST

START_TEST(test_clock)
{
	struct hi_store_writer *w = open_writer();
	ck_assert_int_eq(begin(w, "{\"k\":0}", false, NULL), HI_OK);
	put_line(w, "{\"type\":\"patient\",\"patient_id\":\"a\",\"version\":1}");
	ck_assert_int_eq(mark(w, "{\"k\":1}", NULL), HI_OK);
	check_sql("SELECT keys,clock_us FROM writers", "[\"k\"]|-");
	put(w, "P", 1, T1);
	put(w, "Q", 2, T0);
	/* Far ahead, and nobody else says so. */
	put(w, "Q", 3, "2025-12-28T11:00:00Z");
	ck_assert_int_eq(mark(w, "{\"k\":2}", NULL), HI_OK);
	check_sql("SELECT clock_us FROM writers", "1766901601000000");
	check_sql("SELECT clock_us FROM segments", "1766901601000000 1766901601000000");
	/* A mark's time without data is noted, and saved with the next. */
	ck_assert_int_eq(mark_at(w, "{\"k\":2}", T0_US + 60 * HI_US_S, NULL), HI_OK);
	check_sql("SELECT clock_us FROM writers", "1766901601000000");
	put(w, "P", 4, T1);
	ck_assert_int_eq(mark(w, "{\"k\":3}", NULL), HI_OK);
	check_sql("SELECT clock_us FROM writers", "1766901660000000");
	close_writer(w);
	/* The next one of the source goes on with it; one of another source does not. */
	w = open_writer();
	ck_assert_int_eq(begin(w, "{\"k\":3,\"other\":1}", false, NULL), HI_OK);
	put(w, "P", 5, "2025-12-25T06:00:00Z");
	ck_assert_int_eq(mark(w, "{\"k\":4}", NULL), HI_OK);
	close_writer(w);
	w = open_writer();
	ck_assert_int_eq(begin(w, "{\"new\":0}", false, NULL), HI_OK);
	put(w, "P", 6, "2025-12-25T06:00:00Z");
	ck_assert_int_eq(mark(w, "{\"new\":4}", NULL), HI_OK);
	close_writer(w);
	check_sql("SELECT clock_us FROM writers",
		  "1766901660000000 1766901660000000 1766642400000000");
	check_sql("SELECT clock_us FROM segments WHERE writer>1",
		  "1766901660000000 1766642400000000");
}
END_TEST

/* A writer at work is not done; one that has closed, or left a number, or died, is. */
START_TEST(test_done)
{
	struct hi_store_writer *a = open_writer(), *b = open_writer(), *c = open_writer();
	static const char done[] = "SELECT number FROM writers WHERE done=1";
	check_sql(done, "");
	close_writer(b);
	check_sql(done, "2");
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(begin(a, "{\"k\":0}", true, NULL), HI_OK);
		put(a, "P", 1, T0);
		ck_assert_int_eq(mark(a, "{\"k\":1}", NULL), HI_OK);
		ck_assert_int_eq(hi_store_unmark(a, NULL), HI_OK);
	}
	check_sql(done, "1 2 4 5");
	pid_t child = fork();
	if (child == 0) {
		struct hi_store_writer *d = open_writer();
		put(d, "P", 1, T0);
		_exit(hi_store_commit(d, NULL) != HI_OK);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	check_sql(done, "1 2 4 5");
	check_sql("SELECT state FROM segments WHERE writer=7", "open");
	b = open_writer();
	check_sql(done, "1 2 4 5 7");
	check_sql("SELECT state FROM segments WHERE writer=7", "closed");
	close_writer(a);
	close_writer(b);
	close_writer(c);
	check_sql("SELECT count(*) FROM writers WHERE done=0", "0");
}
END_TEST

START_TEST(test_identical_record)
{
	static const char one[] = "{\"type\":\"patient\",\"patient_id\":\"P\",\"version\":1}",
			  other[] = "{\"type\":\"patient\",\"patient_id\":\"P\",\"version\":1,"
				    "\"ward\":\"W\"}";
	struct hi_store_writer *w = open_writer();
	put_line(w, one);
	ck_assert_int_eq(hi_store_commit(w, NULL), HI_OK);
	put_line(w, one);
	put_line(w, one);
	ck_assert_int_eq(hi_store_commit(w, NULL), HI_OK);
	check_sql("SELECT seq,commit_n,ward FROM patients", "1|1|-");
	put_line(w, other);
	ck_assert_int_eq(hi_store_commit(w, NULL), HI_OK);
	check_sql("SELECT seq,commit_n,ward,json_extract(line,'$.ward') FROM patients", "4|3|W|W");
	put_line(w, one);
	put_line(w, other);
	ck_assert_int_eq(hi_store_commit(w, NULL), HI_OK);
	check_sql("SELECT seq,commit_n,ward FROM patients", "6|4|W");
	close_writer(w);
}
END_TEST

/* A store as the versions before marks made it. */
static void make_old(void)
{
	struct hi_store_writer *w = open_writer();
	put(w, "P", 1, T0);
	ck_assert_int_eq(hi_store_commit(w, NULL), HI_OK);
	close_writer(w);
	run_sql("DROP TABLE writers; ALTER TABLE segments DROP COLUMN clock_us;"
		"DROP INDEX alerts_arrival;"
		"DELETE FROM meta WHERE key='id'");
}

START_TEST(test_old_store_is_read)
{
	struct hi_store *s;
	struct hi_error e = { HI_OK };
	char id[HI_STORE_ID_LEN + 1];
	make_old();
	check_rows("P1 ");
	check_positions("{}");
	ck_assert_int_eq(hi_store_open(&s, folder, NULL), HI_OK);
	ck_assert_int_eq(hi_store_id(s, id, &e), HI_USAGE);
	ck_assert_str_eq(e.detail, folder);
	ck_assert_int_eq(hi_store_need_marks(s, &e), HI_USAGE);
	ck_assert_ptr_nonnull(strstr(e.text, "earlier version"));
	hi_store_close(s);
}
END_TEST

START_TEST(test_old_store_is_brought_up_to_date)
{
	struct hi_store *s;
	char id[HI_STORE_ID_LEN + 1], again[HI_STORE_ID_LEN + 1];
	make_old();
	struct hi_store_writer *w = open_writer();
	ck_assert_int_eq(begin(w, "{\"k\":0}", false, NULL), HI_OK);
	put(w, "P", 2, T0);
	ck_assert_int_eq(mark(w, "{\"k\":1}", NULL), HI_OK);
	close_writer(w);
	check_rows("P1 P2 ");
	check_positions("{\"k\":1}");
	check_sql("SELECT number,keys FROM writers", "2|[\"k\"]");
	check_sql("SELECT clock_us FROM segments", "- 1766901600000000");
	check_sql("SELECT count(*) FROM sqlite_master WHERE name='alerts_arrival'", "1");
	ck_assert_int_eq(hi_store_open(&s, folder, NULL), HI_OK);
	ck_assert_int_eq(hi_store_need_marks(s, NULL), HI_OK);
	ck_assert_int_eq(hi_store_id(s, id, NULL), HI_OK);
	ck_assert_int_eq((int)strspn(id, "0123456789abcdef"), HI_STORE_ID_LEN);
	hi_store_close(s);
	close_writer(open_writer());
	ck_assert_int_eq(hi_store_open(&s, folder, NULL), HI_OK);
	ck_assert_int_eq(hi_store_id(s, again, NULL), HI_OK);
	ck_assert_str_eq(id, again);
	hi_store_close(s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store marks");
	TCase *t = tcase_create("marks");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_compare_and_set);
	tcase_add_test(t, test_zombie);
	tcase_add_test(t, test_marks_that_cost_nothing);
	tcase_add_test(t, test_only_marks_commit);
	tcase_add_test(t, test_much_between_marks);
	tcase_add_test(t, test_rewind);
	tcase_add_test(t, test_rewind_beside_another);
	tcase_add_test(t, test_keys_come_and_go);
	tcase_add_test(t, test_many_keys);
	tcase_add_test(t, test_too_much_between_marks);
	tcase_add_test(t, test_too_many_hours_between_marks);
	tcase_add_test(t, test_unmark);
	tcase_add_test(t, test_another_stream_follows);
	tcase_add_test(t, test_clock);
	tcase_add_test(t, test_done);
	tcase_add_test(t, test_identical_record);
	tcase_add_test(t, test_old_store_is_read);
	tcase_add_test(t, test_old_store_is_brought_up_to_date);
	suite_add_tcase(suite, t);
	SRunner *sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? 1 : 0;
}
