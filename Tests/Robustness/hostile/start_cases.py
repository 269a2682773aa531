"""What an operator can get wrong: flags, files, and folders that hold something else."""

import os
import random
import shutil
import signal
import struct
import threading
import time

from servers import Ports, Server, program, raftkv

from member import Member, ends_at_once, eventually, expect

NOBODY = 65_534


class Skip(Exception):
    """The machine cannot do what the case needs."""


def serve(data, *flags, **options):
    """The exit code and output of a server that must not start; it listens where nobody else does."""
    ports = Ports(2)
    client, peer = (f"http://127.0.0.1:{port}" for port in ports.numbers)
    ports.release()
    return ends_at_once(
        [options.pop("path", None) or raftkv(), "serve", f"--data-dir={data}", f"--listen-client-urls={client}",
         f"--advertise-client-urls={client}", f"--listen-peer-urls={peer}", *flags], **options)


def refused(result, code, *words):
    """It ended with that exit code, and said these words; an end by a signal is a crash."""
    status, output = result
    assert status == code, f"exit code {status}, expected {code}; it said: {output[-2000:]}"
    for word in words:
        assert word in output, f"{word!r} is not in what it said: {output[-2000:]}"


def bad_flags(folder):
    data = folder.join("flags")
    for flags, code, words in [
        (["--nonsense"], 2, "unknown flag --nonsense"),
        (["--heartbeat-interval=often"], 2, "--heartbeat-interval"),
        (["--heartbeat-interval=99999999999999999999"], 2, "--heartbeat-interval"),
        (["--heartbeat-interval=0"], 1, "--heartbeat-interval"),
        (["--election-timeout=1"], 1, "--election-timeout"),
        (["--log-level=loud"], 2, "--log-level"),
        (["--quota-backend-bytes=much"], 2, "--quota-backend-bytes"),
        (["--max-request-bytes=-1"], 2, "--max-request-bytes"),
        (["--max-request-bytes=99999999999"], 1, "--max-request-bytes"),
        (["--listen-client-urls=http://example.com:1"], 1, "expected IP"),
        (["--listen-client-urls=ftp://127.0.0.1:1"], 1, "--listen-client-urls"),
        (["--listen-client-urls=http://127.0.0.1:99999"], 1, "--listen-client-urls"),
        (["--name="], 1, "--name"),
        (["--initial-cluster=other=http://127.0.0.1:1"], 1, "initial cluster"),
        (["--initial-cluster-state=existing"], 1, "--initial-cluster-state"),
        (["--initial-cluster=default=http://127.0.0.1:1,b=http://127.0.0.1:1"], 1, "duplicated url"),
        (["--join=nonsense"], 1, "--join"),
        (["--join=http://127.0.0.1:1", "--initial-cluster=default=http://127.0.0.1:1"], 1, "--join"),
        (["--peer-cert-file=x"], 1, "KeyFile and CertFile must both be present"),
        (["--listen-peer-urls=https://127.0.0.1:1"], 1, "--peer-cert-file"),
        (["--cert-file=x"], 2, "--cert-file"),
        (["--discovery=http://127.0.0.1"], 2, "--discovery"),
        (["stray"], 2, "stray"),
    ]:
        refused(serve(data, *flags), code, words)
    refused(serve(data, environment={"ETCD_HEARTBEAT_INTERVAL": "x"}), 1, "ETCD_HEARTBEAT_INTERVAL")
    assert not os.path.exists(data), "a refused start made a data folder"


def bad_configuration_files(folder):
    def file(content):
        path = folder.join("configuration.yaml")
        with open(path, "wb") as output:
            output.write(content)
        return path

    for content, words in [
        (b"name: [a\n", "not a YAML file"),
        (b"nonsense: 1\n", 'unknown key "nonsense"'),
        (b"- a\n- b\n", "configuration.yaml"),
        (b"heartbeat-interval: often\n", "heartbeat-interval"),
        (b"name: a\nname: b\n", "configuration.yaml"),
        (b"a: &a [" + b"*a, " * 100 + b"]\n", "configuration.yaml"),
        (b"[" * 100_000, "configuration.yaml"),
        (b"{a: " * 100_000, "configuration.yaml"),
        (b"\xff\xfe\x00\x01", "not UTF-8"),
        (random.Random(1).randbytes(10_000), "configuration.yaml"),
        (b"#" * (2 << 20), "configuration file"),
    ]:
        status, output = ends_at_once([raftkv(), "serve", f"--config-file={file(content)}"])
        assert status in (1, 2) and words in output, f"{content[:40]!r}: exit code {status}: {output[-500:]}"
    for path in (folder.join("none.yaml"), folder.path, "/dev/zero"):
        refused(ends_at_once([raftkv(), "serve", f"--config-file={path}"]), 1, path)


def parents_are_made(folder):
    """As etcd does."""
    with Member(folder.join("parents"), data=folder.join("parents", "a", "b", "c")) as member:
        member.goes_on()
        member.crash_and_check()


def foreign_folders(folder):
    """Data of somebody else: refused with words, and left as it was."""

    def file(name, content):
        path = folder.join("foreign", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as output:
            output.write(content)
        return path

    noise = random.Random(2).randbytes(100_000)
    refused(serve(file("a-file", b"x")), 1, "a-file")
    for name, content in {"noise": noise, "short": b"ab", "zeros": bytes(50_000), "text": b"hello\n" * 3_000}.items():
        path = file(f"{name}/db/data.mdb", content)
        refused(serve(folder.join("foreign", name)), 1, "data.mdb is not a checkpoint")
        with open(path, "rb") as left:
            assert left.read() == content, f"{name}/db/data.mdb was changed"
    for name, content in {"log-noise": noise, "log-short": b"ab"}.items():
        path = file(f"{name}/wal/0000000000000001.wal", content)
        refused(serve(folder.join("foreign", name)), 1, "is not a raftkv log")
        with open(path, "rb") as left:
            assert left.read() == content, f"{path} was changed"
    refused(serve("/proc/nothing"), 1, "/proc/nothing")
    refused(serve("/dev/null"), 1, "/dev/null")


def etcd_folder(folder):
    etcd = Server("etcd", program("etcd"), folder.join("etcd"))
    etcd.start()
    etcd.stop()
    before = tree(etcd.data)
    refused(serve(etcd.data), 1, "data directory of etcd")
    refused(serve(os.path.join(etcd.data, "member")), 1, "is not a raftkv log")
    left = {path: content for path, content in tree(etcd.data).items() if path in before}
    assert left == before, "etcd's files were changed"
    etcd.ports = Ports(2)
    etcd.client, etcd.peer = (f"127.0.0.1:{port}" for port in etcd.ports.numbers)
    etcd.start()
    etcd.stop()


def tree(path):
    """Every file below a folder, with its bytes."""
    files = {}
    for parent, _, names in os.walk(path):
        for name in names:
            with open(os.path.join(parent, name), "rb") as content:
                files[os.path.join(parent, name)] = content.read()
    return files


def other_versions(folder):
    """A folder that a later version wrote: it says so, and changes nothing; the right version still reads it."""
    with Member(folder.join("versions")) as member:
        member.goes_on()
        expect(member.stop(), 0)

        log = sorted(name for name in os.listdir(os.path.join(member.data, "wal")) if name.endswith(".wal"))[0]
        log = os.path.join(member.data, "wal", log)
        change(log, b"raftkvWL" + struct.pack("<I", 1), b"raftkvWL" + struct.pack("<I", 7))
        refused(serve(member.data), 1, "has log format 7", "reads formats up to 2")
        change(log, b"raftkvWL" + struct.pack("<I", 7), b"raftkvWL" + struct.pack("<I", 1))

        checkpoint = os.path.join(member.data, "db", "data.mdb")
        change(checkpoint, format_row(2), format_row(7))
        refused(serve(member.data), 1, "has format 7", "reads format 2")
        change(checkpoint, format_row(7), format_row(2))

        change(checkpoint, format_row(2), format_row(2)[:-1] + b"\x09")
        refused(serve(member.data), 1, "fails its checksum")
        change(checkpoint, format_row(2)[:-1] + b"\x09", format_row(2))
        member.start()
        member.has_everything()


def change(path, old, new):
    """Replaces bytes of a file wherever they are."""
    with open(path, "rb") as source:
        content = source.read()
    assert old in content, f"{path} does not hold what was looked for"
    with open(path, "wb") as target:
        target.write(content.replace(old, new))


def format_row(version):
    """The checkpoint's row that names its format: name, checksum, number."""
    number = struct.pack(">Q", version)
    return b"format" + struct.pack("<I", crc32c(b"format" + number)) + number


def crc32c(data):
    crc = 0xFFFF_FFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F6_3B78 if crc & 1 else 0)
    return crc ^ 0xFFFF_FFFF


def owned_by_another(folder):
    with Member(folder.join("owned")) as member:
        member.goes_on()
        refused(serve(member.data), 1, "in use by another process")
        # Its log alone, under another folder's checkpoint.
        refused(serve(folder.join("owner"), f"--wal-dir={member.data}/wal"), 1, "in use by another process")
        refused(ends_at_once([raftkv(), "dump", f"--data-dir={member.data}"]), 1, "in use by another process")
        member.goes_on()
        refused(serve(folder.join("other"), f"--listen-client-urls=http://{member.client}"), 1, "cannot listen on", member.client)
        member.goes_on()
        member.crash_and_check()


def unreadable_folder(folder):
    """As a user who may not: files, then the folder, are not theirs."""
    path = folder.join("raftkv")
    as_user = {}
    if os.geteuid() == 0:
        # A copy, because the folder that the program lies in may be closed to that user.
        shutil.copy(raftkv(), path)
        os.chmod(path, 0o755)
        os.chmod(folder.path, 0o755)

        user = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        as_user = {"wrapper": ["setpriv", *user], "path": path}
    with Member(folder.join("unreadable")) as member:
        member.goes_on()
        expect(member.stop(), 0)
        os.chmod(member.folder, 0o755)
        for name in ("", "db", "db/data.mdb", "db/LOCK", "wal", "wal/lock"):
            target = os.path.join(member.data, name) if name else member.data
            # Open up to the target, and closed there.
            for parent, _, names in os.walk(member.data):
                os.chmod(parent, 0o777)
                for file in names:
                    os.chmod(os.path.join(parent, file), 0o666)
            os.chmod(target, 0o000)
            refused(serve(member.data, **as_user), 1, "Permission denied", member.data)
        os.chmod(os.path.join(member.data, "wal"), 0o777)
        os.chmod(os.path.join(member.data, "wal", "lock"), 0o666)
        member.start()
        member.has_everything()


def killed_while_founding(folder):
    """SIGKILL anywhere while the folder is made: the next start makes the rest."""
    chance = random.Random()
    for number in range(12):
        with Member(folder.join("founding", str(number))) as member:
            member.kill()
            shutil.rmtree(member.data)
            member.launch()
            # From before the first file to after the last.
            time.sleep(chance.uniform(0, 0.12))
            member.kill()
            member.start()
            member.goes_on()
            member.crash_and_check()


def half_made_folders(folder):
    """What a kill can leave at each step, made by hand."""
    steps = [[], ["db/"], ["db/LOCK"], ["db/LOCK", "db/lock.mdb"], ["db/LOCK", "db/lock.mdb", "db/data.mdb"], ["wal/"],
             ["wal/lock"], ["db/LOCK", "wal/lock", "wal/ballast"]]
    for number, files in enumerate(steps):
        data = folder.join("half", str(number))
        os.makedirs(data)
        for file in files:
            path = os.path.join(data, file)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if not file.endswith("/"):
                open(path, "wb").close()
        with Member(folder.join("half-made", str(number)), data=data) as member:
            member.goes_on()
            member.crash_and_check()


def stops_under_load(folder):
    """SIGTERM while clients write and read: an orderly end within seconds, and what was acknowledged is there."""
    with Member(folder.join("stop")) as member:
        refusals = []
        load = threading.Thread(target=lambda: refusals.extend(member.fill("load/", 1 << 30, 2_000, threads=16)))
        load.start()
        eventually("some writes", lambda: len(member.acknowledged) > 300)
        began = time.monotonic()
        member.process.send_signal(signal.SIGTERM)
        status = member.process.wait(20)
        took = time.monotonic() - began
        load.join()
        expect(status, 0)
        assert took < 10, f"it took {took:.1f} s"
        assert refusals and all(text.startswith("UNAVAILABLE") for text in refusals), f"clients were told {refusals[:3]}"
        member.start()
        member.has_everything()
        member.goes_on()


CASES = [
    bad_flags, bad_configuration_files, parents_are_made, foreign_folders, etcd_folder, other_versions, owned_by_another,
    unreadable_folder, killed_while_founding, half_made_folders, stops_under_load,
]
