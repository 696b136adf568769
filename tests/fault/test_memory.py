"""LD_PRELOAD (faultline.c): allocations that fail, short and interrupted reads and writes.

Each allocation of each tool fails once, and each with all that follow it: status 4 with a
message, or 0 with the whole output, and no crash. Short and interrupted calls must not be
seen at all.
"""
import os
import subprocess

import fault
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


def allocations(use):
    """How many there are: the least N that no fault happens at."""
    def happens(n):
        env, happened = faulted('alloc', n)
        fault.run(use.command(use.path()), use.stdin, env)
        return happened()
    high = 64
    while happens(high):
        high *= 2
    low = high // 2 if high > 64 else 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if happens(middle) else (low, middle)
    return low


def one(use, kind, n, allowed):
    path = use.path()
    env, happened = faulted(kind, n)
    r = fault.run(use.command(path), use.stdin, env)
    if not happened():
        return 'no fault happened' if kind in ('alloc', 'allocs') else None
    return use.wrong(r, path, allowed)


def sweep(use):
    n = allocations(use)
    points = [(kind, i) for kind in ('alloc', 'allocs') for i in range(1, n + 1)]
    points = fault.sample(points, 24)
    done = fault.sweep(use.name + ': an allocation fails', points,
                       lambda p: one(use, p[0], p[1], (4,)))
    calls = [('short', i) for i in range(1, 9)] + [('shorts', i) for i in (1, 7)] + \
            [('eintr', i) for i in (2, 3)]
    calls = fault.sample(calls, 6)
    fault.sweep(use.name + ': short and interrupted calls', calls,
                lambda p: one(use, p[0], p[1], ()))
    return done, len(calls)


def body():
    if fault.sanitized():
        return  # its allocator cannot be replaced: the plain build is tested
    build()
    counts = [sweep(use) for use in uses.all_uses()]
    fault.tell('memory', allocations_that_failed=sum(c[0] for c in counts),
               short_or_interrupted_runs=sum(c[1] for c in counts))


fault.main(body)
