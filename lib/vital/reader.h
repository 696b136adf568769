/*
 * Lines to records.
 *
 * Reads blocks, finds records in place, hands out views: no copy and no
 * allocation a record. Machine-written lines repeat their shape, so the reader
 * learns the shape of lines that it has read (a template) and compares the
 * constant parts of the next one with wide loads; whatever differs goes to the
 * strict slicer (json/json.h), which is the meaning. Both agree on every input:
 * tests/fuzz holds them to it. HI_SCAN=ref in the environment turns the fast
 * path off.
 */
#ifndef HI_VITAL_READER_H
#define HI_VITAL_READER_H

#include "base/status.h"
#include "io/input.h"
#include "vital/record.h"

struct hi_reader; /* opaque */

/*
 * before_read(arg, waits) is called each time before the block is changed and
 * more input is asked for: a filter settles what it passes on, and flushes where
 * waits (no input is there yet). Where it returns false the input is over: HI_END,
 * and a line that has no end yet is dropped. May be NULL.
 */
int hi_reader_new(struct hi_reader **out, bool (*before_read)(void *arg, bool waits), void *arg,
		  struct hi_error *e);
void hi_reader_free(struct hi_reader *r);

/* Begins an input, line 1. The reader borrows it until the next open or free. */
void hi_reader_open(struct hi_reader *r, struct hi_input *in);

/*
 * The same over text that ends with an LF, or is empty, read where it stands: no copy,
 * and before_read is not called. HI_SCAN_SLACK bytes from its end on (base/scan.h) must
 * be readable and zero. Borrowed as an input is. Rejects have no source.
 */
void hi_reader_open_text(struct hi_reader *r, struct hi_slice text);

/*
 * The next record: HI_OK; HI_END; HI_REFUSED (rec->line is the bad line, cut at
 * 4096 bytes where it is longer than HI_LINE_MAX; e has text, source, line,
 * column); HI_IO with sys = EINTR (a signal: call again to go on); any other
 * negative status: the input is dead, after its last record.
 */
int hi_reader_next(struct hi_reader *r, struct hi_rec *rec, struct hi_error *e);

/* The number of the line last returned, from 1. */
uint64_t hi_reader_line(const struct hi_reader *r);

/*
 * A record from one line of text (without LF) by the strict slicer alone; used
 * where lines do not come from an input (a store's other/, tests). The slices
 * point into text and into the reader. HI_OK or HI_REFUSED.
 */
int hi_reader_line_parse(struct hi_reader *r, struct hi_slice text, struct hi_rec *rec,
			 struct hi_error *e);

#endif
