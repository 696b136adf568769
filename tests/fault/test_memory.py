"""LD_PRELOAD (faultline.c): allocations that fail, short and interrupted reads and writes.

Each allocation of each tool fails once, and each with all that follow it: status 4 with a
message, or 0 with the whole output, and no crash. Short and interrupted calls must not be
seen at all. The disk of hi-store takes so many bytes and then no more. After each fault the
same line is started again, and the store becomes what it would have been.
"""
import os
import subprocess

import fault
import stream
import uses

LIB = os.path.join(fault.T, 'faultline.so')


def build():
    subprocess.run([os.environ.get('CC', 'cc'), '-shared', '-fPIC', '-O2', '-D_GNU_SOURCE', '-o', LIB,
                    os.path.join(fault.ROOT, 'tests/fault/faultline.c')], check=True)


def faulted(kind, n):
    """The environment in which that happens, and how to ask whether it did."""
    log = fault.place('happened')
    env = {'LD_PRELOAD': LIB, 'HI_FAULTLINE': '%s:%d' % (kind, n), 'HI_FAULTLINE_LOG': log}
    return env, lambda: os.path.exists(log)


def allocations(happens):
    """How many there are: the least N that no fault happens at, and before it always."""
    high = 64
    while happens(high):
        high *= 2
    low = high // 2 if high > 64 else 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if happens(middle) else (low, middle)
    return low


def both(n):
    return [(kind, i) for kind in ('alloc', 'allocs') for i in range(1, n + 1)]


class Tool:
    """A tool that writes no store."""

    def __init__(self, use):
        self.use, self.name = use, use.name

    def run(self, kind, n):
        path = self.use.path()
        env, happened = faulted(kind, n)
        r = fault.run(self.use.command(path), self.use.stdin, env)
        return r, happened, lambda allowed: self.use.wrong(r, path, allowed)


class Store:
    """hi-store at a start of a line."""

    def __init__(self, start):
        self.start, self.name = start, 'hi-store %s' % start

    def run(self, kind, n):
        store = self.start.fresh()
        env, happened = faulted(kind, n)
        r = fault.run(self.start.command(store), self.start.file, env)
        return r, happened, lambda allowed: self.start.wrong(store, r, allowed)


def one(tool, point, allowed):
    _, happened, wrong = tool.run(*point)
    if not happened():
        return 'no fault happened' if point[0].startswith('alloc') else wrong(())
    return wrong(allowed)


class Counts:
    allocations = calls = rooms = 0

    def sweep(self, tool, some):
        name = tool.name + ': an allocation fails'
        if fault.wanted(name):
            n = allocations(lambda n: tool.run('alloc', n)[1]())
            self.allocations += fault.sweep(name, fault.sample(both(n), some),
                                            lambda p: one(tool, p, (4,)))
        calls = [('short', i) for i in range(1, 41)] + [('shorts', i) for i in (1, 7, 100)] + \
                [('eintr', i) for i in (2, 3, 5)]
        self.calls += fault.sweep(tool.name + ': short and interrupted calls',
                                  fault.sample(calls, some // 4), lambda p: one(tool, p, ()))

    def budget(self, tool, some):
        most = 1 << 20
        budgets = [('budget', n) for n in range(0, most, 997)]
        self.rooms += fault.sweep(tool.name + ': the disk takes so many bytes',
                                  fault.sample(budgets, some), lambda p: one(tool, p, (4,)))


def body():
    if fault.sanitized():
        return  # its allocator cannot be replaced: the plain build is tested
    build()
    counts = Counts()
    for use in uses.all_uses():
        counts.sweep(Tool(use), 24)
    line = stream.Line('memory')
    for marks in (0, 7):
        store = Store(stream.Start(line, marks))
        counts.sweep(store, 150)
        counts.budget(store, 40)
    fault.tell('memory', allocations_that_failed=counts.allocations,
               short_or_interrupted_runs=counts.calls, bytes_of_room=counts.rooms)


fault.main(body)
