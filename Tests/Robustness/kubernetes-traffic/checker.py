"""Holds the watch caches of all API servers against fresh lists, and against what was acknowledged."""

import asyncio

import grpc

import shapes

REACH_SECONDS = 60
CALL_SECONDS = 30


class Checker:
    def __init__(self, servers, ledger, violations, random, has_range_stream):
        self.servers = servers
        self.ledger = ledger
        self.violations = violations
        self.random = random
        self.has_range_stream = has_range_stream
        self.checks = 0
        self.compared = 0
        # (revision, objects) of earlier checks by resource: what was true at a revision stays true.
        self.snapshots = {resource.name: [] for resource in shapes.RESOURCES}
        self.compacted = 0

    async def check(self, waits=False):
        """One check of every resource, at one revision. A watch that is broken is left to the next check, unless this
        one `waits` for it."""
        revision = await self.servers[0].revision()
        # Writes under way may have happened below it; their answers say so.
        pending = set(self.ledger.under_way)
        while pending & self.ledger.under_way:
            await asyncio.sleep(0.01)
        lists = {}
        try:
            for resource in shapes.RESOURCES:
                lists[resource.name] = await self.read(resource, revision)
        except grpc.aio.AioRpcError as error:
            if error.code() == grpc.StatusCode.OUT_OF_RANGE and revision < self.compacted:
                return
            raise
        for resource in shapes.RESOURCES:
            objects = lists[resource.name]
            caches = [server.caches[resource.name] for server in self.servers]
            await asyncio.gather(*(
                self.check_cache(cache, resource, revision, objects) for cache in caches if waits or not cache.is_broken))
            self.snapshots[resource.name] = self.snapshots[resource.name][-2:] + [(revision, objects)]
            self.ledger.forget(resource, min(cache.checked for cache in caches))
        self.checks += 1

    async def read(self, resource, revision):
        """A resource's objects at a revision, read in every way there is."""
        server = self.random.choice(self.servers)
        objects, _ = await server.list(resource, self.random.choice([3, 17, 50, 500, 10_000]), revision)
        await self.check_other_reads(server, resource, revision, objects)
        for key, value in objects.items():
            if value.lease and self.ledger.must_have_ended(value.lease):
                self.violations.add(f"{resource.name}: {key} is there, and its lease {value.lease:x} should long be gone")
        await self.check_snapshots(server, resource)
        return objects

    async def check_cache(self, cache, resource, revision, objects):
        server = cache.server
        if server.trusts_progress and not await cache.reach(revision, REACH_SECONDS):
            self.violations.add(f"{server.name}, {resource.name}: not at {revision} after {REACH_SECONDS} s")
            return
        # A store that cannot say truly how far a watch is gets the time until it is far enough.
        for _ in range(1 if server.trusts_progress else 10 * REACH_SECONDS):
            found = cache.at(revision)
            missing = cache.missing(self.ledger.writes[resource.name], revision)
            if found is None or (found == objects and not missing):
                break
            if not server.trusts_progress:
                await asyncio.sleep(0.1)
        if found is None:
            # It listed later than the check began: the next one has it.
            return
        self.compared += 1
        for text in missing[:5]:
            self.violations.add(f"{server.name}, {resource.name}: {text}")
        for key in sorted(key for key in found.keys() | objects.keys() if found.get(key) != objects.get(key))[:5]:
            self.violations.add(
                f"{server.name}, {resource.name} at {revision}: {key} is {found.get(key)} in the cache, "
                f"{objects.get(key)} in a list")
        cache.forget(revision)

    async def check_other_reads(self, server, resource, revision, objects):
        """The other ways to read the same thing."""
        count = (await server.kv.Range(shapes.count(resource, revision), timeout=CALL_SECONDS)).count
        if count != len(objects):
            self.violations.add(f"{resource.name} at {revision}: a count of {count}, a list of {len(objects)}")
        keys = (await server.kv.Range(shapes.keys_only(resource, revision), timeout=CALL_SECONDS)).kvs
        if [(kv.key, kv.mod_revision, kv.value) for kv in keys] != [
                (key, value.mod, b"") for key, value in sorted(objects.items())]:
            self.violations.add(f"{resource.name} at {revision}: keys alone differ from the list")
        if self.has_range_stream and await server.stream(resource, revision) != objects:
            self.violations.add(f"{resource.name} at {revision}: a streamed list differs from one in pages")

    async def check_snapshots(self, server, resource):
        for revision, objects in self.snapshots[resource.name]:
            try:
                again, _ = await server.list(resource, 500, revision)
            except grpc.aio.AioRpcError as error:
                if error.code() != grpc.StatusCode.OUT_OF_RANGE or revision >= self.compacted:
                    self.violations.add(f"{resource.name} at {revision}: {error.code().name}: {error.details()}")
                continue
            if again != objects:
                self.violations.add(f"{resource.name} at {revision} is not what it was before")


async def has_range_stream(server):
    try:
        await server.stream(shapes.RESOURCES[0], 0)
        return True
    except grpc.aio.AioRpcError as error:
        if error.code() == grpc.StatusCode.UNIMPLEMENTED:
            return False
        raise
