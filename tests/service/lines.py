"""A shell line (a | b | c) whose processes a test can kill, stop, and start again."""
import os
import signal
import subprocess
import time

import fault

# Statuses of a part that meets trouble: a torn line, its own disk, its peer, the stream's contract.
TROUBLE = (3, 4, 5, 6)
STDERR_MAX = 60  # lines that a process may need to tell what has happened to it


class Part:
    def __init__(self, cmd, stdin, stdout, err):
        self.name = ' '.join(cmd[:2]) if cmd[0] == 'hi-kafka-bridge' else cmd[0]
        self.err = open(err, 'w+b')
        self.p = subprocess.Popen(cmd, stdin=stdin, stdout=stdout, stderr=self.err, env=fault.ENV)
        self.sent = set()  # signals that it was sent
        self.stopped = False

    def send(self, which):
        """False where it has ended before."""
        if self.p.poll() is not None:
            return False
        self.p.send_signal(which)
        self.sent.add(which)
        if which in (signal.SIGSTOP, signal.SIGCONT):
            self.stopped = which == signal.SIGSTOP
        return True

    def said(self):
        size = os.fstat(self.err.fileno()).st_size  # the place in the file is the process's
        return os.pread(self.err.fileno(), min(size, 1 << 20), 0).decode('utf-8', 'replace')

    def wrong(self):
        """What is wrong with how it has ended; None: nothing."""
        status, said = self.p.returncode, self.said()
        if status < 0 and (-status in self.sent or status == -signal.SIGPIPE):
            return None
        if status < 0 or status not in (0,) + TROUBLE:
            return '%s: status %d: %s' % (self.name, status, said[-800:])
        if status and not said.strip():
            return '%s: SILENT: status %d without a word' % (self.name, status)
        if said.count('\n') > STDERR_MAX:
            return '%s: a FLOOD of %d lines: %s' % (self.name, said.count('\n'), said[:800])
        if '"patient_id"' in said:
            return '%s: DATA in a message: %s' % (self.name, said[:800])
        return None


class Line:
    """Runs from its making on. Its last output goes to out, /dev/null where none is given."""

    def __init__(self, commands, name='line', out=None):
        folder = os.path.join(fault.T, 'err')
        os.makedirs(folder, exist_ok=True)
        self.name, self.begun, self.ended = name, time.monotonic(), None
        self.parts, before = [], subprocess.DEVNULL
        for i, cmd in enumerate(commands):
            last = i + 1 == len(commands)
            err = os.path.join(folder, '%s.%d.%d' % (name, id(self), i))
            part = Part(cmd, before, (out or subprocess.DEVNULL) if last else subprocess.PIPE, err)
            os.unlink(err)  # for as long as it is open
            if before != subprocess.DEVNULL:
                before.close()
            before = part.p.stdout
            self.parts.append(part)

    def stopped(self):
        return any(part.stopped for part in self.parts)

    def go_on(self):
        for part in self.parts:
            if part.stopped:
                part.send(signal.SIGCONT)

    def has_ended(self):
        """All have. Once one has, the others have to see that soon."""
        left = [part for part in self.parts if part.p.poll() is None]
        if left and len(left) < len(self.parts):
            self.ended = self.ended or time.monotonic()
        return not left

    def hangs(self):
        """What does not end though another part of the line has; a stopped line cannot."""
        if self.stopped():
            self.ended = None
        if not self.ended or time.monotonic() - self.ended < fault.WAIT_S:
            return None
        return '%s: HANGS: %s' % (self.name, ', '.join(
            '%s %s' % (part.name, 'runs' if part.p.poll() is None else
                       'has ended: %d' % part.p.returncode) for part in self.parts))

    def statuses(self):
        return '+'.join(str(part.p.returncode) for part in self.parts)

    def said(self):
        return ' / '.join(part.said().strip() for part in self.parts if part.said().strip())

    def wait(self, seconds=None):
        """Until all have ended; gives what is wrong with that, or None."""
        until = time.monotonic() + (seconds or fault.WAIT_S)
        for part in self.parts:
            try:
                part.p.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.kill()
                return '%s: HANGS: %s; %s' % (self.name, part.name, self.said()[-800:])
        return self.wrong()

    def wrong(self):
        whys = [why for why in (part.wrong() for part in self.parts) if why]
        return '%s: %s' % (self.name, '; '.join(whys)) if whys else None

    def kill(self):
        for part in self.parts:
            part.send(signal.SIGKILL)
            part.p.wait()

    def close(self):
        for part in self.parts:
            part.err.close()
