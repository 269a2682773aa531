"""Holds what clients were told against what happened. Pure functions: `test_judge.py` shows that each lie is found.

What happened is what a watcher was told, revision after revision without a gap; other watchers, the members' contents
and what clients were answered must all agree with it."""

import bisect
import collections

SHOWN = 8


class History:
    """Events by revision, and each key's past."""

    def __init__(self, events):
        self.events = events
        self.by_revision = collections.defaultdict(list)
        self.by_key = collections.defaultdict(list)
        self.revisions_of = collections.defaultdict(list)
        for event in events:
            self.by_revision[event.revision].append(event)
            self.by_key[event.key].append(event)
            self.revisions_of[event.key].append(event.revision)

    def at(self, key, revision):
        """The last event of a key up to a revision, or None."""
        index = bisect.bisect_right(self.revisions_of[key], revision)
        return self.by_key[key][index - 1] if index else None

    def content(self):
        """What every key is in the end: (modification revision, value)."""
        content = {}
        for event in self.events:
            if event.value is None:
                content.pop(event.key, None)
            else:
                content[event.key] = (event.revision, event.value)
        return content


def unbroken(history, first, last):
    """Every revision changed something."""
    missing = [revision for revision in range(first, last + 1) if revision not in history.by_revision]
    return [f"no watcher was told of revision {revision}" for revision in missing[:SHOWN]]


def same_events(followers, told):
    """Every watcher was told the same."""
    faults = []
    for follower, events in zip(followers, told):
        faults += follower.faults
        for number, (expected, found) in enumerate(zip(told[0], events)):
            if expected != found:
                faults.append(f"{follower.name} was told {found} as event {number}, others {expected}")
                break
        if len(told[0]) != len(events):
            faults.append(f"{follower.name} was told {len(events)} events, others {len(told[0])}")
    return faults


def versions(history):
    """Creation revision and version of each event follow from the events before it."""
    faults, current = [], {}
    for event in history.events:
        if event.value is None:
            if current.pop(event.key, None) is None:
                faults.append(f"revision {event.revision} deletes {event.key}, which is not there")
            continue
        create, version = current.get(event.key, (event.revision, 0))
        current[event.key] = (create, version + 1)
        if (event.create, event.version) != current[event.key]:
            faults.append(f"{event} should have creation and version {current[event.key]}")
    return faults[:SHOWN]


def effects(history, operations):
    """Each acknowledged write is in the history as it was acknowledged, and each event is one write's."""
    faults, owners, used = [], {}, {}
    deletions = collections.Counter()
    keys = set()
    for one in operations:
        keys.add(one.key)
        if one.kind in ("put", "swap") and (one.end is None or one.kind == "put" or one.has_changed):
            owners[one.value] = one
        if one.kind == "delete" and (one.end is None or one.has_changed):
            deletions[one.key] += 1
        if one.end is None or one.kind.endswith("read"):
            continue
        before = history.at(one.key, one.revision - 1)
        there = history.by_revision.get(one.revision, ())
        if one.kind == "put" or one.has_changed:
            expected = None if one.kind == "delete" else one.value
            if not any(event.key == one.key and event.value == expected for event in there):
                faults.append(f"lost: {one} is not at its revision, which is {there}")
        if one.kind == "swap":
            # Held against the state before it, or, if it changed nothing, at its revision.
            state = before if one.has_changed else history.at(one.key, one.revision)
            modified = state.revision if state and state.value is not None else 0
            if modified != one.modified:
                faults.append(f"swap: {one} saw {one.modified}, but it was {modified}")
        if one.kind == "delete" and not one.has_changed:
            state = history.at(one.key, one.revision)
            if state and state.value is not None:
                faults.append(f"lost: {one} found nothing, but there was {state}")
    for event in history.events:
        if event.key not in keys:
            continue
        if event.value is None:
            deletions[event.key] -= 1
            if deletions[event.key] < 0:
                faults.append(f"nobody asked for {event}")
        elif event.value not in owners or owners[event.value].key != event.key:
            faults.append(f"nobody wrote {event}")
        elif event.value in used:
            faults.append(f"{event} was done before, at revision {used[event.value]}")
        else:
            used[event.value] = event.revision
    return faults[:SHOWN]


def reads(history, operations, last):
    """A read shows its key as it was at the revision that it names."""
    faults = []
    for one in operations:
        if one.end is None or not one.kind.endswith("read"):
            continue
        if one.revision > last:
            faults.append(f"{one} is from the future: {last} is the newest revision")
        state = history.at(one.key, one.revision)
        expected = (state.revision, state.value) if state and state.value is not None else (0, b"")
        if expected != (one.modified, one.value):
            faults.append(f"{one} should be {expected}")
    return faults[:SHOWN]


def order(history, operations):
    """What begins after something was answered comes after it: writes, and reads unless they may be stale. And what
    is seen was asked for before."""
    faults = []
    # Where each write is in the history, also those that were not acknowledged.
    place = {event.value: event.revision for event in history.events if event.value is not None}
    answered = sorted(
        (one.end, one.revision) for one in operations if one.end is not None and one.kind != "stale read")
    ends, newest, highest = [], [], 0
    for end, revision in answered:
        highest = max(highest, revision)
        ends.append(end)
        newest.append(highest)
    for one in operations:
        if one.kind == "stale read":
            continue
        revision = one.revision if one.end is not None else place.get(one.value) if one.value else None
        if revision is None:
            continue
        index = bisect.bisect_left(ends, one.start)
        seen = newest[index - 1] if index else 0
        is_write = one.kind == "put" or one.kind != "read" and (one.has_changed or one.end is None)
        if revision < seen or (is_write and revision == seen):
            faults.append(f"{one} is at {revision}, though {seen} was known before it began")
    # No answer knows of a write that had not begun.
    begun = {}
    for one in operations:
        if one.kind in ("put", "swap") and one.value in place:
            begun[place[one.value]] = one.start
    starts = sorted(begun.items())
    revisions = [revision for revision, _ in starts]
    for one in operations:
        if one.end is None:
            continue
        index = bisect.bisect_right(revisions, one.revision)
        if index and starts[index - 1][1] > one.end:
            faults.append(f"{one} knows of revision {one.revision} before it was asked for")
    return faults[:SHOWN]


def same_content(history, contents):
    """Every member has what the history leads to."""
    faults, expected = [], history.content()
    for name, content in contents.items():
        wrong = [key for key in expected.keys() | content.keys() if expected.get(key) != content.get(key)]
        for key in sorted(wrong)[:3]:
            faults.append(f"{name} has {content.get(key)} at {key}, should have {expected.get(key)}")
    return faults


def verdict(operations, followers, first, last, contents):
    """Everything that is wrong up to a revision; nothing, if all is well. `contents` are the members' keys at that
    revision."""
    told = [[event for event in follower.events if event.revision <= last] for follower in followers]
    history = History(told[0])
    return (
        same_events(followers, told) + unbroken(history, first, last) + versions(history)
        + effects(history, operations) + reads(history, operations, last) + order(history, operations)
        + same_content(history, contents))
