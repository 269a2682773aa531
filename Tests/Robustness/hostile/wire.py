"""HTTP/2 frames made by hand, right and wrong, over a plain socket."""

import socket
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 7, 8, 9
END_STREAM, END_HEADERS = 1, 4
INITIAL_WINDOW_SIZE = 4


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def field(name, value):
    """A header field, literal and never indexed."""
    return b"\x10" + text(name) + text(value)


def text(value):
    value = value.encode()
    if len(value) < 127:
        return bytes([len(value)]) + value
    rest, length = len(value) - 127, b"\x7f"
    while rest > 127:
        length += bytes([rest % 128 | 128])
        rest //= 128
    return length + bytes([rest]) + value


def call_fields(path):
    return b"".join(
        field(name, value)
        for name, value in [
            (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "test"),
            ("content-type", "application/grpc"), ("te", "trailers"),
        ])


def call(path, stream):
    return frame(HEADERS, END_HEADERS, stream, call_fields(path))


def message(body, length=None, flag=0):
    """A gRPC message; `length` is what its prefix claims."""
    return struct.pack(">BI", flag, len(body) if length is None else length) + body


def request(path, stream, body):
    return call(path, stream) + frame(DATA, END_STREAM, stream, message(body))


def window(stream, increment):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", increment))


class Client:
    """One connection. `window_bytes` is what each stream may send before the client allows more."""

    def __init__(self, server, window_bytes=65_535, receive_bytes=None, hello=True):
        host, port = server.client.split(":")
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(10)
        self.socket.connect((host, int(port)))
        self.received = b""
        if hello:
            self.send(PREFACE + frame(SETTINGS, 0, 0, struct.pack(">HI", INITIAL_WINDOW_SIZE, window_bytes)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """Sends; false when the server has gone away."""
        try:
            self.socket.sendall(data)
            return True
        except OSError:
            return False

    def reset(self):
        """Closes the connection without a farewell."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def frames(self):
        """What came, frame by frame, until the server closes or is silent for too long."""
        while True:
            while len(self.received) >= 9:
                length = int.from_bytes(self.received[:3], "big")
                if len(self.received) < 9 + length:
                    break
                kind, flags, stream = struct.unpack(">BBI", self.received[3:9])
                payload, self.received = self.received[9:9 + length], self.received[9 + length:]
                yield kind, flags, stream & 0x7FFF_FFFF, payload
            try:
                data = self.socket.recv(1 << 16)
            except TimeoutError:
                raise AssertionError("the server says nothing") from None
            except OSError:
                return
            if not data:
                return
            self.received += data

    def goaway(self):
        """The error code and text with which the server closes the connection; None if it just closes."""
        found = None
        for kind, _, _, payload in self.frames():
            if kind == GOAWAY:
                found = int.from_bytes(payload[4:8], "big"), payload[8:].decode()
        return found

    def ending(self, stream):
        """How a stream ends: with "trailers", "reset" or "closed", and the bytes of DATA before that."""
        data = b""
        for kind, flags, number, payload in self.frames():
            if number != stream:
                continue
            if kind == RST_STREAM:
                return "reset", data
            if kind == DATA:
                data += payload
            if flags & END_STREAM and kind in (DATA, HEADERS):
                return "trailers", data
        return "closed", data
