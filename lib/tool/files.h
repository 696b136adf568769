/*
 * The files of a source of lines: the key of each, and where it stands. One mark names
 * them all.
 */
#ifndef HI_TOOL_FILES_H
#define HI_TOOL_FILES_H

#include "mark/line.h"
#include "tool/source.h"

struct hi_file {
	const char *path; /* as it was given */
	char *key;	  /* "csv:" and the real path */
	struct hi_line_position from;
};

struct hi_files {
	struct hi_file *v;
	size_t n;
	struct hi_positions at; /* of all of them, for marks */
};

/*
 * Where each of the operands (borrowed) is to begin: where the source says, or at its
 * beginning. kind: "csv". HI_OK; HI_USAGE: there is none, or one is no file, is there
 * twice or has a path that no key can hold; HI_CONTRACT: its stored position is no
 * such one; HI_IO, HI_NOMEM. To be released in any case.
 */
int hi_files_open(struct hi_files *f, const struct hi_source *source, const char *kind,
		  char **operands, size_t n, struct hi_error *e);
void hi_files_release(struct hi_files *f);

/* The i-th stands at p from now on. HI_OK or HI_NOMEM. */
int hi_files_stand(struct hi_files *f, size_t i, struct hi_line_position p, struct hi_error *e);

#endif
