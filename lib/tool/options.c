/*
 * The command line over getopt_long. Arguments are only gathered while it runs:
 * times need the zone, which may come after them.
 */
#include "tool/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "tool/message.h"
#include "tool/option_table.h"
#include "vital/metric.h"

struct given {
	const struct hi_option_row *row;
	const char *arg;
};

struct line {
	const struct hi_program *program;
	struct hi_option_row rows[HI_OPTIONS_MAX];
	size_t rows_n;
	struct option longs[HI_OPTIONS_MAX + 2];
	char shorts[2 * HI_OPTIONS_MAX + 2];
	struct given *given;
	size_t given_n;
};

/* getopt's value of row i is VAL + i, above every letter. */
enum { VAL = 256, VAL_METRIC = VAL + HI_OPTIONS_MAX };

static bool takes_arg(const struct hi_option *o)
{
	return o->kind != HI_OPT_FLAG;
}

/*
 * A tool without --metric still knows the name: cut short, --metrics would be taken
 * for it, and the counters written over a file named hr.
 */
static void guard_metric(struct line *l)
{
	for (size_t i = 0; i < l->rows_n; i++)
		if (strcmp(l->rows[i].opt->name, "metric") == 0)
			return;
	l->longs[l->rows_n] = (struct option){ "metric", optional_argument, NULL, VAL_METRIC };
}

static void build_tables(struct line *l)
{
	char *s = l->shorts;

	l->rows_n = hi_option_rows(l->program, l->rows);
	*s++ = ':'; /* a missing argument is told from a wrong option */
	for (size_t i = 0; i < l->rows_n; i++) {
		const struct hi_option *o = l->rows[i].opt;
		l->longs[i] =
			(struct option){ o->name, takes_arg(o) ? required_argument : no_argument,
					 NULL, VAL + (int)i };
		if (!o->letter)
			continue;
		*s++ = o->letter;
		if (takes_arg(o))
			*s++ = ':';
	}
	*s = '\0';
	l->longs[l->rows_n] = l->longs[l->rows_n + 1] = (struct option){ 0 };
	guard_metric(l);
}

static const struct hi_option_row *row_of(const struct line *l, int got)
{
	for (size_t i = 0; i < l->rows_n; i++)
		if (got == VAL + (int)i || (got < VAL && l->rows[i].opt->letter == got))
			return &l->rows[i];
	return NULL;
}

/* argv[optind - 1] begins with a name that getopt_long does not know, or that is not one alone. */
static int wrong_long(const struct line *l, const char *word)
{
	const char *name = word + 2;
	int len = (int)strcspn(name, "=");
	char list[160] = "";
	int matches = 0;

	for (size_t i = 0, n = 0; i < l->rows_n && n < sizeof list; i++) {
		if (strncmp(l->rows[i].opt->name, name, (size_t)len) == 0) {
			n += (size_t)snprintf(list + n, sizeof list - n, "%s--%s", n ? ", " : "",
					      l->rows[i].opt->name);
			matches++;
		}
	}
	struct hi_slice typed = { name, (size_t)len };
	const char *near = hi_option_nearest(typed, l->rows, l->rows_n);

	if (len > 0 && matches > 1)
		hi_complain("option --%.*s is not one alone: %s", len, name, list);
	else if (near)
		hi_complain("unknown option --%.*s; did you mean --%s?", len, name, near);
	else
		hi_complain("unknown option --%.*s; %s --help lists them", len, name,
			    l->program->name);
	return 2;
}

static int wrong(const struct line *l, int got, const char *word)
{
	const struct hi_option_row *row = optopt ? row_of(l, optopt) : NULL;

	if (got == ':' && row)
		hi_complain("option --%s needs %s", row->opt->name, row->opt->arg);
	else if (row && optopt >= VAL)
		hi_complain("option --%s takes no argument", row->opt->name);
	else if (optopt)
		hi_complain("unknown option -%c; %s --help lists them", optopt, l->program->name);
	else
		return wrong_long(l, word);
	return 2;
}

/*
 * An id on the command line can be read in the process table by everybody, so it
 * is overwritten before anything else is done. The copy lives with the process.
 */
static const char *take_id(char *arg)
{
	char *copy = hi_option_keep(arg, strlen(arg));

	if (copy && *arg != '@')
		memset(arg, '*', strlen(arg));
	return copy;
}

/* --patient ID, and the id in --set patient_id=ID. */
static bool is_id(const struct hi_option_row *row, const char *arg)
{
	if (!row->own)
		return row->opt->offset == HI_AT_PATIENT;
	return arg && strncmp(arg, "patient_id=", 11) == 0;
}

/* getopt_long over argv. -1, or an exit status. */
static int gather(struct line *l, int argc, char **argv)
{
	int got;

	opterr = 0;
	optind = 0; /* glibc and musl: start anew */
	while ((got = getopt_long(argc, argv, l->shorts, l->longs, NULL)) != -1) {
		const struct hi_option_row *row = row_of(l, got);
		if (got == VAL_METRIC) {
			hi_complain("unknown option --metric; --metrics FILE writes counters");
			return 2;
		}
		if (!row) /* '?' or ':' */
			return wrong(l, got, argv[optind - 1]);
		const char *arg = optarg;
		if (!row->own && row->opt->offset == HI_AT_HELP)
			return hi_option_help(l->program, l->rows, l->rows_n);
		if (!row->own && row->opt->offset == HI_AT_VERSION)
			return hi_option_print_version(l->program);
		if (is_id(row, optarg) && !(arg = take_id(optarg))) {
			hi_complain("no memory for the command line");
			return 4;
		}
		l->given[l->given_n++] = (struct given){ row, arg };
	}
	return -1;
}

/* --tz, else $HI_TZ, else UTC, for every tool: lines without a zone may come anywhere. */
static int set_zone(const struct line *l, struct hi_common *common)
{
	const char *name = getenv("HI_TZ"), *from = "HI_TZ";
	struct hi_error e = { 0 };

	for (size_t i = 0; i < l->given_n; i++) {
		if (!l->given[i].row->own && l->given[i].row->opt->offset == HI_AT_TZ) {
			name = l->given[i].arg;
			from = "--tz";
			common->zone_given = true;
		}
	}
	int st = hi_tz_set(name && *name ? name : "UTC", &e);
	if (st == HI_OK)
		return -1;
	hi_complain("%s: %s: %s", from, e.text, e.detail);
	return hi_exit_status((enum hi_status)st);
}

static int apply_all(const struct line *l, void *options, struct hi_common *common)
{
	for (size_t i = 0; i < l->given_n; i++) {
		struct hi_error e = { 0 };
		const struct given *g = &l->given[i];
		int st = hi_option_apply(g->row, g->arg, options, common, &e);
		if (st == HI_OK)
			continue;
		e.source = NULL;
		hi_complain("--%s: %s%s%s%s%s", g->row->opt->name, e.text, *e.detail ? ": " : "",
			    e.detail, e.sys ? ": " : "", e.sys ? strerror(e.sys) : "");
		return hi_exit_status((enum hi_status)st);
	}
	if (common->since.given && common->until.given &&
	    common->since.t_us >= common->until.t_us) {
		hi_complain("--since is not before --until");
		return 2;
	}
	return -1;
}

/* A metric outside the catalogue is legal, but a slip would select nothing, and silently. */
static void note_metrics(const struct hi_strings *metrics)
{
	for (size_t i = 0; i < metrics->n; i++) {
		const char *meant = hi_metric_meant(hi_slice_of(metrics->v[i]));
		if (meant)
			hi_note("--metric: not in the catalogue: %s; nearest: %s", metrics->v[i],
				meant);
	}
}

int hi_options_parse(const struct hi_program *p, void *options, struct hi_common *common, int argc,
		     char **argv, int *first)
{
	struct line l = { .program = p };

	hi_message_start(p->name, false);
	memset(common, 0, sizeof *common);
	/* An argument of argv gives at most one long option or, letter by letter, several short. */
	size_t most = 1;
	for (int i = 1; i < argc; i++)
		most += strlen(argv[i]) + 1;
	l.given = malloc(most * sizeof *l.given);
	if (!l.given) {
		hi_complain("no memory for the command line");
		return 4;
	}
	build_tables(&l);
	int status = gather(&l, argc, argv);
	if (status < 0)
		status = set_zone(&l, common);
	if (status < 0)
		status = apply_all(&l, options, common);
	free(l.given);
	hi_message_start(p->name, common->quiet);
	if (status < 0)
		note_metrics(&common->metrics);
	*first = optind;
	return status;
}
