"""kubectl's reading commands: version, api-resources, explain, get, describe, events, auth."""

import json

from session import config_map, deployment, equal, expect, pod


def version(k):
    k.matches(r"^Server Version: v1\.36\.", "version")
    answer = json.loads(k.run("version", "-o", "json"))
    equal("1", answer["serverVersion"]["major"])
    equal("36", answer["serverVersion"]["minor"])


def api_resources(k):
    listing = k.run("api-resources")
    for line in [
            "pods                                po           v1                                true         Pod",
            "deployments                         deploy       apps/v1                           true         Deployment",
            "nodes                               no           v1                                false        Node"]:
        name, *rest = line.split()
        found = next((row.split() for row in listing.splitlines() if row.split()[0] == name), None)
        equal([name, *rest], found, "api-resources")
    names = k.run("api-resources", "--namespaced=false", "-o", "name").split()
    expect("clusterroles.rbac.authorization.k8s.io" in names, "api-resources -o name", "clusterroles", str(names))
    versions = k.run("api-versions").split()
    for wanted in ["v1", "apps/v1", "batch/v1", "rbac.authorization.k8s.io/v1", "coordination.k8s.io/v1"]:
        expect(wanted in versions, "api-versions", wanted, str(versions))


def explain(k):
    k.matches(r"^KIND: +Deployment$", "explain", "deployments")
    k.matches(r"FIELD: maxSurge", "explain", "deployment.spec.strategy.rollingUpdate.maxSurge")
    k.matches(r"containers\s+<\[\]Container>", "explain", "pod.spec")
    k.matches(r"ports\s+<\[\]ContainerPort>", "explain", "pod.spec.containers", "--recursive")
    k.fails("explain", "pod.spec.nope", message='field "nope" does not exist')


def get_outputs(k):
    k.apply(config_map("one", {"a": "1"}, labels={"tier": "x"}), config_map("two", {"b": "2", "c": "3"}))
    k.matches(r"^NAME +DATA +AGE\n", "get", "configmaps")
    k.matches(r"^one +1 +\d+s$", "get", "cm")
    k.says("configmap/one\n", "get", "cm", "one", "-o", "name")
    equal({"a": "1"}, k.json("get", "cm", "one")["data"])
    k.matches(r"^data:\n  a: \"1\"\n", "get", "cm", "one", "-o", "yaml")
    k.says("1", "get", "cm", "one", "-o", "jsonpath={.data.a}")
    k.says("one 1\n", "get", "cm", "one", "-o", 'go-template={{.metadata.name}} {{.data.a}}{{"\\n"}}')
    k.matches(r"^N +V\none +1$", "get", "cm", "one", "-o", "custom-columns=N:.metadata.name,V:.data.a")
    k.matches(r"^one .*tier=x$", "get", "cm", "one", "--show-labels")
    k.matches(r"^NAME +DATA +AGE +TIER\n", "get", "cm", "one", "-L", "tier")
    k.matches(r"^one +1 ", "get", "cm", "-l", "tier=x", "--no-headers")
    equal(1, len(k.json("get", "cm", "-l", "tier")["items"]))
    equal(["two"], [
        i["metadata"]["name"] for i in k.json("get", "cm", "-l", "!tier")["items"]
        if i["metadata"]["name"] != "kube-root-ca.crt"])
    k.fails("get", "cm", "none", message='Error from server (NotFound): configmaps "none" not found')
    k.fails("get", "nonsense", message='the server doesn\'t have a resource type "nonsense"')
    k.matches(rf"^{k.namespace} +one ", "get", "cm", "-A")
    k.says("one\n", "get", "cm", "--field-selector", "metadata.name=one", "-o", 'jsonpath={.items[*].metadata.name}{"\\n"}')


def get_pods_wide(k):
    k.apply(pod("p", labels={"run": "p"}))
    k.run("wait", "--for=condition=Ready", "pod/p", "--timeout=60s")
    k.matches(r"^NAME +READY +STATUS +RESTARTS +AGE\np +1/1 +Running +0 +\d+s$", "get", "pods")
    k.matches(
        r"^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES\n"
        r"p +1/1 +Running +0 +\d+s +[\d.]+ +\S+ +<none> +<none>$", "get", "pods", "-o", "wide")
    node = k.run("get", "pod", "p", "-o", "jsonpath={.spec.nodeName}")
    k.says("pod/p\n", "get", "pods", "--field-selector", f"spec.nodeName={node}", "-o", "name")
    k.says("", "get", "pods", "--field-selector", "status.phase!=Running", "-o", "name")
    k.fails("get", "pods", "--field-selector", "spec.nope=1", message='field label not supported: spec.nope')


def get_chunks(k):
    for number in range(0, 30, 10):
        k.apply(*[config_map(f"c{n:03}", {"n": str(n)}) for n in range(number, number + 10)])
    whole = k.run("get", "cm", "-o", "name", "--chunk-size=0")
    equal(whole, k.run("get", "cm", "-o", "name", "--chunk-size=7"), "chunks")
    equal(30, sum(1 for line in whole.split() if line.startswith("configmap/c0")))


def get_watch(k):
    k.apply(config_map("watched", {"n": "0"}))
    watch = k.start("get", "cm", "watched", "-w", "-o", 'jsonpath={.data.n}{"\\n"}', "--request-timeout=60s")
    try:
        equal("0\n", watch.stdout.readline())
        for number in ["1", "2"]:
            k.run("patch", "cm", "watched", "--type=merge", "-p", json.dumps({"data": {"n": number}}))
            equal(number + "\n", watch.stdout.readline())
    finally:
        watch.kill()
        watch.wait()
    table = k.start("get", "pods", "-w")
    try:
        k.apply(pod("later"))
        line = table.stdout.readline()
        while not line.startswith("later") or "Running" not in line:
            expect(line, "get pods -w", "later … Running", line)
            line = table.stdout.readline()
    finally:
        table.kill()
        table.wait()


def describe(k):
    k.apply(deployment("d", replicas=1))
    k.run("rollout", "status", "deployment/d", "--timeout=60s")
    k.matches(r"^Replicas: +1 desired \| 1 updated \| 1 total \| 1 available \| 0 unavailable$", "describe", "deploy", "d")
    k.matches(r"ScalingReplicaSet .*Scaled up replica set d-\w+ from 0 to 1", "describe", "deploy", "d")
    name = k.run("get", "pods", "-o", "name").strip()
    k.matches(r"Scheduled .*Successfully assigned", "describe", name)
    k.matches(r"^QoS Class: +BestEffort$", "describe", name)
    node = k.run("get", name, "-o", "jsonpath={.spec.nodeName}")
    k.matches(r"Allocated resources:", "describe", "node", node)
    k.matches(r"^Name: +default$", "describe", "ns", "default")


def events(k):
    k.apply(pod("e"))
    k.run("wait", "--for=condition=Ready", "pod/e", "--timeout=60s")
    k.until("an event of the scheduler", lambda: "Scheduled" in k.run("events", "--for", "pod/e"))
    k.until("events sorted by time", lambda: "pod/e" in k.run("get", "events", "--sort-by=.lastTimestamp"))
    k.until("events by field", lambda: "Scheduled" in k.run(
        "get", "events", "--field-selector", "involvedObject.name=e,reason=Scheduled", "-o", "jsonpath={.items[*].reason}"))


def auth(k):
    k.says("yes\n", "auth", "can-i", "create", "pods")
    k.matches(r"^Username +kubernetes-admin", "auth", "whoami")
    reader = "system:serviceaccount:" + k.namespace + ":reader"
    k.run("create", "serviceaccount", "reader")
    equal("no", k.run("auth", "can-i", "list", "pods", "--as", reader, code=1).strip().splitlines()[0])
    k.run("create", "role", "reads", "--verb=get,list", "--resource=pods")
    k.run("create", "rolebinding", "reads", "--role=reads", f"--serviceaccount={k.namespace}:reader")
    k.until("the role", lambda: k.run("auth", "can-i", "list", "pods", "--as", reader, code=None).startswith("yes"))
    k.fails(
        "delete", "pods", "--all", "--as", reader,
        message=f'User "{reader}" cannot') if k.run("get", "pods", "-o", "name", "--as", reader) else None
    k.fails("get", "secrets", "--as", reader, message=(
        f'Error from server (Forbidden): secrets is forbidden: User "{reader}" cannot list resource "secrets" '
        f'in API group "" in the namespace "{k.namespace}"'))
    k.matches(r"pods +\[\] +\[\] +\[get list\]", "auth", "can-i", "--list", "--as", reader)


def tokens(k):
    k.run("create", "serviceaccount", "robot")
    token = k.run("create", "token", "robot").strip()
    equal(3, len(token.split(".")), "the parts of a token")
    answer = k.run(
        "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}", "--token", token,
        "--kubeconfig", token_only(k))
    equal(f"system:serviceaccount:{k.namespace}:robot", answer)
    k.run("delete", "serviceaccount", "robot")
    k.until("the token to end with its account", lambda: "Unauthorized" in k.run(
        "get", "pods", "--token", token, "--kubeconfig", token_only(k), code=None))


def token_only(k):
    """A kubeconfig without the administrator's certificate."""
    path = f"{k.folder}/token-only.kubeconfig"
    configuration = json.loads(k.run("config", "view", "--raw", "-o", "json"))
    for user in configuration["users"]:
        user["user"] = {}
    with open(path, "w") as file:
        json.dump(configuration, file)
    return path


CASES = [
    version, api_resources, explain, get_outputs, get_pods_wide, get_chunks, get_watch, describe, events, auth, tokens]
