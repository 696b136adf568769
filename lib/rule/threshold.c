/* Thresholds: OP VALUE [for D] [clear OP VALUE [for D]]. */
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "rule/kind.h"

const char *const hi_op_text[HI_OPS] = { ">", ">=", "<", "<=" };
const char *const hi_op_words[HI_OPS] = { "above", "at or above", "below", "at or below" };

/* The longer first: they are nearer to => and =<. */
static const char *const op_names[] = { ">=", "<=", ">", "<", NULL };

/* OP is the current word, VALUE the next. */
static int read_limit(struct hi_words *w, struct hi_limit *l, struct hi_error *e)
{
	struct hi_num num;
	size_t op = 0;

	while (op < HI_OPS && !hi_slice_is(w->word, hi_op_text[op]))
		op++;
	if (op == HI_OPS)
		return hi_words_refuse(w, e, "expected >, >=, < or <=", op_names);
	hi_words_next(w);
	if (!hi_num_parse(w->word, &num))
		return hi_words_refuse(w, e, "expected a number", NULL);
	if (w->word.len >= sizeof l->text)
		return hi_words_refuse(w, e, "expected a number of at most 31 digits", NULL);
	l->op = (enum hi_op)op;
	l->v = num.v;
	memcpy(l->text, w->word.ptr, w->word.len);
	l->text[w->word.len] = '\0';
	return HI_OK;
}

int hi_threshold_read(struct hi_words *w, struct hi_rule *r, struct hi_error *e)
{
	if (r->any)
		return hi_words_refuse(w, e, "expected stale: any names no value to judge", NULL);
	if (r->metric && r->metric->codes)
		return hi_words_refuse(w, e, "the metric has codes, no numbers, to judge", NULL);
	return read_limit(w, &r->limit, e);
}

int hi_threshold_for(struct hi_words *w, struct hi_rule *r, struct hi_error *e)
{
	int64_t *us = r->clears ? &r->clear_for_us : &r->for_us;
	int64_t given;

	if (r->type != HI_RULE_THRESHOLD)
		return hi_words_refuse(w, e, "expected the line's end", NULL);
	if (*us)
		return hi_words_refuse(w, e, "a delay is given twice", NULL);
	hi_words_next(w);
	if (hi_duration_parse(w->word, &given) != HI_OK)
		return hi_words_refuse(w, e, "expected a duration such as 10s, 2m or 1h30m", NULL);
	*us = given;
	return HI_OK;
}

static bool upward(enum hi_op op)
{
	return op == HI_OP_ABOVE || op == HI_OP_AT_LEAST;
}

/* Some value would be out of limits and back in them at once. */
static bool overlap(const struct hi_limit *a, const struct hi_limit *b)
{
	const struct hi_limit *up = upward(a->op) ? a : b, *down = up == a ? b : a;

	if (upward(a->op) == upward(b->op) || up->v < down->v)
		return true;
	return up->v == down->v && up->op == HI_OP_AT_LEAST && down->op == HI_OP_AT_MOST;
}

int hi_threshold_clear(struct hi_words *w, struct hi_rule *r, struct hi_error *e)
{
	struct hi_words at = *w;
	int status;

	if (r->type != HI_RULE_THRESHOLD)
		return hi_words_refuse(w, e, "expected the line's end", NULL);
	if (r->clears)
		return hi_words_refuse(w, e, "clear is given twice", NULL);
	hi_words_next(w);
	status = read_limit(w, &r->clear, e);
	if (status != HI_OK)
		return status;
	if (overlap(&r->limit, &r->clear)) {
		hi_words_refuse(&at, e, "a value may be out of limits and recovered at once", NULL);
		if (e)
			snprintf(e->detail, sizeof(e->detail), "%s %s and clear %s %s",
				 hi_op_text[r->limit.op], r->limit.text, hi_op_text[r->clear.op],
				 r->clear.text);
		return HI_REFUSED;
	}
	r->clears = true;
	return HI_OK;
}

static void put_limit(const struct hi_limit *l, int64_t for_us, struct hi_buf *b)
{
	char text[HI_TIME_TEXT_MAX];

	hi_buf_puts(b, hi_op_text[l->op]);
	hi_buf_putc(b, ' ');
	hi_buf_puts(b, l->text);
	if (for_us) {
		hi_buf_puts(b, " for ");
		hi_buf_put(b, text, hi_duration_format(for_us, text));
	}
}

void hi_threshold_condition(const struct hi_rule *r, struct hi_buf *b)
{
	put_limit(&r->limit, r->for_us, b);
	if (r->clears) {
		hi_buf_puts(b, " clear ");
		put_limit(&r->clear, r->clear_for_us, b);
	}
}
