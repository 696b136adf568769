#include "vital/record.h"

#include "base/time.h"

const struct hi_member *hi_rec_member(const struct hi_rec *r, const char *key)
{
	for (size_t i = 0; i < r->members_n; i++)
		if (hi_member_is(&r->members[i], key))
			return &r->members[i];
	return NULL;
}

struct hi_slice hi_rec_text(const struct hi_rec *r, const char *key, struct hi_buf *scratch)
{
	const struct hi_member *m = hi_rec_member(r, key);
	if (!m || m->kind != HI_JSON_STRING)
		return (struct hi_slice){ NULL, 0 };
	return hi_member_text(m, scratch);
}

bool hi_rec_number(const struct hi_rec *r, const char *key, struct hi_num *out)
{
	const struct hi_member *m = hi_rec_member(r, key);
	return m && m->kind == HI_JSON_NUMBER && hi_num_parse(m->value, out);
}

bool hi_rec_time(const struct hi_rec *r, const char *key, int64_t *t_us)
{
	const struct hi_member *m = hi_rec_member(r, key);
	struct hi_time t;
	if (!m || m->kind != HI_JSON_STRING || m->value_escaped)
		return false;
	struct hi_slice text = { m->value.ptr + 1, m->value.len - 2 };
	if (hi_time_parse(text, &t, NULL))
		return false;
	*t_us = t.t_us;
	return true;
}

/* White space between tokens goes; within strings it stays. */
static void put_compact(struct hi_buf *b, struct hi_slice json)
{
	bool string = false;
	for (size_t i = 0; i < json.len; i++) {
		char c = json.ptr[i];
		if (string && c == '\\') {
			hi_buf_putc(b, c);
			c = json.ptr[++i];
		} else if (c == '"') {
			string = !string;
		} else if (!string && (c == ' ' || c == '\t' || c == '\r' || c == '\n')) {
			continue;
		}
		hi_buf_putc(b, c);
	}
}

static void put_members(const struct hi_rec *r, struct hi_buf *b, bool first)
{
	for (size_t i = 0; i < r->members_n; i++) {
		const struct hi_member *m = &r->members[i];
		if (!first)
			hi_buf_putc(b, ',');
		first = false;
		hi_buf_putc(b, '"');
		hi_buf_slice(b, m->key);
		hi_buf_puts(b, "\":");
		if (m->kind == HI_JSON_ARRAY || m->kind == HI_JSON_OBJECT)
			put_compact(b, m->value);
		else
			hi_buf_slice(b, m->value);
	}
}

void hi_rec_extra(const struct hi_rec *r, struct hi_buf *b)
{
	if (r->has & HI_HAS_EXTRA_JSON) {
		hi_buf_slice(b, r->extra_json);
		return;
	}
	if (r->members_n == 0)
		return;
	hi_buf_putc(b, '{');
	put_members(r, b, true);
	hi_buf_putc(b, '}');
}

void hi_rec_value(const struct hi_rec *r, struct hi_buf *b)
{
	char text[HI_NUM_TEXT_MAX];
	if (!(r->has & HI_HAS_CONVERTED))
		hi_buf_slice(b, r->value_text);
	else if (r->has & HI_HAS_CODE)
		hi_json_quote(b, r->code);
	else
		hi_buf_put(b, text, hi_num_format(r->value.v, text));
}

struct hi_slice hi_rec_unit(const struct hi_rec *r)
{
	return r->metric ? hi_slice_of(r->metric->unit) : r->unit;
}

void hi_rec_line(const struct hi_rec *r, struct hi_buf *b)
{
	char time[HI_TIME_TEXT_MAX];
	if (r->line.ptr) {
		hi_buf_slice(b, r->line);
		return;
	}
	hi_buf_puts(b, "{\"patient_id\":");
	hi_json_quote(b, r->patient_id);
	hi_buf_puts(b, ",\"metric_name\":");
	hi_json_quote(b, r->metric_name);
	hi_buf_puts(b, ",\"value\":");
	hi_rec_value(r, b);
	struct hi_slice unit = hi_rec_unit(r);
	if (unit.len > 0) {
		hi_buf_puts(b, ",\"unit\":");
		hi_json_quote(b, unit);
	}
	hi_buf_puts(b, ",\"timestamp\":\"");
	hi_buf_put(b, time, hi_time_format(r->t_us, r->t_digits, time));
	hi_buf_putc(b, '"');
	if ((r->has & HI_HAS_EXTRA_JSON) && r->extra_json.len > 2) {
		hi_buf_putc(b, ',');
		hi_buf_put(b, r->extra_json.ptr + 1, r->extra_json.len - 2);
	} else if (r->members_n > 0) {
		hi_buf_putc(b, ',');
		put_members(r, b, true);
	}
	hi_buf_putc(b, '}');
}
