#include "tool/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static int no_memory(struct hi_error *e)
{
	return hi_error_set(e, HI_NOMEM, "no memory for the names of files");
}

/* What was read of a pipe is gone: a later run could not begin there. */
static int check_file(const char *path, struct hi_error *e)
{
	struct stat st;

	if (strcmp(path, "-") == 0)
		return hi_error_set(e, HI_USAGE,
				    "standard input has no place to go back to: marks are for "
				    "files, by their names");
	if (stat(path, &st) != 0)
		return hi_error_sys(e, "cannot open", path);
	if (!S_ISREG(st.st_mode))
		return hi_error_fmt(e, HI_USAGE,
				    "no place to go back to: marks are for files, not for", "%s",
				    path);
	return HI_OK;
}

static int make_key(struct hi_file *file, const char *kind, struct hi_error *e)
{
	char *real = realpath(file->path, NULL);

	if (!real)
		return hi_error_sys(e, "cannot open", file->path);
	bool text = hi_utf8_valid(hi_slice_of(real), NULL);
	int n = text ? asprintf(&file->key, "%s:%s", kind, real) : 0;
	free(real);
	if (n < 0)
		file->key = NULL;
	if (!text)
		return hi_error_fmt(e, HI_USAGE, "a path that cannot stand in a mark (not UTF-8)",
				    "%s", file->path);
	return n < 0 ? no_memory(e) : HI_OK;
}

static int open_file(struct hi_files *f, size_t i, const struct hi_source *source, const char *kind,
		     struct hi_error *e)
{
	struct hi_file *file = &f->v[i];
	int s = check_file(file->path, e);

	s = s ? s : make_key(file, kind, e);
	if (s)
		return s;
	if (hi_positions_find(&f->at, file->key))
		return hi_error_fmt(e, HI_USAGE, "the same file twice", "%s", file->path);
	if (!hi_line_position_read(&file->from, hi_source_position(source, file->key)))
		return hi_error_fmt(e, HI_CONTRACT, "the stored position is not one of a file",
				    "%s", file->path);
	s = hi_files_stand(f, i, file->from, e);
	if (s == HI_CONTRACT)
		return hi_error_fmt(e, HI_USAGE,
				    "a path that cannot stand in a mark (control characters, too "
				    "long, or too many files)",
				    "%s", file->path);
	return s;
}

int hi_files_open(struct hi_files *f, const struct hi_source *source, const char *kind,
		  char **operands, size_t n, struct hi_error *e)
{
	int s = n > 0 ? HI_OK : check_file("-", e);

	*f = (struct hi_files){ 0 };
	hi_positions_init(&f->at);
	f->v = calloc(n + 1, sizeof(*f->v));
	if (!f->v)
		return no_memory(e);
	for (; f->n < n && s == HI_OK; f->n++) {
		f->v[f->n].path = operands[f->n];
		s = open_file(f, f->n, source, kind, e);
	}
	return s;
}

void hi_files_release(struct hi_files *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->v[i].key);
	free(f->v);
	hi_positions_release(&f->at);
}

int hi_files_stand(struct hi_files *f, size_t i, struct hi_line_position p, struct hi_error *e)
{
	return hi_line_position_set(&f->at, f->v[i].key, p, e);
}
