"""Long lists: how many a second, and what a hundred at a time cost in memory."""

from comparison.measures import Measure, Target, at_least

from .loads import MemoryWatch, bench

MEASURES = (
    Measure("list", "lists of 10,000 keys of 1 KB, 4 clients", "/s", at_least(3)),
    Measure(
        "list-memory", "anonymous memory above the base, 100 clients listing 100 MB each (etcd: 10 clients)", "MB",
        Target(256, False, False, "≤ 256 MB")),
)

# A list of etcd's is in its memory as a whole, more than once: a hundred do not fit into a machine of 16 GB.
CLIENTS = {"raftkv": 100, "etcd": 10}


def fill(plan, server, keys):
    bench(
        plan, server, "fill", "--key-space", keys, "--value-size", 1024, "--clients", 20, "--connections", 10)
    server.settle(2)


def take(plan, server):
    fill(plan, server, plan.list_keys)
    lists = bench(
        plan, server, "list", "--key-space", plan.list_keys, "--clients", 4, "--connections", 4,
        "--duration", f"{plan.seconds:g}s")
    fill(plan, server, plan.large_list_keys)
    base = server.anonymous_bytes()
    clients = CLIENTS[server.kind]
    with MemoryWatch(server) as memory:
        bench(
            plan, server, "list", "--key-space", plan.large_list_keys, "--clients", clients, "--connections", clients,
            "--ops", clients, "--stall-timeout", "5m")
    return {"list": lists["operations_per_second"], "list-memory": max(0, memory.peak - base) / 1e6}
