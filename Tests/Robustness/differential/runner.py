"""Performs operations on two servers in lock step and says where they first differ."""

import contextlib
import dataclasses
import difflib
import os
import shutil
import time

from known_differences import Explanations
from normaliser import shown, with_like_time
from operations import INT64_MAX, Operation, resolved
from servers import Server, program, raftkv
from session import STREAM_SECONDS, Session
from stubs import rpc

MARKER = b"~marker"
SETTLE_STREAM = -1
EXPIRY_SECONDS = 30


@dataclasses.dataclass
class Difference:
    """Where the servers differ: the number of the operation, what about it, and the lines."""

    index: int
    what: str
    lines: list


class Pair:
    """etcd and the server under test, started empty, with a session each."""

    def __init__(self, options, folder, flags=()):
        self.count = 0
        self.options = options
        self.folder = folder
        self.flags = flags

    @contextlib.contextmanager
    def started(self):
        """Both servers. Their data is removed at the end: a server takes some 100 MB from its start, and looking for
        a shorter sequence starts hundreds."""
        self.count += 1
        place = self.folder.join(f"pair-{self.count}")
        etcd = program("etcd")
        reference = Server("etcd", etcd, os.path.join(place, "reference"), list(self.flags) + ["--unsafe-no-fsync"])
        if self.options.etcd_twice:
            subject = Server("etcd", etcd, os.path.join(place, "subject"), list(self.flags) + ["--unsafe-no-fsync"])
        else:
            subject = Server("raftkv", raftkv(self.options.raftkv), os.path.join(place, "subject"), self.flags)
        servers = [reference, subject]
        try:
            for server in servers:
                server.launch()
            for server in servers:
                server.wait_healthy()
            yield servers
        finally:
            for server in servers:
                if server.process is not None and server.process.poll() is None:
                    server.kill()
                server.ports.release()
                shutil.rmtree(server.data, ignore_errors=True)


class Run:
    """One sequence of operations on a fresh pair."""

    def __init__(self, servers, explanations=None):
        self.servers = servers
        self.sessions = [Session(server) for server in servers]
        self.explanations = explanations or Explanations()
        self.is_etcd_twice = all(server.kind == "etcd" for server in servers)
        self.current = 1
        self.compacted = 0
        self.compactions = set()
        self.future = {}
        self.counts = {"operations": 0, "errors": 0, "events": 0, "watchers": 0}

    def perform(self, operations):
        """The first difference, or None."""
        try:
            for index, operation in enumerate(operations):
                found = self._perform_all(operation)
                if found:
                    return Difference(index, *found)
            return None
        finally:
            for session in self.sessions:
                session.close()

    def _perform_all(self, operation):
        found = self._perform(operation)
        for step in operation.then:
            found = found or self._perform(step)
        return found

    def _perform(self, operation):
        self.counts["operations"] += 1
        kind = operation.kind
        if kind == "Settle":
            return self.settle()
        if kind == "WatchClose":
            return self.close_stream(operation.stream)
        if kind == "Expire":
            return self.expire(operation.message.ID)
        messages = [resolved(operation.message, self._values(session)) for session in self.sessions]
        if kind == "Watch":
            for message in messages:
                # etcd 3.5.1 takes a negative one, and from -1 brings no watcher up to date any more. raftkv refuses it.
                if message.HasField("create_request"):
                    message.create_request.start_revision = max(0, message.create_request.start_revision)
            return self.watch(operation.stream, messages)
        if kind in ("Compact", "Defragment"):
            # What a watcher gets that is behind depends on time, so none may be. (etcd 3.5.1 may even end when its
            # file moves under a watcher that is behind.)
            found = self.settle()
            if found:
                return found
        return self.call(kind, messages)

    def _values(self, session):
        def value(symbol, distance):
            if symbol == "granted":
                return session.lease_id(distance)
            return (self.current if symbol == "current" else self.compacted) + distance

        return value

    # Calls.

    def call(self, kind, messages):
        pending = [session.begin(kind, message) for session, message in zip(self.sessions, messages)]
        reference, subject = [outcome() for outcome in pending]
        subject = with_like_time(reference, subject)
        texts = [outcome.text(session.granted) for outcome, session in zip([reference, subject], self.sessions)]
        if reference.answer is None:
            self.counts["errors"] += 1
        else:
            if reference.answer.header.revision > 0:
                self.current = reference.answer.header.revision
            if kind == "Compact":
                self.compacted = messages[0].revision
                self.compactions.add(self.compacted)
        for server in self.servers:
            if server.process.poll() is not None:
                return f"{kind}: {server.kind} ended with {server.process.returncode}", texts
        granted = [session.granted for session in self.sessions]
        if texts[0] != texts[1] and not self.explanations.call(messages[0], reference, subject, granted):
            return kind, unlike(*texts)
        return None

    def expire(self, lease):
        """Waits until the lease is gone from both servers, with the keys."""
        request = rpc.LeaseTimeToLiveRequest(ID=lease, keys=True)
        deadline = time.monotonic() + EXPIRY_SECONDS
        for session in self.sessions:
            while True:
                outcome = session.begin("LeaseTimeToLive", request)()
                if outcome.answer is None or outcome.answer.TTL == -1:
                    break
                if time.monotonic() > deadline:
                    return "expiry", [f"{session.server.kind}: lease {lease} is there after {EXPIRY_SECONDS} s"]
                time.sleep(0.02)
        return self.call("Range", [rpc.RangeRequest(key=b"\0", range_end=b"\0")] * 2)

    # Watches.

    def watch(self, number, messages):
        request = messages[0]
        # What a watcher that is behind still gets before its cancel depends on time.
        if request.HasField("progress_request") or request.HasField("cancel_request"):
            found = self.settle()
            if found:
                return found
        pending = [session.begin_watch(number, message) for session, message in zip(self.sessions, messages)]
        answered = [wait() for wait in pending]
        if request.HasField("progress_request"):
            return self.compare_progress(number, answered)
        if request.HasField("create_request"):
            self.counts["watchers"] += 1
            if request.create_request.start_revision > self.current + 1:
                self.future[number] = max(self.future.get(number, 0), request.create_request.start_revision)
        streams = [session.streams[number] for session in self.sessions]
        for stream, server, is_answered in zip(streams, self.servers, answered):
            if not is_answered and not all(not a for a in answered):
                return "watch", [f"{server.kind} did not answer {shown(request)}: {stream.ended or 'silence'}"]
        if request.HasField("create_request") and 0 < request.create_request.start_revision < self.compacted:
            return self.end_compacted(number)
        return None

    def end_compacted(self, number):
        """Waits for the end of a watcher that was created below the compacted revision, and clears it away where a
        cancel is needed for that, before another request can meet it."""
        streams = [session.streams[number] for session in self.sessions]
        created = streams[0].controls[-1]
        if created.canceled:
            return None
        for stream, server in zip(streams, self.servers):
            if not stream.wait(lambda s=stream: created.watch_id not in s.live):
                return "watch", [f"{server.kind} does not end watcher {created.watch_id}, which starts below the compacted "
                                 f"revision {self.compacted}: {stream.ended or 'silence'}"]
        ended = len(streams[0].controls)
        for stream in streams:
            stream.send(rpc.WatchRequest(cancel_request=rpc.WatchCancelRequest(watch_id=created.watch_id)))
        if streams[0].wait(lambda: len(streams[0].controls) > ended):
            del streams[0].controls[ended:]
            self.explanations.second_end()
        if self.is_etcd_twice and streams[1].wait(lambda: len(streams[1].controls) > ended):
            del streams[1].controls[ended:]
        return None

    def compare_progress(self, number, answered):
        streams = [session.streams[number] for session in self.sessions]
        if answered[0] and not answered[1]:
            waits = not streams[1].live or self.future.get(number, 0) > self.current
            if self.explanations.silence(waits):
                streams[0].progress.clear()
                return None
        return self.compare_streams(number)

    def close_stream(self, number):
        if number not in self.sessions[0].streams:
            return None
        found = self.settle()
        if found:
            return found
        for session in self.sessions:
            session.streams.pop(number).close()
        self.future.pop(number, None)
        return None

    def settle(self):
        """Until every watcher has told what is due, on both servers; then compares what they told."""
        if not self.sessions[0].streams:
            return None
        found = self.call("Put", [rpc.PutRequest(key=MARKER)] * 2)
        if found:
            return found
        # A watcher from the past comes after all earlier ones that were behind: etcd brings them up to date in rounds.
        create = rpc.WatchCreateRequest(key=MARKER, start_revision=self.current, watch_id=0)
        for session in self.sessions:
            session.begin_watch(SETTLE_STREAM, rpc.WatchRequest(create_request=create))
        for session in self.sessions:
            stream = session.streams[SETTLE_STREAM]
            if not stream.wait(lambda s=stream: s.events):
                return "settle", [f"{session.server.kind} does not tell a watcher of the marker at {self.current}: "
                                  f"{stream.ended or 'silence'}"]
            session.streams.pop(SETTLE_STREAM).cancel()
        for number in list(self.sessions[0].streams):
            found = self.compare_streams(number)
            if found:
                return found
        return None

    def compare_streams(self, number):
        """Waits until both have told the same; the difference when they do not come to that."""
        streams = [session.streams[number] for session in self.sessions]
        deadline = time.monotonic() + STREAM_SECONDS
        while True:
            found = self.stream_difference(number, *streams)
            if not found:
                break
            if time.monotonic() > deadline:
                return found
            time.sleep(0.005)
        for stream in streams:
            with stream.changed:
                self.counts["events"] += sum(map(len, stream.events.values())) if stream is streams[0] else 0
                stream.controls.clear()
                stream.events.clear()
                stream.progress.clear()
        return None

    def stream_difference(self, number, reference, subject):
        with reference.changed, subject.changed:
            for stream, session in zip([reference, subject], self.sessions):
                if stream.faults:
                    return "watch", [f"{session.server.kind}, stream {number}: {fault}" for fault in stream.faults]
            if reference.ended or subject.ended:
                ends = [stream.ended or "the stream goes on" for stream in (reference, subject)]
                if ends[0] != ends[1]:
                    return "end of a stream", unlike(*ends)
            granted = [session.granted for session in self.sessions]
            # A watcher that compaction cancels says so in its own time, so only the order of one watcher's is compared.
            texts = [
                "".join(shown(answer, ids) + "\n" for answer in sorted(stream.controls, key=lambda a: a.watch_id))
                for stream, ids in zip([reference, subject], granted)]
            if texts[0] != texts[1]:
                return f"watchers' lives on stream {number}", unlike(*texts)
            for watcher in sorted(reference.events.keys() | subject.events.keys()):
                expected, events = reference.events.get(watcher, []), subject.events.get(watcher, [])
                kept = self.explanations.events(expected, events, self.compactions)
                texts = ["".join(shown(event, ids) + "\n" for event in found)
                         for found, ids in zip([expected, kept], granted)]
                if texts[0] != texts[1]:
                    return f"events of watcher {watcher} on stream {number}", unlike(*texts)
                self.explanations.used_tombstone(len(events) - len(kept))
            texts = ["".join(shown(answer) for answer in stream.progress) for stream in (reference, subject)]
            if texts[0] != texts[1]:
                return f"progress on stream {number}", unlike(*texts)
        return None


def unlike(reference, subject):
    """The lines that differ, with a few around them."""
    lines = difflib.unified_diff(reference.splitlines(), subject.splitlines(), "etcd", "subject", lineterm="", n=6)
    return [line[:300] for line in list(lines)[2:]][:120]
