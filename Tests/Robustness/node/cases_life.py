"""The life of pods with a real runtime: what they are given, what they say at their end, and how they go."""

import json
import os
import signal
import time

from cluster import Failure, expect, pod

SAY = "/dev/termination-log"


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


def message(item, container=0):
    return item["status"]["containerStatuses"][container]["state"]["terminated"].get("message", "")


def says(cluster, item):
    """What a pod that ends says."""
    cluster.apply(item)
    return message(ended(cluster, item["metadata"]["name"])).strip()


def running(cluster, name):
    return cluster.wait(f"pod {name} runs", lambda: (lambda item: item["status"]["phase"] == "Running" and item)(
        cluster.get("pod", name)))


def gone(cluster, name, seconds):
    began = time.monotonic()

    def is_gone():
        try:
            cluster.get("pod", name)
            return False
        except Failure as error:
            return "NotFound" in str(error)
    cluster.wait(f"pod {name} is gone", is_gone)
    took = time.monotonic() - began
    if took > seconds:
        raise Failure(f"pod {name} took {took:.1f} s to go")


def messages(cluster):
    policy = {"terminationMessagePolicy": "FallbackToLogsOnError"}
    cluster.apply(
        pod("file", f"echo -n said > {SAY}; exit 1", restartPolicy="Never"),
        pod("log", "echo one; echo two; exit 1", restartPolicy="Never", container=policy),
        pod("quiet", "echo one", restartPolicy="Never", container=policy))
    expect("file", message(ended(cluster, "file")), "said")
    expect("log", message(ended(cluster, "log")), "one\ntwo\n")
    expect("quiet", message(ended(cluster, "quiet")), "")


def token(cluster):
    folder = "/var/run/secrets/kubernetes.io/serviceaccount"
    script = f"cd {folder}; tr -cd . < token | wc -c; cat namespace; echo; head -c 27 ca.crt"
    script = f"({script}) > {SAY}"
    expect("the account's folder", says(cluster, pod("token", script, restartPolicy="Never")).split("\n"),
           ["2", "default", "-----BEGIN CERTIFICATE-----"])


def files(cluster):
    data = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "files"}, "data": {"a": "one"}}
    cluster.apply(data)
    mounts = [
        {"name": "files", "mountPath": "/whole"},
        {"name": "files", "mountPath": "/single/a", "subPath": "a"},
    ]
    script = f"until [ $(cat /whole/a) = two ]; do sleep 1; done; cat /whole/a /single/a > {SAY}"
    cluster.apply(pod(
        "files", script, restartPolicy="Never", container={"volumeMounts": mounts},
        volumes=[{"name": "files", "configMap": {"name": "files"}}]))
    running(cluster, "files")
    data["data"]["a"] = "two"
    cluster.apply(data)
    expect("files", message(ended(cluster, "files")), "twoone")


def groups(cluster):
    script = f"touch /v/f; (stat -c %g /v /v/f; stat -c %a /v; id -G) > {SAY}"
    expect("groups", says(cluster, pod(
        "groups", script, restartPolicy="Never",
        securityContext={"fsGroup": 7, "runAsUser": 5, "runAsGroup": 5, "supplementalGroups": [9]},
        container={"volumeMounts": [{"name": "v", "mountPath": "/v"}]},
        volumes=[{"name": "v", "emptyDir": {}}])).split("\n"), ["7", "7", "2777", "5 7 9"])


def sooner(cluster):
    cluster.apply(pod("slow", "trap '' TERM; while true; do sleep 1; done", terminationGracePeriodSeconds=600))
    running(cluster, "slow")
    cluster.kubectl("delete", "pod", "slow", "--wait=false")
    event(cluster, "slow", "Killing")
    cluster.kubectl("delete", "pod", "slow", "--wait=false", "--grace-period=1")
    gone(cluster, "slow", 30)


def forced(cluster):
    cluster.apply(pod("forced", "trap '' TERM; while true; do sleep 1; done"))
    item = running(cluster, "forced")
    uid = item["metadata"]["uid"]
    cluster.kubectl("delete", "pod", "forced", "--force", "--grace-period=0")
    folder = os.path.join(cluster.data(cluster.machine), "node", "kubelet", "pods", uid)
    cluster.wait("its folder is gone", lambda: not os.path.exists(folder))


def static(cluster):
    folder = os.path.join(cluster.data(cluster.machine), "manifests")
    os.makedirs(folder, exist_ok=True)
    item = pod("fixed", "while true; do sleep 1; done")

    def write(name, text):
        with open(os.path.join(folder, f".{name}"), "w") as file:
            file.write(text)
        os.rename(os.path.join(folder, f".{name}"), os.path.join(folder, name))

    write("broken.yaml", "kind: [")
    write("fixed.yaml", json.dumps(item))
    name = f"fixed-{cluster.machine.name}"
    first = running(cluster, name)
    cluster.kubectl("delete", "pod", name, "--wait=false")
    second = cluster.wait("it comes back", lambda: (lambda found: found["metadata"]["uid"] != first["metadata"]["uid"]
                          and found["status"]["phase"] == "Running" and found)(cluster.get("pod", name)))
    expect("its container", second["status"]["containerStatuses"][0]["containerID"],
           first["status"]["containerStatuses"][0]["containerID"])
    item["spec"]["containers"][0]["env"] = [{"name": "A", "value": "b"}]
    write("fixed.yaml", json.dumps(item))
    cluster.wait("it is another one", lambda: (lambda found: found["status"]["phase"] == "Running"
                 and found["status"]["containerStatuses"][0]["containerID"]
                 != first["status"]["containerStatuses"][0]["containerID"])(cluster.get("pod", name)))
    os.remove(os.path.join(folder, "fixed.yaml"))
    os.remove(os.path.join(folder, "broken.yaml"))
    gone(cluster, name, 60)


def added(cluster):
    cluster.apply(pod("looked-at", "while true; do sleep 1; done"))
    running(cluster, "looked-at")
    cluster.kubectl("debug", "looked-at", "--image=localhost/busybox:1", "--container=look", "--attach=false", "--",
                    "sh", "-c", f"echo -n looked > {SAY}")
    found = cluster.wait("it has looked", lambda: cluster.get("pod", "looked-at")["status"][
        "ephemeralContainerStatuses"][0]["state"].get("terminated"))
    expect("its end", (found["exitCode"], found["reason"]), (0, "Completed"))


def refused(cluster):
    cluster.apply(pod("nothing", "true", image="localhost/none:1", container={"imagePullPolicy": "Never"}),
                  pod("claims", "true", volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "none"}}],
                      nodeName=cluster.machine.name, container={"volumeMounts": [{"name": "v", "mountPath": "/v"}]}))
    expect("never", "Never" in event(cluster, "nothing", "ErrImageNeverPull"))
    expect("claim", "persistentvolumeclaim \"none\" not found" in event(cluster, "claims", "FailedMount"))


def crashing(cluster):
    cluster.apply(pod("crash", "exit 7"))
    def looping():
        status = cluster.get("pod", "crash")["status"]["containerStatuses"][0]
        return status["restartCount"] > 0 and status["state"].get("waiting", {}).get("reason") == "CrashLoopBackOff" \
            and status
    found = cluster.wait("it waits", looping)
    expect("its last end", found["lastState"]["terminated"]["exitCode"], 7)


def steady(cluster, name):
    """What tells a container that goes on from one that was made anew."""
    status = running(cluster, name)["status"]["containerStatuses"][0]
    return status["containerID"], status["restartCount"]


def returns(cluster):
    """The program is killed and comes back: its containers do not notice, and what was deleted meanwhile goes."""
    for name in ("stays", "leaves"):
        cluster.apply(pod(name, "while true; do sleep 1; done"))
        running(cluster, name)
    before = steady(cluster, "stays")
    cluster.process.process.kill()
    cluster.process.process.wait()
    cluster.running.remove(cluster.process)
    cluster.process = cluster.start_all(cluster.machine)
    cluster.wait_for_nodes(1)
    cluster.kubectl("delete", "pod", "leaves")
    expect("the other", steady(cluster, "stays"), before)
    # It is looked after as before.
    cluster.apply(pod("later", "exit 0", restartPolicy="Never"))
    expect("later", ended(cluster, "later")["status"]["phase"], "Succeeded")


def runtime_dies(cluster):
    """containerd is killed: containers go on without it, and new ones come once it is back."""
    cluster.apply(pod("survives", "while true; do sleep 1; done"))
    before = steady(cluster, "survives")
    for process in cluster.machine.processes():
        try:
            with open(f"/proc/{process}/comm") as file:
                if file.read().strip() == "containerd":
                    os.kill(process, signal.SIGKILL)
        except OSError:
            continue  # It has ended.
    cluster.apply(pod("after", "exit 0", restartPolicy="Never"))
    expect("after", ended(cluster, "after")["status"]["phase"], "Succeeded")
    expect("the other", steady(cluster, "survives"), before)


CASES = [
    ("a pod ends, well or not", ends),
    ("termination messages come from the file, else from the log", messages),
    ("a pod has a token, its namespace and the authority", token),
    ("a config map's files change while the pod runs", files),
    ("volumes belong to the pod's group", groups),
    ("a second deletion shortens the first", sooner),
    ("a pod that is deleted by force is cleaned up", forced),
    ("a static pod comes back, changes and goes", static),
    ("an ephemeral container looks at a pod", added),
    ("what cannot be had says so", refused),
    ("a container that crashes waits", crashing),
    ("containers do not notice that the node's program is killed", returns),
    ("containers do not notice that the runtime is killed", runtime_dies),
]
