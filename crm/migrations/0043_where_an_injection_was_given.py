from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

import crm.enums.treatments


class Migration(migrations.Migration):
    """Let it stay unsaid where an injection was given, and let "not sure" be an answer. Going back needs a region in
    every injection."""

    dependencies = [("crm", "0042_receipts_and_calendar_answers")]

    operations = [
        migrations.RemoveConstraint("treatment", "treatment_injection_region"),
        migrations.AlterField(
            "treatment",
            "body_region",
            models.CharField(
                blank=True,
                choices=crm.enums.treatments.BodyRegion.choices,
                help_text="Empty: not said.",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            "treatment",
            "unsure_of",
            ArrayField(
                models.CharField(choices=crm.enums.treatments.Unsure.choices, max_length=25),
                blank=True,
                default=list,
                help_text="Asked, and answered with “not sure”.",
                size=None,
            ),
        ),
    ]
