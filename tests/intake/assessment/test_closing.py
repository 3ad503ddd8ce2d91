"""What asked staff about the answers of a request ends with it, and waits again with it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm.enums.leads import LostReason, Stage, TaskKind
from crm.leads import actions as leads
from crm.leads import next_steps
from crm.models import Lead, Task, User
from intake.assessment import unknowns

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(lead: Lead) -> list[Task]:
    keys = [("verify:1", TaskKind.VERIFY), (f"{unknowns.KEY}{lead.pk}:1", TaskKind.OTHER)]
    return [Task.objects.create(lead=lead, kind=kind, title=key, key=key, due_at=timezone.now()) for key, kind in keys]


def close(lead: Lead, stage: Stage) -> None:
    leads.move(lead, to=stage, by=None, lost_reason=LostReason.COST if stage == Stage.LOST else "")


def waiting() -> int:
    return Task.objects.open().filter(key__regex="^(verify|told-all):").count()


@pytest.mark.parametrize("stage", [Stage.LOST, Stage.DORMANT, Stage.IMPROVED])
def test_nobody_verifies_what_nobody_works_on(lead: Lead, asked: list[Task], stage: Stage) -> None:
    close(lead, stage)
    assert waiting() == 0


def test_what_ended_with_the_request_waits_again_with_it(lead: Lead, asked: list[Task], coordinator: User) -> None:
    Task.objects.filter(pk=asked[1].pk).update(done_at=timezone.now() - timedelta(days=1), done_by=coordinator)
    close(lead, Stage.DORMANT)
    leads.move(lead, to=Stage.QUALIFYING, by=None)
    assert list(Task.objects.open().filter(kind=TaskKind.VERIFY)) == [asked[0]]
    assert waiting() == 1


def test_who_is_still_expected_is_verified(lead: Lead, asked: list[Task], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(next_steps, "is_expected", lambda _lead: True)
    close(lead, Stage.LOST)
    assert waiting() == 2
