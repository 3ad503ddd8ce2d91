"""A Message row as the bytes of a mail (RFC 5322, MIME). Plain MIME parts: a third of the time EmailMessage takes."""

import binascii
from email.generator import BytesGenerator
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import compat32
from email.utils import format_datetime, formataddr
from io import BytesIO

from crm import preference_link
from crm.enums import AUTOMATED
from crm.models import Message
from crm.normalise import one_line

_POLICY = compat32.clone(linesep="\r\n")


def as_bytes(message: Message) -> bytes:
    """The whole mail with CRLF line ends, pure ASCII, the same bytes whenever it is called for the same row.

    Every header passes through one_line, so no value from outside can begin a header of its own.
    """
    mail = MIMEMultipart("alternative", boundary=f"=_{message.pk.hex}")
    mail["Date"] = format_datetime(message.created_at)
    mail["Message-ID"] = one_line(message.message_id)
    mail["From"] = formataddr((_encoded(message.sender_name), one_line(message.sender_email)))
    mail["To"] = one_line(message.to_email)
    mail["Subject"] = _encoded(message.subject)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: asks robots not to answer
    mail["X-Auto-Response-Suppress"] = "All"  # what Exchange understands of that
    if message.message_class in AUTOMATED and message.lead_id:
        mail["List-Unsubscribe"] = f"<{preference_link.address_of(message)}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    mail.attach(_part("plain", message.text))
    if message.html:
        mail.attach(_part("html", message.html))
    out = BytesIO()
    BytesGenerator(out, mangle_from_=False, policy=_POLICY).flatten(mail)
    return out.getvalue()


def deliverable(address: str) -> str | None:
    """The address as an envelope takes it (domain in ASCII), or None when no mail can be sent to it."""
    local, at, domain = address.rpartition("@")
    if (
        not at
        or not local
        or "." not in domain
        or "[" in domain
        or one_line(address) != address
        or not _plain_local(local)
    ):
        return None
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return None


def _plain_local(local: str) -> bool:
    return local.isascii() and not set(local) & set(' <>()[]:;@\\,"')


def _encoded(text: str) -> str:
    """A header's words: a quoted string when ASCII, RFC 2047 encoded otherwise."""
    return Header(one_line(text), None if text.isascii() else "utf-8", maxlinelen=76).encode()


def _part(subtype: str, text: str) -> MIMENonMultipart:
    """Quoted-printable by binascii, which is written in C: the email package's own takes most of a mail's time."""
    part = MIMENonMultipart("text", subtype, charset="utf-8")
    part["Content-Transfer-Encoding"] = "quoted-printable"
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    part.set_payload(binascii.b2a_qp(lines.encode("utf-8", "replace"), istext=True).decode("ascii"))
    return part
