"""Python's Kafka clients, as a person would write it, for scripts/bench --only kafka.

    kafka_peer.py confluent|kafka-python produce BROKER TOPIC < LINES
    kafka_peer.py confluent|kafka-python consume BROKER TOPIC N > LINES

produce: each line a message, no key, acks=all. consume: partition 0 from its
beginning, N messages, each a line.
"""
import sys


def confluent_produce(broker, topic):
    from confluent_kafka import Producer

    failed = 0

    def told(error, _message):
        nonlocal failed
        failed += error is not None

    p = Producer({"bootstrap.servers": broker, "acks": "all"})
    for line in sys.stdin.buffer:
        while True:
            try:
                p.produce(topic, line[:-1], on_delivery=told)
                break
            except BufferError:
                p.poll(0.1)
        p.poll(0)
    p.flush()
    return failed


def confluent_consume(broker, topic, n):
    from confluent_kafka import Consumer, TopicPartition, OFFSET_BEGINNING

    c = Consumer({"bootstrap.servers": broker, "group.id": "peer", "enable.auto.commit": False})
    c.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    out = sys.stdout.buffer
    while n > 0:
        for m in c.consume(min(n, 10000), 1.0):
            if m.error():
                raise SystemExit(str(m.error()))
            out.write(m.value() + b"\n")
            n -= 1
    return 0


def python_produce(broker, topic):
    from kafka import KafkaProducer

    p = KafkaProducer(bootstrap_servers=broker, acks="all", linger_ms=5)
    last = [p.send(topic, line[:-1]) for line in sys.stdin.buffer]
    p.flush()
    return sum(f.failed() for f in last)


def python_consume(broker, topic, n):
    from kafka import KafkaConsumer, TopicPartition

    c = KafkaConsumer(bootstrap_servers=broker, enable_auto_commit=False)
    c.assign([TopicPartition(topic, 0)])
    c.seek_to_beginning()
    out = sys.stdout.buffer
    for m in c:
        out.write(m.value + b"\n")
        n -= 1
        if n == 0:
            return 0


def main(client, verb, broker, topic, n="0"):
    if verb == "produce":
        return (confluent_produce if client == "confluent" else python_produce)(broker, topic)
    return (confluent_consume if client == "confluent" else python_consume)(broker, topic, int(n))


sys.exit(1 if main(*sys.argv[1:]) else 0)
