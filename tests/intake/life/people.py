"""Who is in a life: two patients with records of their own, in one center, and those who work there."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import time_machine
from django.test import Client

from crm.models import Lead, User
from intake.assessment import time_passes
from intake.requests import pending
from tests.answers import STEP_ONE
from tests.factories import prove, step_one
from tests.intake.life.model import ZONE, Page, Record
from tests.page_forms import as_sent

FOR_THE_RULES = "safety_check safety_check_b pain_region radiation onset pain_now_avg tried_treatments"
STAYS_SIGNED_IN = timedelta(minutes=5)


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
    proven_at: datetime
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
    signed_in: dict[str, tuple[Client, datetime]] = field(default_factory=dict)

    def desk(self, name: str) -> Client:
        """Somebody who has signed in at the desk not long ago."""
        browser, at = self.signed_in.get(name, (None, self.clock.now))
        if browser is None or self.clock.now - at > STAYS_SIGNED_IN:
            browser = Client()
            browser.force_login(self.staff[name])
            self.signed_in[name] = (browser, self.clock.now)
        return browser

    def comes_back(self, person: Person) -> Client:
        """The patient in a browser that has shown who they are not long ago."""
        if self.clock.now - person.proven_at > STAYS_SIGNED_IN:
            person.browser, person.proven_at = Client(), self.clock.now
            opens_for(person.browser, person, now=self.clock.now)
        return person.browser

    def others(self, person: Person) -> list[Person]:
        return [one for one in self.people if one is not person]

    def days_pass(self, days: int) -> None:
        """With the rounds of the worker."""
        self.clock.goes_on(timedelta(days=days))
        self.worker_comes_by()

    def worker_comes_by(self) -> None:
        pending.apply_due(self.clock.now)
        while time_passes.ask_due(now=self.clock.now):
            pass


def opens_for(browser: Client, person: Person, *, now: datetime) -> None:
    """The page of this person is open in that browser from now on, whoever was there before."""
    browser.cookies["patient"] = prove(person.lead, now=now).secret


def arrives(clock: Clock, name: str, number: int, **changes: Any) -> Person:
    """Somebody who fills in the first form, and proves who they are."""
    who = {
        "first_name": name,
        "last_name": f"Sample{number}",
        "email": f"{name.lower()}{number}@example.org",
        "phone": None,
        "preferred_contact": "email",
    }
    answer = Client().post("/candidate/", step_one(**(who | changes)))
    assert answer.status_code == 302, answer.content.decode()
    record = Record(f"{name.upper()}MARK{number}", [Page(clock.now, answers_of(changes))])
    record.choices.append((clock.now, "consent_education" in changes))
    record.settles(clock.now)
    record.alert = record.held
    person = Person(name, Lead.objects.get(email=who["email"]), record, Client(), clock.now)
    opens_for(person.browser, person, now=clock.now)
    return person


def answers_of(changes: dict[str, Any]) -> dict[str, Any]:
    """What the first form tells the rules."""
    told = STEP_ONE | changes
    return {name: told[name] for name in FOR_THE_RULES.split() if name in told}


def opened(browser: Client, address: str, *, field: str) -> dict[str, Any]:
    """The form with this field, as it would be sent without a touch: whatever it carries along comes too."""
    answer = browser.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return form_in(answer.content.decode(), field=field)


def form_in(page: str, *, field: str) -> dict[str, Any]:
    forms = re.findall(r"<form.*?</form>", page, re.DOTALL)
    return dict(as_sent(next(one for one in forms if f'name="{field}"' in one), having="csrfmiddlewaretoken"))


def sends(browser: Client, address: str, told: dict[str, Any], *, field: str) -> None:
    """Opens a page, changes some of its answers, and sends it."""
    answer = browser.post(address, opened(browser, address, field=field) | told)
    assert answer.status_code == 302, answer.content.decode()
