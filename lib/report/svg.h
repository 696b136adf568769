/*
 * Bits of SVG. Lengths are integers in tenths of a pixel, so that paths are
 * short and the same on every machine.
 */
#ifndef HI_REPORT_SVG_H
#define HI_REPORT_SVG_H

#include "base/buf.h"

/* Tenths as SVG writes them: 125 is "12.5", 120 is "12", -3 is "-.3". */
void hi_svg_length(struct hi_buf *b, int tenths);

/* A step of a path's data: "M12.5 8", "l3-2". */
void hi_svg_point(struct hi_buf *b, char verb, int x, int y);

/* name="12.5", with a space before. */
void hi_svg_attribute(struct hi_buf *b, const char *name, int tenths);

void hi_svg_rect(struct hi_buf *b, const char *class_name, int x, int y, int right, int bottom);

/* Opens <text>; its content and </text> are the caller's. */
void hi_svg_text(struct hi_buf *b, const char *class_name, int x, int y);

#endif
