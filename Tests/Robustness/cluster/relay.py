"""A relay in front of members' peer ports that delivers everything later, for kernels that cannot delay packets."""

import asyncio
import threading

PIECE_BYTES = 65_536
PIECES_UNDER_WAY = 1_000


class Relay:
    """Runs in a thread of its own while the block runs. What goes through keeps its order."""

    def __init__(self, delay_seconds):
        self.delay = delay_seconds
        self.loop = asyncio.new_event_loop()
        self.servers = []
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self.drop_all(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def drop_all(self):
        for server in self.servers:
            server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def before(self, target):
        """An address at which `target` ("host:port") is reached through the relay."""
        return asyncio.run_coroutine_threadsafe(self.listen(target), self.loop).result()

    async def listen(self, target):
        async def serve(reader, writer):
            host, port = target.rsplit(":", 1)
            try:
                far_reader, far_writer = await asyncio.open_connection(host, int(port))
            except OSError:
                writer.close()
                return
            try:
                await asyncio.gather(self.carry(reader, far_writer), self.carry(far_reader, writer))
            except asyncio.CancelledError:
                # The end of the relay, which nobody waits for to hear of.
                pass

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        self.servers.append(server)
        return "127.0.0.1:%d" % server.sockets[0].getsockname()[1]

    async def carry(self, reader, writer):
        """Reads at once and writes later, so that the delay does not limit the rate."""
        pieces = asyncio.Queue(PIECES_UNDER_WAY)
        sender = asyncio.create_task(self.send(pieces, writer))
        try:
            while piece := await reader.read(PIECE_BYTES):
                await pieces.put((self.loop.time() + self.delay, piece))
        except OSError:
            pass
        await pieces.put((0, b""))
        await sender

    async def send(self, pieces, writer):
        is_open = True
        while True:
            due, piece = await pieces.get()
            if not piece:
                break
            await asyncio.sleep(max(0, due - self.loop.time()))
            if is_open:
                try:
                    writer.write(piece)
                    await writer.drain()
                except OSError:
                    is_open = False
        writer.close()
