from django.db import migrations, models
from django.db.models import Q

import crm.enums.treatments

# Until now a correction changed the value alone.
FILL = """
UPDATE crm_measurement SET kind_before = kind, at_before = at WHERE corrected_at IS NOT NULL
"""


class Migration(migrations.Migration):
    """Keep the kind and the day that stood before a correction, as the value."""

    dependencies = [("crm", "0039_entries_in_order")]

    operations = [
        migrations.RemoveConstraint("measurement", "measurement_corrected_at_by_and_what"),
        migrations.AddField("measurement", "at_before", models.DateTimeField(null=True)),
        migrations.AddField(
            "measurement",
            "kind_before",
            models.CharField(blank=True, choices=crm.enums.treatments.MeasurementKind.choices, max_length=15),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddConstraint(
            "measurement",
            models.CheckConstraint(
                condition=Q(
                    corrected_at=None, corrected_by=None, value_before=None, kind_before="", at_before=None
                )
                | Q(
                    corrected_at__isnull=False,
                    corrected_by__isnull=False,
                    value_before__isnull=False,
                    at_before__isnull=False,
                )
                & ~Q(kind_before=""),
                name="measurement_corrected_at_by_and_what",
            ),
        ),
    ]
