"""Over-booked time is read with all that is taken."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0003_freed_and_lapsed")]

    operations = [
        migrations.RemoveIndex(model_name="claim", name="claim_by_start"),
        migrations.AddIndex(
            model_name="claim",
            index=models.Index(
                models.F("resource"),
                models.Func(models.F("during"), function="lower"),
                condition=models.Q(("state__in", ("held", "booked", "extra"))),
                include=("during", "state", "hold_expires_at", "held_by", "appointment"),
                name="claim_by_start",
            ),
        ),
    ]
