"""Messages and stubs of the etcd v3 API, made from this repository's .proto files when a script starts.

`rpc` has every message and every stub by its name. Not to be used in one process with pyetcd, which brings older
definitions under the same names."""

import os
import sys
import types

import grpc

from servers import ROOT

sys.path.insert(0, os.path.join(ROOT, "Sources", "WatchAPI", "Proto", "Definitions"))

CHANNEL = [
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.enable_retries", 0),
]


def _load():
    names = {}
    for file in ["mvccpb.proto"] + [f"etcdserverpb/{name}.proto" for name in ["header", "kv", "watch", "lease", "cluster", "maintenance"]]:
        for module in grpc.protos_and_services(file):
            if module is not None:
                names.update({k: v for k, v in vars(module).items() if not k.startswith("_")})
    return types.SimpleNamespace(**names)


rpc = _load()


def channel(address, *options):
    """A connection of its own to a server: "host:port"."""
    return grpc.insecure_channel(address, options=CHANNEL + list(options))


def failure(error):
    """A gRPC error as text: its code and what it says."""
    return f"{error.code().name}: {error.details()}"
