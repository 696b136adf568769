/* Counters for people and monitors: -v, --progress, --metrics FILE, SIGUSR1. */
#include "base/prometheus.h"
#include "base/time.h"
#include "io/signal.h"
#include "tool/message.h"
#include "tool/run_private.h"

#define PROGRESS_US HI_US_S
#define METRICS_US (5 * HI_US_S)
/* Some lines for each of as many inputs as a mark can name. */
enum { METRICS_MAX = 32 << 20 };

/* Told once: what fails each five seconds would fill a log. It is status 4 at the end. */
static void metrics_fail(struct hi_run *run, const struct hi_error *e)
{
	if (!run->p->metrics_failed)
		hi_complain_error(e);
	run->p->metrics_failed = true;
}

static void put_counters(struct hi_run *run, struct hi_buf *text)
{
	const struct hi_prom_label tool = { "tool", hi_slice_of(run->program->name) };
	const struct {
		const char *name, *help;
		uint64_t n;
	} counters[] = {
		{ "hi_records_total", "Records read.", run->records },
		{ "hi_rejects_total", "Records and lines rejected.", run->rejects },
		{ "hi_lines_written_total", "Lines written to the output.", run->lines_out },
		{ "hi_bytes_written_total", "Bytes written to the output.", run->out->bytes },
	};
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		hi_prom_family(text, counters[i].name, "counter", counters[i].help);
		hi_prom_count(text, counters[i].name, (struct hi_prom_labels){ &tool, 1 },
			      counters[i].n);
	}
	if (run->metrics)
		run->metrics(run, text);
}

static int write_file(const char *path, struct hi_buf *text, struct hi_error *e)
{
	struct hi_atomic file;
	struct hi_writer w;
	int s = hi_atomic_begin(&file, path, e);
	if (s)
		return s;
	s = hi_writer_init(&w, file.fd, path, 4096, e);
	if (s == HI_OK) {
		hi_writer_buf(&w, text);
		s = hi_writer_close(&w, e);
		file.fd = -1;
	}
	s = s ? s : hi_atomic_replace(&file, e);
	if (s)
		hi_atomic_abort(&file);
	return s;
}

static void write_metrics(struct hi_run *run)
{
	struct hi_buf text;
	struct hi_error e;
	hi_buf_init(&text, METRICS_MAX);
	put_counters(run, &text);
	if (write_file(run->common->metrics_file, &text, &e))
		metrics_fail(run, &e);
	hi_buf_release(&text);
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
