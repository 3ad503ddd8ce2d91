"""The words of follow-up mails: Markdown with placeholders, in a fixed layout. See docs/mail-texts.md.

Version 0 of each text is a file, templates/emails/<language>/texts/<name>.md: the subject on the first line, then the
body. Staff publish versions of their own over it. A text is turned into a mail when the mail is sent.
"""

import time
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import override

from crm import registry
from crm.enums.leads import AUTOMATED, MessageClass
from crm.mail import emails, layout, markdown
from crm.mail.markdown import Text
from crm.models import Lead, MailText, Message, VersionState
from crm.values.normalize import one_line

KEPT_SECONDS = 5.0
FOLDER = Path(settings.BASE_DIR) / "templates" / "emails"


class NoSuchText(LookupError):
    """A sequence names a text that neither a file nor a member of staff has written."""


def names() -> list[str]:
    """Return the names of all texts that come with the product."""
    return sorted(path.stem for path in (FOLDER / "en" / "texts").glob("*.md"))


@lru_cache(maxsize=256)
def shipped(name: str, language: str) -> Text:
    """Return version 0 of a text, which comes with the product. Raises NoSuchText."""
    path = FOLDER / language / "texts" / f"{name}.md"
    if not path.is_file():
        raise NoSuchText(f"There is no text “{name}” in “{language}”.")
    return markdown.split(path.read_text())


def in_force(name: str, language: str) -> tuple[Text, MailText | None]:
    """Return a text as it is sent now, and staff's version of it if it is theirs. The English one stands in for a
    language in which nobody has written it. Raises NoSuchText."""
    languages = list(dict.fromkeys([language, settings.LANGUAGE_CODE]))
    ours = _ours(int(time.monotonic() / KEPT_SECONDS)).get(name, {})
    for spoken in languages:
        if spoken in ours:
            return Text(ours[spoken].subject, ours[spoken].body), ours[spoken]
        try:
            return shipped(name, spoken), None
        except NoSuchText:
            continue
    raise NoSuchText(f"There is no text “{name}”.")


@lru_cache(maxsize=1)
def _ours(_slot: int) -> dict[str, dict[str, MailText]]:
    """Return {name: {language: text}} of staff's published texts; kept by each process for KEPT_SECONDS."""
    found: dict[str, dict[str, MailText]] = {}
    for one in MailText.objects.filter(state=VersionState.PUBLISHED):
        found.setdefault(one.name, {})[one.language] = one
    return found


def forget_texts() -> None:
    """Forget staff's texts as this process keeps them: call it after one was changed."""
    _ours.cache_clear()


def fill(message: Message) -> Message:
    """Write the subject, text and HTML of a mail that has none yet, in the lead's language: a sequence's from its text,
    any other by the app that planned it. What such an app wrote when it planned a mail is written anew until the mail
    was first handed over: names, clocks and deadlines may have changed. Saves nothing."""
    write_words = registry.writer_of(message.name)
    if message.lead is None or (message.text and (message.handed_over_at or write_words is None)):
        return message
    if message.enrollment_id is not None:
        text, _version = in_force(message.name, message.lead.language)
        write(message, text, message.lead)
    elif write_words:
        write_words(message)
    return message


def write(message: Message, text: Text, lead: Lead) -> None:
    """Write the subject, text and HTML of a mail from a given text, in the lead's language; for a preview, too."""
    spoken = lead.language if lead.language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    with override(spoken):
        values = values_for(lead, message_class=MessageClass(message.message_class))
        message.subject = one_line(markdown.fill_plain(text.subject, values["placeholders"]))[:200]
        values |= {"subject": message.subject, "language": spoken}
        message.text = layout.in_text_layout(markdown.as_text(text.body, values["placeholders"]), values)
        message.html = layout.in_layout(_mjml(text.body), values)


@lru_cache(maxsize=256)
def _mjml(body: str) -> str:
    return layout.in_sheet(markdown.as_mjml(body))


def values_for(lead: Lead, *, message_class: MessageClass) -> dict[str, Any]:
    """Return what the layout and the placeholders show about a lead and their center, in the language in force."""
    center, name = lead.location, emails.greeting_name(lead.first_name)
    imprint = emails.imprint(center)
    zone = f" ({imprint['zone_name']})" if imprint["zone_name"] else ""
    return {
        **imprint,
        "may_be_stopped": message_class in AUTOMATED,
        "placeholders": {
            "greeting": emails.greeting(name),
            "first_name": name,
            "reference": lead.reference,
            "center": imprint["sender_name"],
            "phone": center.phone_display,
            "hours": "; ".join(center.hours_in_words) + zone,
            "reading_link": emails.reading_link(),
        },
    }
