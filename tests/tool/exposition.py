#!/usr/bin/env python3
"""Reads files of --metrics as a monitor does, strictly by the text format 0.0.4, and fails
where one is not so. Prints each sample as "NAME{LABELS} VALUE", sorted labels and lines.

exposition.py FILE..."""
import math, re, sys

NAME = r'[a-zA-Z_:][a-zA-Z0-9_:]*'
SAMPLE = re.compile(rf'({NAME})(?:\{{(.*)\}})? (\S+)\Z')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|\Z)')


def labels_of(text):
    out, at = {}, 0
    while text and at < len(text):
        m = LABEL.match(text, at)
        assert m, f'labels: {text!r}'
        assert m[1] not in out, f'a label stands twice: {text!r}'
        out[m[1]] = re.sub(r'\\(.)', lambda e: '\n' if e[1] == 'n' else e[1], m[2])
        at = m.end()
    return out


def family_of(name, kind):
    for suffix in ('_bucket', '_sum', '_count'):
        if kind.get(name.removesuffix(suffix)) == 'histogram' and name.endswith(suffix):
            return name.removesuffix(suffix)
    return name


def check_histogram(name, samples):
    groups = {}
    for n, labels, value in samples:
        key = tuple(sorted((k, v) for k, v in labels.items() if k != 'le'))
        g = groups.setdefault(key, {'le': []})
        if n == name + '_bucket':
            g['le'].append((float(labels['le']), value))
        else:
            assert n not in g
            g[n] = value
    assert groups, f'{name}: no sample'
    for g in groups.values():
        bounds, counts = zip(*g['le'])
        assert list(bounds) == sorted(set(bounds)) and bounds[-1] == math.inf, f'{name}: bounds'
        assert list(counts) == sorted(counts), f'{name}: buckets that fall'
        assert counts[-1] == g[name + '_count'], f'{name}: +Inf is not the count'
        assert g[name + '_sum'] >= 0


def read(path):
    text = open(path, encoding='utf-8', newline='').read()
    assert text.endswith('\n'), 'the last line has no end'
    helped, kind, samples, order = set(), {}, {}, []
    for line in text[:-1].split('\n'):
        if m := re.match(rf'# HELP ({NAME}) (.+)\Z', line):
            assert m[1] not in helped, f'{m[1]}: HELP twice'
            helped.add(m[1])
        elif m := re.match(rf'# TYPE ({NAME}) (counter|gauge|histogram)\Z', line):
            assert m[1] in helped and m[1] not in kind, f'{m[1]}: TYPE'
            kind[m[1]] = m[2]
        else:
            m = SAMPLE.match(line)
            assert m, f'no sample: {line!r}'
            family = family_of(m[1], kind)
            assert family in kind, f'{m[1]}: no TYPE before it'
            assert family not in order[:-1], f'{family}: its lines do not stand together'
            if family not in order:
                order.append(family)
            samples.setdefault(family, []).append((m[1], labels_of(m[2] or ''), float(m[3])))
    for family, of in samples.items():
        seen = [(n, tuple(sorted(labels.items()))) for n, labels, _ in of]
        assert len(seen) == len(set(seen)), f'{family}: a sample stands twice'
        if kind[family] == 'counter':
            assert family.endswith('_total') and all(v >= 0 for _, _, v in of), family
        if kind[family] == 'histogram':
            check_histogram(family, of)
    assert set(kind) >= set(samples)
    return [s for of in samples.values() for s in of]


for file in sys.argv[1:]:
    for name, labels, value in sorted(read(file), key=lambda s: (s[0], sorted(s[1].items()))):
        inner = ','.join(f'{k}={v}' for k, v in sorted(labels.items()))
        print(f'{name}{{{inner}}} {value:.15g}')
