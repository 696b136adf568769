"""Every system call fails once, with each error that a system may give.

Status 0 only where the output is whole, else a status and a message; no crash; and hi-store
goes on with the same line afterwards. strace does it, so the calls of SQLite, libc and the
loader fail, too.
"""
import re

import fault
import stream
import uses

ERRORS = ('EIO', 'ENOSPC', 'EDQUOT', 'EINTR', 'EMFILE', 'EACCES')
# Those that have no way to fail: brk gives back the old break, not an error (test_memory.py is
# about memory); libc has no answer to the other two. Nor has giving a lock back: SQLite, which
# then finds it held by somebody, waits for ten seconds.
NEVER = ('exit_group', 'arch_prctl', 'brk')
LOADERS = [('mmap', 1)]  # the loader's first memory, which it does not check
HELD = ('fcntl', 'EACCES')  # no failure: another has the lock
LOADER = 127  # the loader's status for what it cannot do
# A sanitizer ends a program whose memory or whose own files fail it: what it never calls.
NOT_ITS_OWN = ('fcntl', 'fdatasync', 'fsync', 'ftruncate', 'getdents64', 'mkdir', 'mkdirat',
               'pread64', 'pwrite64', 'rename', 'unlink', 'unlinkat', 'writev')


def points_of(times):
    calls = [c for c in times if c not in NEVER and (c in NOT_ITS_OWN or not fault.sanitized())]
    return [(call, n, error) for call in sorted(calls)
            for n in range(1, times[call] + 1) if (call, n) not in LOADERS
            and not (call == 'fcntl' and n in times.unlocks) for error in ERRORS
            if (call, error) != HELD]


class Count:
    def __init__(self):
        self.happened = self.points = 0


def one_use(use, point, count):
    path = use.path()
    cmd, happened = fault.failed(use.command(path), *point)
    r = fault.run(cmd, use.stdin)
    count.happened += bool(happened())
    return use.wrong(r, path, (4, LOADER))


def one_store(start, point, count):
    store = start.fresh()
    cmd, happened = fault.failed(start.command(store), *point)
    r = fault.run(cmd, start.file)
    count.happened += bool(happened())
    # The database's own last syncs may fail: then its log has what they would have moved.
    if r.status == 0 and re.search(rb'sync\(.*/(readings|rejects|other)\b', happened()):
        return 'a sync that failed is not told: ' + happened().decode()
    return start.wrong(store, r, (4, LOADER))


def tools(count):
    for use in uses.all_uses():
        path = use.path()
        points = fault.sample(points_of(fault.census(use.command(path), use.stdin)), 20)
        count.points += fault.sweep(use.name + ': a system call fails', points,
                                    lambda p: one_use(use, p, count))


def stores(count):
    line = stream.Line('errors')
    for marks, crashed in ((0, False), (7, False), (7, True)):
        start = stream.Start(line, marks, crashed)
        points = fault.sample(points_of(start.calls), 100)
        count.points += fault.sweep('hi-store %s: a system call fails' % start, points,
                                    lambda p: one_store(start, p, count))


def body():
    if not fault.strace_works():
        fault.skip('system calls that fail', 'no strace, or tracing is forbidden')
        return
    counts = {}
    for what, sweeps in (('other_tools', tools), ('hi_store', stores)):
        count = Count()
        sweeps(count)
        counts['calls_of_' + what] = count.points
        # How often a call is made depends a little on what was there before.
        fault.check(what + ': they failed', '' if count.happened >= count.points * 9 // 10 else
                    'only %d of %d' % (count.happened, count.points))
    fault.tell('errors', **counts)


fault.main(body)
