"""What a follower that is slow costs the writers: p99 of puts at the leader, against that with all members well."""

import json
import signal
import subprocess
import time

from comparison.measures import KEY_SIZE, THOUSAND, VALUE_SIZE, Measure, Target
from comparison.runs import bench, fill, say
from comparison.server import Failed

HAS_SHORT_LOGS = True
LITTLE = Target(1.2, False, False, "≤ 1.2×")
MEASURES = (
    Measure("frozen", "put p99 beside a frozen follower, against without", "×", LITTLE),
    Measure("snapshot", "put p99 beside a follower that gets a snapshot, against without", "×", LITTLE),
    Measure("catch-up", "from the end of the freeze until the follower has caught up", "s"),
    Measure("p99", "put p99 with all members well", "ms"),
)
# Puts of a steady rate, whose latency counts from when each was due: a pause is charged to all that it delays.
STEADY = ("put", "--rate", "1000", "--clients", "200", "--connections", "10")
SEES_SNAPSHOT = "snapshot"


def p99(report):
    return report["latency_milliseconds"]["p99"]


def take(plan, cluster):
    cluster.at_leader = True
    fill(plan, cluster, plan.snapshot_keys)
    cluster.settle(plan.quiet)
    duration = ("--duration", f"{plan.seconds:g}s")
    without = p99(bench(plan, cluster, *STEADY, *duration, keys=plan.snapshot_keys))
    leader = cluster.leader
    follower = next(member for member in cluster.members if member is not leader)
    follower.process.send_signal(signal.SIGSTOP)
    try:
        frozen = p99(bench(plan, cluster, *STEADY, *duration, keys=plan.snapshot_keys))
        bench(plan, cluster, "put", *THOUSAND, "--ops", str(plan.missed), keys=plan.snapshot_keys)
        for member in cluster.members:
            if member is not follower:
                member.settle(plan.quiet)
        log_size = follower.log.stat().st_size
    finally:
        follower.process.send_signal(signal.SIGCONT)
    begin = time.monotonic()
    beside = beside_catching_up(plan, cluster, leader, follower)
    caught_up = time.monotonic() - begin
    with open(follower.log, "rb") as log:
        log.seek(log_size)
        if SEES_SNAPSHOT not in log.read().decode(errors="replace"):
            raise Failed(f"{cluster.kind}: the follower caught up without a snapshot")
    say(f"  {cluster.kind}: p99 {without:.2f} ms, frozen {frozen:.2f} ms, snapshot {p99(beside):.2f} ms")
    return {"frozen": frozen / without, "snapshot": p99(beside) / without, "catch-up": caught_up, "p99": without}


def beside_catching_up(plan, cluster, leader, follower):
    """The report of puts that go on until the follower has what the leader had."""
    puts = subprocess.Popen(
        [plan.bench, *STEADY, "--duration", "10m", "--endpoints", cluster.endpoint, "--json", "--key-size",
         str(KEY_SIZE), "--value-size", str(VALUE_SIZE), "--key-space", str(plan.snapshot_keys)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        aim = leader.revision()
        cluster.wait("the follower has caught up", lambda: (follower.revision() or 0) >= aim)
        if puts.poll() is not None:
            raise Failed(f"bench ended beside {cluster.kind}: {puts.communicate()[1]}")
        puts.send_signal(signal.SIGINT)
        out, error = puts.communicate(timeout=60)
    finally:
        if puts.poll() is None:
            puts.kill()
    report = json.loads(out)
    if report["failed"]:
        raise Failed(f"puts beside {cluster.kind} failed: {report['errors'][:3]} {error}")
    return report
