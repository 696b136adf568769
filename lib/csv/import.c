#include "csv/import.h"

#include <errno.h>
#include <stdlib.h>

enum { OUT_MAX = 64 << 20 };

struct hi_csv_import {
	const struct hi_csv_import_options *o;
	struct hi_csv_rows *rows;
	struct hi_csv_convert *convert;
	struct hi_csv_options convert_options;
	struct hi_csv_plan plan;
	bool planned;
	struct hi_buf header; /* that plan is of */
	struct hi_buf out;
	struct hi_slice *given; /* cells of o->columns */
	const char *source;
	struct hi_line_position begin; /* where the file is read on from */
	bool begun;		       /* it is that of a file that was opened */
	bool going;		       /* rows are being converted, or were */
	bool within;		       /* not all that comes of a row is written */
};

/* What is converted already goes out before the reject, so that the order stays the input's. */
static int reject(void *arg, const struct hi_error *e, struct hi_slice text)
{
	struct hi_csv_import *im = arg;

	im->o->write(im->o->convert.arg, hi_buf_view(&im->out));
	hi_buf_reset(&im->out);
	return im->o->convert.reject(im->o->convert.arg, e, text);
}

int hi_csv_import_new(struct hi_csv_import **out, const struct hi_csv_import_options *o,
		      struct hi_error *e)
{
	struct hi_csv_import *im = calloc(1, sizeof(*im));
	int s;

	*out = im;
	if (!im)
		return hi_error_set(e, HI_NOMEM, "out of memory");
	im->o = o;
	im->convert_options = o->convert;
	im->convert_options.reject = reject;
	im->convert_options.arg = im;
	hi_buf_init(&im->header, HI_CSV_ROW_MAX + 1);
	hi_buf_init(&im->out, OUT_MAX);
	im->given = calloc(o->columns_n + 1, sizeof(*im->given));
	if (!im->given)
		return hi_error_set(e, HI_NOMEM, "out of memory");
	for (size_t i = 0; i < o->columns_n; i++)
		im->given[i] = hi_slice_of(o->columns[i]);
	s = hi_csv_rows_new(&im->rows, o->before_read, o->convert.arg, e);
	return s == HI_OK ? hi_csv_convert_new(&im->convert, &im->convert_options, e) : s;
}

void hi_csv_import_free(struct hi_csv_import *im)
{
	if (!im)
		return;
	hi_csv_convert_free(im->convert);
	hi_csv_rows_free(im->rows);
	hi_csv_plan_release(&im->plan);
	hi_buf_release(&im->header);
	hi_buf_release(&im->out);
	free(im->given);
	free(im);
}

struct hi_csv_convert *hi_csv_import_convert(struct hi_csv_import *im)
{
	return im->convert;
}

/* The next row; a signal that asks for no end is nothing. */
static int next_row(struct hi_csv_import *im, struct hi_csv_row *row, struct hi_error *e)
{
	int s;

	do
		s = hi_csv_rows_next(im->rows, row, e);
	while (s == HI_IO && e->sys == EINTR);
	if (s != HI_OK && s != HI_END)
		e->source = im->source;
	return s;
}

static int look_ahead(struct hi_csv_import *im, struct hi_error *e)
{
	struct hi_csv_look *l = hi_csv_look_new(im->plan.n);
	struct hi_csv_row row;
	int s = HI_OK;

	if (!l)
		return hi_error_set(e, HI_NOMEM, "out of memory");
	hi_csv_rows_mark(im->rows);
	for (int i = 0; i < HI_CSV_LOOK_ROWS && hi_csv_rows_may_look(im->rows); i++) {
		s = next_row(im, &row, e);
		if (s == HI_OK)
			hi_csv_look_row(l, &row, im->plan.decimal_comma);
		else if (s != HI_REFUSED)
			break;
	}
	hi_csv_rows_back(im->rows);
	hi_csv_plan_guess(&im->plan, l);
	hi_csv_look_free(l);
	return s < 0 ? s : HI_OK;
}

/* The header row, or the one given; HI_END: there is not even a first row. */
static int read_header(struct hi_csv_import *im, struct hi_csv_row *row, struct hi_error *e)
{
	bool given = im->o->columns_n > 0;
	int s;

	if (given)
		hi_csv_rows_mark(im->rows);
	s = next_row(im, row, e);
	if (given)
		hi_csv_rows_back(im->rows);
	if (s == HI_REFUSED && !given) {
		e->status = HI_USAGE;
		return HI_USAGE;
	}
	if (s < 0 || s == HI_END)
		return s;
	if (given) {
		row->cell = im->given;
		row->n = im->o->columns_n;
		row->text = HI_LIT("");
	}
	return HI_OK;
}

static int make_plan(struct hi_csv_import *im, const struct hi_csv_row *row, struct hi_error *e)
{
	struct hi_slice text = row->text;
	int s;

	if (im->planned && hi_slice_eq(hi_buf_view(&im->header), text))
		return HI_OK;
	im->planned = false;
	hi_csv_plan_release(&im->plan);
	hi_buf_reset(&im->header);
	hi_buf_slice(&im->header, text);
	s = hi_csv_plan_make(&im->plan, row, hi_csv_rows_separator(im->rows), im->o->map, e);
	if (s == HI_OK && im->o->guess)
		s = look_ahead(im, e);
	if (s == HI_OK)
		s = hi_csv_plan_settle(&im->plan, im->o->convert.stamp, im->o->patient_given, e);
	/* Also where it cannot be used: what is known is the way to a mapping. */
	if (s == HI_OK || s == HI_USAGE)
		im->o->planned(im->o->convert.arg, &im->plan, im->source);
	im->planned = s == HI_OK;
	return im->o->plan_only && s == HI_USAGE ? HI_OK : s;
}

static int convert_rows(struct hi_csv_import *im, struct hi_error *e)
{
	struct hi_csv_row row;
	int s;

	im->going = true;
	while ((s = next_row(im, &row, e)) == HI_OK || s == HI_REFUSED) {
		im->within = true;
		if (s == HI_OK)
			s = hi_csv_convert_row(im->convert, &row, &im->out, e);
		else
			s = im->o->convert.reject(im->o->convert.arg, e, row.text);
		im->within = s != HI_OK;
		im->o->write(im->o->convert.arg, hi_buf_view(&im->out));
		hi_buf_reset(&im->out);
		if (s != HI_OK)
			return s;
	}
	return s == HI_END ? HI_OK : s;
}

void hi_csv_import_from(struct hi_csv_import *im, struct hi_line_position from)
{
	im->begin = from;
	im->begun = im->going = false;
}

bool hi_csv_import_position(struct hi_csv_import *im, struct hi_line_position *p)
{
	*p = im->begin;
	return !im->going || (!im->within && hi_csv_rows_position(im->rows, p));
}

static void begin_file(struct hi_csv_import *im)
{
	if (im->begun)
		im->begin = (struct hi_line_position){ 0 };
	im->begun = true;
	im->going = im->within = false;
}

bool hi_csv_import_unended(const struct hi_csv_import *im)
{
	return im->going && hi_csv_rows_unended(im->rows);
}

/* Behind the header, to where the file is read on. HI_END: a signal ends it before. */
static int go_on(struct hi_csv_import *im, struct hi_error *e)
{
	int s;

	do
		s = hi_csv_rows_go_to(im->rows, im->begin, e);
	while (s == HI_IO && e->sys == EINTR);
	return s;
}

int hi_csv_import_input(struct hi_csv_import *im, struct hi_input *in, const char *path,
			struct hi_error *e)
{
	char separator = im->o->separator;
	const bool *wanted = NULL;
	struct hi_csv_row row;
	bool empty;
	int s;

	if (!separator && im->o->map)
		separator = im->o->map->separator;
	im->source = hi_input_name(in);
	begin_file(im);
	hi_csv_rows_open(im->rows, in, separator, im->o->lines);
	s = read_header(im, &row, e);
	empty = s == HI_END;
	if (s == HI_OK)
		s = make_plan(im, &row, e);
	if (s == HI_OK && im->o->plan_only)
		return HI_OK;
	if (s == HI_OK)
		s = hi_csv_convert_begin(im->convert, &im->plan, path, im->source, &wanted, e);
	if (s >= HI_OK)
		s = go_on(im, e);
	if (s == HI_OK && !empty) {
		hi_csv_rows_want(im->rows, wanted, im->plan.n);
		s = convert_rows(im, e);
	} else if (s == HI_END) {
		return HI_OK;
	}
	if (s < 0 && !e->source)
		e->source = im->source;
	return s;
}

int hi_csv_import_file(struct hi_csv_import *im, const char *path, struct hi_error *e)
{
	struct hi_input *in;
	int s = hi_input_open(&in, path, e);

	if (s != HI_OK)
		return s;
	s = hi_csv_import_input(im, in, path, e);
	/* The name in e outlives the input where it is the path. */
	if (e->source && e->source == hi_input_name(in))
		e->source = strcmp(path, "-") == 0 ? "stdin" : path;
	hi_input_close(in);
	return s;
}
