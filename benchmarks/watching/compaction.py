"""What compaction, and giving space back after it, costs the writers."""

import time

from comparison.measures import Measure, Target

from .loads import STEADY, Background, bench, churn, etcdctl, revision

MEASURES = (
    Measure(
        "compaction", "put p99 while 1M revisions are compacted, against without", "×",
        Target(1.5, False, False, "≤ 1.5×")),
    Measure("compaction-time", "physical compaction of 1M revisions, beside 1,000 puts a second", "s"),
    Measure(
        "reclaim", "worst put while space is given back, above the worst without", "ms",
        Target(10, False, False, "≤ 10 ms")),
    Measure("reclaim-disk", "disk space after that", "MB"),
)


def take(plan, server):
    churn(plan, server, plan.compacted, 10_000)
    server.settle(2)
    target = revision(plan, server)
    duration = ("--duration", f"{plan.seconds:g}s")
    without = bench(plan, server, *STEADY, *duration)["latency_milliseconds"]
    # Long enough for any compaction; it is stopped when that is over.
    with Background(plan, server, *STEADY, "--duration", "10m") as puts:
        time.sleep(0.5)
        began = time.monotonic()
        etcdctl(plan, server, "compact", str(target), "--physical")
        seconds = time.monotonic() - began
        during = puts.stop()["latency_milliseconds"]
    with Background(plan, server, *STEADY, "--duration", "10m") as puts:
        time.sleep(0.5)
        etcdctl(plan, server, "defrag")
        # What goes on behind the answer counts too.
        time.sleep(plan.seconds)
        reclaim = puts.stop()["latency_milliseconds"]
    return {
        "compaction": during["p99"] / without["p99"],
        "compaction-time": seconds,
        "reclaim": reclaim["max"] - without["max"],
        "reclaim-disk": server.disk_bytes() / 1e6,
    }
