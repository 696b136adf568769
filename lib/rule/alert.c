#include "rule/alert.h"

#include <string.h>

#include "base/hash.h"
#include "base/time.h"
#include "json/json.h"

void hi_value_text_keep(struct hi_value_text *t, const struct hi_rec *rec)
{
	char text[HI_NUM_TEXT_MAX];

	if (!(rec->has & HI_HAS_CONVERTED) && rec->value_text.len <= sizeof t->text) {
		memcpy(t->text, rec->value_text.ptr, rec->value_text.len);
		t->len = (uint8_t)rec->value_text.len;
	} else {
		t->len = (uint8_t)hi_num_format(rec->value.v, text);
		memcpy(t->text, text, t->len);
	}
}

static struct hi_slice text_of(const struct hi_value_text *t)
{
	return (struct hi_slice){ t->text, t->len };
}

/* Patient ids hold no control characters and rule names no LF: no two names are the same. */
static void put_id(const struct hi_alert *a, struct hi_slice onset, struct hi_buf *b)
{
	char name[HI_PATIENT_ID_MAX + HI_RULE_NAME_MAX + HI_TIME_TEXT_MAX + HI_VALUE_TEXT_MAX + 32];
	char *p = name, *room = hi_buf_room(b, HI_UUID_TEXT);
	size_t rule_len = strlen(a->rule->name);

	if (!room)
		return;
	p = (char *)mempcpy(p, a->patient_id.ptr, a->patient_id.len);
	*p++ = '\n';
	p = (char *)mempcpy(p, a->rule->name, rule_len);
	*p++ = '\n';
	p = (char *)mempcpy(p, onset.ptr, onset.len);
	if (a->each) {
		*p++ = '\n';
		p = (char *)mempcpy(p, a->observed->text, a->observed->len);
		*p++ = '\n';
		p += hi_num_format_u64(a->ordinal, p);
	}
	hi_uuid5((struct hi_slice){ name, (size_t)(p - name) }, room);
	b->len += HI_UUID_TEXT;
}

/* " 1 h 30 min": every part that is not 0, down to milliseconds. */
static void put_span(struct hi_buf *b, int64_t us)
{
	static const struct {
		const char *name;
		int64_t us;
	} part[] = { { " d", HI_US_DAY },
		     { " h", HI_US_H },
		     { " min", HI_US_MIN },
		     { " s", HI_US_S },
		     { " ms", HI_US_MS } };
	char text[HI_NUM_TEXT_MAX];

	if (us < HI_US_MS)
		hi_buf_puts(b, " 0 s");
	for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
		if (us < part[i].us)
			continue;
		hi_buf_putc(b, ' ');
		hi_buf_put(b, text, hi_num_format_u64((uint64_t)(us / part[i].us), text));
		hi_buf_puts(b, part[i].name);
		us %= part[i].us;
	}
}

static void put_with_unit(struct hi_buf *b, struct hi_slice value, struct hi_slice unit)
{
	hi_buf_putc(b, ' ');
	hi_buf_slice(b, value);
	if (unit.len > 0) {
		hi_buf_putc(b, ' ');
		hi_buf_slice(b, unit);
	}
}

/*
 * What a person reads: "SpO2 88 % below 92 % for 10 s", and at the end "SpO2 no
 * longer below 92 % after 2 min 30 s, worst 85 %".
 */
static void put_message(const struct hi_alert *a, struct hi_buf *b)
{
	const struct hi_rule *r = a->rule;
	const struct hi_metric *m = r->metric;
	struct hi_slice unit = m ? hi_slice_of(m->unit_label) : a->unit;

	hi_buf_puts(b, m ? m->label : r->metric_name);
	if (a->worst)
		hi_buf_puts(b, " no longer");
	else
		put_with_unit(b, text_of(a->observed), unit);
	hi_buf_putc(b, ' ');
	hi_buf_puts(b, hi_op_words[r->limit.op]);
	put_with_unit(b, hi_slice_of(r->limit.text), unit);
	if (a->worst) {
		hi_buf_puts(b, " after");
		put_span(b, a->ended_us - a->onset_us);
		hi_buf_puts(b, ", worst");
		put_with_unit(b, text_of(a->worst), unit);
	} else if (r->for_us && !a->each) {
		hi_buf_puts(b, " for");
		put_span(b, r->for_us);
	}
}

static void put_string(struct hi_buf *b, const char *key, const char *text)
{
	hi_buf_puts(b, key);
	hi_buf_puts(b, text);
	hi_buf_putc(b, '"');
}

/* The message may hold a metric's name and a unit: data, so it is quoted where they need it. */
static void put_quoted_message(const struct hi_alert *a, struct hi_buf *b)
{
	char room[4 * HI_METRIC_NAME_MAX + 256];
	struct hi_buf text = { .ptr = room, .cap = sizeof room, .max = sizeof room };

	put_message(a, &text);
	hi_json_quote(b, hi_buf_view(&text));
}

void hi_alert_write(const struct hi_alert *a, struct hi_buf *b)
{
	char onset[HI_TIME_TEXT_MAX], ended[HI_TIME_TEXT_MAX];
	size_t onset_len = hi_time_format(a->onset_us, hi_time_digits(a->onset_us), onset);
	const struct hi_rule *r = a->rule;

	hi_buf_puts(b, "{\"type\":\"alert\",\"alert_id\":\"");
	put_id(a, (struct hi_slice){ onset, onset_len }, b);
	hi_buf_puts(b, "\",\"patient_id\":");
	hi_json_quote(b, a->patient_id);
	hi_buf_puts(b, ",\"metric_name\":");
	hi_json_quote(b, hi_slice_of(r->metric_name));
	put_string(b, ",\"alert_type\":\"", r->name);
	put_string(b, ",\"priority\":\"", hi_priorities[r->priority].name);
	put_string(b, ",\"status\":\"", a->worst ? "CLEARED" : "ACTIVE");
	hi_buf_puts(b, ",\"observed_value\":");
	hi_buf_slice(b, text_of(a->observed));
	if (a->unit.len > 0) {
		hi_buf_puts(b, ",\"unit\":");
		hi_json_quote(b, a->unit);
	}
	hi_buf_puts(b, ",\"limit\":\"");
	if (a->each)
		hi_limit_put(&r->limit, 0, b);
	else
		hi_rule_limit(r, b);
	hi_buf_puts(b, "\",\"timestamp\":\"");
	hi_buf_put(b, onset, onset_len);
	hi_buf_putc(b, '"');
	if (a->worst) {
		hi_buf_puts(b, ",\"ended\":\"");
		hi_buf_put(b, ended,
			   hi_time_format(a->ended_us, hi_time_digits(a->ended_us), ended));
		hi_buf_puts(b, "\",\"worst_value\":");
		hi_buf_slice(b, text_of(a->worst));
		hi_buf_puts(b, ",\"latched\":false");
	}
	hi_buf_puts(b, a->each ? ",\"each\":true,\"tool\":\"hi-detect\",\"message\":"
			       : ",\"tool\":\"hi-detect\",\"message\":");
	put_quoted_message(a, b);
	hi_buf_putc(b, '}');
}
