/* The look at values behind hi-csv --guess. */
#include <stdio.h>
#include <stdlib.h>

#include "csv/cell.h"
#include "csv/plan.h"

/* What one column's cells were, and its numbers. */
struct seen {
	unsigned rows, values, numbers, pairs, letters, times, decimals;
	double number[HI_CSV_LOOK_ROWS];
};

struct hi_csv_look {
	size_t n;
	struct seen column[];
};

struct hi_csv_look *hi_csv_look_new(size_t columns_n)
{
	struct hi_csv_look *l = calloc(1, sizeof(*l) + columns_n * sizeof(l->column[0]));

	if (l)
		l->n = columns_n;
	return l;
}

void hi_csv_look_free(struct hi_csv_look *l)
{
	free(l);
}

static void look_number(struct seen *s, const struct hi_csv_value *v)
{
	s->decimals += memchr(v->json.ptr, '.', v->json.len) != NULL;
	s->number[s->numbers++] = v->num.v;
}

static bool is_pair(struct hi_slice cell, bool decimal_comma)
{
	struct hi_slice half[2];
	struct hi_csv_value v;

	return hi_csv_cell_pair(cell, half, NULL) == HI_OK &&
	       hi_csv_cell_value(half[0], NULL, decimal_comma, &v, NULL) == HI_OK &&
	       hi_csv_cell_value(half[1], NULL, decimal_comma, &v, NULL) == HI_OK;
}

static void look_cell(struct seen *s, struct hi_slice cell, bool decimal_comma)
{
	static const struct hi_csv_target as_time = { .role = HI_CSV_TIME };
	const struct hi_metric *consciousness = hi_metric_find(HI_LIT("consciousness"));
	struct hi_csv_value v;
	struct hi_time t;
	int is;

	if (s->rows == HI_CSV_LOOK_ROWS)
		return;
	s->rows++;
	is = hi_csv_cell_value(cell, NULL, decimal_comma, &v, NULL);
	if (is == HI_END)
		return;
	s->values++;
	if (is == HI_OK)
		look_number(s, &v);
	else if (hi_csv_cell_time(cell, &as_time, decimal_comma, &t, NULL) == HI_OK)
		s->times++;
	else if (is_pair(cell, decimal_comma))
		s->pairs++;
	else if (consciousness && hi_csv_known_code(consciousness, cell))
		s->letters++;
}

void hi_csv_look_row(struct hi_csv_look *l, const struct hi_csv_row *row, bool decimal_comma)
{
	for (size_t i = 0; i < row->n && i < l->n; i++)
		look_cell(&l->column[i], row->cell[i], decimal_comma);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct spread {
	double min, median, max;
};

static struct spread spread_of(const struct seen *s)
{
	double v[HI_CSV_LOOK_ROWS];

	memcpy(v, s->number, s->numbers * sizeof(v[0]));
	qsort(v, s->numbers, sizeof(v[0]), by_value);
	return (struct spread){ v[0], v[s->numbers / 2], v[s->numbers - 1] };
}

static void say_spread(struct hi_csv_column *c, const struct seen *s, const struct spread *p)
{
	snprintf(c->detail, sizeof(c->detail), "%u values %g to %g, median %g", s->numbers, p->min,
		 p->max, p->median);
}

static void become(struct hi_csv_column *c, enum hi_csv_role role, const char *name,
		   const char *unit, const char *why)
{
	if (role == HI_CSV_METRIC)
		hi_csv_target_metric(&c->target, hi_slice_of(name));
	else
		c->target = (struct hi_csv_target){ .role = role };
	if (role == HI_CSV_PAIR)
		snprintf(c->target.name, sizeof(c->target.name), "bp");
	snprintf(c->target.unit, sizeof(c->target.unit), "%s", unit);
	c->why = why;
	c->rank = 100;
}

/*
 * Ranges in which a column's values, all of them, can hardly be another vital
 * sign: our choice, inside the catalogue's plausible ranges. Heart rates and
 * pressures overlap, so that they are never guessed from values. From breaths (a
 * middle of 8) to pressures (400, the greatest plausible) it could be one of several.
 */
static void guess_number(struct hi_csv_column *c, const struct seen *s)
{
	struct spread p = spread_of(s);
	bool fine = s->decimals * 2 > s->numbers;

	say_spread(c, s, &p);
	if (fine && p.min > 30 && p.max < 43 && p.median > 35 && p.median < 40)
		become(c, HI_CSV_METRIC, "temperature", "C", "values like degrees Celsius");
	else if (fine && p.min > 86 && p.max < 110 && p.median > 95 && p.median < 104)
		become(c, HI_CSV_METRIC, "temperature", "F", "values like degrees Fahrenheit");
	else if (!fine && p.min >= 50 && p.max <= 100 && p.max > p.min && p.median >= 93)
		become(c, HI_CSV_METRIC, "spo2", "%", "values like an oxygen saturation");
	else if (p.min >= 0 && p.median >= 8 && p.max <= 400 && p.max > p.min)
		c->why = "numbers that could be several vital signs";
	else
		c->why = "numbers that are not like a vital sign's";
}

static bool is_pairs(const struct seen *s)
{
	return s->values >= 3 && s->pairs == s->values;
}

static void guess_column(struct hi_csv_column *c, const struct seen *s, bool need_time)
{
	if (s->values < 3)
		return;
	if (s->numbers == s->values)
		guess_number(c, s);
	else if (is_pairs(s))
		become(c, HI_CSV_PAIR, "", "mmHg", "values like 120/80");
	else if (s->letters == s->values)
		become(c, HI_CSV_METRIC, "consciousness", "ACVPU", "letters of ACVPU");
	else if (s->times >= s->values - s->values / 10 && need_time) /* some may be broken */
		become(c, HI_CSV_TIME, "", "", "values are times");
}

/* A header says temperature and nothing of its unit; the values do. */
static void guess_unit(struct hi_csv_column *c, const struct seen *s)
{
	struct spread p;

	if (s->numbers < 3 || !c->target.known || strcmp(c->target.known->name, "temperature") != 0)
		return;
	p = spread_of(s);
	if (strcmp(c->target.unit, "C") != 0 || p.median < 80 || p.median > 115)
		return;
	say_spread(c, s, &p);
	snprintf(c->target.unit, sizeof(c->target.unit), "F");
	c->why = "a known header, values like degrees Fahrenheit";
}

void hi_csv_plan_guess(struct hi_csv_plan *p, const struct hi_csv_look *l)
{
	bool need_time = true;

	p->guessed = true;
	for (size_t i = 0; i < p->n; i++)
		need_time = need_time && p->column[i].target.role != HI_CSV_TIME;
	for (size_t i = 0; i < p->n && i < l->n; i++) {
		struct hi_csv_column *c = &p->column[i];
		if (c->target.role == HI_CSV_IGNORE)
			guess_column(c, &l->column[i], need_time);
		else if (c->target.role == HI_CSV_METRIC && is_pairs(&l->column[i]))
			become(c, HI_CSV_PAIR, "", "mmHg",
			       "values like 120/80"); /* "RR" in German */
		else if (c->target.role == HI_CSV_METRIC)
			guess_unit(c, &l->column[i]);
	}
}
