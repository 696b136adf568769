#!/usr/bin/env python3
"""What the replaced system's producers send, by the client that they use.

  seed-producer.py SERVER TOPIC [--from T] [--seconds N] [--seed N] [--dump FILE]

20 patients, six vitals each, every 2 to 5 s, 2 % of them abnormal; one reading a
message, as json.dumps writes it, with the local time and no zone (TZ says which), and
no key. It does not wait between them: it sends what N seconds (3600) bring from T on,
in seconds since 1970 (N seconds ago), and prints how many messages that were. FILE gets
"TIME MESSAGE" a line, TIME being the true one, which the message does not tell.
"""
import argparse
import heapq
import json
import random
import sys
import time

from kafka import KafkaProducer

PATIENTS = ["P-%03d" % n for n in range(1, 21)]
# Name, unit, usual range, decimals.
VITALS = [
    ("heart_rate", "bpm", (60, 100), 1),
    ("bp_systolic", "mmHg", (90, 120), 1),
    ("bp_diastolic", "mmHg", (60, 80), 1),
    ("spo2", "%", (95, 100), 1),
    ("temperature", "C", (36.1, 37.2), 1),
    ("respiratory_rate", "bpm", (12, 20), 1),
]


def value_of(rng, name, usual, decimals):
    low, high = usual
    if rng.random() >= 0.02:
        value = rng.uniform(low, high)
    elif name == "spo2":
        value = rng.uniform(85, 92)
    elif name == "temperature":
        value = rng.uniform(38.5, 40)
    else:
        value = high * rng.uniform(1.2, 1.5)
    return round(value, decimals)


def readings(rng, start):
    """(TIME, RECORD) for ever, in order of time."""
    due = [(start + rng.uniform(0, 5), patient) for patient in PATIENTS]
    heapq.heapify(due)
    while True:
        t, patient = heapq.heappop(due)
        for name, unit, usual, decimals in VITALS:
            yield int(t), {
                "patient_id": patient,
                "metric_name": name,
                "value": value_of(rng, name, usual, decimals),
                "unit": unit,
                "timestamp": time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(int(t))),
            }
        heapq.heappush(due, (t + rng.uniform(2, 5), patient))


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument("server")
    p.add_argument("topic")
    p.add_argument("--from", dest="start", type=float)
    p.add_argument("--seconds", type=float, default=3600)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--dump", type=argparse.FileType("w"))
    o = p.parse_args()
    start = time.time() - o.seconds if o.start is None else o.start
    producer = KafkaProducer(bootstrap_servers=o.server,
                             value_serializer=lambda v: json.dumps(v).encode("utf-8"))
    n = 0
    for t, record in readings(random.Random(o.seed), start):
        if t >= start + o.seconds:
            break
        producer.send(o.topic, record)
        n += 1
        if o.dump:
            print(t, json.dumps(record), file=o.dump)
    producer.flush()
    producer.close()
    print(n)


if __name__ == "__main__":
    sys.exit(main())
