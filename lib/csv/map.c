#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/nearest.h"
#include "base/time.h"
#include "csv/map.h"
#include "csv/series.h"
#include "io/input.h"
#include "vital/record.h"

enum { WORDS_MAX = 32 };

/* A line as words; a quoted word is never an operator. */
struct words {
	struct hi_slice w[WORDS_MAX];
	bool quoted[WORDS_MAX];
	uint32_t column[WORDS_MAX];
	size_t n;
	uint32_t end_column;
	uint32_t line;
	char text[4096]; /* the words without their quotes */
};

static const struct {
	const char *name;
	enum hi_csv_role role;
} roles[] = {
	{ "patient", HI_CSV_PATIENT }, { "time", HI_CSV_TIME },	    { "metric", HI_CSV_NAME },
	{ "value", HI_CSV_VALUE },     { "text", HI_CSV_TEXT },	    { "unit", HI_CSV_UNIT },
	{ "type", HI_CSV_TYPE },       { "ignore", HI_CSV_IGNORE },
};

static const struct {
	const char *name;
	int64_t us;
} since_units[] = {
	{ "us", 1 },	    { "ms", HI_US_MS },	  { "s", HI_US_S },
	{ "sec", HI_US_S }, { "min", HI_US_MIN }, { "m", HI_US_MIN },
	{ "h", HI_US_H },   { "d", HI_US_DAY },	  { "h:mm", 0 },
};

void hi_csv_map_init(struct hi_csv_map *m)
{
	*m = (struct hi_csv_map){ 0 };
}

void hi_csv_map_release(struct hi_csv_map *m)
{
	free(m->rule);
	hi_csv_map_init(m);
}

/* What was expected at word i (i == n: at the end of the line). */
static int expected(const struct words *w, size_t i, const char *what, struct hi_error *e)
{
	bool there = i < w->n;

	hi_error_fmt(e, HI_USAGE, what, "%s%.*s%s", there ? "not " : "the line ends here",
		     there ? (int)w->w[i].len : 0, there ? w->w[i].ptr : "", "");
	if (e) {
		e->line = w->line;
		e->column = there ? w->column[i] : w->end_column;
	}
	return HI_USAGE;
}

static bool word_is(const struct words *w, size_t i, const char *s)
{
	return i < w->n && !w->quoted[i] && hi_slice_is(w->w[i], s);
}

/* Splits line at blanks; "..." is one word, "" in it a quote; = stands alone; # ends it. */
static int split(struct hi_slice line, struct words *w, struct hi_error *e)
{
	size_t i = 0, used = 0;

	w->n = 0;
	while (i < line.len) {
		char c = line.ptr[i];
		if (c == ' ' || c == '\t' || c == '\r') {
			i++;
			continue;
		}
		if (c == '#')
			break;
		w->end_column = (uint32_t)i + 1;
		if (w->n == WORDS_MAX || used + line.len - i > sizeof(w->text))
			return expected(w, w->n, "expected a shorter line", e);
		char *to = w->text + used;
		size_t len = 0;
		w->column[w->n] = (uint32_t)i + 1;
		w->quoted[w->n] = c == '"';
		if (c == '"') {
			bool closed = false;
			for (i++; i < line.len && !closed; i++) {
				if (line.ptr[i] != '"')
					to[len++] = line.ptr[i];
				else if (i + 1 < line.len && line.ptr[i + 1] == '"')
					to[len++] = line.ptr[i++];
				else
					closed = true;
			}
			if (!closed)
				return expected(w, w->n, "expected a closing quote", e);
		} else if (c == '=') {
			to[len++] = line.ptr[i++];
		} else {
			while (i < line.len && !strchr(" \t\r=#\"", line.ptr[i]))
				to[len++] = line.ptr[i++];
		}
		w->w[w->n++] = (struct hi_slice){ to, len };
		used += len;
	}
	w->end_column = (uint32_t)line.len + 1;
	return HI_OK;
}

static bool copy_word(char *to, size_t cap, struct hi_slice s)
{
	if (s.len >= cap || memchr(s.ptr, '\0', s.len))
		return false;
	memcpy(to, s.ptr, s.len);
	to[s.len] = '\0';
	return true;
}

/*
 * The same for what goes into records, which has to be text there. (Columns and
 * codes are compared only: a file in Latin-1 has them in Latin-1.)
 */
static bool copy_text(char *to, size_t cap, struct hi_slice s)
{
	return hi_csv_text_ok(s, cap - 1) && copy_word(to, cap, s);
}

static struct hi_csv_rule *add_rule(struct hi_csv_map *m, struct hi_error *e)
{
	if (m->n == m->cap) {
		size_t cap = m->cap ? 2 * m->cap : 32;
		void *p = cap <= HI_CSV_RULES_MAX ? realloc(m->rule, cap * sizeof(*m->rule)) : NULL;
		if (!p) {
			hi_error_set(e, HI_NOMEM,
				     "mapping: more than 65,536 rules, or out of memory");
			return NULL;
		}
		m->rule = p;
		m->cap = cap;
	}
	m->rule[m->n] = (struct hi_csv_rule){ 0 };
	return &m->rule[m->n++];
}

/* "[UNIT] [method WORD]" from word i to the end. */
static int parse_metric_tail(const struct words *w, size_t i, struct hi_csv_target *t,
			     struct hi_error *e)
{
	const struct hi_metric *m = t->known;

	if (t->role == HI_CSV_PAIR)
		m = hi_metric_find(HI_LIT("bp_systolic"));
	if (i < w->n && !word_is(w, i, "method")) {
		if (hi_csv_known_unit(m, w->w[i], t->unit) != HI_OK ||
		    !hi_csv_text_ok(hi_slice_of(t->unit), HI_UNIT_MAX))
			return expected(w, i, "expected a unit of the metric", e);
		i++;
	}
	if (word_is(w, i, "method")) {
		if (i + 1 >= w->n || !copy_text(t->method, sizeof(t->method), w->w[i + 1]))
			return expected(w, i + 1, "expected a word of at most 16 bytes", e);
		i += 2;
	}
	if (i < w->n)
		return expected(w, i, "expected the end of the line", e);
	return HI_OK;
}

static int parse_metric(const struct words *w, size_t i, struct hi_csv_target *t,
			struct hi_error *e)
{
	if (i >= w->n || w->w[i].len == 0 || w->w[i].len > HI_METRIC_NAME_MAX)
		return expected(w, i, "expected a metric's name", e);
	if (word_is(w, i, "bp")) {
		*t = (struct hi_csv_target){ .role = HI_CSV_PAIR, .name = "bp", .unit = "mmHg" };
		return parse_metric_tail(w, i + 1, t, e);
	}
	hi_csv_target_metric(t, w->w[i]);
	if (!t->known &&
	    strspn(t->name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(t->name))
		return expected(w, i, "expected a metric's name (letters a-z, digits, _)", e);
	return parse_metric_tail(w, i + 1, t, e);
}

bool hi_csv_key_allowed(struct hi_slice key)
{
	static const char *const own[] = { "type", "patient_id", "metric_name", "value",
					   "unit", "timestamp",	 "tool" };

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (hi_slice_is(key, own[i]))
			return false;
	return key.len > 0;
}

/* What follows "COLUMN =". */
static int parse_role(const struct words *w, struct hi_csv_target *t, struct hi_error *e)
{
	if (word_is(w, 2, "key")) {
		t->role = HI_CSV_KEY;
		if (w->n < 4 || !hi_csv_key_allowed(w->w[3]) ||
		    !copy_text(t->name, sizeof(t->name), w->w[3]))
			return expected(w, 3, "expected a key that is not the reading's own", e);
		return w->n > 4 ? expected(w, 4, "expected the end of the line", e) : HI_OK;
	}
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (!word_is(w, 2, roles[i].name))
			continue;
		t->role = roles[i].role;
		return w->n > 3 ? expected(w, 3, "expected the end of the line", e) : HI_OK;
	}
	return parse_metric(w, 2, t, e);
}

static int parse_since(const struct words *w, struct hi_csv_target *t, struct hi_error *e)
{
	struct hi_time time;
	char midnight[40];

	for (size_t i = 0; i < sizeof(since_units) / sizeof(since_units[0]); i++) {
		if (!hi_slice_is(w->w[1], since_units[i].name))
			continue;
		t->unit_us = since_units[i].us;
		t->role = t->unit_us ? HI_CSV_ELAPSED : HI_CSV_CLOCK;
	}
	if (t->role == HI_CSV_IGNORE)
		return expected(w, 1, "expected us, ms, s, min, h, d or h:mm", e);
	if (w->n < 4)
		return expected(w, 3, "expected a date or an RFC 3339 time", e);
	snprintf(midnight, sizeof(midnight), "%.*s%s", (int)(w->w[3].len > 20 ? 20 : w->w[3].len),
		 w->w[3].ptr, "T00:00:00");
	if (hi_time_parse(w->w[3], &time, NULL) != HI_OK &&
	    hi_time_parse(hi_slice_of(midnight), &time, NULL) != HI_OK)
		return expected(w, 3, "expected a date or an RFC 3339 time", e);
	t->since_us = time.t_us;
	return w->n > 4 ? expected(w, 4, "expected the end of the line", e) : HI_OK;
}

static int parse_missing(struct hi_csv_map *m, const struct words *w, size_t i, struct hi_error *e)
{
	if (i >= w->n)
		return expected(w, i, "expected a word that means \"no value\"", e);
	for (size_t first = i; i < w->n; i++) {
		struct hi_csv_rule *r = add_rule(m, e);
		if (!r)
			return HI_NOMEM;
		r->kind = HI_CSV_MISSING;
		r->line = w->line;
		if (first == 2 && !copy_word(r->column, sizeof(r->column), w->w[0]))
			return expected(w, 0, "expected a column's name of at most 127 bytes", e);
		if (!copy_word(r->word, sizeof(r->word), w->w[i]))
			return expected(w, i, "expected a word of at most 64 bytes", e);
	}
	return HI_OK;
}

/* What stands behind "COLUMN CODE =". */
static int parse_code(const struct words *w, struct hi_csv_target *t, struct hi_error *e)
{
	if (word_is(w, 3, "ignore"))
		return w->n > 4 ? expected(w, 4, "expected the end of the line", e) : HI_OK;
	if (!word_is(w, 3, "unit"))
		return parse_metric(w, 3, t, e);
	t->role = HI_CSV_UNIT;
	if (w->n < 5 || !copy_text(t->unit, sizeof(t->unit), w->w[4]))
		return expected(w, 4, "expected a unit of at most 16 bytes", e);
	return w->n > 5 ? expected(w, 5, "expected the end of the line", e) : HI_OK;
}

static int parse_column(struct hi_csv_map *m, const struct words *w, struct hi_error *e)
{
	struct hi_csv_rule *r;

	if (word_is(w, 1, "missing"))
		return parse_missing(m, w, 2, e);
	r = add_rule(m, e);
	if (!r)
		return HI_NOMEM;
	r->line = w->line;
	if (w->w[0].len == 0 || !copy_word(r->column, sizeof(r->column), w->w[0]))
		return expected(w, 0, "expected a column's name of at most 127 bytes", e);
	if (word_is(w, 1, "=")) {
		r->kind = HI_CSV_COLUMN;
		return parse_role(w, &r->target, e);
	}
	if (word_is(w, 2, "since")) {
		r->kind = HI_CSV_COLUMN;
		return parse_since(w, &r->target, e);
	}
	if (!word_is(w, 2, "="))
		return expected(w, w->n < 2 ? 1 : 2, "expected = or since", e);
	r->kind = HI_CSV_CODE;
	if (!copy_word(r->word, sizeof(r->word), w->w[1]))
		return expected(w, 1, "expected a code of at most 64 bytes", e);
	return parse_code(w, &r->target, e);
}

bool hi_csv_separator(struct hi_slice word, char *out)
{
	bool tab = hi_slice_is(word, "tab");

	if (!tab && (word.len != 1 || memchr("\"\r\n", word.ptr[0], 3)))
		return false;
	*out = tab ? '\t' : word.ptr[0];
	return true;
}

/* Rules of the whole file; HI_END: not one of them. */
static int parse_setting(struct hi_csv_map *m, const struct words *w, struct hi_error *e)
{
	if (word_is(w, 1, "=") || word_is(w, 2, "=") || word_is(w, 1, "missing"))
		return HI_END;
	if (word_is(w, 0, "missing"))
		return parse_missing(m, w, 1, e);
	if (word_is(w, 0, "separator")) {
		if (w->n != 2 || !hi_csv_separator(w->w[1], &m->separator))
			return expected(w, 1, "expected tab or one character", e);
		return HI_OK;
	}
	if (word_is(w, 0, "decimal")) {
		if (w->n != 2 || (!word_is(w, 1, "comma") && !word_is(w, 1, "point")))
			return expected(w, 1, "expected comma or point", e);
		m->decimal = word_is(w, 1, "comma") ? ',' : '.';
		return HI_OK;
	}
	if (!word_is(w, 0, "patient"))
		return HI_END;
	if (w->n == 2 && word_is(w, 1, "file")) {
		m->patient_file = true;
		return HI_OK;
	}
	if (w->n != 3 || !word_is(w, 1, "is") || w->w[2].len == 0 ||
	    !copy_text(m->patient, sizeof(m->patient), w->w[2]))
		return expected(w, 1, "expected file, or is and an id of at most 64 bytes", e);
	return HI_OK;
}

int hi_csv_map_parse(struct hi_csv_map *m, struct hi_slice text, struct hi_error *e)
{
	struct words w = { .line = 0 };
	const char *p = text.ptr, *end = text.ptr + text.len;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		struct hi_slice line = { p, (size_t)((nl ? nl : end) - p) };
		int s;

		p = nl ? nl + 1 : end;
		w.line++;
		s = split(line, &w, e);
		if (s == HI_OK && w.n > 0) {
			s = parse_setting(m, &w, e);
			if (s == HI_END)
				s = parse_column(m, &w, e);
		}
		if (s != HI_OK)
			return s;
	}
	return HI_OK;
}

int hi_csv_map_read(struct hi_csv_map *m, const char *path, struct hi_error *e)
{
	struct hi_input *in = NULL;
	struct hi_buf b;
	long got = 1;
	int s = hi_input_open(&in, path, e);

	hi_buf_init(&b, HI_CSV_MAP_BYTES_MAX);
	while (s == HI_OK && got > 0) {
		char *p = hi_buf_room(&b, 4096);
		if (!p && b.max - b.len < 4096)
			s = hi_error_set(e, HI_USAGE, "mapping: longer than 4 MiB");
		else if (!p)
			s = hi_error_set(e, HI_NOMEM, "out of memory");
		else if ((got = hi_input_read_on(in, p, 4096, e)) < 0)
			s = (int)got;
		else
			b.len += (size_t)got;
	}
	if (s == HI_OK)
		s = hi_csv_map_parse(m, hi_buf_view(&b), e);
	if (s != HI_OK && e && !e->source && in)
		e->source = path; /* an open that failed names it itself */
	hi_buf_release(&b);
	if (in)
		hi_input_close(in);
	return s;
}

const char *hi_csv_rule_meant(const struct hi_csv_rule *r)
{
	const char *names[sizeof(roles) / sizeof(roles[0]) + 1] = { NULL };

	if (r->target.role != HI_CSV_METRIC || r->target.known)
		return NULL;
	for (size_t i = 0; i + 1 < sizeof(names) / sizeof(names[0]); i++)
		names[i] = roles[i].name;
	const char *role = hi_nearest_of(hi_slice_of(r->target.name), names);
	return role ? role : hi_metric_meant(hi_slice_of(r->target.name));
}

void hi_csv_map_word(struct hi_buf *b, struct hi_slice s)
{
	bool plain = s.len > 0;

	for (size_t i = 0; i < s.len; i++)
		plain = plain && !strchr(" \t\r\n=#\"", s.ptr[i]);
	if (plain) {
		hi_buf_slice(b, s);
		return;
	}
	hi_buf_putc(b, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '"')
			hi_buf_putc(b, '"');
		hi_buf_putc(b, s.ptr[i] == '\n' || s.ptr[i] == '\r' ? ' ' : s.ptr[i]);
	}
	hi_buf_putc(b, '"');
}

static void put_word(struct hi_buf *b, const char *before, const char *word)
{
	if (word[0] == '\0')
		return;
	hi_buf_puts(b, before);
	hi_csv_map_word(b, hi_slice_of(word));
}

void hi_csv_map_target(struct hi_buf *b, const struct hi_csv_target *t)
{
	switch (t->role) {
	case HI_CSV_METRIC:
	case HI_CSV_PAIR:
		hi_buf_puts(b, t->name);
		put_word(b, " ", t->unit);
		put_word(b, " method ", t->method);
		return;
	case HI_CSV_KEY:
		put_word(b, "key ", t->name);
		return;
	default:
		for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
			if (roles[i].role == t->role) {
				hi_buf_puts(b, roles[i].name);
				return;
			}
		hi_buf_puts(b, "ignore");
	}
}
