"""The processes of one control plane: a store, `orchestrator`, and simulated nodes."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

from servers import ROOT, START_SECONDS, Folder, Ports, Server, program, raftkv

NODES = 5
CLUSTER_MEMBERS = 3
KILL_PAUSE_SECONDS = 6


def orchestrator(path=None):
    """The path of the program: the argument, $ORCHESTRATOR, or the release build."""
    path = path or os.environ.get("ORCHESTRATOR") or os.path.join(ROOT, ".build", "release", "orchestrator")
    if not os.access(path, os.X_OK):
        sys.exit(f"error: there is no program {path}\n  fix: make test builds it, or scripts/build orchestrator")
    return os.path.abspath(path)


class Process:
    """A program with a log of its own."""

    def __init__(self, name, command, folder):
        self.name = name
        self.log_path = os.path.join(folder, f"{name}.log")
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder)

    def check(self):
        if self.process.poll() is not None:
            self.fail(f"ended with exit code {self.process.returncode}")

    def fail(self, what):
        with open(self.log_path, "rb") as log:
            tail = log.read()[-4000:].decode(errors="replace")
        raise RuntimeError(f"{self.name} {what}; its log ends:\n{tail}")

    def stop(self, seconds=30):
        if self.process.poll() is not None:
            return self.process.returncode
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            self.fail(f"did not end within {seconds} s of SIGTERM")


class Cluster:
    """Three members of the store."""

    def __init__(self, folder):
        path = raftkv()
        self.members = [Server("raftkv", path, os.path.join(folder, f"member{n}")) for n in range(CLUSTER_MEMBERS)]
        initial = ",".join(f"m{n}=http://{member.peer}" for n, member in enumerate(self.members))
        for number, member in enumerate(self.members):
            # The last of a repeated flag counts.
            member.flags = [f"--name=m{number}", f"--initial-cluster={initial}"]

    @property
    def endpoints(self):
        return ",".join(f"http://{member.client}" for member in self.members)

    def start(self):
        for member in self.members:
            member.launch()
        for member in self.members:
            member.wait_healthy()
        return self

    def stop(self):
        for member in self.members:
            member.stop()

    def leader(self):
        answer = subprocess.run(
            [program("etcdctl"), "--endpoints", self.endpoints, "endpoint", "status", "-w", "json"],
            capture_output=True, timeout=30)
        for status in json.loads(answer.stdout or b"[]"):
            if status["Status"]["header"]["member_id"] == status["Status"].get("leader"):
                address = status["Endpoint"].removeprefix("http://")
                return next(member for member in self.members if member.client == address)
        return None


class LeaderKiller(threading.Thread):
    """Kills the leader of a cluster with SIGKILL, starts it again, waits, and goes on until it is told to stop."""

    def __init__(self, cluster):
        super().__init__(daemon=True)
        self.cluster = cluster
        self.over = threading.Event()
        self.kills = 0

    def run(self):
        while not self.over.wait(KILL_PAUSE_SECONDS):
            leader = self.cluster.leader()
            if leader is None:
                continue
            leader.kill()
            self.kills += 1
            time.sleep(1)
            leader.launch()
            leader.wait_healthy()

    def stop(self):
        self.over.set()
        self.join(START_SECONDS)


class ControlPlane:
    """Everything that a case needs, started in order and stopped in the opposite one.

    `store` is a kind of store to start, or the address of one that runs."""

    def __init__(self, folder, store="builtin", nodes=NODES, flags=()):
        self.folder = folder
        self.store = store
        self.nodes = nodes
        self.flags = list(flags)
        self.started = []
        self.kubeconfig = os.path.join(folder, "data", "admin.kubeconfig")

    def start(self):
        try:
            store_flags = self.start_store()
            ports = Ports(3)
            api, client, peer = ports.numbers
            ports.release()
            self.address = f"https://127.0.0.1:{api}"
            command = [
                orchestrator(), "server", f"--data-dir={os.path.join(self.folder, 'data')}",
                "--bind-address=127.0.0.1", f"--secure-port={api}"]
            if self.store == "builtin":
                store_flags = [
                    f"--store-listen-client-urls=http://127.0.0.1:{client}",
                    f"--store-listen-peer-urls=http://127.0.0.1:{peer}"]
            self.server = Process("orchestrator", command + store_flags + self.flags, self.folder)
            self.started.append(self.server)
            self.wait_ready()
            if self.nodes:
                self.simulation = Process(
                    "simulate", [
                        orchestrator(), "simulate", f"--kubeconfig={self.kubeconfig}", f"--nodes={self.nodes}",
                        "--pod-start=200ms", "--job-duration=1s", "--pod-stop=200ms"], self.folder)
                self.started.append(self.simulation)
        except BaseException:
            self.stop()
            raise
        return self

    def start_store(self):
        if self.store == "builtin":
            return []
        if self.store.startswith("http"):
            self.store_address = self.store
            return [f"--store={self.store}"]
        if self.store == "etcd":
            server = Server("etcd", program("etcd"), os.path.join(self.folder, "etcd")).start()
            self.started.append(server)
            self.store_address = f"http://{server.client}"
            return [f"--store={self.store_address}"]
        cluster = Cluster(self.folder).start()
        self.started.append(cluster)
        if self.store == "leader-kill":
            killer = LeaderKiller(cluster)
            killer.start()
            self.started.append(killer)
        self.store_address = cluster.endpoints
        return [f"--store={self.store_address}"]

    def wait_ready(self):
        deadline = time.monotonic() + START_SECONDS
        while True:
            self.server.check()
            if os.path.exists(self.kubeconfig):
                answer = subprocess.run(
                    [kubectl_default(), "--kubeconfig", self.kubeconfig, "get", "--raw", "/readyz"],
                    capture_output=True, timeout=30)
                if answer.stdout.strip() == b"ok":
                    return
            if time.monotonic() > deadline:
                self.server.fail(f"is not ready after {START_SECONDS} s")
            time.sleep(0.05)

    def stop(self):
        problems = []
        for process in reversed(self.started):
            try:
                process.stop()
            except RuntimeError as error:
                problems.append(error)
        self.started = []
        if problems:
            raise problems[0]


def kubectl_versions():
    """The versions that scripts/test-clients has installed, oldest first."""
    folder = os.path.join(ROOT, ".venv", "kubectl")
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def kubectl(version):
    path = os.path.join(ROOT, ".venv", "kubectl", version, "bin", "kubectl")
    if not os.access(path, os.X_OK):
        sys.exit(f"error: kubectl {version} is not installed\n  fix: scripts/test-clients")
    return path


def kubectl_default():
    versions = kubectl_versions()
    if not versions:
        sys.exit("error: kubectl is not installed\n  fix: scripts/test-clients")
    return kubectl(versions[-1])


__all__ = ["ControlPlane", "Folder", "kubectl", "kubectl_versions"]
