#include "store/arrival.h"

#include <stdlib.h>

#include "store/vector.h"

enum { ROW_MAX = 8 << 20 };

/* One segment being read, its next row split into columns. */
struct stream {
	const struct hi_part *part;
	uint64_t at; /* read so far */
	uint32_t crc;
	struct hi_buf block;
	size_t block_at;
	struct hi_slice line; /* of row */
	struct hi_row row;
	struct hi_buf quoted;
	uint64_t behind; /* rows up to this one are not wanted */
};

struct hi_arrival {
	struct hi_store *store;
	const struct hi_filter *f;
	const struct hi_part *part, *parts_end; /* not begun yet */
	struct stream **heap;			/* the least (writer, seq) first */
	size_t n, cap;
	bool top_given; /* the top's row was handed out; it moves on at the next call */
	struct hi_json json;
	struct hi_buf code;
	struct hi_buf again, again_quoted;
	char time[HI_TIME_TEXT_MAX]; /* the last timestamp that was read: sets share it */
	size_t time_len;
	int64_t time_us;
};

int hi_arrival_new(struct hi_arrival **out, struct hi_store *s, const struct hi_part *parts,
		   size_t n, const struct hi_filter *f, struct hi_error *e)
{
	struct hi_arrival *a = calloc(1, sizeof(*a));
	*out = a;
	if (!a)
		return hi_error_set(e, HI_NOMEM, "no memory for reading");
	a->store = s;
	a->f = f;
	a->part = parts;
	a->parts_end = parts + n;
	hi_json_init(&a->json);
	hi_buf_init(&a->code, ROW_MAX);
	hi_buf_init(&a->again, ROW_MAX);
	hi_buf_init(&a->again_quoted, ROW_MAX);
	return HI_OK;
}

static void close_stream(struct stream *s)
{
	hi_buf_release(&s->block);
	hi_buf_release(&s->quoted);
	free(s);
}

void hi_arrival_free(struct hi_arrival *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->n; i++)
		close_stream(a->heap[i]);
	free(a->heap);
	hi_json_release(&a->json);
	hi_buf_release(&a->code);
	hi_buf_release(&a->again);
	hi_buf_release(&a->again_quoted);
	free(a);
}

/* The next line without LF. HI_OK, HI_END, or negative. */
static int next_line(struct hi_arrival *a, struct stream *s, struct hi_slice *line,
		     struct hi_error *e)
{
	for (;;) {
		const char *p = s->block.ptr + s->block_at;
		size_t n = s->block.len - s->block_at;
		const char *lf = n ? memchr(p, '\n', n) : NULL;
		if (lf) {
			*line = (struct hi_slice){ p, (size_t)(lf - p) };
			s->block_at += line->len + 1;
			return HI_OK;
		}
		if (s->at == s->part->to)
			return n ? hi_part_corrupt(s->part, "a row without an end", e) : HI_END;
		if (n && s->block_at)
			memmove(s->block.ptr, p, n);
		s->block.len = n;
		s->block_at = 0;
		int status = hi_part_read_some(a->store, s->part, &s->at, &s->crc, HI_ARRIVAL_BLOCK,
					       &s->block, e);
		if (status)
			return status;
	}
}

static int odd_row(const struct hi_part *p, struct hi_error *e)
{
	return hi_part_corrupt(p, "a row that no writer writes", e);
}

/* Where there is no filter the other columns are read for those rows alone that are asked for. */
static int next_row(struct hi_arrival *a, struct stream *s, struct hi_error *e)
{
	bool ok = true;
	int status;
	do {
		status = next_line(a, s, &s->line, e);
		if (status == HI_OK)
			ok = a->f ? hi_row_read(s->line, &s->row, &s->quoted)
				  : hi_row_read_head(s->line, &s->row, &s->quoted);
	} while (status == HI_OK && ok && s->row.seq <= s->behind);
	return ok ? status : odd_row(s->part, e);
}

static bool before(const struct stream *a, const struct stream *b)
{
	if (a->part->writer != b->part->writer)
		return a->part->writer < b->part->writer;
	return a->row.seq < b->row.seq;
}

static void sift_down(struct hi_arrival *a)
{
	for (size_t i = 0, child; (child = 2 * i + 1) < a->n; i = child) {
		if (child + 1 < a->n && before(a->heap[child + 1], a->heap[child]))
			child++;
		if (!before(a->heap[child], a->heap[i]))
			return;
		struct stream *t = a->heap[i];
		a->heap[i] = a->heap[child];
		a->heap[child] = t;
	}
}

static bool push(struct hi_arrival *a, struct stream *s)
{
	if (a->n == a->cap) {
		size_t cap = a->cap ? a->cap * 2 : 16;
		struct stream **heap = realloc(a->heap, cap * sizeof(struct stream *));
		if (!heap)
			return false;
		a->heap = heap;
		a->cap = cap;
	}
	size_t i = a->n++;
	for (; i > 0 && before(s, a->heap[(i - 1) / 2]); i = (i - 1) / 2)
		a->heap[i] = a->heap[(i - 1) / 2];
	a->heap[i] = s;
	return true;
}

static int open_stream(struct hi_arrival *a, const struct hi_part *p, struct hi_error *e)
{
	struct stream *s = calloc(1, sizeof(*s));
	struct hi_slice header;
	int status = HI_OK;
	if (!s)
		return hi_error_set(e, HI_NOMEM, "no memory for reading");
	s->part = p;
	s->at = p->from;
	s->crc = p->crc_from;
	s->behind = a->f && a->f->after ? hi_vector_seq(a->f->after, p->writer) : p->behind;
	hi_buf_init(&s->block, ROW_MAX);
	hi_buf_init(&s->quoted, ROW_MAX);
	if (p->from == 0)
		status = next_line(a, s, &header, e);
	status = status ? status : next_row(a, s, e);
	if (status == HI_OK && push(a, s))
		return HI_OK;
	close_stream(s);
	if (status == HI_OK)
		return hi_error_set(e, HI_NOMEM, "no memory for reading");
	return status == HI_END ? HI_OK : status;
}

/* Begins every segment whose first row may come before the least one there is. */
static int begin_streams(struct hi_arrival *a, struct hi_error *e)
{
	int status = HI_OK;
	while (status == HI_OK && a->part < a->parts_end) {
		const struct hi_part *p = a->part;
		const struct stream *top = a->n ? a->heap[0] : NULL;
		if (top && (top->part->writer < p->writer ||
			    (top->part->writer == p->writer && top->row.seq < p->first_seq)))
			break;
		a->part++;
		status = open_stream(a, p, e);
	}
	return status;
}

static int advance_top(struct hi_arrival *a, struct hi_error *e)
{
	int status = next_row(a, a->heap[0], e);
	if (status == HI_END) {
		close_stream(a->heap[0]);
		a->heap[0] = a->heap[--a->n];
		status = HI_OK;
	}
	sift_down(a);
	return status;
}

static int read_time(struct hi_arrival *a, const struct hi_part *p, struct hi_slice text,
		     int64_t *t_us, struct hi_error *e)
{
	struct hi_time t;
	if (text.len == 0 || text.len != a->time_len || memcmp(text.ptr, a->time, text.len) != 0) {
		if (text.len > sizeof(a->time) || hi_time_parse(text, &t, NULL))
			return odd_row(p, e);
		memcpy(a->time, text.ptr, text.len);
		a->time_len = text.len;
		a->time_us = t.t_us;
	}
	*t_us = a->time_us;
	return HI_OK;
}

static int make_record(struct hi_arrival *a, const struct hi_part *p, const struct hi_row *row,
		       struct hi_rec *rec, struct hi_error *e)
{
	int64_t t_us;
	int status = read_time(a, p, row->timestamp, &t_us, e);
	if (status)
		return status;
	bool score = hi_row_is_score(row, &a->json);
	return hi_row_record(row, score, t_us, &a->code, rec) ? HI_OK : odd_row(p, e);
}

/* The top's row as a record: HI_OK, HI_REFUSED where the filter leaves it out, or negative. */
static int judge_top(struct hi_arrival *a, struct hi_rec *rec, struct hi_error *e)
{
	struct stream *s = a->heap[0];
	int64_t t_us;
	int status = read_time(a, s->part, s->row.timestamp, &t_us, e);
	if (status)
		return status;
	if (!hi_filter_time(a->f, t_us) || !hi_filter_patient(a->f, s->row.patient_id) ||
	    !hi_filter_metric(a->f, s->row.metric_name))
		return HI_REFUSED;
	status = make_record(a, s->part, &s->row, rec, e);
	return status == HI_OK && (rec->has & HI_HAS_TOOL) && !a->f->scores ? HI_REFUSED : status;
}

/* Makes the next row the top. HI_OK, HI_END or negative. */
static int next_top(struct hi_arrival *a, struct hi_error *e)
{
	int status = a->top_given ? advance_top(a, e) : HI_OK;
	a->top_given = false;
	status = status ? status : begin_streams(a, e);
	if (status || a->n == 0)
		return status ? status : HI_END;
	a->top_given = true;
	return HI_OK;
}

int hi_arrival_next(struct hi_arrival *a, struct hi_rec *rec, uint64_t *writer, uint64_t *seq,
		    struct hi_error *e)
{
	int status;
	do {
		status = next_top(a, e);
		status = status ? status : judge_top(a, rec, e);
	} while (status == HI_REFUSED);
	if (status == HI_OK) {
		*writer = a->heap[0]->part->writer;
		*seq = a->heap[0]->row.seq;
	}
	return status;
}

int hi_arrival_row(struct hi_arrival *a, struct hi_arrival_row *row, struct hi_error *e)
{
	int status = next_top(a, e);
	if (status)
		return status;
	const struct stream *s = a->heap[0];
	uint64_t block_from = s->at - s->block.len;
	*row = (struct hi_arrival_row){
		.patient_id = s->row.patient_id,
		.metric_name = s->row.metric_name,
		.writer = s->part->writer,
		.seq = s->row.seq,
		.part = s->part,
		.at = block_from + (uint64_t)(s->line.ptr - s->block.ptr),
		.len = s->line.len,
	};
	return read_time(a, s->part, s->row.timestamp, &row->t_us, e);
}

int hi_arrival_record(struct hi_arrival *a, struct hi_rec *rec, struct hi_error *e)
{
	struct stream *s = a->heap[0];
	if (!hi_row_read(s->line, &s->row, &s->quoted))
		return odd_row(s->part, e);
	return make_record(a, s->part, &s->row, rec, e);
}

int hi_arrival_again(struct hi_arrival *a, const struct hi_part *part, uint64_t at, size_t len,
		     struct hi_rec *rec, struct hi_error *e)
{
	struct hi_row row;
	hi_buf_reset(&a->again);
	int status = hi_part_read_again(a->store, part, at, len, &a->again, e);
	if (status)
		return status;
	if (!hi_row_read(hi_buf_view(&a->again), &row, &a->again_quoted))
		return odd_row(part, e);
	return make_record(a, part, &row, rec, e);
}
