"""What a case has to work with: kubectl in a namespace of its own, and ways to check what it prints."""

import json
import os
import re
import subprocess
import time

COMMAND_SECONDS = 60
WAIT_SECONDS = 60


class Mismatch(Exception):
    """A case did not go as it should."""


class Session:
    """kubectl as one user in one namespace, which the case may fill as it likes."""

    def __init__(self, program, kubeconfig, namespace, folder):
        self.program = program
        self.kubeconfig = kubeconfig
        self.namespace = namespace
        self.folder = folder

    def command(self, arguments, scoped=True):
        scope = ["--namespace", self.namespace] if scoped else []
        return [self.program, "--kubeconfig", self.kubeconfig] + scope + list(arguments)

    def run(self, *arguments, stdin=None, code=0, scoped=True, environment=None):
        """Runs one command; its output. `code` is the exit code it must end with, None for any."""
        answer = subprocess.run(
            self.command(arguments, scoped), input=stdin, capture_output=True, text=True, timeout=COMMAND_SECONDS,
            env={**os.environ, "HOME": self.folder, **(environment or {})})
        if code is not None and answer.returncode != code:
            raise Mismatch(
                f"kubectl {' '.join(arguments)}\n  exit code {answer.returncode}, not {code}\n"
                f"  {answer.stdout[-1500:]}\n  {answer.stderr[-1500:]}")
        # A failure's message, and warnings, come on the error output.
        return answer.stdout if code == 0 else answer.stdout + answer.stderr

    def fails(self, *arguments, message, stdin=None):
        """Runs a command that must fail with this text in what it says."""
        answer = self.run(*arguments, stdin=stdin, code=None)
        expect(message in answer, f"kubectl {' '.join(arguments)}", f"…{message}…", answer)
        return answer

    def json(self, *arguments):
        return json.loads(self.run(*arguments, "-o", "json"))

    def says(self, expected, *arguments, stdin=None):
        """Runs a command whose whole output is known."""
        equal(expected, self.run(*arguments, stdin=stdin), f"kubectl {' '.join(arguments)}")

    def matches(self, pattern, *arguments, stdin=None):
        """Runs a command whose output has this regular expression somewhere; the match."""
        found = self.run(*arguments, stdin=stdin)
        match = re.search(pattern, found, re.MULTILINE)
        expect(match, f"kubectl {' '.join(arguments)}", pattern, found)
        return match

    def until(self, what, check, seconds=WAIT_SECONDS):
        """Asks again until `check` gives something true."""
        deadline = time.monotonic() + seconds
        while True:
            result = check()
            if result:
                return result
            if time.monotonic() > deadline:
                raise Mismatch(f"not within {seconds} s: {what}")
            time.sleep(0.1)

    def apply(self, *objects, flags=()):
        return self.run("apply", *flags, "-f", "-", stdin=json.dumps({
            "apiVersion": "v1", "kind": "List", "items": list(objects)}))

    def start(self, *arguments):
        """A command that goes on: a process whose output can be read."""
        return subprocess.Popen(
            self.command(arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, env={**os.environ, "HOME": self.folder})


def expect(condition, what, expected, found):
    if not condition:
        raise Mismatch(f"{what}\n  expected: {expected}\n  found: {found[-2500:]}")


def equal(expected, found, what=""):
    expect(expected == found, what, repr(expected), repr(found))


def deployment(name, replicas=3, image="nginx:1.25", labels=None, **spec):
    labels = labels or {"app": name}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": replicas, "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "terminationGracePeriodSeconds": 1,
                    "containers": [{"name": "web", "image": image, "ports": [{"containerPort": 80}]}]}},
            **spec}}


def pod(name, labels=None, **spec):
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels or {}},
        "spec": {
            "terminationGracePeriodSeconds": 1, "containers": [{"name": "c", "image": "busybox:1"}], **spec}}


def config_map(name, data, **metadata):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": data}
