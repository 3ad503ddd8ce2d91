"""A mail server that takes everything as fast as Python can, and says how many and how quickly.

python -m bench.sink PORT FILE     until SIGTERM; then FILE holds {"count", "seconds"} of the mails that were accepted
"""

import asyncio
import json
import signal
import sys
import time
from pathlib import Path

TALK = {b"EHLO": b"250-sink\r\n250 8BITMIME", b"QUIT": b"221 2.0.0 Bye", b"DATA": b"354 Go ahead"}
END = b"\r\n.\r\n"


class Sink:
    def __init__(self) -> None:
        self.count, self.first, self.last = 0, 0.0, 0.0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold one conversation (RFC 5321), without looking at what it is about."""
        writer.write(b"220 sink\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            writer.write(TALK.get(verb, b"250 2.0.0 OK") + b"\r\n")
            if verb == b"QUIT":
                break
            if verb == b"DATA":
                await reader.readuntil(END)
                self._taken()
                writer.write(b"250 2.0.0 OK\r\n")
            await writer.drain()
        writer.close()

    def _taken(self) -> None:
        self.last = time.monotonic()
        self.first = self.first or self.last
        self.count += 1


async def serve(port: int, report: Path) -> None:
    sink, stopped = Sink(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    server = await asyncio.start_server(sink.talk, "127.0.0.1", port, limit=1024 * 1024)
    await stopped.wait()
    server.close()
    report.write_text(json.dumps({"count": sink.count, "seconds": sink.last - sink.first}))


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
