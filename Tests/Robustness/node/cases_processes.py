"""Every component a process of its own, on a store of three members: each is killed while somebody uses a service."""

import os
import signal
import threading
import time

from cluster import Failure, expect, is_true, pod
from control_plane import Process
from servers import raftkv

MEMBERS = 3


class Load(threading.Thread):
    """Asks a service all the time, and keeps what went wrong."""

    def __init__(self, cluster, url):
        super().__init__(daemon=True)
        self.cluster, self.url = cluster, url
        self.over, self.count, self.failures = threading.Event(), 0, []

    def run(self):
        while not self.over.wait(0.02):
            try:
                self.cluster.curl(self.cluster.machine, self.url, seconds=10)
                self.count += 1
            except Failure as error:
                self.failures.append(str(error))


def member(cluster, number):
    ports = [23790 + number, 23800 + number]
    initial = ",".join(f"m{n}=http://127.0.0.1:{23800 + n}" for n in range(MEMBERS))
    return Process(f"m{number}", cluster.machine.command(
        raftkv(), "serve", f"--name=m{number}", f"--data-dir={cluster.machine.folder}/m{number}",
        f"--listen-client-urls=http://127.0.0.1:{ports[0]}", f"--advertise-client-urls=http://127.0.0.1:{ports[0]}",
        f"--listen-peer-urls=http://127.0.0.1:{ports[1]}", f"--initial-advertise-peer-urls=http://127.0.0.1:{ports[1]}",
        f"--initial-cluster={initial}"), cluster.machine.folder)


def server(cluster):
    endpoints = ",".join(f"http://127.0.0.1:{23790 + n}" for n in range(MEMBERS))
    return cluster.launch(
        cluster.machine, "server", "server", f"--data-dir={cluster.folder_of_data}", f"--store={endpoints}",
        "--components=api")


def scheduler(cluster):
    return cluster.launch(cluster.machine, "scheduler", "scheduler", f"--kubeconfig={cluster.kubeconfig}")


def controllers(cluster):
    pki = os.path.join(cluster.folder_of_data, "pki")
    return cluster.launch(
        cluster.machine, "controllers", "controllers", f"--kubeconfig={cluster.kubeconfig}",
        f"--cluster-signing-cert-file={pki}/ca.crt", f"--cluster-signing-key-file={pki}/ca.key")


def kubelet(cluster):
    # The token is needed for the first start only.
    return cluster.launch(
        cluster.machine, "kubelet", "agent", "--server", f"https://{cluster.machine.address}:6443", "--token",
        cluster.token, f"--data-dir={cluster.folder_of_data}", "--node-components=kubelet,dns")


def proxy(cluster):
    return cluster.launch(
        cluster.machine, "proxy", "proxy", f"--kubeconfig={cluster.kubeconfig}", "--cluster-cidr=10.244.0.0/16",
        "--service-cluster-ip-range=10.96.0.0/16")


def start(cluster):
    cluster.machine = cluster.add_machine()
    cluster.folder_of_data = cluster.data(cluster.machine)
    cluster.kubeconfig = os.path.join(cluster.folder_of_data, "admin.kubeconfig")
    cluster.parts = {f"m{number}": member(cluster, number) for number in range(MEMBERS)}
    cluster.running += cluster.parts.values()
    cluster.parts["server"] = server(cluster)
    cluster.wait("the API server", lambda: cluster.kubectl("get", "--raw", "/readyz", check=False).strip() == "ok")
    cluster.token = cluster.orchestrator("token", "create").strip()
    for part in (scheduler, controllers, kubelet, proxy):
        cluster.parts[part.__name__] = part(cluster)
    cluster.wait_for_nodes(1)
    cluster.example("web.yaml")
    cluster.wait_for_pods("app=web", 3)


def kill(cluster, name):
    """A part is killed and started again, as a service manager would."""
    part = cluster.parts[name]
    # nsenter has become the program.
    os.kill(part.process.pid, signal.SIGKILL)
    part.process.wait()
    cluster.running.remove(part)
    time.sleep(2)
    if name.startswith("m"):
        new = member(cluster, int(name[1:]))
        cluster.running.append(new)
    else:
        new = {"server": server, "scheduler": scheduler, "controllers": controllers, "kubelet": kubelet, "proxy": proxy}[
            name](cluster)
    cluster.parts[name] = new


def survives(name, find=None):
    def case(cluster):
        address = cluster.get("service", "web")["spec"]["clusterIP"]
        before = {item["metadata"]["name"]: item["status"]["containerStatuses"][0]["restartCount"]
                  for item in cluster.pods("app=web")}
        load = Load(cluster, f"http://{address}/")
        load.start()
        try:
            time.sleep(1)
            (find or (lambda cluster: kill(cluster, name)))(cluster)
            # The cluster heals when it starts pods again.
            title = f"after-{name}"
            cluster.wait("pods can be made", lambda: cluster.apply(pod(title, "sleep 1000000")) or True)
            cluster.wait(f"pod {title}", lambda: is_true(cluster.get("pod", title), "Ready"))
            time.sleep(2)
        finally:
            load.over.set()
            load.join()
        expect(f"failures of {load.count} requests", (len(load.failures), load.failures[:3]), (0, []))
        after = {item["metadata"]["name"]: item["status"]["containerStatuses"][0]["restartCount"]
                 for item in cluster.pods("app=web")}
        expect("pods and restarts", after, before)
    return case


def kill_containerd(cluster):
    socket = f"{cluster.folder_of_data}/node/containerd"
    for process in cluster.machine.processes():
        with open(f"/proc/{process}/cmdline", "rb") as file:
            words = file.read().split(b"\0")
        if words[0].endswith(b"containerd") and f"{socket}/config.toml".encode() in words:
            os.kill(process, signal.SIGKILL)
            return
    raise Failure("there is no containerd")


def kill_leader(cluster):
    """The member of the store that leads."""
    for number in range(MEMBERS):
        text = cluster.machine.call("curl", "-s", "-m", "5", f"http://127.0.0.1:{23790 + number}/metrics")
        if any(line == "etcd_server_is_leader 1" for line in text.splitlines()):
            return kill(cluster, f"m{number}")
    raise Failure("no member leads")


CASES = [
    ("the kubelet is killed", survives("kubelet")),
    ("the service proxy is killed", survives("proxy")),
    ("the API server is killed", survives("server")),
    ("containerd is killed", survives("containerd", kill_containerd)),
    ("the store's leader is killed", survives("leader", kill_leader)),
    ("scheduler and controllers are killed", survives(
        "controllers", lambda cluster: [kill(cluster, name) for name in ("scheduler", "controllers")])),
]
