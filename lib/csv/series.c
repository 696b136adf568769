#include "csv/series.h"

#include <stdio.h>
#include <stdlib.h>

#include "json/json.h"

bool hi_csv_text_ok(struct hi_slice s, size_t max)
{
	if (s.len == 0 || s.len > max || !hi_utf8_valid(s, NULL))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		if (c < 0x20 || c == 0x7f)
			return false;
		if (c == 0xc2 && (unsigned char)s.ptr[i + 1] < 0xa0) /* C1; UTF-8: one follows */
			return false;
	}
	return true;
}

void hi_csv_stats_list_release(struct hi_csv_stats_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		hi_csv_stats_release(l->s[i]);
		free(l->s[i]);
	}
	l->n = 0;
}

static struct hi_csv_stats *find_stats(struct hi_csv_stats_list *l, const struct hi_csv_series *s)
{
	struct hi_csv_stats *st;

	for (size_t i = 0; i < l->n; i++) {
		st = l->s[i];
		if (strcmp(st->name, s->name) == 0 && strcmp(st->unit, s->target.unit) == 0 &&
		    strcmp(st->target.name, s->target.name) == 0)
			return st;
	}
	if (l->n == HI_CSV_STATS_MAX || !(st = calloc(1, sizeof(*st))))
		return NULL;
	memcpy(st->name, s->name, sizeof(st->name));
	memcpy(st->unit, s->target.unit, sizeof(st->unit));
	st->target = s->target;
	l->s[l->n++] = st;
	return st;
}

/* b's bytes to a text of s, which is sized so that only memory can be missing. */
static size_t finish(struct hi_csv_series *s, struct hi_buf *b, char *to, size_t cap)
{
	size_t n = b->len < cap ? b->len : 0;

	s->no_memory |= b->failed;
	if (n > 0)
		memcpy(to, b->ptr, n);
	hi_buf_release(b);
	return n;
}

/* before, s as a JSON string, after. */
static void put_quoted(struct hi_buf *b, const char *before, const char *s, const char *after)
{
	hi_buf_puts(b, before);
	hi_json_quote(b, hi_slice_of(s));
	hi_buf_puts(b, after);
}

void hi_csv_series_unit(struct hi_csv_series *s, const char *unit, struct hi_csv_stats_list *l)
{
	struct hi_buf b;

	snprintf(s->target.unit, sizeof(s->target.unit), "%s", unit);
	hi_buf_init(&b, sizeof(s->post));
	if (unit[0] != '\0')
		put_quoted(&b, ",\"unit\":", s->target.unit, "");
	hi_buf_puts(&b, ",\"timestamp\":\"");
	s->post_len = finish(s, &b, s->post, sizeof(s->post));
	s->stats = find_stats(l, s);
}

void hi_csv_series_make(struct hi_csv_series *s, const char *name,
			const struct hi_csv_target *target, struct hi_csv_stats_list *l)
{
	struct hi_buf b;

	*s = (struct hi_csv_series){ .state = HI_CSV_SERIES_READY, .target = *target };
	snprintf(s->name, sizeof(s->name), "%s", name);
	memcpy(s->unit_own, target->unit, sizeof(s->unit_own));
	hi_buf_init(&b, sizeof(s->mid));
	put_quoted(&b, "", target->name, ",\"value\":");
	s->mid_len = finish(s, &b, s->mid, sizeof(s->mid));
	hi_buf_init(&b, sizeof(s->method));
	if (target->method[0] != '\0')
		put_quoted(&b, ",\"method\":", target->method, "");
	s->method_len = finish(s, &b, s->method, sizeof(s->method));
	hi_csv_series_unit(s, target->unit, l);
}
