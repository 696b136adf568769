/* lib/csv: rows, cells, headers, mappings, statistics, export. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "csv/cell.h"
#include "csv/export.h"
#include "csv/import.h"
#include "vital/reader.h"

#define TEXT(s) ((struct hi_slice){ (s), strlen(s) })

/* --- rows -------------------------------------------------------------------- */

/* Every row as "LINE:cell|cell" or "LINE!text", one a line. */
static void rows_of(struct hi_slice csv, size_t chunk, uint64_t seed, bool lines, struct hi_buf *b)
{
	struct hi_csv_rows *r;
	struct hi_input *in;
	struct hi_csv_row row;
	struct hi_error e;
	int s;

	ck_assert_int_eq(hi_input_memory(&in, csv, chunk, seed, &e), HI_OK);
	ck_assert_int_eq(hi_csv_rows_new(&r, NULL, NULL, &e), HI_OK);
	hi_csv_rows_open(r, in, '\0', lines);
	while ((s = hi_csv_rows_next(r, &row, &e)) == HI_OK || s == HI_REFUSED) {
		hi_buf_printf(b, "%llu%c", (unsigned long long)row.line, s == HI_OK ? ':' : '!');
		if (s == HI_REFUSED)
			hi_buf_slice(b, row.text);
		for (size_t i = 0; s == HI_OK && i < row.n; i++) {
			hi_buf_puts(b, i ? "|" : "");
			hi_buf_slice(b, row.cell[i]);
		}
		hi_buf_putc(b, '\n');
	}
	ck_assert_int_eq(s, HI_END);
	hi_csv_rows_free(r);
	hi_input_close(in);
}

static void check_rows(const char *csv, bool lines, const char *want)
{
	for (size_t chunk = 0; chunk < 9; chunk++) {
		struct hi_buf b;
		hi_buf_init(&b, 1 << 20);
		rows_of(TEXT(csv), chunk, chunk * 7 + 1, lines, &b);
		hi_buf_putc(&b, '\0');
		ck_assert_str_eq(b.ptr, want);
		hi_buf_release(&b);
	}
}

START_TEST(rows_plain)
{
	check_rows("", false, "");
	check_rows("a,b\n1,2\n", false, "1:a|b\n2:1|2\n");
	check_rows("a;b;c,d\n1;2,5;3", false, "1:a|b|c,d\n2:1|2,5|3\n");
	check_rows("a\tb\n 1 \t\n", false, "1:a|b\n2:1|\n");
	check_rows("a|b\r\n\r\n  \r\n1|2\r\n", false, "1:a|b\n4:1|2\n");
	check_rows("\xEF\xBB\xBF\"a\",b\n1,\"2\"\n", false, "1:a|b\n2:1|2\n");
	check_rows("a,b\r1,2\r3,4", false, "1:a|b\n2:1|2\n3:3|4\n");
	check_rows("one\n1\n", false, "1:one\n2:1\n");
}
END_TEST

START_TEST(rows_quoted)
{
	check_rows("a,b\n\"x\ny\",\"say \"\"hi\"\"\"\n3,4\n", false,
		   "1:a|b\n2:x\ny|say \"hi\"\n4:3|4\n");
	/* Separators within quotes do not count for the choice. */
	check_rows("\"a,b,c\";d\n1;2\n", false, "1:a,b,c|d\n2:1|2\n");
	/* A quote that is never closed costs its own line only. */
	check_rows("a,b\n1,\"x\n3,4\n5,6\n", false, "1:a|b\n2!1,\"x\n3:3|4\n4:5|6\n");
	check_rows("a,b\n1,\"x\n3,\"y\n5,6", false, "1:a|b\n2!1,\"x\n3!3,\"y\n4:5|6\n");
	check_rows("a,b\n1,\"x\n3,4\n", true, "1:a|b\n2!1,\"x\n3:3|4\n");
	check_rows("a,b\n1,\"x\ny\"\n3,4\n", true, "1:a|b\n2!1,\"x\n3:y\"\n4:3|4\n");
	check_rows("a,b\n1,2\r3\n4,5\n", false, "1:a|b\n2!1,2\r3\n3:4|5\n");
}
END_TEST

/* A row above 1 MiB, as one line and as a quote that opens: the rest is read. */
START_TEST(rows_too_long)
{
	static const char *const heads[] = { "a,b\n1,", "a,b\n1,\"" };
	size_t len = 3 * (size_t)HI_CSV_ROW_MAX;

	for (int k = 0; k < 4; k++) {
		struct hi_buf in, out;
		hi_buf_init(&in, 8 << 20);
		hi_buf_init(&out, 8 << 20);
		hi_buf_puts(&in, heads[k % 2]);
		for (size_t i = 0; i < len; i++)
			hi_buf_putc(&in, k >= 2 && i % 64 == 63 ? '\n' : 'x');
		hi_buf_puts(&in, "\n3,4\n");
		rows_of(hi_buf_view(&in), 0, 1, false, &out);
		hi_buf_putc(&out, '\0');
		ck_assert_ptr_nonnull(strstr(out.ptr, "1:a|b\n2"));
		ck_assert_ptr_nonnull(strstr(out.ptr, ":3|4\n"));
		if (k < 2) {
			ck_assert_ptr_nonnull(strstr(out.ptr, "\n2!1,"));
			ck_assert_ptr_nonnull(strstr(out.ptr, "\n3:3|4\n"));
			ck_assert_uint_lt(out.len, 5000);
		}
		hi_buf_release(&in);
		hi_buf_release(&out);
	}
}
END_TEST

START_TEST(rows_look_and_back)
{
	struct hi_csv_rows *r;
	struct hi_input *in;
	struct hi_csv_row row;
	struct hi_error e;

	ck_assert_int_eq(hi_input_memory(&in, TEXT("a,b\n1,2\n3,\"4\n5\"\n6,7\n"), 3, 5, &e), 0);
	ck_assert_int_eq(hi_csv_rows_new(&r, NULL, NULL, &e), HI_OK);
	hi_csv_rows_open(r, in, '\0', false);
	ck_assert_int_eq(hi_csv_rows_next(r, &row, &e), HI_OK);
	hi_csv_rows_mark(r);
	while (hi_csv_rows_may_look(r) && hi_csv_rows_next(r, &row, &e) == HI_OK)
		;
	ck_assert_uint_eq(row.line, 5);
	hi_csv_rows_back(r);
	ck_assert_int_eq(hi_csv_rows_next(r, &row, &e), HI_OK);
	ck_assert_uint_eq(row.line, 2);
	ck_assert(hi_slice_is(row.text, "1,2"));
	ck_assert_int_eq(hi_csv_rows_next(r, &row, &e), HI_OK);
	ck_assert(hi_slice_is(row.cell[1], "4\n5"));
	uint64_t line;
	uint32_t column;
	hi_csv_row_place(&row, ',', 1, &line, &column);
	ck_assert_uint_eq(line, 3);
	ck_assert_uint_eq(column, 3);
	hi_csv_rows_free(r);
	hi_input_close(in);
}
END_TEST

/* --- cells ------------------------------------------------------------------- */

static const struct {
	const char *cell, *metric;
	bool comma;
	int status;
	const char *json, *unit;
} values[] = {
	{ "95.10", "spo2", false, HI_OK, "95.10", "" },
	{ "72", "heart_rate", true, HI_OK, "72", "" },
	{ "-1", "heart_rate", false, HI_OK, "-1", "" },
	{ "1e2", "heart_rate", false, HI_OK, "1e2", "" },
	{ "+72", "heart_rate", false, HI_OK, "72", "" },
	{ "072", "heart_rate", false, HI_OK, "72", "" },
	{ "0.5", "spo2", false, HI_OK, "0.5", "" },
	{ ".5", "spo2", false, HI_OK, "0.5", "" },
	{ "-.5", "temperature", false, HI_OK, "-0.5", "" },
	{ "37.", "temperature", false, HI_OK, "37", "" },
	{ "36,6", "temperature", true, HI_OK, "36.6", "" },
	{ "36,6", "temperature", false, HI_REFUSED, "", "" },
	{ "1.234,5", "temperature", true, HI_REFUSED, "", "" },
	{ " 98 % ", "spo2", false, HI_OK, "98", "%" },
	{ "98.6 F", "temperature", false, HI_OK, "98.6", "F" },
	{ "98 kg", "spo2", false, HI_REFUSED, "", "" },
	{ "1e999", "heart_rate", false, HI_REFUSED, "", "" },
	{ "Inf", "heart_rate", false, HI_REFUSED, "", "" },
	{ "0x10", "heart_rate", false, HI_REFUSED, "", "" },
	{ ">90", "heart_rate", false, HI_REFUSED, "", "" },
	{ "-", "heart_rate", false, HI_END, "", "" },
	{ "+", "heart_rate", false, HI_REFUSED, "", "" },
	{ "", "heart_rate", false, HI_END, "", "" },
	{ "nan", "heart_rate", false, HI_END, "", "" },
	{ "N/A", "heart_rate", false, HI_END, "", "" },
	{ "NULL", "consciousness", false, HI_END, "", "" },
	{ "a", "consciousness", false, HI_OK, "\"A\"", "" },
	{ "Unresponsive", "consciousness", false, HI_OK, "\"U\"", "" },
	{ "1", "consciousness", false, HI_OK, "\"C\"", "" },
	{ "7", "consciousness", false, HI_REFUSED, "", "" },
	{ "15", "consciousness", false, HI_REFUSED, "", "" },
};

START_TEST(cell_values)
{
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const struct hi_metric *m = hi_metric_find(TEXT(values[i].metric));
		struct hi_csv_value v;
		struct hi_error e;
		ck_assert_msg(hi_csv_cell_value(TEXT(values[i].cell), m, values[i].comma, &v, &e) ==
				      values[i].status,
			      "%s", values[i].cell);
		if (values[i].status != HI_OK)
			continue;
		ck_assert_msg(hi_slice_is(v.json, values[i].json), "%s", values[i].cell);
		ck_assert_msg(hi_slice_is(v.unit, values[i].unit), "%s", values[i].cell);
	}
}
END_TEST

START_TEST(cell_pairs)
{
	struct hi_slice half[2];

	ck_assert_int_eq(hi_csv_cell_pair(TEXT("120 / 80"), half, NULL), HI_OK);
	ck_assert(hi_slice_is(half[0], "120") && hi_slice_is(half[1], "80"));
	ck_assert_int_eq(hi_csv_cell_pair(TEXT("n/a"), half, NULL), HI_END);
	ck_assert_int_eq(hi_csv_cell_pair(TEXT("-/-"), half, NULL), HI_END);
	ck_assert_int_eq(hi_csv_cell_pair(TEXT("120"), half, NULL), HI_REFUSED);
	ck_assert_int_eq(hi_csv_cell_pair(TEXT("120/80/93"), half, NULL), HI_REFUSED);
}
END_TEST

static void check_time(const char *cell, const struct hi_csv_target *t, const char *want)
{
	char text[HI_TIME_TEXT_MAX];
	struct hi_time time;
	struct hi_error e;
	int s = hi_csv_cell_time(TEXT(cell), t, true, &time, &e);

	if (!want) {
		ck_assert_msg(s == HI_REFUSED, "%s", cell);
		return;
	}
	ck_assert_msg(s == HI_OK, "%s", cell);
	text[hi_time_format(time.t_us, time.digits, text)] = '\0';
	ck_assert_str_eq(text, want);
}

START_TEST(cell_times)
{
	const struct hi_csv_target time = { .role = HI_CSV_TIME };
	const struct hi_csv_target min = { .role = HI_CSV_ELAPSED, .unit_us = HI_US_MIN };
	const struct hi_csv_target ms = { .role = HI_CSV_ELAPSED, .unit_us = HI_US_MS };
	const struct hi_csv_target hmm = { .role = HI_CSV_CLOCK, .since_us = HI_US_DAY };

	check_time("2025-12-28 06:30:00", &time, "2025-12-28T06:30:00Z");
	check_time("2025-12-28T06:30:00.250+01:00", &time, "2025-12-28T05:30:00.250Z");
	check_time("2025-12-28 06:30", &time, "2025-12-28T06:30:00Z");
	check_time("2025-12-28T06:30Z", &time, "2025-12-28T06:30:00Z");
	check_time("28.12.2025 06:30", &time, "2025-12-28T06:30:00Z");
	check_time(" 28.12.2025 06:30:15 ", &time, "2025-12-28T06:30:15Z");
	check_time("12/28/2025 06:30", &time, NULL);
	check_time("31.02.2025 06:30", &time, NULL);
	check_time("2025-12-28", &time, NULL);
	check_time("", &time, NULL);
	check_time("1.5", &min, "1970-01-01T00:01:30Z");
	check_time("1,5", &min, "1970-01-01T00:01:30Z");
	check_time("1766901600250", &ms, "2025-12-28T06:00:00.250Z");
	check_time("1e30", &min, NULL);
	check_time("x", &min, NULL);
	check_time("00:07", &hmm, "1970-01-02T00:07:00Z");
	check_time("47:59:30", &hmm, "1970-01-03T23:59:30Z");
	check_time("0:60", &hmm, NULL);
	check_time("7", &hmm, NULL);
}
END_TEST

/* --- headers and units ------------------------------------------------------- */

static const struct {
	const char *header, *target; /* as a mapping writes it; NULL: not known */
} headers[] = {
	{ "HR", "heart_rate bpm" },
	{ "Heart Rate", "heart_rate bpm" },
	{ "O2Sat", "spo2 %" },
	{ "SpO2 (%)", "spo2 %" },
	{ "spo2", "spo2 %" },
	{ "Temp", "temperature C" },
	{ "temp_f", "temperature F" },
	{ "Temp (\xC2\xB0"
	  "F)",
	  "temperature \u00b0F" },
	{ "NISysABP", "bp_systolic mmHg method noninvasive" },
	{ "SysABP", "bp_systolic mmHg method invasive" },
	{ "SBP [kPa]", "bp_systolic kPa" },
	{ "bp_diastolic", "bp_diastolic mmHg" },
	{ "NBP", "bp mmHg method noninvasive" },
	{ "RespRate", "respiratory_rate bpm" },
	{ "RecordID", "patient" },
	{ "ICUSTAY_ID", "patient" },
	{ "Timestamp", "time" },
	{ "valuenum", "value" },
	{ "Device ID", "key device_id" },
	{ "Age", NULL },
	{ "HR_weird", NULL },
	{ "Temp (kg)", NULL },
	{ "itemid", NULL },
	{ "", NULL },
};

START_TEST(known_headers)
{
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		struct hi_csv_target t;
		unsigned rank;
		struct hi_buf b;
		bool known = hi_csv_known_header(TEXT(headers[i].header), &t, &rank);
		ck_assert_msg(known == (headers[i].target != NULL), "%s", headers[i].header);
		if (!known)
			continue;
		hi_buf_init(&b, 1000);
		hi_csv_map_target(&b, &t);
		ck_assert_msg(hi_slice_is(hi_buf_view(&b), headers[i].target), "%s: %.*s",
			      headers[i].header, (int)b.len, b.ptr);
		hi_buf_release(&b);
	}
}
END_TEST

static void check_unit(const char *metric, const char *written, const char *want)
{
	char out[HI_UNIT_MAX + 1];
	int s = hi_csv_known_unit(hi_metric_find(TEXT(metric)), TEXT(written), out);

	ck_assert_msg(s == (want ? HI_OK : HI_REFUSED), "%s", written);
	if (want)
		ck_assert_str_eq(out, want);
}

START_TEST(known_units)
{
	check_unit("temperature", "Deg. F", "F");
	check_unit("temperature", "?C", "C");
	check_unit("temperature", "Cel", "Cel");
	check_unit("temperature", "mmHg", NULL);
	check_unit("heart_rate", "BPM", "bpm");
	check_unit("respiratory_rate", "insp/min", "bpm");
	check_unit("bp_mean", "MMHG", "mmHg");
	check_unit("spo2", "1", "1");
	check_unit("spo2", "percent", "%");
	check_unit("spo2", "a unit that is far too long", NULL);
}
END_TEST

/* --- mappings ---------------------------------------------------------------- */

static const struct {
	const char *text;
	uint32_t line, column;
	const char *expected;
} bad_maps[] = {
	{ "HR\n", 1, 3, "expected = or since" },
	{ "# fine\nHR heart_rate\n", 2, 14, "expected = or since" },
	{ "HR =\n", 1, 5, "expected a metric's name" },
	{ "HR = Heart!\n", 1, 6, "expected a metric's name (letters a-z, digits, _)" },
	{ "Temp = temperature kg\n", 1, 20, "expected a unit of the metric" },
	{ "Temp = temperature F C\n", 1, 22, "expected the end of the line" },
	{ "HR = heart_rate method\n", 1, 23, "expected a word of at most 16 bytes" },
	{ "x = key value\n", 1, 9, "expected a key that is not the reading's own" },
	{ "x = key type\n", 1, 9, "expected a key that is not the reading's own" },
	{ "x = patient y\n", 1, 13, "expected the end of the line" },
	{ "t weeks since 2025-01-01\n", 1, 3, "expected us, ms, s, min, h, d or h:mm" },
	{ "t min since yesterday\n", 1, 13, "expected a date or an RFC 3339 time" },
	{ "t min since\n", 1, 12, "expected a date or an RFC 3339 time" },
	{ "itemid 1 =\n", 1, 11, "expected a metric's name" },
	{ "HR missing\n", 1, 11, "expected a word that means \"no value\"" },
	{ "missing\n", 1, 8, "expected a word that means \"no value\"" },
	{ "separator xy\n", 1, 11, "expected tab or one character" },
	{ "decimal dot\n", 1, 9, "expected comma or point" },
	{ "patient is\n", 1, 9, "expected file, or is and an id of at most 64 bytes" },
	{ "\"HR = x\n", 1, 1, "expected a closing quote" },
	{ "u F = unit\n", 1, 11, "expected a unit of at most 16 bytes" },
	/* What goes into records is UTF-8 without control characters. */
	{ "HR = hr method pulse\xc3\n", 1, 16, "expected a word of at most 16 bytes" },
	{ "x = lactate \xb5g/l\n", 1, 13, "expected a unit of the metric" },
	{ "u F = unit \xb0\n", 1, 12, "expected a unit of at most 16 bytes" },
	{ "x = key w\xe4rme\n", 1, 9, "expected a key that is not the reading's own" },
	{ "patient is M\xfcller\n", 1, 9, "expected file, or is and an id of at most 64 bytes" },
	{ "patient is P\x7f\n", 1, 9, "expected file, or is and an id of at most 64 bytes" },
};

START_TEST(map_refuses)
{
	for (size_t i = 0; i < sizeof(bad_maps) / sizeof(bad_maps[0]); i++) {
		struct hi_csv_map m;
		struct hi_error e = { 0 };
		hi_csv_map_init(&m);
		ck_assert_msg(hi_csv_map_parse(&m, TEXT(bad_maps[i].text), &e) == HI_USAGE, "%s",
			      bad_maps[i].text);
		ck_assert_str_eq(e.text, bad_maps[i].expected);
		ck_assert_msg(e.line == bad_maps[i].line, "%s", bad_maps[i].text);
		ck_assert_msg(e.column == bad_maps[i].column, "%s: %u", bad_maps[i].text,
			      (unsigned)e.column);
		hi_csv_map_release(&m);
	}
}
END_TEST

START_TEST(map_reads)
{
	static const char text[] = "separator tab\r\ndecimal comma\npatient is P-1 # one\n\n"
				   "\"Heart \"\"Rate\"\"\" = hr method pulse\n"
				   "offset min since 2025-01-01T12:00:00+01:00\n"
				   "clock h:mm since 2025-01-01\n"
				   "missing 0 \"not done\"\nHR missing -32768\n"
				   "itemid 223761 = temperature F\nuom \"?F\" = unit F\n"
				   "error 1 = ignore\nward = key ward\nmissing = spo2 1\n";
	struct hi_csv_map m;
	struct hi_error e;

	hi_csv_map_init(&m);
	ck_assert_int_eq(hi_csv_map_parse(&m, TEXT(text), &e), HI_OK);
	ck_assert_int_eq(m.separator, '\t');
	ck_assert_int_eq(m.decimal, ',');
	ck_assert_str_eq(m.patient, "P-1");
	ck_assert_uint_eq(m.n, 11);
	ck_assert_str_eq(m.rule[0].column, "Heart \"Rate\"");
	ck_assert_str_eq(m.rule[0].target.name, "heart_rate");
	ck_assert_str_eq(m.rule[0].target.method, "pulse");
	ck_assert_int_eq(m.rule[1].target.since_us, INT64_C(1735729200000000));
	ck_assert_int_eq(m.rule[1].target.unit_us, HI_US_MIN);
	ck_assert_int_eq(m.rule[2].target.role, HI_CSV_CLOCK);
	ck_assert_int_eq(m.rule[2].target.since_us, INT64_C(1735689600000000));
	ck_assert_str_eq(m.rule[4].word, "not done");
	ck_assert_str_eq(m.rule[4].column, "");
	ck_assert_str_eq(m.rule[5].column, "HR");
	ck_assert_str_eq(m.rule[6].target.unit, "F");
	ck_assert_int_eq(m.rule[7].target.role, HI_CSV_UNIT);
	ck_assert_int_eq(m.rule[8].target.role, HI_CSV_IGNORE);
	ck_assert_str_eq(m.rule[10].target.unit, "1");
	hi_csv_map_release(&m);
}
END_TEST

/* --- whole files ------------------------------------------------------------- */

struct sink {
	struct hi_buf out;
	uint64_t rejects;
};

static void sink_write(void *arg, struct hi_slice lines)
{
	hi_buf_slice(&((struct sink *)arg)->out, lines);
}

static int sink_reject(void *arg, const struct hi_error *e, struct hi_slice text)
{
	struct sink *s = arg;

	(void)text;
	s->rejects++;
	hi_buf_printf(&s->out, "!%llu:%u %s\n", (unsigned long long)e->line, (unsigned)e->column,
		      e->text);
	return HI_OK;
}

static void sink_plan(void *arg, const struct hi_csv_plan *p, const char *source)
{
	(void)arg;
	(void)p;
	(void)source;
}

static int64_t fixed_clock(void)
{
	return INT64_C(1766901600123456); /* 2025-12-28T06:00:00.123456Z */
}

/* Converts csv with o's other fields set by the caller; out ends with NUL. */
static int convert(const char *csv, size_t chunk, struct hi_csv_import_options o, struct sink *s)
{
	struct hi_csv_import *im;
	struct hi_input *in;
	struct hi_error e = { 0 };
	int status;

	hi_buf_init(&s->out, 4 << 20);
	s->rejects = 0;
	if (o.convert.until_us == 0) {
		o.convert.since_us = HI_TIME_MIN;
		o.convert.until_us = HI_TIME_END;
		o.convert.max_ahead_us = -1;
	}
	o.convert.now_us = fixed_clock;
	o.convert.reject = sink_reject;
	o.convert.arg = s;
	o.planned = sink_plan;
	o.write = sink_write;
	ck_assert_int_eq(hi_input_memory(&in, TEXT(csv), chunk, 3, &e), HI_OK);
	ck_assert_int_eq(hi_csv_import_new(&im, &o, &e), HI_OK);
	status = hi_csv_import_input(im, in, "data/p01.csv.gz", &e);
	hi_buf_putc(&s->out, '\0');
	hi_csv_import_free(im);
	hi_input_close(in);
	return status;
}

static void check_convert(const char *csv, const char *map_text, const char *want)
{
	for (size_t chunk = 0; chunk < 5; chunk++) {
		struct hi_csv_map map;
		struct hi_error e = { 0 };
		struct sink s;
		hi_csv_map_init(&map);
		if (map_text)
			ck_assert_int_eq(hi_csv_map_parse(&map, TEXT(map_text), &e), HI_OK);
		ck_assert_int_eq(
			convert(csv, chunk,
				(struct hi_csv_import_options){ .map = map_text ? &map : NULL },
				&s),
			HI_OK);
		ck_assert_str_eq(s.out.ptr, want);
		hi_buf_release(&s.out);
		hi_csv_map_release(&map);
	}
}

#define R(p, m, v, u, rest)                                                                        \
	"{\"patient_id\":\"" p "\",\"metric_name\":\"" m "\",\"value\":" v ",\"unit\":\"" u        \
	"\",\"timestamp\":\"2025-12-28T06:00:00Z\"" rest "}\n"
#define T "2025-12-28 06:00:00"

START_TEST(convert_wide)
{
	/* Metric-table order, not the file's; text of numbers kept; a method of its header. */
	check_convert(
		"Temp,patient_id,timestamp,HR,NBP,NIMAP\n36.60,P-1," T ",72,120/80,93\n"
		"NaN,P-1," T ",,,\n",
		NULL,
		R("P-1", "heart_rate", "72", "bpm", "") R("P-1", "bp_systolic", "120", "mmHg",
							  ",\"method\":\"noninvasive\"")
			R("P-1", "bp_diastolic", "80", "mmHg", ",\"method\":\"noninvasive\"")
				R("P-1", "bp_mean", "93", "mmHg", ",\"method\":\"noninvasive\"")
					R("P-1", "temperature", "36.60", "C", ""));
	/* A row's own method wins, and no key stands twice. */
	check_convert("patient,time,NISysABP,method\nP," T ",120,cuff\n", NULL,
		      R("P", "bp_systolic", "120", "mmHg", ",\"method\":\"cuff\""));
}
END_TEST

START_TEST(convert_narrow)
{
	check_convert("patient_id,timestamp,metric_name,value,text,unit\n"
		      "P," T ",HR,72,,BPM\nP," T ",temperature,98.6,,Deg. F\n"
		      "P," T ",temperature,37,,C\nP," T ",consciousness,,A,\n"
		      "P," T ",lactate,1.5,,mmol/L\nP," T ",spo2,97,,kPa\n",
		      NULL,
		      R("P", "heart_rate", "72", "bpm", "") R("P", "temperature", "98.6", "F", "")
			      R("P", "temperature", "37", "C", "")
				      R("P", "consciousness", "\"A\"", "ACVPU", "")
					      R("P", "lactate", "1.5", "mmol/L",
						"") "!7:32 unit: not one of the metric's\n");
	/* A row's unit is its own: the row after it, which names none, has the metric's. */
	check_convert(
		"patient_id,timestamp,metric_name,value,unit\n"
		"P," T ",temperature,98.6,F\nP," T ",temperature,37,\n"
		"P," T ",temperature,36.5,NA\nP," T ",temperature,99,F\n"
		"P," T ",lactate,1.5,mmol/L\nP," T ",lactate,2,\n",
		NULL,
		R("P", "temperature", "98.6", "F", "") R("P", "temperature", "37", "C", "")
			R("P", "temperature", "36.5", "C", "") R("P", "temperature", "99", "F", "")
				R("P", "lactate", "1.5", "mmol/L",
				  "") "{\"patient_id\":\"P\",\"metric_name\":\"lactate\","
				      "\"value\":2,\"timestamp\":\"2025-12-28T06:00:00Z\"}"
				      "\n");
	/* However a mapping's word for one is spelled, it is forgotten for the next. */
	check_convert("p,t,m,v,u\nP," T ",temperature,98.6,F\n"
		      "P," T ",temperature,37,degrees of the scale of Celsius\n"
		      "P," T ",temperature,98.7,F\n",
		      "p = patient\nt = time\nm = metric\nv = value\nu = unit\n"
		      "u \"degrees of the scale of Celsius\" = unit C\n",
		      R("P", "temperature", "98.6", "F", "") R("P", "temperature", "37", "C", "")
			      R("P", "temperature", "98.7", "F", ""));
}
END_TEST

/* A row's meaning does not depend on how many names or codes were there before it. */
START_TEST(convert_many_names)
{
	static const char *const map_text[2] = { NULL, "p = patient\nt = time\nv = value\n"
						       "m n4999 = heart_rate\n" };
	static const char *const header[2] = { "patient_id,timestamp,metric_name,value\n",
					       "p,t,m,v\n" };

	for (int k = 0; k < 2; k++) {
		struct hi_csv_map map;
		struct hi_buf csv;
		struct sink s;
		size_t lines = 0;
		hi_csv_map_init(&map);
		if (map_text[k])
			ck_assert_int_eq(hi_csv_map_parse(&map, TEXT(map_text[k]), NULL), HI_OK);
		hi_buf_init(&csv, 1 << 20);
		hi_buf_puts(&csv, header[k]);
		for (int i = 0; i < 10000; i++)
			hi_buf_printf(&csv, "P," T ",n%d,%d\n", i % 5000, i);
		hi_buf_putc(&csv, '\0');
		ck_assert_int_eq(
			convert(csv.ptr, 0,
				(struct hi_csv_import_options){ .map = map_text[k] ? &map : NULL },
				&s),
			HI_OK);
		ck_assert_uint_eq(s.rejects, 0);
		for (const char *p = s.out.ptr; (p = strchr(p, '\n')); p++)
			lines++;
		ck_assert_uint_eq(lines, k ? 2 : 10000);
		ck_assert_ptr_nonnull(strstr(s.out.ptr, k ? "\"heart_rate\",\"value\":9999,"
							  : "\"n4999\",\"value\":9999,"));
		hi_buf_release(&s.out);
		hi_buf_release(&csv);
		hi_csv_map_release(&map);
	}
}
END_TEST

START_TEST(convert_mapped)
{
	check_convert("id;item;v;bad;t\n7;211;72;0;360\n7;678;98,6;0;360\n7;999;1;0;360\n"
		      "7;211;0;0;360\n7;211;80;1;360\n",
		      "id = patient\nv = value\nt min since 2025-12-28\nitem 211 = hr\n"
		      "item 678 = temperature F\nbad 1 = ignore\nv missing 0\n",
		      R("7", "heart_rate", "72", "bpm", "") R("7", "temperature", "98.6", "F", ""));
	check_convert("t,HR\n" T ",72\n", "patient file\nt = time\nHR = heart_rate\n",
		      R("p01", "heart_rate", "72", "bpm", ""));
}
END_TEST

START_TEST(convert_refuses)
{
	check_convert(
		"patient_id,timestamp,HR,BP\nP," T ",x,120/80\nP,,1,\n," T ",1,\nP," T ",1\nP," T
		",1,,\nP," T ",1,,9\nP," T ",72,\n",
		NULL,
		"!2:23 value: not a number\n" R("P", "bp_systolic", "120", "mmHg", "")
			R("P", "bp_diastolic", "80", "mmHg",
			  "") "!3:3 timestamp: missing\n!4:1 patient_id: missing\n"
			      "!5:0 row: fewer fields than the header\n" R(
				      "P", "heart_rate", "1", "bpm",
				      "") "!7:0 row: more fields than the header\n" R("P",
										      "heart_rate",
										      "72", "bpm",
										      ""));
	/* Control cannot be forged by a table. */
	check_convert("type,patient_id,timestamp,HR\nmark,P," T ",1\nreading,P," T ",72\n", NULL,
		      "!2:1 type: only readings may come from CSV\n" R("P", "heart_rate", "72",
								       "bpm", ""));
}
END_TEST

START_TEST(convert_options)
{
	static const char *const set[] = { "ward=W\"7", "patient_id=P-9" };
	static const char *const hr[] = { "HR", "ward" };
	struct hi_csv_import_options o = {
		.patient_given = true, .lines = true, .columns = hr, .columns_n = 2
	};
	struct sink s;

	o.convert = (struct hi_csv_options){ .set = set,
					     .set_n = 2,
					     .stamp = true,
					     .since_us = HI_TIME_MIN,
					     .until_us = HI_TIME_END,
					     .max_ahead_us = -1 };
	ck_assert_int_eq(convert("72,W1\n", 1, o, &s), HI_OK);
	ck_assert_str_eq(s.out.ptr, "{\"patient_id\":\"P-9\",\"metric_name\":\"heart_rate\","
				    "\"value\":72,\"unit\":\"bpm\",\"timestamp\":"
				    "\"2025-12-28T06:00:00.123Z\",\"ward\":\"W\\\"7\"}\n");
	hi_buf_release(&s.out);

	/* A byte-order mark is no part of a file's first row, which is no header here. */
	ck_assert_int_eq(convert("\xEF\xBB\xBF"
				 "72,W1\n",
				 1, o, &s),
			 HI_OK);
	ck_assert_uint_eq(s.rejects, 0);
	ck_assert_ptr_nonnull(strstr(s.out.ptr, "\"value\":72,"));
	hi_buf_release(&s.out);

	o = (struct hi_csv_import_options){ 0 };
	o.convert = (struct hi_csv_options){ .since_us = fixed_clock(),
					     .until_us = HI_TIME_END,
					     .max_ahead_us = HI_US_H };
	ck_assert_int_eq(convert("patient,time,HR\nP,2025-12-28 06:00:00,1\n"
				 "P,2025-12-28 07:00:00,2\nP,2025-12-28 07:00:01,3\n",
				 0, o, &s),
			 HI_OK);
	ck_assert_uint_eq(s.rejects, 1);
	ck_assert_ptr_null(strstr(s.out.ptr, "\"value\":1,"));
	ck_assert_ptr_nonnull(strstr(s.out.ptr, "\"value\":2,"));
	ck_assert_ptr_nonnull(strstr(s.out.ptr, "!4:3 timestamp: further ahead"));
	hi_buf_release(&s.out);
}
END_TEST

/* --- reading on -------------------------------------------------------------- */

#define HEAD "patient_id,timestamp,HR,SpO2,ward\n"

/* A run over csv, and every place at which another could read on. */
struct trace {
	struct hi_buf out;
	struct hi_csv_import *import;
	struct {
		struct hi_line_position p;
		size_t at; /* bytes of out until there */
	} * cut;
	size_t n, cap;
	unsigned reads_left; /* before a signal; 0: none comes */
	bool here;	     /* at the end there was a place to read on from */
	bool unended;
	struct hi_line_position end;
};

static void trace_write(void *arg, struct hi_slice lines)
{
	struct trace *t = arg;
	struct hi_line_position p;

	hi_buf_slice(&t->out, lines);
	if (!hi_csv_import_position(t->import, &p))
		return;
	if (t->n == t->cap)
		t->cut = realloc(t->cut, (t->cap = 2 * t->cap + 64) * sizeof(*t->cut));
	t->cut[t->n].p = p;
	t->cut[t->n++].at = t->out.len;
}

static int trace_reject(void *arg, const struct hi_error *e, struct hi_slice text)
{
	struct trace *t = arg;

	hi_buf_printf(&t->out, "!%llu:%u %s ", (unsigned long long)e->line, (unsigned)e->column,
		      e->text);
	hi_buf_slice(&t->out, text);
	hi_buf_putc(&t->out, '\n');
	return HI_OK;
}

static bool trace_read(void *arg, bool waits)
{
	struct trace *t = arg;

	(void)waits;
	return t->reads_left == 0 || --t->reads_left > 0;
}

static void trace_release(struct trace *t)
{
	hi_buf_release(&t->out);
	free(t->cut);
}

static struct hi_csv_import_options trace_options(struct hi_csv_import_options o, struct trace *t)
{
	o.convert.since_us = HI_TIME_MIN;
	o.convert.until_us = HI_TIME_END;
	o.convert.max_ahead_us = -1;
	o.convert.now_us = fixed_clock;
	o.convert.reject = trace_reject;
	o.convert.arg = t;
	o.before_read = trace_read;
	o.planned = sink_plan;
	o.write = trace_write;
	return o;
}

/* Reads csv from a place on; reads: calls of before_read until it wants no more, 0: never. */
static int trace(struct trace *t, struct hi_slice csv, size_t chunk,
		 const struct hi_csv_import_options *base, struct hi_line_position from,
		 unsigned reads, struct hi_error *e)
{
	struct hi_csv_import_options o = trace_options(*base, t);
	struct hi_input *in;
	int status;

	*t = (struct trace){ .reads_left = reads };
	hi_buf_init(&t->out, 64 << 20);
	ck_assert_int_eq(hi_input_memory(&in, csv, chunk, 3, e), HI_OK);
	ck_assert_int_eq(hi_csv_import_new(&t->import, &o, e), HI_OK);
	hi_csv_import_from(t->import, from);
	status = hi_csv_import_input(t->import, in, "data/p01.csv", e);
	t->here = hi_csv_import_position(t->import, &t->end);
	t->unended = hi_csv_import_unended(t->import);
	hi_csv_import_free(t->import);
	hi_input_close(in);
	return status;
}

/* From that place on the rest of whole comes, byte for byte. */
static void check_rest(const struct trace *whole, struct hi_line_position from, size_t at,
		       struct hi_slice csv, size_t chunk, const struct hi_csv_import_options *o)
{
	struct hi_slice want = { whole->out.ptr + at, whole->out.len - at };
	struct trace rest;
	struct hi_error e = { 0 };

	ck_assert_msg(trace(&rest, csv, chunk, o, from, 0, &e) == HI_OK, "%s", e.text);
	ck_assert_msg(hi_slice_eq(hi_buf_view(&rest.out), want),
		      "from line %d of\n%.600s\ngot\n%.400s\nwant\n%.*s", (int)from.line, csv.ptr,
		      rest.out.len ? rest.out.ptr : "", want.len > 400 ? 400 : (int)want.len,
		      want.ptr);
	ck_assert(rest.here && hi_line_position_equal(rest.end, whole->end));
	trace_release(&rest);
}

/*
 * The same from each place of a whole run, or, of very many, some. The parts that
 * reads come in are others: they are no part of what a line is. Returns the number of
 * places.
 */
static size_t check_cuts(struct hi_slice csv, size_t chunk, struct hi_csv_import_options o)
{
	struct trace whole;
	struct hi_error e = { 0 };

	ck_assert_int_eq(trace(&whole, csv, chunk, &o, (struct hi_line_position){ 0 }, 0, &e),
			 HI_OK);
	ck_assert(whole.here);
	for (size_t i = 0; i < whole.n; i += 1 + whole.n / 64)
		check_rest(&whole, whole.cut[i].p, whole.cut[i].at, csv, chunk / 2 + 1, &o);
	check_rest(&whole, whole.end, whole.out.len, csv, chunk / 2 + 1, &o);
	size_t n = whole.n;
	trace_release(&whole);
	return n;
}

static const struct hi_csv_import_options plain = { 0 };

START_TEST(cuts_of_plain_files)
{
	static const char *const ends[] = { "\n", "\r\n", "\r" };
	static const char *const names[] = { "patient_id", "timestamp", "HR", "SpO2", "ward" };
	struct hi_csv_import_options guess = { .guess = true }, lines = { .lines = true };
	struct hi_csv_import_options given = { .columns = names, .columns_n = 5 };
	static const char text[] = HEAD "P," T ",72,98,W1\n\n  \nP," T ",73,x,\"W\n2\"\n"
					"\"P\n2\"," T ",1,2,\nP," T ",74,99,W3\n,,,,\n"
					"Q,2025-12-28 06:01,75,,\"W,4\"\n";
	struct hi_buf b;

	hi_buf_init(&b, 1 << 20);
	for (unsigned k = 0; k < 24; k++) {
		const char *end = ends[k % 3];
		bool headed = k & 8;
		hi_buf_reset(&b);
		hi_buf_puts(&b, k & 4 ? "\xEF\xBB\xBF" : "");
		for (const char *p = headed ? text : strchr(text, '\n') + 1; *p; p++)
			hi_buf_put(&b, *p == '\n' ? end : p, *p == '\n' ? strlen(end) : 1);
		b.len -= k >= 12 ? strlen(end) : 0;
		size_t n = check_cuts(hi_buf_view(&b), k % 5, headed ? plain : given);
		ck_assert_uint_eq(n, 6);
		if (!headed)
			continue;
		check_cuts(hi_buf_view(&b), 3, guess);
		check_cuts(hi_buf_view(&b), 0, lines);
	}
	hi_buf_release(&b);
}
END_TEST

/* A narrow file: names, units and codes are no memory of the rows before. */
START_TEST(cuts_of_narrow_files)
{
	static const char csv[] = "patient_id,timestamp,metric_name,value,text,unit\n"
				  "P," T ",temperature,98.6,,F\nP," T ",temperature,37,,\n"
				  "P," T ",temperature,37.1,,C\nP," T ",temperature,98.7,,F\n"
				  "P," T ",temperature,36,,NA\nP," T ",lactate,1,,mmol/L\n"
				  "P," T ",consciousness,,A,\nP," T ",lactate,2,,\n"
				  "Q," T ",spo2,97,,kPa\nQ," T ",lactate,3,,mg\n";

	ck_assert_uint_eq(check_cuts(TEXT(csv), 0, plain), 10);
	check_cuts(TEXT(csv), 7, plain);
}
END_TEST

/* Rows of pieces that go together or not: what cannot be read on from is no place. */
START_TEST(cuts_of_odd_files)
{
	static const char *const piece[] = {
		"P," T ",72,98,W\n",
		"P," T ",73,97,W\n",
		"\"P\"," T ",7,\"9\n8\",W\n",
		"P,\"",
		"\"",
		"\n",
		"\r\n",
		"P," T ",1,",
		"\"\n",
		" \n",
		"P," T ",74,x,\"a\nb\n\nc\"\n",
		"x\r",
	};
	const struct hi_csv_import_options lines = { .lines = true };
	uint64_t random = 11;
	size_t places = 0;
	struct hi_buf b;

	hi_buf_init(&b, 1 << 20);
	for (int k = 0; k < 400; k++) {
		hi_buf_reset(&b);
		hi_buf_puts(&b, HEAD);
		for (int i = 0; i < 12; i++) {
			random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
			hi_buf_puts(&b, piece[(random >> 33) % (sizeof(piece) / sizeof(*piece))]);
		}
		places += check_cuts(hi_buf_view(&b), (size_t)k % 3 * 5, k % 7 ? plain : lines);
	}
	ck_assert_uint_gt(places, 800);
	hi_buf_release(&b);
}
END_TEST

static bool is_unended(struct hi_slice csv)
{
	struct trace t;
	struct hi_error e;

	ck_assert_int_eq(trace(&t, csv, 0, &plain, (struct hi_line_position){ 0 }, 0, &e), HI_OK);
	trace_release(&t);
	return t.unended;
}

/* A line above 1 MiB, a row above it that a quote makes of several, and rows that go on. */
START_TEST(cuts_of_long_lines)
{
	static const char *const heads[] = { "P," T ",72,98,", "P," T ",72,98,\"" };
	struct hi_buf b;

	hi_buf_init(&b, 16 << 20);
	for (int k = 0; k < 4; k++) {
		bool last = k >= 2;
		hi_buf_reset(&b);
		hi_buf_puts(&b, HEAD "P," T ",71,98,W\n");
		hi_buf_puts(&b, heads[k % 2]);
		for (int i = 0; i < 3 * HI_CSV_ROW_MAX / 64; i++)
			hi_buf_printf(&b, "%063d\r", i);
		hi_buf_puts(&b, last ? "\r" : "\r\nP," T ",73,98,W\n");
		ck_assert_uint_eq(check_cuts(hi_buf_view(&b), 0, plain), last ? 1 : 2);
		ck_assert(is_unended(hi_buf_view(&b)) == last);
		ck_assert_uint_eq(check_cuts(hi_buf_view(&b), 1 << 16, plain), last ? 1 : 2);
	}
	hi_buf_release(&b);
}
END_TEST

/*
 * What a quote had swallowed is read line by line up to 1 MiB, so that a row that
 * begins there and ends behind it is no row, though from its line on it would be one.
 */
START_TEST(cuts_of_swallowed_lines)
{
	struct hi_buf b;
	size_t from, n, lines = 2;

	hi_buf_init(&b, 16 << 20);
	hi_buf_puts(&b, HEAD "P," T ",71,98,W\n");
	from = b.len;
	hi_buf_puts(&b, "P," T ",72,98,\"W\n");
	for (; b.len - from < HI_CSV_ROW_MAX - 200; lines++)
		hi_buf_printf(&b, "P," T ",72,98,%0400zu\n", lines);
	hi_buf_printf(&b, "P," T ",73,98,\"W\n%0500d\"\nP," T ",74,98,W\nP," T ",75,98,W\n", 0);
	n = check_cuts(hi_buf_view(&b), 1 << 18, plain);
	ck_assert_uint_ge(n, 3);
	ck_assert_uint_le(n, 5);
	ck_assert_uint_gt(lines, 1000);
	hi_buf_release(&b);
}
END_TEST

/*
 * A signal at any read: what was written and what comes behind the place is the whole.
 * Returns the number of runs that ended where there was no place.
 */
static unsigned check_signals(struct hi_slice csv, size_t chunk, unsigned reads_least)
{
	struct trace whole, one, two;
	struct hi_error e = { 0 };
	unsigned reads = 1, nowhere = 0;

	ck_assert_int_eq(trace(&whole, csv, chunk, &plain, (struct hi_line_position){ 0 }, 0, &e),
			 HI_OK);
	for (bool ended = false; !ended; reads++) {
		trace(&one, csv, chunk, &plain, (struct hi_line_position){ 0 }, reads, &e);
		ended = one.reads_left > 0;
		nowhere += !one.here;
		/* Also where the second run is stopped, before it is there or later. */
		for (unsigned again = 10; one.here && again <= 10; again -= 5) {
			struct hi_line_position from = one.end;
			ck_assert_int_eq(trace(&two, csv, chunk + 3, &plain, from, again, &e),
					 HI_OK);
			one.here = two.here;
			one.end = two.end;
			hi_buf_slice(&one.out, hi_buf_view(&two.out));
			trace_release(&two);
			ck_assert(!one.here || one.end.line >= from.line);
			if (again == 0)
				ck_assert(hi_slice_eq(hi_buf_view(&one.out),
						      hi_buf_view(&whole.out)));
		}
		trace_release(&one);
	}
	ck_assert_uint_ge(reads, reads_least);
	trace_release(&whole);
	return nowhere;
}

START_TEST(signals_leave_a_place)
{
	struct hi_buf b;

	ck_assert_uint_eq(
		check_signals(HI_LIT(HEAD "P," T ",72,98,W\nP," T ",73,\"9\n7\",W\n\nP," T
					  ",x,98,W\nP," T ",74,98,\"\nW\"\nP," T ",75,98,W"),
			      9, 20),
		0);
	/* Within a line that is too long there is none. */
	hi_buf_init(&b, 16 << 20);
	hi_buf_puts(&b, HEAD "P," T ",71,98,W\n");
	for (int i = 0; i < 3 * HI_CSV_ROW_MAX / 64; i++)
		hi_buf_printf(&b, "%064d", i);
	hi_buf_puts(&b, "\nP," T ",72,98,W\n");
	unsigned nowhere = check_signals(hi_buf_view(&b), 1 << 19, 6);
	ck_assert_uint_ge(nowhere, 2);
	hi_buf_release(&b);
}
END_TEST

/* A file that has grown goes on where it ended, with or without a line end there. */
START_TEST(grown_files)
{
	static const char *const first[] = { HEAD "P," T ",72,98,W\n",
					     HEAD "P," T ",72,98,W",
					     HEAD "P," T ",72,98,W\r",
					     HEAD,
					     "",
					     HEAD "\n\n" };
	static const char *const more[] = { "P," T ",73,98,W\n",      "\nP," T ",73,98,W\n",
					    "\nP," T ",73,98,W\n",    "P," T ",72,98,W\n",
					    HEAD "P," T ",72,98,W\n", "\nP," T ",72,98,W\n" };

	for (size_t k = 0; k < 6; k++) {
		struct trace before, after;
		struct hi_error e = { 0 };
		struct hi_buf b;
		hi_buf_init(&b, 4096);
		hi_buf_puts(&b, first[k]);
		ck_assert_int_eq(trace(&before, hi_buf_view(&b), 0, &plain,
				       (struct hi_line_position){ 0 }, 0, &e),
				 HI_OK);
		ck_assert(before.here);
		ck_assert_int_eq(before.unended, k == 1 || k == 2);
		hi_buf_puts(&b, more[k]);
		ck_assert_int_eq(trace(&after, hi_buf_view(&b), 0, &plain, before.end, 0, &e),
				 HI_OK);
		ck_assert_ptr_nonnull(strstr(after.out.ptr, k < 3 ? ":73," : ":72,"));
		hi_buf_putc(&after.out, '\0');
		ck_assert_ptr_null(strstr(after.out.ptr, k < 3 ? ":72," : ":73,"));
		trace_release(&before);
		trace_release(&after);
		hi_buf_release(&b);
	}
}
END_TEST

static void check_changed(const char *now, struct hi_line_position from, const char *why)
{
	struct trace t;
	struct hi_error e = { 0 };

	ck_assert_int_eq(trace(&t, TEXT(now), 0, &plain, from, 0, &e), HI_CONTRACT);
	ck_assert_str_eq(e.text, why);
	ck_assert_uint_eq(e.line, from.line);
	ck_assert_ptr_nonnull(e.source);
	ck_assert_uint_eq(t.out.len, 0);
	ck_assert(t.here && hi_line_position_equal(t.end, from));
	trace_release(&t);
}

START_TEST(changed_files)
{
	static const char changed[] = "the file is not what it was at this line";
	static const char shorter[] = "the file is not what it was: it ends before this line";
	const struct hi_line_position two = hi_line_position(2, HI_LIT("P," T ",72,98,W"));
	const struct hi_line_position three = hi_line_position(3, HI_LIT("P," T ",72,98,W"));
	struct trace t;
	struct hi_error e = { 0 };

	ck_assert_int_eq(
		trace(&t, HI_LIT(HEAD "P," T ",72,98,W\r\nP," T ",1,1,\n"), 0, &plain, two, 0, &e),
		HI_OK);
	ck_assert_uint_eq(t.end.line, 3);
	trace_release(&t);
	check_changed(HEAD "P," T ",72,98,V\nP," T ",1,1,\n", two, changed);
	check_changed(HEAD "P," T ",72,98,WW", two, changed);
	check_changed(HEAD "P," T ",72,98,W\r\r\n", two, changed);
	check_changed(HEAD, two, shorter);
	check_changed("", two, shorter);
	check_changed(HEAD "P," T ",72,98,W\n", three, shorter);
	/* Its header spans more lines than were read. */
	check_changed("patient_id,timestamp,HR,\"a\nb\nc\"\n", two, changed);
}
END_TEST

/* Behind a file that is at its end the next begins at its beginning, with the same plan. */
START_TEST(two_files)
{
	static const char *const csv[2] = { HEAD "P," T ",72,98,W\n", HEAD "Q," T ",73,98,W\n" };
	struct trace t = { 0 };
	struct hi_csv_import_options o = trace_options(plain, &t);
	struct hi_line_position p;
	struct hi_error e = { 0 };
	struct hi_input *in;

	hi_buf_init(&t.out, 1 << 16);
	ck_assert_int_eq(hi_csv_import_new(&t.import, &o, &e), HI_OK);
	for (int i = 0; i < 2; i++) {
		if (i == 0)
			hi_csv_import_from(t.import,
					   hi_line_position(2, HI_LIT("P," T ",72,98,W")));
		ck_assert_int_eq(hi_input_memory(&in, TEXT(csv[i]), 0, 1, &e), HI_OK);
		ck_assert_int_eq(hi_csv_import_input(t.import, in, "x.csv", &e), HI_OK);
		hi_input_close(in);
		ck_assert(hi_csv_import_position(t.import, &p));
		ck_assert_uint_eq(p.line, 2);
	}
	hi_buf_putc(&t.out, '\0');
	ck_assert_ptr_null(strstr(t.out.ptr, "\"P\""));
	ck_assert_ptr_nonnull(strstr(t.out.ptr, "\"Q\""));
	/* What is to be read next stands where it is to begin, whether or not it can be opened. */
	hi_csv_import_from(t.import, hi_line_position(7, HI_LIT("x")));
	ck_assert_int_eq(hi_csv_import_file(t.import, "/nonexistent/x.csv", &e), HI_IO);
	ck_assert(hi_csv_import_position(t.import, &p));
	ck_assert_uint_eq(p.line, 7);
	hi_csv_import_free(t.import);
	trace_release(&t);
}
END_TEST

START_TEST(convert_without_plan)
{
	static const char *const csv[] = { "a,b\n1,2\n", "patient,HR\nP,1\n", "time,HR\n" T ",1\n",
					   "patient,time,HR,\"x\n" };
	struct sink s;

	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(convert(csv[i], 0, (struct hi_csv_import_options){ 0 }, &s),
				 HI_USAGE);
		hi_buf_release(&s.out);
	}
	ck_assert_int_eq(convert("", 0, (struct hi_csv_import_options){ 0 }, &s), HI_OK);
	hi_buf_release(&s.out);
}
END_TEST

START_TEST(set_checked)
{
	ck_assert_int_eq(hi_csv_set_check("ward=W7", NULL), HI_OK);
	ck_assert_int_eq(hi_csv_set_check("patient_id=P", NULL), HI_OK);
	ck_assert_int_eq(hi_csv_set_check("ward", NULL), HI_USAGE);
	ck_assert_int_eq(hi_csv_set_check("=x", NULL), HI_USAGE);
	ck_assert_int_eq(hi_csv_set_check("type=mark", NULL), HI_USAGE);
	ck_assert_int_eq(hi_csv_set_check("tool=hi-score", NULL), HI_USAGE);
	ck_assert_int_eq(hi_csv_set_check("ward=a\nb", NULL), HI_USAGE);
}
END_TEST

/* --- statistics -------------------------------------------------------------- */

static void check_stats(const char *metric, const char *unit, const double *v, size_t n,
			const char *want)
{
	struct hi_csv_stats s = { .name = "X" };
	struct hi_buf b;

	hi_csv_target_metric(&s.target, TEXT(metric));
	strcpy(s.unit, unit);
	for (size_t i = 0; i < n; i++)
		hi_csv_stats_add(&s, v[i]);
	hi_buf_init(&b, 1000);
	hi_csv_stats_tell(&s, &b);
	hi_buf_putc(&b, '\0');
	ck_assert_str_eq(b.ptr, want);
	hi_buf_release(&b);
	hi_csv_stats_release(&s);
}

START_TEST(stats_tell)
{
	check_stats("hr", "bpm", (double[]){ 80, 70, 60 }, 3,
		    "X: heart_rate bpm: n 3, min 60, median 70, max 80");
	check_stats("temp", "C", (double[]){ 36.5, 36.6 }, 2,
		    "X: temperature C: n 2, min 36.5, median 36.55, max 36.6");
	check_stats("spo2", "%", (double[]){ 0.97, 0.98, 97 }, 3,
		    "X: spo2 %: n 3, min 0.97, median 0.98, max 97; 67 % of values \u2264 1: a "
		    "fraction?");
	check_stats("spo2", "1", (double[]){ 0.97, 0.98 }, 2,
		    "X: spo2 1: n 2, min 0.97, median 0.975, max 0.98");
	check_stats("temp", "C", (double[]){ 98.6 }, 1,
		    "X: temperature C: n 1, min 98.6, median 98.6, max 98.6; degrees Fahrenheit?");
	check_stats("sbp", "mmHg", (double[]){ 16 }, 1,
		    "X: bp_systolic mmHg: n 1, min 16, median 16, max 16; kPa?");
	check_stats("hr", "bpm", (double[]){ 0, 70, -0.0, 80 }, 4,
		    "X: heart_rate bpm: n 4, min 0, median 35, max 80; 50 % of values are 0: a "
		    "sensor that is off?");
	check_stats("rr", "bpm", (double[]){ 7000400, 20 }, 2,
		    "X: respiratory_rate bpm: n 2, min 20, median 3500210, max 7000400; 50 % of "
		    "values are not plausible");
	check_stats("hr", "bpm", (double[]){ 300 }, 1,
		    "X: heart_rate bpm: n 1, min 300, median 300, max 300; 100 % of values are "
		    "not plausible");
	check_stats("hr", "bpm", NULL, 0, "X: heart_rate bpm: n 0");
}
END_TEST

START_TEST(stats_bounded)
{
	struct hi_csv_stats s = { .name = "X" };

	hi_csv_target_metric(&s.target, HI_LIT("hr"));
	for (int i = 0; i < 2 * HI_CSV_DISTINCT_MAX; i++)
		hi_csv_stats_add(&s, i / 2);
	ck_assert(!s.over);
	ck_assert_uint_eq(s.count_n, HI_CSV_DISTINCT_MAX);
	hi_csv_stats_add(&s, -1);
	ck_assert(s.over);
	ck_assert_uint_eq(s.n, 2 * HI_CSV_DISTINCT_MAX + 1);
	ck_assert_double_eq(s.min, -1);
	hi_csv_stats_release(&s);
}
END_TEST

/* --- export ------------------------------------------------------------------ */

static void check_export(bool wide, bool spreadsheet, const char *ndjson, const char *want)
{
	static const char *const extra[] = { "heart_rate", "news2" };
	struct hi_csv_export *x;
	struct hi_reader *r;
	struct hi_input *in;
	struct hi_rec rec;
	struct hi_error e;
	struct hi_buf b;

	hi_buf_init(&b, 1 << 20);
	ck_assert_int_eq(hi_csv_export_new(&x, wide, spreadsheet, extra, 2, &e), HI_OK);
	ck_assert_int_eq(hi_input_memory(&in, TEXT(ndjson), 0, 1, &e), HI_OK);
	ck_assert_int_eq(hi_reader_new(&r, NULL, NULL, &e), HI_OK);
	hi_reader_open(r, in);
	while (hi_reader_next(r, &rec, &e) == HI_OK)
		ck_assert_int_eq(hi_csv_export_record(x, &rec, &b, &e), HI_OK);
	ck_assert_int_eq(hi_csv_export_end(x, &b, &e), HI_OK);
	hi_buf_putc(&b, '\0');
	ck_assert_str_eq(b.ptr, want);
	hi_reader_free(r);
	hi_input_close(in);
	hi_csv_export_free(x);
	hi_buf_release(&b);
}

START_TEST(export_narrow)
{
	check_export(false, false,
		     R("P,\\\"1", "temperature", "98.6", "F", ",\"ward\":\"W 7\",\"method\":null")
			     R("P", "consciousness", "\"V\"", "ACVPU",
			       "") R("P", "heart_rate", "null", "bpm", ",\"device_id\":12")
				     R("P", "heart_rate", "72.50", "bpm", "")
					     R("P", "heart_rate", "0", "bpm", "")
						     R("P", "lactate", "-2", "mmol/L",
						       "") "{\"type\":\"mark\",\"run\":\"r\","
							   "\"seq\":0,\"n\":0,\"positions\":{}}\n",
		     "\"P,\"\"1\",2025-12-28 06:00:00.000,temperature,37,,C,true,W 7,,\n"
		     "P,2025-12-28 06:00:00.000,consciousness,,V,ACVPU,true,,,\n"
		     "P,2025-12-28 06:00:00.000,heart_rate,,,bpm,,,12,\n"
		     "P,2025-12-28 06:00:00.000,heart_rate,72.50,,bpm,true,,,\n"
		     "P,2025-12-28 06:00:00.000,heart_rate,0,,bpm,false,,,\n"
		     "P,2025-12-28 06:00:00.000,lactate,-2,,mmol/L,true,,,\n");
	check_export(false, true, R("=cmd()", "lactate", "-2", "+x", ",\"ward\":\"@a,b\""),
		     "'=cmd(),2025-12-28 06:00:00.000,lactate,-2,,'+x,true,\"'@a,b\",,\n");
}
END_TEST

START_TEST(export_wide)
{
	check_export(
		true, false,
		R("P", "heart_rate", "72", "bpm", "") R("P", "spo2", "0.97", "1", "")
			R("Q", "heart_rate", "80", "bpm", "") R("Q", "heart_rate", "81", "bpm", "")
				R("Q", "consciousness", "\"A\"", "ACVPU", "")
					R("Q", "news2", "3", "", "") R("Q", "lactate", "1", "", ""),
		"P,2025-12-28 06:00:00.000,72,,,,97,,,,,,\n"
		"Q,2025-12-28 06:00:00.000,80,,,,,,,,,,\n"
		"Q,2025-12-28 06:00:00.000,81,,,,,,,,A,,3\n");
}
END_TEST

START_TEST(paths_to_patients)
{
	ck_assert(hi_slice_is(hi_csv_patient_of_path("../x.y/p01.csv.gz"), "p01"));
	ck_assert(hi_slice_is(hi_csv_patient_of_path("p.1.tsv"), "p.1"));
	ck_assert(hi_slice_is(hi_csv_patient_of_path("csv"), "csv"));
}
END_TEST

int main(void)
{
	TCase *c = tcase_create("csv");
	Suite *suite = suite_create("csv");
	SRunner *sr;
	int failed;

	hi_hash_start();
	tcase_set_timeout(c, 60); /* sanitizers on a loaded machine */
	tcase_add_test(c, rows_plain);
	tcase_add_test(c, rows_quoted);
	tcase_add_test(c, rows_too_long);
	tcase_add_test(c, rows_look_and_back);
	tcase_add_test(c, cell_values);
	tcase_add_test(c, cell_pairs);
	tcase_add_test(c, cell_times);
	tcase_add_test(c, known_headers);
	tcase_add_test(c, known_units);
	tcase_add_test(c, map_refuses);
	tcase_add_test(c, map_reads);
	tcase_add_test(c, convert_wide);
	tcase_add_test(c, convert_narrow);
	tcase_add_test(c, convert_many_names);
	tcase_add_test(c, convert_mapped);
	tcase_add_test(c, convert_refuses);
	tcase_add_test(c, convert_options);
	tcase_add_test(c, convert_without_plan);
	tcase_add_test(c, cuts_of_plain_files);
	tcase_add_test(c, cuts_of_narrow_files);
	tcase_add_test(c, cuts_of_odd_files);
	tcase_add_test(c, cuts_of_long_lines);
	tcase_add_test(c, cuts_of_swallowed_lines);
	tcase_add_test(c, signals_leave_a_place);
	tcase_add_test(c, grown_files);
	tcase_add_test(c, changed_files);
	tcase_add_test(c, two_files);
	tcase_add_test(c, set_checked);
	tcase_add_test(c, stats_tell);
	tcase_add_test(c, stats_bounded);
	tcase_add_test(c, export_narrow);
	tcase_add_test(c, export_wide);
	tcase_add_test(c, paths_to_patients);
	suite_add_tcase(suite, c);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed > 0;
}
