"""Requests for the operations of an OpenAPI document: mostly sensible, with something wrong in them."""

import base64
import copy
import json
import threading
import urllib.parse

from fuzz_objects import EXAMPLES, NAMES as KIND_NAMES, REVIEWS
from fuzz_values import (
    KEYS, NAMES, NUMBERS, TEXTS, encoded, merged, mutated, places, protobuf, spoilt, stretched, wrong, yaml)

NAMESPACES = ["fuzz-a"] * 7 + ["fuzz-b", "fuzz-b", "default", "kube-system", "gone"]
PATCHES = {
    "json": "application/json-patch+json", "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json", "apply": "application/apply-patch+yaml"}
ACCEPTS = [
    "application/json", "application/json;as=Table;v=v1;g=meta.k8s.io", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
    "application/json;as=Table;v=v1beta1;g=meta.k8s.io", "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
    "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io", "application/vnd.kubernetes.protobuf",
    "application/vnd.kubernetes.protobuf,application/json", "application/yaml", "application/yaml;as=Table;v=v1;g=meta.k8s.io", "*/*",
    "text/html", "", ",", ";;;", "application/json;q=x", "application/json;q=0", "a" * 3000, "application/json;as=;v=;g=",
    "application/json;as=None;v=v9;g=x", ",".join(["application/x"] * 300), "application/json;stream=watch", "*", "/", "é"]
CONTENT_TYPES = ["", "text/plain", "application/json; charset=utf-16", "application/x-www-form-urlencoded", ";", "application/cbor", "é"]
LABEL_SELECTORS = [
    "app=fuzz", "app", "!app", "app in (a,b)", "app notin (fuzz)", "app!=x", "a>1", "a<x", "a in (", "in in in", "a=b=c", ",", "!", "a in ()",
    "x" * 70 + "=a", "=", "a==b,a!=b", "(" * 500, "a in (" + "b," * 3000 + ")", "\u0000", "é=é", "a=\u2028", "notin", "a in(b)c", "a>" + "9" * 30]
FIELD_SELECTORS = [
    "metadata.name=fuzz-a", "metadata.namespace=fuzz-a", "metadata.name!=a", "spec.nodeName=node-0", "status.phase=Running", "a=b", "=", ",",
    "metadata.name", "metadata.name=a,metadata.name=b", "metadata.name=a\\", "metadata.name=\\=\\,", "spec.unschedulable=true", "type=Normal",
    "metadata.name==" + "x" * 3000, "involvedObject.name=a", "metadata.name=\u0000", "metadata.labels[a]=b", "x" * 3000]
TOKENS = [
    "x", "", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJzeXN0ZW06YWRtaW4ifQ.", "abcdef.0123456789abcdef", "a" * 20000, "..", "é",
    "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJpc3MiOiJodHRwczovL2t1YmVybmV0ZXMuZGVmYXVsdC5zdmMuY2x1c3Rlci5sb2NhbCIsImV4cCI6OTk5OTk5OTk5OX0.AAAA"]
USERS = ["jane", "system:anonymous", "system:serviceaccount:fuzz-a:default", "system:serviceaccount:a", "system:node:node-0", "", "é", "a" * 5000]
NAME_TEXTS = TEXTS + ["..%2f", "%2e%2e", "a%2fb", "%c0%af", "%ff", "%00", "%", "%zz", "~", "@", ":", "a:b", "status", "namespaces", "-a"]
DIRECTIVES = ["$patch", "$retainKeys", "$setElementOrder/containers", "$deleteFromPrimitiveList/finalizers", "$setElementOrder/finalizers",
              "$setElementOrder/ports", "$setElementOrder/metadata", "$deleteFromPrimitiveList/a", "$setElementOrder/", "$other"]
DIRECTIVE_VALUES = ["delete", "replace", "merge", "other", ["a"], [{"name": "main"}], [{"a": 1}], [["a"]], {}, None, 1, [None], [1, "a"], True]
POINTERS = ["", "/", "//", "/-", "/~", "/a~2", "/~1", "a", "/metadata/labels/-", "/metadata/labels/app", "/metadata/name", "/metadata",
            "/spec", "/kind", "/spec/containers/0", "/spec/containers/-", "/spec/containers/-1", "/spec/containers/01", "/metadata/uid",
            "/spec/containers/99999999999999999999", "/spec/containers/1000000", "/metadata/annotations/a~1b", "/a/b/c/d", "/" * 3000,
            "/metadata/managedFields", "/metadata/managedFields/0", "/metadata/ownerReferences", "/metadata/resourceVersion", "/\ud800", "/é"]
VERSIONS = ["", "0", "1", "5", "-1", "01", "x", "9" * 12, "9223372036854775807", "9223372036854775808", "9" * 40, "1.5", " 1", "+1", "0x1"]
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


def example(operation, name):
    """A sound object for an operation that creates some."""
    kind = (operation.group, operation.kind)
    name = KIND_NAMES[kind][0] if kind in KIND_NAMES else name
    metadata = {"name": name, "labels": {"app": "fuzz"}}
    return merged({"apiVersion": operation.api_version, "kind": operation.kind, "metadata": metadata}, EXAMPLES.get(kind, {}))


class Generator:
    """Requests for operations, from a source of randomness for each."""

    def __init__(self, schemas, pool):
        self.schemas = schemas
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
            body, content_type = self.body(rng, operation, namespace, path, live)
            headers.append(("Content-Type", content_type))
        elif method == "PATCH":
            body, content_type = self.patch(rng, operation, namespace, path, live)
            headers.append(("Content-Type", content_type))
        elif method == "DELETE" and rng.random() < 0.5:
            body, content_type = self.delete_options(rng)
            headers.append(("Content-Type", content_type))
        query, is_watch = self.query(rng, operation, method, headers)
        if rng.random() < 0.02:
            method = rng.choice(["PUT", "POST", "PATCH", "DELETE", "GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "CONNECT", "get", "X"])
        if rng.random() < 0.02:
            path = rng.choice([path + "/", path + "//", path + "/status", path + "/x/y/z", path.replace("/", "//"), path + "/..", path.upper()])
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
            headers.append((rng.choice(["Impersonate-Uid", "Impersonate-Extra-a", "Impersonate-Extra-%zz%41", "Impersonate-Extra-"]), "a"))
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
            pairs.append(("timeoutSeconds", rng.choice(["1", "1", "1", "1", "x", "-1", "9" * 30])))
            if rng.random() < 0.4:
                pairs += [("sendInitialEvents", "true"), ("resourceVersionMatch", "NotOlderThan"), ("allowWatchBookmarks", "true")]
        if rng.random() < 0.05:
            pairs.append((rng.choice(["pretty", "unknown", "", "limit", "limit[]", "dryRun", "includeObject", "\u0000"]), rng.choice(TEXTS)))
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
            "gracePeriodSeconds": ["0", "1", "0", "30", "-1", "9" * 18, "9" * 30, "x"],
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
            lambda: text.rstrip(b"=").decode(), lambda: text.decode(), lambda: self.pool.token(rng), lambda: self.pool.token(rng)[:-1],
            lambda: rng.choice(TEXTS), lambda: base64.urlsafe_b64encode(spoilt(rng, b'{"v": "meta.k8s.io/v1", "rv": 1}'))[:6000].decode()])()

    # Bodies

    def valid(self, rng, operation, namespace, path, live):
        """An object that often is what the path takes."""
        kind = (operation.group, operation.kind)
        value = {"apiVersion": operation.api_version, "kind": operation.kind}
        if live is not None and "{name}" in operation.path and live.get("kind") == operation.kind and rng.random() < 0.7:
            value = merged(live, {})
            if rng.random() < 0.5:
                value.get("metadata", {}).pop("resourceVersion", None)
        else:
            names = KIND_NAMES.get(kind, NAMES)
            own = path.split("/{name}")[0].split("?")[0].rsplit("/", 1)[-1] if "{name}" in operation.path else None
            parts = operation.path.split("/")
            if own is not None and parts[-1] != "{name}":
                own = path.split("/")[-2] if len(path.split("/")) > 2 else own
            metadata = {"name": urllib.parse.unquote(own) if own else rng.choice(names), "labels": {"app": "fuzz"}}
            if own is None and rng.random() < 0.1:
                metadata = {"generateName": "fuzz-", "labels": {"app": "fuzz"}}
            if "{namespace}" in operation.path and rng.random() < 0.5:
                metadata["namespace"] = namespace
            value = merged(value, {"metadata": {} if operation.kind in REVIEWS else metadata, **EXAMPLES.get(kind, {})})
        if rng.random() < 0.45 and operation.schema is not None:
            value = merged(value, self.extra(rng, operation.schema))
        return value

    def extra(self, rng, schema):
        """A few fields of the schema; not all at once, or hardly any object would pass."""
        made = self.schemas.value(rng, schema, fill=rng.choice([0.1, 0.2, 0.2, 0.5]))
        if not isinstance(made, dict):
            return {}
        for key in ("kind", "apiVersion"):
            made.pop(key, None)
        if rng.random() < 0.7 and isinstance(made.get("metadata"), dict):
            for key in ("name", "namespace", "resourceVersion", "deletionTimestamp", "uid", "finalizers"):
                made["metadata"].pop(key, None)
        return {key: made[key] for key in rng.sample(sorted(made), min(len(made), 2))}

    def body(self, rng, operation, namespace, path, live):
        value = self.valid(rng, operation, namespace, path, live)
        dice = rng.random()
        if dice < 0.3:
            return encoded(value), "application/json"
        if dice < 0.4:
            return encoded(stretched(rng, value)), "application/json"
        if dice < 0.7:
            return encoded(mutated(rng, value, rng.choice([1, 1, 2, 5]))), "application/json"
        if dice < 0.78:
            return encoded(merged(value, {"metadata": self.odd_metadata(rng)})), "application/json"
        if dice < 0.86:
            return spoilt(rng, encoded(value)), "application/json"
        if dice < 0.91:
            return yaml(rng, value), "application/yaml"
        if dice < 0.96:
            return protobuf(rng, operation.api_version, operation.kind), "application/vnd.kubernetes.protobuf"
        if dice < 0.98:
            return encoded(wrong(rng, value)), "application/json"
        return encoded(value), rng.choice(CONTENT_TYPES)

    def odd_metadata(self, rng):
        schema = {"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}
        made = self.schemas.value(rng, schema, fill=0.3)
        if rng.random() < 0.3:
            made["managedFields"] = self.managed_fields(rng)
        if rng.random() < 0.2:
            made["ownerReferences"] = [{
                "apiVersion": rng.choice(["v1", "apps/v1", "a/b/c", ""]), "kind": rng.choice(["Pod", "Deployment", "None"]), "uid": "a",
                "name": "fuzz-a", "controller": True, "blockOwnerDeletion": True}] * rng.choice([1, 2])
        return made

    def managed_fields(self, rng):
        fields = rng.choice([
            {}, {"f:metadata": {"f:labels": {"f:app": {}, ".": {}}}}, {"f:spec": {'k:{"name":"main"}': {}}}, {"k:{": {}}, {"k:{}": {}}, {"v:1": {}},
            {"v:": {}}, {"i:-1": {}}, {"i:x": {}}, {"x": {}}, {"": {}}, {"f:a": 1}, {"f:a": []}, [], 1, None, {"f:": {"f:": {}}}, {"i:99999999999999999999": {}},
            {"f:spec": {"f:containers": {'k:{"name":"main"}': {".": {}, "f:image": {}}}}}, {"v:" + "[" * 300: {}}])
        return [{
            "manager": rng.choice(["fuzz", "", "x" * 200]), "operation": rng.choice(["Apply", "Update", "x"]),
            "apiVersion": rng.choice(["v1", "apps/v1", "x", "a/b/c"]), "fieldsType": rng.choice(["FieldsV1", "x"]), "fieldsV1": fields,
            "time": "2026-01-02T03:04:05Z", "subresource": rng.choice(["", "status", "x"])}] * rng.choice([1, 1, 2])

    def delete_options(self, rng):
        schema = {"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions"}
        value = {"kind": "DeleteOptions", "apiVersion": "v1"}
        if rng.random() < 0.7:
            value = merged(value, self.schemas.value(rng, schema, fill=0.3))
        if rng.random() < 0.4:
            value["preconditions"] = rng.choice([{"uid": "a"}, {"resourceVersion": "1"}, {"resourceVersion": "x"}, {}, {"uid": ""}])
        if rng.random() < 0.5:
            value = mutated(rng, value)
        body = encoded(value)
        return rng.choice([
            lambda: (body, "application/json"), lambda: (body, "application/json"), lambda: (spoilt(rng, body), "application/json"),
            lambda: (yaml(rng, value), "application/yaml"),
            lambda: (protobuf(rng, "v1", "DeleteOptions"), "application/vnd.kubernetes.protobuf")])()

    def patch(self, rng, operation, namespace, path, live):
        kind = rng.choice(list(PATCHES))
        content_type = PATCHES[kind] if rng.random() < 0.98 else rng.choice(CONTENT_TYPES)
        if kind == "json":
            value = self.json_patch(rng, live or {})
        elif kind == "apply":
            value = self.valid(rng, operation, namespace, path, None)
            if operation.answer is not None and rng.random() < 0.5:
                value = merged(value, self.extra(rng, operation.answer))
            if rng.random() < 0.3:
                value = mutated(rng, value, rng.choice([1, 3]))
        else:
            value = self.partial(rng, operation, live)
            if kind == "strategic" and isinstance(value, dict):
                self.direct(rng, value)
        if kind == "apply" and rng.random() < 0.15:
            return yaml(rng, value), content_type
        body = encoded(value)
        return (spoilt(rng, body) if rng.random() < 0.08 else body), content_type

    def partial(self, rng, operation, live):
        """A part of an object, as patches have it."""
        if live and rng.random() < 0.5:
            key = rng.choice(sorted(live))
            value = {key: stretched(rng, [live[key]]) if rng.random() < 0.4 else mutated(rng, [live[key]], rng.choice([1, 2]))}
            value[key] = value[key][0] if isinstance(value[key], list) and value[key] else None
        elif operation.answer is not None:
            value = self.extra(rng, operation.answer)
        else:
            value = {}
        if rng.random() < 0.3:
            value = mutated(rng, value)
        if rng.random() < 0.3 and isinstance(value, dict):
            value = merged(value, {"metadata": rng.choice([self.odd_metadata(rng), {"labels": {rng.choice(KEYS): rng.choice([None, "a", 1, {}])}}])})
        return value

    @staticmethod
    def direct(rng, value):
        """Puts directives of strategic merge patches into a value."""
        for _ in range(rng.choice([0, 1, 1, 2, 4])):
            containers = [value] + [c[k] for c, k in places(value, 400) if isinstance(c[k], dict)]
            lists = [c[k] for c, k in places(value, 400) if isinstance(c[k], list)]
            keys = [k for c, k in places(value, 400) if isinstance(k, str)] or ["a"]
            chosen = rng.choice(containers)
            name = rng.choice(DIRECTIVES)
            if rng.random() < 0.5:
                name = rng.choice(["$setElementOrder/", "$deleteFromPrimitiveList/"]) + rng.choice(keys)
            chosen[name] = copy.deepcopy(rng.choice(DIRECTIVE_VALUES))
            if name == "$retainKeys" and rng.random() < 0.5:
                chosen[name] = sorted(k for k in chosen if not k.startswith("$"))[:2]
            if lists and rng.random() < 0.4:
                rng.choice(lists).append({"$patch": rng.choice(["delete", "replace", "merge", "x", 1]), "name": rng.choice(["main", "a", 1, None])})

    def json_patch(self, rng, live):
        def pointer():
            if not live or rng.random() < 0.4:
                return rng.choice(POINTERS)
            steps, value = [], live
            while isinstance(value, (dict, list)) and value and (not steps or rng.random() < 0.8):
                step = rng.choice(sorted(value)) if isinstance(value, dict) else rng.randrange(len(value))
                steps.append(str(step).replace("~", "~0").replace("/", "~1"))
                value = value[step]
            return "/" + "/".join(steps + ([rng.choice(["-", "a", "0", "1"])] if rng.random() < 0.2 else []))

        def operation():
            result = {"op": rng.choice(["add", "replace", "remove", "move", "copy", "test"]), "path": pointer()}
            if result["op"] in ("move", "copy"):
                result["from"] = pointer() if rng.random() < 0.8 else result["path"]
            elif result["op"] != "remove":
                found = places(live, 400)
                value = (lambda pair: pair[0][pair[1]])(rng.choice(found)) if found and rng.random() < 0.4 else rng.choice(TEXTS + NUMBERS)
                result["value"] = value if rng.random() < 0.6 else wrong(rng, value)
            return result if rng.random() < 0.9 else mutated(rng, result)

        if rng.random() < 0.03:
            grow = {"op": "copy", "from": "/metadata", "path": "/metadata/annotations"}
            return [{"op": "add", "path": "/metadata/x", "value": {}}] + [
                {"op": "copy", "from": "/metadata", "path": f"/metadata/x/a{n}"} for n in range(rng.choice([20, 40]))] + [grow]
        if rng.random() < 0.02:
            return [operation()] * 20000
        operations = [operation() for _ in range(rng.choice([0, 1, 1, 1, 2, 3, 10]))]
        return operations if rng.random() < 0.95 else wrong(rng, operations)
