/*
 * Records in the format that was asked for: NDJSON (byte for byte where they were
 * read as lines), CSV (hi-csv's narrow form, readings only), or a table.
 */
#ifndef HI_TOOL_SHOW_H
#define HI_TOOL_SHOW_H

#include "csv/export.h"
#include "tool/run.h"
#include "tool/table.h"

struct hi_show {
	enum hi_format format;
	struct hi_table *table;
	struct hi_csv_export *csv;
	struct hi_buf scratch;
};

/* The format that was asked for, or a table for a terminal and NDJSON for the rest. */
enum hi_format hi_show_format(const struct hi_common *c);

/* In the format of run->common. HI_OK or HI_NOMEM. */
int hi_show_open(struct hi_show *s, struct hi_run *run, struct hi_error *e);

/* HI_OK or negative. */
int hi_show_record(struct hi_show *s, struct hi_run *run, const struct hi_rec *rec,
		   struct hi_error *e);

/* Nothing more comes for now: what a table has kept back is shown. */
void hi_show_pause(struct hi_show *s, struct hi_run *run);

/* The end: notes on stderr what CSV has no place for. Harmless after a failed open. */
int hi_show_close(struct hi_show *s, struct hi_run *run, struct hi_error *e);

#endif
