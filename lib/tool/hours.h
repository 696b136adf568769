/* The hours of a store as operands, a line each: "ward/@2025-12-28T05". */
#ifndef HI_TOOL_HOURS_H
#define HI_TOOL_HOURS_H

#include "tool/run.h"

/* Those within --since and --until that have readings, in order. As hi_store_open. */
int hi_hours_print(struct hi_run *run, const char *store, struct hi_error *e);

#endif
