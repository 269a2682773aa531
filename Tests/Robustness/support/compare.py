"""Runs the same steps against etcd and raftkv and counts where their answers differ."""

import argparse
import difflib

from servers import Folder, Server, program, raftkv


def arguments(description):
    """The command line that the comparison scripts share."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--raftkv", metavar="PATH", help="the program to test (default: $RAFTKV, or the release build)")
    parser.add_argument(
        "--etcd-twice", action="store_true", help="compare etcd with itself: shows that the comparison is fair")
    parser.add_argument("--verbose", action="store_true", help="print every case, not only those that differ")
    return parser.parse_args()


def pair(options, folder, name, flags=()):
    """etcd, and the server under test, both started."""
    etcd = program("etcd")
    if options.etcd_twice:
        subject = Server("etcd", etcd, folder.join(f"{name}-subject"), flags)
    else:
        subject = Server("raftkv", raftkv(options.raftkv), folder.join(f"{name}-subject"), flags)
    reference = Server("etcd", etcd, folder.join(f"{name}-reference"), flags)
    started = []
    try:
        for server in (reference, subject):
            started.append(server.start())
    except BaseException:
        for server in started:
            server.stop()
        raise
    return reference, subject


class Report:
    """Counts cases and prints the ones that differ."""

    def __init__(self, verbose):
        self.verbose = verbose
        self.passed = 0
        self.failed = 0

    def case(self, name, expected, found):
        """One case: two texts that should be equal."""
        if expected == found:
            self.passed += 1
            if self.verbose:
                print(f"ok: {name}\n{expected}")
            return
        self.failed += 1
        print(f"differs: {name}")
        lines = difflib.unified_diff(
            expected.splitlines(), found.splitlines(), "etcd", "raftkv", lineterm="", n=3)
        for line in list(lines)[2:]:
            print(f"  {line[:400]}")

    def close(self):
        """The closing line, and the exit code."""
        print(f"{self.passed} passed, {self.failed} failed")
        return 0 if self.failed == 0 and self.passed > 0 else 1


__all__ = ["Folder", "Report", "arguments", "pair"]
