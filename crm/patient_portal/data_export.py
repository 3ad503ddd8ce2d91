"""What we keep about a person and what of it is in the person's own copy (45 CFR 164.524(c)(2): in the form asked for,
if readily producible; crm/patient_portal/own_copy.py makes it). Each app registers its models (crm/registry); what
is left out says why."""

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_noop as noop

from crm import registry
from crm.models import (
    Activity,
    AlertCause,
    AlertPost,
    ConsentRecord,
    Consultation,
    ContactPerson,
    Document,
    Enrollment,
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
from crm.registry import HANDLING, KEY, REPEATED, STAFF, YOU

_LEAD = (
    "reference first_name last_name email phone phone_type preferred_contact best_time date_of_birth state timezone "
    "ok_voicemail do_not_call how_heard attribution language location stage stage_since lost_reason outcome recheck_on "
    "wake_up_on safety_hold came_by received_at tags created_at updated_at"
)
_TREATMENT = (
    "kind kind_other body_region side level drug_name guidance directed_by_clinician setting provider_name "
    "provider_type facility provider_phone start_date start_precision end_date end_precision ongoing sessions per_week "
    "relief_percent relief_duration_days relief_still_present function_change side_effects side_effects_text status "
    "stop_reason unsure_of news disputed disputed_at documentation source requested_at received_at verified_at "
    "verified_by created_at updated_at"
)
WHOSE = "The address of whoever wrote it: yours, or that of somebody else."
_STUDY = (
    "modality region made_on made_precision facility facility_phone medium place requested_at report_at images_at "
    "reviewed_at reviewed_by created_at"
)


def register() -> None:
    """Register what we keep about a person and what of it is in their copy. Called once, when the app is ready."""
    data = registry.personal_data
    _about_the_request()
    _about_other_people()
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
    data(Lead, path="pk", title=noop("Your request"), fields=_LEAD, order="created_at", left_out={STAFF: "owner"})
    data(
        Activity,
        path="lead",
        title=noop("What happened"),
        fields="at kind by summary note call_outcome details",
        order="at",
        left_out={HANDLING: "in_confidence"},
        only=Q(in_confidence=False),
    )
    agreed = "at kind given text text_version language witnessed_by"
    data(
        ConsentRecord,
        path="lead",
        title=noop("What you agreed to"),
        fields=agreed,
        order="at entry",
        left_out={KEY: "entry"},
    )


def _about_other_people() -> None:
    data = registry.personal_data
    named = "created_at name relation phone email note may_discuss may_book created_by ended_at"
    data(
        ContactPerson,
        path="lead",
        title=noop("People you named"),
        fields=named,
        order="created_at",
        nobody={"created_by": YOU},
    )
    told = "referred_on practice may_tell arrival_told_at outcome_told_at created_at"
    data(
        Referral,
        path="lead",
        title=noop("Who sent you"),
        fields=told,
        order="referred_on",
        left_out={STAFF: "created_by"},
    )


def _about_care() -> None:
    data = registry.personal_data
    by = {STAFF: "created_by updated_by"}
    data(Treatment, path="lead", title=noop("Treatments"), fields=_TREATMENT, order="created_at", left_out=by)
    _about_scores_and_files()
    decided = {HANDLING: "needs_second seen", KEY: "entry"}
    looked = "at decision reason by second_at second_by signs study void_at void_because"
    data(ReviewDecision, path="lead", title=noop("Clinical reviews"), fields=looked, order="entry", left_out=decided)
    lifted = "at note by signs"
    title = noop("Safety holds lifted")
    handled = {HANDLING: "seen", KEY: "entry"}
    data(HoldClearing, path="lead", title=title, fields=lifted, order="entry", left_out=handled)
    seen = "held_on result surgery note by at"
    data(Consultation, path="lead", title=noop("Consultations"), fields=seen, order="held_on at")
    alerted = {STAFF: "acknowledged_by", HANDLING: "round next_level_at"}
    called = "raised_at level acknowledged_at"
    data(SafetyAlert, path="lead", title=noop("Alerts"), fields=called, order="raised_at", left_out=alerted)
    title = noop("What the alerts were about")
    data(AlertCause, path="alert__lead", title=title, fields="at", order="at", left_out={KEY: "key"})


def _about_scores_and_files() -> None:
    data = registry.personal_data
    scores = "at kind value source kind_before value_before at_before corrected_at"
    handled = {STAFF: "by corrected_by", KEY: "entry"}
    title = noop("Ratings and scores")
    data(Measurement, path="lead", title=title, fields=scores, order="at entry", left_out=handled)
    handled = {
        STAFF: "released_by",
        KEY: "study session sha256",
        HANDLING: "stamp received stored touched_at opened_at scan_at released_at by_mail",
    }
    data(
        Document,
        path="lead",
        title=noop("Documents"),
        fields="created_at kind name size media_type study_date modality source uploaded_by state reason finished_at",
        order="created_at",
        left_out=handled,
        nobody={"uploaded_by": YOU},
        more=_where_to_fetch,
    )
    by = {STAFF: "requested_by report_by images_by created_by"}
    data(ImagingStudy, path="lead", title=noop("Pictures"), fields=_STUDY, order="created_at", left_out=by)


def _about_mail() -> None:
    data = registry.personal_data
    sent = {
        KEY: "topic topic_version enrollment key message_id",
        REPEATED: "html calendar",
        HANDLING: (
            "channel message_class on_unknown sender_name sender_email reason attempts due_at not_after handed_over_at "
            "lease_token lease_until"
        ),
    }
    mails = "created_at name to_email subject text state finished_at"
    data(Message, path="lead", title=noop("Mails to you"), fields=mails, order="created_at", left_out=sent)
    written = "at by text read_at"
    data(
        PrivateMessage,
        path="lead",
        title=noop("Messages"),
        fields=written,
        order="at",
        left_out={KEY: "session"},
        nobody={"by": YOU},
    )
    planned = {KEY: "key cause", HANDLING: "anchor due_at because run_now tries"}
    steps = "started_at version state paused_at ended_at reason"
    data(Enrollment, path="lead", title=noop("Follow-ups"), fields=steps, order="started_at", left_out=planned)
    done, title = {KEY: "message task"}, noop("Steps of follow-ups")
    each = "at step result reason"
    data(StepOutcome, path="enrollment__lead", title=title, fields=each, order="at", left_out=done)
    came = {KEY: "external_id message address_hash", HANDLING: "status", WHOSE: "sender"}
    data(InboundMail, path="lead", title=noop("Mail from you"), fields="at kind text", order="at", left_out=came)
    data(SetAsideMail, path="lead", why_not="Mail that nobody could read; what a person made of it stands elsewhere.")
    data(MailThread, path="lead", why_not="The address of ours under which your replies arrive.")


def _where_to_fetch(document: Document) -> dict[str, str]:
    """Return the address of a file; {} while nobody may read it."""
    if not document.is_readable:
        return {}
    return {"download": f"{settings.SITE_URL.rstrip('/')}{reverse('my_documents:fetch', args=[document.pk])}"}
