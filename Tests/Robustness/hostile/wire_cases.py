"""What a client can do to a connection. One server lives through all of it."""

import contextlib
import random
import socket
import struct
import threading
import time

import grpc
from pyetcd import etcdrpc as rpc

import wire
from member import CALL_SECONDS, CHANNEL, Member, PeakMemory, eventually, expect, failure

RANGE, PUT = "/etcdserverpb.KV/Range", "/etcdserverpb.KV/Put"
EVERYTHING = rpc.RangeRequest(key=b"\0", range_end=b"\0").SerializeToString()
BACKWARDS = rpc.RangeRequest(key=b"big/", range_end=b"big0", sort_order=2, sort_target=0).SerializeToString()
FRAME_SIZE_ERROR, PROTOCOL_ERROR, ENHANCE_YOUR_CALM = 6, 1, 11
BIG_VALUES, BIG_BYTES = 75, 1_400_000


def put_request(key, size=16):
    return rpc.PutRequest(key=key.encode(), value=b"v" * size).SerializeToString()


# Messages.


def oversized_messages(member):
    expect(
        failure(lambda: member.raw(PUT, b"\x12" + b"x" * (3 << 20))),
        f"RESOURCE_EXHAUSTED: grpc: received message larger than max ({(3 << 20) + 1} vs. {2 << 20})")
    expect(
        failure(lambda: member.raw(PUT, put_request("large", 1_800_000))),
        "INVALID_ARGUMENT: etcdserver: request is too large")
    # Only the prefix of 4 GiB comes: it must be refused, and never waited or paid for.
    with PeakMemory(member) as memory, wire.Client(member) as client:
        client.send(wire.call(PUT, 1) + wire.frame(wire.DATA, 0, 1, wire.message(b"", 0xFFFF_FFFF)))
        expect(client.ending(1), ("trailers", b""))
    memory.stays_within(16)


def malformed_messages(member):
    for body in (b"\x0a\xff\xff\xff\xff\x0f", b"\x0b", b"\x0a", bytes(range(255, 0, -1)), b"\xff" * 300):
        answer = failure(lambda body=body: member.raw(PUT, body))
        assert answer.startswith("INTERNAL: grpc: error unmarshalling request: "), answer
    expect(failure(lambda: member.raw(PUT, b"")), "INVALID_ARGUMENT: etcdserver: key is not provided")


def truncated_messages(member):
    for rest in (b"", b"\0", b"\0\0\0", wire.message(b"abc", 100), wire.message(b"abc", flag=1), wire.message(b"a", flag=9)):
        with wire.Client(member) as client:
            client.send(wire.call(PUT, 1) + wire.frame(wire.DATA, wire.END_STREAM, 1, rest))
            expect(client.ending(1), ("trailers", b""))


def unknown_methods(member):
    for path, words in {
        "/etcdserverpb.KV/Burn": "unknown method Burn for service etcdserverpb.KV",
        "/no.Such/Service": "unknown service no.Such",
        "/etcdserverpb.KV/" + "x" * 4_000: "unknown method " + "x" * 4_000 + " for service etcdserverpb.KV",
    }.items():
        expect(failure(lambda path=path: member.raw(path, b"")), f"UNIMPLEMENTED: {words}")
    for path in ("", "nothing", "//", "/\x00/\x7f"):
        with wire.Client(member) as client:
            client.send(wire.request(path, 1, b""))
            expect(client.ending(1)[1], b"")


# Frames.


def oversized_frames(member):
    for kind in range(11):
        with wire.Client(member) as client:
            client.send(b"\xff\xff\xff" + bytes([kind, 0, 0, 0, 0, 1]) + b"x" * 20_000)
            code = client.goaway()
            assert code and code[0] in (FRAME_SIZE_ERROR, PROTOCOL_ERROR), f"frame {kind}: {code}"


def truncated_frames(member):
    """The connection ends after any byte of a call, politely or not."""
    whole = wire.PREFACE + wire.frame(wire.SETTINGS, 0, 0) + wire.request(PUT, 1, put_request("cut"))
    for length in range(0, len(whole), 2):
        client = wire.Client(member, hello=False)
        client.send(whole[:length])
        if length % 4:
            client.reset()
        else:
            client.socket.close()


def random_frames(member):
    seed = random.SystemRandom().randrange(1 << 32)
    chance = random.Random(seed)
    try:
        for _ in range(60):
            with wire.Client(member) as client:
                for _ in range(30):
                    stream = chance.choice([0, 1, 1, 3, 5, 7])
                    if chance.random() < 0.4:
                        client.send(wire.call(chance.choice([RANGE, PUT]), stream))
                    kind, flags = chance.randrange(12), chance.choice([0, 1, 4, 5, 8, 255])
                    if not client.send(wire.frame(kind, flags, stream, chance.randbytes(chance.randrange(60)))):
                        break
        member.goes_on()
    except AssertionError as error:
        raise AssertionError(f"seed {seed}: {error}") from None


def endless_headers(member):
    large = wire.field("a", "b" * 4_000)
    with PeakMemory(member) as memory:
        for piece in (large, b""):
            with wire.Client(member) as client:
                client.send(wire.frame(wire.HEADERS, 0, 1, wire.call_fields(RANGE)))
                part = wire.frame(wire.CONTINUATION, 0, 1, piece) * 100
                for _ in range(200):
                    if not client.send(part):
                        break
                expect(client.goaway()[0], ENHANCE_YOUR_CALM)
        with wire.Client(member, hello=False) as client:
            client.send(b"GET /health HTTP/1.1\r\nhost: test\r\n")
            closed = any(not client.send(b"a: " + b"b" * 60_000 + b"\r\n") for _ in range(2_000))
            assert closed, "120 MB of HTTP/1.1 header were taken"
    memory.stays_within(16)


def rapid_resets(member):
    with PeakMemory(member) as memory:
        for body in (put_request("reset"), EVERYTHING):
            with wire.Client(member) as client:
                path = PUT if body is not EVERYTHING else RANGE
                for start in range(1, 20_000, 400):
                    burst = b"".join(
                        wire.request(path, stream, body)
                        + wire.frame(wire.RST_STREAM, 0, stream, struct.pack(">I", 8))
                        for stream in range(start, start + 400, 2))
                    if not client.send(burst):
                        break
                expect(client.goaway(), (ENHANCE_YOUR_CALM, "too many stream resets"))
    memory.stays_within(64)


def other_protocols(member):
    for hello in (b"\xab" * 5_000, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500), b"SSH-2.0-x\r\n\r\n",
                  wire.PREFACE[:-2] + b"XX", b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 1_000):
        with wire.Client(member, hello=False) as client:
            client.send(hello)
            # The server may have hung up already.
            with contextlib.suppress(OSError):
                client.socket.shutdown(socket.SHUT_WR)
            for _ in client.frames():
                pass


# Connections.


def dies_mid_call(member):
    """Writes whose client is gone before the answer: done or not, but never half, and nobody else notices."""
    for round_number in range(20):
        client = wire.Client(member)
        client.send(b"".join(
            wire.request(PUT, 2 * i + 1, put_request(f"mid-call/{round_number}/{i}", 10_000)) for i in range(50)))
        client.reset()
    for _ in range(10):
        client = wire.Client(member)
        client.send(wire.window(0, 1 << 30) + wire.request(RANGE, 1, EVERYTHING))
        client.socket.recv(1_000)
        client.reset()
    member.goes_on()
    for kv in member.kv.Range(rpc.RangeRequest(key=b"mid-call/", range_end=b"mid-call0"), timeout=CALL_SECONDS).kvs:
        expect(kv.value, b"v" * 10_000)


def more_connections_than_files(folder):
    """A server that may open few files: connections past them wait or are refused, and it serves when they end."""

    with Member(folder.join("few-files"), wrapper=["prlimit", "--nofile=128"]) as member:
        member.goes_on()
        clients = []
        for _ in range(300):
            client = socket.socket()
            client.setblocking(False)
            host, port = member.client.split(":")
            client.connect_ex((host, int(port)))
            clients.append(client)
        # The connection that it has is served while no other can be.
        member.goes_on()
        for client in clients:
            client.close()
        member.connect()
        member.goes_on()
        member.crash_and_check()


# Lists of 100 MB.


def load_big_list(member):
    expect(member.fill("big/", BIG_VALUES, BIG_BYTES), [])
    # A clean start: everything is in the checkpoint, and memory is at rest.
    expect(member.stop(), 0)
    member.start()
    member.goes_on()


def big_lists(member):
    """Several clients read 100 MB at a time: each gets all of it, and the server holds little of it."""
    sizes, errors = [], []

    def read(body):
        try:
            with grpc.insecure_channel(member.client, options=CHANNEL) as channel:
                call = channel.unary_unary(RANGE, request_serializer=None, response_deserializer=None)
                sizes.append(len(call(body, timeout=CALL_SECONDS)))
        except grpc.RpcError as error:
            errors.append(f"{error.code().name}: {error.details()}")

    with PeakMemory(member) as memory:
        readers = [threading.Thread(target=read, args=(EVERYTHING,)) for _ in range(4)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
    expect(errors, [])
    assert len(sizes) == 4 and min(sizes) > BIG_VALUES * BIG_BYTES, f"{sizes}"
    memory.stays_within(48)


def never_reads(member):
    """Connections that ask for far more than memory holds and take nothing."""
    with PeakMemory(member) as memory:
        clients = []
        for window_bytes in (0, 1, 1 << 30):
            for _ in range(2):
                client = wire.Client(member, window_bytes=window_bytes, receive_bytes=4_096)
                client.send(wire.window(0, 1 << 30))
                for stream in range(1, 201, 2):
                    client.send(wire.request(RANGE, stream, EVERYTHING))
                clients.append(client)
        deadline = time.monotonic() + 3
        longest = 0
        while time.monotonic() < deadline:
            began = time.monotonic()
            member.goes_on()
            longest = max(longest, time.monotonic() - began)
        for client in clients:
            client.socket.close()
    assert longest < 3, f"another client's put and get took {longest:.1f} s"
    memory.stays_within(160)


def sorted_lists_unread(member):
    """Lists that must be sorted, by connections that take nothing."""
    with PeakMemory(member) as memory:
        clients = []
        for _ in range(4):
            client = wire.Client(member, window_bytes=1, receive_bytes=4_096)
            for stream in range(1, 51, 2):
                client.send(wire.request(RANGE, stream, BACKWARDS))
            clients.append(client)
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            member.goes_on()
        for client in clients:
            client.socket.close()
    memory.stays_within(800)


def gives_memory_back(member):
    """All those connections are gone, and so is what they cost."""
    eventually("memory is given back", lambda: member.anonymous_bytes() < 200 << 20, 15)


def crash(member):
    member.crash_and_check()


SHARED = [
    load_big_list, oversized_messages, malformed_messages, truncated_messages, unknown_methods, oversized_frames, truncated_frames,
    random_frames, endless_headers, rapid_resets, other_protocols, dies_mid_call, big_lists, never_reads,
    sorted_lists_unread, gives_memory_back, crash,
]
ALONE = [more_connections_than_files]
