"""What a watcher that is far behind costs the writers."""

from comparison.measures import Measure, Target

from .loads import STEADY, Background, bench, churn, revision

MEASURES = (
    Measure(
        "lagging", "put p99 beside a watcher 500,000 revisions behind, against without", "×",
        Target(1.2, False, False, "≤ 1.2×")),
)


def take(plan, server):
    first = revision(plan, server)
    churn(plan, server, plan.backlog, 100_000)
    server.settle(2)
    duration = ("--duration", f"{plan.seconds:g}s")
    without = bench(plan, server, *STEADY, *duration)
    # One watcher after the other begins at the old end: somebody is behind all the time.
    with Background(
            plan, server, "watch-get", "--from-revision", first + 1, "--clients", 1, "--connections", 1,
            "--duration", f"{plan.seconds + 60:g}s") as watcher:
        beside = bench(plan, server, *STEADY, *duration)
        watcher.stop()
    return {"lagging": beside["latency_milliseconds"]["p99"] / without["latency_milliseconds"]["p99"]}
