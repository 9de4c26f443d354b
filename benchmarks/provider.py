"""A provider that takes every text after a fixed time: a raw server, so that what is measured is the sender and not this."""

from __future__ import annotations

import asyncio
import re
import sys
from itertools import count

from benchmarks.machine import HOST

LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)


async def _serve(port: int, latency: float) -> None:
    numbers = count(1)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = LENGTH.search(head)
                await reader.readexactly(int(length[1]) if length else 0)
                if latency:
                    await asyncio.sleep(latency)
                body = b'{"sid": "SM%032x", "status": "queued"}' % next(numbers)
                writer.write(b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        except (asyncio.IncompleteReadError, ConnectionResetError):
            writer.close()

    server = await asyncio.start_server(answer, HOST, port, backlog=256)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2]) / 1000))
