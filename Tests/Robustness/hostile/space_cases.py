"""No space left: the quota, and real full disks, which are small file systems in files of their own."""

import ctypes
import os
import shutil
import subprocess
import time

from pyetcd import etcdrpc as rpc

from member import CALL_SECONDS, NO_SPACE, Member, eventually, expect, failure
from start_cases import Skip, refused, serve

NEW_MOUNT_NAMESPACE = 0x0002_0000
NO_QUOTA = "--quota-backend-bytes=-1"
NOSPACE_ALARM = 1
# The shell's tools for file systems are where only root looks.
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def enter_mount_namespace():
    """Mounts made from here on are seen by this process and its children alone, and end with them; false when
    the machine does not let us mount."""
    if os.geteuid() != 0 or not shutil.which("mkfs.ext4", path=PATH):
        return False
    if ctypes.CDLL(None, use_errno=True).unshare(NEW_MOUNT_NAMESPACE) != 0:
        return False
    return run("mount", "--make-rprivate", "/")


def run(*command):
    return subprocess.run(
        command, env={**os.environ, "PATH": PATH}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


class Disk:
    """A file system of so many megabytes, mounted while the block runs."""

    can_mount = False

    def __init__(self, folder, name, megabytes):
        self.image = folder.join(f"{name}.image")
        self.path = folder.join(name)
        self.filler = os.path.join(self.path, "filler")
        self.megabytes = megabytes

    def __enter__(self):
        if not Disk.can_mount:
            raise Skip("needs root, mkfs.ext4 and loop mounts")
        os.makedirs(self.path)
        with open(self.image, "wb") as image:
            image.truncate(self.megabytes << 20)
        if not run("mkfs.ext4", "-q", "-F", "-m", "0", self.image) or not run("mount", "-o", "loop", self.image, self.path):
            raise Skip("this machine cannot mount a file as a disk")
        return self

    def __exit__(self, *_):
        # A server that was just killed may hold it a moment longer.
        deadline = time.monotonic() + 5
        while not run("umount", self.path):
            if time.monotonic() > deadline:
                run("umount", "-l", self.path)
                break
            time.sleep(0.05)
        if os.path.exists(self.image):
            os.unlink(self.image)

    def remount(self, mode):
        assert run("mount", "-o", f"remount,{mode}", self.path), f"the disk cannot be remounted {mode}"

    def fill(self, megabytes=None):
        """Fills so much of the disk, or all that is left."""
        with open(self.filler, "ab") as filler:
            if megabytes:
                os.posix_fallocate(filler.fileno(), 0, megabytes << 20)
                return
            for size in (1 << 20, 1 << 12, 512):
                try:
                    while True:
                        os.write(filler.fileno(), bytes(size))
                except OSError:
                    pass


def refuses_writes_only(member):
    """Puts are refused with etcd's error and the alarm is raised; reads, deletes and everything else go on."""
    for attempt in range(3):
        expect(failure(lambda: member.put(f"refused/{attempt}", b"x" * 100)), NO_SPACE)
    put = rpc.RequestOp(request_put=rpc.PutRequest(key=b"refused/txn", value=b"x"))
    expect(failure(lambda: member.kv.Txn(rpc.TxnRequest(success=[put]), timeout=CALL_SECONDS)), NO_SPACE)
    eventually("the alarm is raised", lambda: member.alarms() == [(True, NOSPACE_ALARM)])
    member.has_everything()
    for key in sorted(member.acknowledged)[:5]:
        member.delete(key)
    victim = sorted(member.acknowledged)[0]
    delete = rpc.RequestOp(request_delete_range=rpc.DeleteRangeRequest(key=victim.encode()))
    member.kv.Txn(rpc.TxnRequest(success=[delete]), timeout=CALL_SECONDS)
    del member.acknowledged[victim]
    member.deleted.add(victim)
    member.has_everything()
    status = member.maintenance.Status(rpc.StatusRequest(), timeout=CALL_SECONDS)
    assert status.leader, "it leads no more"


def takes_writes_again(member):
    """Once there is space, disarming the alarm is enough."""

    def accepted():
        member.disarm()
        try:
            member.put("again", b"x" * 1_000)
            return True
        except Exception as error:
            expect(f"{error.code().name}: {error.details()}", NO_SPACE)
            time.sleep(0.2)
            return False

    eventually("a write is taken again", accepted, 15)
    expect(member.fill("after/", 50, 10_000), [])
    expect(member.alarms(), [])
    member.has_everything()


def quota(folder):
    with Member(folder.join("quota"), ["--quota-backend-bytes=20000000"]) as member:
        expect(set(member.fill("fill/", 1_000, 64_000)), {NO_SPACE})
        assert 10_000_000 < 64_000 * len(member.acknowledged) < 22_000_000, f"{len(member.acknowledged)} values of 64 kB for a quota of 20 MB"
        refuses_writes_only(member)
        member.crash_and_check()
        refuses_writes_only(member)
        # Without compaction deletes free nothing: the alarm comes back with the next large write.
        member.disarm()
        expect(failure(lambda: member.put("refused/more", b"x" * 1_000_000)), NO_SPACE)
        eventually("the alarm is back", lambda: member.alarms() == [(True, NOSPACE_ALARM)])
        member.kill()
        member.flags = [NO_QUOTA]
        member.start()
        takes_writes_again(member)
        member.crash_and_check()


def full_disk(folder, name, megabytes, filler_megabytes, value_bytes):
    with Disk(folder, name, megabytes) as disk:
        disk.fill(filler_megabytes)
        with Member(folder.join(f"{name}-member"), [NO_QUOTA], data=os.path.join(disk.path, "data")) as member:
            expect(set(member.fill("fill/", 1 << 30, value_bytes)), {NO_SPACE})
            assert len(member.acknowledged) > 20, "the disk was full before anything was written"
            refuses_writes_only(member)
            member.crash_and_check()
            refuses_writes_only(member)
            # Nothing at all is left, and it dies and comes back once more.
            disk.fill()
            member.crash_and_check()
            refuses_writes_only(member)
            os.unlink(disk.filler)
            takes_writes_again(member)
            member.crash_and_check()
            expect(member.stop(), 0)
            member.start()
            member.has_everything()


def full_disk_of_large_values(folder):
    full_disk(folder, "disk-large", 256, 80, 100_000)


def full_disk_of_small_values(folder):
    """Small values: the checkpoint and its index fill, too."""
    full_disk(folder, "disk-small", 192, 70, 3_000)


def stops_on_full_disk(folder):
    """SIGTERM when nothing can be checkpointed: an orderly end, and the log has it all."""
    with Disk(folder, "disk-stop", 112) as disk:
        with Member(folder.join("disk-stop-member"), [NO_QUOTA], data=os.path.join(disk.path, "data")) as member:
            expect(member.fill("fill/", 200, 20_000), [])
            disk.fill()
            began = time.monotonic()
            expect(member.stop(), 0)
            assert time.monotonic() - began < 10
            member.start()
            member.has_everything()
            os.unlink(disk.filler)
            takes_writes_again(member)


def disk_too_small(folder):
    """The log's first segment does not fit: a refusal that says why, again and again, and with space a start."""
    with Disk(folder, "disk-tiny", 120) as disk:
        disk.fill(90)
        data = os.path.join(disk.path, "data")
        for _ in range(2):
            refused(serve(data), 1, "No space left on device", data)
        disk.fill()
        refused(serve(data), 1, "No space left on device", data)
        # The folders are there, and not one block for what belongs into them.
        shutil.rmtree(data)
        os.unlink(disk.filler)
        os.makedirs(os.path.join(data, "db"))
        os.makedirs(os.path.join(data, "wal"))
        disk.fill()
        refused(serve(data), 1, "No space left on device", data)
        os.unlink(disk.filler)
        with Member(folder.join("disk-tiny-member"), data=data) as member:
            member.goes_on()
            member.crash_and_check()


def read_only_disk(folder):
    with Disk(folder, "disk-read-only", 120) as disk:
        data = os.path.join(disk.path, "data")
        with Member(folder.join("read-only-member"), data=data) as member:
            member.goes_on()
            expect(member.stop(), 0)
            disk.remount("ro")
            refused(serve(data), 1, "Read-only file system", data)
            refused(serve(os.path.join(disk.path, "new")), 1, "Read-only file system", os.path.join(disk.path, "new"))
            disk.remount("rw")
            member.start()
            member.has_everything()


CASES = [
    quota, full_disk_of_large_values, full_disk_of_small_values, stops_on_full_disk, disk_too_small, read_only_disk,
]
