"""A server under attack: what was acknowledged, what must still be there, and how much memory it takes."""

import hashlib
import json
import os
import random
import re
import subprocess
import threading
import time
import urllib.request

import grpc
from pyetcd import etcdrpc as rpc

from servers import Server, raftkv

CALL_SECONDS = 30
CHANNEL = [
    ("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
]
NO_SPACE = "RESOURCE_EXHAUSTED: etcdserver: mvcc: database space exceeded"


def dies_with_us(command, *wrapper):
    """The command, ended by the kernel when this script ends, however that is. `wrapper` is a command that runs it.

    These programs take the place of code between fork and exec, which the gRPC library's threads do not survive."""
    return ["setpriv", "--pdeathsig=KILL", *wrapper, *command]


def eventually(what, condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.02)


def failure(call):
    """The gRPC error that a call must give, as text."""
    try:
        call()
    except grpc.RpcError as error:
        return f"{error.code().name}: {error.details()}"
    raise AssertionError("the call succeeded")


def expect(found, expected):
    assert found == expected, f"expected {expected!r}, found {found!r}"


class Member(Server):
    """A server with a ledger of what it acknowledged."""

    def __init__(self, folder, flags=(), data=None, wrapper=()):
        super().__init__("raftkv", raftkv(), folder, flags)
        self.data = data or self.data
        self.wrapper = wrapper
        self.acknowledged = {}
        self.deleted = set()
        self.lock = threading.Lock()
        self.channel = None
        self.count = 0

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.channel:
            self.channel.close()
        if self.process and self.process.poll() is None:
            self.kill()

    def launch(self):
        self.ports.release()
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("ETCD", "RAFTKV_"))}
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                dies_with_us(self.command(), *self.wrapper), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=environment, cwd=self.folder)

    def start(self):
        super().start()
        self.connect()
        return self

    def connect(self):
        if self.channel:
            self.channel.close()
        self.channel = grpc.insecure_channel(self.client, options=CHANNEL)
        self.kv = rpc.KVStub(self.channel)
        self.maintenance = rpc.MaintenanceStub(self.channel)

    def is_healthy(self):
        try:
            address = f"http://{self.client}/health?exclude=NOSPACE"
            with urllib.request.urlopen(address, timeout=2) as answer:
                return json.load(answer).get("health") == "true"
        except (OSError, ValueError):
            return False

    def log(self):
        with open(self.log_path, "rb") as log:
            return log.read().decode(errors="replace")

    # What it is asked.

    def put(self, key, value):
        answer = self.kv.Put(rpc.PutRequest(key=key.encode(), value=value), timeout=CALL_SECONDS)
        with self.lock:
            self.acknowledged[key] = (answer.header.revision, digest(value))

    def delete(self, key):
        self.kv.DeleteRange(rpc.DeleteRangeRequest(key=key.encode()), timeout=CALL_SECONDS)
        with self.lock:
            del self.acknowledged[key]
            self.deleted.add(key)

    def get(self, key):
        return self.kv.Range(rpc.RangeRequest(key=key.encode()), timeout=CALL_SECONDS).kvs

    def fill(self, prefix, count, size, threads=8):
        """Puts `count` values that do not compress; ends early at the first refusal, and returns that."""
        refusals, numbers = [], iter(range(count))

        def work():
            chance = random.Random()
            while not refusals:
                with self.lock:
                    number = next(numbers, None)
                if number is None:
                    return
                try:
                    self.put(f"{prefix}{number:06}", chance.randbytes(size))
                except grpc.RpcError as error:
                    refusals.append(f"{error.code().name}: {error.details()}")

        workers = [threading.Thread(target=work) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return refusals

    def raw(self, path, body):
        call = self.channel.unary_unary(path, request_serializer=None, response_deserializer=None)
        return call(body, timeout=CALL_SECONDS)

    def alarms(self):
        answer = self.maintenance.Alarm(rpc.AlarmRequest(action=0), timeout=CALL_SECONDS)
        return [(alarm.memberID != 0, alarm.alarm) for alarm in answer.alarms]

    def disarm(self):
        answer = self.maintenance.Alarm(rpc.AlarmRequest(action=0), timeout=CALL_SECONDS)
        for alarm in answer.alarms:
            request = rpc.AlarmRequest(action=2, memberID=alarm.memberID, alarm=alarm.alarm)
            self.maintenance.Alarm(request, timeout=CALL_SECONDS)

    # What must hold.

    def goes_on(self):
        """It takes a write and gives it back, and its process is the one that was started."""
        self.count += 1
        key = f"goes-on/{self.count:06}"
        self.put(key, key.encode())
        expect(self.get(key)[0].value, key.encode())
        assert self.process.poll() is None, f"the server ended with {self.process.returncode}"

    def has_everything(self):
        """Every acknowledged write is there, with its revision; what was deleted is not."""
        found, start = {}, b"\0"
        while True:
            page = self.kv.Range(rpc.RangeRequest(key=start, range_end=b"\0", limit=500), timeout=CALL_SECONDS)
            for kv in page.kvs:
                found[kv.key.decode()] = (kv.mod_revision, digest(kv.value))
            if not page.more:
                break
            start = page.kvs[-1].key + b"\0"
        lost = [key for key, value in self.acknowledged.items() if found.get(key) != value]
        assert not lost, f"{len(lost)} acknowledged writes are lost, such as {sorted(lost)[:3]}"
        back = sorted(self.deleted & found.keys())
        assert not back, f"deleted keys are back: {back[:3]}"

    def crash_and_check(self):
        self.kill()
        self.start()
        self.has_everything()

    # Memory.

    def anonymous_bytes(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"RssAnon:\s+(\d+)", status.read())[1]) << 10


class PeakMemory:
    """The most anonymous memory that a server takes while the block runs, above what it had before."""

    def __init__(self, member):
        self.member = member
        self.base = self.peak = member.anonymous_bytes()
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.sample)

    def sample(self):
        while not self.done.wait(0.02) and self.member.process.poll() is None:
            self.peak = max(self.peak, self.member.anonymous_bytes())

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()

    def stays_within(self, megabytes):
        grown = (self.peak - self.base) >> 20
        assert grown <= megabytes, f"memory grew by {grown} MB (from {self.base >> 20} MB), more than {megabytes} MB"
        return grown


def digest(value):
    return hashlib.blake2b(value, digest_size=12).digest()


def ends_at_once(command, wrapper=(), environment=(), seconds=20):
    """Runs a command that must end by itself; its exit code and what it said."""
    variables = {k: v for k, v in os.environ.items() if not k.startswith(("ETCD", "RAFTKV_"))}
    variables.update(environment)
    done = subprocess.run(
        dies_with_us(command, *wrapper), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=seconds, env=variables)
    return done.returncode, done.stdout.decode(errors="replace")
