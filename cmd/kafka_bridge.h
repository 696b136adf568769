/* The two programs in hi-kafka-bridge: each parses its own command line, argv[0] being its name. */
#ifndef CMD_KAFKA_BRIDGE_H
#define CMD_KAFKA_BRIDGE_H

int hi_kafka_consume(int argc, char **argv);
int hi_kafka_produce(int argc, char **argv);

#endif
