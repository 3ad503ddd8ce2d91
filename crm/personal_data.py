"""What we keep about a person, as one file for the person (45 CFR 164.524(c)(2): in the form asked for, if readily
producible). Each app registers its models (crm/registry.py); what is left out says why."""

from typing import Any

from django.db.models import Model

from crm import registry
from crm.models import (
    Activity,
    AlertCause,
    AlertPost,
    ConsentRecord,
    Consultation,
    ContactPerson,
    Document,
    Enrolment,
    HoldClearing,
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
from crm.registry import HANDLING, KEY, REPEATED, STAFF

_LEAD = (
    "reference first_name last_name email phone phone_type preferred_contact best_time date_of_birth state timezone "
    "ok_voicemail how_heard attribution language location stage stage_since lost_reason outcome recheck_on wake_up_on "
    "safety_hold came_by received_at tags created_at updated_at"
)
_TREATMENT = (
    "kind kind_other body_region side level drug_name guidance directed_by_clinician setting provider_name "
    "provider_type facility provider_phone start_date start_precision end_date end_precision ongoing sessions per_week "
    "relief_percent relief_duration_days relief_still_present function_change side_effects side_effects_text status "
    "stop_reason unsure_of news disputed disputed_at documentation source requested_at received_at verified_at "
    "created_at updated_at"
)
_STUDY = (
    "modality region made_on made_precision facility facility_phone medium place requested_at report_at images_at "
    "reviewed_at created_at"
)


def hang_in() -> None:
    """Called once, when the app is ready."""
    data = registry.personal_data
    _about_the_request()
    _about_care()
    _about_mail()
    data(Notice, path="lead", why_not="Notes of ours about our own work.")
    data(Task, path="lead", why_not="Notes of ours about our own work.")
    data(PatientLink, path="lead", why_not="Keys, of which we keep only a hash.")
    data(PatientSession, path="lead", why_not="Keys, of which we keep only a hash.")
    data(PatientCode, path="session__lead", why_not="Keys, of which we keep only a hash.")
    data(ProofTry, path="lead", why_not="Counts of wrong codes and dates, without what was typed.")
    data(AlertPost, path="alert__lead", why_not="How an alert travelled; it names nobody.")


def _about_the_request() -> None:
    data = registry.personal_data
    data(Lead, path="pk", title="Your request", fields=_LEAD, left_out={STAFF: "owner"})
    happened = "kind at summary note call_outcome details"
    data(Activity, path="lead", title="What happened", fields=happened, left_out={STAFF: "by"})
    agreed = "kind given text text_version language at"
    data(ConsentRecord, path="lead", title="What you agreed to", fields=agreed, left_out={STAFF: "witnessed_by"})
    named = "name relation phone email note may_discuss may_book created_at ended_at"
    data(ContactPerson, path="lead", title="People you named", fields=named, left_out={STAFF: "created_by"})
    told = "practice referred_on may_tell arrival_told_at outcome_told_at created_at"
    data(Referral, path="lead", title="Who sent you", fields=told, left_out={STAFF: "created_by"})


def _about_care() -> None:
    data = registry.personal_data
    by = {STAFF: "verified_by created_by updated_by"}
    data(Treatment, path="lead", title="Treatments", fields=_TREATMENT, left_out=by)
    scores = "kind value at source value_before corrected_at"
    handled = {STAFF: "by corrected_by", KEY: "entry"}
    data(Measurement, path="lead", title="Ratings and scores", fields=scores, left_out=handled)
    files = "kind name size media_type study_date modality source state reason created_at finished_at"
    handled = {
        STAFF: "uploaded_by released_by",
        KEY: "study session sha256",
        HANDLING: "stamp received stored touched_at scan_at released_at",
    }
    data(Document, path="lead", title="Documents", fields=files, left_out=handled)
    by = {STAFF: "requested_by report_by images_by reviewed_by created_by"}
    data(ImagingStudy, path="lead", title="Pictures", fields=_STUDY, left_out=by)
    alerted = {STAFF: "acknowledged_by", HANDLING: "round next_level_at"}
    data(SafetyAlert, path="lead", title="Alerts", fields="raised_at level acknowledged_at", left_out=alerted)
    data(AlertCause, path="alert__lead", title="What the alerts were about", fields="at", left_out={KEY: "key"})
    decided = {STAFF: "by second_by", HANDLING: "needs_second seen"}
    looked = "decision reason at second_at signs study void_at void_because"
    data(ReviewDecision, path="lead", title="Clinical reviews", fields=looked, left_out=decided)
    lifted = {STAFF: "by", HANDLING: "seen"}
    data(HoldClearing, path="lead", title="Safety holds lifted", fields="at note signs", left_out=lifted)
    seen = "held_on result surgery note at"
    data(Consultation, path="lead", title="Consultations", fields=seen, left_out={STAFF: "by"})


def _about_mail() -> None:
    data = registry.personal_data
    sent = {
        KEY: "topic topic_version enrolment key message_id",
        REPEATED: "html calendar",
        HANDLING: (
            "channel message_class on_unknown sender_name sender_email reason attempts due_at not_after lease_token "
            "lease_until"
        ),
    }
    mails = "name to_email subject text state created_at finished_at"
    data(Message, path="lead", title="Mails to you", fields=mails, left_out=sent)
    written = {STAFF: "by", KEY: "session"}
    data(PrivateMessage, path="lead", title="Messages", fields="at text read_at", left_out=written)
    planned = {KEY: "key cause", HANDLING: "anchor due_at because hurry tries"}
    steps = "version state started_at paused_at ended_at reason"
    data(Enrolment, path="lead", title="Follow-ups", fields=steps, left_out=planned)
    done = {KEY: "message task"}
    data(
        StepOutcome, path="enrolment__lead", title="Steps of follow-ups", fields="step result reason at", left_out=done
    )
    came = {KEY: "external_id message address_hash", HANDLING: "status"}
    data(InboundMail, path="lead", title="Mail from you", fields="kind text at", left_out=came)
    data(SetAsideMail, path="lead", why_not="Mail that nobody could read; what a person made of it stands elsewhere.")
    data(MailThread, path="lead", why_not="The address of ours under which your replies arrive.")


def export(lead: Lead) -> dict[str, list[dict[str, Any]]]:
    """{title: [{field: value}]} of everything registered about one person, oldest first where rows have an order."""
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in registry.personal_data_of_all():
        if entry.fields:
            rows = entry.model._default_manager.filter(entry.only, **{entry.path: lead.pk})
            ordered = rows.order_by(*entry.model._meta.ordering or ["pk"])
            found[entry.title] = [{name: _told(getattr(row, name)) for name in entry.fields} for row in ordered]
    return found


def _told(value: Any) -> Any:
    """A row that another one points to by its name."""
    return str(value) if isinstance(value, Model) else value
