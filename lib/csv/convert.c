/* What a row is: whose, when, whether at all; convert_value.c writes its readings. */
#include "csv/convert.h"

#include <stdio.h>
#include <stdlib.h>

#include "csv/cell.h"
#include "csv/convert_private.h"
#include "csv/series.h"
#include "json/json.h"

enum { KEY_VALUE_MAX = 64 };

int hi_csv_set_check(const char *set, struct hi_error *e)
{
	const char *eq = strchr(set, '=');
	struct hi_slice key = { set, eq ? (size_t)(eq - set) : 0 };

	if (eq && (hi_slice_is(key, "patient_id") || hi_csv_key_allowed(key)) &&
	    hi_csv_text_ok(key, KEY_VALUE_MAX) &&
	    hi_csv_text_ok(hi_slice_of(eq + 1), KEY_VALUE_MAX))
		return HI_OK;
	/* Of V nothing: it may be a patient's id. */
	return hi_error_fmt(e, HI_USAGE,
			    "--set takes KEY=V, a key that is not the reading's own and a text "
			    "of at most 64 bytes",
			    "%.*s", eq ? (int)(eq - set) : (int)strlen(set), set);
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

void hi_csv_convert_free(struct hi_csv_convert *c)
{
	if (!c)
		return;
	hi_csv_tables_release(c);
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

int hi_csv_convert_begin(struct hi_csv_convert *c, const struct hi_csv_plan *p, const char *path,
			 const char *source, const bool **wanted, struct hi_error *e)
{
	struct hi_slice id = hi_csv_patient_of_path(path);

	hi_csv_tables_release(c);
	c->time_cell_len = c->patient_len = 0;
	c->plan = p;
	c->source = source;
	if (p->patient_file && (strcmp(path, "-") == 0 || !hi_csv_text_ok(id, HI_PATIENT_ID_MAX)))
		return hi_error_set(e, HI_USAGE, "the file's name gives no patient_id");
	snprintf(c->file_patient, sizeof(c->file_patient), "%.*s",
		 id.len > HI_PATIENT_ID_MAX ? HI_PATIENT_ID_MAX : (int)id.len, id.ptr);
	*wanted = NULL;
	int s = hi_csv_tables_make(c, e);
	*wanted = c->wanted;
	return s;
}

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

int hi_csv_convert_refuse(struct hi_csv_convert *c, const struct hi_csv_row *row, size_t column,
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
	c->patient_selected = hi_csv_selected(c->o->patients, c->o->patients_n, id);
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
	if (cell.len <= HI_CSV_TIME_CELL_MAX) {
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
			return hi_csv_convert_refuse(c, row, i, "not a text of at most 64 bytes");
		c->row_method |= strcmp(t->name, "method") == 0;
		hi_buf_putc(&c->tail, ',');
		hi_json_quote(&c->tail, hi_slice_of(t->name));
		hi_buf_putc(&c->tail, ':');
		hi_json_quote(&c->tail, row->cell[i]);
	}
	hi_buf_slice(&c->tail, hi_buf_view(&c->set));
	return HI_OK;
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
		s = hi_csv_convert_find(c, row, &narrow, e);
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
		s = hi_csv_convert_wide(c, row, out, e);
	if (s == HI_OK && narrow)
		s = hi_csv_convert_narrow(c, row, narrow, out, e);
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
