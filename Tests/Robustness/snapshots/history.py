"""Writes histories with everything that a snapshot has to keep. The last write of each is a put."""

import random

from stubs import rpc

SECONDS = 60


class Writer:
    def __init__(self, channel, seed):
        self.kv = rpc.KVStub(channel)
        self.lease_stub = rpc.LeaseStub(channel)
        self.random = random.Random(seed)
        self.leases = []

    def put(self, key, value, lease=0):
        return self.kv.Put(rpc.PutRequest(key=key, value=value, lease=lease), timeout=SECONDS).header.revision

    def delete(self, key, end=b""):
        return self.kv.DeleteRange(
            rpc.DeleteRangeRequest(key=key, range_end=end), timeout=SECONDS).header.revision

    def transaction(self, *changes):
        """Puts and deletes at one revision: (key, value) or (key, None)."""
        operations = [
            rpc.RequestOp(request_delete_range=rpc.DeleteRangeRequest(key=key)) if value is None else rpc.RequestOp(
                request_put=rpc.PutRequest(key=key, value=value))
            for key, value in changes
        ]
        return self.kv.Txn(rpc.TxnRequest(success=operations), timeout=SECONDS).header.revision

    def grant(self, seconds):
        lease = self.random.getrandbits(62) | 1
        self.lease_stub.LeaseGrant(rpc.LeaseGrantRequest(ID=lease, TTL=seconds), timeout=SECONDS)
        self.leases.append(lease)
        return lease

    def revoke(self, lease):
        self.leases.remove(lease)
        self.lease_stub.LeaseRevoke(rpc.LeaseRevokeRequest(ID=lease), timeout=SECONDS)

    def compact(self, revision):
        self.kv.Compact(rpc.CompactionRequest(revision=revision, physical=True), timeout=SECONDS)

    def singles(self, count):
        """Writes that change one key each: puts, overwrites, deletes, keys that come again."""
        keys = [b"single/%03d" % i for i in range(max(count // 8, 4))]
        for number in range(count):
            key = self.random.choice(keys)
            if self.random.random() < 0.2:
                self.delete(key)
            else:
                self.put(key, b"value %d " % number * self.random.choice([0, 1, 3, 40]))

    def groups(self, count):
        """Writes that change several keys at one revision."""
        keys = [b"group/%02d" % i for i in range(10)]
        for number in range(count):
            chosen = self.random.sample(keys, self.random.randint(2, 6))
            self.transaction(*[
                (key, None if self.random.random() < 0.3 else b"%d" % number) for key in chosen])
        self.delete(b"group/00", b"group/03")

    def odd(self):
        """Keys and values at the edges."""
        self.put(b"\0", b"")
        self.put(b"\xff" * 20, bytes(range(256)))
        self.put(b"long/" + b"k" * 4000, b"v")
        self.put(b"long/" + b"k" * 4001, b"w" * 9000)
        for size in (4000, 70_000, 1_200_000):
            self.put(b"big/%d" % size, self.random.randbytes(size))
        self.put(b"big/zeros", bytes(1_000_000))

    def leased(self):
        """Leases with keys and without, keys that change their lease, and a lease that was revoked."""
        first, second, empty, gone = (self.grant(seconds) for seconds in (5_000, 9_000_000_000, 4_000, 4_000))
        assert empty
        self.put(b"leased/a", b"1", first)
        self.put(b"leased/b", b"1", first)
        self.put(b"leased/b", b"2", second)
        self.put(b"leased/c", b"1", second)
        self.put(b"leased/c", b"2")
        self.put(b"leased/d", b"1", gone)
        self.put(b"leased/" + b"e" * 600, b"1", first)
        self.put(b"leased/" + b"e" * 600 + b"f", b"1", first)
        self.revoke(gone)

    def end(self):
        return self.put(b"zz/end", b"end")
