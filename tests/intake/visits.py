"""Everything that a browser without any proof can send, in the order of one visit, and what each answer cost."""

import hmac
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from intake.requests import pending
from tests.factories import step_one

SIGN = {"safety_check": ["A1"]}
NO_SIGN = {"safety_check": ["none"], "safety_check_b": ["none"]}
RATED = {"pain_now_avg": "3", "pain_enjoyment": "5", "pain_activity": "8"}
# What a page of the second step is sent, one after the other; each also twice. {} is refused.
PAGES: dict[str, list[dict[str, Any]]] = {
    "about-you": [{}, {"date_of_birth": "03/15/1970", "preferred_language": "es"}, {"date_of_birth": "03/16/1970"}],
    "pain": [{}, NO_SIGN | RATED | {"nrs_leg_avg": "8"}, NO_SIGN | RATED | {"pain_now_avg": "9", "later": "1"}],
    "neck": [{}],
    "imaging": [{"imaging": "none"}],
    "background": [{"conditions": ["diabetes"], "nicotine": "current"}, {"nicotine": "never", "shown": "{}"}],
    "insurance": [{"payer_name": "Aetna", "plan_type": "commercial"}, {"payer_name": "Cigna", "plan_type": "ppo"}],
    "recheck": [{}, NO_SIGN | RATED | {"new_treatments": "no"}, SIGN, SIGN | {"pain_now_avg": "1"}],
    "safety": [NO_SIGN, {"safety_check": ["none"], "safety_check_b": ["B2"]}, {"safety_check": ["unsure_A1"]}],
}
TOLD: list[dict[str, Any]] = [
    {"start": "soon"},
    {"start": "03/2026", "end": "02/2026"},
    {"start": "03/2026", "end": "06/2026", "going_on": "no", "sessions": "12", "relief": "25", "lasted": "14"},
    {"not_tried": "1"},
]
# What every other address is sent; nothing when it says so. Whatever is added to the site is wanted here, or above.
SENT: dict[str, list[dict[str, Any]]] = {
    "preferences": [{"scope": "everything"}],
    "private:page": [],
    "private:link": [{"opened": str(uuid.UUID(int=1))}],
    "private:stay": [],
    "private:code": [{"send": "1"}, {"code": "123456"}, {"birthday": "03/15/1970"}, {"birthday": "1970"}],
    "my:messages": [{"text": "Hello"}],
    "my:people": [{"name": "Mario Sample", "relation": "son", "may_discuss": "on"}],
    "my:person_end": [],
    "my:data": [],
    "my:download": [],
    "my:delete": [{"sure": "on"}],
    "my:keep": [],
    "my_documents:page": [],
    "my_documents:start": [{"name": "a.pdf", "size": "10"}],
    "my_documents:piece": [],
    "my_documents:finish": [],
    "my_documents:fetch": [],
    "my_documents:take_back": [],
    "appointments:mine": [],
    "appointments:choose": [{"at": "2026-12-01T15:00"}],
    "appointments:wait_for_any": [{"weekdays": ["mon"]}],
    "appointments:confirm": [{"confirm": "1"}],
    "appointments:one": [],
    "appointments:will_come": [{"will_come": "1"}],
    "appointments:move": [],
    "appointments:confirm_overlap": [],
    "appointments:confirm_move": [],
    "appointments:cancel": [{"reason": "Feeling better"}],
    "appointments:ics": [],
    "appointments:offer": [{"answer": "yes"}],
    "appointments:wait": [],
    "intake:my_wishes": [{"preferred_contact": "email", "language": "es"}],
    "intake:my_over_time": [],
    "intake:prove": [{"salt": "a", "number": "1", "signature": "b"}],
    "intake:thanks": [],
    "intake:emergency": [],
    "intake:ask_thanks": [],
}
# Sent in full, as forms of this person; or with addresses that the visit finds.
IN_THE_VISIT = {
    "intake:candidate",
    "intake:call_me",
    "intake:embed",
    "intake:ask",
    "intake:go_on",
    "intake:my_questions",
    "intake:my_treatments",
    "intake:my_treatment",
    "private:leave",
}
# Nothing that is known of people plays a part in these.
EXPLAINED = {
    "healthz": "says whether the process lives",
    "readyz": "says whether the services answer",
    "feeds:calendar": "wants a token of a member of staff",
    "metrics": "wants a token of whoever runs the site",
    "mail_events": "wants a signature of the mail provider",
    "mail_arrived": "wants a signature of the mail provider",
    "logo": "a picture of a location",
    "intake:home": "reading",
    "intake:learn": "reading",
    "intake:article": "reading",
    "intake:robots": "reading",
    "intake:sitemap": "reading",
}
WORDS = {"str": "x", "slug": "consultation", "uuid": uuid.UUID(int=7)}


@dataclass(frozen=True)
class Answer:
    """What a browser can see of one request, its clock included: mails that are thrown away take time too. `what`: to
    find it in a list."""

    what: str
    status: int
    page: str
    cookies: tuple[str, ...]
    statements: int
    hashes: int
    mails: int


def public_routes() -> dict[str, str]:
    """{name: pattern} of every address but those of the desk, from the resolver."""
    return dict(_named(get_resolver().url_patterns, "", ""))


def _named(patterns: list[Any], names: str, before: str) -> Iterator[tuple[str, str]]:
    for found in patterns:
        here = before + str(found.pattern)
        if isinstance(found, URLResolver) and found.namespace != "admin":
            yield from _named(found.url_patterns, f"{names}{found.namespace}:" if found.namespace else names, here)
        elif isinstance(found, URLPattern):
            yield f"{names}{found.name}", here


def address_of(name: str) -> str:
    """An address of this name, of things that are not there."""
    kinds = re.findall(r"<(\w+):(\w+)>", public_routes()[name].removeprefix("(?i)"))
    return reverse(name, kwargs={key: WORDS[kind] for kind, key in kinds})


class Visit:
    """One person's visit, in as many browsers as they like. `person`: what they give as name, e-mail and telephone."""

    def __init__(self, person: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
        self.person, self.monkeypatch = person, monkeypatch
        self.answers: list[Answer] = []
        self.names: set[str] = set()
        self.browser = Client()

    def begin(self) -> list[Answer]:
        """Ask for help, once with a warning sign; return what each answer cost."""
        self._ask_for_help()
        self._report_a_sign()
        return self.answers

    def make(self) -> list[Answer]:
        """Go everywhere; return what each answer cost, in order."""
        self._ask_for_help()
        self._answer_the_questions()
        self._tell_of_treatments()
        self._go_everywhere()
        self._send_older_pages()
        self._report_a_sign()
        self._use_other_doors()
        return self.answers

    def _ask_for_help(self) -> None:
        form = str(uuid.uuid4())
        for changes in ({}, {}, {"pain_now_avg": "2"}, {"phone": "(212) 555-0198"}, {"email": "typo@example.org"}):
            self.send("/candidate/", self._form(submission_id=form, **changes))
        self.send("/candidate/", self._form(submission_id=form, last_name="", email="no address"))
        self.see("/candidate/thanks/")
        self.send("/candidate/go-on/", {})
        self.see("/my/")

    def _answer_the_questions(self) -> None:
        for key, pages in PAGES.items():
            for answers in pages:
                given = {"submission_id": str(uuid.uuid4())} | answers
                self.send(f"/my/questions/{key}/", given)
                self.see(f"/my/questions/{key}/")
            self.send(f"/my/questions/{key}/", given)
        self.see("/candidate/emergency/")

    def _tell_of_treatments(self) -> None:
        picked: list[dict[str, Any]] = [{}, {"nothing": "1"}, {"kinds": ["pt_supervised", "esi_unknown"]}]
        for given in [*picked, {"kinds": ["pt_supervised", "heat", "esi_unknown"]}, {"nothing": "1"}]:
            self.send("/my/treatments/", given | {"submission_id": str(uuid.uuid4())})
        page = self.see("/my/treatments/").content.decode()
        for address in dict.fromkeys(re.findall(r"/my/treatments/[0-9a-f-]{36}/", page)):
            for told in TOLD:
                given = {"submission_id": str(uuid.uuid4()), "relief": "25"} | told
                self.see(address)
                self.send(address, given)

    def _go_everywhere(self) -> None:
        for name, payloads in SENT.items():
            if name not in public_routes():
                continue
            self.see(address_of(name))
            for payload in payloads or [{}]:
                self.send(address_of(name), payload)

    def _send_older_pages(self) -> None:
        """From a tab of this request when another one was sent since, and when the page is closed."""
        page = self.see("/my/questions/recheck/").content.decode()
        older = dict(re.findall(r'name="(whose_page)" value="([^"]+)"', page))
        thanks = self.see("/candidate/thanks/").content.decode()
        older_thanks = dict(re.findall(r'name="(reference)" value="([^"]+)"', thanks))
        self.send("/candidate/", self._form())
        self.send("/candidate/go-on/", older_thanks)
        self.send("/candidate/go-on/", {})
        for answers in ({"conditions": ["diabetes"]}, older):
            self.send("/my/questions/background/", older | answers)
        self.send("/my/questions/recheck/", older | SIGN)
        self.send("/my/leave/", older)
        self.send("/my/questions/background/", older)
        self.send("/my/questions/recheck/", older | SIGN)

    def _report_a_sign(self) -> None:
        self.browser, form = Client(), str(uuid.uuid4())
        for changes in (SIGN, SIGN, SIGN | {"pain_now_avg": "1"}):
            self.send("/candidate/", self._form(submission_id=form, **changes))
        self.browser = Client()
        self.send("/candidate/", self._form(**SIGN, phone=None, preferred_contact="email"))
        self.send("/candidate/", self._form(submission_id=form, **SIGN))

    def _use_other_doors(self) -> None:
        self.browser = Client()
        for changes in ({}, SIGN):
            self.send("/candidate/call-me/", self._form(**changes))
        page = self.see("/candidate/embed/").content.decode()
        fields = dict(re.findall(r'name="(token|submission_id)" value="([^"]+)"', page))
        self.send("/candidate/embed/", self._form(**fields))
        contact = {"name": "A", "email": self.person["email"], "phone": self.person["phone"]}
        self.send("/ask/", {"topic": "other", "message": "?"} | contact)

    def _form(self, **changes: Any) -> dict[str, Any]:
        return step_one(**(self.person | changes))

    def see(self, address: str) -> HttpResponse:
        return self._counted("GET", address, {})

    def send(self, address: str, given: dict[str, Any]) -> HttpResponse:
        return self._counted("POST", address, given)

    def _counted(self, method: str, address: str, given: dict[str, Any]) -> HttpResponse:
        hashes, keyed = 0, hmac.new

        def counted(*args: Any, **kwargs: Any) -> Any:
            nonlocal hashes
            hashes += 1
            return keyed(*args, **kwargs)

        call = self.browser.get if method == "GET" else self.browser.post
        with self.monkeypatch.context() as patched, CaptureQueriesContext(connection) as asked:
            patched.setattr("hmac.new", counted)
            patched.setattr("crm.patient_portal.access.NOTED_EVERY", timedelta(days=1))  # however slow the machine is
            answer: Any = call(address, given)
        statements = [one["sql"] for one in asked if not re.match("SAVEPOINT|RELEASE|ROLLBACK TO", one["sql"])]
        self.names |= {answer.resolver_match.view_name} if method == "POST" and answer.resolver_match else set()
        self.answers.append(
            Answer(
                f"{len(self.answers)} {method} {self._neutral(address)} {sorted(given)}",
                answer.status_code,
                self._neutral(answer.content.decode() + answer.get("Location", "")),
                tuple(sorted(answer.cookies)),
                len(statements),
                hashes,
                sum(sql.count('INSERT INTO "crm_message"') for sql in statements),
            )
        )
        self.statements = statements
        pending.apply_due(timezone.now())
        found: HttpResponse = answer
        return found

    def _neutral(self, page: str) -> str:
        """Without what is random, and what the person has typed."""
        page = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID", page)
        page = re.sub(r"[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}", "REFERENCE", page)
        page = re.sub(r'(name="(csrfmiddlewaretoken|whose_page|opened|token)" value=")[^"]*', r"\1", page)
        page = re.sub(r"told=[^\"&]*", "told=", page)
        page = re.sub(r'(data-(tabs|closed-tabs|closes-at-last)=")[^"]*', r"\1", page)
        for name, value in self.person.items():
            page = page.replace(str(value), name.upper())
        return page
