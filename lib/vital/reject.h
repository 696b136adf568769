/* The reject record: errors are records too, so that nothing is lost. hi-record(5). */
#ifndef HI_VITAL_REJECT_H
#define HI_VITAL_REJECT_H

#include "base/buf.h"
#include "base/status.h"

/*
 * Appends {"type":"reject","tool":...,"source":...,"line":...,"column":...,
 * "reason":...,"text":...} without LF; text_base64 where text is not UTF-8.
 * column 0 is left out.
 */
void hi_reject_write(struct hi_buf *b, const char *tool, const struct hi_error *e,
		     struct hi_slice text);

#endif
