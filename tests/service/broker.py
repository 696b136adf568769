"""Brokers for tests: a real one (scripts/services kafka), and librdkafka's mock cluster.

What they hold is read with kcat, which shares nothing with hi-kafka-bridge but librdkafka.
"""
import os
import random
import shutil
import signal
import socket
import subprocess

import fault

SERVICES = os.path.join(fault.ROOT, 'scripts/services')
MOCK = os.path.join(fault.BUILD, 'tests/mock_cluster')


def missing(mock=False):
    """What there is not; '' where all is there."""
    if not os.path.exists(os.path.join(fault.BIN, 'hi-kafka-bridge')):
        return 'built without librdkafka'
    if mock and not os.path.exists(MOCK):
        return 'no %s: make unit' % os.path.relpath(MOCK, fault.ROOT)
    return '' if shutil.which('kcat') else 'no kcat'


def read_log(address, topic):
    """{partition: [(offset, value)]} of all that the broker holds of a topic."""
    r = fault.run(['kcat', '-C', '-b', address, '-t', topic, '-o', 'beginning', '-e', '-q',
                   '-f', '%p %o %S %s\n'])
    assert r.status == 0, r.said()
    log = {}
    for line in r.out.splitlines():
        partition, offset, size, value = line.split(b' ', 3)
        assert len(value) == int(size), line[:200]
        log.setdefault(int(partition), []).append((int(offset), value))
    return log


def produce(address, topic, path):
    """The lines of a file to a topic, by kcat; the key is the patient's id."""
    keyed = path + '.keyed'
    with open(path, 'rb') as f, open(keyed, 'wb') as to:
        for line in f:
            to.write(line.split(b'"', 4)[3] + b'\t' + line)
    r = fault.run(['kcat', '-P', '-b', address, '-t', topic, '-K', '\t', '-z', 'lz4', '-l', keyed,
                   '-X', 'partitioner=murmur2_random', '-X', 'acks=all'])
    assert r.status == 0, r.said()


def free_ports():
    """Two that are free, below those that outgoing connections get: a broker comes back to its."""
    draw = random.Random(os.getpid())
    while True:
        port = draw.randrange(24000, 32000, 2)
        try:
            for p in (port, port + 1):
                with socket.socket() as s:
                    s.bind(('127.0.0.1', p))
            return port
        except OSError:
            pass


class Kafka:
    """A real broker of this test alone."""

    def __init__(self):
        port = free_ports()
        self.folder = os.path.join(fault.T, 'kafka')
        self.address = '127.0.0.1:%d' % port
        # It is started often and lives for a minute: the quick compiler is all that it needs.
        self.env = dict(fault.ENV, HI_KAFKA_PORT=str(port), HI_KAFKA_DATA=self.folder,
                        JDK_JAVA_OPTIONS='-XX:TieredStopAtLevel=1')

    def services(self, *verb):
        r = fault.run([SERVICES, 'kafka', *verb], env=self.env)
        return fault.Ran(r.status, b'', r.out + r.err)

    def restart(self, how):
        """Ends it, by kill9 or stop, and starts it again; gives the process that does so."""
        return subprocess.Popen(
            ['sh', '-c', '"$0" kafka "$1" && "$0" kafka start', SERVICES, how],
            env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)

    def signal(self, which):
        with open(os.path.join(self.folder, 'pid')) as f:
            os.kill(int(f.read().split()[0]), which)

    def wipe(self):
        try:
            self.signal(signal.SIGCONT)
            self.services('kill9')
        except (OSError, ValueError):
            pass  # it does not run
        self.services('wipe')


class Mock:
    """A mock cluster, a process of its own."""

    def __init__(self, brokers, *topics):
        """topics: (name, partitions)"""
        self.p = subprocess.Popen([MOCK, str(brokers)], stdin=subprocess.PIPE, env=fault.ENV,
                                  stdout=subprocess.PIPE, bufsize=0)
        self.brokers = brokers
        self.address = self.p.stdout.readline().decode().strip()
        assert self.address, 'no mock cluster'
        for name, partitions in topics:
            self('topic', name, partitions, brokers)

    def __call__(self, *words):
        self.p.stdin.write((' '.join(map(str, words)) + '\n').encode())
        answer = self.p.stdout.readline().decode().strip()
        assert answer == 'ok', '%s: %s' % (words, answer)

    def end(self):
        self.p.stdin.close()
        self.p.wait(fault.WAIT_S)
        self.p.stdout.close()
        assert self.p.returncode == 0, 'mock cluster: status %s' % self.p.returncode
