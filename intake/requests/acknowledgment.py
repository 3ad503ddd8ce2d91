"""The acknowledgement of a request, in the language in which it is read when it leaves."""

from crm.mail import emails
from crm.models import Message
from intake.models import Submission


def write(message: Message) -> None:
    """Fill in what is missing, or was written in another language (crm/registry, `writer`). It names the reference
    that its visitor was shown, which is not always the lead's."""
    if not emails.is_written(message):
        sent = Submission.objects.filter(pk=message.key.partition(":")[2])
        emails.write_again(message, reference=sent.values_list("reference", flat=True).first() or "")
