/* Where bytes come from: a file, a pipe, a gzip or zstd file. */
#ifndef HI_IO_INPUT_H
#define HI_IO_INPUT_H

#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"

struct hi_input; /* opaque */

/*
 * Opens path ("-": standard input). What a name in .gz or .zst or the first bytes
 * call compressed is unpacked as it is read (zlib, libzstd; several members or
 * frames are read on). name is kept by reference for messages and must outlive the
 * input. HI_OK, HI_IO or HI_NOMEM.
 */
int hi_input_open(struct hi_input **out, const char *path, struct hi_error *e);

/*
 * The same over a descriptor that is open; closed with the input unless it is 0.
 * After an error it is still the caller's.
 */
int hi_input_fd(struct hi_input **out, int fd, const char *name, struct hi_error *e);

/*
 * The same over bytes in memory (borrowed), for tests and fuzzers: chunk_max 0
 * gives as much as is asked for, otherwise each read gives 1..chunk_max bytes,
 * drawn from seed. Its name is "memory". HI_OK or HI_NOMEM.
 */
int hi_input_memory(struct hi_input **out, struct hi_slice text, size_t chunk_max, uint64_t seed,
		    struct hi_error *e);

/* "stdin", or the path. */
const char *hi_input_name(const struct hi_input *in);

/*
 * At most cap bytes into p. Returns their number, 0 at the end, or a negative
 * hi_status (HI_IO; HI_CORRUPT for a damaged or cut compressed file). EINTR is
 * returned as HI_IO with sys = EINTR so that the caller can look at signals.
 */
long hi_input_read(struct hi_input *in, void *p, size_t cap, struct hi_error *e);

/* The same, and an interrupted read goes on: for what is read before any signal matters. */
long hi_input_read_on(struct hi_input *in, void *p, size_t cap, struct hi_error *e);

/* True where a read would not wait: a file, or bytes (or the end) are there. */
bool hi_input_ready(const struct hi_input *in, int timeout_ms);

/* The descriptor, for poll; -1 for memory. */
int hi_input_poll_fd(const struct hi_input *in);

void hi_input_close(struct hi_input *in);

#endif
