/*
 * Stores and files of records as resumable sources: hi-cat with --mark, --resume or
 * --cursor.
 *
 *   a store   key "store:ID", position as in store/vector.h: rows in order of arrival
 *   files     key "file:PATH", position as in mark/line.h: lines as they are
 */
#ifndef HI_TOOL_SOURCE_INPUT_H
#define HI_TOOL_SOURCE_INPUT_H

#include "tool/run.h"

/*
 * Reads the operands, one store or files, from where run->common's options or the
 * file of --cursor (NULL: none) say, and gives their records to the tool; writes
 * preamble and marks. Marks and preambles that stand in a file belong to another
 * pipe: they are checked and left out. Without an operand it writes the preamble of
 * --resume's store and nothing more. For hi_tool's inputs. HI_OK, HI_REFUSED
 * (--strict) or negative; HI_USAGE before anything is written.
 */
int hi_source_inputs(struct hi_run *run, const char *cursor, int n, char **operands,
		     struct hi_error *e);

#endif
