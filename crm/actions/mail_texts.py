"""Staff's own wording of follow-up mails: saved as versions, published, and taken back."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max

from crm import dispatch, emails, mail_lint, mail_texts
from crm.enums import MessageClass
from crm.errors import TextRefused
from crm.mail_markup import Text
from crm.models import Lead, MailText, Message, User, VersionState


@transaction.atomic
def publish(name: str, language: str, text: Text, *, by: User, now: datetime) -> MailText:
    """From now on this is what is sent. Raises TextRefused, with every complaint, for a text that may not be sent."""
    complaints = mail_lint.complaints(text, language)
    if complaints:
        raise TextRefused(" ".join(complaints))
    of_this = MailText.objects.select_for_update(no_key=True).filter(name=name, language=language)
    number = (of_this.aggregate(highest=Max("number"))["highest"] or 0) + 1
    of_this.filter(state=VersionState.PUBLISHED).update(state=VersionState.WITHDRAWN)
    transaction.on_commit(mail_texts.forget_texts, robust=True)
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


def withdraw(name: str, language: str) -> bool:
    """Back to the text that comes with the product. False when it is that already."""
    ours = MailText.objects.filter(name=name, language=language, state=VersionState.PUBLISHED)
    changed = bool(ours.update(state=VersionState.WITHDRAWN))
    transaction.on_commit(mail_texts.forget_texts, robust=True)
    return changed


def preview(name: str, text: Text, lead: Lead) -> Message:
    """The mail as this lead would get it, not saved. Links stay placeholders: nobody gets into anything by them."""
    message = Message(lead=lead, name=name, message_class=MessageClass.FOLLOW_UP)
    mail_texts.write(message, text, lead)
    return message


@transaction.atomic
def send_test(name: str, text: Text, lead: Lead, *, to: User, now: datetime) -> Message:
    """Sends the preview to a member of staff. Of no lead, with links that open nothing."""
    made = preview(name, text, lead)
    test = emails.copy_for_staff(made, centre=lead.location, to=to.email, now=now)
    test.save()
    dispatch.send_after_commit(test)
    return test
