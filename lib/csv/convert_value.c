/* Cells to readings. */
#include <stdio.h>

#include "base/hash.h"
#include "csv/cell.h"
#include "csv/convert_private.h"

static int no_memory(struct hi_error *e)
{
	return hi_error_set(e, HI_NOMEM, "out of memory");
}

static char *append(char *p, const char *from, size_t n)
{
	memcpy(p, from, n);
	return p + n;
}

static int write_reading(struct hi_csv_convert *c, const struct hi_csv_series *s,
			 const struct hi_csv_value *v, struct hi_buf *out, struct hi_error *e)
{
	size_t method_len = c->row_method ? 0 : s->method_len;
	size_t need =
		c->head.len + s->mid_len + v->json.len + s->post_len + c->tail.len + method_len + 2;
	char *from = hi_buf_room(out, need), *p = from;

	if (!p || s->no_memory || c->head.failed || c->tail.failed)
		return no_memory(e);
	p = append(p, c->head.ptr, c->head.len);
	p = append(p, s->mid, s->mid_len);
	p = append(p, v->json.ptr, v->json.len);
	p = append(p, s->post, s->post_len);
	p = append(p, c->tail.ptr, c->tail.len);
	p = append(p, s->method, method_len);
	p = append(p, "}\n", 2);
	out->len += (size_t)(p - from);
	c->counts.readings++;
	if (s->stats && v->coded)
		hi_csv_stats_add_code(s->stats);
	else if (s->stats)
		hi_csv_stats_add(s->stats, v->num.v);
	return HI_OK;
}

/* v NULL: the cell is no number. */
static bool is_declared_missing(const struct hi_csv_convert *c, size_t column, struct hi_slice cell,
				const struct hi_csv_value *v)
{
	for (size_t i = 0; i < c->missing_n; i++) {
		const struct hi_csv_missing *m = &c->missing[i];
		if (m->column != column && m->column != HI_CSV_NO_COLUMN)
			continue;
		if (hi_slice_is(cell, m->word) ||
		    (v && !v->coded && m->numeric && v->num.v == m->v))
			return true;
	}
	return false;
}

/* "98 %": the cell's own unit for this one reading. */
static int write_own_unit(struct hi_csv_convert *c, const struct hi_csv_series *s,
			  const struct hi_csv_value *v, struct hi_buf *out, struct hi_error *e)
{
	struct hi_csv_series own = *s;
	char unit[HI_UNIT_MAX + 1];

	hi_csv_known_unit(s->target.known, v->unit, unit);
	hi_csv_series_unit(&own, unit, &c->stats);
	return write_reading(c, &own, v, out, e);
}

static int convert_cell(struct hi_csv_convert *c, const struct hi_csv_row *row, size_t column,
			struct hi_slice cell, const struct hi_csv_series *s, struct hi_buf *out,
			struct hi_error *e)
{
	struct hi_csv_value v;
	struct hi_error bad;
	int is;

	if (s->off)
		return HI_OK;
	is = hi_csv_cell_value(cell, s->target.known, c->plan->decimal_comma, &v, &bad);
	if (is == HI_END ||
	    (c->missing_n > 0 && is_declared_missing(c, column, cell, is == HI_OK ? &v : NULL)))
		return HI_OK;
	if (is != HI_OK)
		return hi_csv_convert_refuse(c, row, column, bad.text);
	return v.unit.len > 0 ? write_own_unit(c, s, &v, out, e) : write_reading(c, s, &v, out, e);
}

static int convert_pair(struct hi_csv_convert *c, const struct hi_csv_row *row,
			const struct hi_csv_field *f, struct hi_buf *out, struct hi_error *e)
{
	struct hi_slice half[2];
	struct hi_error bad;
	int s = hi_csv_cell_pair(row->cell[f->column], half, &bad);

	if (s == HI_END ||
	    (s != HI_OK && is_declared_missing(c, f->column, row->cell[f->column], NULL)))
		return HI_OK;
	if (s != HI_OK)
		return hi_csv_convert_refuse(c, row, f->column, bad.text);
	for (int i = 0; i < 2 && s >= HI_OK; i++)
		s = convert_cell(c, row, f->column, half[i], &f->s[i], out, e);
	return s;
}

int hi_csv_convert_wide(struct hi_csv_convert *c, const struct hi_csv_row *row, struct hi_buf *out,
			struct hi_error *e)
{
	for (size_t i = 0; i < c->field_n; i++) {
		const struct hi_csv_field *f = &c->field[i];
		struct hi_slice cell = row->cell[f->column];
		int s;

		if (cell.len == 0)
			continue;
		s = f->pair ? convert_pair(c, row, f, out, e)
			    : convert_cell(c, row, f->column, cell, &f->s[0], out, e);
		if (s != HI_OK && s != HI_REFUSED)
			return s;
	}
	return HI_OK;
}

/* A name cell seen for the first time. */
static void name_series(struct hi_csv_convert *c, struct hi_slice cell, struct hi_csv_series *s)
{
	struct hi_csv_target t;
	unsigned rank;
	char name[HI_CSV_NAME_MAX + 1];

	if (c->coded_names) {
		s->state = HI_CSV_SERIES_NOT_NAMED;
		return;
	}
	if (!hi_csv_text_ok(cell, HI_METRIC_NAME_MAX)) {
		s->state = HI_CSV_SERIES_BAD;
		return;
	}
	if (c->plan->own_names || hi_metric_find(cell) || !hi_csv_known_header(cell, &t, &rank) ||
	    t.role != HI_CSV_METRIC)
		hi_csv_target_metric(&t, cell);
	snprintf(name, sizeof(name), "%.*s", (int)cell.len, cell.ptr);
	hi_csv_convert_series(c, s, name, &t);
}

/*
 * The series of a name cell, zeroed where it is new. What a row becomes never depends on
 * the rows before it: where there is no room for one name more, all are forgotten, or, where
 * the mapping has told all that there is to know, the name is one that it does not tell.
 */
static struct hi_csv_series *get_series(struct hi_csv_convert *c, struct hi_slice cell)
{
	static struct hi_csv_series not_named = { .state = HI_CSV_SERIES_NOT_NAMED };
	uint64_t hash = hi_hash_slice(cell);
	struct hi_csv_series *s = hi_patients_find(c->names, cell, hash);

	if (s)
		return s;
	if (hi_patients_count(c->names) == HI_CSV_NAMES_MAX && c->coded_names)
		return &not_named;
	if (hi_patients_count(c->names) == HI_CSV_NAMES_MAX) {
		hi_patients_free(c->names);
		c->names = hi_patients_new(sizeof(struct hi_csv_series), HI_CSV_NAMES_MAX);
	}
	return c->names ? hi_patients_get(c->names, cell, hash) : NULL;
}

int hi_csv_convert_find(struct hi_csv_convert *c, const struct hi_csv_row *row,
			struct hi_csv_series **out, struct hi_error *e)
{
	static struct hi_csv_series too_long = { .state = HI_CSV_SERIES_BAD };
	struct hi_slice cell = row->cell[c->plan->name];
	struct hi_csv_series *s = cell.len <= HI_CSV_NAME_MAX ? get_series(c, cell) : &too_long;

	if (!s)
		return no_memory(e);
	if (s->state == HI_CSV_SERIES_NEW)
		name_series(c, cell, s);
	if (s->state == HI_CSV_SERIES_BAD)
		return hi_csv_convert_refuse(c, row, c->plan->name,
					     "metric_name: not a text of at most 48 bytes");
	*out = s;
	return HI_OK;
}

/* The unit column's spelling by the mapping, then by the known units. */
static bool find_unit(const struct hi_csv_convert *c, const struct hi_csv_series *s,
		      struct hi_slice cell, char unit[HI_UNIT_MAX + 1])
{
	const struct hi_csv_map *map = c->plan->map;
	struct hi_slice as = cell;

	for (size_t i = 0; map && i < map->n; i++)
		if (map->rule[i].kind == HI_CSV_CODE && map->rule[i].target.role == HI_CSV_UNIT &&
		    hi_slice_is(cell, map->rule[i].word))
			as = hi_slice_of(map->rule[i].target.unit);
	return hi_csv_text_ok(as, HI_UNIT_MAX) &&
	       hi_csv_known_unit(s->target.known, as, unit) == HI_OK;
}

/* A row without a unit has the metric's own, whatever the row before had. */
static int take_unit(struct hi_csv_convert *c, const struct hi_csv_row *row,
		     struct hi_csv_series *s)
{
	struct hi_slice cell = row->cell[c->plan->unit];
	char unit[HI_UNIT_MAX + 1];

	if (hi_csv_is_missing(cell))
		cell = HI_LIT("");
	if (c->coded_names || hi_slice_is(cell, s->unit_cell))
		return HI_OK;
	if (cell.len == 0)
		memcpy(unit, s->unit_own, sizeof(unit));
	else if (cell.len >= sizeof(s->unit_cell) || !find_unit(c, s, cell, unit))
		return hi_csv_convert_refuse(c, row, c->plan->unit,
					     "unit: not one of the metric's");
	memcpy(s->unit_cell, cell.ptr, cell.len);
	s->unit_cell[cell.len] = '\0';
	hi_csv_series_unit(s, unit, &c->stats);
	return HI_OK;
}

int hi_csv_convert_narrow(struct hi_csv_convert *c, const struct hi_csv_row *row,
			  struct hi_csv_series *s, struct hi_buf *out, struct hi_error *e)
{
	const struct hi_csv_plan *p = c->plan;
	size_t column = p->value;

	if (p->unit != HI_CSV_NO_COLUMN) {
		int unit = take_unit(c, row, s);
		if (unit != HI_OK)
			return unit;
	}
	if (p->text != HI_CSV_NO_COLUMN && s->target.known && s->target.known->codes &&
	    hi_csv_is_missing(row->cell[column]))
		column = p->text;
	return convert_cell(c, row, column, row->cell[column], s, out, e);
}
