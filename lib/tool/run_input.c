/* The loop over one file or pipe, and what happens while it waits. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "io/signal.h"
#include "tool/message.h"
#include "tool/run_private.h"

enum { POLL_MS = 200 };
#define DRAIN_US HI_US_S

/*
 * After the first signal a filter or sink reads its pipe to the end, for a second
 * at most: the source before it has had the same signal and sends its last lines.
 */
static bool must_end(struct hi_run *run)
{
	struct hi_run_private *p = run->p;
	if (!hi_signal_stop)
		return false;
	int64_t now_us = hi_monotonic_us();
	if (p->drain_until_us == 0)
		p->drain_until_us = now_us + (p->input_is_file ? 0 : DRAIN_US);
	p->ended = now_us >= p->drain_until_us;
	if (p->ended)
		hi_run_cut(run, p->input_is_file && !p->gate);
	return p->ended;
}

static void run_timer(struct hi_run *run)
{
	struct hi_run_private *p = run->p;
	const struct hi_tool *t = p->tool;
	if (!t->timer || t->timer_us == 0 || p->timer_status < 0)
		return;
	int64_t now_us = hi_monotonic_us();
	if (now_us < p->timer_next_us)
		return;
	p->timer_status = t->timer(run, &p->timer_error);
	p->timer_next_us = now_us + t->timer_us;
}

static int wait_ms(const struct hi_run *run)
{
	const struct hi_tool *t = run->p->tool;
	int64_t ms = t->timer && t->timer_us > 0 ? t->timer_us / HI_US_MS : POLL_MS;
	return ms < 1 ? 1 : ms < POLL_MS ? (int)ms : POLL_MS;
}

bool hi_run_before_read(void *arg, bool waits)
{
	struct hi_run *run = arg;
	struct hi_run_private *p = run->p;

	if (waits)
		hi_writer_flush(run->out);
	else
		hi_writer_settle(run->out);
	run_timer(run);
	hi_run_tell(run, false);
	/* Waiting here, not in read(), leaves no moment in which a signal is missed. */
	while (waits && !must_end(run) && p->timer_status >= 0 && !hi_writer_failed(run->out) &&
	       !hi_input_ready(p->in, wait_ms(run))) {
		run_timer(run);
		hi_run_tell(run, false);
		hi_writer_flush(run->out);
	}
	return !p->ended && p->timer_status >= 0 && !hi_writer_failed(run->out);
}

/* "P-001,2025-12-28 06:30,72" or a header: what else would begin so? */
static bool looks_like_csv(struct hi_slice line)
{
	if (line.len == 0 || strchr("{[,", line.ptr[0]))
		return false;
	for (size_t i = 0; i < line.len; i++)
		if ((unsigned char)line.ptr[i] < ' ' && !strchr("\t\r", line.ptr[i]))
			return false;
	return memchr(line.ptr, ',', line.len) || memchr(line.ptr, ';', line.len) ||
	       memchr(line.ptr, '\t', line.len);
}

static int reject(struct hi_run *run, struct hi_error *e, struct hi_slice line)
{
	if (e->line == 1 && looks_like_csv(line))
		hi_note("%s: this looks like CSV: hi-csv makes records of it", run->p->source);
	return hi_run_reject(run, e, line);
}

/* A bad line is a reject, unless the stream's contract has none there. */
static int take_bad(struct hi_run *run, const struct hi_rec *rec, struct hi_error *e)
{
	struct hi_error broken;
	int s = hi_run_line(run, &broken);
	s = s ? s : hi_run_bad_line(run, rec, &broken);
	if (s == HI_OK)
		return reject(run, e, rec->line);
	*e = broken;
	return s;
}

static int take(struct hi_run *run, const struct hi_rec *rec, struct hi_error *e)
{
	if (rec->type == HI_T_MARK)
		return hi_run_mark(run, rec, e);
	int s = hi_run_line(run, e);
	return s ? s : hi_run_give(run, rec, e);
}

/* The line is not given, but it is a line of the stream, or a mark of it. */
static int look(struct hi_run *run, const struct hi_rec *rec, bool bad, struct hi_error *e)
{
	if (!bad && rec->type == HI_T_MARK)
		return hi_run_mark(run, rec, e);
	int s = hi_run_line(run, e);
	return s || !bad ? s : hi_run_bad_line(run, rec, e);
}

static int take_gated(struct hi_run *run, const struct hi_rec *rec, bool bad, struct hi_error *e)
{
	const struct hi_run_gate *gate = run->p->gate;
	struct hi_error broken;
	int s = gate->line(run, rec->line, &broken);
	if (s < 0)
		*e = broken;
	if (s)
		return s < 0 ? s : look(run, rec, bad, e);
	s = bad ? take_bad(run, rec, e) : take(run, rec, e);
	return s ? s : gate->given(run, e);
}

/* One turn: HI_OK to go on, HI_END, HI_REFUSED where --strict ends it, or negative. */
static int read_record(struct hi_run *run, struct hi_error *e)
{
	struct hi_run_private *p = run->p;
	struct hi_rec rec;
	int s = hi_reader_next(p->reader, &rec, e);
	if (p->gate && (s == HI_OK || s == HI_REFUSED))
		return take_gated(run, &rec, s == HI_REFUSED, e);
	if (s == HI_OK)
		return take(run, &rec, e);
	if (s == HI_REFUSED)
		return take_bad(run, &rec, e);
	if (s == HI_IO && e->sys == EINTR)
		return HI_OK;
	if (s == HI_END && p->timer_status < 0) {
		*e = p->timer_error;
		return p->timer_status;
	}
	return s;
}

static int read_records(struct hi_run *run, struct hi_error *e)
{
	int s;
	do {
		s = read_record(run, e);
		/* A pipe that never pauses asks for the signal here. */
	} while (s == HI_OK && !(hi_signal_stop && must_end(run)));
	return s == HI_END ? HI_OK : s;
}

/* Not where it was this run that ended it before its end. */
static int check_end(const struct hi_run *run, struct hi_error *e)
{
	const struct hi_run_private *p = run->p;
	if (p->ended || hi_writer_failed(run->out))
		return HI_OK;
	return hi_mark_check_end(&p->check, e);
}

/* Where the stream's contract was broken. */
static void locate(const struct hi_run *run, struct hi_error *e)
{
	if (e->source)
		return;
	e->source = run->p->source;
	e->line = hi_reader_line(run->p->reader);
}

int hi_run_input(struct hi_run *run, const char *path, struct hi_error *e)
{
	struct hi_run_private *p = run->p;
	struct stat st;

	int s = hi_input_open(&p->in, path, e);
	if (s)
		return s;
	p->source = hi_input_name(p->in);
	int fd = hi_input_poll_fd(p->in);
	p->input_is_file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	if (isatty(fd))
		hi_note("reading records from the terminal; Ctrl-D ends them");
	hi_reader_open(p->reader, p->in);
	hi_mark_check_begin(&p->check, run->common->uncounted);
	s = read_records(run, e);
	s = s ? s : check_end(run, e);
	if (s == HI_CONTRACT)
		locate(run, e);
	run->preamble = run->marked = false;
	if (s < 0 && !e->source && !e->detail[0])
		e->source = p->source;
	hi_writer_settle(run->out);
	hi_input_close(p->in);
	p->in = NULL;
	return s;
}
