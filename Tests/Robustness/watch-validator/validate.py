"""The guarantees of a watch, checked on what watchers were told against what happened.

  ordered     events come in the order of revisions, and one revision's in the same order for everyone
  unique      no event is told twice
  atomic      a revision's events come in one answer, unless fragments were asked for
  resumable   a watcher is told what it asked for: nothing from before its start, everything from it on
  reliable    no event is missing between the start and the newest revision that the watcher knows of
  bookmarks   progress at R means that everything up to R was told before
  prev_kv     is what the key was before, and missing only if there was nothing or it is compacted
  filters     only kinds of events, and keys, that were asked for
  true        every event is what happened
"""

import collections


class Validator:
    """Checks watchers against a history, and keeps the order of each revision's events, which the history does not
    have. `acknowledged` has what clients know of it. `dropped` are revisions whose deletions the server is known to
    forget."""

    def __init__(self, history, acknowledged, dropped=()):
        self.history = history
        self.dropped = frozenset(dropped)
        self.faults = []
        self.checked = collections.Counter()
        self.order = {}
        for revision, changes in acknowledged.items():
            self.check_acknowledged(revision, changes)

    def fault(self, rule, text):
        self.faults.append(f"{rule}: {text}")

    def check_acknowledged(self, revision, changes):
        """What was answered must have happened, and nothing else at that revision."""
        found = self.history.changes.get(revision)
        if found is None or {key: None if change.is_delete else change.value for key, change in found.items()} != dict(changes):
            self.fault("true", f"revision {revision} is not what was acknowledged: {short(changes)}, but {short(found)}")
        self.order[revision] = [key for key, _ in changes]
        self.checked["acknowledged"] += 1

    def check(self, watcher):
        for number, segment in enumerate(watcher.segments):
            self.check_segment(f"{watcher.name}, connection {number}", watcher.options, segment)

    def check_segment(self, name, options, segment):
        start = segment.start
        # The last revision told, and whether more of it may follow.
        last, is_open = 0, False
        # The last revision of which it was said that it is complete, and the last that was checked to be.
        confirmed = checked = 0
        told = {}
        is_created = is_cancelled = False
        for answer in segment.told:
            self.checked[answer.kind] += 1
            if is_cancelled or is_created == (answer.kind == "created"):
                self.fault("ordered", f"{name}: {answer.kind} at {answer.revision} comes "
                                      + ("after the end" if is_cancelled else "out of its place"))
            if answer.kind == "created":
                is_created = True
                start = start or answer.revision + 1
            elif answer.kind == "cancelled":
                is_cancelled = True
                position = max(start, last if is_open else last + 1, confirmed + 1)
                if not position < answer.compact_revision <= answer.compacted:
                    self.fault("resumable", f"{name}: cancelled at {position} for compaction at {answer.compact_revision}")
            elif answer.kind == "progress":
                if answer.revision < confirmed:
                    self.fault("bookmarks", f"{name}: progress goes back from {confirmed} to {answer.revision}")
                confirmed = max(confirmed, answer.revision)
                self.check_complete(name, options, max(start, checked + 1), answer.revision, told, "bookmarks")
                checked = max(checked, answer.revision)
            else:
                for change, previous in zip(answer.changes, answer.previous):
                    if change.revision < last or change.revision == last and not is_open:
                        rule = "unique" if (change.revision, change.key) in told else "ordered"
                        self.fault(rule, f"{name}: {change.revision} comes after {last}")
                    elif (change.revision, change.key) in told:
                        self.fault("unique", f"{name}: {change.key} of {change.revision} is told twice")
                    if change.revision <= confirmed:
                        self.fault("bookmarks", f"{name}: {change.revision} comes after progress at {confirmed}")
                    if change.revision < start:
                        self.fault("resumable", f"{name}: {change.revision} is before the start at {start}")
                    self.check_change(name, options, change, previous, answer.compacted)
                    last, is_open = change.revision, True
                    told[change.revision, change.key] = change
                is_open = answer.fragment
                if answer.fragment and not options.fragment:
                    self.fault("atomic", f"{name}: a fragment that was not asked for")
                if answer.revision < last:
                    self.fault("ordered", f"{name}: an event of {last} under a header of {answer.revision}")
                if not answer.fragment:
                    self.check_whole(name, options, told, {change.revision for change in answer.changes})
        complete = last - 1 if is_open else last
        self.check_complete(name, options, max(start, checked + 1), max(complete, confirmed), told, "reliable")
        self.check_order(name, told)

    def check_change(self, name, options, change, previous, compacted):
        self.checked["changes"] += 1
        happened = self.history.changes.get(change.revision, {}).get(change.key)
        if happened != change:
            self.fault("true", f"{name}: told {short(change)}, but it was {short(happened)}")
            return
        if not options.wants(change):
            self.fault("filters", f"{name}: {short(change)} was not asked for")
        before = self.history.previous[change.revision, change.key]
        if not options.prev_kv:
            if previous is not None:
                self.fault("prev_kv", f"{name}: {short(change)} has one that was not asked for")
        elif previous != before and not (previous is None and change.revision <= compacted):
            self.fault("prev_kv", f"{name}: {short(change)} has {short(previous)}, but before it was {short(before)}")

    def check_whole(self, name, options, told, revisions):
        """Each revision that an answer closes is there as a whole."""
        for revision in revisions:
            for change in self.history.changes.get(revision, {}).values():
                if self.is_due(options, change) and (revision, change.key) not in told:
                    self.fault("atomic", f"{name}: {short(change)} is missing from its revision")

    def check_complete(self, name, options, first, revision, told, rule):
        """Everything from one revision to another was told."""
        for change in self.history.between(first, revision):
            if self.is_due(options, change) and (change.revision, change.key) not in told:
                self.fault(rule, f"{name}: {short(change)} was not told, though {revision} is known")

    def is_due(self, options, change):
        return options.wants(change) and not (change.is_delete and change.revision in self.dropped)

    def check_order(self, name, told):
        by_revision = collections.defaultdict(list)
        for revision, key in told:
            by_revision[revision].append(key)
        for revision, keys in by_revision.items():
            order = self.order.get(revision)
            if order is None or len(order) < len(keys) and set(order) <= set(keys):
                if order is not None and [key for key in keys if key in order] != order:
                    self.fault("ordered", f"{name}: {revision} is told as {keys}, elsewhere as {order}")
                self.order[revision] = keys
            elif [key for key in order if key in keys] != [key for key in keys if key in order]:
                self.fault("ordered", f"{name}: {revision} is told as {keys}, elsewhere as {order}")


def short(what):
    text = repr(what)
    return text if len(text) <= 240 else text[:240] + "…"
