#!/usr/bin/env python3
"""hi-store after a power cut at each of its moments.

Records runs of hi-store, replays what a disk may hold after a cut at each moment
(disk.py), and asks of every state:

  - hi-cat reads it without a complaint: whole commits only, all that was
    confirmed by a mark, in order, nothing twice; the positions are those of the
    last mark that is there
  - the same line, started again, goes on to the end, and the store then holds
    what one has that nobody disturbed, byte for byte; no file is left over or too long

HI_FAULT_KEEP=FOLDER: states that failed are left there.
"""
import hashlib
import itertools
import os
import random
import shutil
import subprocess

import disk
import fault
from stores import (CAT, Forwarded, Hand, Pipeline, Unmarked, cat, is_plain_mark, is_unmade,
                    large, misfiled, mixed, pieces, wide)

KEEP = os.environ.get('HI_FAULT_KEEP')


class Scenario:
    """A recorded run of hi-store (read: of hi-cat) over before, the state of a disk.
    wanted[i] is what hi-cat gives once chunk i is committed, places[i] the source's position
    then; whole is what it gives in the end."""

    def __init__(self, name, source, before=None, read=False, whole=None):
        self.name, self.source, self.read = name, source, read
        self.folder = os.path.join(fault.T, name)
        self.live = os.path.join(self.folder, 'live')
        self.store = os.path.join(self.live, 'ward')
        self.trace = os.path.join(self.folder, 'trace')
        os.mkdir(self.folder)
        disk.put(before or {}, self.live)
        self._note_start()
        self.sent = []
        model = disk.Disk(self.live)
        self._record()
        self.whole = whole or self.wanted[-1]
        self.cuts = self._play(model)
        shutil.rmtree(self.folder)

    def _note_start(self):
        copy = os.path.join(self.folder, 'copy')
        shutil.copytree(self.live, copy)
        ward = os.path.join(copy, 'ward')
        got = cat(ward)
        self.wanted, self.places = [got.out], [self.source.position(ward)]
        self.stream = [] if self.read else list(self.source.chunks(self.places[0], ward))
        shutil.rmtree(copy)

    def _record(self):
        command = CAT + [self.store] if self.read else self.source.sink(self.store)
        p = subprocess.Popen(disk.strace(self.trace, command), env=fault.ENV,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for chunk, position in self.stream:
            p.stdin.write(chunk)
            p.stdin.flush()
            self.sent.append(len(chunk))
            self.places.append(position)
            if self.source.marked:
                while not is_plain_mark(p.stdout.readline()):
                    assert p.poll() is None, 'hi-store ended early'
            self.wanted.append(self._committed())
        p.stdin.close()
        p.stdout.read()
        status = p.wait(fault.WAIT_S)
        assert status == 0, f'{self.name}: status {status}'

    def _committed(self):
        """What a reader sees; without marks, once there is more than before."""
        while True:
            got = cat(self.store).out
            if self.source.marked or len(got) > len(self.wanted[-1]):
                return got

    def _play(self, model):
        marks = taken = 0

        def confirmed(data):
            nonlocal marks
            marks += sum(map(is_plain_mark, data.splitlines()))
            return marks

        def read(n):
            """Without marks: chunk i + 1 was sent once chunk i was seen to be committed."""
            nonlocal taken
            taken += n
            if self.source.marked:
                return marks
            return sum(sum(self.sent[:i + 1]) < taken for i in range(len(self.sent)))

        cuts = disk.play(model, self.trace, confirmed, read)
        cuts[-1].confirmed = len(self.sent)
        return cuts

    def states(self, n):
        """At most n different states: the edges of each cut, then of each cut in turn."""
        dice = random.Random(f'{fault.SEED} {self.name}')
        edges, rest, seen = [], [], {}
        for cut in self.cuts:
            states = [State(self, cut, kind, fates, dice.randrange(1 << 30))
                      for kind, fates in cut.fates(dice, max(4, 2 * n // len(self.cuts)))]
            edges += states[:2]
            dice.shuffle(states)
            rest.append(states)
        in_turn = (s for row in itertools.zip_longest(*rest) for s in row if s)
        for state in itertools.chain(edges, in_turn):
            if len(seen) == n:
                break
            key = digest(state.content())
            old = seen.get(key)
            if not old or old.cut.confirmed < state.cut.confirmed:
                seen[key] = state
        return list(seen.values())


class State:
    def __init__(self, scenario, cut, kind, fates, noise):
        self.scenario, self.cut, self.kind = scenario, cut, kind
        self.fates, self.noise = fates, noise

    def content(self):
        return self.cut.state(self.fates, self.noise)

    def __str__(self):
        pending = '; '.join(f'{op} {fate}' for op, fate in zip(self.cut.pending, self.fates))
        return (f'{self.scenario.name}, power cut before {self.cut.label}, '
                f'{self.cut.confirmed} confirmed, {self.kind}: {pending[:1500]}')


def digest(content):
    h = hashlib.sha1()
    for path in sorted(content):
        h.update(path.encode() + b'\0' + hashlib.sha1(content[path] or b'').digest())
    return h.digest()


def check_content(state, store):
    """(what is wrong or None, the position that the store names)."""
    scenario = state.scenario
    got = cat(store)
    allowed = scenario.wanted[state.cut.confirmed:]
    if is_unmade(got) and b'' in allowed:
        return None, 0
    if got.status or got.err:
        return f'hi-cat: status {got.status}: {got.said()}', 0
    if got.out not in allowed:
        older = got.out in scenario.wanted
        return 'what was confirmed is lost' if older else 'not what any commit wrote', 0
    places = [p for w, p in zip(scenario.wanted, scenario.places) if w == got.out]
    position = scenario.source.position(store) if scenario.source.marked else places[-1]
    if position not in places:
        return f'readings up to position {places[-1]}, but the store says {position}', 0
    may = scenario.places[state.cut.confirmed:]
    return scenario.source.differs(store, may[:may.index(position) + 1]), position


def check_resumed(state, store, position):
    scenario = state.scenario
    r = scenario.source.resume(store, position)
    if r.status or r.err:
        return f'started again: status {r.status}: {r.said()}'
    got = cat(store)
    if got.status or got.err:
        return f'started again, then hi-cat: status {got.status}: {got.said()}'
    if got.out != scenario.whole:
        return 'started again: not as undisturbed'
    return misfiled(store) or scenario.source.differs(store, scenario.places[-1:])


def check(state):
    """What is wrong with a state, or None. Read in one copy, gone on with in another,
    because a reader, too, mends what a crash left of the database."""
    content = state.content()
    read, resumed = fault.place('read'), fault.place('resumed')
    for folder in (read, resumed):
        disk.put(content, folder)
    wrong, position = check_content(state, os.path.join(read, 'ward'))
    wrong = wrong or check_resumed(state, os.path.join(resumed, 'ward'), position)
    if wrong and KEEP:
        os.makedirs(KEEP, exist_ok=True)
        disk.put(content, os.path.join(KEEP, digest(content).hex()[:8]))
    return wrong


# --- scenarios


def crashed_states(scenario, n):
    """n states of a scenario that leave something to mend, spread over its run."""
    dice = random.Random(f'{fault.SEED} crashed')
    cuts = [c for c in scenario.cuts if c.confirmed and len(c.pending) > 1]
    for cut in dice.sample(cuts, min(n, len(cuts))):
        kind, fates = dice.choice([f for f in cut.fates(dice, 8) if f[0] != 'nothing'])
        yield State(scenario, cut, kind, fates, dice.randrange(1 << 30)).content()


class Counts:
    def __init__(self):
        self.cuts = self.states = 0

    def sweep(self, n, name, make):
        """make(name) records the scenario."""
        title = f'power cut, {name}'
        if not fault.wanted(title):
            return
        scenario = make(name)
        states = scenario.states(n)
        fault.sweep(f'{title}: {len(scenario.cuts)} moments', states, check)
        self.cuts += len(scenario.cuts)
        self.states += len(states)


def new_store(name):
    return Scenario(name, Hand(pieces(mixed, 9)))


def body():
    if not fault.strace_works():
        fault.skip('power cuts', 'strace does not work here')
        return
    share = 1600 if fault.LONG else 30 if fault.sanitized() else 200
    counts = Counts()
    counts.sweep(6 * share, 'a new store', new_store)
    counts.sweep(2 * share, 'commits without marks',
                 lambda name: Scenario(name, Unmarked(pieces(mixed, 5))))
    counts.sweep(share, 'the log is emptied', lambda name: Scenario(name, Hand(pieces(large, 8))))
    counts.sweep(share, 'many hours', lambda name: Scenario(name, Hand(pieces(wide, 2))))
    counts.sweep(share, 'a file of positions',
                 lambda name: Scenario(name, Forwarded(pieces(mixed, 4))))
    counts.sweep(3 * share, 'with alarms', lambda name: Scenario(name, Pipeline()))
    n = 20 if fault.LONG else 4
    crashed = new_store('crashed')
    for i, before in enumerate(crashed_states(crashed, n), 1):
        counts.sweep(2 * share // n, f'recovery {i}',
                     lambda name, b=before: Scenario(name, Hand(pieces(mixed, 9)), b))
        counts.sweep(share // 2 // n, f'reading {i}',
                     lambda name, b=before: Scenario(name, Hand(pieces(mixed, 9)), b, True,
                                                     crashed.whole))
    fault.tell('power cuts', moments=counts.cuts, states=counts.states)


fault.main(body)
