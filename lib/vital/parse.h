/*
 * What a line means: the strict slicer's members checked and turned into a
 * record. The reader's reference path; nothing here is fast on purpose.
 */
#ifndef HI_VITAL_PARSE_H
#define HI_VITAL_PARSE_H

#include "base/status.h"
#include "vital/record.h"

/* Where unescaped texts of one record live. */
enum { HI_PARSE_SCRATCH = 512 };

struct hi_parser {
	struct hi_json json;
	char scratch[HI_PARSE_SCRATCH];
	size_t scratch_len;
};

void hi_parser_init(struct hi_parser *ps);
void hi_parser_release(struct hi_parser *ps);

/*
 * One line (without LF) to rec, whose slices point into line and ps until the
 * next call. HI_OK; HI_REFUSED with text and column; HI_NOMEM. rec->line is set
 * in every case, rec->line_lf is the caller's.
 */
int hi_parse_line(struct hi_parser *ps, struct hi_slice line, struct hi_rec *rec,
		  struct hi_error *e);

#endif
