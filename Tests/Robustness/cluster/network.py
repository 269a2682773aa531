"""Where members live: on loopback, or each in a network namespace of its own behind a bridge, where packets can be
dropped. All of it is in namespaces that only this process and its children see, and is gone when they end."""

import ctypes
import os
import shutil
import subprocess

from servers import Ports

NEW_MOUNT_NAMESPACE = 0x0002_0000
NEW_NETWORK_NAMESPACE = 0x4000_0000
# The shell's tools for networks and file systems are where only root looks.
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
SUBNET = "10.90.0"
HUB = f"{SUBNET}.254"
CLIENT_PORT, PEER_PORT = 2379, 2380

RULES = """
table inet faults {
  set cut { type ipv4_addr
  }
  set lossy { type ipv4_addr
  }
  chain in { type filter hook input priority 0
    ip saddr @cut drop
    ip saddr @lossy numgen random mod 100 < %d drop
  }
}
"""


class Skip(Exception):
    """The machine cannot do what the scenario needs."""


def run(*command, **options):
    """Runs a tool that must succeed; what it printed."""
    done = subprocess.run(
        command, env={**os.environ, "PATH": PATH}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed: {done.stdout.strip()}")
    return done.stdout


def enter_namespaces():
    """Moves this process into a mount and a network namespace of its own, in which only loopback is up. Called
    before there are threads. False when the machine does not allow it: then there is loopback alone."""
    if os.geteuid() != 0 or not shutil.which("ip", path=PATH):
        return False
    if ctypes.CDLL(None, use_errno=True).unshare(NEW_MOUNT_NAMESPACE | NEW_NETWORK_NAMESPACE) != 0:
        return False
    run("mount", "--make-rprivate", "/")
    run("ip", "link", "set", "lo", "up")
    return True


class Place:
    """Where a member listens. `wrapper` is a command that runs its program there."""

    def __init__(self, host, client_port, peer_port, ports=None, wrapper=(), namespace=None):
        self.host = host
        self.client = f"{host}:{client_port}"
        self.peer = f"{host}:{peer_port}"
        self.wrapper = list(wrapper)
        self.namespace = namespace
        self.ports = ports

    def release(self):
        """Gives the ports to the program that is about to listen there."""
        if self.ports:
            self.ports.release()


class Loopback:
    """All members on 127.0.0.1, on free ports."""

    def place(self):
        ports = Ports(2)
        return Place("127.0.0.1", *ports.numbers, ports=ports)

    def close(self):
        pass


class Bridge:
    """A namespace for each member, joined by a bridge at which this process sits: clients reach every member
    whatever is cut between members."""

    is_possible = False
    loss_percent = 10

    def __init__(self):
        if not Bridge.is_possible or not shutil.which("nft", path=PATH):
            raise Skip("needs root, network namespaces, ip and nft")
        self.names = []
        os.makedirs("/run/netns", exist_ok=True)
        # Names of namespaces that only we see.
        run("mount", "-t", "tmpfs", "tmpfs", "/run/netns")
        run("ip", "link", "add", "hub", "type", "bridge")
        run("ip", "addr", "add", f"{HUB}/24", "dev", "hub")
        run("ip", "link", "set", "hub", "up")

    def place(self):
        number = len(self.names) + 1
        name, host = f"member{number}", f"{SUBNET}.{number}"
        run("ip", "netns", "add", name)
        self.names.append(name)
        run("ip", "link", "add", f"port{number}", "type", "veth", "peer", "name", "eth0", "netns", name)
        run("ip", "link", "set", f"port{number}", "master", "hub", "up")
        run("ip", "-n", name, "addr", "add", f"{host}/24", "dev", "eth0")
        for device in ("eth0", "lo"):
            run("ip", "-n", name, "link", "set", device, "up")
        place = Place(
            host, CLIENT_PORT, PEER_PORT, wrapper=["nsenter", f"--net=/run/netns/{name}"], namespace=name)
        self.inside(place, "nft", "-f", "-", input=RULES % self.loss_percent)
        return place

    def inside(self, place, *command, **options):
        return run(*place.wrapper, *command, **options)

    def cut(self, sender, receiver):
        """From now on nothing that one member sends reaches the other."""
        self.inside(receiver, "nft", "add", "element", "inet", "faults", "cut", f"{{ {sender.host} }}")

    def separate(self, some, others):
        """No packet passes between the two groups."""
        for one in some:
            for other in others:
                self.cut(one, other)
                self.cut(other, one)

    def lose(self, places):
        """Drops `loss_percent` of the packets between these members, at random."""
        for receiver in places:
            for sender in places:
                if sender is not receiver:
                    self.inside(receiver, "nft", "add", "element", "inet", "faults", "lossy", f"{{ {sender.host} }}")

    def heal(self, places):
        """Every packet passes again."""
        for place in places:
            for name in ("cut", "lossy"):
                self.inside(place, "nft", "flush", "set", "inet", "faults", name)

    def close(self):
        for number, name in enumerate(self.names, 1):
            run("ip", "link", "del", f"port{number}")
            run("ip", "netns", "del", name)
        run("ip", "link", "del", "hub")
        run("umount", "-l", "/run/netns")
