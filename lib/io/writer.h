/*
 * A latched writer: the first error is kept, what is written after it is
 * dropped, and hi_writer_close tells. Loops over short writes and EINTR, and
 * waits where somebody has made the descriptor non-blocking.
 *
 * hi_writer_pass hands on a range of somebody's block without copying it:
 * neighbouring ranges join, and one write takes them all. The owner of the block
 * calls hi_writer_settle before the block changes.
 */
#ifndef HI_IO_WRITER_H
#define HI_IO_WRITER_H

#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"

struct hi_writer {
	int fd;
	int sys;	  /* errno of the first failed write; 0: none */
	const char *name; /* for messages; borrowed */
	char *buf;
	size_t len, cap;
	const char *pass; /* the pending range; follows buf in the output */
	size_t pass_len;
	uint64_t bytes;		  /* handed to the system so far */
	void (*waits)(void *arg); /* NULL: it waits in silence */
	void *waits_arg;
	size_t pipe_cap; /* what an empty pipe takes at once, where it waits with a call; or 0 */
};

/* fd stays the caller's until close. cap: bytes buffered, 64 KiB where 0. HI_OK or HI_NOMEM. */
int hi_writer_init(struct hi_writer *w, int fd, const char *name, size_t cap, struct hi_error *e);

/*
 * Where the output is a pipe or a socket that takes nothing for a second, waits(arg) is
 * called, and again each second and after a signal: a tool that is held back can still
 * tell so. It must not use w. Costs a poll and a write for each 4 KiB.
 */
void hi_writer_on_wait(struct hi_writer *w, void (*waits)(void *arg), void *arg);

void hi_writer_put(struct hi_writer *w, const void *p, size_t n);
void hi_writer_slice(struct hi_writer *w, struct hi_slice s);
void hi_writer_puts(struct hi_writer *w, const char *s);

/* Puts what b holds and empties it. A buffer that has failed is a failed write: ENOMEM. */
void hi_writer_buf(struct hi_writer *w, struct hi_buf *b);

void hi_writer_pass_slow(struct hi_writer *w, const char *p, size_t n);

/* p[0..n) must stay as it is until the next settle, flush or put that settles it. */
static inline void hi_writer_pass(struct hi_writer *w, const char *p, size_t n)
{
	if (w->pass && w->pass + w->pass_len == p)
		w->pass_len += n;
	else
		hi_writer_pass_slow(w, p, n);
}

/* After this no byte of a passed range is referenced. */
void hi_writer_settle(struct hi_writer *w);

/* Everything so far is handed to the system, or an error is latched. */
void hi_writer_flush(struct hi_writer *w);

/* True once an error is latched. */
static inline bool hi_writer_failed(const struct hi_writer *w)
{
	return w->sys != 0;
}

/* Latches an error of the caller's making, an errno, unless there is one. */
static inline void hi_writer_fail(struct hi_writer *w, int sys)
{
	w->sys = w->sys ? w->sys : sys;
}

/*
 * Flushes, closes the descriptor and frees the buffer. HI_OK only if every byte
 * was taken and close agreed; else HI_IO with sys and the name.
 */
int hi_writer_close(struct hi_writer *w, struct hi_error *e);

#endif
