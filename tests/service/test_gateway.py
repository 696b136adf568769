#!/usr/bin/env python3
"""A gateway with a line that comes and goes: hi(7), "A gateway".

Three services: a collector fills the gateway's store, an uplink sends it on to a real
broker, a third one fills the central store from there. The broker is killed and away for a
while, the collector goes on; parts of all three are killed. Then every reading is in the
topic, at least once and each patient's in order, and once in the central store.
"""
import collections
import json
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
BIN = os.path.join(ROOT, BUILD, 'bin')
T = tempfile.mkdtemp(prefix='hi-gateway.', dir='/dev/shm' if os.access('/dev/shm', os.W_OK) else None)
ENV = dict(os.environ, PATH=BIN + ':' + os.environ['PATH'], BUILD=BUILD, LC_ALL='C', TZ='UTC',
           HI_KAFKA_DATA=os.path.join(T, 'kafka'), HI_KAFKA_JAVA='-XX:TieredStopAtLevel=1')
for name in ('HI_TZ', 'HI_SCAN'):
    ENV.pop(name, None)
WATCHDOG_S = 15  # in the place of 30
PARTITIONS = 4
GEN = 'hi-gen -q --patients 20 --interval 1s --duration 1000h --seed 3'

passed = failed = 0


def check(name, good, *why):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print('not ok - test_gateway.py: %s' % name, *why, sep='\n    ')


def end(skipped=0):
    print('test_gateway.py: %d passed, %d failed, %d skipped' % (passed, failed, skipped))
    sys.exit(failed > 0)


def skip(why):
    if os.environ.get('CI') == 'true':
        check('skipped in CI: ' + why, False)
        end()
    print('SKIPPED - test_gateway.py: ' + why, file=sys.stderr)
    end(1)


def broker(*verb):
    return subprocess.run([os.path.join(ROOT, 'scripts', 'services'), 'kafka', *verb], env=ENV,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)


def broker_start():
    """HOST:PORT; ports below those that the kernel gives to anybody, ten for each test."""
    for attempt in range(8):
        port = 20000 + (os.getpid() + attempt * 251) % 1200 * 10
        ENV['HI_KAFKA_PORT'] = str(port)
        done = broker('start')
        if done.returncode == 0:
            return '127.0.0.1:%d' % port
        if b'is taken' not in done.stdout:
            break
    check('a broker starts', False, done.stdout.decode()[-600:])
    end()


def run(*command):
    return subprocess.run(command, cwd=T, env=ENV, stdout=subprocess.PIPE, check=True).stdout.decode()


def collected():
    """How many readings the gateway's store has."""
    try:
        db = sqlite3.connect('file:%s/collect/gw/store.db?mode=ro' % T, uri=True)
        return int((db.execute('SELECT value FROM positions').fetchone() or [0])[0])
    except sqlite3.Error:
        return 0


def messages(server):
    """Of each partition its messages, by another client than ours."""
    out = collections.defaultdict(list)
    text = run('kcat', '-C', '-q', '-e', '-b', server, '-t', 'vitals', '-o', 'beginning',
               '-f', '%p %k %s\n')
    for line in text.splitlines():
        partition, key, value = line.split(' ', 2)
        out[int(partition)].append((key, value))
    return out


class Bench:
    def __init__(self, server):
        start = lambda name, text: manager.service(T, name, text, ENV, WATCHDOG_S)
        self.collect = start('collect', GEN + ' --pace 15x --resume gw/ | hi-store -q gw/\n')
        self.all = [self.collect]
        self.until(lambda: collected() > 0)
        self.uplink = start('gateway', 'hi-cat -q --follow --cursor up.pos ../collect/gw/ |\n'
                            '\thi-kafka-bridge produce -q -b %s -t vitals --cursor up.pos '
                            '--wait 3s\n' % server)
        self.central = start('central', 'hi-kafka-bridge consume -q -b %s -t vitals '
                             '--resume central/ --wait 3s |\n\thi-store -q central/\n' % server)
        self.all += [self.uplink, self.central]

    def turn(self):
        for s in self.all:
            s.turn()

    def until(self, what, seconds=90):
        end = time.monotonic() + seconds
        while not what():
            if time.monotonic() > end:
                return False
            self.turn()
        return True

    def is_fed(self, service):
        fed = service.fed
        return self.until(lambda: service.fed > fed)

    def kill(self, service, part):
        """One part of it, when both are there."""
        found = self.until(lambda: len(service.parts()) == 2)
        check('%s has its parts' % service.folder, found, service.journal())
        starts = service.starts
        os.kill(service.parts()[part], signal.SIGKILL)
        check('%s starts again' % service.folder, self.until(lambda: service.starts > starts))


    def stop_and_starve(self):
        """The uplink's source and the central store stand still, which only the watchdog sees."""
        both = ((self.uplink, 0), (self.central, 1))
        for service, part in both:
            check('%s has its parts' % service.folder, self.until(lambda: len(service.parts()) == 2))
            check('%s is fed' % service.folder, self.is_fed(service), service.journal())
        before = {service: service.starved for service, _ in both}
        for service, part in both:
            os.kill(service.parts()[part], signal.SIGSTOP)
        for service, _ in both:
            check('%s starves' % service.folder,
                  self.until(lambda: service.starved > before[service]), service.results)
            check('%s starts again' % service.folder, self.is_fed(service), service.journal())


def disturb(bench):
    """The broker is away while the gateway collects; then all of it is killed in turn."""
    check('the uplink sends', bench.is_fed(bench.uplink), bench.uplink.journal())
    check('the central store is fed', bench.is_fed(bench.central), bench.central.journal())
    check('the broker is killed', broker('kill9').returncode == 0)
    at, failures = collected(), len(bench.uplink.results)
    for part in (0, 1):
        bench.kill(bench.collect, part)
        check('the collector goes on without a broker', bench.is_fed(bench.collect))
    check('the uplink says 5, and is started again',
          bench.until(lambda: 5 in bench.uplink.results[failures:]), bench.uplink.results)
    check('meanwhile there is more', bench.until(lambda: collected() > at + 2000))
    bench.kill(bench.uplink, 1)
    check('the broker is back', broker('start').returncode == 0)
    for i in range(3):
        for part in (0, 1):
            check('the uplink sends', bench.is_fed(bench.uplink), bench.uplink.journal())
            bench.kill(bench.uplink, part)
        bench.kill(bench.central, i % 2)
    bench.stop_and_starve()
    check('the uplink sends in the end', bench.is_fed(bench.uplink), bench.uplink.journal())


def in_order(topic):
    """Of each patient and metric the readings as they first came, and of how many repeats."""
    newest, doubles, back = {}, 0, 0
    for partition, found in topic.items():
        seen, repeating = set(), False
        for key, value in found:
            r = json.loads(value)
            if r['patient_id'] != key:
                check('a message has the key of its patient', False, key)
            if value in seen:
                doubles += 1
                back += not repeating
                repeating = True
                continue
            seen.add(value)
            repeating = False
            who = (r['patient_id'], r['metric_name'])
            if newest.get(who, '') >= r['timestamp']:
                return False, doubles, back
            newest[who] = r['timestamp']
    return True, doubles, back


def judge(bench, server, n):
    want = run(*(GEN + ' --count %d' % n).split()).splitlines()
    central = os.path.join(T, 'central', 'central')
    lines = lambda raw: run('hi-cat', '-q', '--type', 'reading', *raw, central).splitlines()
    whole = lambda: sum(map(len, messages(server).values())) >= n and len(lines([])) >= n
    at = time.monotonic()
    while not (whole() or time.monotonic() > at + 90):
        bench.until(lambda: False, 1)
    for s in (bench.uplink, bench.central):
        s.stop()
        check('%s ends in order' % s.folder, s.results[-1] == 0, s.results, s.journal())
    topic = messages(server)
    sent = [value for found in topic.values() for _, value in found]
    check('every reading is in the topic', set(sent) == set(want),
          '%d of %d' % (len(set(sent)), n), *sorted(set(want) ^ set(sent))[:4])
    ordered, doubles, back = in_order(topic)
    check('each patient\'s readings are in order', ordered)
    check('all partitions are used', len(topic) == PARTITIONS, len(topic))
    # Sent again is what stood behind the last mark when an uplink ended.
    check('nothing is sent twice but at a new start', back <= PARTITIONS * (bench.uplink.starts - 1),
          '%d times, %d starts' % (back, bench.uplink.starts))
    raw = lines(['--raw'])
    check('each message is in the central store once', sorted(raw) == sorted(sent),
          '%d, want %d' % (len(raw), len(sent)))
    check('readers see each reading once', sorted(lines([])) == sorted(want))
    print('%d readings, %d sent twice in %d pieces; starts: collector %d, uplink %d, central %d' % (
        n, doubles, back, bench.collect.starts, bench.uplink.starts, bench.central.starts))


def main():
    if not os.access(os.path.join(BIN, 'hi-kafka-bridge'), os.X_OK):
        skip('built without librdkafka')
    if not shutil.which('kcat'):
        skip('no kcat (scripts/packages install test)')
    if broker('install').returncode:
        skip('no broker')
    server = broker_start()
    bench = None
    try:
        check('a topic', broker('topic', 'vitals', str(PARTITIONS)).returncode == 0)
        bench = Bench(server)
        disturb(bench)
        bench.collect.stop()
        bench.all.remove(bench.collect)
        judge(bench, server, collected())
    finally:
        for s in bench.all if bench else []:
            s.close()
        broker('stop')
        shutil.rmtree(T, ignore_errors=True)
    end()


main()
