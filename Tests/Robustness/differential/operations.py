"""What the two servers are asked: operations that can be printed, read back, made smaller and repeated.

Numbers near a symbol stand for something that is known only when the operation runs: `current-2` is two revisions
before the newest one, `compacted+1` the first after the compacted one, `granted+0` the first lease whose id the
server chose. Thus an operation keeps its meaning when others are taken away from before it."""

import dataclasses
import re

from google.protobuf import text_format

from stubs import rpc

CURRENT, COMPACTED, GRANTED = 1 << 55, 1 << 56, 1 << 57
SYMBOLS = {"current": CURRENT, "compacted": COMPACTED, "granted": GRANTED}
REACH = 1 << 20

INT64_MAX, INT64_MIN = (1 << 63) - 1, -(1 << 63)

REQUESTS = {
    "Range": rpc.RangeRequest,
    "Put": rpc.PutRequest,
    "DeleteRange": rpc.DeleteRangeRequest,
    "Txn": rpc.TxnRequest,
    "Compact": rpc.CompactionRequest,
    "LeaseGrant": rpc.LeaseGrantRequest,
    "LeaseRevoke": rpc.LeaseRevokeRequest,
    "LeaseTimeToLive": rpc.LeaseTimeToLiveRequest,
    "LeaseLeases": rpc.LeaseLeasesRequest,
    "LeaseKeepAlive": rpc.LeaseKeepAliveRequest,
    "Hash": rpc.HashRequest,
    "HashKV": rpc.HashKVRequest,
    "Status": rpc.StatusRequest,
    "Defragment": rpc.DefragmentRequest,
    # On a stream, so they have a number.
    "Watch": rpc.WatchRequest,
    # The client ends the stream.
    "WatchClose": rpc.WatchProgressRequest,
    # The lease is left to expire.
    "Expire": rpc.LeaseRevokeRequest,
    # Until everything that the watchers are due has arrived.
    "Settle": rpc.WatchProgressRequest,
}


@dataclasses.dataclass
class Operation:
    """One request. Those that follow at once and only make sense after it are in `then`."""

    kind: str
    message: object
    stream: int = 0
    then: list = dataclasses.field(default_factory=list)

    def text(self):
        number = f"[{self.stream}]" if self.kind.startswith("Watch") else ""
        body = text_format.MessageToString(self.message, as_one_line=True)
        line = f"{self.kind}{number} {_named(body)}".rstrip()
        return "\n".join([line] + ["  " + step.text() for step in self.then])


def read(text):
    """Operations from the text that they print."""
    operations = []
    for line in text.splitlines():
        found = re.fullmatch(r"( *)(\w+)(?:\[(\d+)\])?(?: (.*))?", line)
        if not found or found[2] not in REQUESTS:
            continue
        message = text_format.Parse(_numbered(found[4] or ""), REQUESTS[found[2]]())
        operation = Operation(found[2], message, int(found[3] or 0))
        if found[1] and operations:
            operations[-1].then.append(operation)
        else:
            operations.append(operation)
    return operations


def _symbol(number):
    for name, base in SYMBOLS.items():
        if abs(number - base) < REACH:
            return name, number - base
    return None


def _named(text):
    def replaced(found):
        symbol = _symbol(int(found[1]))
        return f": {symbol[0]}{symbol[1]:+}" if symbol else found[0]

    return re.sub(r": (\d{15,})\b", replaced, text)


def _numbered(text):
    return re.sub(r": (current|compacted|granted)([+-]\d+)", lambda f: f": {SYMBOLS[f[1]] + int(f[2])}", text)


def resolved(message, values):
    """A copy in which symbols have become numbers: `values` is a function from symbol and distance."""
    copy = type(message)()
    copy.CopyFrom(message)
    _resolve(copy, values)
    return copy


def _resolve(message, values):
    for field, value in message.ListFields():
        if field.message_type is not None:
            for item in value if field.is_repeated else [value]:
                _resolve(item, values)
        elif field.cpp_type == field.CPPTYPE_INT64 and not field.is_repeated:
            symbol = _symbol(value)
            if symbol:
                setattr(message, field.name, max(INT64_MIN, min(INT64_MAX, values(*symbol))))


def smaller(message):
    """Copies of a message, each with one thing less."""
    for field, value in message.ListFields():
        if field.is_repeated:
            for index in range(len(value)):
                copy = type(message)()
                copy.CopyFrom(message)
                del getattr(copy, field.name)[index]
                yield copy
                if field.message_type is not None:
                    for part in smaller(value[index]):
                        copy = type(message)()
                        copy.CopyFrom(message)
                        getattr(copy, field.name)[index].CopyFrom(part)
                        yield copy
            continue
        if field.message_type is not None:
            for part in smaller(value):
                copy = type(message)()
                copy.CopyFrom(message)
                getattr(copy, field.name).CopyFrom(part)
                yield copy
        if field.containing_oneof is None:
            copy = type(message)()
            copy.CopyFrom(message)
            copy.ClearField(field.name)
            yield copy
        if isinstance(value, bytes) and len(value) > 8:
            copy = type(message)()
            copy.CopyFrom(message)
            setattr(copy, field.name, value[: len(value) // 2])
            yield copy
