"""kubectl's commands for workloads and nodes: scale, rollout, expose, set, taint, cordon, drain."""

import json

from session import deployment, equal, expect, pod


def ready(k, name):
    k.run("rollout", "status", f"deployment/{name}", "--timeout=120s")


def scale(k):
    k.apply(deployment("s", replicas=1))
    k.says("deployment.apps/s scaled\n", "scale", "deployment", "s", "--replicas=4")
    ready(k, "s")
    equal(4, k.json("get", "deployment", "s")["status"]["readyReplicas"])
    k.fails("scale", "deployment", "s", "--replicas=1", "--current-replicas=2", message="Expected replicas to be 2, was 4")
    k.run("scale", "deployment", "s", "--replicas=0")
    k.until("no pods", lambda: not k.json("get", "pods")["items"])


def rollout(k):
    k.apply(deployment("r", replicas=3))
    ready(k, "r")
    k.says("deployment.apps/r image updated\n", "set", "image", "deployment/r", "web=nginx:1.26")
    ready(k, "r")
    equal({"nginx:1.26"}, {p["spec"]["containers"][0]["image"] for p in k.until(
        "three pods", lambda: len(k.json("get", "pods")["items"]) == 3 and k.json("get", "pods")["items"])})
    k.matches(r"^1 +<none>\n2 +<none>$", "rollout", "history", "deployment/r")
    k.matches(r"Image:\s+nginx:1.25", "rollout", "history", "deployment/r", "--revision=1")
    k.says("deployment.apps/r rolled back\n", "rollout", "undo", "deployment/r")
    ready(k, "r")
    equal("nginx:1.25", k.json("get", "deployment", "r")["spec"]["template"]["spec"]["containers"][0]["image"])
    k.matches(r"^2 +<none>\n3 +<none>$", "rollout", "history", "deployment/r")
    k.says("deployment.apps/r restarted\n", "rollout", "restart", "deployment/r")
    ready(k, "r")
    k.says("deployment.apps/r paused\n", "rollout", "pause", "deployment/r")
    k.run("set", "image", "deployment/r", "web=nginx:1.27")
    k.matches(r"Progressing +Unknown +DeploymentPaused", "describe", "deployment", "r")
    k.says("deployment.apps/r resumed\n", "rollout", "resume", "deployment/r")
    ready(k, "r")


def recreate(k):
    k.apply(deployment("again", replicas=2, strategy={"type": "Recreate"}))
    ready(k, "again")
    before = {p["metadata"]["uid"] for p in k.json("get", "pods")["items"]}
    k.run("set", "image", "deployment/again", "web=nginx:2")
    ready(k, "again")
    after = {p["metadata"]["uid"] for p in k.json("get", "pods")["items"] if "deletionTimestamp" not in p["metadata"]}
    expect(not before & after and len(after) == 2, "recreate", "two new pods", f"{before} {after}")


def expose(k):
    k.apply(deployment("web", replicas=2))
    ready(k, "web")
    k.says("service/web exposed\n", "expose", "deployment", "web", "--port=80", "--target-port=8080")
    k.matches(r"^web +ClusterIP +10\.\d+\.\d+\.\d+ +<none> +80/TCP +\d+s$", "get", "service", "web")
    k.until("two endpoints", lambda: len([
        e for s in k.json("get", "endpointslices", "-l", "kubernetes.io/service-name=web")["items"]
        for e in s.get("endpoints") or [] if e["conditions"]["ready"]]) == 2)
    k.until("endpoints", lambda: k.run("get", "endpoints", "web", "-o", "jsonpath={.subsets[*].ports[*].port}") == "8080")
    k.run("expose", "deployment", "web", "--name=np", "--type=NodePort", "--port=80")
    port = int(k.run("get", "service", "np", "-o", "jsonpath={.spec.ports[0].nodePort}"))
    expect(30000 <= port <= 32767, "node port", "30000-32767", str(port))
    address = k.run("get", "service", "web", "-o", "jsonpath={.spec.clusterIP}")
    k.fails("create", "service", "clusterip", "taken", f"--clusterip={address}", "--tcp=80",
            message="provided IP is already allocated")


def jobs(k):
    k.run("create", "job", "once", "--image=busybox")
    k.run("wait", "--for=condition=Complete", "job/once", "--timeout=60s")
    k.matches(r"^once +Complete +1/1 +\d+s +\d+s$", "get", "job", "once")
    k.apply({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "many"},
        "spec": {"completions": 3, "parallelism": 2, "template": {"spec": {
            "restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox"}]}}}})
    k.run("wait", "--for=condition=Complete", "job/many", "--timeout=60s")
    equal(3, k.json("get", "job", "many")["status"]["succeeded"])
    k.run("delete", "job", "many")
    k.until("its pods gone", lambda: not k.json("get", "pods", "-l", "job-name=many")["items"])


def daemonset(k):
    k.apply({
        "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "agent"},
        "spec": {"selector": {"matchLabels": {"d": "agent"}}, "template": {
            "metadata": {"labels": {"d": "agent"}}, "spec": {
                "terminationGracePeriodSeconds": 1, "containers": [{"name": "c", "image": "busybox"}]}}}})
    k.run("rollout", "status", "daemonset/agent", "--timeout=60s")
    nodes = {n["metadata"]["name"] for n in k.json("get", "nodes")["items"]}
    equal(nodes, {p["spec"]["nodeName"] for p in k.json("get", "pods")["items"]})
    k.run("set", "image", "daemonset/agent", "c=busybox:2")
    k.run("rollout", "status", "daemonset/agent", "--timeout=120s")
    equal({"busybox:2"}, {p["spec"]["containers"][0]["image"] for p in k.json("get", "pods")["items"]})


def nodes(k):
    name = k.json("get", "nodes")["items"][0]["metadata"]["name"]
    k.matches(r"^NAME +STATUS +ROLES +AGE +VERSION\n", "get", "nodes")
    k.says(f"node/{name} cordoned\n", "cordon", name)
    try:
        k.matches(rf"^{name} +Ready,SchedulingDisabled ", "get", "nodes")
        k.apply(deployment("spread", replicas=8))
        ready(k, "spread")
        expect(name not in {p["spec"]["nodeName"] for p in k.json("get", "pods")["items"]}, "cordon", "no pods there", "")
    finally:
        k.says(f"node/{name} uncordoned\n", "uncordon", name)
    k.says(f"node/{name} tainted\n", "taint", "nodes", name, "dedicated=x:NoSchedule")
    k.apply(pod("picky", nodeSelector={"kubernetes.io/hostname": name}))
    k.until("a reason", lambda: "had untolerated taint" in k.run("describe", "pod", "picky"))
    k.matches(r"FailedScheduling .* 0/\d+ nodes are available", "describe", "pod", "picky")
    k.says(f"node/{name} untainted\n", "taint", "nodes", name, "dedicated:NoSchedule-")
    k.run("wait", "--for=condition=Ready", "pod/picky", "--timeout=60s")


def drain(k):
    k.apply(deployment("moves", replicas=6))
    ready(k, "moves")
    name = k.json("get", "pods")["items"][0]["spec"]["nodeName"]
    found = k.run("drain", name, "--ignore-daemonsets", "--timeout=60s", "--force")
    try:
        expect(f"node/{name} drained" in found, "drain", "drained", found)
        ready(k, "moves")
        expect(name not in {
            p["spec"]["nodeName"] for p in k.json("get", "pods")["items"]
            if "deletionTimestamp" not in p["metadata"]}, "drain", "no pods there", "")
    finally:
        k.run("uncordon", name)
    k.apply({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "all"},
        "spec": {"minAvailable": "100%", "selector": {"matchLabels": {"app": "moves"}}}})


def taint_eviction(k):
    k.apply(deployment("flees", replicas=5))
    ready(k, "flees")
    name = k.json("get", "pods")["items"][0]["spec"]["nodeName"]
    k.run("taint", "nodes", name, "away=now:NoExecute")
    try:
        k.until("its pods to move", lambda: all(
            p["spec"].get("nodeName") not in (name, None) for p in k.json("get", "pods")["items"]))
    finally:
        k.run("taint", "nodes", name, "away:NoExecute-")


CASES = [scale, rollout, recreate, expose, jobs, daemonset, nodes, drain, taint_eviction]
