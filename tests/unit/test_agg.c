/* Windows, rows, parts merged, lateness. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "agg/row.h"
#include "base/hash.h"
#include "base/time.h"

static uint64_t dice_state;

/* splitmix64 */
static uint64_t dice(void)
{
	uint64_t z = dice_state += UINT64_C(0x9E3779B97F4A7C15);
	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

static int64_t at(const char *text)
{
	struct hi_time t;
	ck_assert_int_eq(hi_time_parse(hi_slice_of(text), &t, NULL), HI_OK);
	return t.t_us;
}

static void zone(const char *name)
{
	ck_assert_int_eq(hi_tz_set(name, NULL), HI_OK);
}

static void window_is(int64_t every_us, int64_t offset_us, const char *t, const char *from,
		      const char *to)
{
	const struct hi_every every = { every_us, offset_us };
	struct hi_window w = hi_window_of(&every, at(t));
	ck_assert_msg(w.from_us == at(from), "%s: from is not %s", t, from);
	ck_assert_msg(w.to_us == at(to), "%s: to is not %s", t, to);
}

START_TEST(windows_of_utc)
{
	zone("UTC");
	window_is(HI_US_DAY, 0, "2025-12-28T06:30:00Z", "2025-12-28T00:00:00Z",
		  "2025-12-29T00:00:00Z");
	window_is(HI_US_DAY, 0, "1969-12-31T23:59:59.999999Z", "1969-12-31T00:00:00Z",
		  "1970-01-01T00:00:00Z");
	window_is(8 * HI_US_H, 6 * HI_US_H, "2025-12-28T05:59:59Z", "2025-12-27T22:00:00Z",
		  "2025-12-28T06:00:00Z");
	window_is(8 * HI_US_H, 6 * HI_US_H, "2025-12-28T06:00:00Z", "2025-12-28T06:00:00Z",
		  "2025-12-28T14:00:00Z");
	window_is(8 * HI_US_H, -2 * HI_US_H, "2025-12-28T06:00:00Z", "2025-12-28T06:00:00Z",
		  "2025-12-28T14:00:00Z");
	/* 2025-12-28 is a Sunday: the week began on Monday the 22nd. */
	window_is(7 * HI_US_DAY, 4 * HI_US_DAY, "2025-12-28T06:00:00Z", "2025-12-22T00:00:00Z",
		  "2025-12-29T00:00:00Z");
	window_is(HI_US_MS, 0, "2025-12-28T06:30:00.123456Z", "2025-12-28T06:30:00.123Z",
		  "2025-12-28T06:30:00.124Z");
}
END_TEST

START_TEST(windows_where_clocks_change)
{
	zone("Europe/Berlin");
	/* Days of 23 and 25 hours. */
	window_is(HI_US_DAY, 0, "2025-03-30T12:00:00Z", "2025-03-29T23:00:00Z",
		  "2025-03-30T22:00:00Z");
	window_is(HI_US_DAY, 0, "2025-10-26T12:00:00Z", "2025-10-25T22:00:00Z",
		  "2025-10-26T23:00:00Z");
	/* A night shift from 22:00 to 06:00 of seven hours, and of nine. */
	window_is(8 * HI_US_H, 6 * HI_US_H, "2025-03-30T00:30:00Z", "2025-03-29T21:00:00Z",
		  "2025-03-30T04:00:00Z");
	window_is(8 * HI_US_H, 6 * HI_US_H, "2025-10-26T03:00:00Z", "2025-10-25T20:00:00Z",
		  "2025-10-26T05:00:00Z");
	/* The hour from 02:00, twice. */
	window_is(HI_US_H, 0, "2025-10-26T00:30:00Z", "2025-10-26T00:00:00Z",
		  "2025-10-26T01:00:00Z");
	window_is(HI_US_H, 0, "2025-10-26T01:30:00Z", "2025-10-26T01:00:00Z",
		  "2025-10-26T02:00:00Z");
	/* A window that would begin in the missing hour begins at the change. */
	window_is(6 * HI_US_H, 150 * HI_US_MIN, "2025-03-30T05:00:00Z", "2025-03-30T01:00:00Z",
		  "2025-03-30T06:30:00Z");
	/* Days that begin in the repeated hour: at its first showing. */
	window_is(HI_US_DAY, 150 * HI_US_MIN, "2025-10-26T01:15:00Z", "2025-10-26T00:30:00Z",
		  "2025-10-27T01:30:00Z");
	zone("UTC");
}
END_TEST

/* Windows follow one another without gap or overlap, through every change of a year. */
START_TEST(windows_leave_nothing_out)
{
	static const char *const zones[] = {
		"UTC",		"Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe",
		"Pacific/Apia", "Asia/Kolkata",	 "Africa/Casablanca"
	};
	static const struct hi_every every[] = {
		{ 15 * HI_US_MIN, 0 },
		{ HI_US_H, 0 },
		{ HI_US_H, 20 * HI_US_MIN },
		{ 2 * HI_US_H, 0 },
		{ 8 * HI_US_H, 6 * HI_US_H },
		{ 12 * HI_US_H, -5 * HI_US_H },
		{ HI_US_DAY, 0 },
		{ HI_US_DAY, 150 * HI_US_MIN },
		{ 7 * HI_US_DAY, 4 * HI_US_DAY },
	};

	for (size_t z = 0; z < sizeof(zones) / sizeof(*zones); z++) {
		zone(zones[z]);
		const struct hi_every *v = &every[_i];
		int64_t t = at("2011-01-01T00:00:00Z"), end = at("2012-01-15T00:00:00Z");
		struct hi_window w = hi_window_of(v, t);
		while (w.to_us < end) {
			struct hi_window next = hi_window_of(v, w.to_us);
			ck_assert_msg(next.from_us == w.to_us && next.to_us > next.from_us,
				      "%s, window %d", zones[z], _i);
			struct hi_window last = hi_window_of(v, next.to_us - 1);
			ck_assert_msg(last.from_us == next.from_us, "%s, window %d", zones[z], _i);
			w = next;
		}
	}
	zone("UTC");
}
END_TEST

START_TEST(every_is_checked)
{
	static const struct hi_every good[] = { { HI_US_DAY, 0 },
						{ 8 * HI_US_H, 6 * HI_US_H },
						{ 90 * HI_US_MIN, 0 } };
	static const struct hi_every bad[] = { { 7 * HI_US_H, 0 },
					       { 36 * HI_US_H, 0 },
					       { 0, 0 },
					       { 8 * HI_US_H, 8 * HI_US_H },
					       { -HI_US_DAY, 0 } };
	struct hi_error e;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		ck_assert_int_eq(hi_every_check(&good[i], &e), HI_OK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_int_eq(hi_every_check(&bad[i], &e), HI_USAGE);
}
END_TEST

static struct hi_num num(const char *text)
{
	struct hi_num x;
	ck_assert_msg(hi_num_parse(hi_slice_of(text), &x), "%s", text);
	return x;
}

/* Rows as text, one after the other. */
static int keep_row(void *arg, const struct hi_stat_row *row, struct hi_error *e)
{
	struct hi_buf *b = arg;
	(void)e;
	hi_stat_json(b, row);
	hi_buf_putc(b, '\n');
	return b->failed ? HI_NOMEM : HI_OK;
}

static struct hi_agg *agg_of(struct hi_agg_options o, struct hi_buf *rows)
{
	struct hi_agg *g;
	if (!o.every.every_us)
		o.every.every_us = HI_US_DAY;
	o.row = keep_row;
	o.arg = rows;
	ck_assert_int_eq(hi_agg_new(&g, &o, NULL), HI_OK);
	return g;
}

static int add(struct hi_agg *g, const char *patient, const char *metric, struct hi_num x,
	       int64_t t_us)
{
	struct hi_rec rec = {
		.type = HI_T_READING,
		.has = HI_HAS_VALUE | HI_HAS_TIME | HI_HAS_PATIENT | HI_HAS_METRIC,
		.patient_id = hi_slice_of(patient),
		.patient_hash = hi_hash_slice(hi_slice_of(patient)),
		.metric_name = hi_slice_of(metric),
		.metric = hi_metric_find(hi_slice_of(metric)),
		.value = x,
		.t_us = t_us,
	};
	return hi_agg_add(g, &rec, NULL);
}

static void add_some(struct hi_agg *g, uint64_t seed, int n)
{
	static const char *const metrics[] = { "heart_rate", "zeta", "spo2", "lactate",
					       "temperature" };
	dice_state = seed;
	for (int i = 0; i < n; i++) {
		char patient[16];
		snprintf(patient, sizeof(patient), "P-%03d", (int)(dice() % 200));
		const char *metric = metrics[dice() % 5];
		struct hi_num x = hi_num_decimal((int64_t)(dice() % 400), (uint8_t)(dice() % 2));
		int64_t t = at("2025-12-28T00:00:00Z") + (int64_t)seed * HI_US_DAY +
			    (int64_t)(dice() % 72) * HI_US_H;
		ck_assert_int_eq(add(g, patient, metric, x, t), HI_OK);
	}
}

static const struct hi_agg_options merged_options[] = {
	{ .by_patient = false },
	{ .by_patient = true },
	{ .every = { HI_US_H, 0 }, .by_patient = true },
};

/* (a + b) + c, a + (b + c), c + b + a, and all at once: the same bytes. */
START_TEST(merging_is_associative)
{
	struct hi_buf rows[4];
	const struct hi_agg_options *o = &merged_options[_i];

	for (int way = 0; way < 4; way++) {
		struct hi_agg *part[3];
		hi_buf_init(&rows[way], 64 << 20);
		for (uint64_t k = 0; k < 3; k++) {
			part[k] = agg_of(*o, &rows[way]);
			if (way > 0)
				add_some(part[k], k + 1, 3000);
		}
		if (way == 0)
			for (uint64_t k = 3; k > 0; k--)
				add_some(part[0], k, 3000);
		int into = way == 2 ? 1 : way == 3 ? 2 : 0;
		if (way == 1) {
			ck_assert_int_eq(hi_agg_merge(part[0], part[1], NULL), HI_OK);
			ck_assert_int_eq(hi_agg_merge(part[0], part[2], NULL), HI_OK);
		} else if (way == 2) {
			ck_assert_int_eq(hi_agg_merge(part[1], part[2], NULL), HI_OK);
			ck_assert_int_eq(hi_agg_merge(part[0], part[1], NULL), HI_OK);
			into = 0;
		} else if (way == 3) {
			ck_assert_int_eq(hi_agg_merge(part[2], part[1], NULL), HI_OK);
			ck_assert_int_eq(hi_agg_merge(part[2], part[0], NULL), HI_OK);
		}
		ck_assert_int_eq(hi_agg_finish(part[into], NULL), HI_OK);
		for (int k = 0; k < 3; k++)
			hi_agg_free(part[k]);
	}
	ck_assert_uint_gt(rows[0].len, 1000);
	for (int way = 1; way < 4; way++)
		ck_assert(hi_slice_eq(hi_buf_view(&rows[0]), hi_buf_view(&rows[way])));
	for (int way = 0; way < 4; way++)
		hi_buf_release(&rows[way]);
}
END_TEST

START_TEST(rows_in_order)
{
	struct hi_buf rows;
	hi_buf_init(&rows, 1 << 20);
	struct hi_agg *g = agg_of((struct hi_agg_options){ .by_patient = true }, &rows);
	int64_t t = at("2025-12-28T06:30:00Z");

	add(g, "b", "zeta", num("1"), t);
	add(g, "a", "zeta", num("1"), t);
	add(g, "a", "alpha", num("1"), t);
	add(g, "a", "spo2", num("97"), t);
	add(g, "a", "heart_rate", num("70"), t + HI_US_DAY);
	add(g, "ab", "heart_rate", num("70"), t);
	add(g, "a", "heart_rate", num("70"), t);
	ck_assert_int_eq(hi_agg_finish(g, NULL), HI_OK);

	static const char *const want[] = {
		"28\",\"metric_name\":\"heart_rate\",\"patient_id\":\"a\"",
		"28\",\"metric_name\":\"heart_rate\",\"patient_id\":\"ab\"",
		"28\",\"metric_name\":\"spo2\",\"patient_id\":\"a\"",
		"28\",\"metric_name\":\"alpha\",\"patient_id\":\"a\"",
		"28\",\"metric_name\":\"zeta\",\"patient_id\":\"a\"",
		"28\",\"metric_name\":\"zeta\",\"patient_id\":\"b\"",
		"29\",\"metric_name\":\"heart_rate\",\"patient_id\":\"a\""
	};
	hi_buf_putc(&rows, '\0');
	const char *p = rows.ptr;
	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		const char *end = strchr(p, '\n');
		ck_assert_ptr_nonnull(end);
		const char *found = strstr(p, want[i]);
		ck_assert_msg(found && found < end, "row %zu", i);
		p = end + 1;
	}
	ck_assert_str_eq(p, "");
	hi_agg_free(g);
	hi_buf_release(&rows);
}
END_TEST

static size_t count_rows(const struct hi_buf *rows)
{
	size_t n = 0;
	for (size_t i = 0; i < rows->len; i++)
		n += rows->ptr[i] == '\n';
	return n;
}

START_TEST(lateness)
{
	struct hi_buf rows;
	hi_buf_init(&rows, 1 << 20);
	struct hi_agg *g = agg_of((struct hi_agg_options){ .every = { HI_US_H, 0 },
							   .lateness_given = true,
							   .lateness_us = 10 * HI_US_MIN },
				  &rows);
	int64_t t = at("2025-12-28T06:30:00Z");
	struct hi_num x = num("70");

	ck_assert_int_eq(add(g, "a", "heart_rate", x, t), HI_OK);
	ck_assert_int_eq(add(g, "a", "heart_rate", x, t + 39 * HI_US_MIN), HI_OK);
	ck_assert_int_eq(add(g, "a", "heart_rate", x, t), HI_OK); /* late, in time */
	ck_assert_uint_eq(count_rows(&rows), 0);
	ck_assert_int_eq(add(g, "a", "heart_rate", x, t + 40 * HI_US_MIN), HI_OK);
	ck_assert_uint_eq(count_rows(&rows), 1);
	ck_assert_int_eq(add(g, "a", "heart_rate", x, t), HI_REFUSED);
	ck_assert_uint_eq(hi_agg_late(g), 1);
	/* One patient's jump waits; it is counted all the same. */
	ck_assert_int_eq(add(g, "a", "heart_rate", x, t + 50 * HI_US_DAY), HI_OK);
	ck_assert_int_eq(add(g, "a", "heart_rate", x, t + 51 * HI_US_DAY), HI_OK);
	ck_assert_uint_eq(count_rows(&rows), 1);
	ck_assert_int_eq(add(g, "b", "heart_rate", x, t + 5 * HI_US_H), HI_OK);
	ck_assert_uint_eq(count_rows(&rows), 2);
	ck_assert_int_eq(hi_agg_finish(g, NULL), HI_OK);
	ck_assert_uint_eq(count_rows(&rows), 5);
	hi_agg_free(g);
	hi_buf_release(&rows);
}
END_TEST

START_TEST(row_as_text)
{
	struct hi_buf b;
	hi_buf_init(&b, 1 << 16);
	zone("Europe/Berlin");
	const struct hi_stat_row row = {
		.window = { at("2025-12-27T23:00:00Z"), at("2025-12-28T23:00:00Z") },
		.every_us = HI_US_DAY,
		.metric_name = HI_LIT("heart_rate"),
		.patient_id = HI_LIT("a\"b"),
		.patient_count = 1,
		.all = { .count = 2,
			 .avg = 200.5,
			 .min = 1,
			 .max = 400,
			 .has_sd = true,
			 .sd = 2.25,
			 .p05 = 1,
			 .p50 = 2,
			 .p95 = 3 },
		.plausible = { .count = 1,
			       .avg = 1,
			       .min = 1,
			       .max = 1,
			       .p05 = 1,
			       .p50 = 1,
			       .p95 = 1 },
		.complete = true,
	};
	hi_stat_json(&b, &row);
	hi_buf_putc(&b, '\0');
	ck_assert_str_eq(
		b.ptr, "{\"type\":\"stat\",\"from\":\"2025-12-27T23:00:00Z\","
		       "\"to\":\"2025-12-28T23:00:00Z\",\"every\":\"1d\",\"tz\":\"Europe/Berlin\","
		       "\"stat_date\":\"2025-12-28\",\"metric_name\":\"heart_rate\","
		       "\"patient_id\":\"a\\\"b\",\"count\":2,\"patient_count\":1,\"avg\":200.5,"
		       "\"min\":1,\"max\":400,\"sd\":2.25,\"p05\":1,\"p50\":2,\"p95\":3,"
		       "\"implausible\":1,\"plausible\":{\"avg\":1,\"min\":1,\"max\":1,\"p05\":1,"
		       "\"p50\":1,\"p95\":1},\"complete\":true}");
	hi_buf_reset(&b);
	hi_stat_csv_header(&b);
	hi_stat_csv(&b, &row);
	hi_buf_putc(&b, '\0');
	ck_assert_str_eq(
		strchr(b.ptr, '\n') + 1,
		"2025-12-27 23:00:00.000,2025-12-28 23:00:00.000,1d,Europe/Berlin,"
		"2025-12-28,heart_rate,\"a\"\"b\",,2,1,200.5,1,400,2.25,1,2,3,1,1,1,1,,1,1,"
		"1,false,true\n");
	hi_buf_release(&b);
	zone("UTC");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("agg");
	TCase *c = tcase_create("agg");

	hi_hash_start();
	tcase_set_timeout(c, 120);
	tcase_add_test(c, windows_of_utc);
	tcase_add_test(c, windows_where_clocks_change);
	tcase_add_loop_test(c, windows_leave_nothing_out, 0, 9);
	tcase_add_test(c, every_is_checked);
	tcase_add_loop_test(c, merging_is_associative, 0, 3);
	tcase_add_test(c, rows_in_order);
	tcase_add_test(c, lateness);
	tcase_add_test(c, row_as_text);
	suite_add_tcase(suite, c);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
