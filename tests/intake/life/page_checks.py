"""What pages and papers have to show, as the model tells it."""

import html
import json
import re
from dataclasses import dataclass

from django.core.serializers.json import DjangoJSONEncoder
from django.test import Client

from crm.enums.leads import TaskKind
from crm.models import Lead, Task
from crm.patient_portal import own_copy
from tests.intake.life.heard import bare
from tests.intake.life.model import urgency
from tests.intake.life.people import Person, World

LABELS = {
    "URGENT": "Urgent",
    "PROMPT_REVIEW": "Prompt clinical review",
    "OUT_OF_SCOPE": "Out of scope",
    "MORE_INFO": "More information needed",
    "CONTINUE_CONSERVATIVE": "Continue conservative care",
    "CONSULT_LIKELY": "Consultation reasonable",
}
# What a patient reads of a rule, in few words of the sentence.
READS = {
    "R5": "get better in the first weeks",
    "R6": "mild at the moment",
    "R8": "this is helping",
    "R9": "about six weeks of treatment",
    "R10": "about three months to settle",
    "R11": "may be a reasonable next step",
}
MILD = ["mild at the moment", "this is helping", "get better in the first weeks"]
EMERGENCY = "needs emergency care"


@dataclass(frozen=True)
class Shown:
    """The desk's page of somebody, the paper for the surgeon, and the page of their own."""

    desk: str
    paper: str
    own: str


def looks_at(world: World, who: Person) -> Shown:
    clinician = world.desk("clinician")
    pages = [text_of(clinician, f"{who.desk}{page}/") for page in ("change", "summary")]
    return Shown(pages[0], pages[1], text_of(world.comes_back(who), "/my/"))


def pages_show_it(world: World, who: Person, shown: Shown) -> None:
    """What the rules say of the record today, the hold, and who has decided otherwise."""
    record, now = who.record, world.clock.now
    rules_said, rule = record.rules(now)
    assert f"Rule {rule} decided" in shown.desk
    assert LABELS[record.outcome(now)] in shown.desk
    is_asked = _is_looked_at(who)
    if record.held:
        assert "Safety hold" in shown.paper
    elif is_asked:
        assert "A clinical review is open." in shown.paper
    else:
        assert f"{LABELS[rules_said]} (rule {rule})" in shown.paper
    for decided in filter(None, (record.counting, record.waiting)):
        assert decided.reason in shown.desk
        assert decided.reason in shown.paper
    for sign in record.signs:
        assert f"({bare(sign)})" in shown.paper
    _own_page_shows_it(world, who, shown.own, is_mild=not (record.held or record.signs or is_asked))


def _own_page_shows_it(world: World, who: Person, page: str, *, is_mild: bool) -> None:
    record, (rules_said, rule) = who.record, who.record.rules(world.clock.now)
    assert not record.held or EMERGENCY in page
    if not is_mild:
        assert not [words for words in MILD if words in page]
    elif rule in READS and urgency(record.outcome(world.clock.now)) <= urgency(rules_said):
        assert READS[rule] in page


def looked_through(world: World, who: Person) -> None:
    """All of it, and that the packet is of the insurer, and that nothing of the other person is in any of it, nor in
    the copy of one's data."""
    shown = looks_at(world, who)
    pages_show_it(world, who, shown)
    copy = json.dumps(own_copy.export(Lead.objects.get(pk=who.lead.pk)), cls=DjangoJSONEncoder, default=str)
    for text in (shown.desk, shown.paper, shown.own, copy, _packet(world, who)):
        for other in world.others(who):
            assert other.record.mark not in text
            assert other.lead.email not in text


def _packet(world: World, who: Person) -> str:
    """Of all calls only the latest one of the present insurer about the present list; and under a hold or an open
    review no packet at all, before a clinician has said a word."""
    waits = who.record.held or _is_looked_at(who)
    answer = world.desk("coordinator").get(f"{who.desk}packet/print/")
    assert answer.status_code == (409 if waits else 200)
    paper, insured = answer.content.decode(), who.record.insured
    shown = [one for one in insured.calls if one.token in paper]
    assert shown == ([insured.counts] if insured.counts and not waits else [])
    return paper


def _is_looked_at(who: Person) -> bool:
    return Task.objects.open().filter(lead=who.lead, kind=TaskKind.REVIEW).exists()


def text_of(browser: Client, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return re.sub(r"\s+", " ", html.unescape(answer.content.decode()))
