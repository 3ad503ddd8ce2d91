"""The far end of SMTP: a real server on a real socket that can be told to put off, refuse, hang up or fall silent."""

import asyncio
import logging
import random
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message as Mail
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from crm.environment import SmtpServer

HANG_UP = "hang up"  # the connection ends without an answer
TAKE_AND_HANG_UP = "take and hang up"  # the mail is accepted, but the answer never arrives
SILENCE = "silence"  # no answer for as long as the test lasts

logging.getLogger("mail.log").setLevel(logging.WARNING)  # what the far end sees is not the product's log


@dataclass
class FarEnd:
    """What the server did, and what it will say. `script` maps a stage to coming answers: "CONNECT", "EHLO", "HELO",
    "MAIL", "RCPT", "GO" (to the command DATA) and "DATA" (to the whole mail)."""

    port: int = 0
    accepted: list[Mail] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    sessions: int = 0
    connections: int = 0
    script: dict[str, deque[str]] = field(default_factory=dict)
    put_off_share: float = 0.0
    lose_reply_share: float = 0.0
    refuse_share: float = 0.0
    hang_share: float = 0.0
    delay_seconds: float = 0.0
    chance: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 - a rehearsal, not a secret

    def will_say(self, stage: str, *answers: str) -> None:
        """The next answers at a stage, in order, "" the usual one; after them everything is accepted again."""
        self.script.setdefault(stage, deque()).extend(answers)

    @property
    def server(self) -> SmtpServer:
        return SmtpServer(host="127.0.0.1", port=self.port, user="", password="", tls="off", is_sink=True)

    @property
    def url(self) -> str:
        return f"sink://127.0.0.1:{self.port}"

    @property
    def message_ids(self) -> list[str]:
        return [str(mail["Message-ID"]) for mail in self.accepted]

    def _next(self, stage: str) -> str | None:
        answers = self.script.get(stage)
        return answers.popleft() if answers else None


class _Server(SMTP):
    """Answers by the script where a handler is not asked, and hangs up after 421, as it says (RFC 5321 3.8)."""

    def __init__(self, far_end: FarEnd, **options: Any) -> None:
        self.far_end = far_end
        super().__init__(_Handler(far_end), **options)

    async def push(self, status: str | bytes) -> None:
        said = status if isinstance(status, str) else status.decode("ascii")
        if said.startswith("220 "):
            self.far_end.connections += 1
            said = self.far_end._next("CONNECT") or said
        transport: Any = self.transport
        if said == HANG_UP:
            transport.abort()
        if said in {HANG_UP, SILENCE}:
            return
        await super().push(said)
        if said.startswith("421") and transport is not None:
            transport.close()

    async def smtp_HELO(self, hostname: str) -> None:  # noqa: N802 - the server's names
        if answer := self.far_end._next("HELO"):
            await self.push(answer)
        else:
            await super().smtp_HELO(hostname)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - the server's names
        if answer := self.far_end._next("GO"):
            await self.push(answer)
        else:
            await super().smtp_DATA(arg)


class _Handler:
    def __init__(self, far_end: FarEnd) -> None:
        self.far_end = far_end

    async def handle_EHLO(  # noqa: N802 - the server's names
        self, server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.far_end.sessions += 1
        session.host_name = hostname
        answer = self.far_end._next("EHLO")
        return [answer] if answer else responses

    async def handle_MAIL(  # noqa: N802 - the server's names
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self._answer(server, "MAIL")
        if answer.startswith("250"):
            envelope.mail_from = address
            self.far_end.senders.append(address)
            envelope.mail_options.extend(options)
        return answer

    async def handle_RCPT(  # noqa: N802 - the server's names
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self._answer(server, "RCPT")
        drawn = self.far_end.chance.random()
        if drawn < self.far_end.put_off_share:
            answer = "451 4.7.1 Come again"
        elif drawn < self.far_end.put_off_share + self.far_end.refuse_share:
            answer = "550 5.1.1 No such mailbox"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return answer

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        mail = message_from_bytes(content if isinstance(content, bytes) else b"")
        if self.far_end.chance.random() < self.far_end.hang_share:
            await asyncio.sleep(3600)
        answer = await self._answer(server, "DATA", mail)
        if answer.startswith("250"):
            self.far_end.accepted.append(mail)
            if self.far_end.chance.random() < self.far_end.lose_reply_share:
                self._hang_up(server)
        return answer

    async def _answer(self, server: SMTP, stage: str, mail: Mail | None = None) -> str:
        if self.far_end.delay_seconds:
            await asyncio.sleep(self.far_end.delay_seconds)
        answer = self.far_end._next(stage)
        if answer == SILENCE:
            await asyncio.sleep(3600)
        if answer == TAKE_AND_HANG_UP and mail is not None:
            self.far_end.accepted.append(mail)
        if answer in {HANG_UP, TAKE_AND_HANG_UP}:
            self._hang_up(server)
            return "451 nobody hears this"
        return answer or "250 2.0.0 OK"

    def _hang_up(self, server: SMTP) -> None:
        transport: Any = server.transport
        if transport is not None:
            transport.abort()


@contextmanager
def far_end(port: int = 0) -> Iterator[FarEnd]:
    """A running far end on a free loopback port (or on `port`), stopped at the end."""
    end, loop, ready = FarEnd(), asyncio.new_event_loop(), threading.Event()

    def serve() -> None:
        asyncio.set_event_loop(loop)
        factory = lambda: _Server(  # noqa: E731
            end, hostname="far.example.org", loop=loop, auth_require_tls=False
        )
        server = loop.run_until_complete(loop.create_server(factory, "127.0.0.1", port))
        end.port = server.sockets[0].getsockname()[1]
        ready.set()
        loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.05))
        loop.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    ready.wait(5)
    try:
        yield end
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
