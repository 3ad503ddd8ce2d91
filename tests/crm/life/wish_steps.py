"""What people wish: by the link at the foot of a mail, newer or older, in one click, and on their private page."""

import re
from uuid import uuid4

from django.conf import settings
from django.test import Client

from tests.crm.life.far_end import Handed
from tests.crm.life.model import ENGLISH, SCOPES, SPANISH, mailbox
from tests.crm.life.people import Person, World
from tests.intake.life.people import opened
from tests.lives import Kind, when

WISHES = "/my/wishes/"
ONE_CLICK = ("List-Unsubscribe=One-Click", "application/x-www-form-urlencoded")
LINK = re.compile(r"/my/link/[^/\s\"]+/")
ABOUT_A_CODE = re.compile(r"\b(code|código)\b", re.IGNORECASE)
CODE = re.compile(r"\b\d{6}\b")


def with_choice(who: Person) -> list[Handed]:
    return [one for one in who.mails if one.mail["List-Unsubscribe"]]


def _page_of(handed: Handed) -> str:
    return str(handed.mail["List-Unsubscribe"]).strip("<>").removeprefix(settings.SITE_URL)


def _any(world: World, who: Person) -> Handed:
    found = with_choice(who)
    return world.chance.choice([found[-1], world.chance.choice(found)])


def looks_at_the_choices(world: World, who: Person) -> None:
    """As mail scanners do: nothing changes."""
    assert Client().get(_page_of(_any(world, who))).status_code == 200


def stops_mails(world: World, who: Person) -> None:
    """By the link in the newest mail, or in one to a former address."""
    handed, scope = _any(world, who), world.chance.choice(SCOPES)
    assert Client().post(_page_of(handed), {"scope": scope}).status_code == 200
    who.record.stops(scope, by_link_to=handed.recipient)


def stops_mails_in_one_click(world: World, who: Person) -> None:
    handed, (body, kind) = _any(world, who), ONE_CLICK
    assert Client().post(_page_of(handed), body, content_type=kind).status_code == 200
    who.record.stops("most", by_link_to=handed.recipient, in_one_click=True)


def wants_mails_again(world: World, who: Person) -> None:
    handed = _any(world, who)
    assert Client().post(_page_of(handed), {"scope": "none"}).status_code in {200, 422}
    who.record.wants_again(by_link_to=handed.recipient)


def says_yes_or_no_to_education(world: World, who: Person) -> None:
    """On the private page."""
    wants, had = world.chance.random() < 0.6, who.record.gets_all()
    browser = world.browser(who)
    form = opened(browser, WISHES, field="language")
    assert ("education" in form) == had, "the page shows another wish"
    form.pop("education", None)
    answer = browser.post(WISHES, form | ({"education": "on"} if wants else {}))
    is_refused = wants and not had and who.record.box.is_stopped_by_others
    assert answer.status_code == (422 if is_refused else 302), answer.content.decode()
    if wants != had and not is_refused:
        who.record.agrees(wants=wants)


def would_read_another_language(world: World, who: Person) -> None:
    """On the private page."""
    browser, other = world.browser(who), ENGLISH if who.record.language == SPANISH else SPANISH
    answer = browser.post(WISHES, opened(browser, WISHES, field="language") | {"language": other})
    assert answer.status_code == 302, answer.content.decode()
    who.record.language = other


def with_link(world: World, who: Person) -> Handed | None:
    """The newest mail to their address with a link that still opens."""
    to_them = [one for one in who.mails if mailbox(one.recipient) == mailbox(who.record.address)]
    return next((one for one in reversed(to_them) if LINK.search(one.words)), None)


def shows_who_they_are(world: World, who: Person) -> None:
    """Opens the link in a mail and types the code that is mailed: the address is shown to be theirs."""
    handed, browser = with_link(world, who), Client()
    if handed is None:
        return
    found = LINK.search(handed.words)
    assert found
    browser.post(found[0], {"opened": str(uuid4())})
    if "patient" not in browser.cookies:  # too old, or taken back
        return
    who.record.asked["code"] += 1
    before = len(who.mails)
    browser.post("/my/code/", {"send": "1", "asked": str(uuid4())})
    world.worker_comes_by()
    for mail in who.mails[before:]:
        if ABOUT_A_CODE.search(str(mail.mail["Subject"])) and (code := CODE.search(mail.words)):
            answer = browser.post("/my/code/", {"code": code[0]})
            assert answer.status_code == 302, answer.content.decode()
            who.record.proven.add(mailbox(handed.recipient))


KINDS_OF_STEPS = [
    Kind(looks_at_the_choices, when(with_choice, 1)),
    Kind(stops_mails, when(with_choice, 5)),
    Kind(stops_mails_in_one_click, when(with_choice, 2)),
    Kind(wants_mails_again, when(with_choice, 4)),
    Kind(says_yes_or_no_to_education, when(lambda who: who.record.address and not who.record.held, 3)),
    Kind(would_read_another_language, when(lambda who: who.record.address and not who.record.held, 2)),
    Kind(shows_who_they_are, when(lambda who: who.mails, 3)),
]
