#include "mark/line.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/hash.h"

/* A position is compared as text by whoever keeps it: there is one text for each, with quotes. */
enum { TEXT_MAX = 40, DIGITS_MAX = 18 };

static size_t format(struct hi_line_position p, char out[TEXT_MAX])
{
	return (size_t)snprintf(out, TEXT_MAX, "\"%" PRIu64 ":%08" PRIx32 "\"", p.line + 1, p.crc);
}

struct hi_line_position hi_line_position(uint64_t number, struct hi_slice line)
{
	return (struct hi_line_position){ number, hi_crc32c(0, line.ptr, line.len) };
}

/* The value is right where its one text is the text that was read. */
bool hi_line_position_read(struct hi_line_position *p, const char *json)
{
	char text[TEXT_MAX];
	*p = (struct hi_line_position){ 0 };
	if (!json)
		return true;
	if (strspn(json + (*json == '"'), "0123456789") > DIGITS_MAX ||
	    sscanf(json, "\"%" SCNu64 ":%8" SCNx32, &p->line, &p->crc) != 2 || p->line == 0)
		return false;
	p->line--;
	format(*p, text);
	return strcmp(json, text) == 0 && (p->line > 0 || p->crc == 0);
}

int hi_line_position_set(struct hi_positions *to, const char *key, struct hi_line_position p,
			 struct hi_error *e)
{
	char text[TEXT_MAX];
	struct hi_slice value = { text, format(p, text) };
	return hi_positions_set(to, hi_slice_of(key), value, e);
}
