/* The shared options, --help, --version and the nearest name. */
#include "tool/option_table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "tool/message.h"

const char hi_version[] = HI_VERSION;

struct shared {
	unsigned group; /* 0: every tool */
	struct hi_option opt;
};

#define AT(field) offsetof(struct hi_common, field)

static const struct shared shared[] = {
	{ HI_GROUP_SELECT,
	  { "since", 0, HI_OPT_TIME, AT(since), "TIME",
	    "from this time on (4h: the last four hours)" } },
	{ HI_GROUP_SELECT, { "until", 0, HI_OPT_TIME, AT(until), "TIME", "before this time" } },
	{ HI_GROUP_SELECT,
	  { "day", 0, HI_OPT_STRING, HI_AT_DAY, "DAY",
	    "this calendar day: a date, today, yesterday" } },
	{ HI_GROUP_SELECT,
	  { "last", 0, HI_OPT_STRING, HI_AT_LAST, "N|TIME",
	    "the newest N per patient and metric; 24h: back from the newest" } },
	{ HI_GROUP_SELECT,
	  { "patient", 0, HI_OPT_STRINGS, HI_AT_PATIENT, "ID|@FILE", "this patient; repeats" } },
	{ HI_GROUP_SELECT,
	  { "metric", 0, HI_OPT_LIST, HI_AT_METRIC, "NAME,...",
	    "these metrics; short names too: hr,spo2" } },
	{ HI_GROUP_TYPE, { "type", 0, HI_OPT_LIST, AT(types), "TYPE,...", "these record types" } },
	{ HI_GROUP_OUTPUT,
	  { "output", 'o', HI_OPT_STRING, AT(output), "FILE",
	    "write to FILE, which appears when it is whole" } },
	{ HI_GROUP_FORMAT,
	  { "format", 0, HI_OPT_STRING, HI_AT_FORMAT, "FORMAT", "table, ndjson or csv" } },
	{ HI_GROUP_TZ,
	  { "tz", 0, HI_OPT_STRING, HI_AT_TZ, "ZONE",
	    "zone of times without one, and of days [$HI_TZ, UTC]" } },
	{ HI_GROUP_STRICT,
	  { "strict", 0, HI_OPT_FLAG, AT(strict), NULL, "stop at the first bad line" } },
	{ HI_GROUP_PROGRESS,
	  { "progress", 0, HI_OPT_FLAG, AT(progress), NULL, "show on stderr how far it is" } },
	{ HI_GROUP_STREAM,
	  { "uncounted", 0, HI_OPT_FLAG, AT(uncounted), NULL,
	    "a filter before this tool adds or drops lines between marks" } },
	{ HI_GROUP_SOURCE,
	  { "mark", 0, HI_OPT_STRING, HI_AT_MARK, "D|N",
	    "a mark each D (200ms), or each N lines; hi-record(5)" } },
	{ HI_GROUP_SOURCE,
	  { "resume", 0, HI_OPT_STRING, AT(resume), "STORE",
	    "go on where STORE ends; with --mark 200ms" } },
	{ HI_GROUP_SOURCE,
	  { "window", 0, HI_OPT_DURATION, HI_AT_WINDOW, "D",
	    "what --resume writes again for the tools' memory (1h)" } },
	{ HI_GROUP_TICK,
	  { "tick", 0, HI_OPT_FLAG, AT(tick), NULL, "the time goes into the marks" } },
	{ 0, { "metrics", 0, HI_OPT_STRING, AT(metrics_file), "FILE", "write counters to FILE" } },
	{ 0, { "quiet", 'q', HI_OPT_FLAG, AT(quiet), NULL, "no notes, errors only" } },
	{ 0,
	  { "verbose", 'v', HI_OPT_FLAG, HI_AT_VERBOSE, NULL,
	    "say at the end how much was read and written" } },
	{ 0, { "version", 'V', HI_OPT_FLAG, HI_AT_VERSION, NULL, "print the version" } },
	{ 0, { "help", 'h', HI_OPT_FLAG, HI_AT_HELP, NULL, "print this" } },
};
enum { SHARED = sizeof shared / sizeof *shared };

static bool has_row(const struct hi_option_row *rows, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].opt->name, name) == 0)
			return true;
	return false;
}

size_t hi_option_rows(const struct hi_program *p, struct hi_option_row rows[HI_OPTIONS_MAX])
{
	size_t n = 0;

	for (const struct hi_option *o = p->options; o && o->name && n < HI_OPTIONS_MAX; o++)
		rows[n++] = (struct hi_option_row){ o, true };
	for (size_t i = 0; i < SHARED && n < HI_OPTIONS_MAX; i++)
		if ((!shared[i].group || (p->groups & shared[i].group)) &&
		    !has_row(rows, n, shared[i].opt.name))
			rows[n++] = (struct hi_option_row){ &shared[i].opt, false };
	return n;
}

/* Help that did not get out is a failed write as any other. */
static int printed(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	hi_complain("cannot write: stdout: %s", strerror(errno));
	return 4;
}

int hi_option_print_version(const struct hi_program *p)
{
	printf("%s %s\n", p->name, hi_version);
	return printed();
}

/* "-o, --output FILE" */
static int left_column(const struct hi_option *o, char *out, size_t cap)
{
	char letter[8] = "    ";

	if (o->letter)
		snprintf(letter, sizeof letter, "-%c, ", o->letter);
	return snprintf(out, cap, "  %s--%s%s%s", letter, o->name, o->arg ? " " : "",
			o->arg ? o->arg : "");
}

int hi_option_help(const struct hi_program *p, const struct hi_option_row *rows, size_t n)
{
	char left[80];
	int widest = 0;

	for (size_t i = 0; i < n; i++) {
		int w = left_column(rows[i].opt, left, sizeof left);
		widest = w > widest ? w : widest;
	}
	if (p->examples && *p->examples) {
		printf("Example:\n");
		for (const char *s = p->examples; *s;) {
			int len = (int)strcspn(s, "\n");
			printf("  %.*s\n", len, s);
			s += len + (s[len] == '\n');
		}
		printf("\n");
	}
	printf("%s: %s\nUsage: %s %s\n\n", p->name, p->summary, p->name, p->usage);
	for (size_t i = 0; i < n; i++) {
		left_column(rows[i].opt, left, sizeof left);
		printf("%-*s  %s\n", widest, left, rows[i].opt->help);
	}
	return printed();
}

const char *hi_option_nearest(struct hi_slice name, const struct hi_option_row *rows, size_t n)
{
	const char *names[HI_OPTIONS_MAX + 1];

	for (size_t i = 0; i < n; i++)
		names[i] = rows[i].opt->name;
	names[n] = NULL;
	return hi_nearest_of(name, names);
}
