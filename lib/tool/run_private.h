/* What run.c, run_input.c and run_store.c share. */
#ifndef HI_TOOL_RUN_PRIVATE_H
#define HI_TOOL_RUN_PRIVATE_H

#include "io/atomic.h"
#include "io/input.h"
#include "mark/check.h"
#include "store/filter.h"
#include "tool/run.h"
#include "tool/tail.h"
#include "vital/reader.h"

/* Before and behind each line of an input, where it is read as a resumable source. */
struct hi_run_gate {
	/* HI_OK; HI_REFUSED: the line was given by an earlier run, it is only looked at; or
	 * negative. */
	int (*line)(struct hi_run *run, struct hi_slice line, struct hi_error *e);
	/* The line was given. HI_OK or negative. */
	int (*given)(struct hi_run *run, struct hi_error *e);
};

struct hi_run_private {
	const struct hi_tool *tool; /* NULL: a source without a loop */
	enum hi_role role;
	struct hi_writer writer;
	struct hi_atomic file; /* of -o */
	bool to_file;
	struct hi_reader *reader;
	struct hi_input *in;	  /* being read; NULL: none */
	struct hi_run_gate *gate; /* NULL: none */
	bool sourced; /* the marks of the output are its own: what stands before one is right */
	struct hi_buf reject;
	struct hi_mark_check check; /* of the input being read */
	struct hi_mark mark;
	struct hi_buf mark_line;
	uint64_t mark_out; /* lines out when the last mark was written */
	uint64_t messages;
	bool selecting; /* an option leaves records out: filter says which */
	struct hi_filter filter;
	struct hi_tail *tail; /* --last over what is no store; NULL: not asked for */
	bool zoneless_told;
	bool input_is_file; /* a signal ends it at once; a pipe is read on for a second */
	bool ended;	    /* by a signal */
	bool cut;	    /* before the end of an input, or of one that is a file: */
	bool file_cut;
	bool strict_end; /* by --strict */
	bool metrics_failed;
	int64_t drain_until_us, timer_next_us, tell_next_us;
	const char *source; /* of the input being read */
	int timer_status;
	struct hi_error timer_error;
};

/* What the options select; types and scores are those that the tool takes of a store. */
struct hi_select hi_run_selection(const struct hi_run *run);

/* Extends run->oldest_us and newest_us. */
void hi_run_range(struct hi_run *run, int64_t oldest_us, int64_t newest_us);

/* One record to the tool; HI_OK or negative. */
int hi_run_give(struct hi_run *run, const struct hi_rec *rec, struct hi_error *e);

/* A line of the input that is no mark, good or bad; HI_OK or HI_CONTRACT. */
static inline int hi_run_line(struct hi_run *run, struct hi_error *e)
{
	return hi_mark_check_line(&run->p->check, e);
}

/* A mark of the input: checked, and given to the tool; HI_OK or negative. */
int hi_run_mark(struct hi_run *run, const struct hi_rec *rec, struct hi_error *e);

/* A line that is no record, in a marked stream: HI_OK where it may be a reject, or HI_CONTRACT. */
int hi_run_bad_line(const struct hi_run *run, const struct hi_rec *rec, struct hi_error *e);

/* The mark as it stands in this output. */
void hi_run_pass_mark(struct hi_run *run, const struct hi_rec *rec);

/* The last line of a filter that has refused its input: whoever reads it refuses it too. */
void hi_run_pass_refusal(struct hi_run *run);

/* What --last kept, at the end of all operands; HI_OK or negative. */
int hi_run_give_tail(struct hi_run *run, struct hi_error *e);

/* All records of a store operand; HI_OK or negative. */
int hi_run_store(struct hi_run *run, const char *path, struct hi_error *e);

/* All records of a file or pipe; HI_OK, HI_REFUSED (--strict), or negative. */
int hi_run_input(struct hi_run *run, const char *path, struct hi_error *e);

/* The reader's call before it changes its block: arg is the run. */
bool hi_run_before_read(void *arg, bool waits);

#endif
