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
from typing import NamedTuple

import trace
from disk import Choice, Disk
from ledger import Ledger

HERE = os.path.dirname(os.path.abspath(__file__))
TRACE_BYTES = 4 << 30
# One in so many images is of a crash within the first so many events.
FIRST_SHARE = 10
FIRST_EVENTS = 40


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


def plan(count: int, images: int, seed: int) -> list[tuple[int, int]]:
    """Which images to make: (event after which the crash comes, number of the image), by event."""
    if images == 0:
        return [(event, event) for event in range(count + 1)]
    generator = random.Random(seed)
    # A few at the beginning, where everything is made; the others spread over the trace, one in each of as many equal
    # parts.
    first = images // FIRST_SHARE
    beginning = sorted(generator.randrange(min(count, FIRST_EVENTS) + 1) for _ in range(first))
    rest = images - first
    spread = [min(count, int((number + generator.random()) * (count + 1) / rest)) for number in range(rest)]
    return [(event, number) for number, event in enumerate(sorted(beginning + spread))]


def check(arguments) -> int:
    _, failures, highest = examine(arguments)
    return 1 if failures or highest == 0 else 0


def examine(arguments) -> tuple[int, int, int]:
    """How many images were opened, how many of them failed, and the highest revision acknowledged before one."""
    started = time.monotonic()
    ledger = Ledger(arguments.acks)
    count = sum(1 for _ in trace.read(arguments.trace))
    images = plan(count, arguments.images, arguments.seed)
    if arguments.only is not None:
        images = [image for image in images if image[1] == arguments.only]
    work = tempfile.mkdtemp(prefix="crash-images-", dir=arguments.work)
    library = build_interposer(work) if arguments.again else None
    opened, failures, modes, highest, pending = 0, 0, {}, 0, set()

    def finish(done) -> tuple[int, int]:
        results = [result for future in done for result in future.result()]
        for name, description, complaints, directory in results:
            if complaints:
                print(f"image {name} ({description}, seed {arguments.seed}):")
                for complaint in complaints[:10]:
                    print(f"  {complaint}")
                if len(complaints) > 10:
                    print(f"  and {len(complaints) - 10} more")
            if complaints and arguments.keep:
                os.makedirs(arguments.keep, exist_ok=True)
                shutil.move(directory, os.path.join(arguments.keep, f"image-{name}"))
            else:
                shutil.rmtree(directory)
        return len(results), sum(1 for result in results if result[2])

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
                image = Image(str(number), f"event {event} of {count}, {choice}", now, directory)
                pending.add(pool.submit(judge, arguments, ledger, image, library))
                while len(pending) >= 2 * arguments.jobs:
                    done, pending = concurrent.futures.wait(
                        pending, return_when=concurrent.futures.FIRST_COMPLETED
                    )
                    opened, failures = (sum(pair) for pair in zip((opened, failures), finish(done)))
                if failures >= arguments.failures:
                    break
            done = concurrent.futures.wait(pending).done
            opened, failures = (sum(pair) for pair in zip((opened, failures), finish(done)))
    finally:
        shutil.rmtree(work)
    listed = ", ".join(f"{number} {mode}" for mode, number in sorted(modes.items()))
    again = f", and {opened - sum(modes.values())} of second crashes" if arguments.again else ""
    print(
        f"{sum(modes.values())} images ({listed}) of {count} events{again}, up to acknowledged revision {highest}, "
        f"in {time.monotonic() - started:.1f} s: {failures} failed"
    )
    if highest == 0:
        print("no image had an acknowledged write: this run proves nothing")
    return opened, failures, highest


class Image(NamedTuple):
    """A directory as a crash left it."""

    name: str
    description: str
    time: int  # of the crash
    directory: str


def judge(arguments, ledger: Ledger, image: Image, library: str | None) -> list[tuple[str, str, list[str], str]]:
    """Opens an image; then images of crashes while it was being opened, if so asked. Of each: its name, its
    description, what is wrong with it, and where it is."""
    if library is None:
        return [(image.name, image.description, complaints(arguments, ledger, image, None), image.directory)]
    work = image.directory + "-again"
    disk = Disk(image.directory, os.path.join(work, "disk"))
    disk.adopt(image.directory)
    recording = os.path.join(work, "trace")
    variables = recorded(library, image.directory, recording)
    found = [(image.name, image.description, complaints(arguments, ledger, image, variables), image.directory)]
    events = list(trace.read(recording)) if os.path.exists(recording) else []
    applied = 0
    for event, number in plan(len(events), arguments.again, arguments.seed):
        while applied < event:
            disk.apply(events[applied])
            applied += 1
        choice = Choice(arguments.seed << 64 | int(image.name) << 32 | number, arguments.mode)
        choice.order(disk)
        name = f"{image.name}-{number}"
        description = f"{image.description}, then event {event} of {len(events)}, {choice}"
        second = Image(name, description, image.time, f"{image.directory}-{number}")
        disk.image(second.directory, choice)
        found += judge(arguments, ledger, second, None)
    shutil.rmtree(work)
    return found


def complaints(arguments, ledger: Ledger, image: Image, variables: dict[str, str] | None) -> list[str]:
    """What is wrong with an image. Opening it may change it."""
    command = [part.replace("{dir}", image.directory) for part in shlex.split(arguments.open)]
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, timeout=arguments.timeout,
            env=dict(os.environ, **variables) if variables else None)
        if result.returncode != 0:
            message = (result.stderr.strip() or result.stdout.strip())[-2000:]
            return [f"does not open (status {result.returncode}): {message}"]
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        live = {line["key"]: (line["mod_revision"], line["value"]) for line in lines[:-1]}
        return ledger.complaints(image.time, lines[-1]["revision"], live)
    except subprocess.TimeoutExpired:
        return [f"does not open within {arguments.timeout} s"]
    except (ValueError, KeyError, IndexError, TypeError) as error:
        return [f"the open command's output is not understood: {error!r}"]


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
    command.add_argument("--again", type=int, default=0, help="for each image, this many of a crash while it opens")
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
