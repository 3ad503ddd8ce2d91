"""Says what a mail that came in is taken for. Needs no settings, no database, no services."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from crm.inbound.parsing import body_text, sandboxed_parser
from crm.inbound.parsing.mail_parser import InboundMessage, MailKind

LASTING = {MailKind.HARD_BOUNCE: True, MailKind.SOFT_BOUNCE: False}
KINDS = {
    MailKind.ROBOT: "auto_reply",
    MailKind.HARD_BOUNCE: "bounce",
    MailKind.SOFT_BOUNCE: "bounce",
    MailKind.CALENDAR: "calendar_reply",
}


class Command(BaseCommand):
    help = "Reads one mail as it came in (- = standard input) and prints as JSON what it is taken for."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the mail's source, as a mail program saves it; - for standard input")

    def handle(self, *_args: Any, file: str, **_options: Any) -> None:
        """Print the facts as JSON; print {"error": …} and end with 1 when the mail would be set aside, or the file
        cannot be read."""
        try:
            raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
            answer = explained(sandboxed_parser.read(raw))
        except (OSError, sandboxed_parser.NotRead) as problem:
            self.stdout.write(json.dumps({"error": str(problem)}))
            sys.exit(1)
        self.stdout.write(json.dumps(answer, ensure_ascii=False))


def explained(mail: InboundMessage) -> dict[str, Any]:
    """Return the facts of a mail under the names that others rely on."""
    return {
        "kind": KINDS.get(mail.kind, mail.kind.value),
        "lasting": LASTING.get(mail.kind),
        "recipient": mail.about or None,
        "ours": list(mail.message_ids),
        "token": next(iter(mail.tokens), None),
        "from": mail.sender,
        "text": body_text.own(mail.text),
        "attachments": list(mail.attachments),
        "answer": mail.answer or None,
    }
