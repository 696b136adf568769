/*
 * The same bytes through the fast reader, in pieces of any size, and through the
 * strict one, whole: every field of every record, every reject and every line
 * number must agree; the lines together must be the input; and a record written
 * from its fields must read as what it was.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "lines.h"
#include "vital/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

static void fail(const char *what, const struct hi_rec *r)
{
	fprintf(stderr, "fuzz_reader: %s\n%.*s\n", what, (int)r->line.len, r->line.ptr);
	abort();
}

#define SAME(condition)                                                                            \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fail("not the same: " #condition, a);                                      \
	} while (0)

/* Where b points into its line, a must point to the same place of its own. */
static bool same_slice(const struct hi_rec *a, struct hi_slice x, const struct hi_rec *b,
		       struct hi_slice y)
{
	bool inside_x = x.ptr >= a->line.ptr && x.ptr < a->line.ptr + a->line.len;
	bool inside_y = y.ptr >= b->line.ptr && y.ptr < b->line.ptr + b->line.len;

	if (!hi_slice_eq(x, y) || (x.len > 0 && inside_x != inside_y))
		return false;
	return x.len == 0 || !inside_x || x.ptr - a->line.ptr == y.ptr - b->line.ptr;
}

static bool same_num(const struct hi_num *x, const struct hi_num *y)
{
	return memcmp(&x->v, &y->v, sizeof x->v) == 0 && x->mant == y->mant &&
	       x->scale == y->scale && x->exact == y->exact;
}

static void compare_members(const struct hi_rec *a, const struct hi_rec *b)
{
	SAME(a->members_n == b->members_n);
	for (size_t i = 0; i < a->members_n; i++) {
		const struct hi_member *x = &a->members[i], *y = &b->members[i];
		SAME(same_slice(a, x->key, b, y->key));
		SAME(same_slice(a, x->value, b, y->value));
		SAME(x->kind == y->kind);
		SAME(x->key_escaped == y->key_escaped);
		SAME(x->value_escaped == y->value_escaped);
	}
}

static void compare(const struct hi_rec *a, const struct hi_rec *b)
{
	SAME(a->type == b->type);
	SAME(a->has == b->has);
	SAME(hi_slice_eq(a->line, b->line));
	SAME(a->line_lf == b->line_lf);
	SAME(same_slice(a, a->patient_id, b, b->patient_id));
	SAME(same_slice(a, a->metric_name, b, b->metric_name));
	SAME(same_slice(a, a->unit, b, b->unit));
	SAME(same_slice(a, a->value_text, b, b->value_text));
	SAME(same_slice(a, a->time_text, b, b->time_text));
	SAME(hi_slice_eq(a->code, b->code));
	SAME(hi_slice_eq(a->extra_json, b->extra_json));
	SAME(a->metric == b->metric);
	if (a->has & HI_HAS_PATIENT) {
		SAME(a->patient_hash == b->patient_hash);
		SAME(a->patient_hash == hi_hash_slice(a->patient_id));
	}
	if (a->has & HI_HAS_VALUE)
		SAME(same_num(&a->value, &b->value));
	if (a->has & HI_HAS_TIME) {
		SAME(a->t_us == b->t_us);
		SAME(a->t_digits == b->t_digits);
	}
	compare_members(a, b);
}

static void compare_errors(const struct hi_rec *a, const struct hi_error *x,
			   const struct hi_error *y)
{
	SAME(strcmp(x->text, y->text) == 0);
	SAME(x->line == y->line);
	SAME(x->column == y->column);
	SAME(strcmp(x->source, y->source) == 0);
	SAME(x->column >= 1 && x->column <= a->line.len + 2);
}

/* A reading as a store's row would write it: the same patient, metric, value and time. */
static void write_and_read(struct hi_reader *reader, const struct hi_rec *a)
{
	static struct hi_buf text = { .max = 1 << 22 };
	struct hi_rec row = *a, back;
	struct hi_error e;

	hi_buf_reset(&text);
	row.line = (struct hi_slice){ NULL, 0 };
	hi_rec_line(&row, &text);
	SAME(!text.failed);
	if (hi_reader_line_parse(reader, hi_buf_view(&text), &back, &e) != HI_OK) {
		fprintf(stderr, "%s: %.*s\n", e.text, (int)text.len, text.ptr);
		fail("what was written does not read", a);
	}
	SAME(hi_slice_eq(a->patient_id, back.patient_id));
	SAME(hi_slice_eq(a->metric_name, back.metric_name));
	SAME(a->t_us == back.t_us);
	unsigned about = HI_HAS_VALUE | HI_HAS_CODE | HI_HAS_TOOL;
	SAME((a->has & about) == (back.has & about));
	SAME(a->members_n == back.members_n);
	if (a->has & HI_HAS_VALUE)
		SAME(memcmp(&a->value.v, &back.value.v, sizeof a->value.v) == 0);
	SAME(hi_slice_eq(a->code, back.code));
}

static struct hi_reader *new_reader(const char *scan)
{
	struct hi_reader *r;
	struct hi_error e;

	setenv("HI_SCAN", scan, 1);
	if (hi_reader_new(&r, NULL, NULL, &e) != HI_OK)
		abort();
	return r;
}

static struct hi_input *input_of(struct hi_slice text, size_t chunk_max)
{
	struct hi_input *in;
	struct hi_error e;

	if (hi_input_memory(&in, text, chunk_max, text.len, &e) != HI_OK)
		abort();
	return in;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hi_slice text = { (const char *)data, size };
	struct hi_reader *fast = new_reader("fast"), *ref = new_reader("ref");
	struct hi_reader *third = new_reader("ref");
	size_t chunk = size ? data[size / 2] : 0;
	struct hi_input *in_fast = input_of(text, chunk & 1 ? chunk * 16 : 0);
	struct hi_input *in_ref = input_of(text, 0);
	size_t at = 0;

	hi_reader_open(fast, in_fast);
	hi_reader_open(ref, in_ref);
	for (;;) {
		struct hi_rec a, b;
		struct hi_error x, y;
		int s = hi_reader_next(fast, &a, &x), t = hi_reader_next(ref, &b, &y);

		if (s != t || hi_reader_line(fast) != hi_reader_line(ref)) {
			fprintf(stderr, "fuzz_reader: line %zu: %d and %d\n",
				(size_t)hi_reader_line(fast), s, t);
			abort();
		}
		if (s == HI_END)
			break;
		if (s == HI_OK)
			compare(&a, &b);
		else
			compare_errors(&a, &x, &y);
		if (at + a.line.len + a.line_lf > size ||
		    memcmp(text.ptr + at, a.line.ptr, a.line.len) != 0 ||
		    (a.line_lf && text.ptr[at + a.line.len] != '\n'))
			fail("not what was in the input", &a);
		at += a.line.len + a.line_lf;
		if (s == HI_OK && a.type == HI_T_READING)
			write_and_read(third, &a);
	}
	if (at != size)
		abort();
	hi_reader_free(fast);
	hi_reader_free(ref);
	hi_reader_free(third);
	hi_input_close(in_fast);
	hi_input_close(in_ref);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	char *text = (char *)data;
	uint64_t s = (uint64_t)seed * UINT64_C(0x9E3779B97F4A7C15) + 1;

	if (size == 0 || seed % 16 == 0)
		return lines_make(s, text, max_size);
	if (seed % 16 < 8)
		return lines_spoil(s, text, size, max_size);
	if (seed % 16 < 11)
		return lines_repeat(s, text, size, max_size);
	return LLVMFuzzerMutate(data, size, max_size);
}
