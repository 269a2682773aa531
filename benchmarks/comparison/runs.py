"""The runs against one server: requests per second, and what the storage costs."""

import json
import subprocess
import sys
from dataclasses import dataclass

from .measures import KEY_SIZE, MEASURES, THOUSAND, VALUE_SIZE
from .server import Failed


@dataclass(frozen=True)
class Plan:
    """How much of everything a comparison does."""

    bench: str
    # Measures to take, by id.
    only: frozenset[str]
    # Seconds of each measure of requests per second, over so many keys.
    seconds: float
    load_keys: int
    # Keys of the storage measures, random overwrites of them, and puts left in the log at the kill.
    storage_keys: int
    overwrites: int
    unflushed: int
    # Nothing written for so many seconds counts as the last flush being out.
    quiet: float

    @property
    def takes_loads(self):
        return any(measure.load and measure.id in self.only for measure in MEASURES)

    @property
    def takes_storage(self):
        return any(measure.load is None and measure.id in self.only for measure in MEASURES)


def say(text):
    print(f"==> {text}", file=sys.stderr, flush=True)


def bench(plan, server, *options, keys):
    """One run of the load generator; returns its report."""
    command = [
        plan.bench, *options, "--endpoints", server.endpoint, "--server-pid", str(server.pid), "--json",
        "--key-size", str(KEY_SIZE), "--value-size", str(VALUE_SIZE), "--key-space", str(keys),
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        report = None
    if done.returncode != 0 or report is None:
        reason = report["errors"][:3] if report else done.stderr.strip()
        raise Failed(f"bench {options[0]} against {server.kind} failed: {reason}\n{server.log_tail()}")
    if report["empty_reads"]:
        raise Failed(f"{server.kind} lost keys: {report['empty_reads']} reads found none")
    return report


def fill(plan, server, keys):
    bench(plan, server, "fill", "--clients", "20", "--connections", "10", keys=keys)


def measure_loads(plan, server, samples, details):
    """Each measure of requests per second once, on one fresh server."""
    fill(plan, server, plan.load_keys)
    for measure in MEASURES:
        if measure.load is None or measure.id not in plan.only:
            continue
        server.settle(min(1, plan.quiet))
        report = bench(plan, server, *measure.load, "--duration", f"{plan.seconds:g}s", keys=plan.load_keys)
        samples[measure.id].append(report["operations_per_second"])
        details[measure.id].append(report)
        say(f"  {server.kind}: {measure.title}: {report['operations_per_second']:,.0f}/s")


def measure_storage(plan, server, samples):
    """Memory, disk, bytes written and restart, on one fresh server full of keys."""

    def note(id, value, unit):
        if id in plan.only:
            samples[id].append(value)
            say(f"  {server.kind}: {id}: {value:,.2f} {unit}")

    fill(plan, server, plan.storage_keys)
    server.settle(plan.quiet)
    note("memory", server.anonymous_bytes() / 1e6, "MB")
    note("disk", server.disk_bytes() / 1e6, "MB")
    if plan.only & {"memory-started", "restart"}:
        # An orderly start, after which nothing is in memory that is not in the checkpoint.
        server.stop()
        server.start()
        server.settle(plan.quiet)
        note("memory-started", server.anonymous_bytes() / 1e6, "MB")
    if "restart" in plan.only:
        bench(plan, server, "put", *THOUSAND, "--ops", str(plan.unflushed), keys=plan.storage_keys)
        server.kill()
        note("restart", server.start(), "s")
        # Reads nothing but keys that were there: none may be missing.
        bench(plan, server, "range", "--clients", "100", "--ops", "10k", keys=plan.storage_keys)
    if "written" in plan.only:
        server.settle(plan.quiet)
        before = server.written_bytes()
        bench(plan, server, "put", *THOUSAND, "--ops", str(plan.overwrites), keys=plan.storage_keys)
        server.settle(plan.quiet)
        # Stopped in order, so that what a server had put off until then counts too.
        note("written", (server.stop() - before) / plan.overwrites, "B a put")
