/*
 * One option table for all tools: a tool lists its own rows, names the shared
 * groups it takes, and gets --help, --version, the nearest name for a wrong one,
 * and its struct options filled.
 */
#ifndef HI_TOOL_OPTIONS_H
#define HI_TOOL_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum hi_option_kind {
	HI_OPT_FLAG,	 /* bool: set true */
	HI_OPT_STRING,	 /* const char * */
	HI_OPT_STRINGS,	 /* struct hi_strings: repeats */
	HI_OPT_INT,	 /* int64_t */
	HI_OPT_NUMBER,	 /* double */
	HI_OPT_DURATION, /* int64_t, microseconds */
	HI_OPT_TIME,	 /* struct hi_time_given */
	HI_OPT_LIST	 /* struct hi_strings: "a,b,c", repeats too */
};

struct hi_strings {
	const char **v;
	size_t n;
};

struct hi_time_given {
	int64_t t_us;
	bool given;
};

struct hi_option {
	const char *name; /* long name; NULL ends the table */
	char letter;	  /* short one; 0: none (every short one has a long one) */
	enum hi_option_kind kind;
	size_t offset;	  /* of the field in the tool's struct options */
	const char *arg;  /* the argument's name in --help; NULL for a flag */
	const char *help; /* one line */
};

/* Shared groups, a bit each. -h -V -q -v --metrics belong to every tool. */
enum {
	HI_GROUP_SELECT = 1,	/* --since --until --day --last --patient --metric */
	HI_GROUP_TYPE = 2,	/* --type */
	HI_GROUP_OUTPUT = 4,	/* -o FILE */
	HI_GROUP_FORMAT = 8,	/* --format table|ndjson|csv */
	HI_GROUP_TZ = 16,	/* --tz */
	HI_GROUP_STRICT = 32,	/* --strict */
	HI_GROUP_PROGRESS = 64, /* --progress */
	HI_GROUP_STREAM = 128,	/* --uncounted: of tools that read records */
	HI_GROUP_SOURCE = 256,	/* --mark --resume --window */
	HI_GROUP_TICK = 512	/* --tick: of sources that have a clock */
};

enum hi_format { HI_FORMAT_NDJSON, HI_FORMAT_TABLE, HI_FORMAT_CSV };

/* What the shared options said. */
struct hi_common {
	bool quiet;
	int verbose;
	bool strict;
	const char *output; /* -o; NULL: standard output */
	bool format_given;
	enum hi_format format;		   /* not given: a terminal gets a table, a pipe NDJSON */
	struct hi_time_given since, until; /* --day sets both */
	int64_t last_n;		    /* --last 20: the newest n per patient x metric; 0: not given */
	int64_t last_us;	    /* --last 24h: back from the newest reading; 0: not given */
	struct hi_strings patients; /* @FILE already read in; wiped from argv */
	struct hi_strings metrics;  /* full names: short ones are resolved */
	struct hi_strings types;
	const char *metrics_file;
	bool progress;
	bool uncounted;	    /* lines between marks may be more or fewer than they say */
	int64_t mark_us;    /* --mark 200ms; 0: not given, or in lines: */
	int64_t mark_lines; /* --mark 10000; 0: not given, or by time */
	const char *resume; /* --resume STORE; NULL: not given */
	int64_t window_us;  /* --window; 0: not given */
	bool tick;
	bool zone_given; /* by --tz, not by $HI_TZ alone */
};

struct hi_program {
	const char *name;     /* "hi-detect" */
	const char *summary;  /* one line */
	const char *usage;    /* what follows the name: "[OPTION]... [INPUT]..." */
	const char *examples; /* shown first in --help, lines ended by LF */
	unsigned groups;
	const struct hi_option *options; /* the tool's own */
};

/*
 * Parses argv (GNU order: options may stand anywhere before "--"). Fills
 * options (the tool's struct, which holds its defaults) and common. Returns -1
 * to go on, operands being argv[*first..argc), or an exit status: 0 after --help
 * and --version, 2 after one line on stderr with the nearest right name.
 */
int hi_options_parse(const struct hi_program *p, void *options, struct hi_common *common, int argc,
		     char **argv, int *first);

/* What --version prints after the name. */
extern const char hi_version[];

#endif
