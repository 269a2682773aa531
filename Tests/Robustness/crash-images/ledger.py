"""What clients did, and whether a store that was opened after a crash agrees.

The load's client writes one JSON object a line:

    {"time": 123, "revision": 7, "key": "azE=", "value": "djE="}   answered; time: CLOCK_MONOTONIC, nanoseconds
    {"time": 125, "revision": 8, "key": "azE=", "value": null}     a delete
    {"key": "azI=", "value": "djI="}                               sent, never answered

Keys and values are base64. Changes of one transaction share a revision. Time is taken after the answer has come.
"""

import bisect
import json


class Ledger:
    def __init__(self, path: str):
        self.revisions: dict[int, dict[str, str | None]] = {}
        self.unanswered: dict[str, set] = {}
        acknowledged = []
        with open(path) as file:
            for line in file:
                entry = json.loads(line)
                if "revision" in entry:
                    self.revisions.setdefault(entry["revision"], {})[entry["key"]] = entry["value"]
                    acknowledged.append((entry["time"], entry["revision"]))
                else:
                    self.unanswered.setdefault(entry["key"], set()).add(entry["value"])
        acknowledged.sort()
        self.times = [time for time, _ in acknowledged]
        self.highest = []  # the highest revision acknowledged up to each time
        for _, revision in acknowledged:
            self.highest.append(max(revision, self.highest[-1] if self.highest else 0))
        self.keys: dict[str, list] = {}  # of each key: (revision, value) in order
        for revision in sorted(self.revisions):
            for key, value in self.revisions[revision].items():
                self.keys.setdefault(key, []).append((revision, value))
        self.first = min(self.revisions, default=0)

    def required(self, time: int) -> int:
        """The highest revision that had been acknowledged at a time; 0 if none."""
        count = bisect.bisect_right(self.times, time)
        return self.highest[count - 1] if count else 0

    def complaints(self, time: int, revision: int, live: dict[str, tuple[int, str]]) -> list[str]:
        """What is wrong with a store that holds `live` (key: revision and value) at `revision`, if it comes from a
        crash at `time`."""
        found = []
        required = self.required(time)
        if revision < required:
            found.append(f"revision {required} was acknowledged, the store is at {revision}")
        if not self.revisions:
            return found
        gaps = {r for r in range(self.first, revision + 1) if r not in self.revisions}
        for key, (modified, value) in live.items():
            if modified > revision:
                found.append(f"key {key} has revision {modified}, the store only {revision}")
            elif modified in self.revisions:
                if key not in self.revisions[modified]:
                    found.append(f"key {key} was not written by revision {modified}")
                elif self.revisions[modified][key] != value:
                    found.append(f"key {key} has another value than revision {modified} gave it")
                elif (latest := self._at(key, revision)[0]) != modified:
                    found.append(f"key {key} is at revision {modified}, revision {latest} of it is lost")
            elif modified in gaps and value in self.unanswered.get(key, ()):
                if self._at(key, revision)[0] > modified:
                    found.append(f"key {key} is at revision {modified}, a later one of it is lost")
            else:
                found.append(f"key {key} has revision {modified}, which nobody wrote")
        for key in self.keys:
            latest, value = self._at(key, revision)
            if value is not None and key not in live and not (gaps and None in self.unanswered.get(key, ())):
                found.append(f"key {key}, written by revision {latest}, is missing")
        return found

    def _at(self, key: str, revision: int) -> tuple[int, str | None]:
        versions = self.keys.get(key, [])
        index = bisect.bisect_right(versions, revision, key=lambda version: version[0])
        return versions[index - 1] if index else (0, None)
