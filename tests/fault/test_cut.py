"""The stream cut at every byte, and lines and marks dropped, doubled, swapped or altered.

A small stream with its preamble is kept between hi-gen and hi-detect ("source"), and between
hi-detect and hi-store ("filter"), and goes on with one thing wrong:

  seen: status 6, and the store stands at the last mark before the damage
      the end of the stream anywhere but behind a mark; within the preamble nothing is stored
      a line or mark lost, doubled, or moved across a mark; a line end lost or put in
      a mark with any byte altered (what reads as the same mark, such as t for T in a
      time, may pass: then all is stored as if nothing had happened)
      a line of the preamble that is no record any more
  not seen, because n counts lines: status 0 (3 where a line is no record any more)
      two lines between the same two marks that change places
      a line that is altered within itself

After each of them the same line is started, and the store becomes what it would have been.
"""
import os
import random
import shutil

import fault
import stream

BEFORE = 6  # marks


class Kept:
    """The stream at one place, and the tools that it goes through from there."""

    def __init__(self, name, line, base, text, commands):
        self.name, self.line, self.base, self.text, self.commands = name, line, base, text, commands
        self.lines = text.splitlines(True)
        self.before = len(stream.cat(base, '--raw'))

    def __repr__(self):
        return self.name

    def give(self, text):
        """(the store, its rows, the statuses of all) after text has gone through."""
        store = fault.place()
        shutil.copytree(self.base, store)
        path = fault.place('given')
        with open(path, 'wb') as f:
            f.write(text)
        first, *rest = self.commands(store)
        ran = stream.pipeline([['cat', path], first] + rest)[1:]
        return store, stream.cat(stream.copied(store), '--raw'), ran

    def rows_at(self, line):
        """Rows in the store once the last mark before that line is durable."""
        # What hi-detect adds stands before the mark too: a mark is known by its positions.
        return self.rows_of(stream.marks_of(b''.join(self.lines[:line])))

    def rows_of(self, marks):
        """The same of the last of some marks."""
        at = marks[-1][1] if marks else None
        return max([n for n, p in self.line.marks if p == at], default=self.before)


def refused(kept, ran, rows, want):
    """What is wrong where the damage is seen."""
    if ran[0].status != 6:
        return 'not seen: %s, %s' % (stream.statuses(ran), stream.said(ran) or 'no message')
    if ran[-1].status not in (0, 6):
        return 'hi-store: %s' % ran[-1].said()
    if not ran[0].err.strip():
        return 'status 6 without a word'
    if rows != kept.line.raw[:want]:
        return '%d rows are stored, %d stand before the last good mark' % (len(rows), want)
    return None


def cut(point):
    kept, n = point
    text = kept.text[:n]
    store, rows, ran = kept.give(text)
    # A mark without its line end is a mark.
    whole = [m for m in kept.lines if stream.is_mark(m)]
    last = text[text.rfind(b'\n', 0, len(text) - 1) + 1:].rstrip(b'\n') + b'\n'
    marks = stream.marks_of(text[:len(text) - len(text.splitlines()[-1])] if last not in whole
                            and text[-1:] != b'\n' else text) if text else []
    want = kept.rows_of(marks)
    good = not text or last in whole and b'"resume"' not in last
    if good:
        if stream.statuses(ran).strip('0+'):
            return 'cut behind a mark: %s, %s' % (stream.statuses(ran), stream.said(ran))
        if rows != kept.line.raw[:want]:
            return 'cut behind a mark: %d rows, not %d' % (len(rows), want)
    else:
        why = refused(kept, ran, rows, want)
        if why:
            return why
    return kept.line.heal(store)


def damaged(point):
    """A stream with something wrong that is seen; line: the first that is not as it was."""
    kept, line = point.kept, point.line
    store, rows, ran = kept.give(point.text)
    if point.may_pass and not stream.statuses(ran).strip('0+'):
        why = kept.line.wrong(store, len(kept.line.raw))
        return why and 'passed as if it had said the same: ' + why
    return refused(kept, ran, rows, kept.rows_at(line)) or kept.line.heal(store)


def unseen(point):
    """What is not seen, on its way to the store: every line is stored as it came."""
    kept, text = point.kept, point.text
    _, rows, ran = kept.give(text)
    if stream.statuses(ran) not in ('0', '3'):
        return '%s, %s' % (stream.statuses(ran), stream.said(ran))
    if len(rows) != len(kept.line.raw):
        return '%d rows, not %d' % (len(rows), len(kept.line.raw))
    return None


class Damage:
    def __init__(self, kept, what, line, lines, may_pass=False):
        self.kept, self.what, self.line, self.may_pass = kept, what, line, may_pass
        self.text = b''.join(lines)

    def __repr__(self):
        return '%s: %s, line %d' % (self.kept, self.what, self.line + 1)


def moves(kept):
    """(seen, not seen): lines and marks lost, doubled, swapped."""
    lines, seen, not_seen = kept.lines, [], []
    for i, line in enumerate(lines):
        # The last mark says no more than the one before, if nothing stands between them.
        idle = i + 1 == len(lines)
        seen.append(Damage(kept, 'lost', i, lines[:i] + lines[i + 1:], idle))
        seen.append(Damage(kept, 'doubled', i + 1, lines[:i + 1] + lines[i:]))
        if i + 1 < len(lines) and lines[i] != lines[i + 1]:
            swapped = lines[:i] + [lines[i + 1], line] + lines[i + 2:]
            marks = stream.is_mark(line) or stream.is_mark(lines[i + 1])
            (seen if marks else not_seen).append(Damage(kept, 'swapped', i, swapped))
        if i + 1 < len(lines):
            joined = lines[:i] + [line[:-1] + lines[i + 1]] + lines[i + 2:]
            seen.append(Damage(kept, 'joined', i, joined))
        parted = lines[:i] + [line[:20] + b'\n' + line[20:]] + lines[i + 1:]
        seen.append(Damage(kept, 'parted', i, parted))
    return seen, not_seen


def inside(kept):
    first = next(i for i, m in enumerate(kept.lines) if b'"resume":"end"' in m)
    return range(1, first), range(first + 2, len(kept.lines))


def altered(kept):
    """(seen, not seen): bytes of marks and of lines."""
    seen, not_seen = [], []
    preamble, body = inside(kept)

    def change(i, at, to):
        line = kept.lines[i]
        return kept.lines[:i] + [line[:at] + to + line[at + 1:]] + kept.lines[i + 1:]
    for i, line in enumerate(kept.lines):
        if stream.is_mark(line):
            for at in range(len(line)):
                for bit in range(8) if fault.LONG else (0, 1, 5):
                    to = bytes([line[at] ^ 1 << bit])
                    seen.append(Damage(kept, 'byte %d of a mark' % at, i, change(i, at, to), True))
        elif i in preamble:
            seen.append(Damage(kept, 'no record', i, change(i, 0, b'!')))
        elif i in body:
            not_seen.append(Damage(kept, 'no record', i, change(i, 0, b'!')))
            digit = line.index(b'"value":') + 8 if b'"value":' in line else None
            if digit:
                to = b'%d' % ((line[digit] - 48 + 1) % 9 + 1)
                not_seen.append(Damage(kept, 'another value', i, change(i, digit, to)))
    return seen, not_seen


def body():
    line = stream.Line('cut', gen=stream.GEN[:2] + ['1'] + stream.GEN[3:-2] + ['-i', '30m'], mark=4)
    # Only seq tells that a mark came twice behind which nothing stands.
    assert b'"n":0,' in line.saved.splitlines()[-1]
    base, at_filter = line.part(BEFORE)
    at_source = stream.pipeline(line.commands(base)[:1])[0].out
    places = [Kept('source', line, base, at_source, lambda store: line.commands(store)[1:]),
              Kept('filter', line, base, at_filter, lambda store: line.commands(store)[2:])]
    cuts = [(kept, n) for kept in places for n in range(len(kept.text) + 1)]
    fault.tell('streams', cuts=fault.sweep('the stream cut', fault.sample(cuts, 240), cut))
    for what, damages in (('moved', moves), ('altered', altered)):
        seen, not_seen = [], []
        for kept in places:
            a, b = damages(kept)
            seen += a
            # At the source, what hi-detect would say of it would be another thing, and right too.
            not_seen += b if kept.name == 'filter' else []
        fault.tell('streams, lines and marks ' + what,
                   damages_seen=fault.sweep('damage that is seen: ' + what,
                                            fault.sample(seen, 130), damaged),
                   damages_not_seen=fault.sweep('damage that is not seen: ' + what,
                                                fault.sample(not_seen, 30), unseen))


fault.main(body)
