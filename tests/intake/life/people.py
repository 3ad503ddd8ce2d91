"""Who is in a life: two patients with records of their own, in one center, and those who work there."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import time_machine
from django.test import Client

from crm.models import Lead, User
from intake import pending, time_passes
from tests.answers import STEP_ONE
from tests.factories import prove, step_one
from tests.intake.life.model import ZONE, Page, Record
from tests.page_forms import as_sent

NOT_ANSWERS = {"consent_privacy", "consent_contact"}


@dataclass
class Clock:
    """The clock of the whole process."""

    traveller: time_machine.Traveller
    now: datetime

    @property
    def today(self) -> date:
        """Where the people live."""
        return self.now.astimezone(ZONE).date()

    def goes_on(self, span: timedelta) -> None:
        self.now += span
        self.traveller.move_to(self.now)


@dataclass
class OpenPage:
    """A page that somebody has open, perhaps for long. `shown`: what its reader knows of the record."""

    address: str
    form: dict[str, Any]
    shown: Any
    by: str


@dataclass
class Person:
    name: str
    lead: Lead
    record: Record
    browser: Client
    open_pages: dict[str, list[OpenPage]] = field(default_factory=dict)

    @property
    def desk(self) -> str:
        return f"/admin/crm/lead/{self.lead.pk}/"

    def keeps_open(self, kind: str, page: OpenPage) -> None:
        self.open_pages.setdefault(kind, []).append(page)

    def takes_up(self, kind: str, chance: Random) -> OpenPage | None:
        pages = self.open_pages.get(kind, [])
        return pages.pop(chance.randrange(len(pages))) if pages else None


@dataclass
class World:
    clock: Clock
    chance: Random
    people: list[Person]
    staff: dict[str, User]

    def desk(self, name: str) -> Client:
        """Somebody who has just signed in at the desk."""
        browser = Client()
        browser.force_login(self.staff[name])
        return browser

    def comes_back(self, person: Person) -> Client:
        """The patient in a browser that has shown who they are just now."""
        person.browser = Client()
        person.browser.cookies["patient"] = prove(person.lead, now=self.clock.now).secret
        return person.browser

    def days_pass(self, days: int) -> None:
        """With the rounds of the worker."""
        self.clock.goes_on(timedelta(days=days))
        self.worker_comes_by()

    def worker_comes_by(self) -> None:
        pending.apply_due(self.clock.now)
        while time_passes.ask_due(now=self.clock.now):
            pass


def arrives(clock: Clock, name: str, number: int, **changes: Any) -> Person:
    """Somebody who fills in the first form, and proves who they are."""
    mark = f"{name.upper()}MARK{number}"
    who = {
        "first_name": name,
        "last_name": f"Sample{number}",
        "email": f"{name.lower()}{number}@example.org",
        "phone": None,
        "preferred_contact": "email",
    }
    answer = Client().post("/candidate/", step_one(**(who | changes)))
    assert answer.status_code == 302, answer.content.decode()
    lead = Lead.objects.get(email=who["email"])
    record = Record(mark, [Page(clock.now, answers_of(changes))])
    record.settles(clock.now)
    record.alert = record.held
    browser = Client()
    browser.cookies["patient"] = prove(lead, now=clock.now).secret
    return Person(name, lead, record, browser)


def answers_of(changes: dict[str, Any]) -> dict[str, Any]:
    """What the first form tells the rules."""
    told = {name: value for name, value in (STEP_ONE | changes).items() if name not in NOT_ANSWERS}
    wanted = (
        "safety_check safety_check_b pain_region radiation onset pain_now_avg tried_treatments plan_type payer_name"
    )
    return {name: told[name] for name in wanted.split() if name in told}


def opened(browser: Client, address: str, *, field: str) -> dict[str, Any]:
    """The form with this field, as it would be sent without a touch: whatever it carries along comes too."""
    answer = browser.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    forms = re.findall(r"<form.*?</form>", answer.content.decode(), re.DOTALL)
    return dict(as_sent(next(one for one in forms if f'name="{field}"' in one), having="csrfmiddlewaretoken"))
