"""Watchers as a good client has them: they come back after every disconnect where they left off. Everything that they
are told is kept for the validator."""

import dataclasses
import queue
import threading
import time

import grpc

from history import Change
from stubs import channel, failure, rpc

RANGES = [(b"\0", b"\0"), (b"a", b"b"), (b"a/", b"a0"), (b"a/1", b""), (b"b", b""), (b"b", b"\0"), (b"a/2", b"b/2"),
          (b"never", b""), (b"d/3", b"")]
_END = object()


@dataclasses.dataclass(frozen=True)
class Options:
    """What a watcher asks for."""

    key: bytes
    range_end: bytes = b""
    filters: tuple = ()
    prev_kv: bool = False
    fragment: bool = False
    progress_notify: bool = False

    def includes(self, key):
        if self.range_end == b"":
            return key == self.key
        return key >= self.key and (self.range_end == b"\0" or key < self.range_end)

    def wants(self, change):
        return self.includes(change.key) and (1 if change.is_delete else 0) not in self.filters

    @staticmethod
    def random(random):
        key, end = random.choice(RANGES)
        return Options(
            key, end, random.choice([(), (), (), (0,), (1,)]), random.random() < 0.6, random.random() < 0.3,
            random.random() < 0.5)


@dataclasses.dataclass
class Told:
    """One answer. `kind` is "created", "events", "progress" or "cancelled"."""

    kind: str
    revision: int
    changes: tuple = ()
    # For each change the put before it, or None.
    previous: tuple = ()
    fragment: bool = False
    compact_revision: int = 0
    # The highest revision that anybody had asked to compact when this arrived.
    compacted: int = 0


@dataclasses.dataclass
class Segment:
    """What a watcher was told over one stream. `start` is the revision asked for; 0: what comes from now on."""

    start: int
    told: list = dataclasses.field(default_factory=list)


class Watcher:
    """A watcher over its whole life, of one segment for each time that it was created."""

    def __init__(self, name, options, start):
        self.name = name
        self.options = options
        self.next = start
        self.segments = []
        # The revision up to which it has been told everything.
        self.confirmed = 0

    def begin(self):
        self.segments.append(Segment(self.next))
        return rpc.WatchCreateRequest(
            key=self.options.key, range_end=self.options.range_end, start_revision=self.next,
            filters=list(self.options.filters), prev_kv=self.options.prev_kv, fragment=self.options.fragment,
            progress_notify=self.options.progress_notify)

    def take(self, told):
        """Keeps an answer and moves on, as far as the answer allows."""
        self.segments[-1].told.append(told)
        if told.kind == "created":
            if self.next == 0:
                self.next = told.revision + 1
        elif told.kind == "cancelled":
            self.next = max(told.compact_revision, self.next)
        elif told.kind == "events" and not told.fragment:
            self.reach(told.changes[-1].revision)
        elif told.kind == "events":
            # More of its last revision may follow, so only what is before that is complete.
            self.reach(told.changes[-1].revision - 1)
        elif told.kind == "progress":
            self.reach(told.revision)

    def reach(self, revision):
        self.confirmed = max(self.confirmed, revision)
        self.next = max(self.next, revision + 1)


class Stream(threading.Thread):
    """A stream with some watchers on it, opened again whenever it breaks; `slow` is how long it sleeps between answers
    at times."""

    def __init__(self, address, random, watchers, historian, compactor, slow=0.0):
        super().__init__(daemon=True)
        self.address = address
        self.random = random
        self.watchers = watchers
        self.all_watchers = list(watchers)
        self.historian = historian
        self.compactor = compactor
        self.slow = slow
        self.requests = queue.Queue()
        self.call = None
        self.stopping = threading.Event()
        self.calming = threading.Event()
        self.faults = []
        self.connections = 0
        self.by_id = {}
        self.pending = []

    def run(self):
        # A small window lets a client that does not read stop the server from sending soon.
        options = [("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 16_384)] if self.slow else []
        connection = channel(self.address, *options)
        stub = rpc.WatchStub(connection)
        while not self.stopping.is_set():
            try:
                self.connections += 1
                self.open(stub)
                for answer in self.call:
                    self.take(answer)
                    if self.faults:
                        return
                    if self.slow and not self.calming.is_set() and self.random.random() < 0.05:
                        self.stopping.wait(self.random.random() * self.slow)
            except grpc.RpcError as error:
                if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED):
                    self.faults.append(f"the stream ended: {failure(error)}")
                    return
            finally:
                self.requests.put(_END)
            time.sleep(0.02)
            self.replace_some()
        connection.close()

    def open(self, stub):
        self.requests = queue.Queue()
        self.by_id, self.pending = {}, []
        for watcher in self.watchers:
            self.create(watcher)
        self.call = stub.Watch(iter(self.requests.get, _END))

    def create(self, watcher):
        self.pending.append(watcher)
        self.requests.put(rpc.WatchRequest(create_request=watcher.begin()))

    def take(self, answer):
        revision = answer.header.revision
        compacted = self.compactor.requested
        if answer.created:
            if answer.canceled or not self.pending:
                self.faults.append(f"unexpected answer to a create: {answer}")
                return
            watcher = self.by_id[answer.watch_id] = self.pending.pop(0)
            watcher.take(Told("created", revision, compacted=compacted))
            return
        if answer.watch_id == -1 and not answer.events and not answer.canceled:
            # True for every watcher of the stream. Those that wait for their creation are not on it yet.
            for watcher in self.by_id.values():
                watcher.take(Told("progress", revision, compacted=compacted))
            return
        watcher = self.by_id.get(answer.watch_id)
        if watcher is None:
            self.faults.append(f"an answer for watcher {answer.watch_id}, which is not there: {str(answer)[:300]}")
        elif answer.canceled:
            watcher.take(Told("cancelled", revision, compact_revision=answer.compact_revision, compacted=compacted))
            del self.by_id[answer.watch_id]
            if not answer.compact_revision:
                self.faults.append(f"a watcher was cancelled without a reason: {answer}")
            else:
                self.create(watcher)
        elif answer.events:
            watcher.take(Told(
                "events", revision, tuple(Change.of(event) for event in answer.events),
                tuple(Change.put(event.prev_kv) if event.HasField("prev_kv") else None for event in answer.events),
                fragment=answer.fragment, compacted=compacted))
        else:
            watcher.take(Told("progress", revision, compacted=compacted))

    def replace_some(self):
        """Now and then a watcher is given up for a new one that starts somewhere in the past, now or in the future."""
        if self.calming.is_set():
            return
        for index, watcher in enumerate(self.watchers):
            if self.random.random() < 0.2:
                self.watchers[index] = self.fresh(f"{watcher.name}'")
                self.all_watchers.append(self.watchers[index])

    def fresh(self, name):
        current = self.historian.history.revision
        start = self.random.choice(
            [0, 0, current + 1, current + self.random.randint(2, 30), max(1, current - self.random.randint(0, 300)),
             max(1, self.compactor.requested), 1])
        return Watcher(name, Options.random(self.random), start)

    def ask_progress(self):
        self.requests.put(rpc.WatchRequest(progress_request=rpc.WatchProgressRequest()))

    def disconnect(self):
        if self.call is not None:
            self.call.cancel()

    def stop(self):
        self.stopping.set()
        self.disconnect()
        self.join()
