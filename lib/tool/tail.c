#include "tool/tail.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/time.h"
#include "state/patients.h"

enum { SERIES_MAX = 64 * 1000 * 1000, KEY_MAX = HI_PATIENT_ID_MAX + 1 + HI_METRIC_NAME_MAX };

struct line {
	char *text; /* NULL: not among the last after all */
	size_t len;
	int64_t t_us;  /* INT64_MAX: has no time */
	size_t *place; /* where its series has its number; good within compact */
};

/* The lines of a series that are its last so far: a heap, the oldest on top. */
struct series {
	size_t *line;
	size_t n;
};

struct hi_tail {
	int64_t n, span_us, newest_us;
	struct line *v; /* in order of arrival */
	size_t v_n, v_cap, given;
	struct hi_patients *series; /* by patient and metric */
};

struct hi_tail *hi_tail_new(int64_t n, int64_t span_us)
{
	struct hi_tail *l = calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	l->n = n;
	l->span_us = span_us;
	l->newest_us = INT64_MIN;
	l->series = hi_patients_new(sizeof(struct series), SERIES_MAX);
	if (!l->series) {
		free(l);
		return NULL;
	}
	return l;
}

void hi_tail_free(struct hi_tail *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->v_n; i++)
		free(l->v[i].text);
	for (size_t i = 0; i < hi_patients_count(l->series); i++) {
		struct hi_slice key;
		free(((struct series *)hi_patients_at(l->series, i, &key))->line);
	}
	hi_patients_free(l->series);
	free(l->v);
	free(l);
}

/* Not among the last after all: dropped, or older than the duration. */
static bool is_gone(const struct hi_tail *l, const struct line *k)
{
	return !k->text ||
	       (l->n == 0 && l->newest_us != INT64_MIN && k->t_us < l->newest_us - l->span_us);
}

/* Only what is still kept stays in v; a series is told where its lines have gone. */
static void compact(struct hi_tail *l)
{
	size_t n = 0;

	for (size_t i = 0; i < hi_patients_count(l->series); i++) {
		struct hi_slice key;
		struct series *s = hi_patients_at(l->series, i, &key);
		for (size_t j = 0; j < s->n; j++)
			l->v[s->line[j]].place = &s->line[j];
	}
	for (size_t i = 0; i < l->v_n; i++) {
		struct line k = l->v[i];
		if (is_gone(l, &k)) {
			free(k.text);
			continue;
		}
		if (k.place)
			*k.place = n;
		l->v[n++] = k;
	}
	l->v_n = n;
}

/*
 * Room for one more. Where half of a full v are gone they make it, so that a line
 * costs the same however many came before it.
 */
static bool make_room(struct hi_tail *l)
{
	if (l->v_n < l->v_cap)
		return true;
	compact(l);
	if (l->v_n < l->v_cap / 2)
		return true;
	size_t cap = l->v_cap ? 2 * l->v_cap : 1024;
	struct line *v = realloc(l->v, cap * sizeof(*v));
	if (!v)
		return false;
	l->v = v;
	l->v_cap = cap;
	return true;
}

static bool keep(struct hi_tail *l, const struct hi_rec *rec)
{
	struct hi_buf b;
	if (!make_room(l))
		return false;
	hi_buf_init(&b, 2 * (size_t)HI_LINE_MAX);
	hi_rec_line(rec, &b);
	char *text = b.failed ? NULL : realloc(b.ptr, b.len); /* many are kept: no byte too many */
	if (!text) {
		hi_buf_release(&b);
		return false;
	}
	l->v[l->v_n++] =
		(struct line){ text, b.len, rec->has & HI_HAS_TIME ? rec->t_us : INT64_MAX, NULL };
	return true;
}

static void drop(struct hi_tail *l, size_t i)
{
	free(l->v[i].text);
	l->v[i].text = NULL;
}

/* Of equal times the one that came first is older. */
static bool older(const struct hi_tail *l, size_t a, size_t b)
{
	return l->v[a].t_us != l->v[b].t_us ? l->v[a].t_us < l->v[b].t_us : a < b;
}

static void sift_down(const struct hi_tail *l, struct series *s)
{
	size_t i = 0;
	for (;;) {
		size_t least = i;
		for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < s->n; child++)
			if (older(l, s->line[child], s->line[least]))
				least = child;
		if (least == i)
			return;
		size_t moved = s->line[i];
		s->line[i] = s->line[least];
		s->line[least] = moved;
		i = least;
	}
}

static void sift_up(const struct hi_tail *l, struct series *s)
{
	for (size_t i = s->n - 1; i > 0 && older(l, s->line[i], s->line[(i - 1) / 2]);
	     i = (i - 1) / 2) {
		size_t moved = s->line[i];
		s->line[i] = s->line[(i - 1) / 2];
		s->line[(i - 1) / 2] = moved;
	}
}

static struct series *series_of(struct hi_tail *l, const struct hi_rec *rec)
{
	char key[KEY_MAX];
	size_t n = rec->patient_id.len;
	memcpy(key, rec->patient_id.ptr, n);
	key[n++] = '\0'; /* stands in no id */
	memcpy(key + n, rec->metric_name.ptr, rec->metric_name.len);
	n += rec->metric_name.len;
	return hi_patients_get(l->series, (struct hi_slice){ key, n }, hi_hash(key, n));
}

static bool put_counted(struct hi_tail *l, const struct hi_rec *rec)
{
	struct series *s = rec->type == HI_T_READING ? series_of(l, rec) : NULL;
	if (rec->type != HI_T_READING)
		return keep(l, rec);
	if (!s)
		return false;
	bool full = s->n == (size_t)l->n;
	if (full && rec->t_us < l->v[s->line[0]].t_us)
		return true;
	/* Grown by doubling: --last 1000000 costs what there is, not what might be. */
	if (!full && (s->n & (s->n - 1)) == 0) {
		size_t *line = realloc(s->line, (s->n ? 2 * s->n : 1) * sizeof(*line));
		if (!line)
			return false;
		s->line = line;
	}
	if (!keep(l, rec))
		return false;
	if (full) {
		drop(l, s->line[0]);
		s->line[0] = l->v_n - 1;
		sift_down(l, s);
	} else {
		s->line[s->n++] = l->v_n - 1;
		sift_up(l, s);
	}
	return true;
}

static bool put_timed(struct hi_tail *l, const struct hi_rec *rec)
{
	if (rec->type == HI_T_READING && rec->t_us > l->newest_us)
		l->newest_us = rec->t_us;
	if ((rec->has & HI_HAS_TIME) && l->newest_us != INT64_MIN &&
	    rec->t_us < l->newest_us - l->span_us)
		return true;
	return keep(l, rec);
}

int hi_tail_put(struct hi_tail *l, const struct hi_rec *rec, struct hi_error *e)
{
	bool done = l->n > 0 ? put_counted(l, rec) : put_timed(l, rec);
	return done ? HI_OK : hi_error_set(e, HI_NOMEM, "no memory for what --last keeps");
}

bool hi_tail_next(struct hi_tail *l, struct hi_slice *line)
{
	while (l->given < l->v_n) {
		const struct line *k = &l->v[l->given++];
		if (is_gone(l, k))
			continue;
		*line = (struct hi_slice){ k->text, k->len };
		return true;
	}
	return false;
}
