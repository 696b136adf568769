"""The pipeline under test, and what a store may hold while it is made and when it is whole.

    hi-gen --mark N --resume S | hi-detect | hi-store S

A Line is such a pipeline; started again, it is the same line. Once it has run undisturbed
the Line knows the truth: every row, which of them each mark stands behind, and what a
reader is given in the end.
"""
import json
import os
import shutil
import sqlite3
import subprocess

import fault

# Three patients over midnight, six hours, late and doubled readings; rules that often say
# something, one of them only after a delay, so that alarms are pending at most marks.
GEN = ['hi-gen', '-p', '3', '-i', '10m', '--start', '2025-12-28T21:30:00Z', '-d', '4h', '--plain',
       '--fault', 'late=0.05,duplicate=0.02']
RULES = '''FAST high heart_rate > 85
LOW medium spo2 < 97 for 15m
COOL low temperature < 36.8 clear >= 37
'''
MARK = 25

is_mark = lambda line: line.startswith(b'{"type":"mark"')


def pipeline(commands, wrap=None, out=subprocess.PIPE):
    """Runs the commands as a shell pipe does; wrap: {number of a command: what makes it
    another}. Gives a Ran each, and the output of the last one in the last."""
    running, before = [], subprocess.DEVNULL
    for i, cmd in enumerate(commands):
        cmd = wrap[i](cmd) if wrap and i in wrap else cmd
        err = open(fault.place('err%d' % i), 'w+b')
        last = i + 1 == len(commands)
        p = subprocess.Popen(cmd, stdin=before, stdout=out if last else subprocess.PIPE,
                             stderr=err, env=fault.ENV)
        if before != subprocess.DEVNULL:
            before.close()
        before = p.stdout
        running.append((p, err))
    text = running[-1][0].stdout.read() if out == subprocess.PIPE else b''
    ran = []
    for p, err in running:
        try:
            p.wait(fault.WAIT_S)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
            p.returncode = 'hangs'
        err.seek(0)
        ran.append(fault.Ran(p.returncode, b'', err.read()))
        err.close()
    ran[-1].out = text
    return ran


def statuses(ran):
    return '+'.join(str(r.status) for r in ran)


def said(ran):
    return '; '.join(r.said() for r in ran if r.err)


def copied(store):
    """A copy to look at: a reader, too, changes what a crash has left, by SQLite's recovery."""
    to = fault.place('copy')
    if os.path.isdir(store):
        shutil.copytree(store, to)
    return to


class Line:
    def __init__(self, name, gen=GEN, rules=RULES, mark=MARK):
        self.folder = os.path.join(fault.T, name)
        os.mkdir(self.folder)
        self.rules = os.path.join(self.folder, 'rules')
        with open(self.rules, 'w') as f:
            f.write(rules)
        self.gen = gen + ['--mark', str(mark)]
        store = os.path.join(self.folder, 'truth')
        self.saved = self.stream(store)
        ran = self.run(store)
        assert statuses(ran) == '0+0+0', said(ran)
        self.raw = cat(store, '--raw')
        self.whole = {what: cat(store, *what) for what in LOOKS}
        # (rows before it, its positions) of each mark that commits
        self.marks = marks_of(self.saved)
        assert self.marks[-1][0] == len(self.raw), 'marks and rows do not agree'
        assert any(b'"CLEARED"' in line for line in self.raw)

    def commands(self, store, *more_gen):
        return [self.gen + list(more_gen) + ['-q', '--resume', store],
                ['hi-detect', '-q', '--rules', self.rules], ['hi-store', '-q', store]]

    def run(self, store, wrap=None, more_gen=()):
        return pipeline(self.commands(store, *more_gen), wrap)

    def stream(self, store, *more_gen):
        """What hi-store would be given at the start of the line."""
        ran = pipeline(self.commands(store, *more_gen)[:2])
        assert statuses(ran) == '0+0', said(ran)
        return ran[-1].out

    def census(self, which, store):
        """The system calls of one command of the line (0: hi-gen), as at a start with that store."""
        commands = self.commands(store)
        before = pipeline(commands[:which])[-1].out if which else b''
        return fault.census(commands[which], before)

    def part(self, marks):
        """A store that stands at that mark, and the stream that it is to be given next; with 0
        marks no store yet."""
        if not marks:
            return None, self.saved
        store = os.path.join(self.folder, 'part%d' % marks)
        if not os.path.isdir(store):
            r = fault.run(['hi-store', '-q', store], behind_mark(self.saved, marks))
            assert r.status == 0, r.said()
        return store, self.stream(store)

    def wrong(self, store, least=0):
        """What is wrong with what a crash has left: no whole commits, or fewer rows than least."""
        store = copied(store)
        r = fault.run(['hi-cat', '-q', '--raw', '--type', 'all', store])
        if r.status and least == 0 and ('not a store' in r.said() or not os.path.isdir(store)):
            return None
        if r.status:
            return 'hi-cat: status %s: %s' % (r.status, r.said())
        rows = r.out.splitlines(True)
        if rows != self.raw[:len(rows)]:
            return 'rows are not those of the line (%d)' % len(rows)
        if len(rows) < least:
            return 'LOST: %d rows, and a mark behind %d has come out' % (len(rows), least)
        at = positions(store)
        if not any(n == len(rows) and p == at for n, p in self.marks) and (rows or at):
            return 'no commit of the line: %d rows, positions %s' % (len(rows), at)
        return None

    def unfinished(self, store):
        """What is wrong with a store in which the line has come to its end."""
        for what in LOOKS:
            if cat(store, *what) != self.whole[what]:
                return 'hi-cat %s gives another thing' % ' '.join(what)
        if positions(store) != self.marks[-1][1]:
            return 'positions %s' % positions(store)
        return files_wrong(store)

    def heal(self, store):
        """Starts the line again and looks at what has become of it."""
        ran = self.run(store)
        if statuses(ran) != '0+0+0':
            return 'started again: %s: %s' % (statuses(ran), said(ran))
        why = self.unfinished(store)
        return why and 'started again: ' + why


# What a store is compared by.
LOOKS = (('--raw', '--type', 'all'), ('--type', 'all', '--derived'), (), ('--type', 'alert'))


def cat(store, *what):
    r = fault.run(['hi-cat', '-q', *what, store] if what != ('--raw',) else
                  ['hi-cat', '-q', '--raw', '--type', 'all', store])
    if r.status:
        return 'status %s: %s' % (r.status, r.said())
    return r.out.splitlines(True)


def marks_of(stream, before=0):
    """[(rows before the mark, its positions)], of a stream as it goes into hi-store; before: rows
    that its store has already."""
    rows, inside, marks = before, False, []
    for line in stream.splitlines(True):
        if not is_mark(line):
            rows += not inside
            continue
        m = json.loads(line)
        inside = m.get('resume', '') == 'begin'
        if 'resume' not in m:
            marks.append((rows, m['positions']))
    return marks


def behind_mark(stream, n):
    """The stream up to its n-th mark after the opening one."""
    at = 0
    for line in stream.splitlines(True):
        at += len(line)
        if is_mark(line) and json.loads(line).get('seq') == n:
            return stream[:at]
    raise ValueError('no mark %d' % n)


def acknowledged(stream, out, before=0):
    """Rows that the marks in out promise, which hi-store wrote while it was given stream."""
    promised = marks_of(out)
    return marks_of(stream, before)[len(promised) - 1][0] if promised else before


def positions(store):
    db = sqlite3.connect('file:%s?mode=rw' % os.path.join(store, 'store.db'), uri=True)
    try:
        return {k: json.loads(v) for k, v in db.execute('SELECT key, value FROM positions')}
    finally:
        db.close()


def leftovers(store):
    """Files that are not as the catalogue has them: longer than their commit, or unknown to it."""
    db = sqlite3.connect('file:%s?mode=rw' % os.path.join(store, 'store.db'), uri=True)
    known = dict(db.execute("SELECT path, length FROM segments WHERE state<>'dead'"))
    db.close()
    found = {}
    for folder in ('readings', 'rejects', 'other'):
        for path, _, files in os.walk(os.path.join(store, folder)):
            for f in files:
                full = os.path.join(path, f)
                found[os.path.relpath(full, store)] = os.stat(full).st_size
    return {path for path, _ in set(known.items()) ^ set(found.items())}


def files_wrong(store):
    """After a whole run there are none."""
    left = sorted(leftovers(store))
    return 'files: %s' % left[:4] if left else None


class Start:
    """A store as it is before something happens to hi-store, and what hi-store is then given;
    crashed: a store that a killed hi-store has left much in."""

    def __init__(self, line, marks, crashed=False):
        self.line, self.crashed = line, crashed
        self.base, self.given = line.part(marks)
        self.file = os.path.join(line.folder, 'given%d%s' % (marks, 'c' if crashed else ''))
        self._write()
        if crashed:
            self.base = self._crash(os.path.join(line.folder, 'crashed'))
            self.given = line.stream(copied(self.base))
            self._write()
        self.before = len(cat(copied(self.base), '--raw')) if self.base else 0
        self.calls = fault.census(self.command(self.fresh()), self.file)

    def _write(self):
        with open(self.file, 'wb') as f:
            f.write(self.given)

    def _crash(self, to):
        """Of the stores that a kill before a sync leaves, the one with most to clear away."""
        most, n = 0, 0
        while True:
            n += 1
            store = self.fresh()
            if fault.run(fault.killed(self.command(store), 'fdatasync', n), self.file).status == 0:
                break
            left = len(leftovers(copied(store)))
            if left > most:
                most = left
                fault.clear(to)
                shutil.copytree(store, to)
        assert most > 1, 'nothing to clear away'
        return to

    def fresh(self):
        store = fault.place()
        if self.base:
            shutil.copytree(self.base, store)
        return store

    def command(self, store):
        return ['hi-store', '-q', store]

    def points(self):
        return [(self, call, n) for call, most in sorted(self.calls.items())
                for n in range(1, most + 1)]

    def promised(self, r):
        """Rows that the marks which came out promise."""
        return acknowledged(self.given, r.out, self.before)

    def wrong(self, store, r, allowed=(4,)):
        """What is wrong with how hi-store ended under faults, and with what the next start of the
        line makes of the store."""
        why = fault.crashed(r)
        if why:
            return why
        if r.status == 0:
            why = self.line.unfinished(store)
            return why and 'status 0, and ' + why
        if r.status not in allowed:
            return 'status %d: %s' % (r.status, r.said())
        return self.line.wrong(store, self.promised(r)) or self.line.heal(store)

    def __repr__(self):
        return 'with %d rows%s' % (self.before, ' and what a crash has left' if self.crashed else '')
