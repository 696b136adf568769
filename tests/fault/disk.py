"""What a disk may hold after a power cut: a model of files, folders and syncs.

record() runs a program under strace and keeps every call that changes files
below a folder or syncs them. Disk plays the calls again and stops before each
sync (a Cut): what was synced is there; of the rest any part may be.

The contract is fsync(2) read strictly, so that no file system's kindness hides
a bug: a file's sync makes its bytes and its length durable, not its name; a
folder's sync makes the names in it durable. Until then each write may be whole,
missing, torn between sectors, or there in length alone, with zeroes or noise
for its bytes; names may be there or not, each for itself. What a page cache
cannot do is left out: a sector that was written holds all that was put into it
before.
"""
import itertools
import os
import random
import re
import subprocess

SECTOR = 512
SUBSETS_OF = 6  # operations: of so many each subset is tried
KEEP, DROP = 'keep', 'drop'  # of an operation; other fates are tuples, see File.after

# Everything that changes files or makes them durable. What the model knows:
KNOWN = ('openat,open,creat,write,writev,pwrite64,ftruncate,truncate,rename,renameat,renameat2,'
         'unlink,unlinkat,rmdir,mkdir,mkdirat,fsync,fdatasync,syncfs,sync,lseek,close,read')
# What it does not know and must not meet below the folder:
UNKNOWN = ('link,linkat,symlink,symlinkat,mknod,mknodat,pwritev,pwritev2,fallocate,openat2,'
           'copy_file_range,sendfile,splice,dup,dup2,dup3,io_uring_setup,sync_file_range,mmap')


class File:
    def __init__(self, content=b''):
        self.durable = bytes(content)
        self.visible = bytearray(content)
        self.shared = False  # a -shm: written by mmap, holds anything after a cut

    @staticmethod
    def after(durable, operations):
        """The content: durable, then each (operation, fate) in order."""
        full, out = bytearray(durable), bytearray(durable)
        for op, fate in operations:
            op.apply(full)
            if fate == DROP:
                continue
            if isinstance(op, Truncate):
                op.apply(out)
            elif fate[0] in ('zeroes', 'noise'):
                grow(out, op.end, fate)
            else:
                for a, b in op.sectors(fate):
                    b = min(b, len(full))
                    grow(out, b)
                    out[a:b] = full[a:b]
        return bytes(out)


class Folder:
    def __init__(self, parent=None):
        self.parent = parent or self
        self.durable = {}
        self.visible = {}


def grow(content, length, fate=('zeroes',)):
    missing = length - len(content)
    if missing > 0:
        noise = fate[0] == 'noise'
        content += random.Random(fate[1]).randbytes(missing) if noise else bytes(missing)


class Write:
    def __init__(self, node, at, data):
        self.node, self.at, self.data, self.end = node, at, data, at + len(data)

    def __str__(self):
        return f'{len(self.data)} bytes at {self.at}:'

    def apply(self, content):
        grow(content, self.end)
        content[self.at:self.end] = self.data

    def sectors(self, fate):
        """The ranges of bytes that reach the disk."""
        first, last = self.at // SECTOR, (self.end - 1) // SECTOR
        if fate == KEEP:
            return [(first * SECTOR, (last + 1) * SECTOR)]
        if fate[0] == 'head':
            return [(first * SECTOR, (self.at + fate[1]) // SECTOR * SECTOR)]
        dice = random.Random(fate[1])  # 'some'
        return [(s * SECTOR, (s + 1) * SECTOR) for s in range(first, last + 1)
                if dice.random() < 0.5]


class Truncate:
    def __init__(self, node, length):
        self.node, self.length = node, length

    def __str__(self):
        return f'length {self.length}:'

    def apply(self, content):
        del content[self.length:]
        grow(content, self.length)


class Names:
    """Entries of folders that come or go in one step: [(folder, name, node or None)]."""

    def __init__(self, entries):
        self.entries = entries

    def __str__(self):
        return ' '.join(('+' if node else '-') + name for _, name, node in self.entries) + ':'

    def apply(self, entries_of):
        for folder, name, node in self.entries:
            if node:
                entries_of(folder)[name] = node
            else:
                entries_of(folder).pop(name, None)


class Cut:
    """A moment before a sync: what is durable, and what is on its way."""

    def __init__(self, disk, label):
        self.root = disk.root
        self.label = label
        self.confirmed = disk.confirmed
        self.pending = list(disk.pending)
        self.durable = {node: node.durable if isinstance(node, File) else dict(node.durable)
                        for node in disk.nodes}

    def state(self, fates, noise=0):
        """{path: bytes, or None for a folder} with the fate of each pending operation."""
        folders = {n: dict(d) for n, d in self.durable.items() if isinstance(n, Folder)}
        changes = {}
        for op, fate in zip(self.pending, fates):
            if isinstance(op, Names):
                if fate != DROP:
                    op.apply(folders.__getitem__)
            else:
                changes.setdefault(op.node, []).append((op, fate))
        state = {}

        def walk(folder, path):
            for name, node in folders[folder].items():
                if isinstance(node, Folder):
                    state[path + name] = None
                    walk(node, path + name + '/')
                elif node.shared:
                    state[path + name] = shared_content(noise)
                else:
                    state[path + name] = File.after(self.durable[node], changes.get(node, ()))

        walk(self.root, '')
        return state

    def fates(self, dice, randoms):
        """Yields (kind, fates): the systematic ones, then randoms."""
        ops, n = self.pending, len(self.pending)
        yield 'nothing', (DROP,) * n
        yield 'everything', (KEEP,) * n
        writes = [i for i in range(n) if isinstance(ops[i], Write)]
        names = {i for i in range(n) if isinstance(ops[i], Names)}
        yield 'no names', tuple(DROP if i in names else KEEP for i in range(n))
        yield 'names alone', tuple(KEEP if i in names else DROP for i in range(n))
        for node in dict.fromkeys(ops[i].node for i in range(n) if i not in names):
            mine = [i in names or ops[i].node is node for i in range(n)]
            yield 'one file', tuple(KEEP if m else DROP for m in mine)
            yield 'one file not', tuple(DROP if m and i not in names else KEEP
                                        for i, m in enumerate(mine))
        if n <= SUBSETS_OF:
            for chosen in itertools.product((KEEP, DROP), repeat=n):
                yield 'each subset', chosen
        for i in range(n):
            yield 'in order', (KEEP,) * i + (DROP,) * (n - i)
            yield 'one alone', (DROP,) * i + (KEEP,) + (DROP,) * (n - i - 1)
            yield 'one lost', (KEEP,) * i + (DROP,) + (KEEP,) * (n - i - 1)
        for i in writes:
            for fate in torn(ops[i], dice):
                yield 'torn', (KEEP,) * i + (fate,) + (KEEP,) * (n - i - 1)
                yield 'torn last', (KEEP,) * i + (fate,) + (DROP,) * (n - i - 1)
        for _ in range(randoms if n > 1 else 0):
            share = dice.choice((0.1, 0.3, 0.5, 0.7, 0.9))
            yield 'random', tuple(random_fate(ops[i], share, dice) for i in range(n))


def shared_content(noise):
    if noise % 3 == 0:
        return b''
    return bytes(32768) if noise % 3 == 1 else random.Random(noise).randbytes(32768)


def torn(op, dice):
    yield ('head', len(op.data) // 2)
    yield ('head', dice.randrange(1, len(op.data) + 1))
    yield ('some', dice.randrange(1 << 30))
    yield ('zeroes',)
    yield ('noise', dice.randrange(1 << 30))


def random_fate(op, share, dice):
    if dice.random() >= share:
        return DROP
    if isinstance(op, Write) and dice.random() < 0.2:
        return dice.choice(list(torn(op, dice)))
    return KEEP


class Disk:
    """Plays recorded calls below a folder; cuts are the moments at which power may go."""

    def __init__(self, folder):
        """folder: what is there before the run is durable."""
        self.path = os.path.realpath(folder)
        self.root = Folder()
        self.nodes = [self.root]
        self.fds = {}
        self.pending = []
        self.confirmed = 0
        self.cuts = []
        self._load(self.root, self.path)

    def _load(self, folder, path):
        for e in sorted(os.scandir(path), key=lambda e: e.name):
            node = self._new(e.name, folder, e.is_dir())
            if e.is_dir():
                self._load(node, e.path)
            else:
                with open(e.path, 'rb') as f:
                    node.durable = f.read()
                node.visible = bytearray(node.durable)
            folder.durable[e.name] = folder.visible[e.name] = node

    def _new(self, name, parent, is_folder):
        node = Folder(parent) if is_folder else File()
        if name.endswith('-shm'):
            node.shared = True
        self.nodes.append(node)
        return node

    def _at(self, base, path):
        """(folder, name, node) of a path that was opened from base, or None outside."""
        if path.startswith('/'):
            path = os.path.normpath(path)
            if path != self.path and not path.startswith(self.path + '/'):
                return None
            path, base = path[len(self.path) + 1:], self.root
        if not isinstance(base, Folder):
            return None
        folder, name, node = base.parent, '', base
        for name in filter(None, path.split('/')):
            folder = node
            node = {'.': folder, '..': folder.parent}.get(name) or folder.visible.get(name)
        return folder, name, node

    def _names(self, entries):
        op = Names(entries)
        op.apply(lambda folder: folder.visible)
        self.pending.append(op)

    def _change(self, op):
        op.apply(op.node.visible)
        if not op.node.shared:
            self.pending.append(op)

    def cut(self, label):
        if not self.cuts or self.pending or self.cuts[-1].confirmed != self.confirmed:
            self.cuts.append(Cut(self, label))

    def _synced(self, wanted):
        """Makes the pending operations durable for which wanted is true."""
        for op in [op for op in self.pending if wanted(op)]:
            self.pending.remove(op)
            if isinstance(op, Names):
                op.apply(lambda folder: folder.durable)
            else:
                op.node.durable = bytes(op.node.visible)

    # --- calls: the arguments as parsed, the result

    def open(self, base, path, flags, fd):
        place = self._at(base, path)
        self.fds[fd] = None
        if not place:
            return
        folder, name, node = place
        if node is None:
            node = self._new(name, folder, False)
            self._names([(folder, name, node)])
        if 'O_TRUNC' in flags:
            self._change(Truncate(node, 0))
        self.fds[fd] = [node, 0, 'O_APPEND' in flags]

    def write(self, fd, data):
        if self.fds.get(fd) and data:
            node, at, append = self.fds[fd]
            at = len(node.visible) if append else at
            self._change(Write(node, at, data))
            self.fds[fd][1] = at + len(data)

    def pwrite(self, fd, data, at):
        if self.fds.get(fd) and data:
            self._change(Write(self.fds[fd][0], at, data))

    def seek(self, fd, at):
        if self.fds.get(fd):
            self.fds[fd][1] = at

    def read(self, fd, n):
        if self.fds.get(fd):
            self.fds[fd][1] += n

    def truncate(self, node, length):
        if node:
            self._change(Truncate(node, length))

    def mkdir(self, base, path):
        place = self._at(base, path)
        if place:
            folder, name, _ = place
            self._names([(folder, name, self._new(name, folder, True))])

    def unlink(self, base, path):
        place = self._at(base, path)
        if place:
            self._names([(place[0], place[1], None)])

    def rename(self, base, path, to_base, to_path):
        one, other = self._at(base, path), self._at(to_base, to_path)
        if bool(one) != bool(other):
            raise ValueError('renamed across the edge of the model')
        if one:
            self._names([(one[0], one[1], None), (other[0], other[1], one[2])])

    def sync(self, fd, label):
        if not self.fds.get(fd):
            return
        node = self.fds[fd][0]
        self.cut(label)
        if isinstance(node, File):
            self._synced(lambda op: not isinstance(op, Names) and op.node is node)
        else:
            self._synced(lambda op: isinstance(op, Names) and
                         any(folder is node for folder, _, _ in op.entries))

    def sync_all(self, label):
        self.cut(label)
        self._synced(lambda op: True)


TEXT = r'"((?:\\x[0-9a-f]{2})*)"'
PLACE = r'(AT_FDCWD|\d+)(?:<[^>]*>)?(?:\(deleted\))?'


def unhex(text):
    return bytes.fromhex(text.replace('\\x', ''))


class Player:
    """Lines of strace -f -y -xx into calls of a Disk.

    confirmed(data) is called with what the program writes to its standard output,
    taken(n) with the number of bytes that it reads from its input; both return how
    much the program has confirmed by then.
    """

    def __init__(self, disk, confirmed, taken):
        self.disk, self.confirmed, self.taken = disk, confirmed, taken

    def line(self, line):
        m = re.match(r'\d+ +(\w+)\((.*)\) += (-?\d+|\?)', line)
        if not m:
            if 'unfinished' in line:
                raise ValueError('two threads: the model plays one')
            return
        call, args, result = m[1], m[2], m[3]
        if result == '?' or int(result) < 0:
            return
        play = getattr(self, '_' + call, None)
        if play:
            play(args, int(result))
        elif self.disk.path in self._shown(args):
            raise ValueError(f'the model does not know {call}')

    def _shown(self, args):
        return os.fsdecode(unhex(''.join(re.findall(r'\\x[0-9a-f]{2}', args))))

    def _base(self, word):
        entry = None if word == 'AT_FDCWD' else self.disk.fds.get(int(word))
        return entry[0] if entry else None

    def _paths(self, args):
        """[(base, path)...] of the paths in the arguments, with their folders if named."""
        return [(self._base(base or 'AT_FDCWD'), os.fsdecode(unhex(path)))
                for base, path in re.findall(r'(?:' + PLACE + r', )?' + TEXT, args)]

    def _fd(self, args):
        return int(re.match(r'\d+', args)[0])

    def _label(self, call, args):
        m = re.match(r'\d+<((?:\\x[0-9a-f]{2})*)>', args)
        path = os.fsdecode(unhex(m[1])) if m else ''
        return call + ' ' + os.path.relpath(path, self.disk.path) if path else call

    def _openat(self, args, fd):
        base, path = self._paths(args)[0]
        self.disk.open(base, path, args.rsplit('"', 1)[1], fd)

    _open = _openat

    def _creat(self, args, fd):
        base, path = self._paths(args)[0]
        self.disk.open(base, path, 'O_TRUNC', fd)

    def _written(self, args, n):
        return b''.join(unhex(t) for t in re.findall(TEXT, args))[:n]

    def _write(self, args, n):
        if self._fd(args) == 1:
            self.disk.confirmed = self.confirmed(self._written(args, n))
        else:
            self.disk.write(self._fd(args), self._written(args, n))

    _writev = _write

    def _pwrite64(self, args, n):
        self.disk.pwrite(self._fd(args), self._written(args, n), int(args.rsplit(', ', 1)[1]))

    def _read(self, args, n):
        if self._fd(args) == 0:
            self.disk.confirmed = self.taken(n)
        else:
            self.disk.read(self._fd(args), n)

    def _lseek(self, args, at):
        self.disk.seek(self._fd(args), at)

    def _ftruncate(self, args, _):
        entry = self.disk.fds.get(self._fd(args))
        self.disk.truncate(entry and entry[0], int(args.rsplit(', ', 1)[1]))

    def _truncate(self, args, _):
        base, path = self._paths(args)[0]
        place = self.disk._at(base, path)
        self.disk.truncate(place and place[2], int(args.rsplit(', ', 1)[1]))

    def _mkdir(self, args, _):
        self.disk.mkdir(*self._paths(args)[0])

    _mkdirat = _mkdir

    def _unlink(self, args, _):
        self.disk.unlink(*self._paths(args)[0])

    _unlinkat = _rmdir = _unlink

    def _rename(self, args, _):
        one, other = self._paths(args)
        self.disk.rename(*one, *other)

    _renameat = _renameat2 = _rename

    def _fsync(self, args, _):
        self.disk.sync(self._fd(args), self._label('fsync', args))

    def _fdatasync(self, args, _):
        self.disk.sync(self._fd(args), self._label('fdatasync', args))

    def _syncfs(self, args, _):
        self.disk.sync_all('syncfs')

    _sync = _syncfs

    def _mmap(self, args, _):
        fd = args.split(', ')[4]
        entry = self.disk.fds.get(int(re.match(r'-?\d+', fd)[0]))
        if entry and 'PROT_WRITE' in args and 'MAP_SHARED' in args and not entry[0].shared:
            raise ValueError('the model does not know files that are written by mmap')

    def _close(self, args, _):
        self.disk.fds.pop(self._fd(args), None)


def strace(trace, command):
    """The command line that records command into the file trace."""
    return ['strace', '-f', '-y', '-xx', '-s', '33554432', '-qq', '-o', trace,
            '-e', 'trace=' + KNOWN + ',' + UNKNOWN, '-e', 'signal=none', '--', *command]


def play(folder, trace, confirmed, taken):
    """The cuts of a recorded run below folder, as it was before; see Player."""
    disk = folder if isinstance(folder, Disk) else Disk(folder)
    player = Player(disk, confirmed, taken)
    with open(trace, encoding='ascii', errors='replace') as f:
        for line in f:
            player.line(line)
    disk.cut('the end')
    return disk.cuts


def put(state, folder):
    """Makes the folder, which is not there, and the state's files in it."""
    os.mkdir(folder)
    for path, content in state.items():
        to = os.path.join(folder, path)
        if content is None:
            os.mkdir(to, 0o700)
        else:
            fd = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                os.write(fd, content)
            finally:
                os.close(fd)
