/* Files that are there whole or not at all: temporary file, check, fsync, rename, fsync the folder.
 */
#ifndef HI_IO_ATOMIC_H
#define HI_IO_ATOMIC_H

#include <stdbool.h>

#include "base/status.h"

struct hi_atomic {
	int fd;		 /* write here; mode 0600 less the umask */
	char *temporary; /* NULL: path is no file but a device or a pipe, written as it is */
	char *path;
};

/*
 * Makes a temporary file beside path (beside what it links to). What exists and
 * is no file (/dev/null, a pipe) is opened instead and never replaced. HI_OK,
 * HI_IO or HI_NOMEM; after an error nothing need be released.
 */
int hi_atomic_begin(struct hi_atomic *a, const char *path, struct hi_error *e);

/*
 * fsync, rename over path, fsync of the folder; closes fd if it is still open
 * (fd = -1 says that a writer closed it: then it is opened again to be synced).
 * After an error the temporary file is gone and path as it was, except where the
 * folder could not be synced: then path is new, but a power cut may bring the old
 * one back.
 */
int hi_atomic_commit(struct hi_atomic *a, struct hi_error *e);

/*
 * The same without any fsync: whole or not at all for every reader, and after a power
 * cut whatever is left. For what is written again soon, where waiting for a disk would
 * cost more than it is worth.
 */
int hi_atomic_replace(struct hi_atomic *a, struct hi_error *e);

/* Removes the temporary file; path is as it was. Harmless after commit or a failed begin. */
void hi_atomic_abort(struct hi_atomic *a);

/* fsync of the folder that path lies in (path itself if it is a folder). */
int hi_sync_folder(const char *path, struct hi_error *e);

#endif
