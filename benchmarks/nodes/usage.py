"""Processor time and anonymous memory of processes."""

import os
import time

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def seconds(process):
    with open(f"/proc/{process}/stat") as file:
        # Behind the name, which may have anything in it.
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def anonymous_megabytes(process):
    with open(f"/proc/{process}/status") as file:
        for line in file:
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0


class Usage:
    """From now on."""

    def __init__(self, processes):
        self.processes = list(processes)
        self.began, self.before = time.monotonic(), sum(map(seconds, self.processes))

    def since(self):
        """Per cent of a core since then, and megabytes now."""
        used = sum(map(seconds, self.processes)) - self.before
        return 100 * used / (time.monotonic() - self.began), sum(map(anonymous_megabytes, self.processes))
