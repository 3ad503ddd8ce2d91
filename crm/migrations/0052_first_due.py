from django.db import migrations, models


class Migration(migrations.Migration):
    """Let a task that was put off keep when it was due at first."""

    dependencies = [("crm", "0051_put_off")]

    operations = [
        migrations.AddField(
            model_name="task",
            name="first_due_at",
            field=models.DateTimeField(
                blank=True, editable=False, help_text="Before somebody put it off; empty: nobody did.", null=True
            ),
        ),
    ]
