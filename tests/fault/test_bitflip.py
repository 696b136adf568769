#!/usr/bin/env python3
"""One bit of a store is wrong: does a reader notice?

Flips bits in every file of a store at rest, and of one whose writer was killed and
which has a log of SQLite's (store.db-wal), and reads it in several ways; then opens
it for writing and reads it again. Every answer is the same as before, or there is a
message and a status that is not 0: nothing crashes, nothing is silently wrong.

SQLite has no checksums for the pages of store.db: what is silently wrong for that
reason is counted, told, and bounded among the flips that matter, so that it cannot
grow unseen. In its log it takes a damaged place for the end: the answer is then that
of an earlier commit, whole, and the positions are that commit's too.
"""
import collections
import os
import random
import subprocess

import disk
import fault
from stores import Hand, load, mixed, pieces

PIECES = 6
READINGS = [('--raw', '--type', 'all'), ('--type', 'all'), ('--derived', '--metric', 'heart_rate'),
            ('--patient', 'P-002', '--since', '2025-12-28T22:45:00Z')]
OUTCOMES = ['same', 'noticed', 'earlier', 'silent']
MAY = {'store.db': OUTCOMES, 'store.db-wal': OUTCOMES[:3]}  # else the first two
SILENT_MAX = 0.35  # of the flips in store.db that matter


def read(store):
    """What each way of reading gives, up to the first that fails."""
    got = []
    for options in READINGS:
        got.append(fault.run(['hi-cat', '-q', *options, store]))
        if got[-1].status:
            break
    return got


class Store:
    """A store to flip bits in: {path: bytes}, and what each way of reading gave after each
    of its commits, the last of them now."""

    def __init__(self, name, chunks, kill):
        self.name = name
        folder = fault.place('whole')
        ward = os.path.join(folder, 'ward')
        os.mkdir(folder)
        p = subprocess.Popen(['hi-store', '-q', ward], env=fault.ENV, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE)
        self.want = []
        for chunk in chunks:
            p.stdin.write(chunk)
            p.stdin.flush()
            assert p.stdout.readline()
            self.want.append([r.out for r in read(ward)])
        if kill:
            p.kill()
        p.stdin.close()
        p.stdout.close()
        assert p.wait() == 0 or kill
        self.files = load(folder)
        assert len(self.want[-1]) == len(READINGS), 'the store is not whole to begin with'

    def flips(self, dice):
        """(path, byte, bit) for a sample; in the long run every byte but those of the log
        and, of the database's empty ones, a part."""
        most = {'store.db': 400, 'store.db-wal': 150, 'segment': 40}
        if fault.LONG:
            most = {'store.db': 10**6, 'store.db-wal': 5000, 'segment': 10**6}
        for path, content in self.files.items():
            if not content or path.endswith('-shm'):
                continue
            limit = most.get(os.path.basename(path), most['segment'])
            limit = max(1, limit // 8) if fault.sanitized() else limit
            used = [i for i, byte in enumerate(content) if byte]
            empty = [i for i, byte in enumerate(content) if not byte]
            places = dice.sample(used, min(limit, len(used)))
            places += dice.sample(empty, min(limit // 20, len(empty) // 20))
            for at in places:
                yield path, at, dice.randrange(8)


class Flips:
    """Outcomes of the flips in one store."""

    def __init__(self, store):
        self.store = store
        self.outcomes = collections.Counter()  # (file, outcome)

    def one(self, flip):
        path, at, bit = flip
        files = dict(self.store.files)
        content = bytearray(files[path])
        content[at] ^= 1 << bit
        files[path] = bytes(content)
        folder = fault.place('flipped')
        disk.put(files, folder)
        ward = os.path.join(folder, 'ward')
        kind = os.path.basename(path) if 'store.db' in path else 'segments'
        wrong, outcome = self.judge(read(ward))
        if not wrong:
            fault.clear(folder)
            disk.put(files, folder)
            opened = fault.run(['hi-store', '-q', ward])
            wrong = fault.crashed(opened)
            if not wrong and opened.status == 0:
                wrong, after = self.judge(read(ward))
                outcome = max(outcome, after, key=OUTCOMES.index)
        self.outcomes[kind, outcome] += 1
        if outcome not in MAY.get(kind, ('same', 'noticed')):
            wrong = wrong or f'{kind}: silent ({outcome})'
        return wrong

    def judge(self, got):
        """(what is wrong beyond doubt or None, the outcome)."""
        for r in got:
            wrong = fault.crashed(r)
            if wrong or r.status:
                return wrong, 'noticed'
        answers = [r.out for r in got]
        if answers == self.store.want[-1]:
            return None, 'same'
        return None, 'earlier' if answers in self.store.want else 'silent'

    def share_silent(self, kind):
        silent, noticed = self.outcomes[kind, 'silent'], self.outcomes[kind, 'noticed']
        return silent / (silent + noticed) if silent else 0


def body():
    chunks = [chunk for chunk, _ in Hand(pieces(mixed, PIECES)).chunks(0)]
    for store in Store('at rest', chunks, False), Store('after a kill', chunks, True):
        if not fault.wanted(store.name):
            continue
        flips = Flips(store)
        fault.sweep(f'a flipped bit in a store {store.name}',
                    store.flips(random.Random(fault.SEED)), flips.one)
        share = flips.share_silent('store.db')
        fault.check(f'little is silent in store.db {store.name}',
                    f'{share:.0%} of what matters' if share > SILENT_MAX else '')
        for kind in sorted({kind for kind, _ in flips.outcomes}):
            fault.tell(f'bit flips {store.name}, {kind}',
                       **{o: flips.outcomes[kind, o] for o in OUTCOMES})


fault.main(body)
