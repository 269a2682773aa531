"""Reads the trace that interposer.c writes."""

import mmap
import os
import struct
from typing import Iterator, NamedTuple

HEADER = struct.Struct("<IHHQQQQ")

OPEN, WRITE, RESIZE, ALLOCATE, SYNC_BEGIN, SYNC_END = 1, 2, 3, 4, 5, 6
RENAME, UNLINK, MKDIR, RMDIR, MAP_WRITABLE, UNSUPPORTED, LIMIT = 7, 8, 9, 10, 11, 12, 13


class TraceError(Exception):
    """The trace cannot stand for what happened."""


class Event(NamedTuple):
    type: int
    flags: int
    time: int  # CLOCK_MONOTONIC, nanoseconds
    handle: int
    a: int
    b: int
    payload: memoryview

    @property
    def path(self) -> str:
        return os.fsdecode(bytes(self.payload))


def read(path: str) -> Iterator[Event]:
    """The events in order; stops where the trace does, be it within a record, as after a kill."""
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size == 0:
            return
        data = memoryview(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ))
    position = 0
    while position + HEADER.size <= size:
        count, kind, flags, time, handle, a, b = HEADER.unpack_from(data, position)
        position += HEADER.size
        if kind == LIMIT or position + count > size:
            return
        yield Event(kind, flags, time, handle, a, b, data[position : position + count])
        position += count
