"""What a patient does on the private page, beside treatments (treatment_steps.py): the re-check, topics with questions
that tell signs, pages in two tabs, wishes. Each step goes through a page of the product, tells the model what its
reader knows, and is named by what somebody does."""

from typing import Any

from tests.intake.life import checks
from tests.intake.life.heard import bare
from tests.intake.life.model import Page, heard
from tests.intake.life.people import OpenPage, Person, World, form_in, opened, sends
from tests.lives import Kind, always, when

A_TICKS = [["A1"], ["A5"], ["unsure_A2"]]
B_TICKS = [["none"]] * 3 + [["B1"], ["B2", "B5"], ["unsure_B2"], ["unsure_B2", "unsure_B5"], ["B5"], ["B7"]]
YES_NO = ["yes", "no", "unsure", ""]
NUMB = ["no", "worse", "same", "better", "unsure", ""]
# Questions that tell a sign or a look, page by page, with their answers; "" leaves one out.
TELLING: dict[str, dict[str, list[Any]]] = {
    "pain": {
        "limb_weakness": [*NUMB, "same", "no", "yes_unsure"],
        "limb_numbness": NUMB,
        "lift_foot": ["yes", "no_new", "no_old", "unsure", "", "yes"],
    },
    "neck": {
        "hand_clumsiness": YES_NO,
        "gait_balance": YES_NO,
        "hands_gait_change": ["worse", "same", "better", "unsure", ""],
    },
    "background": {
        "cancer_other": YES_NO,
        "recent_events": [["none"], ["infection"], ["surgery", "drugs"], ["unsure"], []],
        "steroids_months": YES_NO,
        "new_severe_pain": YES_NO,
        "prior_spine_surgery": YES_NO,
        "conditions": [["none"], ["osteoporosis"], ["cancer", "heart"], ["immune"], []],
    },
}
ASKS_SIGNS = {"pain", "neck"}
# And questions that tell nothing, for pages that are left open.
PLAIN: dict[str, dict[str, list[str]]] = {
    "pain": {"course": ["better", "same", "worse"], "walk_distance": ["unlimited", "under_block"], "goals": [""]},
    "background": {"nicotine": ["never", "former", "current"], "opioids": ["no", "daily"]},
    "insurance": {"can_travel": ["yes", "no"], "availability": [""]},
}
WORDS = {"goals", "availability"}
RATED_TOO = ("pain_enjoyment", "pain_activity")


def with_gaps(world: World, who: Person, key: str, told: dict[str, Any]) -> dict[str, Any]:
    """What the page about pain asks and nobody has answered so far is kept as left out, unless it is an emergency."""
    is_emergency = any(bare(sign).startswith("A") for sign in heard([Page(world.clock.now, told)]).signs)
    asked = (*RATED_TOO, *TELLING["pain"], *PLAIN["pain"]) if key == "pain" and not is_emergency else ()
    return {name: "" for name in asked if name not in who.record.answers} | told


def tells(world: World, who: Person, told: dict[str, Any]) -> None:
    """With a sign of block A on it a page holds and calls at once."""
    record, page = who.record, Page(world.clock.now, told)
    record.pages.append(page)
    if any(bare(sign).startswith("A") for sign in heard([page]).signs):
        record.held = record.alert = True
    record.settles(world.clock.now)


def answers_again(world: World, who: Person) -> None:
    """The re-check, with or without a warning sign."""
    first = world.chance.choice(A_TICKS) if world.chance.random() < 0.2 else ["none"]
    _rechecks(world, who, first, world.chance.choice(B_TICKS))


def tells_a_new_sign(world: World, who: Person) -> None:
    """One that they have not told so far, beside those of before."""
    told = [sign for sign in ("B1", "B2", "B3", "B5") if sign in who.record.signs]
    fresh = [sign for sign in ("B1", "B2", "B3", "B5") if sign not in told]
    _rechecks(world, who, ["none"], [*told, *fresh[:1]])


def tells_an_emergency(world: World, who: Person, sign: str) -> None:
    """At the re-check, beside the signs of before: told again it is news."""
    _rechecks(world, who, [sign], [one for one in ("B1", "B2", "B3", "B5") if one in who.record.signs] or ["none"])


def tells_an_emergency_again(world: World, who: Person) -> None:
    """The same sign as before."""
    tells_an_emergency(world, who, world.chance.choice(emergencies(who)))


def emergencies(who: Person) -> list[str]:
    """Those of block A that stand."""
    return sorted(sign for sign in who.record.signs if bare(sign).startswith("A"))


def _rechecks(world: World, who: Person, first: list[str], second: list[str]) -> None:
    numbers = {name: str(world.chance.randrange(11)) for name in ("pain_now_avg", "pain_enjoyment", "pain_activity")}
    told: dict[str, Any] = {"safety_check": first, "safety_check_b": second} | numbers
    sends(world.comes_back(who), "/my/questions/recheck/", told | {"new_treatments": "no"}, field="new_treatments")
    tells(world, who, told)


def tells_a_topic(world: World, who: Person) -> None:
    """Some of the questions that tell a sign beside what they ask."""
    key = world.chance.choice(list(TELLING))
    told = {name: world.chance.choice(answers) for name, answers in TELLING[key].items()}
    told = {name: answer for name, answer in told.items() if answer and world.chance.random() < 0.7}
    _sends_a_topic(world, who, key, told)


def saves_a_topic_without_a_change(world: World, who: Person) -> None:
    """Twice: that a page was sent for the first time, with its gaps, is kept."""
    browser, address = world.comes_back(who), f"/my/questions/{world.chance.choice(['background', 'insurance'])}/"
    for is_again in (False, True):
        before = checks.all_of(who)
        assert browser.post(address, opened(browser, address, field="submission_id")).status_code == 302
        assert not is_again or checks.all_of(who) == before


# --- Two tabs ---------------------------------------------------------------------------------------------------------
def leaves_a_topic_open(world: World, who: Person) -> None:
    key = world.chance.choice(list(PLAIN))
    address = f"/my/questions/{key}/"
    form = opened(world.comes_back(who), address, field="submission_id")
    shown = {name: who.record.answers.get(name) or "" for name in PLAIN[key]}
    who.keeps_open("topic", OpenPage(address, form, (key, shown), "patient"))


def changes_a_topic(world: World, who: Person) -> None:
    """In another tab than the one that was left open."""
    key = who.open_pages["topic"][-1].shown[0] if who.open_pages.get("topic") else world.chance.choice(list(PLAIN))
    told = {name: _an_answer(world, who, key, name) for name in PLAIN[key]}
    _sends_a_topic(world, who, key, told)


def _sends_a_topic(world: World, who: Person, key: str, told: dict[str, Any]) -> None:
    told = told | ({"safety_check": ["none"]} if key in ASKS_SIGNS else {})
    sends(world.comes_back(who), f"/my/questions/{key}/", told, field="submission_id")
    tells(world, who, with_gaps(world, who, key, told))


def sends_an_older_topic(world: World, who: Person) -> None:
    """What it changes is asked about where it was changed meanwhile; it empties nothing and puts nothing back."""
    page = who.takes_up("topic", world.chance)
    assert page
    key, shown = page.shown
    name = world.chance.choice(list(PLAIN[key]))
    typed, stands = _an_answer(world, who, key, name), who.record.answers.get(name) or ""
    told: dict[str, Any] = {name: typed} | ({"safety_check": ["none"]} if key in ASKS_SIGNS else {})
    browser = world.comes_back(who)
    answer = browser.post(page.address, page.form | told)
    is_older = typed != shown[name] and stands not in (shown[name], typed)
    assert answer.status_code == (422 if is_older else 302), (name, shown[name], stands, typed)
    if is_older and world.chance.random() < 0.5:
        return
    if is_older:
        again = form_in(answer.content.decode(), field="submission_id")
        assert browser.post(page.address, again | {"safety_check": ["none"]}).status_code == 302
    written = told if typed != shown[name] else {one: told[one] for one in told if one != name}
    tells(world, who, with_gaps(world, who, key, written))


def _an_answer(world: World, who: Person, key: str, name: str) -> str:
    if name in WORDS:
        return f"Words {world.chance.randrange(1000)} of {who.record.mark}"
    return world.chance.choice(PLAIN[key][name])


# --- What they want ---------------------------------------------------------------------------------------------------
def changes_wishes(world: World, who: Person) -> None:
    """The box about educational mails: taken off or put on, or left as it is."""
    browser, wants = world.comes_back(who), world.chance.random() < 0.5
    form = opened(browser, "/my/wishes/", field="initial-education")
    form.pop("education", None)
    assert browser.post("/my/wishes/", form | ({"education": "on"} if wants else {})).status_code == 302
    if wants != who.record.wants_mail:
        who.record.choices.append((world.clock.now, wants))


KINDS_OF_STEPS = [
    Kind(answers_again, always(2)),
    Kind(tells_a_new_sign, when(lambda who: who.record.counting or who.record.waiting or who.record.review, 5, 1)),
    Kind(tells_an_emergency_again, when(lambda who: emergencies(who) and not who.record.held, 4)),
    Kind(tells_a_topic, always(4)),
    Kind(saves_a_topic_without_a_change, always(1)),
    Kind(leaves_a_topic_open, always(1)),
    Kind(changes_a_topic, when(lambda who: who.open_pages.get("topic"), 4, 1)),
    Kind(sends_an_older_topic, when(lambda who: who.open_pages.get("topic"), 3)),
    Kind(changes_wishes, always(1)),
]
