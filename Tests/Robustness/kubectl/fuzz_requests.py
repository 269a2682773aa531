"""Requests for the operations of an OpenAPI document: mostly sensible, with something wrong in them."""

import base64
import json
import threading
import urllib.parse

from fuzz_bodies import Bodies
from fuzz_objects import NAMES as KIND_NAMES
from fuzz_values import NAMES, TEXTS, encoded, spoilt

NAMESPACES = ["fuzz-a"] * 7 + ["fuzz-b", "fuzz-b", "default", "kube-system", "gone"]
ACCEPTS = [
    "application/json", "application/json;as=Table;v=v1;g=meta.k8s.io",
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
    "application/json;as=Table;v=v1beta1;g=meta.k8s.io",
    "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
    "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io", "application/vnd.kubernetes.protobuf",
    "application/vnd.kubernetes.protobuf,application/json", "application/yaml",
    "application/yaml;as=Table;v=v1;g=meta.k8s.io", "*/*", "text/html", "", ",", ";;;", "application/json;q=x",
    "application/json;q=0", "a" * 3000, "application/json;as=;v=;g=", "application/json;as=None;v=v9;g=x",
    ",".join(["application/x"] * 300), "application/json;stream=watch", "*", "/", "é"]
LABEL_SELECTORS = [
    "app=fuzz", "app", "!app", "app in (a,b)", "app notin (fuzz)", "app!=x", "a>1", "a<x", "a in (", "in in in",
    "a=b=c", ",", "!", "a in ()", "x" * 70 + "=a", "=", "a==b,a!=b", "(" * 500, "a in (" + "b," * 3000 + ")",
    "\u0000", "é=é", "a=\u2028", "notin", "a in(b)c", "a>" + "9" * 30]
FIELD_SELECTORS = [
    "metadata.name=fuzz-a", "metadata.namespace=fuzz-a", "metadata.name!=a", "spec.nodeName=node-0",
    "status.phase=Running", "a=b", "=", ",", "metadata.name", "metadata.name=a,metadata.name=b", "metadata.name=a\\",
    "metadata.name=\\=\\,", "spec.unschedulable=true", "type=Normal", "metadata.name==" + "x" * 3000,
    "involvedObject.name=a", "metadata.name=\u0000", "metadata.labels[a]=b", "x" * 3000]
TOKENS = [
    "x", "", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJzeXN0ZW06YWRtaW4ifQ.", "abcdef.0123456789abcdef", "a" * 20000,
    "..", "é",
    "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJpc3MiOiJodHRwczovL2t1YmVybmV0ZXMuZGVmYXVsdC5zdmMuY2x1c3Rlci5sb2NhbCIsImV4cCI6"
    "OTk5OTk5OTk5OX0.AAAA"]
USERS = [
    "jane", "system:anonymous", "system:serviceaccount:fuzz-a:default", "system:serviceaccount:a",
    "system:node:node-0", "", "é", "a" * 5000]
NAME_TEXTS = TEXTS + [
    "..%2f", "%2e%2e", "a%2fb", "%c0%af", "%ff", "%00", "%", "%zz", "~", "@", ":", "a:b", "status", "namespaces", "-a"]
METHODS = ["PUT", "POST", "PATCH", "DELETE", "GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "CONNECT", "get", "X"]
IMPERSONATED = ["Impersonate-Uid", "Impersonate-Extra-a", "Impersonate-Extra-%zz%41", "Impersonate-Extra-"]
VERSIONS = [
    "", "0", "1", "5", "-1", "01", "x", "9" * 12, "9223372036854775807", "9223372036854775808", "9" * 40, "1.5", " 1",
    "+1", "0x1"]
MATCHES = ["", "Exact", "NotOlderThan", "exact", "x", "\u0000"]


class Request:
    """A request as it goes over the wire; `case` is the path template and the verb that it is for."""

    def __init__(self, case, method, path, headers=(), body=None, is_watch=False):
        self.case = case
        self.method = method
        self.path = path
        self.headers = list(headers)
        self.body = body
        self.is_watch = is_watch

    def bytes(self, host):
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {host}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.body is not None:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join(lines).encode("utf-8", "surrogatepass") + b"\r\n\r\n" + (self.body or b"")

    def record(self):
        """All of it, as one line of JSON, to be sent again."""
        return json.dumps({
            "case": self.case, "method": self.method, "path": self.path, "headers": self.headers,
            "body": None if self.body is None else base64.b64encode(self.body).decode(), "watch": self.is_watch})

    @staticmethod
    def from_record(line):
        fields = json.loads(line)
        body = fields["body"]
        return Request(
            tuple(fields["case"]), fields["method"], fields["path"], [tuple(pair) for pair in fields["headers"]],
            None if body is None else base64.b64decode(body), fields["watch"])


class Operation:
    """One verb at one path."""

    def __init__(self, path, method, item):
        self.path = path
        self.method = method.upper()
        self.case = (path, method)
        self.parameters = [p["name"] for p in item.get("parameters", []) if p.get("in") == "query"]
        kind = item.get("x-kubernetes-group-version-kind") or {}
        self.group, self.version, self.kind = (kind.get(k, "") for k in ("group", "version", "kind"))
        content = item.get("requestBody", {}).get("content", {})
        self.schema = next((c["schema"] for c in content.values() if "schema" in c), None)
        answers = item.get("responses", {}).get("200", {}).get("content", {})
        # The schema of a patch is open; what comes back is what it is made to.
        self.answer = next((c["schema"] for c in answers.values() if "schema" in c), None)

    @property
    def api_version(self):
        return f"{self.group}/{self.version}" if self.group else self.version


class Pool:
    """Objects that the server has, by their paths. Bounded; used by all threads."""

    LIMIT = 3000

    def __init__(self):
        self.lock = threading.Lock()
        self.objects = {}
        self.tokens = []

    def note(self, path, value):
        with self.lock:
            if len(self.objects) < self.LIMIT or path in self.objects:
                self.objects[path] = value

    def note_token(self, token):
        with self.lock:
            self.tokens = self.tokens[-20:] + [token]

    def forget(self, path):
        with self.lock:
            self.objects.pop(path, None)

    def some(self, rng, prefix):
        """The path and the value of an object directly below a path."""
        with self.lock:
            found = sorted(p for p in self.objects if p.startswith(prefix + "/") and "/" not in p[len(prefix) + 1:])
            path = rng.choice(found) if found else None
            return path, self.objects.get(path)

    def token(self, rng):
        with self.lock:
            return rng.choice(self.tokens) if self.tokens else "x"


class Generator:
    """Requests for operations, from a source of randomness for each."""

    def __init__(self, schemas, pool):
        self.bodies = Bodies(schemas)
        self.pool = pool

    def request(self, rng, operation):
        namespace = rng.choice(NAMESPACES) if rng.random() < 0.95 else self.odd_name(rng)
        base = operation.path.replace("{namespace}", namespace)
        live = None
        if "{name}" in base:
            collection, rest = base.split("/{name}", 1)
            found, live = self.pool.some(rng, collection)
            if found is None or rng.random() < 0.12:
                names = KIND_NAMES.get((operation.group, operation.kind), NAMES)
                live, found = None, collection + "/" + (rng.choice(names) if rng.random() < 0.7 else self.odd_name(rng))
            base = found + rest
        path = base.replace("{path}", rng.choice(["", "a", "a/b", "..", "%2e%2e/x"]))
        method, headers, body = operation.method, [], None
        if method in ("POST", "PUT"):
            body, content_type = self.bodies.body(rng, operation, namespace, path, live)
            headers.append(("Content-Type", content_type))
        elif method == "PATCH":
            body, content_type = self.bodies.patch(rng, operation, namespace, path, live)
            headers.append(("Content-Type", content_type))
        elif method == "DELETE" and rng.random() < 0.5:
            body, content_type = self.bodies.delete_options(rng)
            headers.append(("Content-Type", content_type))
        query, is_watch = self.query(rng, operation, method, headers)
        if rng.random() < 0.02:
            method = rng.choice(METHODS)
        if rng.random() < 0.02:
            more = rng.choice(["/", "//", "/status", "/x/y/z", "/.."])
            path = rng.choice([path + more, path + more, path.replace("/", "//"), path.upper()])
        headers += self.headers(rng)
        if query:
            path += "?" + query
        return Request(operation.case, method, self.plain(path), headers, body, is_watch)

    @staticmethod
    def plain(path):
        """Nothing that would end the request line; the rest is the server's business."""
        return "".join(c if 32 < ord(c) < 127 else urllib.parse.quote(c.encode("utf-8", "surrogatepass")) for c in path)

    @staticmethod
    def odd_name(rng):
        text = rng.choice(NAME_TEXTS)
        return text if rng.random() < 0.3 and "?" not in text and "#" not in text else urllib.parse.quote(
            text.encode("utf-8", "surrogatepass"), safe="")

    # Headers and queries

    def headers(self, rng):
        headers = []
        if rng.random() < 0.3:
            headers.append(("Accept", rng.choice(ACCEPTS if rng.random() < 0.3 else ACCEPTS[:6])))
        if rng.random() < 0.02:
            headers.append(("Authorization", rng.choice(["Bearer ", "bearer ", "Basic ", "", "Bearer"]) + rng.choice(TOKENS)))
        if rng.random() < 0.03:
            headers.append(("Impersonate-User", rng.choice(USERS)))
        if rng.random() < 0.02:
            headers.append(("Impersonate-Group", rng.choice(["system:masters", "a", "", "system:nodes"])))
        if rng.random() < 0.01:
            headers.append((rng.choice(IMPERSONATED), "a"))
        if rng.random() < 0.03:
            headers.append(rng.choice([
                ("User-Agent", "x" * 5000), ("User-Agent", "é/\u2028"), ("User-Agent", "/"), ("X-Forwarded-For", "1.2.3.4"),
                ("If-None-Match", '"x"'), ("Range", "bytes=0-5"), ("Accept-Encoding", "gzip, zstd;q=x"), ("Expect", "200-ok"),
                ("Connection", "Upgrade"), ("Content-Encoding", "gzip"), ("Upgrade", "websocket")]))
        return headers

    def query(self, rng, operation, method, headers):
        """The query, and whether it asks for a watch."""
        pairs, is_watch = [], operation.path.split("/")[3:4] == ["watch"] or "/watch/" in operation.path
        names = operation.parameters or ["a"]
        if rng.random() < 0.5:
            return "timeoutSeconds=1" if is_watch else "", is_watch
        for name in rng.sample(names, min(len(names), rng.choice([0, 1, 1, 2, 3, 8]))):
            if name == "watch" or name == "timeoutSeconds":
                continue
            pairs.append((name, self.parameter(rng, name)))
        if "watch" in names and rng.random() < 0.06:
            is_watch = True
            pairs.append(("watch", rng.choice(["1", "true", "True", "x"])))
        if is_watch:
            pairs.append(("timeoutSeconds", rng.choice(["1"] * 8 + ["x", "-1", "9" * 30, "9223372036854775807"])))
            if rng.random() < 0.4:
                pairs += [
                    ("sendInitialEvents", "true"), ("resourceVersionMatch", "NotOlderThan"), ("allowWatchBookmarks", "true")]
        if rng.random() < 0.05:
            name = rng.choice(["pretty", "unknown", "", "limit", "limit[]", "dryRun", "includeObject", "\u0000"])
            pairs.append((name, rng.choice(TEXTS)))
        query = urllib.parse.urlencode([(k, v.encode("utf-8", "surrogatepass")) for k, v in pairs])
        if rng.random() < 0.02:
            query += rng.choice(["&%zz=1", "&a=%", "&&&", "&=", "&a=%ff", ";a=b", "&limit", "?", "&a=%00"])
        return query, is_watch

    def parameter(self, rng, name):
        if rng.random() < 0.1:
            return rng.choice(TEXTS)
        choices = {
            "limit": ["0", "1", "2", "500", "-1", "x", "9" * 18, "9" * 30],
            "continue": None, "resourceVersion": VERSIONS, "resourceVersionMatch": MATCHES, "labelSelector": LABEL_SELECTORS,
            "fieldSelector": FIELD_SELECTORS, "dryRun": ["All", "All", "", "all", "None"],
            "fieldManager": ["fuzz", "fuzz", "x" * 128, "x" * 129, "", "\u0000", "é", "before-first-apply"],
            "fieldValidation": ["Strict", "Warn", "Ignore", "strict", "x"], "force": ["true", "false", "x"],
            "gracePeriodSeconds": ["0", "1", "0", "30", "-1", "9" * 18, "9223372036854775807", "9" * 30, "x"],
            "propagationPolicy": ["Orphan", "Background", "Foreground", "x", ""], "orphanDependents": ["true", "false", "x"],
            "sendInitialEvents": ["true", "false", "x"], "container": ["main", "none", "é"], "pretty": ["true", "x"],
            "tailLines": ["1", "-1", "x"], "limitBytes": ["1", "0", "-1"], "sinceSeconds": ["1", "0", "x"], "sinceTime": ["x"]}
        known = choices.get(name, ["a", "true", "1", "x", ""])
        return self.continue_token(rng) if known is None else rng.choice(known)

    def continue_token(self, rng):
        forged = [
            {"v": "meta.k8s.io/v1", "rv": rng.choice([0, 1, -1, 5, 10**9, 2**63 - 1, 2**63, "1", None, 1.5]), "start": start}
            for start in ["fuzz-a\u0000", "fuzz-a/a\u0000", "", "/", "../../x\u0000", "\u0000", "x" * 3000, 1, None, [], "é"]]
        forged += [{"v": "x"}, {}, [], 1, "a", None]
        text = base64.urlsafe_b64encode(encoded(rng.choice(forged)))
        return rng.choice([
            lambda: text.rstrip(b"=").decode(), lambda: text.decode(), lambda: self.pool.token(rng),
            lambda: self.pool.token(rng)[:-1], lambda: rng.choice(TEXTS),
            lambda: base64.urlsafe_b64encode(spoilt(rng, b'{"v": "meta.k8s.io/v1", "rv": 1}'))[:6000].decode()])()
