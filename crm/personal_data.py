"""What we keep about a person, as one file for the person (45 CFR 164.524(c)(2): in the form asked for, if readily
producible). Each app registers its models (crm/registry.py); what is left out says why."""

from typing import Any

from django.db.models import Model

from crm import registry
from crm.models import (
    Activity,
    AlertPost,
    ConsentRecord,
    Consultation,
    ContactPerson,
    Document,
    Enrolment,
    ImagingStudy,
    InboundMail,
    Lead,
    MailThread,
    Measurement,
    Message,
    Notice,
    PatientCode,
    PatientLink,
    PatientSession,
    PrivateMessage,
    ProofTry,
    Referral,
    ReviewDecision,
    SafetyAlert,
    SetAsideMail,
    StepOutcome,
    Task,
    Treatment,
)

_LEAD = (
    "reference first_name last_name email phone phone_type preferred_contact best_time date_of_birth state timezone "
    "ok_voicemail how_heard attribution language stage came_by received_at tags created_at"
)
_TREATMENT = (
    "kind kind_other body_region side level drug_name start_date start_precision end_date end_precision ongoing "
    "sessions relief_percent relief_duration_days relief_still_present side_effects status stop_reason documentation "
    "source created_at"
)


def hang_in() -> None:
    """Called once, when the app is ready."""
    data = registry.personal_data
    data(Lead, path="pk", title="Your request", fields=_LEAD)
    data(Treatment, path="lead", title="Treatments", fields=_TREATMENT)
    data(Measurement, path="lead", title="Ratings and scores", fields="kind value at source")
    data(Activity, path="lead", title="What happened", fields="kind at summary note call_outcome")
    data(Message, path="lead", title="Mails to you", fields="name to_email subject state created_at finished_at")
    data(PrivateMessage, path="lead", title="Messages", fields="at text read_at")
    data(ConsentRecord, path="lead", title="What you agreed to", fields="kind given text text_version language at")
    data(Document, path="lead", title="Documents", fields="kind name size media_type study_date state created_at")
    data(ImagingStudy, path="lead", title="Pictures", fields="modality region made_on made_precision facility medium")
    allowed = "name relation phone email may_discuss may_book created_at ended_at"
    data(ContactPerson, path="lead", title="People you named", fields=allowed)
    told = "practice referred_on may_tell arrival_told_at outcome_told_at"
    data(Referral, path="lead", title="Who sent you", fields=told)
    data(Enrolment, path="lead", title="Follow-ups", fields="version state started_at ended_at reason")
    data(StepOutcome, path="enrolment__lead", title="Steps of follow-ups", fields="step result reason at")
    data(InboundMail, path="lead", title="Mail from you", fields="kind text at")
    data(SetAsideMail, path="lead", why_not="Mail that nobody could read; what a person made of it stands elsewhere.")
    data(MailThread, path="lead", why_not="The address of ours under which your replies arrive.")
    data(SafetyAlert, path="lead", title="Alerts", fields="raised_at")
    data(ReviewDecision, path="lead", title="Clinical reviews", fields="decision reason at")
    data(Consultation, path="lead", title="Consultations", fields="held_on result surgery note")
    data(Notice, path="lead", why_not="Notes of ours about our own work.")
    data(Task, path="lead", why_not="Notes of ours about our own work.")
    data(PatientLink, path="lead", why_not="Keys, of which we keep only a hash.")
    data(PatientSession, path="lead", why_not="Keys, of which we keep only a hash.")
    data(PatientCode, path="session__lead", why_not="Keys, of which we keep only a hash.")
    data(ProofTry, path="lead", why_not="Counts of wrong codes and dates, without what was typed.")
    data(AlertPost, path="alert__lead", why_not="How an alert travelled; it names nobody.")


def export(lead: Lead) -> dict[str, list[dict[str, Any]]]:
    """{title: [{field: value}]} of everything registered about one person, oldest first where rows have an order."""
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in registry.personal_data_of_all():
        if entry.fields:
            rows = entry.model._default_manager.filter(**{entry.path: lead.pk})
            ordered = rows.order_by(*entry.model._meta.ordering or ["pk"])
            found[entry.title] = [{name: _told(getattr(row, name)) for name in entry.fields} for row in ordered]
    return found


def _told(value: Any) -> Any:
    """A row that another one points to by its name."""
    return str(value) if isinstance(value, Model) else value
