"""`etcdctl watch` against one server: each case is (name, arguments, standard input, actions, lines). The watch is
started, the actions are done, and what it printed is compared once so many lines are there.

`REV` in an argument stands for the revision at the start of the case: a watch from `REV+1` on misses nothing of what
the actions do, however long it takes to start. Actions of several revisions go with forms of output that do not show
how events are put into messages, since that depends on time."""

import queue
import re
import subprocess
import threading
import time

LINE_SECONDS = 20
# What comes too much, comes soon.
SILENCE_SECONDS = 0.3


def case(*args, actions=(), lines, stdin=None):
    return (" ".join(args) + ("" if stdin is None else f" <<< {stdin!r}"), args, stdin, actions, lines)


def watch_cases():
    put = ("put", "w/a", "1")
    yield case("watch", "w/a", "--rev=REV+1", actions=[put, ("put", "w/b", "x"), ("del", "w/a")], lines=5)
    yield case(
        "watch", "w/", "--prefix", "--prev-kv", "--rev=REV+1",
        actions=[put, ("put", "w/a", "2"), ("del", "w/", "--prefix"), ("put", "w/a", "3")], lines=16)
    yield case("watch", "w/a", "--rev=1", lines=12)
    yield case("watch", "w/a", "--rev=1", "--prev-kv", "-w", "json", lines=1)
    yield case("watch", "w/", "--prefix", "--rev=REV+1", "-w", "json", actions=[put], lines=1)
    yield case("watch", "w/", "--prefix", "--rev=REV+1", "-w", "fields", actions=[put], lines=20)
    yield case("watch", "w/a", "w/c", "--rev=REV+1", actions=[put, ("put", "w/b", "2"), ("put", "w/c", "3")], lines=6)
    yield case("watch", "", "--from-key", "--rev=REV+1", actions=[put, ("del", "w/a")], lines=5)
    yield case("watch", "w/a", "--rev=REV+2", actions=[put, put], lines=3)
    yield case("watch", "w/", "--prefix", "--hex", "--rev=REV+1", actions=[put], lines=3)
    yield case(
        "watch", "w/", "--prefix", "--rev=REV+1", "-w", "json", lines=1,
        actions=[("txn", "\n\nput w/1 one\nput w/2 two\ndel w/a\n\n\n")])
    yield case("watch", "w/a", "--rev=REV+1", "--", "echo", "seen", actions=[put], lines=4)
    yield case("watch", "w/c", "w/a", lines=1)
    yield case("watch", "w/a", "--rev=-5", lines=1)
    yield case("watch", lines=1)
    # Not from a later revision on: unlike etcd 3.5.1, later ones report no progress of such watches.
    yield case("watch", "-i", stdin="watch w/a\nwatch w/ --prefix\nprogress\n", lines=2)


def run(client, args, stdin, actions, lines):
    """Everything that the watch prints, as text."""
    revision = client.revision()
    placed = [place(text, revision) for text in args]
    process = subprocess.Popen(
        [client.etcdctl, "--endpoints", client.server.client, *placed], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=client.environment)
    printed = queue.Queue()
    reader = threading.Thread(target=lambda: [printed.put(line) for line in process.stdout] and None, daemon=True)
    reader.start()
    try:
        if stdin is not None:
            process.stdin.write(place(stdin, revision).encode())
            process.stdin.flush()
        for command, *rest in actions:
            if command == "txn":
                client.run(["txn"], rest[0])
            else:
                client.run([command, *rest], None)
        found = []
        deadline = time.monotonic() + LINE_SECONDS
        while len(found) < lines and time.monotonic() < deadline:
            try:
                found.append(printed.get(timeout=0.1))
            except queue.Empty:
                if process.poll() is not None and printed.empty():
                    break
        try:
            while True:
                found.append(printed.get(timeout=SILENCE_SECONDS))
        except queue.Empty:
            pass
    finally:
        process.kill()
        process.wait()
        reader.join()
        process.stdin.close()
        process.stdout.close()
    return client.normaliser.text(b"".join(found).decode(errors="backslashreplace"))


def place(text, revision):
    return re.sub(r"REV(\+\d+)?", lambda found: str(revision + int(found.group(1) or 0)), text)
