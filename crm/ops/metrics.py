"""What a monitoring asks for, in Prometheus' text format: counts and seconds, and nothing about anybody."""

from django.http import Http404, HttpRequest, HttpResponse

from crm.mail import status as mail_status
from crm.mail.status import OutboxStatus
from crm.ops import heartbeat, monitoring

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_LINES: list[tuple[str, str, str]] = [
    ("due", "messages_due", "Messages that a worker could send now"),
    ("late", "messages_late", "Of those, due for longer than five minutes"),
    ("retrying", "messages_retrying", "Messages put off by the mail server"),
    ("going", "messages_going", "Messages held by a worker"),
    ("parked", "messages_parked", "Messages of which nobody knows whether they arrived"),
    ("failed", "messages_failed", "Messages that were refused"),
    ("sent_last_hour", "messages_sent_last_hour", "Messages accepted by the mail server in the last hour"),
    ("fenced", "leases_lost_total", "Late writes of workers that had lost their lease"),
    ("oldest_seconds", "oldest_due_seconds", "How long the oldest due message has waited"),
    ("is_paused", "sending_paused", "1 while all sending is held"),
]


def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with the figures; 404 without METRICS_TOKEN as a bearer token, where one is set or the site is public."""
    if not monitoring.may_look(request):
        raise Http404
    return HttpResponse(as_text(mail_status.standing()) + pulses_as_text(), content_type=CONTENT_TYPE)


def as_text(found: OutboxStatus) -> str:
    """Return one gauge per figure of the outbox, in Prometheus' text format."""
    lines = []
    for name, gauge, words in _LINES:
        value = float(getattr(found, name))
        lines += [f"# HELP nucleus_{gauge} {words}.", f"# TYPE nucleus_{gauge} gauge", f"nucleus_{gauge} {value:g}"]
    return "\n".join(lines) + "\n"


def pulses_as_text() -> str:
    """Return one gauge, by name, of the clock and of each queue's workers; "" while none was heard of."""
    gauge, ages = "nucleus_heartbeat_age_seconds", heartbeat.seconds_since()
    lines = [f"# HELP {gauge} Seconds since it was last heard of.", f"# TYPE {gauge} gauge"] if ages else []
    lines += [f'{gauge}{{name="{name}"}} {seconds:g}' for name, seconds in ages.items()]
    return "".join(f"{line}\n" for line in lines)
