"""Followers so far behind that the log does not reach back to them."""

from members import eventually
from stage import content

# With these the log behind the checkpoint is short; etcd keeps 5,000 entries whatever is asked.
TAIL = {
    "etcd": ["--snapshot-count=100"],
    "raftkv": [
        "--log-tail-bytes=0", "--log-tail-memory-bytes=0", "--memtable-changes=500", "--wal-segment-bytes=1048576"],
}
ENTRIES = 6_000
GOT_SNAPSHOT = {"etcd": "applied snapshot", "raftkv": "snapshot"}


def fall_behind(stage, member, leader, round):
    stage.fill(leader, ENTRIES, 100, b"x/%d/" % round)


def catches_up(stage, cluster, member, since):
    """Waits until a member has everything that is there now, and says by what means."""
    revision = stage.revision(cluster.leader())
    content(member, revision)
    lines = [line for line in member.log(since).splitlines() if GOT_SNAPSHOT[stage.kind] in line]
    assert lines, f"{member.name} came to revision {revision} without a snapshot"
    stage.note(f"{member.name}: {lines[-1][:300]}")


def slow_follower(stage):
    """A follower is frozen until the log has left it behind: it gets a snapshot while others write."""
    with stage.cluster(flags=TAIL[stage.kind]) as cluster, stage.load(cluster) as load:
        for round in stage.rounds(1, 4):
            leader, follower = cluster.leader(), cluster.followers()[0]
            since = follower.log_size()
            follower.pause()
            fall_behind(stage, follower, leader, round)
            follower.go_on()
            catches_up(stage, cluster, follower, since)
            follower.wait_healthy()
            load.goes_on()


def lost_follower(stage):
    """A follower is dead until the log has left it behind, and dies again while it gets its snapshot."""
    with stage.cluster(flags=TAIL[stage.kind]) as cluster, stage.load(cluster) as load:
        for round in stage.rounds(1, 4):
            leader, follower = cluster.leader(), cluster.followers()[0]
            follower.kill()
            fall_behind(stage, follower, leader, round)
            since = follower.log_size()
            for _ in range(3):
                follower.launch()
                eventually(
                    "it is told of a snapshot, or serves",
                    lambda: "snapshot" in follower.log(since) or follower.is_healthy())
                follower.kill()
            follower.start()
            catches_up(stage, cluster, follower, since)
            load.goes_on()


def leader_lost_beside_a_snapshot(stage):
    """The leader dies while a follower gets a snapshot: with two of three there is a leader again."""
    with stage.cluster(flags=TAIL[stage.kind]) as cluster, stage.load(cluster) as load:
        for round in stage.rounds(1, 4):
            leader, follower = cluster.leader(), cluster.followers()[0]
            since = follower.log_size()
            follower.pause()
            fall_behind(stage, follower, leader, round)
            follower.go_on()
            moment = leader.kill()
            load.goes_on(moment)
            leader.start()
            catches_up(stage, cluster, follower, since) if stage.kind == "raftkv" else content(
                follower, stage.revision(leader))
            load.goes_on()


def newcomer(stage):
    """A member joins a cluster whose log does not reach back to the beginning."""
    with stage.cluster(1, flags=TAIL[stage.kind]) as cluster, stage.load(cluster) as load:
        founder = cluster.members[0]
        stage.fill(founder, ENTRIES, 1_000)
        fresh, id = cluster.add(founder)
        fresh.launch()
        cluster.promote(founder, id)
        fresh.wait_healthy()
        catches_up(stage, cluster, fresh, 0)
        load.use([member.client for member in cluster.members])
        load.goes_on()


SCENARIOS = [slow_follower, lost_follower, leader_lost_beside_a_snapshot, newcomer]
