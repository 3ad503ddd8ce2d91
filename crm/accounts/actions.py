"""Accounts of staff: who may get hold of whose, how a password comes to its owner, and who counts as another person.

The rules and their limits are told in docs/decisions (accounts and second persons).
"""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.contrib.auth.models import Permission

from crm import dispatch, locations
from crm.mail import emails
from crm.models import Message, User

# So long an account counts as also in the hands of whoever made it, or changed its address, roles or password.
IN_HANDS_FOR = timedelta(days=7)
NOT_TWO = (
    "A second person has to agree whose account was not made or changed within the last seven days by the first one or "
    "by the same administrator: ask a colleague."
)


def may_take_over(by: User, user: User) -> bool:
    """Tell whether `by` gains nothing by signing in as `user`: everything that `user` may, `by` may as well, and where.

    Of somebody switched off the roles count as if they were not: switching on again is one press.
    """
    if by.is_superuser or by.pk == user.pk:
        return True
    if not works_within(user, by):
        return False
    held = Permission.objects.filter(group__user=user).values_list("content_type__app_label", "codename")
    return not user.is_superuser and {f"{app}.{codename}" for app, codename in held} <= by.get_all_permissions()


def works_within(user: User, by: User) -> bool:
    """Tell whether `user` works for no location that `by` does not work for. Whoever is bound to none works for all."""
    bound = User.locations.through.objects  # not user.locations: a page may have narrowed that to what is in sight
    theirs, ours = (set(bound.filter(user=one).values_list("location", flat=True)) for one in (user, by))
    return not ours or (bool(theirs) and theirs <= ours)


def keep_within(user: User, *, by: User) -> bool:
    """Bind somebody who is bound to no location to those of `by`, who may not let anybody work for all; False when
    there was nothing to do."""
    if not by.locations.exists() or user.locations.exists():
        return False
    user.locations.set(by.locations.all())
    return True


def set_up(user: User, *, by: User, now: datetime) -> None:
    """Record who had a hand in an account: who made it, or changed its address, roles or password for its owner."""
    if user.pk != by.pk:
        User.objects.filter(pk=user.pk).update(set_up_by=by, set_up_at=now)


def are_two(first: User, second: User, *, now: datetime) -> bool:
    """Tell whether these are two people, as far as the accounts can tell: nobody has had a hand in both of late."""
    return not _hands(first, now) & _hands(second, now)


def _hands(user: User, now: datetime) -> set[UUID]:
    is_recent = user.set_up_at is not None and user.set_up_at > now - IN_HANDS_FOR
    return {user.pk, user.set_up_by_id} if is_recent and user.set_up_by_id else {user.pk}


def mail_password_link(user: User, *, now: datetime) -> bool:
    """Mail a link with which its owner, and nobody else, sets the password; False without a location to write from.

    The link is made when the mail leaves (crm/accounts/password_views.py): no stored mail opens an account.
    """
    return _mail("password", user.email, key=f"password:{user.pk}:{uuid4()}", now=now)


def close_password(user: User, *, now: datetime) -> bool:
    """End whatever password an account has, with its sessions, and mail its owner a link to set one; return what
    mail_password_link returns."""
    user.set_unusable_password()
    user.save(update_fields=["password"])
    return mail_password_link(user, now=now)


def tell_old_address(old: str, *, now: datetime) -> bool:
    """Tell the address that was replaced that it opens the desk no more; False without a location to write from."""
    return _mail("account_address", old, key=f"account_address:{uuid4()}", now=now)


def _mail(name: str, to: str, *, key: str, now: datetime) -> bool:
    center = locations.main()
    if center is None:
        return False
    message: Message = emails.to_staff(name, center=center, to=to, key=key, now=now)
    message.save()
    dispatch.after_commit("crm.send_messages", message.pk)
    return True
