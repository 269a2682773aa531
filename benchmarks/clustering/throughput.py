"""Requests per second of three members."""

from comparison.measures import ONE, THOUSAND, Measure, at_least
from comparison.runs import bench, fill

HAS_SHORT_LOGS = False
MEASURES = (
    Measure("put1", "put, 1 client", "/s", at_least(1.5), ("put", *ONE)),
    Measure("put1000", "put, 1,000 clients", "/s", at_least(2.5), ("put", *THOUSAND)),
    Measure("range1", "linearizable range, 1 client", "/s", None, ("range", *ONE)),
    Measure("range1000", "linearizable range, 1,000 clients", "/s", at_least(2.5), ("range", *THOUSAND)),
)


def take(plan, cluster):
    """One client asks the leader; a thousand are spread over all members."""
    fill(plan, cluster, plan.keys)
    taken = {}
    for measure in MEASURES:
        if measure.id in plan.only:
            cluster.settle(plan.quiet)
            report = bench(plan, cluster, *measure.load, "--duration", f"{plan.seconds:g}s", keys=plan.keys)
            taken[measure.id] = report["operations_per_second"]
    return taken
