/*
 * Inside of lib/bridge: a message's line with what the options add and change.
 * bridge/message.h says what that is.
 */
#ifndef HI_BRIDGE_REWRITE_H
#define HI_BRIDGE_REWRITE_H

#include "bridge/message.h"
#include "json/json.h"

struct hi_rewrite {
	struct hi_message_options options;
	struct hi_buf out; /* the line, with its LF */
	struct hi_json json;
	const struct hi_message_header **sorted;
	size_t sorted_cap;
};

/* options are copied. No allocation. */
void hi_rewrite_init(struct hi_rewrite *w, const struct hi_message_options *options);
void hi_rewrite_release(struct hi_rewrite *w);

/* False where the line stays as it is. */
bool hi_rewrite_needed(const struct hi_rewrite *w, const struct hi_rec *rec);

/*
 * w->out becomes rec->line rewritten, and an LF. rec is a record that was read from one
 * line without CR. m: where it came from; only looked at where fields are added. HI_OK;
 * HI_REFUSED: the line would be longer than HI_LINE_MAX; HI_NOMEM.
 */
int hi_rewrite_line(struct hi_rewrite *w, const struct hi_rec *rec, const struct hi_message *m,
		    struct hi_error *e);

#endif
