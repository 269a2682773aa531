"""Values made from schemas of an OpenAPI document, and what is done to them so that they fit no more."""

import copy
import json

TEXTS = [
    "", " ", "a", "A", "fuzz-a", "-", "a/b", "a/b/c", "/", ".", "..", "*", "%", "%00", "${a}", "$(A)", "a b", "a,b", "a=b", "!a",
    "0", "1", "-1", "007", "1e3", "1.5", "1Gi", "1e400", "0x10", "100%", "101%", "-5%", "9223372036854775808", "NaN", "null",
    "true", "2026-01-02T03:04:05Z", "2026-02-30T25:61:61Z", "9999-12-31T23:59:60.999999999+99:99", "0000-00-00T00:00:00Z", "1h",
    "-1h", "99999999999999h", "10.0.0.1", "10.0.0.0/8", "::1", "fd00::/64", "999.1.1.1", "https://a:b@c:99999/d?e#f", "MQ==",
    "M", "=", "*/5 * * * *", "* * * * * *", "@every 1s", "60 24 32 13 8", "TZ=Nowhere 0 0 * * *", "0 0 31 2 *", "example.org",
    "example.org/fuzz", "k8s.io/x", "\u0000", "\n", "\t\r", "\u007f", "\ufeff", "\u2028", "é", "e\u0301", "\U0001f600",
    "\ud800", "\U0010ffff", "a\u0000b", "x" * 63, "x" * 64, "x" * 253, "x" * 254, "A" * 5000, "é" * 130, "a." * 127 + "a",
    "[" * 40, "(" * 40 + "a", "{" * 30, "\\", '"', "'", "<script>", "default", "kube-system", "Always", "None", "TCP", "Exists",
]
NUMBERS = [
    0, 1, -1, 2, 7, 80, 255, 256, 65535, 65536, 2**31 - 1, 2**31, -2**31, -2**31 - 1, 2**32, 2**53 + 1, 2**63 - 1,
    2**63, -2**63, -2**63 - 1, 2**64, 10**30, 0.5, -0.0, 1e-7, 1.0, 1e19, 1e308, 3000000000]
# Numbers that Python does not write.
RAW_NUMBERS = [
    b"1e400", b"-1e400", b"1e-400", b"-0", b"01", b"1.", b"+1", b".5", b"NaN", b"Infinity", b"9" * 400,
    b"0." + b"1" * 400]
NAMES = ["fuzz-a", "fuzz-b", "fuzz-c", "fuzz-d"]
QUANTITIES = [
    "1", "100m", "1Gi", "0", "1500m", "1.5", "2e3", "-1", "1e1000", "0.0000000001", "9" * 40, "1Ei", "9E", "8Ei",
    "-8Ei", "", "1X", "9223372036854775807", "-9223372036854775808", "9223372036854775807m", "9000P", "1n",
    "9223372036854775807n", "1e18"]
TIMES = [
    "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.123456Z", "2027-01-02T03:04:05+02:00", "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2262-04-11T23:47:17Z", "1600-01-01T00:00:00.000001Z"]
# The ends of what fits, where sums and products fit no more.
ENDS = [2**31 - 1, -2**31, 2**63 - 1, -2**63, 2**62, 2**53, 65535, 10**12]
KEYS = [
    "a", "app", "b", "kubernetes.io/hostname", "A_b.c", "", "a/b/c", "x" * 64, "é", "f:a", "k:{", "$patch", "\u0000",
    "."]
# What a field of this name usually holds, so that what is deeper is reached.
HINTS = {
    "image": ["example/app:1", "a@sha256:0", "A:B:C", ""], "namespace": ["fuzz-a", "fuzz-b", "default"],
    "nodeName": ["node-0", "node-1", "none"], "cidr": ["10.0.0.0/8", "fd00::/8", "10.0.0.1/33"],
    "ip": ["10.0.0.9", "fd00::1"], "podIP": ["10.0.0.9"], "hostIP": ["10.0.0.9"], "apiVersion": ["v1", "apps/v1"],
    "storageClassName": ["", "fuzz-a"], "priorityClassName": ["", "system-node-critical", "fuzz-a"],
    "serviceAccountName": ["default", "fuzz-a"], "resourceVersion": ["", "0", "1", "5", "x", "999999999"],
    "uid": ["", "a", "00000000-0000-0000-0000-000000000000"], "deletionTimestamp": ["2026-01-02T03:04:05Z"],
    "generateName": ["", "fuzz-", "x" * 260], "clusterIP": ["", "None", "10.0.0.7", "10.96.0.77", "10.43.0.77"],
    "schedule": ["* * * * *", "@hourly", "61 * * * *"], "name": NAMES, "mountPath": ["/data", "/", "a:b"],
    "path": ["/a", "../a"], "type": ["", "Ready", "LoadBalancer", "NodePort"],
    "finalizers": ["example.org/fuzz", "kubernetes", "orphan", "foregroundDeletion", "a"]}
DEPTH = 12
# Of one workload.
MOST_PODS = 12


class Schemas:
    """The schemas of all documents by their names."""

    def __init__(self):
        self.named = {}

    def add(self, document):
        self.named.update(document.get("components", {}).get("schemas", {}))

    def resolve(self, schema):
        """A schema whose references are followed."""
        for _ in range(8):
            if "$ref" in schema:
                schema = self.named.get(schema["$ref"].rsplit("/", 1)[-1], {})
            elif "allOf" in schema:
                schema = {**schema["allOf"][0], **{k: v for k, v in schema.items() if k != "allOf"}}
            else:
                break
        return schema

    def value(self, rng, schema, field="", depth=0, fill=0.35):
        """A value that mostly fits; `fill` is how likely an optional field is there."""
        schema = self.resolve(schema)
        if "oneOf" in schema:
            if schema.get("format") == "int-or-string":
                return rng.choice([rng.choice(NUMBERS[:12]), "25%", "web", rng.choice(TEXTS)])
            return rng.choice(QUANTITIES)
        kind = schema.get("type")
        if kind == "object" or "properties" in schema:
            return self.object(rng, schema, depth, fill)
        if kind == "array":
            if depth > DEPTH:
                return []
            count = rng.choice([0, 1, 1, 2, 3]) if rng.random() < 0.98 else 40
            return [self.value(rng, schema.get("items", {}), field, depth + 1, fill * 0.7) for _ in range(count)]
        if kind == "boolean":
            return rng.random() < 0.5
        if kind in ("integer", "number"):
            dice = rng.random()
            return rng.choice(NUMBERS[:8] if dice < 0.65 else ENDS[:2] if dice < 0.75 else ENDS if dice < 0.9 else NUMBERS)
        if kind == "string":
            return self.text(rng, schema, field)
        return rng.choice([{}, {"a": 1}, [], "a", None])

    def text(self, rng, schema, field):
        if rng.random() < 0.15:
            return rng.choice(TEXTS)
        if schema.get("enum"):
            return rng.choice(schema["enum"])
        if schema.get("format") == "date-time":
            return rng.choice(TIMES)
        if schema.get("format") == "byte":
            return rng.choice(["MQ==", "", "AAEC", "M"])
        return rng.choice(HINTS.get(field, ["a", "fuzz-a", "b", "example.org/fuzz"]))

    def object(self, rng, schema, depth, fill):
        if "properties" not in schema:
            inner = schema.get("additionalProperties")
            if not isinstance(inner, dict):
                return rng.choice([{}, {"a": 1}, {"f:a": {"f:b": {}}}])
            return {rng.choice(KEYS): self.value(rng, inner, "", depth + 1, fill) for _ in range(rng.choice([0, 1, 2]))}
        if depth > DEPTH:
            return {}
        needed = schema.get("required", ())
        return {
            name: self.value(rng, inner, name, depth + 1, fill * 0.75)
            for name, inner in schema["properties"].items() if name in needed or rng.random() < fill}


def places(value, limit=4000):
    """Every (container, key) in a value."""
    found, open_ = [], [value]
    while open_ and len(found) < limit:
        container = open_.pop()
        pairs = list(container.items() if isinstance(container, dict) else enumerate(container))
        for key, inner in pairs:
            found.append((container, key))
            if isinstance(inner, (dict, list)) and inner:
                open_.append(inner)
    return found


def wrong(rng, old):
    """Something else in the place of a value."""
    choices = [
        None, True, False, [], {}, [None], [[]], [{}], {"": None}, {"a": {"b": []}}, [old], {"a": old}, [old, old],
        rng.choice(TEXTS), rng.choice(TEXTS), rng.choice(NUMBERS), rng.choice(NUMBERS), str(old), "x" * rng.choice([300, 70000])]
    if rng.random() < 0.05:
        choices = [nested(rng.choice([60, 300, 1500])), ["a"] * 3000, {f"k{n}": n for n in range(3000)}]
    return rng.choice(choices)


def calmed(value):
    """A value in which no controller is asked for more pods than the run can bear; changed in place."""
    for container, key in places(value):
        if key in ("replicas", "parallelism") and isinstance(container[key], (int, float)) and container[key] > MOST_PODS:
            container[key] = MOST_PODS
    return value


def nested(depth):
    value = {}
    for number in range(depth):
        value = {"a": value} if number % 2 else [value]
    return value


def stretched(rng, value):
    """A copy whose numbers, quantities and times are some of the ends of what there is."""
    value = copy.deepcopy(value)
    found = [
        (container, key) for container, key in places(value)
        if isinstance(container[key], int) or isinstance(container[key], str) and container[key][:1].isdigit()]
    for container, key in rng.sample(found, min(len(found), rng.choice([1, 1, 2, 4]))):
        old = container[key]
        container[key] = rng.choice(ENDS if isinstance(old, int) else TIMES if "T" in old and ":" in old else QUANTITIES)
    return value


def mutated(rng, value, times=1):
    """A copy with some places changed."""
    value = copy.deepcopy(value)
    for _ in range(times):
        found = places(value)
        if not found:
            return wrong(rng, value)
        container, key = rng.choice(found)
        old, action = container[key], rng.random()
        if action < 0.5:
            container[key] = wrong(rng, old)
        elif action < 0.65:
            del container[key]
        elif isinstance(container, list):
            container.insert(rng.randrange(len(container) + 1), copy.deepcopy(old) if action < 0.85 else wrong(rng, old))
        elif action < 0.8:
            container[rng.choice(KEYS + ["unknown", key.upper(), key + "s"])] = old
        else:
            other, place = rng.choice(found)
            container[key] = copy.deepcopy(other[place])
    return value


def merged(base, extra):
    """Maps joined, lists and values of `extra` preferred."""
    if not isinstance(base, dict) or not isinstance(extra, dict):
        return copy.deepcopy(extra)
    result = copy.deepcopy(base)
    for key, value in extra.items():
        result[key] = merged(base[key], value) if key in base else copy.deepcopy(value)
    return result


def encoded(value):
    """A value as JSON."""
    if isinstance(value, (dict, list)):
        calmed(value)
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def spoilt(rng, body):
    """JSON that is not quite JSON any more."""
    cut = rng.randrange(len(body) + 1)
    return rng.choice([
        lambda: body[:cut],
        lambda: body[:cut] + bytes([rng.randrange(256)]) + body[cut:],
        lambda: body[:cut] + rng.choice([b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\x00"]) + body[cut:],
        lambda: body[:cut] + body[cut + 1:],
        lambda: body + body,
        lambda: body + rng.choice([b"}", b" null", b"\x00", b"]"]),
        lambda: b"\xef\xbb\xbf" + body,
        lambda: body.decode("utf-8", "replace").encode("utf-16"),
        lambda: body.replace(b": 1", b": " + rng.choice(RAW_NUMBERS)),
        lambda: body.replace(b"{", b'{"a": 1, "a": 2, ', 1),
        lambda: body.replace(b'"metadata"', b'"metadata": {"name": "fuzz-z"}, "metadata"', 1),
        lambda: body.replace(b'"', b"'"),
        lambda: body.replace(b'"a"', b'"\\u0061"').replace(b'"fuzz', b'"\\ud800fuzz'),
        lambda: b"[" * rng.choice([100, 9000, 100000]),
        lambda: b'{"a":' * rng.choice([100, 9000, 100000]),
        lambda: rng.choice([b"", b" ", b"null", b"[]", b"{}", b'""', b"0", b"true", b"\x00", b"k8s\x00", b"<a/>", b"a: b"]),
        lambda: rng.randbytes(rng.choice([1, 20, 500])),
        lambda: b" " * rng.choice([10, 4_000_000]),
    ])()


def yaml(rng, value):
    """A value as YAML that has more than JSON has, sound or not."""
    body = encoded(value)
    return rng.choice([
        lambda: body,
        lambda: b"---\n" + body + b"\n",
        lambda: b"---\n" + body + b"\n---\n" + body + b"\n",
        lambda: b"# c\nkind: &k Pod\napiVersion: v1\nmetadata: {name: *k, labels: {<<: *k}}\n",
        lambda: b"a: &a [" + b",".join([b"x"] * 9) + b"]\n" + b"".join(
            b"%c: &%c [%s]\n" % (n, n, b",".join([b"*%c" % (n - 1)] * 9)) for n in range(98, 108)),
        lambda: b"a: &a {b: *a}\n",
        lambda: b"kind: !!binary abc\n? [a, b]\n: c\n",
        lambda: b"kind: !custom {a: .inf, b: .nan, c: 0o17, d: 0xFF, e: 1_000, f: 2026-01-02, g: ~, h: yes}\n",
        lambda: b"1: a\n2: b\ntrue: c\nnull: d\n",
        lambda: b"a: 1\na: 2\n",
        lambda: b"a: [1, 2\nb: }\n\t- c",
        lambda: b"%YAML 9.9\n---\na: |\n  x\n y\n",
        lambda: spoilt(rng, body),
        lambda: b"- " * rng.choice([50, 3000]) + b"a",
        lambda: b"[" * rng.choice([50, 3000, 200000]),
        lambda: b"{a: " * rng.choice([50, 3000, 200000]),
    ])()


def varint(number):
    result = bytearray()
    while True:
        number, low = number >> 7, number & 127
        result.append(low | (128 if number else 0))
        if not number:
            return bytes(result)


def field(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def message(rng, depth=0):
    """Bytes that are mostly a message of protobuf, with fields of any type."""
    result = b""
    for _ in range(rng.choice([0, 1, 2, 3, 5])):
        number, kind = rng.choice([1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 20, 30, 2**29 - 1]), rng.random()
        if kind < 0.45 and depth < 6:
            result += field(number, message(rng, depth + 1))
        elif kind < 0.7:
            result += field(number, rng.choice(TEXTS).encode("utf-8", "surrogatepass")[:200])
        elif kind < 0.85:
            result += varint(number << 3) + varint(rng.choice([0, 1, 80, 2**31, 2**32, 2**63, 2**64 - 1]))
        elif kind < 0.9:
            result += varint(number << 3 | rng.choice([1, 3, 4, 5, 6, 7])) + rng.randbytes(rng.choice([0, 4, 8]))
        elif kind < 0.95:
            result += varint(number << 3 | 2) + varint(rng.choice([2**31, 2**63 - 1, 2**64 - 1, 2**70, 50]))
        else:
            result += rng.choice([b"\x00", b"\xff" * 11, b"\x0a", rng.randbytes(5)])
    return result


def protobuf(rng, api_version, kind):
    """An object in the envelope of Kubernetes, or nearly."""
    metadata = field(1, rng.choice(TEXTS[:5]).encode() or b"fuzz-a") + field(3, b"fuzz-a")
    raw = rng.choice([
        lambda: message(rng), lambda: field(1, metadata) + message(rng), lambda: field(1, metadata) + field(2, message(rng)),
        lambda: b"", lambda: rng.randbytes(40)])()
    typed = field(1, field(1, api_version.encode()) + field(2, kind.encode()))
    envelope = rng.choice([
        lambda: typed + field(2, raw) + field(3, b"") + field(4, b""), lambda: typed + field(2, raw),
        lambda: field(1, field(1, b"v1") + field(2, b"DeleteOptions")) + field(2, raw),
        lambda: field(2, raw), lambda: raw, lambda: message(rng)])()
    return rng.choice([b"k8s\x00", b"k8s\x00", b"k8s\x00", b"k8s\x00", b"k8s", b"", b"k8s\x01"]) + envelope
