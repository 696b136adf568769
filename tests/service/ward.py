"""Two lines between a gateway and a ward, with a broker in the middle, started again and again.

    hi-cat --follow --cursor up.pos gw/ | hi-kafka-bridge produce --cursor up.pos
    hi-kafka-bridge consume --resume ward/ --meta | hi-detect | hi-store ward/

Numbered readings come into gw/ all the time. A line that has ended is started again, by the same
words. In the end all is to be in ward/ as if nothing had happened.
"""
import collections
import os
import random
import signal
import sqlite3
import subprocess
import threading
import time

import broker
import fault
import history
import lines
import stream

TOPIC, GROUP = 'patient-vitals', 'monitor'
# Of the patient's own readings alone. One has a delay, so that alarms are pending at marks.
RULES = '''HYPOXIA high spo2 < 92
TACHYCARDIA medium heart_rate > 120
FEVER low temperature > 39
SINKING medium spo2 < 97 for 15s
'''
RULES_FILE = os.path.join(fault.T, 'rules')
with open(RULES_FILE, 'w') as rules:
    rules.write(RULES)
AGAIN_S = (0.0, 0.3)  # from a line's end to its next start
FEED_S = 0.05


def make_feed(n, patients):
    """Numbered readings, as the replaced system draws them; a day at most, so that a start knows
    every patient."""
    r = fault.run(['hi-gen', '-q', '--plain', '-p', str(patients), '-n', str(n),
                   '-s', str(fault.SEED)])
    assert r.status == 0, r.said()
    feed = [line[:-1] + b',"n":%d}' % i for i, line in enumerate(r.out.splitlines())]
    assert len(feed) == n
    return feed


class Gateway(threading.Thread):
    """Puts the readings into gw/, as many as the events so far allow."""

    def __init__(self, feed, store, per_s):
        super().__init__(daemon=True)
        self.feed, self.store, self.per_s = feed, store, per_s
        self.allowed, self.done, self.why = 0, 0, None

    def allow(self, share):
        self.allowed = min(len(self.feed), int(len(self.feed) * share))

    def run(self):
        p = subprocess.Popen(['hi-store', '-q', '--commit', '50ms', self.store], env=fault.ENV,
                             stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            while self.done < len(self.feed):
                time.sleep(FEED_S)
                to = min(self.allowed, self.done + int(self.per_s * FEED_S))
                p.stdin.write(b''.join(line + b'\n' for line in self.feed[self.done:to]))
                p.stdin.flush()
                self.done = to
        except OSError as e:
            self.why = str(e)
        _, said = p.communicate()
        if p.returncode or self.why:
            self.why = 'gateway: status %d: %s' % (p.returncode, said)


class Role:
    """A line that is started again whenever none of its kind runs."""

    def __init__(self, name, commands, draw, counts):
        self.name, self.commands, self.draw, self.counts = name, commands, draw, counts
        self.lines, self.again_at, self.starts = [], 0, 0
        self.wrong, self.said = [], []

    def start(self):
        self.starts += 1
        self.lines.append(lines.Line(self.commands, '%s %d' % (self.name, self.starts)))
        return self.lines[-1]

    def running(self):
        return [line for line in self.lines if not line.stopped()]

    def look(self):
        """Takes what has ended away, and starts it again."""
        now = time.monotonic()
        for line in list(self.lines):
            if line.has_ended():
                self._ended(line)
                self.again_at = now + self.draw.uniform(*AGAIN_S)
            elif line.hangs():
                self.wrong.append(line.hangs())
                line.kill()
        if not self.running() and now >= self.again_at:
            self.start()

    def _ended(self, line):
        self.lines.remove(line)
        for part in line.parts:
            self.counts['%s ends with %d' % (part.name, part.p.returncode)] += 1
        why = line.wrong()
        if why:
            self.wrong.append(why)
        self.said += [part.said() for part in line.parts if part.said()]
        line.close()

    def finish(self):
        """Stops what still runs, in order."""
        for line in self.lines:
            line.go_on()
            line.parts[0].send(signal.SIGTERM)
        for line in list(self.lines):
            why = line.wait()
            self._ended(line)
            if why and why not in self.wrong:
                self.wrong.append(why)


class Later:
    """What is due later, and then when something has happened."""

    def __init__(self):
        self.due = []

    def add(self, seconds, do, when=lambda: True):
        self.due.append((time.monotonic() + seconds, do, when))

    def look(self, all_now=False):
        now = time.monotonic()
        ready = [item for item in self.due if all_now or item[0] <= now and item[2]()]
        self.due = [item for item in self.due if item not in ready]
        for _, do, _ in ready:
            do()


class Ward:
    """Both lines and the gateway, without any trouble. feed: the numbered readings."""

    def __init__(self, address, feed, per_s, wait, name='ward', quiet=True):
        self.draw = random.Random(fault.SEED)
        self.address, self.feed = address, feed
        self.counts = collections.Counter()
        self.wrong = []
        folder = os.path.join(fault.T, name)
        os.mkdir(folder)
        self.gw, self.ward, self.cursor, self.undelivered = (
            os.path.join(folder, n) for n in ('gw', 'ward', 'up.pos', 'undelivered'))
        both = ['-b', address, '-t', TOPIC, '--wait', wait] + ['-q'] * quiet
        self.to_broker = ['hi-kafka-bridge', 'produce', *both, '--cursor', self.cursor,
                          '--undelivered', self.undelivered]
        self.from_broker = ['hi-kafka-bridge', 'consume', *both, '--meta', '--resume', self.ward,
                            '--monitor-group', GROUP]
        self.judged = [['hi-detect', '-q', '--rules', RULES_FILE], ['hi-store', '-q', self.ward]]
        self.roles = {
            'produce': Role('produce', [self.cat('--follow'), self.to_broker], self.draw,
                            self.counts),
            'consume': Role('consume', [self.from_broker] + self.judged, self.draw, self.counts)}
        self.gateway = Gateway(feed, self.gw, per_s)
        self.later = Later()

    def cat(self, *more):
        return ['hi-cat', '-q', *more, '--cursor', self.cursor, self.gw]

    def look(self):
        self.later.look()
        for role in self.roles.values():
            role.look()

    def progress(self, role):
        """How far it is: the ward's positions, or the cursor's."""
        try:
            if role == 'consume':
                return stream.positions(self.ward)
            with open(self.cursor) as f:
                return f.read()
        except (OSError, sqlite3.Error):
            return None

    def spin(self, seconds, until=lambda: False):
        end = time.monotonic() + seconds
        while time.monotonic() < end and not until():
            self.look()
            time.sleep(0.01)

    def begin(self, share):
        r = fault.run(['hi-store', '-q', self.gw])  # who follows it may be first
        assert r.status == 0, r.said()
        self.gateway.allow(share)
        self.gateway.start()

    def finish(self):
        """Peace: what was stopped goes on, all that is there goes through."""
        self.later.look(all_now=True)
        self.gateway.allow(1)
        self.spin(3 * fault.WAIT_S, lambda: not self.gateway.is_alive())
        for role in self.roles.values():
            role.finish()
            self.wrong += role.wrong
        if self.gateway.why:
            self.wrong.append(self.gateway.why)
        self.orderly('all to the broker', [self.cat(), self.to_broker])
        # The second time there is nothing left to do.
        for what in ('all from the broker', 'once more'):
            self.orderly(what, [self.from_broker + ['--until-end']] + self.judged)

    def orderly(self, what, commands):
        line = lines.Line(commands, what)
        why = line.wait(3 * fault.WAIT_S)
        if not why and line.statuses().strip('0+'):
            why = '%s: %s: %s' % (what, line.statuses(), line.said()[-800:])
        if why:
            self.wrong.append(why)
        line.close()

    def kill_all(self):
        """Nothing of it is to outlive the test."""
        for role in self.roles.values():
            for line in role.lines:
                line.kill()


def alarms(log):
    """What hi-detect says of the log's messages, partition after partition."""
    given = b''.join(value + b'\n' for _, of in sorted(log.items()) for _, value in of)
    r = fault.run(['hi-detect', '-q', '--only-new', '--rules', RULES_FILE], given)
    assert r.status == 0, r.said()
    return r.out.splitlines()


def rows_of(store, kind):
    rows = stream.cat(store, '--raw', '--type', kind)
    assert not isinstance(rows, str), rows
    return [row.rstrip(b'\n') for row in rows]


def findings(log, store):
    """{what is asked of a store beside the broker's log: what is wrong}, all of it; and how many
    lines about alarms there are."""
    want = alarms(log)
    others = stream.cat(store, '--raw', '--type', 'reject,other')
    ends = {'%s/%d' % (TOPIC, p): of[-1][0] + 1 for p, of in log.items()}
    at = {key.split('/', 1)[1]: int(str(value).split(':')[0])
          for key, value in stream.positions(store).items() if key.startswith('kafka:')}
    return {
        'each message once, in order, as it was sent':
            '\n'.join(history.readings(log, TOPIC, rows_of(store, 'reading'))),
        'alarms of an undisturbed run':
            '\n'.join(history.alerts(want, rows_of(store, 'alert'))) if want else 'none',
        'nothing else': '' if others == [] else str(others)[:500],
        'no files left over': stream.files_wrong(store),
        'positions at the end': '' if at == ends else '%s, not %s' % (at, ends),
    }, len(want)
