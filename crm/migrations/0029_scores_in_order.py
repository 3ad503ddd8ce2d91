import django.contrib.postgres.operations
import django.db.models.deletion
import django.db.models.functions.math
from django.conf import settings
from django.db import migrations, models

import crm.models.measurement

# Scores that are there are numbered as they lie in the table: in the order in which they were entered. A total with a
# fraction that is on record already stays; nobody can enter another one.


class Migration(migrations.Migration):
    dependencies = [("crm", "0028_paced_sign_ins")]

    operations = [
        migrations.RunSQL("CREATE SEQUENCE crm_measurement_entry", "DROP SEQUENCE crm_measurement_entry"),
        migrations.AddField(
            "measurement",
            "entry",
            models.BigIntegerField(db_default=crm.models.measurement.NextEntry(), editable=False),
        ),
        migrations.AddField(
            "measurement",
            "by",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            "measurement", "value_before", models.DecimalField(decimal_places=1, max_digits=4, null=True)
        ),
        migrations.AddField("measurement", "corrected_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "measurement",
            "corrected_by",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        django.contrib.postgres.operations.AddConstraintNotValid(
            "measurement",
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind__in", ("rmdq", "nrs_avg", "nrs_back_avg", "nrs_leg_avg")), _negated=True),
                    ("value", django.db.models.functions.math.Floor(models.F("value"))),
                    _connector="OR",
                ),
                name="measurement_whole",
            ),
        ),
        migrations.AddConstraint(
            "measurement",
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(("corrected_at", None), ("corrected_by", None), ("value_before", None)),
                    models.Q(
                        ("corrected_at__isnull", False),
                        ("corrected_by__isnull", False),
                        ("value_before__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="measurement_corrected_at_by_and_what",
            ),
        ),
    ]
