"""A location is at another address: whoever comes there for a visit hears of it, once an address."""

from datetime import datetime

from crm.models import Activity, Location, User
from scheduling.actions import effects, mails
from scheduling.enums import Mode
from scheduling.models import Appointment


def tell(location: Location, by: User, now: datetime) -> str:
    """Mail the new address to patients with a visit ahead there, and open a task to tell whom no mail reaches. Return
    what the desk should know; "" when nobody comes. Who is called by us, and whose time cannot be kept anyhow, is left
    alone. Inside the transaction of the change."""
    ahead = Appointment.objects.standing().filter(location=location, starts_at__gt=now, rebook_since=None)
    ahead = ahead.exclude(kind__mode=Mode.PHONE).select_related("lead", "kind", "provider", "location")
    found = list(ahead.order_by("starts_at", "pk"))
    mailed = sum(mails.plan_new_address(made, now=now) for made in found)
    lines = [effects.line(made, "At another address now", by=by, now=now) for made in found]
    Activity.objects.bulk_create(lines)
    return _in_words(mailed, len(found) - mailed) if found else ""


def _in_words(mailed: int, by_task: int) -> str:
    count = mailed + by_task
    ways = [f"{mailed} by e-mail"] * bool(mailed) + [f"{by_task} through a task for the desk"] * bool(by_task)
    visits = "1 visit ahead there" if count == 1 else f"{count} visits ahead there"
    return f"{visits}. The patients are told the new address: {' and '.join(ways)}."
