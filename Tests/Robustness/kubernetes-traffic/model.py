"""What is known of the store from outside: the writes that it acknowledged, and what has been found wrong."""

import time
from collections import namedtuple

# What a key holds; two that are equal are the same version of the same object.
Object = namedtuple("Object", "create mod version value lease")


# Room for clocks that are read at two places; and for what a store may put off.
EARLY_SECONDS = 0.5
LATE_SECONDS = 15


def object_of(kv):
    return Object(kv.create_revision, kv.mod_revision, kv.version, kv.value, kv.lease)


class Violations:
    """What the store did that it may not do. The first of them are kept in words."""

    KEPT = 20

    def __init__(self):
        self.count = 0
        self.texts = []

    def add(self, text):
        self.count += 1
        if len(self.texts) < self.KEPT:
            self.texts.append(text)
            print(f"violation: {text}", flush=True)


class Ledger:
    """Acknowledged writes by resource and revision, until every watch cache was seen to have them; and the writes
    under way, of which nobody knows yet whether and when they happen."""

    def __init__(self, resources):
        self.writes = {resource.name: {} for resource in resources}
        self.under_way = set()
        self.next = 0
        self.acknowledged = 0
        # Lease → when it may end at the earliest, and when it must have ended.
        self.leases = {}

    def begin(self):
        self.next += 1
        self.under_way.add(self.next)
        return self.next

    def end(self, number):
        self.under_way.discard(number)

    def acknowledge(self, resource, revision, key, value, violations):
        """`value` is None for a deletion."""
        writes = self.writes[resource.name]
        if revision in writes:
            violations.add(f"revision {revision} was given to {writes[revision][0]} and to {key}")
        writes[revision] = (key, value)
        self.acknowledged += 1

    def note_lease(self, lease, began, seconds_to_live):
        """`began` is when it was asked for: it lives at least until then plus its time."""
        self.leases[lease] = (began + seconds_to_live - EARLY_SECONDS, time.monotonic() + seconds_to_live + LATE_SECONDS)

    def may_have_ended(self, lease):
        return lease not in self.leases or time.monotonic() >= self.leases[lease][0]

    def must_have_ended(self, lease):
        return lease in self.leases and time.monotonic() >= self.leases[lease][1]

    def forget(self, resource, revision):
        """Writes up to a revision were found everywhere."""
        writes = self.writes[resource.name]
        for old in [number for number in writes if number <= revision]:
            del writes[old]
