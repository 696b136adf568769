#include "mark/check.h"

#include <inttypes.h>

void hi_mark_check_begin(struct hi_mark_check *c, bool uncounted)
{
	hi_positions_reset(&c->end);
	*c = (struct hi_mark_check){ .uncounted = uncounted, .end = c->end };
}

void hi_mark_check_release(struct hi_mark_check *c)
{
	hi_positions_release(&c->end);
}

static int broken(struct hi_error *e, const char *text)
{
	return hi_error_set(e, HI_CONTRACT, text);
}

static int check_count(const struct hi_mark_check *c, const struct hi_mark *m, struct hi_error *e)
{
	if (c->uncounted || !m->counted || m->n == c->lines)
		return HI_OK;
	return hi_error_fmt(e, HI_CONTRACT,
			    m->n > c->lines ? "lines before a mark were lost"
					    : "more lines before a mark than were written",
			    "%" PRIu64 " came, the mark says %" PRIu64
			    " (--uncounted for a foreign filter)",
			    c->lines, m->n);
}

/* Where a new stream may begin: at the beginning, or right behind a mark. */
static int check_fresh(const struct hi_mark_check *c, struct hi_error *e)
{
	if (c->state == HI_UNMARKED && (c->lines == 0 || c->uncounted))
		return HI_OK;
	if (c->state == HI_MARKED && c->lines == 0)
		return HI_OK;
	return broken(e, "lines stand before the first mark");
}

static int begin(struct hi_mark_check *c, struct hi_error *e)
{
	if (c->state == HI_PREAMBLE || c->state == HI_OPENING)
		return broken(e, "a preamble begins within another");
	int s = check_fresh(c, e);
	c->state = HI_PREAMBLE;
	return s;
}

static int end(struct hi_mark_check *c, const struct hi_mark *m, struct hi_error *e)
{
	if (c->state != HI_PREAMBLE)
		return broken(e, "a preamble ends that has not begun");
	int s = check_count(c, m, e);
	c->state = HI_OPENING;
	return s ? s : hi_positions_copy(&c->end, &m->positions, e);
}

/* What the preamble's end and the opening mark both name stands at the same place. */
static int check_opening_positions(const struct hi_mark_check *c, const struct hi_mark *m,
				   struct hi_error *e)
{
	for (size_t i = 0; i < c->end.n; i++) {
		const char *at = hi_positions_find(&m->positions, c->end.v[i].key);
		if (at && strcmp(at, c->end.v[i].value) != 0)
			return broken(e, "the opening mark is not where the preamble ends");
	}
	return HI_OK;
}

static int opening(struct hi_mark_check *c, const struct hi_mark *m, struct hi_error *e)
{
	int s = HI_OK;
	if (c->state == HI_OPENING)
		s = check_opening_positions(c, m, e);
	else if (c->state == HI_MARKED && strcmp(c->run, m->run) == 0)
		s = broken(e, "an opening mark twice");
	else
		s = check_fresh(c, e);
	if (s == HI_OK && m->n != 0)
		s = broken(e, "an opening mark whose n is not 0");
	hi_positions_reset(&c->end);
	memcpy(c->run, m->run, sizeof(c->run));
	c->state = HI_MARKED;
	return s;
}

static int next(const struct hi_mark_check *c, const struct hi_mark *m, struct hi_error *e)
{
	if (c->state == HI_UNMARKED)
		return broken(e, "the opening mark is missing");
	if (c->state == HI_OPENING)
		return broken(e, "the mark after the preamble is missing");
	if (strcmp(c->run, m->run) != 0)
		return broken(e, "a mark of another run");
	if (m->seq != c->seq + 1)
		return hi_error_fmt(e, HI_CONTRACT,
				    m->seq > c->seq + 1 ? "a mark was lost"
							: "a mark came twice or late",
				    "%" PRIu64 " after %" PRIu64, m->seq, c->seq);
	return check_count(c, m, e);
}

int hi_mark_check_mark(struct hi_mark_check *c, const struct hi_mark *m, struct hi_error *e)
{
	int s;
	if (m->kind == HI_MARK_BEGIN)
		s = begin(c, e);
	else if (m->kind == HI_MARK_END)
		s = end(c, m, e);
	else if (c->state == HI_PREAMBLE)
		s = broken(e, "a preamble without an end");
	else if (m->seq == 0)
		s = opening(c, m, e);
	else
		s = next(c, m, e);
	c->lines = 0;
	c->seq = m->kind == HI_MARK_PLAIN ? m->seq : 0;
	return s;
}

int hi_mark_check_end(const struct hi_mark_check *c, struct hi_error *e)
{
	if (c->state == HI_PREAMBLE)
		return broken(e, "the input ends within its preamble");
	if (c->state == HI_OPENING)
		return broken(e, "the input ends behind its preamble");
	if (c->state == HI_MARKED && c->lines > 0)
		return hi_error_fmt(e, HI_CONTRACT, "the input ends without its last mark",
				    "%" PRIu64 " lines after the one before", c->lines);
	return HI_OK;
}
