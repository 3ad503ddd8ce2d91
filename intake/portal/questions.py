"""The questions on the private page: one page a topic, and one for each treatment that was tried."""

import uuid
from dataclasses import replace
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_http_methods, require_POST

from crm.enums.treatments import TreatmentGroup
from crm.errors import TreatmentRefused
from crm.leads import verified_treatments
from crm.models import Lead, PatientSession, Treatment
from crm.patient_portal import access as patient_access
from crm.patient_portal.entry import patient_page
from crm.patient_portal.requests import PatientRequest, enter, id_in
from intake.assessment import answer_history, progress
from intake.models import Submission, Unproven
from intake.public import views
from intake.questionnaire import PAGES, RECHECK, SAFETY_SCRIPT, Page, localize, question
from intake.questionnaire.localize import said
from intake.requests import (
    actions,
    bot_protection,
    page_effects,
    page_submission,
    submission_flow,
    told_treatments,
    treatment_form,
)
from intake.requests.forms import QuestionnairePageForm

READ_AND_SEND = require_http_methods(["GET", "HEAD", "POST"])
BEFORE_TREATMENTS = next(page for page in PAGES if page.key == "pain")  # on the list of the private page
PAGE_OF = {page.key: page for page in (*PAGES, RECHECK, SAFETY_SCRIPT)}


@require_POST
def go_on(request: HttpRequest) -> HttpResponse:
    """Send on from the thank-you page straight to the second step, in the browser that has just sent the request; 409
    from the page of an older one, whose answers would be stored for somebody else."""
    reference = views.just_sent(request)
    if not reference:
        return redirect("intake:candidate")
    if views.shown_on(request) != reference:
        return render(request, "intake/portal/sent_since.html", status=409)
    just_now = timezone.now() - actions.FOLLOWS_FOR
    found = Submission.objects.select_related("lead", "unproven").filter(reference=reference, at__gt=just_now).first()
    decided = found and found.unproven and found.unproven.state != Unproven.WAITING
    if found is None or decided:  # held back, too long ago, or looked at by somebody: the link in the mail goes on
        return render(request, "intake/portal/later.html")
    return enter(patient_access.begin(found.lead, now=timezone.now(), origin=found.pk), to="private:page")


@READ_AND_SEND
@patient_page(reads=False)
def questions(request: PatientRequest, key: str) -> HttpResponse:
    """Show and take one page of questions, filled in with what this browser may see. 422 keeps everything typed;
    nothing is stored before the button is pressed."""
    page = PAGE_OF.get(key)
    if page is None:
        raise Http404
    if request.method != "POST":
        answers, initial = answer_history.visible_answers(request.patient), {"submission_id": uuid.uuid4()}
        return _show(request, page, QuestionnairePageForm(page=page, answers=answers, initial=initial))
    session = request.patient
    form = QuestionnairePageForm(request.POST, page=page, born=session.lead.born if session.sees_record else None)
    valid = form.is_valid()
    sent = sent_with(request.patient, page.key, page.title, form)
    if form.is_emergency:
        page_submission.keep_emergency(sent, is_loud=not _are_many(request, urgent=True))
        return _to_emergency(request)
    if not valid or _are_many(request):
        return _show(request, page, form, status=429 if valid else 422)
    try:
        page_submission.keep_page(sent)
    except page_submission.NewerAnswers as came:
        form.show_newer(came.newer, form.standing(came.stands))
        return _show(request, page, form, status=422)
    messages.success(request, gettext("“%(title)s” is stored.") % {"title": said(page.title)})
    return _next(request, page, sent.answers)


@READ_AND_SEND
@patient_page(reads=False)
def treatments(request: PatientRequest) -> HttpResponse:
    """Show what was told so far, and a list to tick what else was tried; or that nothing was."""
    rows, known = told_treatments.visible_treatments(request.patient), answer_history.told_to(request.patient)
    is_nothing = "nothing" in request.POST and "kinds" not in request.POST and not rows
    may_be_nothing = not rows and not progress.has_tried_nothing(known)
    sent = request.POST if request.method == "POST" else None
    form = treatment_form.PickForm(sent, initial={"submission_id": uuid.uuid4()}, may_be_nothing=may_be_nothing)
    is_sent = is_nothing or form.is_valid()
    is_flood = is_sent and _are_many(request)
    if is_sent and not is_flood:
        return _keep_nothing(request) if is_nothing else _keep_picked(request, form)
    context = {
        "form": form,
        "treatments": [(one, treatment_form.title(one), progress.is_told(one, known.detailed)) for one in rows],
        "may_be_nothing": may_be_nothing,
        "tried_nothing": progress.has_tried_nothing(known),
        "injections": treatment_form.GROUP_TITLES[TreatmentGroup.INJECTION],
        "picked": form["kinds"].value() or [],
        "patient": request.patient,
        "flood": is_flood,
    }
    status = 429 if is_flood else 422 if form.errors else 200
    return render(request, "intake/portal/treatments.html", context, status=status)


@READ_AND_SEND
@patient_page(reads=False)
def treatment(request: PatientRequest, treatment_id: uuid.UUID) -> HttpResponse:
    """Show and take the details of one treatment."""
    row = _own_treatment(request, treatment_id)
    if request.method != "POST":
        form = treatment_form.ToldForm(treatment=row, initial={"submission_id": uuid.uuid4()})
        return _show_treatment(request, row, form)
    if (urgent := treatment_form.ToldForm(request.POST, treatment=row)).is_emergency:
        return _treatment_emergency(request, row, urgent)
    if _are_many(request):
        return _show_treatment(request, row, treatment_form.ToldForm(request.POST, treatment=row), status=429)
    with page_submission.alone(request.patient):
        row = _own_treatment(request, treatment_id)
        if "not_tried" in request.POST:
            return _take_back(request, row)
        return _tell(request, row)


def _own_treatment(request: PatientRequest, treatment_id: uuid.UUID) -> Treatment:
    row = next((one for one in told_treatments.visible_treatments(request.patient) if one.pk == treatment_id), None)
    if row is None:
        raise Http404
    return row


def _take_back(request: PatientRequest, row: Treatment) -> HttpResponse:
    """Take back what never took place. What somebody has verified stays, and is asked about first."""
    if verified_treatments.is_verified(row) and "sure" not in request.POST:
        context = {"treatment": row, "title": treatment_form.title(row), "patient": request.patient}
        return render(request, "intake/portal/not_tried.html", context)
    empty = page_effects.Sent(request.patient, answer_history.TREATMENTS, "", {}, uuid.uuid4(), timezone.now())
    try:
        told_treatments.take_back_treatment(empty, row)
    except TreatmentRefused as refused:
        form = treatment_form.ToldForm(request.POST, treatment=row)
        form.refuse(refused)
        return _show_treatment(request, row, form, status=422)
    if verified_treatments.is_verified(row):
        messages.success(request, gettext("Somebody from our team will look at what you said and at your records."))
    else:
        messages.success(request, gettext("“%(title)s” is off your list.") % {"title": treatment_form.title(row)})
    return _next_treatment(request)


def _tell(request: PatientRequest, row: Treatment) -> HttpResponse:
    pressed = told_treatments.pressed_before(request.patient, row, id_in(request, "submission_id"))
    form = treatment_form.ToldForm(request.POST, treatment=row, pressed=pressed)
    if form.is_valid():
        sent = sent_with(request.patient, answer_history.TREATMENTS, str(row), form, answers=form.told())
        try:
            told_treatments.tell_treatment(sent, row, form.columns())
        except TreatmentRefused as refused:
            form.refuse(refused)
        else:
            messages.success(request, gettext("“%(title)s” is stored.") % {"title": treatment_form.title(row)})
            return _next_treatment(request)
    return _show_treatment(request, row, form, status=422)


def _treatment_emergency(request: PatientRequest, row: Treatment, form: treatment_form.ToldForm) -> HttpResponse:
    """Keep a page about a treatment with a warning sign in it, as much of it as is in order."""
    columns = form.columns() if form.is_valid() else {}
    sent = sent_with(request.patient, answer_history.TREATMENTS, str(row), form, answers=form.told())
    told_treatments.tell_emergency(sent, row, columns, is_loud=not _are_many(request, urgent=True))
    return _to_emergency(request)


def _keep_picked(request: PatientRequest, form: treatment_form.PickForm) -> HttpResponse:
    sent = sent_with(request.patient, answer_history.TREATMENTS, "Treatments tried", form)
    told_treatments.pick_treatments(sent, form.cleaned_data["kinds"])
    return _next_treatment(request)


def _keep_nothing(request: PatientRequest) -> HttpResponse:
    """Keep that no treatment was tried: an answer to what the first form asks."""
    answers = {"tried_treatments": [progress.NOTHING]}
    form_id, now, language = id_in(request, "submission_id"), timezone.now(), get_language() or settings.LANGUAGE_CODE
    page_submission.keep_page(
        page_effects.Sent(request.patient, answer_history.TRIED, "Treatments tried", answers, form_id, now, language)
    )
    messages.success(request, gettext("“%(title)s” is stored.") % {"title": gettext("Treatments you tried")})
    return redirect("private:page")


def panel(request: HttpRequest, lead: Lead) -> str:
    """Show the list of pages on the private page: what is done, and what comes next."""
    session: PatientSession = request.patient  # type: ignore[attr-defined]  # set by patient_page
    known, rows = answer_history.told_to(session), told_treatments.visible_treatments(session)
    topics = progress.topics(known)
    pages = [(key, said(PAGE_OF[key].title), is_done) for key, is_done in topics.items()]
    are_treatments_done = progress.are_treatments_answered(known, rows)
    context = {
        "pages": pages,
        "treatments": rows,
        "open_treatments": progress.open_treatments(known, rows),
        "treatments_done": are_treatments_done,
        "done": sum(topics.values()) + are_treatments_done,
        "all": len(pages) + 1,
        "recheck": RECHECK,
        "ticks": _ticks(known.answers),
    }
    return render_to_string("intake/portal/panel.html", context, request=request)


def _are_many(request: PatientRequest, *, urgent: bool = False) -> bool:
    """Tell whether this page is one too many. Whoever has shown who they are is not counted."""
    session = request.patient
    if session.is_proven:
        return False
    return bot_protection.pages_are_many(request, session.origin, now=timezone.now(), urgent=urgent)


def _to_emergency(request: PatientRequest) -> HttpResponse:
    return views.to_emergency(abroad=_is_abroad(request.patient), kept="kept", is_private=True)


def _is_abroad(session: PatientSession) -> bool:
    """Tell whether the patient is abroad, by what this browser may see: a typed name reveals no state on record."""
    state = session.lead.state if session.sees_record else answer_history.visible_answers(session).get("state")
    return submission_flow.is_abroad(state or "")


def _ticks(answers: dict[str, Any]) -> list[str]:
    """Return what was ticked on the first form, to remind of it."""
    words = dict(question("tried_treatments").choices)
    return [said(words[tick]) for tick in answers.get("tried_treatments") or [] if tick in words]


def sent_with(
    session: PatientSession, key: str, title: str, form: forms.Form, *, answers: dict[str, Any] | None = None
) -> page_effects.Sent:
    """Make what a checked form of this session has sent: what was changed on it, with the warning signs as they were
    ticked. `answers`: instead of those of the form."""
    submission_id, now = form.cleaned_data.get("submission_id") or uuid.uuid4(), timezone.now()
    language = get_language() or settings.LANGUAGE_CODE
    sent = page_effects.Sent(session, key, title, answers or {}, submission_id, now, language)
    if not isinstance(form, QuestionnairePageForm):
        return sent
    given = form.changed() | form.signs_as_ticked
    return replace(sent, answers=given, shown=form.first, left_out=form.left_out(), whole=form.whole())


def _show(request: PatientRequest, page: Page, form: QuestionnairePageForm, *, status: int = 200) -> HttpResponse:
    known = answer_history.visible_answers(request.patient)
    shown = [one for one in PAGES if one.is_for(known)]
    place = shown.index(page) + 1 + (shown.index(page) > shown.index(BEFORE_TREATMENTS)) if page in shown else None
    count = len(shown) + 1  # with the treatments, as on the private page
    context = {"form": form, "page": localize.page(page), "place": place, "count": count, "patient": request.patient}
    context["flood"] = status == 429
    return render(request, "intake/portal/questions.html", context, status=status)


def _show_treatment(
    request: PatientRequest, row: Treatment, form: treatment_form.ToldForm, *, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "title": treatment_form.title(row),
        "patient": request.patient,
        "disputed": bool(row.disputed),
    }
    context["flood"] = status == 429
    return render(request, "intake/portal/treatment.html", context, status=status)


def _next(request: PatientRequest, page: Page, answers: dict[str, Any]) -> HttpResponse:
    """Send on to what was asked for: the next page, or back to the list."""
    if page is RECHECK:
        return redirect("intake:my_treatments" if answers["new_treatments"] == "yes" else "private:page")
    if "later" in request.POST or page is SAFETY_SCRIPT:
        return redirect("private:page")
    known = answer_history.visible_answers(request.patient)
    later = [one for one in PAGES[PAGES.index(page) + 1 :] if one.is_for(known)]
    if later:
        return redirect("intake:my_questions", key=later[0].key)
    told_so_far, rows = answer_history.told_to(request.patient), told_treatments.visible_treatments(request.patient)
    are_told = progress.are_treatments_answered(told_so_far, rows)
    return redirect("private:page" if are_told else "intake:my_treatments")


def _next_treatment(request: PatientRequest) -> HttpResponse:
    """Send on to the next treatment without details, or back to the list."""
    rows, known = told_treatments.visible_treatments(request.patient), answer_history.told_to(request.patient)
    waiting = next(iter(progress.open_treatments(known, rows)), None)
    if waiting and "later" not in request.POST:
        return redirect("intake:my_treatment", treatment_id=waiting.pk)
    return redirect("intake:my_treatments")
