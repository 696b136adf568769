/*
 * Words for results, and what an error carries.
 *
 * Every function of the library that can fail returns one of these. Positive
 * words are ordinary turns of the stream; a negative one means that the thing
 * it came from is dead. Who knows most fills the error, nobody below lib/tool
 * prints it.
 */
#ifndef HI_BASE_STATUS_H
#define HI_BASE_STATUS_H

#include <stdint.h>

enum hi_status {
	HI_OK = 0,
	HI_END = 1,	 /* nothing more will come */
	HI_REFUSED = 2,	 /* this record is bad, the stream goes on */
	HI_NOMEM = -1,	 /* an allocation failed, or a bound was reached */
	HI_IO = -2,	 /* a system call failed: error.sys is its errno */
	HI_CORRUPT = -3, /* stored data are not what was committed */
	HI_USAGE = -4,	 /* the caller asked for what cannot be */
	HI_PEER = -5,	 /* another system failed */
	HI_CONTRACT = -6 /* the stream's contract is broken */
};

/*
 * text is a constant, never built from data, so that no value or name of a
 * patient gets into a log; detail is for what a person typed (an option, a rule
 * file's word, a path), never for record data.
 */
struct hi_error {
	enum hi_status status;
	const char *text;   /* "value: not a number"; static storage */
	const char *source; /* input's name, borrowed from who reads it; NULL: none */
	uint64_t line;	    /* from 1; 0: does not apply */
	uint32_t column;    /* in bytes from 1; 0: does not apply */
	int sys;	    /* errno, or 0 */
	char detail[160];   /* "" where there is none */
};

/* Fills e (which may be NULL) and returns status, so that a caller can return it. */
int hi_error_set(struct hi_error *e, enum hi_status status, const char *text);

/* The same for a failed system call: status HI_IO, sys = errno, detail = path (may be NULL). */
int hi_error_sys(struct hi_error *e, const char *text, const char *path);

/* The same with a detail made by printf's rules, cut at its size. */
int hi_error_fmt(struct hi_error *e, enum hi_status status, const char *text, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
