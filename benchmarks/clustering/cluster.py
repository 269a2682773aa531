"""Three members of one kind on this machine, which the loads see as one server."""

import http.client
import time

from comparison.server import Failed, Server

PATIENCE_SECONDS = 120
POLL_SECONDS = 0.02
# Short logs, of both kinds: with these a follower that missed `Plan.missed` puts needs a snapshot. A checkpoint after
# so many entries; etcd keeps 5,000 behind it.
SHORT_LOGS = {
    "etcd": ["--snapshot-count", "10000"],
    "raftkv": [
        "--memtable-changes", "10000", "--wal-segment-bytes", str(2 << 20), "--log-tail-bytes", str(2 << 20),
        "--log-tail-memory-bytes", str(2 << 20)],
}


class Member(Server):
    """One of three, with the founders' list that all of them are given."""

    def __init__(self, kind, command, parent, name, flags):
        super().__init__(kind, command, parent)
        self.name = name
        self.folder = self.folder.with_name(f"{self.folder.name}-{name}")
        self.data, self.log = self.folder / "data", self.folder / "log.txt"
        self.flags = flags
        self.founders = [self]

    def arguments(self):
        arguments = super().arguments()
        at = arguments.index("--initial-cluster") + 1
        arguments[at] = ",".join(f"{one.name}={one.peer_url}" for one in self.founders)
        return arguments + list(self.flags)

    def wait_until_healthy(self, begin, patience=PATIENCE_SECONDS):
        # Nobody is healthy before the others are started, so the cluster waits for all.
        return 0

    def metric(self, name):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/metrics")
            for line in connection.getresponse().read().decode().splitlines():
                if line.startswith(name + " "):
                    return float(line.split()[1])
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        return None

    def revision(self):
        return self.metric("etcd_debugging_mvcc_current_revision")


class Cluster:
    """Founded when the block begins, gone when it ends. `at_leader` says whether loads go to the leader alone."""

    def __init__(self, kind, command, parent, has_short_logs=False):
        flags = SHORT_LOGS[kind] if has_short_logs else ()
        self.kind = kind
        self.members = [Member(kind, command, parent, f"member{number}", flags) for number in (1, 2, 3)]
        for member in self.members:
            member.founders = self.members
        self.at_leader = False

    def __enter__(self):
        try:
            for member in self.members:
                member.__enter__()
            for member in self.members:
                self.wait(f"{member.name} is healthy", member.is_healthy)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for member in self.members:
            member.__exit__()

    def wait(self, what, condition):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            for member in self.members:
                if member.process.poll() is not None:
                    raise Failed(f"{self.kind} {member.name} ended; its log ends with:\n{member.log_tail()}")
            if time.monotonic() > deadline:
                raise Failed(f"{self.kind}: not within {PATIENCE_SECONDS} s: {what}\n{self.log_tail()}")
            time.sleep(POLL_SECONDS)

    @property
    def leader(self):
        for _ in range(1_000):
            for member in self.members:
                if member.metric("etcd_server_is_leader") == 1:
                    return member
            time.sleep(POLL_SECONDS)
        raise Failed(f"nobody leads {self.kind}")

    @property
    def endpoint(self):
        leader = self.leader
        # The leader first: a load with one connection goes to it.
        members = [leader] if self.at_leader else [leader, *(one for one in self.members if one is not leader)]
        return ",".join(member.endpoint for member in members)

    @property
    def pid(self):
        return self.leader.pid

    def log_tail(self):
        return "\n".join(f"{member.name}:\n{member.log_tail()}" for member in self.members)

    def settle(self, quiet):
        for member in self.members:
            member.settle(quiet)
