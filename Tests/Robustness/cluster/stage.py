"""What a scenario plays on: clusters, load that is judged at the end, and what the machine offers."""

import contextlib
import os
import random
import time

import grpc

import judge
from load import Load
from members import PATIENCE_SECONDS, Cluster, eventually
from network import Bridge
from stubs import failure, rpc

PAGE_KEYS = 2_000
FILLS_UNDER_WAY = 32
# Scenarios are short where it does not matter how long an election takes.
SHORT_TIMES = dict(heartbeat=50, election=500)
LONG_TIMES = dict(heartbeat=100, election=1000)


class Stage:
    """Of one scenario. `is_short` is the form for every change: fewer rounds, no bounds on times."""

    def __init__(self, kind, program, folder, seed, is_short):
        self.kind = kind
        self.program = program
        self.folder = folder
        self.random = random.Random(seed)
        self.is_short = is_short
        self.times = SHORT_TIMES if is_short else LONG_TIMES
        self.election_seconds = self.times["election"] / 1000
        self.notes = []
        self.clusters = 0

    def note(self, text):
        self.notes.append(text)

    def rounds(self, short, long):
        return range(short if self.is_short else long)

    def own(self, name):
        """A folder for the scenario."""
        path = os.path.join(self.folder, name)
        os.makedirs(path, exist_ok=True)
        return path

    def empty_cluster(self, has_bridge=False, flags=(), peer_scheme="http"):
        self.clusters += 1
        times = [
            f"--heartbeat-interval={self.times['heartbeat']}", f"--election-timeout={self.times['election']}",
            "--quota-backend-bytes=8589934592",
        ]
        return Cluster(
            self.kind, self.program, self.own(f"cluster{self.clusters}"), Bridge() if has_bridge else None,
            [*times, *flags], peer_scheme)

    @contextlib.contextmanager
    def cluster(self, count=3, **options):
        with self.empty_cluster(**options) as cluster:
            yield cluster.found(count)

    @contextlib.contextmanager
    def load(self, cluster, **options):
        """Clients of all members while the block runs; then everything is judged."""
        load = Load([member.client for member in cluster.members], self.random.random(), **options)
        load.start()
        try:
            load.goes_on()
            yield load
            load.stop()
        finally:
            load.stopping = True
        self.check(cluster, load)

    def check(self, cluster, load):
        """All members agree with each other, with the watchers, and with what clients were answered."""
        cluster.wait_healthy()
        revision = self.revision(cluster.leader())
        contents = {member.name: content(member, revision) for member in cluster.members}
        load.finish(revision)
        faults = judge.verdict(load.operations, load.followers, 2, revision, contents)
        faults += same_hash(cluster, revision)
        acknowledged = sum(one.has_changed or one.kind == "put" for one in load.acknowledged())
        assert acknowledged, "nothing was acknowledged"
        self.note(
            f"{acknowledged} writes acknowledged, {len(load.errors())} requests without an answer, revision {revision}")
        if faults:
            shown = "\n    ".join(str(fault)[:600] for fault in faults[:12])
            raise AssertionError(f"{len(faults)} faults:\n    {shown}")

    def fill(self, member, count, size, prefix=b"x/"):
        """Puts values that do not compress, beside the load, until all were acknowledged."""
        kv, under_way = rpc.KVStub(member.channel), []
        for number in range(count):
            request = rpc.PutRequest(key=prefix + b"%06d" % number, value=self.random.randbytes(size))
            under_way.append(kv.Put.future(request, timeout=PATIENCE_SECONDS))
            if len(under_way) >= FILLS_UNDER_WAY:
                under_way.pop(0).result()
        for call in under_way:
            call.result()

    def revision(self, member):
        """The newest revision, read through consensus."""
        def read():
            try:
                return member.ask(rpc.KVStub, "Range", rpc.RangeRequest(key=b"\0")).header.revision
            except grpc.RpcError:
                return None

        return eventually(f"{member.name} answers", read)


def content(member, revision):
    """All keys of one member as they were at a revision, as (modification revision, value)."""
    found, start = {}, b"\0"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            page = member.ask(rpc.KVStub, "Range", rpc.RangeRequest(
                key=start, range_end=b"\0", limit=PAGE_KEYS, revision=revision, serializable=True))
        except grpc.RpcError as error:
            # It may be behind.
            assert time.monotonic() < deadline, f"{member.name} does not come to revision {revision}: {failure(error)}"
            time.sleep(0.02)
            continue
        found.update((kv.key, (kv.mod_revision, kv.value)) for kv in page.kvs)
        if not page.more:
            return found
        start = page.kvs[-1].key + b"\0"


def same_hash(cluster, revision):
    """HashKV is the same on all members."""
    hashes = {}
    for member in cluster.members:
        answer = member.ask(rpc.MaintenanceStub, "HashKV", rpc.HashKVRequest(revision=revision))
        hashes[member.name] = (answer.hash, answer.compact_revision)
    return [] if len(set(hashes.values())) == 1 else [f"HashKV at revision {revision} differs: {hashes}"]
