"""Watches through the Python client's methods, and as raw requests on one stream. Each case is (name, function of a
client), and builds on the data of those before it."""

import itertools
import queue
import threading

import grpc
from pyetcd import etcdrpc as rpc
from pyetcd.events import DeleteEvent

WAIT_SECONDS = 20
# What comes too much, comes soon.
SILENCE_SECONDS = 0.3


def events_of(client, iterator_and_cancel, actions, count):
    """The first `count` events of a watch, during which `actions` are done."""
    iterator, cancel = iterator_and_cancel
    try:
        for action in actions:
            action(client)
        return [shown(event) for event in itertools.islice(iterator, count)]
    finally:
        cancel()


def shown(event):
    kind = "delete" if isinstance(event, DeleteEvent) else "put"
    return (kind, event.key, event.value, event.create_revision, event.mod_revision, event.version, event.lease,
            event.prev_value, event.prev_mod_revision)


def once(client, method, *args, **options):
    """A method that waits for one response; the event is in history already."""
    response = getattr(client, method)(*args, timeout=WAIT_SECONDS, **options)
    events = response.events if hasattr(response, "events") else [response]
    return [shown(event) for event in events]


def called_back(client, add, actions, count):
    """What a callback gets until so many events came."""
    responses = queue.Queue()
    watch = add(responses.put)
    try:
        for action in actions:
            action(client)
        found = []
        while len(found) < count:
            found += [shown(event) for event in responses.get(timeout=WAIT_SECONDS).events]
        return found
    finally:
        client.cancel_watch(watch)


def sdk():
    puts = [lambda c, n=number: c.put(f"w/{n % 2}", str(n)) for number in range(4)]
    drop = [lambda c: c.delete_prefix("w/")]
    yield "watch", lambda c: events_of(c, c.watch("w/0"), puts + drop, 3)
    yield "watch_prefix, previous", lambda c: events_of(c, c.watch_prefix("w/", prev_kv=True), puts + drop, 6)
    yield "watch no puts", lambda c: events_of(c, c.watch_prefix("w/", filters=[0]), puts + drop, 2)
    yield "watch no deletes", lambda c: events_of(c, c.watch_prefix("w/", filters=[1]), puts + drop, 4)
    yield "watch history", lambda c: events_of(c, c.watch_prefix("w/", start_revision=1, prev_kv=True), [], 20)
    yield "watch_once", lambda c: once(c, "watch_once", "w/1", start_revision=1)
    yield "watch_once_response", lambda c: once(c, "watch_once_response", "w/1", start_revision=1)
    yield "watch_prefix_once", lambda c: once(c, "watch_prefix_once", "w/", start_revision=1)
    yield "watch_prefix_once_response", lambda c: once(c, "watch_prefix_once_response", "w/", start_revision=1)
    yield "watch_once without an event", lambda c: c.watch_once("w/none", timeout=SILENCE_SECONDS)
    yield "add_watch_callback", lambda c: called_back(
        c, lambda callback: c.add_watch_callback("w/0", callback), puts + drop, 3)
    yield "add_watch_prefix_callback", lambda c: called_back(
        c, lambda callback: c.add_watch_prefix_callback("w/", callback, prev_kv=True), puts + drop, 6)
    yield "cancel of an unknown watch", lambda c: c.cancel_watch(12345)


def create(key, range_end=b"", **fields):
    return rpc.WatchRequest(create_request=rpc.WatchCreateRequest(key=key, range_end=range_end, **fields))


def cancel(watch):
    return rpc.WatchRequest(cancel_request=rpc.WatchCancelRequest(watch_id=watch))


def conversation(client, steps):
    """Requests on one stream, each step (request or function of the client, number of responses to wait for)."""
    requests = queue.Queue()
    responses = queue.Queue()
    call = rpc.WatchStub(client.channel).Watch(iter(requests.get, None))

    def receive():
        try:
            for response in call:
                responses.put(response)
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.CANCELLED:
                responses.put(error)

    reader = threading.Thread(target=receive, daemon=True)
    reader.start()
    found = []
    try:
        for step, count in steps:
            if isinstance(step, rpc.WatchRequest):
                requests.put(step)
            else:
                step(client)
            for _ in range(count):
                found.append(responses.get(timeout=WAIT_SECONDS))
        try:
            while True:
                found.append(responses.get(timeout=SILENCE_SECONDS))
        except queue.Empty:
            pass
    finally:
        call.cancel()
        requests.put(None)
        reader.join()
    return found


def raw():
    put = lambda c: c.put("w/a", "1")  # noqa: E731
    yield "created, events, canceled", lambda c: conversation(c, [
        (create(b"w/", b"w0"), 1), (put, 1), (cancel(0), 1), (put, 0)])
    yield "ids", lambda c: conversation(c, [
        (create(b"w/"), 1), (create(b"w/"), 1), (cancel(0), 1), (create(b"w/"), 1), (cancel(0), 0), (cancel(99), 0)])
    yield "ranges without keys", lambda c: conversation(c, [
        (create(b"b", b"a"), 1), (create(b"b", b"b"), 1), (create(b"\0", b"\0"), 1), (create(b"", b"\0"), 1),
        (create(b""), 1), (create(b"", b"a"), 1)])
    yield "an empty request", lambda c: conversation(c, [(rpc.WatchRequest(), 0), (create(b"w/"), 1)])
    yield "a revision far ahead", lambda c: conversation(c, [(create(b"w/", start_revision=(1 << 63) - 1), 1), (put, 0)])
    yield "a transaction", lambda c: conversation(c, [
        (create(b"w/", b"w0", prev_kv=True), 1),
        (lambda c: c.transaction(compare=[], failure=[], success=[
            c.transactions.put("w/1", "x"), c.transactions.delete("w/a"), c.transactions.put("w/2", "y")]), 1)])
    yield "history in one piece", lambda c: conversation(c, [(create(b"w/", b"w0", start_revision=1, prev_kv=True), 2)])


def all_cases():
    yield from sdk()
    yield from raw()
