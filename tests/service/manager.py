"""A service manager for tests, where no systemd runs: it does what hi-pipeline@.service says.

It reads the unit's file, gives NOTIFY_SOCKET and WATCHDOG_USEC, runs ExecStart, kills what
starves its watchdog, and starts again by Restart=, RestartPreventExitStatus= and
SuccessExitStatus= as systemd.service(5) has them. Not done: everything that fences the
service in, and the delays between starts.
"""
import os
import re
import shlex
import signal
import socket
import subprocess
import time


def read_unit(path, instance, replace):
    """Of section Service: {name: [values]}, with the instance for %i and replace's texts."""
    settings, section = {}, ''
    for line in open(path):
        line = line.strip()
        if line.startswith('['):
            section = line
        elif line and not line.startswith('#') and section == '[Service]':
            for a, b in replace.items():
                line = line.replace(a, b)
            name, value = line.split('=', 1)
            settings.setdefault(name, []).append(value.replace('%i', instance))
    return settings


def service(folder, name, text, env, watchdog_s):
    """Started: the pipe text as folder/pipelines/NAME, its state in folder/NAME. BUILD's tools."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    pipelines = os.path.join(folder, 'pipelines')
    os.makedirs(pipelines, exist_ok=True)
    os.mkdir(os.path.join(folder, name))
    with open(os.path.join(pipelines, name), 'w') as f:
        f.write(text)
    replace = {'@BINDIR@': os.path.join(root, env['BUILD'], 'bin'),
               '/etc/health-insight/pipelines': pipelines}
    unit = read_unit(os.path.join(root, 'share', 'hi-pipeline@.service.in'), name, replace)
    s = Service(unit, os.path.join(folder, name), env, watchdog_s)
    s.start()
    return s


def children(pid):
    try:
        return [int(c) for c in open('/proc/%d/task/%d/children' % (pid, pid)).read().split()]
    except OSError:
        return []


class Service:
    def __init__(self, unit, folder, env, watchdog_s):
        """folder: the state directory; watchdog_s in the place of the unit's, which is long."""
        self.unit, self.folder, self.watchdog_s = unit, folder, watchdog_s
        assert self.one('Type') == 'notify' and self.one('NotifyAccess') == 'all'
        assert self.one('Restart') == 'always' and float(self.one('WatchdogSec')) > 0
        self.watchdog_signal = getattr(signal, self.one('WatchdogSignal'))
        self.prevent = self.statuses('RestartPreventExitStatus')
        self.success = self.statuses('SuccessExitStatus') | {0}
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.address = os.path.join(folder, 'notify')
        self.socket.bind(self.address)
        self.env = dict(env, NOTIFY_SOCKET=self.address,
                        WATCHDOG_USEC=str(int(watchdog_s * 1e6)))
        self.state = 'inactive'
        self.starts = self.readies = self.fed = self.starved = 0
        self.results = []  # of each run: its status, or 'watchdog'
        self.said = set()  # the keys of all datagrams, STATUS with its text

    def one(self, name):
        return self.unit[name][-1]

    def statuses(self, name):
        return {int(s) for v in self.unit.get(name, []) for s in v.split()}

    def start(self):
        self.log = open(os.path.join(self.folder, 'journal'), 'ab')
        self.out = open(os.path.join(self.folder, 'stdout'), 'wb')
        # What is in a cgroup under systemd is a session here.
        self.main = subprocess.Popen(shlex.split(self.one('ExecStart')), cwd=self.folder,
                                     env=self.env, stdin=subprocess.DEVNULL, stdout=self.out,
                                     stderr=self.log, start_new_session=True)
        self.state, self.starts, self.fed_since = 'activating', self.starts + 1, None

    def journal(self):
        return open(os.path.join(self.folder, 'journal')).read()

    def parts(self):
        """The pids of the pipe's parts, in order; of its shell."""
        shell = children(self.main.pid)
        return children(shell[0]) if shell else []

    def kill_all(self):
        try:
            os.killpg(self.main.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def datagram(self, text):
        for line in text.decode().split('\n'):
            key, value = line.split('=', 1)
            self.said.add(re.sub('[0-9]', '9', line))
            if key == 'READY':
                self.readies += 1
                self.state = 'active'
                self.fed_since = time.monotonic()
            elif key == 'WATCHDOG':
                self.fed += 1
                self.fed_since = time.monotonic()

    def ended(self):
        status = self.main.returncode
        status = 128 - status if status < 0 else status
        starved = self.state == 'starved'
        self.results.append('watchdog' if starved else status)
        self.kill_all()
        self.log.close()
        self.out.close()
        good = not starved and status in self.success
        if self.state == 'stopping':
            self.state = 'inactive' if good else 'failed'
        elif not starved and status in self.prevent:
            self.state = 'failed'
        else:
            self.start()

    def turn(self):
        """What there is to do now, or in a twentieth of a second."""
        self.socket.settimeout(0.05)
        try:
            self.datagram(self.socket.recv(4096))
        except TimeoutError:
            pass
        if self.main.poll() is not None:
            self.ended()
        elif self.state == 'active' and time.monotonic() - self.fed_since > self.watchdog_s:
            self.state, self.starved = 'starved', self.starved + 1
            os.kill(self.main.pid, self.watchdog_signal)
            self.kill_all()

    def until(self, what, seconds=60):
        """False where it did not come."""
        end = time.monotonic() + seconds
        while not what():
            if time.monotonic() > end:
                return False
            self.turn()
        return True

    def stop(self):
        """KillMode=mixed: SIGTERM to the main process, SIGKILL to what is left too late."""
        assert self.one('KillMode') == 'mixed'
        if self.state in ('inactive', 'failed'):
            return
        self.state = 'stopping'
        os.kill(self.main.pid, signal.SIGTERM)
        if not self.until(lambda: self.state != 'stopping', float(self.one('TimeoutStopSec'))):
            self.kill_all()
            self.main.wait()
            self.ended()

    def close(self):
        self.state = 'stopping'
        self.kill_all()
        self.main.wait()
        self.socket.close()
