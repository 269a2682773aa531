"""Writes to a server as many clients at a time, and keeps the ledger of what was acknowledged (see ledger.py)."""

import asyncio
import base64
import json
import random
import time

import grpc
from compaction import compact, compact_forever, give_back_space
from pyetcd import etcdrpc as rpc

CALL_SECONDS = 30
COMPACTION_SECONDS = 0.1
SHARED_KEYS = 30
# Longer ones are kept apart by the store.
LONG_KEY_BYTES = 2_000


def encode(data):
    return None if data is None else base64.b64encode(data).decode()


def put(key, value):
    return rpc.RequestOp(request_put=rpc.PutRequest(key=key, value=value))


def delete(key):
    return rpc.RequestOp(request_delete_range=rpc.DeleteRangeRequest(key=key))


class Load:
    """The clients of one server, over all its lives."""

    def __init__(self, path, seed):
        self.ledger = open(path, "w")
        self.random = random.Random(seed)
        self.fresh = 0
        self.acknowledged = 0
        self.unanswered = 0
        self.written = []

    def value(self):
        """Small, middling and big values; some of them compress."""
        size = self.random.randint(0, self.random.choices([40, 400, 4_000, 40_000, 400_000], [500, 350, 100, 10, 1])[0])
        return b"v" * size if self.random.random() < 0.3 else self.random.randbytes(size)

    def fresh_key(self):
        """A key that nothing else writes to: a revision lost in the middle then shows."""
        self.fresh += 1
        return b"u/%06d" % self.fresh + (b"k" * LONG_KEY_BYTES if self.random.random() < 0.02 else b"")

    def old_key(self):
        if self.written and self.random.random() < 0.5:
            return self.random.choice(self.written)
        return b"s/%d" % self.random.randrange(SHARED_KEYS)

    def changes(self):
        """Key and value, or key and None for a delete, of the changes of one write."""
        kind = self.random.choices(["fresh", "old", "delete", "several"], [55, 20, 10, 15])[0]
        if kind == "fresh":
            return [(self.fresh_key(), self.value())]
        if kind == "old":
            return [(self.old_key(), self.value())]
        if kind == "delete":
            return [(self.old_key(), None)]
        keys = {self.old_key() for _ in range(self.random.randint(0, 3))}
        listed = [(key, self.value() if self.random.random() < 0.6 else None) for key in sorted(keys)]
        return [*listed, (self.fresh_key(), self.value())]

    async def write(self, stub, changes):
        """Sends one write; the revision it got, and the changes that happened."""
        key, value = changes[0]
        if len(changes) > 1:
            request = rpc.TxnRequest(success=[delete(k) if v is None else put(k, v) for k, v in changes])
            answer = await stub.Txn(request, timeout=CALL_SECONDS)
            happened = [
                change
                for change, response in zip(changes, answer.responses)
                if change[1] is not None or response.response_delete_range.deleted > 0
            ]
        elif value is None:
            answer = await stub.DeleteRange(rpc.DeleteRangeRequest(key=key), timeout=CALL_SECONDS)
            happened = changes if answer.deleted > 0 else []
        else:
            answer = await stub.Put(rpc.PutRequest(key=key, value=value), timeout=CALL_SECONDS)
            happened = changes
        return answer.header.revision, happened

    def note(self, changes, **fields):
        for key, value in changes:
            self.ledger.write(json.dumps({**fields, "key": encode(key), "value": encode(value)}) + "\n")

    async def client(self, stub, budget, is_ending):
        while budget:
            budget.pop()
            changes = self.changes()
            try:
                revision, happened = await self.write(stub, changes)
            except grpc.RpcError as error:
                self.note(changes)
                self.unanswered += 1
                if not is_ending.is_set():
                    raise RuntimeError(f"a write failed: {error.code()}: {error.details()}") from error
                return
            self.note(happened, time=time.monotonic_ns(), revision=revision)
            self.acknowledged += 1
            # Kept short: old keys are written again and again.
            if len(self.written) < 500 and changes[-1][0].startswith(b"u/") and self.random.random() < 0.1:
                self.written.append(changes[-1][0])

    async def run(self, address, writes, clients, connections, interrupt=None):
        """Makes so many writes. With `interrupt`, calls that halfway, and ends when the server goes away."""
        channels = [
            grpc.aio.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])
            for _ in range(connections)
        ]
        stubs = [rpc.KVStub(channel) for channel in channels]
        budget, is_ending = [None] * writes, asyncio.Event()
        tasks = [
            asyncio.create_task(self.client(stubs[number % connections], budget, is_ending))
            for number in range(clients)
        ]
        chance = random.Random(self.random.random())
        compaction = asyncio.create_task(compact_forever(channels[0], chance, COMPACTION_SECONDS))
        if interrupt:
            while len(budget) > writes // 2 and not any(task.done() for task in tasks):
                await asyncio.sleep(0.001)
            is_ending.set()
            interrupt()
        try:
            await asyncio.gather(*tasks)
            if not interrupt:
                await compact(channels[0], chance, is_physical=True)
                await give_back_space(channels[0])
        finally:
            for task in [*tasks, compaction]:
                task.cancel()
            for channel in channels:
                await channel.close()
            self.ledger.flush()
