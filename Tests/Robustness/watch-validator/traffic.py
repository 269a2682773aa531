"""Clients that change few keys in many ways, and one that compacts."""

import random
import threading
import time

import grpc

from stubs import channel, failure, rpc

KEYS = [b"a", b"a/1", b"a/2", b"a/3", b"a/33", b"b", b"b/1", b"b/2", b"c", b"d/1", b"d/2", b"d/3"]
# How far the history may be behind before writers wait for it.
LAG_MAX = 400
# Errors that a call may give while the server is killed or while others change leases.
EXPECTED = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.NOT_FOUND,
            grpc.StatusCode.UNKNOWN, grpc.StatusCode.CANCELLED}


class Client(threading.Thread):
    """A loop that goes on until it is stopped, whatever the server does."""

    def __init__(self, address, historian, seed):
        super().__init__(daemon=True)
        self.historian = historian
        self.random = random.Random(seed)
        self.stopping = threading.Event()
        self.channel = channel(address)
        self.kv = rpc.KVStub(self.channel)
        self.lease = rpc.LeaseStub(self.channel)
        self.faults = []
        self.calls = 0

    def run(self):
        while not self.stopping.is_set():
            try:
                self.step()
                self.calls += 1
            except grpc.RpcError as error:
                if error.code() not in EXPECTED:
                    self.faults.append(f"{type(self).__name__}: {failure(error)}")
                    return
                time.sleep(0.02)

    def stop(self):
        self.stopping.set()
        self.join()
        self.channel.close()


class Writer(Client):
    """Changes keys. `acknowledged` has, by revision, the changes of each answered request in their order: pairs of a
    key and its new value, None for a deletion."""

    def __init__(self, address, historian, seed, pause, has_leases=True):
        super().__init__(address, historian, seed)
        self.pause = pause
        self.number = 0
        self.seed = seed
        self.acknowledged = {}
        self.leases = []
        kinds = [(self.put, 40), (self.delete, 14), (self.txn, 30)]
        if has_leases:
            kinds += [(self.grant, 3), (self.leased_put, 8), (self.revoke, 2)]
        self.kinds, self.weights = zip(*kinds)

    def value(self):
        """Never the same twice, so that a value tells which request wrote it."""
        self.number += 1
        size = self.random.choices([0, 200, 3_000, 40_000], [50, 30, 18, 2])[0]
        return b"%d/%d/" % (self.seed, self.number) + b"x" * self.random.randint(0, size)

    def step(self):
        while self.historian.current - self.historian.history.revision > LAG_MAX and not self.stopping.is_set():
            time.sleep(0.01)
        self.random.choices(self.kinds, self.weights)[0]()
        time.sleep(self.random.random() * 2 * self.pause)

    def put(self, lease=0):
        key, value = self.random.choice(KEYS), self.value()
        answer = self.kv.Put(rpc.PutRequest(key=key, value=value, lease=lease), timeout=5)
        self.acknowledged[answer.header.revision] = [(key, value)]

    def delete(self):
        key, end = self.random.choice([(self.random.choice(KEYS), b""), (b"a/", b"a0"), (b"b", b"c")])
        answer = self.kv.DeleteRange(rpc.DeleteRangeRequest(key=key, range_end=end, prev_kv=True), timeout=5)
        if answer.deleted:
            self.acknowledged[answer.header.revision] = [(kv.key, None) for kv in answer.prev_kvs]

    def txn(self):
        """Several changes at one revision, in an order of their own."""
        keys = self.random.sample(KEYS, self.random.randint(1, 6))
        operations = []
        for key in keys:
            if self.random.random() < 0.3:
                operations.append(rpc.RequestOp(request_delete_range=rpc.DeleteRangeRequest(key=key, prev_kv=True)))
            else:
                operations.append(rpc.RequestOp(request_put=rpc.PutRequest(key=key, value=self.value())))
        answer = self.kv.Txn(rpc.TxnRequest(success=operations), timeout=5)
        changes = []
        for operation, done in zip(operations, answer.responses):
            if operation.HasField("request_put"):
                changes.append((operation.request_put.key, operation.request_put.value))
            else:
                changes += [(kv.key, None) for kv in done.response_delete_range.prev_kvs]
        if changes:
            self.acknowledged[answer.header.revision] = changes

    def grant(self):
        seconds = self.random.choice([1, 2, 3, 600])
        self.leases.append(self.lease.LeaseGrant(rpc.LeaseGrantRequest(TTL=seconds), timeout=5).ID)
        del self.leases[:-5]

    def leased_put(self):
        self.put(self.random.choice(self.leases) if self.leases else 0)

    def revoke(self):
        if self.leases:
            self.lease.LeaseRevoke(rpc.LeaseRevokeRequest(ID=self.leases.pop(0)), timeout=5)


class Compactor(Client):
    """Compacts behind what the history has. `requested` is the highest revision that it asked for."""

    def __init__(self, address, historian, seed):
        super().__init__(address, historian, seed)
        self.requested = 0
        self.all_requested = set()

    def step(self):
        self.stopping.wait(self.random.uniform(0.2, 1.5))
        revision = self.historian.history.revision - self.random.choice([0, 1, 5, 50, 500])
        if revision <= max(self.requested, 1) or self.stopping.is_set():
            return
        self.requested = revision
        self.all_requested.add(revision)
        try:
            self.kv.Compact(rpc.CompactionRequest(revision=revision, physical=self.random.random() < 0.3), timeout=10)
        except grpc.RpcError as error:
            # An earlier attempt that got no answer may have been carried out.
            if error.code() != grpc.StatusCode.OUT_OF_RANGE:
                raise
