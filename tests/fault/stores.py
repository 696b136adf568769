"""Sources of records for the power tests, and what a reader says of a store."""
import json
import os
import random
import sqlite3
import subprocess

from fault import ENV, T, WAIT_S, place, run


CAT = ['hi-cat', '-q', '--raw', '--type', 'all']


def cat(store):
    return run([*CAT, store])


# --- what is put into a store: pieces, each ended by a mark (or a commit)


def reading(patient, metric, value, time, **more):
    unit = {'heart_rate': 'bpm', 'spo2': '%'}[metric]
    return {'patient_id': patient, 'metric_name': metric, 'value': value, 'unit': unit,
            'timestamp': time, **more}


def alert(n, status, time):
    return {'type': 'alert', 'alert_id': f'a{n}', 'patient_id': 'P-001', 'metric_name': 'spo2',
            'alert_type': 'HYPOXIA', 'priority': 'high', 'status': status,
            'observed_value': 88, 'timestamp': time}


def mixed(n):
    """Records of every kind; two pieces an hour, so that hours and the day change."""
    minutes = 22 * 60 + 30 * n
    day, clock = 28 + minutes // 1440, f'{minutes // 60 % 24:02}:{minutes % 60:02}'
    time = f'2025-12-{day}T{clock}:00Z'
    late = '2025-12-28T21:15:00Z'
    rows = [reading(f'P-{i:03}', 'heart_rate', 60 + n + i, time, device_id='gw,3')
            for i in range(1, 5)]
    rows.append(reading('P-001', 'spo2', 88 + n % 9, late if n % 3 == 2 else time))
    rows.append(alert(n // 2, 'CLEARED' if n % 2 else 'ACTIVE', time))
    if n % 3 == 0:
        rows.append({'type': 'patient', 'patient_id': 'P-001', 'version': 1 + n // 6,
                     'ward': f'W{n}', 'at': time})
    if n % 3 == 1:
        rows.append({'type': 'picture', 'of': 'the sea', 'n': n})
    if n % 4 == 1:
        rows.append({'type': 'reject', 'tool': 'hi-csv', 'source': 'a.csv', 'line': n,
                     'column': 1, 'reason': 'value: not a number', 'text': 'x'})
    if n % 4 == 2:
        rows.append({'type': 'act', 'act_id': f't{n}', 'alert_id': f'a{n // 2}',
                     'act': 'acknowledged', 'by': 'nurse7', 'at': time})
    return rows


def large(n):
    """Notes so long that SQLite empties its log now and then."""
    return mixed(n) + [{'type': 'patient', 'patient_id': f'P-{n}', 'version': 1,
                        'at': '2025-12-28T22:00:00Z',
                        'medical_notes': random.Random(n).randbytes(330000).hex()}]


def wide(n):
    """More hours than are synced one by one."""
    return [reading('P-001', 'heart_rate', 60 + n, f'2025-{m:02}-{d:02}T{h:02}:00:00Z')
            for m in range(1, 3) for d in range(1, 8) for h in range(5 + n)]


def pieces(make, n):
    return [''.join(json.dumps(r) + '\n' for r in make(i)).encode() for i in range(n)]


class Hand:
    """A resumable source of pieces that were written beforehand."""

    KEY = 'hand:1'
    marked = True

    def __init__(self, written):
        self.written = written

    def sink(self, store):
        """The command that stores the stream."""
        return ['hi-store', '-q', store]

    def position(self, store):
        """What the store says; 0: nothing yet."""
        path = os.path.join(store, 'store.db')
        if not os.path.exists(path) or os.path.getsize(path) == 0:
            return 0
        db = sqlite3.connect(path)
        try:
            found = dict(db.execute('SELECT key, value FROM positions'))
        finally:
            db.close()
        return int(found.get(self.KEY, 0))

    def chunks(self, position, store=None):
        """(chunk, position behind it): the stream from a position on, each ended by a mark.
        store: as it is, for sources that read more of it."""

        def mark(seq, n, at):
            return (json.dumps({'type': 'mark', 'run': f'run{position}', 'seq': seq, 'n': n,
                                'positions': {self.KEY: at}}) + '\n').encode()

        yield mark(0, 0, position), position
        for seq, piece in enumerate(self.written[position:], 1):
            yield piece + mark(seq, piece.count(b'\n'), position + seq), position + seq

    def resume(self, store, position):
        """The same line again, to the end. What ran."""
        return run(self.sink(store), b''.join(chunk for chunk, _ in self.chunks(position)))

    def differs(self, store, places):
        """What is wrong beside the store, or None. places: positions that would be right."""


class Unmarked(Hand):
    """The same without marks: commits when the input pauses. Who sends again knows
    what is there."""

    marked = False

    def sink(self, store):
        return ['hi-store', '-q', '--commit', '10ms', store]

    def chunks(self, position, store=None):
        for i in range(position, len(self.written)):
            yield self.written[i], i + 1


class Forwarded(Hand):
    """A source that keeps its position in a file, which hi-store replaces (--cursor)."""

    def _file(self, store):
        return os.path.join(os.path.dirname(store), 'cursor')

    def _noted(self, store):
        try:
            with open(self._file(store), 'rb') as f:
                return json.loads(f.read())[self.KEY]
        except FileNotFoundError:
            return 0

    def sink(self, store):
        return ['hi-store', '-q', '--cursor', self._file(store), store]

    def resume(self, store, position):
        """A file behind its store is put right by hi-store, which then asks for another start."""
        noted = self._noted(store)
        r = super().resume(store, noted)
        if noted != position and r.status == 6 and b'start the line again' in r.err:
            r = super().resume(store, self._noted(store))
        return r

    def differs(self, store, places):
        noted = self._noted(store)
        return None if noted in places else f'the file says {noted}, not one of {places}'


class Pipeline(Hand):
    """hi-gen and hi-detect, as they are started in a shell: over midnight, alarms with them."""

    KEY = 'gen:7'
    SOURCE = ('hi-gen -q --patients 2 --interval 10m --start 2025-12-28T22:50:00Z --duration 2h30m'
              ' --mark 20 --resume "$1" | hi-detect --rules "$2"')
    RULES = ('FAST high heart_rate > 78 clear < 76\n'
             'LOW medium spo2 < 97 for 10m\n'
             'COLD low temperature < 36.8 for 20m\n')

    def __init__(self):
        self.rules = os.path.join(T, 'rules')
        with open(self.rules, 'w', encoding='ascii') as f:
            f.write(self.RULES)

    def _run(self, line, store):
        return run(['bash', '-o', 'pipefail', '-c', line, 'sh', store, self.rules])

    def chunks(self, position, store=None):
        r = self._run(self.SOURCE, store)
        assert r.status == 0, r.said()
        assert position or r.out.count(b'"type":"alert"') > 5, 'too few alarms to test them'
        chunk = b''
        for line in r.out.splitlines(keepends=True):
            chunk += line
            if is_plain_mark(line):
                yield chunk, json.loads(line)['positions'][self.KEY]
                chunk = b''

    def resume(self, store, position):
        return self._run(self.SOURCE + ' | hi-store -q "$1"', store)


# --- what a store holds


def undisturbed(source):
    """What hi-cat gives after each piece: wanted[i] after i pieces."""
    store = place('undisturbed')
    p = subprocess.Popen(['hi-store', '-q', store], env=ENV, stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE)
    wanted = []
    for chunk, _ in source.chunks(0):
        p.stdin.write(chunk)
        p.stdin.flush()
        assert p.stdout.readline(), 'hi-store ended early'
        wanted.append(cat(store).out)
    p.communicate(timeout=WAIT_S)
    assert p.returncode == 0
    return wanted


def misfiled(store):
    """What is wrong with the files of a store at rest, or None: each is known to the
    catalogue and has the committed length, and there are no others."""
    db = sqlite3.connect(os.path.join(store, 'store.db'))
    try:
        known = dict(db.execute("SELECT path, length FROM segments WHERE state <> 'dead'"))
        left_open = db.execute("SELECT count(*) FROM segments WHERE state = 'open'").fetchone()[0]
    finally:
        db.close()
    there = {}
    for folder in ('readings', 'rejects', 'other'):
        for path, content in load(os.path.join(store, folder)).items():
            if content is not None:
                there[os.path.join(folder, path)] = len(content)
    if there != known:
        return f'files {sorted(there.items() - known.items())}, ' \
               f'catalogue {sorted(known.items() - there.items())}'
    return f'{left_open} segments are open' if left_open else None


def is_unmade(got):
    """True where hi-cat met no store, or one whose making was cut short."""
    return got.status != 0 and (b'--raw is for stores' in got.err or b'not a store' in got.err)


def is_plain_mark(line):
    return line.startswith((b'{"type":"mark"', b'{"type": "mark"')) and b'"resume"' not in line


def load(folder):
    """{path: bytes, or None for a folder} of all that is below folder."""
    found = {}
    for base, folders, files in os.walk(folder):
        below = os.path.relpath(base, folder)
        found.update((os.path.normpath(os.path.join(below, f)), None) for f in folders)
        for name in files:
            with open(os.path.join(base, name), 'rb') as f:
                found[os.path.normpath(os.path.join(below, name))] = f.read()
    return dict(sorted(found.items()))
