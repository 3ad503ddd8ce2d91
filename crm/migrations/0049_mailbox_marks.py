from django.db import migrations, models


class Migration(migrations.Migration):
    """Up to where a mailbox was read."""

    dependencies = [("crm", "0048_names_found_without_their_marks")]

    operations = [
        migrations.CreateModel(
            "MailboxMark",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("mailbox", models.CharField(max_length=400, unique=True)),
                ("uid", models.PositiveBigIntegerField(help_text="The number of the last mail that was asked for (RFC 3501).")),
            ],
        )
    ]
