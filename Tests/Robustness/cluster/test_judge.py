#!/usr/bin/env python3
"""Tests the judge with small stories: what is right passes, and each lie is found."""

import dataclasses
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from servers import use_venv  # noqa: E402

use_venv()

import judge  # noqa: E402
from load import Operation  # noqa: E402
from watching import Event  # noqa: E402


class Told:
    def __init__(self, name, events, faults=()):
        self.name, self.events, self.faults = name, list(events), list(faults)


EVENTS = [
    Event(2, b"a", b"1", 2, 1), Event(3, b"a", b"2", 2, 2), Event(4, b"b", b"3", 4, 1), Event(5, b"a", None),
    Event(6, b"b", b"4", 4, 2), Event(7, b"a", b"5", 7, 1),
]


def operation(kind, key, start, end, revision, value=b"", **more):
    return Operation(kind, key, "m1", start, value, end=end, revision=revision, **more)


def story():
    """What clients were told of EVENTS."""
    return [
        operation("put", b"a", 1, 2, 2, b"1"), operation("put", b"a", 2.5, 4, 3, b"2"),
        operation("put", b"b", 3, 5, 4, b"3"), operation("delete", b"a", 6, 7, 5, has_changed=True),
        operation("swap", b"b", 8, 9, 6, b"4", modified=4, has_changed=True),
        operation("swap", b"b", 8, 9, 6, b"never", modified=6),
        operation("put", b"a", 10, None, 0, b"5", error="DEADLINE_EXCEEDED: "),
        operation("read", b"a", 12, 13, 7, b"5", modified=7), operation("read", b"c", 9, 10, 6),
        operation("stale read", b"b", 12, 13, 4, b"3", modified=4),
        operation("delete", b"a", 7.5, 8, 5),
        operation("put", b"a", 14, None, 0, b"lost", error="UNAVAILABLE: "),
    ]


CONTENT = {b"a": (7, b"5"), b"b": (6, b"4")}


def faults(change=None, events=EVENTS, others=(EVENTS,), content=CONTENT):
    operations = story()
    if change:
        index, fields = change
        operations[index] = dataclasses.replace(operations[index], **fields)
    followers = [Told(f"follower {number}", told) for number, told in enumerate([events, *others])]
    return judge.verdict(operations, followers, 2, 7, {"m1": CONTENT, "m2": content})


class Verdicts(unittest.TestCase):
    def finds(self, words, **lie):
        found = faults(**lie)
        self.assertTrue(any(words in fault for fault in found), f"{words!r} is not in {found}")

    def test_what_is_right(self):
        self.assertEqual(faults(), [])

    def test_lost_writes(self):
        self.finds("is not at its revision", change=(0, {"value": b"other"}))
        self.finds("is not at its revision", change=(0, {"revision": 3}))
        self.finds("is not at its revision", change=(3, {"revision": 6}))
        self.finds("is not at its revision", change=(11, {"end": 15, "revision": 8}))
        self.finds("found nothing", change=(10, {"revision": 4}))

    def test_writes_of_nobody(self):
        self.finds("nobody wrote", change=(6, {"value": b"6"}))
        self.finds("nobody wrote", change=(6, {"key": b"b"}))
        self.finds("nobody asked for", change=(3, {"has_changed": False, "revision": 5}))

    def test_writes_done_twice(self):
        events = EVENTS[:5] + [Event(7, b"a", b"2", 7, 1)]
        self.finds("was done before", events=events, others=[events])

    def test_swaps(self):
        self.finds("saw 2", change=(4, {"modified": 2}))
        self.finds("saw 4", change=(5, {"modified": 4}))

    def test_reads(self):
        self.finds("should be", change=(7, {"modified": 3, "value": b"2"}))
        self.finds("should be", change=(9, {"revision": 6}))
        self.finds("should be", change=(8, {"modified": 2}))
        self.finds("from the future", change=(8, {"revision": 8}))

    def test_order(self):
        # A read that does not know of what was acknowledged before it.
        self.finds("was known before", change=(7, {"revision": 5, "modified": 0, "value": b""}))
        # Writes in another order than their clients saw.
        self.finds("was known before", change=(0, {"start": 4.5, "end": 4.7}))
        # An answer that knows of what was asked for later.
        self.finds("before it was asked for", change=(4, {"start": 11}))

    def test_versions(self):
        events = [dataclasses.replace(event, version=3) if event.revision == 3 else event for event in EVENTS]
        self.finds("creation and version", events=events, others=[events])
        events = EVENTS[:3] + [Event(5, b"c", None)] + EVENTS[4:]
        self.finds("is not there", events=events, others=[events])

    def test_watchers(self):
        self.finds("no watcher was told", events=EVENTS[1:], others=[EVENTS[1:]])
        self.finds("was told 5 events", others=[EVENTS[:5]])
        self.finds("as event 1", others=[EVENTS[:1] + EVENTS[2:]])
        followers = [Told("follower 0", EVENTS, ["a fault of its own"])]
        self.assertIn("a fault of its own", judge.verdict(story(), followers, 2, 7, {}))

    def test_contents(self):
        self.finds("m2 has None", content={b"a": (7, b"5")})
        self.finds("m2 has (6, b'5')", content={**CONTENT, b"b": (6, b"5")})
        self.finds("m2 has (9, b'x')", content={**CONTENT, b"c": (9, b"x")})


if __name__ == "__main__":
    result = unittest.main(exit=False).result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
