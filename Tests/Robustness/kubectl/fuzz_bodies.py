"""Bodies for the operations of an OpenAPI document: objects, options and patches, sound or nearly."""

import copy
import urllib.parse

from fuzz_objects import EXAMPLES, NAMES as KIND_NAMES, REVIEWS
from fuzz_values import (
    KEYS, NAMES, NUMBERS, TEXTS, encoded, merged, mutated, places, protobuf, spoilt, stretched, wrong, yaml)

PATCHES = {
    "json": "application/json-patch+json", "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json", "apply": "application/apply-patch+yaml"}
CONTENT_TYPES = [
    "", "text/plain", "application/json; charset=utf-16", "application/x-www-form-urlencoded", ";",
    "application/cbor", "é"]
DIRECTIVES = [
    "$patch", "$retainKeys", "$setElementOrder/containers", "$deleteFromPrimitiveList/finalizers",
    "$setElementOrder/finalizers", "$setElementOrder/ports", "$setElementOrder/metadata",
    "$deleteFromPrimitiveList/a", "$setElementOrder/", "$other"]
DIRECTIVE_VALUES = [
    "delete", "replace", "merge", "other", ["a"], [{"name": "main"}], [{"a": 1}], [["a"]], {}, None, 1, [None],
    [1, "a"], True]
POINTERS = [
    "", "/", "//", "/-", "/~", "/a~2", "/~1", "a", "/metadata/labels/-", "/metadata/labels/app", "/metadata/name",
    "/metadata", "/spec", "/kind", "/spec/containers/0", "/spec/containers/-", "/spec/containers/-1",
    "/spec/containers/01", "/metadata/uid", "/spec/containers/99999999999999999999", "/spec/containers/1000000",
    "/metadata/annotations/a~1b", "/a/b/c/d", "/" * 3000, "/metadata/managedFields", "/metadata/managedFields/0",
    "/metadata/ownerReferences", "/metadata/resourceVersion", "/\ud800", "/é"]
# Of texts, around what an object, a request to the store, and a body may have.
SIZES = [200_000, 1_000_000, 1_040_000, 1_400_000, 1_560_000, 1_600_000, 2_900_000, 3_200_000]


def example(operation, name):
    """A sound object for an operation that creates some."""
    kind = (operation.group, operation.kind)
    name = KIND_NAMES[kind][0] if kind in KIND_NAMES else name
    metadata = {"name": name, "labels": {"app": "fuzz"}}
    return merged({"apiVersion": operation.api_version, "kind": operation.kind, "metadata": metadata}, EXAMPLES.get(kind, {}))


class Bodies:
    """Bodies from the schemas of all documents."""

    def __init__(self, schemas):
        self.schemas = schemas

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
            parts, own = operation.path.split("/"), None
            if "{name}" in parts:
                own = path.split("/")[parts.index("{name}")]
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
        if dice < 0.975:
            return encoded(wrong(rng, value)), "application/json"
        if dice < 0.985:
            size = rng.choice(SIZES)
            large = {"data": {"a": "x" * size}, "metadata": {"annotations": {"a": "y" * (size // 20)}}}
            return encoded(merged(value, large)), "application/json"
        return encoded(value), rng.choice(CONTENT_TYPES)

    def odd_metadata(self, rng):
        schema = {"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}
        made = self.schemas.value(rng, schema, fill=0.3)
        if rng.random() < 0.3:
            made["managedFields"] = self.managed_fields(rng)
        if rng.random() < 0.2:
            made["ownerReferences"] = [{
                "apiVersion": rng.choice(["v1", "apps/v1", "a/b/c", ""]),
                "kind": rng.choice(["Pod", "Deployment", "None"]), "uid": "a", "name": "fuzz-a",
                "controller": True, "blockOwnerDeletion": True}] * rng.choice([1, 2])
        return made

    def managed_fields(self, rng):
        fields = rng.choice([
            {}, {"f:metadata": {"f:labels": {"f:app": {}, ".": {}}}}, {"f:spec": {'k:{"name":"main"}': {}}}, {"k:{": {}},
            {"k:{}": {}}, {"v:1": {}}, {"v:": {}}, {"i:-1": {}}, {"i:x": {}}, {"x": {}}, {"": {}}, {"f:a": 1}, {"f:a": []},
            [], 1, None, {"f:": {"f:": {}}}, {"i:99999999999999999999": {}},
            {"f:spec": {"f:containers": {'k:{"name":"main"}': {".": {}, "f:image": {}}}}}, {"v:" + "[" * 300: {}}])
        return [{
            "manager": rng.choice(["fuzz", "", "x" * 200]), "operation": rng.choice(["Apply", "Update", "x"]),
            "apiVersion": rng.choice(["v1", "apps/v1", "x", "a/b/c"]), "fieldsType": rng.choice(["FieldsV1", "x"]),
            "fieldsV1": fields,
            "time": "2026-01-02T03:04:05Z", "subresource": rng.choice(["", "status", "x"])}] * rng.choice([1, 1, 2])

    def delete_options(self, rng):
        schema = {"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions"}
        value = {"kind": "DeleteOptions", "apiVersion": "v1"}
        if rng.random() < 0.7:
            value = merged(value, self.schemas.value(rng, schema, fill=0.3))
        if rng.random() < 0.4:
            value["preconditions"] = rng.choice([
                {"uid": "a"}, {"resourceVersion": "1"}, {"resourceVersion": "x"}, {}, {"uid": ""}])
        if rng.random() < 0.5:
            value = mutated(rng, value)
        body = encoded(value)
        return rng.choice([
            lambda: (body, "application/json"), lambda: (body, "application/json"),
            lambda: (spoilt(rng, body), "application/json"),
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
            change = stretched if rng.random() < 0.4 else mutated
            changed = change(rng, [live[key]])
            value = {key: changed[0] if isinstance(changed, list) and changed else None}
        elif operation.answer is not None:
            value = self.extra(rng, operation.answer)
        else:
            value = {}
        if rng.random() < 0.3:
            value = mutated(rng, value)
        if rng.random() < 0.3 and isinstance(value, dict):
            labels = {"labels": {rng.choice(KEYS): rng.choice([None, "a", 1, {}])}}
            value = merged(value, {"metadata": rng.choice([self.odd_metadata(rng), labels])})
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
                rng.choice(lists).append({
                    "$patch": rng.choice(["delete", "replace", "merge", "x", 1]), "name": rng.choice(["main", "a", 1, None])})

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
                value = rng.choice(TEXTS + NUMBERS)
                if found and rng.random() < 0.4:
                    container, key = rng.choice(found)
                    value = container[key]
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
