"""What a watcher that is far behind costs the writers."""

from comparison.measures import Measure, Target

from .loads import STEADY, Background, bench, churn, revision

MEASURES = (
    Measure(
        "lagging", "put p99 beside a watcher 500,000 revisions behind, against without", "×",
        Target(1.2, False, False, "≤ 1.2×")),
)

# Watchers, one after the other.
WATCHERS = 3


def take(plan, server):
    first = revision(plan, server)
    churn(plan, server, plan.backlog, 100_000)
    server.settle(2)
    duration = ("--duration", f"{plan.seconds:g}s")
    without = bench(plan, server, *STEADY, *duration)
    # As long as watchers read: one after the other begins at the old end, so that somebody is behind all the time.
    with Background(plan, server, *STEADY, "--duration", "10m") as puts:
        bench(
            plan, server, "watch-get", "--from-revision", first + 1, "--clients", 1, "--connections", 1,
            "--ops", WATCHERS, "--stall-timeout", "5m")
        beside = puts.stop()
    return {"lagging": beside["latency_milliseconds"]["p99"] / without["latency_milliseconds"]["p99"]}
