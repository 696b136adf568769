#include "tool/resume.h"

#include <stdlib.h>

#include "store/layout.h"
#include "store/preamble.h"
#include "tool/message.h"

enum { LOOKS = 3 };

struct hi_resume {
	struct hi_run *run;
	const char *path;
	int64_t window_us;
	struct hi_store *store; /* NULL: not there yet */
	struct hi_patient_watch *watch;
};

/* A failed output is told when it is closed; nothing goes on without it. */
static int put_line(void *arg, struct hi_slice line)
{
	struct hi_run *run = arg;
	hi_writer_slice(run->out, line);
	hi_writer_put(run->out, "\n", 1);
	run->lines_out++;
	return hi_writer_failed(run->out) ? HI_IO : HI_OK;
}

static int unless_output_failed(const struct hi_resume *r, int status)
{
	return hi_writer_failed(r->run->out) ? HI_OK : status;
}

/* HI_END: there is none yet. */
static int open_store(struct hi_resume *r, struct hi_error *e)
{
	char *folder;
	int64_t hour_us;
	bool hour = hi_layout_operand(r->path, &folder, &hour_us);
	free(folder);
	if (hour)
		return hi_error_fmt(e, HI_USAGE, "--resume takes a store, not an hour of one", "%s",
				    r->path);
	/*
	 * What a crash cut short while it was made is taken back by the open; and the end
	 * of this pipe may have made it anew between two looks.
	 */
	int s = HI_OK;
	for (int looks = 0; looks < LOOKS; looks++) {
		if (hi_store_absent(r->path))
			return HI_END;
		s = hi_store_open(&r->store, r->path, e);
		if (s == HI_OK)
			break;
	}
	return s;
}

int hi_resume_open(struct hi_resume **out, struct hi_run *run, const char *path, int64_t window_us,
		   struct hi_error *e)
{
	struct hi_resume *r = calloc(1, sizeof(*r));
	*out = r;
	if (!r)
		return hi_error_set(e, HI_NOMEM, "no memory for a store");
	*r = (struct hi_resume){ .run = run, .path = path, .window_us = window_us };
	int s = open_store(r, e);
	if (s == HI_END)
		return HI_OK;
	if (s) {
		hi_resume_close(r);
		*out = NULL;
	}
	return s;
}

void hi_resume_close(struct hi_resume *r)
{
	if (!r)
		return;
	hi_patient_watch_close(r->watch);
	hi_store_close(r->store);
	free(r);
}

int hi_resume_positions(struct hi_resume *r, struct hi_positions *out, struct hi_error *e)
{
	return r->store ? hi_store_positions(r->store, out, e) : HI_OK;
}

/*
 * Where there is no store yet the preamble is there all the same: the first line of
 * the stream is then one whose loss is noticed.
 */
static int empty_preamble(struct hi_resume *r, const struct hi_positions *opening,
			  struct hi_error *e)
{
	const struct hi_mark begin = { .kind = HI_MARK_BEGIN, .window_us = r->window_us };
	struct hi_mark end = { .kind = HI_MARK_END, .counted = true };
	if (opening)
		end.positions = *opening;
	int s = hi_source_put_mark(r->run, &begin, e);
	return s ? s : hi_source_put_mark(r->run, &end, e);
}

/*
 * A first start is told from one that goes on, and so is a slip in what names the
 * source. The store may have been made meanwhile, by the end of the same pipe.
 */
static void note_beginning(const struct hi_resume *r, const struct hi_positions *opening,
			   const struct hi_positions *stored)
{
	for (size_t i = 0; opening && i < opening->n; i++)
		if (hi_positions_find(stored, opening->v[i].key))
			return;
	hi_note("%s: nothing from this source yet: from %s", r->path,
		r->run->begins ? r->run->begins : "the beginning");
}

int hi_resume_preamble(struct hi_resume *r, const struct hi_positions *opening,
		       const struct hi_positions *stored, struct hi_error *e)
{
	const struct hi_preamble p = {
		.positions = opening,
		.window_us = r->window_us,
		.line = put_line,
		.arg = r->run,
	};
	if (opening || !r->store)
		note_beginning(r, opening, stored);
	if (!r->store)
		return empty_preamble(r, opening, e);
	/* Before it: a record that comes in between comes twice, not never. */
	int s = hi_patient_watch_open(&r->watch, r->store, e);
	return s ? s : unless_output_failed(r, hi_preamble_write(r->store, &p, e));
}

/* The end of the pipe may have made it meanwhile. */
static int find_store(struct hi_resume *r, struct hi_error *e)
{
	return !r->store && hi_store_is(r->path) ? hi_store_open(&r->store, r->path, e) : HI_OK;
}

int hi_resume_durable(struct hi_resume *r, const struct hi_positions *now, struct hi_positions *out,
		      struct hi_error *e)
{
	int s = find_store(r, e);
	if (s == HI_OK && !r->store)
		return HI_END;
	for (size_t i = 0; i < now->n && s == HI_OK; i++)
		s = hi_store_position(r->store, now->v[i].key, out, e);
	return s;
}

int hi_resume_changes(struct hi_resume *r, struct hi_error *e)
{
	int s = find_store(r, e);
	if (s == HI_OK && r->store && !r->watch)
		s = hi_patient_watch_open(&r->watch, r->store, e);
	if (s || !r->watch)
		return s;
	return unless_output_failed(r, hi_patient_watch_next(r->watch, put_line, r->run, e));
}
