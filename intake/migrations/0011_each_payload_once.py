import uuid

from django.db import migrations, models

import crm.models.lead


class Migration(migrations.Migration):
    dependencies = [("intake", "0010_unproven_requests")]

    operations = [
        migrations.AlterField(
            "submission",
            "form_id",
            models.UUIDField(default=uuid.uuid4, help_text="Made with the form, so that sending twice is once."),
        ),
        migrations.AlterField(
            "quarantinedrequest",
            "form_id",
            models.UUIDField(help_text="Made with the form, so that sending twice is once."),
        ),
        migrations.AlterField(
            "quarantinedrequest",
            "digest",
            models.CharField(help_text="Keyed; tells a repeat from a change without reading.", max_length=64),
        ),
        migrations.AlterField(
            "quarantinedrequest",
            "repeats",
            models.CharField(
                blank=True,
                help_text="The reference of what the same form, in the same browser, had sent before.",
                max_length=9,
            ),
        ),
        migrations.AlterField(
            "quarantinedrequest",
            "reference",
            models.CharField(
                default=crm.models.lead.make_reference,
                help_text="The one that the visitor was shown.",
                max_length=9,
                unique=True,
            ),
        ),
        migrations.AddConstraint(
            "submission",
            models.UniqueConstraint(fields=("form_id", "answers_digest"), name="submission_once_a_payload"),
        ),
        migrations.AddConstraint(
            "quarantinedrequest",
            models.UniqueConstraint(fields=("form_id", "digest"), name="quarantine_once_a_payload"),
        ),
    ]
