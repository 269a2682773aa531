#!/usr/bin/env python3
"""Records what a program writes, and opens what a crash at any moment would have left. See README.md."""

import argparse
import concurrent.futures
import json
import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

import trace
from disk import Choice, Disk
from ledger import Ledger

HERE = os.path.dirname(os.path.abspath(__file__))
TRACE_BYTES = 4 << 30


def record(arguments) -> int:
    if os.listdir(arguments.root):
        sys.exit(f"{arguments.root} is not empty")
    with tempfile.TemporaryDirectory() as work:
        library = build_interposer(work)
        environment = dict(os.environ, **recorded(library, arguments.root, arguments.trace, arguments.limit))
        return subprocess.run(arguments.command, env=environment).returncode


def build_interposer(directory: str) -> str:
    """Compiles the library that records, and returns its path."""
    library = os.path.join(directory, "interposer.so")
    compiler = os.environ.get("CC", "cc")
    build = [compiler, "-O2", "-shared", "-fPIC", "-o", library, os.path.join(HERE, "interposer.c")]
    subprocess.run([*build, "-ldl", "-lpthread"], check=True)
    return library


def recorded(library: str, root: str, trace_path: str, limit: int = TRACE_BYTES) -> dict[str, str]:
    """The environment variables that make a program record what it does below `root`."""
    return {
        "LD_PRELOAD": library,
        "CRASH_IMAGES_ROOT": root,
        "CRASH_IMAGES_TRACE": trace_path,
        "CRASH_IMAGES_LIMIT": str(limit),
    }


def verify(arguments) -> int:
    """Compares the end of the trace with the directory it was recorded from."""
    with tempfile.TemporaryDirectory() as work:
        disk = Disk(arguments.root, os.path.join(work, "disk"))
        count = 0
        for event in trace.read(arguments.trace):
            disk.apply(event)
            count += 1
        replayed = os.path.join(work, "image")
        disk.image(replayed, Choice(0, "killed"))
        mapped = {path for path, file in disk.names.items() if getattr(file, "is_mapped", False)}
        differing = sorted((differences(replayed, disk.root)) - mapped)
    for path in differing:
        print(f"{path}: the trace does not tell all that happened to it")
    kept = f", {', '.join(sorted(mapped))} apart, which was changed through memory" if mapped else ""
    print(f"{count} events; {'differs from' if differing else 'agrees with'} {arguments.root}{kept}")
    return 1 if differing else 0


def differences(one: str, other: str) -> set[str]:
    def files(top):
        for directory, _, names in os.walk(top):
            for name in names:
                yield os.path.relpath(os.path.join(directory, name), top)

    found = set(files(one)) ^ set(files(other))
    for path in set(files(one)) - found:
        with open(os.path.join(one, path), "rb") as a, open(os.path.join(other, path), "rb") as b:
            while True:
                left, right = a.read(1 << 20), b.read(1 << 20)
                if left != right:
                    found.add(path)
                if left != right or not left:
                    break
    return found


def plan(count: int, arguments) -> list[tuple[int, int]]:
    """Which images to make: (event after which the crash comes, number of the image), by event."""
    if arguments.images == 0:
        return [(event, event) for event in range(count + 1)]
    generator = random.Random(arguments.seed)
    # Spread over the trace: one in each of as many equal parts.
    return [
        (min(count, int((number + generator.random()) * (count + 1) / arguments.images)), number)
        for number in range(arguments.images)
    ]


def check(arguments) -> int:
    _, failures, highest = examine(arguments)
    return 1 if failures or highest == 0 else 0


def examine(arguments) -> tuple[int, int, int]:
    """How many images were opened, how many of them failed, and the highest revision acknowledged before one."""
    started = time.monotonic()
    ledger = Ledger(arguments.acks)
    count = sum(1 for _ in trace.read(arguments.trace))
    images = plan(count, arguments)
    if arguments.only is not None:
        images = [image for image in images if image[1] == arguments.only]
    work = tempfile.mkdtemp(prefix="crash-images-", dir=arguments.work)
    failures, modes, highest, pending = 0, {}, 0, set()

    def finish(done) -> int:
        failed = 0
        for future in done:
            number, event, choice, complaints, directory = future.result()
            if complaints:
                failed += 1
                print(f"image {number} (event {event} of {count}, {choice}, seed {arguments.seed}):")
                for complaint in complaints[:10]:
                    print(f"  {complaint}")
                if len(complaints) > 10:
                    print(f"  and {len(complaints) - 10} more")
            if complaints and arguments.keep:
                os.makedirs(arguments.keep, exist_ok=True)
                shutil.move(directory, os.path.join(arguments.keep, f"image-{number}"))
            else:
                shutil.rmtree(directory)
        return failed

    try:
        disk = Disk(arguments.root, os.path.join(work, "disk"))
        events = trace.read(arguments.trace)
        applied, now = 0, 0
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            for event, number in images:
                while applied < event:
                    taken = next(events)
                    disk.apply(taken)
                    now = taken.time
                    applied += 1
                choice = Choice(arguments.seed << 32 | number, arguments.mode)
                choice.order(disk)
                modes[choice.mode] = modes.get(choice.mode, 0) + 1
                directory = os.path.join(work, f"image-{number}")
                disk.image(directory, choice)
                highest = max(highest, ledger.required(now))
                pending.add(pool.submit(judge, arguments, ledger, number, event, now, choice, directory))
                while len(pending) >= 2 * arguments.jobs:
                    done, pending = concurrent.futures.wait(
                        pending, return_when=concurrent.futures.FIRST_COMPLETED
                    )
                    failures += finish(done)
                if failures >= arguments.failures:
                    break
            failures += finish(concurrent.futures.wait(pending).done)
    finally:
        shutil.rmtree(work)
    listed = ", ".join(f"{number} {mode}" for mode, number in sorted(modes.items()))
    print(
        f"{sum(modes.values())} images ({listed}) of {count} events, up to acknowledged revision {highest}, "
        f"in {time.monotonic() - started:.1f} s: {failures} failed"
    )
    if highest == 0:
        print("no image had an acknowledged write: this run proves nothing")
    return sum(modes.values()), failures, highest


def judge(arguments, ledger, number, event, now, choice, directory):
    complaints = []
    command = [part.replace("{dir}", directory) for part in shlex.split(arguments.open)]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=arguments.timeout)
        if result.returncode != 0:
            message = (result.stderr.strip() or result.stdout.strip())[-2000:]
            complaints.append(f"does not open (status {result.returncode}): {message}")
        else:
            lines = [json.loads(line) for line in result.stdout.splitlines()]
            live = {line["key"]: (line["mod_revision"], line["value"]) for line in lines[:-1]}
            complaints += ledger.complaints(now, lines[-1]["revision"], live)
    except subprocess.TimeoutExpired:
        complaints.append(f"does not open within {arguments.timeout} s")
    except (ValueError, KeyError, IndexError, TypeError) as error:
        complaints.append(f"the open command's output is not understood: {error!r}")
    return number, event, choice, complaints, directory


def parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)

    command = commands.add_parser("record", help="run a command and record what it does below a directory")
    command.add_argument("--root", required=True, help="the directory, empty")
    command.add_argument("--trace", required=True, help="the file to append the trace to")
    command.add_argument("--limit", type=int, default=TRACE_BYTES, help="bytes after which recording stops")
    command.add_argument("command", nargs=argparse.REMAINDER, metavar="-- command")
    command.set_defaults(run=record)

    command = commands.add_parser("verify", help="compare a trace with the directory, to see that it is complete")
    command.add_argument("--root", required=True)
    command.add_argument("--trace", required=True)
    command.set_defaults(run=verify)

    command = commands.add_parser("check", help="make crash images, open each, and compare with what was acknowledged")
    command.add_argument("--root", required=True, help="the directory that was recorded; it need not exist any more")
    command.add_argument("--trace", required=True)
    command.add_argument("--acks", required=True, help="what the client did, see ledger.py")
    command.add_argument("--open", required=True, help="command that opens {dir} and prints its content, see README.md")
    command.add_argument("--images", type=int, default=1000, help="how many; 0 for one after every event")
    command.add_argument("--seed", type=int, default=1)
    command.add_argument("--mode", choices=Choice.MODES, help="instead of one of these at random for each image")
    command.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="images opened at a time")
    command.add_argument("--timeout", type=float, default=60, help="seconds to open an image")
    command.add_argument("--failures", type=int, default=10, help="stop after so many")
    command.add_argument("--work", help="where to make images; a memory file system is fastest")
    command.add_argument("--keep", help="where to keep images that fail")
    command.add_argument("--only", type=int, help="make only the image of this number")
    command.set_defaults(run=check)

    arguments = parser.parse_args(words)
    if getattr(arguments, "command", None) and arguments.command[0] == "--":
        del arguments.command[0]
    return arguments


def main(words: list[str]) -> int:
    arguments = parse(words)
    try:
        return arguments.run(arguments)
    except trace.TraceError as error:
        sys.exit(f"the trace cannot be used: {error}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
