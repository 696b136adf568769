#include "store/last.h"

#include <stdlib.h>

#include "base/hash.h"

#define TEXT_MAX (UINT64_C(1) << 40)

enum { ROW_MAX = 8 << 20, SERIES_MAX = INT32_MAX };

struct kept_row {
	uint64_t at; /* of its text, LF behind it */
	int64_t t_us;
	bool score;
};

struct hi_last {
	struct hi_buf text;
	struct kept_row *row; /* the newest first; given out from the end */
	size_t n, cap;
	struct hi_patients *series; /* patient, LF, metric: how many of it there are */
	size_t full_n;		    /* series that need no more */
	struct hi_buf name, quoted, code;
};

static int no_memory(struct hi_error *e)
{
	return hi_error_set(e, HI_NOMEM, "no memory for the last readings");
}

static bool add_row(struct hi_last *l, struct hi_slice text, const struct hi_rec *rec)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 256;
		struct kept_row *row = realloc(l->row, cap * sizeof(*row));
		if (!row)
			return false;
		l->row = row;
		l->cap = cap;
	}
	l->row[l->n++] = (struct kept_row){ l->text.len, rec->t_us, hi_rec_is_score(rec) };
	hi_buf_slice(&l->text, text);
	hi_buf_putc(&l->text, '\n');
	return !l->text.failed;
}

/* No id holds a line feed, so the name of a series is one of its own. */
static int64_t *count_of(struct hi_last *l, const struct hi_rec *rec)
{
	hi_buf_reset(&l->name);
	hi_buf_slice(&l->name, rec->patient_id);
	hi_buf_putc(&l->name, '\n');
	hi_buf_slice(&l->name, rec->metric_name);
	if (l->name.failed)
		return NULL;
	struct hi_slice name = hi_buf_view(&l->name);
	return hi_patients_get(l->series, name, hi_hash_slice(name));
}

static int take_hour(struct hi_last *l, struct hi_hour *h, int64_t last_n, struct hi_error *e)
{
	struct hi_rec rec;
	for (size_t i = h->n; i-- > 0;) {
		int s = hi_hour_record(h, i, &rec, e);
		if (s)
			return s;
		int64_t *count = count_of(l, &rec);
		if (!count)
			return no_memory(e);
		if (*count == last_n)
			continue;
		if (!add_row(l, hi_hour_text(h, i), &rec))
			return no_memory(e);
		l->full_n += ++*count == last_n;
	}
	return HI_OK;
}

static int take_hours(struct hi_last *l, struct hi_store *s, struct hi_hour *hour,
		      const struct hi_parts *parts, const struct hi_select *sel,
		      const struct hi_filter *f, struct hi_error *e)
{
	/* Where both are named, enough is known to be enough. */
	size_t wanted = sel->patients_n * sel->metrics_n;
	for (size_t end = parts->n, from; end > 0; end = from) {
		for (from = end - 1;
		     from > 0 && parts->v[from - 1].hour_us == parts->v[from].hour_us;)
			from--;
		int status = hi_hour_load(hour, s, parts->v + from, end - from, f, e);
		status = status ? status : take_hour(l, hour, sel->last_n, e);
		if (status || (wanted > 0 && l->full_n == wanted))
			return status;
	}
	return HI_OK;
}

int hi_last_new(struct hi_last **out, struct hi_store *s, struct hi_hour *hour,
		const struct hi_parts *parts, const struct hi_select *sel,
		const struct hi_filter *f, struct hi_error *e)
{
	struct hi_last *l = calloc(1, sizeof(*l));
	*out = l;
	if (!l)
		return no_memory(e);
	hi_buf_init(&l->text, TEXT_MAX);
	hi_buf_init(&l->name, ROW_MAX);
	hi_buf_init(&l->quoted, ROW_MAX);
	hi_buf_init(&l->code, ROW_MAX);
	l->series = hi_patients_new(sizeof(int64_t), SERIES_MAX);
	if (!l->series)
		return no_memory(e);
	int status = take_hours(l, s, hour, parts, sel, f, e);
	hour->n = 0;
	return status;
}

void hi_last_free(struct hi_last *l)
{
	if (!l)
		return;
	hi_buf_release(&l->text);
	hi_buf_release(&l->name);
	hi_buf_release(&l->quoted);
	hi_buf_release(&l->code);
	hi_patients_free(l->series);
	free(l->row);
	free(l);
}

int hi_last_next(struct hi_last *l, struct hi_rec *rec, struct hi_error *e)
{
	struct hi_row row;
	if (l->n == 0)
		return HI_END;
	const struct kept_row *r = &l->row[--l->n];
	const char *p = l->text.ptr + r->at;
	const char *lf = memchr(p, '\n', l->text.len - r->at);
	if (hi_row_read((struct hi_slice){ p, (size_t)(lf - p) }, &row, &l->quoted) &&
	    hi_row_record(&row, r->score, r->t_us, &l->code, rec))
		return HI_OK;
	return hi_error_set(e, HI_CORRUPT, "a row that no writer writes");
}
