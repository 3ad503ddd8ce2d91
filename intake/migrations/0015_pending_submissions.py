import django.db.models.deletion
import django.utils.timezone
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def keep_what_waits(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Pages that wait in somebody's name were told from the others by their request alone."""
    pending = apps.get_model("intake", "PendingSubmission")
    waiting = apps.get_model("intake", "Submission").objects.filter(unproven__state="waiting", reference=None)
    pending.objects.bulk_create(pending(submission_id=pk, at=at) for pk, at in waiting.values_list("pk", "at"))


class Migration(migrations.Migration):
    dependencies = [("intake", "0014_decisions_and_signs")]

    operations = [
        migrations.CreateModel(
            name="PendingSubmission",
            fields=[
                (
                    "submission",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="pending",
                        serialize=False,
                        to="intake.submission",
                    ),
                ),
                (
                    "is_urgent",
                    models.BooleanField(
                        default=False, help_text="It reports a warning sign; the alert is raised already."
                    ),
                ),
                ("at", models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
            ],
        ),
        migrations.RunPython(keep_what_waits, migrations.RunPython.noop),
    ]
