"""No mail goes past the outbox."""

import pytest
from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.module_loading import import_string

from crm import settings as product


def test_mail_past_the_outbox_is_refused() -> None:
    backend = import_string(product.MAILERS["default"]["BACKEND"])()

    with pytest.raises(RuntimeError, match="Mail goes through the outbox"):
        backend.send_messages([EmailMessage("Hello", "Hello", to=["avery@example.org"])])
    assert settings.ADMINS == []
