"""Answers as text without what two servers may say differently: ids of the cluster and its members, terms, ids of
leases that the server chose, hashes, and the order of what has none."""

import dataclasses

from google.protobuf import text_format

from operations import GRANTED
from stubs import rpc

# Fields that depend on how a server stores its data, or that etcd 3.5 does not have.
OWN_FIELDS = {
    "HashKVResponse": ["hash", "hash_revision"],
    "HashResponse": ["hash"],
}
# Seconds by which two servers may count a lease's remaining time differently, when both count right.
TTL_TOLERANCE = 3


@dataclasses.dataclass
class Outcome:
    """What a call gave: an answer, or an error as text."""

    answer: object = None
    error: str = None

    def text(self, granted=()):
        return self.error if self.answer is None else shown(self.answer, granted)


def shown(message, granted=()):
    """A message as text. `granted` has the ids of leases that this server chose."""
    copy = type(message)()
    copy.CopyFrom(message)
    _strip(copy, {number: GRANTED + index for index, number in enumerate(granted)})
    return text_format.MessageToString(copy, print_unknown_fields=True)


def _strip(message, leases):
    name = message.DESCRIPTOR.name
    if name == "ResponseHeader":
        revision = message.revision
        message.Clear()
        message.revision = revision
        return
    if name == "StatusResponse":
        header = message.header.revision
        message.Clear()
        message.header.revision = header
        return
    for field in OWN_FIELDS.get(name, ()):
        message.ClearField(field)
    for field, value in message.ListFields():
        if field.message_type is not None:
            for item in value if field.is_repeated else [value]:
                _strip(item, leases)
        elif field.name in ("ID", "lease") and value in leases:
            setattr(message, field.name, leases[value])
    if name == "LeaseLeasesResponse":
        ordered = sorted(lease.ID for lease in message.leases)
        message.ClearField("leases")
        message.leases.extend(rpc.LeaseStatus(ID=number) for number in ordered)
    if name == "LeaseTimeToLiveResponse":
        ordered = sorted(message.keys)
        del message.keys[:]
        message.keys.extend(ordered)


def with_like_time(reference, subject):
    """The subject's outcome with the reference's remaining time, when the two are close."""
    if reference.answer is None or subject.answer is None:
        return subject
    if reference.answer.DESCRIPTOR.name != "LeaseTimeToLiveResponse":
        return subject
    ours, theirs = subject.answer.TTL, reference.answer.TTL
    if min(ours, theirs) < 0 or abs(ours - theirs) > TTL_TOLERANCE:
        return subject
    copy = rpc.LeaseTimeToLiveResponse()
    copy.CopyFrom(subject.answer)
    copy.TTL = theirs
    return Outcome(answer=copy)
