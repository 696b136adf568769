/*
 * Files of records as a resumable source. A file is read from its beginning each
 * time, for its marks are checked and a compressed file has no other place to begin;
 * lines that were given by an earlier run are only looked at.
 */
#include "base/time.h"
#include "tool/files.h"
#include "tool/run_private.h"
#include "tool/source_private.h"

struct feed {
	struct hi_run_gate gate;
	struct hi_source *source;
	struct hi_files files;
	size_t now;		      /* the file being read; n: none */
	struct hi_line_position at;   /* what was given of it */
	struct hi_line_position line; /* that is being given */
};

static struct feed *feed_of(struct hi_run *run)
{
	return (struct feed *)run->p->gate;
}

static int mark(struct feed *f, struct hi_error *e)
{
	int s = f->now < f->files.n ? hi_files_stand(&f->files, f->now, f->at, e) : HI_OK;
	return s ? s : hi_source_mark(f->source, &f->files.at, HI_TIME_MIN, e);
}

static int is_another(const struct feed *f, struct hi_error *e)
{
	return hi_error_fmt(e, HI_CONTRACT, "not the file that was read before", "%s",
			    f->files.v[f->now].path);
}

static int on_line(struct hi_run *run, struct hi_slice line, struct hi_error *e)
{
	struct feed *f = feed_of(run);
	const struct hi_line_position from = f->files.v[f->now].from;
	f->line.line = hi_reader_line(run->p->reader);
	if (f->line.line < from.line)
		return HI_REFUSED;
	f->line = hi_line_position(f->line.line, line);
	if (f->line.line > from.line)
		return HI_OK;
	return f->line.crc == from.crc ? HI_REFUSED : is_another(f, e);
}

static int on_given(struct hi_run *run, struct hi_error *e)
{
	struct feed *f = feed_of(run);
	f->at = f->line;
	return hi_source_due(f->source) ? mark(f, e) : HI_OK;
}

static int read_file(struct hi_run *run, struct feed *f, size_t i, struct hi_error *e)
{
	const struct hi_file *file = &f->files.v[i];
	f->now = i;
	f->at = file->from;
	f->line = (struct hi_line_position){ 0 };
	int s = hi_run_input(run, file->path, e);
	if (s == HI_OK && f->line.line < file->from.line && !run->p->ended &&
	    !hi_writer_failed(run->out))
		s = is_another(f, e);
	return s ? s : hi_files_stand(&f->files, i, f->at, e);
}

static int read_files(struct hi_run *run, struct feed *f, struct hi_error *e)
{
	struct hi_error later;
	int s = HI_OK;
	for (size_t i = 0; i < f->files.n && s == HI_OK && !run->p->ended; i++)
		s = read_file(run, f, i, e);
	/* What was given stays given, whatever comes after it. */
	int m = mark(f, s ? &later : e);
	return s ? s : m;
}

int hi_source_files(struct hi_run *run, struct hi_source *source, int n, char **paths,
		    struct hi_error *e)
{
	struct feed f = { .gate = { on_line, on_given }, .source = source };
	int s = hi_files_open(&f.files, source, "file", paths, (size_t)n, e);
	f.now = f.files.n;
	s = s ? s : hi_source_begin(source, &f.files.at, e);
	run->p->gate = &f.gate;
	run->p->sourced = true;
	s = s ? s : read_files(run, &f, e);
	run->p->gate = NULL;
	hi_files_release(&f.files);
	return s;
}
