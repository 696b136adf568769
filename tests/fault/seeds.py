"""Builds with a bug that was put in on purpose, so that a checker proves that it can fail.

tests/fault/seeds holds them:

    seed NAME: what is wrong
    by CHECKER [WORD...]        a script of tests/fault, and which of its checks
    in FILE
    -   lines as they are, which stand in the file exactly once
    +   what they become; more of both may follow
"""
import os
import re
import shlex
import shutil
import subprocess

import fault

LIST = os.path.join(fault.ROOT, 'tests/fault/seeds')
PARTS = ('lib', 'cmd', 'scripts', 'Makefile')
BUILT = ('lib', 'cmd', 'bin', 'libhi.a', 'layers')
HELPER = 'tests/mock_cluster'  # of tests/service, where librdkafka is


class Seed:
    def __init__(self, name, what):
        self.name, self.what, self.checker, self.file = name, what, None, None
        self.hunks = []  # (old lines, new lines)

    def changed(self):
        """The file with the bug in it."""
        with open(os.path.join(fault.ROOT, self.file)) as f:
            text = f.read()
        for old, new in self.hunks:
            if text.count(''.join(old)) != 1:
                raise ValueError('%s: its text stands %d times in %s: mend the seed'
                                 % (self.name, text.count(''.join(old)), self.file))
            text = text.replace(''.join(old), ''.join(new))
        return text

    def line(self, sign, text):
        if sign == '-' and (not self.hunks or self.hunks[-1][1]):
            self.hunks.append(([], []))
        self.hunks[-1][sign == '+'].append(text + '\n')

    def build(self, folder):
        """The tools with the bug in folder; gives the build folder. One file is compiled anew."""
        text = self.changed()
        build = os.path.join(folder, 'build')
        os.makedirs(build)
        for of, parts, to in ((fault.ROOT, PARTS, folder), (fault.BUILD, BUILT, build)):
            subprocess.run(['cp', '-a', *[os.path.join(of, p) for p in parts], to], check=True)
        os.mkdir(os.path.join(build, 'tests'))
        if os.path.exists(os.path.join(fault.BUILD, HELPER)):
            shutil.copy(os.path.join(fault.BUILD, HELPER), os.path.join(build, HELPER))
        with open(os.path.join(folder, self.file), 'w') as f:
            f.write(text)
        env = {k: v for k, v in os.environ.items() if not k.startswith(('MAKE', 'MFLAGS'))}
        r = subprocess.run(['make', '-s', '-C', folder, 'BUILD=build', 'CFLAGS=-O2 -g -w', 'all'],
                           env=env, capture_output=True, text=True)
        if r.returncode:
            raise ValueError('%s: does not build: %s' % (self.name, r.stderr[-500:]))
        return build

    def caught(self, build):
        """(True where its checker fails, None where it is skipped here; what it said)"""
        checker = [os.path.join(fault.ROOT, 'tests/fault', self.checker[0])] + self.checker[1:]
        runner = ['python3', '-B'] if checker[0].endswith('.py') else ['bash']
        env = dict(os.environ, BUILD=build, HI_FAULT='first')
        r = subprocess.run(runner + checker, env=env, capture_output=True, text=True)
        bad = [line for line in r.stdout.splitlines() if line.startswith('not ok')]
        said = bad[0] if bad else (r.stdout + r.stderr)[-300:]
        if re.search(r': 0 passed, 0 failed, [1-9]', r.stdout):
            return None, r.stderr.strip()
        if 'ended early' in said:
            return False, r.stdout[-1500:]
        return r.returncode != 0 and bool(bad), said


def read(path=LIST):
    seeds = []
    with open(path) as f:
        for line in f.read().splitlines():
            word, _, rest = line.partition(' ')
            if word == 'seed':
                name, _, what = rest.partition(': ')
                seeds.append(Seed(name, what))
            elif word == 'by':
                seeds[-1].checker = shlex.split(rest)
            elif word == 'in':
                seeds[-1].file = rest
            elif line[:1] in ('-', '+'):
                seeds[-1].line(line[0], line[1:])
            elif line and not line.startswith('#'):
                raise ValueError('seeds: what is this? ' + line)
    return seeds


def remove(folder):
    shutil.rmtree(folder, ignore_errors=True)
