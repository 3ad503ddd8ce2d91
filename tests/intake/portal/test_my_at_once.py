"""Pages of the second step, sent many times at the same moment."""

import pytest

from crm.models import Lead, Treatment
from intake.models import Submission
from tests.crm.patient_portal.test_private_at_once import TIMES, at_once, browser
from tests.factories import make_lead, prove
from tests.intake.portal.test_my import ABOUT, sent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lead(transactional_db: None) -> Lead:
    return make_lead()


def test_two_treatments_that_are_ticked_are_two(lead: Lead) -> None:
    secret, ticked = prove(lead).secret, {"kinds": ["heat", "pt_supervised"]}
    assert at_once(lambda: browser(secret).post("/my/treatments/", ticked).status_code) == {302: TIMES}
    assert sorted(Treatment.objects.values_list("kind", flat=True)) == sorted(ticked["kinds"])
    assert Submission.objects.filter(page="treatments").count() == 2


def test_one_page_is_kept_once(lead: Lead) -> None:
    secret, page = prove(lead).secret, sent(**ABOUT)
    assert at_once(lambda: browser(secret).post("/my/questions/about-you/", page).status_code) == {302: TIMES}
    assert Submission.objects.filter(page="about-you").count() == 1


def test_two_browsers_tick_the_same(lead: Lead) -> None:
    """Two devices of one patient, each with a session of its own."""
    secrets = iter([prove(lead).secret for _ in range(TIMES)])
    pressed = at_once(lambda: browser(next(secrets)).post("/my/treatments/", {"kinds": ["heat"]}).status_code)
    assert pressed == {302: TIMES}
    assert Treatment.objects.count() == 1
