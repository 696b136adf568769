#include "report/svg.h"

#include <stdlib.h>

void hi_svg_length(struct hi_buf *b, int tenths)
{
	if (tenths < 0)
		hi_buf_putc(b, '-');
	tenths = abs(tenths);
	if (tenths >= 10 || tenths == 0)
		hi_buf_printf(b, "%d", tenths / 10);
	if (tenths % 10)
		hi_buf_printf(b, ".%d", tenths % 10);
}

void hi_svg_point(struct hi_buf *b, char verb, int x, int y)
{
	hi_buf_putc(b, verb);
	hi_svg_length(b, x);
	if (y >= 0)
		hi_buf_putc(b, ' ');
	hi_svg_length(b, y);
}

void hi_svg_attribute(struct hi_buf *b, const char *name, int tenths)
{
	hi_buf_printf(b, " %s=\"", name);
	hi_svg_length(b, tenths);
	hi_buf_putc(b, '"');
}

void hi_svg_rect(struct hi_buf *b, const char *class_name, int x, int y, int right, int bottom)
{
	hi_buf_printf(b, "<rect class=\"%s\"", class_name);
	hi_svg_attribute(b, "x", x);
	hi_svg_attribute(b, "y", y);
	hi_svg_attribute(b, "width", right - x);
	hi_svg_attribute(b, "height", bottom - y);
	hi_buf_puts(b, "/>");
}

void hi_svg_text(struct hi_buf *b, const char *class_name, int x, int y)
{
	hi_buf_printf(b, "<text class=\"%s\"", class_name);
	hi_svg_attribute(b, "x", x);
	hi_svg_attribute(b, "y", y);
	hi_buf_putc(b, '>');
}
