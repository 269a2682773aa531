"""Where raftkv and etcd 3.5.1 are known to differ, each with its reason. Nothing else may.

A difference is explained only while the answers are otherwise as expected, so each rule is as narrow as it can be;
every use is counted and printed."""

import collections

from normaliser import shown
from stubs import rpc
from ties import without_ties

KNOWN = {
    "order of key-values that sort alike":
        "etcd sorts with an algorithm that leaves equal elements in no particular order once there are more than a dozen; "
        "raftkv keeps them in the order of their keys.",
    "tombstone at the compact revision":
        "etcd 3.5.1 drops a deletion at exactly the revision that is compacted (fixed in 3.5.16), so a watch from there "
        "misses it; raftkv keeps it.",
    "progress before it is true":
        "etcd 3.5.1 answers a progress request at once whatever the watchers have been told (fixed in 3.5.8); raftkv, as "
        "etcd 3.6, is silent while a watcher of the stream is behind or waits for the future, and when there is none.",
    "second end of a watcher that compaction ended":
        "etcd keeps the id of a watcher that it cancelled because of compaction: a cancel of it is answered again, and the "
        "id cannot be used before. In raftkv the watcher is gone at once.",
    "HashKV at the compact revision":
        "etcd 3.5.1 refuses it as compacted, although that revision can be read; later releases answer, as raftkv does.",
}


class Explanations:
    """Decides what is explained, and counts it."""

    def __init__(self):
        self.used = collections.Counter()

    def _use(self, name):
        assert name in KNOWN
        self.used[name] += 1

    def call(self, request, reference, subject, granted):
        """Whether the outcomes of a call, which differ, may. `granted` has the leases whose ids each server chose."""
        if _is_hash_at_compact_revision(request, reference, subject):
            self._use("HashKV at the compact revision")
            return True
        if reference.answer is None or subject.answer is None:
            return False
        texts = [
            shown(without_ties(request, outcome.answer), ids) for outcome, ids in zip([reference, subject], granted)]
        if texts[0] == texts[1]:
            self._use("order of key-values that sort alike")
            return True
        return False

    def events(self, reference, subject, compacted):
        """The subject's events of a watcher without those that etcd is known to miss."""
        if len(subject) <= len(reference):
            return subject
        there = {(event.kv.mod_revision, event.kv.key) for event in reference}
        kept = [
            event for event in subject
            if event.type == 0 or event.kv.mod_revision not in compacted
            or (event.kv.mod_revision, event.kv.key) in there
        ]
        return kept

    def used_tombstone(self, count):
        self.used["tombstone at the compact revision"] += count

    def second_end(self):
        self._use("second end of a watcher that compaction ended")

    def silence(self, has_future_or_none):
        """Whether no answer to a progress request may be, where etcd gave one."""
        if has_future_or_none:
            self._use("progress before it is true")
        return has_future_or_none


def _is_hash_at_compact_revision(request, reference, subject):
    return (
        isinstance(request, rpc.HashKVRequest)
        and reference.error is not None and "has been compacted" in reference.error
        and subject.answer is not None and request.revision == subject.answer.compact_revision
    )
