/* The reject record: errors are records too, so that nothing is lost. hi-record(5). */
#ifndef HI_VITAL_REJECT_H
#define HI_VITAL_REJECT_H

#include "base/buf.h"
#include "base/status.h"

/* Of a line that is too long only this much is kept: how it begins. */
enum { HI_REJECT_TEXT_MAX = 4096 };

/* At most that much of the beginning of text, not cut within a character where it is UTF-8. */
struct hi_slice hi_reject_cut(struct hi_slice text);

/*
 * Appends {"type":"reject","tool":...,"source":...,"line":...,"column":...,
 * "reason":...,"text":...} without LF; text_base64 where text is not UTF-8.
 * line 0 (what was no line) and column 0 are left out.
 */
void hi_reject_write(struct hi_buf *b, const char *tool, const struct hi_error *e,
		     struct hi_slice text);

#endif
