"""Sequences at the desk: what runs, how it goes, and changing it: copy, edit, compare, publish, withdraw, move."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone

from crm.admin.base import PagesAdmin
from crm.admin.lead.page import user_of
from crm.admin.once import once
from crm.admin.sequence_forms import HeadForm, StepForms, body_from
from crm.errors import DomainError
from crm.followups import dry_run, versions
from crm.followups import stats as followup_stats
from crm.followups.stats import SequenceFigures
from crm.models import Lead, SequenceVersion, User, VersionState
from crm.sequences import difference, words


@admin.register(SequenceVersion)
class SequenceVersionAdmin(PagesAdmin):
    """One page per version of a sequence. The list holds one line per sequence, with figures."""

    location_path, everywhere_because = None, "All locations follow up in the same way."

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("", view(self.overview), name="crm_sequenceversion_changelist"),
            path("next-week/", view(self.next_week), name="crm_sequenceversion_next_week"),
            path("<uuid:pk>/", view(self.look), name="crm_sequenceversion_change"),
            path("<uuid:pk>/edit/", view(self.edit), name="crm_sequenceversion_edit"),
            path("<uuid:pk>/<str:what>/", view(self.act), name="crm_sequenceversion_act"),
        ]

    def overview(self, request: HttpRequest) -> HttpResponse:
        """Show every sequence, who is in it, and what it has led to."""
        self.may(request, "crm.view_sequenceversion")
        published = SequenceVersion.objects.filter(state=VersionState.PUBLISHED).order_by("key")
        figures = followup_stats.of_all(user_of(request))
        rows = [(one, one.definition, figures.get(one.key, SequenceFigures())) for one in published]
        withdrawn = SequenceVersion.objects.exclude(key__in=[one.key for one in published]).order_by("key", "-number")
        gone = withdrawn.distinct("key")
        return self.page(request, "crm/admin/sequences.html", title="Sequences", leads=[], rows=rows, withdrawn=gone)

    def look(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Show one version: its steps, its figures, how it differs from the one in force, and the others."""
        self.may(request, "crm.view_sequenceversion")
        version = self._find(pk)
        in_force = SequenceVersion.objects.filter(key=version.key, state=VersionState.PUBLISHED).first()
        compared = in_force if in_force and in_force.pk != version.pk else None
        rehearsal = self._rehearsal(request, version)
        return self.page(
            request,
            "crm/admin/sequence.html",
            title=str(version),
            leads=[rehearsal["rehearsed"].pk] if rehearsal["rehearsed"] else [],
            version=version,
            seen=versions.fingerprint(version),
            definition=version.definition,
            in_force=in_force,
            differences=difference.in_words(compared.definition, version.definition) if compared else [],
            compared=compared,
            figures=followup_stats.of_all(user_of(request)).get(version.key, SequenceFigures()),
            stopped=followup_stats.why_stopped(version.key, user_of(request)),
            begins=words.TRIGGERS[version.definition.trigger],
            when=[words.condition(name) for name in version.definition.when],
            stops=[words.condition(name) for name in version.definition.stops],
            on_resume=words.ON_RESUME[version.definition.on_resume],
            **rehearsal,
            elsewhere=versions.under_way_elsewhere(version),
            others=SequenceVersion.objects.filter(key=version.key)
            .exclude(pk=pk)
            .select_related("created_by")
            .order_by("-number"),
        )

    def next_week(self, request: HttpRequest) -> HttpResponse:
        """Show a dry run of everything that falls due within seven days."""
        self.may(request, "crm.view_sequenceversion")
        coming = dry_run.of_everybody(user_of(request), now=timezone.now(), days=7)
        return self.page(
            request,
            "crm/admin/coming.html",
            title="The next 7 days",
            leads=[one.lead.pk for one in coming],
            coming=coming,
            capped=len(coming) == dry_run.MOST_SHOWN,
        )

    def _rehearsal(self, request: HttpRequest, version: SequenceVersion) -> dict[str, Any]:
        """Return a dry run of this version on the lead with the reference number in ?for=, if it is in sight."""
        reference = request.GET.get("for", "").strip().upper()
        theirs = Lead.objects.select_related("location").visible_to(user_of(request))
        lead = theirs.filter(reference=reference).first() if reference else None
        coming = dry_run.of_lead(lead, version, now=timezone.now()) if lead else []
        return {"reference": reference, "rehearsed": lead, "coming": coming}

    def edit(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Show and save the form of a draft. What cannot be carried out is said, and nothing typed is lost."""
        self.may(request, "crm.change_sequenceversion")
        version = self._find(pk)
        if version.state != VersionState.DRAFT:
            messages.warning(request, "Only a draft can be edited: make a copy first.")
            return redirect("admin:crm_sequenceversion_change", pk)
        data = request.POST or None
        seen, refused = versions.fingerprint(version), ""
        head = HeadForm(data, definition=version.definition, seen=seen)
        steps = StepForms(data, definition=version.definition)
        if request.method == "POST" and head.is_valid() and steps.is_valid():
            refused = self._save(version, head, steps, now_is=seen)
            if not refused:
                messages.success(request, "The draft is saved. Nothing changes for anybody until it is published.")
                return redirect("admin:crm_sequenceversion_change", pk)
        bad = bool(refused or head.errors or any(steps.errors))
        return self.page(
            request,
            "crm/admin/sequence_edit.html",
            title=f"Edit {version}",
            leads=[],
            status=422 if bad else 200,
            version=version,
            head=head,
            steps=steps,
            refused=refused,
        )

    def _save(self, version: SequenceVersion, head: HeadForm, steps: StepForms, *, now_is: str) -> str:
        """Save a draft from valid forms. Return why not; "" when it is saved. Where the draft has changed meanwhile the
        form takes along what it `now_is`: whoever saves again has read it."""
        body, data = body_from(version, head, steps), head.cleaned_data
        try:
            versions.save_draft(version, body=body, note=data["note"], seen=data["seen"])
        except versions.DraftChanged as changed:
            known = head.data.copy()  # type: ignore[attr-defined]  # a QueryDict
            known["seen"] = now_is
            head.data = known
            return changed.message
        except DomainError as trouble:
            return trouble.message
        return ""

    def act(self, request: HttpRequest, pk: UUID, what: str) -> HttpResponse:
        """Do what a button of a version's page says: `copy`, `publish`, `withdraw` or `move`."""
        self.may(request, "crm.change_sequenceversion")
        version, user = self._find(pk), user_of(request)
        if request.method != "POST":
            return redirect("admin:crm_sequenceversion_change", pk)
        try:
            if what == "copy":
                return once(request, lambda: self._copy(version, user)) or self._copied_already(request, version)
            if what == "publish":
                versions.publish(version, seen=request.POST.get("seen", ""))
                messages.success(request, "Published: whoever is enrolled from now on gets this version.")
            elif what == "withdraw":
                versions.withdraw(version)
                messages.success(request, "Withdrawn: it begins for nobody any more. Whoever is in it goes on.")
            elif what == "move":
                count = versions.move_everybody(version, by=user, now=timezone.now())
                messages.success(
                    request, f"{count} under way go on with this version; what was done is not done again."
                )
        except DomainError as refused:
            messages.warning(request, refused.message)
        return redirect("admin:crm_sequenceversion_change", pk)

    def _copy(self, version: SequenceVersion, user: User) -> HttpResponseRedirect:
        made = versions.copy(version, by=user, now=timezone.now())
        return redirect("admin:crm_sequenceversion_edit", made.pk)

    def _copied_already(self, request: HttpRequest, version: SequenceVersion) -> HttpResponseRedirect:
        """Lead a second press on: the page of the version names its copies."""
        messages.info(request, "That was copied already.")
        return redirect("admin:crm_sequenceversion_change", version.pk)

    def _find(self, pk: UUID) -> SequenceVersion:
        return get_object_or_404(SequenceVersion.objects.select_related("created_by"), pk=pk)
