#include "bridge/kafka_conf.h"

#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/nearest.h"
#include "io/input.h"

enum { FILE_MAX = 64 << 10, PIECE = 4096, ERROR_MAX = 256 };

/* Over what no file decides, and who does. */
static const struct hi_kafka_setting ours[] = {
	{ "bootstrap.servers", "--broker says it" },
	{ "metadata.broker.list", "--broker says it" },
	{ "group.id", "--monitor-group says it" },
	{ "compression.codec", "--compression says it" },
	{ "compression.type", "--compression says it" },
	{ "delivery.timeout.ms", "--wait says it" },
	{ "topic.metadata.propagation.max.ms", "--wait says it" },
	{ "message.timeout.ms", "--wait says it" },
	{ "acks", "no line may be lost" },
	{ "request.required.acks", "no line may be lost" },
	{ "delivery.report.only.error", "no line may be lost" },
	{ "message.send.max.retries", "no line may be lost" },
	{ "retries", "no line may be lost" },
	{ "enable.gapless.guarantee", "no line may be lost" },
	{ "enable.idempotence", "no line may be sent twice" },
	{ "transactional.id", "exactly once goes by marks" },
	{ "transaction.timeout.ms", "exactly once goes by marks" },
	{ "auto.commit.enable", "exactly once goes by marks" },
	{ "auto.offset.reset", "exactly once goes by marks" },
	{ "enable.auto.commit", "exactly once goes by marks" },
	{ "enable.auto.offset.store", "exactly once goes by marks" },
	{ "enable.partition.eof", "exactly once goes by marks" },
	{ "isolation.level", "exactly once goes by marks" },
	{ "check.crcs", "exactly once goes by marks" },
	{ "allow.auto.create.topics", "a misspelt topic is none" },
	{ "max.in.flight", "the order of a patient's readings is kept" },
	{ "max.in.flight.requests.per.connection", "the order of a patient's readings is kept" },
	{ "queuing.strategy", "the order of a patient's readings is kept" },
	{ "partitioner", "a patient stays in the partition of other producers" },
	{ "message.max.bytes", "each line fits" },
	{ "queue.buffering.max.kbytes", "memory is bounded" },
	{ "queue.buffering.max.messages", "memory is bounded" },
	{ "debug", "logs would have more in them than states" },
	{ "log.queue", "logs would have more in them than states" },
	{ "log_level", "logs would have more in them than states" },
	{ "plugin.library.paths", "a settings file is no program" },
	{ NULL, NULL },
};

static const char *const secrets[] = { "sasl.password",
				       "sasl.oauthbearer.client.secret",
				       "sasl.oauthbearer.config",
				       "ssl.key.password",
				       "ssl.key.pem",
				       "ssl.keystore.password",
				       NULL };

/* What such files mostly say: where a name is wrong, one of these may have been meant. */
static const char *const usual[] = { "client.id",
				     "fetch.wait.max.ms",
				     "linger.ms",
				     "sasl.kerberos.keytab",
				     "sasl.kerberos.principal",
				     "sasl.mechanism",
				     "sasl.mechanisms",
				     "sasl.password",
				     "sasl.username",
				     "security.protocol",
				     "socket.timeout.ms",
				     "ssl.ca.location",
				     "ssl.certificate.location",
				     "ssl.cipher.suites",
				     "ssl.endpoint.identification.algorithm",
				     "ssl.key.location",
				     "ssl.key.password",
				     "ssl.keystore.location",
				     "ssl.keystore.password",
				     NULL };

static const char *find(const struct hi_kafka_setting *table, const char *name)
{
	for (; table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table->value;
	return NULL;
}

static bool is_secret(const char *name)
{
	for (const char *const *s = secrets; *s; s++)
		if (strcmp(*s, name) == 0)
			return true;
	return false;
}

/*
 * What is no name may be a piece of a secret (a key that goes on in a second line): only
 * the name that it comes near to is told.
 */
static int no_such_name(const char *name, struct hi_error *e)
{
	const char *near = hi_nearest_of(hi_slice_of(name), usual);
	return hi_error_fmt(e, HI_USAGE, "no setting of librdkafka has this name", "%s%s%s",
			    near ? "did you mean " : "", near ? near : "", near ? "?" : "");
}

/* librdkafka's own text repeats the value, which may be a secret. */
static int set(rd_kafka_conf_t *conf, const char *name, const char *value, struct hi_error *e)
{
	char why[ERROR_MAX];
	switch (rd_kafka_conf_set(conf, name, value, why, sizeof(why))) {
	case RD_KAFKA_CONF_OK:
		return HI_OK;
	case RD_KAFKA_CONF_UNKNOWN:
		return no_such_name(name, e);
	default:
		return hi_error_fmt(e, HI_USAGE, "librdkafka does not take the value of this", "%s",
				    name);
	}
}

int hi_kafka_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value,
		      struct hi_error *e)
{
	return set(conf, name, value, e);
}

int hi_kafka_conf_set_all(rd_kafka_conf_t *conf, const struct hi_kafka_setting *settings,
			  struct hi_error *e)
{
	int s = HI_OK;
	for (; settings->name && s == HI_OK; settings++)
		s = set(conf, settings->name, settings->value, e);
	return s;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct hi_slice trim(struct hi_slice s)
{
	while (s.len && is_space(s.ptr[0])) {
		s.ptr++;
		s.len--;
	}
	while (s.len && is_space(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

static int set_named(rd_kafka_conf_t *conf, const char *name, const char *value, struct hi_error *e)
{
	const char *why = find(ours, name);
	if (why)
		return hi_error_fmt(e, HI_USAGE, "this setting is not the file's to make", "%s: %s",
				    name, why);
	return set(conf, name, value, e);
}

/* The place of an error within the line is where p stands. */
static int at(struct hi_error *e, struct hi_slice line, const char *p, int s)
{
	if (s && e)
		e->column = (uint32_t)(p - line.ptr) + 1;
	return s;
}

static int take_line(rd_kafka_conf_t *conf, struct hi_slice line, bool *secret, struct hi_error *e)
{
	char text[PIECE];
	struct hi_slice s = trim(line);
	if (s.len == 0 || s.ptr[0] == '#')
		return HI_OK;
	if (s.len >= sizeof(text))
		return at(e, line, s.ptr, hi_error_set(e, HI_USAGE, "a line is too long"));
	const char *nul = memchr(s.ptr, '\0', s.len), *equals = memchr(s.ptr, '=', s.len);
	if (nul)
		return at(e, line, nul, hi_error_set(e, HI_USAGE, "a byte of zero"));
	struct hi_slice name =
		trim((struct hi_slice){ s.ptr, equals ? (size_t)(equals - s.ptr) : 0 });
	if (name.len == 0)
		return at(e, line, s.ptr, hi_error_set(e, HI_USAGE, "not NAME=VALUE"));
	struct hi_slice value = { equals + 1, s.len - (size_t)(equals + 1 - s.ptr) };
	value = trim(value);
	memcpy(text, name.ptr, name.len);
	text[name.len] = '\0';
	memcpy(text + name.len + 1, value.ptr, value.len);
	text[name.len + 1 + value.len] = '\0';
	*secret |= is_secret(text);
	int r = set_named(conf, text, text + name.len + 1, e);
	explicit_bzero(text, sizeof(text));
	return at(e, line, name.ptr, r);
}

int hi_kafka_conf_text(rd_kafka_conf_t *conf, struct hi_slice text, const char *source,
		       bool *secret, struct hi_error *e)
{
	int s = HI_OK;
	*secret = false;
	for (uint64_t number = 1; text.len && s == HI_OK; number++) {
		const char *lf = memchr(text.ptr, '\n', text.len);
		struct hi_slice line = { text.ptr, lf ? (size_t)(lf - text.ptr) : text.len };
		s = take_line(conf, line, secret, e);
		if (s && e) {
			e->source = source;
			e->line = number;
		}
		text.ptr += line.len + (lf != NULL);
		text.len -= line.len + (lf != NULL);
	}
	return s;
}

static int read_all(struct hi_input *in, struct hi_buf *b, const char *path, struct hi_error *e)
{
	long n;
	do {
		char *room = hi_buf_room(b, PIECE);
		if (!room)
			return b->max - b->len < PIECE
				       ? hi_error_fmt(e, HI_USAGE,
						      "a settings file has at most 60 KiB", "%s",
						      path)
				       : hi_error_set(e, HI_NOMEM, "no memory for the settings");
		n = hi_input_read_on(in, room, PIECE, e);
		b->len += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	return (int)n;
}

static bool others_read(const struct hi_input *in)
{
	struct stat st;
	return fstat(hi_input_poll_fd(in), &st) == 0 && S_ISREG(st.st_mode) &&
	       (st.st_mode & S_IROTH);
}

int hi_kafka_conf_file(rd_kafka_conf_t *conf, const char *path, bool *open_to_others,
		       struct hi_error *e)
{
	struct hi_input *in;
	struct hi_buf b;
	bool secret = false;
	if (open_to_others)
		*open_to_others = false;
	if (!path)
		return HI_OK;
	int s = hi_input_open(&in, path, e);
	if (s)
		return s;
	hi_buf_init(&b, FILE_MAX);
	s = read_all(in, &b, path, e);
	s = s ? s : hi_kafka_conf_text(conf, hi_buf_view(&b), path, &secret, e);
	if (open_to_others)
		*open_to_others = secret && others_read(in);
	if (b.ptr)
		explicit_bzero(b.ptr, b.cap);
	hi_buf_release(&b);
	hi_input_close(in);
	return s;
}

/* What a person can do, where the code alone says it. */
static const char *advice(rd_kafka_resp_err_t code)
{
	switch (code) {
	case RD_KAFKA_RESP_ERR__AUTHENTICATION:
	case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
		return "see sasl.username and sasl.password in the file of --config";
	case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
		return "see sasl.mechanism in the file of --config";
	case RD_KAFKA_RESP_ERR__SSL:
		return "see ssl.ca.location in the file of --config";
	case RD_KAFKA_RESP_ERR__TRANSPORT:
	case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
	case RD_KAFKA_RESP_ERR__RESOLVE:
		return "does it run, and is --broker its name and port?";
	case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
		return "kafka-topics.sh --create makes a topic";
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
		return "the broker's operator gives the right: kafka-acls.sh";
	case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
		return "the topic's max.message.bytes says how much it takes";
	case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
	case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
		return "fewer brokers are up than the topic's min.insync.replicas";
	default:
		return NULL;
	}
}

int hi_kafka_error(struct hi_error *e, rd_kafka_resp_err_t code, const char *text,
		   const char *where)
{
	const char *do_this = advice(code);
	return hi_error_fmt(e, HI_PEER, text, "%s%s%s%s%s", where ? where : "", where ? ": " : "",
			    rd_kafka_err2str(code), do_this ? "; " : "", do_this ? do_this : "");
}
