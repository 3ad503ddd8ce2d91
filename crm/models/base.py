"""What every row of the domain has: a UUID made by the client, never a serial number. And the number of those of which
the latest counts."""

import uuid

from django.db import models
from django.db.models import Func


class NextInOrder(Func):
    """Draw the next number of crm_entry: of one lead in the order in which its lock was had. Two of one moment have an
    order too, and a later row is a later one whatever the clocks of two machines say."""

    template = "nextval('crm_entry')"
    allowed_default = True

    def __init__(self) -> None:
        super().__init__()


class Row(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    class Meta:
        abstract = True
