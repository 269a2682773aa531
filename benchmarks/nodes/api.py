"""What a client of the API server sees, and when: no program is started for a question, and a watch tells at once."""

import base64
import http.client
import json
import os
import ssl
import time
import urllib.parse

import yaml

PATIENCE_SECONDS = 120
PODS = "/api/v1/namespaces/default/pods"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
# The same as what the bare calls start.
COMMAND = "trap 'exit 0' TERM; sleep 1000000 & wait"


def ready(thing):
    return any(
        item["type"] == "Ready" and item["status"] == "True" for item in thing.get("status", {}).get("conditions", []))


def runs(pod):
    states = [item.get("state", {}) for item in pod.get("status", {}).get("containerStatuses", [])]
    return bool(states) and all("running" in state for state in states)


def deployment(name, replicas):
    labels = {"bench": name}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {
            "replicas": replicas, "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "terminationGracePeriodSeconds": 5,
                    "containers": [{
                        "name": "c", "image": "localhost/busybox:1", "imagePullPolicy": "IfNotPresent",
                        "command": ["/bin/sh", "-c", COMMAND]}]}}}}


class API:
    def __init__(self, kubeconfig, folder):
        with open(kubeconfig) as file:
            told = yaml.safe_load(file)
        cluster, user = told["clusters"][0]["cluster"], told["users"][0]["user"]
        self.host = urllib.parse.urlsplit(cluster["server"]).netloc
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        self.context = ssl.create_default_context(cadata=authority)
        paths = []
        for name in ("certificate", "key"):
            paths.append(os.path.join(folder, f"client-{name}.pem"))
            with open(os.open(paths[-1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(base64.b64decode(user[f"client-{name}-data"]))
        self.context.load_cert_chain(*paths)
        self.connection = self.connect()

    @classmethod
    def when_there(cls, kubeconfig, folder, check):
        """Once the file is whole, which appears while the server starts."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return cls(kubeconfig, folder)
            except (OSError, KeyError, TypeError, ValueError, yaml.YAMLError):
                check()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def connect(self):
        return http.client.HTTPSConnection(self.host, context=self.context, timeout=PATIENCE_SECONDS)

    def ask(self, method, path, body=None):
        try:
            self.connection.request(
                method, path, None if body is None else json.dumps(body), {"content-type": "application/json"})
            answer = self.connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {content.decode(errors='replace')[:500]}")
        return json.loads(content)

    def items(self, path):
        return self.ask("GET", path)["items"]

    def wait(self, what, check, is_well=lambda: None):
        deadline, problem = time.monotonic() + PATIENCE_SECONDS, ""
        while True:
            try:
                if check():
                    return
            except (OSError, http.client.HTTPException, RuntimeError) as error:
                problem = f": {error}"
            is_well()
            if time.monotonic() > deadline:
                raise RuntimeError(f"not after {PATIENCE_SECONDS} s: {what}{problem}")
            time.sleep(0.02)

    def deploy(self, name, replicas=1):
        """Seconds from before the request until the last pod is seen to be created, bound and running."""
        selector = urllib.parse.quote(f"bench={name}")
        listed = self.ask("GET", f"{PODS}?labelSelector={selector}")
        watch = self.connect()
        try:
            version = listed["metadata"]["resourceVersion"]
            watch.request("GET", f"{PODS}?watch=1&labelSelector={selector}&resourceVersion={version}")
            events = watch.getresponse()
            if events.status != 200:
                raise RuntimeError(f"a watch of pods: {events.status}")
            begin = time.monotonic()
            self.ask("POST", DEPLOYMENTS, deployment(name, replicas))
            seen = {"created": {}, "bound": {}, "running": {}}
            while len(seen["running"]) < replicas:
                line = events.readline()
                now = time.monotonic() - begin
                if not line:
                    raise RuntimeError(f"the watch of {name} ends before its pods run")
                pod = json.loads(line)["object"]
                key = pod["metadata"]["name"]
                seen["created"].setdefault(key, now)
                if pod["spec"].get("nodeName"):
                    seen["bound"].setdefault(key, now)
                if runs(pod):
                    seen["running"].setdefault(key, now)
            return {what: max(times.values()) for what, times in seen.items()}
        except OSError as error:
            raise RuntimeError(f"Deployment {name}: {error}") from error
        finally:
            watch.close()

    def remove(self, name):
        self.ask("DELETE", f"{DEPLOYMENTS}/{name}", {"propagationPolicy": "Background"})
        selector = urllib.parse.quote(f"bench={name}")
        self.wait(f"the pods of {name} are gone", lambda: not self.items(f"{PODS}?labelSelector={selector}"))
