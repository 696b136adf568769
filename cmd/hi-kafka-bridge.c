/*
 * hi-kafka-bridge: from a broker's topic into a pipe, and from a pipe into a topic.
 *
 *   consume   a source: cmd/kafka_consume.c
 *   produce   a sink: cmd/kafka_produce.c
 */
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "kafka_bridge.h"
#include "tool/message.h"
#include "tool/options.h"

static const char usage[] =
	"Example:\n"
	"  hi-kafka-bridge consume -b kafka1:9092 -t patient-vitals --resume ward/ |\n"
	"      hi-detect | hi-store ward/\n"
	"  hi-cat --follow --cursor up.pos gw/ |\n"
	"      hi-kafka-bridge produce -b kafka1:9092 -t patient-vitals --cursor up.pos\n"
	"\n"
	"Usage: hi-kafka-bridge consume|produce [OPTION]...\n"
	"\n"
	"  consume   messages of topics to standard output, as records\n"
	"  produce   readings and alerts of standard input to topics\n"
	"\n"
	"Each has its own --help.\n";

static int print(const char *text)
{
	fputs(text, stdout);
	if (fflush(stdout) == 0)
		return 0;
	hi_complain("cannot write: stdout");
	return hi_exit_status(HI_IO);
}

static int refuse(const char *verb)
{
	static const char *const verbs[] = { "consume", "produce", NULL };
	const char *near = hi_nearest_of(hi_slice_of(verb), (const char *const *)verbs);
	if (*verb == 0)
		hi_complain("consume or produce? hi-kafka-bridge --help");
	else if (near)
		hi_complain("unknown verb %s; did you mean %s?", verb, near);
	else
		hi_complain("unknown verb %s: consume or produce?", verb);
	return hi_exit_status(HI_USAGE);
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	if (strcmp(verb, "consume") == 0)
		return hi_kafka_consume(argc - 1, argv + 1);
	if (strcmp(verb, "produce") == 0)
		return hi_kafka_produce(argc - 1, argv + 1);
	hi_message_start("hi-kafka-bridge", false);
	if (strcmp(verb, "-h") == 0 || strcmp(verb, "--help") == 0)
		return print(usage);
	if (strcmp(verb, "-V") == 0 || strcmp(verb, "--version") == 0)
		return print("hi-kafka-bridge " HI_VERSION "\n");
	return refuse(verb);
}
