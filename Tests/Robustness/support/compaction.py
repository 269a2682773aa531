"""Compaction beside a load: history goes away and disk space is given back while writes come in."""

import asyncio

import grpc
from pyetcd import etcdrpc as rpc

CALL_SECONDS = 30
# Compactions leave at most so many revisions of history.
KEPT_REVISIONS = 200


async def compact(channel, chance, is_physical):
    """Compacts to a revision not far behind; one that is compacted already is left at that."""
    kv = rpc.KVStub(channel)
    head = await kv.Range(rpc.RangeRequest(key=b"none"), timeout=CALL_SECONDS)
    revision = max(1, head.header.revision - chance.randint(0, KEPT_REVISIONS))
    try:
        await kv.Compact(rpc.CompactionRequest(revision=revision, physical=is_physical), timeout=CALL_SECONDS)
    except grpc.RpcError as error:
        if error.code() != grpc.StatusCode.OUT_OF_RANGE:
            raise


async def give_back_space(channel):
    await rpc.MaintenanceStub(channel).Defragment(rpc.DefragmentRequest(), timeout=CALL_SECONDS)


async def compact_forever(channel, chance, pause_seconds):
    """Compacts at short intervals, sometimes physically, and gives space back now and then, until the server goes away
    or the task is cancelled."""
    try:
        while True:
            await asyncio.sleep(chance.uniform(0, 2 * pause_seconds))
            await compact(channel, chance, is_physical=chance.random() < 0.5)
            if chance.random() < 0.3:
                await give_back_space(channel)
    except grpc.RpcError:
        return
