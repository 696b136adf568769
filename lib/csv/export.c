#include "csv/export.h"

#include <stdlib.h>

#include "base/time.h"
#include "csv/text.h"

enum { SCRATCH_MAX = 2 << 20, ROW_MAX = 16 << 20 };

/* A cell of the wide row: a part of x->values. */
struct cell {
	size_t from, len; /* len 0: empty */
};

struct hi_csv_export {
	bool wide, spreadsheet;
	const char **extra; /* those outside the catalogue */
	size_t extra_n;
	struct hi_csv_export_counts counts;
	struct hi_buf scratch;
	struct hi_json json; /* of a store's other keys */

	bool open; /* a wide row is */
	char patient[HI_PATIENT_ID_MAX];
	size_t patient_len;
	int64_t t_us;
	struct hi_buf values;
	struct cell *cell;
	size_t cell_n;
};

int hi_csv_export_new(struct hi_csv_export **out, bool wide, bool spreadsheet,
		      const char *const *extra, size_t extra_n, struct hi_error *e)
{
	struct hi_csv_export *x = calloc(1, sizeof(*x));

	*out = x;
	if (!x)
		return hi_error_set(e, HI_NOMEM, "out of memory");
	x->wide = wide;
	x->spreadsheet = spreadsheet;
	x->cell = calloc(hi_metrics_n + extra_n, sizeof(*x->cell));
	x->extra = calloc(extra_n + 1, sizeof(*x->extra));
	hi_buf_init(&x->scratch, SCRATCH_MAX);
	hi_buf_init(&x->values, ROW_MAX);
	hi_json_init(&x->json);
	if (!x->cell || !x->extra)
		return hi_error_set(e, HI_NOMEM, "out of memory");
	for (size_t i = 0; i < extra_n; i++)
		if (!hi_metric_find(hi_slice_of(extra[i])))
			x->extra[x->extra_n++] = extra[i];
	x->cell_n = hi_metrics_n + x->extra_n;
	return HI_OK;
}

void hi_csv_export_free(struct hi_csv_export *x)
{
	if (!x)
		return;
	free(x->cell);
	free(x->extra);
	hi_buf_release(&x->scratch);
	hi_buf_release(&x->values);
	hi_json_release(&x->json);
	free(x);
}

const struct hi_csv_export_counts *hi_csv_export_counts(const struct hi_csv_export *x)
{
	return &x->counts;
}

static const struct hi_member *find_member(struct hi_csv_export *x, const struct hi_rec *rec,
					   const char *key)
{
	if (!(rec->has & HI_HAS_EXTRA_JSON))
		return hi_rec_member(rec, key);
	if (rec->extra_json.len == 0 || hi_json_slice(&x->json, rec->extra_json, NULL) != HI_OK)
		return NULL;
	return hi_json_find(&x->json, key);
}

static void put_member(struct hi_csv_export *x, const struct hi_rec *rec, const char *key,
		       struct hi_buf *b)
{
	const struct hi_member *m = find_member(x, rec, key);

	hi_buf_putc(b, ',');
	if (!m || m->kind == HI_JSON_NULL)
		return;
	hi_buf_reset(&x->scratch);
	hi_csv_put_text(b, hi_member_text(m, &x->scratch), x->spreadsheet);
}

static const char *plausible_word(const struct hi_rec *rec)
{
	if (rec->has & HI_HAS_CODE)
		return "true";
	if (!(rec->has & HI_HAS_VALUE))
		return "";
	return hi_metric_plausible(rec->metric, rec->value.v) ? "true" : "false";
}

static void put_narrow(struct hi_csv_export *x, const struct hi_rec *rec, struct hi_buf *b)
{
	hi_csv_put_text(b, rec->patient_id, x->spreadsheet);
	hi_buf_putc(b, ',');
	hi_csv_put_time(b, rec->t_us);
	hi_buf_putc(b, ',');
	hi_csv_put_text(b, rec->metric_name, x->spreadsheet);
	hi_buf_putc(b, ',');
	if ((rec->has & HI_HAS_VALUE) && !(rec->has & HI_HAS_CODE))
		hi_rec_value(rec, b);
	hi_buf_putc(b, ',');
	if (rec->has & HI_HAS_CODE)
		hi_csv_put_text(b, rec->code, x->spreadsheet);
	hi_buf_putc(b, ',');
	hi_csv_put_text(b, hi_rec_unit(rec), x->spreadsheet);
	hi_buf_putc(b, ',');
	hi_buf_puts(b, plausible_word(rec));
	put_member(x, rec, "ward", b);
	put_member(x, rec, "device_id", b);
	put_member(x, rec, "method", b);
	hi_buf_putc(b, '\n');
}

static void put_wide(struct hi_csv_export *x, struct hi_buf *b)
{
	hi_csv_put_text(b, (struct hi_slice){ x->patient, x->patient_len }, x->spreadsheet);
	hi_buf_putc(b, ',');
	hi_csv_put_time(b, x->t_us);
	for (size_t i = 0; i < x->cell_n; i++) {
		hi_buf_putc(b, ',');
		if (x->cell[i].len > 0)
			hi_buf_put(b, x->values.ptr + x->cell[i].from, x->cell[i].len);
		x->cell[i].len = 0;
	}
	hi_buf_putc(b, '\n');
	hi_buf_reset(&x->values);
	x->open = false;
}

static size_t cell_of(const struct hi_csv_export *x, const struct hi_rec *rec)
{
	if (rec->metric)
		return hi_metric_index(rec->metric);
	for (size_t i = 0; i < x->extra_n; i++)
		if (hi_slice_is(rec->metric_name, x->extra[i]))
			return hi_metrics_n + i;
	return x->cell_n;
}

static void add_wide(struct hi_csv_export *x, const struct hi_rec *rec, struct hi_buf *b)
{
	size_t i = cell_of(x, rec);
	struct hi_slice row = { x->patient, x->patient_len };

	if (i == x->cell_n) {
		x->counts.no_column++;
		return;
	}
	if (x->open &&
	    (x->t_us != rec->t_us || !hi_slice_eq(row, rec->patient_id) || x->cell[i].len > 0))
		put_wide(x, b);
	if (!x->open) {
		x->open = true;
		x->t_us = rec->t_us;
		x->patient_len = rec->patient_id.len;
		memcpy(x->patient, rec->patient_id.ptr, rec->patient_id.len);
	}
	x->cell[i].from = x->values.len;
	if (rec->has & HI_HAS_CODE)
		hi_csv_put_text(&x->values, rec->code, x->spreadsheet);
	else if (rec->has & HI_HAS_VALUE)
		hi_rec_value(rec, &x->values);
	x->cell[i].len = x->values.len - x->cell[i].from;
}

void hi_csv_export_header(const struct hi_csv_export *x, struct hi_buf *b)
{
	if (!x->wide) {
		hi_buf_puts(b, "patient_id,timestamp,metric_name,value,text,unit,plausible,ward,"
			       "device_id,method\n");
		return;
	}
	hi_buf_puts(b, "patient_id,timestamp");
	for (size_t i = 0; i < x->cell_n; i++) {
		hi_buf_putc(b, ',');
		hi_csv_put_text(b,
				hi_slice_of(i < hi_metrics_n ? hi_metrics[i].name
							     : x->extra[i - hi_metrics_n]),
				x->spreadsheet);
	}
	hi_buf_putc(b, '\n');
}

static int check(const struct hi_csv_export *x, const struct hi_buf *b, struct hi_error *e)
{
	return b->failed || x->values.failed || x->scratch.failed
		       ? hi_error_set(e, HI_NOMEM, "out of memory")
		       : HI_OK;
}

int hi_csv_export_record(struct hi_csv_export *x, const struct hi_rec *rec, struct hi_buf *b,
			 struct hi_error *e)
{
	if (rec->type != HI_T_READING) {
		x->counts.other[rec->type]++;
		return HI_OK;
	}
	x->counts.readings++;
	if (x->wide)
		add_wide(x, rec, b);
	else
		put_narrow(x, rec, b);
	return check(x, b, e);
}

int hi_csv_export_end(struct hi_csv_export *x, struct hi_buf *b, struct hi_error *e)
{
	if (x->open)
		put_wide(x, b);
	return check(x, b, e);
}
