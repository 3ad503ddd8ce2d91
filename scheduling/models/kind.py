"""What can be booked: how long it takes, what it needs, and the deadlines around it."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from crm.enums.leads import Outcome
from crm.models import Lead
from crm.models.base import Row
from scheduling.enums import Mode, ResourceKind
from scheduling.models.resource import Resource

DAY = 24 * 60


class AppointmentType(Row):
    key = models.SlugField(max_length=40, unique=True, help_text="Its name in addresses and files; never changes.")
    label = models.CharField(max_length=60, help_text="As patients read it.")
    label_es = models.CharField("label in Spanish", max_length=60, blank=True)
    about = models.CharField(max_length=300, blank=True, help_text="What to bring, where to be. For patients.")
    about_es = models.CharField("the same in Spanish", max_length=300, blank=True)
    mode = models.CharField(max_length=10, choices=Mode)
    is_active = models.BooleanField("can be booked", default=True)
    is_consultation = models.BooleanField(default=True, help_text="Booking it moves the lead to Booked.")
    position = models.PositiveSmallIntegerField(default=0)

    duration = models.PositiveSmallIntegerField("minutes", validators=[MinValueValidator(1)])
    step = models.PositiveSmallIntegerField(
        "a start every", validators=[MinValueValidator(1)], help_text="Minutes, from the beginning of open time."
    )
    buffer_before = models.PositiveSmallIntegerField(default=0, help_text="Minutes kept free before.")
    buffer_after = models.PositiveSmallIntegerField(default=0, help_text="Minutes kept free after.")
    min_notice = models.PositiveIntegerField("minimum notice", default=DAY, help_text="Minutes before the start.")
    window_days = models.PositiveSmallIntegerField(
        "booking window", null=True, blank=True, default=60, help_text="Days ahead; empty: no limit."
    )
    cancel_until = models.PositiveIntegerField(default=DAY, help_text="Patients: minutes before the start.")
    reschedule_until = models.PositiveIntegerField(default=DAY, help_text="Patients: minutes before the start.")

    providers = models.ManyToManyField(
        Resource, blank=True, related_name="types_given", limit_choices_to={"kind": ResourceKind.PROVIDER}
    )
    needs_room = models.BooleanField(default=False, help_text="A provider and one of these rooms.")
    rooms = models.ManyToManyField(
        Resource, blank=True, related_name="types_held", limit_choices_to={"kind": ResourceKind.ROOM}
    )
    self_book = ArrayField(
        models.CharField(max_length=24, choices=Outcome),
        default=list,
        blank=True,
        verbose_name="patients book it themselves",
        help_text="With one of these assessments. None: only the desk books it.",
    )

    class Meta:
        ordering = ["position", "label"]
        constraints = [
            models.CheckConstraint(condition=Q(duration__gte=1, step__gte=1), name="type_takes_time"),
            # Whoever looks for claims looks back a day: availability.claims_between.
            models.CheckConstraint(
                condition=Q(duration__lte=DAY - F("buffer_before") - F("buffer_after")),
                name="type_within_a_day",
                violation_error_message="With its buffers it takes longer than a day.",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def may_be_booked_by(self, lead: Lead) -> bool:
        """Return whether this patient may book it without us: nobody does who is urgent."""
        may_wait = not lead.safety_hold and lead.outcome not in {"", Outcome.URGENT}
        return self.is_active and may_wait and lead.outcome in self.self_book

    def lacks_number(self, lead: Lead) -> bool:
        """Return whether it is a call to somebody of whom we have no number."""
        return self.mode == Mode.PHONE and not lead.phone

    def display_timezone(self, *, patient: str, center: str) -> str:
        """Return the clock to show: a patient who is called has their own, one who comes to the center has the
        center's."""
        return patient if self.mode == Mode.PHONE else center

    def label_in(self, language: str) -> str:
        return self.label_es if language == "es" and self.label_es else self.label

    def about_in(self, language: str) -> str:
        return self.about_es if language == "es" and self.about_es else self.about
