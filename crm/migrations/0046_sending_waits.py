from django.db import migrations, models


class Migration(migrations.Migration):
    """Leave a server that refused us alone for as long as it asked."""

    dependencies = [("crm", "0045_handed_over_at")]

    operations = [
        migrations.AddField(
            "sending",
            "waits_until",
            models.DateTimeField(help_text="The server refused us: nothing is tried before.", null=True),
        ),
    ]
