/* Locks of the file lock: what writers hold, and what others see of it. */
#include <fcntl.h>

#include "store/inside.h"

static struct flock range_of(short type, uint64_t first, uint64_t n)
{
	return (struct flock){
		.l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)first, .l_len = (off_t)n
	};
}

bool hi_store_lock(int lock_fd, uint64_t first, uint64_t n)
{
	struct flock l = range_of(F_WRLCK, first, n);
	return fcntl(lock_fd, F_OFD_SETLK, &l) == 0;
}

void hi_store_unlock(int lock_fd, uint64_t first, uint64_t n)
{
	struct flock l = range_of(F_UNLCK, first, n);
	fcntl(lock_fd, F_OFD_SETLK, &l);
}

/* Where it cannot be asked it is taken to be held: nobody's work is touched. */
bool hi_store_held(int lock_fd, uint64_t at)
{
	struct flock l = range_of(F_WRLCK, at, 1);
	return fcntl(lock_fd, F_OFD_GETLK, &l) || l.l_type != F_UNLCK;
}
