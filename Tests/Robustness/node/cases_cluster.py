"""Three machines, of which two join as their users would: pods and services across them, and a machine that is lost."""

import os

from cluster import Failure, expect, is_true, pod

REPLICAS = 4


def start(cluster):
    cluster.start_all(cluster.add_machine())
    cluster.wait_for_nodes(1)
    cluster.agents = [cluster.join(cluster.add_machine()) for _ in range(2)]


def join(cluster):
    cluster.wait_for_nodes(3)
    users = {item["spec"]["username"] for item in cluster.get("certificatesigningrequests")["items"]}
    expect("who asked for certificates", {name.split(":")[1] for name in users} >= {"bootstrap", "node"})


def spread(cluster):
    """A service of pods on all machines, asked from each."""
    deployment = {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "spread"},
        "spec": {
            "replicas": REPLICAS, "selector": {"matchLabels": {"app": "spread"}},
            "template": {
                "metadata": {"labels": {"app": "spread"}},
                "spec": {
                    "terminationGracePeriodSeconds": 1,
                    # Else a lost machine's pods are waited for five minutes.
                    "tolerations": [
                        {"key": f"node.kubernetes.io/{what}", "operator": "Exists", "effect": "NoExecute",
                         "tolerationSeconds": 2} for what in ("unreachable", "not-ready")],
                    "topologySpreadConstraints": [{
                        "maxSkew": 2, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway",
                        "labelSelector": {"matchLabels": {"app": "spread"}}}],
                    "containers": [{
                        "name": "web", "image": "localhost/web:1",
                        "readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1}}]}}}}
    service = {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "spread"},
        "spec": {"selector": {"app": "spread"}, "ports": [{"port": 80, "targetPort": 8080}]}}
    cluster.apply(deployment, service)
    pods = cluster.wait_for_pods("app=spread", REPLICAS)
    expect("machines with pods", len({item["spec"]["nodeName"] for item in pods}), 3)
    address = cluster.get("service", "spread")["spec"]["clusterIP"]
    names = {item["metadata"]["name"] for item in pods}
    for machine in cluster.machines:
        for item in pods:
            expect("a pod's own address", cluster.curl(
                machine, f"http://{item['status']['podIP']}:8080/cgi-bin/hostname"), item["metadata"]["name"])
        found = set()
        cluster.wait(f"all pods answer on {machine.name}", lambda machine=machine, found=found: found.add(
            cluster.curl(machine, f"http://{address}/cgi-bin/hostname")) or found == names)


def meet(cluster):
    """Pods of each machine ask the service by its name, and read logs and run commands anywhere."""
    for machine in cluster.machines:
        name = f"asker-{machine.name}"
        cluster.apply(pod(name, "sleep 1000000", nodeName=machine.name))
        cluster.wait(f"pod {name}", lambda name=name: is_true(cluster.get("pod", name), "Ready"))
        page = cluster.wait("the page", lambda name=name: cluster.kubectl(
            "exec", name, "--", "wget", "-qO-", "http://spread/"))
        expect("the page", "It works." in page)


def keep(cluster):
    """A claim's data outlives its pod, and its pod comes back to it."""
    cluster.example("volume.yaml")
    cluster.wait("the first pod", lambda: is_true(cluster.get("pod", "notes"), "Ready"))
    claim = cluster.get("persistentvolumeclaim", "notes")
    expect("the claim", claim["status"]["phase"], "Bound")
    first = cluster.wait("a line", lambda: cluster.kubectl("logs", "notes").splitlines())
    cluster.kubectl("delete", "pod", "notes")
    cluster.example("volume.yaml")
    cluster.wait("the second pod", lambda: is_true(cluster.get("pod", "notes"), "Ready"))
    lines = cluster.wait("two lines", lambda: (lambda lines: len(lines) == 2 and lines)(
        cluster.kubectl("logs", "notes").splitlines()))
    expect("the first line", lines[0], first[0])


def lose(cluster):
    """A machine loses its power: its pods come back elsewhere, and the service goes on."""
    lost = cluster.machines.pop()
    cluster.running.remove(cluster.agents.pop())
    lost.kill()

    def moved():
        pods = [item for item in cluster.pods("app=spread") if is_true(item, "Ready")]
        return len(pods) == REPLICAS and all(item["spec"]["nodeName"] != lost.name for item in pods)
    cluster.wait("pods elsewhere", moved)
    address = cluster.get("service", "spread")["spec"]["clusterIP"]
    for machine in cluster.machines:
        for _ in range(20):
            expect("the page", "It works." in cluster.curl(machine, f"http://{address}/"))
    status = cluster.orchestrator("status", check=False)
    expect("what status says", f"node {lost.name} is not ready" in status)


def refuse(cluster):
    """Wrong tokens and other clusters' tokens are refused with words that help."""
    token = cluster.orchestrator("token", "create").strip()
    server = f"https://{cluster.machines[0].address}:6443"
    wrong = token.replace(token[7:23], "0" * 16)
    for what, bad, words in [
            ("a wrong secret", wrong, "token"), ("another authority", token[:24] + "0" * 64, "certificate authority"),
            ("no token", "rubbish", "orchestrator token create")]:
        try:
            cluster.machines[1].call(
                os.environ["ORCHESTRATOR"], "agent", "--server", server, "--token", bad,
                "--data-dir", os.path.join(cluster.folder, "refused"), "--node-name", "refused")
        except RuntimeError as error:
            expect(f"{what}: {error}", words in str(error))
        else:
            raise Failure(f"{what} was taken")


def twins(cluster):
    """A machine that calls itself by another's name is refused while that one lives."""
    token = cluster.orchestrator("token", "create").strip()
    try:
        cluster.machines[1].call(
            os.environ["ORCHESTRATOR"], "agent", "--server", f"https://{cluster.machines[0].address}:6443", "--token", token,
            "--data-dir", os.path.join(cluster.folder, "twin"), "--node-name", "node-3")
    except RuntimeError as error:
        expect(str(error), "another machine runs as node node-3" in str(error))
    else:
        raise Failure("it was taken")


CASES = [
    ("machines join by a token", join),
    ("pods and services reach each other across machines", spread),
    ("pods use names, logs and commands on any machine", meet),
    ("the volume example: data outlives its pod", keep),
    ("wrong tokens are refused", refuse),
    ("two machines of one name are refused", twins),
    ("pods of a lost machine come back elsewhere", lose),
]
