"""What a store holds of a topic beside what the broker holds: each message once, in order, as it
was sent; and the alarms that an undisturbed run gives.

All is bytes. A log is {partition: [(offset, value)]}, as a client that is not ours reads it; rows
are lines of `hi-cat --raw` of a store that `hi-kafka-bridge consume --meta` fills, in order of
arrival. Every function gives what is wrong, a line each; nothing is wrong where it gives none.
"""
import collections
import re

# What --meta adds comes after all that the message had.
META = re.compile(rb'^(\{.*),"kafka_topic":"([^"]*)","kafka_partition":(\d+),"kafka_offset":(\d+)'
                  rb'(?:,"kafka_timestamp":[^,}]*)?\}$')
PATIENT = re.compile(rb'"patient_id":"([^"]*)"')
NUMBER = re.compile(rb'"n":(\d+)\}$')
EXAMPLES = 3


class Findings:
    """Kinds of what is wrong, with how often and the first examples."""

    def __init__(self):
        self.kinds = collections.defaultdict(list)

    def add(self, kind, where):
        self.kinds[kind].append(where)

    def lines(self):
        return ['%s: %d, first: %s' % (kind, len(of), '; '.join(map(str, of[:EXAMPLES])))
                for kind, of in sorted(self.kinds.items())]


def place(topic, partition, offset):
    return '%s/%d/%d' % (topic, partition, offset)


def readings(log, topic, rows):
    """Each message of the log is a row once, in the log's order within its partition, byte for
    byte."""
    found = Findings()
    at = {p: 0 for p in log}  # how far the rows of a partition have come in its log
    index = {p: {offset: i for i, (offset, _) in enumerate(of)} for p, of in log.items()}
    seen = {p: bytearray(len(of)) for p, of in log.items()}
    for row in rows:
        m = META.match(row)
        if not m or m[2].decode() != topic:
            found.add('FOREIGN: a row from no message', row[:200])
            continue
        partition, offset = int(m[3]), int(m[4])
        i = index.get(partition, {}).get(offset)
        if i is None:
            found.add('FOREIGN: a row of no offset of the log', place(topic, partition, offset))
            continue
        if m[1] + b'}' != log[partition][i][1]:
            found.add('ALTERED', place(topic, partition, offset))
        if seen[partition][i]:
            found.add('TWICE', place(topic, partition, offset))
        elif i < at[partition]:
            found.add('OUT OF ORDER', place(topic, partition, offset))
        seen[partition][i] = 1
        at[partition] = max(at[partition], i + 1)
    for p, of in sorted(log.items()):
        for (offset, _), was in zip(of, seen[p]):
            if not was:
                found.add('LOST', place(topic, p, offset))
    return found.lines()


def by_patient(lines):
    """{patient: its lines, in order}"""
    of = collections.defaultdict(list)
    for line in lines:
        m = PATIENT.search(line)
        of[m[1] if m else b''].append(line)
    return of


def alerts(want, got):
    """Each patient's alarm lines are those of the undisturbed run, in its order. Patients' lines
    come between each other's as their partitions are read."""
    found = Findings()
    want, got = by_patient(want), by_patient(got)
    for patient in sorted(set(want) | set(got)):
        a, b = want.get(patient, []), got.get(patient, [])
        if a == b:
            continue
        name = patient.decode()
        left = collections.Counter(a)
        left.subtract(b)
        for line, n in left.items():
            if n:
                found.add('ALERT MISSING' if n > 0 else
                          'ALERT TWICE' if line in a else 'ALERT FROM NOWHERE',
                          '%s %s' % (name, line[:300].decode()))
        if not any(left.values()):
            found.add('ALERTS OUT OF ORDER', name)
    return found.lines()


def produced(feed, log, order, elsewhere=()):
    """Each line of the feed (whose i-th says "n":i) is in the log at least once, byte for byte,
    or one of those that are elsewhere; all of a patient in one partition; order: where they come
    for the first time they come in order. Gives what is wrong, and how many came again."""
    found = Findings()
    seen, again, home = bytearray(len(feed)), 0, {}
    for value in elsewhere:
        m = NUMBER.search(value)
        if m and int(m[1]) < len(feed) and feed[int(m[1])] == value:
            seen[int(m[1])] = 1
        else:
            found.add('PRODUCED: elsewhere, no line of the feed', value[:200])
    for p, of in sorted(log.items()):
        newest = -1
        for offset, value in of:
            m = NUMBER.search(value)
            n = int(m[1]) if m else len(feed)
            if n >= len(feed) or feed[n] != value:
                found.add('PRODUCED: no line of the feed', '%d/%d %r' % (p, offset, value[:200]))
                continue
            if home.setdefault(PATIENT.search(value)[1], p) != p:
                found.add('PRODUCED: a patient in two partitions', '%d/%d' % (p, offset))
            if seen[n]:
                again += 1
            elif order and n < newest:
                found.add('PRODUCED OUT OF ORDER', '%d/%d n %d' % (p, offset, n))
            seen[n] = 1
            newest = max(newest, n)
    for n, was in enumerate(seen):
        if not was:
            found.add('NOT PRODUCED', 'n %d' % n)
    return found.lines(), again
