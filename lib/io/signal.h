/*
 * Signals: the first SIGINT or SIGTERM asks for an end, the second ends all at
 * once by its default action. SIGUSR1 asks for the counters. SIGPIPE is left at
 * its default: a reader that leaves ends a tool quietly. SIGXFSZ is ignored: a file at
 * its limit is a write that fails.
 */
#ifndef HI_IO_SIGNAL_H
#define HI_IO_SIGNAL_H

#include <signal.h>

extern volatile sig_atomic_t hi_signal_stop;	 /* the signal's number, or 0 */
extern volatile sig_atomic_t hi_signal_counters; /* set by SIGUSR1; the reader clears it */

/* Installs the handlers without SA_RESTART, so that a waiting read returns EINTR. */
void hi_signal_start(void);

#endif
