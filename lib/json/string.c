/* Strings: escapes resolved and written; members by name. */
#include "base/num.h"
#include "json/json.h"

/* The value of four hex digits known to be valid. */
static unsigned hex_value(const char *p)
{
	unsigned v = 0;
	for (int i = 0; i < 4; i++) {
		unsigned c = (unsigned char)p[i];
		v = v << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return v;
}

static size_t utf8_put(unsigned v, char *out)
{
	if (v < 0x80) {
		out[0] = (char)v;
		return 1;
	}
	if (v < 0x800) {
		out[0] = (char)(0xc0 | v >> 6);
		out[1] = (char)(0x80 | (v & 0x3f));
		return 2;
	}
	if (v < 0x10000) {
		out[0] = (char)(0xe0 | v >> 12);
		out[1] = (char)(0x80 | (v >> 6 & 0x3f));
		out[2] = (char)(0x80 | (v & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | v >> 18);
	out[1] = (char)(0x80 | (v >> 12 & 0x3f));
	out[2] = (char)(0x80 | (v >> 6 & 0x3f));
	out[3] = (char)(0x80 | (v & 0x3f));
	return 4;
}

size_t hi_json_unescape(struct hi_slice raw, char *out)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *p = raw.ptr, *end = raw.ptr + raw.len;
	char *o = out;

	while (p < end) {
		if (*p != '\\') {
			*o++ = *p++;
			continue;
		}
		const char *f = strchr(from, p[1]);
		if (f) {
			*o++ = to[f - from];
			p += 2;
		} else if (p[1] != 'u') {
			*o++ = p[1];
			p += 2;
		} else {
			unsigned v = hex_value(p + 2);
			p += 6;
			if (v >= 0xd800 && v <= 0xdbff) {
				v = 0x10000 + ((v - 0xd800) << 10) + (hex_value(p + 2) - 0xdc00);
				p += 6;
			}
			o += utf8_put(v, o);
		}
	}
	return (size_t)(o - out);
}

bool hi_member_named(const struct hi_member *m, struct hi_slice name)
{
	char text[6 * 128];
	if (!m->key_escaped)
		return hi_slice_eq(m->key, name);
	/* An escape is six bytes a character at most. */
	if (m->key.len > sizeof(text) || m->key.len > 6 * name.len)
		return false;
	size_t n = hi_json_unescape(m->key, text);
	return hi_slice_eq((struct hi_slice){ text, n }, name);
}

bool hi_member_is(const struct hi_member *m, const char *name)
{
	return hi_member_named(m, hi_slice_of(name));
}

const struct hi_member *hi_json_find(const struct hi_json *j, const char *name)
{
	for (size_t i = 0; i < j->n; i++)
		if (hi_member_is(&j->m[i], name))
			return &j->m[i];
	return NULL;
}

struct hi_slice hi_member_text(const struct hi_member *m, struct hi_buf *scratch)
{
	if (m->kind != HI_JSON_STRING)
		return m->value;
	struct hi_slice raw = { m->value.ptr + 1, m->value.len - 2 };
	if (!m->value_escaped)
		return raw;
	char *room = hi_buf_room(scratch, raw.len);
	if (!room)
		return (struct hi_slice){ "", 0 };
	size_t n = hi_json_unescape(raw, room);
	scratch->len += n;
	return (struct hi_slice){ room, n };
}

static const char *short_escape(unsigned char c)
{
	switch (c) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\b':
		return "\\b";
	case '\f':
		return "\\f";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	default:
		return NULL;
	}
}

void hi_json_quote(struct hi_buf *b, struct hi_slice s)
{
	size_t done = 0;
	hi_buf_putc(b, '"');
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
			continue;
		hi_buf_put(b, s.ptr + done, i - done);
		done = i + 1;
		const char *e = short_escape(c);
		if (e)
			hi_buf_puts(b, e);
		else
			hi_buf_printf(b, "\\u%04x", c);
	}
	if (done < s.len) /* an absent text has no pointer to add to */
		hi_buf_put(b, s.ptr + done, s.len - done);
	hi_buf_putc(b, '"');
}

void hi_json_base64(struct hi_buf *b, struct hi_slice s)
{
	static const char digit[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	hi_buf_putc(b, '"');
	for (size_t i = 0; i < s.len; i += 3) {
		size_t n = s.len - i < 3 ? s.len - i : 3;
		unsigned v = 0;
		for (size_t k = 0; k < 3; k++)
			v = v << 8 | (k < n ? (unsigned char)s.ptr[i + k] : 0u);
		for (size_t k = 0; k < 4; k++)
			hi_buf_putc(b, k <= n ? digit[v >> (18 - 6 * k) & 63] : '=');
	}
	hi_buf_putc(b, '"');
}
