#include "bridge/message.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/scan.h"
#include "base/time.h"
#include "bridge/rewrite.h"
#include "vital/reader.h"
#include "vital/reject.h"

/* 64 MiB, as the header says, one more message and what the reader wants behind it. */
enum { KEPT_MAX = 66 << 20 };

/* A message that is no line, or none of ours. */
struct bad {
	size_t i;
	const char *why;
	uint32_t column;
	size_t at, len; /* of its text in texts */
};

struct hi_message_lines {
	struct hi_message_calls calls;
	struct hi_rewrite rewrite;
	struct hi_reader *reader;
	struct hi_buf block; /* the good ones, a line each */
	struct hi_buf texts; /* of the bad ones */
	struct bad *bad;     /* in order */
	size_t bad_n, bad_cap;
	struct hi_message *from; /* all, where fields are added; NULL otherwise */
	size_t from_cap;
	size_t n;
	bool adds;
};

int hi_message_lines_new(struct hi_message_lines **out, const struct hi_message_options *options,
			 const struct hi_message_calls *calls, struct hi_error *e)
{
	struct hi_message_lines *l = calloc(1, sizeof(*l));

	*out = NULL;
	if (!l)
		return hi_error_set(e, HI_NOMEM, "no memory for messages");
	int s = hi_reader_new(&l->reader, NULL, NULL, e);
	if (s) {
		free(l);
		return s;
	}
	l->calls = *calls;
	l->adds = options->keys || options->headers || options->meta;
	hi_rewrite_init(&l->rewrite, options);
	hi_buf_init(&l->block, KEPT_MAX);
	hi_buf_init(&l->texts, KEPT_MAX);
	*out = l;
	return HI_OK;
}

void hi_message_lines_free(struct hi_message_lines *l)
{
	if (!l)
		return;
	hi_reader_free(l->reader);
	hi_rewrite_release(&l->rewrite);
	hi_buf_release(&l->block);
	hi_buf_release(&l->texts);
	free(l->bad);
	free(l->from);
	free(l);
}

static int no_memory(struct hi_error *e)
{
	return hi_error_set(e, HI_NOMEM, "no memory for messages");
}

/* Room for n bytes; where there is none the buffer is as it was. */
static char *room(struct hi_buf *b, size_t n)
{
	char *p = hi_buf_room(b, n);
	b->failed = false;
	return p;
}

/* p with room for one more than n of size bytes each, or NULL: then p is as it was. */
static void *grow(void *p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return p;
	size_t more = *cap ? 2 * *cap : 64;
	void *q = realloc(p, more * size);
	if (q)
		*cap = more;
	return q;
}

static int add_bad(struct hi_message_lines *l, const char *why, uint32_t column,
		   struct hi_slice text, struct hi_error *e)
{
	struct bad *bad = grow(l->bad, l->bad_n, &l->bad_cap, sizeof(*bad));
	if (!bad)
		return no_memory(e);
	l->bad = bad;
	if (!room(&l->texts, text.len))
		return no_memory(e);
	bad[l->bad_n++] = (struct bad){ l->n, why, column, l->texts.len, text.len };
	hi_buf_slice(&l->texts, text);
	return HI_OK;
}

/* Room for a line, its LF, and what the reader wants behind the last one. */
static char *line_room(struct hi_message_lines *l, size_t len)
{
	return room(&l->block, len + 1 + HI_SCAN_SLACK);
}

/* The line that stands in the block's room ends with an LF, which was none of the message's. */
static void end_line(struct hi_message_lines *l, size_t len)
{
	l->block.ptr[l->block.len + len] = '\n';
	l->block.len += len + 1;
}

static int add_line(struct hi_message_lines *l, struct hi_slice text, struct hi_error *e)
{
	char *p = line_room(l, text.len);
	if (!p)
		return no_memory(e);
	memcpy(p, text.ptr, text.len);
	end_line(l, text.len);
	return HI_OK;
}

static const char *forged(const struct hi_rec *rec)
{
	if (rec->type == HI_T_MARK)
		return "a message may not be a mark";
	return rec->type == HI_T_REJECT ? "a message may not be a reject" : NULL;
}

/* JSON's white space, RFC 8259 section 2. */
static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The JSON text without the white space outside its strings, into out; returns its length. */
static size_t compact(struct hi_slice text, char *out)
{
	char *o = out;
	bool string = false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (!string && is_space(c))
			continue;
		*o++ = c;
		if (string && c == '\\')
			*o++ = text.ptr[++i]; /* valid JSON: there is one */
		else if (c == '"')
			string = !string;
	}
	return (size_t)(o - out);
}

/* Judged as it stands, so that a reject says what the message said; then made one line. */
static int add_several(struct hi_message_lines *l, struct hi_slice text, struct hi_error *e)
{
	struct hi_rec rec;
	struct hi_error why;
	int s = hi_reader_line_parse(l->reader, text, &rec, &why);
	if (s == HI_REFUSED)
		return add_bad(l, why.text, why.column, text, e);
	if (s)
		return hi_error_set(e, why.status, why.text);
	if (forged(&rec))
		return add_bad(l, forged(&rec), 0, text, e);
	char *p = line_room(l, text.len);
	if (!p)
		return no_memory(e);
	end_line(l, compact(text, p));
	return HI_OK;
}

static struct hi_slice without_line_end(struct hi_slice text)
{
	if (text.len > 0 && text.ptr[text.len - 1] == '\n') {
		text.len--;
		if (text.len > 0 && text.ptr[text.len - 1] == '\r')
			text.len--;
	}
	return text;
}

static int add_value(struct hi_message_lines *l, struct hi_slice value, struct hi_error *e)
{
	if (!value.ptr)
		return add_bad(l, "a message without a value", 0, HI_LIT(""), e);
	struct hi_slice text = without_line_end(value);
	if (text.len > HI_LINE_MAX)
		return add_bad(l, "message longer than 1 MiB", HI_LINE_MAX + 1, hi_reject_cut(text),
			       e);
	if (memchr(text.ptr, '\n', text.len) || memchr(text.ptr, '\r', text.len))
		return add_several(l, text, e);
	return add_line(l, text, e);
}

int hi_message_lines_add(struct hi_message_lines *l, const struct hi_message *m, struct hi_error *e)
{
	if (l->adds) {
		struct hi_message *from = grow(l->from, l->n, &l->from_cap, sizeof(*from));
		if (!from)
			return no_memory(e);
		l->from = from;
		from[l->n] = *m;
	}
	int s = add_value(l, m->value, e);
	l->n += s == HI_OK;
	return s;
}

size_t hi_message_lines_n(const struct hi_message_lines *l)
{
	return l->n;
}

size_t hi_message_lines_bytes(const struct hi_message_lines *l)
{
	return l->block.len + l->texts.len;
}

/* e has text and column. */
static int reject(struct hi_message_lines *l, size_t i, struct hi_error *e, struct hi_slice text)
{
	e->source = NULL;
	e->line = 0;
	return l->calls.reject(l->calls.arg, i, e, text);
}

static int give_bad(struct hi_message_lines *l, const struct bad *bad, struct hi_error *e)
{
	struct hi_slice text = { l->texts.ptr + bad->at, bad->len };
	hi_error_set(e, HI_REFUSED, bad->why);
	e->column = bad->column;
	return reject(l, bad->i, e, text);
}

static int give_line(struct hi_message_lines *l, size_t i, const struct hi_rec *rec,
		     struct hi_error *e)
{
	struct hi_slice line = rec->line;
	if (forged(rec)) {
		hi_error_set(e, HI_REFUSED, forged(rec));
		return reject(l, i, e, line);
	}
	if (hi_rewrite_needed(&l->rewrite, rec)) {
		int s = hi_rewrite_line(&l->rewrite, rec, l->adds ? &l->from[i] : NULL, e);
		if (s)
			return s == HI_REFUSED ? reject(l, i, e, line) : s;
		line = hi_buf_view(&l->rewrite.out);
		line.len--;
	}
	return l->calls.line(l->calls.arg, i, line, rec, e);
}

static int give_all(struct hi_message_lines *l, struct hi_error *e)
{
	size_t bad = 0;
	int s = HI_OK;
	for (size_t i = 0; s == HI_OK && i < l->n; i++) {
		struct hi_rec rec;
		if (bad < l->bad_n && l->bad[bad].i == i) {
			s = give_bad(l, &l->bad[bad++], e);
			continue;
		}
		s = hi_reader_next(l->reader, &rec, e);
		if (s == HI_OK)
			s = give_line(l, i, &rec, e);
		else if (s == HI_REFUSED)
			s = reject(l, i, e, rec.line);
	}
	return s;
}

int hi_message_lines_flush(struct hi_message_lines *l, struct hi_error *e)
{
	struct hi_error unasked;
	if (l->block.len > 0) {
		memset(l->block.ptr + l->block.len, 0, HI_SCAN_SLACK);
		hi_reader_open_text(l->reader, hi_buf_view(&l->block));
	}
	int s = give_all(l, e ? e : &unasked);
	hi_buf_reset(&l->block);
	hi_buf_reset(&l->texts);
	l->n = l->bad_n = 0;
	return s;
}

static uint32_t crc_number(uint32_t crc, uint64_t v)
{
	unsigned char bytes[8];
	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)(v >> 8 * i);
	return hi_crc32c(crc, bytes, sizeof(bytes));
}

/* Its length before it, so that no two messages are one text; all ones: there is none. */
static uint32_t crc_slice(uint32_t crc, struct hi_slice s)
{
	crc = crc_number(crc, s.ptr ? s.len : UINT64_MAX);
	return s.len ? hi_crc32c(crc, s.ptr, s.len) : crc;
}

uint32_t hi_message_crc(const struct hi_message *m)
{
	return crc_slice(crc_slice(crc_number(0, (uint64_t)m->t_us), m->key), m->value);
}
