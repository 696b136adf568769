"""What befalls the lines of ward.py, with a real broker. Events, drawn with the seed:

a process is killed; or stopped and woken; or stopped for long, and the same line is started a
second time and goes on before it is woken (a zombie); a whole line is killed, or asked to end; the
broker is killed, stopped, or restarted.
"""
import random
import signal
import time

import fault
import ward

PARTITIONS = 4
# Of 40 events; the broker's take longest, so they are few.
PLAN = (('kill', 'consume', 13), ('kill', 'produce', 4), ('kill line', 'consume', 2),
        ('kill line', 'produce', 1), ('end', 'consume', 2), ('end', 'produce', 1),
        ('stop', 'consume', 3), ('stop', 'produce', 1),
        ('zombie', 'consume', 6), ('zombie', 'produce', 1),
        ('kill', 'broker', 3), ('stop', 'broker', 2), ('restart', 'broker', 1))
PAUSE_S = (0.1, 1.3)    # between events
STOP_S = (0.3, 2.0)
ZOMBIE_S = (0.5, 4.0)
TAKEN_OVER_S = 15       # by then the second line has gone on, or waits for the first
TRIES = 5               # what an event was to befall may have ended just before
APART = 4               # events between two of the broker's, at least


def plan(draw, n):
    """n events, in an order in which the broker has peace between its own."""
    share = {(kind, role): max(1, count * n // 40) for kind, role, count in PLAN}
    share['kill', 'consume'] += n - sum(share.values())
    own, its = [], []
    for event, times in share.items():
        (its if event[1] == 'broker' else own).extend([event] * times)
    draw.shuffle(own)
    draw.shuffle(its)
    step = len(own) // (len(its) + 1)
    assert step >= APART
    for i, event in enumerate(its):
        own.insert((i + 1) * step + i + draw.randint(-1, 1), event)
    return own


class Chaos(ward.Ward):
    """All that befalls them, with a real broker. events: how many at least."""

    def __init__(self, kafka, feed, events, per_s):
        # A broker that is away ends a line soon, or is waited for.
        wait = random.Random(fault.SEED).choice(('2s', '30s'))
        super().__init__(kafka.address, feed, per_s, wait)
        self.kafka = kafka
        self.plan = plan(self.draw, events)
        self.starting = None  # a broker on its way back
        self.frozen = False
        self.events = 0

    def look(self):
        super().look()
        if self.starting and self.starting.poll() is not None:
            out = self.starting.communicate()[0]
            if self.starting.returncode:
                raise RuntimeError('the broker does not come back: %s' % out)
            self.starting = None

    # --- events; each gives False where there was nothing that it could befall

    def victim(self, role):
        """A line of that kind that runs."""
        self.spin(fault.WAIT_S, lambda: bool(self.roles[role].running()))
        running = self.roles[role].running()
        return self.draw.choice(running) if running else None

    def kill(self, role):
        line = self.victim(role)
        return bool(line) and self.draw.choice(line.parts).send(signal.SIGKILL)

    def kill_line(self, role):
        line = self.victim(role)
        # All, not any: each is to be killed.
        return bool(line) and any([part.send(signal.SIGKILL) for part in line.parts])

    def end(self, role):
        """As a person does, by the source; or as a service manager, all at once."""
        line = self.victim(role)
        if not line:
            return False
        chosen = self.draw.choice((line.parts[:1], line.parts))
        return any([part.send(signal.SIGTERM) for part in chosen])

    def stop(self, role):
        line = self.victim(role)
        if not line:
            return False
        chosen = self.draw.choice([[part] for part in line.parts] + [line.parts])
        hit = any([part.send(signal.SIGSTOP) for part in chosen])
        self.later.add(self.draw.uniform(*STOP_S), line.go_on)
        return hit

    def zombie(self, role):
        """Woken once the second line has gone on in its place; a second producer cannot where the
        first one holds the file of --undelivered."""
        line, before = self.victim(role), self.progress(role)
        if not line:
            return False
        chosen = self.draw.choice([[part] for part in line.parts] + [line.parts])
        if not any([part.send(signal.SIGSTOP) for part in chosen]):
            return False
        self.roles[role].start()
        last = time.monotonic() + TAKEN_OVER_S
        self.later.add(self.draw.uniform(*ZOMBIE_S), line.go_on, lambda: (
            role == 'produce' or self.progress(role) != before or time.monotonic() > last))
        return True

    def broker_event(self, kind):
        self.spin(fault.WAIT_S, lambda: not self.starting and not self.frozen)
        if kind == 'stop':
            self.kafka.signal(signal.SIGSTOP)
            self.frozen = True
            self.later.add(self.draw.uniform(*STOP_S), self.thaw)
        else:
            self.starting = self.kafka.restart('kill9' if kind == 'kill' else 'stop')
        return True

    def thaw(self):
        self.kafka.signal(signal.SIGCONT)
        self.frozen = False

    def happen(self, kind, role):
        hit = False
        for _ in range(TRIES):
            if role == 'broker':
                hit = self.broker_event(kind)
            else:
                hit = getattr(self, kind.replace(' ', '_'))(role)
            if hit:
                break
        self.events += bool(hit)
        self.counts['%s %s' % (kind, role)] += bool(hit)

    def run(self):
        self.begin(1 / len(self.plan))
        for i, (kind, role) in enumerate(self.plan):
            self.spin(self.draw.uniform(*PAUSE_S))
            self.happen(kind, role)
            self.gateway.allow((i + 2) / len(self.plan))
            if self.gateway.why:
                break
        self.spin(3 * fault.WAIT_S, lambda: not self.starting)
        self.finish()
