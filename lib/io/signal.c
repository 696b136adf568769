#include "io/signal.h"

#include <stddef.h>

volatile sig_atomic_t hi_signal_stop;
volatile sig_atomic_t hi_signal_counters;

static void on_stop(int sig);

/* One that was ignored when the program began stays so. */
static void to_default(int sig)
{
	struct sigaction now;
	if (sigaction(sig, NULL, &now) == 0 && now.sa_handler == on_stop)
		signal(sig, SIG_DFL);
}

/* Both go back to their default, so that the second signal ends whichever it is. */
static void on_stop(int sig)
{
	hi_signal_stop = sig;
	to_default(SIGINT);
	to_default(SIGTERM);
}

static void on_counters(int sig)
{
	(void)sig;
	hi_signal_counters = 1;
}

/* One that was ignored when the program began stays ignored: nohup and a shell's & want that. */
static void install(int sig, void (*handler)(int))
{
	struct sigaction old;
	struct sigaction act = { .sa_handler = handler };

	sigemptyset(&act.sa_mask);
	if (sigaction(sig, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
		sigaction(sig, &act, NULL);
}

void hi_signal_start(void)
{
	install(SIGINT, on_stop);
	install(SIGTERM, on_stop);
	install(SIGUSR1, on_counters);
	/* A file at its limit (ulimit -f) is a failed write, EFBIG, and is told as such. */
	install(SIGXFSZ, SIG_IGN);
}
