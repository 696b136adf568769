"""Several writers of one store at a time, and readers beside them.

Four writers side by side: the live pipe and an import, both marked, an import without marks,
and the statistics of the day before, again and again. A reader gets whole commits of each,
in order, and never less than it was given before; in the end every row is there once.

And the same pipeline started four times at once: one goes on, three are refused, status 6.
"""
import concurrent.futures
import os
import shutil
import subprocess

import fault
import stream

READS = 1000 if fault.LONG else 40
ROUNDS = 100 if fault.LONG else 15
TIMES = 4


class Writer:
    """A pipeline into a store, and its rows, which mine() tells from those of others."""

    def __init__(self, name, stages, mine, base, times=1):
        self.name, self.stages, self.mine, self.times = name, stages, mine, times
        store = fault.place('alone')
        shutil.copytree(base, store)
        ran = self.run(store)
        assert not stream.statuses(ran).strip('0+'), stream.said(ran)
        self.rows = self.of(stream.cat(store, '--raw'))
        assert self.rows, name
        self.ends = None

    def run(self, store):
        ran = []
        for _ in range(self.times):
            ran += stream.pipeline(self.stages(store))
        return ran

    def of(self, rows):
        return [row for row in rows if self.mine(row)]

    def marked(self):
        """Its commits end where its marks stand, which hi-store is the last to see."""
        store = fault.place('marks')
        given = stream.pipeline(self.stages(store)[:-1])[-1].out
        self.ends = {n for n, _ in stream.marks_of(given)}
        assert max(self.ends) == len(self.rows)
        return self

    def wrong(self, rows, seen):
        """What is wrong with what a reader was given of this writer; seen: what it had before."""
        if rows != self.rows[:len(rows)]:
            return self.name + ': not the rows of the writer, in order'
        if self.ends and len(rows) not in self.ends:
            return '%s: TORN: %d rows are no whole commits' % (self.name, len(rows))
        if len(rows) < seen:
            return '%s: %d rows, and there were %d' % (self.name, len(rows), seen)
        return None


def generated(seed, *more):
    """Readings of one second of writing; each writer's patients have a name of their own."""
    return [['hi-gen', '-q', '-p', '4', '-s', str(seed), '-i', '10s', '-d', '1h', '--plain',
             '--start', '2026-01-05T06:30:00Z', '--pace', '3600x', *more],
            ['sed', 's/"P-/"W%d-/' % seed]]


def mine(seed):
    return lambda row: b'"W%d-' % seed in row


def all_writers(line, base):
    def store_of(store):
        return ['hi-store', '-q', store]

    def live(store):
        gen, named = generated(11, '--mark', '40', '--resume', store)
        return [gen, named, ['hi-detect', '-q', '--rules', line.rules], store_of(store)]

    def imported(store):
        gen, named = generated(12, '--mark', '200', '--resume', store)
        return [gen, named, store_of(store)]

    return [
        Writer('the live pipe', live, mine(11), base).marked(),
        Writer('a marked import', imported, mine(12), base).marked(),
        Writer('an import', lambda store: generated(13) + [store_of(store)], mine(13), base),
        Writer('statistics', lambda store: [['hi-agg', '-q', '--day', '2025-12-28', store],
                                            store_of(store)],
               lambda row: b'"type":"stat"' in row, base, times=6),
    ]


def read_on(store, writers, done, seen):
    """Reads until done() and gives what is wrong; and how many reads there were."""
    reads, counts = 0, [0] * len(writers)
    while not done():
        last = reads % 4 == 3
        rows = stream.cat(store, '--type', 'all', '--derived') if last else stream.cat(store, '--raw')
        reads += 1
        if isinstance(rows, str):
            return rows, reads
        for i, w in enumerate(writers):
            of = w.of(rows)
            if last:  # in order of time, doubles once: they are rows of the writer, none in part
                strange = set(of) - set(w.rows)
                if strange:
                    return '%s: %s' % (w.name, strange), reads
                continue
            why = w.wrong(of, counts[i])
            if why:
                return why, reads
            counts[i] = len(of)
            seen.add((i, len(of)))
    return None, reads


def side_by_side(base, before, writers, seen):
    """One round; what is wrong, and how many reads there were."""
    store = fault.place()
    shutil.copytree(base, store)
    with concurrent.futures.ThreadPoolExecutor(len(writers) + 2) as pool:
        writing = [pool.submit(w.run, store) for w in writers]
        done = lambda: all(job.done() for job in writing)
        reading = [pool.submit(read_on, store, writers, done, seen) for _ in range(2)]
        for w, job in zip(writers, writing):
            if stream.statuses(job.result()).strip('0+'):
                return '%s: %s' % (w.name, stream.said(job.result())), 0
        reads = sum(job.result()[1] for job in reading)
        for job in reading:
            if job.result()[0]:
                return job.result()[0], reads
    rows = stream.cat(store, '--raw')
    if len(rows) != before + sum(len(w.rows) for w in writers):
        return '%d rows in the end' % len(rows), reads
    for w in writers:
        if w.of(rows) != w.rows:
            return w.name + ': not all its rows once', reads
    return stream.files_wrong(store), reads


def rounds_of_readers(line):
    base, _ = line.part(4)
    before = len(stream.cat(base, '--raw'))
    writers = all_writers(line, base)
    reads, rounds, seen, why = 0, 0, set(), None
    while reads < READS and not why:
        why, more = side_by_side(base, before, writers, seen)
        reads += more
        rounds += 1
    # Readers that come too late or too early would prove nothing.
    if not why and len(seen) < 3 * len(writers):
        why = 'only %d different states were seen' % len(seen)
    fault.check('four writers side by side, readers beside them', why)
    fault.tell('side by side', rounds=rounds, writers=rounds * len(writers), reads=reads,
               states_seen=len(seen))


def settled(line, store):
    """What a refused writer has left goes when the next one opens the store."""
    r = fault.run(['hi-store', '-q', store])
    return r.said() if r.status else line.unfinished(store)


class Sink:
    """A hi-store that has begun with a stream, and waits for the rest."""

    def __init__(self, store, text):
        begin = text.index(b'\n', text.index(b'"seq":0,')) + 1
        self.rest = text[begin:]
        self.p = subprocess.Popen(['hi-store', '-q', store], stdin=subprocess.PIPE, env=fault.ENV,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.p.stdin.write(text[:begin])
        self.p.stdin.flush()

    def has_begun(self):
        """Waits until the opening mark comes out."""
        for line in self.p.stdout:
            if b'"seq":0,' in line:
                return True
        return False

    def go_on(self):
        out, err = self.p.communicate(self.rest, fault.WAIT_S)
        return fault.Ran(self.p.returncode, out, err)


def sinks_at_once(point):
    """Four hi-stores that have all begun at the same position before one of them commits."""
    line, base = point[:2]
    store = fault.place()
    if base:
        shutil.copytree(base, store)
    streams = [line.stream(store) for _ in range(TIMES)]
    sinks = [Sink(store, text) for text in streams]
    if not all([sink.has_begun() for sink in sinks]):
        return 'not all have begun: ' + '; '.join(sink.go_on().said() for sink in sinks)
    with concurrent.futures.ThreadPoolExecutor(TIMES) as pool:
        ran = list(pool.map(Sink.go_on, sinks))
    if sorted(r.status for r in ran) != [0] + [6] * (TIMES - 1):
        return '%s: %s' % (stream.statuses(ran), stream.said(ran))
    if not all(r.err for r in ran if r.status):
        return 'status 6 without a word'
    return settled(line, store)


def lines_at_once(point):
    """The whole line four times. One may come so late that it begins where another is: then that
    one is refused; or when all is done: then it has nothing to do."""
    line, base = point[:2]
    store = fault.place()
    if base:
        shutil.copytree(base, store)
    with concurrent.futures.ThreadPoolExecutor(TIMES) as pool:
        ran = list(pool.map(lambda _: line.run(store, more_gen=('--pace', '30000x')), range(TIMES)))
    sinks = [r[-1] for r in ran]
    places = [[at for _, at in stream.marks_of(r.out)] for r in sinks]
    went_on = [r for r, at in zip(sinks, places) if r.status == 0 and at[0] != at[-1]]
    idle = [r for r, at in zip(sinks, places) if r.status == 0 and at[0] == at[-1]]
    refused = [r for r in sinks if r.status == 6 and r.err]
    if len(went_on) != 1 or len(went_on) + len(idle) + len(refused) != TIMES:
        return '%s: %s' % (stream.statuses(sinks), stream.said(sinks))
    return settled(line, store)


def again(point):
    """A stream that was stored already, from its beginning or from a later mark."""
    line, marks = point
    store = fault.place()
    shutil.copytree(os.path.join(line.folder, 'truth'), store)
    r = fault.run(['hi-store', '-q', store], line.part(marks)[1])
    if r.status != 6 or not r.err:
        return 'status %s: %s' % (r.status, r.said())
    return line.unfinished(store)


def body():
    line = stream.Line('side')
    fault.sweep('a stream that was stored already', [(line, 0), (line, 7)], again)
    rounds_of_readers(line)
    bases = [None, line.part(7)[0]]
    points = [(line, bases[i % 2], 'round %d' % i) for i in range(ROUNDS)]
    fault.JOBS = 1  # each point has writers of its own
    fault.tell('the same pipeline four times at once',
               sinks=fault.sweep('four sinks of the same stream', points, sinks_at_once),
               lines=fault.sweep('four times the same line', points, lines_at_once))


fault.main(body)
