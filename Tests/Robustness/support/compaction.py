"""Compaction beside a load: history goes away and disk space is given back while writes come in."""

import asyncio

import grpc
from pyetcd import etcdrpc as rpc

CALL_SECONDS = 30
# Compactions leave at most so many revisions of history.
KEPT_REVISIONS = 200


async def compact_forever(channel, chance, pause_seconds):
    """Compacts at short intervals, sometimes physically, and asks for free space now and then, until the server goes
    away or the task is cancelled."""
    kv, maintenance = rpc.KVStub(channel), rpc.MaintenanceStub(channel)
    while True:
        await asyncio.sleep(chance.uniform(0, 2 * pause_seconds))
        try:
            head = await kv.Range(rpc.RangeRequest(key=b"none"), timeout=CALL_SECONDS)
            revision = max(1, head.header.revision - chance.randint(0, KEPT_REVISIONS))
            await kv.Compact(
                rpc.CompactionRequest(revision=revision, physical=chance.random() < 0.5), timeout=CALL_SECONDS)
            if chance.random() < 0.3:
                await maintenance.Defragment(rpc.DefragmentRequest(), timeout=CALL_SECONDS)
        except grpc.RpcError as error:
            # Compacted as far already.
            if error.code() != grpc.StatusCode.OUT_OF_RANGE:
                return
