#include <ctype.h>
#include <math.h>

#include "csv/cell.h"

enum { TIME_CELL_MAX = 48 };

static struct hi_slice trim(struct hi_slice s)
{
	while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
		s = (struct hi_slice){ s.ptr + 1, s.len - 1 };
	while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
		s.len--;
	return s;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * The number at the front of cell rewritten as JSON into out; *used: its bytes in
 * the cell. Returns the length, 0 where there is no number.
 */
static size_t rewrite_number(struct hi_slice cell, bool decimal_comma, char out[HI_CSV_VALUE_MAX],
			     size_t *used)
{
	size_t i = 0, n = 0, digits = 0;

	if (cell.len >= HI_CSV_VALUE_MAX - 2)
		return 0;
	if (cell.ptr[0] == '+' || cell.ptr[0] == '-') {
		if (cell.ptr[0] == '-')
			out[n++] = '-';
		i++;
	}
	while (i + 1 < cell.len && cell.ptr[i] == '0' && is_digit(cell.ptr[i + 1]))
		i++;
	for (; i < cell.len && is_digit(cell.ptr[i]); i++, digits++)
		out[n++] = cell.ptr[i];
	if (i < cell.len && (cell.ptr[i] == '.' || (decimal_comma && cell.ptr[i] == ','))) {
		if (digits == 0)
			out[n++] = '0';
		size_t point = n;
		out[n++] = '.';
		for (i++; i < cell.len && is_digit(cell.ptr[i]); i++, digits++)
			out[n++] = cell.ptr[i];
		if (n == point + 1)
			n = point; /* "37." */
	}
	if (digits == 0)
		return 0;
	if (i < cell.len && (cell.ptr[i] == 'e' || cell.ptr[i] == 'E')) {
		size_t k = i + 1, from = n;
		out[n++] = 'e';
		if (k < cell.len && (cell.ptr[k] == '+' || cell.ptr[k] == '-'))
			out[n++] = cell.ptr[k++];
		size_t first = k;
		while (k < cell.len && is_digit(cell.ptr[k]))
			out[n++] = cell.ptr[k++];
		if (k > first)
			i = k;
		else
			n = from; /* an E that is the unit's */
	}
	*used = i;
	return n;
}

static int number_slow(struct hi_slice cell, const struct hi_metric *m, bool decimal_comma,
		       struct hi_csv_value *out, struct hi_error *e)
{
	size_t used, n = rewrite_number(cell, decimal_comma, out->text, &used);
	char unit[HI_UNIT_MAX + 1];

	out->json = (struct hi_slice){ out->text, n };
	if (n == 0 || !hi_num_parse(out->json, &out->num))
		return hi_error_set(e, HI_REFUSED, "value: not a number");
	out->unit = trim((struct hi_slice){ cell.ptr + used, cell.len - used });
	if (out->unit.len > 0 && (!m || hi_csv_known_unit(m, out->unit, unit) != HI_OK))
		return hi_error_set(e, HI_REFUSED, "value: not a number");
	return HI_OK;
}

static int code_value(struct hi_slice cell, const struct hi_metric *m, struct hi_csv_value *out,
		      struct hi_error *e)
{
	char code = '\0';

	if (cell.len == 1 && is_digit(cell.ptr[0]) &&
	    (size_t)(cell.ptr[0] - '0') < strlen(m->codes))
		code = m->codes[cell.ptr[0] - '0'];
	else
		code = hi_csv_known_code(m, cell);
	if (code == '\0')
		return hi_error_set(e, HI_REFUSED, "value: not one of the metric's codes");
	out->text[0] = out->text[2] = '"';
	out->text[1] = code;
	out->json = (struct hi_slice){ out->text, 3 };
	out->coded = true;
	return HI_OK;
}

int hi_csv_cell_value(struct hi_slice cell, const struct hi_metric *m, bool decimal_comma,
		      struct hi_csv_value *out, struct hi_error *e)
{
	bool codes = m && m->codes;

	out->unit.len = 0;
	out->coded = false;
	if (!codes && cell.len > 0 &&
	    hi_num_scan(cell.ptr, cell.ptr + cell.len, &out->num) == cell.len) {
		out->json = cell;
		return HI_OK;
	}
	cell = trim(cell);
	if (hi_csv_is_missing(cell))
		return HI_END;
	return codes ? code_value(cell, m, out, e) : number_slow(cell, m, decimal_comma, out, e);
}

int hi_csv_cell_pair(struct hi_slice cell, struct hi_slice half[2], struct hi_error *e)
{
	const char *slash;
	bool none[2];

	cell = trim(cell);
	if (hi_csv_is_missing(cell))
		return HI_END;
	slash = memchr(cell.ptr, '/', cell.len);
	if (!slash || memchr(slash + 1, '/', (size_t)(cell.ptr + cell.len - slash - 1)))
		return hi_error_set(e, HI_REFUSED, "value: not two pressures, as 120/80");
	half[0] = trim((struct hi_slice){ cell.ptr, (size_t)(slash - cell.ptr) });
	half[1] = trim((struct hi_slice){ slash + 1, (size_t)(cell.ptr + cell.len - slash - 1) });
	for (int i = 0; i < 2; i++)
		none[i] = hi_csv_is_missing(half[i]);
	return none[0] && none[1] ? HI_END : HI_OK;
}

static bool all_like(const char *p, const char *shape)
{
	for (; *shape; p++, shape++)
		if (*shape == '0' ? !is_digit(*p) : *p != *shape)
			return false;
	return true;
}

/* "28.12.2025 06:30" and "2025-12-28 06:30" as RFC 3339 in out; the length. */
static size_t rewrite_time(struct hi_slice s, char out[TIME_CELL_MAX])
{
	size_t n;

	if (s.len < 16 || s.len > TIME_CELL_MAX - 4)
		return 0;
	if (all_like(s.ptr, "00.00.0000 ") || all_like(s.ptr, "00.00.0000T")) {
		memcpy(out, s.ptr + 6, 4);
		out[4] = out[7] = '-';
		memcpy(out + 5, s.ptr + 3, 2);
		memcpy(out + 8, s.ptr, 2);
		memcpy(out + 10, s.ptr + 10, s.len - 10);
	} else {
		memcpy(out, s.ptr, s.len);
	}
	n = s.len;
	if (all_like(out + 11, "00:00") && (n == 16 || out[16] != ':')) {
		memmove(out + 19, out + 16, n - 16);
		memcpy(out + 16, ":00", 3);
		n += 3;
	}
	return n;
}

static int refuse_range(struct hi_error *e)
{
	return hi_error_set(e, HI_REFUSED, "timestamp: outside the years 1800 to 9999");
}

static int since(const struct hi_csv_target *target, double off_us, struct hi_time *out,
		 struct hi_error *e)
{
	double t = (double)target->since_us + off_us;

	if (!(t >= (double)HI_TIME_MIN && t < (double)HI_TIME_END))
		return refuse_range(e);
	out->t_us = target->since_us + llround(off_us);
	out->digits = (uint8_t)hi_time_digits(out->t_us);
	out->zoneless = false;
	return HI_OK;
}

/* H:MM or H:MM:SS of any number of hours, in microseconds. */
static bool clock_us(struct hi_slice s, double *us)
{
	double hours = 0;
	size_t i = 0;

	for (; i < s.len && i < 9 && is_digit(s.ptr[i]); i++)
		hours = hours * 10 + (s.ptr[i] - '0');
	s = (struct hi_slice){ s.ptr + i, s.len - i };
	if (i == 0 || (s.len != 3 && s.len != 6) || !all_like(s.ptr, s.len == 3 ? ":00" : ":00:00"))
		return false;
	int min = (s.ptr[1] - '0') * 10 + s.ptr[2] - '0';
	int sec = s.len == 6 ? (s.ptr[4] - '0') * 10 + s.ptr[5] - '0' : 0;
	*us = ((hours * 60 + min) * 60 + sec) * (double)HI_US_S;
	return min < 60 && sec < 60;
}

int hi_csv_cell_time(struct hi_slice cell, const struct hi_csv_target *target, bool decimal_comma,
		     struct hi_time *out, struct hi_error *e)
{
	char text[TIME_CELL_MAX];
	struct hi_csv_value v;
	double us;
	size_t n;
	int s;

	cell = trim(cell);
	if (hi_csv_is_missing(cell))
		return hi_error_set(e, HI_REFUSED, "timestamp: missing");
	if (target->role == HI_CSV_CLOCK)
		return clock_us(cell, &us)
			       ? since(target, us, out, e)
			       : hi_error_set(e, HI_REFUSED,
					      "timestamp: not hours and minutes, as 12:30");
	if (target->role == HI_CSV_ELAPSED) {
		if (hi_csv_cell_value(cell, NULL, decimal_comma, &v, NULL) != HI_OK)
			return hi_error_set(e, HI_REFUSED, "timestamp: not a number");
		return since(target, v.num.v * (double)target->unit_us, out, e);
	}
	s = hi_time_parse(cell, out, e);
	if (s != HI_OK && memchr(cell.ptr, '/', cell.len)) /* 12/11/2025 */
		return hi_error_set(e, HI_REFUSED,
				    "timestamp: day or month first? Not as 2025-12-28 06:30");
	if (s == HI_OK || (n = rewrite_time(cell, text)) == 0)
		return s;
	return hi_time_parse((struct hi_slice){ text, n }, out, NULL) == HI_OK ? HI_OK : s;
}
