/*
 * The record loop: operands, reader, writer, rejects, signals, exit status. A
 * tool gives its calls and hi_run does the rest; main() is options -> hi_run ->
 * status.
 */
#ifndef HI_TOOL_RUN_H
#define HI_TOOL_RUN_H

#include "base/buf.h"
#include "io/writer.h"
#include "mark/mark.h"
#include "tool/options.h"
#include "vital/record.h"

enum hi_role {
	HI_SOURCE, /* makes records of what is none, by hi_run_source; rejects go into its output */
	HI_FILTER, /* passes lines on; rejects go into its output */
	HI_REDUCER, /* writes only its own output; of a reject there is the message only */
	HI_SINK	    /* makes durable; a reject is one more record for it */
};

/* What a store operand gives to this tool: bits 1 << enum hi_type, and scores. */
enum { HI_TAKES_SCORES = 1 << 16 };

struct hi_run {
	const struct hi_program *program;
	const struct hi_common *common;
	struct hi_writer *out; /* standard output, or -o FILE */
	struct hi_buf line;    /* for a tool's own lines; max 2 MiB */
	uint64_t records, rejects, lines_out;
	/*
	 * Event times of readings that there are but that the selection leaves out; in
	 * a store, of its first and last reading. None: oldest_us > newest_us.
	 */
	int64_t oldest_us, newest_us;
	int status; /* the exit status so far: the highest wins */
	/*
	 * The mark, read and checked, while record gets a record of type mark. preamble:
	 * from a preamble's begin to its end, both included: a filter updates its memory,
	 * passes every line and adds none; sinks and reducers get the two marks alone.
	 */
	const struct hi_mark *mark;
	bool preamble;
	bool marked; /* the input being read is a marked stream: from its first mark to its end */
	/* Where a source begins of which --resume's store has nothing; NULL: at the beginning. */
	const char *begins;
	void *state;
	/*
	 * What a tool has beside the four counters, by base/prometheus.h, for the file of
	 * --metrics: asked for each time that it is written, also from within a write that
	 * waits. NULL: nothing.
	 */
	void (*metrics)(struct hi_run *run, struct hi_buf *text);
	bool held; /* within a write that waits: nobody takes the output */
	/* private to run.c from here */
	struct hi_run_private *p;
};

struct hi_tool {
	const struct hi_program *program;
	enum hi_role role;
	unsigned takes; /* of a store operand */
	bool raw;	/* a store's rows as committed, in order of arrival */
	bool follow;	/* after a store's end what is committed later, until a signal */
	/* Each returns HI_OK, or a negative status that ends the run (e filled). NULL: nothing to
	 * do. */
	int (*open)(struct hi_run *run, struct hi_error *e);
	/* In the place of the loop over the operands: hi_source_inputs. NULL: the loop. */
	int (*inputs)(struct hi_run *run, int n, char **operands, struct hi_error *e);
	/* A record of any type. A filter calls hi_pass itself, before or after its own lines. */
	int (*record)(struct hi_run *run, const struct hi_rec *rec, struct hi_error *e);
	/*
	 * A sink or filter with timers of its own on the wall clock: called when input
	 * pauses for timer_us, and then each timer_us (commit of hi-store). 0: never.
	 */
	int (*timer)(struct hi_run *run, struct hi_error *e);
	int64_t timer_us;
	/* A store that is followed has no more for now: what was kept back is due. NULL: nothing.
	 */
	int (*pause)(struct hi_run *run, struct hi_error *e);
	/* After the last record (also when an input failed), before the output closes. */
	int (*close)(struct hi_run *run, struct hi_error *e);
};

/*
 * Runs tool over the operands (none: standard input). The selection of
 * run->common is applied to every record where the program has HI_GROUP_SELECT.
 * Returns the exit status; every message has been printed.
 */
int hi_run(const struct hi_tool *tool, const struct hi_common *common, void *state, int operands_n,
	   char **operands);

/*
 * Passes the record on byte for byte, with its LF (added where missing); a mark with
 * the number of lines that were written since the mark before.
 */
void hi_pass(struct hi_run *run, const struct hi_rec *rec);

/* Writes run->line and an LF, and empties it. Where the line did not fit, the output has failed. */
void hi_emit(struct hi_run *run);

/*
 * For sources and tools that read what is not records (hi-csv, hi-gen): the same
 * opening of output and signals, without a loop. body does all the work; rejects
 * by hi_run_reject.
 */
int hi_run_source(const struct hi_program *program, const struct hi_common *common, void *state,
		  int (*body)(struct hi_run *run, struct hi_error *e));

/*
 * A bad line, and in e what is wrong with it: one message (after ten only a count
 * at the end), the reject record by role, status 3. Returns HI_OK, HI_REFUSED
 * where --strict ends the run, or a negative status with e filled anew where a
 * sink does not take the record.
 */
int hi_run_reject(struct hi_run *run, struct hi_error *e, struct hi_slice text);

/*
 * For sources: a signal ends their input before its end. The file of -o, and what
 * comes of an input that is a file, are then no whole answer: status 4, in one line.
 */
void hi_run_cut(struct hi_run *run, bool file);

/* The number of the line of the input being read, those of a preamble counted; 0: none. */
uint64_t hi_run_lines(const struct hi_run *run);

/*
 * What is due on the wall clock: --progress, --metrics, SIGUSR1. A source calls it
 * in its loop with last false, after it has set run's counters.
 */
void hi_run_tell(struct hi_run *run, bool last);

#endif
