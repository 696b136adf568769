#include "tool/run.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/time.h"
#include "io/signal.h"
#include "store/store.h"
#include "tool/message.h"
#include "tool/run_private.h"
#include "vital/reject.h"

enum { LINE_MAX_OWN = 2 << 20, MESSAGES_MAX = 10, EXIT_REJECTS = 3 };

static void raise_status(struct hi_run *run, int status)
{
	if (status > run->status)
		run->status = status;
}

void hi_pass(struct hi_run *run, const struct hi_rec *rec)
{
	if (rec->type == HI_T_MARK) {
		hi_run_pass_mark(run, rec);
		return;
	}
	if (!rec->line.ptr) {
		hi_rec_line(rec, &run->line);
		hi_emit(run);
		return;
	}
	run->lines_out++;
	if (rec->line_lf) {
		hi_writer_pass(run->out, rec->line.ptr, rec->line.len + 1);
	} else {
		hi_writer_slice(run->out, rec->line);
		hi_writer_put(run->out, "\n", 1);
	}
}

void hi_emit(struct hi_run *run)
{
	hi_buf_putc(&run->line, '\n');
	hi_writer_buf(run->out, &run->line);
	run->lines_out++;
}

/* A sink gets the reject as a record of its own. */
static int give_reject(struct hi_run *run, struct hi_error *e)
{
	struct hi_rec rec;
	int s = hi_reader_line_parse(run->p->reader, hi_buf_view(&run->p->reject), &rec, e);
	return s ? s : run->p->tool->record(run, &rec, e);
}

static int end_strictly(struct hi_run *run)
{
	run->p->strict_end = true;
	return HI_REFUSED;
}

/* The record is a line itself: where the whole text would make it too long, how it begins. */
static void write_reject(struct hi_run *run, const struct hi_error *e, struct hi_slice text)
{
	struct hi_buf *b = &run->p->reject;
	hi_reject_write(b, run->program->name, e, text);
	if (b->len <= HI_LINE_MAX && !b->failed)
		return;
	hi_buf_reset(b);
	hi_reject_write(b, run->program->name, e, hi_reject_cut(text));
}

int hi_run_reject(struct hi_run *run, struct hi_error *e, struct hi_slice text)
{
	struct hi_run_private *p = run->p;
	int s = HI_OK;

	run->rejects++;
	raise_status(run, EXIT_REJECTS);
	if (p->messages++ < MESSAGES_MAX)
		hi_complain_error(e);
	/* What will be read again, once it has been put right, is not put out now. */
	if (p->gate && run->common->strict)
		return end_strictly(run);
	if (p->role != HI_REDUCER)
		write_reject(run, e, text);
	if (p->role == HI_SINK) {
		s = p->reject.failed ? hi_error_set(e, HI_NOMEM, "no memory for a reject")
				     : give_reject(run, e);
		hi_buf_reset(&p->reject);
	} else if (p->role != HI_REDUCER) {
		hi_buf_putc(&p->reject, '\n');
		hi_writer_buf(run->out, &p->reject);
		run->lines_out++;
	}
	return s == HI_OK && run->common->strict ? end_strictly(run) : s;
}

void hi_run_cut(struct hi_run *run, bool file)
{
	run->p->cut = true;
	run->p->file_cut |= file;
}

uint64_t hi_run_lines(const struct hi_run *run)
{
	return run->p->in ? hi_reader_line(run->p->reader) : 0;
}

void hi_run_range(struct hi_run *run, int64_t oldest_us, int64_t newest_us)
{
	run->oldest_us = oldest_us < run->oldest_us ? oldest_us : run->oldest_us;
	run->newest_us = newest_us > run->newest_us ? newest_us : run->newest_us;
}

int hi_run_give(struct hi_run *run, const struct hi_rec *rec, struct hi_error *e)
{
	struct hi_run_private *p = run->p;
	if ((rec->has & HI_HAS_ZONELESS) && !p->zoneless_told) {
		p->zoneless_told = true;
		hi_note("%s:%llu: a time without a zone; such times are read as %s (--tz)",
			p->source, (unsigned long long)hi_reader_line(p->reader), hi_tz_name());
	}
	if (p->selecting && !hi_filter_record(&p->filter, rec)) {
		if (rec->type == HI_T_READING)
			hi_run_range(run, rec->t_us, rec->t_us);
		return HI_OK;
	}
	if (run->preamble && (p->role != HI_FILTER || p->tail || p->gate))
		return HI_OK;
	if (p->tail)
		return hi_tail_put(p->tail, rec, e);
	run->records++;
	return p->tool->record(run, rec, e);
}

int hi_run_give_tail(struct hi_run *run, struct hi_error *e)
{
	struct hi_run_private *p = run->p;
	struct hi_slice line;
	struct hi_rec rec;
	int s = HI_OK;

	while (s == HI_OK && p->tail && hi_tail_next(p->tail, &line)) {
		s = hi_reader_line_parse(p->reader, line, &rec, e);
		run->records++;
		s = s ? s : p->tool->record(run, &rec, e);
		hi_writer_settle(run->out);
	}
	return s;
}

/* The output takes nothing: what monitors read must not stand still as well. */
static void on_wait(void *arg)
{
	struct hi_run *run = arg;
	run->held = true;
	hi_run_tell(run, false);
	run->held = false;
}

static int open_output(struct hi_run *run, struct hi_error *e)
{
	struct hi_run_private *p = run->p;
	const char *path = run->common->output;
	int fd = STDOUT_FILENO;

	if (path) {
		int s = hi_atomic_begin(&p->file, path, e);
		if (s)
			return s;
		p->to_file = true;
		fd = p->file.fd;
	}
	run->out = &p->writer;
	int s = hi_writer_init(&p->writer, fd, path ? path : "stdout", 0, e);
	if (s == HI_OK && (run->common->metrics_file || run->common->progress))
		hi_writer_on_wait(&p->writer, on_wait, run);
	return s;
}

/* A file is there whole or not at all: it is kept only where nothing of our own failed. */
static void close_output(struct hi_run *run, bool opened)
{
	struct hi_run_private *p = run->p;
	struct hi_error e = { .status = HI_OK };

	if (opened && hi_writer_close(&p->writer, &e)) {
		hi_complain_error(&e);
		raise_status(run, hi_exit_status(e.status));
	}
	if (!p->to_file)
		return;
	if (opened)
		p->file.fd = -1;
	if (p->strict_end ||
	    (run->status != 0 && run->status != EXIT_REJECTS && run->status != 1)) {
		hi_atomic_abort(&p->file);
	} else if (hi_atomic_commit(&p->file, &e)) {
		hi_complain_error(&e);
		raise_status(run, hi_exit_status(e.status));
	}
}

/* A folder can only be a store, or a mistake that the store's error names. */
static bool is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int read_operand(struct hi_run *run, const char *path, struct hi_error *e)
{
	if (strcmp(path, "-") != 0 && (hi_store_is(path) || is_folder(path)))
		return hi_run_store(run, path, e);
	return hi_run_input(run, path, e);
}

static int read_operands(struct hi_run *run, int n, char **operands, struct hi_error *e)
{
	int s = n == 0 ? read_operand(run, "-", e) : HI_OK;
	for (int i = 0; i < n && s == HI_OK && !run->p->ended; i++)
		s = read_operand(run, operands[i], e);
	return s;
}

static void end_messages(struct hi_run *run)
{
	if (run->p->messages > MESSAGES_MAX)
		hi_complain("%llu lines were rejected in all",
			    (unsigned long long)run->p->messages);
	if (run->out)
		hi_writer_flush(run->out);
	hi_run_tell(run, true);
}

/*
 * What a signal has cut short is no answer to its input, and must not be taken for
 * one. A pipe to a pipe is another thing: it is ended so, for it may have no end.
 */
static void end_cut(struct hi_run *run)
{
	const struct hi_run_private *p = run->p;
	if (!p->cut || !(p->to_file || p->file_cut))
		return;
	hi_complain("ended by a signal before the end of its input%s%s%s", p->to_file ? "; " : "",
		    p->to_file ? run->common->output : "", p->to_file ? " is as it was" : "");
	raise_status(run, hi_exit_status(HI_IO));
}

static void fail(struct hi_run *run, struct hi_error *e)
{
	hi_complain_error(e);
	raise_status(run, hi_exit_status(e->status));
}

/*
 * Where a standard descriptor is closed, the next open would take its number, and
 * output would go into somebody's file. What stands in for it fails as it should:
 * reading standard input, or writing standard output, gives EBADF.
 */
static void claim_standard_descriptors(void)
{
	static const int mode[3] = { O_WRONLY, O_RDONLY, O_WRONLY };
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", mode[fd]) != fd)
			_exit(4);
}

/*
 * Readings belong neither in a core file nor to whoever else may trace. The leak
 * checker traces, so that its build stays as it is.
 */
static void stay_private(void)
{
#ifndef __SANITIZE_ADDRESS__
	prctl(PR_SET_DUMPABLE, 0);
#endif
}

/* Everything that a run has, for a tool with a loop or a source without one. */
static int start(struct hi_run *run, struct hi_run_private *p, const struct hi_program *program,
		 const struct hi_common *common, void *state, struct hi_error *e)
{
	*p = (struct hi_run_private){ .source = "" };
	*run = (struct hi_run){ .program = program, .common = common, .state = state, .p = p };
	run->oldest_us = INT64_MAX;
	run->newest_us = INT64_MIN;
	hi_buf_init(&run->line, LINE_MAX_OWN);
	/* A rejected line may grow by its escapes, six bytes for one. */
	hi_buf_init(&p->reject, 6 * (size_t)HI_LINE_MAX + 4096);
	hi_mark_init(&p->mark);
	hi_buf_init(&p->mark_line, HI_LINE_MAX + 64);
	claim_standard_descriptors();
	stay_private();
	hi_hash_start();
	hi_signal_start();
	return open_output(run, e);
}

static void finish(struct hi_run *run, bool opened)
{
	end_messages(run);
	end_cut(run);
	close_output(run, opened);
	if (run->p->metrics_failed)
		raise_status(run, hi_exit_status(HI_IO));
	hi_buf_release(&run->line);
	hi_buf_release(&run->p->reject);
	hi_buf_release(&run->p->mark_line);
	hi_mark_release(&run->p->mark);
	hi_mark_check_release(&run->p->check);
	hi_reader_free(run->p->reader);
	hi_tail_free(run->p->tail);
	hi_filter_release(&run->p->filter);
}

/* What leaves records of files and pipes out; a store selects by itself. */
static int prepare_selection(struct hi_run *run, struct hi_error *e)
{
	struct hi_run_private *p = run->p;
	const struct hi_common *c = run->common;
	const struct hi_select sel = hi_run_selection(run);

	p->selecting = c->since.given || c->until.given || c->patients.n > 0 || c->metrics.n > 0;
	if (c->last_n > 0 || c->last_us > 0) {
		p->tail = hi_tail_new(c->last_n, c->last_us);
		if (!p->tail)
			return hi_error_set(e, HI_NOMEM, "no memory for what --last keeps");
	}
	return hi_filter_init(&p->filter, &sel, e);
}

int hi_run(const struct hi_tool *tool, const struct hi_common *common, void *state, int operands_n,
	   char **operands)
{
	struct hi_run run;
	struct hi_run_private p;
	struct hi_error e = { .status = HI_OK };
	bool opened = false, begun = false;

	int s = start(&run, &p, tool->program, common, state, &e);
	p.tool = tool;
	p.role = tool->role;
	opened = s == HI_OK;
	s = s ? s : hi_reader_new(&p.reader, hi_run_before_read, &run, &e);
	s = s ? s : prepare_selection(&run, &e);
	if (s == HI_OK && tool->open)
		s = tool->open(&run, &e);
	begun = s == HI_OK;
	if (s == HI_OK && tool->inputs)
		s = tool->inputs(&run, operands_n, operands, &e);
	else
		s = s ? s : read_operands(&run, operands_n, operands, &e);
	s = s ? s : hi_run_give_tail(&run, &e);
	if (s < 0)
		fail(&run, &e);
	if (begun && tool->close) {
		struct hi_error last = { .status = HI_OK };
		if (tool->close(&run, &last) < 0)
			fail(&run, &last);
	}
	if (s == HI_CONTRACT && p.role == HI_FILTER && !p.sourced)
		hi_run_pass_refusal(&run);
	finish(&run, opened);
	return run.status;
}

int hi_run_source(const struct hi_program *program, const struct hi_common *common, void *state,
		  int (*body)(struct hi_run *run, struct hi_error *e))
{
	struct hi_run run;
	struct hi_run_private p;
	struct hi_error e = { .status = HI_OK };

	int s = start(&run, &p, program, common, state, &e);
	bool opened = s == HI_OK;
	p.role = HI_SOURCE;
	s = s ? s : body(&run, &e);
	if (s < 0)
		fail(&run, &e);
	finish(&run, opened);
	return run.status;
}
