/*
 * One stream out of a store: readings from segments, other records from the
 * database, merged by time (raw: by arrival), then rejects and unknown types,
 * which have no time, in order of arrival.
 *
 * A snapshot is taken in one transaction that ends before anything is read:
 * lists of committed ranges, and a copy of the database's records. Following
 * takes the next snapshot of what later commits wrote.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/time.h"
#include "store/arrival.h"
#include "store/db.h"
#include "store/hour.h"
#include "store/kept.h"
#include "store/last.h"
#include "store/part.h"
#include "store/progress.h"

enum { POLL_MS = 20, READING_RANK = 2 };

struct hi_cursor {
	struct hi_store *store;
	struct hi_select sel;
	struct hi_filter filter;
	uint64_t commit_n; /* the snapshot's last commit */
	int64_t version;   /* PRAGMA data_version at it */
	sqlite3_stmt *data_version;
	struct hi_parts seen; /* open segments, for following */

	struct hi_parts readings;
	size_t part_at; /* of the hour to load next */
	struct hi_hour hour;
	size_t row_at;
	struct hi_last *last;
	struct hi_arrival *arrival;
	struct hi_rec reading; /* the next one, where have_reading */
	bool have_reading;
	uint64_t writer, seq;	     /* raw: of reading */
	struct hi_progress progress; /* sel.after */

	sqlite3_stmt *kept;
	bool have_kept, kept_given;
	struct hi_reader *reader;

	struct hi_parts lines; /* rejects, then others */
	size_t lines_at;
	struct hi_buf text;
	size_t text_at;
};

static bool wants_kept(const struct hi_select *sel)
{
	for (int t = 0; t < HI_TYPES; t++)
		if (hi_kept_is((enum hi_type)t) && (sel->types & 1u << t))
			return true;
	return false;
}

static int begin(struct hi_cursor *c, struct hi_error *e)
{
	const struct hi_select *sel = &c->sel;
	int s = HI_OK;
	c->part_at = c->row_at = c->lines_at = c->text_at = 0;
	c->hour.n = 0;
	hi_buf_reset(&c->text);
	c->have_reading = c->have_kept = c->kept_given = false;
	if (sel->raw)
		s = hi_arrival_new(&c->arrival, c->store, c->readings.v, c->readings.n, &c->filter,
				   e);
	else if (sel->last_n > 0)
		s = hi_last_new(&c->last, c->store, &c->hour, &c->readings, sel, &c->filter, e);
	return s;
}

/* What one snapshot holds, freed before the next. */
static void end(struct hi_cursor *c)
{
	hi_arrival_free(c->arrival);
	c->arrival = NULL;
	hi_last_free(c->last);
	c->last = NULL;
	sqlite3_finalize(c->kept);
	c->kept = NULL;
	hi_parts_release(&c->readings);
	hi_parts_release(&c->lines);
}

static int read_catalogue(struct hi_cursor *c, uint64_t *commit_n, struct hi_error *e)
{
	unsigned types = c->sel.types;
	sqlite3_stmt *st = NULL;
	int s = hi_db_prepare(c->store->db, "SELECT value-1 FROM meta WHERE key='next_commit'", &st,
			      e);
	if (s == HI_OK && sqlite3_step(st) == SQLITE_ROW)
		*commit_n = (uint64_t)sqlite3_column_int64(st, 0);
	else if (s == HI_OK)
		s = hi_db_error(c->store->db, "the database failed", e);
	sqlite3_finalize(st);
	if (s == HI_OK && (types & 1u << HI_T_READING))
		s = hi_parts_load(&c->readings, c->store, HI_SEGMENT_READING, &c->sel, c->commit_n,
				  e);
	if (s == HI_OK && (types & 1u << HI_T_REJECT))
		s = hi_parts_load(&c->lines, c->store, HI_SEGMENT_REJECT, &c->sel, c->commit_n, e);
	if (s == HI_OK && (types & 1u << HI_T_OTHER))
		s = hi_parts_load(&c->lines, c->store, HI_SEGMENT_OTHER, &c->sel, c->commit_n, e);
	if (s == HI_OK && wants_kept(&c->sel))
		s = hi_kept_pick(c->store->db, &c->sel, c->commit_n, e);
	if (s == HI_OK && c->sel.after)
		s = hi_progress_writers(&c->progress, c->store, e);
	return s;
}

/* Everything that was committed after c->commit_n. */
static int snapshot(struct hi_cursor *c, struct hi_error *e)
{
	sqlite3 *db = c->store->db;
	uint64_t commit_n = 0;
	end(c);
	int s = hi_db_exec(db, "BEGIN", e);
	if (s)
		return s;
	s = read_catalogue(c, &commit_n, e);
	if (s == HI_OK)
		s = hi_db_exec(db, "COMMIT", e);
	else
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	c->commit_n = commit_n;
	s = s ? s : hi_parts_continue(&c->readings, &c->seen, e);
	s = s ? s : hi_parts_continue(&c->lines, &c->seen, e);
	if (s == HI_OK && c->sel.after)
		s = hi_progress_rows(&c->progress, c->store, &c->readings, wants_kept(&c->sel), e);
	if (s == HI_OK && wants_kept(&c->sel))
		s = hi_kept_picked(db, &c->kept, e);
	return s ? s : begin(c, e);
}

static int64_t data_version(struct hi_cursor *c)
{
	int64_t v = -1;
	if (sqlite3_step(c->data_version) == SQLITE_ROW)
		v = sqlite3_column_int64(c->data_version, 0);
	sqlite3_reset(c->data_version);
	return v;
}

/* The times that the operand's hour and --last D leave. */
static int narrow(struct hi_cursor *c, struct hi_error *e)
{
	struct hi_select *sel = &c->sel;
	int64_t first_us, last_us;
	if (c->store->one_hour) {
		int64_t end_us = c->store->hour_us + HI_US_H;
		if (sel->since_us < c->store->hour_us)
			sel->since_us = c->store->hour_us;
		if (sel->until_us > end_us)
			sel->until_us = end_us;
	}
	if (sel->last_us == 0)
		return HI_OK;
	int s = hi_store_range(c->store, &first_us, &last_us, e);
	if (s == HI_OK && sel->since_us < last_us - sel->last_us)
		sel->since_us = last_us - sel->last_us;
	return s == HI_END ? HI_OK : s;
}

/* Only what has a number within its writer has a place in the order of arrival. */
static int begin_after(struct hi_cursor *c, struct hi_error *e)
{
	if (!c->sel.raw || c->sel.types & (1u << HI_T_REJECT | 1u << HI_T_OTHER))
		return hi_error_set(e, HI_USAGE, "rejects and unknown types have no position");
	c->progress.start = *c->sel.after;
	c->sel.after = &c->progress.start;
	return hi_store_need_marks(c->store, e);
}

static int open_cursor(struct hi_cursor *c, struct hi_error *e)
{
	if (c->sel.raw && c->sel.last_n > 0)
		return hi_error_set(e, HI_USAGE, "--last N and --raw do not go together");
	int s = c->sel.after ? begin_after(c, e) : HI_OK;
	s = s ? s : narrow(c, e);
	s = s ? s : hi_filter_init(&c->filter, &c->sel, e);
	s = s ? s : hi_reader_new(&c->reader, NULL, NULL, e);
	s = s ? s : hi_db_prepare(c->store->db, "PRAGMA data_version", &c->data_version, e);
	if (s)
		return s;
	c->version = data_version(c);
	return snapshot(c, e);
}

int hi_cursor_open(struct hi_cursor **out, struct hi_store *s, const struct hi_select *sel,
		   struct hi_error *e)
{
	enum { TEXT_MAX = 64 << 20 };
	struct hi_cursor *c = calloc(1, sizeof(*c));
	*out = c;
	if (!c)
		return hi_error_set(e, HI_NOMEM, "no memory for reading");
	c->store = s;
	c->sel = *sel;
	hi_hour_init(&c->hour);
	hi_buf_init(&c->text, TEXT_MAX);
	int status = hi_store_blame(s, open_cursor(c, e), e);
	if (status) {
		hi_cursor_close(c);
		*out = NULL;
	}
	return status;
}

void hi_cursor_close(struct hi_cursor *c)
{
	if (!c)
		return;
	end(c);
	sqlite3_finalize(c->data_version);
	hi_parts_release(&c->seen);
	hi_filter_release(&c->filter);
	hi_hour_release(&c->hour);
	hi_reader_free(c->reader);
	hi_buf_release(&c->text);
	free(c);
}

static int load_hour(struct hi_cursor *c, struct hi_error *e)
{
	const struct hi_part *p = c->readings.v + c->part_at;
	size_t n = 1;
	while (c->part_at + n < c->readings.n && p[n].hour_us == p->hour_us)
		n++;
	c->part_at += n;
	c->row_at = 0;
	return hi_hour_load(&c->hour, c->store, p, n, &c->filter, e);
}

static int next_row(struct hi_cursor *c, struct hi_error *e)
{
	while (c->row_at == c->hour.n) {
		if (c->part_at == c->readings.n)
			return HI_END;
		int s = load_hour(c, e);
		if (s)
			return s;
	}
	return hi_hour_record(&c->hour, c->row_at++, &c->reading, e);
}

static int peek_reading(struct hi_cursor *c, struct hi_error *e)
{
	int s;
	if (c->have_reading)
		return HI_OK;
	if (c->arrival)
		s = hi_arrival_next(c->arrival, &c->reading, &c->writer, &c->seq, e);
	else if (c->last)
		s = hi_last_next(c->last, &c->reading, e);
	else
		s = next_row(c, e);
	c->have_reading = s == HI_OK;
	return s == HI_END ? HI_OK : s;
}

/* The row of picked that was given out moves on only now: its line lives in it. */
static int peek_kept(struct hi_cursor *c, struct hi_error *e)
{
	if (c->have_kept && !c->kept_given)
		return HI_OK;
	c->kept_given = c->have_kept = false;
	if (!c->kept)
		return HI_OK;
	int step = sqlite3_step(c->kept);
	c->have_kept = step == SQLITE_ROW;
	if (step == SQLITE_ROW)
		return HI_OK;
	int s = step == SQLITE_DONE ? HI_OK : hi_db_error(c->store->db, "the database failed", e);
	sqlite3_finalize(c->kept);
	c->kept = NULL;
	return s;
}

static bool kept_first(const struct hi_cursor *c)
{
	if (!c->have_kept || !c->have_reading)
		return c->have_kept;
	if (c->sel.raw) {
		uint64_t writer = (uint64_t)sqlite3_column_int64(c->kept, 3);
		uint64_t seq = (uint64_t)sqlite3_column_int64(c->kept, 4);
		return writer != c->writer ? writer < c->writer : seq < c->seq;
	}
	int64_t at_us = sqlite3_column_int64(c->kept, 0);
	if (at_us != c->reading.t_us)
		return at_us < c->reading.t_us;
	return sqlite3_column_int(c->kept, 1) < READING_RANK;
}

/* A line that was a record when it was put is one still. */
static int parse_line(struct hi_cursor *c, struct hi_slice line, struct hi_rec *rec,
		      struct hi_error *e)
{
	int s = hi_reader_line_parse(c->reader, line, rec, e);
	if (s == HI_REFUSED)
		return hi_error_set(e, HI_CORRUPT, "a line that is no record");
	return s;
}

/* Rejects and unknown types: one segment at a time. */
static int next_line(struct hi_cursor *c, struct hi_rec *rec, struct hi_error *e)
{
	for (;;) {
		if (c->text_at == c->text.len) {
			if (c->lines_at == c->lines.n)
				return HI_END;
			hi_buf_reset(&c->text);
			c->text_at = 0;
			int s = hi_part_read(c->store, &c->lines.v[c->lines_at++], &c->text, e);
			if (s)
				return s;
			continue;
		}
		const char *p = c->text.ptr + c->text_at;
		const char *lf = memchr(p, '\n', c->text.len - c->text_at);
		if (!lf)
			return hi_part_corrupt(&c->lines.v[c->lines_at - 1],
					       "a line without an end", e);
		c->text_at += (size_t)(lf - p) + 1;
		int s = parse_line(c, (struct hi_slice){ p, (size_t)(lf - p) }, rec, e);
		if (s || hi_filter_record(&c->filter, rec))
			return s;
	}
}

static int next(struct hi_cursor *c, struct hi_rec *rec, struct hi_error *e)
{
	int s = peek_reading(c, e);
	s = s ? s : peek_kept(c, e);
	if (s)
		return s;
	if (kept_first(c)) {
		c->kept_given = true;
		c->progress.writer = (uint64_t)sqlite3_column_int64(c->kept, 3);
		c->progress.seq = (uint64_t)sqlite3_column_int64(c->kept, 4);
		return parse_line(c, hi_db_slice(c->kept, 5), rec, e);
	}
	if (c->have_reading) {
		*rec = c->reading;
		c->have_reading = false;
		c->progress.writer = c->writer;
		c->progress.seq = c->seq;
		return HI_OK;
	}
	return next_line(c, rec, e);
}

int hi_cursor_next(struct hi_cursor *c, struct hi_rec *rec, struct hi_error *e)
{
	int s = next(c, rec, e);
	c->progress.finished = s == HI_END;
	return hi_store_blame(c->store, s, e);
}

int hi_cursor_vector(const struct hi_cursor *c, struct hi_vector *v, struct hi_error *e)
{
	return hi_store_blame(c->store, hi_progress_vector(&c->progress, v, e), e);
}

static void sleep_ms(int ms)
{
	struct timespec t = { .tv_nsec = ms * 1000000L };
	nanosleep(&t, NULL);
}

int hi_cursor_follow(struct hi_cursor *c, int timeout_ms, struct hi_error *e)
{
	int waited_ms = 0;
	int64_t version;
	while ((version = data_version(c)) == c->version) {
		if (waited_ms >= timeout_ms)
			return HI_END;
		sleep_ms(POLL_MS);
		waited_ms += POLL_MS;
	}
	c->version = version;
	c->sel.last_n = 0;
	if (c->sel.after)
		hi_progress_next(&c->progress);
	return hi_store_blame(c->store, snapshot(c, e), e);
}
