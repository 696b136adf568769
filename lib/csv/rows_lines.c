/* The block of text that rows are made of: its lines, and where the reading stands. */
#include <string.h>

#include "base/hash.h"
#include "csv/rows_private.h"

enum { WAIT_MS = 200 };

/* Makes the checksum of the last line, while its bytes are there. */
static void close_line(struct hi_csv_rows *r)
{
	struct hi_slice line = { r->block + r->last_at, r->last_len };

	if (r->last_open)
		r->last = hi_line_position(r->last.line, hi_csv_without_cr(line));
	r->last_open = false;
}

/* The same of a line that comes in parts. A CR at the end of one is the line's end, or is not. */
static void add_to_sum(struct hi_csv_rows *r, struct hi_slice part)
{
	struct hi_slice sure = hi_csv_without_cr(part);

	if (part.len == 0)
		return;
	if (r->last_cr)
		r->last.crc = hi_crc32c(r->last.crc, "\r", 1);
	r->last.crc = hi_crc32c(r->last.crc, sure.ptr, sure.len);
	r->last_cr = sure.len < part.len;
}

/* Waiting here, and not in the read, leaves no moment in which a signal is missed. */
static bool may_read(struct hi_csv_rows *r)
{
	bool ready = !r->before_read || hi_input_ready(r->in, 0);

	while (r->before_read && r->before_read(r->arg, !ready)) {
		if (ready)
			return true;
		ready = hi_input_ready(r->in, WAIT_MS);
	}
	return !r->before_read;
}

/* More bytes behind end; what lies before the row, or the mark, makes room. */
static int fill(struct hi_csv_rows *r, struct hi_error *e)
{
	size_t keep = r->marked ? r->mark : r->start;
	long got;

	if (keep > 0 &&
	    (r->end - keep < HI_CSV_CHUNK / 4 || r->end + HI_CSV_CHUNK > HI_CSV_BLOCK)) {
		close_line(r);
		memmove(r->block, r->block + keep, r->end - keep);
		r->start -= keep;
		r->pos -= keep;
		r->end -= keep;
		r->mark -= r->marked ? keep : 0;
	}
	if (!may_read(r)) {
		r->eof = r->stopped = true;
		r->end = r->pos = r->start;
		return HI_OK;
	}
	got = hi_input_read(r->in, r->block + r->end, HI_CSV_CHUNK, e);
	if (got < 0)
		return (int)got;
	r->eof = got == 0;
	r->end += (size_t)got;
	return HI_OK;
}

int hi_csv_next_line(struct hi_csv_rows *r, struct hi_slice *line, struct hi_error *e)
{
	size_t seen = 0;

	for (;;) {
		const char *p = r->block + r->pos;
		size_t have = r->end - r->pos;
		const char *nl = memchr(p + seen, r->terminator, have - seen);
		int s;

		if (nl || (r->eof && have > 0)) {
			*line = (struct hi_slice){ p, nl ? (size_t)(nl - p) : have };
			return line->len > HI_CSV_ROW_MAX ? HI_REFUSED : HI_OK;
		}
		if (r->eof)
			return HI_END;
		if (have > HI_CSV_ROW_MAX) {
			*line = (struct hi_slice){ p, have };
			return HI_REFUSED;
		}
		s = fill(r, e);
		if (s != HI_OK)
			return s;
		/* Where a signal ends the input, fill has dropped what was seen. */
		seen = r->eof ? 0 : have;
	}
}

void hi_csv_leave_long(struct hi_csv_rows *r)
{
	r->last = (struct hi_line_position){ r->line, 0 };
	r->last_open = r->last_cr = false;
	r->skipping = true;
}

int hi_csv_skip_line(struct hi_csv_rows *r, struct hi_error *e)
{
	while (r->skipping) {
		char *p = r->block + r->pos;
		char *nl = memchr(p, r->terminator, r->end - r->pos);
		int s;

		add_to_sum(r, (struct hi_slice){ p, nl ? (size_t)(nl - p) : r->end - r->pos });
		r->pos = nl ? r->pos + (size_t)(nl - p) + 1 : r->end;
		r->start = r->pos;
		r->skipping = !nl && !r->eof;
		r->unended = !nl;
		s = r->skipping ? fill(r, e) : HI_OK;
		if (s != HI_OK || r->stopped)
			return s != HI_OK ? s : HI_END;
	}
	return HI_OK;
}

void hi_csv_rows_mark(struct hi_csv_rows *r)
{
	r->marked = true;
	r->mark = r->pos;
	close_line(r);
	r->mark_last = r->last;
	r->mark_alone = r->alone;
}

bool hi_csv_rows_may_look(const struct hi_csv_rows *r)
{
	return r->marked && !r->skipping && r->pos - r->mark < HI_CSV_ROW_MAX / 2;
}

void hi_csv_rows_back(struct hi_csv_rows *r)
{
	r->pos = r->start = r->mark;
	r->last = r->mark_last;
	r->last_open = false;
	r->line = r->last.line;
	r->alone = r->mark_alone;
	r->marked = r->skipping = false;
}

bool hi_csv_rows_position(struct hi_csv_rows *r, struct hi_line_position *p)
{
	if (r->marked || r->skipping || r->alone > 0)
		return false;
	close_line(r);
	*p = r->last;
	return true;
}

bool hi_csv_rows_unended(const struct hi_csv_rows *r)
{
	return r->unended;
}

static int pass_line(struct hi_csv_rows *r, struct hi_error *e)
{
	struct hi_slice line;
	int s;

	r->start = r->pos;
	s = hi_csv_next_line(r, &line, e);
	if (s == HI_REFUSED) {
		r->line++;
		hi_csv_leave_long(r);
		return hi_csv_skip_line(r, e);
	}
	if (s != HI_OK)
		return s;
	hi_csv_take_line(r, line);
	hi_csv_leave_line(r, line);
	return HI_OK;
}

int hi_csv_rows_go_to(struct hi_csv_rows *r, struct hi_line_position p, struct hi_error *e)
{
	int s;

	if (p.line == 0)
		return HI_OK;
	s = hi_csv_skip_line(r, e);
	while (s == HI_OK && r->last.line < p.line)
		s = pass_line(r, e);
	if (s < 0 || r->stopped)
		return s;
	close_line(r);
	if (hi_line_position_equal(r->last, p))
		return HI_OK;
	hi_error_set(e, HI_CONTRACT,
		     s == HI_END ? "the file is not what it was: it ends before this line"
				 : "the file is not what it was at this line");
	e->line = p.line;
	return HI_CONTRACT;
}
