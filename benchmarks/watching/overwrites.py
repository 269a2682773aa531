"""What the database's file takes after much was written over few keys, with compaction now and then."""

import threading

from comparison.measures import Measure, Target

from .loads import Background, bench, etcdctl, revision

KEYS = 10_000
VALUE_BYTES = 8_192
KEY_BYTES = 8
COMPACTION_SECONDS = 5
PUTS = ("put", "--key-space", KEYS, "--value-size", VALUE_BYTES, "--clients", 100, "--connections", 10)

MEASURES = (
    Measure(
        "overwrites-disk", "the database's disk space after 5 GB written over 10,000 keys, against the live data", "×",
        Target(2, False, False, "≤ 2×")),
    Measure("overwrites-rate", "those puts of 8 KiB, compaction every 5 s beside them", "/s"),
    Measure("overwrites-p99", "p99 of the same puts at 500 a second afterwards, beside compaction", "ms"),
    Measure("overwrites-worst", "the worst of them", "ms"),
)


class Compaction:
    """Compacts to the revision of the moment, again and again. Use it in a with statement."""

    def __init__(self, plan, server):
        self.plan, self.server = plan, server
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.failure = None

    def run(self):
        try:
            last = 0
            while not self.ended.wait(COMPACTION_SECONDS):
                target = revision(self.plan, self.server)
                if target > last:
                    etcdctl(self.plan, self.server, "compact", str(target))
                last = target
        except Exception as error:
            self.failure = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        if self.failure:
            raise self.failure


def take(plan, server):
    with Compaction(plan, server):
        report = bench(plan, server, *PUTS, "--ops", plan.overwritten_bytes // VALUE_BYTES)
        with Background(plan, server, *PUTS, "--rate", 500, "--duration", "10m") as puts:
            threading.Event().wait(max(plan.seconds, 2 * COMPACTION_SECONDS))
            steady = puts.stop()["latency_milliseconds"]
    etcdctl(plan, server, "compact", str(revision(plan, server)), "--physical")
    server.settle(5)
    return {
        "overwrites-disk": server.database_bytes() / (KEYS * (KEY_BYTES + VALUE_BYTES)),
        "overwrites-rate": report["operations_per_second"],
        "overwrites-p99": steady["p99"],
        "overwrites-worst": steady["max"],
    }
