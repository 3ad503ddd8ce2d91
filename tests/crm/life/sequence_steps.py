"""What staff do about follow-ups: hold one and let it go on, begin and end it, and publish another version of it."""

from datetime import timedelta
from typing import Any

from crm.enums.leads import UNDER_WAY, EnrollmentState
from crm.followups import plan, published, versions
from crm.models import Enrollment, Message, SequenceVersion, VersionState
from tests.crm.life.people import Person, World
from tests.lives import Kind, always, when

STOPPED, PAUSED = "somebody stopped it", "somebody paused it"
EXTRA = "extra"
ADVERTISING = {"text": "staying_active", "purpose": "commercial"}  # in any sequence: not all have agreed to it
LONG_BEHIND = timedelta(days=2)


def under_way(who: Person) -> list[Enrollment]:
    return list(Enrollment.objects.filter(lead=who.lead, state__in=UNDER_WAY).order_by("key"))


def on_hold(who: Person) -> list[Enrollment]:
    return [one for one in under_way(who) if one.state != EnrollmentState.LIVE]


def live(who: Person) -> list[Enrollment]:
    return [one for one in under_way(who) if one.state == EnrollmentState.LIVE]


def _presses(world: World, who: Person, what: str, enrollment: Enrollment) -> str:
    """Returns in which state the enrollment is then."""
    assert world.desk().post(f"{who.desk}follow-ups/{enrollment.pk}/{what}/").status_code == 302
    return str(Enrollment.objects.get(pk=enrollment.pk).state)


def staff_pause_a_sequence(world: World, who: Person) -> None:
    one = world.chance.choice(live(who))
    assert _presses(world, who, "pause", one) == "paused"
    who.record.held_back[str(one.pk)] = PAUSED


def staff_let_a_sequence_go_on(world: World, who: Person) -> None:
    one = world.chance.choice(on_hold(who))
    state = _presses(world, who, "resume", one)
    assert (state in {"live", "done"}) != who.record.held
    if not who.record.held:
        who.record.held_back.pop(str(one.pk), None)


def staff_stop_a_sequence(world: World, who: Person) -> None:
    one = world.chance.choice(under_way(who))
    assert _presses(world, who, "stop", one) == "stopped"
    who.record.held_back[str(one.pk)] = STOPPED


def staff_skip_a_step(world: World, who: Person) -> None:
    """The one that the page shows. Pressed twice, one is left out."""
    one = world.chance.choice(under_way(who))
    left = plan.left_of(Enrollment.objects.select_related("version", "lead__location").get(pk=one.pk))
    if not left:
        return
    page = f"{who.desk}follow-ups/{one.pk}/skip/"
    for _ in range(2):
        assert world.desk().post(page, {"step": left[0][1].key}).status_code == 302
    assert len(plan.left_of(Enrollment.objects.get(pk=one.pk))) == len(left) - 1
    who.record.gone.add((str(one.pk), left[0][1].key))


def staff_want_the_next_step_now(world: World, who: Person) -> None:
    _presses(world, who, "now", world.chance.choice(live(who)))


def staff_begin_a_sequence(world: World, who: Person) -> None:
    """What would end at once does not begin."""
    keys = [version.key for version, _definition in published.in_force()]
    page = f"{who.desk}follow-ups/begin/"
    assert world.desk().post(page, {"key": world.chance.choice(keys)}).status_code == 302


def staff_publish_another_version(world: World, who: Person) -> None:
    """One without a mail, perhaps the very one that waits, or with another one on the first day; sometimes everybody is
    moved to it."""
    waits = _mail_that_waits(who) if world.chance.random() < 0.7 else None
    keys = [waits.enrollment.key] if waits and waits.enrollment else [one.key for one in under_way(who)]
    keys = keys or [version.key for version, _definition in published.in_force()]
    found = SequenceVersion.objects.get(key=world.chance.choice(keys), state=VersionState.PUBLISHED)
    by, now = world.staff["administrator"], world.clock.now
    draft = versions.copy(found, by=by, now=now)
    body, gone = _changed(world, draft.body, without=waits.key.split(":")[2] if waits else "")
    versions.save_draft(draft, body=body, note="Shorter.")
    versions.publish(draft)
    published.forget()
    if world.chance.random() < 0.8:
        draft.refresh_from_db()
        _is_behind(world, draft, gone)
        versions.move_everybody(draft, by=by, now=now)


def _mail_that_waits(who: Person) -> Message | None:
    """Of a step of a sequence that goes on."""
    waits = Message.objects.filter(lead=who.lead, state__in=["queued", "sending"], enrollment__state="live")
    return waits.select_related("enrollment").order_by("due_at", "pk").first()


def _changed(world: World, body: dict[str, Any], *, without: str) -> tuple[dict[str, Any], set[str]]:
    """And the keys of the steps that it has no more."""
    steps = body["steps"]
    mails = [step for step in steps if step["do"] == "mail"]
    has_extra = any(step["key"] == EXTRA for step in steps)
    if mails and len(steps) > 1 and (without or has_extra or world.chance.random() < 0.5):
        gone = without if any(step["key"] == without for step in mails) else world.chance.choice(mails)["key"]
        return body | {"steps": [step for step in steps if step["key"] != gone]}, {gone}
    like = world.chance.choice([*mails, ADVERTISING])
    extra = {key: like[key] for key in ("text", "purpose") if key in like} | {"key": EXTRA, "do": "mail", "after": "1h"}
    return body | {"steps": [*steps, *([] if has_extra else [extra])]}, set()


def _is_behind(world: World, version: SequenceVersion, gone: set[str]) -> None:
    """Whoever is moved has no step that is gone, and none that lies days behind them."""
    moved = Enrollment.objects.filter(key=version.key, state__in=UNDER_WAY).exclude(version=version)
    for enrollment in moved.select_related("version"):
        who, known = world.person(enrollment.lead_id), {step["key"] for step in enrollment.version.body["steps"]}
        there = {step["key"] for step in version.body["steps"]}
        if who is None:
            continue
        stands_at = enrollment.paused_at or world.clock.now
        is_long_behind = stands_at - enrollment.anchor > LONG_BEHIND
        behind = {EXTRA} & (there - known) if is_long_behind else set()
        who.record.gone |= {(str(enrollment.pk), key) for key in (known - there) | behind}
        assert gone <= known - there or not gone & known


KINDS_OF_STEPS = [
    Kind(staff_pause_a_sequence, when(live, 3)),
    Kind(staff_let_a_sequence_go_on, when(on_hold, 4)),
    Kind(staff_stop_a_sequence, when(under_way, 1)),
    Kind(staff_skip_a_step, when(under_way, 1)),
    Kind(staff_want_the_next_step_now, when(live, 3)),
    Kind(staff_begin_a_sequence, always(2)),
    Kind(staff_publish_another_version, when(under_way, 2)),
]
