/* hi-kafka-bridge consume */
#include "kafka_bridge.h"
#include "tool/message.h"

int hi_kafka_consume(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	hi_message_start("hi-kafka-bridge", false);
	hi_complain("consume is being built");
	return 2;
}
