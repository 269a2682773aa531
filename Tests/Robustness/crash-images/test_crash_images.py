#!/usr/bin/env python3
"""Tests the tools with a stand-in store: what is right passes, what is wrong in one way is found."""

import base64
import json
import os
import subprocess
import sys
import tempfile
import unittest

import trace
from disk import Choice, Disk
from ledger import Ledger

HERE = os.path.dirname(os.path.abspath(__file__))
TOOL = [sys.executable, os.path.join(HERE, "crash_images.py")]
STAND_IN = [sys.executable, "-S", os.path.join(HERE, "stand_in.py")]


def encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class StandIn(unittest.TestCase):
    def run_with(self, flaw: str, *options: str, flaw_of_dump="none") -> subprocess.CompletedProcess:
        with tempfile.TemporaryDirectory() as directory:
            root, record, acks = (os.path.join(directory, name) for name in ("root", "trace", "acks"))
            os.mkdir(root)
            where = ["--root", root, "--trace", record]
            subprocess.run([*TOOL, "record", *where, "--", *STAND_IN, "run", root, acks, "120", flaw], check=True)
            verified = subprocess.run([*TOOL, "verify", *where], capture_output=True, text=True)
            self.assertEqual(verified.returncode, 0, verified.stdout)
            command = " ".join([*STAND_IN, "dump", "{dir}", flaw_of_dump])
            return subprocess.run(
                [*TOOL, "check", *where, "--acks", acks, "--open", command, "--work", directory, *options],
                capture_output=True,
                text=True,
            )

    def test_a_correct_store_passes(self):
        result = self.run_with("none", "--images", "120")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn(": 0 failed", result.stdout)

    def test_a_missing_sync_is_found(self):
        result = self.run_with("no-sync", "--images", "0", "--mode", "synced", "--failures", "1")
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn("revision 50 was acknowledged, the store is at 49", result.stdout)

    def test_a_rename_before_the_sync_is_found(self):
        result = self.run_with("no-sync-before-rename", "--images", "0", "--mode", "synced", "--failures", "1")
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn("revision 60 was acknowledged, the store is at 1", result.stdout)


    def test_a_crash_while_opening_passes(self):
        result = self.run_with("none", "--images", "10", "--again", "5")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("10 images", result.stdout)
        self.assertIn("and 50 of second crashes", result.stdout)

    def test_an_unsafe_opening_is_found(self):
        result = self.run_with("none", "--images", "10", "--again", "5", flaw_of_dump="rewrite-in-place")
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assertRegex(result.stdout, r"image \d+-\d .*, then event [23] of 5, ")
        self.assertIn("was acknowledged, the store is at 1", result.stdout)


class Model(unittest.TestCase):
    """The disk model, fed by hand."""

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.root = os.path.join(self.directory.name, "root")
        os.mkdir(self.root)
        self.disk = Disk(self.root, os.path.join(self.directory.name, "disk"))
        self.images = 0

    def event(self, kind, handle=1, a=0, b=0, payload=b"", flags=0):
        self.disk.apply(trace.Event(kind, flags, 0, handle, a, b, memoryview(payload)))

    def path(self, name):
        return os.path.join(self.disk.root, name).encode()

    def image(self, mode, seed=0):
        self.images += 1
        directory = os.path.join(self.directory.name, f"image-{self.images}")
        choice = Choice(seed, mode)
        choice.order(self.disk)
        self.disk.image(directory, choice)
        found = {}
        for name in os.listdir(directory):
            with open(os.path.join(directory, name), "rb") as file:
                found[name] = file.read()
        return found

    def sync(self, handle=1):
        self.event(trace.SYNC_BEGIN, handle, b=9)
        self.event(trace.SYNC_END, handle, b=9)

    def create(self, name="file", handle=1, flags=os.O_CREAT | os.O_RDWR):
        self.event(trace.OPEN, handle, a=flags, payload=self.path(name))

    def test_only_synced_data_is_sure(self):
        self.create()
        self.event(trace.WRITE, payload=b"one")
        self.assertEqual(self.image("synced"), {})
        self.assertEqual(self.image("killed"), {"file": b"one"})
        self.sync()
        self.event(trace.WRITE, a=3, payload=b"two")
        self.assertEqual(self.image("synced"), {"file": b"one"})
        self.assertEqual(self.image("killed"), {"file": b"onetwo"})

    def test_what_was_there_before_is_durable(self):
        before = os.path.join(self.directory.name, "before")
        os.makedirs(before)
        for name in ("file", "other"):
            with open(os.path.join(before, name), "w") as file:
                file.write("old")
        self.disk.adopt(before)
        self.create(flags=os.O_RDWR)
        self.event(trace.WRITE, payload=b"new")
        self.event(trace.UNLINK, payload=self.path("other"))
        self.assertEqual(self.image("killed"), {"file": b"new"})
        self.assertEqual(self.image("synced"), {"file": b"old", "other": b"old"})

    def test_a_sync_covers_what_was_written_before_it_began(self):
        self.create()
        self.event(trace.WRITE, payload=b"one")
        self.event(trace.SYNC_BEGIN, b=5)
        self.event(trace.WRITE, a=3, payload=b"two")
        self.event(trace.SYNC_END, b=5)
        self.assertEqual(self.image("synced"), {"file": b"one"})

    def test_a_failed_sync_covers_nothing(self):
        self.create()
        self.event(trace.WRITE, payload=b"one")
        self.event(trace.SYNC_BEGIN, b=5)
        self.event(trace.SYNC_END, b=5, flags=1)
        self.assertEqual(self.image("synced"), {})

    def test_a_synchronous_write_is_its_own_sync(self):
        self.create()
        self.sync()
        self.event(trace.WRITE, a=4096, payload=b"data")
        self.event(trace.OPEN, 2, a=os.O_RDWR | os.O_DSYNC, payload=self.path("file"))
        self.event(trace.WRITE, 2, payload=b"meta", b=7)
        self.assertEqual(self.image("synced"), {"file": b""})
        self.event(trace.SYNC_END, 2, b=7)
        self.assertEqual(self.image("synced"), {"file": b"meta"})

    def test_metadata_happens_in_order(self):
        self.create("a", 1)
        self.create("b", 2)
        self.event(trace.RENAME, 0, payload=self.path("a") + b"\0" + self.path("c"))
        allowed = [set(), {"a"}, {"a", "b"}, {"b", "c"}]
        seen = [set(self.image("writes", seed)) for seed in range(60)]
        self.assertTrue(all(names in allowed for names in seen))
        self.assertTrue(all(names in seen for names in allowed))
        self.sync(2)
        self.assertEqual(set(self.image("synced")), {"a", "b"})

    def test_a_sector_holds_what_it_held_at_one_moment(self):
        self.create()
        self.event(trace.ALLOCATE, a=0, b=1024)
        self.sync()
        self.event(trace.WRITE, a=500, payload=b"a" * 24)
        self.event(trace.WRITE, a=508, payload=b"b" * 8)
        first = {bytes(12), b"a" * 12, b"a" * 8 + b"b" * 4}
        second = {bytes(12), b"a" * 12, b"b" * 4 + b"a" * 8}
        images = [self.image(mode, seed)["file"][500:524] for mode in ("sectors", "writes") for seed in range(80)]
        self.assertEqual({image[:12] for image in images}, first)
        self.assertEqual({image[12:] for image in images}, second)
        self.assertGreater(len(set(images)), 5)

    def test_holes_and_lengths(self):
        self.create()
        self.event(trace.WRITE, payload=b"x" * 10000)
        self.sync()
        self.event(trace.ALLOCATE, a=4096, b=4096, flags=3)
        self.assertEqual(self.image("synced"), {"file": b"x" * 10000})
        punched = b"x" * 4096 + bytes(4096) + b"x" * 1808
        self.assertEqual(self.image("killed"), {"file": punched})
        self.sync()
        self.assertEqual(self.image("synced"), {"file": punched})
        self.event(trace.RESIZE, a=100)
        self.event(trace.WRITE, a=200, payload=b"y")
        self.assertEqual(self.image("synced"), {"file": punched})
        self.assertEqual(self.image("killed"), {"file": b"x" * 100 + bytes(100) + b"y"})
        self.sync()
        self.assertEqual(self.image("synced"), {"file": b"x" * 100 + bytes(100) + b"y"})


class Interposer(unittest.TestCase):
    def test_every_way_to_write_is_recorded(self):
        program = """if True:
            import os, sys
            os.chdir(sys.argv[1])
            a = os.open("a", os.O_RDWR | os.O_CREAT)
            os.write(a, b"1234"); os.writev(a, [b"56", b"78"]); os.pwrite(a, b"x", 100); os.pwritev(a, [b"y"], 200)
            os.lseek(a, 50, 0); os.write(a, b"at 50")
            b = os.open("b", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.write(b, b"one"); os.write(b, b"two"); os.ftruncate(b, 5); os.posix_fallocate(b, 0, 5000)
            c = os.open("c", os.O_WRONLY | os.O_CREAT | os.O_DSYNC)
            os.pwrite(c, b"meta", 10); os.write(c, b"head")
            d = os.dup(c); os.close(c); os.pwrite(d, b"more", 30)
            os.mkdir("dir"); os.rename("b", "dir/b"); open("dir/e", "wb", 0).write(b"e"); os.unlink("dir/e")
            f = os.open("dir/b", os.O_WRONLY | os.O_TRUNC); os.write(f, b"anew")
            top = os.open("dir", os.O_RDONLY | os.O_DIRECTORY)
            os.rename("g" if os.path.exists("g") else "a", "h", dst_dir_fd=top)
            os.mkdir("gone"); os.rmdir("gone"); os.fsync(f); os.fdatasync(top)
        """
        with tempfile.TemporaryDirectory() as directory:
            root, record = os.path.join(directory, "root"), os.path.join(directory, "trace")
            os.mkdir(root)
            where = ["--root", root, "--trace", record]
            subprocess.run([*TOOL, "record", *where, "--", sys.executable, "-c", program, root], check=True)
            result = subprocess.run([*TOOL, "verify", *where], capture_output=True, text=True)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            self.assertEqual(sorted(os.listdir(root)), ["c", "dir"])
            kinds = {event.type for event in trace.read(record)}
            self.assertEqual(kinds, set(range(trace.OPEN, trace.RMDIR + 1)))
            with open(os.path.join(root, "c"), "ab") as file:
                file.write(b"behind its back")
            self.assertEqual(subprocess.run([*TOOL, "verify", *where], capture_output=True).returncode, 1)

    def test_a_full_trace_stops(self):
        with tempfile.TemporaryDirectory() as directory:
            root, record = os.path.join(directory, "root"), os.path.join(directory, "trace")
            os.mkdir(root)
            where = ["--root", root, "--trace", record, "--limit", "5000"]
            acks = os.path.join(directory, "acks")
            subprocess.run([*TOOL, "record", *where, "--", *STAND_IN, "run", root, acks, "50", "none"], check=True)
            self.assertLess(os.path.getsize(record), 5100)
            self.assertGreater(sum(1 for _ in trace.read(record)), 10)


class LedgerRules(unittest.TestCase):
    def ledger(self, *lines):
        with tempfile.NamedTemporaryFile("w") as file:
            for line in lines:
                file.write(json.dumps(line) + "\n")
            file.flush()
            return Ledger(file.name)

    def put(self, revision, key, value, at=None):
        value = value if value is None else encode(value)
        return {"time": at or revision * 10, "revision": revision, "key": encode(key), "value": value}

    def live(self, **keys):
        return {encode(key): (revision, encode(value)) for key, (revision, value) in keys.items()}

    def setUp(self):
        self.acks = self.ledger(
            self.put(2, "a", "1"), self.put(3, "b", "1"), self.put(4, "a", "2"), self.put(5, "b", None),
            self.put(6, "c", "1"), {"key": encode("d"), "value": encode("9")},
        )

    def test_states_that_may_be(self):
        for revision, live in [
            (1, {}), (2, self.live(a=(2, "1"))), (3, self.live(a=(2, "1"), b=(3, "1"))),
            (5, self.live(a=(4, "2"))), (6, self.live(a=(4, "2"), c=(6, "1"))),
            (7, self.live(a=(4, "2"), c=(6, "1"), d=(7, "9"))),
        ]:
            self.assertEqual(self.acks.complaints(revision * 10 if revision > 1 else 0, revision, live), [])

    def test_states_that_may_not_be(self):
        for time_, revision, live, word in [
            (30, 2, self.live(a=(2, "1")), "acknowledged"),
            (0, 3, self.live(b=(3, "1")), "missing"),
            (0, 2, self.live(a=(2, "2")), "another value"),
            (0, 4, self.live(a=(2, "1"), b=(3, "1")), "is lost"),
            (0, 5, self.live(a=(4, "2"), b=(3, "1")), "is lost"),
            (0, 2, self.live(a=(3, "1")), "only 2"),
            (0, 2, self.live(a=(2, "1"), z=(2, "1")), "was not written by"),
            (0, 7, self.live(a=(4, "2"), c=(6, "1"), d=(7, "8")), "nobody wrote"),
        ]:
            complaints = self.acks.complaints(time_, revision, live)
            self.assertEqual(len(complaints), 1, complaints)
            self.assertIn(word, complaints[0])


if __name__ == "__main__":
    result = unittest.main(exit=False).result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
