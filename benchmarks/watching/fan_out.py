"""Events to a thousand watchers: what they cost the server, and how long they take."""

from comparison.measures import Measure, Target, at_least

from .loads import bench

MEASURES = (
    Measure("fan-out", "events to 1,000 watchers, each second of the server's CPU", "/s", at_least(3)),
    Measure("fan-out-p99", "delivery to 1,000 watchers, p99", "ms", Target(1, False, True, "≤ 1×")),
)


def take(plan, server):
    # A rate that both can keep up with: as many events for each, delivered as they come.
    report = bench(
        plan, server, "watch", "--watchers", 1000, "--connections", 10, "--clients", 10, "--rate", 100,
        "--duration", f"{plan.seconds:g}s")
    events = report["events"]
    return {"fan-out": events["per_server_cpu_second"], "fan-out-p99": events["latency_milliseconds"]["p99"]}
