/* Files that are there whole or not at all: temporary file, check, fsync, rename, fsync the folder. */
#ifndef HI_IO_ATOMIC_H
#define HI_IO_ATOMIC_H

#include "base/status.h"

struct hi_atomic {
	int fd; /* write here; mode 0600 less the umask */
	char *temporary;
	char *path;
};

/* Makes a temporary file beside path. HI_OK, HI_IO or HI_NOMEM. */
int hi_atomic_begin(struct hi_atomic *a, const char *path, struct hi_error *e);

/*
 * fsync, rename over path, fsync of the folder; closes fd if it is still open
 * (fd = -1 says that a writer closed it: then it is opened again to be synced).
 */
int hi_atomic_commit(struct hi_atomic *a, struct hi_error *e);

/* Removes the temporary file; path is as it was. Harmless after commit. */
void hi_atomic_abort(struct hi_atomic *a);

/* fsync of the folder that path lies in (path itself if it is a folder). */
int hi_sync_folder(const char *path, struct hi_error *e);

#endif
