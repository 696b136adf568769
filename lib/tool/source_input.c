#include "tool/source_input.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "store/layout.h"
#include "store/store.h"
#include "tool/cursor_file.h"
#include "tool/message.h"
#include "tool/source_private.h"

static int refuse(struct hi_error *e, const char *text, const char *operand)
{
	return hi_error_fmt(e, HI_USAGE, text, "%s", operand);
}

/* One place under two names is one place. */
static bool is_same(const char *a, const char *b)
{
	struct stat x, y;
	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int check_store(const struct hi_run *run, const char *path, struct hi_error *e)
{
	char *folder;
	int64_t hour_us;
	bool hour = hi_layout_operand(path, &folder, &hour_us);
	free(folder);
	if (hour)
		return refuse(e, "an hour of a store has no position to go on from", path);
	if (run->common->resume && is_same(path, run->common->resume))
		return refuse(e, "--resume and the operand are the same store", path);
	return HI_OK;
}

/* *store: the one operand is a store. */
static int check_operands(const struct hi_run *run, int n, char **operands, bool *store,
			  struct hi_error *e)
{
	struct stat st;
	int stores = 0;
	if (n == 0)
		return refuse(e, "standard input has no position to go on from; name files", "-");
	for (int i = 0; i < n; i++) {
		bool there = strcmp(operands[i], "-") != 0 && stat(operands[i], &st) == 0;
		bool is_store = hi_store_is(operands[i]) || (there && S_ISDIR(st.st_mode));
		stores += is_store;
		if (!is_store && (!there || !S_ISREG(st.st_mode)))
			return there || strcmp(operands[i], "-") == 0
				       ? refuse(e, "no file: it has no position to go on from",
						operands[i])
				       : hi_error_sys(e, "cannot open", operands[i]);
	}
	*store = stores > 0;
	if (stores > 0 && n > 1)
		return hi_error_set(e, HI_USAGE, "marks are for one store, or for files");
	return stores ? check_store(run, operands[0], e) : HI_OK;
}

static int read_cursor(struct hi_positions *p, const char *path, struct hi_error *e)
{
	int s = hi_cursor_file_read(p, path, e);
	if (s == HI_END)
		hi_note("%s: not there yet: from the beginning", path);
	return s == HI_END ? HI_OK : s;
}

int hi_source_inputs(struct hi_run *run, const char *cursor, int n, char **operands,
		     struct hi_error *e)
{
	struct hi_source *source = NULL;
	struct hi_positions p;
	bool store = false;
	if (n == 0 && run->common->resume)
		return hi_source_preamble(run, e);
	hi_positions_init(&p);
	int s = check_operands(run, n, operands, &store, e);
	if (s == HI_OK && run->common->tick && !store)
		s = hi_error_set(e, HI_USAGE, "--tick is for a store: a file has no clock");
	if (s == HI_OK && cursor)
		s = read_cursor(&p, cursor, e);
	s = s ? s : hi_source_open(&source, run, cursor ? &p : NULL, e);
	if (s == HI_OK && store)
		s = hi_source_store(run, source, operands[0], p.n > 0, e);
	else if (s == HI_OK)
		s = hi_source_files(run, source, n, operands, e);
	hi_source_free(source);
	hi_positions_release(&p);
	return s;
}
