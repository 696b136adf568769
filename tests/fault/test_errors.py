"""Every system call fails once, with each error that a system may give.

Status 0 only where the output is whole, else a status and a message; no crash; and hi-store
goes on with the same line afterwards. strace does it, so the calls of SQLite, libc and the
loader fail, too.
"""
import fault
import uses

ERRORS = ('EIO', 'ENOSPC', 'EDQUOT', 'EINTR', 'EMFILE', 'EACCES')
# Those that have no way to fail: brk gives back the old break, not an error (test_memory.py is
# about memory); libc has no answer to the other two.
NEVER = ('exit_group', 'arch_prctl', 'brk')
LOADERS = [('mmap', 1)]  # the loader's first memory, which it does not check
LOADER = 127  # the loader's status for what it cannot do


def points_of(times):
    return [(call, n, error) for call, most in sorted(times.items()) if call not in NEVER
            for n in range(1, most + 1) if (call, n) not in LOADERS for error in ERRORS]


def one(use, call, n, error):
    path = use.path()
    r = fault.run(fault.traced(use.command(path), call, n, 'error=' + error), use.stdin)
    return use.wrong(r, path, (4, LOADER))


def tools():
    done = 0
    for use in uses.all_uses():
        path = use.path()
        points = fault.sample(points_of(fault.census(use.command(path), use.stdin)), 20)
        done += fault.sweep(use.name + ': a system call fails', points,
                            lambda p: one(use, *p))
    return done


def body():
    if not fault.strace_works():
        fault.skip('system calls that fail', 'no strace, or tracing is forbidden')
        return
    fault.tell('errors', calls_of_other_tools_that_failed=tools())


fault.main(body)
