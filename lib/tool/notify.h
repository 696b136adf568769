/*
 * What a service manager is told: the datagrams of sd_notify(3), to the socket that
 * NOTIFY_SOCKET names (a path, or an abstract one by "@"). Where it names none, or
 * nobody listens there, nothing happens: a run never fails, or waits, for its manager.
 * Source: sd_notify(3), "Notes", which promises the protocol to programs without libsystemd.
 */
#ifndef HI_TOOL_NOTIFY_H
#define HI_TOOL_NOTIFY_H

/* READY=1: a sink is open. What finds the manager's queue full goes with the next progress. */
void hi_notify_ready(void);

/*
 * WATCHDOG=1, and in STATUS when that was: something has come out at the far end, such
 * as a mark that is durable. To be called for real progress and nothing else, so that
 * whatever part of a pipe stands still starves the watchdog; as often as there is some,
 * for it is told once a second (once each quarter of WATCHDOG_USEC where that is less).
 */
void hi_notify_progress(void);

#endif
