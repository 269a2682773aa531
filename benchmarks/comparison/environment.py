"""Where a comparison was made."""

import os
import platform
import shlex
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path


def first_line(*command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except OSError:
        return "unknown"
    lines = done.stdout.strip().splitlines()
    return lines[0] if done.returncode == 0 and lines else "unknown"


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def memory():
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemTotal:"):
            return f"{int(line.split()[1]) / (1 << 20):.0f} GiB"
    return "unknown"


def file_system(folder):
    """Type and device of the file system that holds a folder."""
    folder, best = os.path.realpath(folder), ("", "unknown")
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, point, kind = line.split()[:3]
        inside = point == "/" or folder == point or folder.startswith(point + "/")
        if inside and len(point) >= len(best[0]):
            best = (point, kind)
    return best[1]


def sync_milliseconds(folder, times=1000, record=300):
    """The median of a small write into allocated space with its fdatasync, as both logs do it for a lone put: no put
    of a single client takes less."""
    path, samples = os.path.join(folder, f"sync-{os.getpid()}"), []
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.posix_fallocate(file, 0, times * record)
        os.fsync(file)
        for number in range(times):
            begin = time.perf_counter()
            os.pwrite(file, os.urandom(record), number * record)
            os.fdatasync(file)
            samples.append(time.perf_counter() - begin)
    finally:
        os.close(file)
        os.unlink(path)
    return sorted(samples)[times // 2] * 1000


def describe(folder, etcd, raftkv, repository):
    """Pairs of name and text."""
    return [
        ("date", datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")),
        ("command", shlex.join([f"benchmarks/{Path(sys.argv[0]).name}", *sys.argv[1:]])),
        ("processor", f"{processor()}, {os.cpu_count()} cores"),
        ("memory", memory()),
        ("system", f"{platform.system()} {platform.release()}"),
        ("file system", f"{file_system(folder)}; a write of 300 B with its fdatasync takes {sync_milliseconds(folder):.3f} ms"),
        ("etcd", first_line(*etcd, "--version")),
        ("raftkv", f"{first_line(raftkv[0], '--version')}, commit {first_line('git', '-C', str(repository), 'describe', '--always', '--dirty')}"),
        ("Swift", first_line("swift", "--version")),
    ]
