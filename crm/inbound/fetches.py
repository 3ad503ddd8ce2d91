"""What is remembered of mails that a mailbox did not hand over, so that they are in nobody's way."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import F, QuerySet

from crm.models import MailboxMark, UnfetchedMail


def begin(mailbox: str, uid: int, *, now: datetime) -> int:
    """Write a mail down before it is asked for; return how often it was asked for without an answer, with this time.
    Stays when the line drops or this process ends; `arrived` deletes it."""
    UnfetchedMail.objects.bulk_create([UnfetchedMail(mailbox=mailbox, uid=uid, at=now)], ignore_conflicts=True)
    row = _row(mailbox, uid)
    row.update(drops=F("drops") + 1, at=now)
    return row.values_list("drops", flat=True).first() or 1


def arrived(mailbox: str, uid: int) -> None:
    """Forget a mail for which the server has answered."""
    _row(mailbox, uid).delete()


def forgive(mailbox: str, uid: int) -> None:
    """Take back one asking: it was not this mail on which the line dropped."""
    _row(mailbox, uid).filter(drops__gt=0).update(drops=F("drops") - 1)


def put_off(mailbox: str, uid: int, *, now: datetime) -> None:
    """Put a mail behind the others: it has come and could not be kept now."""
    UnfetchedMail.objects.update_or_create(mailbox=mailbox, uid=uid, defaults={"at": now, "drops": 0})


def told(mailbox: str, uid: int) -> None:
    """Note that a person knows of a mail: it is not asked for any more."""
    _row(mailbox, uid).update(is_told=True)


def remembered(mailbox: str) -> dict[int, UnfetchedMail]:
    """Return {uid: what is remembered} of a mailbox."""
    return {mail.uid: mail for mail in UnfetchedMail.objects.filter(mailbox=mailbox)}


def forget(mailbox: str, uids: Collection[int]) -> None:
    """Forget mails that are no longer there, or that a person has opened after they were told of them."""
    if uids:
        UnfetchedMail.objects.filter(mailbox=mailbox, uid__in=uids).delete()


def mark_of(mailbox: str) -> int | None:
    """Return the number up to which a mailbox was read; None when it never was."""
    return MailboxMark.objects.filter(mailbox=mailbox).values_list("uid", flat=True).first()


def set_mark(mailbox: str, uid: int) -> None:
    """Note up to where a mailbox was read; what did not come is remembered by itself. Never goes back."""
    MailboxMark.objects.bulk_create([MailboxMark(mailbox=mailbox, uid=uid)], ignore_conflicts=True)
    MailboxMark.objects.filter(mailbox=mailbox, uid__lt=uid).update(uid=uid)


def _row(mailbox: str, uid: int) -> QuerySet[UnfetchedMail]:
    return UnfetchedMail.objects.filter(mailbox=mailbox, uid=uid)
