/*
 * A resumable source: --mark, --resume, --window, --tick of the command line, the
 * preamble, the marks. hi-gen, hi-cat, hi-csv and the bridges are sources by it.
 *
 *   hi_source_open      reads the store's positions
 *   hi_source_position  where each key is to begin
 *   hi_source_begin     preamble and opening mark
 *   hi_source_due / hi_source_mark   after lines were written, and at the end
 *
 * Without --mark and --resume it does nothing and costs nothing. run->lines_out is
 * what counts: the source keeps it right before each call here.
 */
#ifndef HI_TOOL_SOURCE_H
#define HI_TOOL_SOURCE_H

#include "mark/mark.h"
#include "tool/run.h"

struct hi_source; /* opaque */

/*
 * By run->common's options, with positions (NULL: none) in the place of those of
 * --resume's store (hi-cat --cursor). A store that does not exist yet is said.
 * HI_OK, HI_USAGE, or as hi_store_open.
 */
int hi_source_open(struct hi_source **out, struct hi_run *run, const struct hi_positions *positions,
		   struct hi_error *e);
void hi_source_free(struct hi_source *s);

/* Marks are to be written. */
bool hi_source_marks(const struct hi_source *s);

/* --tick was given: marks are to carry the source's clock. */
bool hi_source_ticks(const struct hi_source *s);

/* The stored position of the key as JSON; NULL: it starts at its beginning. Lives as long as s. */
const char *hi_source_position(const struct hi_source *s, const char *key);

/* All positions that were stored, those of other sources too. They live as long as s. */
const struct hi_positions *hi_source_stored(const struct hi_source *s);

/*
 * out becomes what the store of --resume has now of the keys of `now`: what is durable.
 * HI_OK; HI_END: there is no such store, or not yet; or as hi_store_position.
 */
int hi_source_durable(struct hi_source *s, const struct hi_positions *now, struct hi_positions *out,
		      struct hi_error *e);

/*
 * How long the oldest has been on its way that the store of --resume did not have when
 * hi_source_durable was called last: a mark, or lines behind the last mark. 0: none. For
 * a run that has metrics; in others the marks are not noted.
 */
int64_t hi_source_commit_age_us(const struct hi_source *s);

/* Writes the preamble, where there is one, and the opening mark. */
int hi_source_begin(struct hi_source *s, const struct hi_positions *opening, struct hi_error *e);

/*
 * The preamble of all that --resume's store has, and nothing more: for a source of
 * somebody else's, which goes on by its end mark and writes its own opening mark.
 * HI_OK, HI_USAGE, or as hi_store_open.
 */
int hi_source_preamble(struct hi_run *run, struct hi_error *e);

/* Lines that may still be written before the next mark of --mark N; UINT64_MAX where by time. */
uint64_t hi_source_room(const struct hi_source *s);

/* How long a source may wait for data until a mark is due, in ms, at most most_ms. */
int hi_source_wait_ms(struct hi_source *s, int most_ms);

/* A mark is due: by lines, by time, or, where nothing came, once a second. */
bool hi_source_due(struct hi_source *s);

/*
 * Writes a mark: everything that was written came from before these positions.
 * tick_us: the source's clock where it has ticks, HI_TIME_MIN else. Patient records
 * that changed in the store of --resume are written before it. Flushes.
 */
int hi_source_mark(struct hi_source *s, const struct hi_positions *now, int64_t tick_us,
		   struct hi_error *e);

#endif
