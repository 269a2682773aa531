"""What is compared, and what is to be reached."""

from dataclasses import dataclass

KEY_SIZE = 8
VALUE_SIZE = 256


@dataclass(frozen=True)
class Target:
    """A bound on raftkv's median, or on its ratio to etcd's."""

    bound: float
    at_least: bool
    is_ratio: bool
    text: str

    def is_reached(self, raftkv, etcd):
        value = raftkv / etcd if self.is_ratio and etcd else raftkv
        return value >= self.bound if self.at_least else value <= self.bound


def at_least(ratio):
    return Target(ratio, True, True, f"≥ {ratio:g}×")


@dataclass(frozen=True)
class Measure:
    """One row of the table."""

    id: str
    title: str
    unit: str
    target: Target | None = None
    # Options of bench for a measure of requests per second; None for those of the storage.
    load: tuple[str, ...] | None = None


ONE = ("--clients", "1", "--connections", "1")
THOUSAND = ("--clients", "1000", "--connections", "100")
SERIALIZABLE = ("--consistency", "serializable")

MEASURES = (
    Measure("put1", "put, 1 client", "/s", at_least(1.5), ("put", *ONE)),
    Measure("put1000", "put, 1,000 clients", "/s", at_least(2.5), ("put", *THOUSAND)),
    Measure("range1", "linearizable range, 1 client", "/s", None, ("range", *ONE)),
    Measure("range1000", "linearizable range, 1,000 clients", "/s", at_least(2.5), ("range", *THOUSAND)),
    Measure("serializable1", "serializable range, 1 client", "/s", None, ("range", *ONE, *SERIALIZABLE)),
    Measure(
        "serializable1000", "serializable range, 1,000 clients", "/s", at_least(2.5),
        ("range", *THOUSAND, *SERIALIZABLE),
    ),
    Measure("txn", "txn of 4 puts, 1,000 clients", "/s", None, ("txn", *THOUSAND, "--txn-ops", "4")),
    Measure(
        "txn-mixed", "txn, 1 read for 1 write, 1,000 clients", "/s", None,
        ("txn", *THOUSAND, "--rw-ratio", "1"),
    ),
    Measure("memory", "anonymous memory after loading", "MB", Target(100, False, False, "≤ 100 MB")),
    Measure("memory-started", "anonymous memory after a start", "MB", Target(100, False, False, "≤ 100 MB")),
    Measure("disk", "disk space after loading", "MB"),
    Measure("restart", "restart after kill −9", "s", Target(0.5, False, False, "≤ 0.5 s")),
    Measure("written", "written to disk for each put", "B", Target(1, False, True, "≤ 1×")),
)

IDS = tuple(measure.id for measure in MEASURES)
