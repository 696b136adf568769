/* Inside of lib/csv: rows.c makes rows of the lines that rows_lines.c has in its block. */
#ifndef HI_CSV_ROWS_PRIVATE_H
#define HI_CSV_ROWS_PRIVATE_H

#include <csv.h>

#include "csv/rows.h"

enum { HI_CSV_CHUNK = 256 << 10, HI_CSV_BLOCK = 3 * HI_CSV_ROW_MAX + HI_CSV_CHUNK };

struct hi_csv_rows {
	struct hi_input *in;
	bool (*before_read)(void *arg, bool waits);
	void *arg;

	char *block;
	size_t start; /* of the row being read */
	size_t pos;   /* of the next line */
	size_t end;
	bool eof, skipping; /* skipping: the rest of a line that was too long */
	bool stopped;	    /* before_read has ended the input: eof is not the input's */
	uint64_t line;	    /* lines begun so far */
	size_t alone;	    /* bytes from pos in which no cell spans lines */

	/*
	 * The last line behind us: of a row that was given or refused, or blank. While
	 * last_open its checksum is not made yet, its bytes are at last_at.
	 */
	struct hi_line_position last;
	size_t last_at, last_len;
	bool last_open;
	bool unended; /* it had no end: nor has the input, as far as it goes */
	bool last_cr; /* a line that was too long: a CR that may be its end is not in the sum */

	bool marked;
	size_t mark, mark_alone;
	struct hi_line_position mark_last;

	bool sniffed, given, lines;
	char separator, terminator;

	struct csv_parser csv;
	bool done, extra; /* the row has ended; and then something followed on its line */
	char *cells;
	size_t cells_len;
	struct hi_slice *cell;
	size_t n;
	const bool *wanted;
	size_t wanted_n;
};

static inline struct hi_slice hi_csv_without_cr(struct hi_slice s)
{
	s.len -= s.len > 0 && s.ptr[s.len - 1] == '\r';
	return s;
}

/* The line at pos without its end: HI_OK, HI_END, HI_REFUSED: too long; or negative. */
int hi_csv_next_line(struct hi_csv_rows *r, struct hi_slice *line, struct hi_error *e);

/* Goes behind a line, and behind its end if that is there. */
static inline void hi_csv_take_line(struct hi_csv_rows *r, struct hi_slice line)
{
	size_t n = line.len + (r->pos + line.len < r->end ? 1 : 0);

	r->unended = n == line.len;
	r->pos += n;
	r->alone -= n < r->alone ? n : r->alone;
	r->line++;
}

/* That line, the r->line-th, is done with. */
static inline void hi_csv_leave_line(struct hi_csv_rows *r, struct hi_slice line)
{
	r->last.line = r->line;
	r->last_at = (size_t)(line.ptr - r->block);
	r->last_len = line.len;
	r->last_open = true;
}

/* The line at pos is too long: it is done with, and the rest of it is to be skipped. */
void hi_csv_leave_long(struct hi_csv_rows *r);

/* Throws the rest of such a line away, whatever its length. HI_OK, HI_END: stopped; or negative. */
int hi_csv_skip_line(struct hi_csv_rows *r, struct hi_error *e);

#endif
