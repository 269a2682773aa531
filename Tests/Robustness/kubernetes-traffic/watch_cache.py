"""The watch cache of one resource: what a kube-apiserver keeps in memory, fed by a list and a watch."""

import asyncio
import bisect

import grpc

import shapes
from model import object_of


class Compacted(Exception):
    """The revision to go on from is gone: list again."""


class WatchCache:
    """Holds the objects of a resource and every event that brought them about since it listed, and checks each:
    revisions ascend, nothing comes twice, versions count up by one, the value before is the one that was here, and
    nothing comes after the store said that it would not."""

    def __init__(self, server, resource):
        self.server = server
        self.resource = resource
        self.objects = {}
        # It has seen everything up to here, and lists nothing from before `start`.
        self.revision = 0
        self.start = 0
        # Events since the oldest check that may still come: revisions, and (key, before, after) beside them.
        self.revisions = []
        self.changes = []
        self.promised = 0
        self.events = 0
        self.lists = 0
        self.resumptions = 0
        self.changed = asyncio.Event()
        self.call = None
        # Events up to here were held against the ledger.
        self.checked = 0
        # How long the next answer waits to be read, and how long the next break of the watch lasts.
        self.pause_seconds = 0
        self.break_seconds = 0.01
        self.is_broken = False

    # The life of a cache

    async def run(self):
        """Lists and watches until cancelled; a watch that breaks goes on where it was."""
        while True:
            try:
                if self.revision == 0:
                    await self.list()
                await self.watch()
            except Compacted:
                self.revision = 0
            except grpc.aio.AioRpcError as error:
                if error.code() not in (grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE):
                    self.wrong(f"the watch ended with {error.code().name}: {error.details()}")
            except asyncio.CancelledError:
                # A call that was cut here ends like this too.
                if asyncio.current_task().cancelling():
                    raise
            self.is_broken = True
            seconds, self.break_seconds = self.break_seconds, 0.01
            await asyncio.sleep(seconds)

    async def list(self):
        objects, revision = await self.server.list(self.resource, limit=100)
        self.objects, self.revision, self.start = objects, revision, revision
        self.revisions, self.changes, self.promised = [], [], revision
        self.lists += 1

    async def watch(self):
        self.call = self.server.watch_stub.Watch()
        await self.call.write(shapes.watch(self.resource, self.revision + 1))
        created = False
        self.resumptions += 1
        async for response in self.call:
            if self.pause_seconds:
                # A reader that is slow for a while; the store has to hold back, and to lose nothing.
                seconds, self.pause_seconds = self.pause_seconds, 0
                await asyncio.sleep(seconds)
            if response.created:
                if created:
                    self.wrong("created twice")
                created = True
                self.is_broken = False
            elif not created:
                self.wrong("an answer came before the watch was created")
            if response.canceled:
                if response.compact_revision <= self.revision:
                    self.wrong(
                        f"cancelled as compacted at {response.compact_revision}, though it asked from "
                        f"{self.revision + 1} on: {response.cancel_reason}")
                raise Compacted
            if response.events:
                self.take(response)
            elif not response.created and self.server.trusts_progress:
                self.promised = max(self.promised, response.header.revision)
                self.advance(response.header.revision)

    def cut(self, seconds=0.01):
        """Breaks the watch, as a lost connection does, for a while."""
        self.break_seconds = seconds
        if self.call is not None:
            self.call.cancel()

    async def request_progress(self):
        """Asks how far the watch is; in vain while it is broken."""
        if self.call is not None and not self.call.done():
            try:
                await self.call.write(shapes.progress())
            except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
                pass
            except asyncio.CancelledError:
                if asyncio.current_task().cancelling():
                    raise

    # Events

    def take(self, response):
        last = response.events[-1].kv.mod_revision
        if response.header.revision < last:
            self.wrong(f"the header says {response.header.revision}, an event {last}")
        here = set()
        for event in response.events:
            self.apply(event, here)
        self.advance(last)

    def apply(self, event, here):
        key, revision = event.kv.key, event.kv.mod_revision
        self.events += 1
        # `self.revision` moves at the end of a response: a revision is never split over two.
        if revision <= self.revision or (self.revisions and revision < self.revisions[-1]):
            self.wrong(f"{key} at {revision} came after {max(self.revision, (self.revisions or [0])[-1])}")
        if (revision, key) in here:
            self.wrong(f"{key} at {revision} came twice")
        here.add((revision, key))
        if revision <= self.promised:
            self.wrong(f"{key} at {revision} came after the store had promised {self.promised}")
        before = self.objects.get(key)
        previous = object_of(event.prev_kv) if event.HasField("prev_kv") else None
        if previous != before:
            self.wrong(f"{key} at {revision}: before it was {brief(before)}, the event says {brief(previous)}")
        after = None
        if event.type == 0:
            after = object_of(event.kv)
            expected = (before.create, before.version + 1) if before else (revision, 1)
            if (after.create, after.version) != expected:
                self.wrong(f"{key} at {revision} has {brief(after)}, after {brief(before)}")
            self.objects[key] = after
        else:
            self.objects.pop(key, None)
            if before is None:
                self.wrong(f"{key} at {revision} was deleted and not there")
            elif before.lease and not self.server.ledger.may_have_ended(before.lease):
                self.wrong(f"{key} went before its lease {before.lease:x} had ended")
        self.revisions.append(revision)
        self.changes.append((key, before, after))

    def advance(self, revision):
        if revision > self.revision:
            self.revision = revision
            self.changed.set()

    # Questions

    async def reach(self, revision, seconds):
        """Waits until the cache has seen a revision, asking how far it is as a kube-apiserver does. False when it
        does not come."""
        deadline = asyncio.get_running_loop().time() + seconds
        while self.revision < revision or self.revision == 0:
            if asyncio.get_running_loop().time() > deadline:
                return False
            await self.request_progress()
            self.changed.clear()
            try:
                await asyncio.wait_for(self.changed.wait(), 0.1)
            except asyncio.TimeoutError:
                pass
        return True

    def at(self, revision):
        """The objects as they were at a revision; None when the cache was listed later."""
        if revision < self.start:
            return None
        objects = dict(self.objects)
        for position in range(len(self.revisions) - 1, -1, -1):
            if self.revisions[position] <= revision:
                break
            key, before, _ = self.changes[position]
            if before is None:
                objects.pop(key, None)
            else:
                objects[key] = before
        return objects

    def missing(self, writes, revision):
        """Acknowledged writes up to a revision of which there was no event, and events that nobody wrote."""
        seen = {}
        for number, (key, _, after) in zip(self.revisions, self.changes):
            if number <= revision:
                seen[number, key] = after.value if after else None
        texts = []
        for number, (key, value) in writes.items():
            if not self.start < number <= revision:
                continue
            if (number, key) not in seen:
                texts.append(f"no event of {key} at {number}")
            elif seen[number, key] != value:
                texts.append(f"the event of {key} at {number} has another value than the write")
        if not self.resource.leased:
            for number, key in seen:
                # What the ledger has forgotten was written before the last check.
                if number > self.checked and number not in writes:
                    texts.append(f"an event of {key} at {number}, which nobody wrote")
        return texts

    def forget(self, revision):
        """No check will ask for what was before."""
        position = bisect.bisect_right(self.revisions, revision)
        del self.revisions[:position], self.changes[:position]
        self.checked = revision
        # `at` and `missing` begin here from now on.
        self.start = max(self.start, revision)

    def wrong(self, text):
        self.server.violations.add(f"{self.server.name}, {self.resource.name}: {text}")


def brief(value):
    if value is None:
        return "nothing"
    return f"create {value.create} mod {value.mod} version {value.version} of {len(value.value)} B"
