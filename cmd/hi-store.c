/*
 * hi-store: keeps every record in a folder, durably.
 *
 * In:      records of every type, hi-record(5)
 * Out:     marks, each once all that stood before it is on the disk
 * Keeps:   hi-store(5); in memory the rows since the last commit, 64 MiB at most
 * Source:  order of a commit as in SQLite and PostgreSQL: data, fsync, then the one
 *          transaction; a failed fsync is final. Barriers in band as in Flink, the
 *          positions in the transaction as in Kafka Connect's sinks
 */
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "store/store.h"
#include "tool/cursor_file.h"
#include "tool/message.h"
#include "tool/notify.h"
#include "tool/options.h"
#include "tool/run.h"

/* When to commit where --commit does not say: see store(5), "Commits". */
#define TICK_US (50 * HI_US_MS)
#define PAUSE_US (100 * HI_US_MS)
#define COMMIT_US HI_US_S

/* A backfill of thousands of hours syncs for seconds: at most a fifth of the time goes there. */
enum { WORK_PER_COMMIT = 4 };

struct options {
	int64_t commit_us; /* -1: by the rules above */
	bool rewind;
	const char *cursor;
};

static const struct hi_option option_table[] = {
	{ "commit", 0, HI_OPT_DURATION, offsetof(struct options, commit_us), "D",
	  "commit every D (each second, in pauses, after alerts); not of streams with marks" },
	{ "rewind", 0, HI_OPT_FLAG, offsetof(struct options, rewind), NULL,
	  "the positions of STORE give way to those where the stream begins" },
	{ "cursor", 0, HI_OPT_STRING, offsetof(struct options, cursor), "FILE",
	  "put the positions of each mark into FILE too, for hi-cat --cursor" },
	{ 0 },
};

static const struct hi_program program = {
	.name = "hi-store",
	.summary = "Keeps every record in a folder, durably.",
	.usage = "[OPTION]... [INPUT]... STORE",
	.examples = "hi-gen | hi-detect | hi-store ward/\n"
		    "hi-store monday.ndjson tuesday.ndjson.zst ward/\n"
		    "hi-cat --last 20 --patient P-001 ward/\n",
	.groups = HI_GROUP_STRICT | HI_GROUP_STREAM | HI_GROUP_PROGRESS | HI_GROUP_TZ,
	.options = option_table,
};

struct state {
	struct options options;
	const char *path;
	struct hi_store_writer *writer;
	uint64_t seen;		    /* records at the last tick */
	int64_t seen_us;	    /* when their number last changed */
	int64_t commit_us;	    /* the end of the last commit */
	int64_t cost_us;	    /* how long it took */
	uint64_t preamble_lines;    /* read at the last tick within one */
	bool failed;		    /* the run has said so */
	bool marked;		    /* in a marked stream, where only marks commit */
	struct hi_positions cursor; /* what stands in the file of --cursor */
};

static int open_store(struct hi_run *run, struct hi_error *e)
{
	struct state *st = run->state;
	bool created;
	int s = hi_store_writer_open(&st->writer, st->path, &created, e);
	if (s == HI_OK && created)
		hi_note("%s: a new store", st->path);
	if (s == HI_OK)
		hi_notify_ready();
	st->commit_us = hi_monotonic_us();
	return s;
}

static int commit(struct state *st, struct hi_error *e)
{
	int64_t begun_us = hi_monotonic_us();
	int s = hi_store_commit(st->writer, e);
	st->commit_us = hi_monotonic_us();
	st->cost_us = st->commit_us - begun_us;
	st->failed = s < 0;
	if (s == HI_OK)
		hi_notify_progress();
	return s;
}

/* Where the store stands in those keys: at the opening's, or where a crash came in between. */
static int find_positions(const struct state *st, const struct hi_positions *opening,
			  struct hi_positions *out, struct hi_error *e)
{
	struct hi_store *store;
	int s = hi_store_open(&store, st->path, e);
	for (size_t i = 0; i < opening->n && s == HI_OK; i++)
		s = hi_store_position(store, opening->v[i].key, out, e);
	hi_store_close(store);
	return s;
}

/*
 * A crash between a commit and the file leaves the file behind the store: it is put
 * right, so that the next start goes on. broken says already why this one cannot.
 */
static int mend_cursor(struct state *st, const struct hi_positions *opening,
		       struct hi_error *broken)
{
	struct hi_error e;
	struct hi_positions at;
	hi_positions_init(&at);
	int s = find_positions(st, opening, &at, &e);
	s = s ? s : hi_cursor_file_write(&at, st->options.cursor, &e);
	hi_positions_release(&at);
	if (s == HI_OK) {
		hi_note("%s says now where %s stands", st->options.cursor, st->path);
		return HI_CONTRACT;
	}
	*broken = e;
	return s;
}

static int begin(struct state *st, const struct hi_mark *m, struct hi_error *e)
{
	int s = hi_store_begin(st->writer, &m->positions, st->options.rewind, e);
	st->marked = s == HI_OK;
	if (s == HI_CONTRACT && st->options.cursor)
		s = mend_cursor(st, &m->positions, e);
	return s ? s : hi_positions_copy(&st->cursor, &m->positions, e);
}

static int next(struct state *st, const struct hi_mark *m, struct hi_error *e)
{
	int s = hi_store_mark(st->writer, m, e);
	if (s || !st->options.cursor || hi_positions_equal(&m->positions, &st->cursor))
		return s;
	s = hi_cursor_file_write(&m->positions, st->options.cursor, e);
	return s ? s : hi_positions_copy(&st->cursor, &m->positions, e);
}

/* What comes out of here is durable. */
static int mark(struct hi_run *run, const struct hi_rec *rec, struct hi_error *e)
{
	struct state *st = run->state;
	int s = HI_OK;
	if (run->mark->kind == HI_MARK_PLAIN)
		s = run->mark->seq == 0 ? begin(st, run->mark, e) : next(st, run->mark, e);
	st->failed = s < 0;
	if (s == HI_OK)
		hi_notify_progress();
	/* For the next tool, not for a person: a terminal would fill with them. */
	if (s == HI_OK && !isatty(STDOUT_FILENO))
		hi_pass(run, rec);
	return s;
}

static int record(struct hi_run *run, const struct hi_rec *rec, struct hi_error *e)
{
	struct state *st = run->state;
	int s = HI_OK;
	if (rec->type == HI_T_MARK)
		return mark(run, rec, e);
	if (st->marked && !run->marked) {
		st->marked = false;
		s = hi_store_unmark(st->writer, e);
	}
	s = s ? s : hi_store_put(st->writer, rec, e);
	st->failed = s < 0;
	return s;
}

static bool is_due(struct state *st, const struct hi_run *run, struct hi_store_pending pending)
{
	int64_t now_us = hi_monotonic_us();
	if (run->records != st->seen) {
		st->seen = run->records;
		st->seen_us = now_us;
	}
	if (st->options.commit_us >= 0)
		return now_us - st->commit_us >= st->options.commit_us;
	int64_t every_us = WORK_PER_COMMIT * st->cost_us;
	if (every_us < COMMIT_US)
		every_us = COMMIT_US;
	return pending.alerts > 0 || now_us - st->commit_us >= every_us ||
	       now_us - st->seen_us >= PAUSE_US;
}

/* A preamble may be longer than a watchdog waits, and nothing in it is to be stored. */
static void tell_preamble(struct hi_run *run)
{
	struct state *st = run->state;
	uint64_t lines = hi_run_lines(run);
	if (run->preamble && lines != st->preamble_lines)
		hi_notify_progress();
	st->preamble_lines = lines;
}

static int tick(struct hi_run *run, struct hi_error *e)
{
	struct state *st = run->state;
	tell_preamble(run);
	struct hi_store_pending pending = hi_store_pending(st->writer);
	bool due = !st->marked && is_due(st, run, pending);
	return due && pending.records > 0 ? commit(st, e) : HI_OK;
}

/*
 * The end of input is no mark: what follows the last one comes again. Nor is anything
 * promised of a stream that has lost its first mark.
 */
static int close_store(struct hi_run *run, struct hi_error *e)
{
	struct state *st = run->state;
	struct hi_error later;
	bool drop = st->failed || st->marked || run->status == hi_exit_status(HI_CONTRACT);
	int s = drop ? HI_OK : commit(st, e);
	int c = hi_store_writer_close(st->writer, s ? &later : e);
	hi_positions_release(&st->cursor);
	return s ? s : c;
}

int main(int argc, char **argv)
{
	struct state st = { .options = { .commit_us = -1 } };
	hi_positions_init(&st.cursor);
	struct hi_common common;
	int first;
	umask(077);
	int exit_status = hi_options_parse(&program, &st.options, &common, argc, argv, &first);
	if (exit_status >= 0)
		return exit_status;
	if (first == argc) {
		hi_complain("which store? The last operand is its folder: hi-store ward/");
		return hi_exit_status(HI_USAGE);
	}
	st.path = argv[argc - 1];
	struct stat kind;
	if (stat(st.path, &kind) == 0 && !S_ISDIR(kind.st_mode)) {
		hi_complain("%s is no folder: the store comes last, as in hi-store a.ndjson ward/",
			    st.path);
		return hi_exit_status(HI_USAGE);
	}
	int64_t commit_us = st.options.commit_us;
	struct hi_tool tool = {
		.program = &program,
		.role = HI_SINK,
		.takes = ((1u << HI_TYPES) - 1) | HI_TAKES_SCORES,
		.open = open_store,
		.record = record,
		.timer = tick,
		.timer_us = commit_us > 0 && commit_us < TICK_US ? commit_us : TICK_US,
		.close = close_store,
	};
	return hi_run(&tool, &common, &st, argc - 1 - first, argv + first);
}
