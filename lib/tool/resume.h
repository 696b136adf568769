/*
 * Inside of lib/tool: the store of --resume, from which a source has its positions,
 * its preamble, and the patient records that change while it runs. source.h has
 * what tools need.
 */
#ifndef HI_TOOL_RESUME_H
#define HI_TOOL_RESUME_H

#include "mark/mark.h"
#include "tool/run.h"

struct hi_resume; /* opaque */

/*
 * A store that does not exist yet is said, and looked for again later: whoever reads
 * this stream makes it. path lives as long. HI_OK, HI_NOMEM, or as hi_store_open.
 */
int hi_resume_open(struct hi_resume **out, struct hi_run *run, const char *path, int64_t window_us,
		   struct hi_error *e);
void hi_resume_close(struct hi_resume *r);

/* As hi_store_positions; none of a store that does not exist yet. */
int hi_resume_positions(struct hi_resume *r, struct hi_positions *out, struct hi_error *e);

/*
 * Writes the preamble of a source that begins there (NULL: of all that the store has),
 * an empty one where there is nothing to say. stored: what hi_resume_positions gave;
 * where the store has none of the source's keys, that is said.
 */
int hi_resume_preamble(struct hi_resume *r, const struct hi_positions *opening,
		       const struct hi_positions *stored, struct hi_error *e);

/* As hi_source_durable; adds to out. */
int hi_resume_durable(struct hi_resume *r, const struct hi_positions *now, struct hi_positions *out,
		      struct hi_error *e);

/* Writes the patient records that are new in the store. */
int hi_resume_changes(struct hi_resume *r, struct hi_error *e);

/* Writes the mark as a line. HI_OK, or HI_USAGE where its positions are too many for one. */
int hi_source_put_mark(struct hi_run *run, const struct hi_mark *m, struct hi_error *e);

#endif
