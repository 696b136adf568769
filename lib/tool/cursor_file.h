/*
 * The file of --cursor: the positions up to which a sink has made everything
 * durable, as in a mark, one line: {"store:5f…":"12;12:400"}. The source reads it
 * when it begins, the sink alone replaces it.
 */
#ifndef HI_TOOL_CURSOR_FILE_H
#define HI_TOOL_CURSOR_FILE_H

#include "mark/positions.h"

/* p becomes what the file says. HI_OK; HI_END: there is no such file, p is empty; HI_CONTRACT: no
 * positions stand in it; HI_IO, HI_NOMEM. */
int hi_cursor_file_read(struct hi_positions *p, const char *path, struct hi_error *e);

/* Replaces the file, or makes it: whole or not at all, and durable. HI_OK, HI_IO or HI_NOMEM. */
int hi_cursor_file_write(const struct hi_positions *p, const char *path, struct hi_error *e);

#endif
