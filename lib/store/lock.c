/* Locks of the file lock: what writers hold, and what others see of it. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

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

static int open_lock(struct hi_store *s, struct hi_error *e)
{
	if (s->lock_fd < 0)
		s->lock_fd = openat(s->fd, "lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	/* A copy of a store may be without the file: it has no writers. */
	if (s->lock_fd < 0 && errno == ENOENT)
		return HI_END;
	return s->lock_fd < 0 ? hi_error_sys(e, "cannot open file", "lock") : HI_OK;
}

/* *held becomes one of the writers first..last that is at work; 0: none is. */
static int find_held(struct hi_store *s, uint64_t first, uint64_t last, uint64_t *held,
		     struct hi_error *e)
{
	struct flock l = range_of(F_WRLCK, HI_LOCK_WRITERS + first, last - first + 1);
	*held = 0;
	int status = open_lock(s, e);
	if (status)
		return status == HI_END ? HI_OK : status;
	if (fcntl(s->lock_fd, F_OFD_GETLK, &l))
		return hi_error_sys(e, "cannot ask for a lock", "lock");
	if (l.l_type == F_UNLCK)
		return HI_OK;
	/* Neighbouring bytes of one writer are one lock, which may begin before first. */
	*held = (uint64_t)l.l_start - HI_LOCK_WRITERS;
	*held = *held < first ? first : *held;
	return HI_OK;
}

int hi_store_is_alive(struct hi_store *s, uint64_t number, bool *alive, struct hi_error *e)
{
	uint64_t held;
	int status = find_held(s, number, number, &held, e);
	*alive = held > 0;
	return hi_store_blame(s, status, e);
}

int hi_store_next_alive(struct hi_store *s, uint64_t after, uint64_t *number, struct hi_error *e)
{
	uint64_t held = HI_LOCK_WRITERS - 1; /* the greatest number there may be, and one */
	int status = HI_OK;
	*number = 0;
	/* The lock found first need not be the least: what stands before it is asked for, too. */
	while (status == HI_OK && held > after + 1) {
		status = find_held(s, after + 1, held - 1, &held, e);
		if (held == 0)
			break;
		*number = held;
	}
	return hi_store_blame(s, status, e);
}
