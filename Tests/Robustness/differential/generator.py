"""Random operations: mostly sensible ones that meet each other on few keys, and every odd shape now and then."""

from operations import COMPACTED, CURRENT, GRANTED, INT64_MAX, INT64_MIN, Operation
from stubs import rpc

KEYS = [b"a", b"aa", b"ab", b"a\0", b"b", b"b/1", b"b/2", b"b/3", b"b/22", b"c", b"c/x", b"d", b"\xff", b"\xff\xff",
        b"\0", b"\0\0"]
# Around the lengths at which a store may change the form of a key.
LONG_KEYS = [b"long/" + b"k" * n for n in (250, 470, 475, 480, 505, 511, 512, 1019, 3000, 8000)] + [
    b"long/" + b"k" * 505 + b"\0", b"long/" + b"k" * 2999 + b"l"]
VALUES = [b"", b"1", b"2", b"3", b"value", b"\0\xff", b"10"]
LEASES = [1, 2, 3, 4, 77, INT64_MAX, -5]
LONG_SECONDS = [1_000, 2_500, 86_400, 9_000_000_000]
STREAMS = 4
FEATURES = ["kv", "txn", "lease", "watch", "compaction", "large"]


class Generator:
    """A source of operations that one random source determines."""

    def __init__(self, random, features=FEATURES, expiries=2):
        self.random = random
        self.features = set(features)
        self.expiries = expiries
        self.short_leases = 0
        kinds = [
            ("kv", 24, self.put), ("kv", 14, self.range), ("kv", 10, self.delete), ("txn", 18, self.txn),
            ("txn", 0.3, self.full_txn), ("lease", 3, self.grant), ("lease", 2, self.revoke),
            ("lease", 2, self.keep_alive), ("lease", 2, self.time_to_live), ("lease", 1, self.leases),
            ("lease", 0.7, self.short_lease), ("watch", 6, self.watch), ("watch", 3, self.cancel),
            ("watch", 0.7, self.watch_close), ("watch", 1, self.progress), ("compaction", 1.5, self.compact),
            ("compaction", 1, self.hash), ("large", 0.4, self.large), ("large", 0.15, self.many_large),
        ]
        self.kinds = [(weight, make) for feature, weight, make in kinds if feature in self.features]

    def operations(self, count):
        """So many operations, with a pause for the watchers now and then."""
        weights, makes = zip(*self.kinds)
        expiries = set()
        if "lease" in self.features:
            expiries = {self.random.randrange(count) for _ in range(self.expiries)}
        until_pause = 0
        for number in range(count):
            if "watch" in self.features and until_pause == 0:
                until_pause = self.random.choice([1, 10, 40, 120])
                yield Operation("Settle", rpc.WatchProgressRequest())
            until_pause -= 1
            yield self.expiry() if number in expiries else self.random.choices(makes, weights)[0]()
        yield Operation("Settle", rpc.WatchProgressRequest())

    # Parts.

    def chance(self, probability):
        return self.random.random() < probability

    def key(self):
        if self.chance(0.01):
            return b""
        return self.random.choice(LONG_KEYS if self.chance(0.06) else KEYS)

    def range_end(self, key):
        """Mostly none or a prefix; else everything, inverted, empty, equal."""
        prefix_end = (key[:-1] + bytes([key[-1] + 1])) if key and key[-1] < 255 else b"\0"
        return self.random.choices(
            [b"", prefix_end, b"\0", self.key(), key, key + b"\0", b"\xff" * 9], [10, 6, 2, 3, 0.5, 0.5, 1])[0]

    def span(self):
        """A key and a range end."""
        if self.chance(0.04):
            return b"\0", b"\0"
        key = self.key()
        return key, self.range_end(key)

    def value(self):
        if self.chance(0.04):
            return self.random.randbytes(self.random.choice([1_000, 1_024, 1_025, 4_000, 20_000]))
        if self.chance(0.02):
            return self.random.choice([b"x", b"yz"]) * self.random.choice([1_500, 30_000])
        return self.random.choice(VALUES)

    def revision(self, usual=0.0):
        """A revision that may be there, be gone, never come or make no sense."""
        if self.chance(usual):
            return 0
        return self.random.choices(
            [CURRENT + self.random.randint(-12, 1), CURRENT - self.random.randint(0, 200),
             COMPACTED + self.random.randint(-1, 2), 1, 2, -1, -5, CURRENT + 50, 1 << 40, INT64_MAX, INT64_MIN],
            [12, 6, 5, 0.5, 0.5, 0.4, 0.3, 0.4, 0.3, 0.3, 0.2])[0]

    def filter_revision(self):
        return self.random.choices(
            [0, CURRENT - self.random.randint(0, 40), CURRENT + 1, 1, -1, INT64_MAX, INT64_MIN],
            [20, 8, 1, 1, 0.3, 0.2, 0.2])[0]

    def lease(self, usual=0.8):
        if "lease" not in self.features:
            return 0 if self.chance(0.97) else self.random.choice(LEASES)
        if self.chance(usual):
            return 0
        return GRANTED + self.random.randrange(3) if self.chance(0.1) else self.random.choice(LEASES)

    # KV.

    def put_request(self):
        request = rpc.PutRequest(key=self.key(), lease=self.lease(), prev_kv=self.chance(0.3))
        if self.chance(0.06):
            request.ignore_value = True
        if not request.ignore_value or self.chance(0.1):
            request.value = self.value()
        if self.chance(0.06):
            request.ignore_lease = True
            if self.chance(0.8):
                request.lease = 0
        return request

    def range_request(self):
        key, end = self.span()
        request = rpc.RangeRequest(
            key=key, range_end=end, revision=self.revision(0.6), serializable=self.chance(0.15),
            keys_only=self.chance(0.15), count_only=self.chance(0.12))
        if self.chance(0.35):
            request.limit = self.random.choices(
                [1, 2, 3, 10, -1, INT64_MIN, INT64_MAX, 1 << 40], [6, 5, 4, 3, 0.4, 0.2, 0.3, 0.3])[0]
        if self.chance(0.4):
            request.sort_order = self.random.randrange(3)
            request.sort_target = self.random.randrange(5)
        if self.chance(0.25):
            request.min_mod_revision = self.filter_revision()
            request.max_mod_revision = self.filter_revision()
            request.min_create_revision = self.filter_revision()
            request.max_create_revision = self.filter_revision()
        return request

    def delete_request(self):
        key, end = self.span()
        if self.chance(0.6):
            end = b""
        return rpc.DeleteRangeRequest(key=key, range_end=end, prev_kv=self.chance(0.4))

    def put(self):
        return Operation("Put", self.put_request())

    def range(self):
        return Operation("Range", self.range_request())

    def delete(self):
        return Operation("DeleteRange", self.delete_request())

    # Txn.

    def compare(self):
        key, end = self.span()
        if self.chance(0.7):
            end = b""
        compare = rpc.Compare(key=key, range_end=end, result=self.random.randrange(4), target=self.random.randrange(5))
        # Sometimes the value is for another target, or there is none.
        kind = compare.target if self.chance(0.97) else self.random.randrange(6)
        number = self.random.choice([0, 1, 2, CURRENT - self.random.randint(0, 10), -1, INT64_MAX])
        if kind == 0:
            compare.version = self.random.choice([0, 1, 2, 3, number])
        elif kind == 1:
            compare.create_revision = number
        elif kind == 2:
            compare.mod_revision = number
        elif kind == 3:
            compare.value = self.value()
        elif kind == 4:
            compare.lease = self.lease(0.4)
        return compare

    def request_op(self, depth):
        kind = self.random.choices(["range", "put", "delete", "txn", "nothing"], [8, 9, 5, 4 if depth < 3 else 0, 0.15])[0]
        if kind == "range":
            return rpc.RequestOp(request_range=self.range_request())
        if kind == "put":
            return rpc.RequestOp(request_put=self.put_request())
        if kind == "delete":
            return rpc.RequestOp(request_delete_range=self.delete_request())
        if kind == "txn":
            return rpc.RequestOp(request_txn=self.txn_request(depth + 1))
        return rpc.RequestOp()

    def txn_request(self, depth=0):
        most = 5 if depth == 0 else 3
        return rpc.TxnRequest(
            compare=[self.compare() for _ in range(self.random.choice([0, 1, 1, 1, 2, 3]))],
            success=[self.request_op(depth) for _ in range(self.random.randrange(most))],
            failure=[self.request_op(depth) for _ in range(self.random.randrange(most))])

    def txn(self):
        return Operation("Txn", self.txn_request())

    def full_txn(self):
        """About as many operations as a transaction may have."""
        count = self.random.choice([127, 128, 129])
        keys = [b"t/%03d" % number for number in range(count)]
        self.random.shuffle(keys)
        ops = [rpc.RequestOp(request_put=rpc.PutRequest(key=key, value=self.random.choice(VALUES))) for key in keys]
        if self.chance(0.4):
            ops = ops[:100]
            inside = [rpc.RequestOp(request_range=self.range_request()) for _ in range(self.random.choice([27, 28, 29]))]
            ops[-1] = rpc.RequestOp(request_txn=rpc.TxnRequest(success=inside))
        request = rpc.TxnRequest(success=ops)
        if self.chance(0.3):
            request = rpc.TxnRequest(compare=[self.compare()], failure=ops)
        return Operation("Txn", request)

    # Leases.

    def grant(self):
        seconds = self.random.choice(LONG_SECONDS)
        if self.chance(0.1):
            seconds = self.random.choice([9_000_000_001, INT64_MAX])
        lease = 0 if self.chance(0.1) else self.random.choice(LEASES)
        return Operation("LeaseGrant", rpc.LeaseGrantRequest(TTL=seconds, ID=lease))

    def revoke(self):
        return Operation("LeaseRevoke", rpc.LeaseRevokeRequest(ID=self.lease(0.05)))

    def keep_alive(self):
        return Operation("LeaseKeepAlive", rpc.LeaseKeepAliveRequest(ID=self.lease(0.05)))

    def time_to_live(self):
        return Operation("LeaseTimeToLive", rpc.LeaseTimeToLiveRequest(ID=self.lease(0.05), keys=self.chance(0.8)))

    def leases(self):
        return Operation("LeaseLeases", rpc.LeaseLeasesRequest())

    def short_lease(self):
        """A lease of the least TTL, gone again before it can expire."""
        self.short_leases += 1
        lease = 1_000_000 + self.short_leases
        seconds = self.random.choice([0, 1, -1, INT64_MIN])
        look = Operation("LeaseTimeToLive", rpc.LeaseTimeToLiveRequest(ID=lease, keys=True))
        steps = [
            Operation("LeaseGrant", rpc.LeaseGrantRequest(TTL=1_000, ID=lease)),
            look,
            Operation("Put", rpc.PutRequest(key=self.key(), value=b"leased", lease=lease)),
            Operation("Put", rpc.PutRequest(key=self.key(), value=b"leased", lease=lease, prev_kv=True)),
            Operation("Put", rpc.PutRequest(key=self.key(), value=b"released", prev_kv=True)),
            look,
            Operation("LeaseKeepAlive", rpc.LeaseKeepAliveRequest(ID=lease)),
            Operation("LeaseRevoke", rpc.LeaseRevokeRequest(ID=lease)),
            Operation("LeaseRevoke", rpc.LeaseRevokeRequest(ID=lease)),
            look,
        ]
        steps = [step for step in steps if step.kind == "LeaseRevoke" or self.chance(0.7)]
        return Operation("LeaseGrant", rpc.LeaseGrantRequest(TTL=seconds, ID=lease), then=steps)

    def expiry(self):
        """A lease that expires with its keys, after a keep-alive or none."""
        self.short_leases += 1
        lease = 1_000_000 + self.short_leases
        steps = [Operation("Put", rpc.PutRequest(key=self.key() or b"a", value=b"expiring", lease=lease))
                 for _ in range(self.random.randint(1, 4))]
        if self.chance(0.5):
            steps.append(Operation("LeaseKeepAlive", rpc.LeaseKeepAliveRequest(ID=lease)))
        steps.append(Operation("Expire", rpc.LeaseRevokeRequest(ID=lease)))
        seconds = self.random.choice([0, 1, 2])
        return Operation("LeaseGrant", rpc.LeaseGrantRequest(TTL=seconds, ID=lease), then=steps)

    # Watches.

    def on_stream(self, kind="Watch", **fields):
        message = rpc.WatchRequest(**fields) if kind == "Watch" else rpc.WatchProgressRequest()
        return Operation(kind, message, stream=self.random.randrange(STREAMS))

    def watch(self):
        key, end = self.span()
        request = rpc.WatchCreateRequest(
            key=key, range_end=end, start_revision=self.revision(0.5), progress_notify=self.chance(0.2),
            prev_kv=self.chance(0.4), fragment=self.chance(0.2))
        if self.chance(0.25):
            request.filters.extend(self.random.choice([[0], [1], [0, 1], [1, 1], [0, 0, 1]]))
        if self.chance(0.25):
            # Not -1: etcd 3.5.1 takes it, but says nothing to that watcher once it refused another on the stream.
            request.watch_id = self.random.choice([1, 2, 3, 4, 5, 100, -7, INT64_MAX])
        return self.on_stream(create_request=request)

    def cancel(self):
        number = self.random.choices([self.random.randrange(6), -1, 100, 12_345, INT64_MAX], [10, 0.4, 1, 0.3, 0.3])[0]
        return self.on_stream(cancel_request=rpc.WatchCancelRequest(watch_id=number))

    def progress(self):
        return self.on_stream(progress_request=rpc.WatchProgressRequest())

    def watch_close(self):
        return self.on_stream("WatchClose")

    # Compaction.

    def compact(self):
        revision = self.random.choices(
            [CURRENT - self.random.randint(0, 100), CURRENT - self.random.randint(0, 5), COMPACTED + self.random.randint(-2, 3),
             CURRENT + self.random.randint(1, 3), 0, -1, INT64_MAX, INT64_MIN], [10, 5, 5, 1, 0.5, 0.5, 0.3, 0.3])[0]
        return Operation("Compact", rpc.CompactionRequest(revision=revision, physical=self.chance(0.3)))

    def hash(self):
        if self.chance(0.1):
            return Operation("Defragment", rpc.DefragmentRequest())
        if self.chance(0.2):
            return Operation("Hash", rpc.HashRequest())
        return Operation("HashKV", rpc.HashKVRequest(revision=self.revision(0.3)))

    # Large ones.

    def large(self):
        """A value near the bounds of a request: taken, refused by the server, refused by gRPC."""
        size = self.random.choice([100_000, 600_000, 1_570_000, 1_572_864, 1_600_000, 2_097_152, 2_200_000])
        return Operation("Put", rpc.PutRequest(key=b"large", value=b"v" * size, prev_kv=self.chance(0.2)))

    def many_large(self):
        """Large values under one prefix, then all of them changed at once: more than one answer of a fragmenting watch."""
        steps = [Operation("Put", rpc.PutRequest(key=b"large/%d" % number, value=b"%d" % number * 700_000))
                 for number in range(1, 4)]
        steps.append(Operation("DeleteRange", rpc.DeleteRangeRequest(key=b"large", range_end=b"largf", prev_kv=True)))
        return Operation("Put", rpc.PutRequest(key=b"large/0", value=b"0" * 700_000), then=steps)
