"""Who does not belong: other clusters, other protocols, other certificates."""

import os
import random
import socket
import ssl

from certificates import Authority
from members import eventually

CONNECTIONS = 100


def hellos(chance):
    """What a member may hear at its peer port."""
    yield b""
    yield b"GET /version HTTP/1.1\r\nHost: x\r\n\r\n"
    yield b"POST /raft HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\nxx"
    yield b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9)
    yield bytes.fromhex("16030100f0010000ec0303") + chance.randbytes(200)
    yield bytes(100_000)
    yield b"\xff" * 100_000
    for _ in range(8):
        yield chance.randbytes(chance.randint(1, 50_000))


def say(address, words):
    """Says something to a port and reads what comes, until the other side or patience ends it."""
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=2) as connection:
        try:
            connection.sendall(words)
            connection.settimeout(0.2)
            while connection.recv(65_536):
                pass
        except OSError:
            pass


def garbage(stage):
    """Noise, other protocols and silence at every member's peer port."""
    with stage.cluster() as cluster, stage.load(cluster) as load:
        leader = cluster.leader()
        term = leader.status().raftTerm
        sizes = {member: member.log_size() for member in cluster.members}
        idle = [
            socket.create_connection(tuple(member.place.peer.rsplit(":", 1)), timeout=5)
            for member in cluster.members for _ in range(CONNECTIONS // len(cluster.members))]
        for round in stage.rounds(1, 10):
            for member in cluster.members:
                for words in hellos(random.Random(stage.random.random())):
                    say(member.place.peer, words)
        load.goes_on(count=200)
        for connection in idle:
            connection.close()
        load.goes_on()
        assert all(member.is_running() for member in cluster.members)
        assert stage.is_short or leader.status().raftTerm == term, "noise made an election"
        # Refused with words, but not so many that noise fills the disk.
        for member, size in sizes.items():
            said = member.log(size)
            assert len(said) < 500_000, f"{member.name} logged {len(said)} bytes"
            if stage.kind == "raftkv":
                assert "refused a connection" in said, f"{member.name} says nothing about noise at its peer port"


def another_cluster(stage):
    """Where a member was listens one of another cluster: it is refused with a log line, and nothing changes."""
    with stage.cluster() as cluster, stage.load(cluster) as load:
        leader, away = cluster.leader(), cluster.followers()[0]
        before = {(member.ID, member.name, tuple(member.peerURLs)) for member in cluster.list_members(leader)}
        away.stop()
        load.use([member.client for member in cluster.members if member is not away])
        own_data, own_token = away.data, away.token
        sizes = {member: member.log_size() for member in cluster.members}
        away.data, away.token = os.path.join(away.folder, "stranger"), "another token"
        away.launch()

        def is_refused():
            said = [member.log(sizes[member]) for member in cluster.members]
            return any("cluster" in line and ("mismatch" in line or "another" in line or "differ" in line)
                       for text in said for line in text.splitlines())

        eventually("somebody says that the clusters differ", is_refused)
        load.goes_on(count=200)
        assert not away.is_healthy(), "the stranger serves"
        after = {(member.ID, member.name, tuple(member.peerURLs)) for member in cluster.list_members(leader)}
        assert after == before, f"the members were {before}, are {after}"
        if away.is_running():
            away.kill()
        away.data, away.token = own_data, own_token
        away.start()
        load.use([member.client for member in cluster.members])
        load.goes_on()


def mutual_tls(stage):
    """Members with certificates; a wrong one is refused, and so is plain text."""
    authority, other = (Authority(stage.own(name)) for name in ("authority", "other"))

    def tls(name, signed_by=authority):
        certificate, key = signed_by.issue(name)
        return [
            f"--peer-cert-file={certificate}", f"--peer-key-file={key}",
            f"--peer-trusted-ca-file={authority.certificate}", "--peer-client-cert-auth"]

    with stage.empty_cluster(peer_scheme="https") as cluster:
        founders = [cluster.new_member() for _ in range(3)]
        for member in founders:
            member.flags += tls(member.name)
        cluster.start_founders(founders)
        with stage.load(cluster) as load:
            leader = cluster.leader()
            for words in hellos(stage.random):
                say(leader.place.peer, words)
            load.goes_on()
            moment = leader.kill()
            load.goes_on(moment)
            leader.start()
            leader = cluster.leader()
            stranger, id = cluster.add(leader, flags=tls("stranger", other))
            sizes = {member: member.log_size() for member in cluster.everyone}
            stranger.launch()

            def is_refused():
                said = "\n".join(member.log(sizes[member]) for member in cluster.everyone).lower()
                return "certificate" in said and ("unknown authority" in said or "verif" in said or "unknown ca" in said)

            eventually("the certificate is refused", is_refused)
            load.goes_on(count=200)
            assert not stranger.is_healthy(), "a member with a wrong certificate serves"
            listed = {member.ID: member for member in cluster.list_members(leader)}
            assert not listed[id].name, "a member with a wrong certificate has joined"
            if stranger.is_running():
                stranger.kill()
            # With a right one it is welcome.
            stranger.flags = tls(stranger.name)
            stranger.launch()
            cluster.promote(leader, id)
            stranger.wait_healthy()
            load.use([member.client for member in cluster.members])
            load.goes_on()


def auto_tls(stage):
    """Members with --peer-auto-tls."""
    with stage.cluster(peer_scheme="https", flags=["--peer-auto-tls"]) as cluster, stage.load(cluster) as load:
        for _ in stage.rounds(1, 3):
            leader = cluster.leader()
            moment = leader.kill()
            load.goes_on(moment)
            leader.start()
        # No plain text is spoken there.
        with socket.create_connection(tuple(leader.place.peer.rsplit(":", 1)), timeout=5) as plain:
            with ssl_context().wrap_socket(plain) as connection:
                assert connection.getpeercert(binary_form=True), "there is no certificate"


def ssl_context():
    """Any certificate will do."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


SCENARIOS = [garbage, another_cluster, mutual_tls, auto_tls]
