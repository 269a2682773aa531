"""A cluster on machines of `machines`: what runs on them, kubectl, and waiting."""

import json
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "kubectl"))

from servers import ROOT, use_venv  # noqa: E402

use_venv()

from control_plane import Process, kubectl_default, orchestrator  # noqa: E402
from machines import Machine, call, enter_namespaces  # noqa: E402

# Machines that run tests are slow at times; nothing here is slow for long.
PATIENCE_SECONDS = int(os.environ.get("PATIENCE_SECONDS", "300"))
IMAGES = ["busybox.tar", "web.tar"]


class Failure(Exception):
    """What a case found."""


class Cluster:
    """The first machine runs the control plane; each is a node."""

    def __init__(self, folder, former=None):
        self.folder = folder
        self.images = os.path.join(folder, "images")
        call(os.path.join(ROOT, "scripts/images"), self.images)
        # Once for all clusters of this process.
        if former is None:
            enter_namespaces()
        self.machines, self.running = [], []
        self.kubeconfig = None

    # Machines and what runs on them.

    def add_machine(self):
        machine = Machine(len(self.machines) + 1, self.folder)
        self.machines.append(machine)
        return machine

    def data(self, machine):
        """The folder of data of a machine, with the images that examples need."""
        data = os.path.join(machine.folder, "data")
        images = os.path.join(data, "node", "images")
        if not os.path.isdir(images):
            os.makedirs(images)
            for name in IMAGES:
                os.link(os.path.join(self.images, name), os.path.join(images, name))
        return data

    def launch(self, machine, name, *arguments):
        """Starts the program on a machine."""
        process = Process(name, machine.command(orchestrator(), *arguments, "--log-format=console"), machine.folder)
        self.running.append(process)
        return process

    def start_all(self, machine, *flags):
        """Everything in one process."""
        data = self.data(machine)
        process = self.launch(
            machine, "all", "all", f"--data-dir={data}", "--store-listen-client-urls=none", *flags)
        self.kubeconfig = os.path.join(data, "admin.kubeconfig")
        self.wait("the API server", lambda: self.kubectl("get", "--raw", "/readyz", check=False).strip() == "ok", process)
        return process

    def join(self, machine, *flags):
        """Makes a machine a node, as its user would."""
        command = self.orchestrator("token", "create", "--print-join-command").split()
        # All but the program.
        return self.launch(machine, "agent", *command[1:], f"--data-dir={self.data(machine)}", *flags)

    def orchestrator(self, *arguments, check=True):
        done = subprocess.run(
            [orchestrator(), *arguments], capture_output=True, text=True, timeout=PATIENCE_SECONDS, env=self.environment)
        if check and done.returncode:
            raise Failure(f"orchestrator {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def stop(self):
        for process in reversed(self.running):
            try:
                process.stop()
            except RuntimeError as error:
                print(error)
        for machine in self.machines:
            machine.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def tell(self):
        """What may explain a failure."""
        for arguments in (["get", "nodes,pods,services,endpointslices", "-A", "-o", "wide"], ["get", "events", "-A"]):
            print(self.kubectl(*arguments, check=False)[-6000:])
        for process in self.running:
            with open(process.log_path, errors="replace") as log:
                print(f"{process.log_path} ends:\n" + "".join(log.readlines()[-15:]))

    # Asking.

    @property
    def environment(self):
        return {**os.environ, "HOME": self.folder, "KUBECONFIG": self.kubeconfig or ""}

    def kubectl(self, *arguments, stdin=None, check=True, seconds=PATIENCE_SECONDS):
        done = subprocess.run(
            [kubectl_default(), *arguments], input=stdin, capture_output=True, text=True, timeout=seconds,
            env=self.environment)
        if check and done.returncode:
            raise Failure(f"kubectl {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def kubectl_process(self, *arguments, **options):
        """kubectl that goes on; its output is text in pipes."""
        return subprocess.Popen(
            [kubectl_default(), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, env=self.environment, **options)

    def get(self, *arguments):
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))

    def apply(self, *objects):
        self.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))

    def example(self, name):
        self.kubectl("apply", "-f", os.path.join(ROOT, "examples", name))

    def pods(self, selector):
        return self.get("pods", "-l", selector)["items"]

    def wait(self, what, check, process=None, seconds=PATIENCE_SECONDS):
        """Until `check` gives something true, which is returned."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                found = check()
                if found:
                    return found
                problem = ""
            except (Failure, OSError, KeyError, IndexError, ValueError) as error:
                problem = f": {error}"
            if process:
                process.check()
            if time.monotonic() > deadline:
                raise Failure(f"not after {seconds} s: {what}{problem}")
            time.sleep(0.1)

    def wait_for_nodes(self, count):
        def ready():
            nodes = self.get("nodes")["items"]
            return len([node for node in nodes if is_true(node, "Ready")]) == count
        self.wait(f"{count} nodes that are ready", ready)

    def wait_for_pods(self, selector, count):
        def ready():
            pods = [pod for pod in self.pods(selector) if "deletionTimestamp" not in pod["metadata"]]
            return len(pods) == count and all(is_true(pod, "Ready") for pod in pods) and pods
        return self.wait(f"{count} pods {selector} that are ready", ready)

    def curl(self, machine, url, seconds=5):
        """What a server says to somebody on a machine."""
        done = subprocess.run(
            machine.command("curl", "-sS", "-m", str(seconds), url), capture_output=True, text=True)
        if done.returncode:
            raise Failure(f"curl {url}: {done.stderr.strip()}")
        return done.stdout.strip()


def is_true(thing, condition):
    """Whether a node or pod has a condition."""
    return any(
        item["type"] == condition and item["status"] == "True" for item in thing["status"].get("conditions", []))


def expect(what, found, wanted=True):
    if found != wanted:
        raise Failure(f"{what}: expected {wanted!r}, found {found!r}")


def pod(name, *command, image="localhost/busybox:1", **spec):
    """A pod of one container, which starts a shell command if one is given."""
    container = {"name": "main", "image": image, **spec.pop("container", {})}
    if command:
        container["command"] = ["sh", "-c", *command]
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"terminationGracePeriodSeconds": 1, "containers": [container], **spec}}
