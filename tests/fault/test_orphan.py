"""A commit that only the database's log has, because its writer was killed in it.

While another program has the database open, the log's index stays as it was, and nobody
sees that commit. Once the last one is killed, too, SQLite reads the log anew and finds it.
What the next hi-store, killed as well, has cut off in between must not be of that commit.
"""
import subprocess
import sys

import fault

MARK = 100
STREAM = ['hi-gen', '-n', '800', '--mark', str(MARK)]
READER = '''import sqlite3, sys
db = sqlite3.connect(sys.argv[1] + '/store.db')
db.execute('SELECT count(*) FROM segments').fetchall()
print('reads', flush=True)
sys.stdin.read()
'''


def killed(cmd, call, nth):
    """cmd, killed before its nth system call of that name; the fast way loses signals."""
    return ['strace', '-qq', '-o', '/dev/null', '-e', 'trace=' + call,
            '-e', 'inject=%s:signal=KILL:when=%d' % (call, nth)] + cmd


class Reader:
    """Has the database open, as hi-cat --follow and a source with --resume have."""

    def __init__(self, store):
        self.process = subprocess.Popen([sys.executable, '-c', READER, store],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b'reads\n'

    def kill(self):
        self.process.kill()
        self.process.communicate()


def one(point, stream, seen):
    nth, call, second = point
    store = fault.place()
    hi_store = ['hi-store', '-q', store]
    assert fault.run(hi_store).status == 0
    reader = Reader(store)
    # The log is synced as the last step of a commit before its index is set.
    first = fault.run(killed(hi_store, 'fdatasync', nth), stream)
    seen['first'] += first.status == -9
    seen['second'] += fault.run(killed(hi_store, call, second)).status == -9
    reader.kill()
    r = fault.run(['hi-cat', '--raw', store])
    if r.status:
        return 'hi-cat: status %s: %s' % (r.status, r.said())
    rows = r.out.count(b'\n')
    if rows % MARK or rows < MARK * first.out.count(b'"n":%d,' % MARK):
        return '%d rows' % rows
    r = fault.run(hi_store)
    return r.said() if r.status else None


def body():
    if not fault.strace_works():
        fault.skip('a commit that only the log has', 'no strace, or tracing is forbidden')
        return
    stream = fault.run(STREAM).out
    seen = {'first': 0, 'second': 0}
    points = [(nth, call, second) for nth in range(6, 12)
              for call, seconds in (('ftruncate', (1,)), ('fsync', (3,)), ('unlinkat', (1,)),
                                    ('pwrite64', (1, 2, 8)), ('fdatasync', (1, 2)))
              for second in seconds]
    n = fault.sweep('a commit that only the log has', points, lambda p: one(p, stream, seen))
    fault.check('they were killed', '' if min(seen.values()) > n // 2 else seen)


fault.main(body)
