/*
 * Lines as machines write them, and ways to spoil them. Random bytes never get
 * past the first brace; these do, and take the fast path's templates with them.
 */
#ifndef HI_FUZZ_LINES_H
#define HI_FUZZ_LINES_H

#include <stddef.h>
#include <stdint.h>

/* A stream of lines of one to four shapes, at most cap bytes. Returns its length. */
size_t lines_make(uint64_t seed, char *out, size_t cap);

/* Changes text[0..len) in one to four places; never beyond cap. Returns the new length. */
size_t lines_spoil(uint64_t seed, char *text, size_t len, size_t cap);

/* Repeats one line at another place, so that what was learned from it is asked for again. */
size_t lines_repeat(uint64_t seed, char *text, size_t len, size_t cap);

#endif
