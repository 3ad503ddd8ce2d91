"""On the lead's page: which follow-ups run, what comes next and when, what would stop it, and what a person may do."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils import timezone

from crm import registry
from crm.admin.lead.page import back, find_lead, user_of
from crm.enums.leads import UNDER_WAY, EnrollmentState
from crm.errors import SequenceActionRefused
from crm.followups import enrollment as followups
from crm.followups import published
from crm.leads.local_clock import clock_of
from crm.models import Enrollment, Lead, StepOutcome
from crm.sequences import words
from crm.sequences.definition import Definition, Step
from crm.sequences.due_steps import steps_left

PAST_SHOWN = 10


@dataclass(frozen=True)
class Running:
    """One enrollment as the panel shows it. `left`: (when, step) of what is still to come."""

    enrollment: Enrollment
    definition: Definition
    left: list[tuple[datetime, Step]]
    outcomes: list[tuple[Step | None, StepOutcome]]
    stops: list[str]

    @property
    def is_live(self) -> bool:
        return self.enrollment.state == EnrollmentState.LIVE


def register() -> None:
    """Register the panel of follow-ups and its buttons; called once, when the desk is made."""
    change, one = "crm.change_enrollment", "follow-ups/<uuid:enrollment_id>/<str:what>/"
    registry.route(one, act, permission=change, name="crm_lead_follow_up")
    registry.route("follow-ups/begin/", begin, permission=change, name="crm_lead_follow_up_begin")
    registry.panel("lead", title="Follow-ups", permission="crm.view_enrollment", render=panel, order=3)


def panel(request: HttpRequest, lead: Lead) -> str:
    """Render which sequences run for a lead and which have ended. Runs two queries."""
    enrollments = list(
        Enrollment.objects.filter(lead=lead).select_related("version").order_by("-started_at", "-pk")[:PAST_SHOWN]
    )
    outcomes = StepOutcome.objects.filter(enrollment__in=enrollments).select_related("message").order_by("at", "pk")
    by_enrollment: dict[UUID, list[StepOutcome]] = {}
    for outcome in outcomes:
        by_enrollment.setdefault(outcome.enrollment_id, []).append(outcome)
    shown = [_running(lead, one, by_enrollment.get(one.pk, [])) for one in enrollments]
    taken = {one.key for one in enrollments if one.state in UNDER_WAY}
    context = {
        "lead": lead,
        "running": [one for one in shown if one.enrollment.ended_at is None],
        "past": [one for one in shown if one.enrollment.ended_at is not None],
        "to_begin": [(d.key, d.title) for _version, d in published.in_force() if d.key not in taken],
        "impaired": lead.safety_hold,
    }
    return render_to_string("crm/admin/lead/panel_follow_ups.html", context, request=request)


def _running(lead: Lead, enrollment: Enrollment, outcomes: list[StepOutcome]) -> Running:
    definition = enrollment.version.definition
    done = {outcome.step for outcome in outcomes}
    left = steps_left(definition, done, anchor=enrollment.anchor, clock=clock_of(lead))
    return Running(
        enrollment,
        definition,
        left if enrollment.ended_at is None else [],
        [(definition.step(outcome.step), outcome) for outcome in outcomes],
        [words.condition(name) for name in definition.stops],
    )


def act(site: AdminSite, request: HttpRequest, lead_id: UUID, enrollment_id: UUID, what: str) -> HttpResponse:
    """Pause, resume, skip the next step, do it now, or stop: the button says which."""
    if request.method != "POST":
        return back(lead_id)
    enrollment = get_object_or_404(Enrollment.objects.select_related("version"), pk=enrollment_id, lead_id=lead_id)
    user, now, shown = user_of(request), timezone.now(), request.POST.get("step", "")
    try:
        if what == "pause":
            said = _pause(enrollment, reason=f"Paused by {user}", now=now)
        elif what == "resume":
            followups.resume(enrollment, now=now)
            said = "It goes on."
        elif what == "skip":
            said = f"Skipped: {followups.skip_next(enrollment, by=user, now=now, shown=shown)}"
        elif what == "now":
            followups.do_next_now(enrollment, now=now, shown=shown)
            said = "The next step is due now. The rules of sending still hold."
        elif what == "stop":
            if not followups.stop(enrollment, reason=f"Stopped by {user}", now=now):
                followups.call_off_last(enrollment, reason=f"Stopped by {user}", now=now)
            said = "Stopped for good."
        else:
            raise Http404
        messages.success(request, said)
    except SequenceActionRefused as refused:
        messages.warning(request, refused.message)
    return back(lead_id)


def _pause(enrollment: Enrollment, *, reason: str, now: datetime) -> str:
    """Pause a follow-up and return what to say. If it has ended since the page was made, take back its waiting mail."""
    if not followups.pause(enrollment, reason=reason, now=now):
        enrollment.refresh_from_db()
        if enrollment.state != EnrollmentState.PAUSED:
            followups.call_off_last(enrollment, reason=reason, now=now)
            return "It had ended meanwhile. A mail that still waited was taken back."
    return "Paused. Nothing goes out until somebody resumes it."


def begin(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Enroll the lead in a sequence by hand, and warn when no mail of it would go out."""
    if request.method == "POST":
        try:
            now = timezone.now()
            begun = followups.begin_by_hand(find_lead(lead_id), key=request.POST.get("key", ""), now=now)
            messages.success(request, f"Begun: {begun}")
            if why := followups.why_no_mail(begun, now=now):
                messages.warning(request, f"No mail of it goes out as things stand: {why}.")
        except SequenceActionRefused as refused:
            messages.warning(request, refused.message)
    return back(lead_id)
