"""Leases over changes of the leader: they never end early, and end at last."""

import collections
import queue
import threading
import time

import grpc

from members import eventually
from stubs import rpc

COUNT = 1_000
CALLS_UNDER_WAY = 64
PREFIX = b"lease/"


class Keeper(threading.Thread):
    """Keeps some leases alive through one member after the other; `renewed` has when the last renewal of each that
    was answered had been asked for: a lease may not end sooner than its time after that."""

    def __init__(self, members, at, leases, seconds, renewed):
        super().__init__(daemon=True)
        self.members = members
        self.at = at
        self.leases = leases
        self.seconds = seconds
        self.renewed = renewed
        self.stopping = threading.Event()
        self.faults = []

    def run(self):
        while not self.stopping.is_set():
            member = self.members[self.at % len(self.members)]
            self.at += 1
            try:
                self.keep(member)
            except (grpc.RpcError, StopIteration):
                self.stopping.wait(0.05)

    def keep(self, member):
        requests = queue.Queue()
        call = rpc.LeaseStub(member.channel).LeaseKeepAlive(iter(requests.get, None))
        # A member that does not answer is left.
        guard = threading.Timer(self.seconds / 3, call.cancel)
        try:
            # One round to each member, so that every member is asked for every lease.
            guard.start()
            asked = {}
            for lease in self.leases:
                asked[lease] = time.monotonic()
                requests.put(rpc.LeaseKeepAliveRequest(ID=lease))
            for _ in self.leases:
                answer = next(call)
                if answer.TTL <= 0:
                    self.faults.append(f"{member.name} does not know lease {answer.ID} any more")
                else:
                    self.renewed[answer.ID] = asked[answer.ID]
        finally:
            guard.cancel()
            requests.put(None)
            call.cancel()
        self.stopping.wait(self.seconds / 5)


def grant(members, seconds):
    """Grants leases through all members, each with a key; when each was asked for."""
    asked = {}

    def grants():
        for number in range(COUNT):
            channel, lease = members[number % len(members)].channel, 1_000 + number
            asked[lease] = time.monotonic()
            yield rpc.LeaseStub(channel).LeaseGrant.future(rpc.LeaseGrantRequest(ID=lease, TTL=seconds), timeout=10)

    def puts():
        for number, lease in enumerate(asked):
            request = rpc.PutRequest(key=PREFIX + b"%d" % lease, value=b"x", lease=lease)
            yield rpc.KVStub(members[number % len(members)].channel).Put.future(request, timeout=10)

    for calls in (grants, puts):
        under_way = collections.deque()
        for call in calls():
            under_way.append(call)
            if len(under_way) >= CALLS_UNDER_WAY:
                under_way.popleft().result()
        for call in under_way:
            call.result()
    return asked


def ended(load):
    """When a watcher was told of the end of each lease."""
    follower = load.followers[0]
    return {
        int(event.key[len(PREFIX):]): moment for event, moment in zip(list(follower.events), list(follower.times))
        if event.value is None and event.key.startswith(PREFIX)}


def leases(stage):
    """A thousand leases, half of them kept alive through all members, while leaders die and freeze."""
    seconds = 8 if stage.is_short else 40
    with stage.cluster() as cluster, stage.load(cluster) as load:
        began = time.monotonic()
        renewed = grant(cluster.members, seconds)
        kept = [lease for lease in renewed if lease % 2]
        keepers = [Keeper(cluster.members, number, kept[number::4], seconds, renewed) for number in range(4)]
        for keeper in keepers:
            keeper.start()
        for member in cluster.members:
            eventually(f"{member.name} knows all leases", lambda: (
                len(member.ask(rpc.LeaseStub, "LeaseLeases", rpc.LeaseLeasesRequest()).leases) == COUNT
                or time.monotonic() > began + seconds))
        granted = time.monotonic()
        for number in stage.rounds(1, 3):
            leader = cluster.leader()
            moment = leader.kill()
            load.goes_on(moment)
            leader.start()
            for member in cluster.members:
                told = member.ask(rpc.LeaseStub, "LeaseTimeToLive", rpc.LeaseTimeToLiveRequest(ID=kept[0], keys=True))
                assert (told.grantedTTL, len(told.keys)) == (seconds, 1) and 0 <= told.TTL <= seconds, told
        forgotten = [lease for lease in renewed if lease % 2 == 0]
        eventually("what nobody keeps ends", lambda: set(forgotten) <= ended(load).keys(), 60 + 4 * seconds)
        stage.note(f"leases that nobody kept were gone {time.monotonic() - granted:.1f} s after the grants of {seconds} s")
        faults = [fault for keeper in keepers for fault in keeper.faults]
        # What is kept is still there, but for what could not be renewed in time.
        gone = [lease for lease in kept if lease in ended(load)]
        for keeper in keepers:
            keeper.stopping.set()
        for keeper in keepers:
            keeper.join()
        eventually("all leases end", lambda: renewed.keys() <= ended(load).keys(), 60 + 4 * seconds)
        for lease, moment in ended(load).items():
            if moment < renewed[lease] + seconds:
                faults.append(f"lease {lease} ended {renewed[lease] + seconds - moment:.2f} s early")
        assert not faults, f"{len(faults)} faults: {faults[:5]}"
        for member in cluster.members:
            eventually(
                f"{member.name} knows no lease",
                lambda: not member.ask(rpc.LeaseStub, "LeaseLeases", rpc.LeaseLeasesRequest()).leases)
        stage.note(f"{len(gone)} of {len(kept)} leases that were kept ended meanwhile")


SCENARIOS = [leases]
