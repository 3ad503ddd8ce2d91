"""A person who asked for help, and where that request stands."""

import secrets
from datetime import date
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

import pgtrigger
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Upper
from django.utils.timezone import now

from crm.db.lookups import Number, Plain
from crm.enums.leads import (
    MET_STAGES,
    OPEN_STAGES,
    TRANSITIONS,
    CameBy,
    ContactChannel,
    EnrollmentState,
    LostReason,
    Outcome,
    PhoneType,
    Stage,
)
from crm.fields.encrypted import EncryptedTextField
from crm.models.base import Row
from crm.models.location import validate_zone
from crm.values import telephone
from crm.values.normalize import spellings

if TYPE_CHECKING:
    from crm.models.user import User

# No 0/O, 1/I/L: people read these over the phone. 31^8 ≈ 8.5e11 references.
REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def make_reference() -> str:
    """Return a random reference such as "7KQF-M2WX": it says nothing about how many leads there are."""
    letters = "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def visible_q(user: "User", *, location: str = "location", nowhere: str = "") -> models.Q:
    """Return the filter for rows of a location that this person works for; of any location for somebody who is bound to
    none. `location`: how the row reaches it. `nowhere`: what a row may be without and is then of no location; it is in
    sight of whoever works for all that are active."""
    bound = user.locations.through.objects.filter(user=user)
    seen = models.Q(**{f"{location}__in": bound.values("location")}) | ~models.Q(models.Exists(bound))
    if not nowhere:
        return seen
    others = apps.get_model("crm", "Location").objects.filter(is_active=True).exclude(pk__in=bound.values("location"))
    return seen | models.Q(**{f"{nowhere}__isnull": True}) & ~models.Q(models.Exists(others))


def at_address(email: str) -> models.Q:
    """Return the filter for records that hold this address, in any case and either spelling of its domain."""
    return reduce(or_, (models.Q(email__iexact=one) for one in spellings(email)))


class LeadQuerySet(models.QuerySet["Lead"]):
    def open(self) -> "LeadQuerySet":
        return self.filter(stage__in=OPEN_STAGES)

    def visible_to(self, user: "User") -> "LeadQuerySet":
        """Keep the leads of the locations that this person works for."""
        return self.filter(visible_q(user))

    def without_next_step(self) -> "LeadQuerySet":
        """Open leads of whom nothing reminds anybody: no open task, and no sequence with a step to come."""
        of_lead = models.OuterRef("pk")
        tasks = apps.get_model("crm", "Task").objects.filter(lead=of_lead, done_at__isnull=True)
        steps = apps.get_model("crm", "Enrollment").objects.filter(
            lead=of_lead, state=EnrollmentState.LIVE, due_at__isnull=False
        )
        return self.open().filter(~models.Exists(tasks), ~models.Exists(steps))

    def reached_by(self, *, email: str, phone: str) -> "LeadQuerySet":
        """Return everybody who gave this address, however it is spelled, or this number, with any extension; nobody for
        two empty ones. Newest first."""
        same = models.Q(pk__in=[])
        if email:
            same |= at_address(email)
        if phone:
            same |= models.Q(phone__number=telephone.number_of(phone))
        return self.filter(same).order_by("-created_at", "-pk")

    def proven(self) -> "LeadQuerySet":
        """Return those of whom more than a form on the web says that they are who they say.

        Their private page was opened and shown to be theirs, by a link mailed to the address on record now or by staff;
        or staff wrote the request down, or have met them.
        """
        by_staff = models.Q(link=None) | models.Q(link__message=None)
        here = models.Q(link__message__to_email__iexact=models.OuterRef("email"))
        shown = apps.get_model("crm", "PatientSession").objects.filter(
            by_staff | here, lead=models.OuterRef("pk"), proven_at__isnull=False
        )
        met = ~models.Q(came_by=CameBy.WEB) | models.Q(stage__in=MET_STAGES)
        return self.filter(models.Q(models.Exists(shown)) | met)

    def with_address(self, email: str) -> "LeadQuerySet":
        """Keep everybody with this e-mail address, however it is spelled; nobody for an empty one."""
        return self.filter(at_address(email)) if email else self.none()


class Lead(Row):
    reference = models.CharField(max_length=9, unique=True, default=make_reference, editable=False)
    location = models.ForeignKey("crm.Location", on_delete=models.PROTECT, related_name="leads")
    owner = models.ForeignKey("crm.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="leads")

    first_name = models.CharField(max_length=80)
    last_name = models.CharField(max_length=80)
    email = models.CharField("e-mail", max_length=254, blank=True)
    phone = models.CharField(max_length=20, blank=True, help_text="E.164, then x and an extension.")
    phone_type = models.CharField(max_length=10, choices=PhoneType, blank=True)
    preferred_contact = models.CharField(max_length=10, choices=ContactChannel, blank=True)
    best_time = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    date_of_birth = EncryptedTextField(context="crm.lead.date_of_birth", null=True, blank=True, help_text="ISO")
    state = models.CharField(max_length=2, blank=True, help_text="Two-letter code; ZZ: outside the United States.")
    timezone = models.CharField(max_length=64, default="America/New_York", validators=[validate_zone])
    ok_voicemail = models.BooleanField("voicemail is fine", default=False)
    do_not_call = models.BooleanField(
        "not to be called", default=False, db_default=False, help_text="They asked for no calls: we write instead."
    )
    how_heard = models.CharField(max_length=20, blank=True)
    attribution = models.JSONField(
        default=dict, blank=True, help_text="How the visitor came: campaign parameters, referring host, first page."
    )
    language = models.CharField(max_length=10, default="en")

    stage = models.CharField(max_length=12, choices=Stage, default=Stage.NEW)
    stage_since = models.DateTimeField(default=now, editable=False)
    lost_reason = models.CharField(max_length=20, choices=LostReason, blank=True)
    outcome = models.CharField(max_length=24, choices=Outcome, blank=True)
    recheck_on = models.DateField(null=True, blank=True)
    wake_up_on = models.DateField(null=True, blank=True)
    safety_hold = models.BooleanField(default=False)

    came_by = models.CharField(max_length=10, choices=CameBy, default=CameBy.WEB)
    received_at = models.DateTimeField(default=now, help_text="When it really came: a voicemail is older than its row.")
    tags = ArrayField(models.CharField(max_length=30), default=list, blank=True)

    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = LeadQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(email="") | ~models.Q(phone=""), name="lead_can_be_reached"),
            models.CheckConstraint(
                condition=~models.Q(stage=Stage.LOST) | ~models.Q(lost_reason=""), name="lead_lost_for_a_reason"
            ),
            models.CheckConstraint(condition=models.Q(stage__in=Stage.values), name="lead_stage_known"),
        ]
        indexes = [
            models.Index(fields=["stage", "-created_at", "-id"], name="lead_stage_newest"),
            models.Index(fields=["-created_at", "-id"], name="lead_newest"),
            models.Index(fields=["stage", "-stage_since", "-id"], name="lead_board"),
            models.Index(fields=["stage_since"], condition=models.Q(safety_hold=True), name="lead_on_hold"),
            models.Index(fields=["owner", "stage"], condition=models.Q(owner__isnull=False), name="lead_of_owner"),
            models.Index(Upper("email"), name="lead_email"),  # what iexact compiles to
            models.Index(Number("phone"), name="lead_number"),
            GinIndex(
                # icontains compiles to UPPER(col) LIKE UPPER(...), so that is what has to be indexed.
                *[OpClass(Upper(name), "gin_trgm_ops") for name in ("email", "phone")],
                *[OpClass(Plain(name), "gin_trgm_ops") for name in ("first_name", "last_name")],
                name="lead_found_by",
            ),
        ]
        permissions = [
            ("clear_urgent", "Can lift a safety hold"),
            ("assign_lead", "Can give leads to others"),
            ("view_figures", "Can see figures"),
        ]
        triggers = [
            pgtrigger.FSM(
                name="stage_moves",
                field="stage",
                transitions=[(old.value, new.value) for old, later in TRANSITIONS.items() for new in sorted(later)],
            )
        ]

    def __str__(self) -> str:
        return f"{self.full_name} ({self.reference})"

    @property
    def phone_in_words(self) -> str:
        return telephone.in_words(self.phone)

    @property
    def born(self) -> date | None:
        """Return the date of birth, when it is known."""
        return date.fromisoformat(self.date_of_birth) if self.date_of_birth else None

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()
