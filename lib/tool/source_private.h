/* What source_input.c, source_store.c and source_file.c share. */
#ifndef HI_TOOL_SOURCE_PRIVATE_H
#define HI_TOOL_SOURCE_PRIVATE_H

#include "tool/source.h"

/*
 * One store. known: the file of --cursor has positions, of which one must be this
 * store's. HI_OK or negative.
 */
int hi_source_store(struct hi_run *run, struct hi_source *source, const char *path, bool known,
		    struct hi_error *e);

/* Files, one after the other. HI_OK, HI_REFUSED (--strict) or negative. */
int hi_source_files(struct hi_run *run, struct hi_source *source, int n, char **paths,
		    struct hi_error *e);

#endif
