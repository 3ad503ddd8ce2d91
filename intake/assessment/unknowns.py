"""When rule R7 asks only for what the patient was asked already, and does not know: nobody asks them again.

"Not sure" and "do not remember" are answers. A person decides how to go on: by a call, from records, or without.
"""

from datetime import datetime
from uuid import UUID

from crm.enums.leads import TaskKind
from crm.enums.treatments import TreatmentGroup, Unsure
from crm.leads import tasks
from crm.models import Lead, Task, Treatment
from intake.models import Assessment
from intake.rules.adequate_trials import NEVER_ADEQUATE
from intake.rules.snapshot import DID_NOT_HAPPEN

FLAG = "told_all_they_know"
KEY = "told-all:"  # how the keys of its tasks begin
TITLE = "The patient cannot say more: decide how to go on"


def is_all_that_is_asked(treatments: list[Treatment], made: Assessment) -> bool:
    """Return whether each thing that R7 asks for was answered with "not sure"."""
    if made.rule != "R7" or not made.snapshot["treatments"]:
        return False
    reason, rows = made.reasons[0], [row for row in treatments if row.is_listed and row.status not in DID_NOT_HAPPEN]
    if reason["code"] == "relief_missing":
        asked = [row for row in rows if row.kind in reason["evidence"]["kinds"] and row.relief_percent is None]
        return bool(asked) and all(Unsure.RELIEF in row.unsure_of for row in asked)
    groups = set(reason["evidence"]["groups"])
    asked = [row for row in rows if row.group in groups and row.kind not in NEVER_ADEQUATE and _lacks_dates(row)]
    # A box that was ticked without any treatment of its group is still to be asked about.
    return {row.group.value for row in asked} == groups and all(Unsure.DATES in row.unsure_of for row in asked)


def _lacks_dates(row: Treatment) -> bool:
    once = row.group == TreatmentGroup.INJECTION or row.ongoing
    return not row.status or row.start_date is None or not (once or row.end_date)


def follow(lead: Lead, made: Assessment, before: Assessment | None, *, now: datetime) -> None:
    """Open one task for a person when that begins, and end it when something is known after all."""
    is_so, was_so = FLAG in made.flags, bool(before and FLAG in before.flags)
    key = f"{KEY}{lead.pk}:"
    if is_so and not was_so:
        tasks.open_task(lead, kind=TaskKind.OTHER, title=TITLE, due_at=now, key=f"{key}{made.number}")
    elif was_so and not is_so:
        Task.objects.open().filter(key__startswith=key).update(done_at=now)


def leads_of(leads: list[UUID]) -> set[UUID]:
    """Return those of these leads who have told all they know. One query."""
    latest = Assessment.objects.filter(lead__in=leads).order_by("lead_id", "-number").distinct("lead_id")
    return {lead_id for lead_id, flags in latest.values_list("lead_id", "flags") if FLAG in flags}
