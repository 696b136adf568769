"""No room: a full disk, a limit on files, an output that takes nothing.

hi-store stops with status 4 before the commit, keeps what it has promised, and goes on with
the same line once there is room. Every other tool says 4 where its output is not taken.
"""
import os
import shutil
import subprocess

import fault
import stream
import uses

PAGE = 4096


def full_output(use):
    """/dev/full takes nothing: 4, and a message."""
    with open('/dev/full', 'wb') as full:
        r = fault.run(use.cmd, use.stdin, stdout=full)
    return fault.crashed(r) or (None if r.status == 4 else 'status %d' % r.status)


def full_marks(line):
    """A mark that cannot be written: what it stands for is durable all the same."""
    store = fault.place()
    with open('/dev/full', 'wb') as full:
        ran = stream.pipeline(line.commands(store), out=full)
    if ran[2].status != 4 or not ran[2].err:
        return stream.statuses(ran) + ': ' + stream.said(ran)
    return line.wrong(store) or line.heal(store)


def stopped(line, store, ran, acknowledged):
    """hi-store has room, or stops with 4; those before it see it end, and end too."""
    sink = ran[-1]
    why = fault.crashed(sink)
    if why:
        return why
    if sink.status not in (0, 4):
        return 'status %d: %s' % (sink.status, sink.said())
    if sink.status == 0:
        return line.unfinished(store)
    return line.wrong(store, acknowledged)


def limited(line, given, bytes_n):
    """Each file may have so many bytes (RLIMIT_FSIZE), which is EFBIG to who ignores SIGXFSZ."""
    store = fault.place()
    r = fault.run(['prlimit', '--fsize=%d' % bytes_n, 'hi-store', '-q', store], given)
    return stopped(line, store, [r], stream.acknowledged(line.saved, r.out)) or line.heal(store)


class Disk:
    """A tmpfs of its own."""

    def __init__(self, path, size):
        self.path = path
        os.makedirs(path, exist_ok=True)
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=%d' % size, 'none', path], check=True)

    def grow(self):
        subprocess.run(['mount', '-o', 'remount,size=64m', self.path], check=True)

    def away(self):
        # Lazily: another thread's child may hold what is open here until it runs its command.
        subprocess.run(['umount', '-l', self.path], check=True)


def mounts_work():
    path = fault.place('disk')
    try:
        Disk(path, 16 * PAGE).away()
    except (subprocess.CalledProcessError, FileNotFoundError):
        return False
    return True


def small_disk(line, size, by_growing):
    """The line runs until its disk is full; then there is room, by a larger disk or by what
    somebody removes, and it runs to its end."""
    disk = Disk(fault.place('disk'), size if by_growing else 64 << 20)
    try:
        other = os.path.join(disk.path, 'other')
        if not by_growing:
            with open(other, 'wb') as f:
                f.write(bytes((64 << 20) - size))
        store = os.path.join(disk.path, 'ward')
        ran = line.run(store)
        why = stopped(line, store, ran, stream.acknowledged(line.saved, ran[-1].out))
        if by_growing:
            disk.grow()
        else:
            os.unlink(other)
        return why or line.heal(store)
    finally:
        disk.away()


def body():
    counts = {'outputs': 0}
    outputs = [use for use in uses.all_uses() if not use.file]
    line = stream.Line('full')
    given = os.path.join(line.folder, 'given')
    uses.write(given, line.saved)
    counts['outputs'] = fault.sweep('an output that takes nothing', outputs, full_output)
    fault.check('marks that nobody takes', full_marks(line))

    largest = max(os.stat(os.path.join(path, f)).st_size
                  for path, _, files in os.walk(os.path.join(line.folder, 'truth')) for f in files)
    # The log of the database is longer than the database.
    sizes = list(range(0, 2 * largest + PAGE, 512))
    if shutil.which('prlimit'):
        counts['limits'] = fault.sweep('a limit on the size of files', fault.sample(sizes, 60),
                                       lambda n: limited(line, given, n))
    else:
        fault.skip('a limit on the size of files', 'no prlimit (util-linux)')
    if mounts_work():
        sizes = [(n * PAGE, grow) for n in range(2, 140) for grow in (True, False)]
        counts['disks'] = fault.sweep('a full disk, and room again', fault.sample(sizes, 40),
                                      lambda p: small_disk(line, *p))
    else:
        fault.skip('a full disk', 'mounting a tmpfs needs root')
    fault.tell('no room', **counts)


fault.main(body)
