/* Statistics of a summary: stat records where the input has them, else computed by day. */
#include <stdlib.h>

#include "agg/agg.h"
#include "base/time.h"
#include "report/summary.h"

/* The numbers of a row; avg and its kin are of all values, implausible ones too. */
static void fill_stat(struct hi_summary *s, struct hi_day_row *row, const struct hi_rec *rec)
{
	static const char *const keys[HI_STAT_NUMBERS] = { "avg", "sd",	 "min", "p05",
							   "p50", "p95", "max" };
	const struct hi_member *complete = hi_rec_member(rec, "complete");
	struct hi_num v;

	for (unsigned i = 0; i < HI_STAT_NUMBERS; i++) {
		if (hi_rec_number(rec, keys[i], &v)) {
			row->v[i] = v.v;
			row->has |= 1u << i;
		}
	}
	row->has_count = hi_summary_count(rec, "count", &row->count);
	row->has_patients = hi_summary_count(rec, "patient_count", &row->patients);
	row->has_implausible = hi_summary_count(rec, "implausible", &row->implausible);
	row->incomplete = complete && complete->kind == HI_JSON_FALSE;
	row->approx = hi_summary_true(rec, "approx");
	hi_summary_text(s, rec, "every", &row->every);
	hi_summary_text(s, rec, "ward", &row->who);
	row->kind = row->who.len ? 'w' : ' ';
	if (rec->has & HI_HAS_PATIENT) {
		hi_words_set(&row->who, rec->patient_id);
		row->kind = 'p';
	}
}

/* Room for one row more: NULL with *rc = HI_OK where the list is full; that is counted. */
static struct hi_day_row *new_row(struct hi_summary *s, int *rc)
{
	*rc = HI_OK;
	if (s->stats_n == HI_SUMMARY_STATS_MAX) {
		s->stats_left++;
		return NULL;
	}
	if (s->stats_n == s->stats_cap) {
		unsigned cap = s->stats_cap ? s->stats_cap * 2 : 64;
		struct hi_day_row *grown = realloc(s->stats, cap * sizeof(*grown));

		if (!grown) {
			*rc = HI_NOMEM;
			return NULL;
		}
		s->stats = grown;
		s->stats_cap = cap;
	}
	memset(&s->stats[s->stats_n], 0, sizeof(s->stats[0]));
	s->stats[s->stats_n].arrival = s->stats_n;
	return &s->stats[s->stats_n++];
}

static void drop_agg(struct hi_summary *s)
{
	hi_agg_free(s->agg);
	s->agg = NULL;
}

int hi_summary_stat(struct hi_summary *s, const struct hi_rec *rec)
{
	struct hi_day_row *row;
	int64_t from_us;
	int rc;

	if (s->agg) /* what somebody has computed stands; ours is not needed */
		drop_agg(s);
	if (!hi_rec_time(rec, "from", &from_us)) {
		s->stats_left++;
		return HI_OK;
	}
	row = new_row(s, &rc);
	if (!row)
		return rc;
	row->from_us = from_us;
	if (!hi_rec_time(rec, "to", &row->to_us))
		row->to_us = from_us;
	hi_summary_text(s, rec, "metric_name", &row->metric_name);
	row->metric = hi_metric_find(hi_words_view(&row->metric_name));
	fill_stat(s, row, rec);
	return HI_OK;
}

/* A row that lib/agg has computed. */
static int take_row(void *arg, const struct hi_stat_row *from, struct hi_error *e)
{
	const struct hi_stats *all = &from->all;
	struct hi_day_row *row;
	int rc;

	row = new_row(arg, &rc);
	if (!row)
		return rc == HI_OK ? HI_OK : hi_error_set(e, rc, "report: out of memory");
	row->from_us = from->window.from_us;
	row->to_us = from->window.to_us;
	hi_words_set(&row->every, HI_LIT("1d"));
	hi_words_set(&row->metric_name, from->metric_name);
	row->metric = hi_metric_find(from->metric_name);
	row->kind = ' ';
	memcpy(row->v,
	       (double[]){ all->avg, all->sd, all->min, all->p05, all->p50, all->p95, all->max },
	       sizeof(row->v));
	row->has = (1u << HI_STAT_NUMBERS) - 1;
	if (!all->has_sd)
		row->has &= ~(1u << HI_STAT_SD);
	row->count = all->count;
	row->patients = from->patient_count;
	row->implausible = all->count - from->plausible.count;
	row->has_count = row->has_patients = row->has_implausible = true;
	row->incomplete = !from->complete;
	row->approx = all->approx;
	return HI_OK;
}

int hi_summary_stats_open(struct hi_summary *s, struct hi_error *e)
{
	struct hi_agg_options options = { .every = { .every_us = HI_US_DAY },
					  .row = take_row,
					  .arg = s };

	s->days = calloc(1, (size_t)((HI_TIME_END - HI_TIME_MIN) / HI_US_DAY / 8 + 1));
	if (!s->days)
		return hi_error_set(e, HI_NOMEM, "report: out of memory");
	return hi_agg_new(&s->agg, &options, e);
}

/* Counts the days seen, a bit each: what the statistics hold is days x metrics. */
static void count_day(struct hi_summary *s, int64_t t_us)
{
	size_t day = (size_t)((t_us - HI_TIME_MIN) / HI_US_DAY);

	if (s->days[day / 8] & 1 << day % 8)
		return;
	s->days[day / 8] |= (uint8_t)(1 << day % 8);
	s->days_n++;
}

int hi_summary_stats_add(struct hi_summary *s, const struct hi_rec *rec)
{
	int rc;

	if (!s->agg)
		return HI_OK;
	count_day(s, rec->t_us);
	if ((uint64_t)s->days_n * s->metrics_n > HI_SUMMARY_GROUPS_MAX) {
		s->stats_many = true;
		drop_agg(s);
		return HI_OK;
	}
	rc = hi_agg_add(s->agg, rec, NULL);
	return rc < 0 ? rc : HI_OK;
}

/* The order of rows; 0 for two of one identity (stream.md: a later one replaces). */
static int compare_rows(const struct hi_day_row *x, const struct hi_day_row *y)
{
	int c;

	if (x->from_us != y->from_us)
		return x->from_us < y->from_us ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	c = hi_slice_cmp(hi_words_view(&x->who), hi_words_view(&y->who));
	if (c == 0)
		c = hi_slice_cmp(hi_words_view(&x->every), hi_words_view(&y->every));
	if (c != 0)
		return c;
	if (x->metric && y->metric)
		return (x->metric > y->metric) - (x->metric < y->metric);
	if (x->metric || y->metric)
		return x->metric ? -1 : 1;
	return hi_slice_cmp(hi_words_view(&x->metric_name), hi_words_view(&y->metric_name));
}

static int by_row(const void *a, const void *b)
{
	const struct hi_day_row *x = a, *y = b;
	int c = compare_rows(x, y);

	return c ? c : (x->arrival > y->arrival) - (x->arrival < y->arrival);
}

static void order_rows(struct hi_summary *s)
{
	unsigned n = 0;

	if (s->stats_n == 0)
		return;
	qsort(s->stats, s->stats_n, sizeof(s->stats[0]), by_row);
	for (unsigned i = 1; i < s->stats_n; i++) {
		if (compare_rows(&s->stats[n], &s->stats[i]) != 0)
			n++;
		s->stats[n] = s->stats[i];
	}
	s->stats_n = n + 1;
}

int hi_summary_stats_finish(struct hi_summary *s, struct hi_error *e)
{
	int rc = HI_OK;

	if (s->agg) {
		s->stats_computed = true;
		rc = hi_agg_finish(s->agg, e);
		drop_agg(s);
	}
	order_rows(s);
	return rc;
}
