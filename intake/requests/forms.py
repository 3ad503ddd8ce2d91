"""Forms made from the questionnaire. They check and clean; storing is intake.requests.actions' business."""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, cast

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Div, Field, Layout
from django import forms
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.values import us_places
from crm.values.normalize import last_name
from intake.assessment.answer_history import NO_ANSWERS
from intake.questionnaire import (
    CALL_ME,
    STEP_ONE,
    Page,
    Question,
    QuestionKind,
    Section,
    consents,
    email_slips,
    is_asked_anew,
    is_emergency,
    localize,
)
from intake.requests import raw_signs
from intake.requests.fields import PastField, field_for
from intake.requests.opened_values import ShownForm

TEMPLATE_OF = {
    QuestionKind.SAFETY: "components/safety_question.html",
    QuestionKind.ONE: "components/choices.html",
    QuestionKind.MANY: "components/choices.html",
    QuestionKind.SCALE: "components/scale.html",
    QuestionKind.YES: "components/consent.html",
}


class QuestionnaireForm(forms.Form):
    """A form over some sections of the questionnaire, laid out section by section."""

    page: str = ""
    sections: tuple[Section, ...] = ()
    use_required_attribute = False  # the browser's own bubbles would come before our summary, one at a time

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sections = tuple(localize.section(section) for section in self.sections)
        for question in self.questions():
            self.fields[question.name] = field_for(question)

    def questions(self) -> Iterable[Question]:
        return (question for section in self.sections for question in section.questions)

    @property
    def signs_as_ticked(self) -> dict[str, Any]:
        """Return the warning signs that were ticked and that the form keeps otherwise or nowhere: none may get lost."""
        return raw_signs.unread(self)

    @property
    def helper(self) -> FormHelper:
        """Return how crispy renders the form; built only when a page is shown."""
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True
        helper.layout = Layout(*(section_layout(n, section) for n, section in enumerate(self.sections, start=1)))
        return helper


def section_layout(number: int, section: Section) -> Div:
    """Return one numbered section with its questions."""
    fields = [
        Field(question.name, template=question.template or TEMPLATE_OF.get(question.kind, "components/field.html"))
        for question in section.questions
    ]
    heading = _heading(number, section.title, section.intro, section.why)
    return Div(heading, *fields, css_class="form-section", css_id=section.key)


def trap() -> HTML:
    """Return a field hidden from eyes, the tab key and screen readers: whoever fills it in reads only the source."""
    return HTML(
        '<div class="not-for-people" aria-hidden="true"><label>Leave this empty '
        '<input type="text" name="website" tabindex="-1" autocomplete="off"></label></div>'
    )


def _heading(number: int, title: str, intro: str, why: str = "") -> HTML:
    texts = {"number": number, "title": title, "intro": intro, "why": why}
    return HTML(render_to_string("components/section_heading.html", texts))


class QuestionnairePageForm(ShownForm, QuestionnaireForm):
    """One page of the second step. Its own id makes sending twice once. `answers`: those that stand, filled in and
    carried along. `born`: the date of birth, where whoever sends the page may know it."""

    submission_id = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        page: Page,
        answers: Mapping[str, Any] | None = None,
        born: date | None = None,
        **kwargs: Any,
    ) -> None:
        self.page, self.sections = page.key, page.sections
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, PastField):
                field.born = born
        if answers is not None:
            stands = self.standing(answers)
            self.initial = {**stands, "shown": json.dumps(stands), **self.initial}

    def standing(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Return those of these answers that the page is filled in with."""
        names = [one.name for one in self.questions() if not is_asked_anew(self.page, one.name)]
        return {name: answers[name] for name in names if answers.get(name) not in NO_ANSWERS}

    def whole(self) -> dict[str, Any]:
        """Return all answers of the page, as far as they are in order."""
        return {one.name: self.cleaned_data[one.name] for one in self.questions() if one.name in self.cleaned_data}

    def changed(self) -> dict[str, Any]:
        """Return those that were changed since the page was opened."""
        return {name: answer for name, answer in self.whole().items() if self.is_touched(name)}

    def left_out(self) -> dict[str, Any]:
        """Return the questions that were left without an answer, as they were shown."""
        names = [one.name for one in self.questions() if self.cleaned_data.get(one.name, 0) in NO_ANSWERS]
        return {name: self.cleaned_data[name] for name in names if not self.is_touched(name)}

    @property
    def helper(self) -> FormHelper:
        helper = super().helper
        helper.layout.extend([Field("submission_id"), Field("shown")])
        return helper

    @property
    def is_emergency(self) -> bool:
        """Return True for a block-A "yes" or "not sure", ticked or told by another answer of the page, whether or not
        the rest is in order."""
        return bool(raw_signs.among({name: raw_signs.posted_list(self.data, name) for name in raw_signs.ANYWHERE}))


class RequestForm(QuestionnaireForm):
    """A request for help in any of its lengths: its questions, the boxes of agreement, and how to reach the person."""

    submission_id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    opened = forms.CharField(required=False, widget=forms.HiddenInput, max_length=200)
    sure_of = forms.CharField(required=False, widget=forms.HiddenInput, max_length=254)  # though it looks like a slip

    def __init__(self, *args: Any, center_name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for wording in consents.WORDINGS:
            self.fields[wording.field] = forms.BooleanField(
                required=wording.required,
                label=wording.for_center(center_name),
                error_messages={"required": _("Please tick this box, or call us instead.")},
            )

        if last := self.fields.get("last_name"):
            hint = _("Please fill this in. If you have one name only, write a dash here.")
            last.error_messages = {**last.error_messages, "required": hint}

    @property
    def helper(self) -> FormHelper:
        helper = super().helper
        boxes = [Field(wording.field, template=TEMPLATE_OF[QuestionKind.YES]) for wording in consents.WORDINGS]
        number = len(self.sections) + 1
        need = gettext("We need the first two to answer you. The last is up to you.")
        heading = _heading(number, gettext("Your agreement"), need)
        helper.layout.append(Div(heading, *boxes, css_class="form-section", css_id="agreement"))
        helper.layout.extend([Field("submission_id"), Field("opened"), Field("sure_of"), trap()])
        return helper

    def clean_last_name(self) -> str:
        return last_name(self.cleaned_data["last_name"])

    def clean_timezone(self) -> str:
        """Return the chosen zone; else that of the ZIP code or the state; "" when nothing tells."""
        data = self.cleaned_data
        by_place = us_places.zone_of_zip(data.get("zip", "")) or us_places.zone_of_state(
            data.get("state", ""), otherwise=""
        )
        return data["timezone"] or by_place

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        typed = {name for name in ("email", "phone") if data.get(name) or name in self.errors}
        if not typed and "email" in self.fields:
            self.add_error("email", _("Give an e-mail address or a phone number, so that we can answer."))
        self._ask_about_a_slip(str(data.get("email") or ""))
        wants = data.get("preferred_contact")
        if wants in {"phone", "text"} and "phone" not in typed:
            self.add_error("phone", _("Add your phone number, or choose e-mail as the way to contact you."))
        if wants == "email" and "email" not in typed:
            self.add_error("email", _("Add your e-mail address, or choose phone as the way to contact you."))
        return data

    def _ask_about_a_slip(self, address: str) -> None:
        """Ask once about an address that looks mistyped: whoever sends it again is believed. No emergency waits."""
        likely = email_slips.meant(address)
        if not likely or self.is_emergency or self.data.get("sure_of") == address:
            return
        words = gettext("Did you mean %(address)s? Correct it, or send the form again to keep what you typed.")
        self.add_error("email", words % {"address": likely})
        data = cast(QueryDict, self.data).copy()
        data["sure_of"] = address
        self.data = data

    @property
    def is_emergency(self) -> bool:
        """Return True for a block-A "yes" or "not sure", whether or not the rest of the form is in order."""
        return is_emergency(raw_signs.posted_list(self.data, "safety_check"))

    @property
    def has_contact(self) -> bool:
        """Tell whether the person can be reached: a name, and an address or a number that is in order."""
        data = self.cleaned_data
        has_name = data.get("first_name") and "last_name" in data
        return bool(has_name and (data.get("email") or data.get("phone")))


class StepOne(RequestForm):
    """The request: safety, pain, what was tried, how to reach the person, and their agreement."""

    page, sections = "request", STEP_ONE


class CallMe(RequestForm):
    """The short way: safety, a name and a telephone number."""

    page, sections = "call-me", CALL_ME
