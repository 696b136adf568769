/*
 * Files of records as a resumable source. A file is read from its beginning each
 * time, for its marks are checked and a compressed file has no other place to begin;
 * lines that were given by an earlier run are only looked at.
 */
#include <stdlib.h>

#include "base/time.h"
#include "mark/line.h"
#include "tool/run_private.h"
#include "tool/source_private.h"

struct file {
	const char *path;
	char *key;		      /* "file:" and the real path */
	struct hi_line_position from; /* the stored one */
	struct hi_line_position at;   /* what was given */
};

struct feed {
	struct hi_run_gate gate;
	struct hi_source *source;
	struct file *files;
	size_t n;
	struct file *now;
	struct hi_line_position line; /* that is being given */
	struct hi_positions at;
};

static struct feed *feed_of(struct hi_run *run)
{
	return (struct feed *)run->p->gate;
}

static int mark(struct feed *f, struct hi_error *e)
{
	int s = f->now ? hi_line_position_set(&f->at, f->now->key, f->now->at, e) : HI_OK;
	return s ? s : hi_source_mark(f->source, &f->at, HI_TIME_MIN, e);
}

static int is_another(const struct file *file, struct hi_error *e)
{
	return hi_error_fmt(e, HI_CONTRACT, "not the file that was read before", "%s", file->path);
}

static int on_line(struct hi_run *run, struct hi_slice line, struct hi_error *e)
{
	struct feed *f = feed_of(run);
	const struct hi_line_position from = f->now->from;
	f->line.line = hi_reader_line(run->p->reader);
	if (f->line.line < from.line)
		return HI_REFUSED;
	f->line = hi_line_position(f->line.line, line);
	if (f->line.line > from.line)
		return HI_OK;
	return f->line.crc == from.crc ? HI_REFUSED : is_another(f->now, e);
}

static int on_given(struct hi_run *run, struct hi_error *e)
{
	struct feed *f = feed_of(run);
	f->now->at = f->line;
	return hi_source_due(f->source) ? mark(f, e) : HI_OK;
}

static int read_file(struct hi_run *run, struct feed *f, struct file *file, struct hi_error *e)
{
	f->now = file;
	f->line = (struct hi_line_position){ 0 };
	int s = hi_run_input(run, file->path, e);
	if (s == HI_OK && f->line.line < file->from.line && !run->p->ended &&
	    !hi_writer_failed(run->out))
		s = is_another(file, e);
	return s ? s : hi_line_position_set(&f->at, file->key, file->at, e);
}

static int open_file(struct feed *f, struct file *file, const char *path, struct hi_error *e)
{
	enum { PREFIX = 5 };
	char *real = realpath(path, NULL);
	*file = (struct file){ .path = path };
	if (!real)
		return hi_error_sys(e, "cannot open", path);
	size_t n = strlen(real);
	bool text = hi_utf8_valid((struct hi_slice){ real, n }, NULL);
	file->key = text ? malloc(PREFIX + n + 1) : NULL;
	if (file->key)
		memcpy(mempcpy(file->key, "file:", PREFIX), real, n + 1);
	free(real);
	if (!text)
		return hi_error_set(e, HI_USAGE, "a file whose path is not UTF-8 has no key");
	if (!file->key)
		return hi_error_set(e, HI_NOMEM, "no memory for a path");
	if (hi_positions_find(&f->at, file->key))
		return hi_error_fmt(e, HI_USAGE, "the same file twice", "%s", path);
	if (!hi_line_position_read(&file->from, hi_source_position(f->source, file->key)))
		return hi_error_fmt(e, HI_CONTRACT, "the stored position is none of a file's", "%s",
				    path);
	file->at = file->from;
	int s = hi_line_position_set(&f->at, file->key, file->from, e);
	return s == HI_CONTRACT ? hi_error_fmt(e, HI_USAGE, "a path that is no key", "%s", path)
				: s;
}

static int read_files(struct hi_run *run, struct feed *f, struct hi_error *e)
{
	struct hi_error later;
	int s = HI_OK;
	for (size_t i = 0; i < f->n && s == HI_OK && !run->p->ended; i++)
		s = read_file(run, f, &f->files[i], e);
	/* What was given stays given, whatever comes after it. */
	int m = mark(f, s ? &later : e);
	return s ? s : m;
}

int hi_source_files(struct hi_run *run, struct hi_source *source, int n, char **paths,
		    struct hi_error *e)
{
	struct feed f = { .gate = { on_line, on_given }, .source = source };
	int s = HI_OK;
	hi_positions_init(&f.at);
	f.files = calloc((size_t)n, sizeof(*f.files));
	if (!f.files)
		s = hi_error_set(e, HI_NOMEM, "no memory for files");
	for (; s == HI_OK && f.n < (size_t)n; f.n++)
		s = open_file(&f, &f.files[f.n], paths[f.n], e);
	s = s ? s : hi_source_begin(source, &f.at, e);
	run->p->gate = &f.gate;
	s = s ? s : read_files(run, &f, e);
	run->p->gate = NULL;
	for (size_t i = 0; f.files && i < f.n; i++)
		free(f.files[i].key);
	free(f.files);
	hi_positions_release(&f.at);
	return s;
}
