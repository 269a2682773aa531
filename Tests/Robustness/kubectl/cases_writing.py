"""kubectl's writing commands: create, apply, diff, edit, patch, replace, label, annotate, delete, wait."""

import json
import os

from session import config_map, deployment, equal, expect, pod


def create(k):
    k.says("configmap/a created\n", "create", "configmap", "a", "--from-literal=x=1")
    k.fails("create", "configmap", "a", "--from-literal=x=1", message='configmaps "a" already exists')
    k.says("secret/s created\n", "create", "secret", "generic", "s", "--from-literal=p=w")
    k.says("dw==", "get", "secret", "s", "-o", "jsonpath={.data.p}")
    k.says("deployment.apps/d created (server dry run)\n",
           "create", "deployment", "d", "--image=nginx", "--dry-run=server")
    k.fails("get", "deployment", "d", message="NotFound")
    k.matches(r"^pod/gen-\w{5} created$", "create", "-f", "-", stdin=json.dumps(
        {**pod("x"), "metadata": {"generateName": "gen-"}}))
    k.fails("create", "-f", "-", stdin=json.dumps(pod("Bad_Name")), message='metadata.name: Invalid value: "Bad_Name"')
    k.fails("create", "-f", "-", stdin=json.dumps(pod("p", nope=1)), message='unknown field "spec.nope"')
    k.fails("create", "configmap", "b", "--namespace=missing", message='namespaces "missing" not found')


def apply_client_side(k):
    manifest = deployment("web", replicas=1)
    k.says("deployment.apps/web created\n", "apply", "-f", "-", stdin=json.dumps(manifest))
    k.says("deployment.apps/web unchanged\n", "apply", "-f", "-", stdin=json.dumps(manifest))
    before = k.json("get", "deployment", "web")["metadata"]["generation"]
    manifest["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "A", "value": "1"}]
    k.says("deployment.apps/web configured\n", "apply", "-f", "-", stdin=json.dumps(manifest))
    k.run("set", "env", "deployment/web", "B=2")
    manifest["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "C", "value": "3"}]
    k.run("apply", "-f", "-", stdin=json.dumps(manifest))
    found = k.json("get", "deployment", "web")
    env = found["spec"]["template"]["spec"]["containers"][0]["env"]
    # What others set stays, what this manifest no longer has goes.
    equal([("B", "2"), ("C", "3")], sorted((e["name"], e["value"]) for e in env))
    expect(found["metadata"]["generation"] > before, "generation", f"> {before}", str(found["metadata"]["generation"]))
    expect("kubectl.kubernetes.io/last-applied-configuration" in found["metadata"]["annotations"], "annotation", "", "")


def apply_server_side(k):
    manifest = config_map("ssa", {"a": "1"})
    k.says("configmap/ssa serverside-applied\n", "apply", "--server-side", "-f", "-", stdin=json.dumps(manifest))
    manifest["data"] = {"a": "2"}
    answer = k.fails(
        "apply", "--server-side", "--field-manager=other", "-f", "-", stdin=json.dumps(manifest),
        message='conflict with "kubectl"')
    expect(".data.a" in answer, "conflict", ".data.a", answer)
    k.says("configmap/ssa serverside-applied\n", "apply", "--server-side", "--field-manager=other",
           "--force-conflicts", "-f", "-", stdin=json.dumps(manifest))
    managers = {
        e["manager"]: e["operation"]
        for e in json.loads(k.run("get", "cm", "ssa", "-o", "json", "--show-managed-fields"))["metadata"]["managedFields"]}
    equal("Apply", managers["other"])
    # A field that its only owner leaves out is removed.
    manifest["data"] = {"b": "1"}
    k.run("apply", "--server-side", "--field-manager=other", "-f", "-", stdin=json.dumps(manifest))
    equal({"b": "1"}, k.json("get", "cm", "ssa")["data"])


def diff(k):
    manifest = config_map("differs", {"a": "1"})
    k.apply(manifest)
    k.says("", "diff", "-f", "-", stdin=json.dumps(manifest))
    manifest["data"]["a"] = "2"
    found = k.run("diff", "-f", "-", stdin=json.dumps(manifest), code=1)
    expect('\n-  a: "1"\n+  a: "2"\n' in found, "diff", "the two values", found)
    equal({"a": "1"}, k.json("get", "cm", "differs")["data"])
    found = k.run("diff", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(manifest), code=1)
    expect('+  a: "2"\n' in found, "diff --server-side", "the new value", found)


def edit(k):
    k.apply(config_map("edited", {"a": "1"}))
    editor = os.path.join(k.folder, "editor")
    with open(editor, "w") as file:
        file.write("#!/bin/sh\nsed -i 's/a: \"1\"/a: \"edited\"/' \"$1\"\n")
    os.chmod(editor, 0o755)
    equal("configmap/edited edited\n", k.run("edit", "configmap", "edited", environment={"KUBE_EDITOR": editor}))
    equal({"a": "edited"}, k.json("get", "cm", "edited")["data"])


def patch(k):
    k.apply(deployment("p", replicas=1))
    k.says("deployment.apps/p patched\n", "patch", "deployment", "p", "-p", json.dumps(
        {"spec": {"template": {"spec": {"containers": [{"name": "side", "image": "busybox"}]}}}}))
    containers = k.json("get", "deployment", "p")["spec"]["template"]["spec"]["containers"]
    equal(["side", "web"], sorted(c["name"] for c in containers))
    k.run("patch", "deployment", "p", "--type=json", "-p", json.dumps(
        [{"op": "test", "path": "/spec/replicas", "value": 1}, {"op": "replace", "path": "/spec/replicas", "value": 2}]))
    equal(2, k.json("get", "deployment", "p")["spec"]["replicas"])
    k.run("patch", "deployment", "p", "--type=merge", "-p", json.dumps({"metadata": {"labels": {"x": "y"}}}))
    equal("y", k.json("get", "deployment", "p")["metadata"]["labels"]["x"])
    k.says("deployment.apps/p patched (no change)\n", "patch", "deployment", "p", "-p", '{"spec":{"replicas":2}}')
    k.fails("patch", "deployment", "p", "--type=json", "-p", '[{"op":"remove","path":"/spec/nope"}]',
            message="the server rejected our request due to an error in our request")
    k.fails("patch", "deployment", "p", "-p", '{"spec":{"selector":{"matchLabels":{"app":"z"}}}}',
            message="field is immutable")
    k.run("patch", "deployment", "p", "--subresource=scale", "--type=merge", "-p", '{"spec":{"replicas":1}}')
    equal(1, k.json("get", "deployment", "p")["spec"]["replicas"])


def replace(k):
    k.apply(config_map("r", {"a": "1"}))
    old = k.json("get", "cm", "r")
    k.says("configmap/r replaced\n", "replace", "-f", "-", stdin=json.dumps({**old, "data": {"b": "2"}}))
    equal({"b": "2"}, k.json("get", "cm", "r")["data"])
    k.fails("replace", "-f", "-", stdin=json.dumps(old),
            message="the object has been modified; please apply your changes to the latest version and try again")
    k.matches(r"^configmap/r replaced$", "replace", "--force", "-f", "-", stdin=json.dumps(config_map("r", {"c": "3"})))


def label_and_annotate(k):
    k.apply(config_map("l", {}), config_map("m", {}))
    k.says("configmap/l labeled\n", "label", "cm", "l", "tier=front")
    k.fails("label", "cm", "l", "tier=back", message="already has a value (front), and --overwrite is false")
    k.says("configmap/l labeled\n", "label", "cm", "l", "tier=back", "--overwrite")
    k.says("configmap/l unlabeled\n", "label", "cm", "l", "tier-")
    k.says("configmap/l annotated\n", "annotate", "cm", "l", "note=some text")
    equal("some text", k.json("get", "cm", "l")["metadata"]["annotations"]["note"])
    k.matches(r"configmap/m labeled", "label", "cm", "--all", "all=1")


def delete(k):
    k.apply(config_map("x", {}), config_map("y", {}, labels={"go": "1"}), config_map("z", {}, labels={"go": "1"}))
    k.says('configmap "x" deleted from ' + k.namespace + " namespace\n", "delete", "cm", "x")
    k.fails("delete", "cm", "x", message='configmaps "x" not found')
    k.says("", "delete", "cm", "x", "--ignore-not-found")
    equal(2, len(k.run("delete", "cm", "-l", "go=1").splitlines()))
    k.apply(pod("slow"))
    k.run("wait", "--for=condition=Ready", "pod/slow", "--timeout=60s")
    k.matches(r'pod "slow" deleted', "delete", "pod", "slow", "--timeout=60s")
    k.fails("get", "pod", "slow", message="NotFound")
    k.apply(pod("forced"))
    k.matches(r'pod "forced" force deleted', "delete", "pod", "forced", "--force", "--grace-period=0")


def finalizers(k):
    k.apply(config_map("held", {}, finalizers=["example.com/hold"]))
    k.matches(r'configmap "held" deleted', "delete", "cm", "held", "--wait=false")
    expect("deletionTimestamp" in k.json("get", "cm", "held")["metadata"], "held", "deletionTimestamp", "")
    k.run("patch", "cm", "held", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    k.fails("get", "cm", "held", message="NotFound")


def cascade(k):
    for mode in ["background", "foreground", "orphan"]:
        k.apply(deployment("c", replicas=2))
        k.run("rollout", "status", "deployment/c", "--timeout=60s")
        k.matches(r'deployment.apps "c" deleted', "delete", "deployment", "c", f"--cascade={mode}", "--timeout=60s")
        if mode == "orphan":
            equal(1, len(k.json("get", "rs")["items"]), "orphans")
            expect(not k.json("get", "rs")["items"][0]["metadata"].get("ownerReferences"), "orphan", "no owner", "")
            k.run("delete", "rs", "--all")
        k.until(f"pods of {mode} gone", lambda: not k.json("get", "pods")["items"])
        equal([], k.json("get", "rs")["items"], f"replica sets after {mode}")


def wait(k):
    k.apply(pod("w"))
    k.matches(r"^pod/w condition met$", "wait", "--for=condition=Ready", "pod/w", "--timeout=60s")
    k.matches(r"^pod/w condition met$", "wait", "--for=jsonpath={.status.phase}=Running", "pod/w", "--timeout=60s")
    k.fails("wait", "--for=condition=Nope", "pod/w", "--timeout=1s", message="timed out waiting for the condition")
    k.run("delete", "pod", "w", "--wait=false")
    k.run("wait", "--for=delete", "pod/w", "--timeout=60s")


def namespaces(k):
    name = k.namespace + "-inner"
    k.says(f"namespace/{name} created\n", "create", "namespace", name)
    k.until("the default account", lambda: k.run("get", "sa", "default", "-n", name, code=None).startswith("NAME"))
    k.until("the root certificate", lambda: "kube-root-ca.crt" in k.run("get", "cm", "-n", name, "-o", "name"))
    k.run("create", "deployment", "inner", "--image=nginx", "--replicas=2", "-n", name)
    k.matches(rf'namespace "{name}" deleted', "delete", "namespace", name, "--timeout=60s")
    k.fails("get", "ns", name, message="NotFound")
    k.fails("delete", "ns", "kube-system", message="this namespace may not be deleted")


CASES = [
    create, apply_client_side, apply_server_side, diff, edit, patch, replace, label_and_annotate, delete, finalizers,
    cascade, wait, namespaces]
