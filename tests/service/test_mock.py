"""Brokers that move leaders, go away, refuse and are slow: librdkafka's mock cluster.

Both lines of ward.py run through each case; what passes by itself ends neither of them. In the
end each message is in the store once, in order, as it was sent, and each reading is in the topic,
or stands in the file of --undelivered and status 5 has said so.

    WORD...     only the cases whose names hold all the words
"""
import concurrent.futures
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'fault'))
import broker
import fault
import history
import ward

READINGS, PER_S, PATIENTS = 9000, 4500, 12
BROKERS, PARTITIONS = 3, 4
SIDE_BY_SIDE = 7   # most of a case is waiting
SAID_MAX = 20      # lines that one process may say in one case

# Errors of the protocol, by its numbers.
CUT = -195
OUT_OF_RANGE, CORRUPT, UNKNOWN_TOPIC, NO_LEADER, NOT_LEADER, TIMED_OUT = 1, 2, 3, 5, 6, 7
NO_REPLICA, TOO_LARGE, LOADING, NO_COORDINATOR, NOT_COORDINATOR = 9, 10, 14, 15, 16
FEW_REPLICAS, FEW_AFTER_APPEND, NOT_FOR_US = 19, 20, 29
OUT_OF_SEQUENCE, OLD_EPOCH, STORAGE, UNKNOWN_PRODUCER = 45, 47, 56, 59
FENCED_EPOCH, UNKNOWN_EPOCH, NOT_AVAILABLE, INVALID = 74, 75, 78, 87


class Case:
    """happens(case): called once readings are on their way; ends: which line it ends; refuses:
    lines stand in the file of --undelivered (None: or come again, as the last mark was)."""

    def __init__(self, name, happens, ends=(), refuses=False):
        self.name, self.happens, self.ends, self.refuses = name, happens, ends, refuses
        self.draw = random.Random('%d %s' % (fault.SEED, name))
        self.mock = self.w = None

    def wait(self, seconds):
        self.w.spin(seconds)

    def prepare(self):
        self.mock = broker.Mock(BROKERS, (ward.TOPIC, PARTITIONS))
        feed = ward.make_feed(READINGS, PATIENTS)
        self.w = ward.Ward(self.mock.address, feed, PER_S, '30s', self.name.replace(' ', '-'),
                           quiet=False)

    def run(self):
        """What is wrong."""
        self.prepare()
        try:
            self.w.begin(1)
            self.wait(0.5)
            self.happens(self)
            self.w.finish()
            return self.wrong()
        finally:
            self.w.kill_all()
            self.mock.end()

    def wrong(self):
        wrong = list(self.w.wrong)
        for name, role in self.w.roles.items():
            ended = role.starts > 1
            if ended != (name in self.ends):
                wrong.append('%s %s: %s' % (name, 'ended' if ended else 'has not ended',
                                            role.said[:2]))
            wrong += ['%s: %d lines on stderr' % (name, said.count('\n')) for said in role.said
                      if said.count('\n') > SAID_MAX]
        log, undelivered = broker.read_log(self.mock.address, ward.TOPIC), self.undelivered()
        if self.refuses is not None and bool(undelivered) != self.refuses:
            wrong.append('%d lines undelivered' % len(undelivered))
        if undelivered and not self.w.counts['hi-kafka-bridge produce ends with 5']:
            wrong.append('lines undelivered, and nothing ended with 5: %s' % self.w.counts)
        # A real broker takes no batch behind one that it has refused; this one keeps no sequences.
        order = 'produce' not in self.ends
        wrong += history.produced(self.w.feed, log, order, undelivered)[0]
        found, _ = ward.findings(log, self.w.ward)
        return wrong + ['%s: %s' % item for item in found.items() if item[1]]

    def undelivered(self):
        if not os.path.exists(self.w.undelivered):
            return []
        with open(self.w.undelivered, 'rb') as f:
            return f.read().splitlines()


def leaders_move(c):
    for _ in range(20):
        c.mock('leader', ward.TOPIC, c.draw.randrange(PARTITIONS), c.draw.randint(1, BROKERS))
        c.wait(0.1)


def no_leader(c):
    for p in range(PARTITIONS):
        c.mock('leader', ward.TOPIC, p, -1)
    c.wait(1)
    for p in range(PARTITIONS):
        c.mock('leader', ward.TOPIC, p, 1 + p % BROKERS)


def brokers_go(c):
    for b in range(1, BROKERS + 1):
        c.mock('down', b)
        c.wait(0.4)
        c.mock('up', b)


def all_go(c):
    c.mock('down', -1)
    c.wait(2)
    c.mock('up', -1)


def topic_away(c):
    c.mock('refuse', ward.TOPIC, UNKNOWN_TOPIC)
    c.wait(1.5)
    c.mock('refuse', ward.TOPIC, 0)


def slow(c):
    c.mock('rtt', -1, 300)
    c.wait(2)
    c.mock('rtt', -1, 0)


def refuses(*pushed):
    """A case in which requests are refused: (kind, times, code...)"""
    def happens(c):
        for request, times, *codes in pushed:
            c.mock('errors', request, times, *codes)
        c.wait(1.5)
        for request, *_ in pushed:
            c.mock('clear', request)
    return happens


PASSING = (
    ('leaders move', leaders_move),
    ('no leader', no_leader),
    ('one broker after the other goes', brokers_go),
    ('all brokers go', all_go),
    ('the topic is away for a while', topic_away),
    ('slow brokers', slow),
    ('fetches refused', refuses(
        ('Fetch', 2, NOT_LEADER, CUT, STORAGE, NO_REPLICA, FENCED_EPOCH, UNKNOWN_EPOCH,
         NO_LEADER, TIMED_OUT, UNKNOWN_TOPIC))),
    ('metadata and offsets refused', refuses(
        ('Metadata', 2, CUT, NO_LEADER, CUT), ('ListOffsets', 2, NOT_LEADER, CUT, NOT_AVAILABLE),
        ('FindCoordinator', 2, NO_COORDINATOR, LOADING, NOT_COORDINATOR))),
    ('what is produced refused', refuses(
        ('Produce', 2, NOT_LEADER, TIMED_OUT, FEW_REPLICAS, NO_LEADER, UNKNOWN_TOPIC, STORAGE),
        ('InitProducerId', 1, LOADING, NOT_COORDINATOR))),
    ('a flood of refusals', refuses(
        ('Fetch', 400, NOT_LEADER), ('Produce', 400, NOT_LEADER), ('Metadata', 100, CUT))),
    ('a flood of cuts', refuses(('Fetch', 400, CUT), ('Metadata', 100, CUT))),
)
REFUSING = (
    # The broker has them nevertheless, as it says when it is asked.
    ('fetches out of range', refuses(('Fetch', 4, OUT_OF_RANGE))),
    ('fetches corrupt', refuses(('Fetch', 4, CORRUPT))),
    ('not for us to read', refuses(('Fetch', 4, NOT_FOR_US)), ('consume',)),
    # A line that was refused for itself does not end the run, but is told.
    ('too large', refuses(('Produce', 4, TOO_LARGE)), (), True),
    ('not valid', refuses(('Produce', 4, INVALID)), (), True),
    ('not for us to write', refuses(('Produce', 4, NOT_FOR_US)), ('produce',), None),
    ('corrupt on its way', refuses(('Produce', 4, CORRUPT)), ('produce',), None),
    ('out of sequence', refuses(('Produce', 4, OUT_OF_SEQUENCE)), ('produce',), None),
    ('old epoch', refuses(('Produce', 4, OLD_EPOCH)), ('produce',), None),
    ('unknown producer', refuses(('Produce', 4, UNKNOWN_PRODUCER))),
)


def one(case):
    """Its name, what is wrong."""
    try:
        return case.name, '\n'.join(case.run())
    except Exception:
        import traceback
        return case.name, traceback.format_exc()


def body():
    why = broker.missing(mock=True)
    if why:
        return fault.skip('a broker that refuses', why)
    cases = [Case(*row) for row in PASSING + REFUSING if fault.wanted(row[0])]
    with concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        results = list(pool.map(one, cases))
    # Only now: a check may be the end (HI_FAULT=first), and nothing is to outlive it.
    for name, wrong in results:
        fault.check(name, wrong)


fault.main(body)
