"""Accounts of staff: nobody gets hold of one that may do more than their own, and nobody is two people."""

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from crm import roles
from crm.accounts import actions as accounts
from crm.enums.leads import Decision, Outcome
from crm.errors import OverrideRefused, ReviewRefused
from crm.leads import reviews
from crm.models import Lead, Location, Message, ReviewDecision, User
from crm.patient_portal import access as patient_access
from intake.assessment import actions as assessments
from intake.models import Assessment
from tests.factories import NOON, PASSWORD, make_lead, make_user

pytestmark = pytest.mark.django_db
WORDS = "another-long-enough-phrase"
ROLES = [*roles.PERMISSIONS]


@pytest.fixture
def admin(db: None) -> User:
    return make_user("administrator", name="Alex Administrator", email="alex@example.org", password=PASSWORD)


@pytest.fixture
def office(client: Client, center: Location, admin: User) -> Client:
    client.force_login(admin)
    return client


@pytest.fixture
def dana(db: None) -> User:
    return make_user("clinician", name="Dana Clinician", email="dana@example.org", password=PASSWORD)


def page_of(user: User) -> str:
    return reverse("admin:crm_user_change", args=[user.pk])


def sent_form(user: User, **changes: object) -> dict[str, object]:
    """The page of a person, as a browser would send it."""
    groups = [str(pk) for pk in user.groups.values_list("pk", flat=True)]
    form: dict[str, object] = {"name": user.name, "email": user.email, "is_active": "on", "is_staff": "on"}
    form |= {"groups": groups, "takes_leads": "on", "hours": "", "languages": "", "licensed_states": ""}
    return form | {"absences-TOTAL_FORMS": "0", "absences-INITIAL_FORMS": "0"} | changes


def set_password(client: Client, user: User) -> int:
    form = {"password1": WORDS, "password2": WORDS, "usable_password": "true", "set-password": "1"}
    return client.post(reverse("admin:auth_user_password_change", args=[user.pk]), form).status_code


# --- Getting hold of an account --------------------------------------------------------------------------------------


def test_nobody_sets_the_password_of_somebody_who_may_do_more(office: Client, dana: User) -> None:
    assert set_password(office, dana) == 403
    dana.refresh_from_db()
    assert dana.check_password(PASSWORD)


def test_nor_of_one_who_is_switched_off_for_a_moment(office: Client, dana: User) -> None:
    User.objects.filter(pk=dana.pk).update(is_active=False)
    assert set_password(office, dana) == 403


def test_the_password_of_somebody_who_may_do_less_is_set_and_that_is_kept(office: Client, admin: User) -> None:
    casey = make_user("coordinator", email="casey@example.org")
    assert set_password(office, casey) == 302
    casey.refresh_from_db()
    assert casey.check_password(WORDS)
    assert casey.set_up_by == admin


def test_nobody_changes_the_address_of_somebody_who_may_do_more(office: Client, dana: User) -> None:
    assert office.post(page_of(dana), sent_form(dana, email="mine@example.org", name="Dana C.")).status_code == 302
    dana.refresh_from_db()
    assert (dana.email, dana.name) == ("dana@example.org", "Dana C.")


def test_an_old_address_hears_that_it_was_replaced(office: Client, admin: User) -> None:
    casey = make_user("coordinator", email="casey@example.org")
    office.post(page_of(casey), sent_form(casey, email="new@example.org"))
    casey.refresh_from_db()
    assert (casey.email, casey.set_up_by) == ("new@example.org", admin)
    told = Message.objects.get()
    assert (told.to_email, told.subject) == ("casey@example.org", "Your sign-in address was changed")


@pytest.mark.parametrize("role", ["clinician", "front_desk"])
def test_nobody_widens_their_own_rights(office: Client, admin: User, role: str) -> None:
    group = Group.objects.get(name=role)
    both = [str(group.pk), *(str(pk) for pk in admin.groups.values_list("pk", flat=True))]
    office.post(page_of(admin), sent_form(admin, groups=both, name="Alex A."))
    admin.refresh_from_db()
    assert admin.name == "Alex A."
    assert list(admin.groups.values_list("name", flat=True)) == ["administrator"]


def test_whoever_is_given_more_rights_than_the_giver_has_sets_a_password_of_their_own(office: Client) -> None:
    casey = make_user("coordinator", name="Casey", email="casey@example.org", password=PASSWORD)
    browser = Client()
    browser.force_login(casey)
    office.post(page_of(casey), sent_form(casey, groups=[str(Group.objects.get(name="clinician").pk)]))
    casey.refresh_from_db()
    assert not casey.has_usable_password()
    assert browser.get("/admin/").status_code == 302  # signed out
    assert Message.objects.get(to_email="casey@example.org").subject == "Set your password"


def test_so_does_a_new_clinician_whatever_password_was_typed(office: Client, admin: User) -> None:
    form = {"name": "Nia New", "email": "nia@example.org", "password1": WORDS, "password2": WORDS, "is_staff": "on"}
    form |= {"usable_password": "true", "groups": str(Group.objects.get(name="clinician").pk)}
    assert office.post("/admin/crm/user/add/", form).status_code == 302
    nia = User.objects.get(email="nia@example.org")
    assert (nia.has_usable_password(), nia.set_up_by) == (False, admin)
    assert Message.objects.get().to_email == "nia@example.org"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("hold", [False, True])
def test_only_a_superuser_reaches_a_superuser(role: str, hold: bool) -> None:
    other = make_user(is_superuser=True)
    assert accounts.may_take_over(make_user(role, is_superuser=hold), other) is hold


def test_no_page_shows_anything_of_a_password(client: Client, office: Client, dana: User) -> None:
    pages = [office.get(page_of(dana)), office.get(page_of(make_user("coordinator", password=PASSWORD)))]
    client.force_login(make_user("lead_coordinator", email="lea@example.org"))
    pages += [client.get(page_of(dana)), client.get("/admin/crm/user/")]
    for page in pages:
        assert page.status_code == 200
        assert "argon2" not in page.content.decode()
        assert "salt" not in page.content.decode()
    assert "mail-password" not in pages[2].content.decode()


def test_nor_does_a_filter_tell_it_letter_by_letter(client: Client, dana: User) -> None:
    client.force_login(make_user("lead_coordinator", email="lea@example.org"))
    for lookup in ("password__startswith", "groups__user__password__startswith"):
        answer = client.get("/admin/crm/user/", {lookup: "a"})
        assert answer.status_code in {302, 400}


# --- The link --------------------------------------------------------------------------------------------------------


def link_in(message: Message) -> str:
    filled = patient_access.with_secrets(message, now=NOON)
    found = re.search(r"https?://[^/]+(/admin/set-password/\S+)", filled.text)
    assert found
    return found.group(1)


def test_a_link_goes_to_the_persons_own_address_and_works_once(office: Client, dana: User) -> None:
    office.post(reverse("admin:crm_user_mail_password", args=[dana.pk]))
    message = Message.objects.get()
    assert message.to_email == "dana@example.org"
    assert "/set-password/" not in message.text + message.html
    address, browser = link_in(message), Client()
    form = browser.get(address, follow=True)
    where = form.redirect_chain[-1][0]
    assert browser.post(where, {"new_password1": WORDS, "new_password2": "other"}).status_code == 200
    assert browser.post(where, {"new_password1": WORDS, "new_password2": WORDS})["Location"] == "/admin/"
    assert browser.login(username="dana@example.org", password=WORDS)
    assert "does not work any more" in Client().get(address, follow=True).content.decode()
    dana.refresh_from_db()
    assert dana.set_up_by is None


@pytest.mark.parametrize("role", ["coordinator", "lead_coordinator", "clinician", "front_desk"])
def test_only_who_keeps_people_mails_it(client: Client, center: Location, dana: User, role: str) -> None:
    client.force_login(make_user(role, email="other@example.org"))
    assert client.post(reverse("admin:crm_user_mail_password", args=[dana.pk])).status_code == 403
    assert not Message.objects.exists()


def test_a_look_mails_nothing(office: Client, dana: User) -> None:
    office.get(reverse("admin:crm_user_mail_password", args=[dana.pk]))
    assert not Message.objects.exists()


def test_whoever_runs_the_site_mails_it_when_nobody_gets_to_the_desk(center: Location, dana: User) -> None:
    out = StringIO()
    call_command("mail_password_link", "Dana@example.org", stdout=out)
    message = Message.objects.get()
    assert (message.to_email, message.subject) == ("dana@example.org", "Set your password")
    assert "/set-password/" not in out.getvalue()


def test_nor_to_anybody_who_is_not_of_staff(dana: User) -> None:
    with pytest.raises(CommandError, match="There is no active location"):
        call_command("mail_password_link", "dana@example.org")
    User.objects.filter(pk=dana.pk).update(is_active=False)
    for address in ("dana@example.org", "nobody@example.org"):
        with pytest.raises(CommandError, match="No member of staff"):
            call_command("mail_password_link", address)


@pytest.mark.parametrize("address", ["/admin/set-password/x/y/", "/admin/set-password/%00/%00/"])
def test_a_made_up_link_opens_nothing(client: Client, db: None, address: str) -> None:
    assert client.get(address).status_code in {200, 400, 404}
    assert "new_password1" not in client.get(address).content.decode()


# --- The second person -----------------------------------------------------------------------------------------------


@pytest.fixture
def waiting(center: Location, dana: User) -> ReviewDecision:
    lead = make_lead(location=center, safety_hold=True)
    return reviews.decide(lead, decision=Decision.SUITABLE, reason="Clear.", by=dana, now=NOON)


@pytest.mark.parametrize(
    ("first_by", "second_by", "two"),
    [
        (None, None, True),
        ("second", None, False),  # whoever agrees made the first one's account
        (None, "first", False),
        ("admin", "admin", False),  # one administrator made both
        ("admin", "other", True),
        ("admin", None, True),
    ],
)
def test_the_second_person_is_another_human(
    waiting: ReviewDecision, dana: User, admin: User, first_by: str | None, second_by: str | None, two: bool
) -> None:
    eli = make_user("clinician", name="Eli", email="eli@example.org")
    people = {"first": dana, "second": eli, "admin": admin, "other": make_user("administrator")}
    for user, name in ((dana, first_by), (eli, second_by)):
        if name:
            accounts.set_up(user, by=people[name], now=NOON - timedelta(days=6))
            user.refresh_from_db()
    if two:
        reviews.agree(waiting, by=eli, now=NOON)
    else:
        with pytest.raises(ReviewRefused, match="within the last seven days"):
            reviews.agree(waiting, by=eli, now=NOON)
    waiting.refresh_from_db()
    assert waiting.is_in_force is two


def test_after_a_week_an_account_is_its_owners(waiting: ReviewDecision, dana: User) -> None:
    eli = make_user("clinician", name="Eli", email="eli@example.org")
    accounts.set_up(eli, by=dana, now=NOON - accounts.IN_HANDS_FOR)
    eli.refresh_from_db()
    reviews.agree(waiting, by=eli, now=NOON)


def test_one_pair_of_hands_does_not_lower_an_urgent_assessment(lead: Lead, admin: User) -> None:
    told: dict[str, object] = {"snapshot": {}, "reasons": [], "evaluated": [], "span_days": 0, "rules_version": "1"}
    made = Assessment.objects.create(lead=lead, outcome=Outcome.URGENT, rule="R1", at=NOON, **told)
    casey = make_user("coordinator", email="casey@example.org")
    accounts.set_up(casey, by=admin, now=NOON)
    casey.refresh_from_db()
    decided = assessments.override(made, outcome=Outcome.PROMPT_REVIEW, reason="Seen.", by=admin, now=NOON)
    with pytest.raises(OverrideRefused, match="within the last seven days"):
        assessments.approve(decided, by=casey, now=NOON)


def test_who_and_when_are_kept_together(dana: User, admin: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=dana.pk).update(set_up_by=admin)
