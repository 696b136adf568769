/*
 * hi-kafka-bridge produce: readings and alerts into topics of a Kafka broker.
 *
 * In:      records of every type, hi-record(5)
 * Out:     marks, each once the broker has acknowledged all that stood before it;
 *          with --pass every line
 * Keeps:   what is on its way, 32 MiB and 100,000 lines at most
 * Source:  the replaced system's messages: key patient_id, one reading a message;
 *          the partition of a key as Kafka's own Java producer reckons it
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/prometheus.h"
#include "base/time.h"
#include "bridge/kafka_sink.h"
#include "kafka_bridge.h"
#include "tool/cursor_file.h"
#include "tool/message.h"
#include "tool/notify.h"
#include "tool/options.h"
#include "tool/run.h"

#define POLL_US (50 * HI_US_MS)
#define WAIT_US (30 * HI_US_S)

struct options {
	const char *broker, *topic, *alerts_topic;
	bool pass;
	const char *cursor, *undelivered, *compression, *config;
	int64_t wait_us;
};

#define AT(field) offsetof(struct options, field)

static const struct hi_option option_table[] = {
	{ "broker", 'b', HI_OPT_STRING, AT(broker), "HOST[:PORT],...", "the broker, or several" },
	{ "topic", 't', HI_OPT_STRING, AT(topic), "TOPIC", "where readings and alerts go" },
	{ "alerts-topic", 0, HI_OPT_STRING, AT(alerts_topic), "TOPIC", "where alerts go instead" },
	{ "pass", 0, HI_OPT_FLAG, AT(pass), NULL, "write every line to standard output too" },
	{ "cursor", 0, HI_OPT_STRING, AT(cursor), "FILE",
	  "put the positions of each mark into FILE, for hi-cat --cursor" },
	{ "undelivered", 0, HI_OPT_STRING, AT(undelivered), "FILE",
	  "append what the broker does not take to FILE, and go on" },
	{ "compression", 0, HI_OPT_STRING, AT(compression), "NAME",
	  "none, gzip, snappy, lz4 or zstd [lz4]" },
	{ "wait", 0, HI_OPT_DURATION, AT(wait_us), "D", "how long the broker may be away [30s]" },
	{ "config", 0, HI_OPT_STRING, AT(config), "FILE",
	  "settings of librdkafka, NAME=VALUE a line; secrets too" },
	{ 0 },
};

static const struct hi_program program = {
	.name = "hi-kafka-bridge",
	.summary = "produce: readings and alerts into topics of a Kafka broker.",
	.usage = "produce -b HOST -t TOPIC [OPTION]... [INPUT]...",
	.examples = "hi-gen | hi-kafka-bridge produce -b kafka1:9092 -t patient-vitals\n"
		    "hi-cat --follow --cursor up.pos gw/ |\n"
		    "    hi-kafka-bridge produce -b kafka1:9092 -t patient-vitals --cursor up.pos\n"
		    "hi-kafka-bridge produce -b kafka1:9092 -t patient-vitals lost.ndjson\n",
	.groups = HI_GROUP_STRICT | HI_GROUP_STREAM | HI_GROUP_PROGRESS | HI_GROUP_TZ,
	.options = option_table,
};

struct state {
	struct options options;
	struct hi_kafka_sink *sink;
	struct hi_kafka_sink_counts sent; /* when the sink is gone */
	size_t alerts;			  /* the index of the topic of alerts */
	bool marked;		   /* in a marked stream: what no mark has passed comes again */
	uint64_t acked;		   /* at the last poll */
	bool quiet;		   /* standard output is for a person: no marks */
	uint64_t others[HI_TYPES]; /* not sent, by type */
	struct hi_positions
		cursor; /* where the file of --cursor stands, or will at the next mark */
};

static void tell(void *arg, const char *text)
{
	(void)arg;
	hi_complain("%s", text);
}

/* However long a broker is away, monitors are told. */
static void on_turn(void *arg)
{
	struct hi_run *run = arg;
	hi_run_tell(run, false);
}

/* Asked for once more when the sink is gone. */
static void put_metrics(struct hi_run *run, struct hi_buf *text)
{
	const struct state *st = run->state;
	const struct hi_prom_label tool = { "tool", hi_slice_of(run->program->name) };
	const struct hi_kafka_sink_counts n = st->sink ? hi_kafka_sink_counts(st->sink) : st->sent;
	const struct {
		const char *name, *type, *help;
		uint64_t n;
	} figures[] = {
		{ "hi_kafka_produced_messages_total", "counter",
		  "Messages that the broker has acknowledged.", n.acked },
		{ "hi_kafka_produced_bytes_total", "counter", "Bytes of their values.", n.bytes },
		{ "hi_kafka_refused_messages_total", "counter",
		  "Messages that the broker has refused, each for itself.", n.refused },
		{ "hi_kafka_unacknowledged_messages", "gauge",
		  "Messages sent and not acknowledged.", n.sent - n.acked - n.refused },
	};
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
		hi_prom_family(text, figures[i].name, figures[i].type, figures[i].help);
		hi_prom_count(text, figures[i].name, (struct hi_prom_labels){ &tool, 1 },
			      figures[i].n);
	}
}

static int open_sink(struct hi_run *run, struct hi_error *e)
{
	struct state *st = run->state;
	const struct options *o = &st->options;
	struct hi_kafka_sink_options k = {
		.brokers = o->broker,
		.config = o->config,
		.compression = o->compression,
		.topics = { o->topic, o->alerts_topic },
		.topics_n = o->alerts_topic ? 2 : 1,
		.undelivered = o->undelivered,
		.wait_us = o->wait_us,
		.told = tell,
		.turned = on_turn,
		.arg = run,
	};
	run->metrics = put_metrics;
	st->alerts = k.topics_n - 1;
	st->quiet = isatty(STDOUT_FILENO);
	int s = hi_kafka_sink_open(&st->sink, &k, e);
	if (s == HI_OK && !o->pass)
		hi_notify_ready();
	return s;
}

/* With --pass there are others behind, and the last sink of a pipe speaks for all. */
static void tell_progress(const struct state *st)
{
	if (!st->options.pass)
		hi_notify_progress();
}

static int check_key(const struct hi_position *p, const struct hi_positions *file, const char *path,
		     struct hi_error *e)
{
	const char *there = hi_positions_find(file, p->key);
	if (!there || strcmp(there, p->value) == 0)
		return HI_OK;
	return hi_error_fmt(e, HI_CONTRACT,
			    "this stream does not begin where FILE of --cursor stands", "%s", path);
}

/* A stream that begins elsewhere has a gap before it, or sends again what was sent. */
static int begin(struct state *st, const struct hi_mark *m, struct hi_error *e)
{
	struct hi_positions file;
	if (!st->options.cursor)
		return HI_OK;
	hi_positions_init(&file);
	int s = hi_cursor_file_read(&file, st->options.cursor, e);
	s = s == HI_END ? HI_OK : s;
	for (size_t i = 0; i < m->positions.n && s == HI_OK; i++)
		s = check_key(&m->positions.v[i], &file, st->options.cursor, e);
	s = s ? s : hi_positions_copy(&st->cursor, &file, e);
	hi_positions_release(&file);
	return s;
}

/* Another run with the same file would put it back to where this one does not stand. */
static int check_cursor(const struct state *st, struct hi_error *e)
{
	struct hi_positions file;
	hi_positions_init(&file);
	int s = hi_cursor_file_read(&file, st->options.cursor, e);
	s = s == HI_END ? HI_OK : s;
	if (s == HI_OK && !hi_positions_equal(&file, &st->cursor))
		s = hi_error_fmt(e, HI_CONTRACT, "another run has moved the positions", "%s",
				 st->options.cursor);
	hi_positions_release(&file);
	return s;
}

static int move_cursor(struct state *st, const struct hi_mark *m, struct hi_error *e)
{
	if (!st->options.cursor || hi_positions_equal(&m->positions, &st->cursor))
		return HI_OK;
	int s = check_cursor(st, e);
	s = s ? s : hi_cursor_file_write(&m->positions, st->options.cursor, e);
	return s ? s : hi_positions_copy(&st->cursor, &m->positions, e);
}

/* What comes out of here was acknowledged, and the file of --cursor says so. */
static int mark(struct hi_run *run, const struct hi_rec *rec, struct hi_error *e)
{
	struct state *st = run->state;
	const struct hi_mark *m = run->mark;
	int s = HI_OK;
	hi_writer_flush(run->out);
	if (m->kind == HI_MARK_PLAIN) {
		s = hi_kafka_sink_flush(st->sink, e);
		if (s == HI_OK)
			s = m->seq == 0 ? begin(st, m, e) : move_cursor(st, m, e);
		st->marked |= s == HI_OK;
	}
	if (s == HI_OK)
		tell_progress(st);
	if (s == HI_OK && !st->quiet)
		hi_pass(run, rec);
	return s;
}

static int send(struct hi_run *run, const struct hi_rec *rec, struct hi_error *e)
{
	struct state *st = run->state;
	const size_t topic = rec->type == HI_T_ALERT ? st->alerts : 0;
	struct hi_slice key = { NULL, 0 }, line = rec->line;
	if (rec->has & HI_HAS_PATIENT)
		key = rec->patient_id;
	if (!line.ptr) {
		hi_buf_reset(&run->line);
		hi_rec_line(rec, &run->line);
		line = hi_buf_view(&run->line);
	}
	int s = hi_kafka_sink_put(st->sink, topic, key, line, e);
	hi_buf_reset(&run->line);
	return s;
}

static int record(struct hi_run *run, const struct hi_rec *rec, struct hi_error *e)
{
	struct state *st = run->state;
	int s = HI_OK;
	if (rec->type == HI_T_MARK)
		return mark(run, rec, e);
	st->marked = run->marked;
	if (rec->type == HI_T_READING || rec->type == HI_T_ALERT)
		s = send(run, rec, e);
	else
		st->others[rec->type]++;
	if (s == HI_OK && st->options.pass)
		hi_pass(run, rec);
	return s;
}

static int poll_sink(struct hi_run *run, struct hi_error *e)
{
	struct state *st = run->state;
	int s = hi_kafka_sink_poll(st->sink, e);
	uint64_t acked = hi_kafka_sink_counts(st->sink).acked;
	if (s == HI_OK && !st->marked && acked > st->acked)
		tell_progress(st);
	st->acked = acked;
	return s;
}

static void say_others(const struct state *st)
{
	for (int t = 0; t < HI_TYPES; t++)
		if (st->others[t])
			hi_complain("not sent, for topics have readings and alerts: %s %llu",
				    hi_type_names[t], (unsigned long long)st->others[t]);
}

static void say_counts(const struct state *st, const struct hi_kafka_sink_counts *n)
{
	hi_complain("lines: acknowledged %llu, refused %llu, come back %llu",
		    (unsigned long long)n->acked, (unsigned long long)n->refused,
		    (unsigned long long)n->failed);
	if (st->marked)
		hi_complain("what stands behind the last mark comes again at the next start");
	else if (n->failed)
		hi_complain("what was not read any more was not sent");
}

/* What is not acknowledged comes again where the stream has marks, and else is kept. */
static int close_sink(struct hi_run *run, struct hi_error *e)
{
	struct state *st = run->state;
	struct hi_kafka_sink_counts n = { 0 };
	int s = hi_kafka_sink_close(st->sink, !st->marked, &n, e);
	st->sink = NULL;
	st->sent = n;
	say_others(st);
	if (n.acked < n.sent)
		say_counts(st, &n);
	hi_positions_release(&st->cursor);
	return s;
}

static int usage(const char *text)
{
	hi_complain("%s", text);
	return hi_exit_status(HI_USAGE);
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat x, y;
	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int check_options(const struct options *o, int n, char **operands)
{
	static const char *const names[] = { "none", "gzip", "snappy", "lz4", "zstd", NULL };
	const char *const *name = names;
	if (!o->broker || !*o->broker)
		return usage("which broker? hi-kafka-bridge produce -b HOST[:PORT] -t TOPIC");
	if (!o->topic || !*o->topic || (o->alerts_topic && !*o->alerts_topic))
		return usage("which topic? hi-kafka-bridge produce -b HOST[:PORT] -t TOPIC");
	while (*name && strcmp(*name, o->compression) != 0)
		name++;
	if (!*name)
		return usage("--compression is none, gzip, snappy, lz4 or zstd");
	for (int i = 0; o->undelivered && i < n; i++)
		if (is_same_file(o->undelivered, operands[i]))
			return usage("--undelivered cannot be what is read");
	return -1;
}

int hi_kafka_produce(int argc, char **argv)
{
	struct state st = { .options = { .compression = "lz4", .wait_us = WAIT_US } };
	struct hi_common common;
	int first;
	umask(077);
	int exit_status = hi_options_parse(&program, &st.options, &common, argc, argv, &first);
	if (exit_status < 0)
		exit_status = check_options(&st.options, argc - first, argv + first);
	if (exit_status >= 0)
		return exit_status;
	hi_positions_init(&st.cursor);
	const struct hi_tool tool = {
		.program = &program,
		.role = HI_SINK,
		.takes = 1u << HI_T_READING | 1u << HI_T_ALERT | HI_TAKES_SCORES,
		.open = open_sink,
		.record = record,
		.timer = poll_sink,
		.timer_us = POLL_US,
		.close = close_sink,
	};
	return hi_run(&tool, &common, &st, argc - first, argv + first);
}
