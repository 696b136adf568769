#include "store/vector.h"

#include <inttypes.h>
#include <string.h>

enum { DIGITS_MAX = 18, TEXT_MAX = 2048 };

/* A number without zeros before it; *p moves behind it. */
static bool number(const char **p, uint64_t *out)
{
	size_t n = strspn(*p, "0123456789");
	*out = 0;
	if (n == 0 || n > DIGITS_MAX || (n > 1 && **p == '0'))
		return false;
	for (size_t i = 0; i < n; i++)
		*out = *out * 10 + (uint64_t)((*p)[i] - '0');
	*p += n;
	return true;
}

static bool next_is(const char **p, char c)
{
	bool is = **p == c;
	*p += is;
	return is;
}

/* Each vector has one text: positions are compared as texts. */
bool hi_vector_read(struct hi_vector *v, const char *json)
{
	const char *p = json;
	*v = (struct hi_vector){ 0 };
	if (!json)
		return true;
	if (!next_is(&p, '"') || !number(&p, &v->max) || !next_is(&p, ';'))
		return false;
	while (*p != '"') {
		uint64_t writer, seq, before = v->n ? v->v[v->n - 1].writer : 0;
		if ((v->n && !next_is(&p, ',')) || !number(&p, &writer) || !next_is(&p, ':') ||
		    !number(&p, &seq) || writer <= before || writer > v->max ||
		    !hi_vector_add(v, writer, seq))
			return false;
	}
	return strcmp(p, "\"") == 0;
}

int hi_vector_set(struct hi_positions *to, const char *key, const struct hi_vector *v,
		  struct hi_error *e)
{
	enum { QUOTES = 2 };
	struct hi_buf b;
	int s;
	hi_buf_init(&b, TEXT_MAX);
	hi_buf_printf(&b, "\"%" PRIu64 ";", v->max);
	for (size_t i = 0; i < v->n; i++)
		hi_buf_printf(&b, "%s%" PRIu64 ":%" PRIu64, i ? "," : "", v->v[i].writer,
			      v->v[i].seq);
	hi_buf_putc(&b, '"');
	if (b.failed)
		s = hi_error_set(e, HI_NOMEM, "no memory for a position");
	else if (b.len > HI_POSITION_MAX + QUOTES)
		s = hi_error_fmt(e, HI_IO, "too many writers at the same time for a position",
				 "%zu", v->n);
	else
		s = hi_positions_set(to, hi_slice_of(key), hi_buf_view(&b), e);
	hi_buf_release(&b);
	return s;
}

uint64_t hi_vector_seq(const struct hi_vector *v, uint64_t writer)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->v[i].writer == writer)
			return v->v[i].seq;
	return writer <= v->max ? UINT64_MAX : 0;
}

bool hi_vector_add(struct hi_vector *v, uint64_t writer, uint64_t seq)
{
	if (v->n == HI_VECTOR_WRITERS)
		return false;
	v->v[v->n++] = (struct hi_vector_writer){ writer, seq };
	return true;
}

bool hi_vector_between(struct hi_vector *v, const struct hi_vector *start,
		       const struct hi_vector *end, uint64_t writer, uint64_t seq)
{
	bool room = true;
	*v = (struct hi_vector){ .max = writer > start->max ? writer : start->max };
	for (size_t i = 0; i < end->n && end->v[i].writer < writer; i++)
		room = room && hi_vector_add(v, end->v[i].writer, end->v[i].seq);
	room = room && hi_vector_add(v, writer, seq);
	for (size_t i = 0; i < start->n; i++)
		if (start->v[i].writer > writer)
			room = room && hi_vector_add(v, start->v[i].writer, start->v[i].seq);
	return room;
}

void hi_vector_where(const struct hi_vector *v, const char *writer, const char *seq,
		     struct hi_buf *sql)
{
	hi_buf_printf(sql, "(%s>%" PRIu64, writer, v->max);
	for (size_t i = 0; i < v->n; i++)
		hi_buf_printf(sql, " OR %s=%" PRIu64 " AND %s>%" PRIu64, writer, v->v[i].writer,
			      seq, v->v[i].seq);
	hi_buf_putc(sql, ')');
}
