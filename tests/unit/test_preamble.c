/*
 * The preamble: what is in it, and that hi-detect's memory comes out of it as if it had
 * never been restarted.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/time.h"
#include "rule/detect.h"
#include "state/clock.h"
#include "store/preamble.h"
#include "vital/reader.h"

/* Times of these tests are minutes since then. */
#define T0 (INT64_C(1766880000) * HI_US_S) /* 2025-12-28T00:00:00Z */

static char folder[64];
static struct hi_reader *reader;

static void setup(void)
{
	/* In memory where there is such a place: thousands of files are made durable here. */
	snprintf(folder, sizeof(folder), "%s/hi-preamble.XXXXXX",
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

static void parse(struct hi_slice line, struct hi_rec *rec)
{
	ck_assert_msg(hi_reader_line_parse(reader, line, rec, NULL) == HI_OK, "%.*s", (int)line.len,
		      line.ptr);
}

/* A writer of a marked stream, which stands at key, or, where that is NULL, of an unmarked one. */
struct stream {
	struct hi_store_writer *w;
	const char *key;
	struct hi_positions now;
	uint64_t seq;
};

static void open_stream(struct stream *s, const char *key, int64_t position)
{
	struct hi_error e = { HI_OK };
	bool created;
	*s = (struct stream){ .key = key };
	hi_positions_init(&s->now);
	ck_assert_msg(hi_store_writer_open(&s->w, folder, &created, &e) == HI_OK, "%s %s", e.text,
		      e.detail);
	if (!key)
		return;
	ck_assert_int_eq(hi_positions_set_int(&s->now, key, position, NULL), HI_OK);
	ck_assert_msg(hi_store_begin(s->w, &s->now, false, &e) == HI_OK, "%s %s", e.text, e.detail);
}

static void mark(struct stream *s, int64_t position)
{
	struct hi_mark m = { .kind = HI_MARK_PLAIN };
	struct hi_error e = { HI_OK };
	if (!s->key) {
		ck_assert_int_eq(hi_store_commit(s->w, NULL), HI_OK);
		return;
	}
	ck_assert_int_eq(hi_positions_set_int(&s->now, s->key, position, NULL), HI_OK);
	m.seq = ++s->seq;
	m.positions = s->now;
	ck_assert_msg(hi_store_mark(s->w, &m, &e) == HI_OK, "%s %s", e.text, e.detail);
}

static void close_stream(struct stream *s)
{
	ck_assert_int_eq(hi_store_writer_close(s->w, NULL), HI_OK);
	hi_positions_release(&s->now);
}

static void put(struct stream *s, struct hi_slice line)
{
	struct hi_rec rec;
	struct hi_error e = { HI_OK };
	parse(line, &rec);
	ck_assert_msg(hi_store_put(s->w, &rec, &e) == HI_OK, "%s %s", e.text, e.detail);
}

static void time_of(double minutes, char out[HI_TIME_TEXT_MAX])
{
	int64_t t_us = minutes >= 4e9 ? HI_TIME_END - HI_US_DAY : T0 + (int64_t)(minutes * 60e6);
	out[hi_time_format(t_us, hi_time_digits(t_us), out)] = '\0';
}

#define FAR 5e9 /* minutes: a day in the year 9999 */

static void put_reading(struct stream *s, const char *patient, const char *metric, double value,
			double minutes)
{
	char line[256], time[HI_TIME_TEXT_MAX];
	time_of(minutes, time);
	snprintf(line, sizeof(line),
		 "{\"patient_id\":\"%s\",\"metric_name\":\"%s\",\"value\":%g,\"timestamp\":\"%s\"}",
		 patient, metric, value, time);
	put(s, hi_slice_of(line));
}

/* value: observed, and further members. ended is the time of a CLEARED one. */
static void put_alert(struct stream *s, const char *id, const char *patient, const char *status,
		      double onset, double ended, const char *value)
{
	char line[512], from[HI_TIME_TEXT_MAX], to[HI_TIME_TEXT_MAX], end[64] = "";
	time_of(onset, from);
	time_of(ended, to);
	if (strcmp(status, "CLEARED") == 0)
		snprintf(end, sizeof(end), ",\"ended\":\"%s\"", to);
	snprintf(line, sizeof(line),
		 "{\"type\":\"alert\",\"alert_id\":\"%s\",\"patient_id\":\"%s\",\"metric_name\":"
		 "\"m\",\"alert_type\":\"R\",\"status\":\"%s\",\"observed_value\":%s,"
		 "\"timestamp\":\"%s\"%s}",
		 id, patient, status, value, from, end);
	put(s, hi_slice_of(line));
}

/* The lines of a preamble, with LF. */
struct preamble {
	struct hi_buf lines;
	uint64_t n;
};

static int take(void *arg, struct hi_slice line)
{
	struct preamble *p = arg;
	hi_buf_slice(&p->lines, line);
	hi_buf_putc(&p->lines, '\n');
	p->n++;
	return HI_OK;
}

static void read_preamble(struct preamble *p, const struct hi_positions *positions,
			  double window_min)
{
	struct hi_preamble ask = { .positions = positions,
				   .window_us = (int64_t)(window_min * 60e6),
				   .line = take,
				   .arg = p };
	struct hi_store *s;
	struct hi_error e = { HI_OK };
	*p = (struct preamble){ 0 };
	hi_buf_init(&p->lines, 256 << 20);
	ck_assert_int_eq(hi_store_open(&s, folder, NULL), HI_OK);
	ck_assert_msg(hi_preamble_write(s, &ask, &e) == HI_OK, "%s %s", e.text, e.detail);
	hi_store_close(s);
	ck_assert(!p->lines.failed);
}

/* Calls each (NULL: nothing) with every line but the two marks, whose kinds and count are checked.
 */
static void each_line(const struct preamble *p, void (*each)(void *arg, struct hi_slice line),
		      void *arg, struct hi_mark *begin, struct hi_mark *end)
{
	size_t at = 0;
	hi_mark_init(begin);
	hi_mark_init(end);
	for (uint64_t i = 0; i < p->n; i++) {
		const char *s = p->lines.ptr + at, *lf = memchr(s, '\n', p->lines.len - at);
		struct hi_slice line = { s, (size_t)(lf - s) };
		struct hi_rec rec;
		at += line.len + 1;
		if (i == 0 || i == p->n - 1) {
			parse(line, &rec);
			ck_assert_int_eq(hi_mark_read(i ? end : begin, &rec, NULL), HI_OK);
		} else if (each) {
			each(arg, line);
		}
	}
	ck_assert_uint_eq(at, p->lines.len);
	ck_assert_int_eq(begin->kind, HI_MARK_BEGIN);
	ck_assert_int_eq(end->kind, HI_MARK_END);
	ck_assert_uint_eq(end->n, p->n - 2);
}

static void put_minutes(struct hi_buf *b, int64_t t_us)
{
	if (t_us > HI_TIME_END - 2 * HI_US_DAY)
		hi_buf_puts(b, "far");
	else
		hi_buf_printf(b, "%g", (double)(t_us - T0) / 60e6);
}

/* In short: "P/m=60@5 " a reading, "+A " "-A " an alert, "(P:2) " version 2 of a patient. */
static void put_short(void *arg, struct hi_slice line)
{
	struct hi_buf *b = arg, scratch;
	struct hi_rec rec;
	hi_buf_init(&scratch, 1 << 16);
	parse(line, &rec);
	if (rec.type == HI_T_READING) {
		hi_buf_printf(b, "%.*s/%.*s=%.*s@", (int)rec.patient_id.len, rec.patient_id.ptr,
			      (int)rec.metric_name.len, rec.metric_name.ptr,
			      (int)rec.value_text.len, rec.value_text.ptr);
		put_minutes(b, rec.t_us);
		hi_buf_putc(b, ' ');
	} else if (rec.type == HI_T_ALERT) {
		struct hi_slice status = hi_rec_text(&rec, "status", &scratch);
		struct hi_slice id = hi_rec_text(&rec, "alert_id", &scratch);
		hi_buf_printf(b, "%c%.*s ", hi_slice_is(status, "ACTIVE") ? '+' : '-', (int)id.len,
			      id.ptr);
	} else {
		ck_assert_int_eq(rec.type, HI_T_PATIENT);
		const struct hi_member *v = hi_rec_member(&rec, "version");
		hi_buf_printf(b, "(%.*s:%.*s) ", (int)rec.patient_id.len, rec.patient_id.ptr,
			      v ? (int)v->value.len : 0, v ? v->value.ptr : "");
	}
	hi_buf_release(&scratch);
}

/* Of long texts Check shows nothing. */
static void check_text(struct hi_slice got, struct hi_slice want)
{
	size_t n = 0;
	while (n < got.len && n < want.len && got.ptr[n] == want.ptr[n])
		n++;
	if (n == got.len && n == want.len)
		return;
	size_t from = n > 200 ? n - 200 : 0;
	ck_abort_msg("byte %zu\n got: %.*s\nwant: %.*s", n,
		     (int)(got.len < from + 800 ? got.len - from : 800), got.ptr + from,
		     (int)(want.len < from + 800 ? want.len - from : 800), want.ptr + from);
}

/* want: "SINCE: lines in short POSITIONS"; keys NULL: of the whole store. */
static void expect(const char *keys, double window_min, const char *want)
{
	struct hi_positions positions;
	struct hi_mark begin, end;
	struct preamble p;
	struct hi_buf body, got;
	hi_positions_init(&positions);
	if (keys)
		ck_assert_int_eq(hi_positions_read(&positions, hi_slice_of(keys), NULL), HI_OK);
	read_preamble(&p, keys ? &positions : NULL, window_min);
	hi_buf_init(&body, 1 << 20);
	hi_buf_init(&got, 1 << 20);
	each_line(&p, put_short, &body, &begin, &end);
	ck_assert_int_eq(begin.window_us, (int64_t)(window_min * 60e6));
	if (begin.timed)
		put_minutes(&got, begin.t_us);
	hi_buf_puts(&got, ": ");
	hi_buf_slice(&got, hi_buf_view(&body));
	hi_positions_write(&end.positions, &got);
	check_text(hi_buf_view(&got), hi_slice_of(want));
	hi_mark_release(&begin);
	hi_mark_release(&end);
	hi_positions_release(&positions);
	hi_buf_release(&p.lines);
	hi_buf_release(&body);
	hi_buf_release(&got);
}

START_TEST(test_empty)
{
	struct stream s;
	open_stream(&s, NULL, 0);
	expect(NULL, 60, ": {}");
	expect("{\"gen:1\":0}", 60, ": {}");
	put_reading(&s, "P", "m", 1, 0);
	put_alert(&s, "A", "P", "ACTIVE", 0, 0, "130");
	mark(&s, 0);
	expect("{\"gen:1\":0}", 60, ": {}");
	put(&s, HI_LIT("{\"type\":\"patient\",\"patient_id\":\"P\",\"version\":1}"));
	mark(&s, 0);
	expect("{\"gen:1\":0}", 60, ": (P:1) {}");
	close_stream(&s);
}
END_TEST

/* A mark before the first reading: positions, but no time. */
START_TEST(test_no_time)
{
	struct stream s;
	open_stream(&s, "gen:1", 0);
	put(&s, HI_LIT("{\"type\":\"patient\",\"patient_id\":\"P\",\"version\":1}"));
	mark(&s, 4);
	expect(NULL, 60, ": (P:1) {\"gen:1\":4}");
	close_stream(&s);
}
END_TEST

START_TEST(test_window)
{
	struct stream s;
	open_stream(&s, "gen:1", 0);
	for (int i = 0; i <= 6; i++)
		put_reading(&s, "P", "m", i, i * 10);
	put_reading(&s, "P", "n", 9, 60); /* of one time */
	mark(&s, 8);
	put_reading(&s, "P", "m", 70, 61); /* not committed */
	expect(NULL, 20, "60: P/m=4@40 P/m=5@50 P/m=6@60 P/n=9@60 {\"gen:1\":8}");
	expect("{\"gen:1\":3,\"gen:2\":1}", 0, "60: P/m=6@60 P/n=9@60 {\"gen:1\":8}");
	expect(NULL, 1e7,
	       "60: P/m=0@0 P/m=1@10 P/m=2@20 P/m=3@30 P/m=4@40 P/m=5@50 P/m=6@60 P/n=9@60 "
	       "{\"gen:1\":8}");
	close_stream(&s);
}
END_TEST

/* Two gateways, a research import without marks, and what a crash has left: each its own. */
START_TEST(test_pipelines)
{
	struct stream a, b, none, again;
	open_stream(&a, "csv:a", 0);
	open_stream(&b, "csv:b", 0);
	open_stream(&none, NULL, 0);
	put_reading(&none, "N", "m", 1, 7);
	put_reading(&a, "A", "m", 1, 5);
	put_alert(&a, "a", "A", "ACTIVE", 5, 0, "130");
	put_reading(&b, "B", "m", 1, 6);
	put_alert(&b, "b", "B", "ACTIVE", 6, 0, "130");
	put_alert(&none, "n", "N", "ACTIVE", 7, 0, "130");
	mark(&none, 0);
	mark(&b, 10);
	mark(&a, 20);
	put_reading(&a, "A", "m", 2, 6);
	close_stream(&a);
	open_stream(&again, "csv:a", 20);
	put_reading(&again, "A", "m", 3, 7);
	put_reading(&again, "A", "m", 3, 7); /* the same twice is twice */
	mark(&again, 30);
	expect("{\"csv:a\":0}", 60, "7: +a A/m=1@5 A/m=3@7 A/m=3@7 {\"csv:a\":30}");
	expect("{\"csv:b\":0}", 60, "6: +b B/m=1@6 {\"csv:b\":10}");
	expect("{\"csv:c\":0}", 60, ": {}");
	expect(NULL, 60, "7: +a +b A/m=1@5 B/m=1@6 A/m=3@7 A/m=3@7 {\"csv:a\":30,\"csv:b\":10}");
	close_stream(&b);
	close_stream(&none);
	close_stream(&again);
}
END_TEST

START_TEST(test_latest)
{
	struct stream s;
	open_stream(&s, "gen:1", 0);
	put_reading(&s, "P", "old", 1, 0);
	put_reading(&s, "P", "day", 1, 8);
	put_reading(&s, "P", "t", 1, 100);
	put_reading(&s, "P", "late", 5, 150);
	put_reading(&s, "P", "t", 2, 200);
	put_reading(&s, "P", "late", 4, 120); /* older than the one before */
	for (int i = 4; i < 29; i++)
		put_reading(&s, "P", "m", i, i * 50);
	put_reading(&s, "P", "m", 99, 1445);
	put_reading(&s, "P", "late", 6, 1000);
	mark(&s, 1);
	/* What is given: the window; then the latest, one of which is in the window as it came. */
	expect(NULL, 10, "8: P/m=99@1445 P/late=6@1000 P/day=1@8 P/t=2@200 {\"gen:1\":1}");
	expect(NULL, 50,
	       "8: P/m=28@1400 P/m=99@1445 P/late=6@1000 P/day=1@8 P/t=2@200 {\"gen:1\":1}");
	close_stream(&s);
}
END_TEST

/* Who was heard of long ago by the stream's clock is not in it, whatever the patients' years. */
START_TEST(test_heard)
{
	const double years = 150 * 365.25 * 1440;
	struct stream s;
	open_stream(&s, "gen:1", 0);
	put_reading(&s, "gone", "m", 1, 0);
	put_reading(&s, "past", "m", 1, -years);
	mark(&s, 1);
	put_reading(&s, "other", "m", 1, 10);
	for (int i = 1; i < 40; i++) {
		put_reading(&s, "P", "m", i, i * 45);
		put_reading(&s, "past", "m", i, -years + i * 45);
		mark(&s, i + 1);
	}
	put_alert(&s, "a", "past", "CLEARED", -years + 1700, -years + 1740, "130");
	put_alert(&s, "b", "past", "CLEARED", -years + 1600, -years + 1650, "130");
	put_alert(&s, "c", "P", "CLEARED", 1690, 1695, "130");
	mark(&s, 40);
	expect(NULL, 50,
	       "1755: -a P/m=38@1710 past/m=38@-7.88923e+07 P/m=39@1755 past/m=39@-7.88922e+07 "
	       "{\"gen:1\":40}");
	close_stream(&s);
}
END_TEST

START_TEST(test_alerts)
{
	struct stream s;
	open_stream(&s, "gen:1", 0);
	put_reading(&s, "P", "m", 1, 0);
	put_alert(&s, "later", "P", "ACTIVE", 3, 0, "130");
	put_alert(&s, "first", "P", "ACTIVE", 2, 0, "130");
	put_alert(&s, "over", "P", "ACTIVE", 1, 0, "130");
	put_alert(&s, "over", "P", "CLEARED", 1, 79, "130");
	put_alert(&s, "moment", "P", "ACTIVE", 79, 0, "130,\"each\":true");
	put_alert(&s, "ended", "P", "ACTIVE", 30, 0, "130");
	put_alert(&s, "last", "P", "ACTIVE", 80, 0, "130,\"each\":true");
	put_alert(&s, "ended", "P", "CLEARED", 30, 90, "130");
	put_alert(&s, "unheard", "Q", "ACTIVE", 1, 0, "130");
	put_alert(&s, "unheard2", "Q", "CLEARED", 50, 99, "130");
	put_alert(&s, "never", "P", "ACTIVE", 90, 0, "null");
	put_reading(&s, "P", "m", 2, 50);
	put_reading(&s, "P", "m", 3, 100);
	mark(&s, 1);
	/* Those that are on begin at 2: the patient's start is before all. */
	expect(NULL, 10,
	       "100: -over +unheard +first +later -ended +moment +last +never P/m=1@0 "
	       "P/m=2@50 P/m=3@100 {\"gen:1\":1}");
	put_alert(&s, "first", "P", "CLEARED", 2, 91, "130");
	put_alert(&s, "later", "P", "CLEARED", 3, 4, "130");
	mark(&s, 2);
	expect(NULL, 20, "100: +unheard -first -ended +last +never P/m=3@100 {\"gen:1\":2}");
	close_stream(&s);
}
END_TEST

/* An alarm of a week: all its rows, of this patient alone, and what ended since. */
START_TEST(test_long_alarm)
{
	struct stream s;
	struct hi_buf want;
	hi_buf_init(&want, 1 << 20);
	hi_buf_puts(&want, "10070: +on -since ");
	open_stream(&s, "gen:1", 0);
	for (int i = 0; i < 1008; i++) {
		char value[16];
		snprintf(value, sizeof(value), "%d", i);
		put_reading(&s, "P", "m", i, i * 10);
		put_reading(&s, "Q", "m", i, i * 10);
		if (i == 3)
			put_alert(&s, "on", "P", "ACTIVE", 30, 0, value);
		if (i == 3)
			put_alert(&s, "before", "P", "CLEARED", 10, 19, value);
		if (i == 10)
			put_alert(&s, "since", "P", "CLEARED", 50, 100, value);
		if (i == 10)
			put_alert(&s, "other", "Q", "CLEARED", 50, 100, value);
		if (i >= 2)
			hi_buf_printf(&want, "P/m=%d@%d ", i, i * 10);
		if (i >= 1006)
			hi_buf_printf(&want, "Q/m=%d@%d ", i, i * 10);
		mark(&s, i + 1);
	}
	hi_buf_puts(&want, "{\"gen:1\":1008}");
	hi_buf_putc(&want, '\0');
	expect(NULL, 10, want.ptr);
	hi_buf_release(&want);
	close_stream(&s);
}
END_TEST

/* One of silence has no values to look for. */
START_TEST(test_long_silence)
{
	struct stream s;
	open_stream(&s, "gen:1", 0);
	put_reading(&s, "P", "m", 1, 0);
	put_alert(&s, "on", "P", "ACTIVE", 1, 0, "null");
	for (int i = 1; i < 200; i++) {
		put_reading(&s, "P", "n", i, i * 10);
		mark(&s, i);
	}
	expect(NULL, 10, "1990: +on P/n=198@1980 P/n=199@1990 {\"gen:1\":199}");
	close_stream(&s);
}
END_TEST

START_TEST(test_patients)
{
	struct stream s, other;
	open_stream(&s, "gen:1", 0);
	open_stream(&other, NULL, 0);
	put(&other, HI_LIT("{\"type\":\"patient\",\"patient_id\":\"P\",\"version\":9}"));
	put(&other, HI_LIT("{\"type\":\"patient\",\"patient_id\":\"P\",\"version\":10}"));
	put(&other, HI_LIT("{\"type\":\"patient\",\"patient_id\":\"P\"}"));
	put(&other, HI_LIT("{\"type\":\"patient\",\"patient_id\":\"Q\"}"));
	put(&other, HI_LIT("{\"type\":\"patient\",\"patient_id\":\"gone\",\"version\":1,"
			   "\"status\":\"discharged\",\"at\":\"2025-12-28T00:00:00Z\"}"));
	put(&other, HI_LIT("{\"type\":\"patient\",\"patient_id\":\"back\",\"version\":1,"
			   "\"status\":\"discharged\",\"at\":\"2025-12-28T00:00:00Z\"}"));
	put(&other, HI_LIT("{\"type\":\"patient\",\"patient_id\":\"just\",\"version\":1,"
			   "\"status\":\"discharged\",\"at\":\"2025-12-28T12:00:00Z\"}"));
	mark(&other, 0);
	put(&s, HI_LIT("{\"type\":\"patient\",\"patient_id\":\"R\",\"version\":1}"));
	put_reading(&s, "back", "m", 1, 1440);
	mark(&s, 1);
	expect(NULL, 1, "1440: (R:1) (P:10) (Q:) (back:1) (just:1) back/m=1@1440 {\"gen:1\":1}");
	put(&other, HI_LIT("{\"type\":\"patient\",\"patient_id\":\"R\",\"version\":2,"
			   "\"limits\":{\"X\":\"off\"}}"));
	mark(&other, 0);
	expect("{}", 1, ": (P:10) (Q:) (gone:1) (back:1) (just:1) (R:2) {}");
	close_stream(&other);
	close_stream(&s);
}
END_TEST

/* Readings of a patient, one a time, and what of them is given: w is the window in minutes. */
static const struct {
	const char *rows, *want;
	double window_min;
} far_cases[] = {
	/* Wrong: given where it came, behind what begins; before that it is nothing. */
	{ "0 10 far 20 30", "30: 10 far 20 30", 20 },
	{ "0 far 10 20 30", "30: 20 30", 10 },
	{ "0 10 20 far", "20: 10 20 far", 10 },
	{ "0 10 20 far far", "20: 10 20 far far", 10 },
	/* Wrong by hours, and within the window that comes then: all that the clock was made of. */
	{ "0 180 10 20 60 60 70 130 150 190", "190: 0 180 10 20 60 60 70 130 150 190", 60 },
	/* A patient of one reading in four hours: the newest waits for the next. */
	{ "0 240 480 720", "0: 0 240 480 720", 60 },
	{ "0 240 480 720 960 960 1200 1200 1200", "0: 480 720 960 960 1200 1200 1200", 60 },
	{ "0 240 480 720 960 1200", "0: 240 480 720 960 1200", 300 },
	/* Late ones are given as they came, as they take a time ahead back. */
	{ "0 10 20 1 30", "30: 20 1 30", 10 },
	{ "0 10 20 200 1 30", "30: 20 200 1 30", 10 },
};

START_TEST(test_far)
{
	struct stream s;
	struct hi_buf want;
	char *rows = strdup(far_cases[_i].rows), *save = NULL;
	ck_assert_ptr_nonnull(rows);
	open_stream(&s, "gen:1", 0);
	for (char *t = strtok_r(rows, " ", &save); t; t = strtok_r(NULL, " ", &save))
		put_reading(&s, "P", "m", 1, strcmp(t, "far") ? atof(t) : FAR);
	mark(&s, 1);
	free(rows);
	hi_buf_init(&want, 1 << 16);
	for (const char *t = far_cases[_i].want; *t; t += *t != '\0') {
		size_t n = strcspn(t, " ");
		hi_buf_printf(&want, t == far_cases[_i].want ? "%.*s " : "P/m=1@%.*s ", (int)n, t);
		t += n;
		if (!*t)
			break;
	}
	hi_buf_puts(&want, "{\"gen:1\":1}");
	hi_buf_putc(&want, '\0');
	expect(NULL, far_cases[_i].window_min, want.ptr);
	hi_buf_release(&want);
	close_stream(&s);
}
END_TEST

/* What has set the clock, what waits ahead of it and what is the newest: each is given once. */
START_TEST(test_once)
{
	struct stream s;
	open_stream(&s, "gen:1", 0);
	put_reading(&s, "P", "n", 1, 0);
	put_reading(&s, "P", "m", 1, 0);
	put_reading(&s, "P", "o", 1, 240);
	put_reading(&s, "P", "m", 1, 240);
	put_reading(&s, "P", "m", 1, 480);
	put_reading(&s, "P", "m", 1, 720);
	mark(&s, 1);
	expect(NULL, 60, "0: P/n=1@0 P/o=1@240 P/m=1@240 P/m=1@480 P/m=1@720 {\"gen:1\":1}");
	close_stream(&s);
}
END_TEST

/* Where older rows are not read, the first that is may be a wrong one. */
START_TEST(test_first_is_far)
{
	struct stream s;
	open_stream(&s, "gen:1", 0);
	put_reading(&s, "P", "m", 1, 0);
	put_reading(&s, "Q", "m", 1, 0);
	mark(&s, 1);
	put_reading(&s, "P", "m", 2, FAR); /* its segment stays open, and is read from here on */
	mark(&s, 2);
	for (int i = 1; i < 60; i++) {
		put_reading(&s, "Q", "m", i, i * 50);
		if (i == 30)
			put_reading(&s, "P", "m", 2, FAR);
		put_reading(&s, "P", "m", i, i * 50);
		mark(&s, i + 2);
	}
	expect(NULL, 60, "2950: Q/m=58@2900 P/m=58@2900 Q/m=59@2950 P/m=59@2950 {\"gen:1\":61}");
	close_stream(&s);
}
END_TEST

/* A commit while the preamble is given: it is of one moment, its positions too. */
struct meanwhile {
	struct preamble p;
	struct stream *s;
};

static int take_and_commit(void *arg, struct hi_slice line)
{
	struct meanwhile *m = arg;
	int64_t i = (int64_t)m->p.n + 2;
	put_reading(m->s, "P", "m", 9, (double)i * 10);
	put_alert(m->s, "a", "P", "CLEARED", 10, 20, "130");
	mark(m->s, i);
	return take(&m->p, line);
}

START_TEST(test_meanwhile)
{
	struct stream s;
	struct meanwhile m = { .s = &s };
	struct hi_preamble ask = { .window_us = HI_US_H, .line = take_and_commit, .arg = &m };
	struct hi_store *store;
	struct hi_mark begin, end;
	struct hi_buf body;
	hi_buf_init(&m.p.lines, 1 << 20);
	hi_buf_init(&body, 1 << 20);
	open_stream(&s, "gen:1", 0);
	put_reading(&s, "P", "m", 1, 0);
	put_reading(&s, "P", "m", 2, 10);
	put_alert(&s, "a", "P", "ACTIVE", 10, 0, "130");
	mark(&s, 1);
	ck_assert_int_eq(hi_store_open(&store, folder, NULL), HI_OK);
	ck_assert_int_eq(hi_preamble_write(store, &ask, NULL), HI_OK);
	hi_store_close(store);
	each_line(&m.p, put_short, &body, &begin, &end);
	hi_buf_putc(&body, '\0');
	ck_assert_str_eq(body.ptr, "+a P/m=1@0 P/m=2@10 ");
	ck_assert_str_eq(hi_positions_find(&end.positions, "gen:1"), "1");
	ck_assert_int_eq(begin.t_us, T0 + 10 * HI_US_MIN);
	hi_mark_release(&begin);
	hi_mark_release(&end);
	hi_buf_release(&m.p.lines);
	hi_buf_release(&body);
	close_stream(&s);
}
END_TEST

static int refuse_third(void *arg, struct hi_slice line)
{
	int *n = arg;
	(void)line;
	return ++*n < 3 ? HI_OK : HI_IO;
}

START_TEST(test_refused)
{
	struct stream s;
	int n = 0;
	struct hi_preamble ask = { .window_us = HI_US_H, .line = refuse_third, .arg = &n };
	struct hi_store *store;
	struct hi_error e = { .text = "mine" };
	open_stream(&s, "gen:1", 0);
	put_reading(&s, "P", "m", 1, 0);
	put_reading(&s, "P", "m", 2, 10);
	put_reading(&s, "P", "m", 3, 20);
	mark(&s, 1);
	ck_assert_int_eq(hi_store_open(&store, folder, NULL), HI_OK);
	ck_assert_int_eq(hi_preamble_write(store, &ask, &e), HI_IO);
	ck_assert_int_eq(n, 3);
	ck_assert_str_eq(e.text, "mine");
	ck_assert_str_eq(e.detail, "");
	hi_store_close(store);
	close_stream(&s);
}
END_TEST

/* Nothing is given of what is not whole. */
START_TEST(test_corrupt)
{
	struct stream s;
	int n = 0;
	struct hi_preamble ask = { .window_us = HI_US_H, .line = refuse_third, .arg = &n };
	struct hi_store *store;
	struct hi_error e = { HI_OK };
	char command[256];
	open_stream(&s, "gen:1", 0);
	put_reading(&s, "P", "m", 1, 0);
	put_reading(&s, "P", "m", 2, 10);
	mark(&s, 1);
	snprintf(command, sizeof(command), "sed -i s/,2,/,3,/ %s/readings/*/*.csv", folder);
	ck_assert_int_eq(system(command), 0);
	ck_assert_int_eq(hi_store_open(&store, folder, NULL), HI_OK);
	ck_assert_int_eq(hi_preamble_write(store, &ask, &e), HI_CORRUPT);
	ck_assert_int_eq(n, 0);
	ck_assert(strncmp(e.detail, folder, strlen(folder)) == 0);
	hi_store_close(store);
	close_stream(&s);
}
END_TEST

static int take_short(void *arg, struct hi_slice line)
{
	put_short(arg, line);
	return HI_OK;
}

static void expect_changed(struct hi_patient_watch *w, const char *want)
{
	struct hi_buf b;
	struct hi_error e = { HI_OK };
	hi_buf_init(&b, 1 << 20);
	ck_assert_msg(hi_patient_watch_next(w, take_short, &b, &e) == HI_OK, "%s %s", e.text,
		      e.detail);
	hi_buf_putc(&b, '\0');
	ck_assert_str_eq(b.ptr, want);
	hi_buf_release(&b);
}

START_TEST(test_watch)
{
	struct stream s, t;
	struct hi_store *store;
	struct hi_patient_watch *w;
	open_stream(&s, NULL, 0);
	open_stream(&t, NULL, 0);
	put(&s, HI_LIT("{\"type\":\"patient\",\"patient_id\":\"P\",\"version\":1}"));
	mark(&s, 0);
	ck_assert_int_eq(hi_store_open(&store, folder, NULL), HI_OK);
	ck_assert_int_eq(hi_patient_watch_open(&w, store, NULL), HI_OK);
	expect_changed(w, "");
	put_reading(&s, "P", "m", 1, 0);
	mark(&s, 0);
	expect_changed(w, "");
	put(&s, HI_LIT("{\"type\":\"patient\",\"patient_id\":\"P\",\"version\":3}"));
	put(&s, HI_LIT("{\"type\":\"patient\",\"patient_id\":\"P\",\"version\":2}"));
	put(&s, HI_LIT("{\"type\":\"patient\",\"patient_id\":\"Q\",\"version\":1}"));
	expect_changed(w, ""); /* not committed */
	mark(&s, 0);
	put(&t, HI_LIT("{\"type\":\"patient\",\"patient_id\":\"Q\",\"version\":10}"));
	mark(&t, 0);
	expect_changed(w, "(P:3) (Q:10) ");
	expect_changed(w, "");
	put(&t, HI_LIT("{\"type\":\"patient\",\"patient_id\":\"Q\",\"version\":9}"));
	put(&t, HI_LIT("{\"type\":\"patient\",\"patient_id\":\"P\",\"version\":3}"));
	mark(&t, 0); /* an older one, and one that is there already */
	expect_changed(w, "");
	put(&t, HI_LIT("{\"type\":\"patient\",\"patient_id\":\"P\",\"version\":3,\"bed\":\"1\"}"));
	mark(&t, 0);
	expect_changed(w, "(P:3) ");
	hi_patient_watch_close(w);
	hi_store_close(store);
	close_stream(&s);
	close_stream(&t);
}
END_TEST

/*
 * The proof: readings of every kind through hi-detect's rules into a store, killed again
 * and again, each time begun anew from the preamble; what the store has in the end is
 * what one run says.
 */
static const char sim_rules[] = "A high heart_rate > 120 for 10m clear < 110 for 20m\n"
				"B medium spo2 < 92 for 30m\n"
				"C low temperature > 39\n"
				"D high heart_rate > 150\n"
				"E low spo2 < 85 clear > 95 for 30m\n"
				"F technical temperature stale 6h\n"
				"G technical any stale 2h\n";

enum { SIMS = 9, SIM_ROWS = 4000, SIM_PATIENTS = 5 };

struct sim {
	uint64_t random;
	int64_t lateness_us;
	size_t far_row, far_patient;
	struct hi_rules rules;
	struct hi_buf rows;
	struct hi_slice row[SIM_ROWS];
	struct hi_buf once; /* the alerts of one run, with LF */
};

static uint64_t roll(struct sim *sim, uint64_t n)
{
	uint64_t x = sim->random;
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	sim->random = x;
	return x % n;
}

/*
 * No two far ones that confirm each other: of two patients the stream's clock would
 * believe them, of one the patient's, and for ever; a preamble, which does not look
 * back so far, would not. So the very first of a patient is not wrong, either.
 */
static int64_t wrong_time(struct sim *sim, size_t n, size_t p, int64_t t_us)
{
	uint64_t what = roll(sim, 400);
	if (what < 3 && n > sim->far_row + 10) {
		sim->far_row = n;
		sim->far_patient = p;
		if (what == 0)
			return HI_TIME_END - HI_US_DAY + t_us % HI_US_DAY;
		return t_us + (what == 1 ? 2 : (int64_t)roll(sim, 50)) * HI_US_H;
	}
	if (what < 3 && p == sim->far_patient)
		return t_us + (int64_t)roll(sim, 20) * HI_US_H;
	if (what == 3)
		return t_us - (int64_t)roll(sim, 50) * HI_US_H;
	return roll(sim, 30) ? t_us : t_us - (int64_t)roll(sim, 900) * HI_US_S;
}

/* Patient 0 gives a set in four hours, 4 lives 150 years before the others. */
static void make_rows(struct sim *sim)
{
	static const char *const metrics[] = { "heart_rate", "spo2", "temperature" };
	static const int low[] = { 60, 80, 36 }, range[] = { 110, 20, 5 };
	int64_t now_us = T0, next_us = T0, base_us, step_s = 1 + (int64_t)roll(sim, 300);
	double bias[SIM_PATIENTS] = { 0 };
	for (size_t n = 0; n < SIM_ROWS;) {
		size_t p = 1 + roll(sim, SIM_PATIENTS - 1);
		now_us += (int64_t)(roll(sim, 500) ? roll(sim, (uint64_t)step_s * 2) : 18000) *
			  HI_US_S;
		if (now_us >= next_us) {
			next_us = now_us + 4 * HI_US_H - (int64_t)roll(sim, 120) * HI_US_S;
			p = 0;
		}
		base_us = p == 4 ? -55000 * HI_US_DAY : 0;
		if (roll(sim, 12) == 0)
			bias[p] = (double)roll(sim, 100) / 100;
		size_t from = n;
		for (size_t m = 0; m < 3 && n < SIM_ROWS; m++) {
			char time[HI_TIME_TEXT_MAX];
			if (roll(sim, m == 2 ? 40 : 4) == 0 && m)
				continue;
			int64_t t_us = wrong_time(sim, n, p, now_us + base_us);
			time[hi_time_format(t_us, hi_time_digits(t_us), time)] = '\0';
			size_t at = sim->rows.len;
			hi_buf_printf(&sim->rows,
				      "{\"patient_id\":\"P%zu\",\"metric_name\":\"%s\",\"value\":"
				      "%.1f,\"timestamp\":\"%s\"}",
				      p, metrics[m],
				      low[m] + range[m] * (bias[p] + (double)roll(sim, 30) / 100),
				      time);
			sim->row[n++] = (struct hi_slice){ sim->rows.ptr + at, sim->rows.len - at };
		}
		if (n > from && n < SIM_ROWS && roll(sim, 30) == 0) {
			sim->row[n] = sim->row[n - 1];
			n++;
		}
	}
}

/* hi-detect with its output to a store and a log, or nowhere. */
struct tool {
	struct hi_detect *detect;
	struct hi_reader *reader;
	struct hi_buf line;
	struct hi_buf said; /* since the last mark, with LF */
	struct stream *to;  /* NULL: not into a store */
};

static void emit(void *arg)
{
	struct tool *t = arg;
	hi_buf_slice(&t->said, hi_buf_view(&t->line));
	hi_buf_putc(&t->said, '\n');
	if (t->to)
		put(t->to, hi_buf_view(&t->line));
	hi_buf_reset(&t->line);
}

static void open_tool(struct tool *t, const struct sim *sim, struct stream *to)
{
	*t = (struct tool){ .to = to };
	hi_buf_init(&t->line, 1 << 16);
	hi_buf_init(&t->said, 64 << 20);
	ck_assert_int_eq(hi_reader_new(&t->reader, NULL, NULL, NULL), HI_OK);
	struct hi_detect_setup setup = { .rules = &sim->rules,
					 .lateness_us = sim->lateness_us,
					 .forget_us = 0,
					 .line = &t->line,
					 .emit = emit,
					 .arg = t };
	ck_assert_int_eq(hi_detect_new(&t->detect, &setup, NULL), HI_OK);
}

static void close_tool(struct tool *t)
{
	hi_detect_free(t->detect);
	hi_reader_free(t->reader);
	hi_buf_release(&t->line);
	hi_buf_release(&t->said);
}

static void hear(struct tool *t, struct hi_slice line)
{
	struct hi_rec rec;
	ck_assert_int_eq(hi_reader_line_parse(t->reader, line, &rec, NULL), HI_OK);
	int s = hi_detect_before(t->detect, &rec, NULL);
	if (t->to)
		put(t->to, line);
	if (s == HI_DETECT_JUDGE)
		s = hi_detect_after(t->detect, &rec, NULL);
	ck_assert_int_eq(s, HI_OK);
}

static void remember(void *arg, struct hi_slice line)
{
	struct tool *t = arg;
	struct hi_rec rec;
	ck_assert_int_eq(hi_reader_line_parse(t->reader, line, &rec, NULL), HI_OK);
	ck_assert_int_eq(hi_detect_preamble_record(t->detect, &rec, NULL), HI_OK);
}

static void hear_preamble(struct tool *t, double window_min)
{
	struct preamble p;
	struct hi_mark begin, end;
	read_preamble(&p, NULL, window_min);
	each_line(&p, NULL, NULL, &begin, &end);
	ck_assert_int_eq(hi_detect_preamble_begin(t->detect, &begin, NULL), HI_OK);
	hi_mark_release(&begin);
	hi_mark_release(&end);
	each_line(&p, remember, t, &begin, &end);
	ck_assert_int_eq(hi_detect_preamble_end(t->detect, NULL), HI_OK);
	hi_mark_release(&begin);
	hi_mark_release(&end);
	hi_buf_release(&p.lines);
}

/* From row *at on to a crash: *at is then where the last mark was; said gets what it made durable.
 */
static void run_and_crash(struct sim *sim, size_t *at, struct hi_buf *said)
{
	struct stream s;
	struct tool t;
	size_t i = *at, end = i + 1 + roll(sim, SIM_ROWS / 20);
	open_stream(&s, "sim", (int64_t)i);
	open_tool(&t, sim, &s);
	if (i > 0)
		hear_preamble(&t, 60);
	while (i < end && i < SIM_ROWS) {
		hear(&t, sim->row[i++]);
		if (i < SIM_ROWS && roll(sim, 40))
			continue;
		mark(&s, (int64_t)i);
		hi_buf_slice(said, hi_buf_view(&t.said));
		hi_buf_reset(&t.said);
		*at = i;
	}
	close_tool(&t);
	close_stream(&s);
}

START_TEST(test_as_if_never_restarted)
{
	struct sim *sim = calloc(1, sizeof(*sim));
	struct hi_buf said;
	struct tool t;
	size_t at = 0;
	ck_assert_ptr_nonnull(sim);
	sim->random = UINT64_C(0x9E3779B97F4A7C15) * (uint64_t)(_i + 1);
	sim->lateness_us = _i % 3 == 1 ? 10 * HI_US_MIN : 0;
	hi_buf_init(&sim->rows, SIM_ROWS * 256);
	hi_buf_init(&said, 64 << 20);
	ck_assert_ptr_nonnull(hi_buf_room(&sim->rows, SIM_ROWS * 256));
	ck_assert_int_eq(
		hi_rules_parse(&sim->rules, hi_slice_of(sim_rules), "sim", NULL, NULL, NULL),
		HI_OK);
	sim->far_row = 100;
	make_rows(sim);
	open_tool(&t, sim, NULL);
	for (size_t i = 0; i < SIM_ROWS; i++)
		hear(&t, sim->row[i]);
	while (at < SIM_ROWS)
		run_and_crash(sim, &at, &said);
	check_text(hi_buf_view(&said), hi_buf_view(&t.said));
	ck_assert_uint_gt(said.len, 2000);
	close_tool(&t);
	hi_rules_release(&sim->rules);
	hi_buf_release(&sim->rows);
	hi_buf_release(&said);
	free(sim);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("preamble");
	TCase *t = tcase_create("preamble");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_empty);
	tcase_add_test(t, test_no_time);
	tcase_add_test(t, test_window);
	tcase_add_test(t, test_pipelines);
	tcase_add_test(t, test_latest);
	tcase_add_test(t, test_heard);
	tcase_add_test(t, test_alerts);
	tcase_add_test(t, test_long_alarm);
	tcase_add_test(t, test_long_silence);
	tcase_add_test(t, test_patients);
	tcase_add_loop_test(t, test_far, 0, (int)(sizeof(far_cases) / sizeof(far_cases[0])));
	tcase_add_test(t, test_once);
	tcase_add_test(t, test_first_is_far);
	tcase_add_test(t, test_meanwhile);
	tcase_add_test(t, test_refused);
	tcase_add_test(t, test_corrupt);
	tcase_add_test(t, test_watch);
	tcase_add_loop_test(t, test_as_if_never_restarted, 0, SIMS);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
