"""kill -9 before every system call of hi-store, hi-gen and hi-detect, then the same line again.

hi-store's start, its commits and its recovery: on no store, on one that is there, and on one
that a crash has left longer files and unknown ones in, with hours and a midnight in between;
and killed twice, the second time in the recovery. What hi-cat gives right after the kill are
whole commits with every row that a mark was given for; after the line has come to its end,
all is as if nobody had disturbed it, byte for byte.
"""
import random

import fault
import stream


class Counts:
    def __init__(self):
        self.points = self.kills = self.resumes = 0

    def tell(self, what):
        fault.tell(what, points=self.points, kills=self.kills, resumes=self.resumes)


def was_killed(status):
    return status == -9


def kill_store(start, call, n, counts):
    """The first kill; gives the store and what is wrong with it."""
    store = start.fresh()
    r = fault.run(fault.killed(['hi-store', '-q', store], call, n), start.file)
    if not was_killed(r.status) and r.status:
        return store, 'status %s: %s' % (r.status, r.said())
    counts.kills += was_killed(r.status)
    return store, start.line.wrong(store, start.promised(r))


def one_kill(point, counts):
    start, call, n = point
    store, why = kill_store(start, call, n, counts)
    counts.resumes += 1
    return why or start.line.heal(store)


def two_kills(point, counts):
    """The second one hits the whole line at its second start."""
    first, call, n = point
    start = first[0]
    store, why = kill_store(*first, counts)
    if why:
        return why
    ran = start.line.run(store, {2: lambda cmd: fault.killed(cmd, call, n)})
    counts.kills += was_killed(ran[2].status)
    counts.resumes += 2
    return start.line.wrong(store) or start.line.heal(store)


def kill_other(point, counts):
    """hi-gen (0) or hi-detect (1) killed: hi-store keeps what is behind a mark, and no more."""
    line, which, call, n = point
    store = fault.place()
    ran = line.run(store, {which: lambda cmd: fault.killed(cmd, call, n)})
    counts.kills += was_killed(ran[which].status)
    counts.resumes += 1
    if ran[2].status not in (0, 6):
        return '%s: %s' % (stream.statuses(ran), stream.said(ran))
    least = stream.acknowledged(line.saved, ran[2].out)
    return line.wrong(store, least) or line.heal(store)


def sweep(name, points, one):
    counts = Counts()
    counts.points = fault.sweep(name, points, lambda p: one(p, counts))
    # How often a call is made depends a little on the time that others take.
    fault.check(name + ': they were killed', '' if counts.kills >= counts.points * 3 // 4 else
                'only %d of %d' % (counts.kills, counts.points))
    counts.tell(name)


def body():
    if not fault.strace_works():
        fault.skip('kill -9 before every system call', 'no strace, or tracing is forbidden')
        return
    line = stream.Line('kill')
    starts = [stream.Start(line, marks) for marks in (0, 7)] + [stream.Start(line, 7, crashed=True)]
    points = [p for s in starts for p in s.points()]
    sweep('hi-store killed', fault.sample(points, 250), lambda p, c: one_kill(p, c))
    draw = random.Random(fault.SEED)
    again = list(starts[2].calls.items())
    pairs = []
    for first in draw.choices(points, k=700 if fault.LONG else 60):
        call, most = draw.choice(again)
        pairs.append((first, call, draw.randint(1, most)))
    sweep('hi-store killed twice', pairs, two_kills)
    for which, tool in ((0, 'hi-gen'), (1, 'hi-detect')):
        times = line.census(which, fault.place())
        points = [(line, which, call, n) for call, most in sorted(times.items())
                  for n in range(1, most + 1)]
        sweep(tool + ' killed', fault.sample(points, 40), lambda p, c: kill_other(p, c))


fault.main(body)
