"""One kube-apiserver, as its store sees it: watch caches, writers, and a turn at compaction."""

import asyncio
import time

import grpc
from pyetcd import etcdrpc as rpc

import shapes
from model import object_of
from watch_cache import WatchCache

CALL_SECONDS = 30


class APIServer:
    def __init__(self, name, endpoint, random, ledger, violations, trusts_progress):
        self.name = name
        self.random = random
        self.ledger = ledger
        self.violations = violations
        self.trusts_progress = trusts_progress
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1)]
        self.channel = grpc.aio.insecure_channel(endpoint, options=options)
        self.watch_channel = grpc.aio.insecure_channel(endpoint, options=options)
        self.kv = rpc.KVStub(self.channel)
        self.leases = rpc.LeaseStub(self.channel)
        self.watch_stub = rpc.WatchStub(self.watch_channel)
        self.range_stream = shapes.range_stream(self.channel)
        self.caches = {resource.name: WatchCache(self, resource) for resource in shapes.RESOURCES}
        # The lease that new events live by, and until when it is given to more of them.
        self.event_lease = (0, 0)
        self.master_revision = 0
        self.compaction_version = 0
        self.conflicts = 0
        self.is_stopping = False

    async def close(self):
        await self.channel.close()
        await self.watch_channel.close()

    # Reads

    async def revision(self):
        """The current revision, by the request that asks whether the store is well."""
        answer = await self.kv.Range(rpc.RangeRequest(key=shapes.HEALTH_KEY), timeout=CALL_SECONDS)
        return answer.header.revision

    async def list(self, resource, limit, revision=0):
        """Objects by key, and their revision: read in pages, all at the revision of the first."""
        while True:
            try:
                return await self.pages(resource, limit, revision)
            except grpc.aio.AioRpcError as error:
                # Compacted between two pages: a list without a revision of its own begins again.
                if revision or error.code() != grpc.StatusCode.OUT_OF_RANGE:
                    raise

    async def pages(self, resource, limit, revision):
        objects, start, left = {}, resource.prefix, None
        while True:
            answer = await self.kv.Range(shapes.page(resource, start, limit, revision), timeout=CALL_SECONDS)
            revision = revision or answer.header.revision
            if left is not None and answer.count != left:
                self.wrong(f"{resource.name} at {revision}: a page counts {answer.count}, the page before left {left}")
            left = answer.count - len(answer.kvs)
            if answer.more != (left > 0) or len(answer.kvs) > limit:
                self.wrong(f"{resource.name} at {revision}: a page of {len(answer.kvs)} of {answer.count}, more {answer.more}")
            for kv in answer.kvs:
                if not start <= kv.key < resource.end:
                    self.wrong(f"{resource.name}: a page has {kv.key}, which is not in order")
                start = kv.key + b"\0"
                if kv.mod_revision > revision:
                    self.wrong(f"{resource.name} at {revision} has {kv.key} of {kv.mod_revision}")
                objects[kv.key] = object_of(kv)
            if not answer.more:
                return objects, revision

    async def stream(self, resource, revision):
        """The same by RangeStream."""
        objects, last = {}, None
        async for chunk in self.range_stream(
                rpc.RangeRequest(key=resource.prefix, range_end=resource.end, revision=revision), timeout=CALL_SECONDS):
            objects.update((kv.key, object_of(kv)) for kv in chunk.kvs)
            last = chunk
        if last is None or last.header.revision < revision or last.count != len(objects):
            self.wrong(f"{resource.name} at {revision}: the last chunk does not close the list")
        return objects

    # Writes

    async def write_forever(self, writes_per_second):
        """Creates, changes and deletes objects, from what its own caches know, which may be old. A write is never given
        up: nobody would know whether it happened."""
        weights = [resource.population for resource in shapes.RESOURCES]
        while not self.is_stopping:
            await asyncio.sleep(self.random.expovariate(writes_per_second))
            resource = self.random.choices(shapes.RESOURCES, weights)[0]
            # Twice as many keys as objects: about half of them are there.
            key = resource.key(self.random.randrange(2 * resource.population))
            try:
                await self.write(resource, key)
            except grpc.aio.AioRpcError as error:
                self.wrong(f"a write of {key} ended with {error.code().name}: {error.details()}")

    async def write(self, resource, key):
        known = self.caches[resource.name].objects.get(key)
        revision = known.mod if known else 0
        for _ in range(4):
            action = self.action(resource, revision)
            value = None if action == "delete" else self.value(resource)
            lease = await self.lease() if resource.leased and value is not None else 0
            if action == "create":
                request = shapes.create(key, value, lease)
            elif action == "update":
                request = shapes.update(key, value, revision, lease)
            else:
                request = shapes.delete(key, revision)
            answer = await self.transact(resource, key, value, request)
            if answer.succeeded:
                return
            self.conflicts += 1
            if action == "create":
                # Somebody else was first: AlreadyExists, and the next one looks.
                current = (await self.kv.Range(shapes.get(key), timeout=CALL_SECONDS)).kvs
            else:
                current = answer.responses[0].response_range.kvs
            found = current[0].mod_revision if current else 0
            if action != "create" and found == revision:
                self.wrong(f"{key} is of {found}, and a change of just that was refused")
            revision = found

    def action(self, resource, revision):
        if revision == 0:
            return "create"
        # Events go with their leases.
        return "update" if resource.leased or self.random.random() < 0.7 else "delete"

    async def transact(self, resource, key, value, request):
        number = self.ledger.begin()
        try:
            answer = await self.kv.Txn(request, timeout=CALL_SECONDS)
            if answer.succeeded:
                self.ledger.acknowledge(resource, answer.header.revision, key, value, self.violations)
            return answer
        finally:
            self.ledger.end(number)

    def value(self, resource):
        size = self.random.randint(*resource.sizes)
        head = f"k8s\0{self.name}/{self.ledger.next}/".encode()
        return head + self.random.randbytes(size // 3) + b"kubernetes.io/metadata." * (size // 35)

    async def lease(self):
        lease, until = self.event_lease
        if time.monotonic() >= until:
            seconds = self.random.randint(8, 16)
            began = time.monotonic()
            lease = (await self.leases.LeaseGrant(rpc.LeaseGrantRequest(TTL=seconds), timeout=CALL_SECONDS)).ID
            self.ledger.note_lease(lease, began, seconds)
            # Half its time is left to each that gets it.
            self.event_lease = (lease, began + seconds / 2)
        return lease

    async def tell_that_it_lives(self):
        """What every API server does now and then: a key of its own under a lease, and counts for the metrics."""
        key = f"/registry/masterleases/{self.name}".encode()
        while True:
            lease = (await self.leases.LeaseGrant(rpc.LeaseGrantRequest(TTL=15), timeout=CALL_SECONDS)).ID
            revision = self.master_revision
            request = shapes.update(key, b"k8s\0alive", revision, lease) if revision else shapes.create(key, b"k8s\0alive", lease)
            answer = await self.kv.Txn(request, timeout=CALL_SECONDS)
            if answer.succeeded:
                self.master_revision = answer.header.revision
            else:
                found = (await self.kv.Range(shapes.get(key), timeout=CALL_SECONDS)).kvs
                self.master_revision = found[0].mod_revision if found else 0
            for resource in shapes.RESOURCES:
                await self.kv.Range(shapes.count(resource), timeout=CALL_SECONDS)
            await asyncio.sleep(5)

    # Compaction

    async def take_compaction_turn(self, revision):
        """Compacts to `revision` if it is this server's turn; whether it was."""
        request = shapes.take_compaction_turn(self.compaction_version, str(revision).encode())
        answer = await self.kv.Txn(request, timeout=CALL_SECONDS)
        if not answer.succeeded:
            found = answer.responses[0].response_range.kvs
            self.compaction_version = found[0].version if found else 0
            return False
        self.compaction_version += 1
        if revision:
            await self.kv.Compact(rpc.CompactionRequest(revision=revision), timeout=CALL_SECONDS)
        return True

    async def probe_compaction(self, compacted):
        """What is gone must be refused as gone, in every way of asking."""
        resource = shapes.RESOURCES[0]
        try:
            await self.kv.Range(shapes.page(resource, resource.prefix, 1, compacted - 1), timeout=CALL_SECONDS)
            self.wrong(f"a list at {compacted - 1} was answered, though {compacted} is compacted")
        except grpc.aio.AioRpcError as error:
            if (error.code(), error.details()) != (
                    grpc.StatusCode.OUT_OF_RANGE, "etcdserver: mvcc: required revision has been compacted"):
                self.wrong(f"a list at a compacted revision: {error.code().name}: {error.details()}")
        call = self.watch_stub.Watch()
        await call.write(shapes.watch(resource, compacted - 1))
        answers = []
        try:
            async with asyncio.timeout(CALL_SECONDS):
                async for answer in call:
                    answers.append(answer)
                    if answer.canceled:
                        break
        except TimeoutError:
            pass
        call.cancel()
        if not answers or not answers[0].created or not answers[-1].canceled or answers[-1].compact_revision < compacted:
            self.wrong(f"a watch from {compacted - 1} was not cancelled as compacted: {answers[-1:]}")

    def wrong(self, text):
        self.violations.add(f"{self.name}: {text}")
