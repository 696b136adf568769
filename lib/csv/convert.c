#include "csv/convert.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/hash.h"
#include "base/time.h"
#include "csv/cell.h"
#include "csv/series.h"
#include "state/patients.h"
#include "vital/record.h"

enum { NAMES_MAX = 4096, TIME_CELL_MAX = 64, KEY_VALUE_MAX = 64 };

/* A column of a wide file: one series, or two of a pair. */
struct field {
	size_t column;
	size_t order;
	bool pair;
	struct hi_csv_series s[2];
};

/* A word that means "no value", of one column or of all. */
struct missing {
	size_t column;
	const char *word;
	bool numeric;
	double v;
};

/* Rows where a column holds a word are left out. */
struct leave {
	size_t column;
	const char *word;
};

struct hi_csv_convert {
	const struct hi_csv_options *o;
	struct hi_csv_counts counts;
	struct hi_csv_stats_list stats;

	const struct hi_csv_plan *plan;
	const char *source;
	struct field *field;
	size_t field_n;
	struct missing *missing;
	size_t missing_n;
	struct leave *leave;
	size_t leave_n;
	bool *wanted;
	size_t type;		   /* the column of a record's type */
	bool coded_names;	   /* names of metrics are codes of the mapping, and nothing else */
	struct hi_patients *names; /* name cell -> struct hi_csv_series */
	char file_patient[HI_PATIENT_ID_MAX + 1];

	bool set_method;
	const char *set_patient;
	struct hi_buf set; /* ,"ward":"W7" */

	/* Of the row being converted, kept while they do not change. */
	char patient[HI_PATIENT_ID_MAX];
	size_t patient_len;
	bool patient_selected;
	struct hi_buf head; /* {"patient_id":"P","metric_name": */
	char time_cell[TIME_CELL_MAX];
	size_t time_cell_len; /* 0: none is kept */
	int64_t t_us;
	char time_text[HI_TIME_TEXT_MAX];
	size_t time_text_len;
	struct hi_buf tail; /* TIME","ward":"W7" */
	bool row_method;    /* the row has a method of its own */
};

int hi_csv_set_check(const char *set, struct hi_error *e)
{
	const char *eq = strchr(set, '=');
	struct hi_slice key = { set, eq ? (size_t)(eq - set) : 0 };

	if (eq && (hi_slice_is(key, "patient_id") || hi_csv_key_allowed(key)) &&
	    hi_csv_text_ok(key, KEY_VALUE_MAX) &&
	    hi_csv_text_ok(hi_slice_of(eq + 1), KEY_VALUE_MAX))
		return HI_OK;
	return hi_error_fmt(e, HI_USAGE,
			    "--set takes KEY=V, a key that is not the reading's own and a text "
			    "of at most 64 bytes",
			    "%s", set);
}

static void take_set(struct hi_csv_convert *c, const char *set)
{
	const char *eq = strchr(set, '=');
	struct hi_slice key = { set, (size_t)(eq - set) };

	if (hi_slice_is(key, "patient_id")) {
		c->set_patient = eq + 1;
		return;
	}
	c->set_method |= hi_slice_is(key, "method");
	hi_buf_putc(&c->set, ',');
	hi_json_quote(&c->set, key);
	hi_buf_putc(&c->set, ':');
	hi_json_quote(&c->set, hi_slice_of(eq + 1));
}

int hi_csv_convert_new(struct hi_csv_convert **out, const struct hi_csv_options *o,
		       struct hi_error *e)
{
	struct hi_csv_convert *c = calloc(1, sizeof(*c));

	*out = c;
	if (!c)
		return hi_error_set(e, HI_NOMEM, "out of memory");
	c->o = o;
	hi_buf_init(&c->set, 1 << 20);
	hi_buf_init(&c->head, 4096);
	hi_buf_init(&c->tail, 2 << 20);
	for (size_t i = 0; i < o->set_n; i++)
		take_set(c, o->set[i]);
	return c->set.failed ? hi_error_set(e, HI_NOMEM, "out of memory") : HI_OK;
}

static void end_file(struct hi_csv_convert *c)
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
	c->time_cell_len = c->patient_len = 0;
}

void hi_csv_convert_free(struct hi_csv_convert *c)
{
	if (!c)
		return;
	end_file(c);
	hi_csv_stats_list_release(&c->stats);
	hi_buf_release(&c->set);
	hi_buf_release(&c->head);
	hi_buf_release(&c->tail);
	free(c);
}

const struct hi_csv_counts *hi_csv_convert_counts(const struct hi_csv_convert *c)
{
	return &c->counts;
}

struct hi_csv_stats *hi_csv_convert_stats(struct hi_csv_convert *c, size_t i)
{
	return i < c->stats.n ? c->stats.s[i] : NULL;
}

struct hi_slice hi_csv_patient_of_path(const char *path)
{
	static const char *const suffixes[] = { ".zst", ".gz", ".csv", ".tsv", ".txt", ".psv" };
	const char *slash = strrchr(path, '/');
	struct hi_slice s = hi_slice_of(slash ? slash + 1 : path);

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		size_t n = strlen(suffixes[i]);
		if (s.len > n && memcmp(s.ptr + s.len - n, suffixes[i], n) == 0)
			s.len -= n;
	}
	return s;
}

/* --- a file's plan as tables ------------------------------------------------- */

static bool selected(const char *const *list, size_t n, struct hi_slice s)
{
	for (size_t i = 0; i < n; i++)
		if (hi_slice_is(s, list[i]))
			return true;
	return n == 0;
}

static void make_series(struct hi_csv_convert *c, struct hi_csv_series *s, const char *name,
			const struct hi_csv_target *target)
{
	hi_csv_series_make(s, name, target, &c->stats);
	s->off = !selected(c->o->metrics, c->o->metrics_n, hi_slice_of(s->target.name));
}

static void make_field(struct hi_csv_convert *c, size_t column)
{
	static const char *const halves[2] = { "bp_systolic", "bp_diastolic" };
	const struct hi_csv_column *col = &c->plan->column[column];
	struct field *f = &c->field[c->field_n++];

	f->column = column;
	f->pair = col->target.role == HI_CSV_PAIR;
	for (int i = 0; f->pair && i < 2; i++) {
		struct hi_csv_target t;
		hi_csv_target_metric(&t, hi_slice_of(halves[i]));
		memcpy(t.unit, col->target.unit, sizeof(t.unit));
		memcpy(t.method, col->target.method, sizeof(t.method));
		make_series(c, &f->s[i], col->name, &t);
	}
	if (!f->pair)
		make_series(c, &f->s[0], col->name, &col->target);
	const struct hi_metric *m = f->s[0].target.known;
	f->order = m ? hi_metric_index(m) : hi_metrics_n;
}

static int by_order(const void *a, const void *b)
{
	const struct field *x = a, *y = b;

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
static int add_code(struct hi_csv_convert *c, const struct hi_csv_rule *r)
{
	struct hi_slice id = hi_slice_of(r->word);
	struct hi_csv_series *s = hi_patients_get(c->names, id, hi_hash_slice(id));
	char name[HI_CSV_NAME_MAX + 1];

	if (!s)
		return HI_NOMEM;
	snprintf(name, sizeof(name), "%.60s %.60s", r->column, r->word);
	make_series(c, s, name, &r->target);
	if (s->stats)
		s->stats->code = true;
	c->coded_names = true;
	return HI_OK;
}

static int take_rule(struct hi_csv_convert *c, const struct hi_csv_rule *r)
{
	size_t column = column_of(c->plan, r->column);
	struct hi_slice word = hi_slice_of(r->word);
	struct hi_num num = { .v = 0 };

	if (r->kind == HI_CSV_MISSING) {
		struct missing *m = &c->missing[c->missing_n++];
		*m = (struct missing){ .column = column, .word = r->word };
		m->numeric = hi_num_parse(word, &num);
		m->v = num.v;
	} else if (r->kind == HI_CSV_CODE && r->target.role == HI_CSV_METRIC &&
		   column == c->plan->name) {
		return add_code(c, r);
	} else if (r->kind == HI_CSV_CODE && r->target.role == HI_CSV_IGNORE) {
		c->leave[c->leave_n++] = (struct leave){ column, r->word };
		c->wanted[column] = true;
	}
	return HI_OK;
}

static int make_tables(struct hi_csv_convert *c, struct hi_error *e)
{
	const struct hi_csv_plan *p = c->plan;
	const struct hi_csv_map *map = p->map;
	size_t rules = map ? map->n : 0;

	c->field = calloc(p->n + 1, sizeof(*c->field));
	c->wanted = calloc(p->n + 1, sizeof(*c->wanted));
	c->missing = calloc(rules + 1, sizeof(*c->missing));
	c->leave = calloc(rules + 1, sizeof(*c->leave));
	c->names = hi_patients_new(sizeof(struct hi_csv_series), NAMES_MAX);
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
	for (size_t i = 0; i < rules; i++)
		if (take_rule(c, &map->rule[i]) != HI_OK)
			return hi_error_set(e, HI_NOMEM, "mapping: more than 4,096 codes");
	return HI_OK;
}

int hi_csv_convert_begin(struct hi_csv_convert *c, const struct hi_csv_plan *p, const char *path,
			 const char *source, const bool **wanted, struct hi_error *e)
{
	struct hi_slice id = hi_csv_patient_of_path(path);

	end_file(c);
	c->plan = p;
	c->source = source;
	if (p->patient_file && (strcmp(path, "-") == 0 || !hi_csv_text_ok(id, HI_PATIENT_ID_MAX)))
		return hi_error_set(e, HI_USAGE, "the file's name gives no patient_id");
	snprintf(c->file_patient, sizeof(c->file_patient), "%.*s",
		 id.len > HI_PATIENT_ID_MAX ? HI_PATIENT_ID_MAX : (int)id.len, id.ptr);
	*wanted = NULL;
	int s = make_tables(c, e);
	*wanted = c->wanted;
	return s;
}

/* --- a row ------------------------------------------------------------------- */

/* Refuses cell `column` of the row; HI_CSV_NO_COLUMN: the row as a whole. */
static int refuse(struct hi_csv_convert *c, const struct hi_csv_row *row, size_t column,
		  const char *why, const char *detail)
{
	struct hi_error bad;

	hi_error_fmt(&bad, HI_REFUSED, why, "%s", detail);
	bad.source = c->source;
	bad.line = row->line;
	if (column != HI_CSV_NO_COLUMN)
		hi_csv_row_place(row, c->plan->separator, column, &bad.line, &bad.column);
	int s = c->o->reject(c->o->arg, &bad, row->text);
	return s == HI_OK ? HI_REFUSED : s;
}

static int refuse_column(struct hi_csv_convert *c, const struct hi_csv_row *row, size_t column,
			 const char *why)
{
	return refuse(c, row, column, why, c->plan->column[column].name);
}

static int check_shape(struct hi_csv_convert *c, const struct hi_csv_row *row)
{
	if (row->n < c->plan->n)
		return refuse(c, row, HI_CSV_NO_COLUMN, "row: fewer fields than the header", "");
	for (size_t i = c->plan->n; i < row->n; i++)
		if (row->cell[i].len > 0)
			return refuse(c, row, HI_CSV_NO_COLUMN, "row: more fields than the header",
				      "");
	if (c->type == HI_CSV_NO_COLUMN)
		return HI_OK;
	for (int t = HI_T_ALERT; t < HI_T_OTHER; t++)
		if (hi_slice_is(row->cell[c->type], hi_type_names[t]))
			return refuse(c, row, c->type, "type: only readings may come from CSV", "");
	return HI_OK;
}

static bool is_left_out(const struct hi_csv_convert *c, const struct hi_csv_row *row)
{
	for (size_t i = 0; i < c->leave_n; i++)
		if (hi_slice_is(row->cell[c->leave[i].column], c->leave[i].word))
			return true;
	return false;
}

static int take_patient(struct hi_csv_convert *c, const struct hi_csv_row *row)
{
	const struct hi_csv_plan *p = c->plan;
	struct hi_slice id = HI_LIT("");

	if (c->set_patient)
		id = hi_slice_of(c->set_patient);
	else if (p->patient_is)
		id = hi_slice_of(p->patient_is);
	else if (p->patient_file)
		id = hi_slice_of(c->file_patient);
	else if (p->patient != HI_CSV_NO_COLUMN)
		id = row->cell[p->patient];
	if (p->patient != HI_CSV_NO_COLUMN && hi_csv_is_missing(id))
		id.len = 0;
	if (id.len == c->patient_len && id.len > 0 && memcmp(id.ptr, c->patient, id.len) == 0)
		return HI_OK;
	if (!hi_csv_text_ok(id, HI_PATIENT_ID_MAX))
		return refuse(c, row, p->patient,
			      id.len == 0 ? "patient_id: missing"
					  : "patient_id: not a text of at most 64 bytes",
			      "");
	memcpy(c->patient, id.ptr, id.len);
	c->patient_len = id.len;
	c->patient_selected = selected(c->o->patients, c->o->patients_n, id);
	hi_buf_reset(&c->head);
	hi_buf_puts(&c->head, "{\"patient_id\":");
	hi_json_quote(&c->head, id);
	hi_buf_puts(&c->head, ",\"metric_name\":");
	return HI_OK;
}

static void keep_time(struct hi_csv_convert *c, int64_t t_us, unsigned digits)
{
	c->t_us = t_us;
	c->time_text_len = hi_time_format(t_us, digits, c->time_text);
}

static int take_time(struct hi_csv_convert *c, const struct hi_csv_row *row)
{
	size_t column = c->plan->time;
	struct hi_error bad;
	struct hi_time t;

	if (c->o->stamp) {
		keep_time(c, c->o->now_us() / 1000 * 1000, 3);
		return HI_OK;
	}
	struct hi_slice cell = row->cell[column];
	if (cell.len == c->time_cell_len && memcmp(cell.ptr, c->time_cell, cell.len) == 0 &&
	    cell.len > 0)
		return HI_OK;
	c->time_cell_len = 0;
	if (hi_csv_cell_time(cell, &c->plan->column[column].target, c->plan->decimal_comma, &t,
			     &bad) != HI_OK)
		return refuse(c, row, column, bad.text, "");
	if (c->o->max_ahead_us >= 0 && t.t_us > c->o->now_us() + c->o->max_ahead_us)
		return refuse(c, row, column,
			      "timestamp: further ahead of the clock than --max-ahead", "");
	if (t.zoneless && c->counts.zoneless_line == 0) {
		c->counts.zoneless_line = row->line;
		c->counts.zoneless_source = c->source;
	}
	keep_time(c, t.t_us, t.digits);
	if (cell.len <= TIME_CELL_MAX) {
		memcpy(c->time_cell, cell.ptr, cell.len);
		c->time_cell_len = cell.len;
	}
	return HI_OK;
}

static bool is_set(const struct hi_csv_convert *c, const char *key)
{
	size_t n = strlen(key);

	for (size_t i = 0; i < c->o->set_n; i++)
		if (strncmp(c->o->set[i], key, n) == 0 && c->o->set[i][n] == '=')
			return true;
	return false;
}

/* What stands behind every value of the row: its time and its other keys. */
static int make_tail(struct hi_csv_convert *c, const struct hi_csv_row *row)
{
	hi_buf_reset(&c->tail);
	hi_buf_put(&c->tail, c->time_text, c->time_text_len);
	hi_buf_putc(&c->tail, '"');
	c->row_method = c->set_method;
	for (size_t i = 0; i < c->plan->n; i++) {
		const struct hi_csv_target *t = &c->plan->column[i].target;
		if (t->role != HI_CSV_KEY || hi_csv_is_missing(row->cell[i]) || is_set(c, t->name))
			continue;
		if (!hi_csv_text_ok(row->cell[i], KEY_VALUE_MAX))
			return refuse_column(c, row, i, "not a text of at most 64 bytes");
		c->row_method |= strcmp(t->name, "method") == 0;
		hi_buf_putc(&c->tail, ',');
		hi_json_quote(&c->tail, hi_slice_of(t->name));
		hi_buf_putc(&c->tail, ':');
		hi_json_quote(&c->tail, row->cell[i]);
	}
	hi_buf_slice(&c->tail, hi_buf_view(&c->set));
	return HI_OK;
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

	if (!p)
		return hi_error_set(e, HI_NOMEM, "out of memory");
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
		const struct missing *m = &c->missing[i];
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
		return refuse_column(c, row, column, bad.text);
	return v.unit.len > 0 ? write_own_unit(c, s, &v, out, e) : write_reading(c, s, &v, out, e);
}

static int convert_pair(struct hi_csv_convert *c, const struct hi_csv_row *row,
			const struct field *f, struct hi_buf *out, struct hi_error *e)
{
	struct hi_slice half[2];
	struct hi_error bad;
	int s = hi_csv_cell_pair(row->cell[f->column], half, &bad);

	if (s == HI_END ||
	    (s != HI_OK && is_declared_missing(c, f->column, row->cell[f->column], NULL)))
		return HI_OK;
	if (s != HI_OK)
		return refuse_column(c, row, f->column, bad.text);
	for (int i = 0; i < 2 && s >= HI_OK; i++)
		s = convert_cell(c, row, f->column, half[i], &f->s[i], out, e);
	return s;
}

static int convert_wide(struct hi_csv_convert *c, const struct hi_csv_row *row, struct hi_buf *out,
			struct hi_error *e)
{
	for (size_t i = 0; i < c->field_n; i++) {
		const struct field *f = &c->field[i];
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
	if (hi_metric_find(cell) || !hi_csv_known_header(cell, &t, &rank) ||
	    t.role != HI_CSV_METRIC)
		hi_csv_target_metric(&t, cell);
	snprintf(name, sizeof(name), "%.*s", (int)cell.len, cell.ptr);
	make_series(c, s, name, &t);
}

static int find_series(struct hi_csv_convert *c, const struct hi_csv_row *row,
		       struct hi_csv_series **out)
{
	struct hi_slice cell = row->cell[c->plan->name];
	struct hi_csv_series *s = NULL;

	if (cell.len <= HI_CSV_NAME_MAX)
		s = hi_patients_get(c->names, cell, hi_hash_slice(cell));
	if (!s)
		return refuse_column(c, row, c->plan->name,
				     "metric_name: more than 4,096 of them, or too long");
	if (s->state == HI_CSV_SERIES_NEW)
		name_series(c, cell, s);
	if (s->state == HI_CSV_SERIES_BAD)
		return refuse_column(c, row, c->plan->name,
				     "metric_name: not a text of at most 48 bytes");
	*out = s;
	return HI_OK;
}

/* The unit column's spelling by the mapping, then by the known units. */
static int take_unit(struct hi_csv_convert *c, const struct hi_csv_row *row,
		     struct hi_csv_series *s)
{
	struct hi_slice cell = row->cell[c->plan->unit], as = cell;
	const struct hi_csv_map *map = c->plan->map;
	char unit[HI_UNIT_MAX + 1];

	if (c->coded_names || hi_csv_is_missing(cell) || hi_slice_is(cell, s->unit_cell))
		return HI_OK;
	for (size_t i = 0; map && i < map->n; i++)
		if (map->rule[i].kind == HI_CSV_CODE && map->rule[i].target.role == HI_CSV_UNIT &&
		    hi_slice_is(cell, map->rule[i].word))
			as = hi_slice_of(map->rule[i].target.unit);
	if (!hi_csv_text_ok(as, HI_UNIT_MAX) ||
	    hi_csv_known_unit(s->target.known, as, unit) != HI_OK)
		return refuse_column(c, row, c->plan->unit, "unit: not one of the metric's");
	if (cell.len < sizeof(s->unit_cell)) {
		memcpy(s->unit_cell, cell.ptr, cell.len);
		s->unit_cell[cell.len] = '\0';
	}
	hi_csv_series_unit(s, unit, &c->stats);
	return HI_OK;
}

static int convert_narrow(struct hi_csv_convert *c, const struct hi_csv_row *row,
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

static int convert(struct hi_csv_convert *c, const struct hi_csv_row *row, struct hi_buf *out,
		   struct hi_error *e)
{
	struct hi_csv_series *narrow = NULL;
	int s = check_shape(c, row);

	if (s == HI_OK && is_left_out(c, row)) {
		c->counts.left_out++;
		return HI_OK;
	}
	if (s == HI_OK && c->plan->value != HI_CSV_NO_COLUMN)
		s = find_series(c, row, &narrow);
	if (s == HI_OK && narrow && narrow->state == HI_CSV_SERIES_NOT_NAMED) {
		c->counts.no_code++;
		if (c->field_n == 0)
			return HI_OK;
		narrow = NULL;
	}
	if (s == HI_OK)
		s = take_time(c, row);
	if (s == HI_OK)
		s = take_patient(c, row);
	if (s != HI_OK)
		return s;
	if (!c->patient_selected || c->t_us < c->o->since_us || c->t_us >= c->o->until_us)
		return HI_OK;
	s = make_tail(c, row);
	if (s == HI_OK)
		s = convert_wide(c, row, out, e);
	if (s == HI_OK && narrow)
		s = convert_narrow(c, row, narrow, out, e);
	return s;
}

int hi_csv_convert_row(struct hi_csv_convert *c, const struct hi_csv_row *row, struct hi_buf *out,
		       struct hi_error *e)
{
	int s;

	c->counts.rows++;
	s = convert(c, row, out, e);
	return s == HI_REFUSED ? HI_OK : s;
}
