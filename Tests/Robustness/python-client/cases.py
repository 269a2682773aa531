"""What the Python client is asked, in order: each case is (name, function of a client). Those that go through
the client's own methods come first; then requests with fields that its methods and etcdctl cannot set."""

import time

import grpc
from pyetcd import etcdrpc as rpc


def sdk():
    """The client's methods, but for watches, which have a file of their own."""
    yield "put", lambda c: c.put("p/a", "1")
    yield "put again, previous", lambda c: c.put(b"p/a", b"\x00\xff", prev_kv=True)
    for number in range(5):
        yield f"put {number}", lambda c, n=number: c.put(f"p/{n}", str(9 - n))
    yield "get", lambda c: c.get("p/a")
    yield "get missing", lambda c: c.get("missing")
    yield "get serializable", lambda c: c.get("p/a", serializable=True)
    yield "get old", lambda c: c.get("p/a", revision=2)
    yield "get keys_only", lambda c: c.get("p/a", keys_only=True)
    yield "get_response count_only", lambda c: c.get_response("p/a", count_only=True)
    yield "get_response future", lambda c: c.get_response("p/a", revision=1000)
    yield "get_prefix", lambda c: c.get_prefix("p/")
    yield "get_prefix keys_only", lambda c: c.get_prefix("p/", keys_only=True)
    yield "get_prefix_response limit", lambda c: c.get_prefix_response("p/", limit=2)
    for target in ["key", "version", "create", "mod", "value"]:
        for order in ["ascend", "descend", None]:
            yield f"get_prefix_response {target} {order}", lambda c, t=target, o=order: c.get_prefix_response(
                "p/", sort_target=t, sort_order=o, limit=4)
    yield "get_prefix_response min_mod", lambda c: c.get_prefix_response("p/", min_mod_revision=5)
    yield "get_prefix_response max_mod", lambda c: c.get_prefix_response("p/", max_mod_revision=5, limit=2)
    yield "get_range", lambda c: c.get_range("p/1", "p/3")
    yield "get_range_response descend", lambda c: c.get_range_response("p/0", "p/9", sort_order="descend")
    yield "get_range_response of old", lambda c: c.get_range_response("p/", "p0", revision=4, keys_only=True)
    yield "get_all", lambda c: c.get_all()
    yield "get_all_response keys_only", lambda c: c.get_all_response(keys_only=True, sort_order="descend")
    yield "get_all sorted", lambda c: c.get_all(sort_order="descend", sort_target="value")
    yield "put_if_not_exists new", lambda c: c.put_if_not_exists("p/new", "x")
    yield "put_if_not_exists old", lambda c: c.put_if_not_exists("p/new", "y")
    yield "replace", lambda c: c.replace("p/new", "x", "z")
    yield "replace wrong", lambda c: c.replace("p/new", "x", "w")
    yield "replace missing", lambda c: c.replace("missing", "", "w")
    yield "transaction", lambda c: c.transaction(
        compare=[c.transactions.value("p/new") == "z", c.transactions.version("p/new") > 1],
        success=[c.transactions.put("p/t", "yes"), c.transactions.get("p/new"), c.transactions.get("p/0", "p/3")],
        failure=[c.transactions.put("p/t", "no")])
    yield "transaction else", lambda c: c.transaction(
        compare=[c.transactions.mod("p/new") < 1, c.transactions.create("p/new") != 0],
        success=[],
        failure=[c.transactions.delete("p/t", prev_kv=True), c.transactions.get("p/t")])
    yield "transaction nested", lambda c: c.transaction(
        compare=[c.transactions.version("p/a") > 0],
        success=[
            c.transactions.put("n/1", "outer"),
            c.transactions.txn(
                compare=[c.transactions.value("n/1") == "outer"],
                success=[c.transactions.put("n/2", "inner"), c.transactions.get("n/1")],
                failure=[c.transactions.put("n/3", "never")]),
            c.transactions.get("n/", "n0")],
        failure=[])
    yield "transaction duplicate", lambda c: c.transaction(
        compare=[], success=[c.transactions.put("n/1", "a"), c.transactions.put("n/1", "b")], failure=[])
    yield "delete", lambda c: c.delete("p/0")
    yield "delete again", lambda c: c.delete("p/0")
    yield "delete response", lambda c: c.delete("p/1", prev_kv=True, return_response=True)
    yield "delete_prefix", lambda c: c.delete_prefix("n/")
    yield "get_all after", lambda c: c.get_all(keys_only=True)
    yield "status", lambda c: status(c)
    yield "members", lambda c: [(m.name, len(m.peer_urls), len(m.client_urls)) for m in c.members]
    yield "list_alarms", lambda c: [a.alarm_type for a in c.list_alarms()]
    yield "create_alarm", lambda c: [a.alarm_type for a in c.create_alarm()]
    yield "list_alarms raised", lambda c: [a.alarm_type for a in c.list_alarms()]
    yield "put while raised", lambda c: c.put("p/full", "x")
    yield "delete while raised", lambda c: c.delete("p/2", return_response=True)
    yield "disarm_alarm", lambda c: [a.alarm_type for a in c.disarm_alarm()]
    yield "put after", lambda c: c.put("p/full", "x")
    yield "put with a missing lease", lambda c: c.put("p/leased", "x", lease=77)
    yield "put empty key", lambda c: c.put("", "x")
    yield "put too large", lambda c: c.put("p/large", "x" * (1536 * 1024))


def leases():
    """Leases, by the client's methods and as messages."""
    yield "lease", lambda c: shown_lease(c.lease(600, 1001))
    yield "lease of an id in use", lambda c: shown_lease(c.lease(600, 1001))
    yield "lease without an id", lambda c: revoked(c, c.lease(600).id)
    for name, ttl, lease in [("0", 0, 1002), ("-1", -1, 1003), ("1", 1, 1004), ("huge", 9_000_000_000, 1005),
                             ("too large", 9_000_000_001, 1006), ("negative id", 700, -7),
                             ("largest id", 800, (1 << 63) - 1), ("smallest id", 900, -(1 << 63))]:
        yield f"LeaseGrant {name}", lambda c, t=ttl, l=lease: c.leasestub.LeaseGrant(rpc.LeaseGrantRequest(TTL=t, ID=l))
    yield "put with a lease", lambda c: c.put("l/1", "x", lease=1001)
    yield "put with a negative lease", lambda c: c.put("l/2", "x", lease=-7)
    yield "put with the smallest lease", lambda c: c.put("l/3", "x", lease=-(1 << 63))
    yield "put_if_not_exists with a lease", lambda c: c.put_if_not_exists("l/4", "x", lease=1001)
    yield "transaction with a lease", lambda c: c.transaction(
        compare=[], success=[c.transactions.put("l/5", "x", lease=1001)], failure=[])
    yield "get_prefix of leased keys", lambda c: c.get_prefix_response("l/")
    for lease in [1001, 1002, -7, -(1 << 63), 0, 55]:
        yield f"get_lease_info {lease}", lambda c, l=lease: c.get_lease_info(l)
        yield f"LeaseTimeToLive {lease}", lambda c, l=lease: c.leasestub.LeaseTimeToLive(
            rpc.LeaseTimeToLiveRequest(ID=l))
        yield f"refresh_lease {lease}", lambda c, l=lease: list(c.refresh_lease(l))
    yield "LeaseKeepAlive of many", lambda c: list(c.leasestub.LeaseKeepAlive(
        iter([rpc.LeaseKeepAliveRequest(ID=l) for l in [1001, 55, -7, 1001, 0, 1005]])))
    yield "LeaseKeepAlive of none", lambda c: list(c.leasestub.LeaseKeepAlive(iter([])))
    yield "LeaseRevoke", lambda c: c.leasestub.LeaseRevoke(rpc.LeaseRevokeRequest(ID=1001))
    yield "LeaseRevoke again", lambda c: c.leasestub.LeaseRevoke(rpc.LeaseRevokeRequest(ID=1001))
    yield "LeaseRevoke 0", lambda c: c.leasestub.LeaseRevoke(rpc.LeaseRevokeRequest())
    yield "LeaseRevoke without keys", lambda c: c.leasestub.LeaseRevoke(rpc.LeaseRevokeRequest(ID=1005))
    yield "revoke_lease negative", lambda c: c.revoke_lease(-7)
    yield "get_prefix after", lambda c: c.get_prefix_response("l/")
    yield "put with a revoked lease", lambda c: c.put("l/1", "x", lease=1001)
    yield "lease ends", ends
    yield "get_prefix after the end", lambda c: c.get_prefix_response("e/")
    yield "LeaseLeases", lease_leases
    yield "revoke the largest", lambda c: c.revoke_lease((1 << 63) - 1)
    yield "revoke the smallest", lambda c: c.revoke_lease(-(1 << 63))
    yield "LeaseLeases of none", lease_leases


def shown_lease(lease):
    return (lease.id, lease.ttl, lease.granted_ttl, lease.keys)


def lease_leases(client):
    """The client has no stub for this call; a list of leases reads as one of members with ids alone."""
    call = client.channel.unary_unary(
        "/etcdserverpb.Lease/LeaseLeases", rpc.MemberListRequest.SerializeToString, rpc.MemberListResponse.FromString)
    return call(rpc.MemberListRequest(), timeout=20)


def revoked(client, lease):
    client.revoke_lease(lease)
    return lease > 0


def ends(client):
    """A lease that nobody renews; and how its keys went: in one revision."""
    lease = client.lease(2, 2001)
    for number in range(3):
        client.put(f"e/{number}", "x", lease=lease)
    deadline = time.monotonic() + 20
    while client.get("e/0")[0] is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    # Those that were granted above with the shortest TTLs have ended before.
    while len(lease_leases(client).members) > 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    return client.get_lease_info(2001)


def status(client):
    answer = client.status()
    return (answer.leader.name, answer.db_size > 0, answer.raft_index > 0, answer.raft_term > 0)


def raw():
    """Requests as messages, for every field and for values that no client library sends."""
    for key, value in [("r/1", "c"), ("r/2", "a"), ("r/3", "b"), ("r/2", "d"), ("r/1", "a")]:
        yield f"Put {key}", lambda c, k=key, v=value: c.kvstub.Put(put(k, v))
    base = dict(key=b"r/", range_end=b"r0")
    for field in ["min_mod_revision", "max_mod_revision", "min_create_revision", "max_create_revision"]:
        for delta in range(7):
            yield f"Range {field} {delta}", lambda c, f=field, d=delta: c.kvstub.Range(
                rpc.RangeRequest(**base, **{f: first_revision(c) + d}))
    yield "Range of all filters, sorted, limited", lambda c: c.kvstub.Range(rpc.RangeRequest(
        **base, min_mod_revision=1, max_create_revision=1 << 40, limit=1, sort_target=4, sort_order=2))
    for order in range(3):
        for target in range(5):
            yield f"Range order {order} target {target}", lambda c, o=order, t=target: c.kvstub.Range(
                rpc.RangeRequest(**base, sort_order=o, sort_target=t))
    yield "Range limit over int32", lambda c: c.kvstub.Range(rpc.RangeRequest(**base, limit=1 << 40))
    yield "Range negative limit", lambda c: c.kvstub.Range(rpc.RangeRequest(**base, limit=-3))
    yield "Range negative revision", lambda c: c.kvstub.Range(rpc.RangeRequest(**base, revision=-3))
    yield "Range empty key", lambda c: c.kvstub.Range(rpc.RangeRequest(range_end=b"r0"))
    yield "Range empty key serializable", lambda c: c.kvstub.Range(rpc.RangeRequest(serializable=True))
    yield "Range whole space", lambda c: c.kvstub.Range(rpc.RangeRequest(key=b"\0", range_end=b"\0", keys_only=True))
    yield "Range from key", lambda c: c.kvstub.Range(rpc.RangeRequest(key=b"r/2", range_end=b"\0", count_only=True))
    yield "Range start after end", lambda c: c.kvstub.Range(rpc.RangeRequest(key=b"r/3", range_end=b"r/1"))
    yield "Range keys only and count only", lambda c: c.kvstub.Range(
        rpc.RangeRequest(**base, keys_only=True, count_only=True))
    yield "Put empty key", lambda c: c.kvstub.Put(put("", "x"))
    yield "Put ignore_value with value", lambda c: c.kvstub.Put(put("r/1", "x", ignore_value=True))
    yield "Put ignore_lease with lease", lambda c: c.kvstub.Put(put("r/1", "x", ignore_lease=True, lease=3))
    yield "Put ignore_value missing", lambda c: c.kvstub.Put(put("r/none", "", ignore_value=True))
    yield "Put ignore_lease missing", lambda c: c.kvstub.Put(put("r/none", "x", ignore_lease=True))
    yield "Put ignore both", lambda c: c.kvstub.Put(
        put("r/1", "", ignore_value=True, ignore_lease=True, prev_kv=True))
    yield "Put negative lease", lambda c: c.kvstub.Put(put("r/1", "x", lease=-1))
    yield "DeleteRange empty key", lambda c: c.kvstub.DeleteRange(rpc.DeleteRangeRequest(range_end=b"z"))
    yield "DeleteRange nothing", lambda c: c.kvstub.DeleteRange(rpc.DeleteRangeRequest(key=b"none", prev_kv=True))
    yield "Txn empty", lambda c: c.kvstub.Txn(rpc.TxnRequest())
    yield from raw_comparisons()
    yield from raw_transactions()
    yield "DeleteRange, previous", lambda c: c.kvstub.DeleteRange(rpc.DeleteRangeRequest(**base, prev_kv=True))
    yield "MemberList", lambda c: len(c.clusterstub.MemberList(rpc.MemberListRequest()).members)
    yield "MemberAdd without URLs", lambda c: c.clusterstub.MemberAdd(rpc.MemberAddRequest())
    for url in ["nonsense", "http://h", "http://h:1/x", "ftp://h:1"]:
        yield f"MemberAdd {url}", lambda c, u=url: c.clusterstub.MemberAdd(rpc.MemberAddRequest(peerURLs=[u]))
    yield "MemberRemove unknown", lambda c: change(c.clusterstub.MemberRemove, rpc.MemberRemoveRequest(ID=1))
    for url in ["http://127.0.0.1:1", "nonsense"]:
        yield f"MemberUpdate unknown to {url}", lambda c, u=url: change(
            c.clusterstub.MemberUpdate, rpc.MemberUpdateRequest(ID=1, peerURLs=[u]))
    yield "Alarm deactivate CORRUPT", lambda c: c.maintenancestub.Alarm(rpc.AlarmRequest(action=2, alarm=2))


def change(call, request):
    """A change of the members that changes nothing, asked for until it is answered: etcd drops one that it proposes
    before it has applied the one before, and leaves its caller waiting."""
    for _ in range(10):
        try:
            return call(request, timeout=2)
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.DEADLINE_EXCEEDED:
                raise
    return call(request, timeout=2)


def first_revision(client):
    """The revision that created r/1, whatever ran before."""
    return client.kvstub.Range(rpc.RangeRequest(key=b"r/1")).kvs[0].create_revision - 1


def put(key, value, **fields):
    return rpc.PutRequest(key=key.encode(), value=value.encode(), **fields)


def op_put(key, value="x", **fields):
    return rpc.RequestOp(request_put=put(key, value, **fields))


def op_range(key, end=b"", **fields):
    return rpc.RequestOp(request_range=rpc.RangeRequest(key=key, range_end=end, **fields))


def op_delete(key, end=b"", **fields):
    return rpc.RequestOp(request_delete_range=rpc.DeleteRangeRequest(key=key, range_end=end, **fields))


def op_txn(**fields):
    return rpc.RequestOp(request_txn=rpc.TxnRequest(**fields))


def raw_comparisons():
    """Comparisons of ranges, and of what no method of the client compares."""
    targets = [
        dict(target=0, version=1), dict(target=1, create_revision=0), dict(target=2, mod_revision=0),
        dict(target=3, value=b"a"), dict(target=4, lease=0), dict(target=5), dict(target=3),
    ]
    for fields in targets:
        for result in range(5):
            for key, end in [(b"r/1", b""), (b"none", b""), (b"r/", b"r0"), (b"s/", b"s0"), (b"\0", b"\0")]:
                name = f"Txn compare {fields} result {result} of {key!r} {end!r}"
                yield name, lambda c, f=fields, r=result, k=key, e=end: c.kvstub.Txn(rpc.TxnRequest(
                    compare=[rpc.Compare(key=k, range_end=e, result=r, **f)],
                    success=[op_range(b"r/1", keys_only=True)]))
    yield "Txn compare empty key", lambda c: c.kvstub.Txn(rpc.TxnRequest(
        compare=[rpc.Compare(target=0, version=1)], success=[op_put("r/9")]))


def raw_transactions():
    def txn(name, **fields):
        return name, lambda c: c.kvstub.Txn(rpc.TxnRequest(**fields))

    always = [rpc.Compare(key=b"none", target=0, result=0, version=0)]
    never = [rpc.Compare(key=b"none", target=0, result=0, version=1)]
    yield txn("Txn reads what it wrote", success=[
        op_put("x/1", "1"), op_range(b"x/1"), op_put("x/2", "2"), op_range(b"x/", b"x0"),
        op_delete(b"x/3"), op_range(b"x/", b"x0", count_only=True)])
    yield txn("Txn sub-revisions", success=[op_put("x/3"), op_put("x/4"), op_delete(b"x/1", prev_kv=True)])
    yield txn("Txn puts in both branches of a nested one", success=[
        op_txn(compare=never, success=[op_put("x/5", "then")], failure=[op_put("x/5", "else")])])
    yield txn("Txn put and nested put", success=[op_put("x/6"), op_txn(compare=never, success=[op_put("x/6")])])
    yield txn("Txn nested put and delete", success=[
        op_delete(b"x/", b"x0"), op_txn(compare=never, success=[op_put("x/7")])])
    yield txn("Txn two nested puts", success=[
        op_txn(compare=always, success=[op_put("x/8")]), op_txn(compare=always, success=[op_put("x/8")])])
    yield txn("Txn two nested deletes", success=[
        op_txn(success=[op_delete(b"x/", b"x0")]), op_txn(success=[op_delete(b"x/3")])])
    yield txn("Txn nested three deep", compare=always, success=[
        op_txn(compare=always, success=[op_txn(compare=never, failure=[op_put("x/9", "deep"), op_range(b"x/9")])])])
    yield txn("Txn operation without a request", success=[rpc.RequestOp()])
    yield txn("Txn put with an empty key", success=[op_put("")])
    yield txn("Txn range with an empty key", success=[op_range(b"")])
    yield txn("Txn delete with an empty key", success=[op_delete(b"")])
    yield txn("Txn put with a missing lease", success=[op_put("x/a"), op_put("x/b", lease=99)])
    yield txn("Txn ignore_value of a missing key", success=[op_put("x/a"), op_put("x/b", "", ignore_value=True)])
    yield txn("Txn ignore_value of a key it wrote", success=[
        op_txn(success=[op_put("x/c", "1")]), op_txn(success=[op_put("x/d", "", ignore_value=True)])])
    yield txn("Txn bad range in the branch not taken", compare=always, success=[op_put("x/e")], failure=[
        op_range(b"x/", revision=1 << 40)])
    yield txn("Txn bad range after a put", success=[op_put("x/f"), op_range(b"x/", revision=1 << 40)])
    yield txn("Txn old range after a put", success=[op_put("x/g"), op_range(b"p/a", revision=2)])
    for count in [128, 129]:
        yield txn(f"Txn of {count} ranges", success=[op_range(b"none")] * count)
        yield txn(f"Txn of {count} comparisons", compare=always * count)
        yield txn(f"Txn of {count} in the else", failure=[op_range(b"none")] * count)
    yield txn("Txn nested 100 and 28", success=[op_range(b"n")] * 99 + [op_txn(success=[op_range(b"n")] * 28)])
    yield txn("Txn nested 100 and 29", success=[op_range(b"n")] * 99 + [op_txn(success=[op_range(b"n")] * 29)])
    yield txn("Txn read only, two revisions", success=[op_range(b"p/a", revision=2), op_range(b"p/a")])
    yield "Range after the transactions", lambda c: c.kvstub.Range(rpc.RangeRequest(key=b"x/", range_end=b"x0"))


def range_stream(client, request):
    """RangeStream's chunks merged to one answer, and how many there were. The client has no stub for this call."""
    # RangeStreamResponse holds a RangeResponse in its first field, as RequestOp holds a request: read one by the other.
    call = client.channel.unary_stream(
        "/etcdserverpb.KV/RangeStream", rpc.RangeRequest.SerializeToString, rpc.ResponseOp.FromString)
    merged, chunks = rpc.RangeResponse(), 0
    for chunk in call(request, timeout=20):
        if merged.HasField("header"):
            raise ValueError("a chunk after the one with the header")
        merged.MergeFrom(chunk.response_range)
        chunks += 1
    return merged, chunks


def streamed():
    """Requests whose RangeStream must merge to what Range answers, and how many chunks are the least."""
    yield "all", rpc.RangeRequest(key=b"\0", range_end=b"\0"), 1
    yield "large values", rpc.RangeRequest(key=b"stream/", range_end=b"stream0"), 2
    yield "limit", rpc.RangeRequest(key=b"stream/", range_end=b"stream0", limit=3), 1
    yield "keys only", rpc.RangeRequest(key=b"stream/", range_end=b"stream0", keys_only=True), 1
    yield "count only", rpc.RangeRequest(key=b"stream/", range_end=b"stream0", count_only=True), 1
    yield "old revision", rpc.RangeRequest(key=b"p/", range_end=b"p0", revision=6), 1
    yield "serializable", rpc.RangeRequest(key=b"p/", range_end=b"p0", serializable=True), 1
    yield "ascending keys", rpc.RangeRequest(key=b"p/", range_end=b"p0", sort_order=1), 1
    yield "one key", rpc.RangeRequest(key=b"r/9"), 1
    yield "nothing", rpc.RangeRequest(key=b"none", range_end=b"nonf"), 1


def refused_streams():
    """Requests that RangeStream refuses, with the status (etcd API: RangeStream)."""
    base = dict(key=b"p/", range_end=b"p0")
    yield "sorted by value", rpc.RangeRequest(**base, sort_order=1, sort_target=4), "UNIMPLEMENTED"
    yield "least revision", rpc.RangeRequest(**base, min_mod_revision=3), "UNIMPLEMENTED"
    yield "future revision", rpc.RangeRequest(**base, revision=1 << 40), "OUT_OF_RANGE"
    yield "empty key", rpc.RangeRequest(), "INVALID_ARGUMENT"


def all_cases():
    yield from sdk()
    yield from leases()
    yield from raw()


def hostile():
    """Requests that end the process of etcd 3.5.1. Any answer to them is right, as long as there is one."""
    base = dict(key=b"r/", range_end=b"r0")
    yield "Range of an unknown order", lambda c: c.kvstub.Range(rpc.RangeRequest(**base, sort_order=3))
    yield "Range of an unknown target", lambda c: c.kvstub.Range(
        rpc.RangeRequest(**base, sort_order=1, sort_target=5))
    yield "Txn with an unknown order", lambda c: c.kvstub.Txn(rpc.TxnRequest(
        success=[op_put("r/never"), op_range(b"r/", b"r0", sort_order=1, sort_target=5)]))
    yield "Alarm of an unknown action", lambda c: c.maintenancestub.Alarm(rpc.AlarmRequest(action=9))
    yield "Alarm of an unknown kind", lambda c: c.maintenancestub.Alarm(rpc.AlarmRequest(action=1, alarm=9))
