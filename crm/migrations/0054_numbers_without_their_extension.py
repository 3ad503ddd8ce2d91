"""People are found by their number whatever its extension. Without a lock: the site goes on while the index grows."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

from crm.db.lookups import Number

LIKE_A_LEAD = "As Lead.phone."


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("crm", "0053_reply_proves_address")]

    operations = [
        AddIndexConcurrently("lead", models.Index(Number("phone"), name="lead_number")),
        RemoveIndexConcurrently("lead", "lead_phone"),
        migrations.AlterField(
            "lead",
            "phone",
            models.CharField(blank=True, help_text="E.164, then x and an extension.", max_length=20),
        ),
        migrations.AlterField(
            "contactperson", "phone", models.CharField(blank=True, help_text=LIKE_A_LEAD, max_length=20)
        ),
        migrations.AlterField(
            "referringpractice", "phone", models.CharField(blank=True, help_text=LIKE_A_LEAD, max_length=20)
        ),
        migrations.AlterField(
            "referringpractice", "fax", models.CharField(blank=True, help_text=LIKE_A_LEAD, max_length=20)
        ),
    ]
