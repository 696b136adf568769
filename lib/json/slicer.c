/*
 * The strict slicer. It is small and plain on purpose: it is what the fast path
 * is compared with. Nesting is kept in a bitmap (array or object a level), so
 * that depth costs no stack.
 */
#include <stdlib.h>

#include "base/num.h"
#include "json/json.h"

struct scan {
	const char *begin, *p, *end;
	const char *why; /* set where something was refused */
};

static bool refuse(struct scan *s, const char *at, const char *why)
{
	s->p = at;
	s->why = why;
	return false;
}

static void skip_space(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

/* The length of the UTF-8 sequence (RFC 3629 section 4) at p, or 0. */
static size_t utf8_len(const char *p, const char *end)
{
	const unsigned char *u = (const unsigned char *)p;
	size_t left = (size_t)(end - p);
	size_t n = u[0] < 0x80	 ? 1
		   : u[0] < 0xc2 ? 0
		   : u[0] < 0xe0 ? 2
		   : u[0] < 0xf0 ? 3
		   : u[0] < 0xf5 ? 4
				 : 0;
	if (n == 0 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	if ((u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xed && u[1] > 0x9f) ||
	    (u[0] == 0xf0 && u[1] < 0x90) || (u[0] == 0xf4 && u[1] > 0x8f))
		return 0;
	return n;
}

bool hi_utf8_valid(struct hi_slice s, size_t *bad)
{
	const char *p = s.ptr, *end = s.ptr + s.len;
	while (p < end) {
		size_t n = utf8_len(p, end);
		if (n == 0) {
			if (bad)
				*bad = (size_t)(p - s.ptr);
			return false;
		}
		p += n;
	}
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Four hex digits at p, or -1. */
static long hex4(const char *p, const char *end)
{
	long v = 0;
	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int d = hex_digit(p[i]);
		if (d < 0)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

/* s->p is at a backslash; moves behind the escape (both halves of a pair). */
static bool scan_escape(struct scan *s)
{
	const char *at = s->p;
	char c = s->end - at > 1 ? at[1] : '\0';
	if (c != '\0' && strchr("\"\\/bfnrt", c)) {
		s->p += 2;
		return true;
	}
	long v = c == 'u' ? hex4(at + 2, s->end) : -1;
	if (v < 0)
		return refuse(s, at, "not JSON: bad escape in a string");
	s->p += 6;
	if (v >= 0xdc00 && v <= 0xdfff)
		return refuse(s, at, "not JSON: lone surrogate in a string");
	if (v >= 0xd800 && v <= 0xdbff) {
		long low = s->end - s->p > 1 && s->p[0] == '\\' && s->p[1] == 'u'
				   ? hex4(s->p + 2, s->end)
				   : -1;
		if (low < 0xdc00 || low > 0xdfff)
			return refuse(s, at, "not JSON: lone surrogate in a string");
		s->p += 6;
	}
	return true;
}

/* s->p is at the opening quote; moves behind the closing one. */
static bool scan_string(struct scan *s, bool *escaped)
{
	const char *open = s->p++;
	*escaped = false;
	while (s->p < s->end) {
		unsigned char c = (unsigned char)*s->p;
		if (c == '"') {
			s->p++;
			return true;
		}
		if (c == '\\') {
			*escaped = true;
			if (!scan_escape(s))
				return false;
		} else if (c < 0x20) {
			return refuse(s, s->p, "not JSON: control character in a string");
		} else if (c < 0x80) {
			s->p++;
		} else {
			size_t n = utf8_len(s->p, s->end);
			if (n == 0)
				return refuse(s, s->p, "not UTF-8");
			s->p += n;
		}
	}
	return refuse(s, open, "not JSON: string without an end");
}

static bool scan_word(struct scan *s, const char *word)
{
	size_t n = strlen(word);
	if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
		return refuse(s, s->p, "not JSON: a value was expected");
	s->p += n;
	return true;
}

/*
 * The extent of a number by the grammar alone: one that no double holds (1e999)
 * is legal JSON and may stand in a key that is only passed on.
 */
static bool scan_number(struct scan *s)
{
	const char *p = s->p, *end = s->end;
	if (p < end && *p == '-')
		p++;
	const char *digits = p;
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	if (p == digits)
		return refuse(s, s->p, "not JSON: a value was expected");
	if (*digits == '0' && p - digits > 1)
		return refuse(s, s->p, "not JSON: number with a leading zero");
	if (p < end && *p == '.') {
		const char *fraction = ++p;
		while (p < end && *p >= '0' && *p <= '9')
			p++;
		if (p == fraction)
			return refuse(s, s->p, "not JSON: number without digits after its point");
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		const char *exponent = p;
		while (p < end && *p >= '0' && *p <= '9')
			p++;
		if (p == exponent)
			return refuse(s, s->p, "not JSON: number without an exponent");
	}
	s->p = p;
	return true;
}

static bool scan_scalar(struct scan *s, uint8_t *kind, bool *escaped)
{
	*escaped = false;
	switch (s->p < s->end ? *s->p : '\0') {
	case '"':
		*kind = HI_JSON_STRING;
		return scan_string(s, escaped);
	case 't':
		*kind = HI_JSON_TRUE;
		return scan_word(s, "true");
	case 'f':
		*kind = HI_JSON_FALSE;
		return scan_word(s, "false");
	case 'n':
		*kind = HI_JSON_NULL;
		return scan_word(s, "null");
	default:
		*kind = HI_JSON_NUMBER;
		return scan_number(s);
	}
}

/* s->p is at a key's quote; moves to its value. */
static bool scan_key(struct scan *s, struct hi_slice *key, bool *escaped)
{
	if (s->p >= s->end || *s->p != '"')
		return refuse(s, s->p, "not JSON: a key in quotes was expected");
	const char *open = s->p;
	if (!scan_string(s, escaped))
		return false;
	*key = (struct hi_slice){ open + 1, (size_t)(s->p - open) - 2 };
	skip_space(s);
	if (s->p >= s->end || *s->p != ':')
		return refuse(s, s->p, "not JSON: ':' was expected");
	s->p++;
	skip_space(s);
	return true;
}

/*
 * s->p is at '[' or '{'; moves behind its end. One bit a level says which kind
 * it is; the loop's turn is one value.
 */
static bool scan_nested(struct scan *s)
{
	uint64_t object[(HI_JSON_DEPTH_MAX + 63) / 64] = { 0 };
	size_t depth = 0;
	struct hi_slice key;
	uint8_t kind;
	bool escaped;

	for (;;) {
		char c = s->p < s->end ? *s->p : '\0';
		if (c == '[' || c == '{') {
			/* The top level is one more: its object is not counted here. */
			if (depth + 1 == HI_JSON_DEPTH_MAX)
				return refuse(s, s->p, "not taken: nested too deeply");
			if (c == '{')
				object[depth / 64] |= UINT64_C(1) << depth % 64;
			else
				object[depth / 64] &= ~(UINT64_C(1) << depth % 64);
			depth++;
			s->p++;
			skip_space(s);
			char close = c == '{' ? '}' : ']';
			if (s->p >= s->end || *s->p != close) {
				if (c == '{' && !scan_key(s, &key, &escaped))
					return false;
				continue;
			}
		} else if (!scan_scalar(s, &kind, &escaped)) {
			return false;
		}
		/* Behind a value, or at the end of an empty array or object. */
		for (;;) {
			bool in_object = object[(depth - 1) / 64] >> (depth - 1) % 64 & 1;
			skip_space(s);
			c = s->p < s->end ? *s->p : '\0';
			if (c == (in_object ? '}' : ']')) {
				s->p++;
				if (--depth == 0)
					return true;
			} else if (c == ',') {
				s->p++;
				skip_space(s);
				if (in_object && !scan_key(s, &key, &escaped))
					return false;
				break;
			} else {
				return refuse(s, s->p,
					      in_object ? "not JSON: ',' or '}' was expected"
							: "not JSON: ',' or ']' was expected");
			}
		}
	}
}

static bool scan_value(struct scan *s, struct hi_member *m)
{
	const char *begin = s->p;
	char c = s->p < s->end ? *s->p : '\0';
	if (c == '[' || c == '{') {
		m->kind = c == '[' ? HI_JSON_ARRAY : HI_JSON_OBJECT;
		m->value_escaped = false;
		if (!scan_nested(s))
			return false;
	} else if (!scan_scalar(s, &m->kind, &m->value_escaped)) {
		return false;
	}
	m->value = (struct hi_slice){ begin, (size_t)(s->p - begin) };
	return true;
}

void hi_json_init(struct hi_json *j)
{
	*j = (struct hi_json){ NULL, 0, 0 };
}

void hi_json_release(struct hi_json *j)
{
	free(j->m);
	hi_json_init(j);
}

static struct hi_member *member_add(struct hi_json *j)
{
	if (j->n == j->cap) {
		size_t cap = j->cap ? 2 * j->cap : 16;
		struct hi_member *m = realloc(j->m, cap * sizeof(*m));
		if (!m)
			return NULL;
		j->m = m;
		j->cap = cap;
	}
	struct hi_member *m = &j->m[j->n++];
	*m = (struct hi_member){ .key = { "", 0 } };
	return m;
}

/* The members between open and close; s->p is behind open. NULL from member_add: *nomem. */
static bool scan_members(struct scan *s, struct hi_json *j, char close, bool *nomem)
{
	skip_space(s);
	if (s->p < s->end && *s->p == close) {
		s->p++;
		return true;
	}
	for (;;) {
		struct hi_member *m = member_add(j);
		*nomem = !m;
		if (!m || (close == '}' && !scan_key(s, &m->key, &m->key_escaped)) ||
		    !scan_value(s, m))
			return false;
		skip_space(s);
		if (s->p < s->end && *s->p == close) {
			s->p++;
			return true;
		}
		if (s->p >= s->end || *s->p != ',')
			return refuse(s, s->p,
				      close == '}' ? "not JSON: ',' or '}' was expected"
						   : "not JSON: ',' or ']' was expected");
		s->p++;
		skip_space(s);
	}
}

static int slice_whole(struct hi_json *j, struct hi_slice text, char open, char close,
		       const char *expected, struct hi_error *e)
{
	struct scan s = { text.ptr, text.ptr, text.ptr + text.len, NULL };
	bool nomem = false;

	j->n = 0;
	skip_space(&s);
	if (s.p == s.end || *s.p != open) {
		refuse(&s, s.p, s.p == s.end ? "blank line" : expected);
	} else {
		s.p++;
		if (scan_members(&s, j, close, &nomem)) {
			skip_space(&s);
			if (s.p == s.end)
				return HI_OK;
			refuse(&s, s.p, "not JSON: something follows the end");
		}
	}
	j->n = 0;
	if (nomem)
		return hi_error_set(e, HI_NOMEM, "no memory for a record's keys");
	hi_error_set(e, HI_REFUSED, s.why);
	if (e)
		e->column = (uint32_t)(s.p - s.begin) + 1;
	return HI_REFUSED;
}

int hi_json_slice(struct hi_json *j, struct hi_slice text, struct hi_error *e)
{
	return slice_whole(j, text, '{', '}', "not a JSON object", e);
}

int hi_json_slice_array(struct hi_json *j, struct hi_slice text, struct hi_error *e)
{
	return slice_whole(j, text, '[', ']', "not a JSON array", e);
}
