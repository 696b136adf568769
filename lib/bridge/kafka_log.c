#include "bridge/kafka_log.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/time.h"

enum { TEXT_MAX = 256, WAITING_MAX = 10, KNOWN_MAX = 32, LEVEL_MAX = 4 };
#define AGAIN_US (10 * HI_US_MIN)

struct known {
	uint32_t crc;
	int64_t t_us; /* when it was last taken; 0: an empty place */
};

struct hi_kafka_log {
	pthread_mutex_t lock;
	void *arg;
	struct known known[KNOWN_MAX];
	int64_t minute_us; /* since when taken counts */
	unsigned taken;
	char waiting[WAITING_MAX][TEXT_MAX];
	unsigned first, waiting_n;
};

int hi_kafka_log_new(struct hi_kafka_log **out, struct hi_error *e)
{
	struct hi_kafka_log *log = calloc(1, sizeof(*log));
	*out = log;
	if (!log || pthread_mutex_init(&log->lock, NULL) != 0) {
		free(log);
		*out = NULL;
		return hi_error_set(e, HI_NOMEM, "no memory for the messages of librdkafka");
	}
	return HI_OK;
}

void hi_kafka_log_free(struct hi_kafka_log *log)
{
	if (!log)
		return;
	pthread_mutex_destroy(&log->lock);
	free(log);
}

static void take(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	(void)facility;
	hi_kafka_log_put(rd_kafka_opaque(rk), level, text, hi_monotonic_us());
}

void hi_kafka_log_attach(struct hi_kafka_log *log, rd_kafka_conf_t *conf, void *arg)
{
	log->arg = arg;
	rd_kafka_conf_set_opaque(conf, log);
	rd_kafka_conf_set_log_cb(conf, take);
}

void *hi_kafka_log_arg(const struct hi_kafka_log *log)
{
	return log->arg;
}

/* Behind "[thrd:h:9092/1]: " and "hi-kafka-bridge#producer-1: ", where they stand. */
static const char *begin_of(const char *text)
{
	const char *thread = strncmp(text, "[thrd:", 6) == 0 ? strstr(text, "]: ") : NULL;
	text = thread ? thread + 3 : text;
	const char *client = strstr(text, ": ");
	const char *hash = client ? memchr(text, '#', (size_t)(client - text)) : NULL;
	return hash ? client + 2 : text;
}

/*
 * "[thrd:h:9092/1]: h:9092/1: Connect to … failed: Connection refused (after 3ms in state
 * CONNECT, 7 identical error(s) suppressed)": without the thread, and without the end,
 * which differs each time.
 */
static void make_state(char out[TEXT_MAX], const char *text)
{
	const char *begin = begin_of(text);
	const char *end = strstr(begin, " (after ");
	size_t len = end ? (size_t)(end - begin) : strlen(begin);
	if (len >= TEXT_MAX)
		len = TEXT_MAX - 1;
	for (size_t i = 0; i < len; i++)
		out[i] = (unsigned char)begin[i] < ' ' || begin[i] == 0x7f ? ' ' : begin[i];
	while (len && out[len - 1] == ' ')
		len--;
	out[len] = '\0';
}

/* The place of that state; one that is new takes an empty place, or the oldest. */
static struct known *place_of(struct hi_kafka_log *log, uint32_t crc)
{
	struct known *oldest = log->known;
	for (struct known *k = log->known; k < log->known + KNOWN_MAX; k++) {
		if (k->t_us && k->crc == crc)
			return k;
		if (k->t_us < oldest->t_us)
			oldest = k;
	}
	*oldest = (struct known){ .crc = crc };
	return oldest;
}

static bool too_many(struct hi_kafka_log *log, int64_t now_us)
{
	if (now_us - log->minute_us >= HI_US_MIN) {
		log->minute_us = now_us;
		log->taken = 0;
	}
	return log->taken >= WAITING_MAX || log->waiting_n >= WAITING_MAX;
}

void hi_kafka_log_put(struct hi_kafka_log *log, int level, const char *text, int64_t now_us)
{
	char state[TEXT_MAX];
	if (level > LEVEL_MAX)
		return;
	make_state(state, text);
	uint32_t crc = hi_crc32c(0, state, strlen(state));
	pthread_mutex_lock(&log->lock);
	struct known *k = place_of(log, crc);
	if ((k->t_us == 0 || now_us - k->t_us >= AGAIN_US) && !too_many(log, now_us)) {
		k->t_us = now_us;
		log->taken++;
		memcpy(log->waiting[(log->first + log->waiting_n++) % WAITING_MAX], state,
		       sizeof(state));
	}
	pthread_mutex_unlock(&log->lock);
}

void hi_kafka_log_serve(struct hi_kafka_log *log, void (*told)(void *arg, const char *text),
			void *arg)
{
	for (;;) {
		char text[TEXT_MAX];
		pthread_mutex_lock(&log->lock);
		bool some = log->waiting_n > 0;
		if (some) {
			memcpy(text, log->waiting[log->first], sizeof(text));
			log->first = (log->first + 1) % WAITING_MAX;
			log->waiting_n--;
		}
		pthread_mutex_unlock(&log->lock);
		if (!some)
			return;
		told(arg, text);
	}
}

void hi_kafka_log_well(struct hi_kafka_log *log)
{
	pthread_mutex_lock(&log->lock);
	memset(log->known, 0, sizeof(log->known));
	log->waiting_n = 0;
	pthread_mutex_unlock(&log->lock);
}
