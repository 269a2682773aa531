"""What the measures share: loads against one server, and what is seen of it meanwhile."""

import json
import signal
import subprocess
import threading
import time
from dataclasses import dataclass

from comparison.server import Failed


@dataclass(frozen=True)
class Plan:
    """How much of everything a comparison does."""

    bench: str
    etcdctl: str
    # Seconds of each load.
    seconds: float
    # Revisions that are history to a watcher, and revisions to compact.
    backlog: int
    compacted: int
    # Keys of 1 KB in the list, and in each of the lists by a hundred clients.
    list_keys: int
    large_list_keys: int
    # Bytes of values written over the same keys.
    overwritten_bytes: int


def arguments(plan, server, words):
    return [plan.bench, *map(str, words), "--endpoints", server.endpoint, "--server-pid", str(server.pid), "--json"]


def report_of(server, words, code, out, error):
    try:
        report = json.loads(out)
    except ValueError:
        report = None
    if report is None or code not in (0, 130):
        reason = (report["errors"][:3] or report["events"]) if report else error.strip()
        raise Failed(f"bench {words[0]} against {server.kind} failed: {reason}\n{server.log_tail()}")
    return report


def bench(plan, server, *words):
    """One run of the load generator, to its end; its report."""
    done = subprocess.run(
        arguments(plan, server, words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return report_of(server, words, done.returncode, done.stdout, done.stderr)


class Background:
    """A run of the load generator beside something else. Use it in a with statement; `stop` ends it with a report."""

    def __init__(self, plan, server, *words):
        self.server = server
        self.words = words
        self.process = subprocess.Popen(
            arguments(plan, server, words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.is_running():
            self.process.kill()
            self.process.communicate()

    def is_running(self):
        return self.process.poll() is None

    def stop(self):
        """Asks it to end; its report of what it had done by then."""
        if self.is_running():
            self.process.send_signal(signal.SIGINT)
        out, error = self.process.communicate(timeout=120)
        return report_of(self.server, self.words, self.process.returncode, out, error)


class MemoryWatch:
    """The largest anonymous memory of a server while something runs."""

    INTERVAL_SECONDS = 0.02

    def __init__(self, server):
        self.server = server
        self.peak = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.ended.is_set():
            try:
                self.peak = max(self.peak, self.server.anonymous_bytes())
            except Failed:
                return
            time.sleep(self.INTERVAL_SECONDS)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


def etcdctl(plan, server, *words, seconds=600):
    done = subprocess.run(
        [plan.etcdctl, "--endpoints", server.endpoint, f"--command-timeout={seconds}s", "--dial-timeout=10s", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise Failed(f"etcdctl {' '.join(words)} against {server.kind} failed: {done.stderr.strip()}\n{server.log_tail()}")
    return done.stdout


def revision(plan, server):
    return json.loads(etcdctl(plan, server, "endpoint", "status", "-w", "json"))[0]["Status"]["header"]["revision"]


def churn(plan, server, revisions, keys):
    """Writes so many revisions over so many keys."""
    bench(plan, server, "put", "--ops", revisions, "--key-space", keys, "--clients", 1000, "--connections", 50)


# Puts of a steady rate, whose latency counts from when each was due: a pause is charged to all that it delays.
STEADY = ("put", "--rate", 1000, "--clients", 200, "--connections", 10, "--key-space", 10_000)
