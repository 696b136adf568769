/* Messages on stderr: "hi-detect: stdin:123:57: value: not a number". One line each. */
#ifndef HI_TOOL_MESSAGE_H
#define HI_TOOL_MESSAGE_H

#include <stdbool.h>

#include "base/status.h"

/*
 * The program's name for messages, and whether notes are wanted (-q: no). From here on
 * SIGBUS, too, is a message and status 4: a disk fails below what SQLite maps (-shm).
 */
void hi_message_start(const char *program, bool quiet);

/* "PROGRAM: " and the text; always shown. */
void hi_complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same, not shown with -q: what a person may like to know. */
void hi_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* An error as one line: source:line:column: text: detail: strerror. */
void hi_complain_error(const struct hi_error *e);

/* The exit status of stream.md rule 5 for an error. */
int hi_exit_status(enum hi_status s);

#endif
