"""An IMAP server on a free loopback port that behaves badly with single mails, as no real one does on demand."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

_NAMED = re.compile(rb"SEARCH UID (\S+)", re.IGNORECASE)
_FETCH = re.compile(rb"UID FETCH (\d+) \((.+)\)", re.IGNORECASE)
NO = b"* NO\r\n"
_STORE = re.compile(rb"UID STORE (\d+) ", re.IGNORECASE)


@dataclass
class FakeImap:
    """`mails`: {uid: bytes}. On `drops` the line ends when the body is asked for, on `mute` also for the headers.
    `quoted` come as a quoted string, `refused` are answered with NO, `gone` with nothing. `asked`: the uids whose body
    was asked for, in order."""

    port: int
    mails: dict[int, bytes] = field(default_factory=dict)
    drops: set[int] = field(default_factory=set)
    mute: set[int] = field(default_factory=set)
    quoted: set[int] = field(default_factory=set)
    refused: set[int] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)
    seen: set[int] = field(default_factory=set)
    asked: list[int] = field(default_factory=list)
    is_down: bool = False
    dies_after_a_drop: bool = False

    @property
    def url(self) -> str:
        return f"imap://reader:word@127.0.0.1:{self.port}/INBOX"

    def talk(self, client: socket.socket) -> None:
        """One connection, to its end."""
        with client, client.makefile("rwb") as line, suppress(OSError):
            if self.is_down:
                return
            line.write(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
            line.flush()
            for command in line:
                tag, _, rest = command.strip().partition(b" ")
                answer = self._answer(rest)
                if answer is None:
                    self.is_down = self.dies_after_a_drop
                    return
                line.write(
                    answer.removesuffix(NO) + tag + (b" NO not this\r\n" if answer.endswith(NO) else b" OK done\r\n")
                )
                line.flush()

    def _answer(self, command: bytes) -> bytes | None:
        if found := _FETCH.match(command):
            return self._fetched(int(found[1]), found[2])
        if found := _STORE.match(command):
            self.seen.add(int(found[1]))
        if command.startswith(b"SELECT"):
            return b"* 9 EXISTS\r\n* OK [UIDVALIDITY 3857529045] UIDs valid\r\n"
        if command.startswith(b"UID SEARCH"):
            return b"* SEARCH " + b" ".join(b"%d" % uid for uid in sorted(self._found(command))) + b"\r\n"
        if command.startswith(b"CAPABILITY"):
            return b"* CAPABILITY IMAP4rev1\r\n"
        return b""

    def _found(self, command: bytes) -> set[int]:
        """As RFC 3501 has it: `*` is the last one, and so is a range that begins behind it."""
        if not (named := _NAMED.search(command)):
            return {*self.mails} - self.seen
        last, found = max(self.mails, default=0), set()
        for one in named[1].split(b","):
            low, high = sorted(last if at == b"*" else int(at) for at in (one.split(b":") * 2)[:2])
            found |= {uid for uid in self.mails if low <= uid <= high}
        return found

    def _fetched(self, uid: int, what: bytes) -> bytes | None:
        raw = self.mails[uid]
        if b"BODY" not in what:
            return b"* 1 FETCH (UID %d RFC822.SIZE %d)\r\n" % (uid, len(raw))
        is_whole = b"HEADER" not in what
        if is_whole:
            self.asked.append(uid)
        if uid in self.mute or (is_whole and uid in self.drops):
            return None
        body = raw if is_whole else raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        if uid in self.refused | self.gone:
            return NO if uid in self.refused else b""
        if uid in self.quoted:
            text = body.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\r\n", b" ")
            return b'* 1 FETCH (UID %d BODY[] "%s")\r\n' % (uid, text)
        return b"* 1 FETCH (UID %d BODY[] {%d}\r\n%s)\r\n" % (uid, len(body), body)


@contextmanager
def fake_imap() -> Iterator[FakeImap]:
    """Running until the end of the block."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        server = FakeImap(door.getsockname()[1])

        def admit() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=server.talk, args=[door.accept()[0]], daemon=True).start()

        threading.Thread(target=admit, daemon=True).start()
        yield server
