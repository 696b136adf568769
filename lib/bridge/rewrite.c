#include "bridge/rewrite.h"

#include <stdlib.h>

#include "base/time.h"

/* What a line and the texts that are added to it, each at most HI_LINE_MAX, may become in JSON. */
enum { OUT_MAX = 16 * HI_LINE_MAX };

void hi_rewrite_init(struct hi_rewrite *w, const struct hi_message_options *options)
{
	*w = (struct hi_rewrite){ .options = *options };
	hi_buf_init(&w->out, OUT_MAX);
	hi_json_init(&w->json);
}

void hi_rewrite_release(struct hi_rewrite *w)
{
	hi_buf_release(&w->out);
	hi_json_release(&w->json);
	free(w->sorted);
	w->sorted = NULL;
	w->sorted_cap = 0;
}

static bool adds(const struct hi_rewrite *w)
{
	return w->options.keys || w->options.headers || w->options.meta;
}

bool hi_rewrite_needed(const struct hi_rewrite *w, const struct hi_rec *rec)
{
	return adds(w) ||
	       (w->options.zone && (rec->type != HI_T_READING || (rec->has & HI_HAS_ZONELESS)));
}

/* A key that only an option may write. */
static bool is_ours(const struct hi_rewrite *w, const struct hi_member *m)
{
	const struct hi_message_options *o = &w->options;
	if (!m->key_escaped && (m->key.len == 0 || m->key.ptr[0] != 'k'))
		return false;
	return (o->keys && (hi_member_is(m, "kafka_key") || hi_member_is(m, "kafka_key_base64"))) ||
	       (o->headers && hi_member_is(m, "kafka_headers")) ||
	       (o->meta && (hi_member_is(m, "kafka_topic") || hi_member_is(m, "kafka_partition") ||
			    hi_member_is(m, "kafka_offset") || hi_member_is(m, "kafka_timestamp")));
}

/*
 * A zone-less time as written, raw, with its zone behind it. It is written anew, in UTC,
 * where RFC 3339 has no such zone (before zones there were offsets with seconds) and
 * where escapes stand in it.
 */
static void put_time(struct hi_buf *b, struct hi_slice raw, int64_t t_us, unsigned digits)
{
	char text[HI_TIME_TEXT_MAX];
	if (memchr(raw.ptr, '\\', raw.len)) {
		hi_buf_put(b, text, hi_time_format(t_us, digits, text));
		return;
	}
	/* Second 60 is the next second, which the clocks may show in another offset. */
	bool leap = memcmp(raw.ptr + 17, "60", 2) == 0;
	int64_t east_us = hi_tz_offset(t_us - (leap ? HI_US_S : 0));
	if (east_us % HI_US_MIN != 0) {
		hi_buf_put(b, text, hi_time_format(t_us, digits, text));
		return;
	}
	hi_buf_slice(b, raw);
	if (east_us == 0) {
		hi_buf_putc(b, 'Z');
		return;
	}
	unsigned minutes = (unsigned)((east_us < 0 ? -east_us : east_us) / HI_US_MIN);
	unsigned h = minutes / 60, m = minutes % 60;
	const char zone[] = { east_us < 0 ? '-' : '+', (char)('0' + h / 10),
			      (char)('0' + h % 10),    ':',
			      (char)('0' + m / 10),    (char)('0' + m % 10) };
	hi_buf_put(b, zone, sizeof(zone));
}

/* A reading has one time that tools read in --tz; in other types there are more. */
static bool is_time(const struct hi_rec *rec, const struct hi_member *m)
{
	static const char *const names[] = { "timestamp", "ended", "at", "until",
					     "since",	  "from",  "to" };
	size_t n = rec->type == HI_T_READING ? 1 : sizeof(names) / sizeof(names[0]);
	for (size_t i = 0; i < n; i++)
		if (hi_member_is(m, names[i]))
			return m->kind == HI_JSON_STRING;
	return false;
}

/* The member as it stands, with the zone where it is a time without one. */
static void put_member(struct hi_rewrite *w, const struct hi_rec *rec, const struct hi_member *m)
{
	const char *begin = m->key.ptr - 1, *end = m->value.ptr + m->value.len;
	char text[64];
	struct hi_time t;
	struct hi_slice raw = { m->value.ptr + 1, m->value.len - 2 }, plain = raw;

	bool time = w->options.zone && is_time(rec, m);
	if (time && m->value_escaped && raw.len <= sizeof(text))
		plain = (struct hi_slice){ text, hi_json_unescape(raw, text) };
	if (time && hi_time_parse(plain, &t, NULL) == HI_OK && t.zoneless) {
		hi_buf_put(&w->out, begin, (size_t)(raw.ptr - begin));
		put_time(&w->out, raw, t.t_us, t.digits);
		hi_buf_putc(&w->out, '"');
	} else {
		hi_buf_put(&w->out, begin, (size_t)(end - begin));
	}
}

/*
 * All members but ours, with the white space between them, each by itself. Returns the
 * end of the last in the line.
 */
static const char *put_members(struct hi_rewrite *w, const struct hi_rec *rec)
{
	const struct hi_member *m = w->json.m;
	const char *from = rec->line.ptr;
	bool first = true;
	for (size_t i = 0; i < w->json.n; i++) {
		/* What stands before it: the brace, or a comma. */
		struct hi_slice gap = { from, (size_t)(m[i].key.ptr - 1 - from) };
		from = m[i].value.ptr + m[i].value.len;
		bool keep = !is_ours(w, &m[i]);
		if (i == 0 || (keep && !first))
			hi_buf_slice(&w->out, gap);
		if (keep) {
			put_member(w, rec, &m[i]);
			first = false;
		}
	}
	return from;
}

/* The usual case: a reading with nothing to cut out. Returns as put_members. */
static const char *put_reading(struct hi_rewrite *w, const struct hi_rec *rec)
{
	const char *from = rec->line.ptr, *end = from + rec->line.len;
	while (end[-1] != '}')
		end--;
	for (end--; end[-1] == ' ' || end[-1] == '\t'; end--)
		;
	if (w->options.zone && (rec->has & HI_HAS_ZONELESS)) {
		hi_buf_put(&w->out, from, (size_t)(rec->time_text.ptr - from));
		put_time(&w->out, rec->time_text, rec->t_us, rec->t_digits);
		from = rec->time_text.ptr + rec->time_text.len;
	}
	hi_buf_put(&w->out, from, (size_t)(end - from));
	return end;
}

static bool is_plain_reading(const struct hi_rewrite *w, const struct hi_rec *rec)
{
	if (rec->type != HI_T_READING)
		return false;
	for (size_t i = 0; i < rec->members_n; i++)
		if (is_ours(w, &rec->members[i]))
			return false;
	return true;
}

static int by_name(const void *a, const void *b)
{
	const struct hi_message_header *x = *(const struct hi_message_header *const *)a;
	const struct hi_message_header *y = *(const struct hi_message_header *const *)b;
	int c = hi_slice_cmp(x->name, y->name);
	return c ? c : (x > y) - (x < y); /* both are of one array */
}

/* The headers in order of their names: a message may have any number of one name. */
static int sort_headers(struct hi_rewrite *w, const struct hi_message *m, struct hi_error *e)
{
	if (m->headers_n > w->sorted_cap) {
		const struct hi_message_header **p =
			realloc(w->sorted, m->headers_n * sizeof(const struct hi_message_header *));
		if (!p)
			return hi_error_set(e, HI_NOMEM, "no memory for a message's headers");
		w->sorted = p;
		w->sorted_cap = m->headers_n;
	}
	for (size_t i = 0; i < m->headers_n; i++)
		w->sorted[i] = &m->headers[i];
	if (m->headers_n > 1)
		qsort(w->sorted, m->headers_n, sizeof(w->sorted[0]), by_name);
	return HI_OK;
}

static void put_header_name(struct hi_buf *b, struct hi_slice name)
{
	size_t at = b->len, bad;
	hi_json_quote(b, name);
	for (size_t from = at; !b->failed && from < b->len; from += bad + 1) {
		if (hi_utf8_valid((struct hi_slice){ b->ptr + from, b->len - from }, &bad))
			break;
		b->ptr[from + bad] = '?';
	}
}

static void put_header_value(struct hi_buf *b, struct hi_slice value)
{
	if (!value.ptr) {
		hi_buf_puts(b, "null");
	} else if (hi_utf8_valid(value, NULL)) {
		hi_json_quote(b, value);
	} else {
		hi_buf_puts(b, "{\"base64\":");
		hi_json_base64(b, value);
		hi_buf_putc(b, '}');
	}
}

/* The n headers at h, all of one name. */
static void put_header(struct hi_buf *b, const struct hi_message_header *const *h, size_t n)
{
	put_header_name(b, h[0]->name);
	hi_buf_puts(b, n > 1 ? ":[" : ":");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			hi_buf_putc(b, ',');
		put_header_value(b, h[i]->value);
	}
	if (n > 1)
		hi_buf_putc(b, ']');
}

static int put_headers(struct hi_rewrite *w, struct hi_object *o, const struct hi_message *m,
		       struct hi_error *e)
{
	int s = sort_headers(w, m, e);
	if (s)
		return s;
	hi_object_raw(o, "kafka_headers", HI_LIT("{"));
	for (size_t i = 0, n; i < m->headers_n; i += n) {
		for (n = 1; i + n < m->headers_n &&
			    hi_slice_eq(w->sorted[i + n]->name, w->sorted[i]->name);
		     n++)
			;
		if (i > 0)
			hi_buf_putc(o->b, ',');
		put_header(o->b, w->sorted + i, n);
	}
	hi_buf_putc(o->b, '}');
	return HI_OK;
}

static void put_meta(struct hi_object *o, const struct hi_message *m)
{
	hi_object_str(o, "kafka_topic", m->topic);
	hi_object_int(o, "kafka_partition", m->partition);
	hi_object_int(o, "kafka_offset", m->offset);
	if (m->t_us > HI_TIME_MIN && m->t_us < HI_TIME_END) {
		char text[HI_TIME_TEXT_MAX];
		size_t n = hi_time_format(m->t_us, 3, text);
		hi_object_str(o, "kafka_timestamp", (struct hi_slice){ text, n });
	}
}

static int put_ours(struct hi_rewrite *w, const struct hi_message *m, struct hi_error *e)
{
	struct hi_object o = { &w->out, true };
	if (w->options.meta)
		put_meta(&o, m);
	if (w->options.keys && m->key.ptr) {
		if (hi_utf8_valid(m->key, NULL))
			hi_object_str(&o, "kafka_key", m->key);
		else
			hi_object_base64(&o, "kafka_key_base64", m->key);
	}
	return w->options.headers && m->headers_n > 0 ? put_headers(w, &o, m, e) : HI_OK;
}

/* What is added is longer than any line may be, before a byte of it is written. */
static bool is_too_much(const struct hi_rewrite *w, const struct hi_message *m)
{
	size_t n = w->options.keys ? m->key.len : 0;
	for (size_t i = 0; w->options.headers && i < m->headers_n && n <= HI_LINE_MAX; i++)
		n += m->headers[i].name.len + m->headers[i].value.len + 4;
	return n > HI_LINE_MAX;
}

static int too_long(struct hi_error *e)
{
	return hi_error_set(e, HI_REFUSED, "longer than 1 MiB with what is added to it");
}

int hi_rewrite_line(struct hi_rewrite *w, const struct hi_rec *rec, const struct hi_message *m,
		    struct hi_error *e)
{
	const char *line_end = rec->line.ptr + rec->line.len, *tail;
	hi_buf_reset(&w->out);
	if (adds(w) && is_too_much(w, m))
		return too_long(e);
	if (is_plain_reading(w, rec)) {
		tail = put_reading(w, rec);
	} else {
		int s = hi_json_slice(&w->json, rec->line, e);
		if (s)
			return s;
		tail = put_members(w, rec);
	}
	int s = adds(w) ? put_ours(w, m, e) : HI_OK;
	if (s)
		return s;
	hi_buf_put(&w->out, tail, (size_t)(line_end - tail));
	hi_buf_putc(&w->out, '\n');
	if (w->out.failed)
		return hi_error_set(e, HI_NOMEM, "no memory for a message's line");
	return w->out.len - 1 > HI_LINE_MAX ? too_long(e) : HI_OK;
}
