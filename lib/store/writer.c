/*
 * Writing: rows go to segments, other records to the database, and a commit makes
 * both durable at one moment. make.c opens and closes a writer, marks.c has what
 * the commits of a marked stream carry besides.
 */

#include "store/writer.h"
#include "base/time.h"
#include "store/db.h"

enum {
	PENDING_LEN = 64 << 20, /* bytes of rows and records in memory at most */
	NUMBERS_MANY = 1024	/* segment numbers taken at a time at most */
};

/* A quiet hour is closed once the newest record is this far behind its end. */
#define QUIET_US (10 * HI_US_MIN)

static int no_memory(struct hi_error *e)
{
	return hi_error_set(e, HI_NOMEM, "no memory for a store's writer");
}

/*
 * A writer that has failed once stays so: what is on the disk is not known any more.
 * A contract is broken by the stream, not by a file of the store.
 */
int hi_writer_done(struct hi_store_writer *w, int status, struct hi_error *e)
{
	if (status < 0)
		w->failed = true;
	return status == HI_CONTRACT ? status : hi_store_blame(w->store, status, e);
}

int hi_writer_refuse(const struct hi_store_writer *w, struct hi_error *e)
{
	return hi_error_fmt(e, HI_IO, "the store has failed before", "%s", w->store->path);
}

static void bind_segment(const struct hi_store_writer *w, const struct hi_segment *seg,
			 uint64_t commit_n)
{
	static const char *const kinds[HI_SEGMENT_KINDS] = { "reading", "reject", "other" };
	sqlite3_stmt *st = w->upsert;
	bool reading = seg->kind == HI_SEGMENT_READING;
	char path[HI_LAYOUT_PATH_MAX];

	hi_layout_path(seg->kind, seg->hour_us, seg->number, path);
	sqlite3_clear_bindings(st);
	sqlite3_bind_int64(st, 1, (int64_t)seg->number);
	sqlite3_bind_text(st, 2, kinds[seg->kind], -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 4, seg->closed ? "closed" : "open", -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 5, path, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int64(st, 6, (int64_t)w->number);
	sqlite3_bind_int64(st, 7, (int64_t)seg->length);
	sqlite3_bind_int64(st, 8, (int64_t)seg->rows_n);
	sqlite3_bind_int64(st, 9, (int64_t)seg->crc);
	sqlite3_bind_int64(st, 14, (int64_t)seg->first_seq);
	sqlite3_bind_int64(st, 15, (int64_t)seg->last_seq);
	sqlite3_bind_int64(st, 16, (int64_t)commit_n);
	if (w->marks.on && w->marks.clock.now_us > HI_TIME_MIN)
		sqlite3_bind_int64(st, 17, w->marks.clock.now_us);
	if (!reading)
		return;
	sqlite3_bind_int64(st, 3, seg->hour_us / HI_US_S);
	sqlite3_bind_int64(st, 10, seg->first_us);
	sqlite3_bind_int64(st, 11, seg->last_us);
	sqlite3_bind_text(st, 12, seg->first_patient, seg->first_patient_len, SQLITE_STATIC);
	sqlite3_bind_text(st, 13, seg->last_patient, seg->last_patient_len, SQLITE_STATIC);
}

static int upsert_segments(struct hi_store_writer *w, bool all, uint64_t commit_n,
			   struct hi_error *e)
{
	int s = HI_OK;
	for (struct hi_segment *seg = w->set.touched; seg && s == HI_OK; seg = seg->next_touched) {
		seg->closed |= all;
		bind_segment(w, seg, commit_n);
		s = hi_db_run(w->store->db, w->upsert, e);
	}
	return s;
}

/* Segments without new rows that take no more: closed in the same transaction. */
static int close_quiet(struct hi_store_writer *w, bool all, struct hi_error *e)
{
	struct hi_segment *seg = NULL;
	int s = HI_OK;
	while (s == HI_OK && (seg = hi_segments_next(&w->set, seg))) {
		bool quiet = seg->kind == HI_SEGMENT_READING &&
			     w->newest_us >= seg->hour_us + HI_US_H + QUIET_US;
		if (seg->touched || !(all || quiet))
			continue;
		seg->closed = true;
		sqlite3_bind_int64(w->close, 1, (int64_t)seg->number);
		s = hi_db_run(w->store->db, w->close, e);
	}
	return s;
}

static int transact(struct hi_store_writer *w, bool all, const struct hi_mark *m,
		    struct hi_error *e)
{
	sqlite3 *db = w->store->db;
	uint64_t commit_n = 0;
	int s = hi_db_exec(db, "BEGIN IMMEDIATE", e);
	if (s)
		return s;
	s = m ? hi_marks_compare(w, m, e) : HI_OK;
	s = s ? s : hi_db_take(db, "next_commit", 1, &commit_n, e);
	s = s ? s : upsert_segments(w, all, commit_n, e);
	s = s ? s : close_quiet(w, all, e);
	s = s ? s : hi_kept_insert(&w->kept, db, w->number, commit_n, e);
	if (s == HI_OK && m)
		s = hi_marks_set(w, m, e);
	s = s ? s : hi_db_exec(db, "COMMIT", e);
	if (s)
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return s;
}

static void nothing_pending(struct hi_store_writer *w)
{
	hi_kept_forget(&w->kept);
	w->pending = (struct hi_store_pending){ 0 };
	w->pending_len = 0;
}

int hi_writer_commit(struct hi_store_writer *w, bool all, const struct hi_mark *m,
		     struct hi_error *e)
{
	if (w->pending.records == 0 && !m)
		return HI_OK;
	int s = hi_segments_sync(&w->set, e);
	s = s ? s : transact(w, all, m, e);
	if (s)
		return s;
	w->used = true;
	if (all || (w->hour && w->hour->closed))
		w->hour = NULL;
	hi_segments_committed(&w->set);
	nothing_pending(w);
	return HI_OK;
}

int hi_writer_forget(struct hi_store_writer *w, struct hi_error *e)
{
	w->hour = NULL;
	nothing_pending(w);
	return hi_segments_forget(&w->set, e);
}

static int take_numbers(struct hi_store_writer *w, struct hi_error *e)
{
	uint64_t n = w->numbers_n, first;
	int s = hi_db_take(w->store->db, "next_segment", n, &first, e);
	if (s)
		return s;
	s = hi_store_lock(w->lock_fd, first, n, e);
	if (s)
		return s == HI_END ? hi_error_set(e, HI_IO, "another holds numbers that are ours")
				   : s;
	w->next_segment = first;
	w->end_segment = first + n;
	w->numbers_n = n < NUMBERS_MANY ? n * 2 : n;
	return HI_OK;
}

static int new_segment(struct hi_store_writer *w, enum hi_segment_kind kind, int64_t hour_us,
		       struct hi_segment **out, struct hi_error *e)
{
	int s = HI_OK;
	if (w->next_segment == w->end_segment)
		s = take_numbers(w, e);
	s = s ? s : hi_segments_add(&w->set, kind, hour_us, w->next_segment, out, e);
	if (s)
		return s;
	w->next_segment++;
	if (kind == HI_SEGMENT_READING)
		hi_buf_puts(&(*out)->rows, HI_ROW_HEADER);
	return HI_OK;
}

static int find_segment(struct hi_store_writer *w, enum hi_segment_kind kind, int64_t hour_us,
			struct hi_segment **out, struct hi_error *e)
{
	*out = hi_segments_find(&w->set, kind, hour_us);
	if (*out)
		return HI_OK;
	if (w->marks.on && w->set.n >= HI_SEGMENTS_MARKED_MAX)
		return hi_error_set(e, HI_USAGE,
				    "more than 65,536 hours of event time between two marks; "
				    "the source must write marks more often");
	if (!w->marks.on && w->set.n >= HI_SEGMENTS_MAX) {
		int s = hi_writer_commit(w, true, NULL, e);
		if (s)
			return s;
	}
	return new_segment(w, kind, hour_us, out, e);
}

static int put_reading(struct hi_store_writer *w, const struct hi_rec *rec, struct hi_error *e)
{
	struct hi_segment *seg = w->hour;
	if (!seg || seg->closed || rec->t_us < seg->hour_us ||
	    rec->t_us >= seg->hour_us + HI_US_H) {
		int s = find_segment(w, HI_SEGMENT_READING, hi_layout_hour(rec->t_us), &seg, e);
		if (s)
			return s;
		w->hour = seg;
	}
	size_t before = seg->rows.len;
	if (hi_row_write(&w->rows, rec, &seg->rows))
		return no_memory(e);
	w->pending_len += seg->rows.len - before;
	hi_segment_note(seg, rec->t_us, rec->patient_id, w->rows.seq);
	if (rec->t_us > w->newest_us)
		w->newest_us = rec->t_us;
	if (w->marks.on)
		hi_stream_clock_reading(&w->marks.clock, rec->patient_id, rec->t_us);
	return hi_segments_put(&w->set, seg, e);
}

static int put_line(struct hi_store_writer *w, const struct hi_rec *rec, enum hi_segment_kind kind,
		    struct hi_error *e)
{
	struct hi_segment *seg;
	int s = find_segment(w, kind, 0, &seg, e);
	if (s)
		return s;
	size_t before = seg->rows.len;
	hi_rec_line(rec, &seg->rows);
	hi_buf_putc(&seg->rows, '\n');
	if (seg->rows.failed)
		return no_memory(e);
	w->pending_len += seg->rows.len - before;
	hi_segment_note_line(seg, hi_row_count(&w->rows));
	return hi_segments_put(&w->set, seg, e);
}

static int put_kept(struct hi_store_writer *w, const struct hi_rec *rec, struct hi_error *e)
{
	size_t before = w->kept.pending.len;
	int s = hi_kept_put(&w->kept, rec, hi_row_count(&w->rows), e);
	w->pending_len += w->kept.pending.len - before;
	return s;
}

static int put(struct hi_store_writer *w, const struct hi_rec *rec, struct hi_error *e)
{
	if (rec->type == HI_T_READING)
		return put_reading(w, rec, e);
	if (hi_kept_is(rec->type))
		return put_kept(w, rec, e);
	if (rec->type == HI_T_MARK)
		return hi_error_set(e, HI_USAGE, "a mark is no record to keep");
	return put_line(w, rec, rec->type == HI_T_REJECT ? HI_SEGMENT_REJECT : HI_SEGMENT_OTHER, e);
}

/* Between two marks rows go to their files without a commit, behind the committed lengths. */
static int relieve(struct hi_store_writer *w, struct hi_error *e)
{
	if (!w->marks.on)
		return hi_writer_commit(w, false, NULL, e);
	w->pending_len = 0;
	return hi_segments_write(&w->set, e);
}

int hi_store_put(struct hi_store_writer *w, const struct hi_rec *rec, struct hi_error *e)
{
	if (w->failed)
		return hi_writer_refuse(w, e);
	int s = put(w, rec, e);
	w->pending.records++;
	w->pending.alerts += rec->type == HI_T_ALERT;
	if (s == HI_OK && w->pending_len >= PENDING_LEN)
		s = relieve(w, e);
	return s ? hi_writer_done(w, s, e) : HI_OK;
}

struct hi_store_pending hi_store_pending(const struct hi_store_writer *w)
{
	return w->pending;
}

int hi_store_commit(struct hi_store_writer *w, struct hi_error *e)
{
	if (w->failed)
		return hi_writer_refuse(w, e);
	if (w->marks.on)
		return hi_error_set(e, HI_USAGE, "a marked stream is committed by its marks alone");
	return hi_writer_done(w, hi_writer_commit(w, false, NULL, e), e);
}
