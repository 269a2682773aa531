#!/usr/bin/env python3
"""What a watch cache lets pass, and what it does not: each fault that it is there to find is put before it."""

import os
import sys
import time
import unittest
from types import SimpleNamespace

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from servers import use_venv  # noqa: E402

use_venv()

from pyetcd import etcdrpc as rpc  # noqa: E402

import shapes  # noqa: E402
from model import Ledger, Object, Violations  # noqa: E402
from watch_cache import WatchCache  # noqa: E402

PODS = shapes.RESOURCES[0]
A, B = PODS.key(1), PODS.key(2)


def kv(response, field, key, value):
    target = getattr(response, field)
    target.key, target.mod_revision = key, value.mod
    target.create_revision, target.version = value.create, value.version
    target.value, target.lease = value.value, value.lease


class Case(unittest.TestCase):
    def setUp(self):
        self.violations = Violations()
        self.violations.KEPT = 0
        self.ledger = Ledger(shapes.RESOURCES)
        server = SimpleNamespace(name="test", violations=self.violations, ledger=self.ledger, trusts_progress=True)
        self.cache = WatchCache(server, PODS)
        self.cache.objects = {A: Object(5, 5, 1, b"a", 0)}
        self.cache.revision = self.cache.start = self.cache.promised = 10

    def send(self, *changes):
        """One response; each change is a key, what was there before and what is there after, and a revision."""
        response = rpc.WatchResponse()
        for key, before, after, revision in changes:
            event = response.events.add()
            if after is None:
                event.type = 1
                event.kv.key, event.kv.mod_revision = key, revision
            else:
                kv(event, "kv", key, after)
            if before is not None:
                kv(event, "prev_kv", key, before)
        response.header.revision = changes[-1][3]
        self.cache.take(response)

    def update(self, revision=11, version=2, value=b"b", create=5):
        return (A, Object(5, 5, 1, b"a", 0), Object(create, revision, version, value, 0), revision)

    def test_what_is_right(self):
        second = Object(5, 11, 2, b"b", 0)
        self.send(self.update())
        self.send((A, second, None, 12), (B, None, Object(13, 13, 1, b"c", 0), 13))
        self.assertEqual(self.violations.count, 0)
        self.assertEqual(self.cache.at(10), {A: Object(5, 5, 1, b"a", 0)})
        self.assertEqual(self.cache.at(11), {A: second})
        self.assertEqual(self.cache.at(12), {})
        self.assertEqual(self.cache.at(13), {B: Object(13, 13, 1, b"c", 0)})
        self.assertIsNone(self.cache.at(9))

    def found(self, *responses):
        for changes in responses:
            self.send(*changes)
        self.assertGreater(self.violations.count, 0)

    def test_an_event_is_missed(self):
        self.found([self.update(revision=12, version=3)])

    def test_an_event_comes_twice(self):
        self.found([self.update()], [self.update()])

    def test_an_event_comes_late(self):
        self.found([(B, None, Object(13, 13, 1, b"c", 0), 13)], [self.update()])

    def test_a_value_before_is_wrong(self):
        self.found([(A, Object(5, 6, 2, b"z", 0), Object(5, 11, 3, b"b", 0), 11)])

    def test_a_value_before_is_missing(self):
        self.found([(A, None, Object(5, 11, 2, b"b", 0), 11)])

    def test_what_is_not_there_is_deleted(self):
        self.found([(B, None, None, 11)])

    def test_an_event_comes_after_a_promise(self):
        self.cache.promised = 15
        self.found([self.update()])

    def test_a_lease_ends_early(self):
        self.ledger.note_lease(7, time.monotonic(), 1000)
        leased = Object(5, 5, 1, b"a", 7)
        self.cache.objects[A] = leased
        self.found([(A, leased, None, 11)])

    def test_acknowledged_writes(self):
        self.send(self.update())
        writes = {11: (A, b"b")}
        self.assertEqual(self.cache.missing(writes, 11), [])
        self.assertEqual(len(self.cache.missing({11: (A, b"other")}, 11)), 1)
        self.assertEqual(len(self.cache.missing({**writes, 12: (B, b"c")}, 12)), 1)
        # Not asked for yet, listed before, or never written.
        self.assertEqual(self.cache.missing({**writes, 12: (B, b"c")}, 11), [])
        self.assertEqual(self.cache.missing({**writes, 9: (B, b"c")}, 11), [])
        self.assertEqual(len(self.cache.missing({}, 11)), 1)
        self.cache.forget(11)
        self.assertEqual(self.cache.missing({}, 11), [])

    def test_a_revision_given_twice(self):
        for key in (A, B):
            self.ledger.acknowledge(PODS, 11, key, b"", self.violations)
        self.assertEqual(self.violations.count, 1)


if __name__ == "__main__":
    result = unittest.main(exit=False).result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
