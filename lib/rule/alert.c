#include "rule/alert.h"

#include <string.h>

#include "base/hash.h"
#include "base/time.h"

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

/*
 * The record is put together in one piece of room: a call and a check a field took
 * twice as long, and the replaced system's data hold an alert in sixty readings.
 * What may need escapes: patient_id, metric_name twice, unit three times.
 */
enum {
	ESCAPED = 6, /* bytes for one at most: \u00XX */
	ALERT_MAX = ESCAPED * (HI_PATIENT_ID_MAX + 2 * HI_METRIC_NAME_MAX + 3 * HI_UNIT_MAX) +
		    5 * HI_VALUE_TEXT_MAX + 8 * HI_NUM_TEXT_MAX + 4 * HI_TIME_TEXT_MAX +
		    HI_RULE_NAME_MAX + HI_UUID_TEXT + 600
};

#define PUT(p, text) put(p, text, sizeof(text) - 1)

static inline char *put(char *p, const void *from, size_t n)
{
	memcpy(p, from, n);
	return p + n;
}

static char *put_str(char *p, const char *s)
{
	return put(p, s, strlen(s));
}

static char *put_text(char *p, const struct hi_value_text *t)
{
	return t ? put(p, t->text, t->len) : PUT(p, "null");
}

/* As it stands between quotes. */
static char *put_escaped(char *p, struct hi_slice s)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		if (c < 0x20) {
			p = PUT(p, "\\u00");
			*p++ = hex[c >> 4];
			*p++ = hex[c & 15];
			continue;
		}
		if (c == '"' || c == '\\')
			*p++ = '\\';
		*p++ = (char)c;
	}
	return p;
}

/* Patient ids hold no control characters and rule names no LF: no two names are the same. */
static char *put_id(char *to, const struct hi_alert *a, struct hi_slice onset)
{
	char name[HI_PATIENT_ID_MAX + HI_RULE_NAME_MAX + HI_TIME_TEXT_MAX + HI_VALUE_TEXT_MAX + 32];
	char *p = put(name, a->patient_id.ptr, a->patient_id.len);

	*p++ = '\n';
	p = put_str(p, a->rule->name);
	*p++ = '\n';
	p = put(p, onset.ptr, onset.len);
	if (a->each) {
		*p++ = '\n';
		p = put_text(p, a->observed);
		*p++ = '\n';
		p += hi_num_format_u64(a->ordinal, p);
	}
	hi_uuid5((struct hi_slice){ name, (size_t)(p - name) }, to);
	return to + HI_UUID_TEXT;
}

/* " 1 h 30 min": every part that is not 0, down to milliseconds. */
static char *put_span(char *p, int64_t us)
{
	static const struct {
		const char *name;
		int64_t us;
	} part[] = { { " d", HI_US_DAY },
		     { " h", HI_US_H },
		     { " min", HI_US_MIN },
		     { " s", HI_US_S },
		     { " ms", HI_US_MS } };

	if (us < HI_US_MS)
		return PUT(p, " 0 s");
	for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
		if (us < part[i].us)
			continue;
		*p++ = ' ';
		p += hi_num_format_u64((uint64_t)(us / part[i].us), p);
		p = put_str(p, part[i].name);
		us %= part[i].us;
	}
	return p;
}

static char *put_unit(char *p, const struct hi_alert *a)
{
	const struct hi_metric *m = a->rule->metric;
	struct hi_slice unit = m ? hi_slice_of(m->unit_label) : a->unit;

	if (unit.len == 0)
		return p;
	*p++ = ' ';
	return put_escaped(p, unit);
}

/* "SpO2 silent for 5 min", "SpO2 heard again after 12 min" of silence. */
static char *put_silence(char *p, const struct hi_alert *a)
{
	int64_t d = a->rule->stale_us;

	if (!a->cleared)
		return put_span(PUT(p, " silent for"), d);
	p = a->off ? PUT(p, " no longer expected after") : PUT(p, " heard again after");
	p = put_span(p, a->ended_us - a->onset_us + d);
	return a->off ? put_str(PUT(p, ": "), a->off) : p;
}

/*
 * What a person reads: "SpO2 88 % below 92 % for 10 s", and at the end "SpO2 no
 * longer below 92 % after 2 min 30 s, worst 85 %".
 */
static char *put_message(char *p, const struct hi_alert *a)
{
	const struct hi_rule *r = a->rule;
	const char *label = r->any ? "Feed" : r->metric ? r->metric->label : r->metric_name;

	p = put_escaped(p, hi_slice_of(label));
	if (r->type == HI_RULE_STALE)
		return put_silence(p, a);
	if (a->cleared) {
		p = PUT(p, " no longer");
	} else {
		*p++ = ' ';
		p = put_unit(put_text(p, a->observed), a);
	}
	*p++ = ' ';
	p = put_str(p, hi_op_words[r->limit.op]);
	*p++ = ' ';
	p = put_unit(put_str(p, r->limit.text), a);
	if (a->cleared) {
		p = put_span(PUT(p, " after"), a->ended_us - a->onset_us);
		p = PUT(p, ", worst ");
		p = put_unit(put_text(p, a->worst), a);
	} else if (r->for_us && !a->each) {
		p = put_span(PUT(p, " for"), r->for_us);
	}
	return p;
}

static char *put_limit(char *p, const struct hi_alert *a)
{
	const struct hi_rule *r = a->rule;

	if (r->type == HI_RULE_STALE) {
		p = PUT(p, "stale ");
		return p + hi_duration_format(r->stale_us, p);
	}
	p = put_str(p, hi_op_text[r->limit.op]);
	*p++ = ' ';
	p = put_str(p, r->limit.text);
	if (r->for_us && !a->each) {
		p = PUT(p, " for ");
		p += hi_duration_format(r->for_us, p);
	}
	return p;
}

static char *put_end(char *p, const struct hi_alert *a)
{
	p = PUT(p, ",\"ended\":\"");
	p += hi_time_format(a->ended_us, hi_time_digits(a->ended_us), p);
	p = PUT(p, "\",\"worst_value\":");
	p = put_text(p, a->worst);
	return PUT(p, ",\"latched\":false");
}

void hi_alert_write(const struct hi_alert *a, struct hi_buf *b)
{
	char onset[HI_TIME_TEXT_MAX];
	size_t onset_len = hi_time_format(a->onset_us, hi_time_digits(a->onset_us), onset);
	const struct hi_rule *r = a->rule;
	char *p;

	p = hi_buf_room(b, ALERT_MAX);
	if (!p)
		return;
	p = PUT(p, "{\"type\":\"alert\",\"alert_id\":\"");
	p = put_id(p, a, (struct hi_slice){ onset, onset_len });
	p = PUT(p, "\",\"patient_id\":\"");
	p = put_escaped(p, a->patient_id);
	p = PUT(p, "\",\"metric_name\":\"");
	p = put_escaped(p, hi_slice_of(r->metric_name));
	p = PUT(p, "\",\"alert_type\":\"");
	p = put_str(p, r->name);
	p = PUT(p, "\",\"priority\":\"");
	p = put_str(p, hi_priorities[r->priority].name);
	p = PUT(p, "\",\"status\":\"");
	p = a->cleared ? PUT(p, "CLEARED") : PUT(p, "ACTIVE");
	p = PUT(p, "\",\"observed_value\":");
	p = put_text(p, a->observed);
	if (a->unit.len > 0) {
		p = PUT(p, ",\"unit\":\"");
		p = put_escaped(p, a->unit);
		*p++ = '"';
	}
	p = PUT(p, ",\"limit\":\"");
	p = put_limit(p, a);
	p = PUT(p, "\",\"timestamp\":\"");
	p = put(p, onset, onset_len);
	*p++ = '"';
	if (a->cleared)
		p = put_end(p, a);
	if (a->each)
		p = PUT(p, ",\"each\":true");
	p = PUT(p, ",\"tool\":\"hi-detect\",\"message\":\"");
	p = put_message(p, a);
	p = PUT(p, "\"}");
	b->len = (size_t)(p - b->ptr);
}
