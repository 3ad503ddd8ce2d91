"""Staff's own wording of follow-up mails: saved as versions, published, and taken back."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max, QuerySet

from crm import dispatch
from crm.enums.leads import MessageClass
from crm.errors import TextRefused
from crm.mail import emails, template_lint
from crm.mail import templates as mail_templates
from crm.mail.markdown import Text
from crm.models import Lead, MailText, Message, User, VersionState


class TextChanged(TextRefused):
    """Somebody else published or withdrew a text since the page was made; the message says which is sent now."""


@transaction.atomic
def publish(name: str, language: str, text: Text, *, by: User, now: datetime, seen: int | None = None) -> MailText:
    """Publish a text, which is what is sent from now on. Raises TextRefused, with every complaint, if it may not be
    sent, and TextChanged when another version is sent than the page had `seen` (its number, 0: the product's own)."""
    complaints = template_lint.complaints(text, language)
    if complaints:
        raise TextRefused(" ".join(complaints))
    of_this = _locked(name, language, seen=seen)
    number = (of_this.aggregate(highest=Max("number"))["highest"] or 0) + 1
    of_this.filter(state=VersionState.PUBLISHED).update(state=VersionState.WITHDRAWN)
    transaction.on_commit(mail_templates.forget_texts, robust=True)
    return MailText.objects.create(
        name=name,
        language=language,
        number=number,
        subject=text.subject,
        body=text.body,
        state=VersionState.PUBLISHED,
        created_by=by,
        created_at=now,
    )


@transaction.atomic
def withdraw(name: str, language: str, *, seen: int | None = None) -> bool:
    """Go back to the text that comes with the product. False when that is sent already. Raises TextChanged as publish
    does."""
    of_this = _locked(name, language, seen=seen)
    changed = bool(of_this.filter(state=VersionState.PUBLISHED).update(state=VersionState.WITHDRAWN))
    transaction.on_commit(mail_templates.forget_texts, robust=True)
    return changed


def _locked(name: str, language: str, *, seen: int | None) -> "QuerySet[MailText]":
    """Return all versions of a text in a language, locked: nobody else changes them until the transaction ends. Raises
    TextChanged when another one is in force than the page had `seen`."""
    of_this = MailText.objects.select_for_update(no_key=True).filter(name=name, language=language)
    in_force = next((one.number for one in of_this if one.state == VersionState.PUBLISHED), 0)
    if seen is not None and seen != in_force:
        what = f"published version {in_force}" if in_force else "went back to the text of the product"
        raise TextChanged(f"Somebody else {what} since this page was made. Look at it, then press again.")
    return of_this


def preview(name: str, text: Text, lead: Lead) -> Message:
    """Write a mail as this lead would get it, without saving it. Links stay placeholders: they let nobody in."""
    message = Message(lead=lead, name=name, message_class=MessageClass.FOLLOW_UP)
    mail_templates.write(message, text, lead)
    return message


@transaction.atomic
def send_test(name: str, text: Text, lead: Lead, *, to: User, now: datetime) -> Message:
    """Send the preview of a text to a member of staff. The mail belongs to no lead, and its links open nothing."""
    made = preview(name, text, lead)
    test = emails.copy_for_staff(made, center=lead.location, to=to.email, now=now)
    test.save()
    dispatch.send_after_commit(test)
    return test
