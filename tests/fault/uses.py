"""The tools that write no store, each as it is used: what the sweeps of failures run."""
import gzip
import os
import re

import fault

RULES = '''TACHYCARDIA high heart_rate > 90 for 1m clear <= 85
HYPOXIA high spo2 < 97
'''
READINGS = ['hi-gen', '-p', '2', '-i', '30s', '-d', '10m', '--plain']


def write(path, data):
    with open(path, 'wb') as f:
        f.write(data)
    return path


def same_run(text):
    """Marks as if one run had written them: it has another name each time."""
    return re.sub(rb'"(run|crc32c)":"[0-9a-f]+"', rb'"\1":""', text)


class Use:
    """A command, its input, and what it says undisturbed; file: what it writes with -o."""

    def __init__(self, name, cmd, stdin=b'', file=None):
        self.name, self.cmd, self.stdin, self.file = name, cmd, stdin, file
        path = self.path()
        r = fault.run(self.command(path), stdin)
        assert r.status == 0, (name, r.status, r.said())
        self.want = self.gave(r, path)
        assert self.want, name
        r = fault.run(self.command(path), stdin)
        assert self.gave(r, path) == self.want, name + ' says another thing the second time'

    def path(self):
        return fault.place('out') if self.file else None

    def command(self, path):
        return self.cmd + (['-o', path] if path else [])

    def gave(self, r, path):
        if not path:
            return same_run(r.out)
        if not os.path.exists(path):
            return None
        with open(path, 'rb') as f:
            return f.read()

    def wrong(self, r, path, allowed=(4,)):
        """What is wrong with how a run under faults ended."""
        why = fault.crashed(r)
        if why:
            return why
        gave = self.gave(r, path)
        if r.status == 0:
            return None if gave == self.want else 'status 0, and the output is not whole'
        if r.status not in allowed:
            return 'status %d: %s' % (r.status, r.said())
        if path and gave not in (None, self.want):
            return 'status %d, and the file of -o is there in part' % r.status
        return None


def all_uses():
    data = os.path.join(fault.T, 'data')
    os.mkdir(data)
    at = lambda name: os.path.join(data, name)
    readings = write(at('in.ndjson'), fault.run(READINGS).out)
    rules = write(at('rules'), RULES.encode())
    alerts = fault.run(['hi-detect', '--rules', rules], readings).out
    assert b'"CLEARED"' in alerts
    write(at('in.ndjson.gz'), gzip.compress(alerts))
    write(at('in.ndjson.zst'), fault.run(['zstd', '-q', '-c'], alerts).out)
    csv = write(at('in.csv'), fault.run(['hi-csv', '--to', 'narrow'], readings).out)
    store = at('store')
    r = fault.run(['hi-store', '-q', store], alerts)
    assert r.status == 0, r.said()
    marked = at('marked')
    r = fault.run(['hi-store', '-q', marked], fault.run(READINGS + ['-n', '70', '--mark', '50']).out)
    assert r.status == 0, r.said()
    # Half of the table, up to a mark: it grows afterwards.
    with open(csv, 'rb') as f:
        table = f.read().splitlines(keepends=True)
    write(csv, b''.join(table[:90]))
    r = fault.run(['hi-store', '-q', marked], fault.run(['hi-csv', '-q', '--mark', '50', csv]).out)
    assert r.status == 0, r.said()
    write(csv, b''.join(table))
    return [
        Use('hi-gen', READINGS),
        Use('hi-gen --fault', READINGS + ['--fault', 'garbage=0.1,late=0.1']),
        Use('hi-gen --mark', READINGS + ['--mark', '50', '--tick']),
        Use('hi-gen --resume', READINGS + ['--mark', '50', '--resume', marked]),
        Use('hi-detect', ['hi-detect'], readings),
        Use('hi-detect --rules', ['hi-detect', '--rules', rules], readings),
        Use('hi-detect --each', ['hi-detect', '--each', '--only-new', readings]),
        Use('hi-detect STORE', ['hi-detect', '--rules', rules, store]),
        Use('hi-detect -o', ['hi-detect', '--rules', rules, store], file=True),
        Use('hi-cat', ['hi-cat'], readings),
        Use('hi-cat .gz', ['hi-cat', at('in.ndjson.gz')]),
        Use('hi-cat .zst', ['hi-cat', at('in.ndjson.zst')]),
        Use('hi-cat STORE', ['hi-cat', '--type', 'all', store]),
        Use('hi-cat --raw', ['hi-cat', '--type', 'all', '--raw', store]),
        Use('hi-cat --last', ['hi-cat', '--last', '3', readings]),
        Use('hi-cat table', ['hi-cat', '--format', 'table', store]),
        Use('hi-cat -o', ['hi-cat', store], file=True),
        Use('hi-cat --mark', ['hi-cat', '--mark', '50', at('in.ndjson'), at('in.ndjson.gz')]),
        Use('hi-cat --mark STORE', ['hi-cat', '--mark', '50', '--type', 'reading,alert', store]),
        Use('hi-cat --resume', ['hi-cat', '-q', '--mark', '50', '--resume', marked, store]),
        Use('hi-cat --hours', ['hi-cat', '--hours', store]),
        Use('hi-agg', ['hi-agg', '--every', '5m', '--by', 'patient'], readings),
        Use('hi-agg STORE', ['hi-agg', '--day', '2025-12-28', store]),
        Use('hi-agg -o', ['hi-agg', store], file=True),
        Use('hi-csv', ['hi-csv', csv]),
        Use('hi-csv --guess', ['hi-csv', '-q', '--guess', csv]),
        Use('hi-csv --to', ['hi-csv', '--to', 'wide', store]),
        Use('hi-csv -o', ['hi-csv', csv], file=True),
        Use('hi-csv --mark', ['hi-csv', '-q', '--mark', '50', csv]),
        Use('hi-csv --resume', ['hi-csv', '-q', '--mark', '50', '--resume', marked, csv]),
        Use('hi-report', ['hi-report', '-q', store]),
        Use('hi-report --text', ['hi-report', '--text', store]),
    ]
