"""Members join, leave, and do not belong."""

import re
import subprocess
import time

from members import PATIENCE_SECONDS, UNHEALTHY, eventually
from network import PATH, Skip
from servers import program
from stubs import rpc


SAYS_REMOVED = re.compile(r"removed (local |this )?member|removed from the cluster", re.IGNORECASE)


def clients(members):
    return [member.client for member in members]


def etcdctl(member, *words):
    """Runs etcdctl against a member, or several; what it printed."""
    endpoints = ",".join(clients(member)) if isinstance(member, list) else member.client

    def done():
        done = subprocess.run(
            [program("etcdctl"), f"--endpoints={endpoints}", "--command-timeout=20s", *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=PATIENCE_SECONDS, env={"PATH": PATH})
        return done if done.returncode == 0 or UNHEALTHY not in done.stderr else None

    done = eventually(f"etcdctl {words[0]}", done)
    assert done.returncode == 0, f"etcdctl {' '.join(words)}: {done.stderr.strip()[-500:]}"
    return done.stdout


def all_answered(load, since):
    """No request failed since a moment."""
    errors = load.errors(since)
    assert not errors, f"{len(errors)} requests failed: {[str(one) for one in errors[:3]]}"


def grow_and_shrink(stage):
    """From one member to five and back to one; no request fails."""
    with stage.cluster(1) as cluster, stage.load(cluster, followers=2) as load:
        founder = cluster.members[0]
        began = time.monotonic()
        for _ in range(4):
            fresh, id = cluster.add(founder)
            fresh.start()
            cluster.promote(founder, id)
            fresh.wait_healthy()
            load.use(clients(cluster.members))
            load.goes_on()
        for member in reversed(cluster.members[1:]):
            survivors = [one for one in cluster.members if one is not member]
            load.use(clients(survivors))
            # As operators do: who leads is moved away before it leaves.
            if cluster.leader() is member:
                etcdctl(member, "move-leader", f"{founder.id:x}")
                eventually("the founder leads", lambda: cluster.leader_or_none() is founder)
            cluster.remove(founder, member)
            load.goes_on()
            ends_removed(stage, member)
        all_answered(load, began)


def ends_removed(stage, member, since=0):
    """A removed member ends by itself and says why."""
    code = member.wait_end()
    said = [line for line in member.log(since).splitlines() if SAYS_REMOVED.search(line)]
    assert said, f"{member.name} ended with {code} and did not say that it was removed: {member.log_tail()}"
    stage.note(f"{member.name} was removed and ended with {code}: {said[-1][:300]}")


def removed_member(stage):
    """A removed member ends with a clear message; started again it does so again; the others do not notice."""
    with stage.cluster() as cluster, stage.load(cluster) as load:
        leader = cluster.leader()
        victim = cluster.followers()[0]
        load.use(clients([member for member in cluster.members if member is not victim]))
        cluster.remove(leader, victim)
        ends_removed(stage, victim)
        before = victim.log_size()
        victim.launch()
        ends_removed(stage, victim, before)
        load.goes_on()
        # Nor does one come back that was away when it was removed.
        fresh, id = cluster.add(leader)
        fresh.start()
        cluster.promote(leader, id)
        load.goes_on()
        id = fresh.id
        fresh.kill()
        cluster.remove(leader, fresh, id)
        before = fresh.log_size()
        fresh.launch()
        ends_removed(stage, fresh, before)
        load.goes_on()


def remove_the_leader(stage):
    """The leader is removed: the others choose another one."""
    with stage.cluster() as cluster, stage.load(cluster) as load:
        leader, follower = cluster.leader(), cluster.followers()[0]
        load.use(clients([member for member in cluster.members if member is not leader]))
        moment = time.monotonic()
        cluster.remove(follower, leader)
        ends_removed(stage, leader)
        cluster.leader()
        load.goes_on(moment)


def add_by_etcdctl(stage):
    """`etcdctl member add --learner`, `member promote`, `member update`, `member remove` and the lists between."""
    with stage.cluster() as cluster, stage.load(cluster) as load:
        leader = cluster.leader()
        fresh = cluster.new_member()
        said = etcdctl(leader, "member", "add", fresh.name, "--learner", f"--peer-urls={fresh.peer_url}")
        environment = dict(
            line.split("=", 1) for line in said.splitlines() if line.startswith("ETCD_"))
        pairs = environment["ETCD_INITIAL_CLUSTER"].strip('"').split(",")
        fresh.initial = [tuple(pair.split("=", 1)) for pair in pairs]
        fresh.state = environment["ETCD_INITIAL_CLUSTER_STATE"].strip('"')
        assert (fresh.name, fresh.peer_url) in fresh.initial and len(pairs) == 4, said
        # A learner takes no part: it serves only what is stale.
        fresh.launch()
        id = eventually("the learner is there", lambda: fresh.status()).header.member_id
        listed = {member.ID: member for member in cluster.list_members(leader)}
        assert listed[id].isLearner and listed[id].peerURLs == [fresh.peer_url], listed[id]
        cluster.promote(leader, id)
        fresh.wait_healthy()
        load.use(clients(cluster.members))
        load.goes_on()
        listed = etcdctl(fresh, "member", "list").splitlines()
        assert len(listed) == 4 and all(line.endswith("false") and ", started, " in line for line in listed), listed
        url = fresh.peer_url.replace("127.0.0.1", "localhost")
        etcdctl(leader, "member", "update", f"{id:x}", f"--peer-urls={url}")
        assert url in etcdctl(fresh, "member", "list")
        load.goes_on()
        load.use(clients(cluster.members[:3]))
        etcdctl(leader, "member", "remove", f"{id:x}")
        cluster.members.remove(fresh)
        ends_removed(stage, fresh)
        load.goes_on()


def all_endpoints(stage):
    """etcdctl with all endpoints."""
    with stage.cluster() as cluster:
        members = cluster.members
        etcdctl(members, "put", "greeting", "hello")
        for number in range(6):
            etcdctl(members[number % 3], "put", f"key/{number}", "value")
        assert etcdctl(members, "get", "greeting").split() == ["greeting", "hello"]
        status = etcdctl(members[0], "endpoint", "status", "--cluster").splitlines()
        assert len(status) == 3 and sum(line.split(", ")[4] == "true" for line in status) == 1, status
        for at in (members[0], members[1]):
            health = etcdctl(at, "endpoint", "health", "--cluster")
            assert health.count("is healthy") == 3 or not health, health
        hashes = etcdctl(members[0], "endpoint", "hashkv", "--cluster").splitlines()
        assert len(hashes) == 3 and len({line.split(", ")[1] for line in hashes}) == 1, hashes
        listed = etcdctl(members, "member", "list").splitlines()
        assert sorted(line.split(", ")[2] for line in listed) == ["m1", "m2", "m3"], listed
        for member in members:
            assert member.client in "".join(listed) and member.peer_url in "".join(listed), listed
        leader, target = cluster.leader(), cluster.followers()[0]
        said = etcdctl(members, "move-leader", f"{target.id:x}")
        assert "Leadership transferred" in said, said
        eventually(f"{target.name} leads", lambda: cluster.leader_or_none() is target)
        etcdctl(members, "lease", "grant", "60")
        etcdctl(members, "check", "datascale", "--load=s") if not stage.is_short else None
        stage.note(f"moved from {leader.name} to {target.name}")


def join(stage):
    """`raftkv serve --join`: a new member adds itself, and is promoted when it has caught up."""
    if stage.kind == "etcd":
        raise Skip("etcd has no such flag")
    with stage.cluster(1) as cluster, stage.load(cluster) as load:
        began = time.monotonic()
        for _ in range(2):
            fresh = cluster.new_member()
            url = f"http://{cluster.members[0].client}"
            fresh.founding = lambda url=url: [f"--join={url}"]
            fresh.launch()
            fresh.wait_healthy()

            def is_voter():
                listed = {member.name: member for member in cluster.list_members(cluster.members[0])}
                return fresh.name in listed and not listed[fresh.name].isLearner

            eventually(f"{fresh.name} is a voter", is_voter)
            load.use(clients(cluster.members))
            load.goes_on()
        all_answered(load, began)
        # And with the same flag it starts again as the member that it is.
        fresh = cluster.members[-1]
        load.use(clients(cluster.members[:2]))
        assert fresh.stop() == 0
        fresh.start()
        assert len(cluster.list_members(fresh)) == 3
        load.use(clients(cluster.members))
        load.goes_on()


SCENARIOS = [
    grow_and_shrink, removed_member, remove_the_leader, add_by_etcdctl, join, all_endpoints,
]
