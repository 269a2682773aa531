"""The life of pods: what containers get, how they end, and what goes wrong."""

from cluster import expect, pod


def start(cluster):
    cluster.process = cluster.start_all(cluster.add_machine())
    cluster.wait_for_nodes(1)
    cluster.machine = cluster.machines[0]


def ended(cluster, name):
    """A pod that has ended."""
    return cluster.wait(f"pod {name} ends", lambda: (lambda item: item["status"]["phase"] in (
        "Succeeded", "Failed") and item)(cluster.get("pod", name)))


def event(cluster, name, reason):
    """The message of an event of a pod."""
    def find():
        events = cluster.get("events", "--field-selector", f"involvedObject.name={name},reason={reason}")["items"]
        return events and events[-1]["message"]
    return cluster.wait(f"an event {reason} of {name}", find)


def ends(cluster):
    cluster.apply(pod("good", "echo done", restartPolicy="Never"), pod("bad", "exit 3", restartPolicy="Never"))
    expect("good", ended(cluster, "good")["status"]["phase"], "Succeeded")
    bad = ended(cluster, "bad")["status"]
    state = bad["containerStatuses"][0]["state"]["terminated"]
    expect("bad", (bad["phase"], state["exitCode"], state["reason"]), ("Failed", 3, "Error"))


CASES = [
    ("a pod ends, well or not", ends),
]
