"""Machines of a cluster on one machine: each has a network and mounts of its own, joined by one bridge.

Nothing has a default route: no service's or pod's address ever leaves the machine. Whatever runs on them is ended with
them."""

import ctypes
import os
import re
import signal
import subprocess
import sys

NEW_MOUNT_NAMESPACE = 0x0002_0000
NEW_NETWORK_NAMESPACE = 0x4000_0000
NEEDED = ["containerd", "ctr", "runc", "ip", "nft", "conntrack", "nsenter", "unshare", "busybox", "losetup"]
# What container runtimes and their network programs keep outside of the folders that they are given.
PRIVATE = ["/run/containerd", "/run/netns", "/var/lib/cni", "/var/log/pods", "/etc/cni"]
# RFC 5737: for documentation.
LAN = "198.51.100"
CLUSTER, SERVICES = "10.244.0.0/16", "10.96.0.0/16"
# What Debian puts where only root looks.
os.environ["PATH"] = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"


def call(*command, **options):
    """A command that must succeed; its words are in the error if it does not. Gives what it prints."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}")
    return done.stdout


def enter_namespaces():
    """Moves this process to a network of its own: the bridge, and no route to anywhere."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(NEW_MOUNT_NAMESPACE | NEW_NETWORK_NAMESPACE) != 0:
        sys.exit(f"no namespaces here: {os.strerror(ctypes.get_errno())}")
    call("mount", "--make-rprivate", "/")
    call("ip", "link", "set", "lo", "up")
    call("ip", "link", "add", "lan", "type", "bridge")
    call("ip", "addr", "add", f"{LAN}.254/24", "dev", "lan")
    call("ip", "link", "set", "lan", "up")
    for folder in PRIVATE:
        os.makedirs(folder, exist_ok=True)


class Machine:
    """One machine; `name` is its host name too."""

    def __init__(self, number, folder):
        self.name, self.address = f"node-{number}", f"{LAN}.{number}"
        self.folder = os.path.join(folder, self.name)
        os.makedirs(self.folder, exist_ok=True)
        self.holder = subprocess.Popen(
            ["unshare", "--mount", "--net", "--uts", "--propagation", "private", "sleep", "infinity"],
            stdin=subprocess.DEVNULL)
        self.wait_for_namespaces()
        link = f"to-{self.name}"
        call("ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", str(self.holder.pid))
        call("ip", "link", "set", link, "master", "lan")
        call("ip", "link", "set", link, "up")
        self.call("hostname", self.name)
        self.call("ip", "link", "set", "lo", "up")
        self.call("ip", "addr", "add", f"{self.address}/24", "dev", "eth0")
        self.call("ip", "link", "set", "eth0", "up")
        for path in PRIVATE:
            self.call("mount", "-t", "tmpfs", "tmpfs", path)

    def wait_for_namespaces(self):
        own = os.readlink("/proc/self/ns/net")
        while True:
            try:
                if os.readlink(f"/proc/{self.holder.pid}/ns/net") != own:
                    return
            except OSError:
                pass
            if self.holder.poll() is not None:
                raise RuntimeError("unshare ended")

    def command(self, *command):
        """What runs a command on this machine."""
        return ["nsenter", "--target", str(self.holder.pid), "--mount", "--net", "--uts", "--", *command]

    def call(self, *command, **options):
        return call(*self.command(*command), **options)

    def processes(self):
        """Of all that runs on this machine, but the one that holds it."""
        own = os.readlink(f"/proc/{self.holder.pid}/ns/mnt")
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                if int(name) != self.holder.pid and os.readlink(f"/proc/{name}/ns/mnt") == own:
                    found.append(int(name))
            except OSError:
                continue  # It has ended.
        return found

    def containers(self):
        """Processes of containers whose shims belong to this machine, by the folder that their shims name."""
        shims = set()
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    if self.folder.encode() in file.read():
                        shims.add(name)
            except OSError:
                continue
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{name}/stat") as file:
                    parent = re.sub(r"\(.*\)", "", file.read()).split()[2]
                if parent in shims:
                    found.append(int(name))
            except (OSError, IndexError):
                continue
        return found + [int(name) for name in shims]

    def kill(self):
        """The machine loses its power: everything on it ends at once."""
        for _ in range(3):
            for process in self.containers() + self.processes():
                try:
                    os.kill(process, signal.SIGKILL)
                except OSError:
                    continue
        self.holder.kill()
        self.holder.wait()
        # With the mounts gone nobody uses the files of volumes any more; the kernel would keep them all the same.
        for line in call("losetup", "--list", "--noheadings", "--output", "NAME,BACK-FILE").splitlines():
            device, _, file = line.strip().partition(" ")
            if file.strip().startswith(self.folder + "/"):
                subprocess.run(["losetup", "--detach", device], stderr=subprocess.DEVNULL)
        subprocess.run(["ip", "link", "del", f"to-{self.name}"], stderr=subprocess.DEVNULL)
