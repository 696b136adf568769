/* A file's plan as the tables that its rows are converted by. */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/hash.h"
#include "csv/convert_private.h"

void hi_csv_tables_release(struct hi_csv_convert *c)
{
	free(c->field);
	free(c->missing);
	free(c->leave);
	free(c->wanted);
	hi_patients_free(c->names);
	c->field = NULL;
	c->missing = NULL;
	c->leave = NULL;
	c->wanted = NULL;
	c->names = NULL;
	c->field_n = c->missing_n = c->leave_n = 0;
}

bool hi_csv_selected(const char *const *list, size_t n, struct hi_slice s)
{
	for (size_t i = 0; i < n; i++)
		if (hi_slice_is(s, list[i]))
			return true;
	return n == 0;
}

void hi_csv_convert_series(struct hi_csv_convert *c, struct hi_csv_series *s, const char *name,
			   const struct hi_csv_target *target)
{
	hi_csv_series_make(s, name, target, &c->stats);
	s->off = !hi_csv_selected(c->o->metrics, c->o->metrics_n, hi_slice_of(s->target.name));
}

static void make_field(struct hi_csv_convert *c, size_t column)
{
	static const char *const halves[2] = { "bp_systolic", "bp_diastolic" };
	const struct hi_csv_column *col = &c->plan->column[column];
	struct hi_csv_field *f = &c->field[c->field_n++];

	f->column = column;
	f->pair = col->target.role == HI_CSV_PAIR;
	for (int i = 0; f->pair && i < 2; i++) {
		struct hi_csv_target t;
		hi_csv_target_metric(&t, hi_slice_of(halves[i]));
		memcpy(t.unit, col->target.unit, sizeof(t.unit));
		memcpy(t.method, col->target.method, sizeof(t.method));
		hi_csv_convert_series(c, &f->s[i], col->name, &t);
	}
	if (!f->pair)
		hi_csv_convert_series(c, &f->s[0], col->name, &col->target);
	const struct hi_metric *m = f->s[0].target.known;
	f->order = m ? hi_metric_index(m) : hi_metrics_n;
}

static int by_order(const void *a, const void *b)
{
	const struct hi_csv_field *x = a, *y = b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return (x->column > y->column) - (x->column < y->column);
}

static size_t column_of(const struct hi_csv_plan *p, const char *name)
{
	for (size_t i = 0; i < p->n && name[0]; i++)
		if (strcasecmp(p->column[i].name, name) == 0)
			return i;
	return HI_CSV_NO_COLUMN;
}

/* Adds a code of the mapping; of several for one code the last counts. */
static int add_code(struct hi_csv_convert *c, const struct hi_csv_rule *r, struct hi_error *e)
{
	struct hi_slice id = hi_slice_of(r->word);
	struct hi_csv_series *s = hi_patients_get(c->names, id, hi_hash_slice(id));
	char name[HI_CSV_NAME_MAX + 1];

	if (!s)
		return hi_patients_count(c->names) < HI_CSV_NAMES_MAX
			       ? hi_error_set(e, HI_NOMEM, "out of memory")
			       : hi_error_set(e, HI_USAGE, "mapping: more than 4,096 codes");
	snprintf(name, sizeof(name), "%.60s %.60s", r->column, r->word);
	hi_csv_convert_series(c, s, name, &r->target);
	if (s->stats)
		s->stats->code = true;
	c->coded_names = true;
	return HI_OK;
}

static int take_rule(struct hi_csv_convert *c, const struct hi_csv_rule *r, struct hi_error *e)
{
	size_t column = column_of(c->plan, r->column);
	struct hi_slice word = hi_slice_of(r->word);
	struct hi_num num = { .v = 0 };

	if (r->kind == HI_CSV_MISSING) {
		struct hi_csv_missing *m = &c->missing[c->missing_n++];
		*m = (struct hi_csv_missing){ .column = column, .word = r->word };
		m->numeric = hi_num_parse(word, &num);
		m->v = num.v;
	} else if (r->kind == HI_CSV_CODE && r->target.role == HI_CSV_METRIC &&
		   column == c->plan->name) {
		return add_code(c, r, e);
	} else if (r->kind == HI_CSV_CODE && r->target.role == HI_CSV_IGNORE) {
		c->leave[c->leave_n++] = (struct hi_csv_leave){ column, r->word };
		c->wanted[column] = true;
	}
	return HI_OK;
}

int hi_csv_tables_make(struct hi_csv_convert *c, struct hi_error *e)
{
	const struct hi_csv_plan *p = c->plan;
	const struct hi_csv_map *map = p->map;
	size_t rules = map ? map->n : 0;

	c->field = calloc(p->n + 1, sizeof(*c->field));
	c->wanted = calloc(p->n + 1, sizeof(*c->wanted));
	c->missing = calloc(rules + 1, sizeof(*c->missing));
	c->leave = calloc(rules + 1, sizeof(*c->leave));
	c->names = hi_patients_new(sizeof(struct hi_csv_series), HI_CSV_NAMES_MAX);
	if (!c->field || !c->wanted || !c->missing || !c->leave || !c->names)
		return hi_error_set(e, HI_NOMEM, "out of memory");
	c->type = HI_CSV_NO_COLUMN;
	c->coded_names = false;
	for (size_t i = 0; i < p->n; i++) {
		enum hi_csv_role role = p->column[i].target.role;
		c->wanted[i] = role != HI_CSV_IGNORE;
		if (role == HI_CSV_METRIC || role == HI_CSV_PAIR)
			make_field(c, i);
		else if (role == HI_CSV_TYPE)
			c->type = i;
	}
	qsort(c->field, c->field_n, sizeof(*c->field), by_order);
	int s = HI_OK;
	for (size_t i = 0; i < rules && s == HI_OK; i++)
		s = take_rule(c, &map->rule[i], e);
	return s;
}
