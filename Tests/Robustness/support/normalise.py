"""Takes out of an answer what may differ between two servers that behave alike: ids, versions, sizes, times,
terms, log positions, addresses. Everything else must be equal."""

import json
import re
import subprocess


class Normaliser:
    """The facts of one server, and what stands for each."""

    def __init__(self, server, etcdctl):
        status = subprocess.run(
            [etcdctl, "--endpoints", server.client, "endpoint", "status", "-w", "json"],
            capture_output=True, check=True, timeout=30)
        facts = json.loads(status.stdout)[0]["Status"]
        header = facts["header"]
        # As etcdctl takes it.
        self.member = f"{header['member_id']:x}"
        self.replacements = [
            (server.client, "CLIENT"),
            (server.peer, "PEER"),
            (str(header["cluster_id"]), "CLUSTER"),
            (f"{header['cluster_id']:x}", "CLUSTER"),
            (str(header["member_id"]), "MEMBER"),
            (f"{header['member_id']:x}", "MEMBER"),
            (facts["version"], "VERSION"),
        ]

    # In the words of each output format of etcdctl.
    PATTERNS = [
        (re.compile(r'"raft_term":\d+'), '"raft_term":TERM'),
        (re.compile(r'"(raftTerm|raftIndex|raftAppliedIndex|dbSize|dbSizeInUse)":\d+'), r'"\1":NUMBER'),
        (re.compile(r'"(RaftTerm|RaftIndex|RaftAppliedIndex|DBSize|DBSizeInUse)" : \d+'), r'"\1" : NUMBER'),
        (re.compile(r'"hash":\d+'), '"hash":NUMBER'),
        # endpoint hashkv: etcd hashes how it keeps the data.
        (re.compile(r"^CLIENT, \d+$", re.MULTILINE), "CLIENT, HASH"),
        # What is left of a lease.
        (re.compile(r'"ttl":\d+'), '"ttl":SECONDS'),
        (re.compile(r'"(Hash)" : \d+'), r'"\1" : NUMBER'),
        (re.compile(r"\b[\d.]+ ?(B|kB|MB|GB)\b"), "SIZE"),
        (re.compile(r"\b(\d+h)?(\d+m)?[\d.]+(ns|µs|ms|s)\b"), "TIME"),
        (re.compile(r'"ts":"[^"]*"'), '"ts":TIME'),
        # etcdctl ends with a Go panic on some input before it calls the server; its stack trace is its own.
        (re.compile(r"\ngoroutine \d+ \[running\]:\n.*", re.DOTALL), "\nSTACK"),
        (re.compile(r"0xc[0-9a-f]+"), "POINTER"),
        # endpoint status: "…, is leader, is learner, term, index, applied index, errors".
        (re.compile(r"(VERSION, SIZE, \w+, \w+), \d+, \d+, \d+,"), r"\1, TERM, INDEX, INDEX,"),
        (re.compile(r"(VERSION +\| +SIZE +\| +\w+ +\| +\w+) +\| +\d+ +\| +\d+ +\| +\d+"), r"\1 | TERM | INDEX | INDEX"),
    ]

    def replace(self, number, name):
        """From now on `name` stands for a number of the server's choice."""
        self.replacements += [(str(number), name), (f"{number:x}", name), (f"{number:016x}", name)]

    def text(self, text):
        for value, name in self.replacements:
            text = re.sub(rf"(?<![0-9a-zA-Z.]){re.escape(value)}(?![0-9a-zA-Z])", name, text)
        for pattern, name in self.PATTERNS:
            text = pattern.sub(name, text)
        # etcdctl pads ids to sixteen digits here.
        text = re.sub(r"(Member|cluster) +(?=ADDED|CLUSTER)", r"\1 ", text)
        # Members come in the order of their ids.
        text = re.sub(
            r'ETCD_INITIAL_CLUSTER="([^"]*)"',
            lambda match: f'ETCD_INITIAL_CLUSTER="{",".join(sorted(match[1].split(",")))}"', text)
        # Columns of a table are as wide as what was replaced in them.
        if any(line.startswith("+-") for line in text.splitlines()):
            text = re.sub(r"-+", "-", re.sub(r" +", " ", text))
        return text

    def protobuf(self, data):
        """A response message as nested fields, without the ids and the term of its header."""
        fields = parse_message(data)
        if fields is None:
            return repr(data)
        return repr([
            (number, [f for f in parse_message(value) or [] if f[0] == 3] if number == 1 else value)
            for number, value in fields
        ])


def parse_message(data):
    """Fields of an encoded protocol buffers message, in order; None when the bytes are not one."""
    fields, position = [], 0

    def varint():
        nonlocal position
        result = shift = 0
        while True:
            byte = data[position]
            position += 1
            result |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return result

    try:
        while position < len(data):
            tag = varint()
            if tag & 7 == 0:
                fields.append((tag >> 3, varint()))
            elif tag & 7 == 2:
                length = varint()
                if position + length > len(data):
                    return None
                fields.append((tag >> 3, data[position : position + length]))
                position += length
            else:
                return None
    except IndexError:
        return None
    return fields
