"""What the README shows: the web example, and everything that one does with it."""

import os
import re
import signal
import subprocess
import threading
import time

from cluster import PATIENCE_SECONDS, Failure, expect, pod

NODE_PORT = 30080
PATIENCE = f"--timeout={PATIENCE_SECONDS}s"


def start(cluster):
    cluster.process = cluster.start_all(cluster.add_machine())
    cluster.wait_for_nodes(1)
    cluster.machine = cluster.machines[0]


def runs(cluster):
    watch = cluster.kubectl_process("get", "pods", "-w", "--no-headers")
    cluster.example("web.yaml")
    cluster.wait_for_pods("app=web", 3)
    cluster.kubectl("rollout", "status", "deployment", "web", PATIENCE)
    watch.send_signal(signal.SIGTERM)
    lines = watch.communicate(timeout=30)[0]
    if "Running" not in lines:
        raise Failure(f"kubectl get -w never said Running:\n{lines}")


def service_address(cluster):
    return cluster.get("service", "web")["spec"]["clusterIP"]


def names(cluster, url, times):
    """Which pods answer."""
    return {cluster.curl(cluster.machine, f"{url}/cgi-bin/hostname") for _ in range(times)}


def is_served(cluster):
    pods = {item["metadata"]["name"] for item in cluster.pods("app=web")}
    for url in (f"http://{service_address(cluster)}", f"http://{cluster.machine.address}:{NODE_PORT}"):
        # Each of three is left out by forty requests once in ten million times.
        expect(f"pods behind {url}", names(cluster, url, 40), pods)


def has_a_name(cluster):
    cluster.apply(pod("asker", "sleep 1000000"))
    cluster.kubectl("wait", "--for=condition=Ready", "pod/asker", PATIENCE)
    address = service_address(cluster)

    def ask(name):
        return cluster.kubectl("exec", "asker", "--", "nslookup", name)
    for name in ("web.default.svc.cluster.local", "web.default.svc.cluster.local."):
        found = cluster.wait("the name", lambda name=name: address in ask(name))
        expect(name, found)
    page = cluster.kubectl("exec", "asker", "--", "wget", "-qO-", "http://web/")
    expect("the page", "It works." in page)


def tells_its_log(cluster):
    cluster.apply(pod("talker", "n=0; while true; do n=$((n+1)); echo line $n; sleep 0.2; done"))
    cluster.kubectl("wait", "--for=condition=Ready", "pod/talker", PATIENCE)
    expect("a tail", len(cluster.wait("lines", lambda: cluster.kubectl(
        "logs", "talker", "--tail=2").splitlines()[1:] and cluster.kubectl("logs", "talker", "--tail=2").splitlines())), 2)
    follow = cluster.kubectl_process("logs", "-f", "talker", "--tail=1")
    seen = [follow.stdout.readline() for _ in range(4)]
    follow.terminate()
    follow.communicate(timeout=30)
    numbers = [int(line.split()[1]) for line in seen]
    expect("lines in order", numbers, list(range(numbers[0], numbers[0] + 4)))
    stamped = cluster.kubectl("logs", "talker", "--timestamps", "--tail=1")
    expect("a time", bool(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z line ", stamped)))


def runs_commands(cluster):
    expect("a command", cluster.kubectl("exec", "asker", "--", "echo", "hello"), "hello\n")
    expect("its input", cluster.kubectl("exec", "-i", "asker", "--", "cat", stdin="some text"), "some text")
    failed = subprocess.run(
        ["kubectl", "exec", "asker", "--", "sh", "-c", "exit 7"], env=cluster.environment, capture_output=True, text=True)
    expect("its exit code", (failed.returncode, "exit code 7" in failed.stderr), (7, True))


def runs_a_terminal(cluster):
    """kubectl exec -it within a terminal, by script(1)."""
    done = subprocess.run(
        ["script", "-qec", "kubectl exec -it asker -- sh", "/dev/null"], env=cluster.environment, text=True,
        input="tty; stty size; exit 3\n", capture_output=True, timeout=120)
    expect("a terminal", ("/dev/pts/" in done.stdout, done.returncode), (True, 3))


def serves_python(cluster):
    """The Python client, which speaks by WebSockets."""
    from kubernetes import client, config
    from kubernetes.stream import stream
    config.load_kube_config(cluster.kubeconfig)
    core = client.CoreV1Api()
    said = stream(
        core.connect_get_namespaced_pod_exec, "asker", "default", command=["echo", "hello"], stderr=True, stdin=False,
        stdout=True, tty=False)
    expect("a command", said.strip(), "hello")
    expect("a log", core.read_namespaced_pod_log("talker", "default", tail_lines=1).startswith("line "))


def attaches(cluster):
    attached = cluster.kubectl_process("attach", "talker")
    lines = [attached.stdout.readline() for _ in range(6)]
    attached.terminate()
    attached.communicate(timeout=30)
    expect("what it says", len([line for line in lines if line.startswith("line ")]) >= 3)


def forwards_ports(cluster):
    forward = cluster.kubectl_process("port-forward", "deployment/web", ":8080")
    try:
        line = forward.stdout.readline()
        found = re.search(r"127\.0\.0\.1:(\d+) -> 8080", line)
        if not found:
            raise Failure(f"port-forward said: {line}")
        for _ in range(5):
            done = subprocess.run(
                ["curl", "-sS", "-m", "10", f"http://127.0.0.1:{found[1]}/"], capture_output=True, text=True)
            expect(f"the page{done.stderr}", "It works." in done.stdout)
    finally:
        forward.terminate()
        forward.communicate(timeout=30)


def copies_files(cluster):
    source, back = os.path.join(cluster.folder, "there"), os.path.join(cluster.folder, "back")
    with open(source, "wb") as file:
        file.write(os.urandom(3 << 20))
    cluster.kubectl("cp", source, "asker:/tmp/copy")
    cluster.kubectl("cp", "asker:/tmp/copy", back)
    with open(source, "rb") as one, open(back, "rb") as other:
        expect("the same bytes", one.read() == other.read())


def tells_usage(cluster):
    def line():
        return cluster.kubectl("top", "pod", "talker", "--no-headers").split()
    usage = cluster.wait("usage of a pod", line)
    expect("columns", (usage[0], usage[1].endswith("m"), usage[2].endswith("Mi")), ("talker", True, True))
    node = cluster.kubectl("top", "node", "--no-headers").split()
    expect("the node", node[0], cluster.machine.name)


def scales(cluster):
    cluster.kubectl("scale", "deployment", "web", "--replicas=5")
    cluster.wait_for_pods("app=web", 5)
    cluster.kubectl("scale", "deployment", "web", "--replicas=3")
    cluster.wait("three pods", lambda: len(cluster.pods("app=web")) == 3)


def updates_without_a_failure(cluster):
    """A rolling update while somebody asks all the time, by way of the service and of the node's port."""
    over, failures, count = threading.Event(), [], [0]

    def load(url):
        while not over.is_set():
            try:
                cluster.curl(cluster.machine, url)
                count[0] += 1
            except Failure as error:
                failures.append(str(error))
    urls = [f"http://{service_address(cluster)}/", f"http://{cluster.machine.address}:{NODE_PORT}/"]
    threads = [threading.Thread(target=load, args=(url,)) for url in urls]
    for thread in threads:
        thread.start()
    try:
        before = {item["metadata"]["name"] for item in cluster.pods("app=web")}
        cluster.kubectl("rollout", "restart", "deployment", "web")
        cluster.kubectl("rollout", "status", "deployment", "web", PATIENCE)
        cluster.wait("three new pods", lambda: len(cluster.pods("app=web")) == 3)
        after = {item["metadata"]["name"] for item in cluster.pods("app=web")}
        expect("pods of before", before & after, set())
    finally:
        over.set()
        for thread in threads:
            thread.join()
    expect(f"failures of {count[0]} requests", (len(failures), failures[:3]), (0, []))


def runs_the_job(cluster):
    cluster.example("job.yaml")
    cluster.kubectl("wait", "--for=condition=Complete", "job/words", PATIENCE)
    expect("the words", cluster.kubectl("logs", "job/words").strip(), "5")


def tells_its_status(cluster):
    text = cluster.wait("nothing wrong", lambda: (lambda text: "Nothing is wrong." in text and text)(
        cluster.orchestrator("status")))
    expect("the node", f"{cluster.machine.name}   Ready" in text)


def goes(cluster):
    cluster.kubectl("delete", "-f", os.path.join(os.path.dirname(__file__), "..", "..", "..", "examples", "web.yaml"))
    cluster.kubectl("delete", "pod", "asker", "talker")
    cluster.wait("no pods", lambda: cluster.pods("app in (web,asker,talker)") == [])
    cluster.kubectl("delete", "job", "words")
    cluster.wait("no containers", lambda: not [
        line for line in cluster.machine.call(
            "ctr", "--address", f"{cluster.machine.folder}/data/node/containerd/containerd.sock", "-n", "k8s.io",
            "tasks", "ls", "-q").splitlines() if line])
    # Time for the rules to follow.
    cluster.wait("nobody answers", lambda: not answers(cluster))


def answers(cluster):
    try:
        return cluster.curl(cluster.machine, f"http://{cluster.machine.address}:{NODE_PORT}/", seconds=2)
    except Failure:
        return ""


CASES = [
    ("the web example runs, and kubectl get -w tells", runs),
    ("the service answers at its address and on the node's port", is_served),
    ("the service has a name in pods", has_a_name),
    ("kubectl logs, -f, --tail, --timestamps", tells_its_log),
    ("kubectl exec, -i, exit codes", runs_commands),
    ("kubectl exec -it", runs_a_terminal),
    ("the Python client's exec and log", serves_python),
    ("kubectl attach", attaches),
    ("kubectl port-forward", forwards_ports),
    ("kubectl cp", copies_files),
    ("kubectl top", tells_usage),
    ("kubectl scale", scales),
    ("a rolling update under load loses no request", updates_without_a_failure),
    ("the job example ends", runs_the_job),
    ("orchestrator status", tells_its_status),
    ("what is deleted goes", goes),
]
