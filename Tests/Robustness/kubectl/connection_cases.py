"""Connections to the API server as they are on the wire: protocols, certificates, tokens, bodies that are too large."""

import base64
import http.client
import json
import os
import socket
import ssl
import subprocess
import urllib.parse

from session import equal, expect

SECONDS = 60
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class Server:
    """The API server that kubectl uses, spoken to directly."""

    def __init__(self, k):
        self.folder = k.folder
        config = json.loads(k.run("config", "view", "--raw", "-o", "json", scoped=False))
        address = urllib.parse.urlsplit(config["clusters"][0]["cluster"]["server"])
        self.host, self.port = address.hostname, address.port
        self.authority = base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"]).decode()
        user = config["users"][0]["user"]
        self.certificate = self.write("certificate.pem", base64.b64decode(user["client-certificate-data"]))
        self.key = self.write("key.pem", base64.b64decode(user["client-key-data"]))

    def write(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def context(self, protocols=(), certificate=None, key=None, version=None):
        context = ssl.create_default_context(cadata=self.authority)
        if version:
            context.minimum_version = context.maximum_version = version
        if protocols:
            context.set_alpn_protocols(list(protocols))
        if certificate:
            context.load_cert_chain(certificate, key)
        return context

    def connect(self, context, session=None):
        plain = socket.create_connection((self.host, self.port), timeout=SECONDS)
        return context.wrap_socket(plain, server_hostname=self.host, session=session)

    def ask(self, connection, method, path, body=None, headers=None):
        """One request in HTTP/1.1; status and body. The connection stays open."""
        client = http.client.HTTPConnection(self.host, self.port)
        client.sock = connection
        client.request(method, path, body, headers or {})
        answer = client.getresponse()
        return answer.status, answer.read()


def protocols(k):
    server = Server(k)
    for offered, chosen in [
        (["h2", "http/1.1"], "h2"), (["http/1.1", "h2"], "h2"), (["http/1.1"], "http/1.1"), ([], None),
    ]:
        with server.connect(server.context(offered)) as connection:
            equal(chosen, connection.selected_alpn_protocol(), f"the protocol chosen from {offered}")
            if chosen != "h2":
                equal((200, b"ok"), server.ask(connection, "GET", "/readyz"), "/readyz in HTTP/1.1")
                equal((200, b"ok"), server.ask(connection, "GET", "/readyz"), "/readyz on the same connection")


def resumed_sessions(k):
    """A TLS session that is taken up again shows no certificate, and is still its owner's."""
    server = Server(k)
    for name, version in VERSIONS.items():
        context = server.context(["http/1.1"], server.certificate, server.key, version)
        session = None
        for attempt in range(3):
            with server.connect(context, session) as connection:
                equal(attempt > 0, connection.session_reused, f"TLS {name}: the session is resumed, attempt {attempt}")
                status, body = server.ask(connection, "GET", "/api/v1/nodes")
                equal(200, status, f"TLS {name}: the status of attempt {attempt}: {body[:300]}")
                session = connection.session


def tokens_alone(k):
    server = Server(k)
    token = k.run("create", "token", "default").strip()
    with server.connect(server.context(["http/1.1"])) as connection:
        status, body = server.ask(connection, "GET", "/api/v1/nodes", headers={"authorization": f"Bearer {token}"})
        equal(403, status, "a token without rights")
        name = f"system:serviceaccount:{k.namespace}:default"
        expect(name in body.decode(), "whose token it is", name, body)
        status, body = server.ask(connection, "GET", "/api/v1/nodes", headers={"authorization": "Bearer none"})
        equal(401, status, "a token that is none")
        status, body = server.ask(connection, "GET", "/api/v1/nodes")
        equal(403, status, "nobody")
        expect("system:anonymous" in body.decode(), "who asks", "system:anonymous", body)


def foreign_certificates(k):
    """One that another authority has signed does not end the connection, and counts for nothing."""
    server = Server(k)
    certificate, key = (os.path.join(server.folder, name) for name in ("foreign.pem", "foreign.key"))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/O=system:masters/CN=kubernetes-admin", "-keyout", key, "-out", certificate],
        check=True, capture_output=True, timeout=SECONDS)
    for name, version in VERSIONS.items():
        with server.connect(server.context(["http/1.1"], certificate, key, version)) as connection:
            equal(401, server.ask(connection, "GET", "/api/v1/nodes")[0], f"TLS {name}: the status")


def bodies_too_large(k):
    server = Server(k)
    limit = 3 << 20
    for size, status in [(limit, 400), (limit + 1, 413)]:
        with server.connect(server.context(["http/1.1"], server.certificate, server.key)) as connection:
            found, body = server.ask(
                connection, "POST", f"/api/v1/namespaces/{k.namespace}/configmaps", b"x" * size,
                {"content-type": "application/json"})
            equal(status, found, f"{size} bytes: {body[:300]}")
            equal("Status", json.loads(body)["kind"], f"what answers {size} bytes")
    equal(f"Request entity too large: limit is {limit}", json.loads(body)["message"], "the message")


CASES = [protocols, resumed_sessions, tokens_alone, foreign_certificates, bodies_too_large]
