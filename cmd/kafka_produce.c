/* hi-kafka-bridge produce */
#include "kafka_bridge.h"
#include "tool/message.h"

int hi_kafka_produce(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	hi_message_start("hi-kafka-bridge", false);
	hi_complain("produce is being built");
	return 2;
}
