#include "tool/set.h"

#include "csv/convert.h"

enum { LINE_MAX_SET = 4 << 20 };

int hi_set_init(struct hi_set *s, const char *const *set, size_t n, struct hi_error *e)
{
	*s = (struct hi_set){ .set = set, .n = n };
	hi_json_init(&s->json);
	hi_buf_init(&s->before, LINE_MAX_SET);
	hi_buf_init(&s->after, LINE_MAX_SET);
	for (size_t i = 0; i < n; i++) {
		int status = hi_csv_set_check(set[i], e);
		if (status)
			return status;
	}
	return hi_reader_new(&s->reader, NULL, NULL, e);
}

void hi_set_release(struct hi_set *s)
{
	hi_json_release(&s->json);
	hi_buf_release(&s->before);
	hi_buf_release(&s->after);
	hi_reader_free(s->reader);
}

static struct hi_slice key_of(const char *set)
{
	return (struct hi_slice){ set, (size_t)(strchr(set, '=') - set) };
}

static bool is_set(const struct hi_set *s, const struct hi_member *m)
{
	for (size_t i = 0; i < s->n; i++)
		if (hi_member_named(m, key_of(s->set[i])))
			return true;
	return false;
}

/* The last of several for one key counts. */
static bool is_last(const struct hi_set *s, size_t i)
{
	for (size_t j = i + 1; j < s->n; j++)
		if (hi_slice_eq(key_of(s->set[i]), key_of(s->set[j])))
			return false;
	return true;
}

static void put_line(struct hi_set *s)
{
	struct hi_buf *b = &s->after;
	hi_buf_reset(b);
	hi_buf_putc(b, '{');
	for (size_t i = 0; i < s->json.n; i++) {
		const struct hi_member *m = &s->json.m[i];
		if (is_set(s, m))
			continue;
		hi_buf_puts(b, b->len > 1 ? ",\"" : "\"");
		hi_buf_slice(b, m->key);
		hi_buf_puts(b, "\":");
		hi_buf_slice(b, m->value);
	}
	for (size_t i = 0; i < s->n; i++) {
		if (!is_last(s, i))
			continue;
		if (b->len > 1)
			hi_buf_putc(b, ',');
		hi_json_quote(b, key_of(s->set[i]));
		hi_buf_putc(b, ':');
		hi_json_quote(b, hi_slice_of(strchr(s->set[i], '=') + 1));
	}
	hi_buf_putc(b, '}');
}

int hi_set_apply(struct hi_set *s, const struct hi_rec *rec, struct hi_rec *out, struct hi_error *e)
{
	hi_buf_reset(&s->before);
	hi_rec_line(rec, &s->before);
	int status = hi_json_slice(&s->json, hi_buf_view(&s->before), e);
	if (status)
		return status;
	put_line(s);
	if (s->before.failed || s->after.failed)
		return hi_error_set(e, HI_NOMEM, "no memory for a line");
	return hi_reader_line_parse(s->reader, hi_buf_view(&s->after), out, e);
}
