/*
 * hi-kafka-bridge consume: messages of a broker's topics to records.
 *
 * In:      messages of Kafka, one record of hi-record(5) each
 * Out:     the records, reject, hi-record(5), with --mark marks
 * Keeps:   1 MiB of messages that were read ahead, and a place a partition
 * Source:  Kafka's protocol by librdkafka; what a message may say: lib/bridge/message.h
 * Departs: from Kafka's consumers: no group decides who reads what, and no offset in the
 *          broker says what was read: positions in the store of --resume do
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

#include "base/prometheus.h"
#include "base/time.h"
#include "bridge/kafka_source.h"
#include "io/signal.h"
#include "kafka_bridge.h"
#include "tool/message.h"
#include "tool/run.h"
#include "tool/source.h"

/* How soon a signal is seen; how often the group is told; how long the store is waited for. */
enum { WAIT_MS = 100, LINES_BYTES = 1 << 20, METRICS_MAX = 32 << 20 };
#define DURABLE_US HI_US_S
#define LAST_COMMIT_US (2 * HI_US_S)

struct options {
	const char *brokers, *partitions, *from, *group, *config;
	struct hi_strings topics;
	int64_t wait_us;
	bool until_end, skip_lost, keys, headers, meta;
};

static const struct hi_option option_table[] = {
	{ "broker", 'b', HI_OPT_STRING, offsetof(struct options, brokers), "HOST[:PORT],...",
	  "brokers to begin with; they name the others" },
	{ "topic", 't', HI_OPT_LIST, offsetof(struct options, topics), "TOPIC,...",
	  "topics to read" },
	{ "partitions", 0, HI_OPT_STRING, offsetof(struct options, partitions), "0-7,9",
	  "these partitions of each topic [all, also new ones]" },
	{ "from", 0, HI_OPT_STRING, offsetof(struct options, from), "WHERE",
	  "earliest, latest or a TIME, where nothing is stored [earliest with --resume]" },
	{ "until-end", 0, HI_OPT_FLAG, offsetof(struct options, until_end), NULL,
	  "end where the partitions end now" },
	{ "wait", 0, HI_OPT_DURATION, offsetof(struct options, wait_us), "D",
	  "how long broker or topic may be away [30s]" },
	{ "skip-lost", 0, HI_OPT_FLAG, offsetof(struct options, skip_lost), NULL,
	  "go on behind messages that are gone; a reject tells which" },
	{ "keys", 0, HI_OPT_FLAG, offsetof(struct options, keys), NULL, "add kafka_key" },
	{ "headers", 0, HI_OPT_FLAG, offsetof(struct options, headers), NULL, "add kafka_headers" },
	{ "meta", 0, HI_OPT_FLAG, offsetof(struct options, meta), NULL,
	  "add kafka_topic, kafka_partition, kafka_offset, kafka_timestamp" },
	{ "monitor-group", 0, HI_OPT_STRING, offsetof(struct options, group), "GROUP",
	  "tell the broker what the store of --resume has, for lag monitors" },
	{ "config", 0, HI_OPT_STRING, offsetof(struct options, config), "FILE",
	  "settings of librdkafka, a NAME=VALUE a line: SASL, TLS" },
	{ 0 },
};

static const struct hi_program program = {
	.name = "hi-kafka-bridge",
	.summary = "Messages of a broker's topics to records, each once",
	.usage = "consume -b HOST[:PORT],... -t TOPIC,... [OPTION]...",
	.examples = "hi-kafka-bridge consume -b kafka1 -t patient-vitals --resume ward/ |\n"
		    "    hi-detect | hi-store ward/\n"
		    "hi-kafka-bridge consume -b kafka1 -t patient-vitals --from 1h --until-end\n",
	.groups =
		HI_GROUP_OUTPUT | HI_GROUP_TZ | HI_GROUP_PROGRESS | HI_GROUP_SOURCE | HI_GROUP_TICK,
	.options = option_table,
};

struct state {
	struct options opt;
	const char *begins; /* hi_run's */
	struct hi_kafka_source_options o;
	struct hi_message_options fields;
	struct hi_run *run;
	struct hi_source *source;
	struct hi_kafka_source *kafka;
	struct hi_message_lines *lines;
	const struct hi_message *first; /* of the messages that lines has */
	bool torn;			/* some lines of a batch are out, and not all */
	bool zoneless_told, durable_failed;
	struct hi_positions durable;
	int64_t durable_us;	   /* when the store is asked again */
	struct hi_latency latency; /* from a message's own time to its line */
	struct hi_buf metrics;	   /* the last ones, where the rest is gone */
};

/* --- messages to lines ----------------------------------------------------------- */

/* Where a message is, as its reject and notes name it. */
enum { PLACE_MAX = 320 };
static void place_of(const struct hi_message *m, char out[PLACE_MAX])
{
	snprintf(out, PLACE_MAX, "%.*s/%" PRId32 "/%" PRId64, (int)m->topic.len, m->topic.ptr,
		 m->partition, m->offset);
}

static void note_zoneless(struct state *s, const struct hi_message *m)
{
	char place[PLACE_MAX];
	place_of(m, place);
	hi_note("%s: a time without a zone; such times are read as %s (--tz)", place, hi_tz_name());
	s->zoneless_told = true;
}

static int write_line(void *arg, size_t i, struct hi_slice line, const struct hi_rec *rec,
		      struct hi_error *e)
{
	struct state *s = arg;
	(void)e;
	hi_writer_put(s->run->out, line.ptr, line.len + 1);
	s->run->lines_out++;
	if ((rec->has & HI_HAS_ZONELESS) && !s->zoneless_told)
		note_zoneless(s, &s->first[i]);
	return HI_OK;
}

static int write_reject(void *arg, size_t i, struct hi_error *e, struct hi_slice text)
{
	struct state *s = arg;
	char place[PLACE_MAX];
	place_of(&s->first[i], place);
	e->source = place;
	int status = hi_run_reject(s->run, e, text);
	e->source = NULL;
	return status;
}

static int flush_lines(struct state *s, const struct hi_message *next, struct hi_error *e)
{
	int status = hi_message_lines_flush(s->lines, e);
	s->first = next;
	return status;
}

/* By the clock that the producer, or the broker, has set the messages' times by. */
static void time_messages(struct state *s, const struct hi_message *m, size_t n)
{
	const int64_t now_us = hi_clock_us();
	for (size_t i = 0; i < n; i++)
		if (m[i].t_us != HI_TIME_MIN)
			hi_latency_add(&s->latency, now_us - m[i].t_us);
}

/* Large ones not all at once, so that memory does not follow the number of messages. */
static int give(struct state *s, struct hi_error *e)
{
	size_t n;
	const struct hi_message *m = hi_kafka_source_messages(s->kafka, &n);
	int status = HI_OK;
	if (n == 0)
		return HI_OK;
	s->torn = true;
	s->first = m;
	for (size_t i = 0; i < n && status == HI_OK; i++) {
		status = hi_message_lines_add(s->lines, &m[i], e);
		if (status == HI_OK && hi_message_lines_bytes(s->lines) >= LINES_BYTES)
			status = flush_lines(s, &m[i + 1], e);
	}
	status = status ? status : flush_lines(s, NULL, e);
	if (status)
		return status;
	if (s->run->metrics)
		time_messages(s, m, n);
	s->run->records += n;
	s->torn = false;
	hi_kafka_source_given(s->kafka);
	return HI_OK;
}

/* --- marks ------------------------------------------------------------------------- */

/* The clock is read before the broker is asked: all that had come by then has been given. */
static int mark(struct state *s, struct hi_error *e)
{
	const struct hi_positions *at;
	const int64_t clock_us = hi_clock_us();
	const bool end = hi_source_ticks(s->source) && hi_kafka_source_at_end(s->kafka);
	int status = hi_kafka_source_positions(s->kafka, &at, e);
	return status ? status : hi_source_mark(s->source, at, end ? clock_us : HI_TIME_MIN, e);
}

/*
 * True where the store has all that was given. The group, and what metrics say of the
 * store, are for monitors: no run ends by it.
 */
static bool see_durable(struct state *s, int wait_ms)
{
	const struct hi_positions *at;
	struct hi_error e;
	int status = hi_kafka_source_positions(s->kafka, &at, &e);
	status = status ? status : hi_source_durable(s->source, at, &s->durable, &e);
	if (status < 0 && !s->durable_failed)
		hi_complain_error(&e);
	s->durable_failed |= status < 0;
	if (status == HI_OK)
		hi_kafka_source_commit(s->kafka, &s->durable, wait_ms);
	return status < 0 || (status == HI_OK && hi_positions_equal(at, &s->durable));
}

static void see_durable_when_due(struct state *s)
{
	const bool wanted = s->run->common->resume && (s->o.group || s->run->metrics);
	const int64_t now_us = wanted ? hi_monotonic_us() : 0;
	if (!wanted || now_us < s->durable_us)
		return;
	s->durable_us = now_us + DURABLE_US;
	see_durable(s, 0);
}

/* The store commits what the last mark names a moment after it was written. */
static void tell_group_last(struct state *s)
{
	const int64_t until_us = hi_monotonic_us() + LAST_COMMIT_US;
	if (!s->o.group)
		return;
	while (!see_durable(s, WAIT_MS) && !hi_signal_stop && hi_monotonic_us() < until_us)
		poll(NULL, 0, WAIT_MS);
}

/* --- metrics ------------------------------------------------------------------------- */

/* Asked for once more when all but the last text of them is gone. */
static void put_metrics(struct hi_run *run, struct hi_buf *text)
{
	struct state *s = run->state;
	const struct hi_prom_label tool = { "tool", hi_slice_of(run->program->name) };
	const struct hi_prom_labels labels = { &tool, 1 };
	if (!s->kafka) {
		hi_buf_slice(text, hi_buf_view(&s->metrics));
		return;
	}
	/* What came with messages is old where they are not taken. */
	hi_kafka_source_metrics(s->kafka, run->program->name, run->held, text);
	if (run->common->resume) {
		const double age_s = (double)hi_source_commit_age_us(s->source) / (double)HI_US_S;
		hi_prom_family(
			text, "hi_commit_age_seconds", "gauge",
			"Age of the oldest that was written and that the store does not have yet.");
		hi_prom_value(text, "hi_commit_age_seconds", labels, age_s);
	}
	hi_prom_family(text, "hi_kafka_latency_seconds", "histogram",
		       "From a message's own time to its line.");
	hi_prom_histogram(text, "hi_kafka_latency_seconds", labels, &s->latency);
}

/* --- the loop ------------------------------------------------------------------------ */

static bool must_end(const struct state *s)
{
	return hi_signal_stop || hi_writer_failed(s->run->out);
}

static bool on_wait(void *arg)
{
	struct state *s = arg;
	hi_run_tell(s->run, false);
	return must_end(s);
}

static void on_note(void *arg, const char *text, const char *detail)
{
	(void)arg;
	hi_note("%s%s%s", text, *detail ? ": " : "", detail);
}

/* What is gone is a line of the stream, and the positions behind it are the next mark's. */
static int tell_lost(struct state *s, const struct hi_kafka_lost *lost, struct hi_error *e)
{
	char place[PLACE_MAX];
	struct hi_error bad = *e;
	const struct hi_message at = { .topic = hi_slice_of(lost->topic),
				       .partition = lost->partition,
				       .offset = lost->first };
	if (lost->partition < 0)
		snprintf(place, sizeof(place), "%s", lost->topic);
	else
		place_of(&at, place);
	bad.source = place;
	int status = hi_run_reject(s->run, &bad, hi_slice_of(e->detail));
	return status ? status : mark(s, e);
}

/* What is there already; where nothing is, what was written goes out, and it waits. */
static int read_messages(struct state *s, struct hi_kafka_lost *lost, struct hi_error *e)
{
	size_t n;
	const uint64_t room = hi_source_room(s->source);
	const size_t most = room < SIZE_MAX ? (size_t)room : SIZE_MAX;
	int status = hi_kafka_source_read(s->kafka, most, 0, lost, e);
	hi_kafka_source_messages(s->kafka, &n);
	if (status || n > 0)
		return status;
	hi_writer_flush(s->run->out);
	return hi_kafka_source_read(s->kafka, most, hi_source_wait_ms(s->source, WAIT_MS), lost, e);
}

static int turn(struct state *s, struct hi_error *e)
{
	struct hi_kafka_lost lost;
	int status = read_messages(s, &lost, e);
	if (status == HI_REFUSED)
		return tell_lost(s, &lost, e);
	status = status ? status : give(s, e);
	if (status == HI_OK && hi_source_due(s->source))
		status = mark(s, e);
	if (status == HI_OK)
		see_durable_when_due(s);
	hi_run_tell(s->run, false);
	return status;
}

static int open_all(struct state *s, struct hi_error *e)
{
	const struct hi_kafka_source_calls calls = { .note = on_note, .stop = on_wait, .arg = s };
	const struct hi_message_calls out = { .line = write_line,
					      .reject = write_reject,
					      .arg = s };
	const struct hi_positions *at;
	int status = hi_source_open(&s->source, s->run, NULL, e);
	status = status ? status : hi_message_lines_new(&s->lines, &s->fields, &out, e);
	status = status ? status
			: hi_kafka_source_open(&s->kafka, &s->o, &calls,
					       hi_source_stored(s->source), e);
	status = status ? status : hi_kafka_source_begin(s->kafka, e);
	status = status ? status : hi_kafka_source_positions(s->kafka, &at, e);
	return status ? status : hi_source_begin(s->source, at, e);
}

/* Whatever has ended it: what was written came from before where the last mark says. */
static int end(struct state *s, int status, struct hi_error *e)
{
	struct hi_error later;
	if (s->torn)
		return status;
	int m = mark(s, status < 0 ? &later : e);
	if (m == HI_OK)
		tell_group_last(s);
	return status < 0 ? status : m;
}

static int consume(struct hi_run *run, struct hi_error *e)
{
	struct state *s = run->state;
	s->run = run;
	run->begins = s->begins;
	run->metrics = run->common->metrics_file ? put_metrics : NULL;
	hi_positions_init(&s->durable);
	int status = open_all(s, e);
	bool begun = status == HI_OK;
	while (status == HI_OK && !must_end(s))
		status = turn(s, e);
	if (begun)
		status = end(s, status, e);
	if (hi_signal_stop && s->o.until_end)
		hi_run_cut(run, false);
	if (run->metrics && s->kafka)
		put_metrics(run, &s->metrics);
	hi_kafka_source_free(s->kafka);
	s->kafka = NULL;
	hi_message_lines_free(s->lines);
	hi_source_free(s->source);
	hi_positions_release(&s->durable);
	return status == HI_END ? HI_OK : status;
}

/* --- the command line ------------------------------------------------------------------ */

static int configure_from(struct state *s, const struct hi_common *c, struct hi_error *e)
{
	const char *from = s->opt.from ? s->opt.from : c->resume ? "earliest" : "latest";
	if (strcmp(from, "earliest") == 0) {
		s->o.from = HI_KAFKA_EARLIEST;
		return HI_OK;
	}
	if (strcmp(from, "latest") == 0) {
		s->o.from = HI_KAFKA_LATEST;
		s->begins = "what comes from now on";
		return HI_OK;
	}
	s->o.from = HI_KAFKA_TIME;
	s->begins = "the time of --from";
	if (hi_time_option(hi_slice_of(from), hi_clock_us(), &s->o.from_us) != HI_OK)
		return hi_error_fmt(e, HI_USAGE,
				    "--from: not earliest, latest or a time (2025-12-28T06:30:00Z, "
				    "today, 4h)",
				    "%s", from);
	return HI_OK;
}

static int configure(struct state *s, const struct hi_common *c, struct hi_error *e)
{
	const struct options *opt = &s->opt;
	if (!opt->brokers || !*opt->brokers)
		return hi_error_set(e, HI_USAGE, "--broker HOST[:PORT] is missing");
	if (opt->topics.n == 0)
		return hi_error_set(e, HI_USAGE, "--topic TOPIC is missing");
	if (opt->group && !c->resume)
		return hi_error_set(e, HI_USAGE,
				    "--monitor-group tells what is in the store of --resume");
	s->o.brokers = opt->brokers;
	s->o.config = opt->config;
	s->o.topics = opt->topics.v;
	s->o.topics_n = opt->topics.n;
	s->o.until_end = opt->until_end;
	s->o.skip_lost = opt->skip_lost;
	s->o.headers = opt->headers;
	s->o.ticks = c->tick;
	s->o.group = opt->group;
	s->o.wait_us = opt->wait_us;
	s->fields =
		(struct hi_message_options){ opt->keys, opt->headers, opt->meta, c->zone_given };
	int status = configure_from(s, c, e);
	if (status == HI_OK && opt->partitions)
		status = hi_partition_ranges_parse(&s->o.partitions, opt->partitions, e);
	return status;
}

int hi_kafka_consume(int argc, char **argv)
{
	static struct state s = { .opt = { .wait_us = 30 * HI_US_S } };
	struct hi_common common = { 0 };
	struct hi_error e = { 0 };
	int first, status = hi_options_parse(&program, &s.opt, &common, argc, argv, &first);

	if (status >= 0)
		return status;
	if (first < argc) {
		hi_complain("consume reads no input: '%s'", argv[first]);
		return hi_exit_status(HI_USAGE);
	}
	status = configure(&s, &common, &e);
	if (status != HI_OK) {
		hi_complain_error(&e);
		return hi_exit_status(e.status);
	}
	hi_buf_init(&s.metrics, METRICS_MAX);
	status = hi_run_source(&program, &common, &s, consume);
	hi_buf_release(&s.metrics);
	return status;
}
