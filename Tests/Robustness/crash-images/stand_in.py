"""A tiny store to test the tools with: a log of checksummed lines, rewritten into a new file now and then.

    stand_in.py run DIR ACKS COUNT FLAW    writes; FLAW makes it wrong in one way, "none" in none
    stand_in.py dump DIR [FLAW]            what the checker's open command prints; cuts off a torn end
"""

import base64
import json
import os
import sys
import time
import zlib


def line(revision: int, key: str, value: str) -> bytes:
    body = f"{revision} {key} {value}"
    return f"{zlib.crc32(body.encode()):08x} {body}\n".encode()


def sync(directory: str) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(descriptor)
    os.close(descriptor)


def run(directory: str, acks: str, count: int, flaw: str) -> None:
    os.mkdir(f"{directory}/store")
    path = f"{directory}/store/log"
    live: dict[str, tuple[int, str]] = {}
    log = os.open(path, os.O_RDWR | os.O_CREAT)
    offset = 0
    sync(f"{directory}/store")
    sync(directory)
    with open(acks, "w") as ledger:
        for revision in range(2, count + 2):
            # Every second key is new, so that every other revision stays visible.
            key = f"key-{revision if revision % 2 else revision % 10}"
            value = f"value-{revision}-" + "x" * (revision * 37 % 900)
            data = line(revision, key, value)
            os.pwrite(log, data, offset)
            offset += len(data)
            if flaw != "no-sync" or revision % 50:
                os.fdatasync(log)
            live[key] = (revision, value)
            record = {"time": time.monotonic_ns(), "revision": revision}
            ledger.write(json.dumps(record | {"key": encode(key), "value": encode(value)}) + "\n")
            if revision % 60 == 0:
                new = os.open(path + ".new", os.O_RDWR | os.O_CREAT)
                data = b"".join(line(revision, key, value) for key, (revision, value) in live.items())
                os.pwrite(new, data, 0)
                if flaw != "no-sync-before-rename":
                    os.fsync(new)
                os.rename(path + ".new", path)
                sync(f"{directory}/store")
                os.close(log)
                log, offset = new, len(data)


def encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def dump(directory: str, flaw: str) -> None:
    live: dict[str, tuple[int, str]] = {}
    last = 1
    try:
        log = os.open(f"{directory}/store/log", os.O_RDWR)
    except FileNotFoundError:
        log = None
    data = os.pread(log, 1 << 30, 0) if log else b""
    intact = 0
    for text in data.split(b"\n"):
        checksum, _, body = text.partition(b" ")
        if not body or checksum != f"{zlib.crc32(body):08x}".encode():
            break
        revision, key, value = body.decode().split(" ")
        live[key] = (int(revision), value)
        last = max(last, int(revision))
        intact += len(text) + 1
    if log and flaw == "rewrite-in-place":
        os.ftruncate(log, 0)
        os.pwrite(log, data[:intact], 0)
        os.fsync(log)
    elif log:
        os.ftruncate(log, intact)
        os.fsync(log)
    for key, (revision, value) in live.items():
        print(json.dumps({"key": encode(key), "mod_revision": revision, "value": encode(value)}))
    print(json.dumps({"revision": last}))


if __name__ == "__main__":
    if sys.argv[1] == "run":
        run(sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5])
    else:
        dump(sys.argv[2], *(sys.argv[3:] or ["none"]))
