"""The Python client (typed, dynamic, watches) and an operator written with kopf."""

import os
import subprocess
import sys
import threading

from session import config_map, deployment, equal, expect, pod

OPERATOR = """
import kopf

@kopf.on.create('', 'v1', 'configmaps', labels={'operated': 'yes'})
def made(name, namespace, patch, **_):
    patch.metadata.annotations['seen-by'] = 'operator'

@kopf.on.delete('', 'v1', 'configmaps', labels={'operated': 'yes'})
def removed(name, **_):
    print(f'REMOVED {name}', flush=True)
"""


def client(k):
    import kubernetes
    kubernetes.config.load_kube_config(config_file=k.kubeconfig)
    return kubernetes


def python_typed(k):
    kubernetes = client(k)
    core, apps = kubernetes.client.CoreV1Api(), kubernetes.client.AppsV1Api()
    apps.create_namespaced_deployment(k.namespace, deployment("typed", replicas=2))
    k.run("rollout", "status", "deployment/typed", "--timeout=60s")
    equal(2, apps.read_namespaced_deployment("typed", k.namespace).status.ready_replicas)
    equal(2, len(core.list_namespaced_pod(k.namespace, label_selector="app=typed").items))
    apps.patch_namespaced_deployment_scale("typed", k.namespace, {"spec": {"replicas": 1}})
    equal(1, apps.read_namespaced_deployment_scale("typed", k.namespace).spec.replicas)
    page = core.list_namespace(limit=2)
    equal(2, len(page.items))
    expect(page.metadata._continue, "a page", "a continue token", str(page.metadata))
    expect(len(core.list_namespace(limit=500, _continue=page.metadata._continue).items) >= 2, "next page", "the rest", "")
    try:
        core.read_namespaced_pod("none", k.namespace)
        expect(False, "read_namespaced_pod", "404", "an answer")
    except kubernetes.client.ApiException as error:
        equal(404, error.status)
    apps.delete_namespaced_deployment("typed", k.namespace)


def python_dynamic(k):
    kubernetes = client(k)
    from kubernetes import dynamic
    api = dynamic.DynamicClient(kubernetes.client.ApiClient())
    maps = api.resources.get(api_version="v1", kind="ConfigMap")
    maps.create(namespace=k.namespace, body=config_map("dyn", {"a": "1"}))
    equal("1", maps.get(name="dyn", namespace=k.namespace).data.a)
    maps.patch(name="dyn", namespace=k.namespace, body={"data": {"a": "2"}}, content_type="application/merge-patch+json")
    equal("2", maps.get(name="dyn", namespace=k.namespace).data.a)
    deployments = api.resources.get(api_version="apps/v1", kind="Deployment")
    deployments.server_side_apply(
        namespace=k.namespace, name="dyn", body=deployment("dyn", replicas=0), field_manager="tests")
    equal(0, deployments.get(name="dyn", namespace=k.namespace).spec.replicas)
    maps.delete(name="dyn", namespace=k.namespace)


def python_watch(k):
    kubernetes = client(k)
    core = kubernetes.client.CoreV1Api()
    seen = []

    def follow():
        for event in kubernetes.watch.Watch().stream(core.list_namespaced_pod, k.namespace, timeout_seconds=60):
            seen.append((event["type"], event["object"].metadata.name))
            if event["type"] == "DELETED":
                return

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    k.apply(pod("seen"))
    k.run("wait", "--for=condition=Ready", "pod/seen", "--timeout=60s")
    k.run("delete", "pod", "seen")
    thread.join(60)
    equal(("ADDED", "seen"), seen[0])
    equal(("DELETED", "seen"), seen[-1])
    expect(("MODIFIED", "seen") in seen, "watch", "MODIFIED", str(seen))


def kopf_operator(k):
    path = os.path.join(k.folder, "operator.py")
    with open(path, "w") as file:
        file.write(OPERATOR)
    operator = subprocess.Popen(
        [sys.executable, "-m", "kopf", "run", "--namespace", k.namespace, path], stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, env={**os.environ, "KUBECONFIG": k.kubeconfig, "HOME": k.folder})
    output = []
    reader = threading.Thread(target=lambda: output.extend(operator.stdout), daemon=True)
    reader.start()
    try:
        k.apply(config_map("o", {}, labels={"operated": "yes"}))
        k.until("the operator's mark", lambda: k.json("get", "cm", "o")["metadata"].get(
            "annotations", {}).get("seen-by") == "operator")
        k.run("delete", "cm", "o", "--timeout=60s")
        k.until("the operator's word", lambda: any("REMOVED o" in line for line in output))
    except Exception:
        print("".join(output[-20:]))
        raise
    finally:
        operator.terminate()
        operator.wait(30)


CASES = [python_typed, python_dynamic, python_watch, kopf_operator]
