#include "tool/message.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *program_name = "hi";
static bool notes = true;
static char bus_line[128]; /* made beforehand: a handler may only write */
static size_t bus_len;

/*
 * A page of a mapped file that the disk does not give: SQLite maps store.db-shm. It comes
 * wherever the page is touched, so there is no way back; what was not confirmed is not lost.
 */
static void on_bus(int sig)
{
	(void)sig;
	ssize_t ignored = write(STDERR_FILENO, bus_line, bus_len);
	(void)ignored;
	_exit(hi_exit_status(HI_IO));
}

static void catch_bus(void)
{
	struct sigaction old;
	struct sigaction act = { .sa_handler = on_bus };
	int n = snprintf(bus_line, sizeof(bus_line),
			 "%s: the disk failed while a mapped file was read (SIGBUS)\n",
			 program_name);
	bus_len = n < 0 ? 0 : (size_t)n < sizeof(bus_line) ? (size_t)n : sizeof(bus_line) - 1;
	sigemptyset(&act.sa_mask);
	/* A sanitizer has its own report of it. */
	if (sigaction(SIGBUS, NULL, &old) == 0 && old.sa_handler == SIG_DFL)
		sigaction(SIGBUS, &act, NULL);
}

void hi_message_start(const char *program, bool quiet)
{
	program_name = program;
	notes = !quiet;
	catch_bus();
}

/*
 * One write a message, so that the lines of several tools of a pipe do not mix.
 * Control characters are shown as '?': a file's name must not drive a terminal.
 */
static void say(const char *fmt, va_list ap)
{
	char line[1024];
	size_t cap = sizeof line - 1; /* the LF */
	int head = snprintf(line, cap, "%s: ", program_name);
	size_t n = head < 0 ? 0 : (size_t)head;

	int body = vsnprintf(line + n, cap - n, fmt, ap);
	n = body < 0 ? n : n + (size_t)body;
	if (n > cap - 1)
		n = cap - 1;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	line[n++] = '\n';
	/* Nowhere is left to tell of a stderr that fails. */
	for (size_t done = 0; done < n;) {
		ssize_t w = write(STDERR_FILENO, line + done, n - done);
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return;
		done += (size_t)w;
	}
}

void hi_complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

void hi_note(const char *fmt, ...)
{
	va_list ap;

	if (!notes)
		return;
	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

void hi_complain_error(const struct hi_error *e)
{
	char where[64] = "";

	if (e->line && e->column)
		snprintf(where, sizeof where, "%llu:%lu: ", (unsigned long long)e->line,
			 (unsigned long)e->column);
	else if (e->line)
		snprintf(where, sizeof where, "%llu: ", (unsigned long long)e->line);
	hi_complain("%s%s%s%s%s%s%s%s", e->source ? e->source : "",
		    e->source ? (e->line ? ":" : ": ") : "", where, e->text ? e->text : "failed",
		    e->detail[0] ? ": " : "", e->detail, e->sys ? ": " : "",
		    e->sys ? strerror(e->sys) : "");
}

int hi_exit_status(enum hi_status s)
{
	switch (s) {
	case HI_OK:
	case HI_END:
		return 0;
	case HI_REFUSED:
		return 3;
	case HI_USAGE:
		return 2;
	case HI_PEER:
		return 5;
	case HI_CONTRACT:
		return 6;
	case HI_NOMEM:
	case HI_IO:
	case HI_CORRUPT:
		break;
	}
	return 4;
}
