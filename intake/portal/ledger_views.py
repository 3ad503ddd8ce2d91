"""The ledger of treatments where people look at it: on the page of a lead, and on the private page."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from crm.models import Lead, Treatment
from crm.patient_portal.entry import patient_page
from crm.patient_portal.requests import PatientRequest
from intake.assessment import answer_history
from intake.assessment.care_record import care_record
from intake.portal import chart
from intake.requests import treatment_form
from intake.rules.ledger import LedgerLine, ledger


def panel(request: HttpRequest, lead: Lead) -> str:
    """Show staff the drawing, what counts by group, and where nothing was done. "" before anything was tried."""
    shown = of_lead(lead)
    return render_to_string("intake/portal/ledger_panel.html", shown, request=request) if shown["rows"] else ""


@require_safe
@patient_page(reads=True)
def over_time(request: PatientRequest) -> HttpResponse:
    """Show the patient what they tried over time, and the days that count, in plain words."""
    return render(request, "intake/portal/over_time.html", of_lead(request.patient.lead) | {"patient": request.patient})


def of_lead(lead: Lead) -> dict[str, Any]:
    """Return what templates need: the ledger, its lines with rows and names in the reader's language, the drawing."""
    case = care_record(lead, answer_history.told_by(lead), now=timezone.now())
    made = ledger(case)
    rows = {str(row.pk): row for row in Treatment.objects.filter(lead=lead)}

    def name_of(line: LedgerLine) -> str:
        return treatment_form.title(rows[line.care.key])

    return {
        "lead": lead,
        "ledger": made,
        "rows": [
            *((line, rows[line.care.key], name_of(line)) for line in made.lines),
            *((None, row, treatment_form.title(row)) for row in rows.values() if not row.is_listed),
        ],
        "chart": chart.draw(made, case, name_of=name_of) if made.lines else None,
        "record": case,
    }
