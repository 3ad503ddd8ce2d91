"""Each column of a lead: where it is edited, or why not, and that whoever edits it sees it."""

from pathlib import Path

from crm.admin.forms import DETAILS_PARTS
from crm.leads.actions import DETAILS
from crm.models import Lead

TEMPLATE = (Path(__file__).resolve().parents[3] / "templates/crm/admin/lead/page.html").read_text()
HOW = "(CONTRIBUTING.md, “A field of Lead”)"

IN_FORM = {name for part in DETAILS_PARTS.values() for name in part} - {"never_theirs"}  # which is of no column
# Columns that the form of contact details leaves out, by why.
NOT_IN_FORM = {
    "the patient says it, among the wishes of the private page": "best_time language",
    "a form of its own, because it proves who somebody is": "date_of_birth",
    "a move": "stage stage_since lost_reason",
    "the rules, and decisions about them": "outcome recheck_on wake_up_on safety_hold",
    "how it came is what happened": "how_heard attribution came_by received_at",
    "what a lead is, and where, stays": "id reference location",
    "kept by itself": "created_at updated_at",
}
# What the page of the lead shows of a column in other words.
SHOWN_AS = {"first_name": "lead.full_name", "last_name": "lead.full_name", "do_not_call": "calls.why"}


def test_every_column_is_edited_or_says_why_not() -> None:
    explained = {name for names in NOT_IN_FORM.values() for name in names.split()}
    columns = {column.name for column in Lead._meta.concrete_fields}

    missing = columns - IN_FORM - explained
    assert missing == set(), (
        "Let these be edited (DETAILS_PARTS and DetailsForm in crm/admin/forms.py, DETAILS in crm/leads/actions.py), "
        f"or say in NOT_IN_FORM here why not {HOW}"
    )
    assert explained & IN_FORM == set()
    assert explained - columns == set()


def test_what_the_form_asks_is_written() -> None:
    assert set() == IN_FORM - DETAILS, f"DETAILS in crm/leads/actions.py lacks them: the form could not be saved {HOW}"


def test_what_can_be_edited_is_seen() -> None:
    shown = {name for name in IN_FORM if any(f"lead.{way}" in TEMPLATE for way in (name, f"get_{name}_display"))}
    shown |= {name for name, other in SHOWN_AS.items() if other in TEMPLATE}

    unseen = IN_FORM - shown
    assert unseen == set(), f"templates/crm/admin/lead/page.html shows none of these {HOW}"
