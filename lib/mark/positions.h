/*
 * Where a source stands: a position a key, compared for equality only. hi-record(5).
 *
 * A key is a text such as "gen:7" or "csv:/data/icu.csv", 1 to 1,024 bytes without
 * control characters; a position is an integer or a string of at most 128 bytes.
 * Keys are kept sorted bytewise, so that one set has one text.
 */
#ifndef HI_MARK_POSITIONS_H
#define HI_MARK_POSITIONS_H

#include "json/json.h"

enum { HI_POSITION_KEY_MAX = 1024, HI_POSITION_MAX = 128, HI_POSITIONS_MAX = 10000 };

struct hi_position {
	char *key;   /* its text, ended by NUL */
	char *value; /* JSON: 12000, or "123456:5f3a9c01" with its quotes, ended by NUL */
};

struct hi_positions {
	struct hi_position *v;
	size_t n, cap;
};

void hi_positions_init(struct hi_positions *p);
void hi_positions_reset(struct hi_positions *p);
void hi_positions_release(struct hi_positions *p);

/* Adds the key or replaces its position; value is JSON as above. HI_OK, HI_NOMEM, or HI_CONTRACT
 * for what is no key or no position. */
int hi_positions_set(struct hi_positions *p, struct hi_slice key, struct hi_slice value,
		     struct hi_error *e);

/* The same with an integer, and with a text that is put in quotes. */
int hi_positions_set_int(struct hi_positions *p, const char *key, int64_t value,
			 struct hi_error *e);
int hi_positions_set_text(struct hi_positions *p, const char *key, struct hi_slice text,
			  struct hi_error *e);

/* The position of that key as JSON; NULL: none. It lives until p changes. */
const char *hi_positions_find(const struct hi_positions *p, const char *key);

/* The same keys with the same positions. */
bool hi_positions_equal(const struct hi_positions *a, const struct hi_positions *b);

/* to becomes what from is. HI_OK or HI_NOMEM. */
int hi_positions_copy(struct hi_positions *to, const struct hi_positions *from, struct hi_error *e);

/* Appends the JSON object. */
void hi_positions_write(const struct hi_positions *p, struct hi_buf *b);

/* p becomes what the JSON object says. HI_OK, HI_CONTRACT (no such object) or HI_NOMEM. */
int hi_positions_read(struct hi_positions *p, struct hi_slice json, struct hi_error *e);

#endif
