"""What the fault sweeps share: scratch space, the tools, strace, points in parallel, counts.

    HI_FAULT=long   every point; else a sample, drawn with HI_FAULT_SEED, which is printed
    HI_FAULT=first  every point, in an order of HI_FAULT_SEED, to the first failure: for seeds
    WORD...         only the checks whose names hold all the words
    BUILD           the build under test, as in tests/lib.sh

A sweep is one check however many points it has; its counts are told on a line of its own.
"""
import concurrent.futures
import functools
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get('BUILD', 'build'))
BIN = os.path.join(BUILD, 'bin')
NAME = os.path.basename(sys.argv[0])
MODE = os.environ.get('HI_FAULT', '')
LONG = MODE == 'long'
FIRST = MODE == 'first'
ONLY = sys.argv[1:]
JOBS = int(os.environ.get('HI_FAULT_JOBS', os.cpu_count() or 2))
SEED = int(os.environ.get('HI_FAULT_SEED', random.SystemRandom().randrange(10**6)))
WAIT_S = 120  # what takes so long hangs
SLOW_S = 20   # what takes so long is told

ENV = {k: v for k, v in os.environ.items() if k not in ('HI_TZ', 'HI_SCAN', 'HI_FAULT')}
ENV.update(LC_ALL='C', TZ='UTC', PATH=BIN + ':' + os.environ['PATH'],
           # The leak checker cannot work below strace; 99 tells its findings from a status.
           ASAN_OPTIONS='detect_leaks=0:exitcode=99', UBSAN_OPTIONS='exitcode=99')

_passed = _failed = _skipped = 0


def _scratch():
    # On tmpfs a sync costs nothing, and what is tested here is the order of calls, not disks.
    shm = '/dev/shm'
    base = shm if os.access(shm, os.W_OK) else None
    return tempfile.mkdtemp(prefix='hi-fault.', dir=base)


T = _scratch()


@functools.cache
def sanitized():
    with open(os.path.join(BIN, 'hi-store'), 'rb') as f:
        return b'__asan_init' in f.read()


def check(name, why):
    """One check: why is empty where it passed."""
    global _passed, _failed
    if not why:
        _passed += 1
        print('ok -', name, flush=True)
        return
    _failed += 1
    print('not ok - %s: %s' % (NAME, name))
    for line in str(why).splitlines()[:40]:
        print('    ' + line[:600], flush=True)
    if FIRST:
        end()


def skip(name, why):
    """Told loudly; in CI (CI=true) a skip is a failure."""
    global _skipped
    if os.environ.get('CI') == 'true':
        check(name, 'skipped in CI: ' + why)
        return
    _skipped += 1
    print('SKIPPED - %s: %s: %s' % (NAME, name, why), file=sys.stderr)


def end():
    shutil.rmtree(T, ignore_errors=True)
    print('%s: %d passed, %d failed, %d skipped' % (NAME, _passed, _failed, _skipped), flush=True)
    # Threads of a sweep that was ended early need not be waited for.
    os._exit(1 if _failed else 0)


def main(body):
    """Runs body and ends; what it does not catch is a failure."""
    if sys.flags.optimize:
        sys.exit('asserts are needed here: no -O')
    print('%s: HI_FAULT_SEED=%d%s' % (NAME, SEED, ' HI_FAULT=' + MODE if MODE else ''), flush=True)
    try:
        body()
    except Exception:
        import traceback
        check('ended early', traceback.format_exc())
    end()


class Ran:
    """A command that ended: status (negative: by a signal), out and err in bytes."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def said(self):
        return self.err.decode('utf-8', 'replace').strip()


def run(cmd, stdin=b'', env=None, **more):
    """stdin: bytes, or the path of a file, which unlike a pipe is read at any speed alike."""
    given = open(stdin, 'rb') if isinstance(stdin, str) else None
    try:
        p = subprocess.run(cmd, stdin=given, input=None if given else stdin,
                           stdout=more.pop('stdout', subprocess.PIPE), stderr=subprocess.PIPE,
                           env=dict(ENV, **env) if env else ENV, timeout=WAIT_S, **more)
    except subprocess.TimeoutExpired:
        return Ran('hangs', b'', b'')
    finally:
        if given:
            given.close()
    return Ran(p.returncode, p.stdout or b'', p.stderr)


_place = threading.local()
_places = iter(range(10**9))


def place(name='store'):
    """A path of this thread where nothing is."""
    if not hasattr(_place, 'path'):
        _place.path = os.path.join(T, 'w%d' % next(_places))
        os.mkdir(_place.path)
    path = os.path.join(_place.path, name)
    clear(path)
    return path


def clear(path):
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def wanted(name):
    return all(word in name for word in ONLY)


def sample(points, n):
    """n of the points, all of them in the long run; fewer of a sanitizer's slow tools."""
    points = list(points)
    n = len(points) if FIRST else n
    n = n if not sanitized() else max(1, n // 3)
    if LONG or len(points) <= n and not FIRST:
        return points
    return random.Random(SEED).sample(points, n)


def sweep(name, points, one):
    """one(point) gives what is wrong, or None. One check; returns how many points there were."""
    points = list(points)
    bad, slow = [], []
    if not wanted(name):
        return 0

    def timed(p):
        begun = time.monotonic()
        why = one(p)
        slow.append((time.monotonic() - begun, str(p)))
        return why
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        jobs = {pool.submit(timed, p): p for p in points}
        for job in concurrent.futures.as_completed(jobs):
            why = job.exception() or job.result()
            if why:
                bad.append((str(why), jobs[job]))
                if FIRST:
                    break
        if FIRST and bad:
            pool.shutdown(wait=False, cancel_futures=True)
    why = ''
    if not points:
        why = 'no points: nothing was tested'
    elif bad:
        why = '%d of %d points failed\n%s' % (len(bad), len(points), _grouped(bad))
    check('%s (%d points)' % (name, len(points)), why)
    if slow and max(slow)[0] > SLOW_S:
        print('slow: %.0f s at %s' % max(slow))
    return len(points)


def _grouped(bad):
    """Each kind of failure once, with how often and the first points of it."""
    kinds = {}
    for why, point in bad:
        kinds.setdefault(re.sub(r'[0-9]+', '#', why), []).append((why, point))
    return '\n'.join('%d x %s\n  at %s' % (len(of), of[0][0], ', '.join(
        str(point) for _, point in sorted(of, key=str)[:4])) for of in kinds.values())


def tell(what, **counts):
    """A line of counts, for README."""
    print('counted: %s: %s' % (what, ', '.join('%d %s' % (n, k.replace('_', ' '))
                                               for k, n in counts.items())), flush=True)


# --- strace

_plain = ['strace', '-qq', '-o']
_fast = []  # the same at a fifth of the cost, where it works: only the call in question stops


def strace_works():
    """False where there is none, or where tracing is forbidden; then all is skipped."""
    if not shutil.which('strace') or run(_plain + ['/dev/null', 'true']).status != 0:
        return False
    fast = ['strace', '-qq', '--seccomp-bpf', '-f', '-o']
    r = run(fast + ['/dev/null', '-e', 'trace=read', 'true'])
    _fast[:] = fast if r.status == 0 and not r.err else _plain
    return True


class Census(dict):
    """How often a command makes each system call; unlocks: which of its fcntl give a lock back."""

    def __init__(self):
        super().__init__()
        self.unlocks = set()


def census(cmd, stdin=b'', **more):
    log = place('census')
    r = run(_plain + [log] + cmd, stdin, **more)
    assert r.status == 0, r.said()
    times = Census()
    with open(log, 'rb') as f:
        for line in f:
            name = line.split(b'(', 1)[0].decode()
            if name.isidentifier():
                times[name] = times.get(name, 0) + 1
            if name == 'fcntl' and b'F_UNLCK' in line:
                times.unlocks.add(times[name])
    times.pop('execve', None)  # strace's own way into the tool
    return times


def _injected(strace, log, cmd, call, nth, what):
    return strace + [log, '-e', 'trace=' + call,
                     '-e', 'inject=%s:%s:when=%d' % (call, what, nth)] + cmd


def killed(cmd, call, nth):
    """cmd, killed before its nth system call of that name. Not the fast way: it loses signals."""
    return _injected(_plain, '/dev/null', cmd, call, nth, 'signal=KILL')


def failed(cmd, call, nth, error):
    """cmd, whose nth system call of that name fails; and how to ask afterwards for the call as it
    was traced, with the paths of its descriptors; b'': it was not made so often."""
    log = place('trace')

    def happened():
        with open(log, 'rb') as f:
            return b''.join(line for line in f if b'(INJECTED)' in line)
    return _injected(_fast[:1] + ['-y'] + _fast[1:], log, cmd, call, nth, 'error=' + error), happened


def crashed(r):
    """What is wrong with how a command ended, whatever it was given."""
    if not isinstance(r.status, int):
        return r.status
    if r.status < 0 or r.status >= 99 and r.status != 127:
        return 'crashed: status %d: %s' % (r.status, r.said()[-500:])
    if r.status and not r.err.strip():
        return 'status %d without a word' % r.status
    return None
