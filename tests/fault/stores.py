"""Sources of records for the power tests, and what a reader says of a store."""
import json
import os
import random
import sqlite3
import subprocess

from fault import ENV, WAIT_S, place, run


def cat(store, *options):
    return run(['hi-cat', '-q', '--raw', '--type', 'all', *options, store])


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
    options = ()

    def __init__(self, written):
        self.written = written

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

    def chunks(self, position):
        """(chunk, position behind it): the stream from a position on, each ended by a mark."""

        def mark(seq, n, at):
            return (json.dumps({'type': 'mark', 'run': f'run{position}', 'seq': seq, 'n': n,
                                'positions': {self.KEY: at}}) + '\n').encode()

        yield mark(0, 0, position), position
        for seq, piece in enumerate(self.written[position:], 1):
            yield piece + mark(seq, piece.count(b'\n'), position + seq), position + seq

    def resume(self, store, position):
        """The same line again, to the end. What ran."""
        stream = b''.join(chunk for chunk, _ in self.chunks(position))
        return run(['hi-store', '-q', *self.options, store], stream)


class Unmarked(Hand):
    """The same without marks: commits when the input pauses. Who sends again knows
    what is there."""

    marked = False
    options = ('--commit', '10ms')

    def chunks(self, position):
        for i in range(position, len(self.written)):
            yield self.written[i], i + 1


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
