"""Real server processes for the scripts beside this folder: etcd and raftkv, started alike, on free loopback
ports and in folders of their own that are removed at the end."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
VENV = os.path.join(ROOT, ".venv")
START_SECONDS = 30


def use_venv():
    """Runs the script again with the Python of .venv, which has the test clients, unless it already does."""
    python = os.path.join(VENV, "bin", "python")
    if os.path.abspath(sys.prefix) != VENV and os.path.exists(python):
        os.execv(python, [python] + sys.argv)


def program(name):
    """The path of etcd or etcdctl: on the PATH, or in .venv."""
    found = shutil.which(name) or shutil.which(name, path=os.path.join(VENV, "bin"))
    if not found:
        sys.exit(f"error: {name} is not installed\n  fix: scripts/test-clients")
    return found


def raftkv(path=None):
    """The path of raftkv: the argument, $RAFTKV, or the release build."""
    path = path or os.environ.get("RAFTKV") or os.path.join(ROOT, ".build", "release", "raftkv")
    if not os.access(path, os.X_OK):
        sys.exit(f"error: there is no program {path}\n  fix: make test builds it, or scripts/build raftkv")
    return os.path.abspath(path)


class Ports:
    """Free loopback ports. The sockets stay bound until the server needs them, so that no two callers in one
    process get the same."""

    def __init__(self, count):
        self.sockets = []
        for _ in range(count):
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", 0))
            self.sockets.append(listener)
        self.numbers = [s.getsockname()[1] for s in self.sockets]

    def release(self):
        for listener in self.sockets:
            listener.close()
        self.sockets = []


class Server:
    """One member. `kind` is "etcd" or "raftkv"; both take the same flags. `variables` are added to its environment."""

    def __init__(self, kind, path, folder, flags=(), variables=None):
        self.kind = kind
        self.path = path
        self.folder = folder
        self.flags = list(flags)
        self.variables = variables or {}
        self.process = None
        self.ports = Ports(2)
        self.client, self.peer = (f"127.0.0.1:{port}" for port in self.ports.numbers)
        self.data = os.path.join(folder, "data")
        self.log_path = os.path.join(folder, "log")
        os.makedirs(folder, exist_ok=True)

    def command(self):
        return [self.path] + (["serve"] if self.kind == "raftkv" else []) + [
            "--name=member",
            f"--data-dir={self.data}",
            f"--listen-client-urls=http://{self.client}",
            f"--advertise-client-urls=http://{self.client}",
            f"--listen-peer-urls=http://{self.peer}",
            f"--initial-advertise-peer-urls=http://{self.peer}",
            f"--initial-cluster=member=http://{self.peer}",
            "--log-level=warn",
        ] + self.flags

    def start(self):
        """Starts the process, and waits until it serves."""
        self.launch()
        self.wait_healthy()
        return self

    def launch(self):
        """Starts the process and waits for nothing."""
        self.ports.release()
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("ETCD", "RAFTKV_"))}
        environment.update(self.variables)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, cwd=self.folder)

    def wait_healthy(self):
        deadline = time.monotonic() + START_SECONDS
        while not self.is_healthy():
            if self.process.poll() is not None:
                self.fail(f"ended with exit code {self.process.returncode} while starting")
            if time.monotonic() > deadline:
                self.stop()
                self.fail(f"is not healthy after {START_SECONDS} s")
            time.sleep(0.01)

    def is_healthy(self):
        try:
            with urllib.request.urlopen(f"http://{self.client}/health", timeout=1) as answer:
                return json.load(answer).get("health") == "true"
        except (OSError, ValueError):
            return False

    def fail(self, what):
        with open(self.log_path, "rb") as log:
            tail = log.read()[-4000:].decode(errors="replace")
        raise RuntimeError(f"{self.kind} {what}; its log ends:\n{tail}")

    def kill(self):
        """Ends the process as a power cut would, as far as the process is concerned."""
        self.process.kill()
        self.process.wait()

    def stop(self, seconds=20):
        """Asks the process to end; its exit code."""
        if self.process is None or self.process.poll() is not None:
            return None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            self.fail(f"did not end within {seconds} s of SIGTERM")


class Folder:
    """A temporary folder; kept, and named, when something failed in it."""

    def __init__(self, label):
        self.path = tempfile.mkdtemp(prefix=f"raftkv-{label}-")
        self.keep = False

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.keep or kind is not None:
            print(f"data and logs are kept in {self.path}")
        else:
            shutil.rmtree(self.path, ignore_errors=True)

    def join(self, *parts):
        return os.path.join(self.path, *parts)
