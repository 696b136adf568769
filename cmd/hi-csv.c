/*
 * hi-csv: CSV to readings, and readings to CSV.
 *
 * In:      CSV files, hi-csv(1); with --to records of hi-record(5)
 * Out:     reading, reject, hi-record(5), with --mark marks; with --to CSV of fixed columns
 * Keeps:   a row; of each column the different values, at most 65,536; codes, at most 4,096
 * Source:  RFC 4180 by libcsv; headers of PhysioNet and MIMIC, lib/csv/known.c
 * Departs: from RFC 4180: rows end with LF, quotes within unquoted cells are kept
 */
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "csv/export.h"
#include "csv/import.h"
#include "io/signal.h"
#include "store/store.h"
#include "tool/files.h"
#include "tool/message.h"
#include "tool/run.h"

struct options {
	const char *to, *map, *separator;
	struct hi_strings columns, set;
	bool guess, print_map, stamp, lines, spreadsheet;
	int64_t max_ahead_us;
};

static const struct hi_option option_table[] = {
	{ "map", 'm', HI_OPT_STRING, offsetof(struct options, map), "FILE",
	  "what the columns are, a rule a line: hi-csv(1)" },
	{ "guess", 'g', HI_OPT_FLAG, offsetof(struct options, guess), NULL,
	  "look at values too, and say what each column is taken for" },
	{ "print-map", 0, HI_OPT_FLAG, offsetof(struct options, print_map), NULL,
	  "print a mapping to edit, and end" },
	{ "separator", 0, HI_OPT_STRING, offsetof(struct options, separator), "C",
	  "between cells: a character or tab [found: , ; tab |]" },
	{ "columns", 0, HI_OPT_LIST, offsetof(struct options, columns), "NAME,...",
	  "the header of an input that has none" },
	{ "set", 0, HI_OPT_STRINGS, offsetof(struct options, set), "KEY=V",
	  "add the key to every reading; patient_id=ID too; repeats" },
	{ "stamp", 0, HI_OPT_FLAG, offsetof(struct options, stamp), NULL,
	  "timestamp is the time of arrival" },
	{ "lines", 0, HI_OPT_FLAG, offsetof(struct options, lines), NULL,
	  "a device: no cell spans lines" },
	{ "max-ahead", 0, HI_OPT_DURATION, offsetof(struct options, max_ahead_us), "D",
	  "reject times further ahead of the clock" },
	{ "to", 't', HI_OPT_STRING, offsetof(struct options, to), "narrow|wide",
	  "records to CSV: a row a reading, or a row a time" },
	{ "spreadsheet", 0, HI_OPT_FLAG, offsetof(struct options, spreadsheet), NULL,
	  "with --to: no text that a spreadsheet takes for a formula" },
	{ 0 },
};

static const struct hi_program program = {
	.name = "hi-csv",
	.summary = "CSV to readings, and readings to CSV",
	.usage = "[OPTION]... [INPUT]...",
	.examples = "hi-csv vitals.csv | hi-detect --only-new\n"
		    "hi-csv --print-map odd.csv > odd.map; hi-csv --map odd.map odd.csv\n"
		    "hi-csv --resume icu icu.csv | hi-detect | hi-store icu\n"
		    "hi-csv --to wide vitals.ndjson > vitals.csv\n",
	.groups = HI_GROUP_SELECT | HI_GROUP_OUTPUT | HI_GROUP_TZ | HI_GROUP_STRICT |
		  HI_GROUP_STREAM | HI_GROUP_SOURCE | HI_GROUP_PROGRESS,
	.options = option_table,
};

struct state {
	struct options opt;
	struct hi_run *run;
	size_t operands_n;
	char **operands;
	struct hi_csv_map map;
	struct hi_csv_import_options o;
	struct hi_csv_import *import;
	struct hi_csv_export *export;
	struct hi_buf text;
	uint64_t readings; /* that run has counted */
	struct hi_source *source;
	bool marks; /* the opening one is written; then: */
	struct hi_files files;
	size_t now;		  /* the file that is being read */
	uint64_t mark_at;	  /* of lines written: by lines a mark is due then */
	struct hi_error unmarked; /* why one could not be written */
	bool zoneless_told;
	bool from_file; /* what is read is a file, no pipe */
};

/* HI_END: it stands nowhere that another run could begin: within a row, or in a quote's trail. */
static int stand(struct state *s, struct hi_error *e)
{
	struct hi_line_position p;

	if (!hi_csv_import_position(s->import, &p))
		return HI_END;
	return hi_files_stand(&s->files, s->now, p, e);
}

static void await_mark(struct state *s)
{
	uint64_t room = hi_source_room(s->source);

	s->mark_at = room < UINT64_MAX ? s->run->lines_out + room : room;
}

/* Where the file grows this may have been the first half of a value, and is one for ever. */
static void note_unended(const struct state *s, struct hi_line_position before)
{
	struct hi_line_position p;

	if (hi_csv_import_unended(s->import) && hi_csv_import_position(s->import, &p) &&
	    p.line != before.line)
		hi_note("%s:%llu: the last line has no line end; it is taken as whole",
			s->files.v[s->now].path, (unsigned long long)p.line);
}

/* Where none can be it comes a little later. */
static void mark(struct state *s)
{
	if (s->unmarked.status == HI_OK && stand(s, &s->unmarked) == HI_OK)
		hi_source_mark(s->source, &s->files.at, HI_TIME_MIN, &s->unmarked);
	await_mark(s);
}

static bool before_read(void *arg, bool waits)
{
	struct state *s = arg;
	struct hi_run *run = s->run;

	hi_run_tell(run, false);
	if (waits)
		hi_writer_flush(run->out);
	if (s->marks && hi_source_due(s->source))
		mark(s);
	/* What a mark tells the place of is not cut short: it goes on from there. */
	if (hi_signal_stop)
		hi_run_cut(run, s->from_file && !s->marks);
	return !hi_signal_stop && !hi_writer_failed(run->out) && !s->unmarked.status;
}

static void write_lines(void *arg, struct hi_slice lines)
{
	struct state *s = arg;
	const struct hi_csv_counts *n = hi_csv_convert_counts(hi_csv_import_convert(s->import));

	hi_writer_slice(s->run->out, lines);
	s->run->records = n->rows;
	s->run->lines_out += n->readings - s->readings;
	s->readings = n->readings;
	if (s->run->lines_out >= s->mark_at)
		mark(s);
	if (n->zoneless_line == 0 || s->zoneless_told)
		return;
	s->zoneless_told = true;
	hi_note("%s:%llu: a time without a zone; such times are read as %s (--tz)",
		n->zoneless_source, (unsigned long long)n->zoneless_line, hi_tz_name());
}

static int reject(void *arg, const struct hi_error *e, struct hi_slice text)
{
	struct state *s = arg;

	struct hi_error bad = *e; /* a source's reject is a line of its output: it cannot fail */

	return hi_run_reject(s->run, &bad, text) == HI_OK ? HI_OK : HI_END;
}

/* What each column was taken for; without --guess only what is not used, in one line. */
static void note_plan(void *arg, const struct hi_csv_plan *p, const char *source)
{
	struct state *s = arg;
	struct hi_buf *b = &s->text;

	if (s->opt.print_map) {
		hi_csv_plan_print(p, b);
		hi_writer_slice(s->run->out, hi_buf_view(b));
		hi_buf_reset(b);
	}
	for (size_t i = 0; s->opt.guess && i < p->n; i++) {
		hi_csv_plan_tell(p, i, b);
		hi_note("%.*s", (int)b->len, b->ptr);
		hi_buf_reset(b);
	}
	if (s->opt.guess || s->opt.print_map)
		return;
	hi_csv_plan_unused(p, b);
	if (b->len > 0)
		hi_note("%s: columns not used: %.*s", source, (int)b->len, b->ptr);
	hi_buf_reset(b);
}

static void note_end(struct state *s)
{
	struct hi_csv_convert *c = hi_csv_import_convert(s->import);
	const struct hi_csv_counts *n = hi_csv_convert_counts(c);
	struct hi_csv_stats *st;

	for (size_t i = 0; (st = hi_csv_convert_stats(c, i)); i++) {
		if (st->code && st->n == 0)
			continue;
		hi_buf_reset(&s->text);
		hi_csv_stats_tell(st, &s->text);
		hi_note("%.*s", (int)s->text.len, s->text.ptr);
	}
	if (n->left_out > 0)
		hi_note("%llu rows left out by the mapping", (unsigned long long)n->left_out);
	if (n->no_code > 0)
		hi_note("%llu rows of codes that the mapping does not name",
			(unsigned long long)n->no_code);
}

static bool is_file(const char *operand)
{
	struct stat st;
	int s = strcmp(operand, "-") == 0 ? fstat(STDIN_FILENO, &st) : stat(operand, &st);

	return s == 0 && S_ISREG(st.st_mode);
}

static int check_operands(const struct state *s, struct hi_error *e)
{
	for (size_t i = 0; i < s->operands_n; i++)
		if (hi_store_is(s->operands[i]))
			return hi_error_fmt(e, HI_USAGE,
					    "a store holds records: --to narrow or wide makes CSV "
					    "of them",
					    "%s", s->operands[i]);
	return HI_OK;
}

static int begin(struct state *s, struct hi_error *e)
{
	int status = hi_csv_import_new(&s->import, &s->o, e);

	status = status ? status : check_operands(s, e);
	status = status ? status : hi_source_open(&s->source, s->run, NULL, e);
	if (status == HI_OK && hi_source_marks(s->source)) {
		status = hi_files_open(&s->files, s->source, "csv", s->operands, s->operands_n, e);
		status = status ? status : hi_source_begin(s->source, &s->files.at, e);
		s->marks = status == HI_OK;
	}
	if (status == HI_OK)
		await_mark(s);
	return status;
}

/* One file after the other; where there are marks, each from where it is to be read on. */
static int read_files(struct state *s, struct hi_error *e)
{
	static char *standard_input[] = { "-" };
	char **operand = s->operands_n ? s->operands : standard_input;
	size_t n = s->operands_n ? s->operands_n : 1;
	int status = HI_OK;

	for (size_t i = 0; i < n && status == HI_OK; i++) {
		s->now = i;
		s->from_file = is_file(operand[i]);
		if (s->marks)
			hi_csv_import_from(s->import, s->files.v[i].from);
		status = hi_csv_import_file(s->import, operand[i], e);
		if (s->marks && hi_signal_stop) {
			hi_run_cut(s->run, false);
			break;
		}
		if (s->marks && status == HI_OK) {
			status = stand(s, e);
			note_unended(s, s->files.v[i].from);
		}
	}
	return status;
}

static int import(struct hi_run *run, struct hi_error *e)
{
	struct state *s = run->state;

	s->run = run;
	if (s->operands_n == 0 && isatty(STDIN_FILENO))
		hi_note("reading CSV from the terminal; Ctrl-D ends it");
	int status = begin(s, e);
	status = status ? status : read_files(s, e);
	/* Whatever has ended it: what was written has come from where it says. */
	if (s->marks)
		mark(s);
	if (status >= HI_OK && s->unmarked.status) {
		*e = s->unmarked;
		status = e->status;
	}
	if (status >= HI_OK && !s->opt.print_map)
		note_end(s);
	hi_csv_import_free(s->import);
	hi_source_free(s->source);
	hi_files_release(&s->files);
	return status == HI_END ? HI_OK : status;
}

/* --- records to CSV ---------------------------------------------------------- */

static void write_text(struct hi_run *run, struct state *s)
{
	hi_writer_buf(run->out, &s->text);
}

static int open_export(struct hi_run *run, struct hi_error *e)
{
	struct state *s = run->state;
	const struct hi_strings *m = &run->common->metrics;
	int status = hi_csv_export_new(&s->export, strcmp(s->opt.to, "wide") == 0,
				       s->opt.spreadsheet, m->v, m->n, e);

	if (status != HI_OK)
		return status;
	hi_csv_export_header(s->export, &s->text);
	write_text(run, s);
	return HI_OK;
}

static int export_record(struct hi_run *run, const struct hi_rec *rec, struct hi_error *e)
{
	struct state *s = run->state;
	int status = hi_csv_export_record(s->export, rec, &s->text, e);

	write_text(run, s);
	return status;
}

static int close_export(struct hi_run *run, struct hi_error *e)
{
	struct state *s = run->state;
	const struct hi_csv_export_counts *n = hi_csv_export_counts(s->export);
	int status = hi_csv_export_end(s->export, &s->text, e);

	write_text(run, s);
	if (n->no_column > 0)
		hi_note("%llu reading%s of metrics without a column left out (--metric adds one)",
			(unsigned long long)n->no_column, n->no_column == 1 ? "" : "s");
	for (int t = 0; t < HI_TYPES; t++)
		if (n->other[t] > 0 && t != HI_T_MARK)
			hi_note("%llu record%s of type %s left out",
				(unsigned long long)n->other[t], n->other[t] == 1 ? "" : "s",
				hi_type_names[t]);
	hi_csv_export_free(s->export);
	return status;
}

static const struct hi_tool export_tool = {
	.program = &program,
	.role = HI_REDUCER,
	.takes = 1U << HI_T_READING,
	.open = open_export,
	.record = export_record,
	.close = close_export,
};

/* What can be wrong with the options together; HI_OK or HI_USAGE. */
static int check(const struct options *o, const struct hi_common *c, struct hi_error *e)
{
	bool reads_csv = o->map || o->guess || o->print_map || o->separator || o->columns.n ||
			 o->set.n || o->stamp || o->lines || o->max_ahead_us >= 0;
	bool marks = c->mark_us > 0 || c->mark_lines > 0 || c->resume;
	char separator;

	if (o->to && strcmp(o->to, "narrow") != 0 && strcmp(o->to, "wide") != 0)
		return hi_error_fmt(e, HI_USAGE, "--to takes narrow or wide, not", "%s", o->to);
	if (o->to && reads_csv)
		return hi_error_set(e, HI_USAGE,
				    "--to writes CSV; options for reading it do not go with it");
	if (o->spreadsheet && !o->to)
		return hi_error_set(e, HI_USAGE, "--spreadsheet goes with --to");
	if (!o->to && (c->last_n > 0 || c->last_us > 0))
		return hi_error_set(e, HI_USAGE, "--last needs all readings first: use hi-cat");
	if ((marks || c->window_us > 0) && (o->to || o->print_map))
		return hi_error_set(e, HI_USAGE,
				    "marks are for readings that come of CSV: neither --to nor "
				    "--print-map goes with them");
	if (marks && c->strict)
		return hi_error_set(e, HI_USAGE,
				    "--strict ends at the first bad row, a marked stream goes on "
				    "behind it");
	if (o->map && (o->guess || o->print_map))
		return hi_error_set(e, HI_USAGE, "--map leaves nothing to guess or to print");
	if (o->separator && !hi_csv_separator(hi_slice_of(o->separator), &separator))
		return hi_error_fmt(e, HI_USAGE, "--separator takes one character or tab, not",
				    "%s", o->separator);
	for (size_t i = 0; i < o->set.n; i++)
		if (hi_csv_set_check(o->set.v[i], e) != HI_OK)
			return HI_USAGE;
	return HI_OK;
}

/* As a rule of hi-detect: legal, and a slip would be silent. */
static void note_slips(const struct state *s)
{
	for (size_t i = 0; i < s->map.n; i++) {
		const char *meant = hi_csv_rule_meant(&s->map.rule[i]);
		if (meant)
			hi_note("%s:%u: metric not in the catalogue: %s; nearest: %s", s->opt.map,
				(unsigned)s->map.rule[i].line, s->map.rule[i].target.name, meant);
	}
}

static void configure(struct state *s, const struct hi_common *c)
{
	const struct options *o = &s->opt;

	s->o = (struct hi_csv_import_options){
		.map = o->map ? &s->map : NULL,
		.lines = o->lines,
		.guess = o->guess,
		.plan_only = o->print_map,
		.columns = o->columns.v,
		.columns_n = o->columns.n,
		.convert = { .set = o->set.v,
			     .set_n = o->set.n,
			     .stamp = o->stamp,
			     .max_ahead_us = o->max_ahead_us,
			     .since_us = c->since.given ? c->since.t_us : HI_TIME_MIN,
			     .until_us = c->until.given ? c->until.t_us : HI_TIME_END,
			     .patients = c->patients.v,
			     .patients_n = c->patients.n,
			     .metrics = c->metrics.v,
			     .metrics_n = c->metrics.n,
			     .now_us = hi_clock_us,
			     .reject = reject,
			     .arg = s },
		.before_read = before_read,
		.planned = note_plan,
		.write = write_lines,
	};
	if (o->separator)
		hi_csv_separator(hi_slice_of(o->separator), &s->o.separator);
	for (size_t i = 0; i < o->set.n; i++)
		s->o.patient_given |= strncmp(o->set.v[i], "patient_id=", 11) == 0;
}

int main(int argc, char **argv)
{
	static struct state s = { .opt = { .max_ahead_us = -1 } };
	struct hi_common common = { 0 };
	struct hi_error e = { 0 };
	int first, status = hi_options_parse(&program, &s.opt, &common, argc, argv, &first);

	if (status >= 0)
		return status;
	hi_buf_init(&s.text, 64 << 20);
	status = check(&s.opt, &common, &e);
	if (status == HI_OK && s.opt.map)
		status = hi_csv_map_read(&s.map, s.opt.map, &e);
	if (status != HI_OK) {
		hi_complain_error(&e);
		return hi_exit_status(e.status);
	}
	note_slips(&s);
	s.operands = argv + first;
	s.operands_n = (size_t)(argc - first);
	configure(&s, &common);
	status = s.opt.to ? hi_run(&export_tool, &common, &s, argc - first, s.operands)
			  : hi_run_source(&program, &common, &s, import);
	hi_csv_map_release(&s.map);
	hi_buf_release(&s.text);
	return status;
}
