"""The network between members fails; clients reach all of them."""

import time

import grpc

from crash_scenarios import writes_go_on
from members import eventually
from relay import Relay
from stubs import rpc


def places(members):
    return [member.place for member in members]


def steps_down(member):
    """Waits until a member that has lost the others knows that it leads no more."""
    def has():
        status = member.status()
        return status and status.leader != status.header.member_id

    eventually(f"{member.name} leads no more", has)


def answers_nothing(member):
    """Neither writes nor linearizable reads are answered."""
    for name, request in [("Put", rpc.PutRequest(key=b"x/cut off", value=b"x")), ("Range", rpc.RangeRequest(key=b"a"))]:
        try:
            member.ask(rpc.KVStub, name, request, seconds=1)
        except grpc.RpcError:
            continue
        raise AssertionError(f"{member.name} answered a {name} though it is cut off")


def reads_stale(member):
    """Serializable reads are still answered."""
    member.ask(rpc.KVStub, "Range", rpc.RangeRequest(key=b"a", serializable=True))


def cut_off_the_leader(stage):
    """The leader is separated from both others, and comes back."""
    with stage.cluster(has_bridge=True) as cluster, stage.load(cluster) as load:
        for _ in stage.rounds(1, 5):
            leader = cluster.leader()
            others = [member for member in cluster.members if member is not leader]
            cluster.network.separate([leader.place], places(others))
            moment = time.monotonic()
            writes_go_on(stage, load, moment, "cut off")
            steps_down(leader)
            answers_nothing(leader)
            reads_stale(leader)
            cluster.network.heal(places(cluster.members))
            cluster.wait_healthy()
            load.goes_on()


def minority_and_majority(stage):
    """Five members fall into two, the leader among them, and three."""
    with stage.cluster(5, has_bridge=True) as cluster, stage.load(cluster) as load:
        for _ in stage.rounds(1, 4):
            leader = cluster.leader()
            minority = [leader, cluster.followers()[0]]
            majority = [member for member in cluster.members if member not in minority]
            cluster.network.separate(places(minority), places(majority))
            moment = time.monotonic()
            writes_go_on(stage, load, moment, "in the majority")
            for member in minority:
                steps_down(member)
                answers_nothing(member)
            cluster.network.heal(places(cluster.members))
            cluster.wait_healthy()
            load.goes_on()


def one_way_cuts(stage):
    """Packets from the leader to one follower are lost, then those of the other direction: the others go on."""
    with stage.cluster(has_bridge=True) as cluster, stage.load(cluster) as load:
        for _ in stage.rounds(1, 4):
            for is_from_leader in (True, False):
                leader, follower = cluster.leader(), cluster.followers()[0]
                ends = (leader, follower) if is_from_leader else (follower, leader)
                cluster.network.cut(ends[0].place, ends[1].place)
                began = time.monotonic()
                # Longer than any timer of a member.
                eventually("several elections could be", lambda: time.monotonic() > began + 4 * stage.election_seconds)
                load.goes_on(count=100)
                cluster.network.heal(places(cluster.members))
                cluster.wait_healthy()
                load.goes_on()


def lossy_network(stage):
    """One packet in ten is lost between all members."""
    with stage.cluster(has_bridge=True) as cluster, stage.load(cluster) as load:
        cluster.network.lose(places(cluster.members))
        for _ in stage.rounds(1, 20):
            load.goes_on(count=300)
        cluster.network.heal(places(cluster.members))
        cluster.wait_healthy()
        load.goes_on()


def slow_network(stage):
    """Everything between members takes a while, and the leader dies meanwhile."""
    with stage.empty_cluster() as cluster:
        founders = [cluster.new_member() for _ in range(3)]
        with Relay(delay_seconds=0.02 if stage.is_short else 0.05) as relay:
            for member in founders:
                member.peer = relay.before(member.place.peer)
            cluster.start_founders(founders)
            with stage.load(cluster) as load:
                load.goes_on(count=100)
                for _ in stage.rounds(1, 4):
                    leader = cluster.leader()
                    writes_go_on(stage, load, leader.kill(), "killed")
                    leader.start()
                    load.goes_on(count=100)


SCENARIOS = [cut_off_the_leader, minority_and_majority, one_way_cuts, lossy_network, slow_network]
