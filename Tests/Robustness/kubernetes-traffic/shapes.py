"""The requests of a kube-apiserver, in the shapes in which it sends them to its store."""

from pyetcd import etcdrpc as rpc

COMPACTION_KEY = b"compact_rev_key"
HEALTH_KEY = b"/registry/health"
EQUAL = 0
VERSION, MOD = 0, 2


class Resource:
    """A kind of object: where it is kept, how large its objects are, how many there should be."""

    def __init__(self, name, sizes, population, namespaced=True, leased=False):
        self.name = name
        self.sizes = sizes
        self.population = population
        self.namespaced = namespaced
        # Its objects live by leases, and the store deletes them.
        self.leased = leased
        self.prefix = f"/registry/{name}/".encode()
        self.end = f"/registry/{name}0".encode()

    def key(self, number):
        place = f"team-{number % 7}/" if self.namespaced else ""
        return self.prefix + f"{place}object-{number:05}".encode()


RESOURCES = [
    Resource("pods", (1_450, 6_000), 400),
    Resource("leases", (400, 720), 60),
    Resource("minions", (1_000, 12_000), 30, namespaced=False),
    Resource("events", (280, 1_100), 300, leased=True),
    Resource("configmaps", (260, 2_100), 120),
    Resource("deployments", (1_050, 2_100), 60),
    Resource("services/specs", (350, 650), 40),
    Resource("endpointslices", (400, 2_500), 60),
]


def put(key, value, lease=0):
    return rpc.RequestOp(request_put=rpc.PutRequest(key=key, value=value, lease=lease))


def range_of(key):
    return rpc.RequestOp(request_range=rpc.RangeRequest(key=key))


def unchanged(key, revision):
    return rpc.Compare(result=EQUAL, target=MOD, key=key, mod_revision=revision)


def create(key, value, lease=0):
    return rpc.TxnRequest(compare=[unchanged(key, 0)], success=[put(key, value, lease)])


def update(key, value, revision, lease=0):
    return rpc.TxnRequest(
        compare=[unchanged(key, revision)], success=[put(key, value, lease)], failure=[range_of(key)])


def delete(key, revision):
    gone = rpc.RequestOp(request_delete_range=rpc.DeleteRangeRequest(key=key))
    return rpc.TxnRequest(compare=[unchanged(key, revision)], success=[gone], failure=[range_of(key)])


def take_compaction_turn(version, value):
    condition = rpc.Compare(result=EQUAL, target=VERSION, key=COMPACTION_KEY, version=version)
    return rpc.TxnRequest(
        compare=[condition], success=[put(COMPACTION_KEY, value)], failure=[range_of(COMPACTION_KEY)])


def get(key):
    return rpc.RangeRequest(key=key, limit=1)


def page(resource, start, limit, revision):
    return rpc.RangeRequest(key=start, range_end=resource.end, limit=limit, revision=revision)


def count(resource, revision=0):
    return rpc.RangeRequest(key=resource.prefix, range_end=resource.end, count_only=True, revision=revision)


def keys_only(resource, revision):
    return rpc.RangeRequest(key=resource.prefix, range_end=resource.end, keys_only=True, revision=revision)


def watch(resource, start_revision):
    return rpc.WatchRequest(create_request=rpc.WatchCreateRequest(
        key=resource.prefix, range_end=resource.end, start_revision=start_revision, progress_notify=True,
        prev_kv=True))


def progress():
    return rpc.WatchRequest(progress_request=rpc.WatchProgressRequest())


def range_stream(channel):
    """The RangeStream call, which the Python client does not know yet: answers are RangeResponses in a field of
    number 1."""

    def unwrap(data):
        if not data:
            return rpc.RangeResponse()
        if data[0] != 0x0A:
            raise ValueError("a RangeStreamResponse begins with something else than its answer")
        length = shift = 0
        for position in range(1, len(data)):
            length |= (data[position] & 0x7F) << shift
            shift += 7
            if data[position] < 0x80:
                break
        if position + 1 + length != len(data):
            raise ValueError("a RangeStreamResponse holds more than its answer")
        return rpc.RangeResponse.FromString(data[position + 1:])

    return channel.unary_stream(
        "/etcdserverpb.KV/RangeStream", request_serializer=rpc.RangeRequest.SerializeToString,
        response_deserializer=unwrap)
