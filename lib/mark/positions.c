#include "mark/positions.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 8 << 20 };

void hi_positions_init(struct hi_positions *p)
{
	*p = (struct hi_positions){ 0 };
}

void hi_positions_reset(struct hi_positions *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].key);
		free(p->v[i].value);
	}
	p->n = 0;
}

void hi_positions_release(struct hi_positions *p)
{
	hi_positions_reset(p);
	free(p->v);
	hi_positions_init(p);
}

static int no_memory(struct hi_error *e)
{
	return hi_error_set(e, HI_NOMEM, "no memory for positions");
}

static bool has_control(struct hi_slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] < ' ' || s.ptr[i] == 0x7f)
			return true;
	return false;
}

/* "-12", "0", or a string with its quotes. */
static bool is_position(struct hi_slice v)
{
	if (v.len >= 2 && v.ptr[0] == '"')
		return v.len - 2 <= HI_POSITION_MAX;
	size_t i = v.len > 0 && v.ptr[0] == '-';
	if (i == v.len || v.len > HI_POSITION_MAX)
		return false;
	for (; i < v.len; i++)
		if (v.ptr[i] < '0' || v.ptr[i] > '9')
			return false;
	return true;
}

/* Where key stands or would stand. */
static size_t place(const struct hi_positions *p, struct hi_slice key, bool *found)
{
	size_t low = 0, high = p->n;
	*found = false;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = hi_slice_cmp(hi_slice_of(p->v[mid].key), key);
		if (order == 0) {
			*found = true;
			return mid;
		}
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool make_room(struct hi_positions *p, size_t at)
{
	if (p->n == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 8;
		struct hi_position *v = realloc(p->v, cap * sizeof(*v));
		if (!v)
			return false;
		p->v = v;
		p->cap = cap;
	}
	memmove(p->v + at + 1, p->v + at, (p->n - at) * sizeof(*p->v));
	p->n++;
	return true;
}

int hi_positions_set(struct hi_positions *p, struct hi_slice key, struct hi_slice value,
		     struct hi_error *e)
{
	bool found;
	size_t at = place(p, key, &found);
	if (key.len == 0 || key.len > HI_POSITION_KEY_MAX || has_control(key))
		return hi_error_set(e, HI_CONTRACT, "a position's key is empty, too long or odd");
	if (!is_position(value))
		return hi_error_set(e, HI_CONTRACT,
				    "a position is an integer or a string of at most 128 bytes");
	if (!found && p->n == HI_POSITIONS_MAX)
		return hi_error_set(e, HI_CONTRACT, "too many positions");
	char *k = found ? NULL : strndup(key.ptr, key.len);
	char *v = strndup(value.ptr, value.len);
	if (!v || (!found && (!k || !make_room(p, at)))) {
		free(k);
		free(v);
		return no_memory(e);
	}
	if (found)
		free(p->v[at].value);
	else
		p->v[at].key = k;
	p->v[at].value = v;
	return HI_OK;
}

int hi_positions_set_int(struct hi_positions *p, const char *key, int64_t value, struct hi_error *e)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%" PRId64, value);
	return hi_positions_set(p, hi_slice_of(key), (struct hi_slice){ text, (size_t)n }, e);
}

int hi_positions_set_text(struct hi_positions *p, const char *key, struct hi_slice text,
			  struct hi_error *e)
{
	struct hi_buf b;
	hi_buf_init(&b, HI_POSITION_MAX * 8);
	hi_json_quote(&b, text);
	int s = b.failed ? hi_error_set(e, HI_CONTRACT,
					"a position is an integer or a string of at most 128 bytes")
			 : hi_positions_set(p, hi_slice_of(key), hi_buf_view(&b), e);
	hi_buf_release(&b);
	return s;
}

const char *hi_positions_find(const struct hi_positions *p, const char *key)
{
	bool found;
	size_t at = place(p, hi_slice_of(key), &found);
	return found ? p->v[at].value : NULL;
}

bool hi_positions_equal(const struct hi_positions *a, const struct hi_positions *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->v[i].key, b->v[i].key) != 0 ||
		    strcmp(a->v[i].value, b->v[i].value) != 0)
			return false;
	return true;
}

int hi_positions_copy(struct hi_positions *to, const struct hi_positions *from, struct hi_error *e)
{
	int s = HI_OK;
	hi_positions_reset(to);
	for (size_t i = 0; i < from->n && s == HI_OK; i++)
		s = hi_positions_set(to, hi_slice_of(from->v[i].key), hi_slice_of(from->v[i].value),
				     e);
	return s;
}

void hi_positions_write(const struct hi_positions *p, struct hi_buf *b)
{
	struct hi_object o;
	hi_object_begin(&o, b);
	for (size_t i = 0; i < p->n; i++) {
		if (i)
			hi_buf_putc(b, ',');
		hi_json_quote(b, hi_slice_of(p->v[i].key));
		hi_buf_putc(b, ':');
		hi_buf_puts(b, p->v[i].value);
	}
	hi_object_end(&o);
}

/* The key's text, in scratch where it has escapes. */
static struct hi_slice key_of(const struct hi_member *m, struct hi_buf *scratch)
{
	if (!m->key_escaped)
		return m->key;
	char *room = hi_buf_room(scratch, m->key.len);
	size_t n = room ? hi_json_unescape(m->key, room) : 0;
	scratch->len += n;
	return (struct hi_slice){ room, n };
}

/* One member, brought to the form in which positions are compared: a string quoted anew. */
static int read_member(struct hi_positions *p, const struct hi_member *m, struct hi_buf *scratch,
		       struct hi_error *e)
{
	bool found;
	hi_buf_reset(scratch);
	struct hi_slice key = key_of(m, scratch);
	place(p, key, &found);
	if (found)
		return hi_error_set(e, HI_CONTRACT, "a position's key is there twice");
	if (m->kind != HI_JSON_STRING || !m->value_escaped)
		return hi_positions_set(p, key, m->value, e);
	char *text = malloc(m->value.len);
	if (!text)
		return no_memory(e);
	struct hi_slice raw = { m->value.ptr + 1, m->value.len - 2 };
	size_t key_len = key.len, at = scratch->len, n = hi_json_unescape(raw, text);
	hi_json_quote(scratch, (struct hi_slice){ text, n });
	free(text);
	if (scratch->failed)
		return no_memory(e);
	/* scratch may have moved: an escaped key lies at its beginning. */
	if (m->key_escaped)
		key = (struct hi_slice){ scratch->ptr, key_len };
	struct hi_slice value = { scratch->ptr + at, scratch->len - at };
	return hi_positions_set(p, key, value, e);
}

int hi_positions_read(struct hi_positions *p, struct hi_slice json, struct hi_error *e)
{
	struct hi_json j;
	struct hi_buf scratch;
	struct hi_error bad;
	hi_positions_reset(p);
	hi_json_init(&j);
	hi_buf_init(&scratch, TEXT_MAX);
	int s = hi_json_slice(&j, json, &bad);
	if (s == HI_REFUSED)
		s = hi_error_set(e, HI_CONTRACT, "positions are no JSON object");
	else if (s)
		s = no_memory(e);
	for (size_t i = 0; i < j.n && s == HI_OK; i++)
		s = read_member(p, &j.m[i], &scratch, e);
	hi_buf_release(&scratch);
	hi_json_release(&j);
	return s;
}
