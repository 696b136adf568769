#include "report/html.h"

#include "base/time.h"
#include "report/words.h"

/* One code point by RFC 3629 at p; its length, or 0 where the bytes are none. */
static size_t decode(const unsigned char *p, size_t left, uint32_t *out)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	uint32_t c;

	if (n == 0 || n > left || p[0] > 0xf4)
		return 0;
	if (n == 1) {
		*out = p[0];
		return 1;
	}
	c = p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fu);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*out = c;
	return n;
}

/* Not seen, or acting on what stands around it. Tab too: ids are one line of text. */
static bool unseen(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || c == 0x180e ||
	       c == 0x200b || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
	       (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef) ||
	       (c >= 0xe0000 && c <= 0xe007f);
}

static const char *entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static void put_text(struct hi_buf *b, struct hi_slice s, bool entities)
{
	size_t done = 0, i = 0;

	while (i < s.len) {
		uint32_t c = 0;
		size_t n = decode((const unsigned char *)s.ptr + i, s.len - i, &c);
		const char *e = entities && n == 1 ? entity(s.ptr[i]) : NULL;

		if (n > 0 && !e && !unseen(c)) {
			i += n;
			continue;
		}
		hi_buf_put(b, s.ptr + done, i - done);
		if (e)
			hi_buf_puts(b, e);
		else if (n == 0)
			hi_buf_puts(b, "\uFFFD");
		else
			hi_buf_printf(b, "\u2039U+%04X\u203A", (unsigned)c);
		i += n ? n : 1;
		done = i;
	}
	hi_buf_put(b, s.ptr + done, s.len - done);
}

void hi_html_text(struct hi_buf *b, struct hi_slice s)
{
	put_text(b, s, true);
}

void hi_html_str(struct hi_buf *b, const char *s)
{
	put_text(b, hi_slice_of(s), true);
}

void hi_plain_text(struct hi_buf *b, struct hi_slice s)
{
	put_text(b, s, false);
}

void hi_html_name(struct hi_buf *b, struct hi_slice s)
{
	hi_buf_puts(b, "<bdi>");
	hi_html_text(b, s);
	hi_buf_puts(b, "</bdi>");
}

void hi_html_time(struct hi_buf *b, int64_t t_us)
{
	char text[HI_TIME_TEXT_MAX];
	size_t len = hi_time_format(t_us, hi_time_digits(t_us), text);

	hi_buf_puts(b, "<time datetime=\"");
	hi_buf_put(b, text, len);
	hi_buf_puts(b, "\">");
	hi_words_time(b, t_us);
	hi_buf_puts(b, "</time>");
}
