"""Links, sessions and codes of the private page. intake and scheduling both stand on this.

A link is 256 random bits, good for seven days, and using it consumes nothing: mail scanners open links too. It is
exchanged by a POST for a session, and health data is shown only after a second factor (docs/security.md). The mail is
stored with a placeholder; `with_secrets` fills it in at the moment of sending, so that no stored mail opens anything.
"""

import copy
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import override

from crm import dispatch, registry
from crm.enums.leads import LinkPurpose, ProofWay
from crm.mail import emails, suppression, unsubscribe_token
from crm.mail import status as mail_status
from crm.mail.placeholders import PLACEHOLDERS
from crm.models import Lead, Message, PatientCode, PatientLink, PatientSession, User
from crm.patient_portal import attempts

LINK_LIVES = timedelta(days=7)
CODE_LIVES = emails.CODE_LIVES
IDLE, LONGEST = timedelta(minutes=30), timedelta(hours=8)
NOTED_EVERY = timedelta(minutes=1)  # not every page needs a write
MOST_TRIES = 5
LINK_MARK = "{private_link}"
CODES_AN_HOUR = 4
# The private page shows everything that a person told and sent: whoever opens it, or helps somebody in, needs no less
# than to read that at the desk. Filling in is writing, too.
OPENS_IT = "crm.change_lead intake.view_submission crm.view_document"
FILLS_IN = f"{OPENS_IT} intake.add_submission crm.add_document"


@dataclass(frozen=True)
class NewSession:
    """A session just begun, and the secret for its cookie."""

    session: PatientSession
    secret: str


def digest(secret: str) -> str:
    """Return the hash under which a secret is kept. Plain SHA-256 does: 256 random bits cannot be guessed."""
    return sha256(secret.encode()).hexdigest()


def make_links(messages: Iterable[Message], *, now: datetime) -> dict[UUID, str]:
    """Make the links that these mails ask for, in one statement; return {message id: token}."""
    tokens = {one.pk: secrets.token_urlsafe(32) for one in messages if LINK_MARK in one.text + one.html}
    PatientLink.objects.bulk_create(
        PatientLink(
            lead=one.lead,
            purpose=LinkPurpose.PRIVATE_PAGE,
            token_hash=digest(tokens[one.pk]),
            message=one,
            created_at=now,
            expires_at=now + LINK_LIVES,
        )
        for one in messages
        if one.pk in tokens
    )
    return tokens


def find_link(token: str, *, purpose: LinkPurpose, now: datetime) -> PatientLink | None:
    """Return the link of a token; None when it is wrong, too old, taken back, for something else, or mailed to an
    address that is no longer on record, even if made a moment after the change. Changes nothing."""
    links = PatientLink.objects.filter(revoked_at__isnull=True, expires_at__gt=now, purpose=purpose)
    links = links.filter(Q(message=None) | Q(message__to_email__iexact=F("lead__email")))
    return links.select_related("lead__location").filter(token_hash=digest(token)).first()


def revoke_links(lead: Lead, *, now: datetime) -> int:
    """Take back every link of a lead and end its sessions, except those that staff have begun; return how many
    links."""
    PatientSession.objects.filter(lead=lead, by=None, ended_at__isnull=True).update(ended_at=now)
    return PatientLink.objects.filter(lead=lead, revoked_at__isnull=True).update(revoked_at=now)


def begin(
    lead: Lead,
    *,
    now: datetime,
    link: PatientLink | None = None,
    after: PatientSession | None = None,
    origin: UUID | None = None,
    by: User | None = None,
    desk: str = "",
    handed_over: bool = False,
    secret: str = "",
) -> NewSession:
    """Begin a session. With `origin`, the request just sent from this browser, it may write without being proven.
    `after`: the session that was open in this browser; what was sent in it belongs to whoever shows who they are now.

    One that staff begins is proven: they have the person before them or on the phone. It is bound to `desk`, the key of
    their own session, unless it is handed over. The same `secret` again is the same session, however often and
    whenever.
    """
    secret = secret or secrets.token_urlsafe(32)
    values = {
        "lead": lead,
        "link": link,
        "origin": origin or _origin_after(after, lead, now=now),
        "may_write": origin is not None or by is not None,
        "by": by,
        "handed_over": handed_over,
        "desk_key": digest(desk) if desk else "",
        "created_at": now,
        "seen_at": now,
        "proven_at": now if by else None,
    }
    session, _ = PatientSession.objects.get_or_create(secret_hash=digest(secret), defaults=values)
    return NewSession(session, secret)


def _origin_after(after: PatientSession | None, lead: Lead, *, now: datetime) -> UUID | None:
    """Return the request that a browser goes on with: of the same person, not closed on purpose, not of staff, and no
    older than a link that was mailed for it. Who sat there before that is anybody's guess."""
    if after is None or after.lead_id != lead.pk or after.by_id or after.ended_at:
        return None
    return after.origin if after.seen_at > now - LINK_LIVES else None


def secret_of(token: str, opened: UUID) -> str:
    """Return the secret of the session that one opening of a link begins: a form sent fifty times begins it once."""
    sealed = hmac.new(settings.SECRET_KEY.encode(), f"session:{token}:{opened}".encode(), sha256)
    return urlsafe_b64encode(sealed.digest()).decode()


def find_session(secret: str, *, now: datetime) -> PatientSession | None:
    """Return the session of a cookie and keep it alive; None when it has ended or was left alone too long."""
    alive = PatientSession.objects.filter(
        secret_hash=digest(secret), ended_at__isnull=True, seen_at__gt=now - IDLE, created_at__gt=now - LONGEST
    )
    session = alive.select_related("lead__location", "by").first()
    if session and now - session.seen_at > NOTED_EVERY:
        alive.update(seen_at=now)
    return session


def find_former(secret: str) -> PatientSession | None:
    """Return the session of a cookie, whatever has become of it; it opens nothing."""
    return PatientSession.objects.filter(secret_hash=digest(secret)).select_related("lead__location", "by").first()


def ends_at_last(session: PatientSession) -> datetime:
    """Return when a session is over, however much is pressed."""
    return session.created_at + LONGEST


def end(session: PatientSession, *, now: datetime) -> None:
    """End a session: sign this browser out."""
    PatientSession.objects.filter(pk=session.pk, ended_at__isnull=True).update(ended_at=now)


def may_fill_in(staff: User, lead_id: UUID) -> bool:
    """Tell whether somebody at the desk may, at this moment, fill in the private page of a lead."""
    if not (staff.is_staff and staff.has_perms(FILLS_IN.split())):
        return False
    return Lead.objects.visible_to(staff).filter(pk=lead_id).exists()


def end_those_of_desk(desk: str, *, now: datetime) -> list[PatientSession]:
    """End what was opened from a sign-in at the desk, named by the key of its session; return what it was."""
    opened = PatientSession.objects.filter(desk_key=digest(desk), ended_at__isnull=True)
    ended = list(opened) if desk else []
    if desk:
        opened.update(ended_at=now)
    return ended


@transaction.atomic
def send_code(session: PatientSession, *, now: datetime, asked: UUID | None = None) -> bool:
    """Mail a code to the address on record, once for each `asked`. False when there is none, when somebody else has the
    same one or no mail goes there, when too many were asked for within the hour, and in a browser that has opened no
    link.

    Locks the lead: however many ask at once, the limit holds.
    """
    if not session.may_be_proven:
        return False
    lead = Lead.objects.select_for_update(no_key=True, of=("self",)).select_related("location").get(pk=session.lead_id)
    message = emails.access_code(lead, asked=asked or uuid4(), now=now)
    sent = Message.objects.filter(lead=lead, name="code")
    if sent.filter(key=message.key).exists():
        return True
    recent = sent.filter(created_at__gt=now - timedelta(hours=1)).count()
    if not lead.email or recent >= CODES_AN_HOUR or not mails_codes_to(lead):
        return False
    message.save()
    PatientCode.objects.create(session=session, message=message, code_hash="", expires_at=now + CODE_LIVES)
    dispatch.send_after_commit(message)
    return True


def mails_codes_to(lead: Lead) -> bool:
    """Tell whether a code that is mailed arrives and proves something: mail goes to the address, in the ten minutes
    for which it works, and nobody else reads it."""
    return not shares_address(lead) and not suppression.answers_are_stopped(lead) and not mail_status.is_paused()


def shares_address(lead: Lead) -> bool:
    """Tell whether another person has the same e-mail address, as in a household. Only who is proven counts: anybody
    can type an address into a form, and its owner must lose nothing by it."""
    return Lead.objects.proven().with_address(lead.email).exclude(pk=lead.pk).exists()


def waiting_session(lead: Lead, *, now: datetime) -> PatientSession | None:
    """Return the session of the latest browser that has opened a link of this lead and is not proven yet."""
    waiting = PatientSession.objects.filter(
        lead=lead, link__isnull=False, proven_at__isnull=True, ended_at__isnull=True, seen_at__gt=now - IDLE
    )
    return waiting.order_by("-created_at", "-pk").first()


def tell_code(session: PatientSession, *, now: datetime) -> str:
    """Make a code that staff tell on the phone."""
    return _new_code(session, message=None, now=now)


@transaction.atomic
def check_code(session: PatientSession, typed: str, *, now: datetime, address: str = "") -> bool:
    """Return True, with the session proven, for a code of this session. Each try counts; too many end the session, and
    too many about one lead or from one IP address close this way, in whatever browser."""
    lead = attempts.hold(session.lead, address=address)
    if not attempts.may_try(lead, ProofWay.CODE, address=address, now=now):
        return False
    digits = "".join(character for character in typed if character.isdigit())
    codes = list(
        PatientCode.objects.select_for_update(no_key=True)
        .filter(session=session, expires_at__gt=now)
        .exclude(code_hash="")
    )
    wanted = _code_hash(session, digits)
    right = any(code.tries < MOST_TRIES and hmac.compare_digest(code.code_hash, wanted) for code in codes)
    PatientCode.objects.filter(pk__in=[code.pk for code in codes]).update(tries=F("tries") + 1)
    if right:
        prove(session, now=now)
        return True
    attempts.note_wrong(session, ProofWay.CODE, address=address, now=now)
    if any(code.tries + 1 >= MOST_TRIES for code in codes):
        end(session, now=now)
    return False


def prove(session: PatientSession, *, now: datetime) -> None:
    """Take it for shown that the patient sits before this browser. Inside a transaction."""
    PatientSession.objects.filter(pk=session.pk).update(proven_at=now)
    session.refresh_from_db()
    registry.tell_proof(session, now=now)


def with_secrets(message: Message, *, now: datetime, token: str = "") -> Message:
    """Return a copy of a claimed message with its placeholders filled in, for sending and for nothing else. `token`: of
    a link that was made for it (make_links); without one it gets a new one."""
    whole = message.text + message.html
    values = {name: make(message, now) for name, make in PLACEHOLDERS.items() if name in whole}
    if LINK_MARK in whole:
        values[LINK_MARK] = _link_address(message, token or make_links([message], now=now)[message.pk])
    if not values:
        return message
    filled = copy.copy(message)
    for name, value in values.items():
        filled.text, filled.html = filled.text.replace(name, value), filled.html.replace(name, value)
    return filled


def _link_address(message: Message, token: str) -> str:
    assert message.lead is not None  # noqa: S101 - a mail with a link is about somebody
    with override(message.lead.language):
        return settings.SITE_URL.rstrip("/") + reverse("private:link", args=[token])


def _code_of(message: Message, now: datetime) -> str:
    """Make a new code for each attempt to send: an earlier mail may have arrived. "" when none was asked for."""
    asked = PatientCode.objects.select_related("session").filter(message=message).order_by("expires_at").first()
    if asked is None:
        return ""
    return _new_code(asked.session, message=message, now=now)


def _new_code(session: PatientSession, *, message: Message | None, now: datetime) -> str:
    code = f"{secrets.randbelow(10**6):06d}"
    PatientCode.objects.create(
        session=session, message=message, code_hash=_code_hash(session, code), expires_at=now + CODE_LIVES
    )
    return code


def _code_hash(session: PatientSession, code: str) -> str:
    """Return a keyed hash of a code: a million codes are soon tried out by whoever has a plain one."""
    return hmac.new(settings.SECRET_KEY.encode(), f"{session.pk}:{code}".encode(), sha256).hexdigest()


PLACEHOLDERS |= {
    "{private_code}": _code_of,
    "{unsubscribe_link}": lambda message, _now: unsubscribe_token.address_of(message),
}
