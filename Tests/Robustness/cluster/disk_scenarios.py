"""Disks stall, fill up and are lost."""

import os
import shutil
import time

from crash_scenarios import writes_go_on
from members import eventually
from network import PATH, Bridge, Skip, run
from stubs import rpc

STALL_SECONDS = 5


class Disk:
    """A small file system in a file, mounted while the block runs."""

    def __init__(self, folder, megabytes):
        self.image = os.path.join(folder, "image")
        self.path = os.path.join(folder, "disk")
        self.filler = os.path.join(self.path, "filler")
        self.megabytes = megabytes
        self.is_frozen = False

    def __enter__(self):
        if not Bridge.is_possible or not shutil.which("mkfs.ext4", path=PATH) or not shutil.which("fsfreeze", path=PATH):
            raise Skip("needs root, mkfs.ext4, fsfreeze and loop mounts")
        os.makedirs(self.path, exist_ok=True)
        with open(self.image, "wb") as image:
            image.truncate(self.megabytes << 20)
        try:
            run("mkfs.ext4", "-q", "-F", "-m", "0", self.image)
            run("mount", "-o", "loop", self.image, self.path)
        except RuntimeError as error:
            raise Skip(f"this machine cannot mount a file as a disk: {error}") from error
        return self

    def __exit__(self, *_):
        if self.is_frozen:
            self.thaw()
        # A process that was just killed may hold it a moment longer.
        run("umount", "-l", self.path)
        os.unlink(self.image)

    def freeze(self):
        """From now on writes and syncs wait."""
        run("fsfreeze", "--freeze", self.path)
        self.is_frozen = True

    def thaw(self):
        run("fsfreeze", "--unfreeze", self.path)
        self.is_frozen = False

    def fill(self):
        """Takes all space that is left."""
        with open(self.filler, "ab") as filler:
            for size in (1 << 20, 1 << 12, 512):
                try:
                    while True:
                        os.write(filler.fileno(), bytes(size))
                except OSError:
                    pass
            try:
                os.fsync(filler.fileno())
            except OSError:
                pass

    def empty(self):
        os.unlink(self.filler)


def stalled_disk(stage):
    """The leader's disk stalls for five seconds: another one leads, and it comes back afterwards."""
    with Disk(stage.own("stalled"), 512) as disk, stage.empty_cluster() as cluster:
        founders = [cluster.new_member() for _ in range(3)]
        founders[0].data = os.path.join(disk.path, "data")
        cluster.start_founders(founders)
        with stage.load(cluster) as load:
            for _ in stage.rounds(1, 3):
                make_leader(cluster, founders[0])
                load.goes_on()
                disk.freeze()
                moment = time.monotonic()
                writes_go_on(stage, load, moment, "its disk stalled")
                others = founders[1:]
                eventually("another one leads", lambda: cluster.leader_or_none(others))
                eventually("the stall is over", lambda: time.monotonic() > moment + STALL_SECONDS)
                load.goes_on()
                disk.thaw()
                cluster.wait_healthy()
                load.goes_on()


def make_leader(cluster, member):
    leader = cluster.leader()
    if leader is not member:
        leader.ask(rpc.MaintenanceStub, "MoveLeader", rpc.MoveLeaderRequest(targetID=member.id))
        eventually(f"{member.name} leads", lambda: cluster.leader_or_none() is member)


def full_disk(stage):
    """A follower's disk is full: the others go on, and it comes back when there is space."""
    with Disk(stage.own("full"), 640) as disk, stage.empty_cluster() as cluster:
        founders = [cluster.new_member() for _ in range(3)]
        founders[0].data = os.path.join(disk.path, "data")
        cluster.start_founders(founders)
        with stage.load(cluster) as load:
            make_leader(cluster, founders[1])
            load.goes_on()
            disk.fill()
            moment = time.monotonic()
            # More than what is preallocated to its log.
            stage.fill(founders[1], 130, 1_000_000)
            load.goes_on(moment, 200)
            stage.note(f"the member with the full disk {'goes on' if founders[0].is_running() else 'ended'}")
            disk.empty()
            founders[0].restart_until_healthy()
            load.goes_on()


def lost_folder(stage):
    """A follower's folder is deleted: it is refused under its old name, and works as a new member."""
    with stage.cluster() as cluster, stage.load(cluster) as load:
        leader, follower = cluster.leader(), cluster.followers()[0]
        id = follower.id
        follower.kill()
        follower.wipe()
        states = ["new"] if stage.kind == "etcd" else ["new", "existing"]
        for state in states:
            before = follower.log_size()
            follower.state = state
            follower.launch()
            code = follower.wait_end()
            said = follower.log(before)
            assert code != 0, f"exit code 0 with an empty folder and --initial-cluster-state={state}"
            assert "has already been bootstrapped" in said or "re-add" in said or "removed" in said, said[-2000:]
            assert not os.path.exists(os.path.join(follower.data, "member", "wal")), "a refused start made a log"
        load.goes_on()
        load.use([member.client for member in cluster.members if member is not follower])
        cluster.remove(leader, follower, id)
        load.goes_on()
        fresh, id = cluster.add(leader, as_learner=True)
        fresh.start()
        cluster.promote(leader, id)
        load.use([member.client for member in cluster.members])
        load.goes_on(count=200)


SCENARIOS = [stalled_disk, full_disk, lost_folder]
