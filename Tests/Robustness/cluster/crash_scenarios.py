"""Members die, freeze and come back."""

import signal

from members import eventually
from stubs import rpc


def writes_go_on(stage, load, moment, what):
    """Somebody takes writes soon after a leader was lost at that moment."""
    load.goes_on(moment)
    seconds = load.seconds_without(moment)
    timeouts = seconds / stage.election_seconds
    stage.note(f"{what}: writes went on after {seconds:.2f} s ({timeouts:.1f} election timeouts)")
    # How soon is only meaningful on a machine that has nothing else to do.
    assert stage.is_short or timeouts <= 2, f"writes went on after {timeouts:.1f} election timeouts"


def kill_the_leader(stage):
    """kill −9 for the leader: others go on within two election timeouts."""
    with stage.cluster() as cluster, stage.load(cluster) as load:
        for _ in stage.rounds(2, 8):
            leader = cluster.leader()
            moment = leader.kill()
            writes_go_on(stage, load, moment, "killed")
            leader.start()
            load.goes_on()


def freeze_the_leader(stage):
    """SIGSTOP for the leader, and SIGCONT when another leads: it steps down."""
    with stage.cluster() as cluster, stage.load(cluster) as load:
        for _ in stage.rounds(1, 5):
            leader = cluster.leader()
            moment = leader.pause()
            writes_go_on(stage, load, moment, "frozen")
            successor = cluster.leader([member for member in cluster.members if member is not leader])
            leader.go_on()
            follows(leader, successor)
            load.goes_on()


def follows(member, leader):
    """Waits until a member knows who leads, by then perhaps somebody else."""
    def knows():
        status = member.status()
        return status and status.leader not in (0, status.header.member_id) and status.raftTerm >= leader.status().raftTerm

    eventually(f"{member.name} follows {leader.name}", knows)


def kill_a_follower(stage):
    """kill −9 for a follower: nobody notices, and it catches up."""
    with stage.cluster() as cluster, stage.load(cluster) as load:
        for _ in stage.rounds(2, 8):
            leader = cluster.leader()
            term = leader.status().raftTerm
            follower = cluster.followers()[0]
            moment = follower.kill()
            load.goes_on(moment, 200)
            follower.start()
            load.goes_on(count=200)
            assert stage.is_short or leader.status().raftTerm == term, "the loss of a follower made an election"


def kill_all(stage):
    """kill −9 for all members at once, and a start of all."""
    with stage.cluster() as cluster, stage.load(cluster) as load:
        for _ in stage.rounds(2, 8):
            for member in cluster.members:
                member.process.kill()
            for member in cluster.members:
                member.wait_end()
            for member in cluster.members:
                member.launch()
            cluster.wait_healthy()
            load.goes_on()


def rolling_restart(stage):
    """SIGTERM and a start for one member after the other."""
    with stage.cluster() as cluster, stage.load(cluster) as load:
        for member in [*cluster.followers(), cluster.leader()] * len(stage.rounds(1, 3)):
            load.goes_on(count=100)
            code = member.stop()
            # etcd ends by the signal itself.
            assert code == 0 or stage.kind == "etcd" and code == -signal.SIGTERM, f"exit code {code} after SIGTERM"
            load.goes_on()
            member.start()


def move_the_leader(stage):
    """MoveLeader to one member after the other."""
    with stage.cluster() as cluster, stage.load(cluster) as load:
        for _ in stage.rounds(3, 12):
            leader = cluster.leader()
            target = stage.random.choice(cluster.followers())
            leader.ask(rpc.MaintenanceStub, "MoveLeader", rpc.MoveLeaderRequest(targetID=target.id))
            eventually(f"{target.name} leads", lambda: cluster.leader_or_none() is target)
            load.goes_on()


SCENARIOS = [
    kill_the_leader, freeze_the_leader, kill_a_follower, kill_all, rolling_restart, move_the_leader,
]
