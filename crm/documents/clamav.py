"""Asks clamd whether some bytes are harmless, over its INSTREAM protocol (clamd's manual page, "COMMANDS")."""

import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 60
_LONGEST_ANSWER = 4096


class ScanFailed(Exception):
    """clamd could not be asked or did not say: nothing is known about the bytes."""


class TooLargeToScan(ScanFailed):
    """clamd takes no file of that size (its StreamMaxLength), however often it is asked."""


def is_clean(url: str, pieces: Iterable[bytes]) -> bool:
    """Tell whether clamd found nothing; False when it found something. Raises ScanFailed when it said neither."""
    try:
        with _connect(url) as connection:
            _send(connection, pieces)
            answer = _answer(connection)
    except OSError as trouble:
        raise ScanFailed(type(trouble).__name__) from None
    if answer == b"stream: OK":
        return True
    if answer.startswith(b"stream: ") and answer.endswith(b" FOUND"):
        return False
    if b"size limit exceeded" in answer:
        raise TooLargeToScan("The file is larger than clamd's StreamMaxLength.")
    raise ScanFailed("The scanner gave no verdict.")


def _send(connection: socket.socket, pieces: Iterable[bytes]) -> None:
    try:
        connection.sendall(b"zINSTREAM\0")
        for piece in pieces:
            connection.sendall(len(piece).to_bytes(4) + piece)
        connection.sendall(bytes(4))
    except ConnectionError:
        pass  # clamd hangs up on what is too large, having said so: the answer tells


def _connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(TIMEOUT_SECONDS)
        connection.connect(parts.path)
        return connection
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=TIMEOUT_SECONDS)


def _answer(connection: socket.socket) -> bytes:
    said = b""
    while not said.endswith(b"\0") and len(said) < _LONGEST_ANSWER:
        more = connection.recv(_LONGEST_ANSWER)
        if not more:
            break
        said += more
    return said.rstrip(b"\0\n")
