/* Locks of the file lock: what writers hold, and what others see of it. */
#include <errno.h>
#include <fcntl.h>

#include "store/inside.h"

static struct flock range_of(short type, uint64_t first, uint64_t n)
{
	return (struct flock){
		.l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)first, .l_len = (off_t)n
	};
}

int hi_store_lock(int lock_fd, uint64_t first, uint64_t n, struct hi_error *e)
{
	struct flock l = range_of(F_WRLCK, first, n);
	if (fcntl(lock_fd, F_OFD_SETLK, &l) == 0)
		return HI_OK;
	return errno == EACCES || errno == EAGAIN ? HI_END : hi_error_sys(e, "cannot lock", "lock");
}

void hi_store_unlock(int lock_fd, uint64_t first, uint64_t n)
{
	struct flock l = range_of(F_UNLCK, first, n);
	fcntl(lock_fd, F_OFD_SETLK, &l);
}

int hi_store_held(int lock_fd, uint64_t at, bool *held, struct hi_error *e)
{
	struct flock l = range_of(F_WRLCK, at, 1);
	if (fcntl(lock_fd, F_OFD_GETLK, &l))
		return hi_error_sys(e, "cannot ask for a lock", "lock");
	*held = l.l_type != F_UNLCK;
	return HI_OK;
}
