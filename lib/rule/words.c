#include "rule/words.h"

#include <stdio.h>
#include <string.h>

#include "base/nearest.h"

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

void hi_words_begin(struct hi_words *w, struct hi_slice line)
{
	*w = (struct hi_words){ line.ptr, line.ptr, line.ptr + line.len, { line.ptr, 0 } };
}

bool hi_words_next(struct hi_words *w)
{
	while (w->p < w->end && blank(*w->p))
		w->p++;
	w->word = (struct hi_slice){ w->p, 0 };
	if (w->p == w->end || *w->p == '#') {
		w->end = w->p;
		return false;
	}
	while (w->p < w->end && !blank(*w->p))
		w->p++;
	w->word.len = (size_t)(w->p - w->word.ptr);
	return true;
}

/* The word as it may stand in a message: short, and without what drives a terminal. */
static void show(struct hi_slice word, char *out, size_t cap)
{
	size_t n = word.len < cap - 1 ? word.len : cap - 1;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)word.ptr[i];
		out[i] = c < 0x20 || c == 0x7f ? '?' : (char)c;
	}
	out[n] = '\0';
}

int hi_words_refuse(const struct hi_words *w, struct hi_error *e, const char *text,
		    const char *const *names)
{
	const char *nearest = names && w->word.len ? hi_nearest_of(w->word, names) : NULL;
	char word[64];

	if (!e)
		return HI_REFUSED;
	hi_error_set(e, HI_REFUSED, text);
	e->column = (uint32_t)(w->word.ptr - w->begin) + 1;
	show(w->word, word, sizeof word);
	if (w->word.len == 0)
		snprintf(e->detail, sizeof e->detail, "the line ends here");
	else
		snprintf(e->detail, sizeof e->detail, "%s'%s'%s%s",
			 strncmp(text, "expected", 8) == 0 ? "not " : "", word,
			 nearest ? "; nearest: " : "", nearest ? nearest : "");
	return HI_REFUSED;
}
