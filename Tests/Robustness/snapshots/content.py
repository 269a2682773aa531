"""All that a client can find in a server: every revision key by key, every event, leases, alarms, and etcd's hash of it."""

import queue
import threading

from stubs import rpc

SECONDS = 60
EVERYTHING = {"key": b"\0", "range_end": b"\0"}


class Content:
    """Reads a server through a channel. `last` is the revision of the newest event."""

    def __init__(self, channel, last=None):
        self.kv = rpc.KVStub(channel)
        self.leases_stub = rpc.LeaseStub(channel)
        self.maintenance = rpc.MaintenanceStub(channel)
        self.watch_stub = rpc.WatchStub(channel)
        self.revision = self.range(limit=1).header.revision
        self.compacted, self.events = self.history(last or self.revision)

    def range(self, **fields):
        return self.kv.Range(rpc.RangeRequest(**{**EVERYTHING, **fields}), timeout=SECONDS)

    def at(self, revision):
        """What there is at a revision, all fields."""
        return [fields(kv) for kv in self.range(revision=revision).kvs]

    def history(self, last):
        """The revision compacted to (-1 for none), and the events after it, up to the revision `last`."""
        compacted, events = self.watch(1, last)
        if compacted > 0:
            refused, events = self.watch(compacted + 1, last) if compacted < last else (0, [])
            assert refused == 0, f"compacted to {compacted}, yet {compacted + 1} is refused"
            return compacted, events
        return -1, events

    def watch(self, start, last):
        """The events from a revision on: how far the history is compacted if it is refused, and what came."""
        requests = queue.Queue()
        requests.put(rpc.WatchRequest(create_request=rpc.WatchCreateRequest(
            **EVERYTHING, start_revision=start, prev_kv=True)))
        stream = self.watch_stub.Watch(iter(requests.get, None))
        timer = threading.Timer(SECONDS, stream.cancel)
        timer.start()
        events = []
        try:
            for answer in stream:
                if answer.canceled:
                    return answer.compact_revision, events
                for event in answer.events:
                    events.append((event.type, fields(event.kv), fields(event.prev_kv)))
                if events and events[-1][1][2] >= last or last < start:
                    return 0, events
        finally:
            timer.cancel()
            stream.cancel()
            requests.put(None)
        raise AssertionError(f"the watch from {start} ended after {len(events)} events")

    def leases(self):
        """Every lease: its id, its TTL, its keys."""
        found = []
        for lease in sorted(lease.ID for lease in self.leases_stub.LeaseLeases(
                rpc.LeaseLeasesRequest(), timeout=SECONDS).leases):
            answer = self.leases_stub.LeaseTimeToLive(
                rpc.LeaseTimeToLiveRequest(ID=lease, keys=True), timeout=SECONDS)
            assert 0 < answer.TTL <= answer.grantedTTL, f"{answer.TTL} of {answer.grantedTTL} seconds are left"
            found.append((lease, answer.grantedTTL, sorted(answer.keys)))
        return found

    def alarms(self):
        answer = self.maintenance.Alarm(rpc.AlarmRequest(), timeout=SECONDS)
        return sorted((alarm.memberID, alarm.alarm) for alarm in answer.alarms)

    def hash_kv(self):
        """The server's own hash."""
        return self.maintenance.HashKV(rpc.HashKVRequest(), timeout=SECONDS)

    def everything(self, step=1):
        """All of it, by name, for a comparison; the keys of every revision, or of one in so many."""
        first = max(self.compacted, 1)
        found = {"revision": self.revision, "compacted": self.compacted, "events": self.events}
        for revision in [*range(first, self.revision, step), self.revision]:
            found[f"at {revision}"] = self.at(revision)
        return {**found, "leases": self.leases(), "alarms": self.alarms()}

    def etcd_hash(self):
        """What etcd's HashKV says of the same content: CRC-32C of the bucket's name and of each version as it lies
        there. Only of histories in which no write before the compaction changed several keys, whose order the API
        does not tell, and whose compacted revision is no deletion, which etcd 3.5.1 drops."""
        rows = {}
        if self.compacted > 0:
            # etcd leaves out what was compacted around and has been replaced since.
            for kv in self.range().kvs:
                if kv.mod_revision <= self.compacted:
                    rows[row(kv.mod_revision, 0)] = kv.SerializeToString()
        main, sub = 0, 0
        for kind, now, _ in self.events:
            sub = sub + 1 if now[2] == main else 0
            main = now[2]
            deleted = kind == 1
            kv = rpc.KeyValue(key=now[0]) if deleted else rpc.KeyValue(
                key=now[0], create_revision=now[1], mod_revision=now[2], version=now[3], value=now[4], lease=now[5])
            rows[row(main, sub) + (b"t" if deleted else b"")] = kv.SerializeToString()
        value = crc32c(b"key")
        for name in sorted(rows):
            value = crc32c(rows[name], crc32c(name, value))
        return value


def fields(kv):
    return (kv.key, kv.create_revision, kv.mod_revision, kv.version, kv.value, kv.lease)


def row(main, sub):
    return main.to_bytes(8, "big") + b"_" + sub.to_bytes(8, "big")


def _table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


TABLE = _table()


def crc32c(data, value=0):
    value ^= 0xFFFFFFFF
    for byte in data:
        value = value >> 8 ^ TABLE[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF
