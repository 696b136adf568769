/*
 * What goes by the stream's clock: silence, the time in marks, whom to forget; and what a
 * preamble makes of records that a run without marks has left. test_resume.c has the rest.
 */
#include <check.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/time.h"
#include "rule/detect.h"
#include "vital/reader.h"

/* Times of these tests are seconds since then. */
#define T0 (INT64_C(1766905200) * HI_US_S) /* 2025-12-28T07:00:00Z */

/* A detector and what it says: "+S(P)@60" begun, "-S(P)@60..90" ended. */
struct bench {
	struct hi_rules rules;
	struct hi_detect_setup setup;
	struct hi_detect *detect;
	struct hi_reader *reader;
	struct hi_buf line, log;
	char last[1024]; /* the last alert as written */
};

static void put_seconds(struct hi_buf *b, const struct hi_json *j, const char *key)
{
	struct hi_time t;
	struct hi_slice text = hi_json_find(j, key)->value;

	ck_assert_int_eq(HI_OK,
			 hi_time_parse((struct hi_slice){ text.ptr + 1, text.len - 2 }, &t, NULL));
	hi_buf_printf(b, "%.16g", (double)(t.t_us - T0) / 1e6);
}

static void put_text(struct hi_buf *b, const struct hi_json *j, const char *key)
{
	struct hi_slice text = hi_json_find(j, key)->value;

	hi_buf_put(b, text.ptr + 1, text.len - 2);
}

static void heard(void *arg)
{
	struct bench *b = arg;
	struct hi_json j;
	bool ended;

	hi_json_init(&j);
	ck_assert_int_eq(HI_OK, hi_json_slice(&j, hi_buf_view(&b->line), NULL));
	ended = hi_slice_is(hi_json_find(&j, "status")->value, "\"CLEARED\"");
	hi_buf_puts(&b->log, ended ? " -" : " +");
	put_text(&b->log, &j, "alert_type");
	hi_buf_putc(&b->log, '(');
	put_text(&b->log, &j, "patient_id");
	hi_buf_puts(&b->log, ")@");
	put_seconds(&b->log, &j, "timestamp");
	if (ended) {
		hi_buf_puts(&b->log, "..");
		put_seconds(&b->log, &j, "ended");
	}
	snprintf(b->last, sizeof b->last, "%.*s", (int)b->line.len, b->line.ptr);
	hi_json_release(&j);
	hi_buf_reset(&b->line);
}

static void begin(struct bench *b, const char *rules, int64_t lateness_s)
{
	*b = (struct bench){ 0 };
	hi_buf_init(&b->line, 4096);
	hi_buf_init(&b->log, 1 << 20);
	ck_assert_int_eq(HI_OK, hi_reader_new(&b->reader, NULL, NULL, NULL));
	ck_assert_int_eq(HI_OK,
			 hi_rules_parse(&b->rules, hi_slice_of(rules), "test", NULL, NULL, NULL));
	b->setup = (struct hi_detect_setup){ .rules = &b->rules,
					     .lateness_us = lateness_s * HI_US_S,
					     .forget_us = HI_US_DAY,
					     .line = &b->line,
					     .emit = heard,
					     .arg = b };
	ck_assert_int_eq(HI_OK, hi_detect_new(&b->detect, &b->setup, NULL));
}

static void end(struct bench *b)
{
	hi_detect_free(b->detect);
	hi_reader_free(b->reader);
	hi_rules_release(&b->rules);
	hi_buf_release(&b->line);
	hi_buf_release(&b->log);
}

static void give(struct bench *b, const char *line)
{
	struct hi_rec rec;
	int status;

	ck_assert_int_eq(HI_OK, hi_reader_line_parse(b->reader, hi_slice_of(line), &rec, NULL));
	if (rec.type == HI_T_PATIENT) {
		ck_assert_int_eq(HI_OK, hi_detect_patient(b->detect, &rec, NULL));
		return;
	}
	status = hi_detect_before(b->detect, &rec, NULL);
	ck_assert_int_ge(status, HI_OK);
	hi_buf_puts(&b->log, " .");
	if (status == HI_DETECT_JUDGE)
		ck_assert_int_eq(HI_OK, hi_detect_after(b->detect, &rec, NULL));
}

static const char *time_text(double t_s)
{
	static char text[HI_TIME_TEXT_MAX + 1];
	int64_t t_us = T0 + (int64_t)(t_s * 1e6);

	text[hi_time_format(t_us, hi_time_digits(t_us), text)] = '\0';
	return text;
}

static const char *reading(const char *patient, const char *metric, const char *value, double t_s)
{
	static char line[256];
	const struct hi_metric *m = hi_metric_find_option(hi_slice_of(metric));

	snprintf(line, sizeof line,
		 "{\"patient_id\":\"%s\",\"metric_name\":\"%s\",\"value\":%s,\"timestamp\":\"%s\"}",
		 patient, m ? m->name : metric, value, time_text(t_s));
	return line;
}

/* what: standby, admitted ...; or -, for none. at_s: -1 for none. */
static const char *record(const char *patient, const char *what, double at_s, int version)
{
	static char line[256];
	int n = snprintf(line, sizeof line,
			 "{\"type\":\"patient\",\"patient_id\":\"%s\",\"version\":%d", patient,
			 version);

	if (strcmp(what, "-") != 0)
		n += snprintf(line + n, sizeof line - (size_t)n, ",\"status\":\"%s\"", what);
	if (at_s >= 0)
		n += snprintf(line + n, sizeof line - (size_t)n, ",\"at\":\"%s\"", time_text(at_s));
	snprintf(line + n, sizeof line - (size_t)n, "}");
	return line;
}

/* script: "SECONDS PATIENT METRIC VALUE, SECONDS tick, SECONDS PATIENT =STATUS AT, ...". */
static void play(struct bench *b, const char *script)
{
	char who[64], what[64], value[64];
	static int version;
	double t_s;
	int used;

	while (sscanf(script, "%lf %63[^, ]%n", &t_s, who, &used) == 2) {
		script += used;
		if (strcmp(who, "tick") == 0) {
			ck_assert_int_eq(
				HI_OK, hi_detect_tick(b->detect, T0 + (int64_t)(t_s * 1e6), NULL));
			hi_buf_puts(&b->log, " |");
		} else {
			ck_assert_int_eq(2, sscanf(script, "%63s %63[^, ]%n", what, value, &used));
			script += used;
			give(b, what[0] == '='
					? record(who, what + 1, strtod(value, NULL), ++version)
					: reading(who, what, value, t_s));
		}
		script += strspn(script, ", ");
	}
	ck_assert_str_eq(script, "");
}

static void plays(const char *rules, int64_t lateness_s, const char *script, const char *want)
{
	struct bench b;

	begin(&b, rules, lateness_s);
	play(&b, script);
	hi_buf_putc(&b.log, '\0');
	ck_assert_str_eq(b.log.ptr, want);
	end(&b);
}

#define ANY "S technical any stale 60s"
#define SAT "S technical spo2 stale 60s"

START_TEST(silence_by_the_readings_of_others)
{
	/* At the deadline it has not passed. */
	plays(ANY, 0, "0 A hr 70, 60 B hr 70, 61 B hr 70", " . . +S(A)@60 .");
	/* A reading puts the deadline off; the one that ends it comes before its end is told. */
	plays(ANY, 0, "0 A hr 70, 50 A hr 70, 100 B hr 70, 120 B rr 9, 130 A hr 70",
	      " . . . +S(A)@110 . . -S(A)@110..130");
	/* A metric's own silence. */
	plays(SAT, 0, "0 A spo2 97, 30 A hr 70, 61 A hr 70, 62 A spo2 97",
	      " . . +S(A)@60 . . -S(A)@60..62");
	plays(SAT, 0, "0 A hr 70, 100 A hr 70, 200 B hr 70", " . . .");
	/* null is heard, a code is, and so is a metric that is not in the catalogue. */
	plays(SAT, 0, "0 A spo2 97, 50 A spo2 null, 100 B hr 70", " . . .");
	plays("S technical acvpu stale 60s\nT low zz stale 10s", 0,
	      "0 A acvpu \"A\", 1 A zz 1, 2 A zy 1, 12 B hr 70, 61 B hr 70",
	      " . . . +T(A)@11 . +S(A)@60 .");
}
END_TEST

START_TEST(silence_that_is_history)
{
	/* One patient after the other, times behind the stream's: no alarm for who is through. */
	plays(ANY, 0, "1000 A hr 70, 0 B hr 70, 30 B hr 70, 1010 A hr 70", " . . . .");
	/* But a gap in it is one, found by the patient's own next reading. */
	plays(ANY, 0, "1000 A hr 70, 0 B hr 70, 90 B hr 70, 1010 A hr 70",
	      " . . +S(B)@60 . -S(B)@60..90 .");
	/* What came in time is watched. */
	plays(ANY, 0, "100 A hr 70, 40 B hr 70, 101 A hr 70", " . . +S(B)@100 .");
	/* The end of an alarm is never before its beginning: the reading lay on its way. */
	plays(ANY, 0, "0 A hr 70, 90 B hr 70, 50 A hr 70", " . +S(A)@60 . . -S(A)@60..60");
	/* What comes later than the rule's time has broken nothing. */
	plays(SAT, 0, "0 A spo2 97, 90 A hr 70, 25 A spo2 97, 31 A spo2 97",
	      " . +S(A)@60 . . . -S(A)@60..60");
}
END_TEST

START_TEST(a_wrong_time_does_not_make_silence_impossible)
{
	plays(ANY, 0, "0 A hr 70, 90000 A hr 70, 50 B hr 70, 61 B hr 70", " . . . +S(A)@60 .");
	/* Nor does the stream's clock go by it. */
	plays(ANY, 0, "0 A hr 70, 90000 B hr 70, 50 A hr 70", " . . .");
	plays(ANY, 0, "0 A hr 70, 90000 B hr 70, 90001 C hr 70", " . . +S(A)@60 .");
}
END_TEST

START_TEST(lateness_is_waited_for)
{
	plays(ANY, 20, "0 A hr 70, 80 B hr 70, 81 B hr 70", " . . +S(A)@60 .");
	plays("L low hr > 120 for 10s", 20, "0 A hr 130, 30 tick, 31 tick", " . | +L(A)@0 |");
}
END_TEST

START_TEST(the_time_in_marks)
{
	static const char rules[] = "B low hr > 120 for 20s\nA low spo2 < 92 for 10s\n" ANY;

	plays(rules, 0, "0 P hr 130, 20 tick, 20.5 tick, 21 tick", " . | +B(P)@0 | |");
	/* In order of deadlines, then of rules, then of patients. */
	plays(rules, 0, "0 Q hr 130, 0 P hr 130, 5 Q spo2 80, 10 R spo2 80, 200 tick",
	      " . . . . +A(Q)@5 +B(P)@0 +B(Q)@0 +A(R)@10 +S(P)@60 +S(Q)@65 +S(R)@70 |");
	/* A recovery is over too; a tick that goes back is nothing. */
	plays("A low hr > 120 clear < 100 for 10s", 0, "0 P hr 130, 5 P hr 90, 16 tick, 3 tick",
	      " . +A(P)@0 . -A(P)@0..5 | |");
	/* An alert is told once. */
	plays("A low hr > 120 for 10s", 0, "0 P hr 130, 11 tick, 12 tick, 13 P hr 130, 14 P hr 90",
	      " . +A(P)@0 | | . . -A(P)@0..14");
	/* Readings from another time wait for their own clock. */
	plays("A low hr > 120 for 10s", 0, "9000 Q hr 70, 0 P hr 130, 9001 tick, 5 P hr 90",
	      " . . | .");
	plays("A low hr > 120 for 10s", 0, "0 P hr 130, 9000 tick", " . +A(P)@0 |");
}
END_TEST

START_TEST(who_is_not_there_is_not_silent)
{
	plays(ANY, 0, "0 A hr 70, 10 A =standby 10, 100 tick, 110 A hr 70, 300 tick", " . | . |");
	plays(ANY, 0, "0 A hr 70, 70 tick, 80 A =discharged 75, 200 tick",
	      " . +S(A)@60 | -S(A)@60..75 |");
	/* A time that is missing, or far ahead, is the stream's. */
	plays(ANY, 0, "0 A hr 70, 70 tick, 80 A =standby -1", " . +S(A)@60 | -S(A)@60..70");
	plays(ANY, 0, "0 A hr 70, 70 tick, 80 A =standby 90000", " . +S(A)@60 | -S(A)@60..70");
	/* Admitted again: what was to come comes, what was over is forgiven. */
	plays(ANY, 0, "0 A hr 70, 10 A =standby 10, 30 A =admitted 30, 61 tick", " . +S(A)@60 |");
	plays(ANY, 0, "0 A hr 70, 10 A =standby 10, 100 tick, 110 A =- 110, 120 A hr 70, 200 tick",
	      " . | . +S(A)@180 |");
	/* A record alone says nothing of a patient of whom nothing was heard. */
	plays(ANY, 0, "0 B hr 70, 10 A =admitted 10, 30 B hr 70", " . .");
}
END_TEST

START_TEST(an_older_record_changes_nothing)
{
	struct bench b;

	begin(&b, ANY, 0);
	play(&b, "0 A hr 70");
	give(&b, record("A", "standby", 10, 1000));
	give(&b, record("A", "admitted", 20, 999));
	play(&b, "100 tick");
	give(&b, record("A", "admitted", 30, 1000)); /* the same version again, later */
	hi_buf_putc(&b.log, '\0');
	ck_assert_str_eq(b.log.ptr, " . |");
	end(&b);
}
END_TEST

START_TEST(alerts_of_silence)
{
	struct bench b;
	char id[HI_UUID_TEXT + 1] = "", want[1024];

	begin(&b, "S technical any stale 5m\nT low spo2 stale 90s", 0);
	play(&b, "0 A spo2 97, 91 tick");
	hi_uuid5(HI_LIT("A\nT\n2025-12-28T07:01:30Z"), id);
	snprintf(want, sizeof want,
		 "{\"type\":\"alert\",\"alert_id\":\"%s\",\"patient_id\":\"A\","
		 "\"metric_name\":\"spo2\",\"alert_type\":\"T\",\"priority\":\"low\","
		 "\"status\":\"ACTIVE\",\"observed_value\":null,\"limit\":\"stale 90s\","
		 "\"timestamp\":\"2025-12-28T07:01:30Z\",\"tool\":\"hi-detect\","
		 "\"message\":\"SpO2 silent for 1 min 30 s\"}",
		 id);
	ck_assert_str_eq(b.last, want);
	play(&b, "100 A spo2 97");
	snprintf(want, sizeof want,
		 "{\"type\":\"alert\",\"alert_id\":\"%s\",\"patient_id\":\"A\","
		 "\"metric_name\":\"spo2\",\"alert_type\":\"T\",\"priority\":\"low\","
		 "\"status\":\"CLEARED\",\"observed_value\":null,\"limit\":\"stale 90s\","
		 "\"timestamp\":\"2025-12-28T07:01:30Z\",\"ended\":\"2025-12-28T07:01:40Z\","
		 "\"worst_value\":null,\"latched\":false,\"tool\":\"hi-detect\","
		 "\"message\":\"SpO2 heard again after 1 min 40 s\"}",
		 id);
	ck_assert_str_eq(b.last, want);
	play(&b, "401 tick");
	ck_assert_ptr_nonnull(strstr(b.last, "\"metric_name\":\"any\",\"alert_type\":\"S\","));
	ck_assert_ptr_nonnull(strstr(b.last, "\"message\":\"Feed silent for 5 min\"}"));
	play(&b, "450 A =discharged 460");
	ck_assert_ptr_nonnull(
		strstr(b.last, "\"message\":\"SpO2 no longer expected after 6 min: discharged\"}"));
	end(&b);
}
END_TEST

#define DAY 86400

START_TEST(who_was_silent_for_a_day_is_forgotten)
{
	static const char rule[] = "A low hr > 120 for 10s";

	/* The delay is not told a day later; the first reading is a first one. */
	plays(rule, 0, "0 P hr 130, 86401 Q hr 70, 86402 R hr 70, 86403 P hr 130, 86420 P hr 130",
	      " . . . . +A(P)@86403 .");
	/* With other patients a day behind nobody is. */
	plays(rule, 0, "0 P hr 130, 80000 Q hr 70, 80001 Q hr 70, 80002 P hr 90",
	      " . . . +A(P)@0 . -A(P)@0..80002");
	/* Nor who sends what is older than a day: his own readings are the newest there are. */
	plays(rule, 0, "99999 Q hr 70, 0 P hr 130, 99999 Q hr 70, 5 P hr 130, 11 P hr 130",
	      " . . . . +A(P)@0 .");
	/* An alarm is never forgotten. */
	plays("A low hr > 120", 0, "0 P hr 130, 200000 tick, 200001 P hr 90",
	      " . +A(P)@0 | . -A(P)@0..200001");
	plays(ANY, 0, "0 P hr 70, 200000 tick, 200001 P hr 90", " . +S(P)@60 | . -S(P)@60..200001");
}
END_TEST

START_TEST(forget_is_long_enough)
{
	struct bench b;
	struct hi_detect *d;
	struct hi_error e = { 0 };

	begin(&b, "S technical hr stale 3h", 0);
	b.setup.forget_us = 3 * HI_US_H;
	ck_assert_int_eq(HI_OK, hi_detect_new(&d, &b.setup, &e));
	hi_detect_free(d);
	b.setup.lateness_us = 1;
	ck_assert_int_eq(HI_USAGE, hi_detect_new(&d, &b.setup, &e));
	ck_assert_ptr_null(d);
	ck_assert_str_eq(e.detail, "S");
	b.setup.forget_us = HI_US_H;
	ck_assert_int_eq(HI_USAGE, hi_detect_new(&d, &b.setup, &e));
	b.setup.forget_us = 0;
	ck_assert_int_eq(HI_OK, hi_detect_new(&d, &b.setup, &e));
	hi_detect_free(d);
	end(&b);
}
END_TEST

static size_t heap_bytes(void)
{
	return mallinfo2().uordblks + mallinfo2().hblkhd;
}

static void swallow(void *arg)
{
	struct bench *b = arg;

	hi_buf_reset(&b->line);
}

/* One of five million readings of patients who come and go: a thousand at a time, for a day. */
static struct hi_rec passing(size_t i, char id[16])
{
	enum { BEDS = 1000, STAY = 50 };
	size_t bed = i % BEDS, visit = i / BEDS / STAY;
	struct hi_rec r = { .type = HI_T_READING, .has = HI_HAS_TIME | HI_HAS_PATIENT };

	r.patient_id = (struct hi_slice){ id, (size_t)sprintf(id, "%zu-%zu", visit, bed) };
	r.patient_hash = hi_hash_slice(r.patient_id);
	r.metric = hi_metric_find_option(HI_LIT("hr"));
	r.metric_name = hi_slice_of(r.metric->name);
	/* Alarms, but none at the end of a stay; delays, that run on. */
	r.value_text = i / BEDS % STAY == STAY - 1 ? HI_LIT("110")
		       : i % 7			   ? HI_LIT("80")
						   : HI_LIT("130");
	hi_num_parse(r.value_text, &r.value);
	r.has |= HI_HAS_VALUE;
	r.t_us = T0 + (int64_t)(i / BEDS) * 1800 * HI_US_S + (int64_t)bed * HI_US_S;
	return r;
}

START_TEST(memory_does_not_grow)
{
	enum { N = 5 * 1000 * 1000, SOON = N / 10 };
	struct bench b;
	struct hi_each *each;
	struct hi_detect *d;
	size_t heap = 0, most = 0, patients = 0;
	char id[16];

	begin(&b, "A low hr > 120\nB low hr > 100 for 10h\nS technical hr stale 5h", 0);
	b.setup.emit = swallow;
	ck_assert_int_eq(HI_OK, hi_detect_new(&d, &b.setup, NULL));
	ck_assert_int_eq(HI_OK, hi_each_new(&each, &b.setup, NULL));
	for (size_t i = 0; i < N; i++) {
		struct hi_rec r = passing(i, id);
		int status = hi_detect_before(d, &r, NULL);

		if (status == HI_DETECT_JUDGE)
			status = hi_detect_after(d, &r, NULL);
		if (status != HI_OK || hi_each_record(each, &r, NULL) != HI_OK)
			ck_abort_msg("reading %zu", i);
		/* Who leaves is discharged, and so no alarm for ever. */
		if (i / 1000 % 50 == 49) {
			char line[128];
			struct hi_rec p;
			snprintf(line, sizeof line,
				 "{\"type\":\"patient\",\"patient_id\":\"%s\",\"status\":"
				 "\"discharged\",\"at\":\"%s\"}",
				 id, time_text((double)(r.t_us - T0) / 1e6));
			if (hi_reader_line_parse(b.reader, hi_slice_of(line), &p, NULL) ||
			    hi_detect_patient(d, &p, NULL))
				ck_abort_msg("patient %zu", i);
		}
		if (i % 10000 == 0) {
			size_t now = heap_bytes();
			*(i < SOON ? &heap : &most) =
				now > (i < SOON ? heap : most) ? now : (i < SOON ? heap : most);
			patients =
				hi_detect_patients(d) > patients ? hi_detect_patients(d) : patients;
		}
	}
	printf("stale: %d patients, %zu at most at a time, heap %zu kB, at first %zu kB\n", N / 50,
	       patients, most / 1000, heap / 1000);
	ck_assert_uint_lt(patients, 8000);
	ck_assert_uint_lt(hi_each_patients(each), 8000);
	ck_assert_uint_gt(hi_detect_counted(d)->ended, 100000);
#if !defined(__SANITIZE_ADDRESS__)
	ck_assert_uint_lt(most, heap + heap / 2 + 100000);
#endif
	hi_detect_free(d);
	hi_each_free(each);
	end(&b);
}
END_TEST

/* A preamble of these lines (each ended by LF), at second since_s. */
static void restore(struct bench *b, double since_s, const char *lines)
{
	struct hi_mark m = { .kind = HI_MARK_BEGIN,
			     .timed = true,
			     .t_us = T0 + (int64_t)(since_s * 1e6),
			     .window_us = HI_US_H };
	char line[512];
	int used;

	ck_assert_int_eq(HI_OK, hi_detect_preamble_begin(b->detect, &m, NULL));
	for (; sscanf(lines, "%511[^\n]\n%n", line, &used) == 1; lines += used) {
		struct hi_rec rec;
		ck_assert_int_eq(HI_OK,
				 hi_reader_line_parse(b->reader, hi_slice_of(line), &rec, NULL));
		ck_assert_int_eq(HI_OK, hi_detect_preamble_record(b->detect, &rec, NULL));
	}
	ck_assert_str_eq(lines, "");
	ck_assert_int_eq(HI_OK, hi_detect_preamble_end(b->detect, NULL));
}

#define ALERT(rule, status, value, time)                                                           \
	"{\"type\":\"alert\",\"alert_id\":\"x\",\"patient_id\":\"P\",\"metric_name\":\"heart_"     \
	"rate\","                                                                                  \
	"\"alert_type\":\"" rule "\",\"status\":\"" status "\",\"observed_value\":" value          \
	",\"timestamp\":\"2025-12-28T07:" time "Z\""
#define READING(value, time)                                                                       \
	"{\"patient_id\":\"P\",\"metric_name\":\"heart_rate\",\"value\":" value                    \
	",\"timestamp\":\"2025-12-28T07:" time "Z\"}\n"

static void restores(const char *rules, const char *lines, const char *script, const char *want)
{
	struct bench b;

	begin(&b, rules, 0);
	play(&b, "0 P hr 70, 1 other hr 70"); /* what was known is forgotten */
	b.log.len = 0;
	restore(&b, 600, lines);
	ck_assert_uint_eq(b.log.len, 0);
	play(&b, script);
	hi_buf_putc(&b.log, '\0');
	ck_assert_str_eq(b.log.ptr, want);
	end(&b);
}

#define FAST "FAST low hr > 120"

START_TEST(preambles)
{
	/* An alarm goes on, with the value that its record has. */
	restores(FAST, ALERT("FAST", "ACTIVE", "130.0", "05:00") "}\n" READING("150", "05:00"),
		 "601 P hr 90", " . -FAST(P)@300..601");
	/* Its readings are not there: it goes on all the same. */
	restores(FAST, ALERT("FAST", "ACTIVE", "130", "05:00") "}\n", "601 P hr 125, 602 P hr 90",
		 " . . -FAST(P)@300..602");
	/* A rule that nobody knew is raised with the next reading, in limits or not. */
	restores(FAST, READING("150", "05:00"), "601 P hr 150, 602 P hr 90",
		 " +FAST(P)@300 . . -FAST(P)@300..602");
	restores(FAST, READING("150", "05:00"), "601 P hr 90", " +FAST(P)@300 . -FAST(P)@300..601");
	restores(FAST, READING("150", "05:00") READING("90", "05:05"), "601 P hr 90", " .");
	/* Of another tool, another metric, of --each, without a value: not ours. */
	restores(FAST, ALERT("FLAT", "ACTIVE", "130", "05:00") "}\n", "601 P hr 90", " .");
	restores("FAST low spo2 < 90", ALERT("FAST", "ACTIVE", "130", "05:00") "}\n",
		 "601 P spo2 97", " .");
	restores(FAST, ALERT("FAST", "ACTIVE", "130", "05:00") ",\"each\":true}\n", "601 P hr 90",
		 " .");
	restores(FAST, ALERT("FAST", "ACTIVE", "null", "05:00") "}\n", "601 P hr 90", " .");
	/* A run without marks has left two: the later is the one. */
	restores(FAST,
		 ALERT("FAST", "ACTIVE", "130", "05:00") "}\n" ALERT(
			 "FAST", "ACTIVE", "140", "07:00") "}\n" ALERT("FAST", "ACTIVE", "135",
								       "06:00") "}\n",
		 "601 P hr 90", " . -FAST(P)@420..601");
	/* One that a tick raised, and one that a tick ended. */
	restores(FAST " for 1m",
		 ALERT("FAST", "ACTIVE", "130", "05:00") "}\n" READING("130", "05:00"),
		 "700 tick, 701 P hr 90", " | . -FAST(P)@300..701");
	restores(FAST " clear < 100 for 1m",
		 ALERT("FAST", "ACTIVE", "130", "05:00") "}\n" ALERT(
			 "FAST", "CLEARED", "130",
			 "05:00") ",\"ended\":\"2025-12-28T07:05:05Z\"}\n" READING("130", "05:00")
			 READING("90", "05:05"),
		 "700 tick, 701 P hr 130", " | . +FAST(P)@701");
	/* Silence goes on, is over, or is still to come. */
	restores("S low hr stale 5m",
		 ALERT("S", "ACTIVE", "null", "09:00") "}\n" READING("90", "04:00"),
		 "700 tick, 701 P hr 90", " | . -S(P)@540..701");
	restores("S low hr stale 5m",
		 ALERT("S", "CLEARED", "null",
		       "09:00") ",\"ended\":\"2025-12-28T07:09:30Z\"}\n" READING("90", "04:00"),
		 "700 tick, 701 P hr 90", " | .");
	restores("S low hr stale 5m", READING("90", "06:00"), "660 tick, 661 tick",
		 " | +S(P)@660 |");
	restores("S low hr stale 5m", READING("90", "04:00"), "661 tick, 662 P hr 90",
		 " | +S(P)@540 . -S(P)@540..662");
}
END_TEST

START_TEST(a_preamble_that_is_too_short)
{
	struct bench b;
	struct hi_mark m = { .kind = HI_MARK_BEGIN, .window_us = 100 * HI_US_S };
	struct hi_error e = { 0 };

	begin(&b, FAST " for 60s clear < 100 for 30s", 5);
	ck_assert_int_eq(HI_OK, hi_detect_preamble_begin(b.detect, &m, &e));
	ck_assert_int_eq(HI_OK, hi_detect_preamble_end(b.detect, &e));
	m.window_us--;
	ck_assert_int_eq(HI_USAGE, hi_detect_preamble_begin(b.detect, &m, &e));
	ck_assert_ptr_nonnull(strstr(e.detail, "--window"));
	ck_assert_ptr_nonnull(strstr(e.detail, "100s"));
	end(&b);
}
END_TEST

START_TEST(each_counts_on)
{
	struct bench b;
	struct hi_each *each;
	struct hi_mark m = { .kind = HI_MARK_BEGIN, .timed = true, .t_us = T0 };
	char id[HI_UUID_TEXT + 1] = "";

	begin(&b, FAST "\n" ANY, 0);
	ck_assert_int_eq(HI_OK, hi_each_new(&each, &b.setup, NULL));
	ck_assert_int_eq(HI_OK, hi_each_preamble_begin(each, &m, NULL));
	for (int i = 0; i < 4; i++) {
		struct hi_rec r;
		const char *line = reading("P", "hr", "130", 1);
		ck_assert_int_eq(HI_OK,
				 hi_reader_line_parse(b.reader, hi_slice_of(line), &r, NULL));
		if (i == 2)
			hi_each_preamble_end(each);
		ck_assert_int_eq(HI_OK, hi_each_record(each, &r, NULL));
		ck_assert_uint_eq(hi_each_count(each), i < 2 ? 0 : (unsigned)i - 1);
	}
	hi_uuid5(HI_LIT("P\nFAST\n2025-12-28T07:00:01Z\n130\n3"), id);
	ck_assert_ptr_nonnull(strstr(b.last, id));
	hi_each_free(each);
	end(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("stale");
	TCase *t = tcase_create("stale");
	SRunner *sr = srunner_create(s);

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 300);
	tcase_add_test(t, silence_by_the_readings_of_others);
	tcase_add_test(t, silence_that_is_history);
	tcase_add_test(t, a_wrong_time_does_not_make_silence_impossible);
	tcase_add_test(t, lateness_is_waited_for);
	tcase_add_test(t, the_time_in_marks);
	tcase_add_test(t, who_is_not_there_is_not_silent);
	tcase_add_test(t, an_older_record_changes_nothing);
	tcase_add_test(t, alerts_of_silence);
	tcase_add_test(t, who_was_silent_for_a_day_is_forgotten);
	tcase_add_test(t, forget_is_long_enough);
	tcase_add_test(t, memory_does_not_grow);
	tcase_add_test(t, preambles);
	tcase_add_test(t, a_preamble_that_is_too_short);
	tcase_add_test(t, each_counts_on);
	srunner_run_all(sr, CK_NORMAL);
	int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
