#include "vital/reject.h"

#include "json/json.h"

struct hi_slice hi_reject_cut(struct hi_slice text)
{
	size_t n = text.len < HI_REJECT_TEXT_MAX ? text.len : HI_REJECT_TEXT_MAX;
	struct hi_slice cut = { text.ptr, n };
	if (n == text.len)
		return text;
	while (n > 0 && cut.len - n < 4 && ((unsigned char)text.ptr[n - 1] & 0xc0) == 0x80)
		n--;
	if (n > 0 && (unsigned char)text.ptr[n - 1] >= 0xc0)
		n--;
	return hi_utf8_valid((struct hi_slice){ text.ptr, n }, NULL)
		       ? (struct hi_slice){ text.ptr, n }
		       : cut;
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
	if (e->line > 0)
		hi_object_int(&o, "line", (int64_t)e->line);
	if (e->column > 0)
		hi_object_int(&o, "column", e->column);
	hi_object_str(&o, "reason", hi_slice_of(e->text));
	if (hi_utf8_valid(text, NULL))
		hi_object_str(&o, "text", text);
	else
		hi_object_base64(&o, "text_base64", text);
	hi_object_end(&o);
}
