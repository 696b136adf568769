/* Escaping, words, axes, series that coarsen, the summary, and charts in bounds. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "report/axis.h"
#include "report/chart.h"
#include "report/html.h"
#include "report/page.h"
#include "report/plot.h"
#include "report/words.h"
#include "vital/reader.h"

static struct hi_buf b;

static void setup(void)
{
	hi_buf_init(&b, 1 << 24);
}

static void teardown(void)
{
	hi_buf_release(&b);
}

/* The buffer's text, which is emptied. */
static const char *said(void)
{
	static char text[8192];
	size_t n = b.len < sizeof(text) - 1 ? b.len : sizeof(text) - 1;

	if (n)
		memcpy(text, b.ptr, n);
	text[n] = '\0';
	hi_buf_reset(&b);
	return text;
}

START_TEST(text_is_only_text)
{
	hi_html_str(&b, "<script>\"a\" & 'b'</script>");
	ck_assert_str_eq(said(), "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/script&gt;");
	hi_html_str(&b, "\u00e9 \u05d0 \u4e2d \U0001F600");
	ck_assert_str_eq(said(), "\u00e9 \u05d0 \u4e2d \U0001F600");
	hi_html_text(&b, (struct hi_slice){ "a\0b\tc\x7f", 6 });
	ck_assert_str_eq(said(), "a\u2039U+0000\u203Ab\u2039U+0009\u203Ac\u2039U+007F\u203A");
	hi_html_str(&b, "P\u202e10\u200b\u2066\ufeff\xc2\x85");
	ck_assert_str_eq(
		said(),
		"P\u2039U+202E\u203A10\u2039U+200B\u203A\u2039U+2066\u203A\u2039U+FEFF\u203A"
		"\u2039U+0085\u203A");
	hi_plain_text(&b, HI_LIT("<\x1b[2J>"));
	ck_assert_str_eq(said(), "<\u2039U+001B\u203A[2J>");
}
END_TEST

START_TEST(bytes_that_are_no_utf8)
{
	hi_html_str(&b, "a\xff\xc0\x80z");
	ck_assert_str_eq(said(), "a\uFFFD\uFFFD\uFFFDz");
	hi_html_str(&b, "\xed\xa0\x80"); /* a surrogate */
	ck_assert_str_eq(said(), "\uFFFD\uFFFD\uFFFD");
	hi_html_str(&b, "\xe4\xb8"); /* cut */
	ck_assert_str_eq(said(), "\uFFFD\uFFFD");
	hi_html_text(&b, (struct hi_slice){ "\xf0\x9f\x98<", 4 });
	ck_assert_str_eq(said(), "\uFFFD\uFFFD\uFFFD&lt;");
}
END_TEST

START_TEST(words)
{
	struct hi_range range = { .known = true, .low = 36.5, .high = 37.5 };

	hi_words_count(&b, 1234567);
	hi_buf_putc(&b, ' ');
	hi_words_count(&b, 999);
	hi_buf_putc(&b, ' ');
	hi_words_counted(&b, 1, "patient");
	ck_assert_str_eq(said(), "1,234,567 999 1 patient");
	hi_words_value(&b, -0.04, 1);
	hi_buf_putc(&b, ' ');
	hi_words_value(&b, 36.44, 1);
	hi_buf_putc(&b, ' ');
	hi_words_value(&b, 7000400, 0);
	ck_assert_str_eq(said(), "0.0 36.4 7000400");
	hi_words_value(&b, -1e-7, 4);
	hi_buf_putc(&b, ' ');
	hi_words_value(&b, 1e-16, 4);
	ck_assert_str_eq(said(), "-1e-07 0.0000");
	hi_words_range(&b, &range, 1);
	ck_assert_str_eq(said(), "36.5\u201337.5");
	range = (struct hi_range){ .known = true, .low = 60, .high = 100 };
	hi_words_range(&b, &range, 1);
	ck_assert_str_eq(said(), "60\u2013100");
	hi_words_duration(&b, 7500 * HI_US_S);
	hi_buf_putc(&b, '|');
	hi_words_duration(&b, 45 * HI_US_S);
	hi_buf_putc(&b, '|');
	hi_words_duration(&b, 49 * HI_US_H);
	ck_assert_str_eq(said(), "2 h 5 min|45 s|2 d 1 h");
	hi_words_bytes(&b, 2400000);
	ck_assert_str_eq(said(), "2.4 MB");
}
END_TEST

START_TEST(value_axes_are_round_and_hold_the_range)
{
	static const double ends[][2] = { { 60, 100 },	{ 36.1, 39.2 }, { 0, 0 },    { 97, 97 },
					  { -3, 1e30 }, { 1e-9, 2e-9 }, { 95, 100 }, { -40, -2 } };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct hi_axis a;
		double marks;

		hi_axis_values(&a, ends[i][0], ends[i][1], 5);
		marks = (a.high - a.low) / a.step;
		ck_assert(a.low < a.high);
		ck_assert(a.low <= ends[i][0] + a.step * 1e-6);
		ck_assert(a.high >= ends[i][1] - a.step * 1e-6);
		ck_assert(fabs(marks - round(marks)) < 1e-6 && marks <= 4.5);
	}
}
END_TEST

START_TEST(time_axes)
{
	struct hi_tick tick[HI_AXIS_TICKS_MAX];
	int64_t from, spans[] = { HI_US_S,	90 * HI_US_S,	 HI_US_H,
				  40 * HI_US_H, 400 * HI_US_DAY, HI_TIME_END - HI_TIME_MIN - 1 };
	struct hi_time t;

	ck_assert_int_eq(hi_time_parse(HI_LIT("2025-12-31T20:10:00Z"), &t, NULL), HI_OK);
	from = t.t_us;
	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		size_t n;

		if (i == 5)
			from = HI_TIME_MIN;
		n = hi_axis_times(from, from + spans[i], 5, tick);
		ck_assert_uint_ge(n, 1);
		ck_assert_uint_le(n, 5);
		for (size_t k = 0; k < n; k++) {
			ck_assert(tick[k].t_us >= from && tick[k].t_us <= from + spans[i]);
			ck_assert_uint_ge(strlen(tick[k].label), 4);
		}
	}
	ck_assert_uint_eq(hi_axis_times(t.t_us, t.t_us + 8 * HI_US_H, 5, tick), 4);
	ck_assert_str_eq(tick[0].label, "22:00");
	ck_assert_str_eq(tick[1].label, "1 Jan");
}
END_TEST

/* Sorted, within the bound, and nothing lost. */
static void check_series(const struct hi_series *s, unsigned max, uint64_t n, uint64_t bad)
{
	uint64_t got = 0, got_bad = 0;

	ck_assert_uint_le(s->n, max);
	for (uint32_t i = 0; i < s->n; i++) {
		ck_assert(i == 0 || s->b[i].t_us > s->b[i - 1].t_us);
		ck_assert(s->b[i].n == 0 || s->b[i].min <= s->b[i].max);
		ck_assert(s->b[i].n == 0 || (s->b[i].mean >= s->b[i].min - 1e-3F &&
					     s->b[i].mean <= s->b[i].max + 1e-3F));
		got += s->b[i].n;
		got_bad += s->b[i].bad;
	}
	ck_assert_uint_eq(got, n);
	ck_assert_uint_eq(got_bad, bad);
}

START_TEST(series_keep_hourly_readings)
{
	struct hi_series s;

	hi_series_init(&s);
	for (int i = 0; i < 500; i++)
		ck_assert_int_eq(hi_series_add(&s, i * HI_US_H, 60 + i % 40, HI_SAMPLE_VALUE, 512),
				 HI_OK);
	ck_assert_uint_eq(s.n, 500);
	check_series(&s, 512, 500, 0);
	ck_assert(hi_series_gap(&s, 0) == HI_US_H / 2 * 5);
	hi_series_release(&s);
}
END_TEST

START_TEST(series_coarsen)
{
	struct hi_series s;
	float low = 1e9F, high = -1e9F;

	hi_series_init(&s);
	for (int i = 0; i < 17280; i++) /* a day at 5 s */
		hi_series_add(&s, i * 5 * HI_US_S, i == 9000 ? 190 : 60 + i % 7, HI_SAMPLE_VALUE,
			      512);
	check_series(&s, 512, 17280, 0);
	ck_assert_uint_ge(s.n, 256);
	for (uint32_t i = 0; i < s.n; i++) {
		low = fminf(low, s.b[i].min);
		high = fmaxf(high, s.b[i].max);
	}
	ck_assert(low == 60 && high == 190); /* the one peak is still there */
	hi_series_shrink(&s, 16);
	check_series(&s, 16, 17280, 0);
	ck_assert_uint_eq(s.cap, 16);
	ck_assert(s.min == 60 && s.max == 190);
	hi_series_release(&s);
}
END_TEST

START_TEST(series_take_any_order)
{
	struct hi_series s;
	uint32_t x = 1;
	uint64_t bad = 0;

	hi_series_init(&s);
	for (int i = 0; i < 5000; i++) {
		bool is_bad;
		int64_t t_us;

		x = x * 1664525 + 1013904223;
		t_us = (int64_t)(x >> 8) * HI_US_S -
		       (INT64_C(1) << 23) * HI_US_S; /* before 1970 too */
		is_bad = x % 11 == 0;
		bad += is_bad;
		hi_series_add(&s, t_us, x % 100, is_bad ? HI_SAMPLE_BAD : HI_SAMPLE_VALUE, 64);
	}
	hi_series_add(&s, HI_TIME_END - 1, 1, HI_SAMPLE_VALUE, 64);
	hi_series_add(&s, HI_TIME_MIN, 1, HI_SAMPLE_VALUE, 64);
	check_series(&s, 64, 5002 - bad, bad);
	ck_assert_uint_eq(s.count, 5002 - bad);
	ck_assert(s.value_us == HI_TIME_END - 1 && s.last == 1);
	hi_series_release(&s);
}
END_TEST

START_TEST(null_breaks_the_line)
{
	struct hi_plot p = { 0, 1000, 0, 100, 0, 100 * HI_US_S, 0, 100 };
	struct hi_column column[HI_SERIES_MAX];
	struct hi_series s;

	hi_series_init(&s);
	for (int i = 0; i <= 100; i += 10)
		hi_series_add(&s, i * HI_US_S, 50, i == 50 ? HI_SAMPLE_ABSENT : HI_SAMPLE_VALUE,
			      512);
	ck_assert_uint_eq(hi_plot_columns(&s, &p, 10, column), 10);
	hi_plot_line(&b, &p, column, 10);
	ck_assert_str_eq(said(),
			 "<path class=\"ln\" d=\"M0 5l10 0l10 0l10 0l10 0M60 5l10 0l10 0l10 0"
			 "l10 0\"/>");
	/* No null, but a step four times the usual one. */
	hi_series_release(&s);
	for (int i = 0; i <= 100; i += i == 40 ? 40 : 10)
		hi_series_add(&s, i * HI_US_S, 50, HI_SAMPLE_VALUE, 512);
	hi_plot_line(&b, &p, column, hi_plot_columns(&s, &p, 10, column));
	ck_assert_str_eq(said(),
			 "<path class=\"ln\" d=\"M0 5l10 0l10 0l10 0l10 0M80 5l10 0l10 0\"/>");
	hi_series_release(&s);
}
END_TEST

/* A summary of lines, finished. */
static void summarise(struct hi_summary *s, const char *const *lines)
{
	struct hi_reader *r;
	struct hi_rec rec;
	struct hi_error e;

	ck_assert_int_eq(hi_reader_new(&r, NULL, NULL, &e), HI_OK);
	ck_assert_int_eq(hi_summary_init(s, &e), HI_OK);
	for (; *lines; lines++) {
		ck_assert_msg(hi_reader_line_parse(r, hi_slice_of(*lines), &rec, &e) == HI_OK, "%s",
			      *lines);
		ck_assert_int_eq(hi_summary_add(s, &rec, &e), HI_OK);
	}
	hi_reader_free(r);
	ck_assert_int_eq(hi_summary_finish(s, &e), HI_OK);
}

#define READING(id, metric, value, time)                                                           \
	"{\"patient_id\":\"" id "\",\"metric_name\":\"" metric "\",\"value\":" value               \
	",\"timestamp\":\"2025-12-28T" time "Z\"}"
#define ALERT(alert, id, type, priority, status, time, more)                                       \
	"{\"type\":\"alert\",\"alert_id\":\"" alert "\",\"patient_id\":\"" id                      \
	"\",\"metric_name\":\"spo2\",\"alert_type\":\"" type "\",\"priority\":\"" priority         \
	"\",\"status\":\"" status "\",\"observed_value\":88,\"unit\":\"%\",\"limit\":\"< 92\","    \
	"\"timestamp\":\"2025-12-28T" time "Z\"" more "}"

START_TEST(episodes_are_joined)
{
	static const char *const lines[] = {
		READING("P-1", "spo2", "88", "06:00:00"),
		ALERT("a", "P-1", "HYPOXIA", "high", "ACTIVE", "06:00:00", ""),
		READING("P-1", "spo2", "80", "06:01:00"),
		READING("P-2", "spo2", "80", "06:01:00"),
		ALERT("b", "P-2", "HYPOXIA", "high", "ACTIVE", "06:01:00", ""),
		ALERT("c", "P-3", "LOW", "low", "ACTIVE", "06:01:00", ""),
		ALERT("a", "P-1", "HYPOXIA", "high", "CLEARED", "06:00:00",
		      ",\"ended\":\"2025-12-28T06:02:00Z\",\"worst_value\":80,\"latched\":false"),
		ALERT("d", "P-1", "HYPOXIA", "high", "ACTIVE", "06:03:00", ",\"each\":true"),
		ALERT("", "P-1", "HYPOXIA", "high", "ACTIVE", "06:03:00", ""),
		NULL
	};
	struct hi_summary s;

	summarise(&s, lines);
	ck_assert_uint_eq(s.episodes_n, 3);
	ck_assert_uint_eq(s.active_n, 2);
	ck_assert_uint_eq(s.active[HI_PRIORITY_HIGH], 1);
	ck_assert_uint_eq(s.each, 1);
	ck_assert_uint_eq(s.alerts_odd, 1);
	ck_assert_uint_eq(s.rules_n, 2);
	/* Most urgent patient first, who has none last. */
	ck_assert_uint_eq(s.patients_n, 3);
	ck_assert(hi_slice_is(s.order[0]->id, "P-2"));
	ck_assert(hi_slice_is(s.order[1]->id, "P-3"));
	ck_assert(hi_slice_is(s.order[2]->id, "P-1"));
	ck_assert(!s.episodes[0]->ended && s.episodes[2]->ended);
	ck_assert(s.episodes[2]->end_us - s.episodes[2]->onset_us == 2 * HI_US_MIN);
	ck_assert(s.episodes[2]->has_worst && s.episodes[2]->worst.v == 80);
	hi_summary_release(&s);
}
END_TEST

START_TEST(values_and_patients)
{
	static const char *const lines[] = {
		READING("P-1", "heart_rate", "7000400", "06:00:00"),
		READING("P-1", "heart_rate", "130", "06:10:00"),
		READING("P-1", "heart_rate", "null", "06:20:00"),
		READING("P-1", "heart_rate", "90", "06:05:00"), /* late: not the newest */
		READING("P-1", "consciousness", "\"V\"", "06:00:00"),
		READING("P-1", "zeta", "1.25", "06:00:00"),
		READING("P-1", "alpha", "1", "06:00:00"),
		"{\"type\":\"patient\",\"patient_id\":\"P-1\",\"version\":2,\"name\":\"New\","
		"\"ward\":\"W\"}",
		"{\"type\":\"patient\",\"patient_id\":\"P-1\",\"version\":1,\"name\":\"Old\"}",
		"{\"type\":\"reject\",\"tool\":\"t\",\"source\":\"s\",\"line\":3,\"reason\":\"r\"}",
		"{\"type\":\"reject\",\"tool\":\"t\",\"source\":\"s\",\"line\":9,\"reason\":\"r\"}",
		NULL
	};
	const struct hi_series *hr;
	struct hi_summary s;
	double burden;

	summarise(&s, lines);
	ck_assert_uint_eq(s.patients_n, 1);
	ck_assert(hi_slice_is(hi_words_view(s.order[0]->name), "New"));
	hr = hi_summary_series(s.order[0], s.metric_order[0]);
	ck_assert(s.metrics[s.metric_order[0]].metric == hi_metric_find(HI_LIT("heart_rate")));
	ck_assert(hi_slice_is(hi_words_view(&s.metrics[s.metric_order[2]].name), "alpha"));
	ck_assert(hi_slice_is(hi_words_view(&s.metrics[s.metric_order[3]].name), "zeta"));
	ck_assert_uint_eq(hr->count, 2);
	ck_assert_uint_eq(hr->bad, 1);
	ck_assert_uint_eq(hr->absent, 1);
	ck_assert_uint_eq(hr->outside, 1);
	ck_assert(hr->last == 130 && hr->max == 130 && hr->min == 90);
	ck_assert_uint_eq(s.implausible, 1);
	ck_assert_uint_eq(s.rejects_n, 1);
	ck_assert_uint_eq(s.rejects[0].n, 2);
	ck_assert_uint_eq(s.rejects[0].line, 3);
	ck_assert(s.order[0]->monitored_us == 20 * HI_US_MIN);
	ck_assert(hi_summary_burden(&s, &burden) && burden == 0);
	ck_assert(s.stats_computed && s.stats_n > 0);
	hi_chart_value(&b, hi_summary_series(s.order[0], s.metric_order[1]),
		       s.metrics[s.metric_order[1]].metric);
	ck_assert_str_eq(said(), "V");
	hi_summary_release(&s);
}
END_TEST

START_TEST(stat_records_stand)
{
	static const char *const lines[] = {
		READING("P-1", "spo2", "97", "06:00:00"),
		"{\"type\":\"stat\",\"from\":\"2025-12-28T00:00:00Z\",\"to\":\"2025-12-29T00:00:"
		"00Z\","
		"\"every\":\"1d\",\"tz\":\"UTC\",\"metric_name\":\"spo2\",\"count\":7,"
		"\"patient_count\":2,\"avg\":96.5,\"min\":90,\"max\":99,\"complete\":false}",
		"{\"type\":\"stat\",\"from\":\"2025-12-28T00:00:00Z\",\"to\":\"2025-12-29T00:00:"
		"00Z\","
		"\"every\":\"1d\",\"tz\":\"UTC\",\"metric_name\":\"spo2\",\"count\":8,"
		"\"patient_count\":2,\"avg\":96.5,\"min\":90,\"max\":99,\"complete\":false}",
		NULL
	};
	struct hi_summary s;

	summarise(&s, lines);
	ck_assert_uint_eq(s.stats_n, 1);
	ck_assert(!s.stats_computed && s.stats[0].count == 8 && s.stats[0].incomplete);
	ck_assert(s.stats[0].v[HI_STAT_AVG] == 96.5);
	ck_assert_uint_eq(s.stats[0].has,
			  1U << HI_STAT_AVG | 1U << HI_STAT_MIN | 1U << HI_STAT_MAX);
	hi_summary_release(&s);
}
END_TEST

START_TEST(lists_have_ends)
{
	struct hi_reader *r;
	struct hi_summary s;
	struct hi_rec rec;
	struct hi_error e;
	char line[256];

	ck_assert_int_eq(hi_reader_new(&r, NULL, NULL, &e), HI_OK);
	ck_assert_int_eq(hi_summary_init(&s, &e), HI_OK);
	for (int i = 0; i < 200; i++) {
		snprintf(line, sizeof(line), READING("P-1", "m%d", "1", "06:00:00"), i);
		ck_assert_int_eq(hi_reader_line_parse(r, hi_slice_of(line), &rec, &e), HI_OK);
		ck_assert_int_eq(hi_summary_add(&s, &rec, &e), HI_OK);
	}
	for (int i = 0; i < 1000; i++) {
		snprintf(line, sizeof(line),
			 "{\"type\":\"alert\",\"alert_id\":\"a%d\",\"patient_id\":\"P-1\","
			 "\"alert_type\":\"R%d\",\"status\":\"ACTIVE\","
			 "\"timestamp\":\"2025-12-28T06:00:00Z\"}",
			 i, i);
		ck_assert_int_eq(hi_reader_line_parse(r, hi_slice_of(line), &rec, &e), HI_OK);
		ck_assert_int_eq(hi_summary_add(&s, &rec, &e), HI_OK);
	}
	hi_reader_free(r);
	ck_assert_int_eq(hi_summary_finish(&s, &e), HI_OK);
	ck_assert_uint_eq(s.metrics_n, HI_SUMMARY_METRICS_MAX);
	ck_assert_uint_eq(s.metrics_left, 200 - HI_SUMMARY_METRICS_MAX);
	ck_assert_uint_eq(s.rules_n, HI_SUMMARY_RULES_MAX);
	ck_assert_uint_eq(s.rules_left, 1000 - HI_SUMMARY_RULES_MAX);
	ck_assert_uint_eq(s.episodes_n, 1000);
	hi_summary_release(&s);
}
END_TEST

START_TEST(a_chart_does_not_grow_with_its_input)
{
	struct hi_summary_metric m = { .metric = hi_metric_find(HI_LIT("heart_rate")) };
	size_t size[2];

	for (int round = 0; round < 2; round++) {
		int n = round ? 400000 : 40000;
		struct hi_series s;
		struct hi_chart c = { .series = &s,
				      .metric = &m,
				      .patient_id = HI_LIT("P"),
				      .to_us = n * HI_US_S,
				      .column = 10 };

		hi_series_init(&s);
		for (int i = 0; i < n; i++)
			hi_series_add(&s, i * HI_US_S, 60 + i * 7 % 50, HI_SAMPLE_VALUE, 512);
		hi_chart_draw(&b, &c);
		hi_chart_table(&b, &c, 48);
		size[round] = b.len;
		hi_buf_reset(&b);
		hi_series_release(&s);
	}
	ck_assert_uint_lt(size[0], 16384);
	ck_assert_uint_lt(size[1], 16384);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report");
	TCase *t = tcase_create("all");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, text_is_only_text);
	tcase_add_test(t, bytes_that_are_no_utf8);
	tcase_add_test(t, words);
	tcase_add_test(t, value_axes_are_round_and_hold_the_range);
	tcase_add_test(t, time_axes);
	tcase_add_test(t, series_keep_hourly_readings);
	tcase_add_test(t, series_coarsen);
	tcase_add_test(t, series_take_any_order);
	tcase_add_test(t, null_breaks_the_line);
	tcase_add_test(t, episodes_are_joined);
	tcase_add_test(t, values_and_patients);
	tcase_add_test(t, stat_records_stand);
	tcase_add_test(t, lists_have_ends);
	tcase_add_test(t, a_chart_does_not_grow_with_its_input);
	suite_add_tcase(suite, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
