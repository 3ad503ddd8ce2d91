"""The words of follow-up mails at the desk: what is sent now, writing one's own with a preview, and going back."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import cached_property

from crm.admin import leaving, view_audit
from crm.admin.base import PagesAdmin
from crm.admin.lead.page import user_of
from crm.errors import TextRefused
from crm.followups import published
from crm.mail import template_actions as texts
from crm.mail import template_lint
from crm.mail import templates as mail_templates
from crm.mail.markdown import FILLED_LATER, FILLED_NOW, Text
from crm.models import Lead, MailText, User


class TextForm(forms.Form):
    """A text of follow-up mails, and the lead for whom its preview is made."""

    subject = forms.CharField(max_length=template_lint.LONGEST_SUBJECT)
    body = forms.CharField(max_length=template_lint.LONGEST_BODY, widget=forms.Textarea(attrs={"rows": 14}))
    reference = forms.CharField(
        label="Shown as it would be for",
        required=False,
        max_length=9,
        help_text="A reference number; empty: the latest.",
    )
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)  # the version that was sent when it was made

    def __init__(self, *args: Any, language: str, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.language = language
        self.leads = Lead.objects.select_related("location").visible_to(by).order_by("-created_at", "-pk")

    def clean_reference(self) -> str:
        reference = str(self.cleaned_data["reference"]).strip().upper()
        if reference and not self.leads.filter(reference=reference).exists():
            raise forms.ValidationError("There is no request with this reference number.")
        return reference

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            for complaint in template_lint.complaints(self.text, self.language):
                self.add_error(None, complaint)
        return data

    @property
    def text(self) -> Text:
        return Text(self.cleaned_data.get("subject", ""), self.cleaned_data.get("body", ""))

    @property
    def number_seen(self) -> int | None:
        """Return the version that the page showed as the one sent, 0 for the product's own; None when it names none."""
        said = str(self.data.get("seen", ""))
        return int(said) if said.isdecimal() else None

    def show_newer(self, number: int, message: str) -> None:
        """Say what somebody else did meanwhile: who presses again has read it."""
        self.data = {**dict(self.data.items()), "seen": str(number)}
        self.add_error(None, message)

    @cached_property
    def lead(self) -> Lead | None:
        """Return the lead for the preview, of a location that this person works for; None when there is none. Its
        language is that of the text, whatever the lead's own is."""
        reference = self.cleaned_data.get("reference", "") if self.is_bound else ""
        found = self.leads.filter(reference=reference).first() if reference else self.leads.first()
        if found:
            found.language = self.language
        return found


@admin.register(MailText)
class MailTextAdmin(PagesAdmin):
    """One page per text and language. The list shows all texts that there are, whether or not a row exists."""

    location_path, everywhere_because = None, "All locations send the same texts."

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("", view(self.overview), name="crm_mailtext_changelist"),
            path("<slug:name>/<slug:language>/", view(self.edit), name="crm_mailtext_edit"),
            path("<slug:name>/<slug:language>/preview/", view(self.preview), name="crm_mailtext_preview"),
        ]

    def overview(self, request: HttpRequest) -> HttpResponse:
        """Show every text with the sequences that use it, and whose wording is sent now."""
        self.may(request, "crm.view_mailtext")
        used: dict[str, list[str]] = {}
        for _version, definition in published.in_force():
            for step in definition.steps:
                if step.text:
                    used.setdefault(step.text, []).append(definition.title)
        rows = [(name, sorted(set(used.get(name, []))), self._versions(name)) for name in mail_templates.names()]
        return self.page(request, "crm/admin/mail_texts.html", title="Texts of follow-ups", leads=[], rows=rows)

    def _versions(self, name: str) -> list[dict[str, Any]]:
        found = []
        for language, label in settings.LANGUAGES:
            text, ours = mail_templates.in_force(name, language)
            found.append({"code": language, "label": label, "subject": text.subject, "ours": ours})
        return found

    def edit(self, request: HttpRequest, name: str, language: str) -> HttpResponse:
        """Publish, send a test, or go back to the text of the product: the button says which."""
        self.may(request, "crm.view_mailtext")
        mail_templates.forget_texts()  # what is changed here is what is sent, not what was a moment ago
        text, ours = self._find(name, language)
        initial = text._asdict() | {"seen": _number(ours, language)}
        form, newer = TextForm(request.POST or None, language=language, by=user_of(request), initial=initial), None
        if request.method == "POST":
            self.may(request, "crm.change_mailtext")
            try:
                if self._carry_out(request, form, name, language):
                    return redirect("admin:crm_mailtext_edit", name, language)
            except texts.TextChanged as changed:
                mail_templates.forget_texts()
                newer, ours = self._find(name, language)
                form.show_newer(_number(ours, language), changed.message)
        made = self._preview_of(form, name, text)
        return self.page(
            request,
            "crm/admin/mail_text.html",
            title=f"Text “{name}”",
            leads=[form.lead.pk] if form.lead else [],
            status=422 if form.errors else 200,
            name=name,
            language=language,
            form=form,
            newer=newer,
            ours=ours,
            made=made,
            placeholders=sorted(FILLED_NOW | FILLED_LATER),
            versions=MailText.objects.filter(name=name, language=language)
            .select_related("created_by")
            .order_by("-number"),
            preview_address=reverse("admin:crm_mailtext_preview", args=[name, language]),
        )

    def _carry_out(self, request: HttpRequest, form: TextForm, name: str, language: str) -> bool:
        """Do what the button says, and tell whether the form is finished with. Raises TextChanged."""
        if "withdraw" in request.POST:
            texts.withdraw(name, language, seen=form.number_seen)
            messages.success(request, "The text that comes with the product is sent again.")
            return True
        if not form.is_valid():
            return False
        user, now, lead = user_of(request), timezone.now(), form.lead
        if "test" in request.POST:
            if lead is None:
                form.add_error(None, "There is nobody yet whose mail this could be.")
            else:
                texts.send_test(name, form.text, lead, to=user, now=now)
                said = f"A test is on its way to {user.email}. Nothing was saved."
                leaving.say(request, said, waits=f"A test to {user.email} is kept. Nothing was saved.")
            return False
        try:
            made = texts.publish(name, language, form.text, by=user, now=now, seen=form.number_seen)
        except texts.TextChanged:
            raise
        except TextRefused as refused:
            form.add_error(None, refused.message)
            return False
        messages.success(request, f"Published: version {made.number} is sent from now on.")
        return True

    def preview(self, request: HttpRequest, name: str, language: str) -> HttpResponse:
        """Return a preview for the page as somebody types: {"subject", "html", "text", "complaints"}."""
        self.may(request, "crm.view_mailtext")
        text, _ours = self._find(name, language)
        form = TextForm(request.POST or None, language=language, by=user_of(request), initial=text._asdict())
        form.is_valid()
        view_audit.record(request, "mail_text", [form.lead.pk] if form.lead else [], by_itself=True)
        made = self._preview_of(form, name, text)
        complaints = [str(error) for errors in form.errors.values() for error in errors]
        seen = {"subject": made.subject, "html": made.html, "text": made.text} if made else {}
        return JsonResponse(seen | {"complaints": complaints})

    def _preview_of(self, form: TextForm, name: str, text: Text) -> Any:
        lead = form.lead
        return texts.preview(name, form.text if form.is_bound else text, lead) if lead else None

    def _find(self, name: str, language: str) -> tuple[Text, MailText | None]:
        if language not in dict(settings.LANGUAGES):
            raise Http404
        try:
            return mail_templates.in_force(name, language)
        except mail_templates.NoSuchText:
            raise Http404 from None


def _number(ours: MailText | None, language: str) -> int:
    """Return the number of the version that is sent in this language, 0 for the text of the product."""
    return ours.number if ours and ours.language == language else 0
