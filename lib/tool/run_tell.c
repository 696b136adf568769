/* Counters for people and monitors: -v, --progress, --metrics FILE, SIGUSR1. */
#include <stdio.h>
#include <unistd.h>

#include "base/time.h"
#include "io/signal.h"
#include "tool/message.h"
#include "tool/run_private.h"

#define PROGRESS_US HI_US_S
#define METRICS_US (5 * HI_US_S)

/* Told once: what fails each five seconds would fill a log. It is status 4 at the end. */
static void metrics_fail(struct hi_run *run, const struct hi_error *e)
{
	if (!run->p->metrics_failed)
		hi_complain_error(e);
	run->p->metrics_failed = true;
}

/* The text format of Prometheus, 0.0.4; names end in _total as it asks. */
static void write_metrics(struct hi_run *run)
{
	struct hi_atomic file;
	struct hi_writer w;
	struct hi_error e;
	char text[512];

	int n = snprintf(text, sizeof(text),
			 "hi_records_total{tool=\"%s\"} %llu\n"
			 "hi_rejects_total{tool=\"%s\"} %llu\n"
			 "hi_lines_written_total{tool=\"%s\"} %llu\n"
			 "hi_bytes_written_total{tool=\"%s\"} %llu\n",
			 run->program->name, (unsigned long long)run->records, run->program->name,
			 (unsigned long long)run->rejects, run->program->name,
			 (unsigned long long)run->lines_out, run->program->name,
			 (unsigned long long)run->out->bytes);
	int s = hi_atomic_begin(&file, run->common->metrics_file, &e);
	s = s ? s : hi_writer_init(&w, file.fd, run->common->metrics_file, 1024, &e);
	if (s == HI_OK) {
		hi_writer_put(&w, text, (size_t)n);
		s = hi_writer_close(&w, &e);
		file.fd = -1;
	}
	s = s ? s : hi_atomic_commit(&file, &e);
	if (s) {
		hi_atomic_abort(&file);
		metrics_fail(run, &e);
	}
}

static void say_counters(const struct hi_run *run)
{
	hi_complain("%llu records read, %llu rejected, %llu lines written",
		    (unsigned long long)run->records, (unsigned long long)run->rejects,
		    (unsigned long long)run->lines_out);
}

void hi_run_tell(struct hi_run *run, bool last)
{
	const struct hi_common *c = run->common;
	struct hi_run_private *p = run->p;

	if (hi_signal_counters) {
		hi_signal_counters = 0;
		say_counters(run);
	}
	if (last && c->verbose > 0 && !c->progress)
		say_counters(run);
	if ((!c->progress && !c->metrics_file) || !run->out)
		return;
	int64_t now_us = hi_monotonic_us();
	if (now_us < p->tell_next_us && !last)
		return;
	p->tell_next_us = now_us + (c->progress ? PROGRESS_US : METRICS_US);
	if (c->progress)
		say_counters(run);
	if (c->metrics_file)
		write_metrics(run);
}
