/* Text for a terminal: made harmless, and measured in columns. UTF-8, whatever the locale. */
#ifndef HI_TOOL_TEXT_WIDTH_H
#define HI_TOOL_TEXT_WIDTH_H

#include "base/buf.h"
#include "base/slice.h"

/*
 * Appends text with U+FFFD for each invalid byte, control character (C0, DEL,
 * C1), line or paragraph separator and direction control.
 */
void hi_text_clean(struct hi_buf *b, struct hi_slice text);

/* Columns that valid UTF-8 takes: 0 for what combines, 2 for wide East Asian letters, else 1. */
size_t hi_text_width(struct hi_slice text);

#endif
