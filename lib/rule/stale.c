/* Silence: METRIC|any stale D. */
#include "rule/kind.h"

int hi_stale_read(struct hi_words *w, struct hi_rule *r, struct hi_error *e)
{
	int64_t us;

	r->type = HI_RULE_STALE;
	hi_words_next(w);
	if (hi_duration_parse(w->word, &us) != HI_OK || us == 0)
		return hi_words_refuse(w, e, "expected a duration such as 30s, 5m or 12h", NULL);
	if (us > HI_STALE_MAX)
		return hi_words_refuse(w, e, "expected a duration of 24h at most", NULL);
	r->stale_us = us;
	return HI_OK;
}

void hi_stale_condition(const struct hi_rule *r, struct hi_buf *b)
{
	char text[HI_TIME_TEXT_MAX];

	hi_buf_puts(b, "stale ");
	hi_buf_put(b, text, hi_duration_format(r->stale_us, text));
}
