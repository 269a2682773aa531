"""Watchers of everything that survive whatever happens to members: they resume after the last event, at another
member if need be."""

import asyncio
import dataclasses
import time

import grpc

from stubs import rpc

# Under load there is always something to tell: a member that is silent for so long is left.
SILENCE_SECONDS = 3


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """One change, as watchers tell it. A deletion has no value."""

    revision: int
    key: bytes
    value: bytes | None
    create: int = 0
    version: int = 0

    @staticmethod
    def of(event):
        kv = event.kv
        if event.type == 1:
            return Event(kv.mod_revision, kv.key, None)
        return Event(kv.mod_revision, kv.key, kv.value, kv.create_revision, kv.version)


class Follower:
    """One watcher over its whole life. `last` is the revision at which it may end, once that is known."""

    def __init__(self, load, number):
        self.load = load
        self.name = f"follower {number}"
        self.at = number
        self.next = 1
        self.last = None
        self.events = []
        # When each event arrived, by the monotonic clock.
        self.times = []
        self.faults = []
        self.connections = 0

    @property
    def is_done(self):
        return self.last is not None and self.next > self.last

    async def run(self):
        while not self.is_done and not self.faults:
            endpoint = self.load.endpoints[self.at % len(self.load.endpoints)]
            self.at += 1
            self.connections += 1
            try:
                await self.follow(endpoint)
            except (grpc.RpcError, asyncio.TimeoutError, asyncio.InvalidStateError):
                await asyncio.sleep(0.05)

    async def follow(self, endpoint):
        call = rpc.WatchStub(self.load.channel(endpoint)).Watch()
        try:
            await asyncio.wait_for(call.write(rpc.WatchRequest(create_request=rpc.WatchCreateRequest(
                key=b"\0", range_end=b"\0", start_revision=self.next))), SILENCE_SECONDS)
            while not self.is_done and not self.faults:
                answer = await asyncio.wait_for(call.read(), SILENCE_SECONDS)
                if answer is grpc.aio.EOF:
                    return
                if answer.canceled:
                    self.faults.append(f"{self.name} was cancelled by {endpoint}: {str(answer)[:300]}")
                elif endpoint not in self.load.endpoints:
                    # A member that clients should leave.
                    self.take(endpoint, answer)
                    return
                else:
                    self.take(endpoint, answer)
        finally:
            call.cancel()

    def take(self, endpoint, answer):
        last = self.next - 1
        for event in answer.events:
            told = Event.of(event)
            if told.revision < self.next:
                self.faults.append(f"{self.name} was told {told.revision} by {endpoint} after {self.next - 1}")
            if told.revision < last:
                self.faults.append(f"{self.name} was told {told.revision} by {endpoint} behind {last}")
            last = max(last, told.revision)
            self.events.append(told)
            self.times.append(time.monotonic())
        # A revision is never split over answers.
        self.next = last + 1
