"""One server as a client sees it: performs operations and keeps what its watch streams say."""

import queue
import threading
import time

import grpc

from normaliser import Outcome
from operations import GRANTED
from stubs import channel, failure, rpc

CALL_SECONDS = 30
# How long an answer may take that a stream owes.
STREAM_SECONDS = 10
PROGRESS_SECONDS = 1
_END = object()


class WatchStream:
    """A stream of watches: sends requests and keeps the answers in order. A thread reads them."""

    def __init__(self, stub):
        self.requests = queue.Queue()
        self.changed = threading.Condition()
        # Answers about a watcher's life, in order; events of each watcher; progress answers.
        self.controls = []
        self.events = {}
        self.progress = []
        self.live = set()
        self.known = set()
        self.faults = []
        self.open_revision = {}
        # Whether each create that is under way asks for fragments, and which watchers did.
        self.creating = []
        self.fragmenting = set()
        self.ended = None
        self.call = stub.Watch(iter(self.requests.get, _END))
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        try:
            for answer in self.call:
                with self.changed:
                    self._take(answer)
                    self.changed.notify_all()
            end = "the server ended the stream"
        except grpc.RpcError as error:
            end = failure(error)
        with self.changed:
            self.ended = end
            self.changed.notify_all()

    def _take(self, answer):
        number = answer.watch_id
        if answer.created or answer.canceled:
            fragment = self.creating.pop(0) if answer.created and self.creating else False
            if answer.created and not answer.canceled:
                self.live.add(number)
                self.known.add(number)
                (self.fragmenting.add if fragment else self.fragmenting.discard)(number)
                self.open_revision.pop(number, None)
            elif not answer.created:
                if number not in self.known:
                    self.faults.append(f"watcher {number} is cancelled without having been there")
                self.live.discard(number)
            self.controls.append(answer)
            if answer.events:
                self.faults.append(f"watcher {number} has events in an answer about its life")
        elif answer.events:
            self._take_events(number, answer)
        elif number == -1 or number in self.live:
            self.progress.append(answer)
        else:
            self.faults.append(f"an answer without events for watcher {number}, which is not there")

    def _take_events(self, number, answer):
        """Checks what holds for each server on its own: order, and that revisions are not split."""
        if number not in self.live:
            self.faults.append(f"events for watcher {number}, which is not there")
        last = self.open_revision.get(number)
        for event in answer.events:
            revision = event.kv.mod_revision
            if last is not None and (revision < last[0] or revision == last[0] and not last[1]):
                self.faults.append(f"watcher {number}: revision {revision} after {last[0]} had been told")
            last = (revision, True)
            if revision > answer.header.revision:
                self.faults.append(f"watcher {number}: revision {revision} under a header of {answer.header.revision}")
        # More of the last revision may follow only after a fragment.
        self.open_revision[number] = (last[0], answer.fragment)
        if answer.fragment and number not in self.fragmenting:
            self.faults.append(f"watcher {number} did not ask for fragments")
        self.events.setdefault(number, []).extend(answer.events)

    def send(self, request):
        self.requests.put(request)

    def wait(self, condition, seconds=STREAM_SECONDS):
        """Until the condition holds, or the stream has ended; whether it holds."""
        with self.changed:
            self.changed.wait_for(lambda: condition() or self.ended is not None, seconds)
            return condition()

    def close(self):
        self.requests.put(_END)

    def cancel(self):
        self.call.cancel()
        self.requests.put(_END)


class Session:
    """A connection to one server, with the watch streams on it and the leases whose ids it chose."""

    def __init__(self, server):
        self.server = server
        self.channel = channel(server.client)
        self.kv = rpc.KVStub(self.channel)
        self.lease = rpc.LeaseStub(self.channel)
        self.watch = rpc.WatchStub(self.channel)
        self.maintenance = rpc.MaintenanceStub(self.channel)
        self.calls = {
            "Range": self.kv.Range, "Put": self.kv.Put, "DeleteRange": self.kv.DeleteRange, "Txn": self.kv.Txn,
            "Compact": self.kv.Compact, "LeaseGrant": self.lease.LeaseGrant, "LeaseRevoke": self.lease.LeaseRevoke,
            "LeaseTimeToLive": self.lease.LeaseTimeToLive, "LeaseLeases": self.lease.LeaseLeases,
            "Hash": self.maintenance.Hash, "HashKV": self.maintenance.HashKV, "Status": self.maintenance.Status,
            "Defragment": self.maintenance.Defragment,
        }
        self.streams = {}
        self.granted = []

    def close(self):
        for stream in self.streams.values():
            stream.cancel()
        self.channel.close()

    def lease_id(self, distance):
        """The id of a lease that the server chose; the symbol itself while there is none."""
        index = int(distance)
        return self.granted[index] if 0 <= index < len(self.granted) else GRANTED + index

    def begin(self, kind, message):
        """Starts a unary call; a function that waits for its outcome."""
        if kind == "LeaseKeepAlive":
            return lambda: self._keep_alive(message)
        future = self.calls[kind].future(message, timeout=CALL_SECONDS)

        def outcome():
            try:
                answer = future.result()
            except grpc.RpcError as error:
                return Outcome(error=failure(error))
            if kind == "LeaseGrant" and message.ID == 0:
                self.granted.append(answer.ID)
            return Outcome(answer=answer)

        return outcome

    def _keep_alive(self, message):
        try:
            for answer in self.lease.LeaseKeepAlive(iter([message]), timeout=CALL_SECONDS):
                return Outcome(answer=answer)
            return Outcome(error="the server ended the stream")
        except grpc.RpcError as error:
            return Outcome(error=failure(error))

    def stream(self, number):
        if number not in self.streams:
            self.streams[number] = WatchStream(self.watch)
        return self.streams[number]

    def begin_watch(self, number, request):
        """Sends a request on a watch stream; a function that waits for the answer about a watcher's life, if one is
        due, and says whether it came."""
        stream = self.stream(number)
        kind = request.WhichOneof("request_union")
        with stream.changed:
            before, progress = len(stream.controls), len(stream.progress)
            is_live = request.cancel_request.watch_id in stream.live
            if kind == "create_request":
                stream.creating.append(request.create_request.fragment)
        stream.send(request)
        if kind == "create_request" or kind == "cancel_request" and is_live:
            return lambda: stream.wait(lambda: len(stream.controls) > before)
        if kind == "progress_request":
            return lambda: stream.wait(lambda: len(stream.progress) > progress, PROGRESS_SECONDS)
        return lambda: True
