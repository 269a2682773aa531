"""A model of a journaling file system: what of a trace is durable at each moment, and what a crash may leave.

Data and metadata are treated apart, as ext4 with data=ordered does:

* Metadata changes (names, sizes, allocation, holes) reach the journal in order: after a crash some prefix of them
  has happened. A sync of a file or directory makes its own changes, and so all earlier ones, durable.
* Data written to a file is durable after a sync of that file that began later, or after the write itself if the
  file was opened with O_DSYNC. Before that each sector holds what it held at some moment since the last sync:
  sectors independently of each other, in no order.
"""

import os
import random
from dataclasses import dataclass, field

import trace
from trace import Event, TraceError

SECTOR = 512
PAGE = 4096
PUNCH_HOLE, KEEP_SIZE, ZERO_RANGE = 2, 1, 16


@dataclass(eq=False)
class File:
    store: str  # the file that holds its durable bytes
    changes: list = field(default_factory=list)  # Write and Metadata not yet durable, in order
    created: int = 0  # the number of the change that made it
    last_metadata: int = 0
    is_mapped: bool = False
    size: int = 0  # as the program sees it


@dataclass
class Write:
    number: int
    offset: int
    data: memoryview


@dataclass
class Metadata:
    number: int
    kind: str  # create, mkdir, rename, unlink, resize, extend, zero
    path: str = ""
    target: str = ""
    file: File | None = None
    offset: int = 0
    length: int = 0


@dataclass
class Sync:
    handle: int
    number: int
    metadata: int


DIRECTORY = "directory"


class Disk:
    """Takes events one by one; `image` makes a directory as a crash after the last of them may leave it."""

    def __init__(self, root: str, work: str):
        self.root = os.path.realpath(root)
        self.work = work
        os.makedirs(work, exist_ok=True)
        self.names: dict[str, File | str] = {}  # as the program sees them
        self.durable_names: dict[str, File | str] = {}
        self.metadata: list[Metadata] = []  # not yet durable, in order
        self.directory_metadata: dict[str, int] = {}
        self.handles: dict[int, tuple[str, File | None]] = {}
        self.syncs: dict[int, Sync | Write] = {}
        self.number = 0
        self.files: list[File] = []  # all there ever were

    def adopt(self, directory: str) -> None:
        """Starts from what a directory holds, all of it durable, in place of an empty one."""
        for top, directories, names in os.walk(directory):
            for name in directories:
                path = os.path.relpath(os.path.join(top, name), directory)
                self.names[path] = self.durable_names[path] = DIRECTORY
            for name in names:
                path = os.path.relpath(os.path.join(top, name), directory)
                file = File(os.path.join(self.work, f"file-{len(self.files)}"))
                copy_sparse(os.path.join(top, name), file.store)
                file.size = os.path.getsize(file.store)
                self.files.append(file)
                self.names[path] = self.durable_names[path] = file

    def apply(self, event: Event) -> None:
        self.number += 1
        handler = self.HANDLERS.get(event.type)
        if handler is None:
            raise TraceError(f"event {self.number} of unknown type {event.type}")
        handler(self, event)

    # Events

    def _open(self, event: Event) -> None:
        path = self._relative(event.path)
        found = self.names.get(path)
        if path == "" or found is DIRECTORY or (found is None and event.a & os.O_DIRECTORY):
            self.handles[event.handle] = (path, None)
            return
        if found is None:
            if not event.a & os.O_CREAT:
                raise TraceError(f"{path} was opened but is not known: the trace must start with an empty directory")
            found = File(os.path.join(self.work, f"file-{len(self.files)}"), created=self.number)
            open(found.store, "xb").close()
            self.files.append(found)
            self.names[path] = found
            self._add(Metadata(self.number, "create", path, file=found), path)
        elif event.a & os.O_TRUNC:
            self._resize(found, 0)
        self.handles[event.handle] = (path, found)

    def _write(self, event: Event) -> None:
        file = self._file(event)
        write = Write(self.number, event.a, event.payload)
        file.changes.append(write)
        file.size = max(file.size, event.a + len(event.payload))
        if event.b:
            self.syncs[event.b] = write

    def _resize_event(self, event: Event) -> None:
        self._resize(self._file(event), event.a)

    def _resize(self, file: File, length: int) -> None:
        file.size = length
        self._add(Metadata(self.number, "resize", file=file, length=length))

    def _allocate(self, event: Event) -> None:
        file = self._file(event)
        mode, end = event.flags, event.a + event.b
        if mode & ~(PUNCH_HOLE | KEEP_SIZE | ZERO_RANGE):
            raise TraceError(f"fallocate mode {mode} is not supported")
        if mode & (PUNCH_HOLE | ZERO_RANGE):
            self._add(Metadata(self.number, "zero", file=file, offset=event.a, length=event.b))
        if not mode & KEEP_SIZE and end > file.size:
            file.size = end
            self._add(Metadata(self.number, "extend", file=file, length=end))

    def _sync_begin(self, event: Event) -> None:
        path, file = self.handles[event.handle]
        metadata = file.last_metadata if file else self.directory_metadata.get(path, 0)
        self.syncs[event.b] = Sync(event.handle, self.number, metadata)

    def _sync_end(self, event: Event) -> None:
        sync = self.syncs.pop(event.b)
        if event.flags:
            return
        file = self.handles[event.handle][1]
        if isinstance(sync, Write):
            # What else lies in the same sectors goes with it.
            first, last = sync.offset // SECTOR, (sync.offset + len(sync.data) - 1) // SECTOR
            chosen = [
                change
                for change in file.changes
                if isinstance(change, Write)
                and change.number <= sync.number
                and change.offset // SECTOR <= last
                and (change.offset + len(change.data) - 1) // SECTOR >= first
            ]
            sizes = [c.number for c in file.changes if isinstance(c, Metadata) and c.number < sync.number]
            self._commit(max(sizes, default=file.created))
        else:
            self._commit(sync.metadata)
            if file is None:
                return
            chosen = [c for c in file.changes if isinstance(c, Write) and c.number <= sync.number]
        with open(file.store, "r+b") as store:
            for write in chosen:
                store.seek(write.offset)
                store.write(write.data)
        done = {write.number for write in chosen}
        file.changes = [c for c in file.changes if not (isinstance(c, Write) and c.number in done)]

    def _rename(self, event: Event) -> None:
        old, new = (self._relative(os.fsdecode(part)) for part in bytes(event.payload).split(b"\0"))
        if self.names[old] is DIRECTORY:
            raise TraceError("renaming a directory is not supported")
        self.names[new] = self.names.pop(old)
        self._add(Metadata(self.number, "rename", old, new), old, new)

    def _unlink(self, event: Event) -> None:
        path = self._relative(event.path)
        self.names.pop(path)
        self._add(Metadata(self.number, "unlink", path), path)

    def _mkdir(self, event: Event) -> None:
        path = self._relative(event.path)
        if path == "":
            return
        self.names[path] = DIRECTORY
        self._add(Metadata(self.number, "mkdir", path), path)

    def _map(self, event: Event) -> None:
        self._file(event).is_mapped = True

    def _unsupported(self, event: Event) -> None:
        raise TraceError(f"event {self.number}: {event.path} cannot be replayed")

    HANDLERS = {
        trace.OPEN: _open,
        trace.WRITE: _write,
        trace.RESIZE: _resize_event,
        trace.ALLOCATE: _allocate,
        trace.SYNC_BEGIN: _sync_begin,
        trace.SYNC_END: _sync_end,
        trace.RENAME: _rename,
        trace.UNLINK: _unlink,
        trace.MKDIR: _mkdir,
        trace.RMDIR: _unlink,
        trace.MAP_WRITABLE: _map,
        trace.UNSUPPORTED: _unsupported,
    }

    # What is durable

    def _relative(self, path: str) -> str:
        return "" if path == self.root else os.path.relpath(path, self.root)

    def _file(self, event: Event) -> File:
        path, file = self.handles[event.handle]
        if file is None:
            raise TraceError(f"{path} is a directory")
        return file

    def _add(self, change: Metadata, *paths: str) -> None:
        self.metadata.append(change)
        for path in paths:
            self.directory_metadata[os.path.dirname(path)] = change.number
        if change.file:
            change.file.last_metadata = change.number
            if change.kind != "create":
                change.file.changes.append(change)

    def _commit(self, number: int) -> None:
        """Makes metadata changes up to one durable."""
        count = 0
        for change in self.metadata:
            if change.number > number:
                break
            count += 1
            apply_name(self.durable_names, change)
            if change.file and change.kind != "create":
                # Data written before it and not yet durable is cut or cleared with it.
                self._apply_durable(change)
        del self.metadata[:count]

    def _apply_durable(self, change: Metadata) -> None:
        file = change.file
        with open(file.store, "r+b") as store:
            apply_size(store.fileno(), change)
        kept = []
        for other in file.changes:
            if other is change:
                continue
            if isinstance(other, Write) and other.number < change.number:
                if change.kind == "resize":
                    if other.offset >= change.length:
                        continue
                    other.data = other.data[: change.length - other.offset]
                elif change.kind == "zero":
                    end, hole_end = other.offset + len(other.data), change.offset + change.length
                    if change.offset < hole_end and other.offset < hole_end and end > change.offset:
                        if other.offset < change.offset:
                            kept.append(Write(other.number, other.offset, other.data[: change.offset - other.offset]))
                        if end > hole_end:
                            kept.append(Write(other.number, hole_end, other.data[hole_end - other.offset :]))
                        continue
            kept.append(other)
        file.changes = kept

    # Images

    def image(self, directory: str, choice: "Choice") -> None:
        """Makes `directory` as a crash may leave the root."""
        os.makedirs(directory)
        kept = choice.metadata_kept(len(self.metadata))
        limit = self.metadata[kept - 1].number if kept else 0
        names = dict(self.durable_names)
        for change in self.metadata[:kept]:
            apply_name(names, change)
        for path in sorted(path for path, file in names.items() if file is DIRECTORY):
            os.makedirs(os.path.join(directory, path), exist_ok=True)
        for path in sorted(path for path, file in names.items() if file is not DIRECTORY):
            file = names[path]
            target = os.path.join(directory, path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            copy_sparse(file.store, target)
            if file.changes:
                self._apply_changes(target, file, limit, choice)

    def _apply_changes(self, path: str, file: File, limit: int, choice: "Choice") -> None:
        with open(file.store, "rb") as store, open(path, "r+b", 0) as image:
            sectors = Sectors(store)
            descriptor = image.fileno()
            for change in file.changes:
                if isinstance(change, Metadata):
                    if change.number <= limit:
                        apply_size(descriptor, change)
                    sectors.apply(change)
                    continue
                sectors.write(change)
                for start, end in choice.pieces(change):
                    # A sector holds all that was written to it up to then, or none of it.
                    start = start // SECTOR * SECTOR
                    end = -(-end // SECTOR) * SECTOR
                    os.pwrite(descriptor, sectors.read(start, end), start)


class Sectors:
    """A file's bytes as the program saw them, for the sectors that writes touch."""

    def __init__(self, store):
        self.store = store
        self.bytes: dict[int, bytearray] = {}
        self.cleared: list[tuple[int, int]] = []  # ranges cut off or punched out since the file was durable

    def _sector(self, number: int) -> bytearray:
        found = self.bytes.get(number)
        if found is None:
            self.store.seek(number * SECTOR)
            found = self.bytes[number] = bytearray(self.store.read(SECTOR))
            for start, end in self.cleared:
                clear(found, start - number * SECTOR, end - number * SECTOR)
        return found

    def write(self, write: Write) -> None:
        position, end = write.offset, write.offset + len(write.data)
        while position < end:
            number, start = divmod(position, SECTOR)
            count = min(SECTOR - start, end - position)
            data = write.data[position - write.offset : position - write.offset + count]
            if count == SECTOR:
                self.bytes[number] = bytearray(data)
            else:
                sector = self._sector(number)
                if len(sector) < start:
                    sector.extend(bytes(start - len(sector)))
                sector[start : start + count] = data
            position += count

    def apply(self, change: Metadata) -> None:
        if change.kind == "resize":
            start, end = change.length, 1 << 62
        elif change.kind == "zero":
            start, end = change.offset, change.offset + change.length
        else:
            return
        self.cleared.append((start, end))
        for number, sector in self.bytes.items():
            clear(sector, start - number * SECTOR, end - number * SECTOR)

    def read(self, start: int, end: int) -> bytes:
        """The bytes of whole sectors; the last may be short, at the end of the file."""
        last = end // SECTOR - 1
        whole = b"".join(bytes(self._sector(number)).ljust(SECTOR, b"\0") for number in range(start // SECTOR, last))
        return whole + bytes(self._sector(last))


def clear(sector: bytearray, start: int, end: int) -> None:
    """Takes out a range; one that reaches to the sector's end makes it shorter, as a file may end there."""
    start = max(start, 0)
    if end >= len(sector):
        del sector[start:]
    elif start < end:
        sector[start:end] = bytes(end - start)


class Choice:
    """What of the changes that are not durable a crash keeps."""

    MODES = ("killed", "synced", "ordered", "writes", "pages", "sectors")

    def __init__(self, seed: int, mode: str | None = None):
        self.random = random.Random(seed)
        self.mode = mode or self.random.choice(self.MODES)
        self.share = self.random.choice((0.1, 0.5, 0.9))
        self.limit = None  # of "ordered": the last write that is kept, in part

    def metadata_kept(self, count: int) -> int:
        if self.mode == "killed":
            return count
        if self.mode == "synced":
            return 0
        return self.random.choice((0, count, self.random.randint(0, count)))

    def order(self, disk: Disk) -> None:
        """Sets where an ordered image ends."""
        writes = [c.number for f in disk.files for c in f.changes if isinstance(c, Write)]
        self.limit = self.random.choice(sorted(writes)) if writes else 0

    def pieces(self, write: Write):
        """The parts of a write that are kept, as ranges of the file."""
        start, end = write.offset, write.offset + len(write.data)
        if self.mode == "killed" or (self.mode == "ordered" and write.number < self.limit):
            yield start, end
        elif self.mode == "writes":
            if self.random.random() < self.share:
                yield start, end
        elif self.mode in ("pages", "sectors") or (self.mode == "ordered" and write.number == self.limit):
            size = PAGE if self.mode == "pages" else SECTOR
            position = start
            while position < end:
                stop = min(end, (position // size + 1) * size)
                if self.random.random() < self.share:
                    yield position, stop
                position = stop

    def __str__(self) -> str:
        return self.mode if self.mode in ("killed", "synced") else f"{self.mode} ({self.share})"


def apply_name(names: dict, change: Metadata) -> None:
    if change.kind == "create":
        names[change.path] = change.file
    elif change.kind == "mkdir":
        names[change.path] = DIRECTORY
    elif change.kind == "unlink":
        names.pop(change.path, None)
    elif change.kind == "rename":
        names[change.target] = names.pop(change.path)


def apply_size(descriptor: int, change: Metadata) -> None:
    size = os.fstat(descriptor).st_size
    if change.kind == "resize" or (change.kind == "extend" and change.length > size):
        os.ftruncate(descriptor, change.length)
    elif change.kind == "zero":
        position, end = change.offset, min(size, change.offset + change.length)
        while position < end:
            position += os.pwrite(descriptor, bytes(min(1 << 20, end - position)), position)


def copy_sparse(source: str, target: str) -> None:
    """Copies a file without filling its holes."""
    with open(source, "rb") as reader, open(target, "xb") as writer:
        size = os.fstat(reader.fileno()).st_size
        os.ftruncate(writer.fileno(), size)
        position = 0
        while position < size:
            try:
                position = os.lseek(reader.fileno(), position, os.SEEK_DATA)
            except OSError:
                return
            end = os.lseek(reader.fileno(), position, os.SEEK_HOLE)
            while position < end:
                data = os.pread(reader.fileno(), min(1 << 20, end - position), position)
                os.pwrite(writer.fileno(), data, position)
                position += len(data)
