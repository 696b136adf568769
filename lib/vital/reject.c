#include "vital/reject.h"

#include "json/json.h"

/* RFC 4648 section 4. */
static void put_base64(struct hi_buf *b, struct hi_slice s)
{
	static const char digit[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < s.len; i += 3) {
		size_t n = s.len - i < 3 ? s.len - i : 3;
		unsigned v = 0;
		for (size_t k = 0; k < 3; k++)
			v = v << 8 | (k < n ? (unsigned char)s.ptr[i + k] : 0u);
		for (size_t k = 0; k < 4; k++)
			hi_buf_putc(b, k <= n ? digit[v >> (18 - 6 * k) & 63] : '=');
	}
}

/* A file's name may be any bytes; the record has to be UTF-8 all the same. */
static void put_source(struct hi_object *o, const char *source)
{
	struct hi_buf name;
	hi_buf_init(&name, 4096);
	hi_buf_puts(&name, source);
	size_t bad;
	for (size_t from = 0; from < name.len; from += bad + 1) {
		struct hi_slice rest = { name.ptr + from, name.len - from };
		if (hi_utf8_valid(rest, &bad))
			break;
		name.ptr[from + bad] = '?';
	}
	hi_object_str(o, "source", hi_buf_view(&name));
	hi_buf_release(&name);
}

void hi_reject_write(struct hi_buf *b, const char *tool, const struct hi_error *e,
		     struct hi_slice text)
{
	struct hi_object o;
	hi_object_begin(&o, b);
	hi_object_str(&o, "type", HI_LIT("reject"));
	hi_object_str(&o, "tool", hi_slice_of(tool));
	put_source(&o, e->source ? e->source : "");
	hi_object_int(&o, "line", (int64_t)e->line);
	if (e->column > 0)
		hi_object_int(&o, "column", e->column);
	hi_object_str(&o, "reason", hi_slice_of(e->text));
	if (hi_utf8_valid(text, NULL)) {
		hi_object_str(&o, "text", text);
	} else {
		hi_object_raw(&o, "text_base64", HI_LIT("\""));
		put_base64(b, text);
		hi_buf_putc(b, '"');
	}
	hi_object_end(&o);
}
