from django.db import migrations, models


class Migration(migrations.Migration):
    """Remember when a mail was handed over first: that is its date, however often it is tried again."""

    dependencies = [("crm", "0044_decisions_in_order")]

    operations = [
        migrations.AddField(
            "message",
            "handed_over_at",
            models.DateTimeField(blank=True, help_text="The first time: the date that it bears.", null=True),
        ),
    ]
