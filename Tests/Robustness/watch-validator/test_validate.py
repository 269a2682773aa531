#!/usr/bin/env python3
"""Tests the validator with small stories: what is right passes, and each guarantee that is broken is named."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from servers import use_venv  # noqa: E402

use_venv()

from history import Change, History  # noqa: E402
from validate import Validator  # noqa: E402
from watcher import Options, Told, Watcher  # noqa: E402

ALL = Options(b"\0", b"\0", prev_kv=True)


def put(revision, key, create=None, version=1):
    return Change(revision, key, False, b"%d" % revision, create or revision, version)


A2 = put(2, b"a")
A3, B3 = put(3, b"a", 2, 2), put(3, b"b")
GONE4 = Change(4, b"a", True)
B5 = put(5, b"b", 3, 2)


def history():
    story = History()
    for changes in [[A2], [A3, B3], [GONE4], [B5]]:
        story.add(changes[0].revision, changes)
    return story


def events(*changes, revision=None, previous=None, fragment=False, compacted=0):
    story = history()
    before = tuple(story.previous[c.revision, c.key] for c in changes) if previous is None else tuple(previous)
    return Told("events", revision or changes[-1].revision, changes, before, fragment, compacted=compacted)


CREATED = Told("created", 1)
WHOLE = [events(A2), events(A3, B3), events(GONE4), events(B5)]


class Guarantees(unittest.TestCase):
    def faults(self, *told, options=ALL, start=1, others=(), acknowledged=None):
        validator = Validator(history(), acknowledged or {})
        for number, answers in enumerate([told, *others]):
            watcher = Watcher(f"watcher {number}", options, start)
            watcher.begin()
            for answer in answers:
                watcher.take(answer)
            validator.check(watcher)
        return validator.faults

    def breaks(self, rule, *told, **more):
        found = self.faults(*told, **more)
        self.assertTrue(found, f"nothing was found, expected {rule}")
        self.assertEqual({fault.split(":")[0] for fault in found}, {rule}, found)

    def test_what_is_right(self):
        fragments = [events(A2, A3, fragment=True), events(B3), events(GONE4, B5)]
        bare = [events(*answer.changes, previous=[None] * len(answer.changes)) for answer in WHOLE]
        for told, options, start in [
            ([], ALL, 1), (WHOLE, ALL, 1), (WHOLE[:2], ALL, 1), (WHOLE[1:], ALL, 3), ([events(A2, A3, B3, GONE4, B5)], ALL, 0),
            (fragments, Options(b"\0", b"\0", prev_kv=True, fragment=True), 1),
            (bare, Options(b"\0", b"\0"), 1),
            ([events(A2), events(A3)], Options(b"a", filters=(1,), prev_kv=True), 1),
            ([Told("progress", 1), WHOLE[0], Told("progress", 2), *WHOLE[1:], Told("progress", 5)], ALL, 1),
            ([Told("cancelled", 0, compact_revision=3, compacted=3)], ALL, 1),
            ([events(A2), events(A3, B3), events(GONE4, previous=[None], compacted=4), events(B5)], ALL, 1),
        ]:
            self.assertEqual(self.faults(CREATED, *told, options=options, start=start), [])

    def test_order(self):
        self.breaks("ordered", CREATED, WHOLE[1], WHOLE[0], start=2)
        self.breaks("ordered", CREATED, events(A2, revision=1))
        self.breaks("ordered", CREATED, *WHOLE, others=[[CREATED, events(A2), events(B3, A3), *WHOLE[2:]]])
        self.breaks("ordered", CREATED, *WHOLE, acknowledged={3: [(b"b", b"3"), (b"a", b"3")]})
        self.breaks("ordered", WHOLE[0], CREATED)

    def test_unique(self):
        self.breaks("unique", CREATED, WHOLE[0], WHOLE[0])
        self.breaks("unique", CREATED, WHOLE[0], events(A3, B3, A3))

    def test_atomic(self):
        self.breaks("atomic", CREATED, WHOLE[0], events(A3, B3, fragment=True), events(GONE4))
        found = self.faults(CREATED, WHOLE[0], events(A3), events(B3), *WHOLE[2:])
        self.assertIn("atomic", {fault.split(":")[0] for fault in found})

    def test_resumable(self):
        self.breaks("resumable", CREATED, *WHOLE, start=3)
        self.breaks("resumable", CREATED, *WHOLE, Told("cancelled", 0, compact_revision=3, compacted=3))
        self.breaks("resumable", CREATED, Told("cancelled", 0, compact_revision=3, compacted=2))

    def test_reliable(self):
        self.breaks("reliable", CREATED, WHOLE[0], WHOLE[1], WHOLE[3])
        self.breaks("reliable", CREATED, *WHOLE[1:])

    def test_bookmarks(self):
        self.breaks("bookmarks", CREATED, WHOLE[0], Told("progress", 3))
        self.breaks("bookmarks", CREATED, *WHOLE, Told("progress", 5), Told("progress", 4))

    def test_previous(self):
        self.breaks("prev_kv", CREATED, WHOLE[0], events(A3, B3, previous=[None, None], compacted=2))
        self.breaks("prev_kv", CREATED, WHOLE[0], events(A3, B3, previous=[A2, A2]))
        self.breaks("prev_kv", CREATED, *WHOLE, options=Options(b"\0", b"\0"))

    def test_filters(self):
        self.breaks("filters", CREATED, WHOLE[0], WHOLE[1], options=Options(b"a", prev_kv=True))
        self.breaks("filters", CREATED, *WHOLE, options=Options(b"\0", b"\0", (1,), True))

    def test_truth(self):
        wrong = Change(2, b"a", False, b"other", 2, 1)
        self.breaks("true", CREATED, Told("events", 2, (wrong,), (None,)))
        self.breaks("true", CREATED, *WHOLE, acknowledged={2: [(b"a", b"other")]})
        self.breaks("true", CREATED, *WHOLE, acknowledged={6: [(b"a", b"6")]})


class Resuming(unittest.TestCase):
    def test_where_a_watcher_comes_back(self):
        for told, expected in [
            ([Told("created", 7)], 8), ([CREATED, events(A2)], 3), ([CREATED, events(A3, B3, fragment=True)], 3),
            ([CREATED, Told("progress", 5)], 6), ([CREATED, Told("cancelled", 0, compact_revision=4)], 4),
            ([CREATED, events(GONE4), Told("progress", 2)], 5),
        ]:
            watcher = Watcher("watcher", ALL, 0)
            watcher.begin()
            for answer in told:
                watcher.take(answer)
            self.assertEqual(watcher.next, expected)


if __name__ == "__main__":
    result = unittest.main(exit=False).result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
