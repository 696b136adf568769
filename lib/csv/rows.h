/*
 * CSV rows by libcsv, with what it does not tell: line numbers, the row's own
 * text for a reject, and a bound.
 *
 * Lines are handed to the parser one by one, so a row is known to begin and end
 * at line ends. A quote that is never closed costs the one line that opened it:
 * the lines after it are read again, each by itself.
 * Memory: at most 3.25 MiB of text and 1 MiB of cells.
 */
#ifndef HI_CSV_ROWS_H
#define HI_CSV_ROWS_H

#include "base/status.h"
#include "io/input.h"
#include "mark/line.h"

enum { HI_CSV_ROW_MAX = 1 << 20, HI_CSV_COLUMNS_MAX = 4096 };

/* A row as a view: it lives until the next call of rows. */
struct hi_csv_row {
	struct hi_slice text;	     /* as read, without its line end */
	uint64_t line;		     /* of its first byte, from 1 */
	const struct hi_slice *cell; /* [n]; unwanted ones are empty */
	size_t n;
};

struct hi_csv_rows; /* opaque */

/*
 * before_read(arg, waits) is called before more input is asked for; waits: none
 * is there yet. False ends the input, a row that is not whole is dropped. May be
 * NULL. HI_OK or HI_NOMEM.
 */
int hi_csv_rows_new(struct hi_csv_rows **out, bool (*before_read)(void *arg, bool waits), void *arg,
		    struct hi_error *e);
void hi_csv_rows_free(struct hi_csv_rows *r);

/*
 * Begins an input: a byte-order mark is skipped; separator 0: the one of , ; tab
 * | that the first line has most of outside quotes. lines: no cell spans lines.
 * The input is borrowed until the next open or free.
 */
void hi_csv_rows_open(struct hi_csv_rows *r, struct hi_input *in, char separator, bool lines);

/* Only cells i with wanted[i] are filled from now on (borrowed); NULL: all. */
void hi_csv_rows_want(struct hi_csv_rows *r, const bool *wanted, size_t n);

/*
 * The next row that is not blank: HI_OK, HI_END, HI_REFUSED (row->text and line
 * say which; e is filled), HI_IO with sys EINTR (call again to go on) or another
 * negative status (the input is dead).
 */
int hi_csv_rows_next(struct hi_csv_rows *r, struct hi_csv_row *row, struct hi_error *e);

/* The separator in use; 0 before the first row. */
char hi_csv_rows_separator(const struct hi_csv_rows *r);

/*
 * Looking ahead: mark, read on while hi_csv_rows_may_look, and go back. Nothing
 * is lost; a row read twice is the same twice.
 */
void hi_csv_rows_mark(struct hi_csv_rows *r);
bool hi_csv_rows_may_look(const struct hi_csv_rows *r);
void hi_csv_rows_back(struct hi_csv_rows *r);

/*
 * Where the reading stands: behind the last line of the row that was given last, or
 * of blank lines behind it. A line's end is LF, CR LF, or CR in a file of those;
 * the end of the input ends a line too. False: nowhere that it could begin again,
 * within lines that a quote had swallowed, in a line that is too long, or looking ahead.
 */
bool hi_csv_rows_position(struct hi_csv_rows *r, struct hi_line_position *p);

/* After the last row: its last line had no line end. More of it may come, where the input grows. */
bool hi_csv_rows_unended(const struct hi_csv_rows *r);

/*
 * Goes to a position that was had so in an earlier reading of the input; what is
 * read already (a header) must lie before it, unless it is the beginning. HI_OK;
 * HI_CONTRACT: the line there is not the one that it was, or there is none (line:
 * its number); HI_END: before_read has ended the input; HI_IO with sys EINTR (call
 * again to go on), or another negative status.
 */
int hi_csv_rows_go_to(struct hi_csv_rows *r, struct hi_line_position p, struct hi_error *e);

/* Where cell i begins in a row: *line from row->line on, *column in bytes from 1. */
void hi_csv_row_place(const struct hi_csv_row *row, char separator, size_t i, uint64_t *line,
		      uint32_t *column);

#endif
