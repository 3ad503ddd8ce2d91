"""How a patient gets to the private page: links in mails, sessions in browsers, codes as the second factor.

Of every secret only a hash is kept: whoever reads the database can use none of them.
"""

from django.db import models
from django.utils import timezone

from crm.enums.leads import LinkPurpose, ProofWay
from crm.models.base import Row


class PatientLink(Row):
    """One way in, from one mail. It says whose page it opens and proves nothing: the second factor does."""

    lead = models.ForeignKey("crm.Lead", on_delete=models.CASCADE, related_name="links")
    purpose = models.CharField(max_length=12, choices=LinkPurpose, default=LinkPurpose.PRIVATE_PAGE)
    token_hash = models.CharField(max_length=64, unique=True)
    message = models.ForeignKey("crm.Message", on_delete=models.SET_NULL, null=True, related_name="links")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} until {self.expires_at:%Y-%m-%d}"


class PatientSession(Row):
    """One browser on the private page.

    Until it is proven it may write and see only what it wrote itself, and only one that a link began can become proven.
    `by` is set when a member of staff fills in for the patient: then it lives no longer than their own sign-in, whose
    hash is `desk_key`. `handed_over` when that browser is the tablet of the waiting room, signed out of the desk.
    """

    lead = models.ForeignKey("crm.Lead", on_delete=models.CASCADE, related_name="private_sessions")
    secret_hash = models.CharField(max_length=64, unique=True)
    link = models.ForeignKey(PatientLink, on_delete=models.SET_NULL, null=True, related_name="sessions")
    origin = models.UUIDField(null=True, help_text="The request that this browser had just sent.")
    may_write = models.BooleanField(default=False, help_text="Begun by the person who has just sent the request.")
    by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, related_name="+")
    handed_over = models.BooleanField(default=False)
    desk_key = models.CharField(max_length=64, blank=True, help_text="Hash of the key of the desk's session.")
    created_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    proven_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(by__isnull=True) | models.Q(handed_over=True) | ~models.Q(desk_key=""),
                name="session_by_staff_is_bound",
            ),
        ]
        indexes = [models.Index(fields=["desk_key"], condition=~models.Q(desk_key=""), name="session_of_desk")]

    def __str__(self) -> str:
        return f"Session of {self.created_at:%Y-%m-%d %H:%M} UTC"

    @property
    def is_proven(self) -> bool:
        return self.proven_at is not None

    @property
    def is_on_behalf(self) -> bool:
        """Tell whether staff themselves sit before the page, signed in."""
        return self.by_id is not None and not self.handed_over

    @property
    def sees_record(self) -> bool:
        """Tell whether what was told before may be shown; never on a tablet that goes from hand to hand."""
        return self.is_proven and not self.handed_over

    @property
    def may_be_proven(self) -> bool:
        """Tell whether there is a link to prove somebody by: whoever merely knows a name and an address has no link,
        and never gets beyond writing."""
        return self.link_id is not None

    @property
    def is_the_patient(self) -> bool:
        """Tell whether this is the patient, proven, in a browser of their own: staff have the desk, and a tablet in the
        waiting room shows the form."""
        return self.is_proven and self.by_id is None


class PatientCode(Row):
    """Six digits that prove the second factor of one session, for ten minutes and a few tries."""

    session = models.ForeignKey(PatientSession, on_delete=models.CASCADE, related_name="codes")
    message = models.ForeignKey("crm.Message", on_delete=models.SET_NULL, null=True, related_name="codes")
    code_hash = models.CharField(max_length=64)
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"Code until {self.expires_at:%H:%M} UTC"


class ProofTry(Row):
    """Once that somebody was wrong about who they are. Counted by person and by connection, never by browser alone."""

    lead = models.ForeignKey("crm.Lead", on_delete=models.CASCADE, related_name="+")
    session = models.ForeignKey(PatientSession, on_delete=models.SET_NULL, null=True, related_name="+")
    way = models.CharField(max_length=10, choices=ProofWay)
    address_hash = models.CharField(max_length=64, blank=True, help_text="Keyed; of the IP address.")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(way__in=ProofWay.values), name="proof_try_way_known")]
        indexes = [
            models.Index(fields=["lead", "at"], name="proof_try_of_lead"),
            models.Index(fields=["address_hash", "at"], name="proof_try_from"),
        ]

    def __str__(self) -> str:
        return f"{self.way} {self.at:%Y-%m-%d %H:%M} UTC"
