#!/usr/bin/env python3
"""hi-store on a real ext4 and XFS whose power is cut.

A file system on a loop file is shut down at a moment drawn by lot while hi-store
works (FS_IOC_SHUTDOWN without its log: what was not synced is gone), mounted again,
and read: all that was confirmed by a mark is there, whole commits only. Then the same
line is started again, and cut again, until all is there once.

The models of test_power_model.py are stricter than any file system; this shows that
they are not beside the point.
"""
import fcntl
import os
import random
import shutil
import struct
import subprocess
import threading
import time

import fault
from stores import Hand, cat, is_plain_mark, is_unmade, mixed, pieces, undisturbed

FS_IOC_SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32)
NO_LOG_FLUSH = 2
PIECES = 40
SYSTEMS = {  # name: (MiB, command, options of mount)
    'ext4': (64, ['mkfs.ext4', '-q', '-F'], 'noauto_da_alloc'),
    'xfs': (320, ['mkfs.xfs', '-q', '-f'], 'defaults'),
}


class Volume:
    """A file system on a loop file."""

    def __init__(self, name):
        self.name, self.device = name, None
        self.folder = os.path.join(fault.T, name)
        self.image = self.folder + '.img'

    def begin(self):
        """Makes and mounts it. Why that cannot be done here, or None."""
        size, make, self.options = SYSTEMS[self.name]
        os.mkdir(self.folder)
        with open(self.image, 'wb') as f:
            f.truncate(size << 20)
        try:
            self._do([*make, self.image])
            self.device = self._do(['losetup', '--show', '-f', self.image]).decode().strip()
            self.mount()
        except OSError as e:
            return str(e)
        return None

    def _do(self, command):
        r = fault.run(command)
        if r.status:
            raise OSError(f'{command[0]}: {r.said()}')
        return r.out

    def mount(self):
        self._do(['mount', '-t', self.name, '-o', self.options, self.device, self.folder])

    def cut(self):
        fd = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, FS_IOC_SHUTDOWN, struct.pack('I', NO_LOG_FLUSH))
        finally:
            os.close(fd)

    def unmount(self):
        self._do(['umount', self.folder])

    def end(self):
        if self.device:
            fault.run(['umount', self.folder])
            fault.run(['losetup', '-d', self.device])


class Line:
    """hi-store and its source, started again after each cut."""

    def __init__(self, volume, source, dice):
        self.volume, self.source, self.dice = volume, source, dice
        self.store = os.path.join(volume.folder, 'ward')
        self.wanted = undisturbed(source)
        begun = time.monotonic()
        source.resume(fault.place('timed'), 0)
        self.within_s = 4 * (time.monotonic() - begun)  # a real disk is slower
        self.confirmed = 0  # pieces
        self.cuts = self.stores = 0

    def step(self):
        """One start, ended by a cut. What is wrong, or None."""
        status, err = self._run()
        self.cuts += 1
        self.volume.unmount()
        self.volume.mount()
        # An error of the disk is status 4 and said; what had no error is done.
        if status not in (0, 4) or (status == 4) != bool(err):
            return f'status {status}: {err.decode()}'
        wrong = self._check()
        if not wrong and self.confirmed == len(self.wanted) - 1:
            self._remove()
        return wrong

    def _remove(self):
        shutil.rmtree(self.store)
        fault.run(['sync', '-f', self.volume.folder])
        self.confirmed = 0
        self.stores += 1

    def _run(self):
        position = self.source.position(self.store)
        p = subprocess.Popen(['hi-store', '-q', self.store], env=fault.ENV, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        seen = []
        cut = threading.Timer(self.dice.random() * self.within_s, self._cut, [p.stdout, seen])
        cut.start()
        try:
            for chunk, _ in self.source.chunks(position):
                p.stdin.write(chunk)
                p.stdin.flush()
                if self.dice.random() < 0.5:  # else the next comes while this is committed
                    time.sleep(self.dice.random() * 0.002)
            p.stdin.close()
        except BrokenPipeError:
            pass
        cut.join()
        p.stdin = None
        err = p.communicate(timeout=fault.WAIT_S)[1]
        marks = sum(map(is_plain_mark, seen[0].splitlines()))
        self.confirmed = max(self.confirmed, position + marks - 1)
        return p.returncode, err

    def _cut(self, marks, seen):
        """Only marks that are out by now count. To a sync that is under way a file system
        that is shut down may answer that all is well; with the power gone nobody hears it."""
        seen.append(available(marks.fileno()))
        self.volume.cut()

    def _check(self):
        got = cat(self.store)
        if self.confirmed == 0 and is_unmade(got):
            return None
        if got.status or got.err:
            return f'hi-cat: status {got.status}: {got.said()}'
        if got.out not in self.wanted[self.confirmed:]:
            there = self.wanted.index(got.out) if got.out in self.wanted else 'no whole number of'
            return f'{self.confirmed} pieces were confirmed, there are {there}'
        position = self.source.position(self.store)
        if self.wanted[position] != got.out:
            return f'the readings are not those of position {position}'
        return None


def available(fd):
    """What a pipe holds."""
    os.set_blocking(fd, False)
    got = b''
    try:
        while more := os.read(fd, 65536):
            got += more
    except BlockingIOError:
        pass
    os.set_blocking(fd, True)
    return got


def cut_often(volume):
    """What ran, and what is wrong or None."""
    cuts = 200 if fault.LONG else 5 if fault.sanitized() else 20
    line = Line(volume, Hand(pieces(mixed, PIECES)), random.Random(f'{fault.SEED} {volume.name}'))
    wrong = None
    while line.cuts < cuts and not wrong:
        wrong = line.step()
    return line, wrong


def system(name):
    missing = [c for c in (f'mkfs.{name}', 'losetup', 'mount') if not shutil.which(c)]
    if os.geteuid() != 0 or missing:
        fault.skip(name, f'no {missing[0]}' if missing else 'only root can mount it')
        return
    volume = Volume(name)
    try:
        why = volume.begin()
        line, wrong = (None, None) if why else cut_often(volume)
    finally:
        volume.end()
    # Not before the end of the volume: where a check fails, the test may end.
    if why:
        fault.skip(name, why)
        return
    fault.check(f'{name}: {line.cuts} cuts, {line.stores} stores to the end', wrong)
    fault.tell(f'power cuts on {name}', cuts=line.cuts, stores=line.stores)


def body():
    for name in filter(fault.wanted, SYSTEMS):
        system(name)


fault.main(body)
