#!/usr/bin/env python3
"""What the tests ask of a broker, by Python's kafka client.

  client.py SERVER topic NAME PARTITIONS [SETTING=VALUE]...
  client.py SERVER partitions NAME N          add partitions
  client.py SERVER delete NAME                waits until it is gone
  client.py SERVER forget NAME PARTITION N    delete records below offset N
  client.py SERVER ends NAME                  "PARTITION BEGIN END" a line
  client.py SERVER committed GROUP            "TOPIC/PARTITION OFFSET" a line
  client.py SERVER settle NAME PARTITION N    waits until compaction has left at most N messages
  client.py SERVER send NAME [SETTING=VALUE]...   each line of stdin, key = its patient_id
  client.py SERVER transactions NAME          each line of stdin; "abort" and "commit" end one
  client.py SERVER where NAME                 "PATIENT PARTITION": where Java's and Python's
                                              producers put the patients of stdin
"""
import json
import sys
import time

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewPartitions, NewTopic
from kafka.errors import CoordinatorNotAvailableError
from kafka.partitioner.default import murmur2


def admin(server):
    return KafkaAdminClient(bootstrap_servers=server)


def consumer(server, **settings):
    return KafkaConsumer(bootstrap_servers=server, **settings)


def waited(done, seconds=60):
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            sys.exit("client.py: waited in vain")
        time.sleep(0.05)


def topic(server, name, partitions_n, *settings):
    new = NewTopic(name, int(partitions_n), 1,
                   topic_configs=dict(s.split("=", 1) for s in settings))
    admin(server).create_topics([new])
    waited(lambda: consumer(server).partitions_for_topic(name))


def partitions(server, name, n):
    admin(server).create_partitions({name: NewPartitions(int(n))})


def delete(server, name):
    admin(server).delete_topics([name])
    waited(lambda: name not in consumer(server).topics())


def forget(server, name, partition, n):
    admin(server).delete_records({TopicPartition(name, int(partition)): int(n)})


def ends(server, name):
    c = consumer(server)
    parts = [TopicPartition(name, p) for p in sorted(c.partitions_for_topic(name))]
    first, last = c.beginning_offsets(parts), c.end_offsets(parts)
    for p in parts:
        print(p.partition, first[p], last[p])


def committed(server, group):
    found = {}

    def asked():
        try:
            found.update(admin(server).list_consumer_group_offsets(group))
        except CoordinatorNotAvailableError:  # of a broker that has had no group yet
            return False
        return True
    waited(asked)
    for p in sorted(found):
        print("%s/%d %d" % (p.topic, p.partition, found[p].offset))


def messages(server, name, partition):
    """Those of a partition that are there now."""
    c, p = consumer(server, enable_auto_commit=False), TopicPartition(name, int(partition))
    c.assign([p])
    c.seek_to_beginning(p)
    end, got = c.end_offsets([p])[p], []
    while c.position(p) < end:
        for batch in c.poll(timeout_ms=200).values():
            got += batch
    return got


def settle(server, name, partition, n):
    waited(lambda: len(messages(server, name, partition)) <= int(n))


def key_of(line):
    try:
        return json.loads(line)["patient_id"].encode()
    except (ValueError, KeyError, TypeError):
        return None


def send(server, name, *settings):
    options = dict(s.split("=", 1) for s in settings)
    p = KafkaProducer(bootstrap_servers=server, acks="all", linger_ms=5, **options)
    sent = [p.send(name, line.rstrip(b"\n"), key_of(line)) for line in sys.stdin.buffer]
    p.flush()
    for s in sent:
        s.get(timeout=30)


def transactions(server, name):
    p = KafkaProducer(bootstrap_servers=server, transactional_id="test")
    p.init_transactions()
    p.begin_transaction()
    for line in sys.stdin.buffer:
        word = line.strip()
        if word in (b"abort", b"commit"):
            p.flush()
            p.abort_transaction() if word == b"abort" else p.commit_transaction()
            p.begin_transaction()
        else:
            p.send(name, line.rstrip(b"\n"), partition=0)
    p.commit_transaction()


def where(server, name):
    n = len(consumer(server).partitions_for_topic(name))
    for patient in sorted({json.loads(line)["patient_id"] for line in sys.stdin}):
        print(patient, (murmur2(patient.encode()) & 0x7FFFFFFF) % n)


if __name__ == "__main__":
    verbs = (topic, partitions, delete, forget, ends, committed, settle, send, transactions, where)
    _, address, verb, *rest = sys.argv
    {f.__name__: f for f in verbs}[verb](address, *rest)
