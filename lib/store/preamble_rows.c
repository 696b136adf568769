/*
 * Which rows give filters their memory back.
 *
 * The first pass over the recent rows finds each patient's clock and the latest row
 * of each metric, and so the start. The second follows the clock once more, in the
 * same order of arrival, and gives all of a patient's rows from the one on that moves
 * the clock to start or beyond, or that comes earlier with a time that the clock is to
 * reach. Most often that one sets the clock of who hears it to the very same. Where it
 * does not, the rows that have set the clock to where it stands are given before it.
 */
#include <stdlib.h>

#include "store/heard.h"
#include "store/preamble_private.h"

enum { TEXT_MAX = 16 << 20 };

struct hi_preamble_rows {
	struct hi_store *store;
	struct hi_preamble_snapshot *n;
	struct hi_heard heard;
	struct hi_arrival *arrival;   /* of the pass that runs */
	uint64_t cut_writer, cut_seq; /* of the last row's writer; no writer has number 0 */
	/* The second pass. */
	int64_t older_us; /* of the older segments those whose clock is not before */
	struct hi_parts parts;
	struct hi_buf text;
	int (*line)(void *arg, struct hi_slice line);
	void *arg;
};

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Order of arrival. */
static bool came_before(uint64_t writer, uint64_t seq, const struct hi_arrival_row *row)
{
	return writer != row->writer ? writer < row->writer : seq < row->seq;
}

static struct hi_heard_patient *alarm_patient(struct hi_preamble_rows *r,
					      const struct hi_preamble_alarm *a)
{
	return hi_heard_find(&r->heard, (struct hi_slice){ a->patient_id, a->patient_len });
}

/*
 * An alarm whose onset is far ahead, of one wrong time, began where the patient's
 * clock stood when it came. False: that was before the recent rows.
 */
static void note_alarm(struct hi_preamble_rows *r, struct hi_preamble_alarm *a)
{
	const struct hi_heard_patient *p = alarm_patient(r, a);
	if (p && a->onset_us - HI_CLOCK_ZERO > p->clock.now)
		a->onset_us = p->clock.now + HI_CLOCK_ZERO;
}

static bool is_older(struct hi_preamble_rows *r, const struct hi_arrival_row *row)
{
	if (r->cut_writer != row->writer) {
		const struct hi_preamble_cut *cut = hi_preamble_cut_of(r->n, row->writer);
		r->cut_writer = row->writer;
		r->cut_seq = cut ? cut->seq : 0;
	}
	return row->seq <= r->cut_seq;
}

static int hear(struct hi_preamble_rows *r, struct hi_error *e)
{
	struct hi_preamble_snapshot *n = r->n;
	struct hi_arrival_row row;
	size_t alarm = 0;
	int s = hi_arrival_new(&r->arrival, r->store, n->recent.v, n->recent.n, NULL, e);
	while (s == HI_OK && (s = hi_arrival_row(r->arrival, &row, e)) == HI_OK) {
		for (; alarm < n->alarms_n &&
		       came_before(n->alarm[alarm].writer, n->alarm[alarm].seq, &row);
		     alarm++)
			note_alarm(r, &n->alarm[alarm]);
		s = hi_heard_note(&r->heard, &row, e);
	}
	for (; alarm < n->alarms_n; alarm++)
		note_alarm(r, &n->alarm[alarm]);
	hi_arrival_free(r->arrival);
	r->arrival = NULL;
	return s == HI_END ? HI_OK : s;
}

/*
 * What came before the recent rows is wanted where an alarm began before them, or may
 * have, as its delay and the window go: then as if the stream's clock had stood there.
 */
static bool wants_older(const struct hi_preamble_rows *r, const struct hi_heard_patient *p,
			const struct hi_preamble_alarm *a)
{
	return p->start < p->first || a->clock_us < r->n->from_us + 2 * r->n->window_us;
}

static void find_starts(struct hi_preamble_rows *r)
{
	const int64_t window_us = r->n->window_us;
	struct hi_slice id;
	for (size_t i = 0; i < hi_patients_count(r->heard.patients); i++) {
		struct hi_heard_patient *p = hi_patients_at(r->heard.patients, i, &id);
		p->newest = p->clock.now;
		p->start = p->newest - window_us;
		p->clock = (struct hi_patient_clock){ 0 };
	}
	for (uint32_t i = 1; i < r->heard.latest_n; i++)
		r->heard.latest[i].ahead.t = 0;
	r->older_us = HI_TIME_END;
	for (size_t i = 0; i < r->n->alarms_n; i++) {
		const struct hi_preamble_alarm *a = &r->n->alarm[i];
		struct hi_heard_patient *p = alarm_patient(r, a);
		int64_t start = a->onset_us - HI_CLOCK_ZERO - window_us;
		if (!p || start >= p->start)
			continue;
		p->start = start;
		if (!wants_older(r, p, a))
			continue;
		p->older = true;
		r->older_us = least(r->older_us, a->clock_us - HI_PREAMBLE_HEARD_US - window_us);
	}
}

int hi_preamble_rows_new(struct hi_preamble_rows **out, struct hi_store *s,
			 struct hi_preamble_snapshot *n, struct hi_error *e)
{
	struct hi_preamble_rows *r = calloc(1, sizeof(*r));
	*out = r;
	if (!r)
		return hi_error_set(e, HI_NOMEM, "no memory for a preamble");
	r->store = s;
	r->n = n;
	hi_buf_init(&r->text, TEXT_MAX);
	int status = hi_heard_init(&r->heard, n->cuts_n > 0, e);
	status = status ? status : hear(r, e);
	if (status == HI_OK)
		find_starts(r);
	return status;
}

void hi_preamble_rows_free(struct hi_preamble_rows *r)
{
	if (!r)
		return;
	hi_arrival_free(r->arrival);
	hi_heard_release(&r->heard);
	hi_parts_release(&r->parts);
	hi_buf_release(&r->text);
	free(r);
}

bool hi_preamble_rows_start(struct hi_preamble_rows *r, struct hi_slice patient_id, int64_t *t_us)
{
	const struct hi_heard_patient *p = hi_heard_find(&r->heard, patient_id);
	if (p)
		*t_us = p->start + HI_CLOCK_ZERO;
	return p;
}

static int in_order(const void *a, const void *b)
{
	const struct hi_part *x = a, *y = b;
	if (x->writer != y->writer)
		return x->writer < y->writer ? -1 : 1;
	if (x->first_seq != y->first_seq)
		return x->first_seq < y->first_seq ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

/*
 * The recent ones, and the older ones of alarms. As those are, they are an end of the
 * order of arrival: a segment that was open for long has earlier rows, too, between
 * which others are not read.
 */
static int choose_parts(struct hi_preamble_rows *r, struct hi_error *e)
{
	const struct hi_parts *recent = &r->n->recent, *older = &r->n->older;
	struct hi_parts *p = &r->parts;
	p->v = malloc((recent->n + older->n + 1) * sizeof(*p->v));
	if (!p->v)
		return hi_error_set(e, HI_NOMEM, "no memory for a list of segments");
	for (size_t i = 0; i < older->n; i++) {
		struct hi_preamble_cut *cut = hi_preamble_cut_of(r->n, older->v[i].writer);
		if (older->v[i].clock_us >= r->older_us)
			p->v[p->n++] = older->v[i];
		else if (cut->older < older->v[i].last_seq)
			cut->older = older->v[i].last_seq;
	}
	bool some = p->n > 0;
	for (size_t i = 0; i < recent->n; i++)
		p->v[p->n++] = recent->v[i];
	for (size_t i = 0; some && i < p->n; i++) {
		const struct hi_preamble_cut *cut = hi_preamble_cut_of(r->n, p->v[i].writer);
		p->v[i].behind = cut ? cut->older : 0;
	}
	qsort(p->v, p->n, sizeof(*p->v), in_order);
	return HI_OK;
}

static int write_record(struct hi_preamble_rows *r, const struct hi_rec *rec, struct hi_error *e)
{
	hi_buf_reset(&r->text);
	hi_rec_line(rec, &r->text);
	if (r->text.failed)
		return hi_error_set(e, HI_NOMEM, "no memory for a line");
	return r->line(r->arg, hi_buf_view(&r->text));
}

static int in_arrival(const void *a, const void *b)
{
	const struct hi_heard_row *x = a, *y = b;
	if (x->part->writer != y->part->writer)
		return x->part->writer < y->part->writer ? -1 : 1;
	return (x->seq > y->seq) - (x->seq < y->seq);
}

/* A row of p that has passed; as the latest of its metric it is not wanted once more. */
static int give_again(struct hi_preamble_rows *r, const struct hi_heard_patient *p,
		      struct hi_heard_row row, struct hi_error *e)
{
	struct hi_rec rec;
	for (uint32_t i = p->latest; i; i = r->heard.latest[i].next) {
		struct hi_heard_row *l = &r->heard.latest[i].row;
		if (l->t && in_arrival(l, &row) == 0)
			l->t = 0;
	}
	int s = hi_arrival_again(r->arrival, row.part, row.at, row.len, &rec, e);
	return s ? s : write_record(r, &rec, e);
}

static int give(struct hi_preamble_rows *r, struct hi_error *e)
{
	struct hi_rec rec;
	int s = hi_arrival_record(r->arrival, &rec, e);
	return s ? s : write_record(r, &rec, e);
}

static bool is_wanted(const struct hi_heard_patient *p, const struct hi_heard_row *latest)
{
	return latest->t && latest->t < p->start && latest->t >= p->newest - HI_PREAMBLE_HEARD_US;
}

/* The latest rows of metrics up to time t, as far as they came before row and were not given. */
static int give_latest(struct hi_preamble_rows *r, const struct hi_heard_patient *p, int64_t t,
		       const struct hi_arrival_row *row, struct hi_error *e)
{
	int s = HI_OK;
	for (uint32_t i = p->latest; i && s == HI_OK; i = r->heard.latest[i].next) {
		const struct hi_heard_row *l = &r->heard.latest[i].row;
		if (is_wanted(p, l) && l->t <= t && came_before(l->part->writer, l->seq, row))
			s = give_again(r, p, *l, e);
	}
	return s;
}

/* The rows that wait far ahead of p's clock, of each metric the last. */
static int give_ahead(struct hi_preamble_rows *r, const struct hi_heard_patient *p,
		      struct hi_error *e)
{
	size_t n = 0;
	int s = HI_OK;
	for (uint32_t i = p->latest; i; i = r->heard.latest[i].next)
		n++;
	struct hi_heard_row *v = malloc(n * sizeof(*v));
	if (!v)
		return hi_error_set(e, HI_NOMEM, "no memory for a preamble");
	n = 0;
	for (uint32_t i = p->latest; i; i = r->heard.latest[i].next)
		if (r->heard.latest[i].ahead.t)
			v[n++] = r->heard.latest[i].ahead;
	qsort(v, n, sizeof(*v), in_arrival);
	for (size_t i = 0; i < n && s == HI_OK; i++)
		s = give_again(r, p, v[i], e);
	free(v);
	return s;
}

/*
 * Where a clock is not simply set by row, the rows that have set it to where it stood,
 * c, are all that it was made of. What is given between them is late, and changes nothing.
 */
static int begin(struct hi_preamble_rows *r, const struct hi_heard_patient *p,
		 const struct hi_patient_clock *c, const struct hi_arrival_row *row,
		 struct hi_error *e)
{
	bool calm_before = came_before(p->calm_writer, p->calm_seq, row);
	bool simple = p->clock.now == row->t_us - HI_CLOCK_ZERO && !p->clock.ahead;
	int s = HI_OK;
	if (c->now == 0 || (simple && !calm_before))
		return HI_OK;
	s = give_again(r, p, p->now, e);
	if (s == HI_OK && calm_before)
		s = give_latest(r, p, c->now, row, e);
	if (s == HI_OK && c->ahead)
		s = give_ahead(r, p, e);
	return s;
}

/* The latest rows that are given as they come are not wanted besides. */
static void leave_latest(struct hi_preamble_rows *r, const struct hi_heard_patient *p,
			 const struct hi_arrival_row *row)
{
	for (uint32_t i = p->latest; i; i = r->heard.latest[i].next) {
		struct hi_heard_row *l = &r->heard.latest[i].row;
		if (l->t && !came_before(l->part->writer, l->seq, row))
			l->t = 0;
	}
}

/* Which rows have set the clock to where it stands, and wait ahead of it. */
static void follow(struct hi_preamble_rows *r, struct hi_heard_patient *p,
		   const struct hi_patient_clock *before, const struct hi_arrival_row *row)
{
	struct hi_heard_row seen = hi_heard_row(row);
	bool moved = p->clock.now != before->now;
	if (before->ahead && (moved || !p->clock.ahead))
		for (uint32_t i = p->latest; i; i = r->heard.latest[i].next)
			r->heard.latest[i].ahead.t = 0;
	if (moved)
		p->now = p->clock.now == seen.t ? seen : p->ahead;
	if (p->clock.ahead != seen.t)
		return;
	p->ahead = seen;
	struct hi_heard_latest *l = hi_heard_latest(&r->heard, p, row->metric_name);
	if (l)
		l->ahead = seen;
}

/* A time that the clock must not begin with, because what came before it is not read. */
static bool is_mistaken(const struct hi_preamble_rows *r, struct hi_heard_patient *p, int64_t t,
			bool older)
{
	bool first = p->mistaken && !older;
	if (first)
		p->mistaken = false;
	return first || (r->heard.cut && p->clock.now == 0 && t > p->newest);
}

static int weigh(struct hi_preamble_rows *r, const struct hi_arrival_row *row, struct hi_error *e)
{
	struct hi_heard_patient *p = hi_heard_find(&r->heard, row->patient_id);
	int64_t t = row->t_us - HI_CLOCK_ZERO;
	bool older = is_older(r, row);
	int s = HI_OK;
	if (!p || (older && !p->older) || is_mistaken(r, p, t, older))
		return HI_OK;
	struct hi_patient_clock before = p->clock;
	hi_patient_clock_move(&p->clock, t, 0);
	if (!p->begun && p->clock.now < p->start && (t < p->start || t > p->newest)) {
		follow(r, p, &before, row);
		return HI_OK;
	}
	if (!p->begun) {
		p->begun = true;
		leave_latest(r, p, row);
		s = begin(r, p, &before, row, e);
	}
	s = s ? s : give(r, e);
	if (s == HI_OK && p->calm_writer == row->writer && p->calm_seq == row->seq)
		s = give_latest(r, p, p->start, row, e);
	return s;
}

int hi_preamble_rows_write(struct hi_preamble_rows *r, int (*line)(void *arg, struct hi_slice line),
			   void *arg, struct hi_error *e)
{
	struct hi_arrival_row row;
	r->line = line;
	r->arg = arg;
	int s = choose_parts(r, e);
	s = s ? s : hi_arrival_new(&r->arrival, r->store, r->parts.v, r->parts.n, NULL, e);
	while (s == HI_OK && (s = hi_arrival_row(r->arrival, &row, e)) == HI_OK)
		s = weigh(r, &row, e);
	return s == HI_END ? HI_OK : s;
}
