"""A name server that knows one address for every name in example.com, and a hundred for names there that begin with
`large`: these are cut over UDP. There are no other names. Says `ready` when it listens."""

import socket
import struct
import sys
import threading


def answer(query, over_tcp):
    """The answer to a message with one question; types other than A have no records."""
    end = 12
    while query[end]:
        end += query[end] + 1
    question = query[12:end + 5]
    if not question[:-4].lower().endswith(b"\7example\3com\0"):
        return query[:2] + struct.pack(">HHHHH", 0x8183, 1, 0, 0, 0) + question
    is_address = question[-4:] == b"\0\1\0\1"
    count = 100 if query[13:18].lower() == b"large" else 1
    is_cut = is_address and count > 1 and not over_tcp
    count = 0 if is_cut or not is_address else count
    records = b"".join(
        b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + bytes([192, 0, 2, 7 + n]) for n in range(count))
    flags = 0x8180 | (0x200 if is_cut else 0)
    return query[:2] + struct.pack(">HHHHH", flags, 1, count, 0, 0) + question + records


def serve_datagrams(sock):
    while True:
        query, client = sock.recvfrom(4096)
        sock.sendto(answer(query, False), client)


def serve_stream(connection):
    with connection:
        file = connection.makefile("rb")
        while True:
            length = file.read(2)
            if len(length) < 2:
                return
            reply = answer(file.read(struct.unpack(">H", length)[0]), True)
            connection.sendall(struct.pack(">H", len(reply)) + reply)


def main():
    place = (sys.argv[1], int(sys.argv[2]))
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(place)
    streams = socket.create_server(place)
    print("ready", flush=True)
    threading.Thread(target=serve_datagrams, args=[datagrams], daemon=True).start()
    while True:
        connection, _ = streams.accept()
        threading.Thread(target=serve_stream, args=[connection], daemon=True).start()


if __name__ == "__main__":
    main()
