#include "store/hour.h"

#include <stdlib.h>

#include "base/hash.h"

#define SCORE (UINT64_C(1) << 63)
#define TEXT_MAX (UINT64_C(1) << 40)

enum { ROW_MAX = 8 << 20, NAMES_MAX = INT32_MAX };

/* What loading needs beside the hour. */
struct load {
	struct hi_hour *h;
	const struct hi_filter *f;
	struct hi_patients *patients, *metrics; /* each name's number, in order of appearance */
	struct hi_slice last_time;		/* the last row's, and what it means */
	char last_time_text[HI_TIME_TEXT_MAX];
	int64_t last_us;
};

void hi_hour_init(struct hi_hour *h)
{
	*h = (struct hi_hour){ 0 };
	hi_buf_init(&h->text, TEXT_MAX);
	hi_buf_init(&h->quoted, ROW_MAX);
	hi_buf_init(&h->code, ROW_MAX);
	hi_json_init(&h->json);
}

void hi_hour_release(struct hi_hour *h)
{
	hi_buf_release(&h->text);
	hi_buf_release(&h->quoted);
	hi_buf_release(&h->code);
	hi_json_release(&h->json);
	free(h->row);
}

static int no_memory(struct hi_error *e)
{
	return hi_error_set(e, HI_NOMEM, "no memory for an hour's rows");
}

static bool number_of(struct hi_patients *t, struct hi_slice name, uint32_t *number)
{
	uint32_t *place = hi_patients_get(t, name, hi_hash_slice(name));
	if (!place)
		return false;
	if (*place == 0)
		*place = (uint32_t)hi_patients_count(t);
	*number = *place - 1;
	return true;
}

/* Most rows have the time of the one before. */
static bool time_of(struct load *l, struct hi_slice text, int64_t *t_us)
{
	struct hi_time t;
	if (l->last_time.ptr && hi_slice_eq(text, l->last_time)) {
		*t_us = l->last_us;
		return true;
	}
	if (text.len > sizeof(l->last_time_text) || hi_time_parse(text, &t, NULL))
		return false;
	l->last_time = (struct hi_slice){ memcpy(l->last_time_text, text.ptr, text.len), text.len };
	l->last_us = *t_us = t.t_us;
	return true;
}

static struct hi_hour_row *add_row(struct hi_hour *h)
{
	if (h->n == h->cap) {
		size_t cap = h->cap ? h->cap * 2 : 4096;
		struct hi_hour_row *row = realloc(h->row, cap * sizeof(*row));
		if (!row)
			return NULL;
		h->row = row;
		h->cap = cap;
	}
	return &h->row[h->n++];
}

/* Judges one row; where it is wanted its text moves down to *to behind those before. */
static int take_row(struct load *l, const struct hi_part *p, struct hi_slice line, char **to,
		    struct hi_error *e)
{
	struct hi_row row;
	int64_t t_us;
	struct hi_hour *h = l->h;

	if (!hi_row_read(line, &row, &h->quoted) || !time_of(l, row.timestamp, &t_us))
		return hi_part_corrupt(p, "a row that no writer writes", e);
	if (!hi_filter_time(l->f, t_us) || !hi_filter_metric(l->f, row.metric_name) ||
	    !hi_filter_patient(l->f, row.patient_id))
		return HI_OK;
	bool score = hi_row_is_score(&row, &h->json);
	if (score && !l->f->scores)
		return HI_OK;
	struct hi_hour_row *r = add_row(h);
	if (!r || !number_of(l->patients, row.patient_id, &r->patient) ||
	    !number_of(l->metrics, row.metric_name, &r->metric))
		return no_memory(e);
	r->t_us = t_us;
	r->at = (uint64_t)(*to - h->text.ptr) | (score ? SCORE : 0);
	if (*to != line.ptr)
		memmove(*to, line.ptr, line.len + 1);
	*to += line.len + 1;
	return HI_OK;
}

static int take_part(struct load *l, struct hi_store *s, const struct hi_part *p,
		     struct hi_error *e)
{
	struct hi_buf *text = &l->h->text;
	size_t start = text->len;
	int status = hi_part_read(s, p, text, e);
	if (status)
		return status;
	const char *at = text->ptr + start, *end = text->ptr + text->len;
	char *to = text->ptr + start;
	if (p->from == 0) {
		size_t n = sizeof(HI_ROW_HEADER) - 1;
		if ((size_t)(end - at) < n || memcmp(at, HI_ROW_HEADER, n) != 0)
			return hi_part_corrupt(p, "not a header that a writer writes", e);
		at += n;
	}
	while (at < end && status == HI_OK) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		if (!lf)
			return hi_part_corrupt(p, "a row without an end", e);
		status = take_row(l, p, (struct hi_slice){ at, (size_t)(lf - at) }, &to, e);
		at = lf + 1;
	}
	text->len = (size_t)(to - text->ptr);
	return status;
}

struct name {
	struct hi_slice text;
	uint32_t number;
};

static int compare_names(const void *a, const void *b)
{
	return hi_slice_cmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

/* rank[number] = the name's place in bytewise order; malloc'ed, NULL: no memory. */
static uint32_t *ranks(const struct hi_patients *t)
{
	size_t n = hi_patients_count(t);
	struct name *name = malloc((n + 1) * sizeof(*name));
	uint32_t *rank = malloc((n + 1) * sizeof(*rank));
	if (!name || !rank) {
		free(name);
		free(rank);
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		name[i].number = (uint32_t)i;
		hi_patients_at(t, i, &name[i].text);
	}
	qsort(name, n, sizeof(*name), compare_names);
	for (size_t i = 0; i < n; i++)
		rank[name[i].number] = (uint32_t)i;
	free(name);
	return rank;
}

/* Numbers become ranks, so that rows compare by integers. */
static int rank_rows(struct load *l, struct hi_error *e)
{
	uint32_t *patient = ranks(l->patients), *metric = ranks(l->metrics);
	int s = patient && metric ? HI_OK : no_memory(e);
	for (size_t i = 0; s == HI_OK && i < l->h->n; i++) {
		l->h->row[i].patient = patient[l->h->row[i].patient];
		l->h->row[i].metric = metric[l->h->row[i].metric];
	}
	free(patient);
	free(metric);
	return s;
}

/* By time, patient, metric: <0, 0, >0. */
static int compare_keys(const struct hi_hour_row *a, const struct hi_hour_row *b)
{
	if (a->t_us != b->t_us)
		return a->t_us < b->t_us ? -1 : 1;
	if (a->patient != b->patient)
		return a->patient < b->patient ? -1 : 1;
	return (a->metric > b->metric) - (a->metric < b->metric);
}

static size_t run_end(const struct hi_hour_row *row, size_t from, size_t n)
{
	size_t i = from + 1;
	while (i < n && compare_keys(&row[i - 1], &row[i]) <= 0)
		i++;
	return i < n ? i : n;
}

static void merge(const struct hi_hour_row *a, size_t a_n, const struct hi_hour_row *b, size_t b_n,
		  struct hi_hour_row *to)
{
	while (a_n && b_n) {
		if (compare_keys(a, b) <= 0) {
			*to++ = *a++;
			a_n--;
		} else {
			*to++ = *b++;
			b_n--;
		}
	}
	memcpy(to, a, a_n * sizeof(*a));
	memcpy(to + a_n, b, b_n * sizeof(*b));
}

/*
 * A natural merge sort: stable, so that rows of equal keys stay in order of
 * arrival, and one pass over rows that are in order already, as most hours are but
 * for what came late.
 */
static int sort_rows(struct hi_hour *h, struct hi_error *e)
{
	if (h->n == 0 || run_end(h->row, 0, h->n) == h->n)
		return HI_OK;
	struct hi_hour_row *other = malloc(h->cap * sizeof(*other));
	if (!other)
		return no_memory(e);
	for (bool sorted = false; !sorted;) {
		size_t at = 0;
		while (at < h->n) {
			size_t mid = run_end(h->row, at, h->n);
			size_t end = mid < h->n ? run_end(h->row, mid, h->n) : mid;
			merge(h->row + at, mid - at, h->row + mid, end - mid, other + at);
			sorted = at == 0 && end == h->n;
			at = end;
		}
		struct hi_hour_row *merged = other;
		other = h->row;
		h->row = merged;
	}
	free(other);
	return HI_OK;
}

struct hi_slice hi_hour_text(const struct hi_hour *h, size_t i)
{
	const char *p = h->text.ptr + (h->row[i].at & ~SCORE);
	const char *lf = memchr(p, '\n', h->text.len - (size_t)(p - h->text.ptr));
	return (struct hi_slice){ p, (size_t)(lf - p) };
}

/* Columns behind the key, for rows whose keys are equal; a and b are their own scratch. */
struct compared {
	struct hi_hour *h;
	struct hi_buf a, b;
};

static struct hi_row columns(const struct hi_hour *h, const struct hi_hour_row *r,
			     struct hi_buf *scratch)
{
	struct hi_row row = { 0 };
	const char *p = h->text.ptr + (r->at & ~SCORE);
	const char *lf = memchr(p, '\n', h->text.len - (size_t)(p - h->text.ptr));
	hi_row_read((struct hi_slice){ p, (size_t)(lf - p) }, &row, scratch);
	return row;
}

static int compare_rest(const struct hi_hour_row *x, const struct hi_hour_row *y,
			struct compared *with)
{
	struct hi_row a = columns(with->h, x, &with->a), b = columns(with->h, y, &with->b);
	int c = hi_slice_cmp(a.value, b.value);
	c = c ? c : hi_slice_cmp(a.unit, b.unit);
	return c ? c : hi_slice_cmp(a.extra, b.extra);
}

static int compare_all(const void *x, const void *y, void *with)
{
	const struct hi_hour_row *a = x, *b = y;
	int c = compare_rest(a, b, with);
	return c ? c : (a->at > b->at) - (a->at < b->at);
}

/* Rows of one key: the last score stays, the rest is sorted by its other columns, each once. */
static size_t settle_group(struct compared *with, struct hi_hour_row *g, size_t n,
			   struct hi_hour_row *to)
{
	size_t kept = 0, out = 0;
	for (size_t i = 0; i < n; i++) {
		bool later = false;
		for (size_t j = i + 1; (g[i].at & SCORE) && j < n && !later; j++)
			later = g[j].at & SCORE;
		if (!later)
			g[kept++] = g[i];
	}
	qsort_r(g, kept, sizeof(*g), compare_all, with);
	for (size_t i = 0; i < kept; i++)
		if (i == 0 || compare_rest(&g[i - 1], &g[i], with) != 0)
			to[out++] = g[i];
	return out;
}

/* Each row once, in place. */
static void settle_rows(struct hi_hour *h)
{
	struct compared with = { .h = h };
	size_t to = 0;
	hi_buf_init(&with.a, ROW_MAX);
	hi_buf_init(&with.b, ROW_MAX);
	for (size_t i = 0, end; i < h->n; i = end) {
		for (end = i + 1; end < h->n && compare_keys(&h->row[i], &h->row[end]) == 0;)
			end++;
		if (end - i == 1)
			h->row[to++] = h->row[i];
		else
			to += settle_group(&with, h->row + i, end - i, h->row + to);
	}
	h->n = to;
	hi_buf_release(&with.a);
	hi_buf_release(&with.b);
}

int hi_hour_load(struct hi_hour *h, struct hi_store *s, const struct hi_part *parts, size_t n,
		 const struct hi_filter *f, struct hi_error *e)
{
	struct load l = { .h = h, .f = f };
	int status = HI_OK;

	hi_buf_reset(&h->text);
	h->n = 0;
	l.patients = hi_patients_new(sizeof(uint32_t), NAMES_MAX);
	l.metrics = hi_patients_new(sizeof(uint32_t), NAMES_MAX);
	if (!l.patients || !l.metrics)
		status = no_memory(e);
	for (size_t i = 0; i < n && status == HI_OK; i++)
		status = take_part(&l, s, &parts[i], e);
	status = status ? status : rank_rows(&l, e);
	status = status ? status : sort_rows(h, e);
	if (status == HI_OK)
		settle_rows(h);
	hi_patients_free(l.patients);
	hi_patients_free(l.metrics);
	return status;
}

int hi_hour_record(struct hi_hour *h, size_t i, struct hi_rec *rec, struct hi_error *e)
{
	struct hi_row row;
	bool score = h->row[i].at & SCORE;
	if (hi_row_read(hi_hour_text(h, i), &row, &h->quoted) &&
	    hi_row_record(&row, score, h->row[i].t_us, &h->code, rec))
		return HI_OK;
	return hi_error_set(e, HI_CORRUPT, "a row that no writer writes");
}
