#include <errno.h>
#include <stdlib.h>

#include "csv/rows_private.h"

enum { REJECT_SHOWN = 4096 };

static void on_cell(void *text, size_t len, void *arg)
{
	struct hi_csv_rows *r = arg;
	size_t i = r->n++;

	if (r->done)
		r->extra = true;
	if (i >= HI_CSV_COLUMNS_MAX)
		return;
	r->cell[i] = (struct hi_slice){ "", 0 };
	if (len == 0 || (r->wanted && i < r->wanted_n && !r->wanted[i]))
		return;
	memcpy(r->cells + r->cells_len, text, len);
	r->cell[i] = (struct hi_slice){ r->cells + r->cells_len, len };
	r->cells_len += len;
}

static void on_row(int c, void *arg)
{
	struct hi_csv_rows *r = arg;

	(void)c;
	r->done = true;
}

int hi_csv_rows_new(struct hi_csv_rows **out, bool (*before_read)(void *arg, bool waits), void *arg,
		    struct hi_error *e)
{
	struct hi_csv_rows *r = calloc(1, sizeof(*r));

	*out = r;
	if (!r || csv_init(&r->csv, 0) != 0)
		return hi_error_set(e, HI_NOMEM, "out of memory");
	r->before_read = before_read;
	r->arg = arg;
	r->block = malloc(HI_CSV_BLOCK);
	r->cells = malloc(HI_CSV_ROW_MAX + 1);
	r->cell = malloc(HI_CSV_COLUMNS_MAX * sizeof(*r->cell));
	if (!r->block || !r->cells || !r->cell)
		return hi_error_set(e, HI_NOMEM, "out of memory");
	return HI_OK;
}

void hi_csv_rows_free(struct hi_csv_rows *r)
{
	if (!r)
		return;
	csv_free(&r->csv);
	free(r->block);
	free(r->cells);
	free(r->cell);
	free(r);
}

void hi_csv_rows_open(struct hi_csv_rows *r, struct hi_input *in, char separator, bool lines)
{
	r->in = in;
	r->start = r->pos = r->end = r->alone = 0;
	r->eof = r->skipping = r->stopped = r->marked = r->sniffed = false;
	r->line = 0;
	r->last = (struct hi_line_position){ 0 };
	r->last_open = r->unended = false;
	r->given = separator != '\0';
	r->separator = separator;
	r->terminator = '\n';
	r->lines = lines;
	r->wanted = NULL;
	csv_fini(&r->csv, NULL, NULL, NULL);
}

void hi_csv_rows_want(struct hi_csv_rows *r, const bool *wanted, size_t n)
{
	r->wanted = wanted;
	r->wanted_n = n;
}

char hi_csv_rows_separator(const struct hi_csv_rows *r)
{
	return r->separator;
}

/* Byte-order mark, line end, separator: from the first line. */
static int sniff(struct hi_csv_rows *r, struct hi_error *e)
{
	static const char candidates[] = { ',', ';', '\t', '|' };
	size_t n[sizeof(candidates)] = { 0 }, best = 0;
	struct hi_slice line;
	bool quoted = false;
	const char *cr;
	int s = hi_csv_next_line(r, &line, e);

	if (s < HI_OK || s == HI_END)
		return s;
	if (line.len >= 2 &&
	    (memcmp(line.ptr, "\xFF\xFE", 2) == 0 || memcmp(line.ptr, "\xFE\xFF", 2) == 0))
		return hi_error_set(e, HI_USAGE,
				    "UTF-16: convert it to UTF-8 first (iconv -f UTF-16)");
	if (line.len >= 3 && memcmp(line.ptr, "\xEF\xBB\xBF", 3) == 0) {
		line = (struct hi_slice){ line.ptr + 3, line.len - 3 };
		r->pos = r->start = 3;
		r->mark = r->marked ? 3 : r->mark; /* it is no part of what is looked at again */
	}
	cr = memchr(line.ptr, '\r', line.len);
	if (cr && cr + 1 < line.ptr + line.len) {
		r->terminator = '\r'; /* line ends of old: CR alone */
		line.len = (size_t)(cr - line.ptr);
	}
	for (size_t i = 0; i < line.len; i++) {
		quoted ^= line.ptr[i] == '"';
		for (size_t k = 0; k < sizeof(candidates); k++)
			n[k] += !quoted && line.ptr[i] == candidates[k];
	}
	for (size_t k = 1; k < sizeof(candidates); k++)
		best = n[k] > n[best] ? k : best;
	if (!r->given)
		r->separator = candidates[best];
	csv_set_delim(&r->csv, (unsigned char)r->separator);
	r->sniffed = true;
	return HI_OK;
}

static bool is_blank(struct hi_slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] != ' ' && s.ptr[i] != '\t' && s.ptr[i] != '\r')
			return false;
	return true;
}

static void forget_row(struct hi_csv_rows *r)
{
	csv_fini(&r->csv, NULL, NULL, NULL);
	r->done = r->extra = false;
	r->n = r->cells_len = 0;
}

static int refuse(struct hi_csv_row *row, struct hi_slice text, uint64_t line, const char *why,
		  struct hi_error *e)
{
	row->text = hi_csv_without_cr(text);
	row->line = line;
	row->n = 0;
	hi_error_set(e, HI_REFUSED, why);
	e->line = line;
	return HI_REFUSED;
}

/* The line that opened a quote alone is refused; what it swallowed is read again. */
static int refuse_quote(struct hi_csv_rows *r, struct hi_csv_row *row, uint64_t first,
			struct hi_error *e)
{
	const char *p = r->block + r->start;
	size_t had = r->pos - r->start;
	const char *nl = memchr(p, r->terminator, had);
	size_t len = nl ? (size_t)(nl - p) : had;

	r->pos = r->start + len + (nl ? 1 : 0);
	r->alone = had - (r->pos - r->start);
	r->line = first;
	hi_csv_leave_line(r, (struct hi_slice){ p, len });
	return refuse(row, (struct hi_slice){ p, len }, first, "row: a quote is not closed", e);
}

static int refuse_long(struct hi_csv_rows *r, struct hi_csv_row *row, struct hi_slice line,
		       struct hi_error *e)
{
	struct hi_slice shown = { line.ptr, REJECT_SHOWN };

	r->pos = r->start + (size_t)(line.ptr - (r->block + r->start));
	r->line++;
	hi_csv_leave_long(r);
	return refuse(row, shown, r->line, "row: longer than 1 MiB", e);
}

/* One line into the parser, always with a line end, so that `done` tells. */
static int parse_line(struct hi_csv_rows *r, struct hi_slice line, struct hi_error *e)
{
	bool whole = r->pos + line.len < r->end && r->terminator == '\n';
	size_t n = line.len + (whole ? 1 : 0);

	if (csv_parse(&r->csv, line.ptr, n, on_cell, on_row, r) != n ||
	    (!whole && csv_parse(&r->csv, "\n", 1, on_cell, on_row, r) != 1))
		return hi_error_set(e, HI_NOMEM, "out of memory");
	return HI_OK;
}

static int finish(struct hi_csv_rows *r, struct hi_csv_row *row, uint64_t first, struct hi_error *e)
{
	size_t len = r->pos - r->start;
	const char *p = r->block + r->start;

	len -= len > 0 && p[len - 1] == r->terminator;
	row->text = hi_csv_without_cr((struct hi_slice){ p, len });
	row->line = first;
	row->cell = r->cell;
	row->n = r->n;
	if (r->extra)
		return refuse(row, row->text, first, "row: a carriage return in its middle", e);
	if (r->n > HI_CSV_COLUMNS_MAX)
		return refuse(row, row->text, first, "row: more than 4096 columns", e);
	return HI_OK;
}

int hi_csv_rows_next(struct hi_csv_rows *r, struct hi_csv_row *row, struct hi_error *e)
{
	struct hi_slice line;
	uint64_t first;
	int s;

	r->start = r->pos;
	s = hi_csv_skip_line(r, e);
	if (s == HI_OK && !r->sniffed)
		s = sniff(r, e);
	if (s != HI_OK)
		return s;
	forget_row(r);
	first = r->line + 1;
	while ((s = hi_csv_next_line(r, &line, e)) == HI_OK) {
		bool begins = r->pos == r->start;

		if (begins && is_blank(line)) {
			hi_csv_take_line(r, line);
			hi_csv_leave_line(r, line);
			r->start = r->pos;
			first = r->line + 1;
			continue;
		}
		if ((size_t)(line.ptr - (r->block + r->start)) + line.len > HI_CSV_ROW_MAX)
			return refuse_quote(r, row, first, e);
		s = parse_line(r, line, e);
		if (s != HI_OK)
			return s;
		bool alone = r->lines || r->alone > 0;
		hi_csv_take_line(r, line);
		if (r->done) {
			hi_csv_leave_line(r, line);
			return finish(r, row, first, e);
		}
		if (alone)
			return refuse_quote(r, row, first, e);
	}
	if (s < 0) {
		/* Interrupted: the row is read again from its first line. */
		r->pos = r->start;
		r->line = first - 1;
		return s;
	}
	if (r->pos > r->start)
		return refuse_quote(r, row, first, e);
	return s == HI_REFUSED ? refuse_long(r, row, line, e) : s;
}

void hi_csv_row_place(const struct hi_csv_row *row, char separator, size_t i, uint64_t *line,
		      uint32_t *column)
{
	bool quoted = false;
	size_t from = 0;

	*line = row->line;
	for (size_t k = 0; k < row->text.len && i > 0; k++) {
		char c = row->text.ptr[k];
		quoted ^= c == '"';
		i -= !quoted && c == separator;
		if (c == '\n') {
			(*line)++;
			from = k + 1;
		}
		if (i == 0) {
			*column = (uint32_t)(k + 1 - from + 1);
			return;
		}
	}
	*column = 1;
}
