"""Names are looked for without accents, apostrophes and hyphens. Without a lock: the site goes on while the index
grows."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations
from django.db.models.functions import Upper

from crm.db.lookups import Plain


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("crm", "0047_reasons_that_name_what_is_in_a_file")]

    operations = [
        AddIndexConcurrently(
            "lead",
            GinIndex(
                *[OpClass(Upper(name), "gin_trgm_ops") for name in ("email", "phone")],
                *[OpClass(Plain(name), "gin_trgm_ops") for name in ("first_name", "last_name")],
                name="lead_found_by",
            ),
        ),
        RemoveIndexConcurrently("lead", "lead_search"),
    ]
