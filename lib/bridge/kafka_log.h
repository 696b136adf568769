/*
 * What librdkafka logs, as states: each new one is handed over once, in the caller's
 * thread, so that a broker that is away for an hour is one message and not thousands.
 *
 *   librdkafka's threads --log_cb--> here (a lock, bounded) --hi_kafka_log_serve--> told
 *
 * A state is the log's text without what changes in it (threads, times, repeats). Where
 * all is well again the owner says so, and states are news from then on.
 */
#ifndef HI_BRIDGE_KAFKA_LOG_H
#define HI_BRIDGE_KAFKA_LOG_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct hi_kafka_log; /* opaque */

/* HI_OK or HI_NOMEM. Free it after the client that it is attached to. */
int hi_kafka_log_new(struct hi_kafka_log **out, struct hi_error *e);
void hi_kafka_log_free(struct hi_kafka_log *log);

/*
 * Takes what the client of conf will log. It takes the client's opaque for itself:
 * what librdkafka's other calls get as opaque is log, and hi_kafka_log_arg gives arg.
 */
void hi_kafka_log_attach(struct hi_kafka_log *log, rd_kafka_conf_t *conf, void *arg);
void *hi_kafka_log_arg(const struct hi_kafka_log *log);

/*
 * A line of the log, of syslog's level (3: error, 4: warning; what is above 4 is no
 * trouble and dropped). For attach, and for tests. Any thread.
 */
void hi_kafka_log_put(struct hi_kafka_log *log, int level, const char *text, int64_t now_us);

/*
 * Gives each state that is new to told, oldest first: "HOST:PORT/ID: what is wrong", one
 * line without control characters, valid during the call. The same state comes again
 * after 10 minutes at the earliest, and at most 10 come a minute.
 */
void hi_kafka_log_serve(struct hi_kafka_log *log, void (*told)(void *arg, const char *text),
			void *arg);

/* All is well: whatever goes wrong from here on is new. What was not served is dropped. */
void hi_kafka_log_well(struct hi_kafka_log *log);

#endif
