/*
 * What the shell cannot measure or hold open, for tests/contract and tests/tool/live.sh.
 *
 *   probe rss FILE CMD...          runs CMD; its peak memory in KiB goes to FILE; its status
 *   probe first CMD...             gives CMD the input but no end; prints the ms to its first byte
 *   probe term CMD...              the same; then SIGTERM, the input once more, and again no
 *                                  end: prints "STATUS MS LINES", MS from the signal to its
 *                                  end, LINES of output in all
 *   probe alert TRIES CMD...       line 1 of the input, then for each try line 2 with the try's
 *                                  number for %: prints the median of the times from line to
 *                                  alert in µs, and the first of them
 *   probe pieces SEED PAUSE_US     copies input to output in random pieces with random pauses
 *
 * A wait of ten seconds is a failure: status 99.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MS = 10000, INPUT_MAX = 1 << 16, FAILED = 99, TRIES_MAX = 1000 };

struct child {
	pid_t pid;
	int in, out; /* write here, read here */
};

static void die(const char *what)
{
	fprintf(stderr, "probe: %s\n", what);
	exit(FAILED);
}

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static struct child start(char **argv)
{
	int in[2], out[2];
	struct child c;

	if (pipe(in) != 0 || pipe(out) != 0 || (c.pid = fork()) < 0)
		die("cannot start");
	if (c.pid == 0) {
		signal(SIGPIPE, SIG_DFL);
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[0]), close(in[1]), close(out[0]), close(out[1]);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(in[0]), close(out[1]);
	c.in = in[1], c.out = out[0];
	return c;
}

static int status_of(int raw)
{
	return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
}

static size_t slurp(char *text)
{
	size_t n = fread(text, 1, INPUT_MAX - 1, stdin);

	text[n] = '\0';
	return n;
}

static void give(const struct child *c, const char *p, size_t n)
{
	if (write(c->in, p, n) != (ssize_t)n)
		die("cannot write to it");
}

/* Waits for output; what came is appended to text (cap bytes) unless that is NULL. */
static void take(const struct child *c, char *text, size_t *len, size_t cap)
{
	struct pollfd p = { .fd = c->out, .events = POLLIN };
	char waste[65536];

	if (poll(&p, 1, WAIT_MS) <= 0)
		die("no output within ten seconds");
	ssize_t n = text ? read(c->out, text + *len, cap - *len - 1)
			 : read(c->out, waste, sizeof waste);
	if (n <= 0)
		die("its output ended");
	if (text) {
		*len += (size_t)n;
		text[*len] = '\0';
	}
}

static int finish(const struct child *c)
{
	int raw;

	close(c->in), close(c->out);
	kill(c->pid, SIGKILL);
	waitpid(c->pid, &raw, 0);
	return 0;
}

static int run_rss(const char *file, char **argv)
{
	struct rusage u;
	int raw;
	pid_t pid = fork();

	if (pid < 0)
		die("cannot start");
	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	while (wait4(pid, &raw, 0, &u) < 0)
		if (errno != EINTR)
			die("cannot wait");
	FILE *f = fopen(file, "w");
	if (!f || fprintf(f, "%ld\n", u.ru_maxrss) < 0 || fclose(f) != 0)
		die("cannot write the figure");
	return status_of(raw);
}

static int run_first(char **argv)
{
	char text[INPUT_MAX];
	size_t n = slurp(text);
	struct child c = start(argv);
	int64_t from = now_us();

	if (n > 0)
		give(&c, text, n);
	take(&c, NULL, NULL, 0);
	printf("%ld\n", (long)((now_us() - from) / 1000));
	return finish(&c);
}

static void on_alarm(int number)
{
	(void)number;
	die("it did not end within ten seconds");
}

static long count_lines(const char *p, ssize_t n)
{
	long lines = 0;

	for (ssize_t i = 0; i < n; i++)
		lines += p[i] == '\n';
	return lines;
}

/* Its output is read to the end, so that it never waits for a reader. */
static int run_term(char **argv)
{
	char text[INPUT_MAX], out[65536];
	size_t n = slurp(text);
	struct child c = start(argv);
	struct pollfd p = { .fd = c.out, .events = POLLIN };
	long lines = 0;
	ssize_t got;
	int raw;

	if (n > 0)
		give(&c, text, n);
	poll(&p, 1,
	     500); /* a filter has begun when its first line is out; a reducer says nothing */
	if (p.revents == 0)
		usleep(200000);
	signal(SIGALRM, on_alarm);
	alarm(WAIT_MS / 1000);
	int64_t from = now_us();
	kill(c.pid, SIGTERM);
	usleep(50000);
	if (write(c.in, text, n) < 0 && errno != EPIPE) /* a source has stopped reading */
		die("cannot write to it");
	while ((got = read(c.out, out, sizeof out)) > 0)
		lines += count_lines(out, got);
	waitpid(c.pid, &raw, 0);
	printf("%d %ld %ld\n", status_of(raw), (long)((now_us() - from) / 1000), lines);
	close(c.in), close(c.out);
	return 0;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Line 2 with the try's number in the place of each %. */
static size_t fill(const char *pattern, int number, char *out, size_t cap)
{
	size_t n = 0;

	for (; *pattern && n + 16 < cap; pattern++) {
		if (*pattern == '%')
			n += (size_t)snprintf(out + n, cap - n, "%d", number);
		else
			out[n++] = *pattern;
	}
	return n;
}

static int run_alert(int tries, char **argv)
{
	static char text[INPUT_MAX], line[INPUT_MAX], answer[INPUT_MAX];
	static int64_t took[TRIES_MAX];
	size_t n = slurp(text), len = 0;
	char *second = memchr(text, '\n', n);

	if (!second++ || tries < 1 || tries > TRIES_MAX)
		die("two lines are needed, and 1 to 1000 tries");
	struct child c = start(argv);
	give(&c, text, (size_t)(second - text));
	take(&c, answer, &len, sizeof answer);
	for (int i = 0; i < tries; i++) {
		n = fill(second, i, line, sizeof line);
		len = 0;
		answer[0] = '\0';
		usleep(2000); /* it waits for input again */
		int64_t from = now_us();
		give(&c, line, n);
		while (!strstr(answer, "\"type\":\"alert\""))
			take(&c, answer, &len, sizeof answer);
		took[i] = now_us() - from;
	}
	int64_t first = took[0];
	qsort(took, (size_t)tries, sizeof *took, by_size);
	printf("%ld %ld\n", (long)took[tries / 2], (long)first);
	return finish(&c);
}

static int run_pieces(uint64_t x, unsigned pause_us)
{
	char block[8192];
	ssize_t n;

	for (;;) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17; /* xorshift64; x is not 0 */
		size_t want = x % 3 == 0 ? 1 + x / 3 % 7 : 1 + x / 3 % sizeof block;
		n = read(0, block, want);
		if (n <= 0)
			return n == 0 ? 0 : FAILED;
		for (ssize_t done = 0, w; done < n; done += w)
			if ((w = write(1, block + done, (size_t)(n - done))) <= 0)
				return FAILED;
		if (pause_us > 0 && x / 8 % 16 == 0)
			usleep((useconds_t)(x / 128 % pause_us));
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (argc > 3 && strcmp(what, "rss") == 0)
		return run_rss(argv[2], argv + 3);
	signal(SIGPIPE, SIG_IGN);
	if (argc > 2 && strcmp(what, "first") == 0)
		return run_first(argv + 2);
	if (argc > 2 && strcmp(what, "term") == 0)
		return run_term(argv + 2);
	if (argc > 3 && strcmp(what, "alert") == 0)
		return run_alert(atoi(argv[2]), argv + 3);
	if (argc > 3 && strcmp(what, "pieces") == 0)
		return run_pieces(strtoull(argv[2], NULL, 10) * 2 + 1, (unsigned)atoi(argv[3]));
	die("usage: probe rss|first|term|alert|pieces ...");
}
