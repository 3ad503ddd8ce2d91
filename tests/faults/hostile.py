"""Every mail of tests/crm/hostile_mail.py by the clock of the processor: `script/faults hostile`."""

import time
from contextlib import suppress

from crm.inbound.parsing import body_text, mail_parser, mime_parts
from tests.crm.hostile_mail import MAILS

MOST_SECONDS = 5.0  # of a processor; the child that reads mail has 15


def read_all() -> int:
    """Prints the slowest; 1 when one took too long."""
    seconds = sorted(((_seconds(make()), name) for name, make in MAILS.items()), reverse=True)
    print(f"{len(seconds)} mails of a megabyte, each made to keep a reader busy; the slowest:")
    for taken, name in seconds[:10]:
        print(f"  {taken:6.2f} s  {name}")
    return 1 if seconds[0][0] > MOST_SECONDS else 0


def _seconds(raw: bytes) -> float:
    begun = time.process_time()
    with suppress(mime_parts.TooComplex):
        body_text.own(mail_parser.read(raw).text)
    return time.process_time() - begun
