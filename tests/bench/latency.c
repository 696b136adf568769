/*
 * How long from a reading's moment to the line that it causes at the other end.
 *
 *   latency [-r RATE] [-s SECONDS] [-w SECONDS] [-e N] [-o FILE] SOURCE [SINK]
 *
 * SINK and SOURCE are shell commands. SINK takes the readings, SOURCE gives the lines that
 * are waited for; without SINK, SOURCE takes them too. RATE readings a second (10000) for
 * -w seconds that do not count (5) and -s that do (60), one in N (10) of a patient of its
 * own with an SpO2 of 80 %: an alarm's onset under the seed's rules.
 *
 * Each reading has its moment on a schedule fixed before the start, and time counts from
 * there: a line written late because the pipe was full, or this program not scheduled, has
 * waited all the same (no coordinated omission). It ends when read(2) has given the last
 * byte of the line. Prints lines, percentiles in ms and the CPU seconds of both commands;
 * -o FILE gets "MOMENT_US TOOK_US" a line. Status 1: a line did not come, or came twice.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 1 << 20, LINE_MAX_LEN = 256, BEDS = 1000, READY_S = 60, DRAIN_S = 20 };

struct options {
	long rate, seconds, warm_s, every;
	const char *file, *source, *sink;
};

struct pipes {
	int in, out; /* write here, read here */
	pid_t pid[2];
};

/* What goes out. next: the reading that is made next; its moment is base_ns + next / rate. */
struct writing {
	char data[BUFFER];
	size_t from, to;
	long next, n;
	int64_t base_ns;
	time_t base_s; /* the wall clock's second at the base */
};

/* What comes back. took_ns[i]: of the i-th awaited line, 0 as long as it is not there. */
struct reading {
	char data[BUFFER];
	size_t len;
	int64_t *took_ns;
	long awaited, came, twice;
	bool ready;
};

static void die(const char *what)
{
	fprintf(stderr, "latency: %s\n", what);
	exit(2);
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static pid_t start(const char *command, int in, int out, const int *shut, size_t shut_n)
{
	pid_t pid = fork();

	if (pid < 0)
		die("cannot start");
	if (pid > 0)
		return pid;
	setpgid(0, 0);
	dup2(in, 0);
	if (out >= 0)
		dup2(out, 1);
	for (size_t i = 0; i < shut_n; i++)
		close(shut[i]);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static struct pipes open_pipes(const struct options *o)
{
	struct pipes p = { .pid = { 0, 0 } };
	int in[2], out[2];

	if (pipe(in) != 0 || pipe(out) != 0)
		die("cannot make pipes");
	const int all[] = { in[0], in[1], out[0], out[1] };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		die("cannot open /dev/null");
	p.pid[0] = start(o->source, o->sink ? null : in[0], out[1], all, 4);
	if (o->sink)
		p.pid[1] = start(o->sink, in[0], null, all, 4);
	close(in[0]), close(out[1]), close(null);
	p.in = in[1], p.out = out[0];
	fcntl(p.in, F_SETFL, O_NONBLOCK);
	fcntl(p.out, F_SETFL, O_NONBLOCK);
	return p;
}

/* Ends both; what they needed for their work in CPU seconds. */
static double close_pipes(const struct pipes *p)
{
	struct rusage u;
	pid_t pid;

	close(p->in);
	for (int tries = 0; (pid = waitpid(-1, NULL, WNOHANG)) >= 0; tries += pid == 0) {
		if (pid > 0)
			continue;
		for (int i = 0; i < 2; i++)
			if (p->pid[i] > 0 && (tries == 50 || tries == 500))
				kill(-p->pid[i], tries == 50 ? SIGTERM : SIGKILL);
		usleep(10000);
	}
	getrusage(RUSAGE_CHILDREN, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static size_t make_line(char *to, const char *patient, const char *metric, double value,
			const char *unit, time_t second, long ms)
{
	struct tm t;
	char when[32];

	gmtime_r(&second, &t);
	strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &t);
	return (size_t)snprintf(to, LINE_MAX_LEN,
				"{\"patient_id\":\"%s\",\"metric_name\":\"%s\",\"value\":%.1f,"
				"\"unit\":\"%s\",\"timestamp\":\"%s.%03ldZ\"}\n",
				patient, metric, value, unit, when, ms);
}

static void make_reading(struct writing *w, const struct options *o)
{
	char patient[32], *to = w->data + w->to;
	time_t second = w->base_s + w->next / o->rate;
	long ms = w->next % o->rate * 1000 / o->rate;

	if (w->next % o->every == 0) {
		snprintf(patient, sizeof patient, "L-%09ld", w->next / o->every);
		w->to += make_line(to, patient, "spo2", 80, "%", second, ms);
	} else {
		snprintf(patient, sizeof patient, "P-%03ld", w->next % BEDS);
		w->to += make_line(to, patient, "heart_rate", 60 + (double)(w->next % 97) / 2,
				   "bpm", second, ms);
	}
	w->next++;
}

static int64_t moment(const struct writing *w, const struct options *o, long i)
{
	return w->base_ns + i * 1000000000 / o->rate;
}

/* Makes what is due and writes what the pipe takes. */
static void write_due(struct writing *w, const struct options *o, int fd)
{
	int64_t now = now_ns();

	if (w->from == w->to)
		w->from = w->to = 0;
	while (w->next < w->n && moment(w, o, w->next) <= now && w->to + LINE_MAX_LEN < BUFFER)
		make_reading(w, o);
	if (w->from == w->to)
		return;
	ssize_t n = write(fd, w->data + w->from, w->to - w->from);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		die("the sink has ended");
	w->from += n > 0 ? (size_t)n : 0;
}

static void take_line(struct reading *r, const struct writing *w, const struct options *o,
		      char *line, int64_t now)
{
	char *p = strstr(line, "\"patient_id\"");

	p = p ? strpbrk(p + 12, "LRP}") : NULL; /* with or without spaces round the colon */
	if (!p || p[1] != '-' || *p == 'P')
		return;
	if (*p == 'R') {
		r->ready = true;
		return;
	}
	long i = strtol(p + 2, NULL, 10);
	if (i < 0 || i >= r->awaited)
		die("a line that was never sent");
	if (r->took_ns[i] != 0) {
		r->twice++;
		return;
	}
	r->came++;
	r->took_ns[i] = now - moment(w, o, i * o->every);
}

static void read_lines(struct reading *r, const struct writing *w, const struct options *o, int fd)
{
	ssize_t n = read(fd, r->data + r->len, BUFFER - 1 - r->len);
	int64_t now = now_ns();

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		die("the source has ended");
	if (n < 0)
		return;
	r->len += (size_t)n;
	r->data[r->len] = '\0';
	char *line = r->data, *end;
	for (; (end = memchr(line, '\n', r->len - (size_t)(line - r->data))); line = end + 1) {
		*end = '\0';
		take_line(r, w, o, line, now);
	}
	r->len -= (size_t)(line - r->data);
	memmove(r->data, line, r->len);
}

/* Readings of patients R-… until the first comes out: both ends are there then. */
static void wait_ready(const struct pipes *p, struct reading *r, const struct writing *w,
		       const struct options *o)
{
	struct pollfd fd = { .fd = p->out, .events = POLLIN };
	char patient[32], line[LINE_MAX_LEN];
	int64_t next = now_ns(), end = next + READY_S * INT64_C(1000000000);

	for (int i = 0; !r->ready; i++, next += 100000000) {
		if (next > end)
			die("nothing came within a minute");
		snprintf(patient, sizeof patient, "R-%09d", i);
		size_t n = make_line(line, patient, "spo2", 80, "%", w->base_s - READY_S, 0);
		if (write(p->in, line, n) < 0 && errno != EAGAIN)
			die("the sink has ended");
		while (!r->ready && now_ns() < next + 100000000)
			if (poll(&fd, 1, 10) > 0)
				read_lines(r, w, o, p->out);
	}
	sleep(1); /* what else was on its way does not disturb the first moments */
}

static void run(const struct pipes *p, struct reading *r, struct writing *w,
		const struct options *o)
{
	int64_t end = moment(w, o, w->n) + DRAIN_S * INT64_C(1000000000);

	while (r->came < r->awaited && now_ns() < end) {
		int64_t wait = (w->next < w->n ? moment(w, o, w->next) : end) - now_ns();
		struct timespec t = { .tv_sec = wait / 1000000000, .tv_nsec = wait % 1000000000 };
		struct pollfd fds[2] = { { .fd = p->out, .events = POLLIN },
					 { .fd = p->in, .events = w->from < w->to ? POLLOUT : 0 } };
		if (wait > 0 && ppoll(fds, 2, &t, NULL) < 0 && errno != EINTR)
			die("cannot wait");
		if (wait <= 0)
			poll(fds, 2, 0);
		if (fds[0].revents)
			read_lines(r, w, o, p->out);
		write_due(w, o, p->in);
	}
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void write_file(const struct reading *r, const struct options *o)
{
	FILE *f = fopen(o->file, "w");

	for (long i = 0; f && i < r->awaited; i++)
		fprintf(f, "%ld %ld\n", (long)(i * o->every * 1000000 / o->rate),
			(long)(r->took_ns[i] / 1000));
	if (!f || fclose(f) != 0)
		die("cannot write the file");
}

/* Percentiles of those after the warm seconds that came. */
static int tell(struct reading *r, const struct options *o, double cpu_s)
{
	long from = o->warm_s * o->rate / o->every, n = 0;
	int64_t *t = r->took_ns;

	for (long i = from; i < r->awaited; i++)
		if (t[i] != 0)
			t[n++] = t[i];
	qsort(t, (size_t)n, sizeof *t, by_size);
	printf("%ld of %ld lines", r->came, r->awaited);
	static const double at[] = { 0.5, 0.9, 0.99, 0.999, 1 };
	static const char *const name[] = { "p50", "p90", "p99", "p99.9", "max" };
	for (size_t i = 0; i < 5 && n > 0; i++) {
		long k = (long)(at[i] * (double)n);
		printf(", %s %.2f", name[i], (double)t[k < n ? k : n - 1] / 1e6);
	}
	printf(" ms; %ld readings/s, %.2f CPU s in %ld s\n", o->rate, cpu_s,
	       o->warm_s + o->seconds);
	if (r->twice > 0)
		printf("%ld came twice\n", r->twice);
	return r->came == r->awaited && r->twice == 0 ? 0 : 1;
}

static void parse(int argc, char **argv, struct options *o)
{
	for (int c; (c = getopt(argc, argv, "r:s:w:e:o:")) != -1;) {
		long *to = c == 'r'   ? &o->rate
			   : c == 's' ? &o->seconds
			   : c == 'w' ? &o->warm_s
				      : &o->every;
		if (c == 'o')
			o->file = optarg;
		else if (c == '?' || (*to = atol(optarg)) < (c == 'w' ? 0 : 1))
			die("usage: latency [-r RATE] [-s SECONDS] [-w SECONDS] [-e N] [-o FILE] "
			    "SOURCE [SINK]");
	}
	if (optind >= argc)
		die("which source?");
	o->source = argv[optind];
	o->sink = argv[optind + 1]; /* NULL where there is none */
}

int main(int argc, char **argv)
{
	static struct writing w;
	static struct reading r;
	struct options o = { .rate = 10000, .seconds = 60, .warm_s = 5, .every = 10 };

	parse(argc, argv, &o);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_TIMERSLACK, 1UL);	    /* wake at the moment, not 50 µs after */
	prctl(PR_SET_CHILD_SUBREAPER, 1UL); /* a killed shell's children are counted too */
	w.n = o.rate * (o.warm_s + o.seconds);
	r.awaited = (w.n + o.every - 1) / o.every;
	r.took_ns = calloc((size_t)r.awaited, sizeof *r.took_ns);
	if (!r.took_ns)
		die("no memory");
	w.base_s = time(NULL);
	struct pipes p = open_pipes(&o);
	wait_ready(&p, &r, &w, &o);
	w.base_ns = now_ns() + 10000000;
	w.base_s = time(NULL);
	run(&p, &r, &w, &o);
	double cpu_s = close_pipes(&p);
	if (o.file)
		write_file(&r, &o);
	return tell(&r, &o, cpu_s);
}
