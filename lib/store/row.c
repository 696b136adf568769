#include "store/row.h"

#include "base/hash.h"

enum { SEQ_MAX = sizeof(((struct hi_row_writer *)0)->digits) };

uint64_t hi_row_count(struct hi_row_writer *w)
{
	size_t i = SEQ_MAX - 1;
	if (w->digits_n == 0)
		memset(w->digits, '0', sizeof(w->digits));
	for (; w->digits[i] == '9'; i--)
		w->digits[i] = '0';
	w->digits[i]++;
	if (SEQ_MAX - i > w->digits_n)
		w->digits_n = (uint8_t)(SEQ_MAX - i);
	return ++w->seq;
}

static char *put(char *p, struct hi_slice s)
{
	if (s.len > 0)
		memcpy(p, s.ptr, s.len);
	return p + s.len;
}

/* Spaces at the ends are quoted because some readers of CSV cut them off. */
static bool is_plain(struct hi_slice s)
{
	bool special = false;
	if (s.len == 0)
		return true;
	for (size_t i = 0; i < s.len; i++)
		special |= s.ptr[i] == ',' || s.ptr[i] == '"';
	return !special && s.ptr[0] != ' ' && s.ptr[s.len - 1] != ' ';
}

static char *put_quoted(char *p, struct hi_slice s)
{
	*p++ = '"';
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '"')
			*p++ = '"';
		*p++ = s.ptr[i];
	}
	*p++ = '"';
	return p;
}

/* At most 2 * s.len + 2 bytes. */
static char *put_column(char *p, struct hi_slice s)
{
	return is_plain(s) ? put(p, s) : put_quoted(p, s);
}

/* Readings come in sets of one time. */
static char *put_time(struct hi_row_writer *w, char *p, int64_t t_us)
{
	if (w->time_len == 0 || w->time_us != t_us) {
		w->time_len = (uint8_t)hi_time_format(t_us, hi_time_digits(t_us), w->time);
		w->time_us = t_us;
	}
	return put(p, (struct hi_slice){ w->time, w->time_len });
}

/* The text of value in w->extra where it is not simply what was written. */
static struct hi_slice value_of(struct hi_row_writer *w, const struct hi_rec *rec)
{
	if (!(rec->has & (HI_HAS_VALUE | HI_HAS_CODE)))
		return HI_LIT("");
	if (!(rec->has & (HI_HAS_CONVERTED | HI_HAS_CODE)))
		return rec->value_text;
	size_t from = w->extra.len;
	if (rec->has & HI_HAS_CODE)
		hi_json_quote(&w->extra, rec->code);
	else
		hi_rec_value(rec, &w->extra);
	return (struct hi_slice){ w->extra.ptr + from, w->extra.len - from };
}

/* Last, so that whoever takes the last of two keys sees ours where a record has that name already.
 */
static void put_written(const struct hi_rec *rec, struct hi_buf *b)
{
	if (b->len > 0)
		b->ptr[b->len - 1] = ',';
	else
		hi_buf_putc(b, '{');
	hi_buf_puts(b, "\"written\":{\"value\":");
	hi_buf_slice(b, rec->value_text);
	if (rec->has & HI_HAS_UNIT) {
		hi_buf_puts(b, ",\"unit\":");
		hi_json_quote(b, rec->unit);
	}
	hi_buf_puts(b, "}}");
}

static bool differs(const struct hi_rec *rec)
{
	if (rec->has & HI_HAS_CONVERTED)
		return true;
	return rec->metric && (rec->has & HI_HAS_UNIT) &&
	       !hi_slice_is(rec->unit, rec->metric->unit);
}

/* extra's text, then value's: both in w->extra, which is reserved first so that neither moves. */
static bool odd_columns(struct hi_row_writer *w, const struct hi_rec *rec, struct hi_slice *extra,
			struct hi_slice *value)
{
	enum { MORE = 1024 }; /* "written", a code with escapes */
	struct hi_buf *b = &w->extra;
	hi_buf_reset(b);
	if (!hi_buf_room(b, rec->line.len + rec->extra_json.len + MORE))
		return false;
	hi_rec_extra(rec, b);
	if (differs(rec))
		put_written(rec, b);
	*extra = hi_buf_view(b);
	*value = value_of(w, rec);
	return !b->failed;
}

int hi_row_write(struct hi_row_writer *w, const struct hi_rec *rec, struct hi_buf *b)
{
	enum { FIXED = SEQ_MAX + HI_TIME_TEXT_MAX + 32 };
	struct hi_slice extra = HI_LIT(""), value = rec->value_text, unit = hi_rec_unit(rec);
	bool plain = rec->members_n == 0 && rec->extra_json.len == 0 && (rec->has & HI_HAS_VALUE) &&
		     !(rec->has & HI_HAS_CONVERTED) &&
		     (!(rec->has & HI_HAS_UNIT) || !rec->metric || hi_slice_eq(rec->unit, unit));
	if (!plain && !odd_columns(w, rec, &extra, &value))
		return HI_NOMEM;

	size_t most = FIXED + 2 * (rec->patient_id.len + rec->metric_name.len + value.len +
				   unit.len + extra.len);
	char *p = hi_buf_room(b, most);
	if (!p)
		return HI_NOMEM;
	hi_row_count(w);
	p = put(p, (struct hi_slice){ w->digits + SEQ_MAX - w->digits_n, w->digits_n });
	*p++ = ',';
	p = put_column(p, rec->patient_id);
	*p++ = ',';
	p = rec->metric ? put(p, rec->metric_name) : put_column(p, rec->metric_name);
	*p++ = ',';
	p = put_time(w, p, rec->t_us);
	*p++ = ',';
	p = plain ? put(p, value) : put_column(p, value);
	*p++ = ',';
	p = rec->metric ? put(p, unit) : put_column(p, unit);
	*p++ = ',';
	p = put_column(p, extra);
	*p++ = '\n';
	b->len = (size_t)(p - b->ptr);
	return HI_OK;
}

/* The column at *p up to its comma or end; *p moves behind the comma, NULL at the end. */
static bool read_column(const char **p, const char *end, struct hi_slice *out,
			struct hi_buf *scratch)
{
	const char *s = *p;
	if (!s)
		return false;
	if (s == end || *s != '"') {
		const char *comma = memchr(s, ',', (size_t)(end - s));
		*out = (struct hi_slice){ s, (size_t)((comma ? comma : end) - s) };
		*p = comma ? comma + 1 : NULL;
		return true;
	}
	const char *from = ++s;
	size_t start = scratch->len, pairs = 0;
	for (; s < end; s++) {
		if (*s != '"')
			continue;
		if (s + 1 == end || s[1] != '"')
			break;
		hi_buf_put(scratch, from, (size_t)(s + 1 - from));
		from = ++s + 1;
		pairs++;
	}
	if (s == end || (s + 1 < end && s[1] != ','))
		return false;
	*p = s + 1 < end ? s + 2 : NULL;
	if (pairs == 0) {
		*out = (struct hi_slice){ from, (size_t)(s - from) };
		return true;
	}
	hi_buf_put(scratch, from, (size_t)(s - from));
	*out = (struct hi_slice){ scratch->ptr + start, scratch->len - start };
	return !scratch->failed;
}

/* *p moves behind the columns up to timestamp. */
static bool read_head(const char **p, const char *end, struct hi_row *row, struct hi_buf *scratch)
{
	size_t len = (size_t)(end - *p);
	struct hi_slice seq;
	hi_buf_reset(scratch);
	/* No slice may move while later columns are put behind it. */
	if (memchr(*p, '"', len) && !hi_buf_room(scratch, len))
		return false;
	if (!read_column(p, end, &seq, scratch) || seq.len == 0 || seq.len >= SEQ_MAX)
		return false;
	row->seq = 0;
	for (size_t i = 0; i < seq.len; i++) {
		if (seq.ptr[i] < '0' || seq.ptr[i] > '9')
			return false;
		row->seq = row->seq * 10 + (uint64_t)(seq.ptr[i] - '0');
	}
	return read_column(p, end, &row->patient_id, scratch) &&
	       read_column(p, end, &row->metric_name, scratch) &&
	       read_column(p, end, &row->timestamp, scratch);
}

bool hi_row_read(struct hi_slice line, struct hi_row *row, struct hi_buf *scratch)
{
	const char *p = line.ptr, *end = line.ptr + line.len;
	return read_head(&p, end, row, scratch) && read_column(&p, end, &row->value, scratch) &&
	       read_column(&p, end, &row->unit, scratch) &&
	       read_column(&p, end, &row->extra, scratch) && !p;
}

/* The column at *p, which has no quotes and is not the last; *p moves behind its comma. */
static inline bool read_plain(const char **p, const char *end, struct hi_slice *out)
{
	const char *s = *p, *at = s;
	while (at < end && *at != ',')
		at++;
	*out = (struct hi_slice){ s, (size_t)(at - s) };
	*p = at + 1;
	return at < end && *s != '"';
}

/* Nearly every row; the others, and those that are none, are read_head's. */
bool hi_row_read_head(struct hi_slice line, struct hi_row *row, struct hi_buf *scratch)
{
	const char *p = line.ptr, *end = line.ptr + line.len;
	uint64_t seq = 0;
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		seq = seq * 10 + (uint64_t)(*p - '0');
	size_t digits = (size_t)(p - line.ptr);
	if (digits > 0 && digits < SEQ_MAX && p < end && *p++ == ',' &&
	    read_plain(&p, end, &row->patient_id) && read_plain(&p, end, &row->metric_name) &&
	    read_plain(&p, end, &row->timestamp)) {
		row->seq = seq;
		return true;
	}
	p = line.ptr;
	return read_head(&p, end, row, scratch);
}

bool hi_row_is_score(const struct hi_row *row, struct hi_json *json)
{
	/* Most rows have no extra; of those that have, few hold the word (or an escape) at all. */
	if (row->extra.len == 0 || (!memmem(row->extra.ptr, row->extra.len, "tool", 4) &&
				    !memchr(row->extra.ptr, '\\', row->extra.len)))
		return false;
	return hi_json_slice(json, row->extra, NULL) == HI_OK && hi_json_find(json, "tool");
}

static bool read_value(const struct hi_row *row, struct hi_buf *scratch, struct hi_rec *rec)
{
	rec->value_text = row->value.len ? row->value : HI_LIT("null");
	if (row->value.len == 0)
		return true;
	if (row->value.ptr[0] != '"') {
		rec->has |= HI_HAS_VALUE;
		return hi_num_parse(row->value, &rec->value);
	}
	struct hi_slice raw = { row->value.ptr + 1, row->value.len - 2 };
	if (row->value.len < 2)
		return false;
	rec->has |= HI_HAS_CODE;
	rec->code = raw;
	if (!memchr(raw.ptr, '\\', raw.len))
		return true;
	hi_buf_reset(scratch);
	char *room = hi_buf_room(scratch, raw.len);
	if (!room)
		return false;
	rec->code = (struct hi_slice){ room, hi_json_unescape(raw, room) };
	return true;
}

bool hi_row_record(const struct hi_row *row, bool score, int64_t t_us, struct hi_buf *scratch,
		   struct hi_rec *rec)
{
	*rec = (struct hi_rec){
		.type = HI_T_READING,
		.has = HI_HAS_PATIENT | HI_HAS_METRIC | HI_HAS_TIME | (score ? HI_HAS_TOOL : 0u),
		.patient_id = row->patient_id,
		.patient_hash = hi_hash_slice(row->patient_id),
		.metric_name = row->metric_name,
		.metric = hi_metric_find(row->metric_name),
		.unit = row->unit,
		.t_us = t_us,
		.t_digits = (uint8_t)hi_time_digits(t_us),
		.extra_json = row->extra,
	};
	if (row->unit.len > 0)
		rec->has |= HI_HAS_UNIT;
	if (row->extra.len > 0)
		rec->has |= HI_HAS_EXTRA_JSON;
	return row->patient_id.len > 0 && row->metric_name.len > 0 && read_value(row, scratch, rec);
}
