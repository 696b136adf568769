/*
 * A byte of options, a mapping, a NUL byte, and a CSV file. Every line that comes
 * out reads as a reading; how the bytes are cut changes nothing; read on from behind
 * a row it gives what came behind it; the plan printed as a mapping gives the same
 * readings; and readings written as CSV are read as the same again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "csv/export.h"
#include "csv/import.h"
#include "csv/known.h"
#include "lines.h"
#include "vital/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

static void fail(const char *what, struct hi_slice text)
{
	fprintf(stderr, "fuzz_csv: %s\n%.*s\n", what, (int)text.len, text.ptr);
	abort();
}

enum { PLACES_MAX = 64 };

/* What one conversion gave, and where another can read on. */
struct result {
	struct hi_slice input;
	struct hi_buf lines, rejects, plan;
	int status;
	struct hi_csv_import *import;
	struct place {
		struct hi_line_position p;
		size_t lines, rejects; /* bytes until there */
	} place[PLACES_MAX];
	size_t places_n;
};

static bool before_read(void *arg, bool waits)
{
	(void)arg;
	(void)waits;
	return true;
}

static void planned(void *arg, const struct hi_csv_plan *p, const char *source)
{
	struct result *r = arg;

	(void)source;
	hi_buf_reset(&r->plan);
	hi_csv_plan_print(p, &r->plan);
}

static void take_lines(void *arg, struct hi_slice lines)
{
	struct result *r = arg;
	struct hi_line_position p;

	hi_buf_slice(&r->lines, lines);
	if (r->places_n < PLACES_MAX && hi_csv_import_position(r->import, &p))
		r->place[r->places_n++] = (struct place){ p, r->lines.len, r->rejects.len };
}

static int reject(void *arg, const struct hi_error *e, struct hi_slice text)
{
	struct result *r = arg;

	if (!e->text || e->line < 1)
		fail("a reject without its place", text);
	if (text.len && !memmem(r->input.ptr, r->input.len, text.ptr, text.len))
		fail("a reject of what was not in the input", text);
	hi_buf_printf(&r->rejects, "%d:%d:%s:", (int)e->line, (int)e->column, e->text);
	hi_buf_slice(&r->rejects, text);
	hi_buf_putc(&r->rejects, '\n');
	return HI_OK;
}

static void convert_from(struct result *r, struct hi_slice csv, const struct hi_csv_map *map,
			 unsigned flags, size_t chunk_max, struct hi_line_position from)
{
	struct hi_csv_import_options o = {
		.map = map,
		.guess = !map && (flags & 1),
		.lines = flags & 2,
		.convert = { .max_ahead_us = -1,
			     .since_us = HI_TIME_MIN,
			     .until_us = HI_TIME_END,
			     .now_us = hi_clock_us,
			     .reject = reject,
			     .arg = r },
		.before_read = before_read,
		.planned = planned,
		.write = take_lines,
	};
	struct hi_input *in;
	struct hi_error e = { 0 };

	r->input = csv;
	r->places_n = 0;
	hi_buf_init(&r->lines, 1 << 26);
	hi_buf_init(&r->rejects, 1 << 26);
	hi_buf_init(&r->plan, 1 << 22);
	if (hi_input_memory(&in, csv, chunk_max, 1, &e) || hi_csv_import_new(&r->import, &o, &e))
		abort();
	hi_csv_import_from(r->import, from);
	r->status = hi_csv_import_input(r->import, in, "P-7.csv", &e);
	if (r->status == HI_NOMEM || r->lines.failed || r->rejects.failed || r->plan.failed)
		abort();
	hi_csv_import_free(r->import);
	hi_input_close(in);
}

static void convert(struct result *r, struct hi_slice csv, const struct hi_csv_map *map,
		    unsigned flags, size_t chunk_max)
{
	convert_from(r, csv, map, flags, chunk_max, (struct hi_line_position){ 0 });
}

static void release(struct result *r)
{
	hi_buf_release(&r->lines);
	hi_buf_release(&r->rejects);
	hi_buf_release(&r->plan);
}

static void same(const char *what, const struct hi_buf *a, const struct hi_buf *b)
{
	if (hi_slice_eq(hi_buf_view(a), hi_buf_view(b)))
		return;
	fprintf(stderr, "first:\n%.*s\nsecond:\n", (int)a->len, a->ptr);
	fail(what, hi_buf_view(b));
}

static void same_rest(const char *what, const struct hi_buf *whole, size_t from,
		      const struct hi_buf *rest)
{
	if (whole->len - from == rest->len &&
	    (rest->len == 0 || memcmp(whole->ptr + from, rest->ptr, rest->len) == 0))
		return;
	fprintf(stderr, "whole, from byte %zu:\n%.*s\nrest:\n", from, (int)whole->len, whole->ptr);
	fail(what, hi_buf_view(rest));
}

/* From a place on, whichever, comes what came behind it. */
static void check_rest(const struct result *r, struct hi_slice csv, const struct hi_csv_map *map,
		       unsigned flags)
{
	const struct place *at;
	struct result rest;

	if (r->places_n == 0)
		return;
	at = &r->place[(flags / 8 + csv.len) % r->places_n];
	convert_from(&rest, csv, map, flags, 1 + flags % 60, at->p);
	if (rest.status != r->status)
		fail("read on it ends otherwise", csv);
	same_rest("readings of the rest", &r->lines, at->lines, &rest.lines);
	same_rest("rejects of the rest", &r->rejects, at->rejects, &rest.rejects);
	release(&rest);
}

/* The readings' fields that CSV keeps, one a line, and the readings as a narrow file. */
static void digest(struct hi_slice lines, struct hi_buf *fields, struct hi_buf *csv)
{
	struct hi_csv_export *x;
	struct hi_reader *reader;
	struct hi_input *in;
	struct hi_rec rec;
	struct hi_error e;
	int s;

	if (hi_input_memory(&in, lines, 0, 1, &e) || hi_reader_new(&reader, NULL, NULL, &e) ||
	    hi_csv_export_new(&x, false, false, NULL, 0, &e))
		abort();
	hi_csv_export_header(x, csv);
	hi_reader_open(reader, in);
	while ((s = hi_reader_next(reader, &rec, &e)) != HI_END) {
		if (s != HI_OK || rec.type != HI_T_READING || !rec.line_lf)
			fail("a line that is no reading", rec.line);
		if (!(rec.has & (HI_HAS_VALUE | HI_HAS_CODE)))
			fail("a reading without a value", rec.line);
		/* A mapping may name a patient "nil", which no cell can. */
		if (hi_csv_is_missing(rec.patient_id))
			continue;
		hi_json_quote(fields, rec.patient_id);
		hi_json_quote(fields, rec.metric_name);
		hi_buf_printf(fields, "%.17g %d ", rec.value.v, (int)(rec.has & HI_HAS_VALUE));
		hi_json_quote(fields, rec.code);
		hi_json_quote(fields, hi_rec_unit(&rec));
		hi_buf_printf(fields, "%lld\n", (long long)rec.t_us);
		if (hi_csv_export_record(x, &rec, csv, &e))
			abort();
	}
	if (hi_csv_export_end(x, csv, &e) || csv->failed || fields->failed)
		abort();
	hi_csv_export_free(x);
	hi_reader_free(reader);
	hi_input_close(in);
}

static void check_round_trip(const struct result *r)
{
	struct hi_buf fields, csv, fields_again, csv_again;
	struct result back;

	hi_buf_init(&fields, 1 << 26);
	hi_buf_init(&csv, 1 << 26);
	hi_buf_init(&fields_again, 1 << 26);
	hi_buf_init(&csv_again, 1 << 26);
	digest(hi_buf_view(&r->lines), &fields, &csv);
	if (fields.len > 0) {
		convert(&back, hi_buf_view(&csv), NULL, 0, 0);
		digest(hi_buf_view(&back.lines), &fields_again, &csv_again);
		if (back.status != HI_OK || back.rejects.len > 0)
			fail("our own CSV is refused", hi_buf_view(&back.rejects));
		same("readings by way of CSV", &fields, &fields_again);
		same("CSV by way of readings", &csv, &csv_again);
		release(&back);
	}
	hi_buf_release(&fields);
	hi_buf_release(&csv);
	hi_buf_release(&fields_again);
	hi_buf_release(&csv_again);
}

/* The plan as a mapping gives the same plan, where each column has a name of its own. */
static void check_plan(const struct result *r, struct hi_slice csv, unsigned flags)
{
	struct hi_csv_map map;
	struct result again;
	struct hi_error e;

	if (memmem(r->plan.ptr, r->plan.len, "# column ", 9))
		return;
	hi_csv_map_init(&map);
	if (hi_csv_map_parse(&map, hi_buf_view(&r->plan), &e) != HI_OK) {
		fprintf(stderr, "%d:%d: %s: %s\n", (int)e.line, (int)e.column, e.text, e.detail);
		fail("a printed plan is no mapping", hi_buf_view(&r->plan));
	}
	convert(&again, csv, &map, flags, 0);
	if (again.status != HI_OK)
		fail("a printed plan cannot be used", hi_buf_view(&r->plan));
	same("readings by the printed plan", &r->lines, &again.lines);
	same("rejects by the printed plan", &r->rejects, &again.rejects);
	release(&again);
	hi_csv_map_release(&map);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	unsigned flags = size ? data[0] : 0;
	const char *nul = size ? memchr(text + 1, 0, size - 1) : NULL;
	struct hi_slice mapping = { text + 1, nul ? (size_t)(nul - text) - 1 : 0 };
	struct hi_slice csv = nul ? (struct hi_slice){ nul + 1, (size_t)(text + size - nul) - 1 }
				  : (struct hi_slice){ text + (size > 0), size - (size > 0) };
	struct hi_csv_map map;
	struct result whole, pieces;
	struct hi_error e;

	hi_csv_map_init(&map);
	bool mapped = mapping.len > 0 && hi_csv_map_parse(&map, mapping, &e) == HI_OK;
	convert(&whole, csv, mapped ? &map : NULL, flags, 0);
	convert(&pieces, csv, mapped ? &map : NULL, flags, 1 + flags % 50);
	if (whole.status != pieces.status)
		fail("cut into pieces it ends otherwise", csv);
	same("readings of pieces", &whole.lines, &pieces.lines);
	same("rejects of pieces", &whole.rejects, &pieces.rejects);
	check_rest(&whole, csv, mapped ? &map : NULL, flags);
	check_round_trip(&whole);
	if (!mapped && whole.status == HI_OK && whole.plan.len > 0)
		check_plan(&whole, csv, flags);
	release(&whole);
	release(&pieces);
	hi_csv_map_release(&map);
	return 0;
}

static size_t pick(uint64_t *s, size_t n)
{
	*s = *s * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (size_t)((*s >> 33) % n);
}

#define PICK(s, list) ((list)[pick(s, sizeof(list) / sizeof *(list))])

struct text {
	char *p;
	size_t len, cap;
};

static void add(struct text *t, const char *s)
{
	size_t n = strlen(s);

	if (n <= t->cap - t->len) {
		memcpy(t->p + t->len, s, n);
		t->len += n;
	}
}

static void add_cell(uint64_t *s, struct text *t, size_t column)
{
	static const char *const times[] = {
		"2025-12-28 06:30:0", "2025-12-28T06:30:00.25Z", "28.12.2025 06:30", "0.5", "1:30",
	};
	static const char *const values[] = {
		"72",
		"36.6",
		"98.6",
		"120/80",
		"",
		"NA",
		"NaN",
		"\"1,5\"",
		"36,6",
		"Alert",
		"A",
		"98 %",
		"+7",
		".5",
		"007",
		"\"a \"\"b\"\" c\"",
		"\"two\nlines\"",
		"\"open",
		"1e999",
		"-",
	};
	char number[16];

	if (column == 1) {
		add(t, PICK(s, times));
		return;
	}
	if (column == 0 || pick(s, 3)) {
		snprintf(number, sizeof number, column ? "%d" : "P%d", (int)pick(s, 150));
		add(t, number);
		return;
	}
	add(t, PICK(s, values));
}

static size_t make_csv(uint64_t *s, char *out, size_t cap)
{
	static const char *const headers[] = {
		"HR",	"SBP",	       "DBP",	  "Temp",    "Temp (F)", "SpO2", "bp",
		"AVPU", "metric_name", "value",	  "unit",    "text",	 "ward", "type",
		"x",	"\"o2 sat\"",  "\"a,b\"", "Lactate", "Resp",	 "",
	};
	static const char *const separators[] = { ",", ";", "\t", "|" };
	static const char *const ends[] = { "\n", "\n", "\r\n", "\n\n" };
	const char *separator = PICK(s, separators), *end = PICK(s, ends);
	size_t columns = 2 + pick(s, 5);
	struct text t = { out, 0, cap };

	add(&t, pick(s, 6) ? "patient_id" : "\xEF\xBB\xBFpid");
	for (size_t c = 1; c < columns; c++) {
		add(&t, separator);
		add(&t, c == 1 && pick(s, 8) ? "timestamp" : PICK(s, headers));
	}
	add(&t, end);
	for (size_t row = 0; row < 12; row++) {
		for (size_t c = 0; c < columns; c++) {
			add(&t, c ? separator : "");
			add_cell(s, &t, c);
		}
		add(&t, end);
	}
	return t.len;
}

static size_t make_mapping(uint64_t *s, char *out, size_t cap)
{
	static const char *const lines[] = {
		"patient_id = patient\n",
		"timestamp = time\n",
		"HR = heart_rate\n",
		"x = temperature F\n",
		"bp = bp mmHg\n",
		"ward = key ward\n",
		"value = value\n",
		"metric_name = metric\n",
		"missing - NA none\n",
		"metric_name HR = hr\n",
		"timestamp min since 2025-12-28\n",
		"decimal comma\n",
		"separator tab\n",
		"patient is P-9\n",
		"patient file\n",
		"x ignore = ignore\n",
		"\"o2 sat\" = spo2 % method pulse\n",
		"x = ignore\n",
	};
	struct text t = { out, 0, cap };

	for (size_t k = pick(s, 8); k > 0; k--)
		add(&t, PICK(s, lines));
	return t.len;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	char *text = (char *)data;
	uint64_t s = (uint64_t)seed * UINT64_C(0x9E3779B97F4A7C15) + 1;

	if (size == 0 || seed % 8 == 0) {
		if (max_size < 64)
			return 0;
		size_t n = 1;
		text[0] = (char)pick(&s, 256);
		if (pick(&s, 2))
			n += make_mapping(&s, text + n, max_size / 4);
		text[n++] = '\0';
		return n + make_csv(&s, text + n, max_size - n);
	}
	if (seed % 8 < 3)
		return LLVMFuzzerMutate(data, size, max_size);
	return seed % 8 < 4 ? lines_repeat(s, text, size, max_size)
			    : lines_spoil(s, text, size, max_size);
}
