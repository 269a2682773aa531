"""What a watcher that is far behind costs the writers."""

from comparison.measures import Measure, Target
from comparison.server import Failed

from .loads import STEADY, Background, bench, churn, revision

MEASURES = (
    Measure(
        "lagging", "put p99 beside a watcher 500,000 revisions behind, against without", "×",
        Target(1.2, False, False, "≤ 1.2×")),
)

# More watchers, one after the other, than get to the end while the puts last: somebody is behind all the time.
WATCHERS = 1_000


def take(plan, server):
    first = revision(plan, server)
    churn(plan, server, plan.backlog, 100_000)
    server.settle(2)
    puts = (*STEADY, "--duration", f"{plan.seconds:g}s")
    without = bench(plan, server, *puts)
    with Background(
            plan, server, "watch-get", "--from-revision", first + 1, "--clients", 1, "--connections", 1,
            "--ops", WATCHERS, "--stall-timeout", "5m") as watchers:
        beside = bench(plan, server, *puts)
        if not watchers.is_running():
            raise Failed(f"no watcher was behind {server.kind} any more while others wrote")
    return {"lagging": beside["latency_milliseconds"]["p99"] / without["latency_milliseconds"]["p99"]}
