"""One table of roles, from which groups, documents and these tests are made."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from crm import roles
from crm.accounts import groups
from crm.management.commands import roles_page
from crm.models import Lead, Location, User
from tests.factories import make_lead, make_location, make_user

pytestmark = pytest.mark.django_db


def test_every_permission_exists_and_every_role_is_described() -> None:
    for names in roles.PERMISSIONS.values():
        assert len(groups.permissions_named(names)) == len(set(names)) == len(names)
    assert list(roles.IN_WORDS) == list(roles.PERMISSIONS), (
        "Say in one sentence, in IN_WORDS of crm/roles.py, what a role is for (CONTRIBUTING.md, “A role”)"
    )


def test_the_page_says_what_the_table_says() -> None:
    call_command("roles_page", "--check")


def test_a_stale_page_names_the_command_and_is_written_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stale = roles_page.PAGE.read_text().replace("| `crm.add_lead` | yes |", "| `crm.add_lead` |  |")
    monkeypatch.setattr(roles_page, "PAGE", tmp_path / "roles.md")
    roles_page.PAGE.write_text(f"{stale}\nThe end.\n")

    with pytest.raises(CommandError, match=r"manage\.py roles_page"):
        call_command("roles_page", "--check")
    call_command("roles_page")

    page = roles_page.PAGE.read_text()
    assert roles.as_table() in page
    assert page.endswith("yes |\n\nThe end.\n")


ANSWERS = ["crm.view_treatment", "intake.view_submission", "intake.view_assessment", "crm.view_document"]


def test_the_front_desk_reaches_people_and_reads_no_answers(client: Client, lead: Lead) -> None:
    user = make_user("front_desk", email="fran@example.org")
    assert not any(user.has_perm(name) for name in ANSWERS)
    client.force_login(user)
    from crm.leads import actions as leads
    from tests.factories import make_treatment

    make_treatment(lead, drug_name="Naproxenesque")
    leads.add_note(lead, by=user, text="Told us of numbness")
    page = client.get(f"/admin/crm/lead/{lead.pk}/change/").content.decode()
    assert lead.full_name in page
    for hidden in ("Naproxenesque", "Told us of numbness", "Treatments tried", "Ratings and scores"):
        assert hidden not in page


def test_marketing_and_strangers_see_nobody(client: Client, lead: Lead) -> None:
    for role in (["marketing"], []):
        client.force_login(make_user(*role, email=f"{role}@example.org"))
        assert client.get(f"/admin/crm/lead/{lead.pk}/change/").status_code == 403


PAGES = ["change/", "details/", "treatments/add/", "scores/add/", "documents/", "insurance/", "summary/"]


@pytest.mark.parametrize("page", PAGES)
def test_a_lead_of_another_location_is_nowhere(desk: Client, coordinator: User, center: Location, page: str) -> None:
    here, there = make_lead(location=center), make_lead(location=make_location(name="Other"), email="o@example.org")
    coordinator.locations.add(center)
    assert desk.get(f"/admin/crm/lead/{here.pk}/{page}").status_code == 200
    assert desk.get(f"/admin/crm/lead/{there.pk}/{page}").status_code == 404


def test_nor_in_any_list(desk: Client, coordinator: User, center: Location) -> None:
    there = make_lead(location=make_location(name="Other"), last_name="Elsewhere")
    from crm.models import Task
    from tests.factories import make_message

    Task.objects.create(lead=there, title="Elsewhere too", due_at="2026-01-01T00:00Z")
    make_message(there, subject="Elsewhere as well")
    coordinator.locations.add(center)
    for path in ("/admin/crm/lead/", "/admin/crm/task/", "/admin/crm/message/", "/admin/board/", "/admin/"):
        assert "Elsewhere" not in desk.get(path).content.decode()
