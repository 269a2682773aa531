"""Starts, watches and stops one server of either kind."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

QUOTA_BYTES = 8 << 30


class Failed(Exception):
    """Something that the reader has to know about and may be able to mend."""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


class Server:
    """A fresh member of a cluster of one, in a folder of its own. Use it in a with statement."""

    name = "member"

    def __init__(self, kind, command, parent):
        self.kind = kind
        self.command = command
        self.folder = Path(parent) / f"{kind}-{os.getpid()}-{time.monotonic_ns()}"
        self.data = self.folder / "data"
        self.log = self.folder / "log.txt"
        self.port, self.peer_port = free_ports(2)
        self.process = None

    def __enter__(self):
        self.folder.mkdir(parents=True)
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        try:
            self.kill()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def endpoint(self):
        return f"127.0.0.1:{self.port}"

    @property
    def peer_url(self):
        return f"http://127.0.0.1:{self.peer_port}"

    @property
    def pid(self):
        return self.process.pid

    def arguments(self):
        """What the process is started with."""
        client, peer = f"http://127.0.0.1:{self.port}", self.peer_url
        return [
            *self.command, "--name", self.name, "--data-dir", str(self.data),
            "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            "--initial-cluster", f"{self.name}={peer}", "--quota-backend-bytes", str(QUOTA_BYTES),
        ]

    def start(self):
        """Starts the server on its folder; returns the seconds until it answered a linearizable read."""
        with open(self.log, "ab") as log:
            begin = time.monotonic()
            # A session of its own: Ctrl-C reaches this script alone, which then stops the server.
            self.process = subprocess.Popen(
                self.arguments(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        return self.wait_until_healthy(begin)

    def wait_until_healthy(self, begin, patience=120):
        # /health reads through consensus on both servers.
        while not self.is_healthy():
            if self.process.poll() is not None:
                raise Failed(f"{self.kind} ended with {self.process.returncode}; its log ends with:\n{self.log_tail()}")
            if time.monotonic() - begin > patience:
                raise Failed(f"{self.kind} was not healthy after {patience} s; its log ends with:\n{self.log_tail()}")
            time.sleep(0.002)
        return time.monotonic() - begin

    def is_healthy(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/health")
            answer = connection.getresponse()
            return answer.status == 200 and json.loads(answer.read()).get("health") == "true"
        except (OSError, http.client.HTTPException, ValueError):
            return False
        finally:
            connection.close()

    def log_tail(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])

    def kill(self):
        """SIGKILL, and wait for the end."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self, patience=60):
        """SIGTERM, and wait for the end; returns the bytes that the process wrote in its whole life."""
        self.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + patience
        while True:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self.process.returncode = os.waitstatus_to_exitcode(status)
                # The same count as write_bytes of /proc/PID/io, in blocks of 512 bytes (Linux: task_io_get_oublock).
                return usage.ru_oublock * 512
            if time.monotonic() > deadline:
                raise Failed(f"{self.kind} did not stop within {patience} s of SIGTERM")
            time.sleep(0.02)

    # What the process uses

    def written_bytes(self):
        return self.proc_number("io", "write_bytes")

    def anonymous_bytes(self):
        return self.proc_number("status", "RssAnon") * 1024

    def proc_number(self, file, name):
        try:
            for line in Path(f"/proc/{self.pid}/{file}").read_text().splitlines():
                if line.startswith(name + ":"):
                    return int(line.split()[1])
        except OSError as error:
            raise Failed(f"{self.kind} is gone: {error}; its log ends with:\n{self.log_tail()}") from error
        raise Failed(f"/proc/{self.pid}/{file} has no {name}")

    def disk_bytes(self):
        """Blocks taken by the data folder, holes left out."""
        return sum(path.lstat().st_blocks * 512 for path in self.data.rglob("*") if path.is_file())

    def database_bytes(self):
        """Blocks taken by the database's file alone, without the log."""
        file = {"etcd": "member/snap/db", "raftkv": "db/data.mdb"}[self.kind]
        return (self.data / file).stat().st_blocks * 512

    def settle(self, quiet, patience=120):
        """Waits until nothing was written for `quiet` seconds: the last flush went out."""
        deadline = time.monotonic() + patience
        last, since = self.written_bytes(), time.monotonic()
        while time.monotonic() - since < quiet:
            if time.monotonic() > deadline:
                raise Failed(f"{self.kind} still writes {patience} s after the last request")
            time.sleep(min(0.25, quiet / 4))
            written = self.written_bytes()
            if written != last:
                last, since = written, time.monotonic()
