#include "tool/source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "base/time.h"
#include "tool/resume.h"
#include "tool/unstored.h"

/* Where --mark and --window are not given. */
#define MARK_US (200 * HI_US_MS)
#define WINDOW_US HI_US_H
/* From mark to mark where nothing comes. */
#define IDLE_US HI_US_S

struct hi_source {
	struct hi_run *run;
	bool marks;
	uint64_t every_lines; /* 0: by time */
	int64_t every_us;
	struct hi_resume *resume;      /* NULL: not asked for */
	struct hi_positions positions; /* where to begin */
	char id[HI_MARK_RUN_MAX + 1];
	uint64_t seq;		     /* of the next mark */
	uint64_t lines_then;	     /* run->lines_out at the last mark */
	int64_t then_us;	     /* the clock at the last mark */
	uint64_t lines_moved;	     /* run->lines_out when it was last seen to have grown, and */
	int64_t moved_us;	     /* the clock */
	struct hi_unstored unstored; /* where the run has metrics that tell of them */
};

/* The coarse clock costs so little that a source may ask after each line. */
static int64_t clock_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (int64_t)t.tv_sec * HI_US_S + t.tv_nsec / 1000;
}

/* Another one at each start: a doubled source is told from this one by it. */
static int name_run(struct hi_source *s, struct hi_error *e)
{
	uint64_t id;
	ssize_t n;
	do
		n = getrandom(&id, sizeof(id), 0);
	while (n < 0 && errno == EINTR);
	if (n != sizeof(id))
		return hi_error_sys(e, "no random number for the run", NULL);
	snprintf(s->id, sizeof(s->id), "%016" PRIx64, id);
	return HI_OK;
}

static int check_options(const struct hi_source *s, struct hi_error *e)
{
	const struct hi_common *c = s->run->common;
	if (c->window_us > 0 && !c->resume)
		return hi_error_set(e, HI_USAGE, "--window goes with --resume");
	if (c->tick && !s->marks)
		return hi_error_set(e, HI_USAGE, "--tick goes with --mark or --resume");
	return HI_OK;
}

static int open_store(struct hi_resume **out, struct hi_run *run, struct hi_error *e)
{
	const struct hi_common *c = run->common;
	return hi_resume_open(out, run, c->resume, c->window_us > 0 ? c->window_us : WINDOW_US, e);
}

static int open_resume(struct hi_source *s, const struct hi_positions *positions,
		       struct hi_error *e)
{
	int status = s->run->common->resume ? open_store(&s->resume, s->run, e) : HI_OK;
	if (status)
		return status;
	if (positions)
		return hi_positions_copy(&s->positions, positions, e);
	return s->resume ? hi_resume_positions(s->resume, &s->positions, e) : HI_OK;
}

int hi_source_open(struct hi_source **out, struct hi_run *run, const struct hi_positions *positions,
		   struct hi_error *e)
{
	const struct hi_common *c = run->common;
	struct hi_source *s = calloc(1, sizeof(*s));
	*out = s;
	if (!s)
		return hi_error_set(e, HI_NOMEM, "no memory for a source");
	s->run = run;
	s->marks = c->mark_us > 0 || c->mark_lines > 0 || c->resume || positions;
	s->every_lines = (uint64_t)c->mark_lines;
	s->every_us = c->mark_us > 0 ? c->mark_us : MARK_US;
	hi_positions_init(&s->positions);
	int status = check_options(s, e);
	if (status == HI_OK && s->marks)
		status = name_run(s, e);
	status = status ? status : open_resume(s, positions, e);
	if (status) {
		hi_source_free(s);
		*out = NULL;
	}
	return status;
}

void hi_source_free(struct hi_source *s)
{
	if (!s)
		return;
	hi_resume_close(s->resume);
	hi_positions_release(&s->positions);
	hi_unstored_release(&s->unstored);
	free(s);
}

bool hi_source_marks(const struct hi_source *s)
{
	return s->marks;
}

bool hi_source_ticks(const struct hi_source *s)
{
	return s->run->common->tick;
}

const char *hi_source_position(const struct hi_source *s, const char *key)
{
	return hi_positions_find(&s->positions, key);
}

const struct hi_positions *hi_source_stored(const struct hi_source *s)
{
	return &s->positions;
}

int hi_source_durable(struct hi_source *s, const struct hi_positions *now, struct hi_positions *out,
		      struct hi_error *e)
{
	hi_positions_reset(out);
	int status = s->resume ? hi_resume_durable(s->resume, now, out, e) : HI_END;
	if (status == HI_OK)
		hi_unstored_settle(&s->unstored, out);
	return status;
}

int64_t hi_source_commit_age_us(const struct hi_source *s)
{
	const int64_t now_us = clock_us(), age_us = hi_unstored_age_us(&s->unstored, now_us);
	/* A pipe may stand still before a first mark could be written behind these lines. */
	if (age_us == 0 && s->seq > 0 && s->run->lines_out != s->lines_then)
		return now_us - s->then_us;
	return age_us;
}

int hi_source_put_mark(struct hi_run *run, const struct hi_mark *m, struct hi_error *e)
{
	int status = HI_OK;
	hi_mark_write(m, &run->line);
	if (run->line.failed)
		status = hi_error_set(e, HI_NOMEM, "no memory for a mark, or too many inputs");
	else if (run->line.len > HI_LINE_MAX)
		status = hi_error_set(e, HI_USAGE, "too many inputs: a mark has no room for them");
	if (status)
		hi_buf_reset(&run->line);
	else
		hi_emit(run);
	return status;
}

/* positions are borrowed: the mark is written, not kept. */
static int put_mark(struct hi_source *s, const struct hi_positions *positions, int64_t tick_us,
		    struct hi_error *e)
{
	struct hi_run *run = s->run;
	struct hi_mark m = {
		.kind = HI_MARK_PLAIN,
		.seq = s->seq++,
		.counted = true,
		.n = run->lines_out - s->lines_then,
		.timed = run->common->tick && tick_us != HI_TIME_MIN,
		.t_us = tick_us,
		.positions = *positions,
	};
	memcpy(m.run, s->id, sizeof(m.run));
	int status = hi_source_put_mark(run, &m, e);
	if (status)
		return status;
	hi_writer_flush(run->out);
	s->lines_then = s->lines_moved = run->lines_out;
	s->then_us = s->moved_us = clock_us();
	if (s->resume && run->metrics)
		hi_unstored_add(&s->unstored, positions, s->then_us);
	return HI_OK;
}

int hi_source_begin(struct hi_source *s, const struct hi_positions *opening, struct hi_error *e)
{
	if (!s->marks)
		return HI_OK;
	int status = s->resume ? hi_resume_preamble(s->resume, opening, &s->positions, e) : HI_OK;
	s->lines_then = s->run->lines_out;
	hi_unstored_begin(&s->unstored, opening);
	return status ? status : put_mark(s, opening, HI_TIME_MIN, e);
}

int hi_source_preamble(struct hi_run *run, struct hi_error *e)
{
	struct hi_resume *r;
	int status = open_store(&r, run, e);
	if (status)
		return status;
	status = hi_resume_preamble(r, NULL, NULL, e);
	hi_resume_close(r);
	return status;
}

uint64_t hi_source_room(const struct hi_source *s)
{
	const uint64_t lines = s->run->lines_out - s->lines_then;
	if (!s->marks || s->every_lines == 0)
		return UINT64_MAX;
	return lines < s->every_lines ? s->every_lines - lines : 0;
}

/*
 * The clock at which a mark is due though no line may come any more. By lines that
 * is a second after the last one, so that what a live source has written does not
 * wait for more to come.
 */
static int64_t due_us(struct hi_source *s)
{
	const uint64_t lines = s->run->lines_out;
	const int64_t idle_us = s->every_us > IDLE_US ? s->every_us : IDLE_US;
	if (s->every_lines == 0)
		return s->then_us + (lines != s->lines_then ? s->every_us : idle_us);
	if (lines != s->lines_moved) {
		s->lines_moved = lines;
		s->moved_us = clock_us();
	}
	return s->moved_us + IDLE_US;
}

int hi_source_wait_ms(struct hi_source *s, int most_ms)
{
	if (!s->marks)
		return most_ms;
	const int64_t left_us = due_us(s) - clock_us();
	const int64_t ms = left_us > 0 ? (left_us + HI_US_MS - 1) / HI_US_MS : 0;
	return ms < most_ms ? (int)ms : most_ms;
}

bool hi_source_due(struct hi_source *s)
{
	return s->marks && (hi_source_room(s) == 0 || due_us(s) <= clock_us());
}

int hi_source_mark(struct hi_source *s, const struct hi_positions *now, int64_t tick_us,
		   struct hi_error *e)
{
	if (!s->marks || hi_writer_failed(s->run->out))
		return HI_OK;
	int status = s->resume ? hi_resume_changes(s->resume, e) : HI_OK;
	return status ? status : put_mark(s, now, tick_us, e);
}
