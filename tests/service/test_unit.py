#!/usr/bin/env python3
"""hi-pipeline@.service as a manager runs it: ready, fed by real progress, started again.

Parts of the pipe are killed and stopped; in the end its store holds each reading and each
alarm once, as after an undisturbed run.
"""
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import manager

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get('BUILD', 'build')
T = tempfile.mkdtemp(prefix='hi-unit.', dir='/dev/shm' if os.access('/dev/shm', os.W_OK) else None)
ENV = {'PATH': os.path.join(ROOT, BUILD, 'bin') + ':' + os.environ['PATH'], 'BUILD': BUILD,
       'LC_ALL': 'C', 'TZ': 'UTC'}
WATCHDOG_S = 8  # in the place of 30

# Twenty patients, a set a second at forty times the pace, with alarms. It has no end.
GEN = 'hi-gen -q --patients 20 --interval 1s --duration 1000h --seed 9'
RULES = 'FAST high heart_rate > 85\nLOW medium spo2 < 97 for 15s\nQUIET low spo2 stale 90s\n'
SOURCE = GEN + ' --pace 40x --mark 200ms --resume ward/'
PIPE = SOURCE + ' |\n\thi-detect --rules ../rules |\n\thi-store -q ward/\n'

passed = failed = 0


def check(name, good, *why):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print('not ok - test_unit.py: %s' % name, *why, sep='\n    ')


def service(name, text):
    return manager.service(T, name, text, ENV, WATCHDOG_S)


def position(s):
    """How far the stream has come that is durable."""
    try:
        db = sqlite3.connect('file:%s/ward/store.db?mode=ro' % s.folder, uri=True)
        return int((db.execute('SELECT value FROM positions').fetchone() or [0])[0])
    except sqlite3.Error:
        return 0


def run(command, folder=T):
    return subprocess.run(['bash', '-c', command], cwd=folder, env=ENV, check=True,
                          stdout=subprocess.PIPE).stdout.decode()


def lines(folder, options):
    return sorted(run('hi-cat %s ward/' % options, folder).splitlines())


def goes_on(s):
    """Ready after a new start, and further than before."""
    starts, readies, at = s.starts, s.readies, position(s)
    return s.until(lambda: s.readies > readies - (s.state == 'active') and position(s) > at)


def disturbed_and_whole():
    s = service('ward', PIPE)
    check('ready', s.until(lambda: s.state == 'active'), s.journal())
    for victim in ('source', 'filter', 'sink', 'shell', 'runner'):
        check('%s: the stream goes on' % victim, goes_on(s), s.journal())
        parts, starts = s.parts(), s.starts
        pid = {'shell': manager.children(s.main.pid)[0], 'runner': s.main.pid}.get(victim)
        os.kill(pid or parts[('source', 'filter', 'sink').index(victim)], signal.SIGKILL)
        check('%s killed: the same line again' % victim, s.until(lambda: s.starts > starts),
              s.journal())
        check('%s killed: told by its status' % victim, s.results[-1] == 137, s.results)
        check('%s killed: ready' % victim, s.until(lambda: s.state == 'active'), s.journal())
    check('until here nothing starved', s.starved == 0, s.results)
    for i, victim in enumerate(('source', 'filter', 'sink')):
        check('%s: the stream goes on' % victim, goes_on(s), s.journal())
        starts, starved = s.starts, s.starved
        os.kill(s.parts()[i], signal.SIGSTOP)
        # What was on its way may still become durable.
        s.until(lambda: False, 1)
        fed, at = s.fed, position(s)
        check('%s stopped: the watchdog starves' % victim, s.until(lambda: s.starts > starts),
              s.journal())
        check('%s stopped: it was not fed' % victim, s.fed == fed and position(s) == at)
        check('%s stopped: that was why' % victim,
              s.starved == starved + 1 and s.results[-1] == 'watchdog', s.results)
        check('%s stopped: ready again' % victim, s.until(lambda: s.state == 'active'), s.journal())
    check('the stream goes on', goes_on(s), s.journal())
    s.stop()
    check('an end in order', s.state == 'inactive' and s.results[-1] == 0, s.results, s.journal())
    whole(s)


def whole(s):
    n = position(s)
    marks = open(os.path.join(s.folder, 'stdout')).read().splitlines()
    check('the last mark is the store\'s position', '"gen:9":%d}' % n in marks[-1], marks[-1:])
    twin = os.path.join(T, 'twin')
    os.mkdir(twin)
    run('%s --count %d --mark 200ms --resume ward/ | hi-detect --rules ../rules | '
        'hi-store -q ward/ >marks' % (GEN, n), twin)
    for what, options in (('reading', '--raw --type reading'), ('alarm', '--type alert')):
        got, want = lines(s.folder, options), lines(twin, options)
        check('there are %ss' % what, len(want) > 20, len(want))
        check('each %s once, as undisturbed' % what, got == want,
              '%d, want %d' % (len(got), len(want)), *sorted(set(got) ^ set(want))[:4])
    print('%d starts, %d readings' % (s.starts, n), s.results)


def idle():
    s = service('idle', GEN + ' --pace 0.0001x --resume ward/ | hi-detect | hi-store -q ward/\n')
    check('idle: fed by idle marks', s.until(lambda: s.fed >= 8), s.journal())
    check('idle: never starved', s.starts == 1)
    check('idle: all that was said', s.said == {'READY=9', 'WATCHDOG=9',
          'STATUS=durable as of 9999-99-99T99:99:99Z'}, s.said)
    s.stop()
    s.close()


def preamble():
    """Nothing of a preamble is stored, and a long one is no standstill; one that stops is."""
    begin = '{"type":"mark","resume":"begin","since":"2025-12-28T06:00:00Z","window":"1h"}'
    line = '{"patient_id":"P","metric_name":"m","value":1,"timestamp":"2025-12-28T06:00:00Z"}'
    s = service('preamble', "{ echo '%s'; for i in {1..60}; do echo '%s'; sleep 0.2; done; "
                "exec sleep 1000; } | hi-store -q ward/\n" % (begin, line))
    check('a long preamble feeds', s.until(lambda: s.fed >= 9, 30) and s.starved == 0,
          s.fed, s.results, s.journal())
    check('one that stops starves', s.until(lambda: s.starved == 1), s.results)
    s.close()


def statuses():
    s = service('wrong', SOURCE + ' | hi-detect --wrong | hi-store -q ward/\n')
    check('wrong use: not again', s.until(lambda: s.state == 'failed') and s.starts == 1,
          s.results, s.journal())
    check('wrong use: by its status', s.results == [2], s.results)
    s.close()
    s = service('nothing', '# no command\n')
    os.unlink(os.path.join(T, 'pipelines', 'nothing'))
    s.kill_all()
    s.until(lambda: s.starts > 1)
    check('no such file: not again', s.until(lambda: s.state == 'failed') and s.results[-1] == 2,
          s.results)
    s.close()
    s = service('peer', '(exit 5) | cat\n')
    check('a peer failed: again and again', s.until(lambda: s.starts > 3))
    check('a peer failed: by its status', s.results[0] == 5, s.results)
    s.close()
    bad = 'echo nonsense; exec ' + SOURCE.replace('--mark 200ms --resume ward/', '')
    s = service('rejects', '{ %s; } | hi-store -q ward/\n' % bad)
    check('rejects: ready', s.until(lambda: s.fed > 1), s.journal())
    s.stop()
    check('rejects are no failure', s.state == 'inactive' and s.results == [3], s.results,
          s.journal())
    s.close()


def main():
    with open(os.path.join(T, 'rules'), 'w') as f:
        f.write(RULES)
    try:
        idle()
        preamble()
        statuses()
        disturbed_and_whole()
    finally:
        shutil.rmtree(T, ignore_errors=True)
    print('test_unit.py: %d passed, %d failed, 0 skipped' % (passed, failed))
    return failed > 0


sys.exit(main())
