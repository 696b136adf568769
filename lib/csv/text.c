#include "csv/text.h"

#include "base/time.h"

static bool is_formula(struct hi_slice s)
{
	return s.len > 0 && memchr("=+-@\t\r", s.ptr[0], 6) != NULL;
}

void hi_csv_put_text(struct hi_buf *b, struct hi_slice s, bool spreadsheet)
{
	bool quote = s.len > 0 && (s.ptr[0] == ' ' || s.ptr[s.len - 1] == ' ');

	for (size_t i = 0; i < s.len && !quote; i++)
		quote = memchr(",\"\r\n", s.ptr[i], 4) != NULL;
	if (quote)
		hi_buf_putc(b, '"');
	if (spreadsheet && is_formula(s))
		hi_buf_putc(b, '\'');
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '"')
			hi_buf_putc(b, '"');
		hi_buf_putc(b, s.ptr[i]);
	}
	if (quote)
		hi_buf_putc(b, '"');
}

void hi_csv_put_time(struct hi_buf *b, int64_t t_us)
{
	char text[HI_TIME_TEXT_MAX];
	unsigned digits = hi_time_digits(t_us);
	size_t n = hi_time_format(t_us, digits < 3 ? 3 : digits, text);

	text[10] = ' ';
	hi_buf_put(b, text, n - 1); /* without the Z */
}
