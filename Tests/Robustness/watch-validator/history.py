"""What happened at each revision, found out without a watch: by reading the store as it was at every revision."""

import dataclasses
import threading
import time

import grpc

from stubs import channel, failure, rpc

ALL = dict(key=b"\0", range_end=b"\0")


@dataclasses.dataclass(frozen=True)
class Change:
    """One event, as a watcher with prev_kv gets it."""

    revision: int
    key: bytes
    is_delete: bool = False
    value: bytes = b""
    create: int = 0
    version: int = 0
    lease: int = 0

    @staticmethod
    def of(event):
        kv = event.kv
        return Change(kv.mod_revision, kv.key, event.type == 1, kv.value, kv.create_revision, kv.version, kv.lease)

    @staticmethod
    def put(kv):
        return Change(kv.mod_revision, kv.key, False, kv.value, kv.create_revision, kv.version, kv.lease)


class History:
    """Changes by revision, without gaps, and what each replaced."""

    def __init__(self):
        self.changes = {}
        # (revision, key) → the put before it, if the key was there.
        self.previous = {}
        self.state = {}
        self.revision = 1

    def add(self, revision, changes):
        """The next revision. Changes of one revision have no order here."""
        assert revision == self.revision + 1
        self.changes[revision] = {change.key: change for change in changes}
        for change in changes:
            # What a revision creates replaces nothing, even if it deleted the key before.
            is_created = not change.is_delete and change.create == revision
            self.previous[revision, change.key] = None if is_created else self.state.get(change.key)
            if change.is_delete:
                self.state.pop(change.key, None)
            else:
                self.state[change.key] = change
        self.revision = revision

    def between(self, first, last):
        """Changes from one revision to another, both included."""
        for revision in range(max(first, 2), min(last, self.revision) + 1):
            yield from self.changes[revision].values()


class Historian(threading.Thread):
    """Follows a server and writes its history. Compaction must stay behind `history.revision`."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.history = History()
        self.faults = []
        self.current = 1
        self.stopping = threading.Event()
        self.channel = channel(address)
        self.kv = rpc.KVStub(self.channel)

    def run(self):
        while not self.stopping.is_set():
            try:
                current = self.kv.Range(rpc.RangeRequest(key=b"\0"), timeout=5).header.revision
                if current < self.history.revision:
                    self.faults.append(f"revision {self.history.revision} was read; now {current} is the newest")
                    return
                self.current = current
                if current == self.history.revision:
                    time.sleep(0.01)
                while self.history.revision < current and not self.stopping.is_set():
                    self.read(self.history.revision + 1)
            except grpc.RpcError as error:
                if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
                    self.faults.append(f"reading history at {self.history.revision + 1}: {failure(error)}")
                    return
                time.sleep(0.02)

    def read(self, revision):
        """What one revision changed: its puts, and the keys that are gone since the one before."""
        def request(**fields):
            return rpc.RequestOp(request_range=rpc.RangeRequest(**ALL, revision=revision, **fields))

        answer = self.kv.Txn(rpc.TxnRequest(success=[
            request(keys_only=True), request(min_mod_revision=revision, max_mod_revision=revision)]), timeout=5)
        keys, puts = [one.response_range for one in answer.responses]
        there = {kv.key for kv in keys.kvs}
        changes = [Change.put(kv) for kv in puts.kvs]
        changes += [Change(revision, key, True) for key in self.history.state if key not in there]
        if not changes:
            self.faults.append(f"revision {revision} changed nothing")
        self.history.add(revision, changes)

    def reach(self, revision, seconds):
        deadline = time.monotonic() + seconds
        while self.history.revision < revision and not self.faults:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return self.history.revision >= revision

    def stop(self):
        self.stopping.set()
        self.join()
        self.channel.close()
