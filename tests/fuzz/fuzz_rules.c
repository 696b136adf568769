/*
 * A rule file, a NUL byte, and a stream of readings. A rule written in canonical
 * form reads as the same rule; every alert is a record that reads; of each patient
 * and rule alerts begin and end in turn, under one id; and patients do not disturb
 * each other: the stream sorted by patient gives the same alerts of thresholds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "rule/detect.h"
#include "vital/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

enum { LINES_MAX = 4000 };

static void fail(const char *what, struct hi_slice text)
{
	fprintf(stderr, "fuzz_rules: %s\n%.*s\n", what, (int)text.len, text.ptr);
	abort();
}

static void wrong(void *arg, const struct hi_error *e)
{
	size_t *lines = arg;

	if (e->line < 1 || e->line > *lines || !e->text || e->column < 1)
		fail("a message without its place", hi_slice_of(e->text));
}

static bool same_limit(const struct hi_limit *a, const struct hi_limit *b)
{
	return a->op == b->op && a->v == b->v;
}

/* The rule, as text, as a rule again. */
static void write_and_read(const struct hi_rule *r)
{
	struct hi_rules again = { 0 };
	struct hi_buf b;
	struct hi_error e;

	hi_buf_init(&b, 4096);
	hi_buf_printf(&b, "%s %s %s ", r->name, hi_priorities[r->priority].name, r->metric_name);
	size_t prefix = b.len;
	hi_rule_condition(r, &b);
	if (b.failed || hi_rules_parse(&again, hi_buf_view(&b), "again", NULL, NULL, &e) ||
	    again.n != 1)
		fail("a rule in canonical form is no rule", hi_buf_view(&b));
	const struct hi_rule *q = again.v;
	if (q->type != r->type || q->any != r->any || q->stale_us != r->stale_us ||
	    q->metric != r->metric || strcmp(q->metric_name, r->metric_name) != 0 ||
	    !same_limit(&q->limit, &r->limit) || q->for_us != r->for_us || q->clears != r->clears ||
	    (r->clears && !same_limit(&q->clear, &r->clear)) || q->clear_for_us != r->clear_for_us)
		fail("a rule in canonical form is another", hi_buf_view(&b));
	struct hi_buf twice;
	hi_buf_init(&twice, 4096);
	hi_rule_condition(q, &twice);
	if (!hi_slice_eq(hi_buf_view(&twice), (struct hi_slice){ b.ptr + prefix, b.len - prefix }))
		fail("the canonical form has another", hi_buf_view(&b));
	hi_buf_release(&twice);
	hi_buf_release(&b);
	hi_rules_release(&again);
}

/* The alerts of one run, each ended by NUL. */
struct alerts {
	struct hi_buf line, all;
	size_t n;
};

static void emit(void *arg)
{
	struct alerts *a = arg;

	hi_buf_slice(&a->all, hi_buf_view(&a->line));
	hi_buf_putc(&a->all, '\0');
	hi_buf_reset(&a->line);
	a->n++;
}

static void run(const struct hi_rules *rules, const struct hi_slice *line, size_t n,
		int64_t lateness_us, struct alerts *out)
{
	/* Whom to forget goes by the stream's clock, which other patients move. */
	const struct hi_detect_setup setup = { .rules = rules,
					       .lateness_us = lateness_us,
					       .forget_us = 0,
					       .line = &out->line,
					       .emit = emit,
					       .arg = out };
	struct hi_reader *reader;
	struct hi_detect *d;
	struct hi_error e;

	hi_buf_init(&out->line, 1 << 16);
	hi_buf_init(&out->all, 1 << 26);
	out->n = 0;
	if (hi_reader_new(&reader, NULL, NULL, &e) || hi_detect_new(&d, &setup, &e))
		abort();
	for (size_t i = 0; i < n; i++) {
		struct hi_rec rec;
		int s = HI_OK;
		if (hi_reader_line_parse(reader, line[i], &rec, &e) != HI_OK)
			continue;
		if (rec.type == HI_T_PATIENT)
			s = hi_detect_patient(d, &rec, &e);
		else if (rec.type == HI_T_READING)
			s = hi_detect_before(d, &rec, &e);
		if (s == HI_DETECT_JUDGE)
			s = hi_detect_after(d, &rec, &e);
		if (s != HI_OK)
			abort();
	}
	if (out->all.failed || out->line.failed)
		abort();
	hi_detect_free(d);
	hi_reader_free(reader);
}

/* id and rule of a patient's alerts that have begun and not ended. */
struct begun {
	char key[256], id[64];
};

static void check_turns(const struct alerts *a)
{
	static struct begun open[LINES_MAX];
	size_t open_n = 0;
	struct hi_reader *reader;
	struct hi_error e;
	const char *p = a->all.ptr;

	if (hi_reader_new(&reader, NULL, NULL, &e))
		abort();
	for (size_t i = 0; i < a->n; i++, p += strlen(p) + 1) {
		static struct hi_buf scratch = { .max = 4096 };
		struct hi_slice text = hi_slice_of(p);
		struct hi_rec rec;
		struct begun b = { 0 };
		hi_buf_reset(&scratch);
		hi_buf_room(&scratch, 4096);
		if (hi_reader_line_parse(reader, text, &rec, &e) != HI_OK ||
		    rec.type != HI_T_ALERT || !(rec.has & HI_HAS_TIME))
			fail("an alert is no record", text);
		struct hi_slice id = hi_rec_text(&rec, "alert_id", &scratch);
		struct hi_slice rule = hi_rec_text(&rec, "alert_type", &scratch);
		struct hi_slice status = hi_rec_text(&rec, "status", &scratch);
		memcpy(b.key, rec.patient_id.ptr, rec.patient_id.len);
		memcpy(b.key + rec.patient_id.len + 1, rule.ptr, rule.len);
		memcpy(b.id, id.ptr, id.len < sizeof b.id ? id.len : sizeof b.id - 1);
		size_t k = 0;
		while (k < open_n && memcmp(open[k].key, b.key, sizeof b.key) != 0)
			k++;
		if (hi_slice_is(status, "ACTIVE")) {
			if (k < open_n)
				fail("begins twice", text);
			if (open_n == LINES_MAX)
				break;
			open[open_n++] = b;
		} else {
			if (!hi_slice_is(status, "CLEARED") || k == open_n ||
			    strcmp(open[k].id, b.id) != 0)
				fail("ends what has not begun", text);
			open[k] = open[--open_n];
		}
	}
	hi_reader_free(reader);
}

/* A line and whose it is. */
struct owned {
	struct hi_slice line, id;
	char kept[HI_PATIENT_ID_MAX];
};

static int by_patient(const void *a, const void *b)
{
	const struct owned *x = a, *y = b;
	int c = hi_slice_cmp((struct hi_slice){ x->kept, x->id.len },
			     (struct hi_slice){ y->kept, y->id.len });

	return c ? c : (x->line.ptr > y->line.ptr) - (x->line.ptr < y->line.ptr);
}

/* Each patient's lines in their order, one patient after the other. */
static void sort_by_patient(struct hi_slice *line, size_t n)
{
	static struct owned v[LINES_MAX];
	struct hi_reader *reader;
	struct hi_rec rec;

	if (hi_reader_new(&reader, NULL, NULL, NULL))
		abort();
	for (size_t i = 0; i < n; i++) {
		v[i] = (struct owned){ .line = line[i] };
		if (hi_reader_line_parse(reader, line[i], &rec, NULL) == HI_OK)
			v[i].id = rec.patient_id;
		if (v[i].id.len)
			memcpy(v[i].kept, v[i].id.ptr, v[i].id.len);
	}
	qsort(v, n, sizeof *v, by_patient);
	for (size_t i = 0; i < n; i++)
		line[i] = v[i].line;
	hi_reader_free(reader);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Those of thresholds: silence is measured on the clock of all. */
static const char **sorted(const struct alerts *a, size_t *n)
{
	const char **v = calloc(a->n + 1, sizeof *v), *p = a->all.ptr;

	*n = 0;
	for (size_t i = 0; i < a->n; i++, p += strlen(p) + 1)
		if (!strstr(p, "\"observed_value\":null"))
			v[(*n)++] = p;
	qsort(v, *n, sizeof *v, by_text);
	return v;
}

static void compare_orders(const struct alerts *a, const struct alerts *b)
{
	size_t n, m;
	const char **x = sorted(a, &n), **y = sorted(b, &m);

	for (size_t i = 0; i < n && i < m; i++)
		if (strcmp(x[i], y[i]) != 0)
			fail(y[i], hi_slice_of(x[i]));
	if (n != m)
		fail("another number of alerts", HI_LIT(""));
	free(x);
	free(y);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = text + size;
	const char *nul = size ? memchr(text, 0, size) : NULL;
	struct hi_slice rules_text = { text, nul ? (size_t)(nul - text) : size };
	static struct hi_slice line[LINES_MAX];
	struct hi_rules rules = { 0 };
	struct alerts mixed, apart;
	struct hi_error e;
	size_t n = 0, rule_lines = 1;

	for (size_t i = 0; i < rules_text.len; i++)
		rule_lines += rules_text.ptr[i] == '\n';
	hi_rules_parse(&rules, rules_text, "fuzz", wrong, &rule_lines, &e);
	for (size_t i = 0; i < rules.n; i++)
		write_and_read(&rules.v[i]);
	for (const char *p = nul ? nul + 1 : end; p < end && n < LINES_MAX; n++) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		line[n] = (struct hi_slice){ p, (size_t)((lf ? lf : end) - p) };
		p = lf ? lf + 1 : end;
	}
	int64_t lateness_us = (int64_t)(size % 3) * 5000000;
	run(&rules, line, n, lateness_us, &mixed);
	check_turns(&mixed);
	sort_by_patient(line, n);
	run(&rules, line, n, lateness_us, &apart);
	compare_orders(&mixed, &apart);
	hi_buf_release(&mixed.line);
	hi_buf_release(&mixed.all);
	hi_buf_release(&apart.line);
	hi_buf_release(&apart.all);
	hi_rules_release(&rules);
	return 0;
}

static size_t pick(uint64_t *s, size_t n)
{
	*s = *s * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (size_t)((*s >> 33) % n);
}

/* Readings of a few patients that go in and out of limits, mostly in order of time. */
static size_t make_readings(uint64_t *s, char *out, size_t cap)
{
	static const char *const metrics[] = { "heart_rate", "spo2", "temperature", "other" };
	const int usual[] = { 110, 92, 39, 5 };
	size_t len = 0;
	int t = 0;

	for (size_t i = 0; i < 60; i++) {
		size_t m = pick(s, 4);
		int at = t, n;
		t += (int)pick(s, pick(s, 20) ? 8 : 7200);
		if (pick(s, 12) == 0)
			at -= (int)pick(s, 30);
		at = at < 0 ? 0 : at % 86400;
		n = snprintf(out + len, cap - len,
			     "{\"patient_id\":\"P%d\",\"metric_name\":\"%s\",\"value\":%d.%d,"
			     "\"timestamp\":\"2025-12-28T%02d:%02d:%02dZ\"}\n",
			     (int)pick(s, 3), metrics[m], usual[m] + (int)pick(s, 7) - 3,
			     (int)pick(s, 2) * 5, at / 3600, at / 60 % 60, at % 60);
		if (n < 0 || (size_t)n >= cap - len)
			break;
		len += (size_t)n;
	}
	return len;
}

static size_t make_rules(uint64_t *s, char *out, size_t cap)
{
	static const char *const words[] = {
		"high",	       "medium", "low",	 "technical", "heart_rate", "hr",    "spo2",
		"temperature", "other",	 ">",	 ">=",	      "<",	    "<=",    "110",
		"92",	       "39",	 "5",	 "for",	      "10s",	    "1m30s", "0s",
		"clear",       "109.5",	 "-1e2", "#",	      "latch",	    "1e999",
	};
	size_t len = 0;

	for (int i = 0; i < 8; i++) {
		const int value[] = { 110, 92, 39, 5 };
		size_t m = pick(s, 4);
		int n = snprintf(out + len, cap - len, "R%d %s %s %s %d", i, words[pick(s, 4)],
				 m == 3 ? "other"
					: (const char *const[]){ "hr", "spo2", "temp" }[m],
				 words[9 + pick(s, 4)], value[m] + (int)pick(s, 3) - 1);
		while (n > 0 && (size_t)n < cap - len && pick(s, 2)) {
			len += (size_t)n;
			static const char *const clauses[] = { " for 10s", " clear < 108",
							       " clear >= 94", " for 3s" };
			n = snprintf(out + len, cap - len, "%s",
				     pick(s, 8) ? clauses[pick(s, 4)] : words[pick(s, 27)]);
		}
		if (n < 0 || (size_t)n + 1 >= cap - len)
			break;
		len += (size_t)n;
		out[len++] = '\n';
	}
	return len;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	char *text = (char *)data;
	uint64_t s = (uint64_t)seed * UINT64_C(0x9E3779B97F4A7C15) + 1;

	if (size == 0 || seed % 4 == 0) {
		if (max_size < 64)
			return 0;
		size_t n = make_rules(&s, text, max_size / 4);
		text[n++] = '\0';
		return n + make_readings(&s, text + n, max_size - n);
	}
	if (seed % 4 == 1)
		return LLVMFuzzerMutate(data, size, max_size);
	return seed % 4 == 2 ? lines_repeat(s, text, size, max_size)
			     : lines_spoil(s, text, size, max_size);
}
