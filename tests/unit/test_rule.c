/* Rule files are read as hi-rules(5) says; episodes begin and end when they should. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/time.h"
#include "rule/alert.h"
#include "rule/detect.h"
#include "rule/watch.h"

/* Times of these tests are seconds since then. */
#define T0 (INT64_C(1766905200) * HI_US_S) /* 2025-12-28T07:00:00Z */

/* A detector and what it says: "." a reading passes, "+R@0=130" begun, "-R@0..10=150" ended. */
struct bench {
	struct hi_rules rules;
	struct hi_detect_setup setup;
	struct hi_detect *detect;
	struct hi_each *each;
	struct hi_buf line, log;
	char last[1024]; /* the last alert as written */
};

static void put_seconds(struct hi_buf *b, const struct hi_json *j, const char *key)
{
	struct hi_time t;
	struct hi_slice text = hi_json_find(j, key)->value;

	ck_assert_int_eq(HI_OK,
			 hi_time_parse((struct hi_slice){ text.ptr + 1, text.len - 2 }, &t, NULL));
	hi_buf_printf(b, "%g", (double)(t.t_us - T0) / 1e6);
}

static void heard(void *arg)
{
	struct bench *b = arg;
	struct hi_json j;
	bool ended;

	hi_json_init(&j);
	ck_assert_int_eq(HI_OK, hi_json_slice(&j, hi_buf_view(&b->line), NULL));
	ended = hi_slice_is(hi_json_find(&j, "status")->value, "\"CLEARED\"");
	struct hi_slice name = hi_json_find(&j, "alert_type")->value;
	hi_buf_printf(&b->log, " %c%.*s@", ended ? '-' : '+', (int)name.len - 2, name.ptr + 1);
	put_seconds(&b->log, &j, "timestamp");
	if (ended) {
		hi_buf_puts(&b->log, "..");
		put_seconds(&b->log, &j, "ended");
	}
	hi_buf_putc(&b->log, '=');
	hi_buf_slice(&b->log, hi_json_find(&j, ended ? "worst_value" : "observed_value")->value);
	snprintf(b->last, sizeof b->last, "%.*s", (int)b->line.len, b->line.ptr);
	hi_json_release(&j);
	hi_buf_reset(&b->line);
}

static void begin(struct bench *b, const char *rules, int64_t lateness_s)
{
	*b = (struct bench){ 0 };
	hi_buf_init(&b->line, 4096);
	hi_buf_init(&b->log, 1 << 20);
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
	hi_each_free(b->each);
	hi_rules_release(&b->rules);
	hi_buf_release(&b->line);
	hi_buf_release(&b->log);
}

static struct hi_rec reading(const char *patient, const char *metric, const char *value, double t_s)
{
	struct hi_rec r = { .type = HI_T_READING, .has = HI_HAS_TIME | HI_HAS_PATIENT };

	r.patient_id = hi_slice_of(patient);
	r.patient_hash = hi_hash_slice(r.patient_id);
	r.metric = hi_metric_find_option(hi_slice_of(metric));
	r.metric_name = hi_slice_of(r.metric ? r.metric->name : metric);
	r.value_text = hi_slice_of(value);
	if (hi_num_parse(r.value_text, &r.value))
		r.has |= HI_HAS_VALUE;
	r.t_us = T0 + (int64_t)(t_s * 1e6);
	return r;
}

static void give(struct bench *b, const struct hi_rec *r)
{
	int status;

	if (b->each) {
		ck_assert_int_eq(HI_OK, hi_each_record(b->each, r, NULL));
		return;
	}
	status = hi_detect_before(b->detect, r, NULL);
	ck_assert_int_ge(status, HI_OK);
	hi_buf_puts(&b->log, " .");
	if (status == HI_DETECT_JUDGE)
		ck_assert_int_eq(HI_OK, hi_detect_after(b->detect, r, NULL));
}

/* script: "SECONDS METRIC VALUE, ...". */
static void play(struct bench *b, const char *script)
{
	char metric[64], value[64];
	double t_s;
	int used;

	while (sscanf(script, "%lf %63s %63[^, ]%n", &t_s, metric, value, &used) == 3) {
		struct hi_rec r = reading("P", metric, value, t_s);
		give(b, &r);
		script += used;
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

#define FAST "FAST high hr > 120"

START_TEST(an_episode_is_a_line_at_each_end)
{
	plays(FAST, 0, "0 hr 120, 5 hr 121, 10 hr 150.0, 15 hr 130, 20 hr 120, 25 hr 90",
	      " . . +FAST@5=121 . . . -FAST@5..20=150.0 .");
	plays("A low hr >= 120", 0, "0 hr 119.9, 5 hr 120, 9 hr 119.9",
	      " . . +A@5=120 . -A@5..9=120");
	plays("A low spo2 < 92", 0, "0 spo2 92, 5 spo2 91.9, 7 spo2 80, 9 spo2 92",
	      " . . +A@5=91.9 . . -A@5..9=80");
	plays("A low spo2 <= 92", 0, "0 spo2 92.1, 5 spo2 92, 9 spo2 92.1",
	      " . . +A@5=92 . -A@5..9=92");
	/* A second episode, and one that input ends in. */
	plays(FAST, 0, "0 hr 130, 5 hr 90, 10 hr 140",
	      " . +FAST@0=130 . -FAST@0..5=130 . +FAST@10=140");
}
END_TEST

START_TEST(rules_of_one_metric_are_judged_in_order)
{
	plays("B low hr > 100\nA high hr > 120\nC low hr < 50", 0, "0 hr 130, 5 hr 110, 9 hr 40",
	      " . +B@0=130 +A@0=130 . -A@0..5=130 . -B@0..9=130 +C@9=40");
}
END_TEST

START_TEST(delay)
{
	static const char rule[] = FAST " for 10s";

	/* Confirmed by the reading of its deadline, or broken by it. */
	plays(rule, 0, "0 hr 130, 5 hr 125, 10 hr 130, 15 hr 90",
	      " . . . +FAST@0=130 . -FAST@0..15=130");
	plays(rule, 0, "0 hr 130, 5 hr 130, 10 hr 120", " . . .");
	plays(rule, 0, "0 hr 130, 5 hr 90, 10 hr 130, 15 hr 130", " . . . .");
	/* A value holds until the next one: past the deadline, the timer comes first. */
	plays(rule, 0, "0 hr 130, 10.5 hr 90", " . +FAST@0=130 . -FAST@0..10.5=130");
	/* Another vital's reading moves the clock too; at the deadline it has not passed. */
	plays(rule, 0, "0 hr 130, 10 spo2 98, 11 temp 37, 12 hr 90",
	      " . . +FAST@0=130 . . -FAST@0..12=130");
	plays(rule, 0, "0 hr 130, 11 hr null", " . +FAST@0=130 .");
	/* The worst value counts from the onset. */
	plays(rule, 0, "0 hr 130, 5 hr 180, 10 hr 130, 15 hr 90",
	      " . . . +FAST@0=130 . -FAST@0..15=180");
	plays(rule, 0, "0 hr 130", " .");
}
END_TEST

START_TEST(timers_fire_in_order_of_deadlines)
{
	static const char rules[] = "A low hr > 120 for 20s\nB low spo2 < 92 for 10s\n"
				    "C low temp > 39 for 15s\nD low sbp > 180 for 14s";

	plays(rules, 0, "0 hr 130, 1 spo2 80, 2 temp 40, 3 sbp 200, 60 rr 15",
	      " . . . . +B@1=80 +C@2=40 +D@3=200 +A@0=130 .");
}
END_TEST

START_TEST(recovery)
{
	static const char rule[] = "LOW high spo2 < 92 clear >= 94 for 10s";

	/* Between the limits nothing changes; a break starts the recovery anew. */
	plays(rule, 0,
	      "0 spo2 90, 5 spo2 93, 10 spo2 94, 15 spo2 93, 20 spo2 95, 25 spo2 94, 30 spo2 96",
	      " . +LOW@0=90 . . . . . . -LOW@0..20=90");
	plays(rule, 0, "0 spo2 90, 5 spo2 95, 10 spo2 88, 15 spo2 95, 26 spo2 88",
	      " . +LOW@0=90 . . . -LOW@0..15=88 . +LOW@26=88");
	plays(rule, 0, "0 spo2 90, 5 spo2 95, 16 hr 70", " . +LOW@0=90 . -LOW@0..5=90 .");
	/* Within the limits but short of recovery breaks a delay. */
	plays("LOW high spo2 < 92 for 10s clear >= 94", 0,
	      "0 spo2 90, 5 spo2 93, 10 spo2 90, 15 spo2 90", " . . . .");
}
END_TEST

START_TEST(late_readings)
{
	plays(FAST, 0, "10 hr 90, 5 hr 130, 10 hr 130", " . . . +FAST@10=130");
	plays(FAST, 0, "10 spo2 98, 5 hr 130", " . .");
	plays(FAST, 5, "10 spo2 98, 5 hr 130, 4.9 hr 150, 11 hr 90",
	      " . . +FAST@5=130 . . -FAST@5..11=130");
	/* What is within limits ends nothing that a later reading found out of them. */
	plays(FAST, 60, "10 hr 130, 20 hr 130, 15 hr 90, 25 hr 90",
	      " . +FAST@10=130 . . . -FAST@10..25=130");
	/* The onset of a pending alarm moves back; so does a recovery. */
	plays(FAST " for 10s", 60, "10 hr 130, 5 hr 140, 15 hr 125, 16 hr 90",
	      " . . . +FAST@5=140 . -FAST@5..16=140");
	plays(FAST " clear < 100 for 10s", 60, "0 hr 130, 20 hr 90, 15 hr 91, 25 hr 90",
	      " . +FAST@0=130 . . . -FAST@0..15=130");
	/* A timer waits for what may still come. */
	plays(FAST " for 10s", 5, "0 hr 130, 14 spo2 98, 9.5 hr 90", " . . .");
	plays(FAST " for 10s", 5, "0 hr 130, 15.5 spo2 98", " . +FAST@0=130 .");
}
END_TEST

START_TEST(of_one_moment_the_value_out_of_limits_counts)
{
	plays(FAST, 0, "0 hr 130, 0 hr 90, 5 hr 90", " . +FAST@0=130 . . -FAST@0..5=130");
	plays(FAST, 0, "0 hr 90, 0 hr 130, 5 hr 90", " . . +FAST@0=130 . -FAST@0..5=130");
	plays(FAST " for 5s", 0, "0 hr 130, 0 hr 90, 5 hr 130", " . . . +FAST@0=130");
}
END_TEST

START_TEST(a_wrong_time_does_not_stop_the_clock)
{
	/* Ahead by more than an hour, alone: what follows is judged as ever. */
	plays(FAST, 0, "0 hr 90, 90000 spo2 98, 5 hr 130, 10 hr 90",
	      " . . . +FAST@5=130 . -FAST@5..10=130");
	plays(FAST, 0, "0 hr 90, 90000 hr 130, 5 hr 130, 10 hr 90",
	      " . . +FAST@90000=130 . . -FAST@90000..90000=130");
	plays(FAST " for 10s", 0, "0 hr 90, 90000 hr 130, 5 hr 131, 10 hr 131, 15 hr 131",
	      " . . . . . +FAST@5=131");
	plays(FAST, 0, "0 hr 130, 90000 hr 90, 5 hr 130",
	      " . +FAST@0=130 . -FAST@0..90000=130 . +FAST@5=130");
	/* A later reading that is ahead too: time has moved on. */
	plays(FAST, 0, "0 hr 90, 90000 hr 90, 90005 hr 90, 5 hr 130", " . . . .");
	/* Readings hours apart are all judged. */
	plays(FAST, 0, "0 hr 130, 14400 hr 90, 28800 hr 130, 43200 hr 90",
	      " . +FAST@0=130 . -FAST@0..14400=130 . +FAST@28800=130 . -FAST@28800..43200=130");
}
END_TEST

START_TEST(what_is_not_judged)
{
	plays(FAST, 0, "0 hr null, 5 rr 130, 10 lactate 130", " . . .");
	plays("X low lactate > 4", 0,
	      "0 hr 130, 5 lactate 4, 10 lactate 4.1, 15 lactat 1, 20 lactate 3",
	      " . . . +X@10=4.1 . . -X@10..20=4.1");
	/* A heart rate of 0 is implausible and must be able to alarm. */
	plays("STILL high hr < 20", 0, "0 hr 0", " . +STILL@0=0");
}
END_TEST

START_TEST(alert_records)
{
	struct bench b;
	char id[HI_UUID_TEXT + 1] = "", want[1024];
	struct hi_rec r = reading("P \"1\"", "spo2", "88.0", 0);

	begin(&b, "HYPOXIA high spo2 < 92 for 90s\nX technical m\"x >= 1e2", 0);
	give(&b, &r);
	r = reading("P \"1\"", "spo2", "85", 100);
	give(&b, &r);
	hi_uuid5(HI_LIT("P \"1\"\nHYPOXIA\n2025-12-28T07:00:00Z"), id);
	snprintf(want, sizeof want,
		 "{\"type\":\"alert\",\"alert_id\":\"%s\",\"patient_id\":\"P \\\"1\\\"\","
		 "\"metric_name\":\"spo2\",\"alert_type\":\"HYPOXIA\",\"priority\":\"high\","
		 "\"status\":\"ACTIVE\",\"observed_value\":88.0,\"unit\":\"%%\","
		 "\"limit\":\"< 92 for 90s\",\"timestamp\":\"2025-12-28T07:00:00Z\","
		 "\"tool\":\"hi-detect\","
		 "\"message\":\"SpO2 88.0 %% below 92 %% for 1 min 30 s\"}",
		 id);
	ck_assert_str_eq(b.last, want);
	r = reading("P \"1\"", "spo2", "95", 3700.25);
	give(&b, &r);
	snprintf(want, sizeof want,
		 "{\"type\":\"alert\",\"alert_id\":\"%s\",\"patient_id\":\"P \\\"1\\\"\","
		 "\"metric_name\":\"spo2\",\"alert_type\":\"HYPOXIA\",\"priority\":\"high\","
		 "\"status\":\"CLEARED\",\"observed_value\":88.0,\"unit\":\"%%\","
		 "\"limit\":\"< 92 for 90s\",\"timestamp\":\"2025-12-28T07:00:00Z\","
		 "\"ended\":\"2025-12-28T08:01:40.250Z\",\"worst_value\":85,\"latched\":false,"
		 "\"tool\":\"hi-detect\",\"message\":\"SpO2 no longer below 92 %% after "
		 "1 h 1 min 40 s 250 ms, worst 85 %%\"}",
		 id);
	ck_assert_str_eq(b.last, want);
	/* A metric outside the catalogue: its unit as written, no unit where there is none. */
	r = reading("Q", "m\"x", "1e2", 0);
	r.unit = HI_LIT("m\"U");
	give(&b, &r);
	ck_assert_ptr_nonnull(strstr(b.last, "\"metric_name\":\"m\\\"x\",\"alert_type\":\"X\","
					     "\"priority\":\"technical\",\"status\":\"ACTIVE\","
					     "\"observed_value\":1e2,\"unit\":\"m\\\"U\","
					     "\"limit\":\">= 1e2\","));
	ck_assert_ptr_nonnull(
		strstr(b.last, "\"message\":\"m\\\"x 1e2 m\\\"U at or above 1e2 m\\\"U\"}"));
	r = reading("R", "m\"x", "123456789012345678901234567890", 0);
	give(&b, &r);
	ck_assert_ptr_null(strstr(b.last, "\"unit\""));
	ck_assert_ptr_nonnull(strstr(b.last, "\"observed_value\":1.2345678901234568e+29,"));
	/* A converted value stands in the canonical unit. */
	r = reading("S", "spo2", "0.5", 0);
	r.has |= HI_HAS_CONVERTED;
	r.value.v = 50;
	give(&b, &r);
	r.t_us += 100 * HI_US_S;
	give(&b, &r);
	ck_assert_ptr_nonnull(strstr(b.last, "\"observed_value\":50,\"unit\":\"%\""));
	end(&b);
}
END_TEST

/* Any interleaving of patients gives each of them the same alerts. */
START_TEST(patients_do_not_meet)
{
	static const char rules[] = "A low hr > 120 for 7s clear < 110 for 9s\nB high hr > 140\n"
				    "C low spo2 < 92 for 3s";
	static const char *const metric[] = { "hr", "spo2", "rr" };
	static const char *const patient[] = { "P", "Q", "a-name-longer-than-sixteen-bytes" };
	enum { N = 3000, K = 3 };
	struct bench alone[K], all;
	size_t at[K] = { 0 };

	srand(1);
	begin(&all, rules, 2);
	for (int k = 0; k < K; k++)
		begin(&alone[k], rules, 2);
	for (int i = 0; i < N; i++) {
		int k = rand() % K;
		char value[16], t[16];
		const char *m = metric[rand() % 3];

		snprintf(value, sizeof value, "%d",
			 m == metric[1] ? 88 + rand() % 8 : 100 + rand() % 50);
		snprintf(t, sizeof t, "%d.%d", i / 3 + rand() % 4, rand() % 2 * 5);
		struct hi_rec r = reading(patient[k], m, value, strtod(t, NULL));
		size_t before = all.log.len;
		give(&all, &r);
		give(&alone[k], &r);
		size_t n = all.log.len - before;
		ck_assert_uint_eq(alone[k].log.len - at[k], n);
		ck_assert_mem_eq(alone[k].log.ptr + at[k], all.log.ptr + before, n);
		at[k] += n;
	}
	ck_assert_uint_gt(hi_detect_counted(all.detect)->ended, 100);
	ck_assert_uint_gt(hi_detect_counted(all.detect)->late, 10);
	end(&all);
	for (int k = 0; k < K; k++)
		end(&alone[k]);
}
END_TEST

START_TEST(each_reading)
{
	struct bench b;
	char id[HI_UUID_TEXT + 1] = "";

	begin(&b, FAST " for 10s clear < 100\nB low hr > 140", 0);
	ck_assert_int_eq(HI_OK, hi_each_new(&b.each, &b.setup, NULL));
	play(&b,
	     "10 hr 130, 5 hr 130, 5 hr 120, 5 hr 150, 5 spo2 10, 5 hr null, 6 hr 130, 6 hr 130");
	hi_uuid5(HI_LIT("P\nFAST\n2025-12-28T07:00:06Z\n130\n1"), id);
	ck_assert_ptr_nonnull(strstr(b.last, id));
	ck_assert_ptr_nonnull(strstr(b.last, "\"limit\":\"> 120\",\"timestamp\":\"2025-12-28T07:00:"
					     "06Z\",\"each\":true,\"tool\":\"hi-detect\","
					     "\"message\":\"Heart rate 130 bpm above 120 bpm\"}"));
	hi_buf_putc(&b.log, '\0');
	ck_assert_str_eq(b.log.ptr, " +FAST@10=130 +FAST@5=130 +FAST@5=150 +B@5=150 +FAST@6=130"
				    " +FAST@6=130");
	ck_assert_uint_eq(hi_each_count(b.each), 6);
	end(&b);
}
END_TEST

START_TEST(watches_know_what_nobody_minds)
{
	struct hi_rules rules = { 0 };
	struct hi_watches w;
	static const char text[] =
		"A low hr > 120\nB low hr >= 120\nC low hr < 40\nD low hr <= 40\n"
		"E low zz > 1\nF low yy > 1\nG low zz < 0";
	static const double v[] = { 39, 40, 40.000001, 80, 119.999, 120, 121, -1e308, 1e308 };

	ck_assert_int_eq(HI_OK, hi_rules_parse(&rules, hi_slice_of(text), "", NULL, NULL, NULL));
	ck_assert_int_eq(HI_OK, hi_watches_init(&w, &rules, NULL));
	ck_assert_uint_eq(w.n, hi_metrics_n + 2);
	for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
		bool minded = false;
		for (int k = 0; k < 4; k++)
			minded |= hi_limit_holds(&rules.v[k].limit, v[i]);
		ck_assert_int_eq(minded, hi_watch_minds(&w.v[0], v[i]));
	}
	ck_assert_uint_eq(hi_watches_other(&w, HI_LIT("zz"))->rule_n, 2);
	ck_assert_uint_eq(hi_watches_other(&w, HI_LIT("yy"))->rule_n, 1);
	ck_assert_ptr_null(hi_watches_other(&w, HI_LIT("z")));
	hi_watches_release(&w);
	hi_rules_release(&rules);
}
END_TEST

START_TEST(lines_in_canonical_form)
{
	static const struct {
		const char *line, *want;
	} t[] = {
		{ "A high hr > 120", "A high heart_rate > 120" },
		{ "\xEF\xBB\xBF A\thigh  hr >= 120.50 # why\r", "A high heart_rate >= 120.50" },
		{ "a-1_B low temperature < -3.5e1 for 90s",
		  "a-1_B low temperature < -3.5e1 for 90s" },
		{ "A technical lactate <= 4 for 120s", "A technical lactate <= 4 for 2m" },
		{ "A medium spo2 < 92 clear >= 92 for 1h30m",
		  "A medium spo2 < 92 clear >= 92 for 90m" },
		{ "A medium spo2 < 92 for 10s clear > 94",
		  "A medium spo2 < 92 for 10s clear > 94" },
		{ "A medium hr >= 100 clear < 100 for 0s",
		  "A medium heart_rate >= 100 clear < 100" },
		{ "A medium hr > 0 clear <= 0 for 200ms",
		  "A medium heart_rate > 0 clear <= 0 for 200ms" },
		{ "A high n\xC3\xB6te > 1", "A high n\xC3\xB6te > 1" },
		{ "A technical spo2 stale 300s", "A technical spo2 stale 5m" },
		{ "A low acvpu stale 1d", "A low consciousness stale 1d" },
		{ "A technical any stale 90s", "A technical any stale 90s" },
		{ "A technical lactate stale 12h", "A technical lactate stale 12h" },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct hi_rules rules = { 0 };
		struct hi_buf b;

		hi_buf_init(&b, 1024);
		ck_assert_int_eq(HI_OK, hi_rules_parse(&rules, hi_slice_of(t[i].line), "", NULL,
						       NULL, NULL));
		ck_assert_uint_eq(rules.n, 1);
		hi_buf_printf(&b, "%s %s %s ", rules.v[0].name,
			      hi_priorities[rules.v[0].priority].name, rules.v[0].metric_name);
		hi_rule_condition(&rules.v[0], &b);
		hi_buf_putc(&b, '\0');
		ck_assert_str_eq(b.ptr, t[i].want);
		hi_buf_release(&b);
		hi_rules_release(&rules);
	}
}
END_TEST

START_TEST(wrong_lines)
{
	static const struct {
		const char *line;
		unsigned column;
		const char *text, *detail;
	} t[] = {
		{ "1A high hr > 120", 1, "expected a rule's name", "not '1A'" },
		{ "A\x01 high hr > 120", 1, "expected a rule's name", "not 'A?'" },
		{ "A23456789012345678901234567890123 high hr > 1", 1, "expected a rule's name",
		  "" },
		{ "A", 2, "expected a priority", "the line ends here" },
		{ "A # high", 3, "expected a priority", "the line ends here" },
		{ " A hgih hr > 120", 4, "expected a priority", "not 'hgih'; nearest: high" },
		{ "A HIGH hr > 120", 3, "expected a priority", "not 'HIGH'; nearest: high" },
		{ "A high", 7, "expected a metric's name", "the line ends here" },
		{ "A high > 120", 8, "expected a metric's name", "not '>'" },
		{ "A high x\xFF > 120", 8, "expected a metric's name", "" },
		{ "A high risk > 0.5", 8, "risk is computed from alerts", "'risk'" },
		{ "A high consciousness > 1", 22, "the metric has codes", "'>'" },
		{ "A high hr", 10, "expected a limit", "the line ends here" },
		{ "A high hr => 120", 11, "expected a limit", "not '=>'; nearest: >=" },
		{ "A high hr >120", 11, "expected a limit", "not '>120'" },
		{ "A high hr over 120", 11, "expected a limit", "not 'over'" },
		{ "A high hr rsie 20 in 1h", 11, "expected a limit", "not 'rsie'; nearest: rise" },
		{ "A high hr >", 12, "expected a number", "the line ends here" },
		{ "A high hr > 120bpm", 13, "expected a number", "not '120bpm'" },
		{ "A high hr > 01", 13, "expected a number", "not '01'" },
		{ "A high hr > nan", 13, "expected a number", "" },
		{ "A high hr > 1e999", 13, "expected a number", "" },
		{ "A high hr > 0.1234567890123456789012345678901", 13, "expected a number of", "" },
		{ "A high hr > 120 fro 10s", 17, "expected for, clear", "not 'fro'; nearest: for" },
		{ "A high hr > 120 for", 20, "expected a duration", "the line ends here" },
		{ "A high hr > 120 for 10", 21, "expected a duration", "not '10'" },
		{ "A high hr > 120 for -10s", 21, "expected a duration", "" },
		{ "A high hr > 120 for 10s for 20s", 25, "a delay is given twice", "" },
		{ "A high hr > 120 for 10s latch", 25, "not known yet", "'latch'" },
		{ "A high hr > 120 plausible", 17, "not known yet", "'plausible'" },
		{ "A high hr stale", 16, "expected a duration", "the line ends here" },
		{ "A high hr stale 0s", 17, "expected a duration", "not '0s'" },
		{ "A high hr stale 25h", 17, "expected a duration of 24h at most", "not '25h'" },
		{ "A high hr stale 5m for 10s", 20, "expected the line's end", "not 'for'" },
		{ "A high hr stale 5m clear > 1", 20, "expected the line's end", "not 'clear'" },
		{ "A high hr stale 5m latch", 20, "not known yet", "'latch'" },
		{ "A high hr stlae 5m", 11, "expected a limit", "not 'stlae'; nearest: stale" },
		{ "A high any > 5", 12, "expected stale", "not '>'" },
		{ "A high any rise 5 in 1h", 12, "not known yet", "'rise'" },
		{ "A high risk stale 5m", 8, "risk is computed from alerts", "" },
		{ "A high hr rise 20 in 1h", 11, "not known yet", "'rise'" },
		{ "A high hr implausible", 11, "not known yet", "" },
		{ "A high hr off", 11, "not known yet", "" },
		{ "A high news2.min > 3", 8, "not known yet", "" },
		{ "A inhibits B", 3, "not known yet", "" },
		{ "[ward W7]", 1, "not known yet", "" },
		{ "A high hr > 120 clear", 22, "expected >, >=, < or <=", "the line ends here" },
		{ "A high hr > 120 clear 110", 23, "expected >, >=, < or <=", "not '110'" },
		{ "A high hr > 120 clear < x", 25, "expected a number", "" },
		{ "A high hr > 120 clear <= 121", 17,
		  "a value may be out of limits and recovered at once", "> 120 and clear <= 121" },
		{ "A high hr >= 120 clear <= 120", 18,
		  "a value may be out of limits and recovered at once", ">= 120 and clear <= 120" },
		{ "A high hr > 120 clear > 100", 17,
		  "a value may be out of limits and recovered at once", "> 120 and clear > 100" },
		{ "A high hr > 120 clear < 100 clear < 90", 29, "clear is given twice", "" },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct hi_rules rules = { 0 };
		struct hi_error e = { 0 };
		struct hi_buf b;

		hi_buf_init(&b, 1024);
		hi_buf_printf(&b, "# first\n%s\nOK low hr > 1", t[i].line);
		ck_assert_int_eq(HI_REFUSED,
				 hi_rules_parse(&rules, hi_buf_view(&b), "w", NULL, NULL, &e));
		ck_assert_msg(strncmp(e.text, t[i].text, strlen(t[i].text)) == 0, "%s: %s",
			      t[i].line, e.text);
		ck_assert_msg(strncmp(e.detail, t[i].detail, strlen(t[i].detail)) == 0, "%s: %s",
			      t[i].line, e.detail);
		ck_assert_msg(e.column == t[i].column, "%s: column %u", t[i].line,
			      (unsigned)e.column);
		ck_assert_uint_eq(e.line, 2);
		ck_assert_str_eq(e.source, "w");
		ck_assert_uint_eq(rules.n, 1); /* the right line after it is read */
		hi_buf_release(&b);
		hi_rules_release(&rules);
	}
}
END_TEST

static void count_wrong(void *arg, const struct hi_error *e)
{
	unsigned *lines = arg;
	*lines = *lines * 10 + (unsigned)e->line;
}

START_TEST(every_wrong_line_is_told)
{
	struct hi_rules rules = { 0 };
	struct hi_error e = { 0 };
	unsigned lines = 0;

	ck_assert_int_eq(
		HI_REFUSED,
		hi_rules_parse(&rules, HI_LIT("A low hr > 1\nB\n\nA low hr > 2\nC low hr > 3\nD x"),
			       "w", count_wrong, &lines, &e));
	ck_assert_uint_eq(lines, 246);
	ck_assert_uint_eq(e.line, 2);
	ck_assert_uint_eq(rules.n, 2);
	hi_rules_release(&rules);
}
END_TEST

START_TEST(seed)
{
	struct hi_rules rules = { 0 };

	ck_assert_int_eq(HI_OK, hi_rules_read(&rules, "seed", NULL, NULL, NULL));
	ck_assert_uint_eq(rules.n, 3);
	hi_rules_release(&rules);
	ck_assert_int_eq(HI_IO, hi_rules_read(&rules, "/no/such/file", NULL, NULL, NULL));
}
END_TEST

START_TEST(a_slip_in_a_metric)
{
	struct hi_rules rules = { 0 };

	ck_assert_int_eq(
		HI_OK,
		hi_rules_parse(&rules,
			       HI_LIT("A low hart_rate > 1\nB low lactate > 1\nC low hr > 1"), "",
			       NULL, NULL, NULL));
	ck_assert_str_eq(hi_metric_meant(hi_slice_of(rules.v[0].metric_name)), "heart_rate");
	ck_assert_ptr_null(hi_metric_meant(hi_slice_of(rules.v[1].metric_name)));
	ck_assert_ptr_null(hi_metric_meant(hi_slice_of(rules.v[2].metric_name)));
	hi_rules_release(&rules);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rule");
	TCase *t = tcase_create("rule");
	SRunner *sr = srunner_create(s);

	suite_add_tcase(s, t);
	tcase_add_test(t, an_episode_is_a_line_at_each_end);
	tcase_add_test(t, rules_of_one_metric_are_judged_in_order);
	tcase_add_test(t, delay);
	tcase_add_test(t, timers_fire_in_order_of_deadlines);
	tcase_add_test(t, recovery);
	tcase_add_test(t, late_readings);
	tcase_add_test(t, of_one_moment_the_value_out_of_limits_counts);
	tcase_add_test(t, a_wrong_time_does_not_stop_the_clock);
	tcase_add_test(t, what_is_not_judged);
	tcase_add_test(t, alert_records);
	tcase_add_test(t, patients_do_not_meet);
	tcase_add_test(t, each_reading);
	tcase_add_test(t, watches_know_what_nobody_minds);
	tcase_add_test(t, lines_in_canonical_form);
	tcase_add_test(t, wrong_lines);
	tcase_add_test(t, every_wrong_line_is_told);
	tcase_add_test(t, seed);
	tcase_add_test(t, a_slip_in_a_metric);
	srunner_run_all(sr, CK_NORMAL);
	int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
