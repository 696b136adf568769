"""The checker of histories sees what it must: every history that is changed in one place."""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'fault'))
import fault
import history

TOPIC = 'vitals'
PARTITIONS, MESSAGES, PATIENTS = 4, 400, 12
ROUNDS = 200


def message(n):
    return b'{"patient_id":"P-%03d","metric_name":"spo2","value":%d,"n":%d}' % (
        n % PATIENTS, 90 + n % 7, n)


def make_log():
    """A patient is always in the same partition; offsets have holes."""
    log = {p: [] for p in range(PARTITIONS)}
    for n in range(MESSAGES):
        of = log[n % PATIENTS % PARTITIONS]
        of.append((3 * len(of) + n % 2, message(n)))
    return log


def row_of(partition, offset, value, topic=TOPIC):
    return value[:-1] + (b',"kafka_topic":"%s","kafka_partition":%d,"kafka_offset":%d,'
                         b'"kafka_timestamp":"2025-12-28T06:00:00.123Z"}' % (
                             topic.encode(), partition, offset))


def make_rows(log, draw):
    """As several partitions come in: each in order, one between the other."""
    left, rows = {p: list(of) for p, of in log.items()}, []
    while any(left.values()):
        p = draw.choice([p for p in left if left[p]])
        for _ in range(min(draw.randint(1, 9), len(left[p]))):
            rows.append(row_of(p, *left[p].pop(0)))
    return rows


def alert(patient, n, status):
    return b'{"type":"alert","alert_id":"%d-%d","patient_id":"P-%03d","status":"%s"}' % (
        patient, n, patient, status)


def make_alerts(draw):
    lines = [alert(patient, n, status) for n in range(4) for status in (b'ACTIVE', b'CLEARED')
             for patient in range(PATIENTS)]
    return lines, [line for _, of in sorted(history.by_patient(lines).items(),
                                            key=lambda _: draw.random()) for line in of]


def partition_of(row):
    return history.META.match(row)[3]


def dropped(rows, i, draw):
    del rows[i]


def doubled(rows, i, draw):
    rows.insert(draw.randint(i, len(rows)), rows[i])


def swapped(rows, i, draw):
    """With the next one of its partition, or of its patient."""
    key = partition_of if history.META.match(rows[i]) else (
        lambda row: history.PATIENT.search(row)[1])
    for j in range(i + 1, len(rows)):
        if key(rows[j]) == key(rows[i]):
            rows[i], rows[j] = rows[j], rows[i]
            return
    swapped(rows, 0, draw)


def altered(rows, i, draw):
    """One byte of what the message said."""
    at = draw.randrange(rows[i].index(b'"n":') if b'"n":' in rows[i] else 60)
    rows[i] = rows[i][:at] + bytes([rows[i][at] ^ 1]) + rows[i][at + 1:]


def exchanged(rows, i, draw):
    """What two messages said, each under the other's offset."""
    j = (i + 1 + draw.randrange(len(rows) - 1)) % len(rows)
    a, b = history.META.match(rows[i]), history.META.match(rows[j])
    rows[i], rows[j] = b[1] + rows[i][len(a[1]):], a[1] + rows[j][len(b[1]):]


def tail_lost(rows, i, draw):
    del rows[-1 - draw.randrange(5):]


def again(rows, i, draw):
    """A batch comes for the second time."""
    rows[i:i] = rows[max(0, i - 5):i] or rows[:1]


def another_topic(rows, i, draw):
    rows[i] = rows[i].replace(b'"vitals"', b'"vital"')


def another_offset(rows, i, draw):
    """Of a message that the log does not have."""
    m = history.META.match(rows[i])
    rows[i] = row_of(int(m[3]), 10**6, m[1] + b'}')


def without_place(rows, i, draw):
    rows[i] = history.META.match(rows[i])[1] + b'}'


READINGS = ((dropped, 'LOST'), (doubled, 'TWICE'), (swapped, 'OUT OF ORDER'),
            (altered, 'ALTERED|FOREIGN'), (exchanged, 'ALTERED'), (tail_lost, 'LOST'),
            (again, 'TWICE'), (another_topic, 'FOREIGN'), (another_offset, 'FOREIGN'),
            (without_place, 'FOREIGN'))
ALERTS = ((dropped, 'ALERT MISSING'), (doubled, 'ALERT TWICE'), (swapped, 'ALERTS OUT OF ORDER'),
          (altered, 'ALERT MISSING'), (tail_lost, 'ALERT MISSING'))


def mutants(what, lines, kinds, look):
    """Each kind of change, at many places; look(lines) gives what is wrong."""
    draw = random.Random(fault.SEED)
    fault.check(what + ': as it is', '\n'.join(look(list(lines))))
    for change, words in kinds:
        missed = []
        for _ in range(ROUNDS):
            mutant = list(lines)
            i = draw.randrange(len(mutant))
            change(mutant, i, draw)
            said = look(mutant)
            if not any(line.startswith(w) for line in said for w in words.split('|')):
                missed.append('at %d: %s' % (i, said))
        fault.check('%s: %s' % (what, change.__name__), '\n'.join(missed[:3]))


def changed_logs():
    """What the broker's log may not be, and what it may."""
    feed = [message(n) for n in range(MESSAGES)]
    log = make_log()

    def look(change, order=True):
        mutant = {p: list(of) for p, of in log.items()}
        change(mutant)
        return history.produced(feed, mutant, order)

    def resent(log):
        log[1].extend((1000 + i, value) for i, (_, value) in enumerate(log[1][-4:]))

    def missing(log):
        del log[2][5]

    def late(log):
        log[0].append(log[0].pop(3))

    def other(log):
        log[0][3] = (log[0][3][0], log[0][3][1].replace(b'spo2', b'spo3'))

    def moved(log):
        log[0].append((1000, log[1][0][1]))

    for change, order, again, words in (
            (lambda log: None, True, 0, ''), (resent, True, 4, ''), (missing, True, 0, 'NOT PROD'),
            (late, True, 0, 'PRODUCED OUT'), (late, False, 0, ''), (other, True, 0, 'PRODUCED: no'),
            (moved, True, 1, 'PRODUCED: a patient')):
        said, n = look(change, order)
        right = n == again and bool(said) == bool(words) and (
            not words or any(line.startswith(words) for line in said))
        fault.check('a log: ' + getattr(change, '__name__', ''), '' if right else
                    '%d again, %s' % (n, said))


def body():
    draw = random.Random(fault.SEED)
    log = make_log()
    rows = make_rows(log, draw)
    mutants('rows', rows, READINGS, lambda rows: history.readings(log, TOPIC, rows))
    want, got = make_alerts(draw)
    mutants('alarms', got, ALERTS, lambda got: history.alerts(want, got))
    changed_logs()


fault.main(body)
