"""Clients of all members at once. Each write has a value that no other write has, and everything that was asked and
answered is recorded for the judge."""

import asyncio
import dataclasses
import random
import threading
import time

import grpc

from members import FAST_RECONNECT, eventually
from stubs import CHANNEL, rpc
from watching import Follower

CALL_SECONDS = 2.5
# The prober asks this often, whatever the answers do.
PROBE_SECONDS = 0.02
PROBES_UNDER_WAY = 200
OWN_KEYS = 6
SHARED_KEYS = 4
KINDS, WEIGHTS = zip(("put", 45), ("delete", 6), ("swap", 14), ("read", 25), ("stale read", 10))


@dataclasses.dataclass(slots=True)
class Operation:
    """One request. Times are seconds of the monotonic clock; `end` is None until it was answered without an error:
    then whether it took effect is not known."""

    kind: str
    key: bytes
    endpoint: str
    start: float
    # What a put or a successful swap writes.
    value: bytes = b""
    # Of a swap: the modification revision that it asks for. Of a read: the one that was found, 0 for none.
    modified: int = 0
    end: float | None = None
    # The header's revision.
    revision: int = 0
    # Whether a swap held, or a deletion found its key.
    has_changed: bool = False
    error: str = ""
    ended: float = 0

    def __str__(self):
        text = f"{self.kind} of {self.key!r} at {self.endpoint}"
        text += f", value {self.value[:40].strip()!r}" if self.value else ""
        text += f", modified {self.modified}" if self.kind not in ("put", "delete") else ""
        answer = f"revision {self.revision}" if self.end is not None else self.error or "no answer"
        return f"{text} ({self.start:.3f}–{self.ended:.3f} s: {answer})"


class Load:
    """The clients, in a thread of their own while the block runs. `endpoints` are members' client addresses and may be
    changed at any time by `use`."""

    def __init__(self, endpoints, seed, writers=12, pause=0.01, followers=3):
        self.random = random.Random(seed)
        self.endpoints = list(endpoints)
        self.operations = []
        self.busy = {}
        self.pause = pause
        self.writers = writers
        self.followers = [Follower(self, number) for number in range(followers)]
        self.channels = {}
        self.failure = None
        self.stopping = False
        # All requests have ended; only followers go on.
        self.is_idle = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self):
        self.thread.start()

    def run(self):
        try:
            asyncio.run(self.perform())
        except BaseException as error:
            self.failure = error
            raise

    async def perform(self):
        tasks = [asyncio.create_task(self.write(number, random.Random(self.random.random())))
                 for number in range(self.writers)]
        tasks.append(asyncio.create_task(self.probe()))
        watches = [asyncio.create_task(follower.run()) for follower in self.followers]
        try:
            await asyncio.gather(*tasks)
            self.is_idle.set()
            await asyncio.gather(*watches)
        finally:
            for one in self.channels.values():
                await one.close()

    def stop(self):
        """Lets requests end; the followers go on until `finish` says how far."""
        self.stopping = True
        assert self.is_idle.wait(60) or self.failure, "requests do not end"
        self.check()

    def check(self):
        if self.failure:
            raise self.failure

    def finish(self, revision):
        """Waits until every follower was told everything up to a revision."""
        for follower in self.followers:
            follower.last = revision
        self.thread.join(90)
        assert not self.thread.is_alive(), "followers miss events: " + ", ".join(
            f"{follower.name} at {follower.next - 1} of {revision}" for follower in self.followers)
        self.check()

    def channel(self, endpoint):
        if endpoint not in self.channels:
            self.channels[endpoint] = grpc.aio.insecure_channel(endpoint, options=CHANNEL + FAST_RECONNECT)
        return self.channels[endpoint]

    def use(self, endpoints):
        """Sends new requests to these only, and waits until no other has one under way."""
        self.endpoints = list(endpoints)
        deadline = time.monotonic() + 60
        while any(count for endpoint, count in list(self.busy.items()) if endpoint not in endpoints):
            assert time.monotonic() < deadline, "requests do not end"
            time.sleep(0.005)

    # The clients.

    async def write(self, number, chance):
        """A client that does one thing after the other, and turns to the next member when one fails."""
        count, at = 0, number
        seen = {}
        while not self.stopping:
            count += 1
            endpoint = self.endpoints[at % len(self.endpoints)]
            kind = chance.choices(KINDS, WEIGHTS)[0]
            value = b"%d/%d" % (number, count) + b" " * chance.choice([0, 0, 0, 100, 2000])
            if kind == "swap":
                key = b"shared/%d" % chance.randrange(SHARED_KEYS)
            elif kind.endswith("read"):
                key = chance.choice([b"shared/%d" % chance.randrange(SHARED_KEYS),
                                     b"own/%02d/%d" % (chance.randrange(self.writers), chance.randrange(OWN_KEYS))])
            else:
                key = b"own/%02d/%d" % (number, chance.randrange(OWN_KEYS))
            operation = Operation(kind, key, endpoint, 0, value if kind in ("put", "swap") else b"", seen.get(key, 0))
            if not await self.ask(operation):
                at += 1
                await asyncio.sleep(0.05)
            elif kind == "swap" or kind == "read":
                seen[key] = operation.revision if operation.has_changed else operation.modified
            await asyncio.sleep(chance.random() * 2 * self.pause)

    async def probe(self):
        """Puts at a steady pace to one member after the other, so that it is known when writes go on again."""
        under_way, number = set(), 0
        while not self.stopping:
            number += 1
            if len(under_way) < PROBES_UNDER_WAY:
                endpoint = self.endpoints[number % len(self.endpoints)]
                operation = Operation("put", b"probe/%d" % (number % 16), endpoint, 0, b"probe/%d" % number)
                task = asyncio.create_task(self.ask(operation))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
            await asyncio.sleep(PROBE_SECONDS)
        if under_way:
            await asyncio.wait(under_way)

    async def ask(self, operation):
        """Makes a request and records it; whether it was answered."""
        kv = rpc.KVStub(self.channel(operation.endpoint))
        self.operations.append(operation)
        self.busy[operation.endpoint] = self.busy.get(operation.endpoint, 0) + 1
        operation.start = time.monotonic()
        expected = operation.modified
        try:
            if operation.kind == "put":
                answer = await kv.Put(rpc.PutRequest(key=operation.key, value=operation.value), timeout=CALL_SECONDS)
            elif operation.kind == "delete":
                answer = await kv.DeleteRange(rpc.DeleteRangeRequest(key=operation.key), timeout=CALL_SECONDS)
                operation.has_changed = answer.deleted > 0
            elif operation.kind == "swap":
                answer = await kv.Txn(swap(operation.key, expected, operation.value), timeout=CALL_SECONDS)
                operation.has_changed = answer.succeeded
                if not answer.succeeded:
                    found = answer.responses[0].response_range.kvs
                    operation.modified = found[0].mod_revision if found else 0
            else:
                answer = await kv.Range(
                    rpc.RangeRequest(key=operation.key, serializable=operation.kind == "stale read"),
                    timeout=CALL_SECONDS)
                operation.modified = answer.kvs[0].mod_revision if answer.kvs else 0
                operation.value = answer.kvs[0].value if answer.kvs else b""
            operation.revision = answer.header.revision
            operation.end = operation.ended = time.monotonic()
            return True
        except grpc.RpcError as error:
            operation.error = f"{error.code().name}: {error.details()}"
            operation.ended = time.monotonic()
            return False
        finally:
            self.busy[operation.endpoint] -= 1

    # What an observer sees.

    def goes_on(self, since=None, count=40):
        """Waits until so many writes were asked and acknowledged since a moment."""
        since = time.monotonic() if since is None else since

        def is_writing():
            self.check()
            return len(self.acknowledged(since)) >= count

        eventually("writes go on", is_writing)

    def acknowledged(self, since=0.0):
        """Writes that were asked and acknowledged since a moment."""
        return [one for one in list(self.operations)
                if one.end and one.start >= since and one.kind in ("put", "delete", "swap")]

    def errors(self, since=0.0, until=float("inf")):
        return [one for one in list(self.operations) if one.error and since <= one.ended <= until]

    def seconds_without(self, moment):
        """From a moment until the first write that was begun after it and acknowledged."""
        return min(one.end for one in self.acknowledged(moment)) - moment


def swap(key, modified, value):
    """A put if the key was last changed by this revision (0: is not there); a look at it otherwise."""
    compare = rpc.Compare(key=key, target=rpc.Compare.MOD, result=rpc.Compare.EQUAL, mod_revision=modified)
    return rpc.TxnRequest(
        compare=[compare], success=[rpc.RequestOp(request_put=rpc.PutRequest(key=key, value=value))],
        failure=[rpc.RequestOp(request_range=rpc.RangeRequest(key=key))])
