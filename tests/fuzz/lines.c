#include "lines.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static uint64_t draw(uint64_t *s)
{
	*s = *s * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (*s ^ *s >> 31) * UINT64_C(0x9E3779B97F4A7C15) >> 17;
}

static size_t below(uint64_t *s, size_t n)
{
	return (size_t)(draw(s) % n);
}

#define PICK(s, list) ((list)[below(s, sizeof(list) / sizeof *(list))])

static const char *const metrics[] = {
	"heart_rate",
	"bp_systolic",
	"spo2",
	"temperature",
	"resp_rate",
	"bp_diastolic",
	"respiratory_rate",
	"consciousness",
	"bp_mean",
	"lactate",
	"a_metric_name_of_more_than_16_bytes",
};
static const char *const units[] = { "bpm", "mmHg", "%",   "C",	   "F",	    "\302\260C", "/min",
				     "kPa", "",	    "Cel", "degC", "1/min", "mmol/L",	 "bogus" };
static const char *const extra_keys[] = { "device_id", "ward",	"method", "seq",    "note",
					  "tool",      "parts", "valu",	  "value_", "absent" };
static const char *const extra_values[] = { "\"gw3\"",
					    "\"W7\"",
					    "\"\"",
					    "17",
					    "-0.5",
					    "1e999",
					    "\"a\\\"b\"",
					    "true",
					    "null",
					    "\"cuff\"",
					    "{\"a\":[1,{}]}",
					    "[]",
					    "123456789012345678901" };
static const char *const numbers[] = {
	"0",
	"-0",
	"00",
	"01",
	"1.",
	".5",
	"1e5",
	"1E-3",
	"1e999",
	"-1e999",
	"1e-999",
	"72.50",
	"12345.67",
	"1234567",
	"12345678",
	"1.23456",
	"0.1234567",
	"72.5e",
	"7.5.5",
	"7-",
	"+7",
	"0x10",
	"NaN",
	"72.5 ",
	"-72.5",
	"9007199254740993",
	"123456789012345678901234567890",
	"0.000000000000000001",
	"1e400000000000000000000",
};
static const char *const strings[] = {
	"\"P-1\"",
	"\"\"",
	"\"\\u0050-1\"",
	"\"\\ud83d\\ude00\"",
	"\"\\ud800\"",
	"\"\\u0000\"",
	"\"\\n\"",
	"\"\x7f\"",
	"\"\xc2\x85\"",
	"\"\xc3\xa9\"",
	"\"\xff\"",
	"\"\xed\xa0\x80\"",
	"null",
	"7",
	"\"A\"",
	"\"reading\"",
	"\"alert\"",
	"\"mark\"",
	"\"2025-12-28 06:30:00\"",
	"\"2025-12-28T06:30:60Z\"",
	"\"2025-02-29T06:30:00Z\"",
	"\"2025-12-28T06:30:00.123456789+05:30\"",
	"\"1799-12-31T23:00:00-02:00\"",
	"\"9999-12-31T23:59:60Z\"",
	"\"0123456789012345678901234567890123456789012345678901234567890123\"",
	"\"01234567890123456789012345678901234567890123456789012345678901234\"",
};
static const char bytes[] = "\"\\,:{}[]0123456789eE.-+ \t\r\n\0\x7f\x80\xc3\xff/TZzuA\x1f";

struct shape {
	unsigned char order[8];
	size_t order_n;
	const char *colon, *comma, *open, *close, *time_form, *id_form;
	const char *key[2], *value[2];
	bool same_metric;
	size_t metric;
};

static void draw_shape(uint64_t *s, struct shape *h)
{
	static const char *const colons[] = { ":", ": ", ":", " : ", ":\t" };
	static const char *const commas[] = { ",", ", ", ",", " , " };
	static const char *const times[] = {
		"2025-12-28T06:%02u:%02uZ",	 "2025-12-28 06:%02u:%02u",
		"2025-12-28T06:%02u:%02u.5Z",	 "2025-12-28T06:%02u:%02u.123456Z",
		"2025-12-28T06:%02u:%02u+01:00", "1875-06-01T06:%02u:%02uZ",
		"2025-12-28t06:%02u:%02u.250z",
	};
	static const char *const ids[] = { "P-%03u", "patient-%06u",
					   "%u",     "a-long-patient-id-%030u",
					   "p%u",    "0123456789abcde%u" };

	h->order_n = 4 + below(s, 5);
	for (size_t i = 0; i < h->order_n; i++)
		h->order[i] = (unsigned char)i;
	for (size_t i = h->order_n; below(s, 3) && i > 1; i--) {
		size_t k = below(s, i);
		unsigned char swap = h->order[k];
		h->order[k] = h->order[i - 1];
		h->order[i - 1] = swap;
	}
	h->colon = PICK(s, colons);
	h->comma = PICK(s, commas);
	h->open = below(s, 8) ? "{" : " { ";
	h->close = below(s, 6) ? "}\n" : "} \r\n";
	h->time_form = PICK(s, times);
	h->id_form = PICK(s, ids);
	for (int i = 0; i < 2; i++) {
		h->key[i] = PICK(s, extra_keys);
		h->value[i] = PICK(s, extra_values);
	}
	h->same_metric = below(s, 2);
	h->metric = below(s, sizeof metrics / sizeof *metrics);
}

struct text {
	char *p;
	size_t len, cap;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(t->p + t->len, t->cap - t->len, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < t->cap - t->len)
		t->len += (size_t)n;
	else
		t->cap = t->len; /* full: nothing more */
}

static void add_member(uint64_t *s, struct text *t, const struct shape *h, unsigned which)
{
	size_t metric = h->same_metric ? h->metric : below(s, sizeof metrics / sizeof *metrics);
	const char *c = h->colon;

	switch (which) {
	case 0:
		add(t, "\"patient_id\"%s\"", c);
		add(t, h->id_form, (unsigned)below(s, 50)); /* NOLINT: a table's format */
		add(t, "\"");
		break;
	case 1:
		add(t, "\"metric_name\"%s\"%s\"", c, metrics[metric]);
		break;
	case 2:
		if (below(s, 12) == 0)
			add(t, "\"value\"%s%s", c, PICK(s, numbers));
		else
			add(t, "\"value\"%s%.*f", c, (int)below(s, 4),
			    (double)below(s, 200000) / 1000);
		break;
	case 3:
		add(t, "\"timestamp\"%s\"", c);
		add(t, h->time_form, (unsigned)below(s, 60), (unsigned)below(s, 60));
		add(t, "\"");
		break;
	case 4:
		add(t, "\"unit\"%s\"%s\"", c,
		    metric < 4 && below(s, 4) ? units[metric] : PICK(s, units));
		break;
	case 5:
		add(t, "\"type\"%s\"%s\"", c, below(s, 20) ? "reading" : "alert");
		break;
	default:
		add(t, "\"%s\"%s%s", h->key[which & 1], c,
		    below(s, 8) ? h->value[which & 1] : PICK(s, extra_values));
	}
}

size_t lines_make(uint64_t seed, char *out, size_t cap)
{
	uint64_t s = seed;
	struct shape shapes[4];
	size_t shape_n = 1 + below(&s, 4), lines = 1 + below(&s, 24), done = 0;
	struct text t = { out, 0, cap };

	for (size_t i = 0; i < shape_n; i++)
		draw_shape(&s, &shapes[i]);
	for (size_t i = 0; i < lines; i++) {
		const struct shape *h = &shapes[below(&s, 6) ? i % shape_n : below(&s, shape_n)];
		add(&t, "%s", h->open);
		for (size_t k = 0; k < h->order_n; k++) {
			add(&t, "%s", k ? h->comma : "");
			add_member(&s, &t, h, h->order[k]);
		}
		add(&t, "%s", h->close);
		if (t.cap == t.len)
			break;
		done = t.len;
	}
	return done;
}

/* text[at..at + from) becomes the n bytes at p. */
static size_t splice(char *text, size_t len, size_t cap, size_t at, size_t from, const char *p,
		     size_t n)
{
	if (from > len - at)
		from = len - at;
	if (len - from + n > cap)
		return len;
	memmove(text + at + n, text + at + from, len - at - from);
	memcpy(text + at, p, n);
	return len - from + n;
}

/* The token that begins at or behind at: its length, *at moved to it; 0: none. */
static size_t token_at(const char *text, size_t len, size_t *at, bool string)
{
	size_t i = *at;

	for (; i < len; i++)
		if (string ? text[i] == '"' : (text[i] >= '0' && text[i] <= '9'))
			break;
	*at = i;
	size_t from = i;
	if (string)
		for (i++; i < len && text[i] != '"' && text[i] != '\n'; i++)
			;
	else
		while (i < len && strchr("0123456789.eE+-", text[i]) && text[i])
			i++;
	if (i >= len)
		return 0;
	return i - from + string;
}

static size_t replace_token(uint64_t *s, char *text, size_t len, size_t cap, size_t at, bool string)
{
	size_t n = token_at(text, len, &at, string);
	const char *with = string ? PICK(s, strings) : PICK(s, numbers);

	return n ? splice(text, len, cap, at, n, with, strlen(with)) : len;
}

static size_t spoil_once(uint64_t *s, char *text, size_t len, size_t cap)
{
	char copy[64];
	size_t at = below(s, len), n = 1 + below(s, 20);

	switch (below(s, 9)) {
	case 0:
		text[at] = PICK(s, bytes);
		return len;
	case 1:
		copy[0] = PICK(s, bytes);
		return splice(text, len, cap, at, 0, copy, 1);
	case 2:
		return splice(text, len, cap, at, 1, "", 0);
	case 3:
		return splice(text, len, cap, at, n, "", 0);
	case 4:
		n = n < len - at ? n : len - at;
		memcpy(copy, text + at, n);
		return splice(text, len, cap, below(s, len), 0, copy, n);
	case 5:
		text[at] = (char)(text[at] ^ 1 << below(s, 8));
		return len;
	case 6:
		return replace_token(s, text, len, cap, at, true);
	default:
		return replace_token(s, text, len, cap, at, false);
	}
}

size_t lines_spoil(uint64_t seed, char *text, size_t len, size_t cap)
{
	uint64_t s = seed;

	for (size_t k = 1 + below(&s, 4); k > 0 && len > 0; k--)
		len = spoil_once(&s, text, len, cap);
	return len;
}

static size_t line_begin(const char *text, size_t at)
{
	while (at > 0 && text[at - 1] != '\n')
		at--;
	return at;
}

size_t lines_repeat(uint64_t seed, char *text, size_t len, size_t cap)
{
	uint64_t s = seed;
	char line[4096];

	if (len == 0)
		return 0;
	size_t from = line_begin(text, below(&s, len));
	const char *lf = memchr(text + from, '\n', len - from);
	size_t n = lf ? (size_t)(lf - (text + from)) + 1 : 0;
	if (n == 0 || n > sizeof line)
		return len;
	memcpy(line, text + from, n);
	return splice(text, len, cap, line_begin(text, below(&s, len)), 0, line, n);
}
