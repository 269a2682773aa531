#!/usr/bin/env python3
"""Tests what the differential test is made of: operations that are printed and read, shrinking, and what is explained."""

import os
import random
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from servers import use_venv  # noqa: E402

use_venv()

from generator import Generator  # noqa: E402
from known_differences import Explanations  # noqa: E402
from normaliser import Outcome  # noqa: E402
from operations import CURRENT, INT64_MAX, Operation, read, resolved  # noqa: E402
from shrinker import shrink  # noqa: E402
from stubs import rpc  # noqa: E402


def generated(seed, count=400):
    return list(Generator(random.Random(seed)).operations(count))


class Operations(unittest.TestCase):
    def test_text_is_read_back(self):
        operations = generated(1)
        text = "\n".join(operation.text() for operation in operations)
        self.assertEqual(read(text), operations)
        self.assertIn("current-", text)

    def test_a_seed_repeats_itself(self):
        self.assertEqual(generated(2), generated(2))
        self.assertNotEqual(generated(2), generated(3))

    def test_symbols(self):
        request = rpc.TxnRequest(success=[rpc.RequestOp(request_range=rpc.RangeRequest(key=b"a", revision=CURRENT - 2, limit=INT64_MAX))])
        found = resolved(request, lambda symbol, distance: 10 + distance).success[0].request_range
        self.assertEqual((found.revision, found.limit), (8, INT64_MAX))


class Shrinking(unittest.TestCase):
    def test_what_matters_stays(self):
        operations = [Operation("Put", rpc.PutRequest(key=b"%d" % n, value=b"x" * 40, prev_kv=True)) for n in range(60)]

        def fails(candidate):
            keys = [operation.message.key for operation in candidate]
            return b"7" in keys and b"50" in keys and any(operation.message.prev_kv for operation in candidate)

        found = shrink(operations, fails, 30)
        self.assertEqual([operation.message.key for operation in found], [b"7", b"50"])
        self.assertEqual([len(operation.message.value) for operation in found], [0, 0])
        self.assertEqual(sum(operation.message.prev_kv for operation in found), 1)


class Explaining(unittest.TestCase):
    def is_explained(self, request, first, second):
        return Explanations().call(request, Outcome(answer=first), Outcome(answer=second), [[], []])

    def answer(self, *keys, more=False):
        return rpc.RangeResponse(kvs=[dict(key=key, version=version) for key, version in keys], more=more)

    def test_ties(self):
        request = rpc.RangeRequest(key=b"a", sort_target=1)
        self.assertTrue(self.is_explained(request, self.answer((b"b", 1), (b"a", 1)), self.answer((b"a", 1), (b"b", 1))))
        self.assertFalse(self.is_explained(request, self.answer((b"b", 1), (b"a", 2)), self.answer((b"a", 2), (b"b", 1))))
        self.assertFalse(self.is_explained(request, self.answer((b"b", 1)), self.answer((b"a", 1))))
        self.assertTrue(self.is_explained(
            request, self.answer((b"a", 1), (b"b", 2), more=True), self.answer((b"a", 1), (b"c", 2), more=True)))
        self.assertFalse(self.is_explained(
            request, self.answer((b"a", 1), (b"b", 2), more=True), self.answer((b"c", 1), (b"b", 2), more=True)))
        by_key = rpc.RangeRequest(key=b"a", sort_target=0)
        self.assertFalse(self.is_explained(by_key, self.answer((b"b", 1), (b"a", 1)), self.answer((b"a", 1), (b"b", 1))))
        nested = rpc.TxnRequest(failure=[rpc.RequestOp(request_range=request)])
        first, second = [rpc.TxnResponse(responses=[rpc.ResponseOp(response_range=self.answer(*keys))])
                         for keys in [((b"b", 1), (b"a", 1)), ((b"a", 1), (b"b", 1))]]
        self.assertTrue(self.is_explained(nested, first, second))

    def test_tombstones(self):
        def event(kind, revision):
            return dict(type=kind, kv=dict(key=b"a", mod_revision=revision))

        events = rpc.WatchResponse(events=[event(1, 4), event(0, 5), event(1, 6)]).events
        explain = Explanations().events
        self.assertEqual(explain(events[1:], events, {4}), list(events[1:]))
        for reference, compacted in [(events[1:], {6}), (events[:1] + events[2:], {5})]:
            self.assertNotEqual(list(explain(reference, events, compacted)), list(reference))

    def test_hash_at_compact_revision(self):
        refusal = Outcome(error="OUT_OF_RANGE: etcdserver: mvcc: required revision has been compacted")
        answer = Outcome(answer=rpc.HashKVResponse(compact_revision=4))
        for revision, is_explained in [(4, True), (3, False), (5, False)]:
            request = rpc.HashKVRequest(revision=revision)
            self.assertEqual(Explanations().call(request, refusal, answer, [[], []]), is_explained)
            self.assertFalse(Explanations().call(request, answer, refusal, [[], []]))


if __name__ == "__main__":
    result = unittest.main(exit=False).result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
