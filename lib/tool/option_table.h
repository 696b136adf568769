/*
 * Inside of lib/tool: the rows that a program's options are made of, and the
 * texts about them. options.h has what tools need.
 */
#ifndef HI_TOOL_OPTION_TABLE_H
#define HI_TOOL_OPTION_TABLE_H

#include "base/status.h"
#include "tool/options.h"

enum { HI_OPTIONS_MAX = 64 };

/* A row and the struct that its offset is into. */
struct hi_option_row {
	const struct hi_option *opt;
	bool own; /* the tool's own; false: of struct hi_common */
};

/*
 * The program's own rows, then those of the groups it takes, then those of every
 * tool; a program's own row hides a shared one of the same name. Returns their
 * number, at most HI_OPTIONS_MAX.
 */
size_t hi_option_rows(const struct hi_program *p, struct hi_option_row rows[HI_OPTIONS_MAX]);

/* Prints --help, example first. 0, or 4 where standard output fails. */
int hi_option_help(const struct hi_program *p, const struct hi_option_row *rows, size_t n);

/* Prints "hi-NAME VERSION"; the same statuses. */
int hi_option_print_version(const struct hi_program *p);

/* The name that a person most likely meant, or NULL where none is near. n <= HI_OPTIONS_MAX. */
const char *hi_option_nearest(struct hi_slice name, const struct hi_option_row *rows, size_t n);

/*
 * Gives one option's argument to its field. common is where shared rows live,
 * options the tool's struct. HI_OK, or HI_USAGE with e filled.
 */
int hi_option_apply(const struct hi_option_row *row, const char *arg, void *options,
		    struct hi_common *common, struct hi_error *e);

/* Memory that lives as long as the process: what the command line said. NULL: none is left. */
char *hi_option_keep(const char *ptr, size_t len);

/* Appends the file's ids, one a line, to ids. HI_OK, HI_USAGE, HI_IO or HI_NOMEM. */
int hi_option_ids_of_file(struct hi_strings *ids, const char *path, struct hi_error *e);

/* Appends; HI_OK or HI_NOMEM. s lives as long as the process. */
int hi_option_add(struct hi_strings *list, const char *s, struct hi_error *e);

/* The offsets of shared rows that fill more than one field, or not a field as it is. */
enum {
	HI_AT_HELP = 100000,
	HI_AT_VERSION,
	HI_AT_VERBOSE,
	HI_AT_DAY,
	HI_AT_LAST,
	HI_AT_PATIENT,
	HI_AT_METRIC,
	HI_AT_FORMAT,
	HI_AT_TZ,
	HI_AT_MARK,
	HI_AT_WINDOW
};

#endif
