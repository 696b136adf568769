/* A rule file's line as words with their columns, and the message about a wrong one. */
#ifndef HI_RULE_WORDS_H
#define HI_RULE_WORDS_H

#include "base/slice.h"
#include "base/status.h"

struct hi_words {
	const char *begin, *p, *end; /* the line without its LF */
	struct hi_slice word;	     /* the current one; empty at the line's end */
};

/* Begins a line before its first word. */
void hi_words_begin(struct hi_words *w, struct hi_slice line);

/*
 * Goes to the next word; false at the end of the line or at a comment: a word
 * that begins with #. Words are parted by blanks, tabs and CR.
 */
bool hi_words_next(struct hi_words *w);

/*
 * Says that the current word is wrong: HI_REFUSED with text (a constant, "expected
 * ..." or what is the matter), column and detail, which holds the word and, from names
 * (NULL-ended; may be NULL), the nearest right one. Returns HI_REFUSED.
 */
int hi_words_refuse(const struct hi_words *w, struct hi_error *e, const char *text,
		    const char *const *names);

#endif
